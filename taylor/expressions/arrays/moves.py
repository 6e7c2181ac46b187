"""NumPy's functions that move elements of array expressions: each gives a few nodes of any size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.errors import ShapeError, UnsupportedFunctionError
from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.arrays.joins import take_along
from taylor.nodes import arrays
from taylor.nodes.conversion import as_expression
from taylor.nodes.logic import not_equal, where
from taylor.nodes.operations.arrays.moves import scatter
from taylor.nodes.operations.arrays.views import view
from taylor.numbers.data import positions

# --- axes ----------------------------------------------------------


def permuted(name: str) -> Callable[..., Any]:
    """A function of NumPy that permutes axes."""
    function = getattr(np, name)

    def rule(a: Any, *args: Any, **options: Any) -> Any:
        e = as_expression(a)
        # NumPy tells where axis k went by its size, k.
        order = function(np.broadcast_to(np.False_, tuple(range(e.ndim))), *args, **options).shape
        return arrays.transpose(e, order)

    return rule


def reshape(a: Any, /, shape: Any, order: str = "C", *, copy: Any = None) -> Any:
    """The elements with another shape, in row-major or column-major order."""
    e = as_expression(a)
    if order == "F":
        target = arrays.reshape(e, shape).shape
        return arrays.transpose(arrays.reshape(arrays.transpose(e), target[::-1]))
    if order != "C":
        raise UnsupportedFunctionError(
            f"numpy.reshape: order={order!r} is about memory; use C or F"
        )
    return arrays.reshape(e, shape)


def ravel(a: Any, order: str = "C") -> Any:
    """The elements in one row."""
    return reshape(a, -1, order)


def at_least(ndim: int) -> Callable[..., Any]:
    """`numpy.atleast_1d` and its like."""
    function = getattr(np, f"atleast_{ndim}d")

    def rule(*given: Any) -> Any:
        operands = [as_expression(a) for a in given]
        shapes = [function(np.broadcast_to(np.False_, e.shape)).shape for e in operands]
        made = tuple(arrays.reshape(e, s) for e, s in zip(operands, shapes, strict=True))
        return made[0] if len(made) == 1 else made

    return rule


def flip(m: Any, axis: Any = None) -> Any:
    """The elements in reverse order along axes."""
    e = as_expression(m)
    chosen = range(e.ndim) if axis is None else arrays.normalised_axes("flip", axis, e.ndim)
    return e[tuple(slice(None, None, -1 if i in chosen else 1) for i in range(e.ndim))]


def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """The array turned by 90 degrees, from the first of two axes to the second."""
    e = as_expression(m)
    first, second = arrays.normalised_axes("rot90", tuple(axes), e.ndim)
    order = list(range(e.ndim))
    order[first], order[second] = second, first
    turns = k % 4
    if turns == 0:
        return e
    if turns == 2:
        return flip(e, (first, second))
    if turns == 1:
        return arrays.transpose(flip(e, second), order)
    return flip(arrays.transpose(e, order), second)


# --- views ----------------------------------------------------------


def as_view(e: Any, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """What a function of NumPy gives that only looks at its argument's memory in another way."""
    e = as_expression(e)
    memory = np.empty(e.shape, np.int8)  # which is never written
    seen = function(memory, *args, **options)
    offset = seen.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    return view(e, offset if seen.size else 0, seen.strides, seen.shape)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of two axes as the last one."""
    return as_view(a, np.diagonal, offset, axis1, axis2)


def windows(x: Any, window_shape: Any, axis: Any = None, **options: Any) -> Any:
    """All windows of a size, as `numpy.lib.stride_tricks.sliding_window_view`."""
    return as_view(x, np.lib.stride_tricks.sliding_window_view, window_shape, axis)


# --- diagonals and triangles ----------------------------------------------------------


def diag(v: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or the matrix with a diagonal."""
    e = as_expression(v)
    if e.ndim == 2:
        return diagonal(e, k)
    if e.ndim != 1:
        raise ShapeError(f"numpy.diag: shape {e.shape} is not that of a vector or a matrix")
    size = len(e) + abs(k)
    rows = np.arange(len(e)) + max(0, -k)
    return scatter(e, positions(rows * size + rows + k), (size, size))


def diagflat(v: Any, k: int = 0) -> Any:
    """The matrix that has the elements on a diagonal."""
    return diag(ravel(v), k)


def triangle(name: str) -> Callable[..., Any]:
    """`numpy.tril` and `numpy.triu`."""
    function = getattr(np, name)

    def rule(m: Any, k: int = 0) -> Any:
        e = as_expression(m)
        e = arrays.broadcast_to(e, (len(e), len(e))) if e.ndim == 1 else e
        return where(function(np.ones(e.shape[-2:]), k), e, 0)

    return rule


