"""The exponential integral Ei and Dawson's integral, in double-double.

Ei is its power series up to 80 and its asymptotic series beyond, left of -2 a continued fraction
(Abramowitz & Stegun 1964, 5.1.10, 5.1.51, 5.1.22).  Errors are 8 units of 2**-106.  Dawson's
integral is exp(-x**2) times a series of positive terms up to 9, and an asymptotic series beyond
(7.1.5 and 7.1.23, at i x), and so is its derivative; errors are below 10 units.  Next to the zeros
of Ei at 0.3725 and of that derivative at 0.9241 the series are summed in quad-double.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue
from taylor_runtime.ir.types import F64
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.bessel import EULER
from taylor_runtime.mathlib.double_double.cancelled import anew
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
from taylor_runtime.mathlib.quad_double import elementary as wide

LARGE, DEEP, LONGEST = 80, -2, 800
_ENOUGH, _ENOUGH_WIDE = 2.0**-112, 2.0**-222
DAWSON_SWITCH = 9


def _power_series(b: Builder, x: Any, log: Value) -> list[Value]:
    """Euler's constant + log|x| + sum_k x**k/(k k!)."""

    def step(carried: list[Value]) -> Sequence[Value]:
        k, _, power, total = carried
        number = b.like(x, k)
        power = power * x / number
        term = power / number
        share = b.fabs(b.to_double(term) / b.to_double(total))
        return [k + 1, share, power, total + term]

    number = b.constant(1, F64)
    start = [number, number, b.constant(1, x.type), log + EULER]
    found = b.while_(start, lambda c: (c[1] > _ENOUGH) & (c[0] < LONGEST), step)
    return [found[3]]


def _expi_anew(b: Builder, x: PairValue) -> Sequence[PairValue]:
    """Next to the zero, where the series ends when its terms are far below its sum."""
    given = wide.widened(x)
    return [wide.rounded(wide.as_quad(*_power_series(b, given, wide.natural_log(b, given))))]


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


def expi(part: float, b: Builder, x: PairValue) -> Sequence[Value]:
    """Ei(x); next to the zero computed anew where it is below `part`."""
    inside = (b.fabs(x.high) < 800) & b.ne(x.high, 0)
    usable = chosen(b, inside, x, constant(b, 1, x))

    def near() -> Sequence[Value]:
        found = _power_series(b, usable, natural_log(b, magnitude(b, usable)))
        small = (b.fabs(as_pair(found[0]).high) < part) & (usable.high > 0)
        return anew(b, found, small, "ty.expi.anew", _expi_anew, usable)

    def left() -> Sequence[Value]:
        return b.if_(usable.high < LARGE, near, lambda: _asymptotic(b, usable))

    value = as_pair(b.if_(usable.high < DEEP, lambda: _fraction(b, usable), left)[0])
    end = b.select(x.high < 0, b.constant(-0.0, x.high.type), INFINITY)
    end = b.select(b.eq(x.high, 0), b.constant(-INFINITY, x.high.type), end)
    end = b.select(b.is_nan(x), x.high, end)
    return [finite_low(b, chosen(b, inside, value, widened(b, end)))]


def _dawson_sums(b: Builder, x: Any, enough: float) -> tuple[Any, Any]:
    """(exp(x**2) D, exp(x**2) D') = (sum_k x**(2 k + 1)/(k! (2 k + 1)),
    1 - sum_{k >= 1} x**(2 k)/(k! (2 k - 1))) for x >= 0.
    """
    square = x * x

    def step(carried: list[Value]) -> Sequence[Value]:
        k, _, power, total, less = carried
        power = power * square / b.like(x, k)
        term = power / b.like(x, k * 2 + 1)
        return [k + 1, term, power, total + term, less - power / b.like(x, k * 2 - 1)]

    def goes_on(carried: list[Value]) -> Value:
        return b.to_double(carried[1]) > b.to_double(carried[3]) * enough

    one = b.constant(1, x.type)
    found = b.while_([b.constant(1, F64), one, one, one, one], goes_on, step)
    return found[3] * x, found[4]


def _dawson_near(b: Builder, x: PairValue, part: float) -> list[Value]:
    """[D, D'] for x >= 0."""
    total, less = _dawson_sums(b, x, _ENOUGH)
    small = b.fabs(less.high) < part
    (less,) = anew(b, [less], small, "ty.dawson.anew", _dawson_anew, x)
    k, decay = exp_of_minus_square(b, x)
    decay = scaled_pair(b, decay, k)
    return [decay * total, decay * less]


def _dawson_anew(b: Builder, x: PairValue) -> Sequence[PairValue]:
    """exp(x**2) D'."""
    return [wide.rounded(_dawson_sums(b, wide.widened(x), _ENOUGH_WIDE)[1])]


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


def _dawson(part: float, b: Builder, x: PairValue) -> Sequence[Value]:
    """[D(x), D'(x)]; the latter computed anew where exp(x**2) D' is below `part`."""
    size = magnitude(b, x)
    inside = size.high < INFINITY
    usable = chosen(b, inside, size, constant(b, 1, x))
    near = usable.high < DAWSON_SWITCH
    value, slope = map(
        as_pair, b.if_(near, lambda: _dawson_near(b, usable, part), lambda: _dawson_far(b, usable))
    )
    end = widened(b, b.select(b.is_nan(x), x.high, 0))
    value, slope = chosen(b, inside, value, end), chosen(b, inside, slope, end)
    value = chosen(b, x.high < 0, -value, value)
    return [finite_low(b, chosen(b, b.eq(x.high, 0), x, value)), finite_low(b, slope)]


_EXPI = lanewise.both(lambda part: KernelFunction("expi", 1, partial(expi, part)))
_DAWSON = lanewise.parts(
    lambda part: KernelFunction("dawsn.both", 1, partial(_dawson, part), results=2),
    "dawsn", "dawsn_derivative",
)  # fmt: skip
DOUBLE_KERNELS, KERNELS = (_EXPI[0], *_DAWSON[0]), (_EXPI[1], *_DAWSON[1])
