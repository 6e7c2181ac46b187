"""Formulas at points: values alone, with products that enter sums before they are rounded."""

from __future__ import annotations

from collections.abc import Callable

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.step import Doubled
from taylor_runtime.arithmetic.sums import in_chains
from taylor_runtime.ir.values import Value
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Input,
    Row,
    Step,
    Term,
)
from taylor_runtime.series.emitter import SeriesEmitter


class FusedEmitter(SeriesEmitter):
    """Rows in which, at order zero, a product and a sum are one operation."""

    cancels = True

    def start_value(
        self,
        row: Row,
        chunk: Chunk,
        given: Callable[[Input], Value],
        convolutions: Callable[[Step], dict[Convolution, Doubled]],
    ) -> Value:
        """u_0 of a row that copies no other."""
        step = row.step
        if row.start is not None or step is None or step.times in ("n", "h") or not step.terms:
            return super().start_value(row, chunk, given, convolutions)
        others = [term for term in step.terms if _factors(term) is None]
        known = convolutions(Step(tuple(others))) if others else {}
        offset = None if row.offset == 0 else self.memory.constant(row.offset, chunk)

        def add(total: Value | None, position: int) -> Value:
            if position == 0 and step.divisor is None:
                total = offset
            return self._add(total, step.terms[position], chunk, known)

        value = in_chains(len(step.terms), add)
        assert value is not None
        value = self._or_zero(value, row, chunk, known)
        if step.divisor is None:
            return value
        value = value / self.memory.head(step.divisor, chunk)
        return value if offset is None else value + offset

    def _or_zero(
        self, value: Value, row: Row, chunk: Chunk, known: dict[Convolution, Doubled]
    ) -> Value:
        """Zero where the sum is zero if its products are rounded before they are added."""
        assert row.step is not None
        terms, last = row.step.terms, row.offset != 0 and row.step.divisor is None
        if not self.may_cancel(terms):
            return value

        def add(total: Value | None, position: int) -> Value:
            if position == len(terms):
                term = self.memory.constant(row.offset, chunk)
            else:
                term = self._add(None, terms[position], chunk, known)
            return term if total is None else total + term

        rounded = in_chains(len(terms) + last, add)
        assert rounded is not None
        return self.b.select(self.b.ne(rounded, 0), value, rounded)

    def _add(
        self, total: Value | None, term: Term, chunk: Chunk, known: dict[Convolution, Doubled]
    ) -> Value:
        factors = _factors(term)
        if factors is None:
            operand, doubled = self.operand(term, 0, chunk, known)
            return self._add_term(total, term, operand, doubled, chunk)
        a, b = (self.memory.head(row, chunk) for row in factors)
        if term.constant not in (1, -1):
            return self._add_term(total, Term(term.constant, term.operand), a * b, False, chunk)
        a = a if term.constant == 1 else -a
        return a * b if total is None else self.b.fma(a, b, total)


def _factors(term: Term) -> tuple[int, int] | None:
    """The rows whose heads are multiplied, where a term is such a product with a constant."""
    operand = term.operand
    if isinstance(operand, Coefficient):
        plain = term.head is not None and operand.lag == 0
        return (operand.row, term.head) if plain and term.head is not None else None
    if not isinstance(operand, Convolution) or term.head is not None:
        return None
    plain = operand.weight is None and operand.first == operand.last == 0
    return (operand.a, operand.b) if plain else None
