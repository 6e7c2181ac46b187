"""Modified Bessel functions I of integer order, and exp(-|x|) I, in double-double.

Where x is below 40 + n**2, Miller's backward recurrence, normalised by I_0 + 2 I_1 + 2 I_2 + .. =
exp x (Abramowitz & Stegun 1964, 9.6.26 and 9.6.37), sums without cancellation; beyond, Hankel's
expansion (9.7.1).  Measured errors stay below 40 units of 2**-106, growing slowly with the order.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, fast_two_sum, pair
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.bits import is_negative
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.bessel import (
    HUGE,
    SWITCH,
    is_odd,
    next_order,
    scaled_argument,
    shrink,
    times,
)
from taylor_runtime.mathlib.double_double.exponential import EXP
from taylor_runtime.mathlib.double_double.gamma import SQRT_TWO_PI
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    as_pair,
    call,
    chosen,
    constant,
    finite_low,
    magnitude,
    scaled_far,
    widened,
)

_EXTRA, _SLOPE = 24, 6.0  # recurrences start at max(n, x) + _EXTRA + _SLOPE sqrt(x)
_SMALL = 300  # exp(x) is far from overflow
_TERMS = 62  # of Hankel's expansion, which leave 2**-112


def _downward(b: Builder, t: PairValue, m: Value) -> tuple[PairValue, Value]:
    """(v, e) with exp(-t) I_m(t) = 2**e v."""
    two = 2 / t
    start = b.floor(b.fma(b.sqrt(t.high), _SLOPE, b.select(t.high > m, t.high, m) + _EXTRA))
    zero = constant(b, 0, t)

    def step(carried: list[Value]) -> Sequence[Value]:
        j, e, (f, g, total, kept) = carried[0], carried[1], map(as_pair, carried[2:])
        kept = chosen(b, b.eq(j, m), f, kept)
        new = next_order(b, two, j, f, -g)
        large, power = shrink(b, new)
        e = b.select(large & (j <= m), e - HUGE, e)
        return [j - 1, e, *(times(x, power) for x in (new, f, as_pair(total + f))), kept]

    carried = [start, start * 0, constant(b, 1, t), zero, zero, zero]
    last = b.while_(carried, lambda c: c[0] >= 1, step)
    f, _, total, kept = map(as_pair, last[2:])
    total = pair(*fast_two_sum(b, total.high, total.low))
    return chosen(b, m < 1, f, kept) / (total * 2 + f), b.select(m < 1, last[1] * 0, last[1])


def _hankel(b: Builder, x: PairValue, m: Value) -> PairValue:
    """exp(-x) I_m(x), with the terms (4 m**2 - 1) (4 m**2 - 9) .. / k! (-8 x)**k."""
    inverse, square = 0.125 / x, m * m * 4

    def step(carried: list[Value]) -> Sequence[Value]:
        k, term, total = carried[0], as_pair(carried[1]), as_pair(carried[2])
        factor = square - (k * 2 - 1) * (k * 2 - 1)
        term = -(term * inverse * widened(b, factor) / widened(b, k))
        return [k + 1, term, total + term]

    one = constant(b, 1, x)
    start = [b.constant(1, m.type), one, one]
    total = as_pair(b.while_(start, lambda c: c[0] < _TERMS, step)[2])
    return total / (as_pair(b.sqrt(x)) * SQRT_TWO_PI)


def _both(b: Builder, x: PairValue, order: PairValue) -> Sequence[Value]:
    """[I_n(x), exp(-|x|) I_n(x)]; n is an integer, |n| below 2**25."""
    m, size = b.fabs(order.high), magnitude(b, x)
    inside = (size.high > 0) & (size.high < INFINITY)
    size = chosen(b, inside, size, constant(b, 1, x))
    far = size.high >= m * m + SWITCH

    def near() -> Sequence[Value]:
        t, k = scaled_argument(b, size)
        value, exponent = _downward(b, t, m)
        return [value * (1 + (t - size)), k * m + exponent]  # exp(t - x), which is 1 unless k

    found = b.if_(far, lambda: [_hankel(b, size, m), m * 0], near)
    value, exponent = as_pair(found[0]), found[1]
    root = call(b, EXP, size * 0.5)
    # Where a number may be subnormal, it is rounded at the end.
    first, second = value * root, chosen(b, size.high < _SMALL, root, constant(b, 1, x))
    rest = chosen(b, size.high < _SMALL, constant(b, 1, x), root)
    grown = finite_low(b, scaled_far(b, first * second, exponent) * rest)
    value = scaled_far(b, value, exponent)
    negative = is_negative(b, x.high) & is_odd(b, m)
    at_zero = b.select(b.eq(x.high, 0) & b.eq(m, 0), b.constant(1, m.type), 0)
    infinite = b.fabs(x.high) >= INFINITY
    ends = b.select(infinite, b.fabs(x.high), at_zero), at_zero
    results = []
    for number, end in zip((grown, value), ends, strict=True):
        end = b.select(b.is_nan(x), x.high, end)
        chosen_number = chosen(b, inside, number, widened(b, end))
        results.append(finite_low(b, chosen(b, negative, -chosen_number, chosen_number)))
    return results


DOUBLE_KERNELS, KERNELS = lanewise.parts(
    KernelFunction("besseli.both", 2, _both, results=2), "besseli", "besseli_scaled"
)
