"""NumPy's functions that put arrays together, repeat them and take them apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ShapeError, UnsupportedFunctionError, user_location
from taylor.nodes import arrays, conversion
from taylor.nodes.conversion import as_expression
from taylor.numbers.data import Array

FEW_RUNS = 8  # slices that are put together in place of a table of positions

# --- along one axis ----------------------------------------------------------


def cut(e: Any, axis: int, start: Any = None, stop: Any = None, step: Any = None) -> Any:
    """A slice along one axis."""
    return e[(slice(None),) * axis + (slice(start, stop, step),)]


def take_along(e: Any, places: Array, axis: int) -> Any:
    """Elements by positions along one axis: a few slices, or a table of positions."""
    runs = _runs(places.tolist())
    if len(runs) > FEW_RUNS or not runs:
        return e[(slice(None),) * axis + (places.astype(np.int64),)]
    parts = []
    for start, count, step in runs:
        stop = start + count * step
        parts.append(cut(e, axis, start, stop if stop >= 0 else None, step))
    return arrays.join(parts, axis)


def _runs(places: Sequence[int]) -> list[tuple[int, int, int]]:
    """Positions as (start, count, step) with steps of 1 and -1."""
    runs: list[tuple[int, int, int]] = []
    for place in places:
        if runs:
            start, count, step = runs[-1]
            gap = place - (start + (count - 1) * step)
            if gap == step or (count == 1 and gap in (1, -1)):
                runs[-1] = (start, count + 1, gap)
                continue
        runs.append((place, 1, 1))
        if len(runs) > FEW_RUNS:
            break
    return runs


# --- together ----------------------------------------------------------


def concatenate(items: Any, axis: int | None = 0, casting: Any = None) -> Any:
    """Arrays along an axis that they have, or all elements in one row."""
    parts = [as_expression(item) for item in items]
    if axis is None:
        parts, axis = [arrays.reshape(part, -1) for part in parts], 0
    return conversion.concatenate(parts, axis)


def stack(items: Any, axis: int = 0, casting: Any = None) -> Any:
    """Arrays along a new axis."""
    return conversion.stack(list(items), axis)


def _at_least(e: Any, ndim: int) -> Any:
    """As `numpy.atleast_2d` and its like make arrays of fewer axes."""
    function = getattr(np, f"atleast_{ndim}d")
    return arrays.reshape(e, function(np.broadcast_to(np.False_, e.shape)).shape)


def vstack(tup: Any, casting: Any = None) -> Any:
    """Arrays as rows, one below the other."""
    return concatenate([_at_least(as_expression(item), 2) for item in tup])


def hstack(tup: Any, casting: Any = None) -> Any:
    """Arrays side by side."""
    parts = [_at_least(as_expression(item), 1) for item in tup]
    return concatenate(parts, 0 if parts and parts[0].ndim == 1 else 1)


def dstack(tup: Any) -> Any:
    """Arrays one behind the other."""
    return concatenate([_at_least(as_expression(item), 3) for item in tup], 2)


def column_stack(tup: Any) -> Any:
    """Vectors and matrices as columns."""
    parts = [as_expression(item) for item in tup]
    return concatenate([p if p.ndim > 1 else arrays.reshape(p, (-1, 1)) for p in parts], 1)


def block(nested: Any) -> Any:
    """Nested lists of arrays put together, the innermost along the last axis."""

    def depth(item: Any) -> int:
        return 1 + max((depth(part) for part in item), default=0) if type(item) is list else 0

    def deepest(item: Any) -> int:
        if type(item) is list:
            return max((deepest(part) for part in item), default=0)
        return int(as_expression(item).ndim)

    levels = depth(nested)
    ndim = max(levels, deepest(nested))

    def build(item: Any, level: int) -> Any:
        if type(item) is not list:
            e = as_expression(item)
            return arrays.reshape(e, (1,) * (ndim - e.ndim) + e.shape)
        return concatenate([build(part, level + 1) for part in item], ndim - levels + level)

    return build(nested, 0)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Values after an array."""
    return concatenate([arr, values], axis)


