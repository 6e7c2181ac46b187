"""Airy's functions Ai and Bi and their derivatives, in double-double.

From -16 to 16 Taylor's series of y'' = x y about the integers, which a table has values at, those
of Ai for x > 0 about the next larger one, so that nothing cancels.  Beyond, the asymptotic
expansions (DLMF 9.7.5 to 9.7.12) in zeta = 2/3 |x|**(3/2), which is taken in three doubles.
Measured errors are below 10 units of 2**-106 right of zero; left of it of the amplitude,
|x|**-1/4/sqrt(pi) for the functions and |x|**1/4/sqrt(pi) for their derivatives, and
2**-148 |x|**(3/2) of it besides.  Next to zeros there the same is computed in quad-double, with
Taylor's series about the integers from -24 on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PAIR, PairValue, pair
from taylor_runtime.ir.quads import QuadValue
from taylor_runtime.ir.types import F64, make_type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.bits import integer
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double_double import triples
from taylor_runtime.mathlib.double_double.airy_coefficients import AIRY, FIRST, LAST
from taylor_runtime.mathlib.double_double.bessel import SQRT_PI
from taylor_runtime.mathlib.double_double.cancelled import anew
from taylor_runtime.mathlib.double_double.exponential import exponential
from taylor_runtime.mathlib.double_double.gamma import SQRT_TWO_PI
from taylor_runtime.mathlib.double_double.steps import (
    NAN,
    as_pair,
    chosen,
    constant,
    finite_low,
    magnitude,
    polynomial,
    widened,
)
from taylor_runtime.mathlib.double_double.trigonometric import SINCOS
from taylor_runtime.mathlib.quad_double import elementary as wide

_TAYLOR = 54  # terms for |h| <= 1 about an integer up to LAST, which leave 2**-116
_TERMS, _DOUBLES = 56, 20  # of the asymptotic series, even and odd ones together, and of each
# In quad-double: the asymptotic series leave 2**-214 at FIRST, and Taylor's 2**-220 for |h| <= 1/2;
# its n = 0 is not used.
_WIDE_TERMS = 102
_RECIPROCALS = (Fraction(0), *(Fraction(1, n) for n in range(1, 70)))
_VALUES = tuple(value for row in AIRY[: 1 - FIRST] for value in row)  # of integers up to 0
_OVER = 120  # Bi is infinite, and Ai zero
_PHASE_LOST = 2.0**60  # left of minus this the phase is not known to a double's digits


@cache
def _coefficients(count: int) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """u_k and v_k (DLMF 9.7.2)."""
    u, v = [Fraction(1)], [Fraction(1)]
    for k in range(1, count):
        u.append(u[-1] * Fraction((6 * k - 5) * (6 * k - 3) * (6 * k - 1), 216 * k * (2 * k - 1)))
        v.append(u[-1] * Fraction(6 * k + 1, 1 - 6 * k))
    return tuple(u), tuple(v)


def _about(b: Builder, x: PairValue, centre: Value, first: int) -> list[Value]:
    """[y, y'] for columns first and first + 1 of the table at an integer."""
    scalar = make_type(PAIR, 0)
    place = integer(b, centre - FIRST)

    def entry(column: int) -> Value:
        table = b.table([row[column] for row in AIRY], PAIR)
        return b.load(scalar, b.at(table, place, PAIR))

    def share(h: PairValue, n: Value) -> Value:
        return h / widened(b, n)

    x0 = widened(b, centre)
    return _series(b, x - x0, x0, [entry(first), entry(first + 1)], _TAYLOR, share)


def _series(
    b: Builder,
    h: Any,
    x0: Any,
    start: list[Value],
    count: int,
    share: Callable[[Any, Value], Any],
) -> list[Value]:
    """[y, y'] at x0 + h from those at x0; share(h, n) is h/n.

    Terms of y are A_n = h Y_{n-1}/n and those of y' Y_n = h (x_0 A_{n-1} + h A_{n-2})/n.
    """

    def step(carried: list[Value]) -> Sequence[Value]:
        n, before, term, rate, total, slopes = carried
        part = share(h, n)
        new, faster = part * rate, part * (x0 * term + h * before)
        return [n + 1, term, new, faster, total + new, slopes + faster]

    y, slope = start
    carried = [b.constant(1, F64), b.constant(0, h.type), y, slope, y, slope]
    return list(b.while_(carried, lambda c: c[0] < count, step)[4:])


def _near(b: Builder, x: PairValue) -> list[Value]:
    """[Ai, Ai', Bi, Bi'] for |x| <= LAST."""
    nearest, below = b.floor(x.high + 0.5), b.floor(x.high)
    above, right = -b.floor(-x.high), x.high > 0
    falling = _about(b, x, b.select(right, above, nearest), 0)
    return [*falling, *_about(b, x, b.select(right, below, nearest), 2)]


def _waves(sums: Sequence[tuple[Any, Any]], sine: Any, cosine: Any) -> tuple[Any, ...]:
    """What oscillates in Ai, Ai', Bi, Bi' left of zero, from sine and cosine of zeta."""
    plus, minus = sine + cosine, sine - cosine  # sqrt(2) cos and sin of zeta - pi/4
    (p, q), (r, s) = sums
    return (
        plus * p + minus * q,
        minus * r - plus * s,
        plus * q - minus * p,
        plus * r + minus * s,
    )


def _near_anew(b: Builder, x: QuadValue, column: Value) -> list[Value]:
    """[y, y'] in quad-double for FIRST < x < 0."""
    centre = b.floor(x.high + 0.5)
    place = (integer(b, centre - FIRST) << 2) + integer(b, column)
    start: list[Value] = [wide.entry(b, _VALUES, place + i) for i in (0, 1)]

    def share(h: QuadValue, n: Value) -> Value:
        return h * wide.entry(b, _RECIPROCALS, integer(b, n))

    x0 = wide.widened(centre)
    return _series(b, x - x0, x0, start, len(_RECIPROCALS), share)


def _far_anew(b: Builder, x: QuadValue, column: Value) -> list[Value]:
    """[y, y'] in quad-double for x <= FIRST."""
    y = -x
    root = b.sqrt(y)
    zeta = wide.as_quad(y * root * Fraction(2, 3))
    inverse = 1 / zeta
    z = wide.as_quad(-inverse * inverse)
    sums = [
        (wide.polynomial(b, z, series[::2]), wide.polynomial(b, z, series[1::2]) * inverse)
        for series in _coefficients(_WIDE_TERMS)
    ]
    first, second, third, fourth = _waves(sums, *wide.sincos(b, zeta))
    left = column < 1
    size = b.sqrt(b.sqrt(y)) * SQRT_TWO_PI
    return [b.select(left, first, third) / size, b.select(left, second, fourth) * root / size]


def _anew(b: Builder, x: PairValue, column: PairValue) -> Sequence[PairValue]:
    """[y, y'] for x < 0 and columns 0, 1 or 2, 3 of the table."""
    near = x.high > FIRST
    given = wide.widened(x), column.high
    found = b.if_(near, lambda: _near_anew(b, *given), lambda: _far_anew(b, *given))
    return [wide.rounded(wide.as_quad(value)) for value in found]


def _zeta(b: Builder, y: PairValue) -> tuple[PairValue, PairValue, Value]:
    """(sqrt(y), zeta, what is left of zeta) with zeta = 2/3 y**(3/2)."""
    root = as_pair(b.sqrt(y))
    square = triples.multiply(b, triples.from_pair(b, root), root)
    rest = ((y.high - square[0]) + (y.low - square[1])) - square[2]
    exact = (root.high, root.low, rest / root.high * 0.5)
    zeta = triples.multiply(
        b, triples.multiply(b, exact, y), triples.constant(b, Fraction(2, 3), y.high.type)
    )
    return root, pair(zeta[0], zeta[1]), zeta[2]


def _far(b: Builder, x: PairValue) -> list[Value]:
    """[Ai, Ai', Bi, Bi'] for |x| >= LAST."""
    y, left = magnitude(b, x), x.high < 0
    root, zeta, rest = _zeta(b, y)
    inverse = 1 / zeta
    square = inverse * inverse
    z = chosen(b, left, -square, square)
    sums = []
    for coefficients in _coefficients(_TERMS):
        even, odd = (polynomial(b, z, coefficients[k::2], _DOUBLES) for k in (0, 1))
        sums.append((as_pair(b.normal(even)), odd * inverse))
    fourth = as_pair(b.sqrt(root))
    sizes = 1 / (fourth * SQRT_PI), fourth / constant(b, SQRT_PI, x)

    def oscillating() -> Sequence[Value]:
        sine, cosine = map(as_pair, emit_call(b, SINCOS, [zeta]))
        turn = map(as_pair, emit_call(b, SINCOS, [widened(b, rest)]))
        little, much = turn
        sine, cosine = sine * much + cosine * little, cosine * much - sine * little
        values = _waves(sums, sine, cosine)
        half = as_pair(b.sqrt(constant(b, Fraction(1, 2), x)))
        known = y.high < _PHASE_LOST
        return [
            chosen(b, known, value * half * sizes[i % 2], constant(b, NAN, x))
            for i, value in enumerate(values)
        ]

    def monotonic() -> Sequence[Value]:
        root_of_decay = exponential(b, zeta * -0.5, rest * -0.5)
        growth = 1 / root_of_decay
        (p, q), (r, s) = sums
        falling = (p - q) * sizes[0] * 0.5, (s - r) * sizes[1] * 0.5
        rising = (p + q) * sizes[0], (r + s) * sizes[1]
        return [
            *(finite_low(b, v * root_of_decay * root_of_decay) for v in falling),
            *(finite_low(b, v * growth * growth) for v in rising),
        ]

    return list(b.if_(left, oscillating, monotonic))


def _all(part: float, b: Builder, x: PairValue) -> Sequence[Value]:
    """[Ai, Ai', Bi, Bi'] everywhere; computed anew below `part` of the amplitude."""
    beyond, before = x.high > _OVER, x.high < -_PHASE_LOST
    usable = chosen(b, beyond, constant(b, _OVER, x), x)
    usable = chosen(b, before | b.is_nan(x.high), constant(b, -_PHASE_LOST, x), usable)
    near = b.fabs(usable.high) <= LAST
    values = b.if_(near, lambda: _near(b, usable), lambda: _far(b, usable))
    left = usable.high < -1
    size = b.sqrt(b.sqrt(b.select(left, -usable.high, 1)))
    highs = [as_pair(value).high for value in values]

    def anew_left() -> Sequence[Value]:
        found = []
        for column in (0, 2):
            y, slope = highs[column : column + 2]
            small = (b.fabs(y) * size < part * 0.56) | (b.fabs(slope) < size * (part * 0.56))
            given = usable, constant(b, column, x)
            found += anew(b, values[column : column + 2], small, "ty.airy.anew", _anew, *given)
        return found

    values = b.if_(left, anew_left, lambda: values)
    nan = b.is_nan(x)
    return [chosen(b, nan, widened(b, x.high), as_pair(value)) for value in values]


DOUBLE_KERNELS, KERNELS = lanewise.parts(
    lambda part: KernelFunction("airy.all", 1, partial(_all, part), results=4),
    "airyai", "airyaiprime", "airybi", "airybiprime",
)  # fmt: skip
