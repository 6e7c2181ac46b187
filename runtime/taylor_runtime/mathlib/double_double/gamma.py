"""gamma and log|gamma| in double-double.

Below `SWITCH` gamma(x) = (x - 1) (x - 2) .. (1 + u) gamma(1 + u), u the fraction of x, with
gamma(1 + u) = 1 + u (u - 1) r(u) by a polynomial: gamma(x) - 1 and so log gamma(x) do not cancel at
1 and 2.  Beyond, Stirling's series (Abramowitz & Stegun 1964, 6.1.37 and 6.1.40); left of zero, the
reflection formula (6.1.17).

Errors in units of 2**-106: gamma below 40, lgamma below 20 relative right of zero, and left
of it below 20 of max(1, log gamma(1 - x)).  Next to its zeros there x is shifted to Stirling's
series in quad-double.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache, partial
from math import comb

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.bits import where_rare
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double_double.cancelled import SMALL, TINY, anew
from taylor_runtime.mathlib.double_double.constants import HALF_PI
from taylor_runtime.mathlib.double_double.exponential import EXP
from taylor_runtime.mathlib.double_double.gamma_coefficients import GAMMA
from taylor_runtime.mathlib.double_double.logarithm import LOG1P, natural_log
from taylor_runtime.mathlib.double_double.long_polynomial import long_polynomial
from taylor_runtime.mathlib.double_double.power import POW
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    NAN,
    as_pair,
    call,
    chosen,
    constant,
    finite_low,
    magnitude,
    polynomial,
    widened,
)
from taylor_runtime.mathlib.double_double.trigonometric import SINCOS
from taylor_runtime.mathlib.quad_double import elementary as wide

SWITCH = 20
_LARGEST = 200  # gamma is infinite from 171.7 on, and 1/gamma zero from 178 on
_GAMMA_DOUBLES = 12
_STIRLING = 20  # terms, which leave 2**-120 at SWITCH
_STIRLING_DOUBLES = 14
_LARGEST_ZERO = 40  # in size; lgamma's next ones are closer to integers than any other number
_WIDE_START, _WIDE_STIRLING = 45, 32  # in quad-double, which leaves 2**-213
HALF_LOG_TWO_PI = Fraction(
    "0.918938533204672741780329736405617639861397473637783412817151540482765695927260398"
)
SQRT_TWO_PI = Fraction("2.50662827463100050241576528481104525300698674060993831662992")


@cache
def bernoulli(count: int) -> tuple[Fraction, ...]:
    """B_2, B_4, .. B_{2 count}."""
    found = [Fraction(1), Fraction(-1, 2)]
    for n in range(2, 2 * count + 1):
        total = sum((comb(n + 1, k) * found[k] for k in range(n)), Fraction(0))
        found.append(-total / (n + 1) if n % 2 == 0 else Fraction(0))
    return tuple(found[2::2])


@cache
def stirling_terms(count: int) -> tuple[Fraction, ...]:
    known = enumerate(bernoulli(count), start=1)
    return tuple(value / (2 * k * (2 * k - 1)) for k, value in known)


def stirling(b: Builder, x: PairValue) -> PairValue:
    """log gamma(x) - (x - 1/2) log x + x - log(2 pi)/2."""
    inverse = 1 / x
    terms = stirling_terms(_STIRLING)
    return inverse * polynomial(b, inverse * inverse, terms, _STIRLING_DOUBLES)


def sine_of_turns(b: Builder, x: PairValue) -> tuple[PairValue, PairValue, Value]:
    """(sin(pi f)/pi, f, n is odd) for x = n + f, |f| <= 1/2; relatively accurate."""
    n = as_pair(b.floor(x + 0.5))
    f = x - n
    sine, _ = map(as_pair, emit_call(b, SINCOS, [f * (2 * HALF_PI)]))
    sine = chosen(b, b.fabs(f.high) < 2.0**-60, f, sine * (1 / (2 * HALF_PI)))
    half = n * 0.5
    return sine, f, ~b.eq(b.floor(half), half)


def _of_fraction(b: Builder, x: PairValue) -> Sequence[Value]:
    """[gamma(x), gamma(x) - 1 if x < 3] for 2**-200 < x < SWITCH, both relatively accurate."""
    whole = as_pair(b.floor(x))
    u = x - whole
    n = whole.high
    rest = long_polynomial(b, u - 0.5, GAMMA, _GAMMA_DOUBLES)
    value = u * (u - 1) * rest + 1

    def step(carried: list[Value]) -> Sequence[Value]:
        j, product = carried[0], as_pair(carried[1])
        return [j + 1, chosen(b, j < n, product * (x - widened(b, j)), product)]

    # From the largest factor to the smallest, x - j, none of which is below 1.
    start = [b.constant(1, n.type), value]
    product = as_pair(b.while_(start, lambda c: b.any_lane(c[0] < n), step)[1])
    less = (u + 1) * u * rest * (u - 1) + u  # for x = 2 + u
    less = chosen(b, n < 2, u * (u - 1) * rest, less)
    below = (1 - u) * (1 - u * rest) / u  # for x = u
    low = n < 1
    return [chosen(b, low, value / x, product), chosen(b, low, below, less)]


_OF_FRACTION = KernelFunction("gamma.fraction", 1, _of_fraction, results=2)


def _factors(b: Builder, x: PairValue) -> tuple[PairValue, PairValue]:
    """(p, q) with gamma(x) = p q for 2**-200 < x < _LARGEST; neither overflows."""
    large = x.high >= SWITCH
    few = chosen(b, large, constant(b, 1, x), x)
    near = as_pair(emit_call(b, _OF_FRACTION, [few])[0])

    def far() -> Sequence[Value]:
        y = chosen(b, large, x, constant(b, SWITCH, x))
        power = call(b, POW, y, y * 0.5 - 0.25)  # half of x**(x - 1/2)
        decay = call(b, EXP, -y) * call(b, EXP, stirling(b, y))
        return [decay * SQRT_TWO_PI * power, power]

    first, second = where_rare(b, large, [near, constant(b, 1, x)], far)
    return as_pair(first), as_pair(second)


def gamma(b: Builder, x: PairValue) -> Sequence[Value]:
    """gamma(x) with the special cases of C's tgamma (ISO/IEC 9899, annex F.10.5.4)."""
    negative = x.high < 0.5
    y = chosen(b, negative, 1 - x, x)
    ordinary = y.high < _LARGEST
    p, q = _factors(b, chosen(b, ordinary, y, constant(b, _LARGEST, x)))

    def reflect() -> Sequence[Value]:
        sine, _, odd = sine_of_turns(b, x)
        value = 1 / (sine * p) / q
        value = chosen(b, odd, -value, value)
        pole = b.eq(sine.high, 0) & b.ne(x.high, 0) | b.eq(x.high, -INFINITY)
        return [chosen(b, pole, constant(b, NAN, x), value)]

    infinite = chosen(b, ordinary, p * q, constant(b, INFINITY, x))
    value = finite_low(b, as_pair(where_rare(b, negative, [infinite], reflect)[0]))
    value = chosen(b, b.eq(x.high, 0), widened(b, 1 / x.high), value)
    return [chosen(b, b.is_nan(x), x, value)]


