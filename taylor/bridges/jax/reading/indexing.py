"""Primitives that read and write arrays at places.

Where places are known, JAX itself is asked what it would do with an array of the elements' numbers:
so each of its many forms and modes means here what it means there.  Others are places among the
elements of the flat array, which are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from taylor.bridges.jax.reading.call import (
    Call,
    Operand,
    Rule,
    is_known,
    known_shape,
    number,
    places_of,
    truth,
)
from taylor.bridges.jax.reading.moves import chosen
from taylor.expressions.expression import Expression
from taylor.functions.apply import where
from taylor.functions.piecewise import maximum, minimum
from taylor.nodes import arrays
from taylor.nodes.operations.arrays.moves import scatter
from taylor.nodes.operations.arrays.places import added, pick, put
from taylor.nodes.operations.arrays.views import row_major
from taylor.numbers.data import ArrayData

Modes = jax.lax.GatherScatterMode


def _clipped(place: Expression, most: int) -> Expression:
    return minimum(maximum(place, 0), most)


def _as_wanted(call: Call, e: Expression) -> Expression:
    return truth(e) if call.wanted == "b" else e


# --- slices --------------------------------------------------------------------------------------


def _slice(call: Call, x: Operand, *starts: Operand) -> Expression:
    e, sizes = number(x), call.params["slice_sizes"]
    if all(map(is_known, starts)):
        own = zip(starts, e.shape, sizes, strict=True)
        begins = [int(np.clip(int(start), 0, n - m)) for start, n, m in own]
        key = tuple(slice(b, b + m) for b, m in zip(begins, sizes, strict=True))
        return _as_wanted(call, arrays.index(e, key))
    return _as_wanted(call, _at(e, _corner(e.shape, starts, sizes), sizes))


def _put_slice(call: Call, x: Operand, values: Operand, *starts: Operand) -> Expression:
    e, new = number(x), number(values)
    if all(map(is_known, starts)):
        numbers = [places_of(e.shape), places_of(new.shape, e.size)]
        places = jax.lax.dynamic_update_slice(*numbers, [jnp.asarray(s) for s in starts])
        return _as_wanted(call, chosen([e, new], np.asarray(places)))
    corner = _corner(e.shape, starts, new.shape)
    if new.shape == (1, *e.shape[1:]) and all(map(is_known, starts[1:])):
        row = _clipped(number(starts[0]), e.shape[0] - 1)
        return _as_wanted(call, put(e, row, arrays.reshape(new, e.shape[1:])))
    flat = arrays.reshape(e, (e.size,))
    places = arrays.reshape(_places(e.shape, corner, new.shape), (new.size,))
    found = put(flat, places, arrays.reshape(new, (new.size,)))
    return _as_wanted(call, arrays.reshape(found, e.shape))


def _corner(
    shape: Sequence[int], starts: Sequence[Operand], sizes: Sequence[int]
) -> list[Expression]:
    """Where a block begins along each axis, moved so that it lies inside."""
    return [
        _clipped(number(start), n - m) for start, n, m in zip(starts, shape, sizes, strict=True)
    ]


def _places(shape: Sequence[int], corner: Sequence[Expression], sizes: Sequence[int]) -> Expression:
    """The places of a block among the elements of an array."""
    own = row_major(tuple(shape))
    grid = np.indices(tuple(sizes)).reshape(len(shape), -1) if shape else np.zeros((0, 1))
    inside = (np.array(own)[:, None] * grid).sum(0).reshape(tuple(sizes))
    first = sum((start * stride for start, stride in zip(corner, own, strict=True)), number(0.0))
    return first + number(inside.astype(float))


def _at(e: Expression, corner: Sequence[Expression], sizes: Sequence[int]) -> Expression:
    """A block of an array."""
    rows = [start.op == "constant" for start in corner[1:]]
    if tuple(sizes) == (1, *e.shape[1:]) and all(rows):
        return arrays.reshape(pick(e, corner[0]), tuple(sizes))
    flat = arrays.reshape(e, (e.size,))
    found: Expression = pick(flat, _places(e.shape, corner, sizes))
    return found


# --- gather --------------------------------------------------------------------------------------


def _gathered(call: Call, x: Operand, indices: Operand) -> Expression:
    e = number(x)
    if is_known(indices):
        fill = e.size
        (places,) = _by_jax(call, [places_of(e.shape), jnp.asarray(indices)], fill_value=fill)
        filler = number(_filling(call))
        return _as_wanted(call, chosen([e, filler], np.asarray(places)))
    return _as_wanted(call, _gathered_at(call, e, number(indices)))


def _by_jax(call: Call, operands: Sequence[Any], **changed: Any) -> list[Any]:
    """What the primitive does with other operands."""
    found = call.eqn.primitive.bind(*operands, **{**call.params, **changed})
    return list(found) if call.eqn.primitive.multiple_results else [found]


def _filling(call: Call) -> float:
    """What is read beyond the ends, in the mode that says so."""
    fill = call.params.get("fill_value")
    if fill is not None:
        return float(fill)
    return {"f": np.nan, "b": 1.0}.get(call.kind, float(np.iinfo(np.int32).min))


def _gathered_at(call: Call, e: Expression, indices: Expression) -> Expression:
    """At places that are computed: those among all elements."""
    numbers, sizes = call.params["dimension_numbers"], call.params["slice_sizes"]
    mode = Modes.from_any(call.params["mode"])
    lead = known_shape(indices)[:-1]  # where slices are taken; last come the places along axes
    gone = {*numbers.collapsed_slice_dims, *numbers.operand_batching_dims}
    axes = [axis for axis in range(e.ndim) if axis not in gone]
    sizes_kept = [sizes[axis] for axis in axes]
    strides = row_major(e.shape)
    inside = [sizes_kept_grid * strides[axis] for axis, sizes_kept_grid in _grids(axes, sizes_kept)]
    within = sum(inside, np.zeros(tuple(sizes_kept)))
    base: Expression = number(np.zeros(lead)) if lead else number(0.0)
    fits: Expression | None = None
    for k, axis in enumerate(numbers.start_index_map):
        place = arrays.index(indices, (..., k))
        most = e.shape[axis] - sizes[axis]
        test = (place >= 0) & (place <= most)
        fits = test if fits is None else fits & test
        base = base + _clipped(place, most) * strides[axis]
    pairs = zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True)
    for axis, along in pairs:
        shape = [n if d == along else 1 for d, n in enumerate(lead)]
        base = base + number(np.arange(e.shape[axis], dtype=float).reshape(shape) * strides[axis])
    base = arrays.broadcast_to(base, lead)
    spread = arrays.reshape(base, (*lead, *[1] * len(sizes_kept)))
    flat = arrays.reshape(e, (e.size,))
    found: Expression = pick(flat, spread + number(within))
    if mode is Modes.FILL_OR_DROP and fits is not None:
        test = arrays.reshape(arrays.broadcast_to(fits, lead), spread.shape)
        found = where(test, found, _filling(call))
    ahead = [d for d in range(found.ndim) if d not in numbers.offset_dims]
    order = [*ahead, *numbers.offset_dims]  # where each axis of `found` belongs
    return arrays.transpose(found, np.argsort(order).tolist())


def _grids(axes: Sequence[int], sizes: Sequence[int]) -> list[tuple[int, np.ndarray]]:
    grids = np.indices(tuple(sizes)) if sizes else np.zeros((0,))
    return list(zip(axes, grids, strict=True))


# --- scatter -------------------------------------------------------------------------------------


def _scattered(call: Call, x: Operand, indices: Operand, updates: Operand) -> Expression:
    """Elements in the places of others."""
    e, new = number(x), number(updates)
    if is_known(indices):
        numbers = [places_of(e.shape), jnp.asarray(indices), places_of(new.shape, e.size)]
        (places,) = _by_jax(call, numbers)
        return _as_wanted(call, chosen([e, new], np.asarray(places)))
    return _as_wanted(call, _in_rows(call, e, number(indices), new, put))


def _scattered_sum(call: Call, x: Operand, indices: Operand, updates: Operand) -> Expression:
    """Elements added to others."""
    e, new = number(x), number(updates)
    if not is_known(indices):
        return _in_rows(call, e, number(indices), new, added)
    where_to = _targets(call, e.shape, indices, new.shape).reshape(-1)
    kept = np.flatnonzero(where_to >= 0)
    given = arrays.take(arrays.reshape(new, (new.size,)), kept)
    flat = scatter(given, ArrayData(where_to[kept].astype(np.int64)), (e.size,))
    return e + arrays.reshape(flat, e.shape)


def _targets(call: Call, shape: Any, indices: Any, updates: Any) -> np.ndarray:
    """The place that each element is added at; -1 where it is dropped.  What is added has of an
    adjoint of the result what is there.
    """

    def summed(u: Any) -> Any:
        zeros = jnp.zeros(shape, jnp.float64)
        return _by_jax(call, [zeros, jnp.asarray(indices), u])[0]

    _, pull = jax.vjp(summed, jnp.zeros(updates, jnp.float64))
    (found,) = pull(places_of(shape, 1).astype(jnp.float64))
    return np.asarray(found).astype(np.int64) - 1


def _in_rows(
    call: Call, e: Expression, indices: Expression, new: Expression, change: Any
) -> Expression:
    """Rows changed at places along the first axis; one more takes what falls beyond the ends."""
    numbers = call.params["dimension_numbers"]
    rows = tuple(range(1, e.ndim))
    lead = indices.shape[:-1]
    windows = tuple(range(len(lead), len(lead) + len(rows)))
    plain = (numbers.inserted_window_dims, numbers.scatter_dims_to_operand_dims) == ((0,), (0,))
    if not plain or numbers.operand_batching_dims or numbers.update_window_dims != windows:
        raise call.refuse("at places that are computed, other than along the first axis")
    place = arrays.reshape(indices, lead)
    size = e.shape[0]
    there = where((place >= 0) & (place < size), place, size)
    filler = number(np.zeros((1, *e.shape[1:])))
    longer = arrays.join([e, filler], 0)
    found: Expression = change(longer, there, new)
    return arrays.index(found, slice(0, size))


# --- sorting -------------------------------------------------------------------------------------


def _sorted(call: Call, *operands: Operand) -> list[Expression]:
    """Arrays in the order of the first one; equal elements keep theirs."""
    axis = call.params["dimension"]
    if len(operands) == 1:
        return [number(np.sort(number(operands[0]), axis=axis))]  # type: ignore[call-overload]
    if call.params["num_keys"] > 1:
        raise call.refuse("by several keys")
    return _ordered(operands, number(operands[0]), axis)


def _ordered(operands: Sequence[Operand], key: Expression, axis: int) -> list[Expression]:
    argsort: Any = np.argsort
    order = number(argsort(key, axis=axis, kind="stable"))
    stride = row_major(key.shape)[axis]
    own = np.arange(key.size).reshape(key.shape)
    lines = own - np.indices(key.shape)[axis] * stride  # where the line begins of each element
    places = number(lines.astype(float)) + stride * order
    return [pick(arrays.reshape(number(x), (key.size,)), places) for x in operands]


def _largest(call: Call, x: Operand) -> list[Expression]:
    """The largest elements in falling order, and where they are."""
    axis, count = call.params.get("axis", -1), call.params["k"]
    e = number(x)
    axis %= e.ndim
    shape = [n if d == axis else 1 for d, n in enumerate(e.shape)]
    numbers = np.broadcast_to(np.arange(e.shape[axis], dtype=float).reshape(shape), e.shape)
    found = _ordered([e, numbers], -e, axis)
    key = (*(slice(None),) * axis, slice(0, count))
    return [arrays.index(one, key) for one in found]


RULES: dict[str, Rule] = {
    "sort": _sorted,
    "top_k": _largest,
    "dynamic_slice": _slice,
    "dynamic_update_slice": _put_slice,
    "gather": _gathered,
    "scatter": _scattered,
    "scatter-add": _scattered_sum,
    "scatter_add": _scattered_sum,
}
