"""Array nodes: indexing, stacking, sums over axes, matrix products, changes of shape.

Array operations stay single nodes until `expressions.scalars` spells them out element by element.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ShapeError
from taylor.nodes import node as ex
from taylor.nodes.data import ArrayData, exact_numbers, positions
from taylor.nodes.node import N, Node, Shape
from taylor.numbers import exact as constants

Slice = tuple[int, int, int]  # first position, number of positions, stride
Entry = int | Slice | None  # None makes a new axis


def constant_array(numbers: np.ndarray[Any, Any]) -> Any:
    """A constant array of numbers as `data.as_numbers` has them.

    Its payload is one number if all are equal, else their `ArrayData`.
    """
    if numbers.size and (not numbers.shape or (numbers == numbers.flat[0]).all()):
        number = constants.exact(numbers.flat[0])
        assert number is not None
        return ex.constant_node(number, numbers.shape)
    if numbers.dtype == np.float64:
        numbers = numbers + 0.0  # there is one zero, and the caller may change what is his
        numbers[numbers != numbers] = np.nan  # and one NaN
        numbers.flags.writeable = False
    return ex.node("constant", (), ArrayData(numbers), numbers.shape)


def numbers_of(e: Node) -> np.ndarray[Any, Any]:
    """The numbers of a constant as an array of its shape: float64, or exact ones as objects."""
    if type(e.payload) is ArrayData:
        return e.payload.array
    numbers = exact_numbers([e.payload], ())
    assert numbers is not None
    return np.broadcast_to(numbers, e.shape)


# --- indexing ----------------------------------------------------------


def index(e: N, key: Any) -> N:
    """e[key] as NumPy means it: ints, slices, new axes, ellipsis; index and mask arrays gather.

    Raises IndexError for positions out of range and for more indices than axes.
    """
    keys = key if isinstance(key, tuple) else (key,)
    if any(isinstance(k, (list, np.ndarray)) for k in keys):
        return take(e, np.arange(e.size).reshape(e.shape)[key])
    return index_entries(e, _entries(e, keys))


def _entries(e: Node, keys: tuple[Any, ...]) -> tuple[Entry, ...]:
    consumed = sum(k is not None and k is not Ellipsis for k in keys)
    if consumed and not e.shape:
        raise IndexError(f"index: {e} is a scalar and has no elements")
    if consumed > len(e.shape):
        raise IndexError(f"index: {consumed} indices for an expression of shape {e.shape}")
    missing = len(e.shape) - consumed
    if sum(k is Ellipsis for k in keys) > 1:
        raise IndexError("index: an index can have only one ellipsis (...)")
    expanded: list[Any] = []
    for k in keys:
        expanded.extend([slice(None)] * missing if k is Ellipsis else [k])
    if not any(k is Ellipsis for k in keys):
        expanded.extend([slice(None)] * missing)
    entries: list[Entry] = []
    axis = 0
    for k in expanded:
        if k is None:
            entries.append(None)
            continue
        entries.append(_entry(k, e.shape[axis], axis))
        axis += 1
    return tuple(entries)


def _entry(k: Any, size: int, axis: int) -> Entry:
    if isinstance(k, slice):
        start, stop, step = k.indices(size)
        return start, len(range(start, stop, step)), step
    try:
        position = operator.index(k)
    except TypeError as error:
        if isinstance(k, Node):
            raise
        raise IndexError(f"index: {k!r} is no int, slice, None, ellipsis or array") from error
    if not -size <= position < size:
        raise IndexError(f"index: {position} is out of range for axis {axis} of size {size}")
    return position % size


def index_entries(e: N, entries: tuple[Entry, ...]) -> N:
    """Index with normalised entries, composing an index of an index and looking into stacks."""
    while e.op == "stack" and type(entries[0]) is int:
        e, entries = e.args[entries[0]], entries[1:]
        if not entries:
            return e
    if e.op == "concatenate":
        part = _part_of(e, entries)
        if part is not None:
            return index_entries(*part)
    if e.op == "index" and None not in entries and None not in e.payload:
        return index_entries(e.args[0], _composed(e.payload, entries))
    shape = _index_shape(entries)
    if shape == e.shape and entries == tuple((0, size, 1) for size in shape):
        return e
    if e.op == "constant":
        if type(e.payload) is not ArrayData:
            return ex.constant_node(e.payload, shape)
        return constant_array(np.asarray(e.payload.array[as_numpy_index(entries)]))
    return ex.node("index", (e,), entries, shape)


def _part_of(e: N, entries: tuple[Entry, ...]) -> tuple[N, tuple[Entry, ...]] | None:
    """The one of arrays put together that an index falls into, and the index there; else None."""
    place = [i for i, entry in enumerate(entries) if entry is not None][e.payload]
    chosen = entries[place]
    first, last = chosen, chosen
    if isinstance(chosen, tuple):
        start, count, step = chosen
        first, last = start, start + (count - 1) * step
        if not count:
            return None
    assert isinstance(first, int) and isinstance(last, int)
    for part in e.args:
        size = part.shape[e.payload]
        if 0 <= first < size and 0 <= last < size:
            there = (first, *chosen[1:]) if isinstance(chosen, tuple) else first
            return part, (*entries[:place], there, *entries[place + 1 :])
        first, last = first - size, last - size
    return None


def _composed(inner: tuple[Entry, ...], outer: tuple[Entry, ...]) -> tuple[Entry, ...]:
    following = iter(outer)
    composed: list[Entry] = []
    for entry in inner:
        if not isinstance(entry, tuple):
            composed.append(entry)
            continue
        start, _, step = entry
        chosen = next(following)
        if isinstance(chosen, tuple):
            composed.append((start + step * chosen[0], chosen[1], step * chosen[2]))
        else:
            assert chosen is not None
            composed.append(start + step * chosen)
    return tuple(composed)


def _index_shape(entries: tuple[Entry, ...]) -> Shape:
    return tuple(1 if k is None else k[1] for k in entries if not isinstance(k, int))


def as_numpy_index(entries: tuple[Entry, ...]) -> tuple[Any, ...]:
    """The entries as an index for a NumPy array; strides may run backwards past the start."""
    keys: list[Any] = []
    for entry in entries:
        if isinstance(entry, tuple):
            start, count, step = entry
            stop = start + count * step
            keys.append(slice(start, stop if stop >= 0 else None, step) if count else slice(0, 0))
        else:
            keys.append(entry)
    return tuple(keys)


def take(e: N, places: np.ndarray[Any, Any]) -> N:
    """Gather elements by row-major positions; the result has the shape of `places`."""
    return take_from(e, positions(places))


def take_from(e: N, places: ArrayData) -> N:
    """`take` with the positions as data."""
    shape = places.shape
    if shape == e.shape and np.array_equal(places.array.reshape(-1), np.arange(e.size)):
        return e
    if e.op == "constant":
        return constant_array(np.asarray(numbers_of(e).reshape(-1)[places.array]))
    return ex.node("take", (e,), places, shape)


def strided(
    array: np.ndarray[Any, Any], offset: int, strides: Sequence[int], shape: Shape
) -> np.ndarray[Any, Any]:
    """The elements offset + sum of strides * position, counted in row-major order."""
    if 0 in shape:
        return np.empty(shape, array.dtype)
    flat = np.ascontiguousarray(array).reshape(-1)
    width = flat.itemsize
    return np.lib.stride_tricks.as_strided(
        flat[offset:], shape, [width * stride for stride in strides], writeable=False
    )


def view(e: N, offset: int, strides: Sequence[int], shape: Sequence[int]) -> N:
    """The elements offset + sum of strides * position of `e`, counted in row-major order.

    Diagonals and windows are such arrays: elements may occur several times.

    Raises ShapeError for elements that are not there.
    """
    offset, steps, target = int(offset), tuple(map(int, strides)), tuple(map(int, shape))
    if 0 in target:
        return constant_array(np.empty(target))
    ends = [step * (size - 1) for step, size in zip(steps, target, strict=True)]
    least = offset + sum(end for end in ends if end < 0)
    most = offset + sum(end for end in ends if end > 0)
    if least < 0 or most >= e.size:
        raise ShapeError(
            f"view: elements {least} to {most} of an array of shape {e.shape}, which has {e.size}"
        )
    if target == e.shape and offset == 0 and steps == _row_major(target):
        return e
    if e.op == "constant":
        return constant_array(strided(numbers_of(e), offset, steps, target))
    return ex.node("view", (e,), (offset, steps, target), target)


def _row_major(shape: Shape) -> Shape:
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def scatter(e: N, places: ArrayData, shape: Sequence[int]) -> N:
    """Zeros of a shape, to which the elements of `e` are added at flat places: `take` transposed.

    places: of the shape of e; places may occur several times.

    Raises ShapeError for places of another shape, IndexError for places that are not there.
    """
    target = tuple(map(int, shape))
    size = math.prod(target)
    if places.shape != e.shape:
        raise ShapeError(f"scatter: places of shape {places.shape} for elements of {e.shape}")
    if e.size and not (places.array.min() >= 0 and places.array.max() < size):
        raise IndexError(f"scatter: places beyond the {size} elements of shape {target}")
    if not e.size or e is ex.ZERO:
        return ex.constant_node(0, target)
    return ex.node("scatter", (e,), (places, target), target)


# --- shapes ----------------------------------------------------------


def reshape(e: N, shape: Any) -> N:
    """The elements of `e` in row-major order with another shape; one size may be -1."""
    try:
        target: Shape = np.empty(e.shape, dtype=np.bool_).reshape(shape).shape
    except ValueError:
        raise ShapeError(f"reshape: cannot turn shape {e.shape} into {shape}") from None
    if e.op == "reshape":
        e = e.args[0]
    if target == e.shape:
        return e
    if e.op == "constant":
        if type(e.payload) is ArrayData:
            return ex.node("constant", (), ArrayData(e.payload.array.reshape(target)), target)
        return ex.constant_node(e.payload, target)
    return ex.node("reshape", (e,), target, target)


def transpose(e: N, axes: Sequence[int] | None = None) -> N:
    """Permute the axes, reversing them by default."""
    order = (
        tuple(range(e.ndim))[::-1]
        if axes is None
        else normalised_axes("transpose", tuple(axes), e.ndim)
    )
    if len(order) != e.ndim:
        raise ShapeError(f"transpose: axes {order} do not fit shape {e.shape}")
    if e.op == "transpose":
        e, order = e.args[0], tuple(e.payload[i] for i in order)
    if order == tuple(range(e.ndim)):
        return e
    if e.op == "constant":
        return constant_array(np.transpose(numbers_of(e), order))
    return ex.node("transpose", (e,), order, tuple(e.shape[i] for i in order))


def broadcast_to(e: N, shape: Shape) -> N:
    """Repeat `e` to a larger shape by NumPy's broadcasting rules."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    try:
        fits = np.broadcast_shapes(e.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"broadcast_to: shape {e.shape} does not broadcast to {shape}")
    if shape == e.shape:
        return e
    if e.op == "constant" and type(e.payload) is not ArrayData:
        return ex.constant_node(e.payload, shape)
    return ex.node("broadcast", (e,), shape, shape)


