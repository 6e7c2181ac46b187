"""Formulas at points: values alone, with products that enter sums before they are rounded."""

from __future__ import annotations

from collections.abc import Callable

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.step import Doubled
from taylor_runtime.arithmetic.sums import in_chains
from taylor_runtime.ir.values import Value
from taylor_runtime.program.program import Convolution, Input, Row, Step, Term
from taylor_runtime.series.emitter import SeriesEmitter


class FusedEmitter(SeriesEmitter):
    """Order zero of the rows of a formula, in which a product and a sum are one operation."""

    def start_value(
        self,
        row: Row,
        chunk: Chunk,
        given: Callable[[Input], Value],
        convolutions: Callable[[Step], dict[Convolution, Doubled]],
    ) -> Value:
        """u_0 of a row that copies no other."""
        step = row.step
        plain = row.start is None and step is not None and step.divisor is None
        if not plain or step is None or step.times in ("n", "h") or not step.terms:
            return super().start_value(row, chunk, given, convolutions)
        others = [term for term in step.terms if not _is_product(term)]
        known = convolutions(Step(tuple(others))) if others else {}

        def add(total: Value | None, position: int) -> Value:
            term = step.terms[position]
            if position == 0 and row.offset != 0:
                total = self.memory.constant(row.offset, chunk)
            if _is_product(term):
                return self._add_product(total, term, chunk)
            operand, doubled = self.operand(term, 0, chunk, known)
            return self._add_term(total, term, operand, doubled, chunk)

        total = in_chains(len(step.terms), add)
        assert total is not None
        return total

    def _add_product(self, total: Value | None, term: Term, chunk: Chunk) -> Value:
        """total + a b, the constant being 1 or -1."""
        assert isinstance(term.operand, Convolution)
        a, b = (self.memory.head(r, chunk) for r in (term.operand.a, term.operand.b))
        if term.constant == -1:
            a = -a
        return a * b if total is None else self.b.fma(a, b, total)


def _is_product(term: Term) -> bool:
    """Whether a term is the product of two heads, with a sign."""
    operand = term.operand
    return (
        isinstance(operand, Convolution)
        and term.head is None
        and term.constant in (1, -1)
        and operand.weight is None
        and operand.first == operand.last == 0
    )
