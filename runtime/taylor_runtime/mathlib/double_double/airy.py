"""Airy's functions Ai and Bi and their derivatives, in double-double.

From -16 to 16 Taylor's series of y'' = x y about the integers, which a table has values at, those
of Ai for x > 0 about the next larger one, so that nothing cancels.  Beyond, the asymptotic
expansions (DLMF 9.7.5 to 9.7.12) in zeta = 2/3 |x|**(3/2), which is taken in three doubles.
Measured errors are below 10 units of 2**-106 right of zero; left of it of the amplitude,
|x|**-1/4/sqrt(pi) for the functions and |x|**1/4/sqrt(pi) for their derivatives, and
2**-148 |x|**(3/2) of it besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PAIR, PairValue, pair
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.bits import integer
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double_double import triples
from taylor_runtime.mathlib.double_double.airy_coefficients import AIRY, LAST
from taylor_runtime.mathlib.double_double.bessel import SQRT_PI
from taylor_runtime.mathlib.double_double.exponential import exponential
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

_TAYLOR = 54  # terms for |h| <= 1 about an integer up to LAST, which leave 2**-116
_TERMS, _DOUBLES = 56, 20  # of the asymptotic series, even and odd ones together, and of each
_OVER = 120  # Bi is infinite, and Ai zero
_PHASE_LOST = 2.0**60  # left of minus this the phase is not known to a double's digits


def _coefficients(count: int) -> tuple[list[Fraction], list[Fraction]]:
    """u_k and v_k (DLMF 9.7.2)."""
    u, v = [Fraction(1)], [Fraction(1)]
    for k in range(1, count):
        u.append(u[-1] * Fraction((6 * k - 5) * (6 * k - 3) * (6 * k - 1), 216 * k * (2 * k - 1)))
        v.append(u[-1] * Fraction(6 * k + 1, 1 - 6 * k))
    return u, v


def _about(b: Builder, x: PairValue, centre: Value, first: int) -> list[Value]:
    """[y, y'] for columns first and first + 1 of the table at an integer.

    Terms of y are A_n = h Y_{n-1}/n and those of y' Y_n = h (x_0 A_{n-1} + h A_{n-2})/n.
    """
    scalar = make_type(PAIR, 0)
    place = integer(b, centre + LAST)

    def entry(column: int) -> PairValue:
        table = b.table([row[column] for row in AIRY], PAIR)
        return as_pair(b.load(scalar, b.at(table, place, PAIR)))

    h, x0 = x - widened(b, centre), widened(b, centre)
    y, slope = entry(first), entry(first + 1)

    def step(carried: list[Value]) -> Sequence[Value]:
        n, (before, term, rate, total, slopes) = carried[0], map(as_pair, carried[1:])
        share = h / widened(b, n)
        new, faster = share * rate, share * (x0 * term + h * before)
        return [n + 1, term, new, faster, total + new, slopes + faster]

    start = [b.constant(1, x.high.type), constant(b, 0, x), y, slope, y, slope]
    return list(b.while_(start, lambda c: c[0] < _TAYLOR, step)[4:])


def _near(b: Builder, x: PairValue) -> list[Value]:
    """[Ai, Ai', Bi, Bi'] for |x| <= LAST."""
    nearest, below = b.floor(x.high + 0.5), b.floor(x.high)
    above, right = -b.floor(-x.high), x.high > 0
    falling = _about(b, x, b.select(right, above, nearest), 0)
    return [*falling, *_about(b, x, b.select(right, below, nearest), 2)]


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
        plus, minus = sine + cosine, sine - cosine  # sqrt(2) cos and sin of zeta - pi/4
        (p, q), (r, s) = sums
        values = (
            plus * p + minus * q,
            minus * r - plus * s,
            plus * q - minus * p,
            plus * r + minus * s,
        )
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


def _all(b: Builder, x: PairValue) -> Sequence[Value]:
    """[Ai, Ai', Bi, Bi'] everywhere."""
    beyond, before = x.high > _OVER, x.high < -_PHASE_LOST
    usable = chosen(b, beyond, constant(b, _OVER, x), x)
    usable = chosen(b, before | b.is_nan(x.high), constant(b, -_PHASE_LOST, x), usable)
    near = b.fabs(usable.high) <= LAST
    values = b.if_(near, lambda: _near(b, usable), lambda: _far(b, usable))
    nan = b.is_nan(x)
    return [chosen(b, nan, widened(b, x.high), as_pair(value)) for value in values]


DOUBLE_KERNELS, KERNELS = lanewise.parts(
    KernelFunction("airy.all", 1, _all, results=4), "airyai", "airyaiprime", "airybi", "airybiprime"
)
