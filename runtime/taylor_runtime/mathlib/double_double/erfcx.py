"""exp(x**2) erfc(x) and its repeated integrals I_k = exp(x**2) i^k erfc(x), in double-double.

From 1/2 on by Miller's backward recurrence I_{k-2} = 2 x I_{k-1} + 2 k I_k, a sum of positive
terms, normalised by I_{-1} = 2/sqrt(pi) (W. Gautschi, SIAM Review 9 (1967) 24;
Abramowitz & Stegun 1964, 7.2.5); it takes some 800/x**2 steps.  Left of 1/2 the same recurrence
forwards, which loses exp(2 x sqrt(2 k)) right of zero.  Measured errors are below 10 units of
2**-106.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.bessel import SQRT_PI, shrink, times
from taylor_runtime.mathlib.double_double.special import (
    SWITCH,
    decay_and_erfc,
    exp_of_minus_square,
    near_zero,
)
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    as_pair,
    chosen,
    constant,
    finite_low,
    magnitude,
    scaled_pair,
    widened,
)

_ROOM, _SPARE = 40.0, 10.0  # exp(2 _ROOM) and more is what the wrong solution has lost
_HUGE = 2.0**60  # the first term of the asymptotic series is all
_OVERFLOW = 28  # exp(x**2) is infinite


def _backward(b: Builder, x: PairValue, s: PairValue, order: Value) -> list[Value]:
    """[(2/s)**k I_k] for SWITCH <= x < _HUGE."""
    y, square = x * s, s * s * 0.5
    reach = _ROOM / x.high + b.sqrt(order * 2 + 2)
    start = b.floor(reach * reach * 0.5 + _SPARE)
    zero = constant(b, 0, x)

    def step(carried: list[Value]) -> Sequence[Value]:
        k, (f, g, kept) = carried[0], map(as_pair, carried[1:])  # of k and k + 1
        kept = chosen(b, b.eq(k, order), f, kept)
        new = y * f + square * widened(b, k + 1) * g
        _, power = shrink(b, new)
        return [k - 1, times(new, power), times(f, power), times(kept, power)]

    found = b.while_([start, constant(b, 1, x), zero, zero], lambda c: c[0] >= 0, step)
    last, _, kept = map(as_pair, found[1:])
    return [kept / last * s / constant(b, SQRT_PI, x)]


def _forward(b: Builder, x: PairValue, s: PairValue, order: Value) -> list[Value]:
    """[(2/s)**k I_k] for x < SWITCH; infinite where exp(x**2) is."""
    inside = chosen(b, x.high < -_OVERFLOW, constant(b, -_OVERFLOW, x), x)

    def left() -> Sequence[Value]:
        size = magnitude(b, inside)
        usable = chosen(b, size.high < SWITCH, constant(b, SWITCH, x), size)
        k, decay, value = decay_and_erfc(b, usable)
        return [scaled_pair(b, 2 / decay, -k) - value / decay]

    def near() -> Sequence[Value]:
        usable = chosen(b, inside.high < -SWITCH, constant(b, 0, x), inside)
        k, decay = exp_of_minus_square(b, usable)
        return [(1 - near_zero(b, usable)) / scaled_pair(b, decay, k)]

    value = as_pair(b.if_(inside.high < -SWITCH, left, near)[0])
    inverse = 1 / s

    def step(carried: list[Value]) -> Sequence[Value]:
        k, (f, g) = carried[0], map(as_pair, carried[1:])  # of k - 1 and k - 2
        new = (inverse * g - inside * f) * inverse * 2 / widened(b, k)
        return [k + 1, new, f]

    before = s / constant(b, SQRT_PI, x)
    start = [b.constant(1, x.high.type), value, before]
    found = as_pair(b.while_(start, lambda c: c[0] <= order, step)[1])
    return [chosen(b, x.high < -_OVERFLOW, constant(b, INFINITY, x), finite_low(b, found))]


def _far(b: Builder, x: PairValue, s: PairValue, order: Value) -> list[Value]:
    """[(2/s)**k I_k] = 1/(sqrt(pi) x (s x)**k) for x >= _HUGE."""
    inverse = 1 / (chosen(b, x.high < INFINITY, x, constant(b, 1, x)) * s)

    def step(carried: list[Value]) -> Sequence[Value]:
        return [carried[0] - 1, as_pair(carried[1]) * inverse]

    power = as_pair(b.while_([order, constant(b, 1, x)], lambda c: c[0] >= 1, step)[1])
    value = power * (1 / (constant(b, SQRT_PI, x) * x))
    return [chosen(b, x.high < INFINITY, value, constant(b, 0, x))]


def coefficient(b: Builder, x: PairValue, s: PairValue, order: PairValue) -> Sequence[Value]:
    """(2/s)**k I_k(x) for natural k: (-1)**k s**-k times the k-th Taylor coefficient of I_0."""
    k = order.high
    right, far = x.high >= SWITCH, x.high >= _HUGE
    near = chosen(b, right & ~far, x, constant(b, 1, x))
    low = chosen(b, right | b.is_nan(x), constant(b, 0, x), x)
    large = chosen(b, far, x, constant(b, _HUGE, x))

    def above() -> Sequence[Value]:
        return b.if_(far, lambda: _far(b, large, s, k), lambda: _backward(b, near, s, k))

    value = as_pair(b.if_(right, above, lambda: _forward(b, low, s, k))[0])
    return [chosen(b, b.is_nan(x), widened(b, x.high), value)]


def ierfcx(b: Builder, x: PairValue, order: PairValue) -> Sequence[Value]:
    """I_k(x)."""
    return coefficient(b, x, constant(b, 2, x), order)


def erfcx(b: Builder, x: PairValue) -> Sequence[Value]:
    """exp(x**2) erfc(x)."""
    return coefficient(b, x, constant(b, 1, x), constant(b, 0, x))


_KERNELS = tuple(
    lanewise.both(kernel)
    for kernel in (
        KernelFunction("erfcx", 1, erfcx),
        KernelFunction("ierfcx", 2, ierfcx),
        KernelFunction("erfcx_coefficient", 3, coefficient),
    )
)
DOUBLE_KERNELS = tuple(kernel for kernel, _ in _KERNELS)
KERNELS = tuple(kernel for _, kernel in _KERNELS)
