"""Arrays of which a turn of a loop changes one row at a known place, as puts.

u[0] = x is written as a new array, of x and a view of the rest, which is best where elements of it
are read by formulas.  Where a loop or a choice takes it over, it would be copied in every turn; a
`Put` changes it where it is, if nobody reads the old one afterwards.  So single numbers that are
read of the old one are copied before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Join,
    Put,
    View,
    all_used,
    contiguous,
    graphs_of,
    renumbered_array,
)
from taylor_runtime.program.kernels import Region, regions
from taylor_runtime.program.program import Coefficient, Input, Step, Term
from taylor_runtime.program.shapes.verify import verify_arrays

LEAST = 8  # elements of an array whose copy is worth saving


def with_puts(program: ArrayProgram) -> ArrayProgram:
    """The same program of order zero, its loops with puts for such arrays."""
    if program.order or not regions(program):
        return program
    return verify_arrays(_inside(program))


def _inside(program: ArrayProgram) -> ArrayProgram:
    rows = []
    for row in map(program.row, range(len(program.rows))):
        if isinstance(row.moved, Region) and not row.moved.graphs[-1].order:
            graphs = tuple(_Turn(_inside(graph)).program() for graph in graphs_of(row.moved))
            row = replace(row, moved=replace(row.moved, graphs=graphs))
        rows.append(row)
    return replace(program, rows=tuple(rows))


class _Change(NamedTuple):
    """A row that is `source` with one row of it, at `place`, as in a part of a join."""

    source: int
    place: int
    part: int


class _Turn:
    """The rows of a program inside made anew."""

    def __init__(self, program: ArrayProgram) -> None:
        self.old = program
        self.changes = {
            index: change
            for index in range(len(program.rows))
            if (change := self._change(index)) is not None
        }

    def _change(self, index: int) -> _Change | None:
        row = self.old.row(index)
        moved = row.moved
        if not isinstance(moved, Join) or moved.axis or row.size < LEAST:
            return None
        if not self._is_taken_over(index):
            return None
        place, found, sources = 0, list[_Change](), set[int]()
        for part in moved.parts:
            source = self._kept(part, place, row)
            if source is not None:
                sources.add(source)
            elif self.old.shape(part)[0] == 1:
                found.append(_Change(-1, place, part))
            else:
                return None
            place += self.old.shape(part)[0]
        if len(found) != 1 or len(sources) != 1 or not self._is_carried(min(sources)):
            return None
        return found[0]._replace(source=min(sources))

    def _kept(self, part: int, place: int, whole: ArrayRow) -> int | None:
        """The array of the same shape whose rows from a place on a part is."""
        given = self.old.row(part)
        view, first = given.moved, place * (whole.size // whole.shape[0])
        if not isinstance(view, View) or (view.offset, view.strides) != (
            first,
            contiguous(given.shape),
        ):
            return None
        return view.source if self.old.shape(view.source) == whole.shape else None

    def _is_taken_over(self, index: int) -> bool:
        """Whether loops, choices or puts alone read a row."""
        users = [
            row for row in map(self.old.row, range(len(self.old.rows))) if index in all_used(row)
        ]
        return bool(users) and all(isinstance(row.moved, Region | Put) for row in users)

    def _is_carried(self, index: int) -> bool:
        """Whether an array is what a turn was given, maybe with elements changed."""
        row = self.old.row(index)
        if isinstance(row.moved, Put):
            return self._is_carried(row.moved.source)
        return isinstance(row.start, Input) and row.start.source == "parameter"

    def program(self) -> ArrayProgram:
        if not self.changes:
            return self.old
        made: list[ArrayRow] = []
        place: dict[int, int] = {}
        aside = self._read_before()
        for index in range(len(self.old.rows)):
            row, change = self.old.row(index), self.changes.get(index)
            if change is None:
                made.append(renumbered_array(row, place))
                place[index] = len(made) - 1
                if index in aside:  # from here on its copy is read
                    made.append(_number(Step((Term(1, Coefficient(place[index])),))))
                    place[index] = len(made) - 1
                continue
            values, shape = place[change.part], row.shape[1:]
            made.append(_number(Step(()), change.place))
            first = _first(made[values], values, shape)
            made.append(
                ArrayRow(width=row.size // row.shape[0], constant=True, shape=shape, moved=first)
            )
            put = Put(place[change.source], len(made) - 2, len(made) - 1)
            made.append(replace(row, moved=put))
            place[index] = len(made) - 1
        outputs = tuple((place[row], lane) for row, lane in self.old.outputs)
        return replace(self.old, rows=tuple(made), outputs=outputs)

    def _read_before(self) -> set[int]:
        """Single numbers that are elements of an array which is changed."""
        sources = {change.source for change in self.changes.values()}
        found = set()
        for index, row in enumerate(map(self.old.row, range(len(self.old.rows)))):
            if isinstance(row.moved, View) and not row.shape and row.moved.source in sources:
                found.add(index)
        return found


def _first(row: ArrayRow, index: int, shape: Sequence[int]) -> View:
    """The first row of an array."""
    if isinstance(row.moved, View):
        return View(row.moved.source, row.moved.offset, row.moved.strides[1:])
    return View(index, 0, contiguous(shape))


def _number(step: Step, offset: int = 0) -> ArrayRow:
    return ArrayRow(step=step, offset=offset, constant=True)
