"""Which loops and which kernel a contraction gets: decided by its sizes and strides alone."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.arrays.tiles import Shape
from taylor_runtime.arrays.walks import Walk, walk
from taylor_runtime.ir.types import COMPOUND
from taylor_runtime.program.order import THIN, Summation
from taylor_runtime.program.records import dataclass

WIDEST = {"float": 16}  # lanes of a register; 8 of all else
ROOM = 24  # vectors of 8 doubles that 32 registers of 512 bits hold, beside what they are made of
FEWEST_SHARING = 4  # rows that make it worth while to copy a panel, so that lanes are neighbours
MANY_SHARING = 128  # or so that products are
FAR = 512  # elements from one product to the next: each has a page of memory of its own


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of the result: its size, and the strides of both operands and of the result."""

    size: int
    strides: tuple[int, int, int]


NONE = Axis(1, (0, 0, 0))


@dataclass(frozen=True, slots=True)
class Nest:
    """The loops of a contraction.

    outer:  axes of the result that are walked outside of the kernel.
    row:    the axis of a kernel's rows; along: that of its vectors, or of the columns of dots.
    walks:  of both operands through the summed axes.
    terms:  products of a sum.
    shape:  of the kernel.
    dots:   whether lanes lie along the summed axes.
    packed: the operand of which panels are copied, so that lanes are neighbours; or None.
    whole:  the operand whose vectors begin where registers do in memory, since little else is done
            than reading it; or None.
    room:   sums that stay in registers.
    """

    outer: tuple[Axis, ...]
    row: Axis
    along: Axis
    walks: tuple[Walk, Walk]
    terms: int
    order: Summation
    shape: Shape
    dots: bool
    packed: int | None
    whole: int | None
    room: int


