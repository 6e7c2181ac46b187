"""Python functions of many values at once, with the signature and the meaning of JAX's `vmap`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from taylor.control.tracing import Kind, as_node, seen_as
from taylor.control.trees import Tree, flatten, is_leaf, kind_of
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.arguments import traced
from taylor.expressions.expression import Expression
from taylor.expressions.trace import positional_names
from taylor.nodes.arrays import transpose
from taylor.nodes.traverse import inputs
from taylor.programs.arguments import stand_in
from taylor.programs.program import Program, called
from taylor.programs.quick import WHOLE, is_whole
from taylor.programs.remembered import names_of
from taylor.transforms.batching import batched

# An axis, None where there is none, or containers of these as the arguments are.
Axes = Any


def vmap(
    fun: Callable[..., Any],
    in_axes: Axes = 0,
    out_axes: Axes = 0,
    axis_size: int | None = None,
    *,
    precision: str = "float64",
) -> Program[..., Any]:
    """Return a function that maps `fun` over an axis of its arguments, all of it at once.

    fun:       an ordinary function of numbers, NumPy arrays, and tuples, lists, dictionaries or
               dataclasses of these, which it returns as well.
    in_axes:   which axis of the arguments to map over, None for what is the same for all: one for
               all positional arguments, or a tuple with one for each, which may itself be a
               container in the place of a container.  Keyword arguments are mapped over axis 0.
    out_axes:  where the axis goes in the results, None for those that are the same for all: one, or
               a container of them as `fun` returns.
    axis_size: how many there are, where no argument has the axis.
    precision: "float64", "float32" or "double-double".

    `fun` is traced once, for one of the many: a product of a matrix and a vector becomes one of
    matrices, a loop goes on until the last of the many has ended (those that have ended keep their
    values), and of branches each has its own result.  Derivatives go through as through any
    function, and it may be mapped again.

    Raises ShapeError where axes are of different sizes, or not there, ArgumentError where there is
    no axis to map over or a result that differs is to have none, ArgumentTypeError where axes do
    not have the structure of arguments or results.

    >>> import numpy as np, taylor as ty
    >>> dots = ty.vmap(np.dot, in_axes=(0, None))
    >>> dots(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0])).tolist()
    [21.0, 43.0]
    >>> ty.vmap(ty.grad(lambda x: x**3))(np.array([1.0, 2.0])).tolist()
    [3.0, 12.0]
    """
    if isinstance(in_axes, bool) or not isinstance(in_axes, int | tuple | list | None):
        raise ArgumentTypeError(
            f"vmap: in_axes={in_axes!r} has to be an int, None, or a tuple with one for each "
            "positional argument"
        )
    if axis_size is not None and (isinstance(axis_size, bool) or not _is_count(axis_size)):
        raise ArgumentTypeError(f"vmap: axis_size={axis_size!r} has to be an int of at least 0")
    build = partial(_mapped, fun, in_axes, out_axes, axis_size)
    return Program("vmap", fun, build, (), precision)


def _is_count(value: Any) -> bool:
    return isinstance(value, int | np.integer) and bool(value >= 0)


def _mapped(
    fun: Any,
    in_axes: Axes,
    out_axes: Axes,
    axis_size: int | None,
    /,
    *args: Any,
    **kwargs: Any,
) -> Any:
    given = _Given(fun, in_axes, args, kwargs)
    size = given.size(axis_size)
    with traced(given.own):
        positional, named = given.of_one()
        result = called("vmap", fun, fun, positional, named)
        nodes = result.nodes
    found = batched(nodes, dict(zip(given.own, given.values, strict=True)), size)
    axes = axes_of("out_axes", out_axes, result.tree, "the value of the function")
    varying = set(given.own)
    leaves = []
    for many, one, axis, kind in zip(found, nodes, axes, result.kinds, strict=True):
        if axis is not None:
            leaves.append(_moved_out(many, axis, kind))
        elif varying.isdisjoint(inputs([one])):
            leaves.append(one)
        else:
            raise ArgumentError(
                f"vmap: out_axes has None for a result of {names_of(fun)} that differs along the "
                f"mapped axis; the value is {result}"
            )
    return result.tree.build(leaves)


def _moved_out(many: Expression, axis: int, kind: Kind) -> Expression:
    """A result with its first axis where it is wanted."""
    if not -many.ndim <= axis < many.ndim:
        raise ShapeError(
            f"vmap: out_axes has {axis}, and a result has shape {many.shape} with the mapped axis"
        )
    place = axis % many.ndim
    order = list(range(1, many.ndim))
    order.insert(place, 0)
    return seen_as(kind[0], transpose(many, order))


class _Given:
    """The arguments of a call, and those of one of the many in their place.

    own:    new arguments, one for each leaf that is mapped.
    values: these leaves, each with the mapped axis in front.
    """

    def __init__(
        self, fun: Any, in_axes: Axes, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        flat, self.tree = flatten("vmap", (args, kwargs), opaque=True)
        positional, named = self.tree.children
        names = _names(fun, len(args))
        paths = [
            p for n, child in zip(names, positional.children, strict=True) for p in child.paths(n)
        ]
        axes = _axes_of_arguments(in_axes, positional, names)
        for key, child in zip(named.names, named.children, strict=True):
            paths += child.paths(str(key))
        axes += [0] * (len(paths) - len(axes))
        self.own: list[Expression] = []
        self.values: list[Expression] = []
        self.leaves: list[Any] = []
        self._sizes: list[tuple[int, str]] = []  # of mapped axes, and how they are called
        for leaf, axis, path in zip(flat, axes, paths, strict=True):
            self.leaves.append(leaf if axis is None else self._one(leaf, axis, path))

    def _one(self, leaf: Any, axis: int, path: str) -> Any:
        """What the function sees of a leaf that is mapped."""
        shape = np.shape(leaf) if not isinstance(leaf, Expression) else leaf.shape
        if not is_leaf(leaf) or not -len(shape) <= axis < len(shape):
            what = f"has shape {shape}" if is_leaf(leaf) else f"is {leaf!r:.40}"
            raise ShapeError(
                f"vmap: {path} {what}, and there is no axis {axis} to map over; in_axes=None is "
                "for what is the same for all"
            )
        place = axis % len(shape)
        node = as_node(leaf)
        moved = transpose(node, (place, *(k for k in range(len(shape)) if k != place)))
        self._sizes.append((shape[place], f"axis {axis} of {path}, of shape {shape},"))
        kind = WHOLE if is_whole(leaf) else kind_of(leaf)[0]
        own, seen = stand_in(path, kind, moved.shape[1:])
        self.own.append(own)
        self.values.append(moved)
        return seen

    def size(self, wanted: int | None) -> int:
        """How many there are."""
        known = self._sizes if wanted is None else [(int(wanted), "axis_size"), *self._sizes]
        if not known:
            raise ArgumentError(
                "vmap: no argument is mapped over; give in_axes an axis, or axis_size="
            )
        first, one = known[0]
        for size, other in known:
            if size != first:
                raise ShapeError(
                    f"vmap: sizes differ: {one} has {first} elements, and {other} has {size}"
                    if wanted is None
                    else f"vmap: axis_size={first}, and {other} has {size} elements"
                )
        return first

    def of_one(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments for one of the many."""
        args, kwargs = self.tree.build(self.leaves)
        return args, kwargs


