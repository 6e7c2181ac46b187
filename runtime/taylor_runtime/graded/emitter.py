"""Programs graded by total degree: truncated polynomials in several variables.

The recurrences of a program hold for any derivation.  With the Euler operator sum x_i d/dx_i in the
place of d/dt the homogeneous part of degree n of a polynomial plays the role of coefficient n of a
series: u_n becomes one number for each monomial of degree n, a product of two coefficients the
product of two homogeneous polynomials, and what is taken at order zero (kernels, heads, divisors)
stays a number.  So nothing is stated here but how a convolution sums its products.

Factors that a whole sum has in common (constants, 1/n, a divisor) go to the few coefficients of a
sparse factor where there is one, not to every sum.  And any derivation serves: where an equation
is one between derivatives, that by a single variable in place of Euler's leaves fewer products, up
to half of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial, reduce
from operator import add

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.factors import Factors
from taylor_runtime.arithmetic.kernel_calls import KernelCalls
from taylor_runtime.arithmetic.step import Doubled, StepArithmetic
from taylor_runtime.arithmetic.sums import in_chains
from taylor_runtime.graded.memory import Exact, MonomialMemory, Scaled, euler_views
from taylor_runtime.graded.supports import Supports
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Input,
    Program,
    Select,
    Step,
    Term,
)
from taylor_runtime.program.signature import convolutions_of, is_square

# input, position -> its coefficient, a number where it is known
Reader = Callable[[Input, int], Value | int]
Product = tuple[Exact, Value | None, Value | None]  # the product of the three
Done = Callable[[int, int], None]  # row, position
Listed = tuple[tuple[int, int], ...]  # positions of the factors of products


class GradedEmitter(StepArithmetic[MonomialMemory]):
    """Writes out the coefficients of a program's rows, monomial by monomial."""

    memory_of = MonomialMemory

    def __init__(
        self, b: Builder, program: Program, supports: Supports, points: Chunk, element: str
    ) -> None:
        self.b = b
        self.program = program
        self.supports = supports
        self.points = points
        self.element = element
        self.views, self._steps = euler_views(program)
        self.memory = self.memory_of(b, program, supports, points, element, self.views)
        self.factors = Factors(b, element, program.order, None)
        self.kernels = KernelCalls(self.memory)
        self._degrees = supports.among.degrees.tolist()
        self._powers = supports.among.exponents.T.tolist()
        self._listed: dict[Convolution, dict[int, Listed]] = {}
        self._sizes = [int(mask.sum()) for mask in supports.masks]

    def emit(self, read: Reader, done: Done) -> None:
        """All coefficients, by degree.

        read: gives those of the inputs.
        done: is told of every row and position that has been computed.
        """
        for degree in range(self.program.order + 1):
            self.emit_degree(degree, read, done)

    def emit_degree(self, degree: int, read: Reader, done: Done) -> None:
        """The coefficients of a degree, when those of lower ones are known."""
        for row in self._due(degree):
            for position in self.supports.positions(row, degree):
                self.memory.here = position
                self.memory.store(row, self._coefficient(row, degree, position, read))
                done(row, position)

    def _due(self, degree: int) -> list[int]:
        """The rows of which coefficients are computed; slopes give way to their integrals."""
        found: list[int] = []
        for index in range(len(self.program.rows)):
            base = self.views.get(index)
            if base is None and not (degree and index in self._steps):
                found.append(index)
            elif base in self._steps and degree:
                found.append(base)
        return found

    def _coefficient(self, index: int, degree: int, position: int, read: Reader) -> Scaled:
        row = self.program.rows[index]
        if isinstance(row.start, Input) and degree:
            given = read(row.start, position)
            return (given, 1) if isinstance(given, Value) else (None, given)
        if degree:
            step = self._steps.get(index, row.step)
            assert step is not None
            return self._step_value(self._present(step, position), degree, position)

        def start(given: Input) -> Value:
            value = read(given, 0)
            assert isinstance(value, Value)
            return value

        if row.step is not None and row.start is None:
            row = replace(row, step=self._present(row.step, position))
        sums = partial(self._sums, position=position)
        return self.start_value(row, self.points, start, sums), 1

    def _present(self, step: Step, position: int) -> Step:
        """The step without the terms that have no coefficient at a monomial."""
        kept = tuple(term for term in step.terms if self._is_present(term, position))
        return step if kept == step.terms else replace(step, terms=kept)

    def _is_present(self, term: Term, position: int) -> bool:
        operand, masks = term.operand, self.supports.masks
        if isinstance(operand, Coefficient):
            return bool(masks[operand.row][position])
        if isinstance(operand, Select):
            return bool(masks[operand.a][position] or masks[operand.b][position])
        return position in self._products(operand)

    def _products(self, c: Convolution) -> dict[int, Listed]:
        """The factors of a convolution's products, by monomial."""
        found = self._listed.get(c)
        if found is None:
            products = self.supports.products(c)
            pairs = list(zip(products.left.tolist(), products.right.tolist(), strict=True))
            starts = products.starts.tolist()
            found = self._listed[c] = {
                target: tuple(pairs[first:last])
                for target, first, last in zip(
                    products.targets.tolist(), starts, starts[1:], strict=False
                )
            }
        return found

    # -- sums of products -------------------------------------------------------------------------

    def _step_value(self, step: Step, degree: int, position: int) -> Scaled:
        operands = [term.operand for term in step.terms]
        counts = self._derivation(step, position)
        exact = not any(isinstance(term.constant, float) for term in step.terms)  # none is infinite
        convolutions = [c for c in operands if isinstance(c, Convolution)]
        if exact and all(self._is_lopsided(c, degree) for c in convolutions):
            return self._distributed(step, degree, position, counts)
        sums = self._sums(step, position, counts)
        self.memory.counts = counts
        return self.step_value_of(step, counts[position], self.points, sums), 1

    def _derivation(self, step: Step, position: int) -> Sequence[int]:
        """What each monomial is multiplied with by the derivation that serves a step best."""
        if step.times == "1/n" and all(map(self._is_derivative, step.terms)):
            powers = [column[position] for column in self._powers]
            return self._powers[powers.index(min(filter(None, powers)))]
        return self._degrees

    def _is_derivative(self, term: Term) -> bool:
        """Whether a term is linear in derivatives, all of them views."""
        operand = term.operand
        if isinstance(operand, Convolution) and operand.weight is None:
            read = [row for row in (operand.a, operand.b) if row in self.views]
        else:
            read = [operand.row] if isinstance(operand, Coefficient) else []
        return len(read) == 1 and read[0] in self.views and self.views[read[0]] not in self.views

    def _is_lopsided(self, c: Convolution, degree: int) -> bool:
        """Whether one factor has so few coefficients that common factors are best put there."""
        here = self.supports.among.of_degree(degree)
        return 2 * min(self._sizes[c.a], self._sizes[c.b]) <= here.stop - here.start

    def _distributed(self, step: Step, degree: int, position: int, counts: Sequence[int]) -> Scaled:
        """The step's value with all that its terms are multiplied with at one of their factors."""
        count = counts[position]
        times: Exact = {"1": 1, "n": count}.get(step.times) or Fraction(1, count)
        common = None
        if step.divisor is not None:
            common = self.memory.reciprocal(step.divisor, self.points)
        products: list[Product] = []
        for term in step.terms:
            factor = common
            if term.head is not None:
                head = self.memory.head(term.head, self.points)
                factor = head if factor is None else head * factor
            assert not isinstance(term.constant, tuple)
            assert not isinstance(term.constant, float)
            number = times if term.constant == 1 else times * term.constant
            if isinstance(term.operand, Convolution):
                products += self._listed_products(term.operand, position, counts, number, factor)
            elif isinstance(term.operand, Coefficient):
                value, own = self.memory.scaled(term.operand.row, position, counts)
                products.append((number if own == 1 else number * own, factor, value))
            else:
                value, _ = self.operand(term, degree, self.points, {})
                products.append((number, factor, value))
        return self._sum_of_products(products)

    def _listed_products(
        self,
        c: Convolution,
        position: int,
        counts: Sequence[int],
        number: Exact,
        factor: Value | None,
    ) -> list[Product]:
        """number * factor * w a_left b_right, with the factor put to the sparser one."""
        found: list[Product] = []
        square, swap = is_square(c), self._sizes[c.a] > self._sizes[c.b]
        for left, right in self._products(c)[position]:
            a, by_a = self.memory.scaled(c.a, left, counts)
            b, by_b = self.memory.scaled(c.b, right, counts)
            by = by_a * by_b
            whole = number if by == 1 else number * by
            if c.weight is not None:
                low, high = self._degrees[left], self._degrees[right]
                alpha, beta = c.weight
                assert not isinstance(alpha, float) and not isinstance(beta, float)
                whole = whole * (alpha * (low + high) + beta * low)
            if square and left != right:
                whole = whole * 2
            if whole == 0:
                continue
            if swap:
                a, b = b, a
            if factor is not None:
                a = factor if a is None else a * factor
            found.append((whole, a, b))
        return found

    def _sum_of_products(self, products: Sequence[Product]) -> Scaled:
        """The sum, with what equal factors are multiplied with added first: the coefficients of
        x**2 + y**2 are equal.
        """
        if len(products) == 1 and None in products[0][1:]:
            number, a, b = products[0]
            return b if a is None else a, number
        t = self.points.type(self.element)
        constant: Exact = 0
        groups: dict[tuple[str, ...], tuple[Value, list[Value]]] = {}
        for number, a, b in products:
            if b is None:
                a, b = b, a
            if b is None:
                constant += number
                continue
            scaled = self.b.constant(number, t)
            if a is not None:
                scaled = a if number == 1 else a * scaled
            key = _texts(scaled)
            groups.setdefault(key, (scaled, []))[1].append(b)
        if not groups:
            return None, constant
        listed = [(a, reduce(add, others)) for a, others in groups.values()]
        if constant:
            listed.append((self.b.constant(constant, t), self.b.constant(1, t)))

        def append(total: Value | None, k: int) -> Value:
            return self._add_product(total, *listed[k])

        total = in_chains(len(listed), append)
        assert total is not None
        return total, 1

    def _add_product(self, total: Value | None, a: Value, b: Value) -> Value:
        one = _texts(self.b.constant(1, a.type))
        if ELEMENTS[self.element].rounds_once and one in (_texts(a), _texts(b)):
            value = b if _texts(a) == one else a
            return value if total is None else value + total
        return a * b if total is None else self.b.fma(a, b, total)

    def _sums(
        self, step: Step, position: int, counts: Sequence[int] | None = None
    ) -> dict[Convolution, Doubled]:
        """The sums of products at a monomial."""
        found: dict[Convolution, Doubled] = {}
        t = self.points.type(self.element)
        for c in convolutions_of(step.terms):
            products = self._listed_products(c, position, counts or self._degrees, 1, None)
            value, number = self._sum_of_products(products)
            if value is None or number != 1:
                scale = self.b.constant(number, t)
                value = scale if value is None else value * scale
            found[c] = (value, False)
        return found


def _texts(value: Value) -> tuple[str, ...]:
    """What tells values apart."""
    return tuple(part.text for part in value.parts)
