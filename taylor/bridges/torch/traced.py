"""PyTorch's modules and functions as ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from taylor.bridges.torch.exported import TRACE, ExportedModule, array_of
from taylor.control.trees import is_leaf
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import parameter
from taylor.nodes.conversion import Mutable
from taylor.nodes.logic import is_condition


def trace(module: Callable[..., Any], *examples: Any, **named: Any) -> TracedModule:
    """Return a module or a function of PyTorch's as a function of arrays and expressions.

    module:   a `torch.nn.Module`, or a function of tensors.
    examples: arguments of the shapes that it is to be called with: tensors, arrays, or containers
        of these.  They may be left out; other shapes are exported when they are met.

    The result may be used in right-hand sides, in functions that `taylor.grad` and its like trace,
    and with arrays; it returns what the module does.  Weights are those that the module has now
    (`weights`, by their names), or those of a call: `f(x, weights={...})`, numbers or expressions,
    as of `parameters()`.  Numbers are doubles, whatever PyTorch computes with.

    Raises UnsupportedFunctionError for an operation that has no rule, TracingError where PyTorch
    cannot export the function, as where it decides by the value of a tensor; both name the line.

    >>> import numpy as np, torch, taylor as ty
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    >>> f = ty.torch.trace(net, torch.zeros(2))
    >>> x = np.array([0.5, -1.0])
    >>> bool(np.allclose(f(x), net(torch.tensor(x, dtype=torch.float32)).detach().numpy()))
    True
    >>> ty.grad(lambda x: f(x)[0])(x).shape
    (2,)
    """
    made = TracedModule(module)
    if examples or named:
        made.export(examples, named)
    return made


class TracedModule:
    """A module of PyTorch's as a function of arrays and expressions.

    weights: its parameters when it was traced, by their names.

    >>> import torch, taylor as ty
    >>> f = ty.torch.trace(torch.nn.Linear(2, 1), torch.zeros(2))
    >>> f(ty.variable("x", shape=(2,))).shape, sorted(f.weights)
    ((1,), ['bias', 'weight'])
    """

    def __init__(self, module: Callable[..., Any]) -> None:
        if not callable(module):
            raise ArgumentTypeError(f"{TRACE}: {module!r} is neither a module nor a function")
        self._module = module if isinstance(module, torch.nn.Module) else _OfFunction(module)
        self._exported: dict[Any, ExportedModule] = {}
        own = self._module.named_parameters(remove_duplicate=False)
        self.weights: dict[str, np.ndarray] = {name: array_of(x) for name, x in own}
        real = (x.dtype for x in self._module.parameters() if x.is_floating_point())
        self._dtype = next(real, torch.float64)

    def parameters(self, prefix: str = "") -> dict[str, Expression]:
        """Parameters in the place of the weights: expressions of their names and shapes.

        >>> import torch, taylor as ty
        >>> ty.torch.trace(torch.nn.Linear(2, 1)).parameters()
        {'weight': weight, 'bias': bias}
        """
        return {name: parameter(prefix + name, shape=x.shape) for name, x in self.weights.items()}

    def export(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> ExportedModule:
        """What PyTorch makes of arguments like these."""
        leaves, structure = pytree.tree_flatten((tuple(args), dict(kwargs)))
        kinds = tuple(self._kind(leaf) for leaf in leaves)
        key = structure, kinds
        found = self._exported.get(key)
        if found is None:
            tensors = [
                torch.zeros(kind[1], dtype=kind[0]) if len(kind) == 2 else leaf
                for kind, leaf in zip(kinds, leaves, strict=True)
            ]
            positional, named = pytree.tree_unflatten(tensors, structure)
            found = self._exported[key] = ExportedModule(self._module, positional, named)
        return found

    def __call__(self, *args: Any, weights: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        """What the module returns.

        weights: numbers or expressions in the place of some of the module's, by their names.

        Raises ArgumentError for names of weights that there are not, ShapeError for other shapes.
        """
        chosen = self.weights if weights is None else self.weights | self._checked(weights)
        given = {name: kwargs[name] for name in sorted(kwargs)}
        exported = self.export(args, given)
        leaves = [_number(leaf) for leaf in pytree.tree_leaves((args, given))]
        return pytree.tree_unflatten(exported(leaves, chosen), exported.structure)

    def _checked(self, weights: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for name, value in weights.items():
            if name not in self.weights:
                raise ArgumentError(
                    f"{TRACE}: the module has no weights {name!r}; it has {', '.join(self.weights)}"
                )
            number = _number(value)
            if np.shape(number) != self.weights[name].shape:
                raise ShapeError(
                    f"{TRACE}: the weights {name!r} have shape {self.weights[name].shape}, got "
                    f"{np.shape(number)}"
                )
            found[name] = number
        return found

    def _kind(self, leaf: Any) -> Any:
        """What the module sees of an argument: dtype and shape, or the value of all else."""
        if isinstance(leaf, bool | int | str | None) or not _is_array(leaf):
            return type(leaf), leaf, None
        if isinstance(leaf, torch.Tensor):
            truth, whole = leaf.dtype is torch.bool, not leaf.dtype.is_floating_point
        elif isinstance(leaf, Expression):
            truth, whole = is_condition(leaf), getattr(leaf.payload, "whole", False)
        else:
            kind = np.asarray(leaf).dtype.kind
            truth, whole = kind == "b", kind in "iu"
        dtype = torch.bool if truth else torch.int64 if whole else self._dtype
        return dtype, tuple(np.shape(leaf))

    def __repr__(self) -> str:
        return f"<{TRACE} of {type(self._module).__name__}>"


class _OfFunction(torch.nn.Module):  # type: ignore[misc]
    """A function of tensors as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the function returns."""
        return self.function(*args, **kwargs)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor | Mutable) or is_leaf(leaf)


def _number(leaf: Any) -> Any:
    """A leaf as rules take it: an expression, or an array."""
    if isinstance(leaf, torch.Tensor):
        return array_of(leaf)
    if isinstance(leaf, Mutable):
        return leaf.now
    if isinstance(leaf, bool | int | str | None | Expression) or not is_leaf(leaf):
        return leaf
    return np.asarray(leaf)
