"""The exponential integral Ei and Dawson's integral, in double-double.

Ei is its power series up to 80 and its asymptotic series beyond, left of -2 a continued fraction
(Abramowitz & Stegun 1964, 5.1.10, 5.1.51, 5.1.22).  Errors are 8 units of 2**-106, next to the zero
at 0.3725 of 1.  Dawson's integral is exp(-x**2) times a series of positive terms up to 9, and an
asymptotic series beyond (7.1.5 and 7.1.23, at i x), and so is its derivative; errors are below 10
units, those of the derivative next to its zero at 0.9241 of 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.bessel import EULER
from taylor_runtime.mathlib.double_double.exponential import EXP
from taylor_runtime.mathlib.double_double.logarithm import natural_log
from taylor_runtime.mathlib.double_double.special import exp_of_minus_square
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    as_pair,
    call,
    chosen,
    constant,
    finite_low,
    magnitude,
    scaled_pair,
    widened,
)

LARGE, DEEP, LONGEST = 80, -2, 800
_ENOUGH = 2.0**-112
DAWSON_SWITCH = 9


def _power_series(b: Builder, x: PairValue) -> list[Value]:
    """Euler's constant + log|x| + sum_k x**k/(k k!)."""

    def step(carried: list[Value]) -> Sequence[Value]:
        k, _, (power, total) = carried[0], carried[1], map(as_pair, carried[2:])
        number = widened(b, k)
        power = power * x / number
        term = power / number
        return [k + 1, b.fabs(term.high / total.high), power, total + term]

    one, start = constant(b, 1, x), natural_log(b, magnitude(b, x)) + EULER
    number = b.constant(1, x.high.type)
    found = b.while_(
        [number, number, one, start], lambda c: (c[1] > _ENOUGH) & (c[0] < LONGEST), step
    )
    return [found[3]]


def _asymptotic(b: Builder, x: PairValue) -> list[Value]:
    """exp(x)/x sum_k k!/x**k."""

    def step(carried: list[Value]) -> Sequence[Value]:
        k, (term, total) = carried[0], map(as_pair, carried[1:])
        term = term * (widened(b, k) / x)
        return [k + 1, term, total + term]

    one = constant(b, 1, x)
    start = [b.constant(1, x.high.type), one, one]
    found = b.while_(start, lambda c: (c[1].parts[0] > _ENOUGH) & (c[0] < LARGE), step)
    root = call(b, EXP, x * 0.5)
    return [as_pair(found[2]) / x * root * root]


def _fraction(b: Builder, x: PairValue) -> list[Value]:
    """-exp(-t)/(t + 1 - 1/(t + 3 - 4/(t + 5 - ..))) for t = -x, from far inside."""
    t = -x

    def step(carried: list[Value]) -> Sequence[Value]:
        k, value = carried[0], as_pair(carried[1])
        return [k - 1, t + widened(b, k * 2 - 1) - widened(b, k * k) / value]

    count = b.floor(400 / t.high + 20)
    value = as_pair(b.while_([count, t + widened(b, count * 2 + 1)], lambda c: c[0] >= 1, step)[1])
    return [-(call(b, EXP, x) / value)]


def expi(b: Builder, x: PairValue) -> Sequence[Value]:
    inside = (b.fabs(x.high) < 800) & b.ne(x.high, 0)
    usable = chosen(b, inside, x, constant(b, 1, x))

    def left() -> Sequence[Value]:
        return b.if_(
            usable.high < LARGE, lambda: _power_series(b, usable), lambda: _asymptotic(b, usable)
        )

    value = as_pair(b.if_(usable.high < DEEP, lambda: _fraction(b, usable), left)[0])
    end = b.select(x.high < 0, b.constant(-0.0, x.high.type), INFINITY)
    end = b.select(b.eq(x.high, 0), b.constant(-INFINITY, x.high.type), end)
    end = b.select(b.is_nan(x), x.high, end)
    return [finite_low(b, chosen(b, inside, value, widened(b, end)))]


def _dawson_near(b: Builder, x: PairValue) -> list[Value]:
    """[D, D'] with exp(x**2) D = sum_k x**(2 k + 1)/(k! (2 k + 1)) and
    exp(x**2) D' = 1 - sum_{k >= 1} x**(2 k)/(k! (2 k - 1)), for x >= 0.
    """
    square = x * x

    def step(carried: list[Value]) -> Sequence[Value]:
        k, (_, power, total, less) = carried[0], map(as_pair, carried[1:])
        power = power * square / widened(b, k)
        term = power / widened(b, k * 2 + 1)
        return [k + 1, term, power, total + term, less - power / widened(b, k * 2 - 1)]

    one = constant(b, 1, x)
    start = [b.constant(1, x.high.type), one, one, one, one]
    found = b.while_(start, lambda c: c[1].parts[0] > c[3].parts[0] * _ENOUGH, step)
    k, decay = exp_of_minus_square(b, x)
    decay = scaled_pair(b, decay, k)
    return [decay * as_pair(found[3]) * x, decay * as_pair(found[4])]


def _dawson_far(b: Builder, x: PairValue) -> list[Value]:
    """(1 + w)/(2 x) and -w with w = sum_k (2 k - 1)!!/(2 x**2)**k."""
    inverse = 1 / x
    square = inverse * inverse * 0.5

    def step(carried: list[Value]) -> Sequence[Value]:
        k, (term, total) = carried[0], map(as_pair, carried[1:])
        term = term * square * widened(b, k * 2 - 1)
        return [k + 1, term, total + term]

    start = [b.constant(1, x.high.type), constant(b, 1, x), constant(b, 0, x)]
    w = as_pair(b.while_(start, lambda c: c[0] < DAWSON_SWITCH**2, step)[2])
    return [(w + 1) * inverse * 0.5, -w]


def _dawson(b: Builder, x: PairValue) -> Sequence[Value]:
    size = magnitude(b, x)
    inside = size.high < INFINITY
    usable = chosen(b, inside, size, constant(b, 1, x))
    near = usable.high < DAWSON_SWITCH
    value, slope = map(
        as_pair, b.if_(near, lambda: _dawson_near(b, usable), lambda: _dawson_far(b, usable))
    )
    end = widened(b, b.select(b.is_nan(x), x.high, 0))
    value, slope = chosen(b, inside, value, end), chosen(b, inside, slope, end)
    value = chosen(b, x.high < 0, -value, value)
    return [finite_low(b, chosen(b, b.eq(x.high, 0), x, value)), finite_low(b, slope)]


_EXPI = lanewise.both(KernelFunction("expi", 1, expi))
_DAWSON = lanewise.parts(
    KernelFunction("dawsn.both", 1, _dawson, results=2), "dawsn", "dawsn_derivative"
)
DOUBLE_KERNELS, KERNELS = (_EXPI[0], *_DAWSON[0]), (_EXPI[1], *_DAWSON[1])