# --- chosen elements ----------------------------------------------------------


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Elements by their positions along an axis, or in row-major order."""
    e = as_expression(a)
    if axis is None:
        e, axis = arrays.reshape(e, -1), 0
    (along,) = arrays.normalised_axes("take", axis, e.ndim)
    places: Any = np.asarray(_numbers("take", indices))
    places = np.take(np.arange(e.shape[along]), places, mode=mode)  # type: ignore[call-overload]
    if places.ndim == 1:
        return take_along(e, places, along)
    return e[(slice(None),) * along + (places if places.ndim else int(places),)]


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """Elements by positions along an axis that differ from row to row."""
    e = as_expression(arr)
    places = np.arange(e.size).reshape(e.shape)
    chosen = np.take_along_axis(places, np.asarray(_numbers("take_along_axis", indices)), axis)
    return arrays.take(e, chosen)


def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    """Elements where a condition of known truth holds."""
    e = as_expression(a)
    holds = np.flatnonzero(_numbers("compress", condition))
    return take(e, holds, axis)


def _numbers(name: str, indices: Any) -> Any:
    """Positions, which have to be known."""
    e = as_expression(indices)
    if e.op != "constant":
        raise UnsupportedFunctionError(
            f"numpy.{name}: which elements are meant has to be known before evaluation; "
            "taylor.where chooses"
        )
    numbers = arrays.numbers_of(e)
    return numbers.astype(np.int64) if numbers.dtype == np.float64 else numbers


# --- arrays like others ----------------------------------------------------------


def like(name: str) -> Callable[..., Any]:
    """`numpy.zeros_like` and its like: arrays to whose elements can be assigned.

    Of whole numbers they are NumPy's own, which hold no expressions.
    """

    def rule(
        a: Any,
        fill_value: Any = int(name == "ones_like"),
        *,
        dtype: Any = None,
        order: str = "K",
        subok: bool = True,
        shape: Any = None,
        device: str | None = None,
    ) -> Any:
        e = as_expression(a)
        sizes = e.shape if shape is None else np.broadcast_to(np.False_, shape).shape
        if dtype is not None and np.dtype(dtype).kind not in "fOb":
            return np.full(sizes, fill_value, dtype)
        value = as_expression(fill_value)
        if dtype is not None and np.dtype(dtype).kind == "b":
            value = not_equal(value, as_expression(0))
        return ArrayUnderConstruction(arrays.broadcast_to(value, sizes))

    return rule


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    """Coordinates of a grid, as `numpy.meshgrid`."""
    axes = [arrays.reshape(as_expression(x), -1) for x in xi]
    order = list(range(len(axes)))
    if indexing == "xy" and len(axes) > 1:
        order[:2] = [1, 0]
    elif indexing not in ("xy", "ij"):
        raise ShapeError(f"numpy.meshgrid: indexing={indexing!r} is neither 'xy' nor 'ij'")
    shape = tuple(axes[i].size for i in order)
    made = []
    for k, e in enumerate(axes):
        spread = arrays.reshape(e, [-1 if i == k else 1 for i in order])
        made.append(spread if sparse else arrays.broadcast_to(spread, shape))
    return tuple(made)


def broadcast_arrays(*given: Any, subok: bool = False) -> Any:
    """The arrays with their common shape."""
    operands = [as_expression(a) for a in given]
    shape = np.broadcast_shapes(*(e.shape for e in operands))
    return tuple(arrays.broadcast_to(e, shape) for e in operands)


def squeeze(a: Any, axis: Any = None) -> Any:
    """The array without axes of one element."""
    e = as_expression(a)
    return arrays.reshape(e, np.broadcast_to(np.False_, e.shape).squeeze(axis).shape)


def expand_dims(a: Any, axis: Any) -> Any:
    """The array with new axes of one element."""
    e = as_expression(a)
    return arrays.reshape(e, np.expand_dims(np.broadcast_to(np.False_, e.shape), axis).shape)


def unstack(x: Any, /, *, axis: int = 0) -> Any:
    """The parts of an array along an axis."""
    e = as_expression(x)
    (along,) = arrays.normalised_axes("unstack", axis, e.ndim)
    return tuple(e[(slice(None),) * along + (i,)] for i in range(e.shape[along]))


def extract(condition: Any, arr: Any) -> Any:
    """The elements where a known condition holds, in one row."""
    return compress(np.ravel(_numbers("extract", condition)), as_expression(arr).reshape(-1))


def choose(a: Any, choices: Any, *, mode: str = "raise") -> Any:
    """The element of the array that a number says, at each place; NaN where there is none."""
    listed = [as_expression(choice) for choice in choices]
    numbers = a if mode == "raise" else np.clip(a, 0, len(listed) - 1)
    if mode == "wrap":
        numbers = np.mod(a, len(listed))
    found: Any = np.nan
    for k, choice in enumerate(listed):
        found = np.where(np.equal(numbers, k), choice, found)
    return found


RULES: dict[Any, Callable[..., Any]] = {
    **{getattr(np, name): permuted(name) for name in ("swapaxes", "moveaxis", "rollaxis")},
    np.transpose: lambda a, axes=None: arrays.transpose(as_expression(a), axes),
    np.reshape: reshape,
    np.ravel: ravel,
    np.broadcast_to: lambda array, shape, subok=False: arrays.broadcast_to(
        as_expression(array), shape
    ),
    np.flip: flip,
    np.fliplr: lambda m: flip(m, 1),
    np.flipud: lambda m: flip(m, 0),
    np.rot90: rot90,
    np.diagonal: diagonal,
    np.lib.stride_tricks.sliding_window_view: windows,
    np.diag: diag,
    np.diagflat: diagflat,
    np.tril: triangle("tril"),
    np.triu: triangle("triu"),
    np.take: take,
    np.take_along_axis: take_along_axis,
    np.compress: compress,
    np.extract: extract,
    np.choose: choose,
    **{
        getattr(np, name): like(name)
        for name in ("zeros_like", "ones_like", "empty_like", "full_like")
    },
    np.meshgrid: meshgrid,
    np.broadcast_arrays: broadcast_arrays,
    np.squeeze: squeeze,
    np.expand_dims: expand_dims,
    **{getattr(np, f"atleast_{n}d"): at_least(n) for n in (1, 2, 3)},
}
if hasattr(np, "matrix_transpose"):  # from NumPy 2 on
    RULES[np.matrix_transpose] = lambda x: arrays.transpose(
        as_expression(x), (*range(np.ndim(x) - 2), np.ndim(x) - 1, np.ndim(x) - 2)
    )
if hasattr(np, "unstack"):
    RULES[np.unstack] = unstack
