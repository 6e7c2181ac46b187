"""The series at the end of a step: the state, and the slope that is to be confirmed there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Step
from taylor_runtime.program.verify import operand_rows
from taylor_runtime.series.ends import CalledSums
from taylor_runtime.series.horner import evaluate, side_by_side
from taylor_runtime.series.protocol import Forgetful, Series


class StepEnd:
    """Values at time tau of the series of state rows, and of their right-hand sides.

    states: the state rows; checked: which of them have slopes to confirm; scale: of time.
    called: functions for some rows.
    """

    def __init__(
        self,
        series: Series,
        states: Sequence[int],
        checked: Sequence[bool],
        tau: Value,
        scale: Value,
        called: CalledSums | None = None,
    ) -> None:
        self.b = series.b
        self.scale = scale
        self.series = series
        self.order = series.program.order
        self.tau = tau
        wanted = [row for row, check in zip(states, checked, strict=True) if check]
        terms = [term for row in wanted for term in self._step(row).terms]
        sources = [row for term in terms for row in operand_rows(term.operand)]
        self._called = called
        self._increments = side_by_side(series.memory, states, 1, self.order, tau)
        self._slopes = side_by_side(series.memory, sources, 0, self.order - 1, tau)

    def increment(self, row: int, chunk: Chunk) -> Value:
        """(P(tau) - x_0) / tau."""
        known = self._increments.get(row)
        return self._value(row, chunk, 1, self.order) if known is None else known

    def slope(self, row: int, chunk: Chunk) -> Value:
        """P'(tau): the series of the right-hand side, to order p - 1."""

        memory = self.series.memory
        if isinstance(memory, Forgetful) and memory.forgets(self._step(row)):
            return self._derivative(row, chunk)

        def value_of(source: int) -> Value:
            known = self._slopes.get(source)
            return self._value(source, chunk, 0, self.order - 1) if known is None else known

        return self.series.combine(self._step(row).terms, chunk, value_of)

    def _derivative(self, row: int, chunk: Chunk) -> Value:
        """P'(tau) by the coefficients of P."""
        b, one = self.b, chunk.type(self.series.element)

        def coefficient(n: Index) -> Value:
            if isinstance(n, int):
                factor = b.constant(n + 1, one)
            else:
                double = b.cast("sitofp", n + 1, "double")
                factor = b.splat(b.from_double(double, self.series.element), chunk.lanes)
            return self.series.memory.coefficient(row, n + 1, chunk) * factor

        at = b.splat(self.tau, chunk.lanes)
        value = evaluate(b, coefficient, 0, self.order - 1, at, self.series.rendering.unrolled)
        scale = b.from_double(1 / self.scale, self.series.element)
        return value * b.splat(scale, chunk.lanes)

    def _step(self, row: int) -> Step:
        step = self.series.program.rows[row].step
        assert step is not None
        return step

    def _value(self, row: int, chunk: Chunk, first: int, last: int) -> Value:
        if self._called and self._called.is_taken(row):
            return self._called.value(row, chunk, first)
        coefficient = partial(self.series.memory.coefficient, row, chunk=chunk)
        at = self.b.splat(self.tau, chunk.lanes)
        return evaluate(self.b, coefficient, first, last, at, self.series.rendering.unrolled)
