"""In which order the elements of arrays are put together: what emitters and the reference
interpreter both read, as `program.order` for all else.

A total begins with zero (extremes with the worst number).  Its summed axes are walked in row-major
order, but that some of them may be *in lanes*: then they come last, as one axis, cut into chunks
whose element k goes to lane k; the last chunk ends where the axis does and takes, in the lanes that
they have there, only elements that the one before has not.  Each lane takes its elements in order,
and the upper half of the lanes is put to the lower one until one is left.

Which axes are in lanes is decided by the strides at which a total's elements are read and those
that they are computed from, as far as no other order is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import Protocol, Self, TypeVar

from taylor_runtime.program.arrays import (
    ArrayProgram,
    Running,
    Shape,
    Total,
    View,
    contiguous,
)
from taylor_runtime.program.order import Summation, summation
from taylor_runtime.program.program import Input
from taylor_runtime.program.shapes.reads import reads_at_zero
from taylor_runtime.program.shapes.walks import Lanes, aligned, walk_of
from taylor_runtime.program.widths import CHUNK, REGISTER


class _Divided(Protocol):
    def __floordiv__(self, other: int, /) -> Self: ...

    def __mul__(self, other: int, /) -> Self: ...


N = TypeVar("N", bound=_Divided)  # a number, or a value of machine code

# -- totals -------------------------------------------------------------------------------------


def total_lanes(program: ArrayProgram, total: Total) -> Lanes:
    """Which of the axes that a total sums are in lanes."""
    space = program.shape(total.source)
    found: dict[Shape, None] = {}
    _footprint(program, total.source, space, found, set())
    walk = walk_of(space, found, total.axes)
    if walk.vector is None or not walk.axes[walk.vector].summed:
        return Lanes()
    axis = walk.axes[walk.vector]
    return Lanes(tuple(k for k in range(axis.first, axis.last + 1) if space[k] != 1))


def _footprint(
    program: ArrayProgram, index: int, space: Shape, found: dict[Shape, None], seen: set[int]
) -> None:
    """The strides at which a row may be read, or all that it is made from element by element:
    whatever of these is kept in memory.
    """
    if index in seen:
        return
    seen.add(index)
    row = program.row(index)
    if program.is_number(index):
        return
    if isinstance(row.moved, View):
        found[aligned(row.moved.strides, row.shape, space)] = None
        return
    found[aligned(contiguous(row.shape), row.shape, space)] = None
    if row.moved is None and not isinstance(row.start, Input):
        for read in reads_at_zero(row):
            _footprint(program, read.row, space, found, seen)


def chunk_lanes(size: int, n: int, parts: int = 1) -> int:
    """Lanes that an axis of so many elements is cut into at an order; 0 for an element alone.

    parts: of a number; series of numbers of one part are made two registers at a time.
    """
    most = CHUNK if n and parts == 1 else REGISTER
    return lanes_that_fill(size, most)


def lanes_that_fill(size: int, most: int) -> int:
    """Lanes of a chunk that an axis of so many elements fills; 0 for an element alone."""
    if size < 2:
        return 0
    return most if size >= most else min(REGISTER, 1 << (size.bit_length() - 1))


def chunks(size: int, lanes: int) -> Iterator[tuple[int, int]]:
    """(first element, first lane that is new) of each chunk along an axis."""
    for wanted in range(0, size, lanes):
        first = min(wanted, size - lanes)
        yield first, wanted - first


# -- sums over pairs ----------------------------------------------------------------------------


def first_of_half(i: N) -> N:
    """The first element of lanes with those beyond i: chunks begin with the register of i."""
    return i // REGISTER * REGISTER


def chunks_of_half(size: int, lanes: int, i: int) -> Iterator[tuple[int, int]]:
    """(element, its lane) for all from i on."""
    for wanted in range(first_of_half(i), size, lanes):
        first = min(wanted, size - lanes)
        for element in range(max(wanted, i), first + lanes):
            yield element, element - first


# -- running sums -------------------------------------------------------------------------------


def running_lanes(program: ArrayProgram, running: Running) -> int:
    """How many sums along the axis of running sums are made at a time: 0, each from the one before.

    Else each of so many lanes adds the one before it, then the one two before, then four; and then
    all add the last sum that was made before them.  What does not fill lanes follows one by one.
    """
    shape, source = program.shape(running.source), program.row(running.source)
    moved = source.moved
    strides = moved.strides if isinstance(moved, View) else contiguous(shape)
    accesses = [aligned(strides, shape, shape), contiguous(shape)]
    walk = walk_of(shape, accesses, (running.axis,))
    if walk.vector is None or not walk.axes[walk.vector].summed:
        return 0
    return REGISTER if walk.axes[walk.vector].size >= REGISTER else 0


# -- contractions -------------------------------------------------------------------------------

Place = tuple[int, ...]


def products(
    subscripts: str, shapes: tuple[Sequence[int], Sequence[int]]
) -> tuple[Summation, Callable[[Place], Iterable[tuple[Place, Place]]]]:
    """How the products of a contraction are added, and the places of the factors of those that make
    the element at a place, in order.
    """
    sizes = sizes_of(subscripts, shapes)
    operands, result = subscripts.split("->")
    first, second = operands.split(",")
    summed = [letter for letter in sizes if letter not in result]

    def pairs(place: Place) -> Iterator[tuple[Place, Place]]:
        at = dict(zip(result, place, strict=True))
        for indices in product(*(range(sizes[letter]) for letter in summed)):
            at |= dict(zip(summed, indices, strict=True))
            yield tuple(at[x] for x in first), tuple(at[x] for x in second)

    return summation(*counts(subscripts, sizes)), pairs


def sizes_of(subscripts: str, shapes: tuple[Sequence[int], Sequence[int]]) -> dict[str, int]:
    """The size of each axis, in the order of first use, in which products are numbered."""
    first, second = subscripts.split("->")[0].split(",")
    return dict(zip(first, shapes[0], strict=True)) | dict(zip(second, shapes[1], strict=True))


def counts(subscripts: str, sizes: dict[str, int]) -> tuple[int, int, int]:
    """Rows, columns and terms of the matrix products that a contraction is made of: an index of the
    result that one operand alone has is one of its rows or columns.
    """
    operands, result = subscripts.split("->")
    first, second = operands.split(",")
    rows = columns = terms = 1
    for letter, size in sizes.items():
        if letter not in result:
            terms *= size
        elif letter not in second:
            rows *= size
        elif letter not in first:
            columns *= size
    return rows, columns, terms