# --- again and again ----------------------------------------------------------


def tile(A: Any, reps: Any) -> Any:
    """The array side by side with itself."""
    e = as_expression(A)
    counts = tuple(np.atleast_1d(reps).tolist())
    ndim = max(e.ndim, len(counts))
    counts = (1,) * (ndim - len(counts)) + counts
    shape = (1,) * (ndim - e.ndim) + e.shape
    if all(count == 1 for count in counts):
        return arrays.reshape(e, shape)
    thin = tuple(x for size in shape for x in (1, size))
    wide = tuple(x for pair in zip(counts, shape, strict=True) for x in pair)
    spread = arrays.broadcast_to(arrays.reshape(e, thin), wide)
    return arrays.reshape(spread, tuple(c * s for c, s in zip(counts, shape, strict=True)))


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Every element several times."""
    e = as_expression(a)
    if axis is None:
        e, axis = arrays.reshape(e, -1), 0
    (along,) = arrays.normalised_axes("repeat", axis, e.ndim)
    size = e.shape[along]
    if np.ndim(repeats):
        return take_along(e, np.repeat(np.arange(size), repeats), along)
    count = int(repeats)
    lead, rest = e.shape[: along + 1], e.shape[along + 1 :]
    spread = arrays.broadcast_to(arrays.reshape(e, (*lead, 1, *rest)), (*lead, count, *rest))
    return arrays.reshape(spread, (*lead[:-1], size * count, *rest))


def resize(a: Any, new_shape: Any) -> Any:
    """The elements, repeated where they are too few, with another shape."""
    e = as_expression(a)
    shape = np.broadcast_to(np.False_, new_shape).shape
    count = int(np.prod(shape, dtype=int))
    flat = arrays.reshape(e, -1)
    if not e.size:
        return as_expression(np.zeros(shape))
    if count <= e.size:
        return arrays.reshape(flat[:count], shape)
    return arrays.reshape(tile(flat, -(-count // max(1, e.size)))[:count], shape)


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """The elements moved along axes; what leaves at one end comes in at the other."""
    e = as_expression(a)
    if axis is None:
        return arrays.reshape(roll(arrays.reshape(e, -1), shift, 0), e.shape)
    shifts, axes = np.broadcast_arrays(np.atleast_1d(shift), np.atleast_1d(axis))
    for amount, chosen in zip(shifts.tolist(), axes.tolist(), strict=True):
        (along,) = arrays.normalised_axes("roll", chosen, e.ndim)
        size = e.shape[along]
        places = amount % size if size else 0
        if places:
            parts = [cut(e, along, size - places), cut(e, along, 0, size - places)]
            e = arrays.join(parts, along)
    return e


def half_turn(sign: int) -> Callable[..., Any]:
    """`numpy.fft.fftshift` and its inverse: halves of axes changed for each other."""

    def rule(x: Any, axes: Any = None) -> Any:
        e = as_expression(x)
        chosen = range(e.ndim) if axes is None else arrays.normalised_axes("fftshift", axes, e.ndim)
        shifts = [e.shape[k] // 2 if sign > 0 else -(e.shape[k] // 2) for k in chosen]
        return roll(e, shifts, tuple(chosen)) if shifts else e

    return rule


def pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    """The array with margins, of constants or of its own elements."""
    e = as_expression(array)
    if type(pad_width) is dict:
        widths = np.zeros((e.ndim, 2), int)
        for axis, width in pad_width.items():
            widths[axis] = width
    else:
        widths = np.broadcast_to(np.asarray(pad_width, int), (e.ndim, 2))
    if (widths < 0).any():
        raise ArgumentError(f"numpy.pad: pad_width={pad_width!r} is negative")
    if mode == "constant":
        return _padded(e, widths, options.pop("constant_values", 0))
    if mode not in ("edge", "wrap", "reflect", "symmetric") or "odd" in options.values():
        raise UnsupportedFunctionError(
            f"numpy.pad: mode={mode!r} is not available for expressions; use 'constant', 'edge', "
            "'wrap', 'reflect' or 'symmetric', of reflect_type 'even'"
        )
    for axis, width in enumerate(widths.tolist()):
        if any(width):
            places = np.pad(np.arange(e.shape[axis]), width, mode=mode, **options)
            e = take_along(e, places, axis)
    return e


def _padded(e: Any, widths: Array, values: Any) -> Any:
    given = as_expression(values)
    ends = arrays.broadcast_to(given, (e.ndim, 2))
    for axis, width in enumerate(widths.tolist()):
        parts = []
        for side in (0, 1):
            shape = (*e.shape[:axis], width[side], *e.shape[axis + 1 :])
            parts.append(arrays.broadcast_to(ends[axis, side], shape))
        e = arrays.join([parts[0], e, parts[1]], axis)
    return e


# --- apart ----------------------------------------------------------


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis, of almost equal size or ending at given places."""
    e = as_expression(ary)
    (along,) = arrays.normalised_axes("array_split", axis, e.ndim)
    size = e.shape[along]
    parts = np.array_split(np.arange(size), indices_or_sections)
    return [
        cut(e, along, int(part[0]), int(part[-1]) + 1) if len(part) else cut(e, along, 0, 0)
        for part in parts
    ]


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis, of equal size or ending at given places."""
    e = as_expression(ary)
    (along,) = arrays.normalised_axes("split", axis, e.ndim)
    if not np.ndim(indices_or_sections) and e.shape[along] % int(indices_or_sections):
        raise ShapeError(
            f"numpy.split: {e.shape[along]} elements along axis {along} of shape {e.shape} are not "
            f"{indices_or_sections} parts of one size; numpy.array_split makes unlike ones "
            f"(at {user_location()})"
        )
    return array_split(e, indices_or_sections, along)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Parts from left to right."""
    return split(ary, indices_or_sections, 0 if np.ndim(ary) == 1 else 1)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Parts from top to bottom."""
    if np.ndim(ary) < 2:
        raise ShapeError(f"numpy.vsplit: shape {np.shape(ary)} has no columns to part; use split")
    return split(ary, indices_or_sections, 0)


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """The array without some parts along an axis."""
    e = as_expression(arr)
    if axis is None:
        e, axis = arrays.reshape(e, -1), 0
    (along,) = arrays.normalised_axes("delete", axis, e.ndim)
    return take_along(e, np.delete(np.arange(e.shape[along]), obj), along)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """The array with values before some places along an axis."""
    e, new = as_expression(arr), as_expression(values)
    if axis is None:
        e, axis = arrays.reshape(e, -1), 0
    (along,) = arrays.normalised_axes("insert", axis, e.ndim)
    size = e.shape[along]
    single = np.ndim(obj) == 0 and not isinstance(obj, slice)
    if single and new.ndim == e.ndim - 1 and new.ndim:
        new = arrays.reshape(new, (*new.shape[:along], 1, *new.shape[along:]))
    elif new.ndim < e.ndim:
        new = arrays.reshape(new, (1,) * (e.ndim - new.ndim) + new.shape)
    marks = np.insert(np.zeros(size, int), obj, np.ones(new.shape[along], int))
    count = int(marks.sum())
    shape = (*e.shape[:along], count, *e.shape[along + 1 :])
    joined = arrays.join([e, arrays.broadcast_to(new, shape)], along)
    # NumPy itself says which value goes where.
    numbered = np.insert(np.arange(size), obj, size + np.arange(count))
    return take_along(joined, numbered, along)


RULES: dict[Any, Callable[..., Any]] = {
    np.concatenate: concatenate,
    np.stack: stack,
    np.vstack: vstack,
    np.hstack: hstack,
    np.dstack: dstack,
    np.column_stack: column_stack,
    np.block: block,
    np.append: append,
    np.tile: tile,
    np.repeat: repeat,
    np.resize: resize,
    np.roll: roll,
    np.pad: pad,
    np.array_split: array_split,
    np.split: split,
    np.hsplit: hsplit,
    np.vsplit: vsplit,
    np.dsplit: lambda ary, indices_or_sections: split(ary, indices_or_sections, 2),
    np.delete: delete,
    np.insert: insert,
}
