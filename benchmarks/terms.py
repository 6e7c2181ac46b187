"""How large the terms are whose sum a Taylor coefficient is: the scale of its rounding error.

Where the terms of a recurrence cancel, no evaluation in float64 can be right to a few ulp of the
result; a few ulp of the sum of the terms' absolute values is what can be asked.  A number that has
itself lost digits by cancelling passes them on, so the size s of a quantity v, s >= |v|, is carried
along by the rules of first-order error analysis (Higham, Accuracy and Stability of Numerical
Algorithms (2002), section 3.3):

    sum c v    s = sum |c| s_v
    a b        s = s_a |b| + |a| s_b - |a b|
    a / b      s = s_a / |b| + |a / b| (s_b / |b| - 1)
    f(a)       s = |f(a)| + |f'(a)| s_a     at order zero; without the second term if a is exact

so that s = |v| as long as nothing cancels.  The values are exact (mpmath); the rows of the program
say what the terms are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mpmath import mp

from taylor.expressions.expression import Expression
from taylor.recurrences.decompose import decompose
from taylor.reference.interpreter import Series, mpmath_algebra, row_coefficients
from taylor.reference.kernels import kernel_definition
from taylor_runtime.program.program import (
    Convolution,
    Input,
    Kernel,
    Operand,
    Program,
    Select,
    Step,
)

_DIGITS = 150  # the terms may be 10^60 times their sum


def term_sizes(expression: Expression, x: Expression, point: float, order: int) -> list[Any]:
    """The sizes of the coefficients 0 .. order of the expression at x = point."""
    program = decompose([expression], {x: Input("jet", (0,))}, order)
    with mp.workdps(_DIGITS):
        jet = [mp.mpf(point), mp.one, *([mp.zero] * order)][: order + 1]
        work = _Sizes(program, row_coefficients(program, {"jet": [jet]}, mpmath_algebra(mp)))
        for n in range(order + 1):
            for row in range(len(program.rows)):
                work.append(row, n)
        return work.sizes[program.outputs[0][0]]


class _Sizes:
    """The sizes of all coefficients of all rows so far."""

    def __init__(self, program: Program, series: Sequence[Series]) -> None:
        self.rows = program.rows
        self.values = [[abs(lanes[0]) for lanes in one] for one in series]
        self.signed = series
        self.sizes: list[list[Any]] = [[] for _ in program.rows]

    def append(self, row: int, n: int) -> None:
        """Add the size of coefficient n of a row; constant rows have no more than one."""
        if n >= len(self.values[row]):
            return
        source, step, value = self.rows[row].start, self.rows[row].step, self.values[row][n]
        size = value
        if n == 0 and isinstance(source, Kernel):
            size = self._kernel(source, value)
        elif step is not None and not isinstance(source, Input):
            size = max(value, self._step(step, n, value))
        self.sizes[row].append(size)

    def _kernel(self, kernel: Kernel, value: Any) -> Any:
        function = kernel_definition(kernel.function).mpmath
        constants = [_number(constant) for constant in kernel.constants]
        arguments = [self.signed[row][0][0] for row in kernel.arguments]
        size = value
        for place, row in enumerate(kernel.arguments):
            if isinstance(self.rows[row].start, Input) or self.values[row][0] == 0:
                continue  # an exact argument

            def along(a: Any, place: int = place) -> Any:
                return function(mp, *arguments[:place], a, *arguments[place + 1 :], *constants)

            size += abs(mp.diff(along, arguments[place])) * self.sizes[row][0]
        return size

    def _step(self, step: Step, n: int, value: Any) -> Any:
        total = mp.zero
        for term in step.terms:
            operand, size = self._operand(term.operand, n)
            if term.head is not None:
                size = _product(operand, size, self.values[term.head][0], self.sizes[term.head][0])
            total += abs(_number(term.constant)) * size
        if step.times != "1":
            total = total * n if step.times == "n" else total / n
        if step.divisor is not None:
            divisor, size = self.values[step.divisor][0], self.sizes[step.divisor][0]
            total = total / divisor + value * (size / divisor - 1)
        return total

    def _operand(self, operand: Operand, n: int) -> tuple[Any, Any]:
        """Absolute value and size."""
        if isinstance(operand, Convolution):
            return self._convolution(operand, n)
        if isinstance(operand, Select):
            chosen = operand.a if self.values[operand.condition][0] != 0 else operand.b
            return self.values[chosen][n], self.sizes[chosen][n]
        return self.values[operand.row][n - operand.lag], self.sizes[operand.row][n - operand.lag]

    def _convolution(self, c: Convolution, n: int) -> tuple[Any, Any]:
        value, size = mp.zero, mp.zero
        for j in range(c.first, n - c.last + 1):
            k = n - j
            weight = 1 if c.weight is None else _number(c.weight[0] * n + c.weight[1] * j)
            value += weight * self.signed[c.a][j][0] * self.signed[c.b][k][0]
            size += abs(weight) * _product(
                self.values[c.a][j], self.sizes[c.a][j], self.values[c.b][k], self.sizes[c.b][k]
            )
        return abs(value), size


def _product(a: Any, a_size: Any, b: Any, b_size: Any) -> Any:
    return a_size * b + a * b_size - a * b


def _number(value: Any) -> Any:
    return (
        mp.mpf(value.numerator) / value.denominator
        if hasattr(value, "numerator")
        else mp.mpf(value)
    )
