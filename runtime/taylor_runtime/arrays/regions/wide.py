"""Loops whose turns fill arrays element by element, as several turns at once.

Where a turn puts numbers at places that the index gives, of arrays that it does not read, and all
that it reads is known before the loop, turns do not wait for one another: `LANES` of them are one
program, in which whatever depends on the index has so many elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Pick,
    Put,
    View,
    all_used,
    graphs_of,
    renumbered_array,
)
from taylor_runtime.program.kernels import Region, regions
from taylor_runtime.program.program import Coefficient, Input, Kernel, Step, Term

LANES = 8


class Wide(NamedTuple):
    """Several turns of a loop as one.

    program: its inputs are the constants of the loop, the indices of the turns, then what is read;
             its outputs what is put into the carries.
    reads:   constants, and how far ahead of the index they are read.
    puts:    how far ahead of the index carries are changed.
    """

    program: ArrayProgram
    reads: tuple[tuple[int, int], ...]
    puts: tuple[int, ...]


def widened(region: Region, in_place: Sequence[object]) -> Wide | None:
    """Several turns of a loop; None where they cannot be made at once.

    in_place: carries that turns change where they are, which have to be all.
    """
    if region.kind != "for" or region.bounds is not None or region.graphs[-1].order:
        return None
    if len(in_place) < region.carries:
        return None
    (turn,) = graphs_of(region)
    values = _values_put(turn, region)
    return None if values is None else _Widening(turn, region).made(values)


def _values_put(turn: ArrayProgram, region: Region) -> list[tuple[int, int]] | None:
    """What a turn puts into each carry, and how far ahead of the index; None where it does more."""
    used = [row for other in turn.rows for row in all_used(other)]
    found = []
    for k, (output, _) in enumerate(turn.outputs):
        put = turn.row(output).moved
        if not isinstance(put, Put) or turn.shape(put.places) or len(turn.shape(output)) != 1:
            return None
        ahead = ahead_of(turn, put.places, region.constants)
        start = turn.row(put.source).start
        carry = Input("parameter", (region.constants + 1 + k,))
        if ahead is None or start != carry or used.count(put.source) > 1 or output in used:
            return None
        found.append((put.values, ahead))
    return found or None


class _Widening:
    """The program that is being made."""

    def __init__(self, turn: ArrayProgram, region: Region) -> None:
        self.turn, self.region = turn, region
        self.rows: list[ArrayRow] = []
        self.places: dict[int, int] = {}  # of rows of a turn
        self.reads: list[tuple[int, int]] = []

    def made(self, values: Sequence[tuple[int, int]]) -> Wide | None:
        if not all(self._add(row) for row, _ in values):
            return None
        outputs = []
        for row, _ in values:
            copy = Step((Term(1, Coefficient(self.places[row])),))
            outputs.append((len(self.rows), 0))
            self.rows.append(ArrayRow(step=copy, width=LANES, constant=True, shape=(LANES,)))
        slots = self.region.constants + 1 + len(self.reads)
        inputs = tuple((s, slots if s == "parameter" else n) for s, n in self.turn.inputs)
        program = replace(self.turn, rows=tuple(self.rows), outputs=tuple(outputs), inputs=inputs)
        return Wide(program, tuple(self.reads), tuple(ahead for _, ahead in values))

    def _add(self, index: int) -> bool:
        """Add a row and those that it reads; whether that can be."""
        if index in self.places:
            return True
        made = self._made(index)
        if made is None:
            return False
        self.places[index] = len(self.rows)
        self.rows.append(made)
        return True

    def _made(self, index: int) -> ArrayRow | None:
        row, first = self.turn.row(index), self.region.constants
        start, moved = row.start, row.moved
        if isinstance(start, Input):
            if start == Input("parameter", (first,)):
                return _lanes(row)
            fixed = start.source == "data" or start.index[0] < first
            return row if fixed else None
        if isinstance(moved, Pick):
            return self._read(moved)
        if isinstance(start, Kernel) and not isinstance(start.function, str):
            return None
        if row.shape or (moved is not None and not isinstance(moved, View)):
            return None
        if not all(self._add(used) for used in all_used(row)):
            return None
        used = [self.rows[self.places[used]] for used in all_used(row)]
        if moved is not None and not all(isinstance(row.start, Input) for row in used):
            return None
        wide = moved is None and any(row.shape for row in used)
        return renumbered_array(_lanes(row) if wide else row, self.places)

    def _read(self, pick: Pick) -> ArrayRow | None:
        """Elements of a constant, side by side."""
        start = self.turn.row(pick.source).start
        ahead = ahead_of(self.turn, pick.places, self.region.constants)
        fixed = isinstance(start, Input) and start.source == "parameter"
        if ahead is None or not fixed or len(self.turn.shape(pick.source)) != 1:
            return None
        assert isinstance(start, Input)
        if start.index[0] >= self.region.constants:
            return None
        slot = self.region.constants + 1 + len(self.reads)
        self.reads.append((start.index[0], ahead))
        return _lanes(ArrayRow(start=Input("parameter", (slot,)), constant=True))


def _lanes(row: ArrayRow) -> ArrayRow:
    return replace(row, shape=(LANES,), width=LANES)


# -- places ---------------------------------------------------------------------------------------


def end_of_places(region: Region) -> int | None:
    """The first index beyond which turns might read or change something after the end of an array;
    None where nobody does so, or turns are too long to be written twice.
    """
    (turn,) = graphs_of(region)
    if regions(turn):
        return None
    found = []
    for index in range(len(turn.rows)):
        moved = turn.row(index).moved
        if isinstance(moved, Pick | Put):
            ahead = ahead_of(turn, moved.places, region.constants)
            axis = moved.axis if isinstance(moved, Pick) else 0
            if ahead is not None:
                found.append(turn.shape(moved.source)[axis] - ahead)
    return min(found, default=None)


def ahead_of(program: ArrayProgram, index: int, slot: int) -> int | None:
    """How much greater a row is than an input."""
    row = program.row(index)
    if row.shape or row.moved:
        return None
    if isinstance(row.start, Input):
        return 0 if row.start == Input("parameter", (slot,)) else None
    step = row.step
    if row.start or step is None or len(step.terms) != 1 or not isinstance(row.offset, int):
        return None
    (term,) = step.terms
    plain = step.times == "1" and step.divisor is None and term.head is None and term.constant == 1
    if not plain or not isinstance(term.operand, Coefficient) or term.operand.lag:
        return None
    before = ahead_of(program, term.operand.row, slot)
    return None if before is None else before + row.offset
