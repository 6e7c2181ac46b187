"""Coefficients of graded programs by monomial, and rows that need no coefficients of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.graded.supports import Supports
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Coefficient, Constant, Program, Row, Step

Exact = int | Fraction  # integers where they will do: fractions take their time
Scaled = tuple[Value | None, Exact]  # a value times an exact number, or the number alone
NOTHING: Scaled = (None, 0)


class GradedMemory:
    """What both renderings of graded programs remember: points, and how numbers are written."""

    def __init__(self, b: Builder, program: Program, points: Chunk, element: str) -> None:
        self.b = b
        self.program = program
        self.element = element
        self.type = points.type(element)

    def constant(self, constant: Constant, chunk: Chunk, element: str | None = None) -> Value:
        number = constant[0] if isinstance(constant, tuple) else constant
        return self.b.constant(number, self.type.of(element) if element else self.type)


class MonomialMemory(GradedMemory):
    """The coefficients of rows by monomial; "newest" is that of the monomial being computed.

    views: rows whose coefficients are those of another row times their degree.
    """

    def __init__(
        self,
        b: Builder,
        program: Program,
        supports: Supports,
        points: Chunk,
        element: str,
        views: dict[int, int],
    ) -> None:
        super().__init__(b, program, points, element)
        self.views = views
        self.here = 0
        self.counts: Sequence[int] | None = None  # of the derivation that `newest` views by
        self._degrees = supports.among.degrees.tolist()
        self._known: dict[tuple[int, int], Scaled] = {}
        self._reciprocal: dict[int, Value] = {}

    def scaled(self, row: int, position: int, counts: Sequence[int] | None = None) -> Scaled:
        """A coefficient; views by the derivation that multiplies each monomial with its count,
        Euler's unless given.
        """
        number: Exact = 1
        while row in self.views:
            row, number = self.views[row], number * (counts or self._degrees)[position]
        if number == 0:
            return NOTHING
        value, own = self._known.get((row, position), NOTHING)
        return value, own if number == 1 else number * own

    def at(self, row: int, position: int) -> Value:
        return self._value(*self.scaled(row, position))

    def _value(self, value: Value | None, number: Exact) -> Value:
        if value is None:
            return self.b.constant(number, self.type)
        return value if number == 1 else value * self.b.constant(number, self.type)

    def store(self, row: int, scaled: Scaled) -> None:
        value, number = scaled
        self._known[row, self.here] = (None if value is None else self.b.normal(value), number)

    def head(self, row: int, chunk: Chunk) -> Value:
        return self.at(row, 0)

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value:
        return self._value(*self.scaled(row, self.here, self.counts))

    def reciprocal(self, row: int, chunk: Chunk) -> Value:
        found = self._reciprocal.get(row)
        if found is None:
            found = self._reciprocal[row] = 1 / self.head(row, chunk)
        return found


def euler_views(program: Program) -> tuple[dict[int, int], dict[int, Step]]:
    """Derivative rows that need not be computed: (row -> the row that it is n times, new steps).

    Either x' = n x_n, or the slope v of u = v / n, of which the step then becomes that of u.
    """
    views: dict[int, int] = {}
    steps: dict[int, Step] = {}
    for index, row in enumerate(program.rows):
        step = row.step
        if step is None or step.divisor is not None or len(step.terms) != 1 or row.constant:
            continue
        term = step.terms[0]
        if term.head is not None or term.constant != 1 or not isinstance(term.operand, Coefficient):
            continue
        other = term.operand.row
        slope = program.rows[other]
        if step.times == "n" and row.start is None:
            views[index] = other
        elif step.times == "1/n" and _is_slope(slope) and slope.step and other not in views:
            views[other] = index
            steps[index] = replace(slope.step, times="1/n")
    return views, steps


def _is_slope(row: Row) -> bool:
    return row.start is None and row.step is not None and row.step.times == "1"