def rgamma(b: Builder, x: PairValue) -> Sequence[Value]:
    """1/gamma(x), 0 at its poles."""
    negative = x.high < 0.5
    y = chosen(b, negative, 1 - x, x)
    ordinary = y.high < _LARGEST
    p, q = _factors(b, chosen(b, ordinary, y, constant(b, _LARGEST, x)))
    vanishing = chosen(b, ordinary, 1 / p / q, constant(b, 0, x))

    def reflect() -> Sequence[Value]:
        sine, _, odd = sine_of_turns(b, chosen(b, b.fabs(x.high) < INFINITY, x, p * 0))
        sine = chosen(b, odd, -sine, sine)
        infinite = b.ne(sine.high, 0) & ~ordinary
        value = finite_low(b, sine * p * q)
        return [chosen(b, infinite, sine * constant(b, INFINITY, x), value)]

    value = as_pair(where_rare(b, negative, [vanishing], reflect)[0])
    value = chosen(b, b.eq(x.high, 0), x, value)
    unknown = b.is_nan(x.high) | b.eq(x.high, -INFINITY)
    return [finite_low(b, chosen(b, unknown, constant(b, NAN, x), value))]


def _sincos_of_turns(b: Builder, x: PairValue) -> Sequence[Value]:
    """[sin(pi x), cos(pi x)] for |x| < 2**52."""
    n = as_pair(b.floor(x + 0.5))
    sine, cosine = map(as_pair, emit_call(b, SINCOS, [(x - n) * (2 * HALF_PI)]))
    half = n * 0.5
    odd = ~b.eq(b.floor(half), half)
    return [chosen(b, odd, -value, value) for value in (sine, cosine)]