def _names(fun: Any, count: int) -> list[str]:
    known = positional_names(getattr(fun, "__wrapped__", fun)) or []
    return [*known, *[f"argument {k}" for k in range(len(known), count)]][:count]


def _axes_of_arguments(in_axes: Axes, positional: Tree, names: Sequence[str]) -> list[int | None]:
    if in_axes is None or isinstance(in_axes, int):
        return axes_of("in_axes", in_axes, positional, "")
    if len(in_axes) != len(names):
        raise ArgumentTypeError(
            f"vmap: in_axes={in_axes!r} is for {len(in_axes)} positional argument(s), and the call "
            f"has {len(names)}"
        )
    return [
        axis
        for own, child, name in zip(in_axes, positional.children, names, strict=True)
        for axis in axes_of("in_axes", own, child, name)
    ]


def axes_of(what: str, axes: Axes, tree: Tree, name: str) -> list[int | None]:
    """The axis of each leaf of a tree; one stands for all that is where it is.

    what, name: of the axes and the tree, for errors.

    Raises ArgumentTypeError for axes of another structure.
    """
    if axes is None or (isinstance(axes, int | np.integer) and not isinstance(axes, bool)):
        return [None if axes is None else int(axes)] * len(tree.paths(""))
    children: list[Any] | None = None
    if type(axes) is tree.kind:
        if isinstance(axes, dict):
            same = sorted(axes) == list(tree.names)
            children = [axes[key] for key in tree.names] if same else None
        elif isinstance(axes, tuple | list):
            children = list(axes)
        elif dataclasses.is_dataclass(axes):
            children = [getattr(axes, key) for key in tree.names]
    if children is None or len(children) != len(tree.children):
        shown = tree.text(["*"] * len(tree.paths("")))
        raise ArgumentTypeError(
            f"vmap: {what} has {axes!r} for {name}, which is {shown}; give an int, None, or the "
            "same structure with these inside"
        )
    return [
        axis
        for own, child in zip(children, tree.children, strict=True)
        for axis in axes_of(what, own, child, name)
    ]