Strides = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def nest_of(
    element: str, sizes: Sequence[int], strides: Strides, order: Summation, room: int = ROOM
) -> Nest:
    """The loops for arrays of these strides, on a processor with registers for `room` sums."""
    axes = [Axis(*both) for both in zip(sizes, zip(*strides, strict=True), strict=True)]
    axes = [axis for axis in axes if axis.size != 1]
    summed = [axis for axis in axes if not axis.strides[2]]
    terms = 1
    for axis in summed:
        terms *= axis.size
    given = [axis.size for axis in summed]
    walks = (
        walk(given, [axis.strides[0] for axis in summed]),
        walk(given, [axis.strides[1] for axis in summed]),
    )
    kept = _merged([axis for axis in axes if axis.strides[2]])
    if element in COMPOUND:  # sums and products of several parts each, and of many steps
        room = max(1, room // 3)
    widest = WIDEST.get(element, 8)
    if order.chains > 1 and not any(_has_lanes(axis) for axis in kept):
        row, column, shape = _dots(kept, order.chains, min(widest, order.chains), room)
        outer = _without(kept, row, column)
        return Nest(outer, row, column, walks, terms, order, shape, True, None, None, room)
    found = []
    for along in kept or [NONE]:
        for most in (widest, 1):
            found.append(_tiled(kept, along, most, walks, terms, order.chains, room))
    _, row, along, shape, packed = min(found, key=lambda choice: choice[0])
    outer = _without(kept, row, along)
    whole = _whole(along, row, walks, shape) if order.chains > 1 else None
    return Nest(outer, row, along, walks, terms, order, shape, False, packed, whole, room)


def _merged(axes: Sequence[Axis]) -> list[Axis]:
    """Axes of the result, the slowest first; those that are one in all arrays are one."""
    found: list[Axis] = []
    for axis in sorted(axes, key=lambda axis: -abs(axis.strides[2])):
        if found and found[-1].strides == tuple(axis.size * s for s in axis.strides):
            found[-1] = Axis(found[-1].size * axis.size, axis.strides)
        else:
            found.append(axis)
    return found


def _without(axes: Sequence[Axis], *taken: Axis) -> tuple[Axis, ...]:
    left = list(axes)
    for axis in taken:
        if axis in left:
            left.remove(axis)
    return tuple(left)


def _has_lanes(axis: Axis) -> bool:
    """Whether neighbours on it are so in the operands that have the axis, in whole vectors."""
    return axis.size >= 8 and all(s in (0, 1) for s in axis.strides[:2])


# -- dots ---------------------------------------------------------------------------------------


def _dots(kept: Sequence[Axis], chains: int, lanes: int, room: int) -> tuple[Axis, Axis, Shape]:
    """Rows along the longest axis, columns along one that is short."""
    by_size = sorted(kept, key=lambda axis: -axis.size)
    row = by_size[0] if by_size else NONE
    column = next((axis for axis in by_size[1:] if axis.size <= THIN), NONE)
    sums = column.size * (chains // lanes)
    most = 8 if sums == 1 else 4 if sums <= 3 else 2 if sums <= 8 else 1
    most = min(most, max(1, room // sums))
    return row, column, Shape(min(most, row.size), column.size, lanes)


# -- tiles --------------------------------------------------------------------------------------

Choice = tuple[float, Axis, Axis, Shape, int | None]


def _tiled(
    kept: Sequence[Axis],
    along: Axis,
    widest: int,
    walks: tuple[Walk, Walk],
    terms: int,
    chains: int,
    room: int,
) -> Choice:
    """Vectors along one axis: what a product costs, and the kernel."""
    moving = [which for which in (0, 1) if along.strides[which]]
    rest = _without(kept, along)

    def worth(axis: Axis) -> tuple[bool, int]:
        """An axis of rows that what is loaded for one serves for the next."""
        return not any(axis.strides[which] for which in moving), axis.size

    row = max(rest, key=worth, default=NONE)
    shared = row.size if worth(row)[0] else 1
    strided = [which for which in moving if along.strides[which] != 1]
    far = any(abs(walks[which].stride or 0) >= FAR for which in moving)
    lanes = _lanes(along.size, widest)
    vectors = -(-along.size // max(lanes, 1))
    cost = vectors * _weight(lanes) / along.size
    packed = None
    if lanes:
        if along.strides[2] != 1:
            cost *= 1 + 2 * lanes / max(terms, 1)
        if strided == moving and len(moving) == 1 and shared >= FEWEST_SHARING and chains == 1:
            packed = strided[0]
            cost *= 1 + lanes / shared
        elif strided:
            near = all(along.strides[which] == 2 for which in strided)  # loads and shuffles do
            cost *= 1 + (2 if near else lanes) * len(strided) / min(shared, 8)
        elif len(moving) == 1 and shared >= MANY_SHARING and chains == 1:
            packed = moving[0] if far else None
    # Fewer chains at a time, where longer pieces of far memory, or several rows, are worth more.
    room = max(1, room // min(chains, 4 if far or row.size > 1 else 8))
    most = 6 if packed is None else max(1, room // 6)  # so that a panel has 64 KiB at most
    shape = _shape(room, most, row.size, vectors, lanes)
    return cost, row, along, shape, packed


def _whole(along: Axis, row: Axis, walks: tuple[Walk, Walk], shape: Shape) -> int | None:
    """The operand that has vectors, if all its vectors can begin where registers do.

    The first vector of all then reaches into the second, so both must be of one tile.
    """
    moving = [which for which in (0, 1) if along.strides[which]]
    lanes = shape.lanes
    if lanes < 8 or shape.vectors < 2 or along.size < 4 * lanes:
        return None
    if len(moving) != 1 or along.strides[2] != 1:
        return None
    tiles, more = (-(-size // shape.width) for size in (along.size, along.size + lanes - 1))
    if more * 4 > tiles * 5:  # too much would be summed twice
        return None
    steps = (walks[moving[0]].stride, row.strides[moving[0]])
    fits = all(step is not None and step % lanes == 0 for step in steps)
    return moving[0] if fits and along.strides[moving[0]] == 1 else None


def _lanes(size: int, widest: int) -> int:
    """The most lanes that an axis fills."""
    return next((lanes for lanes in (16, 8, 4, 2) if lanes <= min(widest, size)), 0)


def _weight(lanes: int) -> float:
    """Of a multiply-add: many processors do two of half a register in the time of a whole one."""
    return 1.0 if lanes >= 8 else 0.6


def _shape(room: int, most: int, rows: int, vectors: int, lanes: int) -> Shape:
    """The tile that takes the least time for so many rows of so many vectors.

    A product of a tile takes a multiply-add for each vector, and a load for each row and column;
    fewer than 8 multiply-adds wait for each other.

    room, most: vectors of a tile, and of one of its rows.
    """
    best, least = Shape(1, 1, lanes), float("inf")
    for high in range(1, min(rows, room, 12) + 1):
        for wide in range(1, min(vectors, room // high, most) + 1):
            tiles = -(-rows // high) * -(-vectors // wide)
            cost = tiles * (max(high * wide, 8) + 0.3 * (high + wide) + 1)
            if cost < least:
                best, least = Shape(high, wide, lanes), cost
    return best
