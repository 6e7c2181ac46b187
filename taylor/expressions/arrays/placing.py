"""What an array becomes when its elements are assigned to: parts put together, choices, tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ShapeError, TracingError, user_location
from taylor.expressions.arrays.traced_places import assigned_at_traced, is_traced
from taylor.nodes import arrays, logic
from taylor.nodes.arrays import Entry
from taylor.nodes.conversion import Mutable, as_expression, stack
from taylor.nodes.node import CONDITIONS, Node, Shape


def assigned(e: Any, key: Any, value: Any) -> Any:
    """The array `e` after ``e[key] = value``, by NumPy's rules.

    key: ints, slices, new axes, an ellipsis, arrays of positions, or a condition of the shape of e.

    Raises ShapeError where the value does not broadcast to the elements, IndexError for positions
    that are not there, TracingError for a position that is not known yet.
    """
    new = as_expression(value)
    keys = key if isinstance(key, tuple) else (key,)
    if is_traced(keys):
        return assigned_at_traced(e, keys, new, assigned, broadcast_value)
    if any(isinstance(k, (Node, Mutable)) and k.shape for k in keys):
        return _where_it_holds(e, keys, new)
    if any(isinstance(k, (list, np.ndarray)) for k in keys):
        return at_places(e, key, new)
    entries = arrays.entries_of(e, keys)
    old = arrays.index_entries(e, entries)
    if old is new or not old.size:
        return e
    new = broadcast_value(new, old.shape, e)
    if all(entry is None or isinstance(entry, int) or entry[2] == 1 for entry in entries):
        axes = [entry for entry in entries if entry is not None]
        sizes = tuple(1 if isinstance(entry, int) else entry[1] for entry in axes)
        return _put(e, axes, _as_block(new, sizes), 0)
    return at_places(e, arrays.as_numpy_index(entries), new)


def _as_block(new: Any, sizes: Shape) -> Any:
    """The values with an axis for each of the array, one element long where that has an int."""
    if not new.shape and set(sizes) == {1}:
        for _ in sizes:
            new = stack([new])
        return new
    return arrays.reshape(new, sizes)


def broadcast_value(new: Any, shape: Shape, e: Any) -> Any:
    """A value as it is assigned to elements of e, which have this shape."""
    while new.ndim > len(shape) and new.shape[0] == 1:  # which NumPy forgives
        new = new[0]
    try:
        return arrays.broadcast_to(new, shape)
    except ShapeError:
        raise ShapeError(
            f"a[...] = value at {user_location()}: the value has shape {new.shape}, the elements "
            f"{shape} of an array of shape {e.shape}"
        ) from None


def _put(e: Any, axes: Sequence[Entry], block: Any, axis: int) -> Any:
    """The array with a block in place of a contiguous part, from this axis on."""
    while axis < e.ndim and axes[axis] == (0, e.shape[axis], 1):
        axis += 1
    if axis == e.ndim:
        return block
    entry = axes[axis]
    start, count = entry[:2] if isinstance(entry, tuple) else (entry, 1)
    assert start is not None

    def rows(first: int, last: int) -> Any:
        whole: list[Entry] = [(0, size, 1) for size in e.shape]
        whole[axis] = (first, last - first, 1)
        return arrays.index_entries(e, tuple(whole))

    middle = rows(start, start + count)
    changed = _put(middle, axes, block, axis + 1)
    end = e.shape[axis]
    return arrays.join([rows(0, start), changed, rows(start + count, end)], axis)


def at_places(e: Any, key: Any, new: Any) -> Any:
    """The array with elements gathered from it and from the values."""
    places = np.arange(e.size).reshape(e.shape)
    shape = places[key].shape
    new = broadcast_value(new, shape, e)
    if not new.size:
        return e
    places[key] = e.size + np.arange(new.size).reshape(shape)
    both = arrays.join([arrays.reshape(e, -1), arrays.reshape(new, -1)], 0)
    return arrays.take(both, places)


def with_rows(e: Any, rows: dict[int, Any]) -> Any:
    """The array with some rows in place of its own."""
    parts: list[Any] = []
    end = 0
    for place in sorted(rows):
        if place > end or not parts:
            parts.append(e[end:place])
            parts.append([])
        parts[-1].append(rows[place])
        end = place + 1
    parts.append(e[end:])
    return arrays.join([stack(part) if type(part) is list else part for part in parts], 0)


def _where_it_holds(e: Any, keys: Sequence[Any], new: Any) -> Any:
    test = as_expression(keys[0])
    if len(keys) > 1 or test.op not in CONDITIONS or test.shape != e.shape[: test.ndim]:
        raise TracingError(
            f"a[...] = value at {user_location()}: which elements are meant is not known before "
            "evaluation; conditions of the shape of the array may be indices, others are written "
            "a = numpy.where(condition, value, a)"
        )
    if new.shape:
        raise TracingError(
            f"a[condition] = value at {user_location()}: how many elements hold is not known "
            "before evaluation, and the value has a shape; write "
            "a = numpy.where(condition, value, a)"
        )
    test = arrays.reshape(test, (*test.shape, *[1] * (e.ndim - test.ndim)))
    return logic.where(test, new, e)
