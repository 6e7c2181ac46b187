"""Arrays whose last axis is short, with a longer axis last: lanes lie along the last one.

x[None, :, :] - x[:, None, :] of n bodies has the shape (n, n, 3), of which three elements lie side
by side; as (n, 3, n) it fills registers.  Rows of such a shape are turned as a whole; what has to
keep its order (inputs, outputs, what is viewed otherwise) is copied there and back.  Small operands
that would be read at a stride again and again are copied side by side first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from taylor_runtime.passes.shapes.flat import flattened
from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Contract,
    Join,
    Scatter,
    Shape,
    Total,
    View,
    all_used,
    contiguous,
    graphs_of,
    moved_rows,
    renumbered_array,
)
from taylor_runtime.program.kernels import Region, regions
from taylor_runtime.program.program import Coefficient, Input, Step, Term
from taylor_runtime.program.shapes.verify import verify_arrays
from taylor_runtime.program.signature import rows_used, with_slots
from taylor_runtime.program.widths import REGISTER

GAIN = 1.5  # registers that have to be saved for a shape to be turned
REUSED = 4  # times that a strided operand is read, for a copy to pay

READ_AS_VIEWS = (Total, Contract, Join, Scatter)  # what takes its operands at any strides

Order = tuple[int, ...]  # of axes
Key = tuple[object, ...]


def arranged(program: ArrayProgram) -> ArrayProgram:
    """The program with long axes last, where that saves registers."""
    return verify_arrays(_arranged(program))


def _arranged(program: ArrayProgram) -> ArrayProgram:
    program = flattened(program)
    turns = _turns(program)
    made = _Turned(program, turns).program() if turns else program
    return _arranged_inside(_side_by_side(made))


def _arranged_inside(program: ArrayProgram) -> ArrayProgram:
    """The program with those inside of its rows arranged."""
    if not regions(program):
        return program
    rows = []
    for row in map(program.row, range(len(program.rows))):
        if isinstance(row.moved, Region):
            inside = tuple(map(_arranged, graphs_of(row.moved)))
            row = replace(row, moved=replace(row.moved, graphs=inside))
        rows.append(row)
    return replace(program, rows=tuple(rows))


def _turns(program: ArrayProgram) -> dict[Shape, Order]:
    """The shapes to be turned, and how."""
    found: dict[Shape, Order] = {}
    for index in range(len(program.rows)):
        row = program.row(index)
        if _is_elementwise(row) and not isinstance(row.start, Input) and row.shape not in found:
            order = _best(row.shape)
            if order is not None:
                found[row.shape] = order
    return found


def _best(shape: Shape) -> Order | None:
    """The axes with the one last that fills registers best, if that is another than the last."""
    if sum(size != 1 for size in shape) < 2 or not math.prod(shape):
        return None
    costs = [-(-size // REGISTER) * REGISTER / size for size in shape]
    longest = min(range(len(shape)), key=lambda axis: (costs[axis], -axis))
    if costs[longest] * GAIN > costs[-1]:
        return None
    others = [axis for axis in range(len(shape)) if axis != longest]
    return (*others, longest)


def _is_elementwise(row: ArrayRow) -> bool:
    return row.moved is None and row.step != Step(())


class _Turned:
    """The rows of a program made anew; rows are named by keys until all are there."""

    def __init__(self, program: ArrayProgram, turns: dict[Shape, Order]) -> None:
        self.old = program
        self.turns = turns
        self.numbers: dict[Key, int] = {}
        self.rows: dict[int, ArrayRow] = {}  # by number, in order
        self._viewed = set(self._of_their_own())

    def _of_their_own(self) -> Iterator[int]:
        """Rows that have memory of their own, in their old order: results, and those that others
        have views of, or turned rows of other shapes will have, or that are read as they lie.
        """
        yield from (row for row, _ in self.old.outputs)
        for index, row in enumerate(self._all()):
            if row.moved is not None and not isinstance(row.moved, READ_AS_VIEWS):
                yield from moved_rows(row.moved)
            elif self._turn(index) is not None or isinstance(row.start, Input):
                yield from rows_used(row)

    def _all(self) -> list[ArrayRow]:
        return [self.old.row(index) for index in range(len(self.old.rows))]

    def program(self) -> ArrayProgram:
        """The new program; the old one where a row would be wanted before it is there."""
        for index in range(len(self.old.rows)):
            self._make(index)
        results = [self._plain(row) for row, _ in self.old.outputs]
        order = {number: place for place, number in enumerate(self.rows)}
        lanes = [lane for _, lane in self.old.outputs]
        outputs = tuple((order[row], lane) for row, lane in zip(results, lanes, strict=True))
        if any(used not in order for row in self.rows.values() for used in all_used(row)):
            return self.old
        rows = tuple(renumbered_array(row, order) for row in self.rows.values())
        for place, row in enumerate(rows):
            if any(used >= place for used in moved_rows(row.moved)):
                return self.old
        return replace(self.old, rows=rows, outputs=outputs)

    def _number(self, *key: object) -> int:
        return self.numbers.setdefault(key, len(self.numbers))

    def _turn(self, index: int) -> Order | None:
        """How a row is turned."""
        row = self.old.row(index)
        if not _is_elementwise(row) or isinstance(row.start, Input):
            return None
        return self.turns.get(row.shape)

    def _make(self, index: int) -> None:
        row, order = self.old.row(index), self._turn(index)
        if isinstance(row.moved, Total):
            self._total(index, row, row.moved)
            return
        if order is None:
            place = {used: self._plain(used) for used in all_used(row)}
            self.rows[self._number("row", index)] = renumbered_array(row, place)
            return
        used = [self._operand(u, row.shape, order) for u in rows_used(row)]
        plain = with_slots(row, used)
        shape = tuple(row.shape[axis] for axis in order)
        made = replace(row, start=plain.start, step=plain.step, shape=shape)
        self.rows[self._number("row", index)] = made
        if ("plain", index) in self.numbers:  # states want it, which come before it
            self._turn_back(index, order)

    def _plain(self, index: int) -> int:
        """The row in its old order."""
        order = self._turn(index)
        if order is None:
            return self._number("row", index)
        known = ("plain", index) in self.numbers
        number = self._number("plain", index)
        if not known and self._number("row", index) in self.rows:
            self._turn_back(index, order)
        return number

    def _turn_back(self, index: int, order: Order) -> None:
        """Copy a turned row to its old order."""
        row = self.old.row(index)
        turned = contiguous([row.shape[axis] for axis in order])
        strides = tuple(turned[order.index(axis)] for axis in range(len(order)))
        view = View(self._number("row", index), 0, strides)
        width, constant = row.width, row.constant
        moved = ArrayRow(width=width, constant=constant, shape=row.shape, moved=view)
        self.rows[self._number("view", index)] = moved
        step = Step((Term(1, Coefficient(self._number("view", index))),))
        self.rows[self._number("plain", index)] = ArrayRow(
            step=step, width=width, constant=constant, name=row.name, shape=row.shape
        )

    def _operand(self, index: int, space: Shape, order: Order) -> int:
        """A row as rows of a turned shape read it."""
        row = self.old.row(index)
        if not row.shape or (row.shape == space and self._turn(index) is not None):
            return self._number("row", index)
        known = ("operand", index, space) in self.numbers
        number = self._number("operand", index, space)
        if not known:
            access = row.moved
            if isinstance(access, View):
                root, offset, strides = self._plain(access.source), access.offset, access.strides
            else:
                root, offset, strides = self._plain(index), 0, contiguous(row.shape)
            missing = len(space) - len(row.shape)
            shape = (*[1] * missing, *row.shape)
            strides = (*[0] * missing, *strides)
            view = View(root, offset, tuple(strides[axis] for axis in order))
            self.rows[number] = ArrayRow(
                width=row.width,
                constant=row.constant,
                shape=tuple(shape[axis] for axis in order),
                moved=view,
            )
        return number

    def _total(self, index: int, row: ArrayRow, total: Total) -> None:
        order = self._turn(total.source)
        number = self._number("row", index)
        if order is None or (total.kind != "sum" and len(total.axes) > 1):
            moved = replace(total, source=self._plain(total.source))
            self.rows[number] = replace(row, moved=moved)
            return
        axes = tuple(place for place, axis in enumerate(order) if axis in total.axes)
        kept = [axis for axis in order if axis not in total.axes]
        moved = Total(self._number("row", total.source), axes, total.kind)
        if kept == sorted(kept):
            self.rows[number] = replace(row, moved=moved)
            return
        sizes = self.old.shape(total.source)
        turned = [sizes[axis] for axis in kept]
        own = self._number("total", index)
        self.rows[own] = replace(row, moved=moved, shape=tuple(turned))
        strides = dict(zip(kept, contiguous(turned), strict=True))
        view = View(own, 0, tuple(strides[axis] for axis in sorted(kept)))
        if index not in self._viewed:
            self.rows[number] = replace(row, moved=view)
            return
        seen = self._number("turned back", index)
        self.rows[seen] = replace(row, moved=view, name="")
        step = Step((Term(1, Coefficient(seen)),))  # a copy, of which others have views
        self.rows[number] = replace(row, moved=None, step=step)


# -- operands side by side ----------------------------------------------------------------------


def _side_by_side(program: ArrayProgram) -> ArrayProgram:
    """Copies of small views that are read at a stride along the last axis of larger rows."""
    wanted = _strided(program)
    if not wanted:
        return program
    rows: list[ArrayRow] = []
    place: dict[int, int] = {}  # where rows went
    copies: dict[int, int] = {}  # of views
    for index in range(len(program.rows)):
        row = program.row(index)
        used = {u: place.get(u, u) for u in all_used(row)}
        if _is_elementwise(row) and not isinstance(row.start, Input):
            for u in used:
                if u in wanted and _reads_again(program, u, row.shape):
                    used[u] = copies[u]
        place[index] = len(rows)
        rows.append(row if any(u >= index for u in used) else renumbered_array(row, used))
        if index in wanted:
            copies[index] = len(rows)
            step = Step((Term(1, Coefficient(place[index])),))
            rows.append(
                ArrayRow(step=step, width=row.width, constant=row.constant, shape=row.shape)
            )
    # Rows that name later ones are numbered when all have their places.
    for index in range(len(program.rows)):
        row = program.row(index)
        if any(u >= index for u in all_used(row)):
            used = dict(place)
            for u in all_used(row):
                if u in wanted and _reads_again(program, u, row.shape):
                    used[u] = copies[u]
            rows[place[index]] = renumbered_array(row, used)
    outputs = tuple((place[row], lane) for row, lane in program.outputs)
    return replace(program, rows=tuple(rows), outputs=outputs)


def _strided(program: ArrayProgram) -> set[int]:
    """Views that larger rows read at a stride along their last axis."""
    found: set[int] = set()
    for index in range(len(program.rows)):
        row = program.row(index)
        if _is_elementwise(row) and not isinstance(row.start, Input):
            found |= {u for u in rows_used(row) if _reads_again(program, u, row.shape)}
    return found


def _reads_again(program: ArrayProgram, index: int, space: Shape) -> bool:
    row = program.row(index)
    if not isinstance(row.moved, View) or not row.shape or not space:
        return False
    strided = row.shape[-1] > 1 and row.moved.strides[-1] not in (0, 1, -1)
    return strided and row.size * REUSED <= math.prod(space)