# --- reductions and products ----------------------------------------------------------


def normalised_axes(function: str, axis: Any, ndim: int) -> tuple[int, ...]:
    chosen = (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    for a in chosen:
        if not -ndim <= a < ndim:
            raise ShapeError(f"{function}: axis {a} is out of range for {ndim} axes")
    found = tuple(int(a) % ndim for a in chosen)
    if len(set(found)) != len(found):
        raise ShapeError(f"{function}: axis {axis} names an axis twice")
    return found


def sum_axes(e: N, axis: Any = None, keepdims: bool = False) -> N:
    """Sum over the given axes (all by default), as `numpy.sum`."""
    axes = (
        tuple(range(e.ndim))
        if axis is None
        else tuple(sorted(normalised_axes("sum", axis, e.ndim)))
    )
    shape = tuple(size for i, size in enumerate(e.shape) if i not in axes)
    result = ex.node("sum", (e,), axes, shape) if axes else e
    if keepdims and axes:
        return reshape(result, tuple(1 if i in axes else size for i, size in enumerate(e.shape)))
    return result


def matmul(a: N, b: N) -> N:
    """Matrix product as `numpy.matmul`: vectors, matrices, and stacks of matrices."""
    return ex.node("matmul", (a, b), None, matmul_shape(a.shape, b.shape))


def matmul_shape(a: Shape, b: Shape) -> Shape:
    """Shape of the matrix product of arrays of these shapes; ShapeError where there is none."""
    if not a or not b:
        raise ShapeError(f"matmul: shapes {a} and {b}: use * to multiply by a scalar")
    rows = a[-2:-1] if len(a) > 1 else ()
    columns = b[-1:] if len(b) > 1 else ()
    inner = b[-2] if len(b) > 1 else b[0]
    try:
        batch = np.broadcast_shapes(a[:-2], b[:-2])
        fits = a[-1] == inner
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"matmul: shapes {a} and {b} do not fit together")
    return (*batch, *rows, *columns)