def _lgamma_right(b: Builder, x: PairValue) -> Sequence[Value]:
    """log gamma(x) for finite x > 0."""
    large, tiny = x.high >= SWITCH, x.high < 2.0**-200
    few = chosen(b, large | tiny, constant(b, 1, x), x)
    value, less = map(as_pair, emit_call(b, _OF_FRACTION, [few]))
    near = few.high < 3
    log = natural_log(b, chosen(b, large | tiny, x, value))
    close = call(b, LOG1P, chosen(b, near, less, constant(b, 0, x)))
    result = chosen(b, tiny, -log, chosen(b, near, close, log))

    def far() -> Sequence[Value]:
        y = chosen(b, large, x, constant(b, SWITCH, x))
        logarithm = natural_log(b, y)
        return [(y - 0.5) * (logarithm - 1) + (stirling(b, y) + (HALF_LOG_TWO_PI - Fraction(1, 2)))]

    return [where_rare(b, large, [result], far)[0]]


_LGAMMA_RIGHT = KernelFunction("lgamma.right", 1, _lgamma_right)


def _lgamma_anew(b: Builder, x: PairValue) -> Sequence[PairValue]:
    """log|gamma(x)| = log gamma(x + n) - log|x (x + 1) .. (x + n - 1)|, in quad-double."""

    def step(carried: list[Value]) -> Sequence[Value]:
        y, product = carried
        return [y + 1, product * y]

    def goes_on(carried: list[Value]) -> Value:
        return b.to_double(carried[0]) < _WIDE_START

    start = [wide.widened(x), wide.constant(b, 1)]
    y, product = map(wide.as_quad, b.while_(start, goes_on, step))
    inverse = 1 / y
    series = inverse * wide.polynomial(b, inverse * inverse, stirling_terms(_WIDE_STIRLING))
    value = (y - 0.5) * wide.natural_log(b, y) - y + (series + HALF_LOG_TWO_PI)
    return [wide.rounded(value - wide.natural_log(b, wide.as_quad(b.fabs(product))))]


def lgamma(part: float, b: Builder, x: PairValue) -> Sequence[Value]:
    """log|gamma(x)| with the special cases of C's lgamma (ISO/IEC 9899, annex F.10.5.3).

    part: of its terms, below which it is computed anew.
    """
    finite = b.fabs(x.high) < INFINITY
    negative = finite & (x.high < 0)
    y = chosen(b, negative, 1 - x, x)
    usable = finite & (y.high > 0)
    right = call(b, _LGAMMA_RIGHT, chosen(b, usable, y, constant(b, 1, x)))

    def reflect() -> Sequence[Value]:
        sine = magnitude(b, sine_of_turns(b, chosen(b, negative, x, constant(b, -0.5, x)))[0])
        some = sine.high > 0
        log = natural_log(b, chosen(b, some, sine, constant(b, 1, x)))
        value = chosen(b, some, -(log + right), constant(b, INFINITY, x))
        size = b.select(right.high > 1, right.high, 1)
        small = negative & (x.high > -_LARGEST_ZERO) & (b.fabs(value.high) < size * part)
        return anew(b, [value], small, "ty.lgamma.anew", _lgamma_anew, x)

    value = finite_low(b, as_pair(where_rare(b, negative, [right], reflect)[0]))
    value = chosen(b, usable, value, constant(b, INFINITY, x))
    return [chosen(b, b.is_nan(x), x, value)]


LGAMMA = KernelFunction("lgamma", 1, partial(lgamma, SMALL))
KERNELS = (KernelFunction("gamma", 1, gamma), LGAMMA)
SHORT_KERNELS = (KERNELS[0], KernelFunction("lgamma.double", 1, partial(lgamma, TINY)))
_RECIPROCAL = lanewise.both(KernelFunction("rgamma", 1, rgamma))
_TURNS = lanewise.parts(
    KernelFunction("sincos_pi", 1, _sincos_of_turns, results=2), "sin_pi", "cos_pi"
)
OTHER_DOUBLE, OTHER_KERNELS = (_RECIPROCAL[0], *_TURNS[0]), (_RECIPROCAL[1], *_TURNS[1])
