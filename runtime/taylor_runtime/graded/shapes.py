"""Rows of the same arithmetic, which may share one function of machine code.

A row's *shape* is the row with the rows that it uses numbered in the order in which they occur:
0 is the row itself.  What the code looks up for a shape (`graded_tables.Request`, in these numbers)
stands in a *record* for each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from taylor_runtime.graded.tables import Request
from taylor_runtime.program.program import Input, Program, Row
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import renumbered, rows_used


@dataclass(frozen=True, slots=True)
class Shape:
    """What two rows have in common.

    row:  numbered as said; an input is input 0.
    slot: what the slot of an input of source "jet" is, see `ExpansionOptions.slots`.
    """

    row: Row
    slot: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Which rows and which input a row of some shape means by its numbers."""

    rows: tuple[int, ...]
    given: int

    def request(self, request: Request) -> Request:
        """What is looked up, in the program's own numbers."""
        if request.kind == "given":
            return request if request.row < 0 else Request("given", self.given)
        c = request.convolution
        if c is not None:
            c = replace(c, a=self.rows[c.a], b=self.rows[c.b])
        row, other = (self.rows[i] if i >= 0 else i for i in (request.row, request.other))
        return Request(request.kind, row, other, c)


def shaped(program: Program, slots: Sequence[int]) -> list[tuple[Shape, Place]]:
    """The shape of every row, and what it means by its numbers."""
    found = []
    for index, row in enumerate(program.rows):
        numbers = {index: 0}
        for used in rows_used(row):
            numbers.setdefault(used, len(numbers))
        same, slot, given = replace(renumbered(row, numbers), name=""), 0, -1
        if isinstance(row.start, Input):
            given = row.start.index[0]
            if row.start.source == "jet":
                slot = slots[given]
            else:
                given += len(slots)
            same = replace(same, start=Input(row.start.source, (0,)))
        found.append((Shape(same, slot), Place(tuple(numbers), given)))
    return found
