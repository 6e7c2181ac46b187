"""Our functions as layers of PyTorch, whose parameters train."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import torch

from taylor.bridges.torch.function import TensorFunction
from taylor.bridges.torch.tensors import number
from taylor.control.trees import Tree, flatten, is_leaf
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.points.formula import Function
from taylor.solutions.solution import Solution

LAYER = "torch.Layer"


class Layer(torch.nn.Module):  # type: ignore[misc]
    """A layer that computes a function, some of whose arguments are its parameters.

    function:   as for `taylor.torch.function`, or what that has returned.
    parameters: by the names that the function gives its arguments (those of the inputs, where it is
        compiled or a solution), what they begin with: numbers, arrays, tensors, or lists, tuples
        and dictionaries of these.

    A call takes the other arguments, in their order.  Each parameter is a `torch.nn.Parameter` of
    the layer under its name, one in a container under a name such as "weights.0", and one whose
    name has points, as those of traced modules, in a module within: they are in `state_dict`,
    become float32 by `.float()`, and train with PyTorch's optimisers.  Arrays and tensors are
    copied; a `torch.nn.Parameter` is taken as it is, to be shared.

    Raises ArgumentError for names that the function does not have, ArgumentTypeError for what
    cannot be trained.

    >>> import numpy as np, torch, taylor as ty
    >>> layer = ty.torch.Layer(lambda x, slope: np.tanh(slope * x), slope=2.0)
    >>> layer(torch.zeros(2)).tolist(), dict(layer.state_dict())
    ([0.0, 0.0], {'slope': tensor(2., dtype=torch.float64)})
    """

    def __init__(self, function: Callable[..., Any], /, **parameters: Any) -> None:
        super().__init__()
        self._function = (
            function if isinstance(function, TensorFunction) else TensorFunction(function)
        )
        self._names, named = _names(self._function.__wrapped__)
        known = [*self._names, *named]
        unknown = [name for name in parameters if known and name not in known]
        if unknown:
            raise ArgumentError(
                f"{LAYER}: {self._function} has no argument {unknown[0]!r}; it has "
                f"{', '.join(known)}"
            )
        self._trees: dict[str, Tree] = {}
        for name, value in parameters.items():
            leaves, tree = flatten(f"{LAYER}: {name}", value, opaque=True)
            self._trees[name] = tree
            for (first, *rest), leaf in zip(_keys(tree, name), leaves, strict=True):
                _register(self, first, rest, leaf)

    def forward(self, *args: torch.Tensor, **kwargs: torch.Tensor) -> Any:
        """The function of the arguments that are no parameters."""
        own = {name: self._value(name, tree) for name, tree in self._trees.items()}
        following = iter(args)
        placed: list[Any] = []
        for name in self._names:
            if name in own:
                placed.append(own.pop(name))
                continue
            try:
                placed.append(next(following))
            except StopIteration:  # the rest by their names
                break
        return self._function(*placed, *following, **own, **kwargs)

    def _value(self, name: str, tree: Tree) -> Any:
        """A parameter, as the function takes it."""
        return tree.build([attrgetter(".".join(keys))(self) for keys in _keys(tree, name)])

    def extra_repr(self) -> str:
        """What PyTorch prints."""
        shapes = (f"{name}={list(x.shape)}" for name, x in self.named_parameters())
        return ", ".join((str(self._function), *shapes))


def _names(f: Callable[..., Any]) -> tuple[list[str], list[str]]:
    """The arguments that may be given by position, in their order, and those by name alone; none
    where nobody knows.
    """
    if isinstance(f, Function):
        return [str(x) for x in f.inputs], []
    if isinstance(f, Solution):
        return list(f.names), []
    try:
        given = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return [], []
    if any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in given):
        return [], []
    by_name = [p.name for p in given if p.kind is p.KEYWORD_ONLY]
    return [p.name for p in given if p.kind is not p.KEYWORD_ONLY], by_name


def _keys(tree: Tree, name: str) -> list[list[str]]:
    """The names one after the other that lead to each leaf."""
    path = name.split(".")  # as modules have it
    if tree.kind is None:
        return [path]
    own = [str(key) for key in tree.names] or [str(k) for k in range(len(tree.children))]
    pairs = zip(own, tree.children, strict=True)
    return [[*path, *rest] for key, child in pairs for rest in _keys(child, key)]


def _register(module: torch.nn.Module, name: str, rest: Sequence[str], leaf: Any) -> None:
    """Enter a parameter, within modules that stand for the containers that it is in."""
    if rest:
        if name not in module._modules:
            _check_free(module, name)
            module.add_module(name, torch.nn.Module())
        _register(module._modules[name], rest[0], rest[1:], leaf)
        return
    _check_free(module, name)
    module.register_parameter(name, _parameter(name, leaf))


def _check_free(module: torch.nn.Module, name: str) -> None:
    if hasattr(module, name) or not name:
        raise ArgumentError(
            f"{LAYER}: no parameter can be called {name!r}, which PyTorch's modules use themselves"
        )


def _parameter(name: str, leaf: Any) -> torch.nn.Parameter:
    if isinstance(leaf, torch.nn.Parameter):
        return leaf
    if isinstance(leaf, torch.Tensor):
        tensor = leaf.detach().clone()
    elif is_leaf(leaf) and not isinstance(leaf, Expression):
        tensor = number(leaf)
    else:
        raise ArgumentTypeError(f"{LAYER}: {name}={leaf!r:.60} has to be real numbers")
    if tensor.dtype is torch.bool or tensor.is_complex():
        raise ArgumentTypeError(f"{LAYER}: {name}={leaf!r:.60} has to be real numbers")
    return torch.nn.Parameter(tensor if tensor.is_floating_point() else tensor.to(torch.float64))
