"""Steps that the double-double kernels share."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, fast_two_sum, pair, two_product
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import integer, scaled
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.basics.polynomial import polynomial as double_polynomial

INFINITY = float("inf")
NAN = float("nan")


def as_pair(value: Value) -> PairValue:
    """A value that is known to be a double-double."""
    assert isinstance(value, PairValue)
    return value


def magnitude(b: Builder, x: PairValue) -> PairValue:
    return as_pair(b.fabs(x))


def call(b: Builder, kernel: KernelFunction, *arguments: PairValue) -> PairValue:
    """The only result of a kernel."""
    return as_pair(emit_call(b, kernel, arguments)[0])


def widened(b: Builder, high: Value) -> PairValue:
    """A double as a double-double."""
    return pair(high, b.constant(0, high.type))


def constant(b: Builder, number: Fraction | float, like: PairValue) -> PairValue:
    """`number` as a double-double with the lanes of `like`."""
    return as_pair(b.constant(number, like.type))


def chosen(b: Builder, condition: Value, x: PairValue, y: PairValue) -> PairValue:
    """x where the condition holds, else y."""
    return as_pair(b.select(condition, x, y))


def finite_low(b: Builder, x: PairValue) -> PairValue:
    """x, without a low part where the high part is infinite or not a number."""
    return pair(x.high, b.select(b.fabs(x.high) < INFINITY, x.low, 0))


def clamp(b: Builder, x: PairValue, low: float, high: float) -> PairValue:
    """x between low and high; NaN stays."""
    x = chosen(b, x.high < low, constant(b, low, x), x)
    return chosen(b, x.high > high, constant(b, high, x), x)


def scaled_pair(b: Builder, x: PairValue, k: Value) -> PairValue:
    """x * 2**k for i64 k in -2044 .. 2046, rounded once where the result is subnormal."""
    times = scaled(b, k)
    return finite_low(b, pair(times(x.high), times(x.low)))


def scaled_far(b: Builder, value: PairValue, exponent: Value) -> PairValue:
    """2**exponent value for any integer exponent, |value| from 2**-400 to 2**400 or a limit."""
    exponent = b.select(exponent < -2000, b.constant(-2000, exponent.type), exponent)
    exponent = b.select(exponent > 1600, b.constant(1600, exponent.type), exponent)
    return scaled_pair(b, value, integer(b, exponent))


def polynomial(
    b: Builder, x: PairValue, coefficients: Sequence[Fraction], doubles: int
) -> PairValue:
    """sum_k coefficients[k] x**k, not normalised; the last `doubles` terms in double arithmetic.

    Horner's rule with fast two-sums: every coefficient must exceed all that follows it.  Each
    step errs by some 3 u**2 of its own size, so that the last one, which is the least, counts.
    """
    leading = len(coefficients) - doubles
    tail = double_polynomial(b, x.high, [float(c) for c in coefficients[leading:]])
    value = widened(b, tail)
    for coefficient in reversed(coefficients[:leading]):
        term = constant(b, coefficient, x)
        product, error = two_product(b, value.high, x.high)
        error = b.fma(value.low, x.high, b.fma(value.high, x.low, error))
        high, lost = fast_two_sum(b, term.high, product)
        value = pair(high, (term.low + error) + lost)
    return value
