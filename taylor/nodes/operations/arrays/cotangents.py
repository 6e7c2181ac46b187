"""What derivatives backward are put together from: shares of operands, and where these belong.

A share is the part of an operand's adjoint that one result gives.  Operands that were broadcast get
sums; those of which a part was taken get it back as `Placed`, so that all parts of one array are
put together at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.nodes import conversion, logic, sums
from taylor.nodes.arrays import (
    Entry,
    as_numpy_index,
    broadcast_to,
    index_entries,
    join,
    reshape,
    sum_axes,
    take_from,
)
from taylor.nodes.node import ONE, Node, Shape, constant_node, node
from taylor.nodes.operation import OPERATIONS
from taylor.nodes.operations.arrays.stencils import Block, shifted
from taylor.numbers.data import ArrayData, positions
from taylor.numbers.exact import Exact, normalised

# --- sums over axes ------------------------------------------------------------------------------


def summed(e: Any, axes: Sequence[int]) -> Any:
    """The sum over axes; of what is the same along them, a multiple.

    >>> summed(constant_node(2, (3, 4)), [0])
    full((4,), 6)
    """
    if not axes:
        return e
    count = math.prod(e.shape[i] for i in axes)
    shape = tuple(size for i, size in enumerate(e.shape) if i not in axes)
    value = sums.exact_value(e)
    if value is not None:
        return constant_node(normalised(value * count), shape)
    factor, core = sums.split_factor(e)
    if factor != 1:
        return sums.scale(factor, summed(core, axes))
    if e.op == "broadcast":
        inner = e.args[0]
        own = (1,) * (e.ndim - inner.ndim) + inner.shape
        same = math.prod(e.shape[i] for i in axes if own[i] == 1)
        left = summed(reshape(inner, own), [i for i in axes if own[i] != 1])
        kept = tuple(size for i, size in enumerate(own) if i not in axes)
        return sums.scale(same, broadcast_to(reshape(left, kept), shape))
    return sum_axes(e, tuple(axes))


def unbroadcast(e: Any, shape: Shape) -> Any:
    """The sum over the axes that an operand of this shape did not have, or with one element."""
    if e.shape == shape:
        return e
    more = e.ndim - len(shape)
    short = [i + more for i, size in enumerate(shape) if size == 1 and e.shape[i + more] != 1]
    return reshape(summed(e, [*range(more), *short]), shape)


def along(e: Any, axes: Sequence[int], shape: Shape) -> Any:
    """A result over axes, the same along them again."""
    return broadcast_to(reshape(e, kept_axes(shape, axes)), shape)


def kept_axes(shape: Shape, axes: Sequence[int]) -> Shape:
    """The shape with one element along some axes."""
    return tuple(1 if i in axes else size for i, size in enumerate(shape))


# --- guards --------------------------------------------------------------------------------------


def either(a: Any, b: Any) -> Any:
    """When one of two guards holds."""
    if a is ONE or b is ONE:
        return ONE
    found = logic.logical("or", a, b)
    return ONE if sums.exact_value(found) == 1 else found


def both(guard: Any, test: Any) -> Any:
    """When a guard and a condition hold."""
    return test if guard is ONE else logic.logical("and", guard, test)


def guarded(guard: Any, term: Any) -> Any:
    """A term where it counts, else zero, whatever it is there."""
    return term if guard is ONE else logic.where(guard, term, 0)


def guard_of(guard: Any, shape: Shape, operand: Shape) -> Any:
    """The guard of an operand that was broadcast to a shape: when any of what it became counts."""
    if guard is ONE or shape == operand:
        return guard
    return logic.condition(unbroadcast(broadcast_to(guard, shape), operand))


def same_of_tangents(e: Any, tangents: Mapping[Any, Any]) -> Any:
    """The rule `Operation.tangent` of what is linear in all of its operands together."""
    given = [(tangents.get(arg), arg.shape) for arg in e.args]
    own = [constant_node(0, shape) if x is None else x for x, shape in given]
    return OPERATIONS[e.op].build(e, own)


Shares = Callable[[Any, Any], Sequence[Any]]


def linear(shares: Shares) -> Callable[[Any, Any, Any], Iterator[tuple[Any, Any, Any]]]:
    """The rule `Operation.adjoints` of an operation that moves elements or adds them up.

    shares: (e, adjoint) -> the share of each operand, a node or `Placed`.  What counts is moved
    alike.
    """

    def adjoints(e: Any, adjoint: Any, guard: Any) -> Iterator[tuple[Any, Any, Any]]:
        guards: Sequence[Any] = [ONE] * len(e.args)
        if guard is not ONE:
            moved = shares(e, broadcast_to(guard, e.shape))
            full = (x.full() if isinstance(x, Placed) else x for x in moved)
            guards = [logic.condition(x) for x in full]
        yield from zip(e.args, shares(e, adjoint), guards, strict=True)

    return adjoints


# --- parts put back ------------------------------------------------------------------------------


class Placed:
    """Elements of an array that is zero elsewhere: `value` is what an index or `take` has of it.

    where: entries of an index, or flat places as `ArrayData`.
    """

    __slots__ = ("shape", "value", "where")

    def __init__(self, value: Any, where: tuple[Entry, ...] | ArrayData, shape: Shape) -> None:
        self.value, self.where, self.shape = value, where, shape

    def full(self) -> Any:
        """The array with all its zeros."""
        return put_together([(1, self)], self.shape)

    def places(self) -> ArrayData:
        """The flat places."""
        if isinstance(self.where, ArrayData):
            return self.where
        everything = np.arange(math.prod(self.shape)).reshape(self.shape)
        return positions(np.ascontiguousarray(everything[as_numpy_index(self.where)]))


class OfResult:
    """The adjoint of one result, by its number, of an operation that has several; and its guard."""

    __slots__ = ("guard", "number", "value")

    def __init__(self, number: int, value: Any, guard: Any) -> None:
        self.number, self.value, self.guard = number, value, guard


def put_together(pieces: Sequence[tuple[Exact, Placed]], shape: Shape) -> Any:
    """The sum of placed elements: blocks side by side are joined, with zeros where there are none,
    and scattered ones added up at once.
    """
    found: dict[Any, list[tuple[Exact, Any]]] = {}
    for factor, piece in pieces:
        found.setdefault(piece.where, []).append((factor, piece.value))
    blocks, scattered = [], []
    for where, terms in found.items():
        value = total(terms, terms[0][1].shape)
        if not value.size:
            continue
        piece = Placed(value, where, shape)
        block = None if isinstance(where, ArrayData) else _block(value, where)
        if block is None:
            scattered.append((value, piece.places()))
        else:
            blocks.append(block)
    terms = [(1, value) for value in _joined(shifted(blocks, shape), shape)]
    if scattered:
        terms.append((1, _scattered(scattered, shape)))
    return total(terms, shape)


def total(terms: Sequence[tuple[Exact, Any]], shape: Shape) -> Any:
    """The sum of coefficient * term as one flat node of a shape."""
    if len(terms) == 1:
        result = sums.scale(*terms[0])
    elif len(terms) == 2:
        result = sums.combine(*terms[0], *terms[1])
    else:
        result = sums.linear_combination(terms, shape)
    return result if result.shape == shape else broadcast_to(result, shape)


def _block(value: Any, entries: tuple[Entry, ...]) -> Block | None:
    """What an index without strides has taken, with all axes of the array; None with strides."""
    if any(isinstance(entry, tuple) and entry[2] not in (1, -1) for entry in entries):
        return None
    if any(isinstance(k, tuple) and k[2] < 0 for k in entries):  # turned round
        own = [k for k in entries if not isinstance(k, int)]
        sizes = zip(own, value.shape, strict=True)
        turned = [(n - 1, n, -1) if k is not None and k[2] < 0 else (0, n, 1) for k, n in sizes]
        value = index_entries(value, tuple(turned))
    axes = [entry for entry in entries if entry is not None]
    ranges = tuple(
        (k, 1) if isinstance(k, int) else (k[0], k[1]) if k[2] > 0 else (k[0] - k[1] + 1, k[1])
        for k in axes
    )
    shape = tuple(count for _, count in ranges)
    if axes and isinstance(axes[0], int) and value.shape == shape[1:]:
        return ranges, conversion.stack([value])
    return ranges, reshape(value, shape)


def _joined(blocks: list[Block], shape: Shape) -> list[Any]:
    """Arrays of a shape whose sum has all blocks in their places."""
    for axis in reversed(range(len(shape))):
        rows: dict[Any, list[Block]] = {}
        for ranges, value in blocks:
            rows.setdefault((*ranges[:axis], *ranges[axis + 1 :]), []).append((ranges, value))
        blocks = []
        for row in rows.values():
            whole = (*row[0][0][:axis], (0, shape[axis]), *row[0][0][axis + 1 :])
            blocks += [(whole, value) for value in _layers(row, axis, shape[axis])]
    return [value for _, value in blocks]


def _layers(row: list[Block], axis: int, size: int) -> list[Any]:
    """Blocks that differ along one axis alone, as few arrays that have all of it."""
    layers: list[list[tuple[int, int, Any]]] = []
    for ranges, value in sorted(row, key=lambda block: block[0][axis]):
        start, count = ranges[axis]
        for layer in layers:
            if layer[-1][1] <= start:
                layer.append((start, start + count, value))
                break
        else:
            layers.append([(start, start + count, value)])
    return [_one_layer(layer, axis, size) for layer in layers]


def _one_layer(layer: list[tuple[int, int, Any]], axis: int, size: int) -> Any:
    """Blocks one after the other along an axis, with zeros between them."""
    parts: list[Any] = []
    single: list[Any] = []  # rows that follow one another are stacked at once
    place = 0
    for start, stop, value in [*layer, (size, size, None)]:
        if single and (start > place or value is None or not _is_row(value, axis)):
            parts.append(conversion.stack(single))
            single = []
        if start > place:
            shape = layer[0][2].shape
            parts.append(constant_node(0, (*shape[:axis], start - place, *shape[axis + 1 :])))
        if value is not None and _is_row(value, axis):
            single.append(value.args[0])
        elif value is not None:
            parts.append(value)
        place = stop
    return join(parts, axis)


def _is_row(value: Node, axis: int) -> bool:
    return axis == 0 and value.op == "stack" and len(value.args) == 1


def _scattered(pieces: Sequence[tuple[Any, ArrayData]], shape: Shape) -> Any:
    """Elements at flat places, added up; where each place has one, they are taken instead."""
    size = math.prod(shape)
    flat = [reshape(value, (value.size,)) for value, _ in pieces]
    places = np.concatenate([data.array.reshape(-1) for _, data in pieces])
    given = join(flat, 0)
    if len(places) == size and len(np.unique(places)) == size:
        inverse = np.empty(size, dtype=np.int64)
        inverse[places] = np.arange(size)
        return reshape(take_from(given, positions(inverse)), shape)
    return node("scatter", (given,), (positions(places), shape), shape)
