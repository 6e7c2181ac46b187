"""What a step makes of its operands: the coefficient u_n, whatever a coefficient is.

The sums, factors and quotients of steps, written once for rows of lanes (`emit`) and for the
monomials of polynomials (`graded`), which differ in where their operands come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Generic, Protocol, TypeVar

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.factors import Factors
from taylor_runtime.arithmetic.kernel_calls import KernelCalls, KernelMemory
from taylor_runtime.arithmetic.sums import add_scaled, in_chains
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Input,
    Kernel,
    Program,
    Row,
    Select,
    Step,
    Term,
)
from taylor_runtime.program.verify import ProgramError


class Memory(KernelMemory, Protocol):
    """Where operands come from."""

    def reciprocal(self, row: int, chunk: Chunk) -> Value: ...
    def newest(self, row: int, n: Index, chunk: Chunk) -> Value: ...


M = TypeVar("M", bound=Memory)


class StepArithmetic(Generic[M]):
    """The values of steps and of their terms.

    cancels: whether sums of products at order zero are zero where they are if all products are
        rounded before they are added, as in the user's own operations: where x*y and z*w are equal
        numbers, the root of x*y - z*w is then no NaN. So it is at points, and of rows that depend
        on parameters alone.
    rounds: whether such sums are of rounded products in any case, as Python's are: it is less to do
        in a loop, whose turns wait for one another.
    """

    cancels = False
    rounds = False

    b: Builder
    program: Program
    element: str
    memory: M
    factors: Factors
    kernels: KernelCalls

    def start_value(
        self,
        row: Row,
        chunk: Chunk,
        given: Callable[[Input], Value],
        convolutions: Callable[[Step], dict[Convolution, Doubled]],
    ) -> Value:
        """u_0 of a row that copies no other; of parameters alone its sums are those of points."""
        before, self.cancels = self.cancels, self.cancels or row.constant
        try:
            return self._start_value(row, chunk, given, convolutions)
        finally:
            self.cancels = before

    def _start_value(
        self,
        row: Row,
        chunk: Chunk,
        given: Callable[[Input], Value],
        convolutions: Callable[[Step], dict[Convolution, Doubled]],
    ) -> Value:
        if isinstance(row.start, Input):
            value = given(row.start)
        elif isinstance(row.start, Kernel):
            value = self.kernels.value(row.start, chunk)
        else:
            assert row.step is not None
            if not row.step.terms and row.step.times == "1" and row.step.divisor is None:
                return self.memory.constant(row.offset, chunk)
            value = self.start_of_step(row.step, chunk, convolutions(row.step))
        return value if row.offset == 0 else value + self.memory.constant(row.offset, chunk)

    def start_of_step(
        self, step: Step, chunk: Chunk, convolutions: dict[Convolution, Doubled]
    ) -> Value:
        """u_0 of a row that starts from its step."""
        if step.times in ("n", "h"):
            return self.b.constant(0, chunk.type(self.element))
        value = self.sum_of_terms(step.terms, 0, chunk, convolutions)
        if step.divisor is not None:
            value = value / self.memory.head(step.divisor, chunk)
        return value

    def step_value_of(
        self, step: Step, n: Index, chunk: Chunk, convolutions: dict[Convolution, Doubled]
    ) -> Value:
        factor, rest = self._factor(step, n, chunk), self._rest_of_factor(step, n, chunk)
        if factor is not None and len(step.terms) == 1 and step.divisor is None:
            value, doubled = self.operand(step.terms[0], n, chunk, convolutions)
            one = self.b.constant(1, chunk.type(self.element))
            number = self._add_term(None, step.terms[0], one, doubled, chunk)
            unit = step.terms[0].head is None and step.terms[0].constant in (1, -1) and not doubled
            factor, rest = self.factors.scaled(number, factor, rest, n, unit)
        else:
            value = self.sum_of_terms(step.terms, n, chunk, convolutions)
            if step.divisor is not None and self.program.exact_division:
                value = value / self.memory.head(step.divisor, chunk)
        if factor is None:
            return value
        return value * factor if rest is None else self.b.fma(value, factor, value * rest)

    def _rest_of_factor(self, step: Step, n: Index, chunk: Chunk) -> Value | None:
        if step.times != "h/n" or step.divisor is not None:
            return None
        return self.factors.rest(n, chunk.type(self.element))

    def _factor(self, step: Step, n: Index, chunk: Chunk) -> Value | None:
        """times(n) / divisor_0 as one number, off the path of the newest coefficients."""
        factor = self.factors.times(step.times, n, chunk.type(self.element))
        if step.divisor is not None and not self.program.exact_division:
            reciprocal = self.memory.reciprocal(step.divisor, chunk)
            factor = reciprocal if factor is None else reciprocal * factor
        return factor

    # -- sums -----------------------------------------------------------------------------------

    def sum_of_terms(
        self,
        terms: Sequence[Term],
        n: Index,
        chunk: Chunk,
        convolutions: dict[Convolution, Doubled],
    ) -> Value:
        """sum of constant * head * operand, fused, in a number of chains that depends on the count
        alone.
        """

        at_zero = isinstance(n, int) and n == 0
        rounded = at_zero and self._are_scaled(terms)

        def add(total: Value | None, position: int) -> Value:
            term = terms[position]
            operand, doubled = self.operand(term, n, chunk, convolutions)
            if rounded and total is not None and not _is_whole(term.constant):
                return total + self._add_term(None, term, operand, doubled, chunk)
            return self._add_term(total, term, operand, doubled, chunk)

        cancels = at_zero and not rounded and self.may_cancel(terms)
        total = None if cancels and self.rounds else in_chains(len(terms), add)
        if total is None and not cancels:
            return self.b.constant(0, chunk.type(self.element))
        if total is not None and not cancels:
            return total
        given = [self.operand(term, n, chunk, convolutions) for term in terms]
        return self.cancelled(total, terms, given, chunk)

    def combine(
        self, terms: Sequence[Term], chunk: Chunk, value_of: Callable[[int], Value], n: Index = 1
    ) -> Value:
        """sum of constant * head * value_of(row), for terms that are coefficients, of order n."""
        total: Value | None = None
        for term in terms:
            assert isinstance(term.operand, Coefficient)
            total = self._add_term(total, term, value_of(term.operand.row), False, chunk)
        if total is None:
            return self.b.constant(0, chunk.type(self.element))
        if not (isinstance(n, int) and n == 0 and self.may_cancel(terms)):
            return total
        rows = [term.operand.row for term in terms if isinstance(term.operand, Coefficient)]
        return self.cancelled(total, terms, [(value_of(row), False) for row in rows], chunk)

    def may_cancel(self, terms: Sequence[Term]) -> bool:
        """Whether a sum might be zero in the user's order of operations, and not as it is made:
        one product enters it unrounded, and another term was rounded. One product and numbers that
        are given make a sum that is right to half an ulp, whatever the order.
        """
        return self.cancels and sum(not self._is_given(term) for term in terms) > 1

    def _are_scaled(self, terms: Sequence[Term]) -> bool:
        """Whether no product of a sum is rounded, but for numbers next to 0: constants are powers
        of two.  What is added in the user's order is then the same.
        """
        plain = self.cancels and ELEMENTS[self.element].rounds_once
        return plain and all(_is_scaled(term) for term in terms)

    def _is_given(self, term: Term) -> bool:
        operand = term.operand
        if term.head is not None or term.constant not in (1, -1):
            return False
        if not isinstance(operand, Coefficient):
            return False
        row = self.program.rows[operand.row]
        return isinstance(row.start, Input) or (row.step is not None and not row.step.terms)

    def cancelled(
        self,
        total: Value | None,
        terms: Sequence[Term],
        operands: Sequence[Doubled],
        chunk: Chunk,
    ) -> Value:
        """A sum of terms, or zero where it is zero if every term is rounded before it is added;
        the sum of these where None is given.

        Of two terms the sum has else the sign that theirs has: rounding keeps the order.
        """

        def add(sum_of: Value | None, k: int) -> Value:
            value = self._add_term(None, terms[k], *operands[k], chunk)
            return value if sum_of is None else sum_of + value

        rounded = in_chains(len(terms), add)
        assert rounded is not None
        return rounded if total is None else self.b.select(self.b.ne(rounded, 0), total, rounded)

    def _add_term(
        self, total: Value | None, term: Term, operand: Value, doubled: bool, chunk: Chunk
    ) -> Value:
        constant = _times(term.constant, 2) if doubled else term.constant
        if term.head is not None:
            head = self.memory.head(term.head, chunk)
            factor = head if constant == 1 else head * self.memory.constant(constant, chunk)
            return operand * factor if total is None else self.b.fma(operand, factor, total)
        factor_of = partial(self.memory.constant, constant, chunk)
        return add_scaled(self.b, total, constant, factor_of, operand)

    def operand(
        self,
        term: Term,
        n: Index,
        chunk: Chunk,
        convolutions: dict[Convolution, Doubled],
    ) -> Doubled:
        """The operand's value, and whether it still wants doubling (squares)."""
        operand = term.operand
        if isinstance(operand, Convolution):
            return convolutions[operand]
        if isinstance(operand, Select):
            condition = self.b.ne(self.memory.head(operand.condition, chunk), 0)
            a, b = (self.memory.newest(row, n, chunk) for row in (operand.a, operand.b))
            return self.b.select(condition, a, b), False
        if operand.lag:
            return self.lagged(operand.row, n, chunk), False
        return self.memory.newest(operand.row, n, chunk), False

    def lagged(self, row: int, n: Index, chunk: Chunk) -> Value:
        """row_{n-1}, which differential equations want."""
        raise ProgramError(f"row {row} is read with a lag, but there is no time in the program")


def _is_scaled(term: Term) -> bool:
    if term.head is not None or isinstance(term.operand, Convolution):
        return False
    if not isinstance(term.constant, int | Fraction):
        return False
    parts = abs(Fraction(term.constant)).as_integer_ratio()
    return all(part.bit_count() == 1 for part in parts)


def _is_whole(constant: Constant) -> bool:
    return isinstance(constant, int | Fraction) and abs(Fraction(constant)) >= 1


def _times(constant: Constant, factor: int) -> Constant:
    if isinstance(constant, tuple):
        return tuple(c * factor for c in constant)
    return constant * factor


Doubled = tuple[Value, bool]  # a value, and whether it is still to be doubled (squares)
