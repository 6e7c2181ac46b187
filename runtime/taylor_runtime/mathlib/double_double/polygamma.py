"""digamma and its derivatives in double-double.

All come from G_k(x) = sum_{i >= 0} (x + i)**-(k + 1), which is (-1)**(k + 1) / k! times the k-th
derivative of digamma, and G_0 = -digamma.  Terms are summed until the argument is large, and the
rest by the Euler-Maclaurin formula (Abramowitz & Stegun 1964, 6.4.10 to 6.4.11).  Left of zero, for
x = f + n, |f| <= 1/2, the sum over all integers less the one beyond:

    G_k(x) = f**-(k + 1) + G_k(1 + f) - (-1)**k (G_k(1 - f) - G_k(1 - x)),

which is the reflection formula (6.4.7).  Everything is multiplied by s**-k, s a number near
1/|x|, which keeps it in range where x**-k is not.

Right of zero errors are some units of 2**-106 (and k of them for powers), also next to digamma's
zero, where it is a polynomial.  Left of zero those of digamma and of the coefficients are below 20
units of the largest term, 1/f or log(1 - x) for digamma.  In polygamma itself, where f**-(k + 1)
and the first term of G_k(1 - f) cancel for even k and |f| near 1/2, terms are taken in pairs, and
only next to a zero errors are not relative to the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from math import factorial

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PAIR, PairValue, fast_two_sum, pair
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import is_negative, where_rare
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.exponential import EXPM1
from taylor_runtime.mathlib.double_double.gamma import bernoulli
from taylor_runtime.mathlib.double_double.gamma_coefficients import DIGAMMA, ROOT
from taylor_runtime.mathlib.double_double.logarithm import LOG1P, natural_log, split
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
    scaled_far,
    widened,
)
from taylor_runtime.program.records import dataclass

_REACH = 0.25  # of the polynomial about the zero
_ROOT_DOUBLES = 14


@dataclass(frozen=True, slots=True)
class Terms:
    """How far the series go.

    suffix: of the kernels' names.
    start, slope: the asymptotic series begins at start + slope k.
    count: of its terms; what they leave is below 2**-110 or 2**-69 of the sum for every k.
    least: what is known to be less, as a part of the sum, is left out.
    """

    suffix: str
    start: int
    slope: float
    count: int
    least: float


FULL = Terms("", 20, 1.0, 20, 2.0**-116)
SHORT = Terms(".double", 12, 0.8, 14, 2.0**-76)


def _natural_power(b: Builder, x: PairValue, k: PairValue) -> Sequence[Value]:
    """x**k for natural numbers k, by squaring as often as the largest one needs."""

    def step(carried: list[Value]) -> Sequence[Value]:
        rest, square, product = carried[0], as_pair(carried[1]), as_pair(carried[2])
        half = b.floor(rest * 0.5)
        odd = b.ne(half * 2, rest)
        return [half, square * square, chosen(b, odd, product * square, product)]

    start = [k.high, x, constant(b, 1, x)]
    return [b.while_(start, lambda carried: b.any_lane(carried[0] >= 1), step)[2]]


_POWER = KernelFunction("natural_power", 2, _natural_power)


def _power(b: Builder, y: PairValue, scale: PairValue, order: PairValue) -> PairValue:
    """(s y)**k."""
    return call(b, _POWER, y * scale, order)


def _sum_right(
    terms: Terms, b: Builder, x: PairValue, scale: PairValue, order: PairValue
) -> Sequence[Value]:
    """s**-k G_k(x) for finite x > 0.

    Near zero and of large orders a few terms are all: those from y + 1 on are together less than
    y / k times that of y.
    """
    k, one, zero = order.high, constant(b, 1, x), constant(b, 0, x)
    enough = b.fma(k, terms.slope, terms.start)
    natural = k > 0

    def goes_on(carried: list[Value]) -> Value:
        return (as_pair(carried[0]).high < enough) & b.eq(carried[2], 0)

    def step(carried: list[Value]) -> Sequence[Value]:
        y, total, done = as_pair(carried[0]), as_pair(carried[1]), carried[2]
        active = goes_on(carried)
        usable = chosen(b, active, y, one)
        term = 1 / usable / _power(b, usable, scale, order)
        total = chosen(b, active, total + term, total)
        last = natural & (term.high * usable.high < k * total.high * terms.least)
        done = b.select(active & last, b.constant(1, k.type), done)
        return [chosen(b, active, y + 1, y), total, done]

    start = [x, zero, b.constant(0, k.type)]
    y, total, done = b.while_(start, lambda carried: b.any_lane(goes_on(carried)), step)
    y, total = as_pair(y), as_pair(total)

    def more() -> Sequence[Value]:
        rest = _euler_maclaurin(terms, b, y, order)
        leading = 1 / chosen(b, natural, order, one)
        logs = where_rare(b, ~natural, [leading], lambda: [-natural_log(b, y)])
        return [total + (as_pair(logs[0]) + rest) / _power(b, y, scale, order)]

    return [where_rare(b, b.eq(done, 0), [total], more)[0]]


def _euler_maclaurin(terms: Terms, b: Builder, y: PairValue, order: PairValue) -> PairValue:
    """1/(2 y) + sum_j B_{2j}/(2j)! (k + 1) (k + 2) .. (k + 2j - 1) y**(-2j)."""
    inverse, k = 1 / y, order.high
    square = inverse * inverse
    weights = [value / factorial(2 * j) for j, value in enumerate(bernoulli(terms.count), 1)]
    table = b.table(weights, PAIR)
    scalar = make_type(PAIR, 0)

    def step(i: Value | int, carried: list[Value]) -> Sequence[Value]:
        j, term, total = carried[0], as_pair(carried[1]), as_pair(carried[2])
        weight = as_pair(b.splat(b.load(scalar, b.at(table, i, PAIR)), y.lanes))
        total = as_pair(b.fma(weight, term, total))
        factor = widened(b, (k + j) * (k + j + 1))
        return [j + 2, term * square * factor, total]

    start = [b.constant(2, k.type), square * (order + 1), inverse * 0.5]
    total = as_pair(b.fold(0, terms.count, start, step)[2])
    return pair(*fast_two_sum(b, total.high, total.low))


def _sum(
    terms: Terms, b: Builder, x: PairValue, scale: PairValue, order: PairValue
) -> Sequence[Value]:
    """s**-k G_k(x) everywhere; at a pole infinite if it is so from both sides, else NaN."""
    one, infinity, nan = (constant(b, c, x) for c in (1, INFINITY, NAN))
    k, finite = order.high, b.fabs(x.high) < INFINITY
    negative = finite & (x.high < 0)
    even = b.eq(b.floor(k * 0.5) * 2, k)

    def right(y: PairValue) -> PairValue:
        usable = chosen(b, finite & (y.high > 0), y, one)
        return call(b, _RIGHT[terms], usable, scale, order)

    def reflect() -> Sequence[Value]:
        f = x - as_pair(b.floor(x + 0.5))
        pole = b.eq(f.high, 0)
        near = 1 / chosen(b, pole, one, f)  # its powers overflow with their signs
        nearest = near * _power(b, near, 1 / scale, order)
        # The others are below four times the power of 1 / (1 - |f|).
        size = b.fabs(f.high)
        share = call(b, _POWER, pair(size / (1 - size), size * 0), order + 1).high
        matter = ~((k > 0) & (share * 4 < terms.least))

        def others() -> Sequence[Value]:
            less = right(1 - f) - right(1 - x)
            less = chosen(b, even, -less, less)
            return [nearest + (right(1 + f) + less)]

        value = as_pair(where_rare(b, negative & matter, [nearest], others)[0])
        return [chosen(b, pole, chosen(b, even, nan, infinity), value)]

    value = as_pair(where_rare(b, ~negative, [one], lambda: [right(x)])[0])
    value = as_pair(where_rare(b, negative, [value], reflect)[0])
    sided = chosen(b, even & is_negative(b, x.high), -infinity, infinity)
    value = finite_low(b, chosen(b, b.eq(x.high, 0), sided, value))
    at_infinity = chosen(b, k > 0, constant(b, 0, x), -infinity)
    value = chosen(b, b.eq(x.high, INFINITY), at_infinity, value)
    return [chosen(b, b.is_nan(x) | b.eq(x.high, -INFINITY), nan, value)]


def _inner(name: str, emit: Callable[..., Sequence[Value]]) -> dict[Terms, KernelFunction]:
    return {t: KernelFunction(f"{name}{t.suffix}", 3, partial(emit, t)) for t in (FULL, SHORT)}


_RIGHT = _inner("polygamma.right", _sum_right)
_SUM = _inner("polygamma.sum", _sum)


_PAIRS = 32  # that are taken together at most; beyond, they are much smaller


def _sum_in_pairs(b: Builder, x: PairValue, scale: PairValue, order: PairValue) -> Sequence[Value]:
    """s**-k G_k(x) for finite x < 0 that is no pole, and even k >= 2.

    With x = -n + g, g from 0 to 1/2, the terms left of zero and as many right of it are pairs
    (g + j)**-(k + 1) - (j + 1 - g)**-(k + 1), and G_k(n + g) is left.  For x = -n - g signs change.
    """
    f = x - as_pair(b.floor(x + 0.5))
    left = f.high < 0
    g = chosen(b, left, -f, f)
    count = b.select(left, f.high * 0 + 1, 0) - b.floor(x.high - f.high + 0.5)
    most = b.select(count > _PAIRS, b.constant(_PAIRS, count.type), count)
    gap, power = 1 - g * 2, order + 1

    def right(y: PairValue) -> PairValue:
        return call(b, _RIGHT[FULL], y, scale, order)

    def step(carried: list[Value]) -> Sequence[Value]:
        j, total = carried[0], as_pair(carried[1])
        near, far = g + widened(b, j), (1 - g) + widened(b, j)
        part = call(b, EXPM1, power * call(b, LOG1P, -gap / far))
        term = -part / near / _power(b, near, scale, order)
        some = (j < most) & b.ne(part.high, 0)  # half-way, where the power may underflow
        return [j + 1, chosen(b, some, total + term, total)]

    start = [b.constant(0, x.high.type), constant(b, 0, x)]
    found = b.while_(start, lambda c: b.any_lane(c[0] < most), step)
    total, beyond = as_pair(found[1]), count > most

    def more() -> Sequence[Value]:
        return [total + right(g + _PAIRS) - right((1 - g) + _PAIRS)]

    total = as_pair(where_rare(b, beyond, [total], more)[0])
    last = widened(b, count) + chosen(b, left ^ beyond, 1 - g, g)
    return [right(last) + chosen(b, left, -total, total)]


_IN_PAIRS = KernelFunction("polygamma.pairs", 3, _sum_in_pairs)


def _near_root(b: Builder, x: PairValue) -> PairValue:
    """digamma within _REACH of its zero, whose third word counts next to it."""
    high = Fraction(float(ROOT))
    low = Fraction(float(ROOT - high))
    d = x - high - low - (ROOT - high - low)
    return d * polynomial(b, d, DIGAMMA, _ROOT_DOUBLES)


def digamma(terms: Terms, b: Builder, x: PairValue) -> Sequence[Value]:
    d = b.fabs(x.high - float(ROOT))
    away = -call(b, _SUM[terms], x, constant(b, 1, x), constant(b, 0, x))
    return [chosen(b, d < _REACH, _near_root(b, x), away)]


def polygamma_coefficient(
    terms: Terms, b: Builder, x: PairValue, scale: PairValue, order: PairValue
) -> Sequence[Value]:
    """s**-k times digamma's k-th Taylor coefficient at x, its k-th derivative over k!, k >= 1."""
    value, k = call(b, _SUM[terms], x, scale, order), order.high
    even = b.eq(b.floor(k * 0.5) * 2, k)
    return [chosen(b, even, -value, value)]


