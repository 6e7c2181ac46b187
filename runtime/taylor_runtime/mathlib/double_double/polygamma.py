"""digamma and its derivatives in double-double, from the sums of `polygamma_sums`: there
G_k(x) is (-1)**(k + 1) / k! times the k-th derivative of digamma, and G_0 = -digamma.

Right of zero errors are some units of 2**-106 (and k of them for powers), also next to digamma's
zero, where it is a polynomial.  Left of zero those of digamma and of the coefficients are below 20
units of the largest term, 1/f or log(1 - x) for digamma.  In polygamma itself, where f**-(k + 1)
and the first term of G_k(1 - f) cancel for even k and |f| near 1/2, terms are taken in pairs.  Next
to the zeros of all three it is done in quad-double.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, pair
from taylor_runtime.ir.types import I1
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import where_rare
from taylor_runtime.mathlib.basics.estimate import log2_estimate
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double_double.cancelled import anew
from taylor_runtime.mathlib.double_double.gamma_coefficients import DIGAMMA, ROOT
from taylor_runtime.mathlib.double_double.logarithm import split
from taylor_runtime.mathlib.double_double.polygamma_sums import (
    FULL,
    IN_PAIRS,
    LARGEST_WIDE,
    SHORT,
    SUM,
    Terms,
    reflected,
    scaled_power,
    wide_in_pairs,
    wide_right,
)
from taylor_runtime.mathlib.double_double.steps import (
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
from taylor_runtime.mathlib.quad_double import elementary as wide

_REACH = 0.25  # of the polynomial about the zero
_ROOT_DOUBLES = 14
_LEAST_SCALE = 2.0**-12  # whose power of order LARGEST_WIDE is in range


def _near_root(b: Builder, x: PairValue) -> PairValue:
    """digamma within _REACH of its zero, whose third word counts next to it."""
    high = Fraction(float(ROOT))
    low = Fraction(float(ROOT - high))
    d = x - high - low - (ROOT - high - low)
    return d * polynomial(b, d, DIGAMMA, _ROOT_DOUBLES)


def _digamma_anew(b: Builder, x: PairValue) -> Sequence[PairValue]:
    """digamma left of zero, no pole, in quad-double."""
    f, order = wide.widened(x - as_pair(b.floor(x + 0.5))), constant(b, 0, x)
    even = b.constant(1, I1)
    value = reflected(b, wide_right(b, order), 1 / f, f, wide.widened(x), even)
    return [wide.rounded(-value)]


def _polygamma_anew(b: Builder, x: PairValue, order: PairValue) -> Sequence[PairValue]:
    k = order.high

    def step(carried: list[Value]) -> Sequence[Value]:
        return [carried[0] + 1, carried[1] * carried[0]]

    start: list[Value] = [b.constant(1, k.type), -wide_in_pairs(b, x, order)]
    return [wide.rounded(wide.as_quad(b.while_(start, lambda c: c[0] <= k, step)[1]))]


def _coefficient_anew(
    b: Builder, x: PairValue, scale: PairValue, order: PairValue
) -> Sequence[PairValue]:
    power = scaled_power(b, wide.widened(1 / scale), wide.constant(b, 1), wide.widened(order))
    return [wide.rounded(-wide_in_pairs(b, x, order) * power)]


def digamma(terms: Terms, b: Builder, x: PairValue) -> Sequence[Value]:
    d = b.fabs(x.high - float(ROOT))
    zero = constant(b, 0, x)
    away = -call(b, SUM[terms], x, constant(b, 1, x), zero)
    size = log2_estimate(b, 1 - x.high) + 1  # more than log(1 - x), and than 1
    small = (x.high < 0) & (b.fabs(away.high) < size * terms.small)
    (away,) = anew(b, [away], small, "ty.digamma.anew", _digamma_anew, x)
    return [chosen(b, d < _REACH, _near_root(b, x), away)]


def polygamma_coefficient(
    terms: Terms, b: Builder, x: PairValue, scale: PairValue, order: PairValue
) -> Sequence[Value]:
    """s**-k times digamma's k-th Taylor coefficient at x, its k-th derivative over k!, k >= 1."""
    value, k = call(b, SUM[terms], x, scale, order), order.high
    even = b.eq(b.floor(k * 0.5) * 2, k)
    f = x - as_pair(b.floor(x + 0.5))
    cancels = even & (x.high < 0) & (b.fabs(f.high) > 0.25) & (k > 0) & (k <= LARGEST_WIDE)
    cancels = cancels & (scale.high > _LEAST_SCALE)

    def nearest() -> Sequence[Value]:
        near = 1 / chosen(b, cancels, f, constant(b, 1, x))
        return [b.fabs((near * scaled_power(b, near, 1 / scale, order)).high)]

    size = where_rare(b, cancels, [b.constant(0, k.type)], nearest)[0]
    small = b.fabs(value.high) < size * terms.small
    result = chosen(b, even, -value, value)
    name = "ty.polygamma_coefficient.anew"
    return anew(b, [result], small, name, _coefficient_anew, x, scale, order)


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

    usual = call(b, SUM[terms], x, scale, order)

    def in_pairs() -> Sequence[Value]:
        usable = chosen(b, paired, x, constant(b, -0.25, x))
        known = chosen(b, paired, order, constant(b, 2, x))
        return emit_call(b, IN_PAIRS, [usable, scale, known])

    found = where_rare(b, paired, [usual, constant(b, 0, x)], in_pairs)
    value, term = map(as_pair, found)
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
    result = finite_low(b, scaled_far(b, as_pair(found[2]), b.fma(exponent, k, found[1])))
    small = (b.fabs(value.high) < b.fabs(term.high) * terms.small) & (k <= LARGEST_WIDE)
    return anew(b, [result], small, "ty.polygamma.anew", _polygamma_anew, x, order)


def _kernels(terms: Terms) -> tuple[KernelFunction, ...]:
    made = ((digamma, 1), (polygamma, 2), (polygamma_coefficient, 3))
    return tuple(
        KernelFunction(f"{emit.__name__}{terms.suffix}", arity, partial(emit, terms))
        for emit, arity in made
    )


KERNELS = _kernels(FULL)
SHORT_KERNELS = _kernels(SHORT)  # for double: results are rounded to the high part
