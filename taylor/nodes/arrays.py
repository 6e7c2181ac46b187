"""Array nodes: indexing, stacking, sums over axes, matrix products, changes of shape.

Array operations stay single nodes until `expressions.scalars` spells them out element by element.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ItemError, ShapeError, TracingError, user_location
from taylor.nodes import node as ex
from taylor.nodes.node import N, Node, Shape
from taylor.numbers import exact as constants
from taylor.numbers.data import ArrayData, exact_numbers, exact_objects, positions

Slice = tuple[int, int, int]  # first position, number of positions, stride
Entry = int | Slice | None  # None makes a new axis

FEW = 4  # arrays put together of which each is cut where all together are


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
    return index_entries(e, entries_of(e, keys))


def entries_of(e: Node, keys: tuple[Any, ...]) -> tuple[Entry, ...]:
    """An index of ints, slices, new axes and an ellipsis in normal form."""
    consumed = sum(k is not None and k is not Ellipsis for k in keys)
    if consumed and not e.shape:
        raise ItemError(f"index: {e} is a scalar and has no elements (at {user_location()})")
    if consumed > len(e.shape):
        raise ItemError(
            f"index: {consumed} indices for an expression of shape {e.shape} (at {user_location()})"
        )
    missing = len(e.shape) - consumed
    if sum(k is Ellipsis for k in keys) > 1:
        raise ItemError(f"index: an index can have only one ... (at {user_location()})")
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
    if isinstance(k, Node) and k.shape:
        raise TracingError(
            f"a[condition] at {user_location()}: which elements hold is not known before "
            "evaluation; numpy.where(condition, value, other) chooses"
        )
    try:
        position = operator.index(k)
    except TypeError as error:
        if isinstance(k, Node):
            raise
        raise ItemError(
            f"index: {k!r} is no int, slice, None, ellipsis or array (at {user_location()})"
        ) from error
    if not -size <= position < size:
        raise ItemError(
            f"index: {position} is out of range for axis {axis} of size {size} "
            f"(at {user_location()})"
        )
    return position % size


def index_entries(e: N, entries: tuple[Entry, ...]) -> N:
    """Index with normalised entries, composing an index of an index and looking into stacks."""
    while e.op == "stack" and type(entries[0]) is int:
        e, entries = e.args[entries[0]], entries[1:]
        if not entries:
            return e
    if e.op == "stack" and isinstance(entries[0], tuple) and 0 < entries[0][1] < len(e.args):
        start, count, step = entries[0]
        chosen = tuple(e.args[start + step * k] for k in range(count))
        e = ex.node("stack", chosen, None, (count, *e.shape[1:]))
        entries = ((0, count, 1), *entries[1:])
    if e.op == "concatenate":
        place = [i for i, entry in enumerate(entries) if entry is not None][e.payload]
        parts = _parts_of(e, entries, place)
        if len(parts) == 1:
            return index_entries(*parts[0])
        if parts and len(parts) <= (FEW if _is_cut(e, entries) else len(parts)):
            axis = sum(not isinstance(entry, int) for entry in entries[:place])
            return join([index_entries(*part) for part in parts], axis)
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


def _parts_of(e: N, entries: tuple[Entry, ...], place: int) -> list[tuple[N, tuple[Entry, ...]]]:
    """The ones of arrays put together that an index falls into, each with the index there.

    place: of the entry for the axis along which they are put together.  None are found where that
    is a slice that skips elements and does not fall into one of them, or one without elements.
    """
    chosen = entries[place]
    start, count, step = chosen if isinstance(chosen, tuple) else (chosen, 1, 1)
    assert isinstance(start, int)
    found: list[tuple[N, tuple[Entry, ...]]] = []
    for part in e.args:
        size = part.shape[e.payload]
        if count and 0 <= start < size:
            if step != 1 and not 0 <= start + step * (count - 1) < size:
                return []
            here = min(count, size - start) if step == 1 else count
            entry = start if isinstance(chosen, int) else (start, here, step)
            found.append((part, (*entries[:place], entry, *entries[place + 1 :])))
            start, count = start + here, count - here
        start -= size
    return found


def _is_cut(e: Node, entries: tuple[Entry, ...]) -> bool:
    """Whether an index takes parts along other axes than the one that things are joined along."""
    whole = [(0, size, 1) for size in e.shape]
    return len(entries) != e.ndim or any(
        entries[i] != whole[i] for i in range(e.ndim) if i != e.payload
    )


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


# --- arrays put together ----------------------------------------------------------


def join(given: Sequence[N], axis: int) -> N:
    """Arrays whose shapes differ along one axis alone, put together along it.

    Empty ones go, those of arrays put together take their place, and constants and stacks side by
    side become one.
    """
    parts: list[N] = []
    for part in given:
        inner = part.args if part.op == "concatenate" and part.payload == axis else (part,)
        for e in inner:
            if e.shape[axis]:
                merged = _merged(parts[-1], e, axis) if parts else None
                if merged is None:
                    parts.append(e)
                else:
                    parts[-1] = merged
    if len(parts) < 2:
        return parts[0] if parts else given[0]
    size = sum(part.shape[axis] for part in parts)
    shape = (*parts[0].shape[:axis], size, *parts[0].shape[axis + 1 :])
    return ex.node("concatenate", tuple(parts), axis, shape)


def _merged(a: N, b: N, axis: int) -> N | None:
    """Two constants or two stacks as one."""
    if a.op != b.op:
        return None
    if a.op == "constant":
        first, second = numbers_of(a), numbers_of(b)
        if first.dtype != second.dtype:
            first, second = (exact_objects(numbers) for numbers in (first, second))
        return constant_array(np.concatenate([first, second], axis=axis))
    if a.op == "stack" and axis == 0:
        shape = (len(a.args) + len(b.args), *a.shape[1:])
        return ex.node("stack", (*a.args, *b.args), None, shape)
    return None


# --- shapes ----------------------------------------------------------


def reshape(e: N, shape: Any) -> N:
    """The elements of `e` in row-major order with another shape; one size may be -1."""
    try:
        target: Shape = np.empty(e.shape, dtype=np.bool_).reshape(shape).shape
    except ValueError:
        raise ShapeError(
            f"reshape: cannot turn shape {e.shape} into {shape} (at {user_location()})"
        ) from None
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
        raise ShapeError(
            f"transpose: axes {order} do not fit shape {e.shape} (at {user_location()})"
        )
    if e.op == "transpose":
        e, order = e.args[0], tuple(e.payload[i] for i in order)
    if order == tuple(range(e.ndim)):
        return e
    if e.op == "constant":
        return constant_array(np.transpose(numbers_of(e), order))
    return ex.node("transpose", (e,), order, tuple(e.shape[i] for i in order))


def swapped(e: N) -> N:
    """The first two axes exchanged: turns of a loop, and another one."""
    return transpose(e, (1, 0, *range(2, e.ndim)))


def broadcast_to(e: N, shape: Shape) -> N:
    """Repeat `e` to a larger shape by NumPy's broadcasting rules."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    try:
        fits = np.broadcast_shapes(e.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"broadcast_to: shape {e.shape} does not broadcast to {shape} (at {user_location()})"
        )
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
            raise ShapeError(
                f"{function}: axis {a} is out of range for {ndim} axes (at {user_location()})"
            )
    found = tuple(int(a) % ndim for a in chosen)
    if len(set(found)) != len(found):
        raise ShapeError(f"{function}: axis {axis} names an axis twice (at {user_location()})")
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
    """Matrix product as `numpy.matmul`: vectors, matrices, and stacks of matrices.

    >>> import taylor as ty
    >>> a, x = ty.variable("a", shape=(2, 3)), ty.variable("x", shape=(3,))
    >>> ty.matmul(a, x).shape, ty.matmul(a, x) is a @ x
    ((2,), True)
    """
    return ex.node("matmul", (a, b), None, matmul_shape(a.shape, b.shape))


def matmul_shape(a: Shape, b: Shape) -> Shape:
    """Shape of the matrix product of arrays of these shapes; ShapeError where there is none."""
    if not a or not b:
        raise ShapeError(
            f"matmul: shapes {a} and {b}: use * to multiply by a scalar (at {user_location()})"
        )
    rows = a[-2:-1] if len(a) > 1 else ()
    columns = b[-1:] if len(b) > 1 else ()
    inner = b[-2] if len(b) > 1 else b[0]
    try:
        batch = np.broadcast_shapes(a[:-2], b[:-2])
        fits = a[-1] == inner
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"matmul: shapes {a} and {b} do not fit together (at {user_location()})")
    return (*batch, *rows, *columns)