def _distance(b: Builder, x: PairValue) -> PairValue:
    """How far from x the nearest pole is, at most 2**1000 and at least 2**-1000."""
    f = x - as_pair(b.floor(x + 0.5))
    # Half-way between poles, the terms of even orders that are nearest leave nothing.
    between = (x.high < 0) & (b.fabs(f.high) < 0.5)
    size = magnitude(b, chosen(b, between, f, x))
    usable = (size.high > 2.0**-1000) & (size.high < 2.0**1000)
    return chosen(b, usable, size, constant(b, 1, x))


def polygamma(terms: Terms, b: Builder, x: PairValue, order: PairValue) -> Sequence[Value]:
    """digamma's k-th derivative at x, k >= 1: k! s**k times a sum in range, s = 1/`_distance`."""
    k, scale = order.high, 1 / _distance(b, x)
    even = b.eq(b.floor(k * 0.5) * 2, k)
    paired = even & (x.high < 0) & (x.high > -(2.0**52)) & b.ne(b.floor(x.high), x.high)

    def in_pairs() -> Sequence[Value]:
        usable = chosen(b, paired, x, constant(b, -0.25, x))
        return [call(b, _IN_PAIRS, usable, scale, chosen(b, paired, order, constant(b, 2, x)))]

    usual = call(b, _SUM[terms], x, scale, order)
    value = as_pair(where_rare(b, paired, [usual], in_pairs)[0])
    exponent, factor = split(b, scale)
    zero = b.constant(0, k.type)

    def step(carried: list[Value]) -> Sequence[Value]:
        j, e, product = carried[0], carried[1], as_pair(carried[2])
        active = j <= k
        product = chosen(b, active, product * (factor * widened(b, j)), product)
        size = b.fabs(product.high)
        large = b.select(size > 2.0**300, b.constant(2.0**-300, zero.type), 1)
        power = b.select(size < 2.0**-300, b.constant(2.0**300, zero.type), large)
        e = e + b.select(size < 2.0**-300, zero - 300, b.select(size > 2.0**300, zero + 300, 0))
        return [j + 1, e, pair(product.high * power, product.low * power)]

    start = [b.constant(1, zero.type), zero, chosen(b, even, -value, value)]
    found = b.while_(start, lambda carried: b.any_lane(carried[0] <= k), step)
    return [finite_low(b, scaled_far(b, as_pair(found[2]), b.fma(exponent, k, found[1])))]


def _kernels(terms: Terms) -> tuple[KernelFunction, ...]:
    made = ((digamma, 1), (polygamma, 2), (polygamma_coefficient, 3))
    return tuple(
        KernelFunction(f"{emit.__name__}{terms.suffix}", arity, partial(emit, terms))
        for emit, arity in made
    )


KERNELS = _kernels(FULL)
SHORT_KERNELS = _kernels(SHORT)  # for double: results are rounded to the high part
