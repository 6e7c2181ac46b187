"""Arrays of which a turn of a loop changes few rows at known places, as puts.

u[0] = x is written as a new array, of x and a view of the rest, which is best where elements of it
are read by formulas.  Where a loop or a choice takes it over, it would be copied in every turn; a
`Put` changes it where it is, if nobody reads the old one afterwards.  So single numbers that are
read of the old one are copied before, and so are its rows that go to other places.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Join,
    Pick,
    Put,
    Shape,
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
MOST = 4  # rows that are changed


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
    """A row that is `source` with some of its rows, at `places`, as in parts of a join."""

    source: int
    places: tuple[int, ...]
    parts: tuple[int, ...]


class _Turn:
    """The rows of a program inside made anew."""

    def __init__(self, program: ArrayProgram) -> None:
        self.old = program
        self.rows = [program.row(index) for index in range(len(program.rows))]
        self.changes = {
            index: change
            for index, row in enumerate(self.rows)
            if (change := self._change(row)) is not None
        }
        if self.changes:
            self._users: dict[int, list[int]] = {}
            for index, row in enumerate(self.rows):
                for used in all_used(row):
                    self._users.setdefault(used, []).append(index)
            while wrong := [k for k in self.changes if not self._is_worth_it(k)]:
                for index in wrong:
                    del self.changes[index]

    def _change(self, row: ArrayRow) -> _Change | None:
        moved = row.moved
        if not isinstance(moved, Join) or moved.axis or row.size < LEAST:
            return None
        place, places, parts, sources = 0, list[int](), list[int](), set[int]()
        for part in moved.parts:
            source = self._kept(part, place, row)
            if source is not None:
                sources.add(source)
            elif self.rows[part].shape[0] == 1:
                places.append(place)
                parts.append(part)
            else:
                return None
            place += self.rows[part].shape[0]
        if not 1 <= len(parts) <= MOST or len(sources) != 1:
            return None
        return _Change(min(sources), tuple(places), tuple(parts))

    def _kept(self, part: int, place: int, whole: ArrayRow) -> int | None:
        """The array of the same shape whose rows from a place on a part is."""
        given = self.rows[part]
        view, first = given.moved, place * (whole.size // whole.shape[0])
        if not isinstance(view, View) or view.offset != first:
            return None
        if view.strides != contiguous(given.shape):
            return None
        return view.source if self.rows[view.source].shape == whole.shape else None

    def _is_worth_it(self, index: int) -> bool:
        return self._is_taken_over(index) and self._is_carried(self.changes[index].source)

    def _is_taken_over(self, index: int) -> bool:
        """Whether all who read a row want it in memory: loops, choices, puts, the next turn."""
        users = self._users.get(index, [])
        wanted = any(index == row for row, _ in self.old.outputs)
        return (wanted or bool(users)) and all(self._reads_memory(user, index) for user in users)

    def _reads_memory(self, user: int, index: int) -> bool:
        row = self.rows[user]
        if not isinstance(row.moved, View):
            return isinstance(row.moved, Region | Put | Pick)
        changes = [self.changes.get(other) for other in self._users.get(user, [])]
        return not row.shape or all(c is not None and c.source == index for c in changes)

    def _is_carried(self, index: int) -> bool:
        """Whether an array is what a turn was given, maybe with elements changed."""
        row = self.rows[index]
        if index in self.changes:
            return True  # or else it goes, and then the one that asks
        if isinstance(row.moved, Put):
            return self._is_carried(row.moved.source)
        return isinstance(row.start, Input) and row.start.source == "parameter"

    def program(self) -> ArrayProgram:
        if not self.changes:
            return self.old
        made: list[ArrayRow] = []
        place: dict[int, int] = {}

        def add(row: ArrayRow) -> int:
            made.append(row)
            return len(made) - 1

        sources = {change.source for change in self.changes.values()}
        for index, row in enumerate(self.rows):
            change = self.changes.get(index)
            if change is None:
                place[index] = add(renumbered_array(row, place))
                if isinstance(row.moved, View) and not row.shape and row.moved.source in sources:
                    place[index] = add(_copy(place[index], ()))  # what is read from here on
                continue
            shape, values = row.shape[1:], list[int]()
            for part in change.parts:
                first = _first(made[place[part]], place[part], shape)
                value = add(_row(shape, moved=first))
                values.append(add(_copy(value, shape)) if first.source in sources else value)
            found = place[change.source]
            for position, value in zip(change.places, values, strict=True):
                where = add(_row((), step=Step(()), offset=position))
                found = add(replace(row, moved=Put(found, where, value)))
            place[index] = found
        outputs = tuple((place[row], lane) for row, lane in self.old.outputs)
        return replace(self.old, rows=tuple(made), outputs=outputs)


def _first(row: ArrayRow, index: int, shape: Shape) -> View:
    """The first row of an array."""
    if isinstance(row.moved, View):
        return View(row.moved.source, row.moved.offset, row.moved.strides[1:])
    return View(index, 0, contiguous(shape))


def _copy(index: int, shape: Shape) -> ArrayRow:
    return _row(shape, step=Step((Term(1, Coefficient(index)),)))


def _row(
    shape: Shape, step: Step | None = None, moved: View | None = None, offset: int = 0
) -> ArrayRow:
    width = math.prod(shape)
    return ArrayRow(step=step, offset=offset, width=width, constant=True, shape=shape, moved=moved)
