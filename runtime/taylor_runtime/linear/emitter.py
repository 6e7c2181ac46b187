"""Rows of a linear program -> LLVM IR text: a series in time of numbers and of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.factors import Factors
from taylor_runtime.arithmetic.kernel_calls import KernelCalls
from taylor_runtime.arithmetic.step import Doubled, StepArithmetic
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.lanes import join
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.linear.memory import LinearMemory
from taylor_runtime.linear.sums import LinearSums, Old
from taylor_runtime.program.flow import LinearProgram
from taylor_runtime.program.program import Convolution, Input, Program, Row, Step
from taylor_runtime.program.signature import depths, rows_read_beyond_zero, wanted_last
from taylor_runtime.series.memory import Rendering
from taylor_runtime.series.protocol import Inputs


class LinearEmitter(StepArithmetic[LinearMemory]):
    """Writes the coefficients of a program's rows into one function, looped over the orders."""

    def __init__(
        self,
        b: Builder,
        program: LinearProgram,
        rendering: Rendering,
        workspace: Value | None,
        inputs: Inputs,
    ) -> None:
        self.b = b
        self.program: LinearProgram = program
        self.rendering = rendering
        self.element = rendering.element
        self.memory = LinearMemory(b, program, rendering, workspace)
        self.inputs = inputs
        self.factors = Factors(b, self.element, program.order, None)
        self.kernels = KernelCalls(self.memory)
        self.sums = LinearSums(self.memory)
        self._begun = dict(program.begun)
        self._depths = depths(program)  # rows that wait for one another follow each other
        self._divisors = frozenset(
            row.step.divisor for row in program.rows if row.step and row.step.divisor is not None
        )

    # -- order zero -------------------------------------------------------------------------------

    def constant_rows(self) -> None:
        """Order zero of the rows that depend on parameters alone."""
        self._order_zero(constant=True)

    def order_zero(self) -> None:
        """Order zero of all other rows."""
        self.memory.next_order()
        self._order_zero(constant=False)

    def _order_zero(self, constant: bool) -> None:
        self.kernels.forget()
        for index, row in enumerate(self.program.rows):
            if row.constant == constant and row.gather is None:  # of which products are old
                for chunk in self.memory.chunks(index):
                    self._start(index, row, chunk)

    def _start(self, index: int, row: Row, chunk: Chunk) -> None:
        if index in self._begun:
            row = replace(row, step=self._begun[index])
        value = self.start_value(
            row,
            chunk,
            lambda given: self.inputs.read(given, chunk),
            lambda step: self.sums.of(step.terms, 0, chunk, {}),
        )
        self.memory.store(index, 0, chunk, value)
        if index in self._divisors and not self.program.exact_division:
            self.memory.store_reciprocal(index, chunk, value)

    # -- further orders ---------------------------------------------------------------------------

    def orders(self) -> None:
        """Coefficients 1 .. order of every row, of the last order those alone that outputs want."""
        rows, order = self.program.rows, self.program.order
        read = rows_read_beyond_zero(self.program)
        read |= {row for one in self.program.beside for row in (one.a, one.b)}
        varying = [k for k, row in enumerate(rows) if not row.constant and k in read]
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
        if self.rendering.batch == 1:
            old = self.sums.old(rows, n)
            for index in rows:
                for chunk in self.memory.chunks(index):
                    self._advance(index, n, chunk, old)
            return
        # One thing after the other: the sums of all do not fit the registers.
        linear = [self.program.is_polynomial(index) for index in rows]
        numbers = [index for index, derived in zip(rows, linear, strict=True) if not derived]
        others = [index for index, derived in zip(rows, linear, strict=True) if derived]
        old = self.sums.old(numbers, n)
        for index in numbers:
            self._advance(index, n, self.memory.number, old)
        old = self.sums.old(others, n)
        for column in zip(*map(self.memory.chunks, others), strict=True):
            for index, chunk in zip(others, column, strict=True):
                self._advance(index, n, chunk, old)

    def _advance(self, index: int, n: Index, chunk: Chunk, old: Old) -> None:
        """A chunk of coefficient n of a row."""
        value = self._value(self.program.rows[index], n, chunk, old)
        self.memory.store(index, n, chunk, value)

    def _value(self, row: Row, n: Index, chunk: Chunk, old: Old) -> Value:
        if row.gather is not None:
            sources = [source for source, _ in row.gather.sources]
            number = self.memory.number
            return join(self.b, [self.memory.newest(source, n, number) for source in sources])
        if row.step is not None:
            return self.step_value_of(
                row.step, n, chunk, self.sums.of(row.step.terms, n, chunk, old)
            )
        if isinstance(row.start, Input) and row.start.source == "time":
            return self.factors.time_coefficient(n, chunk.type(self.element))
        return self.b.constant(0, chunk.type(self.element))

    def lagged(self, row: int, n: Index, chunk: Chunk) -> Value:
        """row_{n-1}."""
        return self.memory.coefficient(row, n - 1, chunk)

    def step_value(self, step: Step, n: Index, chunk: Chunk) -> Value:
        """u_n of a state by its step, which has no sums of products."""
        sums: dict[Convolution, Doubled] = {}
        return self.step_value_of(step, n, chunk, sums)


def series_of_linear(
    b: Builder, program: Program, rendering: Rendering, workspace: Value, inputs: Inputs
) -> LinearEmitter:
    """The series of numbers and of first derivatives."""
    assert isinstance(program, LinearProgram)
    return LinearEmitter(b, program, rendering, workspace, inputs)
