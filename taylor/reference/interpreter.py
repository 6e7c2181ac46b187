"""The slow, exact interpreter of programs: coefficients are Python objects of any number kind.

It follows the semantics of `taylor_runtime.program` row by row, adds in the order that
`taylor_runtime.program.order` says, and is what machine code is compared with when the question is
whether the *program* was carried out; whether the program
itself is right is for tests against closed forms to say, because this interpreter shares our
recurrences.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from operator import add
from typing import Any

from taylor.errors import ArgumentError, UnsupportedFunctionError
from taylor.numbers.exact import to_float
from taylor.reference.kernels import kernel_definition
from taylor.reference.own_kernels import newton_value, part_value
from taylor_runtime.program.kernels import NewtonKernel, PartKernel
from taylor_runtime.program.kinds import DOUBLE
from taylor_runtime.program.order import (
    chain_count,
    chain_of,
    neighbours_added,
    outwards,
    rest_of_one_over,
)
from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Input,
    Kernel,
    Number,
    Operand,
    OwnKernel,
    Program,
    Row,
    Select,
    Step,
    Term,
)
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import is_square

Lanes = tuple[Any, ...]
Series = list[Lanes]  # coefficients 0 .. n of a row, each with its lanes


@dataclass(frozen=True, slots=True)
class Algebra:
    """A number kind: how exact constants enter it, how it divides, what its kernels are.

    Sums and products are the objects' own.

    fused: a b + c, where it is rounded once.
    rest:  what rounding leaves of 1/n, where a step takes it into account.
    choose: a where a condition is not zero, else b.
    dot:   a sum of products that is rounded once, for algebras to which the order is no matter.
    """

    number: Callable[[Number], Any]
    divide: Callable[[Any, Any], Any]
    kernel: Callable[[str | OwnKernel, Sequence[Any]], Any]
    fused: Callable[[Any, Any, Any], Any] = lambda a, b, c: a * b + c
    rest: Callable[[int], Number] = lambda n: 0
    choose: Callable[[Any, Any, Any], Any] = lambda condition, a, b: a if condition != 0 else b
    dot: Callable[[Sequence[Any], Sequence[Any]], Any] | None = None


def fraction_algebra() -> Algebra:
    """Exact rational numbers, for programs whose kernels are all rational."""

    def kernel(name: str | OwnKernel, arguments: Sequence[Any]) -> Any:
        definition = (
            None if isinstance(name, NewtonKernel | PartKernel) else kernel_definition(name)
        )
        natural = name == "pow" and arguments[1] == int(arguments[1])
        if definition is None or not (definition.rational or natural):
            raise UnsupportedFunctionError(
                f"fraction_algebra: {str(name)!r} is not rational; use mpmath_algebra"
            )
        return Fraction(definition.mpmath(None, *arguments))

    return Algebra(lambda value: Fraction(value), lambda a, b: a / b, kernel)


def mpmath_algebra(context: Any) -> Algebra:
    """Real numbers of an mpmath context, in its working precision; what is not real becomes NaN."""

    def number(value: Number) -> Any:
        if isinstance(value, Fraction):
            return context.mpf(value.numerator) / value.denominator
        return context.mpf(value)

    def divide(a: Any, b: Any) -> Any:
        if b == 0:
            return context.nan if a == 0 or a != a else context.sign(a) * context.inf
        return a / b

    def value_of(kernel: str | OwnKernel, arguments: Sequence[Any]) -> Any:
        if isinstance(kernel, NewtonKernel):
            return newton_value(kernel, context, formula, arguments)
        if isinstance(kernel, PartKernel):
            return part_value(kernel, context, formula, arguments)
        return kernel_definition(kernel).mpmath(context, *arguments)

    def formula(program: Program, given: Sequence[Any]) -> list[Any]:
        return [found[0] for found in coefficients(program, {"parameter": given}, algebra)]

    def kernel(name: str | OwnKernel, arguments: Sequence[Any]) -> Any:
        try:
            value = context.convert(value_of(name, arguments))
        except (ZeroDivisionError, ValueError):
            return context.nan
        return context.nan if isinstance(value, context.mpc) else value

    algebra = Algebra(number, divide, kernel, dot=context.fdot)
    return algebra


def float_algebra(context: Any) -> Algebra:
    """float64 as machine code computes with it, but for kernels, which are rounded from mpmath."""
    exact = mpmath_algebra(context)

    def divide(a: float, b: float) -> float:
        return a / b if b else float(exact.divide(context.mpf(a), context.mpf(b)))

    def kernel(name: str | OwnKernel, arguments: Sequence[Any]) -> float:
        return float(exact.kernel(name, [context.mpf(a) for a in arguments]))

    return Algebra(to_float, divide, kernel, fused_float, partial(rest_of_one_over, kind=DOUBLE))


def fused_float(a: float, b: float, c: float) -> float:
    """a b + c, rounded once."""
    if not (a and b and math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        return a * b + c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    return to_float(exact) if exact else 0.0


def coefficients(
    program: Program,
    inputs: Mapping[str, Sequence[Any]],
    algebra: Algebra,
    time_scale: Any = 1,
) -> list[list[Any]]:
    """Return the Taylor coefficients 0 .. order of every output of a program.

    inputs: one sequence for each source ("state", "parameter", "time", "jet"), one item a slot; for
        "jet" an item is the sequence of the slot's coefficients 0 .. order.
    time_scale: the factor h of the steps "h/n", and the coefficient of order one of the time.

    Raises ArgumentError if a source or slot is missing.

    >>> from taylor.recurrences.decompose import decompose
    >>> from taylor.expressions.leaves import variable
    >>> x = variable("x")
    >>> program = decompose([x], {x: Input("state", (0,))}, order=4, derivatives=[x * x])
    >>> [str(c) for c in coefficients(program, {"state": [Fraction(1, 2)]}, fraction_algebra())[0]]
    ['1/2', '1/4', '1/8', '1/16', '1/32']
    """
    rows = row_coefficients(program, inputs, algebra, time_scale)
    return [[lanes[lane] for lanes in rows[row]] for row, lane in program.outputs]


def row_coefficients(
    program: Program,
    inputs: Mapping[str, Sequence[Any]],
    algebra: Algebra,
    time_scale: Any = 1,
) -> list[Series]:
    """Return the coefficients of every row, each with its lanes; of constant rows only order 0."""
    work = Interpreter(program, inputs, algebra, time_scale)
    for n in range(program.order + 1):
        for index, row in enumerate(program.rows):
            if n == 0 or not row.constant:
                work.values[index].append(work.coefficient(row, n))
    return work.values


class Interpreter:
    """Computes coefficients one by one; a lane is whatever tells the elements of a row apart."""

    def __init__(
        self,
        program: Program,
        inputs: Mapping[str, Sequence[Any]],
        algebra: Algebra,
        time_scale: Any,
    ) -> None:
        self.program = program
        self.inputs = inputs
        self.algebra = algebra
        self.time_scale = time_scale
        self.fused = algebra.fused
        self.values: list[Series] = [[] for _ in program.rows]

    def coefficient(self, row: Row, n: int) -> Lanes:
        """All lanes of coefficient n of a row."""
        if row.gather is not None:
            return tuple(self._gathered(source, lane, n) for source, lane in row.gather.sources)
        return tuple(self._lane(row, n, lane) for lane in range(row.width))

    def _value(self, row: int, n: int, lane: Any) -> Any:
        """Coefficient n of a row, where another row has this lane."""
        return self.values[row][n][lane]

    def _gathered(self, source: int, lane: Any, n: int) -> Any:
        series = self.values[source]
        return series[n][lane] if n < len(series) else self.algebra.number(0)

    def _lane(self, row: Row, n: int, lane: Any) -> Any:
        if isinstance(row.start, Input) and (n == 0 or row.step is None):
            value = self._input(row.start, n, lane)
        elif n == 0 and isinstance(row.start, Kernel):
            value = self._kernel(row.start, lane)
        elif row.step is not None:
            value = self._step(row.step, n, lane)
        else:
            value = self.algebra.number(0)
        return value + self._number(row.offset, lane) if n == 0 else value

    def _input(self, source: Input, n: int, lane: Any) -> Any:
        slots = self.inputs.get(source.source, ())
        slot = source.index[lane]
        if slot >= len(slots):
            raise ArgumentError(
                f"coefficients: inputs[{source.source!r}] has {len(slots)} item(s), "
                f"slot {slot} is needed"
            )
        if source.source == "jet":
            return slots[slot][n]
        if n == 0:
            return slots[slot]
        if source.source == "time" and n == 1:
            return self.time_scale
        return self.algebra.number(0)

    def _kernel(self, kernel: Kernel, lane: Any) -> Any:
        arguments = [self._value(argument, 0, lane) for argument in kernel.arguments]
        constants = [self._number(constant, lane) for constant in kernel.constants]
        return self.algebra.kernel(kernel.function, [*arguments, *constants])

    def _number(self, constant: Constant, lane: Any) -> Any:
        return self.algebra.number(constant[lane] if isinstance(constant, tuple) else constant)

    def _step(self, step: Step, n: int, lane: Any) -> Any:
        if n == 0:
            if step.times in ("n", "h"):
                return self.algebra.number(0)
            total = self._sum(step.terms, 0, lane)
            return total if step.divisor is None else self._quotient(total, step, lane)
        factor, rest = self._factor(step, n, lane)
        if factor is not None and len(step.terms) == 1 and step.divisor is None:
            (term,) = step.terms
            value, doubled = self._operand(term.operand, n, lane)
            number = self._add(None, term, (self.algebra.number(1), doubled), lane)
            unit = term.head is None and term.constant in (1, -1) and not doubled
            factor, rest = self._scaled(number, factor, rest, unit)
        else:
            value = self._sum(step.terms, n, lane)
            if step.divisor is not None and self.program.exact_division:
                value = self._quotient(value, step, lane)
        if factor is None:
            return value
        return value * factor if rest is None else self.fused(value, factor, value * rest)

    def _quotient(self, value: Any, step: Step, lane: Any) -> Any:
        assert step.divisor is not None
        return self.algebra.divide(value, self._value(step.divisor, 0, lane))

    def _factor(self, step: Step, n: int, lane: Any) -> tuple[Any, Any]:
        """times(n) / divisor_0 as one number, None for 1; and what rounding left of it, or None."""
        factor: Any = None
        rest: Any = None
        if step.times == "n":
            factor = self.algebra.number(n)
        elif step.times == "1/n":
            factor = self.algebra.number(Fraction(1, n))
        elif step.times == "h/n":
            factor = self.time_scale * self.algebra.number(Fraction(1, n))
            left = self.algebra.rest(n) if step.divisor is None else 0
            rest = self.algebra.number(left) * self.time_scale if left else None
        elif step.times == "h":
            factor = self.time_scale
        elif step.times == "h/m":
            factor = self.time_scale * self.algebra.number(Fraction(1, self.program.order + 1 - n))
        if step.divisor is not None and not self.program.exact_division:
            reciprocal = self._quotient(self.algebra.number(1), step, lane)
            factor = reciprocal if factor is None else reciprocal * factor
        return factor, rest

    def _scaled(self, number: Any, factor: Any, rest: Any, unit: bool) -> tuple[Any, Any]:
        """The factor times a number, rounded, and what is left of that."""
        whole = number * factor
        if rest is None:
            return whole, None
        if unit:
            return whole, number * rest
        return whole, self.fused(number, factor, -whole) + number * rest

    # -- sums, see `program.order` ----------------------------------------------------------------

    def _sum(self, terms: Sequence[Term], n: int, lane: Any) -> Any:
        if not terms:
            return self.algebra.number(0)
        chains: list[Any] = [None] * chain_count(len(terms))
        for position, term in enumerate(terms):
            chain = chain_of(position, len(terms))
            operand = self._operand(term.operand, n, lane)
            chains[chain] = self._add(chains[chain], term, operand, lane)
        return neighbours_added(chains, add)

    def _add(self, total: Any, term: Term, given: tuple[Any, bool], lane: Any) -> Any:
        """total + constant * head * operand, of which the total may be missing."""
        operand, doubled = given
        constant = term.constant[lane] if isinstance(term.constant, tuple) else term.constant
        constant = 2 * constant if doubled else constant
        if term.head is not None:
            head = self._value(term.head, 0, lane)
            factor = head if constant == 1 else head * self.algebra.number(constant)
        elif constant == 1:
            return operand if total is None else total + operand
        elif constant == -1:  # objects need sums and products alone
            opposite = operand * self.algebra.number(-1)
            return opposite if total is None else total + opposite
        else:
            factor = self.algebra.number(constant)
        return operand * factor if total is None else self.fused(operand, factor, total)

    def _operand(self, operand: Operand, n: int, lane: Any) -> tuple[Any, bool]:
        """The operand's value, and whether it is still to be doubled."""
        if isinstance(operand, Coefficient):
            return self._value(operand.row, n - operand.lag, lane), False
        if isinstance(operand, Select):
            a, b = (self._value(row, n, lane) for row in (operand.a, operand.b))
            return self.algebra.choose(self._value(operand.condition, 0, lane), a, b), False
        return self._convolution(operand, n, lane)

    def _weighted(self, c: Convolution, n: int, j: int, lane: Any) -> Any:
        """The first factor of product j of a convolution."""
        x = self._value(c.a, j, lane)
        if c.weight is None:
            return x
        return x * self.algebra.number(c.weight[0] * n + c.weight[1] * j)

    def _convolution(self, c: Convolution, n: int, lane: Any) -> tuple[Any, bool]:
        zero, square = self.algebra.number(0), is_square(c)
        if n < c.first + c.last:
            return zero, square
        if self.algebra.dot is not None:
            orders = range(c.first, n - c.last + 1)
            first = [self._weighted(c, n, j, lane) for j in orders]
            second = [self._value(c.b, n - j, lane) for j in orders]
            return self.algebra.dot(first, second), False
        order = outwards(c.first, c.last, n)

        def plus(total: Any, j: int) -> Any:
            x, y = self._weighted(c, n, j, lane), self._value(c.b, n - j, lane)
            return self.fused(x, y, total)

        first, second = zero, zero
        if square and order.odd:
            middle = self._value(c.a, order.middle, lane)
            first = (middle * self.algebra.number(Fraction(1, 2))) * middle
        elif order.odd:
            second = plus(second, order.middle)
        for i in range(order.half):
            first = plus(first, order.below(i))
            second = second if square else plus(second, order.above(i))
        if square:
            return first, True
        newest = order.newest
        if newest is None:
            return first + second, False
        if not c.early:
            return plus(first + second, newest), False
        if newest == n:
            return first + plus(second, newest), False
        return plus(first, newest) + second, False
