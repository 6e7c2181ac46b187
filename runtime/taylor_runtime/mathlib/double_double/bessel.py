"""Bessel functions of integer order, J and Y, in double-double arithmetic.

Below `SWITCH` or the order, J comes from Miller's backward recurrence (British Association
Mathematical Tables X (1952)), normalised by J_0**2 + 2 J_1**2 + 2 J_2**2 + .. = 1 (Abramowitz &
Stegun 1964, 9.1.76), a sum without cancellation; the same J_k give Y_0 and Y_1 by Neumann's series
(9.1.88).  Beyond, Hankel's expansions (9.2.5 to 9.2.10) give orders 0 and 1.  The recurrence in the
order (9.1.27), stable upwards for every Y and for J up to the order x, gives the others.

Errors are some 50 units of 2**-106 of the amplitude sqrt(J**2 + Y**2) (or of J where that is far
below it), growing slowly with the order.  Next to zeros the same is computed in quad-double.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.kinds import joined
from taylor_runtime.ir.pairs import PAIR, PairValue, fast_two_sum, pair, two_product
from taylor_runtime.ir.quads import QUAD, QuadValue
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import is_negative, where_rare
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double_double.cancelled import SMALL, TINY, anew
from taylor_runtime.mathlib.double_double.constants import HALF_PI
from taylor_runtime.mathlib.double_double.exponential import LN2
from taylor_runtime.mathlib.double_double.logarithm import natural_log, split
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    NAN,
    as_pair,
    chosen,
    constant,
    finite_low,
    magnitude,
    polynomial,
    scaled_far,
    widened,
)
from taylor_runtime.mathlib.double_double.trigonometric import SINCOS
from taylor_runtime.mathlib.quad_double import elementary as wide
from taylor_runtime.program.records import dataclass

EULER = Fraction(
    "0.57721566490153286060651209008240243104215933593992359880576723488486772677766467"
)
SQRT_PI = Fraction(
    "1.7724538509055160272981674833411451827975494561223871282138077898529112845910322"
)
HUGE = 400  # numbers beyond 2**400 are scaled down by that
_LARGE = 1000  # orders whose values are mostly below all doubles
_LEAST_LOG = -760.0  # of the smallest double, with room for rounding
_TINY = -60  # below 2**_TINY the first term of the power series is all


SWITCH = 40  # where Hankel's expansions begin


@dataclass(frozen=True, slots=True)
class Reach:
    """How far series and recurrences go.

    switch: where Hankel's expansions begin.
    terms, doubles: of these, P and Q together, and those of each that may be doubles.
    extra, slope: recurrences for J start at max(n, x) + extra + slope sqrt(x), which leaves an
        error of 2**-119 of the amplitude, or 2**-222 (measured at orders up to 1000).
    length: highest k of J_{2k} in Y_0: J_{2k}(switch) is below 2**-110, or 2**-218.
    """

    switch: int
    terms: int
    doubles: int
    extra: int
    slope: float
    length: int


REACH = {
    PAIR: Reach(SWITCH, 56, 22, 20, 4.0, 52),
    QUAD: Reach(80, 100, 0, 42, 5.0, 106),
}
FARTHEST = 2.0**96  # next zeros are farther away than numbers are from one another
Number = PairValue | QuadValue


# -- recurrences in the order -------------------------------------------------------------------


def next_order(b: Builder, two: Any, j: Value, f: Any, g: Any) -> Any:
    """2 j/x f - g, the next function from f of order j and g, the one before; two is 2/x."""
    if not isinstance(two, PairValue):
        return two * j * f - g
    high, low = two_product(b, two.high, j)
    factor = pair(high, b.fma(two.low, j, low))
    value = as_pair(b.fma(factor, f, -g))
    return pair(*fast_two_sum(b, value.high, value.low))


def times(x: Any, power: Value) -> Any:
    """x times a power of two."""
    return joined(x.type, [part * power for part in x.parts])


def shrink(b: Builder, x: Number) -> tuple[Value, Value]:
    """(whether x is too large, the power of two that it takes)."""
    large = b.fabs(x.high) > 2.0**HUGE
    return large, b.select(large, b.constant(2.0**-HUGE, x.high.type), 1)


def _narrow(x: Value) -> PairValue:
    """What need not be known better: factors of a result."""
    return wide.rounded(x) if isinstance(x, QuadValue) else as_pair(x)


def _upward(b: Builder, two: Any, first: Value, second: Value, m: Value) -> tuple[Any, Value]:
    """(f, e) with the function of order m equal to 2**e f, from those of orders 0 and 1."""

    def step(carried: list[Value]) -> Sequence[Value]:
        j, e, f, g = carried
        active = j < m
        new = next_order(b, two, j, f, g)
        large, power = shrink(b, new)
        e = b.select(active & large, e + HUGE, e)
        new, old = times(new, power), times(f, power)
        return [j + 1, e, b.select(active, new, f), b.select(active, old, g)]

    start = [b.constant(1, m.type), b.constant(0, m.type), second, first]
    found = b.while_(start, lambda carried: b.any_lane(carried[0] < m), step)
    return b.select(m < 1, first, found[2]), found[1]


def _downward(b: Builder, t: Number, order: Number) -> Sequence[Value]:
    """J of order m for 2**(_TINY - 1) < t <= max(switch, m)."""
    m, two, reach = order.high, 2 / t, REACH[t.type.element]
    larger = b.select(t.high > m, t.high, m)
    start = b.floor(b.fma(b.sqrt(t.high), reach.slope, larger + reach.extra))
    zero = b.constant(0, t.type)

    def step(carried: list[Value]) -> Sequence[Value]:
        j, f, g, total, kept = carried
        active = j >= 1
        kept = b.select(b.eq(j, m), f, kept)
        new = next_order(b, two, j, f, g)
        _, power = shrink(b, new)
        size = _narrow(f)
        total = b.select(active, times(b.fma(size, size, total), power * power), total)
        kept = b.select(active, times(kept, power), kept)
        new, old = b.select(active, times(new, power), f), b.select(active, times(f, power), g)
        return [j - 1, new, old, total, kept]

    carried = [start, b.constant(1, t.type), zero, _narrow(zero), zero]
    found = b.while_(carried, lambda carried: b.any_lane(carried[0] >= 1), step)
    _, f, _, total, kept = found
    size = _narrow(f)
    return [_narrow(b.select(m < 1, f, kept)) / b.sqrt(b.normal(total) * 2 + size * size)]


# -- orders 0 and 1 -----------------------------------------------------------------------------


@cache
def _hankel_terms(nu: int, count: int) -> tuple[Fraction, ...]:
    """(-1)**(k // 2) a_k(nu) for k below `count` (Abramowitz & Stegun 1964, 9.2.9 and 9.2.10)."""
    found = [Fraction(1)]
    for k in range(1, count):
        found.append(found[-1] * Fraction(4 * nu * nu - (2 * k - 1) ** 2, 8 * k))
    return tuple((-1) ** (k // 2) * a for k, a in enumerate(found))


def _hankel(b: Builder, x: Number) -> Sequence[Value]:
    """[J_0, J_1, Y_0, Y_1] for finite x >= switch."""
    inverse, reach = 1 / x, REACH[x.type.element]
    z: Any = inverse * inverse
    series = []
    for nu in (0, 1):
        a = _hankel_terms(nu, reach.terms)
        even, odd = (
            polynomial(b, z, a[k::2], reach.doubles)
            if isinstance(x, PairValue)
            else wide.polynomial(b, z, a[k::2])
            for k in (0, 1)
        )
        series.append((even, odd * inverse))
    (p0, q0), (p1, q1) = series
    sine, cosine = emit_call(b, SINCOS, [x]) if isinstance(x, PairValue) else wide.sincos(b, x)
    plus, minus = sine + cosine, sine - cosine  # sqrt(2) cos and sin of x - pi/4
    root = b.sqrt(x) * SQRT_PI
    first = [p0 * plus - q0 * minus, p1 * minus + q1 * plus]
    second = [p0 * minus + q0 * plus, q1 * minus - p1 * plus]
    return [value / root for value in first + second]


def _neumann_weights(length: int) -> tuple[list[Fraction], list[Fraction]]:
    """Weights of J_{2k} and J_{2k+1} in Y_0 and Y_1, k = length .. 1."""
    even = [Fraction(2 * (-1) ** k, k) for k in range(length, 0, -1)]
    odd = [Fraction((-1) ** k * (2 * k + 1), k * (k + 1)) for k in range(length, 0, -1)]
    return even, odd


def _neumann(b: Builder, t: Number, log: Number) -> Sequence[Value]:
    """[Y_0, Y_1] for 2**(_TINY - 1) < t <= switch; log is log(t/2) + Euler's constant."""
    element = t.type.element
    length = REACH[element].length
    tables = [b.table(weights, element) for weights in _neumann_weights(length)]
    scalar = make_type(element, 0)
    zero, two = b.constant(0, t.type), 2 / t

    def descend(j: Value, carried: list[Value], which: int, weight: Value) -> list[Value]:
        """f of order j is added to the sums, and the next one made."""
        f, g, total, *sums = carried
        sums[which] = b.fma(b.splat(weight, t.lanes), f, sums[which])
        size = _narrow(f)
        total = b.fma(size, size, total)
        new = next_order(b, two, j, f, g)
        _, power = shrink(b, new)
        kept = [times(x, power) for x in (new, f, *sums)]
        return [*kept[:2], times(total, power * power), *kept[2:]]

    def step(i: Value | int, carried: list[Value]) -> Sequence[Value]:
        j, values = carried[0], carried[1:]
        for which in (1, 0):
            weight = b.load(scalar, b.at(tables[which], i, element))
            values = descend(j, values, which, weight)
            j = j - 1
        return [j, *values]

    start = b.constant(2 * length + 1, t.high.type)
    one = b.constant(1, t.type)
    found = b.fold(0, length, [start, one, zero, _narrow(zero), zero, zero], step)
    first, g, total, even, odd = found[1:]
    f = next_order(b, two, b.constant(1, t.high.type), first, g)  # of order 0
    total, even, odd = (b.normal(x) for x in (total, even, odd))
    sizes = _narrow(first), _narrow(f)
    root = b.sqrt((total + sizes[0] * sizes[0]) * 2 + sizes[1] * sizes[1]) * HALF_PI
    sums = (log * f - even, (log - 1) * first - f / t - odd)
    return [value / root for value in sums]


# -- the kernels --------------------------------------------------------------------------------


def scaled_argument(b: Builder, x: PairValue) -> tuple[PairValue, Value]:
    """(t, k) with x = 2**k t for positive finite x; k is 0 unless x is below 2**_TINY."""
    tiny = x.high < 2.0**_TINY
    n, m = split(b, x)
    t = chosen(b, tiny, m * 2.0**_TINY, x)
    return t, b.select(tiny, n - _TINY, 0)


def is_odd(b: Builder, m: Value) -> Value:
    return b.ne(b.floor(m * 0.5), m * 0.5)


def _where_any(
    b: Builder, condition: Value, x: PairValue, kernel: KernelFunction, *others: PairValue
) -> list[PairValue]:
    """The results of `kernel` at x where the condition holds; run if that is so in some lane."""
    zeros: list[Value] = [constant(b, 0, x)] * kernel.results
    found = where_rare(b, condition, zeros, lambda: emit_call(b, kernel, [x, *others]))
    return [as_pair(value) for value in found]


def _negligible(b: Builder, x: Value, m: Value) -> Value:
    """Whether J of order m is certainly below all doubles at x > 0, for large m: with z = x/m,

    |J_m(m z)| <= (z exp(s) / (1 + s))**m, s = sqrt(1 - z**2), z <= 1 (DLMF 10.14.8, Kapteyn).
    """

    def bound() -> Sequence[Value]:
        z = x / m
        z = b.select(z < 1, b.select(z > 1e-300, z, 1e-300), b.constant(1, z.type))
        s = b.sqrt((1 - z) * (z + 1))
        log = as_pair(natural_log(b, widened(b, z / (s + 1)))).high
        return [m * (log + s)]

    zero = b.constant(0, m.type)
    return where_rare(b, m > _LARGE, [zero], bound)[0] < _LEAST_LOG


def _is_small(b: Builder, value: Value, x: Value, m: Value, part: float) -> Value:
    """Whether a value is below `part` of sqrt(2/(pi x)), which is less than the amplitude, right of
    m and of 1/2, where all zeros are.
    """
    inside = (x > m) & (x > 0.5) & (x < FARTHEST)
    root = b.sqrt(b.select(inside, x, b.constant(1, x.type)))
    return inside & (b.fabs(value) * root < part * 0.79)


def _j_anew(b: Builder, x: PairValue, order: PairValue) -> Sequence[PairValue]:
    """J of order m < x, in quad-double."""
    t, m = wide.widened(x), wide.widened(order)

    def far() -> Sequence[Value]:
        first, second, *_ = _hankel(b, t)
        return [_narrow(_upward(b, 2 / t, first, second, order.high)[0])]

    near = t.high < REACH[QUAD].switch
    (value,) = b.if_(near, lambda: _downward(b, t, m), far)
    return [as_pair(value)]


def _y_anew(b: Builder, x: PairValue, order: PairValue) -> Sequence[PairValue]:
    """Y of order m < x, in quad-double."""
    t = wide.widened(x)

    def close() -> Sequence[Value]:
        log = wide.natural_log(b, t) + (EULER - LN2)
        return _neumann(b, t, log)

    near = t.high < REACH[QUAD].switch
    first, second = b.if_(near, close, lambda: _hankel(b, t)[2:])
    return [wide.rounded(_upward(b, 2 / t, first, second, order.high)[0])]


def besselj(part: float, b: Builder, x: PairValue, order: PairValue) -> Sequence[Value]:
    """J of order n at x; n is an integer, |n| below 2**50.

    part: of the amplitude, below which it is computed anew.
    """
    n, size = order.high, magnitude(b, x)
    m = b.fabs(n)
    inside = (size.high > 0) & (size.high < INFINITY)
    size = chosen(b, inside, size, constant(b, 1, x))
    far = (size.high >= SWITCH) & (size.high >= m)
    t, k = scaled_argument(b, size)
    negligible = _negligible(b, size.high, m)
    idle = far | negligible
    near_t = chosen(b, idle, constant(b, 1, x), t)
    near_m = widened(b, b.select(idle, b.constant(0, m.type), m))
    (near,) = _where_any(b, ~idle, near_t, _DOWNWARD, near_m)
    far_t = chosen(b, far, size, constant(b, SWITCH, x))

    def ascend() -> Sequence[Value]:
        values = [as_pair(value) for value in emit_call(b, _HANKEL, [far_t])]
        few = b.select(far, m, b.constant(0, m.type))
        return [_upward(b, 2 / far_t, values[0], values[1], few)[0]]

    value = as_pair(where_rare(b, far, [scaled_far(b, near, k * m)], ascend)[0])
    small = _is_small(b, value.high, size.high, m, part)
    (value,) = anew(b, [value], small, "ty.besselj.anew", _j_anew, size, widened(b, m))
    negative = (is_negative(b, x.high) ^ (n < 0)) & is_odd(b, m)
    at_ends = b.select(b.eq(x.high, 0) & b.eq(m, 0), b.constant(1, m.type), 0)
    at_ends = b.select(b.is_nan(x), x.high, at_ends)
    value = chosen(b, inside, value, widened(b, at_ends))
    return [chosen(b, negative, -value, value)]


def bessely(part: float, b: Builder, x: PairValue, order: PairValue) -> Sequence[Value]:
    """Y of order n at x; n is an integer, |n| below 2**50.

    part: of the amplitude, below which it is computed anew.
    """
    n = order.high
    m = b.fabs(n)
    inside = (x.high > 0) & (x.high < INFINITY)
    size = chosen(b, inside, x, constant(b, 1, x))
    far = size.high >= SWITCH
    t, k = scaled_argument(b, size)
    near_t = chosen(b, far, constant(b, 1, x), t)
    log = natural_log(b, size) + (EULER - LN2)
    near = _where_any(b, ~far, near_t, _NEUMANN, log)
    far_t = chosen(b, far, size, constant(b, SWITCH, x))
    values = _where_any(b, far, far_t, _HANKEL)[2:]
    first, second = (chosen(b, far, u, v) for u, v in zip(values, near, strict=True))
    value, exponent = _upward(b, 2 / t, first, second, m)
    value = finite_low(b, scaled_far(b, value, exponent - k * m))
    small = _is_small(b, value.high, x.high, m, part)
    (value,) = anew(b, [value], small, "ty.bessely.anew", _y_anew, size, widened(b, m))
    outside = b.select(x.high < INFINITY, b.constant(-INFINITY, m.type), 0)
    outside = b.select((x.high < 0) | b.is_nan(x), b.constant(NAN, m.type), outside)
    value = chosen(b, inside, value, widened(b, outside))
    return [chosen(b, (n < 0) & is_odd(b, m), -value, value)]


_DOWNWARD = KernelFunction("bessel.downward", 2, _downward)
_HANKEL = KernelFunction("bessel.hankel", 1, _hankel, results=4)
_NEUMANN = KernelFunction("bessel.neumann", 2, _neumann, results=2)


def _kernels(suffix: str, part: float) -> tuple[KernelFunction, ...]:
    return (
        KernelFunction(f"besselj{suffix}", 2, partial(besselj, part)),
        KernelFunction(f"bessely{suffix}", 2, partial(bessely, part)),
    )


KERNELS = _kernels("", SMALL)
SHORT_KERNELS = _kernels(".double", TINY)  # for double: results are rounded to the high part
