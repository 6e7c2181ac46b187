"""Polynomials of order zero: a graded program inside the step, for one point.

To first order all monomials have the same arithmetic.  It is then written once, of polynomials in
one variable, whose constant terms are numbers and whose derivatives are vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.graded.emitter import GradedEmitter
from taylor_runtime.graded.loops import GradedLoops, LoopMemory
from taylor_runtime.graded.memory import MonomialMemory, Scaled
from taylor_runtime.graded.supports import Supports
from taylor_runtime.graded.tables import GradedTables, Request
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import PTR
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.program.monomials import monomials
from taylor_runtime.program.program import Convolution, Input, Program
from taylor_runtime.program.signature import convolutions_of

POINT = Chunk(0, 0)
ONE_VARIABLE = monomials(1, 1)
MOST_WRITTEN = 400  # products that are written out; of more, loops over tables are

Given = Callable[[Input, Index], Value]  # input, position -> its coefficient
Keep = Callable[[int, Index, Value], None]  # row, position, its coefficient
GivenLanes = Callable[[Input, Chunk], Value]  # input, lanes -> its coefficients
KeepLanes = Callable[[int, Chunk | None, Value], None]  # row, lanes, these; or the number of a row


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


class _Spread(MonomialMemory):
    """Numbers stand for themselves in all lanes."""

    def scaled(self, row: int, position: int, counts: Sequence[int] | None = None) -> Scaled:
        value, number = super().scaled(row, position, counts)
        return None if value is None else self._in_lanes(value), number

    def reciprocal(self, row: int, chunk: Chunk) -> Value:
        if row not in self._reciprocal:
            value, _ = super().scaled(row, 0)
            assert value is not None
            self._reciprocal[row] = 1 / value
        return self._in_lanes(self._reciprocal[row])

    def _in_lanes(self, value: Value) -> Value:
        lanes = self.type.lanes
        return self.b.splat(value, lanes) if lanes and not value.lanes else value


class FirstOrder(GradedEmitter):
    """Writes order zero of a flow of first derivatives.

    Lanes behind the last monomial are zero where those of inputs are.
    """

    memory_of = _Spread

    def __init__(self, b: Builder, program: FlowProgram, element: str) -> None:
        zero = replace(program.zero, order=1)
        masks = [np.ones(2, bool)] * zero.slots("jet")
        super().__init__(b, zero, Supports(zero, ONE_VARIABLE, masks), POINT, element)
        self.derivatives = program.among.size - 1

    def emit_lanes(self, given: GivenLanes, keep: KeepLanes, pieces: Sequence[Chunk]) -> None:
        """All coefficients: numbers, then those of each piece of the monomials."""
        memory, rows = self.memory, range(len(self.program.rows))
        self.emit_degree(0, lambda which, _: given(which, POINT), lambda row, position: None)
        numbers = [memory.at(row, 0) for row in rows]
        for row, number in enumerate(numbers):
            keep(row, None, number)
        for piece in pieces:
            self.points, memory.type = piece, piece.type(self.element)

            def read(which: Input, position: int, piece: Chunk = piece) -> Value:
                return given(which, piece)

            self.emit_degree(1, read, lambda row, position: None)
            for row, number in enumerate(numbers):
                known = self.supports.masks[row][1]
                value = memory.at(row, 1) if known else self.b.constant(0, memory.type)
                if piece.offset == 0:
                    value = self.b.insert(value, number, 0) if piece.lanes else number
                keep(row, piece, value)

    def _is_lopsided(self, c: Convolution, degree: int) -> bool:
        whole = self.derivatives + 1
        sizes = (whole if self._sizes[row] > 1 else self._sizes[row] for row in (c.a, c.b))
        return 2 * min(sizes) <= self.derivatives
