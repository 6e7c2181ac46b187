"""PyTorch's modules as graphs of its operations, exported for inputs of some shapes."""

from __future__ import annotations

import contextlib
import operator
import os
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.export.graph_signature import InputKind
from torch.utils._python_dispatch import TorchDispatchMode

from taylor.bridges.torch.aten.table import RULES
from taylor.bridges.torch.aten.values import Rule
from taylor.control.branches import cond
from taylor.errors import TaylorError, TracingError, UnsupportedFunctionError

TRACE = "torch.trace"
_TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep
_CHECKS = ("_assert_tensor_metadata", "_assert_scalar", "_assert_async", "sym_constrain_range")
_WEIGHTS = (InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR)


class ExportedModule:
    """A module as a function of arrays and expressions, for inputs of some shapes.

    Raises TracingError where PyTorch cannot export it, UnsupportedFunctionError for operations that
    have no rule; both name the line.
    """

    def __init__(
        self, module: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        self._given = module, tuple(args), dict(kwargs)
        self._program = _exported(*self._given)
        signature = self._program.graph_signature
        if signature.buffers_to_mutate:
            names = ", ".join(signature.buffers_to_mutate.values())
            raise UnsupportedFunctionError(
                f"{TRACE}: the module changes its buffers {names} in each call; call .eval() first"
            )
        for node in self._program.graph.nodes:
            if _rule_is_missing(node):
                raise UnsupportedFunctionError(
                    f"{TRACE}: PyTorch's operation {node.target} has no rule; it is called at "
                    f"{self._line(node)}"
                )
        self._constants = {
            spec.target: array_of(self._tensor(spec))
            for spec in signature.input_specs
            if spec.kind in _WEIGHTS and spec.kind is not InputKind.PARAMETER
        }

    def _tensor(self, spec: Any) -> torch.Tensor:
        kept = self._program.state_dict
        return kept[spec.target] if spec.target in kept else self._program.constants[spec.target]

    def __call__(self, leaves: Sequence[Any], weights: Mapping[str, Any]) -> list[Any]:
        """The leaves of the value.

        leaves:  those of the arguments, in PyTorch's order.
        weights: the module's parameters by their names.
        """
        following = iter(leaves)
        given = []
        for spec in self._program.graph_signature.input_specs:
            if spec.kind is InputKind.USER_INPUT:
                given.append(next(following))
            elif spec.kind is InputKind.PARAMETER:
                given.append(weights[spec.target])
            else:
                given.append(self._constants[spec.target])
        try:
            return list(_walk(self._program.graph_module, given))
        except _RuleError as error:
            raise UnsupportedFunctionError(
                f"{TRACE}: {error.__cause__}; {error.node.target} is called at "
                f"{self._line(error.node)}"
            ) from error.__cause__

    def _line(self, node: Any) -> str:
        """Where an operation was called: the innermost line that is not PyTorch's own."""
        module, args, kwargs = self._given
        lines = _Lines()
        with contextlib.suppress(Exception), torch.no_grad(), lines:
            module(*args, **kwargs)
        found = lines.found.get(_name(node.target))
        if found is None:
            files = [
                f.strip() for f in node.meta.get("stack_trace", "").splitlines() if "File" in f
            ]
            found = next((f for f in reversed(files) if _TORCH not in f), "an unknown line")
        layers = [kind for _, kind in node.meta.get("nn_module_stack", {}).values()]
        names = [kind if isinstance(kind, str) else kind.__name__ for kind in layers[-1:]]
        inside = [name.rpartition(".")[2] for name in names if not name.endswith("OfFunction")]
        return found + "".join(f", in a {name}" for name in inside)

    @property
    def structure(self) -> Any:
        """PyTorch's structure of the value."""
        return self._program.call_spec.out_spec


def array_of(tensor: torch.Tensor) -> np.ndarray:
    """A copy of a tensor's numbers: doubles, or what is not real as it is."""
    found = tensor.detach().cpu()
    return np.array((found.double() if found.is_floating_point() else found).numpy())


class _Lines(TorchDispatchMode):  # type: ignore[misc]
    """Where operations are called, by their names, while a module is run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        for frame in reversed(traceback.extract_stack()):
            if not frame.filename.startswith((_TORCH, _OWN)):
                self.found.setdefault(_name(func), f"{frame.filename}:{frame.lineno}")
                break
        return func(*args, **(kwargs or {}))


def _exported(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The graph of a module, of operations that have rules as far as PyTorch can tell."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of PyTorch about itself
            program = torch.export.export(module, args, kwargs)
            if any(map(_rule_is_missing, program.graph.nodes)):
                program = program.run_decompositions(_table())
            return program
    except TaylorError:
        raise
    except Exception as error:
        text = str(error)
        if "data-dependent" in text:
            lines = [x.strip() for x in text.splitlines() if 'File "' in x and _TORCH not in x]
            where = f" at {lines[-1]}" if lines else ""
            text = (
                f"it asks for the value of a tensor{where}, which is not known before it is "
                "evaluated; torch.where and torch.cond choose"
            )
        raise TracingError(
            f"{TRACE}: PyTorch could not export {type(module).__name__} as a graph: {text}"
        ) from error


def _table() -> Any:
    """How PyTorch takes operations apart, of those that have no rule."""
    table = torch.export.default_decompositions()
    for target in list(table):
        if _name(target) in RULES:
            table.pop(target)
    return table


def _name(target: Any) -> str:
    """The name of an operation without its kind of arguments."""
    schema = getattr(target, "_schema", None)
    return "" if schema is None else schema.name.rpartition("::")[2]


def _rule_is_missing(node: Any) -> bool:
    if node.op != "call_function" or node.target in (operator.getitem, torch.ops.higher_order.cond):
        return False
    name = _name(node.target)
    if name in _CHECKS:
        return False
    return name not in RULES or node.target._schema.is_mutable


class _RuleError(Exception):
    """An error of a rule, and the operation that it is of."""

    def __init__(self, node: Any) -> None:
        super().__init__()
        self.node = node


def _walk(graph: torch.fx.GraphModule, given: Sequence[Any]) -> Any:
    """The value of a graph, one operation after the other."""
    following = iter(given)
    known: dict[Any, Any] = {}

    def at(argument: Any) -> Any:
        return torch.fx.node.map_arg(argument, lambda node: known[node])

    for node in graph.graph.nodes:
        if node.op == "placeholder":
            known[node] = next(following)
        elif node.op == "get_attr":
            known[node] = _attribute(graph, node.target)
        elif node.op == "output":
            return at(node.args[0])
        else:
            args = at(list(node.args))
            known[node] = _called(node, args, dict(at(node.kwargs)))
    return ()


def _attribute(graph: torch.fx.GraphModule, path: str) -> Any:
    found = operator.attrgetter(path)(graph)
    return array_of(found) if isinstance(found, torch.Tensor) else found


def _called(node: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    if node.target is operator.getitem:
        return args[0][args[1]]
    if node.target is torch.ops.higher_order.cond:
        predicate, *branches, operands = args
        return cond(predicate, *map(_branch, branches), *operands)
    name = _name(node.target)
    if name in _CHECKS:
        return None
    rule: Rule = RULES[name]
    try:
        return rule(*args, **kwargs)
    except (TaylorError, TypeError, ValueError) as error:
        raise _RuleError(node) from error


def _branch(graph: torch.fx.GraphModule) -> Callable[..., Any]:
    return lambda *operands: tuple(_walk(graph, operands))
