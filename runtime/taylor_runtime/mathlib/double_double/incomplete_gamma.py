"""The regularised incomplete gamma functions P and Q and their density, in double-double.

Below a + 1 P is a power series of positive terms, beyond it Q a continued fraction (Abramowitz &
Stegun 1964, 6.5.29 and 6.5.31), and for a < 1/2 and x < 3/2, where 1 - P would cancel, Q is a
series of its own (Gautschi, ACM Trans. Math. Softw. 5 (1979) 466).  A value takes a time that grows
like sqrt(a).  Errors are 2**-106 times 20 + a + x at most, those of the logarithm of x**a exp(-x).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.bessel import EULER
from taylor_runtime.mathlib.double_double.exponential import EXP, EXPM1
from taylor_runtime.mathlib.double_double.gamma import LGAMMA
from taylor_runtime.mathlib.double_double.logarithm import natural_log
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    NAN,
    as_pair,
    call,
    chosen,
    constant,
    finite_low,
    polynomial,
    widened,
)

LARGEST = 1e10  # a, beyond which a value would take seconds
_ENOUGH = 2.0**-110
_TINY = 2.0**-20  # up to here log gamma(1 + a) is a series, for its relative accuracy
_ZETA = ("1.6449340668482264364724151666460251892", "1.2020569031595942853997381615114499908",
         "1.0823232337111381915160036965411679028")  # fmt: skip
_LOG_GAMMA = [-EULER, *(Fraction((-1) ** k, k) * Fraction(z) for k, z in enumerate(_ZETA, start=2))]


def _log_gamma_of_next(b: Builder, a: PairValue) -> PairValue:
    """log gamma(1 + a)."""
    return as_pair(
        b.if_(
            a.high < _TINY,
            lambda: [a * polynomial(b, a, _LOG_GAMMA, 1)],
            lambda: [call(b, LGAMMA, a + 1)],
        )[0]
    )


def _series(b: Builder, a: PairValue, x: PairValue) -> PairValue:
    """1 + x/(a + 1) + x**2/((a + 1) (a + 2)) + .."""

    def step(carried: list[Value]) -> Sequence[Value]:
        below, term, total = map(as_pair, carried)
        below = below + 1
        term = term * (x / below)
        return [below, term, total + term]

    one = constant(b, 1, x)
    found = b.while_([a, one, one], lambda c: c[1].parts[0] > c[2].parts[0] * _ENOUGH, step)
    return as_pair(found[2])


def _fraction(b: Builder, a: PairValue, x: PairValue) -> PairValue:
    """1/(x + 1 - a - (1 - a)/(x + 3 - a - 2 (2 - a)/(x + 5 - a - ..))) by Lentz's method."""
    first = x + 1 - a

    def step(carried: list[Value]) -> Sequence[Value]:
        i, change, (c, d, value) = carried[0], carried[1], map(as_pair, carried[2:])
        numerator = widened(b, i) * (a - widened(b, i))
        bottom = first + widened(b, i * 2)
        d = 1 / (numerator * d + bottom)
        c = bottom + numerator / c
        factor = c * d
        change = b.fabs((factor - 1).high)
        return [i + 1, change, c, d, value * factor]

    one = b.constant(1, x.high.type)
    # c begins as a huge number, for 1/0
    start = [one, one, constant(b, 1e200, x), 1 / first, 1 / first]
    return as_pair(b.while_(start, lambda c: c[1] > 2.0**-105, step)[4])


def _of_small(b: Builder, a: PairValue, x: PairValue) -> PairValue:
    """Q for small a and x: 1 - x**a/gamma(1 + a) (1 + a sum_k (-x)**k/(k! (a + k)))."""

    def step(carried: list[Value]) -> Sequence[Value]:
        k, (power, total) = carried[0], map(as_pair, carried[1:])
        power = -(power * x / widened(b, k))
        return [k + 1, power, total + power / (a + widened(b, k))]

    one, zero = constant(b, 1, x), constant(b, 0, x)
    start = [b.constant(1, x.high.type), one, zero]
    total = as_pair(b.while_(start, lambda c: c[0] < 34, step)[2])
    less = call(b, EXPM1, a * natural_log(b, x) - _log_gamma_of_next(b, a))
    return -(less + (less + 1) * a * total)


def _inside(b: Builder, a: PairValue, x: PairValue) -> Sequence[Value]:
    """[P, Q, x**(a - 1) exp(-x)/gamma(a)] for positive finite numbers."""
    size = call(b, EXP, a * natural_log(b, x) - x - _log_gamma_of_next(b, a))

    def below() -> Sequence[Value]:
        value = size * _series(b, a, x)
        small = (a.high < 0.5) & (x.high < 1.5)
        return [value, *b.if_(small, lambda: [_of_small(b, a, x)], lambda: [1 - value])]

    def beyond() -> Sequence[Value]:
        value = size * a * _fraction(b, a, x)
        return [1 - value, value]

    near = (x.high < a.high + 1) | (x.high < 1.5)
    return [*b.if_(near, below, beyond), size * (a / x)]


def _all(b: Builder, a: PairValue, x: PairValue) -> Sequence[Value]:
    inside = (a.high > 0) & (a.high <= LARGEST) & (x.high > 0) & (x.high < INFINITY)
    zero, one, nan = (constant(b, c, x) for c in (0, 1, NAN))
    beyond = (a.high >= 0) & (b.eq(a.high, 0) & (x.high > 0) | b.eq(x.high, INFINITY))
    before = (a.high > 0) & b.eq(x.high, 0)

    def outside() -> Sequence[Value]:
        lower = chosen(b, beyond, one, chosen(b, before, zero, nan))
        density = b.select(a.high < 1, b.constant(INFINITY, a.high.type), 0)
        density = b.select(b.eq(a.high, 1), b.constant(1, a.high.type), density)
        at_zero = chosen(b, before, widened(b, density), nan)
        return [lower, 1 - lower, chosen(b, beyond, zero, at_zero)]

    found = b.if_(inside, lambda: _inside(b, a, x), outside)
    return [finite_low(b, as_pair(value)) for value in found]


DOUBLE_KERNELS, KERNELS = lanewise.parts(
    KernelFunction("gammainc.all", 2, _all, results=3),
    "gammainc", "gammaincc", "gammainc_derivative",
)  # fmt: skip
