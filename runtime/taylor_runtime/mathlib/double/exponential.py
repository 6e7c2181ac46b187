"""exp, expm1, exp2 and the Gaussian: 2**k times a polynomial on [-log(2)/2, log(2)/2].

Reduction after Cody & Waite, *Software Manual for the Elementary Functions* (1980), ch. 6, with
one fused multiply-add: the high part of the reduced argument is exact, so that only its low part
carries an error.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum, two_product, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import nearest_multiple, power_of_two, scaled, usually
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.basics.pairs import Pair, multiply
from taylor_runtime.mathlib.basics.polynomial import polynomial
from taylor_runtime.mathlib.double import coefficients

LN2_HIGH, LN2_LOW = constants.LN2


def reduce(b: Builder, x: Value, low: Value | None = None) -> tuple[Value, Pair]:
    """(k, (r, c)) with x + low = k log(2) + r + c; k as i64, |x| below 2**40."""
    n, k = nearest_multiple(b, x, 1 / LN2_HIGH)
    # Exact: where n is not 0, both terms are multiples of 2**-54 and their difference is below 1/2.
    r = b.fma(n, -LN2_HIGH, x)
    c = n * -LN2_LOW if low is None else b.fma(n, -LN2_LOW, low)
    return k, fast_two_sum(b, r, c)


def expm1_of_reduced(b: Builder, r: Pair) -> Pair:
    """exp(r) - 1 for |r| <= log(2)/2, as r[0] plus a smaller number."""
    series = polynomial(b, r[0], coefficients.EXP)
    return r[0], b.fma(r[0] * r[0], series, b.fma(r[0], r[1], r[1]))


def exponential(b: Builder, x: Value, low: Value | None = None) -> tuple[Value, Pair]:
    """(k, (h, l)) with exp(x + low) = 2**k (h + l), h in 0.7 .. 1.42; |x| below 2**40."""
    k, r = reduce(b, x, low)
    high, low = expm1_of_reduced(b, r)
    total, rest = fast_two_sum(b, b.constant(1, x.type), high)
    return k, (total, rest + low)


def clamp(b: Builder, x: Value, low: float, high: float) -> Value:
    """x between low and high; NaN stays."""
    return at_most(b, b.select(x < low, b.constant(low, x.type), x), high)


def at_most(b: Builder, x: Value, high: float) -> Value:
    """The smaller one of x and high; NaN stays."""
    return b.select(x > high, b.constant(high, x.type), x)


def exp(b: Builder, x: Value) -> Sequence[Value]:
    k, (high, low) = exponential(b, x)
    value = (high + low) * power_of_two(b, k)
    return usually(b, b.fabs(x) < 708, [value], EXP_ANYWHERE, [x])


def _exp_anywhere(b: Builder, x: Value) -> Sequence[Value]:
    k, (high, low) = exponential(b, clamp(b, x, -760, 720))
    return [scaled(b, k)(high + low)]


def exp2(b: Builder, x: Value) -> Sequence[Value]:
    x = clamp(b, x, -1090, 1040)
    n, k = nearest_multiple(b, x, 1.0)
    r = multiply(b, (x - n, b.constant(0, x.type)), constants.LN2)
    high, low = expm1_of_reduced(b, r)
    total, rest = fast_two_sum(b, b.constant(1, x.type), high)
    return [scaled(b, k)(total + (rest + low))]


def expm1_pair(b: Builder, x: Value, halvings: Value | None = None) -> Pair:
    """exp(x) - 1; with `halvings` (i64), 2**-halvings exp(x) - 1, for where 1 does not matter.

    x from -60 to 709, or to 710.6 with two halvings.
    """
    k, r = reduce(b, x)
    power = power_of_two(b, k if halvings is None else k - halvings)
    high, low = expm1_of_reduced(b, r)
    less, lost = fast_two_sum(b, power, b.constant(-1, x.type))  # 2**54 - 1 is no double
    total, rest = two_sum(b, less, power * high)
    return total, b.fma(power, low, rest + lost)


def expm1(b: Builder, x: Value) -> Sequence[Value]:
    huge = x > 600
    zero = b.constant(0, x.type.of("i64"))
    high, low = expm1_pair(b, clamp(b, x, -60, 710), b.select(huge, zero + 2, zero))
    value = (high + low) * b.select(huge, b.constant(4, x.type), 1)
    return [b.select(b.eq(x, 0), x, value)]


def exp_of_minus_square(b: Builder, x: Value) -> tuple[Value, Pair]:
    """(k, (h, l)) with exp(-x**2) = 2**k (h + l); x**2 is not rounded."""
    x = clamp(b, x, -28, 28)
    square, error = two_product(b, x, x)
    return exponential(b, -square, -error)


def erf_derivative(b: Builder, x: Value) -> Sequence[Value]:
    """2/sqrt(pi) exp(-x**2)."""
    k, value = exp_of_minus_square(b, x)
    high, low = multiply(b, value, constants.TWO_OVER_SQRT_PI)
    return [scaled(b, k)(high + low)]


EXP_ANYWHERE = KernelFunction("exp_anywhere", 1, _exp_anywhere)
KERNELS = (
    KernelFunction("exp", 1, exp),
    KernelFunction("exp2", 1, exp2),
    KernelFunction("expm1", 1, expm1),
    KernelFunction("erf_derivative", 1, erf_derivative),
)
