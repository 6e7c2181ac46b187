"""Rows of a flow's program -> LLVM IR text: a series in time whose coefficients are polynomials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.factors import Factors
from taylor_runtime.arithmetic.kernel_calls import KernelCalls
from taylor_runtime.arithmetic.step import Doubled, StepArithmetic
from taylor_runtime.flows.alike import AlikeMemory
from taylor_runtime.flows.calls import CalledProducts
from taylor_runtime.flows.memory import NUMBER, FlowMemory
from taylor_runtime.flows.old import OldSums
from taylor_runtime.flows.products import Read, WrittenProducts
from taylor_runtime.flows.shifts import shifts_of
from taylor_runtime.flows.start import Start
from taylor_runtime.flows.zero import FirstOrder, graded_start, is_short
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.flow import NOTHING, FlowProgram
from taylor_runtime.program.program import (
    Convolution,
    Input,
    Program,
    Row,
    Step,
    Term,
)
from taylor_runtime.program.signature import convolutions_of, depths, wanted_last
from taylor_runtime.series.convolve import convolve
from taylor_runtime.series.memory import Rendering
from taylor_runtime.series.protocol import Inputs

MOST_WRITTEN = 12  # vectors of sums of a product that is written where it is wanted
MOST_TEXT = 240  # of all products of a program


def is_written(program: FlowProgram) -> bool:
    """Whether products are written out, not called."""
    sums = len(shifts_of(program.among).sums)
    steps = [row.step for row in program.rows if row.step]
    count = sum(len(convolutions_of(step.terms)) for step in steps)
    return sums <= MOST_WRITTEN and sums * count <= MOST_TEXT


class FlowEmitter(StepArithmetic[FlowMemory]):
    """Writes the coefficients of a flow's rows into one function, looped over the orders of time.

    inputs: give numbers of states, parameters and time, as `Input` names them.
    """

    def __init__(
        self,
        b: Builder,
        program: FlowProgram,
        rendering: Rendering,
        workspace: Value | None,
        inputs: Inputs,
        time_scale: Value | None = None,
    ) -> None:
        self.b = b
        self.program: FlowProgram = program
        self.rendering = rendering
        self.element = rendering.element
        written = is_written(program)
        self.memory = (FlowMemory if written else AlikeMemory)(b, program, rendering, workspace)
        self.inputs = inputs
        self.factors = Factors(b, self.element, program.order, time_scale)
        self.kernels = KernelCalls(self.memory)
        self.written: WrittenProducts | None = None
        self.called: CalledProducts | None = None
        if written:
            self.memory.cut()
            self.written = WrittenProducts(self.memory)
        else:
            self.called = CalledProducts(self.memory)
        self._depths = depths(program)  # rows that wait for one another follow each other
        self._divisors = {
            row.step.divisor for row in program.rows if row.step and row.step.divisor is not None
        }
        self._kept: dict[int, list[int]] = {}  # row of `zero` -> rows that begin with it
        for index, source in enumerate(program.sources):
            if source != NOTHING:
                self._kept.setdefault(source, []).append(index)

    # -- order zero -------------------------------------------------------------------------------

    def constant_rows(self) -> None:
        """What stays from step to step: zeros behind the last monomial."""
        for index, row in enumerate(self.program.rows):
            if self.memory.pieces and self.program.is_polynomial(index):
                once = row.constant or not self.memory.layout.stride[index]
                self.memory.clear_padding(index, 1 if once else self.program.order + 1)

    def order_zero(self) -> None:
        """Order zero of all rows."""
        program, memory = self.program, self.memory
        self.memory.next_order()
        cleared = [k for k, row in enumerate(program.rows) if self._starts_with_zeros(k, row)]
        if isinstance(memory, AlikeMemory):
            memory.each_alike(cleared, lambda _, row: self._clear(row), steps=False)
        else:
            for index in cleared:
                self._clear(index)
        if self._is_of_first_order():
            first = FirstOrder(self.b, program, self.element)
            first.emit_lanes(self._given_lanes, self._keep_lanes, memory.pieces)
        elif is_short(program):
            graded_start(self.b, program, self.element, self._given, self._keep)
        else:
            called = self.called or CalledProducts(self.memory)
            Start(self.memory, called, self._kept).emit(self._given)
        for index in sorted(self._divisors):
            head = memory.head(index, NUMBER)
            memory.store_reciprocal(index, NUMBER, head)
        for index, row in enumerate(program.rows):
            if program.sources[index] == NOTHING and row.step and row.step.times == "1":
                self._advance(index, row.step, 0)
        if self.written:
            self.written.prepare()
        self.memory.next_order()

    def _starts_with_zeros(self, index: int, row: Row) -> bool:
        """Whether not all of a row's lanes are set: padding, and what is zero at order zero."""
        wide = row.width > 1 and not self._is_of_first_order()
        return wide or self.program.sources[index] == NOTHING

    def _is_of_first_order(self) -> bool:
        """Whether order zero is written in lanes."""
        among = self.program.among
        return among.order == 1 and among.size > 1 and self.written is not None

    def _clear(self, index: int) -> None:
        def one(chunk: Chunk) -> None:
            zero = self.b.constant(0, chunk.type(self.element))
            self.b.store(zero, self.memory.address(index, 0, chunk.offset))

        self.memory.each_chunk(index, one)

    def _given(self, given: Input, position: Index) -> Value:
        """A coefficient of an input of the graded program, or a number."""
        program, slot = self.program, given.index[0]
        size, parameters = program.among.size, program.parameters
        if given.source == "parameter":
            if slot >= parameters:
                return self.inputs.read(Input("time", (slot - parameters,)), NUMBER)
            return self.inputs.read(Input("parameter", (slot,)), NUMBER)
        states = program.slots("state") // size
        if slot >= states:
            first = parameters + (slot - states) * size
            return self.inputs.number(Input("parameter", (first,)), position)
        return self.inputs.number(Input("state", (slot,)), position)

    def _keep(self, row: int, position: Index, value: Value) -> None:
        """Order zero of the rows that begin with a row of the graded program."""
        memory = self.memory
        for index in self._kept.get(row, ()):
            if memory.flow.is_polynomial(index) or (isinstance(position, int) and position == 0):
                self.b.store(self.b.normal(value), memory.address(index, 0, position))

    def _given_lanes(self, given: Input, chunk: Chunk) -> Value:
        """The coefficients of an input in some lanes, zero behind the last; in lane 0 anything."""
        b, program = self.b, self.program
        if not chunk.lanes or given.source != "jet":
            return self._given(given, chunk.offset)
        assert isinstance(chunk.offset, int)
        used = [chunk.offset + lane < program.among.size for lane in range(chunk.lanes)]
        zero = b.constant(0, chunk.type(self.element))
        if given.index[0] < program.slots("state") // program.among.size:
            start = self.inputs.address(Input("state", given.index))
            place = b.at(start, chunk.offset, self.element)
            value = b.load(zero.type, place)
            return value if all(used) else b.select(b.constants(used, "i1"), value, zero)
        for lane in range(sum(used)):
            zero = b.insert(zero, self._given(given, chunk.offset + lane), lane)
        return zero

    def _keep_lanes(self, row: int, chunk: Chunk | None, value: Value) -> None:
        """Order zero of the rows that begin with a row of the graded program: lanes of polynomials,
        or the number of those that are numbers.
        """
        place = 0 if chunk is None else chunk.offset
        for index in self._kept.get(row, ()):
            if self.program.is_polynomial(index) == (chunk is not None):
                self.b.store(self.b.normal(value), self.memory.address(index, 0, place))

    # -- further orders ---------------------------------------------------------------------------

    def orders(self) -> None:
        """Coefficients 1 .. order of every row, of the last order those alone that outputs want."""
        rows, order = self.program.rows, self.program.order
        varying = [index for index in range(len(rows)) if not self.program.steady[index]]
        varying.sort(key=self._depths.__getitem__)
        if order > 1:

            def one(n: Index, _: list[Value]) -> Sequence[Value]:
                self._order(varying, n)
                return []

            self.b.fold(1, order, [], one)
        wanted = wanted_last(self.program)
        self._order([index for index in varying if index in wanted], order)
        self.memory.next_order()

    def _order(self, rows: Sequence[int], n: Index) -> None:
        """Coefficient n of some rows."""
        self.memory.next_order()
        self.factors.enter(n)
        if isinstance(self.memory, AlikeMemory):
            for _, alike in groupby(rows, self._depths.__getitem__):
                self.memory.each_alike(list(alike), lambda _, row: self._row(row, n))
            return
        old = None
        if self.written:
            self.written.newest.next_order()
            old = self.written.old(rows, n)
        for index in rows:
            self._row(index, n, old)
            if self.written and self.program.rows[index].step is not None:
                # Empty: it keeps LLVM from moving loads of later rows up, which then spill (1-3 %).
                self.b.line('call void asm sideeffect "", "~{memory}"()')

    def _row(self, index: int, n: Index, old: OldSums | None = None) -> None:
        """Coefficient n of a row."""
        row = self.program.rows[index]
        if row.step is not None:
            self._advance(index, row.step, n, old)
        else:
            self._input(index, row, n)

    def _input(self, index: int, row: Row, n: Index) -> None:
        """A coefficient of what has no step: time, or a state that rests."""

        def one(chunk: Chunk) -> None:
            value = self.b.constant(0, chunk.type(self.element))
            if isinstance(row.start, Input) and row.start.source == "time":
                value = self.factors.time_coefficient(n, chunk.type(self.element))
            self.memory.store(index, n, chunk, value)

        self.memory.each_piece(index, one)

    def _advance(self, index: int, step: Step, n: Index, old: OldSums | None = None) -> None:
        """Coefficient n of a row."""
        program, memory = self.program, self.memory
        if not program.is_polynomial(index):
            sums = convolve(memory, step.terms, n, NUMBER)
            memory.store(index, n, NUMBER, self.step_value_of(step, n, NUMBER, sums))
            return
        terms, readers = self._readers(step.terms, n, old)
        step = replace(step, terms=terms)

        def one(chunk: Chunk) -> None:
            sums = {c: (read(chunk), doubled) for c, (read, doubled) in readers.items()}
            memory.store(index, n, chunk, self.step_value_of(step, n, chunk, sums))

        memory.each_piece(index, one)

    def _readers(
        self, terms: Sequence[Term], n: Index, old: OldSums | None
    ) -> tuple[tuple[Term, ...], dict[Convolution, Read]]:
        """Terms of a row of polynomials, of which several may have become one, and what reads their
        convolutions.
        """
        readers: dict[Convolution, Read] = {}
        numbers: list[Term] = []
        polynomials: list[Term] = []
        for term in terms:
            if isinstance(term.operand, Convolution):
                (polynomials if self.program.has_polynomial(term.operand) else numbers).append(term)
        for term in numbers:
            assert isinstance(term.operand, Convolution)
            value, doubled = convolve(self.memory, [term], n, NUMBER)[term.operand]
            readers[term.operand] = (partial(self.memory.constant_term, value), doubled)
        replaced: list[Term] = []
        if self.written:
            replaced = self.written.read(polynomials, n, old, readers)
        elif self.called:
            replaced = self.called.read(polynomials, n, readers)
        others = [term for term in terms if term not in polynomials]
        return (*others, *replaced), readers

    def lagged(self, row: int, n: Index, chunk: Chunk) -> Value:
        """row_{n-1}."""
        return self.memory.coefficient(row, n - 1, chunk)

    def step_value(self, step: Step, n: Index, chunk: Chunk) -> Value:
        """u_n of a state by its step, which has no sums of products."""
        sums: dict[Convolution, Doubled] = {}
        return self.step_value_of(step, n, chunk, sums)


def series_of_flow(
    b: Builder, program: Program, rendering: Rendering, workspace: Value, inputs: Inputs
) -> FlowEmitter:
    """The series whose coefficients are polynomials."""
    assert isinstance(program, FlowProgram)
    return FlowEmitter(b, program, rendering, workspace, inputs)
