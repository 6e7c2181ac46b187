"""exp, expm1, exp2 in double-double: 2**k times a polynomial on [-log(2)/2, log(2)/2].

Reduction after Cody & Waite, *Software Manual for the Elementary Functions* (1980), ch. 6, with
log(2) in three pieces; the polynomial is Taylor's, whose terms from r**14 / 14! on fit doubles.
Errors: exp(r) - 1 about 2 u**2 relative, u = 2**-53; exp, exp2 and expm1 below 4 u**2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, pair, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import nearest_multiple, power_of_two
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.steps import (
    call,
    chosen,
    clamp,
    finite_low,
    polynomial,
    scaled_pair,
)

_LN2_DIGITS = "0.69314718055994530941723212145817656807550013436025525412068000949"
LN2 = Fraction(_LN2_DIGITS)
# Products of the first two pieces with an exponent are exact; the third reaches 2**-137.
LN2_PIECES = constants.pieces(_LN2_DIGITS, 42, 42, 53)
# (exp(r) - 1 - r) / r**2 to 2**-108: what is left out is r**22 / 24!.
_SERIES = [Fraction(1, math.factorial(n)) for n in range(2, 24)]
_DOUBLES = 10


def reduce(b: Builder, x: PairValue, third: Value | None = None) -> tuple[Value, PairValue]:
    """(k, r) with x + third = k log(2) + r, k as i64, for |x| below 1100; r to 2**-108."""
    n, k = nearest_multiple(b, x.high, 1 / float(LN2))
    first, second, last = LN2_PIECES
    # Exact: where n is not 0, both terms are multiples of 2**-54 and their difference is below 1/2.
    high = b.fma(n, -first, x.high)
    high, error = two_sum(b, high, n * -second)
    high, lost = two_sum(b, high, x.low)
    rest = n * -last if third is None else b.fma(n, -last, third)
    return k, pair(*two_sum(b, high, lost + (error + rest)))


def _expm1_of_reduced(b: Builder, r: PairValue) -> Sequence[Value]:
    """exp(r) - 1 for |r| <= log(2)/2."""
    return [r + r * r * polynomial(b, r, _SERIES, _DOUBLES)]


_REDUCED = KernelFunction("expm1.reduced", 1, _expm1_of_reduced)


def expm1_of_reduced(b: Builder, r: PairValue) -> PairValue:
    """exp(r) - 1 for |r| <= log(2)/2, relatively accurate."""
    return call(b, _REDUCED, r)


def exponential(b: Builder, x: PairValue, third: Value | None = None) -> PairValue:
    """exp(x + third) for |x| below 1100."""
    k, r = reduce(b, x, third)
    return _times_power(b, expm1_of_reduced(b, r), k)


def _times_power(b: Builder, less: PairValue, k: Value) -> PairValue:
    """(1 + less) 2**k."""
    value = less + 1
    return scaled_pair(b, value, k)


def exp(b: Builder, x: PairValue) -> Sequence[Value]:
    return [exponential(b, clamp(b, x, -760, 720))]


def exp2(b: Builder, x: PairValue) -> Sequence[Value]:
    x = clamp(b, x, -1090, 1040)
    n, k = nearest_multiple(b, x.high, 1.0)
    r = pair(*two_sum(b, x.high - n, x.low)) * LN2
    return [_times_power(b, expm1_of_reduced(b, r), k)]


def expm1_or_quarter(b: Builder, x: PairValue, large: Value) -> PairValue:
    """exp(x) - 1; exp(x)/4 where `large`, which the last binade needs; -100 <= x <= 710.6."""
    k, r = reduce(b, x)
    power = power_of_two(b, k - b.select(large, b.constant(2, k.type), 0))
    one = b.select(large, b.constant(0, power.type), 1)
    less = expm1_of_reduced(b, r)
    return pair(*two_sum(b, power, -one)) + pair(less.high * power, less.low * power)


def expm1(b: Builder, x: PairValue) -> Sequence[Value]:
    large = x.high > 600
    value = expm1_or_quarter(b, clamp(b, x, -100, 710), large)
    value = chosen(b, large, pair(value.high * 4, value.low * 4), value)
    return [chosen(b, b.eq(x.high, 0), x, finite_low(b, value))]


EXP = KernelFunction("exp", 1, exp)
EXPM1 = KernelFunction("expm1", 1, expm1)
KERNELS = (EXP, KernelFunction("exp2", 1, exp2), EXPM1)
