"""The slow, exact interpreter of programs: coefficients are Python objects of any number kind.

It follows the semantics of `taylor_runtime.program` row by row and is what machine code is
compared with when the question is whether the *program* was carried out; whether the program
itself is right is for tests against closed forms to say, because this interpreter shares our
recurrences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from taylor.errors import ArgumentError, UnsupportedFunctionError
from taylor.numbers.exact import to_float
from taylor.reference.kernels import kernel_definition
from taylor.reference.own_kernels import newton_value
from taylor_runtime.program.kernels import NewtonKernel
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

Lanes = tuple[Any, ...]
Series = list[Lanes]  # coefficients 0 .. n of a row, each with its lanes


@dataclass(frozen=True, slots=True)
class Algebra:
    """A number kind: how exact constants enter it, how it divides, what its kernels are.

    Sums and products are the objects' own.
    """

    number: Callable[[Number], Any]
    divide: Callable[[Any, Any], Any]
    kernel: Callable[[str | OwnKernel, Sequence[Any]], Any]


def fraction_algebra() -> Algebra:
    """Exact rational numbers, for programs whose kernels are all rational."""

    def kernel(name: str | OwnKernel, arguments: Sequence[Any]) -> Any:
        definition = None if isinstance(name, NewtonKernel) else kernel_definition(name)
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
        return kernel_definition(kernel).mpmath(context, *arguments)

    def formula(program: Program, given: Sequence[Any]) -> list[Any]:
        return [found[0] for found in coefficients(program, {"parameter": given}, algebra)]

    def kernel(name: str | OwnKernel, arguments: Sequence[Any]) -> Any:
        try:
            value = context.convert(value_of(name, arguments))
        except (ZeroDivisionError, ValueError):
            return context.nan
        return context.nan if isinstance(value, context.mpc) else value

    algebra = Algebra(number, divide, kernel)
    return algebra


def float_algebra(context: Any) -> Algebra:
    """float64 with kernels rounded from mpmath: machine code without fused operations."""
    exact = mpmath_algebra(context)

    def divide(a: float, b: float) -> float:
        return a / b if b else float(exact.divide(context.mpf(a), context.mpf(b)))

    def kernel(name: str | OwnKernel, arguments: Sequence[Any]) -> float:
        return float(exact.kernel(name, [context.mpf(a) for a in arguments]))

    return Algebra(to_float, divide, kernel)


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
    work = _Interpreter(program, inputs, algebra, time_scale)
    for n in range(program.order + 1):
        for index, row in enumerate(program.rows):
            if n == 0 or not row.constant:
                work.values[index].append(work.coefficient(row, n))
    return work.values


class _Interpreter:
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
        self.values: list[Series] = [[] for _ in program.rows]

    def coefficient(self, row: Row, n: int) -> Lanes:
        """All lanes of coefficient n of a row."""
        if row.gather is not None:
            return tuple(self._gathered(source, lane, n) for source, lane in row.gather.sources)
        return tuple(self._lane(row, n, lane) for lane in range(row.width))

    def _gathered(self, source: int, lane: int, n: int) -> Any:
        series = self.values[source]
        return series[n][lane] if n < len(series) else self.algebra.number(0)

    def _lane(self, row: Row, n: int, lane: int) -> Any:
        if isinstance(row.start, Input) and (n == 0 or row.step is None):
            value = self._input(row.start, n, lane)
        elif n == 0 and isinstance(row.start, Kernel):
            value = self._kernel(row.start, lane)
        elif row.step is not None:
            value = self._step(row.step, n, lane)
        else:
            value = self.algebra.number(0)
        return value + self._number(row.offset, lane) if n == 0 else value

    def _input(self, source: Input, n: int, lane: int) -> Any:
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

    def _kernel(self, kernel: Kernel, lane: int) -> Any:
        arguments = [self.values[argument][0][lane] for argument in kernel.arguments]
        constants = [self._number(constant, lane) for constant in kernel.constants]
        return self.algebra.kernel(kernel.function, [*arguments, *constants])

    def _number(self, constant: Constant, lane: int) -> Any:
        return self.algebra.number(constant[lane] if isinstance(constant, tuple) else constant)

    def _step(self, step: Step, n: int, lane: int) -> Any:
        total = self.algebra.number(0)
        for term in step.terms:
            total = total + self._term(term, n, lane)
        if step.times == "n":
            total = total * n
        elif step.times != "1":
            total = self.algebra.divide(total, self.algebra.number(n))
            total = total * self.time_scale if step.times == "h/n" else total
        if step.divisor is not None:
            total = self.algebra.divide(total, self.values[step.divisor][0][lane])
        return total

    def _term(self, term: Term, n: int, lane: int) -> Any:
        value = self._operand(term.operand, n, lane)
        if term.constant != 1:
            value = self._number(term.constant, lane) * value
        return value if term.head is None else value * self.values[term.head][0][lane]

    def _operand(self, operand: Operand, n: int, lane: int) -> Any:
        if isinstance(operand, Coefficient):
            return self.values[operand.row][n - operand.lag][lane]
        if isinstance(operand, Select):
            chosen = self.values[operand.condition][0][lane] != 0
            return self.values[operand.a if chosen else operand.b][n][lane]
        return self._convolution(operand, n, lane)

    def _convolution(self, c: Convolution, n: int, lane: int) -> Any:
        total = self.algebra.number(0)
        for j in range(c.first, n - c.last + 1):
            product = self.values[c.a][j][lane] * self.values[c.b][n - j][lane]
            if c.weight is not None:
                product = self.algebra.number(c.weight[0] * n + c.weight[1] * j) * product
            total = total + product
        return total
