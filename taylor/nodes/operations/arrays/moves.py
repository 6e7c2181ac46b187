"""Operations of arrays that move elements: parts, changes of shape, arrays put together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ShapeError
from taylor.nodes import arrays, conversion
from taylor.nodes.node import ZERO, N, Node, constant_node, node
from taylor.nodes.operation import ATOM, OR, Operation, Text, everywhere, listed
from taylor.nodes.operations.arrays.cotangents import Placed, linear, same_of_tangents, unbroadcast
from taylor.nodes.operations.arrays.stencils import from_windows
from taylor.nodes.operations.arrays.views import strided, view
from taylor.nodes.operations.scalars.rounding import one_rounding
from taylor.nodes.sums import add_many
from taylor.numbers.data import ArrayData, positions

Elements = np.ndarray[Any, Any]  # an object array of scalar nodes

# --- many at once ----------------------------------------------------------


def all_many(e: Node, operands: Sequence[N], size: int) -> list[N]:
    """Operands that all have one axis more than those of e, repeated where they have it not."""
    pairs = zip(e.args, operands, strict=True)
    return [arrays.broadcast_to(given, (size, *arg.shape)) for arg, given in pairs]


def _places_in_many(places: ArrayData, count: int, size: int) -> ArrayData:
    """Flat places in one array of `count` elements as those in an array of `size` such arrays."""
    own = places.array
    return positions(count * np.arange(size).reshape(size, *[1] * own.ndim) + own)


def _take_in_many(e: Node, operands: Sequence[N], many: Any) -> N:
    return arrays.take_from(operands[0], _places_in_many(e.payload, e.args[0].size, many.size))


def _view_of_many(e: Node, operands: Sequence[N], many: Any) -> N:
    offset, strides, shape = e.payload
    return view(operands[0], offset, (e.args[0].size, *strides), (many.size, *shape))


def _join_many(e: Node, operands: Sequence[N], many: Any) -> N:
    made: N = conversion.concatenate(all_many(e, operands, many.size), e.payload + 1)
    return made


def _stack_many(e: Node, operands: Sequence[N], many: Any) -> N:
    whole = all_many(e, operands, many.size)
    made: N = conversion.concatenate(
        [arrays.reshape(x, (many.size, 1, *x.shape[1:])) for x in whole], axis=1
    )
    return made


def _scatter_in_many(e: Node, operands: Sequence[N], many: Any) -> N:
    places, shape = e.payload
    return scatter(operands[0], _places_in_many(places, e.size, many.size), (many.size, *shape))


def _repeated_many(e: Node, operands: Sequence[N], many: Any) -> N:
    shape = e.args[0].shape
    ranked = arrays.reshape(operands[0], (many.size, *[1] * (e.ndim - len(shape)), *shape))
    return arrays.broadcast_to(ranked, (many.size, *e.shape))


# --- parts ----------------------------------------------------------


def _index_text(e: Node, names: Any) -> Text:
    texts = []
    for entry in e.payload:
        if isinstance(entry, tuple):
            start, count, step = entry
            stop = start + count * step
            texts.append(f"{start}:{stop if stop >= 0 else ''}" + (f":{step}" if step != 1 else ""))
        else:
            texts.append(str(entry))
    return [(e.args[0], ATOM), f"[{', '.join(texts)}]"], ATOM


_INDEX = Operation(
    name="index",
    array_rows=lambda walk, e: walk.viewed(e, lambda view: view.indexed(e.payload)),
    batch=lambda e, operands, many: arrays.index_entries(
        operands[0], ((0, many.size, 1), *e.payload)
    ),
    build=lambda e, args: arrays.index_entries(args[0], e.payload),
    text=_index_text,
    elements=lambda e, operands: operands[0][arrays.as_numpy_index(e.payload)],
    moves=True,
    chooses=True,
    tangent=same_of_tangents,
    adjoints=linear(lambda e, adjoint: [Placed(adjoint, e.payload, e.args[0].shape)]),
    value=lambda algebra, e, values: algebra.input(e, None),
    sympy=lambda to, e: to.sympy.Symbol(str(e)),
    error=one_rounding,
    smooth=everywhere,
)


def _places_text(e: Node, names: Any) -> Text:
    places = e.payload.array
    text = str(places.reshape(-1)[:30].tolist())
    shown = text if len(text) <= 60 and places.size <= 30 else text[:56] + " ..."
    return [f"{e.op}(", (e.args[0], OR), f", {shown})"], ATOM


_TAKE = Operation(
    name="take",
    array_rows=lambda walk, e: walk.taken(e),
    smooth=everywhere,
    batch=_take_in_many,
    build=lambda e, args: arrays.take_from(args[0], e.payload),
    text=_places_text,
    elements=lambda e, operands: operands[0].reshape(-1)[e.payload.array],
    moves=True,
    chooses=True,
    tangent=same_of_tangents,
    adjoints=linear(lambda e, adjoint: [Placed(adjoint, e.payload, e.args[0].shape)]),
)


def _view_shares(e: Node, adjoint: Any) -> list[Placed]:
    shape = e.args[0].shape
    found = from_windows(e, adjoint)
    if found is not None:
        ranges, value = found
        return [Placed(value, tuple((start, count, 1) for start, count in ranges), shape)]
    places = positions(strided(np.arange(e.args[0].size), *e.payload))
    return [Placed(adjoint, places, shape)]


_VIEW = Operation(
    name="view",
    array_rows=lambda walk, e: walk.viewed(e, lambda made: made.restrided(*e.payload)),
    smooth=everywhere,
    batch=_view_of_many,
    build=lambda e, args: view(args[0], *e.payload),
    text=lambda e, names: (["view(", (e.args[0], OR), f", {str(e.payload)[1:]}"], ATOM),
    elements=lambda e, operands: strided(operands[0], *e.payload),
    moves=True,
    tangent=same_of_tangents,
    adjoints=linear(_view_shares),
)

# --- arrays put together ----------------------------------------------------------


def _whole(e: Node) -> tuple[arrays.Entry, ...]:
    """The index that takes all."""
    return tuple((0, size, 1) for size in e.shape)


def _stack_shares(e: Node, adjoint: Any) -> list[Any]:
    rest = _whole(e)[1:]
    return [arrays.index_entries(adjoint, (k, *rest)) for k in range(len(e.args))]


def _concatenate_shares(e: Node, adjoint: Any) -> list[Any]:
    shares, place, axis = [], 0, e.payload
    for arg in e.args:
        entries = list(_whole(e))
        entries[axis] = (place, arg.shape[axis], 1)
        shares.append(arrays.index_entries(adjoint, tuple(entries)))
        place += arg.shape[axis]
    return shares


_STACK = Operation(
    name="stack",
    array_rows=lambda walk, e: walk.stacked(e),
    smooth=everywhere,
    batch=_stack_many,
    build=lambda e, args: conversion.stack(args),
    text=lambda e, names: (["[", *listed(e.args), "]"], ATOM),
    elements=lambda e, operands: np.stack(operands),
    moves=True,
    tangent=same_of_tangents,
    adjoints=linear(_stack_shares),
)

_CONCATENATE = Operation(
    name="concatenate",
    array_rows=lambda walk, e: walk.joined(e),
    smooth=everywhere,
    batch=_join_many,
    build=lambda e, args: conversion.concatenate(args, e.payload),
    text=lambda e, names: (
        ["concatenate([", *listed(e.args), f"], axis={e.payload})" if e.payload else "])"],
        ATOM,
    ),
    elements=lambda e, operands: np.concatenate(operands, axis=e.payload),
    moves=True,
    tangent=same_of_tangents,
    adjoints=linear(_concatenate_shares),
)


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
    if not e.size or e is ZERO:
        return constant_node(0, target)
    return node("scatter", (e,), (places, target), target)


def _scatter_elements(e: Node, operands: Sequence[Elements]) -> Elements:
    terms: list[list[Any]] = [[] for _ in range(e.size)]
    places = e.payload[0].array.reshape(-1)
    for place, element in zip(places.tolist(), operands[0].reshape(-1), strict=True):
        terms[place].append(element)
    result = np.empty(e.size, dtype=object)
    result[:] = [add_many(found) if found else ZERO for found in terms]
    return result.reshape(e.shape)


def _scattered(algebra: Any, e: Node, values: Sequence[Any]) -> Any:
    given = np.asarray(values[0])
    result = np.zeros(e.size, dtype=given.dtype)
    np.add.at(result, e.payload[0].array.reshape(-1), given.reshape(-1))
    return result.reshape(e.shape)


def _scatter_text(e: Node, names: Any) -> Text:
    places = str(e.payload[0].array.reshape(-1)[:8].tolist())
    shown = places if e.payload[0].array.size <= 8 else places[:-1] + ", ...]"
    return ["scatter(", (e.args[0], OR), f", {shown}, {e.shape})"], ATOM


_SCATTER = Operation(
    name="scatter",
    array_rows=lambda walk, e: walk.scattered(e),
    smooth=everywhere,
    batch=_scatter_in_many,
    build=lambda e, args: scatter(args[0], *e.payload),
    text=_scatter_text,
    elements=_scatter_elements,
    whole=_scattered,
    tangent=same_of_tangents,
    adjoints=linear(lambda e, adjoint: [arrays.take_from(adjoint, e.payload[0])]),
)

# --- changes of shape ----------------------------------------------------------


def _text_with_payload(e: Node, names: Any) -> Text:
    return [f"{e.op}(", (e.args[0], OR), f", {e.payload})"], ATOM


_RESHAPE = Operation(
    name="reshape",
    array_rows=lambda walk, e: walk.viewed(e, lambda view: view.reshaped(e.shape)),
    smooth=everywhere,
    batch=lambda e, operands, many: arrays.reshape(operands[0], (many.size, *e.shape)),
    build=lambda e, args: arrays.reshape(args[0], e.payload),
    text=_text_with_payload,
    elements=lambda e, operands: operands[0].reshape(e.shape),
    moves=True,
    tangent=same_of_tangents,
    adjoints=linear(lambda e, adjoint: [arrays.reshape(adjoint, e.args[0].shape)]),
)

_TRANSPOSE = Operation(
    name="transpose",
    array_rows=lambda walk, e: walk.viewed(e, lambda view: view.transposed(e.payload)),
    smooth=everywhere,
    batch=lambda e, operands, many: arrays.transpose(
        operands[0], (0, *(axis + 1 for axis in e.payload))
    ),
    build=lambda e, args: arrays.transpose(args[0], e.payload),
    text=_text_with_payload,
    elements=lambda e, operands: operands[0].transpose(e.payload),
    moves=True,
    tangent=same_of_tangents,
    adjoints=linear(lambda e, adjoint: [arrays.transpose(adjoint, np.argsort(e.payload).tolist())]),
)

_BROADCAST = Operation(
    name="broadcast",
    array_rows=lambda walk, e: walk.viewed(e, lambda view: view.broadcast(e.shape)),
    smooth=everywhere,
    batch=_repeated_many,
    build=lambda e, args: arrays.broadcast_to(args[0], e.payload),
    text=_text_with_payload,
    elements=lambda e, operands: np.broadcast_to(operands[0], e.shape),
    moves=True,
    tangent=same_of_tangents,
    adjoints=linear(lambda e, adjoint: [unbroadcast(adjoint, e.args[0].shape)]),
)

RECORDS = (
    _INDEX,
    _TAKE,
    _VIEW,
    _STACK,
    _CONCATENATE,
    _SCATTER,
    _RESHAPE,
    _TRANSPOSE,
    _BROADCAST,
)
