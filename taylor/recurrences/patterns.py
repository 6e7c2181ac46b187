"""Patterns of sums and quotients that decide which steps take up which nodes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from taylor.expressions.expression import Expression
from taylor.numbers.data import ArrayData
from taylor.numbers.exact import can_merge, is_movable
from taylor_runtime.program.program import Coefficient, Row

_EXACT_INTEGERS = 1 << 53  # below this, integers are exact in float64
_LARGEST = 1 << 126  # of divisors' denominators: all of them are normal numbers, in float32 too


def exact_divisor(e: Expression) -> Fraction | None:
    """q if e is x / q and dividing rounds once, multiplying by 1/q twice; else None.

    q is exact in float64, and its reciprocal is not: x / 0.1 is not 10 x, and rounded down it may
    be one less.
    """
    if e.op != "linear" or len(e.args) != 1 or e.payload[1] != 0:
        return None
    coefficient = Fraction(e.payload[0][0])
    p, power = coefficient.denominator, abs(coefficient.numerator)
    is_power_of_two = power & (power - 1) == 0
    p_is_power_of_two = p & (p - 1) == 0
    if is_power_of_two and not p_is_power_of_two and p < _EXACT_INTEGERS and power < _LARGEST:
        return 1 / coefficient
    return None


def only_term(row: Row) -> tuple[Any, int, int | None] | None:
    """(c, r, p) if the row is just c p_0 times row r: a state takes that into its own step."""
    step = row.step
    if step is None or row.start is not None or (step.times, step.divisor) != ("1", None):
        return None
    if len(step.terms) != 1 or row.offset != 0:
        return None
    operand = step.terms[0].operand
    if not isinstance(operand, Coefficient):
        return None
    return step.terms[0].constant, operand.row, step.terms[0].head


def may_multiply(constant: Any, factor: Any, head: int | None) -> bool:
    """Whether the constants of constant * (factor * head_0 * row_n) may become one."""
    if head is not None and not is_movable(constant):
        return False
    return constant in (1, -1) or can_merge(constant, factor, constant * factor)


def enters_numerator(constant: Any, numerator: Expression) -> bool:
    """Whether constant * (a / b) may be computed as (constant * a) / b."""
    if numerator.op == "constant" and not isinstance(numerator.payload, float | ArrayData):
        return can_merge(constant, numerator.payload, constant * numerator.payload)
    if not is_movable(constant):
        return False
    while is_plain_sum(numerator):  # a sum that begins with a sum may absorb it
        if not all(can_merge(constant, c, constant * c) for c in numerator.payload[0]):
            return False
        numerator = numerator.args[0]
    return True


def is_product(e: Expression) -> bool:
    op = e.op
    if op == "pow":
        return e.args[1].op == "constant" and e.args[1].payload == 2
    return op == "mul"


def is_plain_sum(e: Expression) -> bool:
    """Whether another step may take the terms: a multiple of a quotient is a step of its own."""
    only_quotient = e.op == "linear" and len(e.args) == 1 and e.args[0].op == "div"
    return e.op == "linear" and e.payload[1] == 0 and not only_quotient
