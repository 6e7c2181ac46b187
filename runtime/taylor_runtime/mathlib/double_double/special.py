"""The error function in double-double.

Below 1/2 Taylor's series of erf; above, erfc(x) = exp(-x**2) f(u) / (1 + 2 x) with f smooth in
u = (x - 5)/(x + 5) (Shepherd & Laframboise, Math. Comp. 36 (1981) 249), and x**2 in three doubles,
so that erfc is relatively accurate to its underflow.
Measured errors stay below 7 units of 2**-106.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, fast_two_sum, pair, two_product, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import where_rare
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double_double.constants import TWO_OVER_SQRT_PI
from taylor_runtime.mathlib.double_double.erfc_coefficients import CENTRE, ERFCX
from taylor_runtime.mathlib.double_double.exponential import expm1_of_reduced, reduce
from taylor_runtime.mathlib.double_double.long_polynomial import long_polynomial
from taylor_runtime.mathlib.double_double.steps import (
    as_pair,
    chosen,
    constant,
    magnitude,
    polynomial,
    scaled_pair,
)

SWITCH = 0.5
LARGEST = 28  # exp(-x**2) is 0
# erf(x)/x in x**2; what is left out is below 2**-111 of it
_ERF = [TWO_OVER_SQRT_PI * Fraction((-1) ** k, math.factorial(k) * (2 * k + 1)) for k in range(22)]
_ERF_DOUBLES = 9
_ERFCX_DOUBLES = 6


def exp_of_minus_square(b: Builder, x: PairValue) -> tuple[Value, PairValue]:
    """(k, e) with exp(-x**2) = 2**k e for |x| <= 28; x**2 is not rounded."""
    high, first = two_product(b, x.high, x.high)
    cross, second = two_product(b, x.high * 2, x.low)
    middle, third = two_sum(b, first, cross)
    third = third + b.fma(x.low, x.low, second)
    k, r = reduce(b, -pair(*fast_two_sum(b, high, middle)), -third)
    return k, expm1_of_reduced(b, r) + 1


def _at_most(b: Builder, size: PairValue) -> PairValue:
    return chosen(b, size.high > LARGEST, constant(b, LARGEST, size), size)


def near_zero(b: Builder, x: PairValue) -> PairValue:
    """erf(x) for |x| <= SWITCH."""
    return x * polynomial(b, x * x, _ERF, _ERF_DOUBLES)


def decay_and_erfc(b: Builder, size: PairValue) -> tuple[Value, PairValue, PairValue]:
    """(k, e, v) with exp(-size**2) = 2**k e and erfc(size) = 2**k v for size >= SWITCH."""
    x = _at_most(b, size)
    k, decay = exp_of_minus_square(b, x)
    u = (x - CENTRE) / (x + CENTRE)
    factor = long_polynomial(b, u, ERFCX, _ERFCX_DOUBLES)
    return k, decay, decay * factor / (x * 2 + 1)


def _erfc_of_large(b: Builder, size: PairValue) -> PairValue:
    k, _, value = decay_and_erfc(b, size)
    return scaled_pair(b, value, k)


def _erf_and_erfc(b: Builder, x: PairValue) -> Sequence[Value]:
    """[erf x, erfc x]; the part for large arguments runs if some lane needs it."""
    size = magnitude(b, x)
    near = near_zero(b, size)

    def large() -> Sequence[Value]:
        far = _erfc_of_large(b, size)
        return [1 - far, far]

    parts = where_rare(b, size.high >= SWITCH, [near, 1 - near], large)
    erf, erfc = map(as_pair, parts)
    signed = chosen(b, x.high < 0, -erf, erf)
    return [chosen(b, b.eq(x.high, 0), x, signed), chosen(b, x.high < 0, 1 + erf, erfc)]


def erf_derivative(b: Builder, x: PairValue) -> Sequence[Value]:
    """2/sqrt(pi) exp(-x**2)."""
    k, decay = exp_of_minus_square(b, _at_most(b, magnitude(b, x)))
    return [scaled_pair(b, decay * TWO_OVER_SQRT_PI, k)]


_BOTH = KernelFunction("erf_and_erfc", 1, _erf_and_erfc, results=2)

KERNELS = (
    KernelFunction("erf", 1, lambda b, x: emit_call(b, _BOTH, [x])[:1], inline=True),
    KernelFunction("erfc", 1, lambda b, x: emit_call(b, _BOTH, [x])[1:], inline=True),
    KernelFunction("erf_derivative", 1, erf_derivative),
)
