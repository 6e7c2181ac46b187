"""What a pass is made of: loops over elements, and rows that are computed as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from taylor_runtime.program.arrays import ArrayProgram, Shape, View, contiguous
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.shapes.walks import Lanes, are_one


@dataclass(frozen=True, slots=True)
class Access:
    """Where elements of a row are: in a row that is no view, from an offset on, so far apart."""

    row: int
    offset: int
    strides: Shape


def access_of(program: ArrayProgram, index: int) -> Access:
    """Where a row's elements are."""
    row = program.row(index)
    if isinstance(row.moved, View):
        return Access(row.moved.source, row.moved.offset, row.moved.strides)
    return Access(index, 0, contiguous(row.shape))


Summed = tuple[tuple[int, ...], Lanes]  # the axes that totals sum, and those in lanes


@dataclass(frozen=True, slots=True)
class Nest:
    """A loop over the elements of a shape.

    rows:   whose elements are computed, in order.
    totals: rows that sum elements of rows over the axes `summed`, the same for all, of which the
            same are in lanes.
    accesses: the strides at which all this is read and written.
    parts:  (row, number of the part) of joined rows that elements are copied to.
    adds:   rows that elements are scattered to.
    half:   only for elements i .., j with j >= i along the first and last axis, as sums over pairs
            want them; lanes lie along the last axis, and those of j < i may be anything.
    seams:  by axis, where loops are cut, since rows read parts of joins in their places.
    """

    space: Shape
    rows: list[int] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    parts: list[tuple[int, int]] = field(default_factory=list)
    adds: list[int] = field(default_factory=list)
    summed: list[Summed] = field(default_factory=list)  # one, where there are totals or adds
    accesses: list[Shape] = field(default_factory=list)
    half: bool = False
    seams: dict[int, set[int]] = field(default_factory=dict)

    @property
    def computed(self) -> list[int]:
        """All rows of which it computes elements."""
        return [*self.rows, *self.totals, *[row for row, _ in self.parts], *self.adds]


@dataclass(frozen=True, slots=True)
class Whole:
    """A row that is computed as a whole."""

    row: int

    @property
    def computed(self) -> list[int]:
        """The row alone."""
        return [self.row]


@dataclass(frozen=True, slots=True)
class Together:
    """Nests that one loop over their first axis runs, one after the other at each of its places.

    What one of them leaves in memory is near when the next reads it.

    far: whether all that they read of old orders is more than near caches hold.
    """

    nests: list[Nest]
    far: bool


Work = Nest | Whole


def may_share(one: Nest, other: Nest) -> bool:
    """Whether two nests may be one, whose totals add in the order that each of them has."""
    if (one.space, one.half) != (other.space, other.half) or (
        one.summed and other.summed and one.summed != other.summed
    ):
        return False
    lanes = [lanes.summed for _, lanes in one.summed or other.summed]
    return all(are_one(axes, one.space, [*one.accesses, *other.accesses]) for axes in lanes)


def known_at(works: Sequence[Work], row: int, root: int, space: Shape | None) -> int:
    """The first work that may read a row, which lies in another one: its own where that is one over
    the same shape.
    """
    for position in reversed(range(len(works))):
        work = works[position]
        if isinstance(work, Whole):
            if work.row == root:
                return position + 1
        elif root in work.rows:
            return position if root == row and work.space == space else position + 1
        elif root in work.totals or root in work.adds or root in [r for r, _ in work.parts]:
            return position + 1
    return 0
