"""Polynomials of order zero: a graded program inside the step, for one point."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.graded.emitter import GradedEmitter
from taylor_runtime.graded.loops import GradedLoops, LoopMemory
from taylor_runtime.graded.supports import Supports
from taylor_runtime.graded.tables import GradedTables, Request
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import PTR
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.signature import convolutions_of

POINT = Chunk(0, 0)
MOST_WRITTEN = 400  # products that are written out; of more, loops over tables are

Given = Callable[[Input, Index], Value]  # input, position -> its coefficient
Keep = Callable[[int, Index, Value], None]  # row, position, its coefficient


def graded_start(b: Builder, program: FlowProgram, element: str, given: Given, keep: Keep) -> None:
    """Write the polynomials of all rows of `program.zero`, and hand them to `keep`."""
    supports = start_supports(program)
    graded_program(b, program.zero, supports, element, given, keep, products_of(supports))


def is_short(program: FlowProgram) -> bool:
    """Whether order zero is written out."""
    return products_of(start_supports(program)) <= MOST_WRITTEN


def start_supports(program: FlowProgram) -> Supports:
    """The monomials of the rows of `program.zero`."""
    masks = [np.ones(program.among.size, bool)] * program.zero.slots("jet")
    return Supports(program.zero, program.among, masks)


def graded_program(
    b: Builder,
    zero: Program,
    supports: Supports,
    element: str,
    given: Given,
    keep: Keep,
    products: int,
) -> None:
    """Write the polynomials of the rows of a graded program for one point."""
    if products <= MOST_WRITTEN:
        emitter = GradedEmitter(b, zero, supports, POINT, element)

        def read(which: Input, position: Index) -> Value:
            return given(which, position)

        emitter.emit(
            read, lambda row, position: keep(row, position, emitter.memory.at(row, position))
        )
        return
    memory = _KnownTables(b, supports, element)
    loops = GradedLoops(memory)
    loops.emit(given)
    for row in range(len(zero.rows)):
        if isinstance(zero.rows[row].start, Input):
            continue

        def hand_over(rank: Index, row: int = row) -> None:
            value = memory.load(memory.row_at(row), rank)
            keep(row, memory.look_up(Request("positions", row), rank), value)

        loops.each_rank(row, hand_over)


class _KnownTables(LoopMemory):
    """Loops whose tables are constants of the machine code: it serves these monomials alone."""

    def __init__(self, b: Builder, supports: Supports, element: str) -> None:
        size, zero = supports.among.size, supports.program
        given = [size * k for k in range(zero.slots("jet") + 1)]
        self._made = GradedTables(zero, supports, POINT.lanes, [given[-1], *given])
        work = b.alloca(element, self._made.size)
        super().__init__(b, zero, POINT, element, work, Value(b, PTR, "null"))
        self._places: dict[Request, Value] = {}

    def find(self, request: Request) -> Index:
        entry = self._made.entry(request)
        if isinstance(entry, int):
            return entry
        if request not in self._places:
            self._places[request] = self.b.table(entry.tolist(), "i32")
        return self._places[request]


def products_of(supports: Supports) -> int:
    """How many products a program sums."""
    steps = [row.step for row in supports.program.rows if row.step]
    return sum(supports.count(c) for step in steps for c in convolutions_of(step.terms))
