"""Logarithms: x = 2**n m with m in [sqrt(1/2), sqrt(2)], and log(m) = 2 atanh((m - 1)/(m + 1)).

The leading terms f - f**2/2 of log(1 + f) are kept apart from the rest, as in fdlibm (Ng, 1993),
here as a double-double so that the sum is rounded once.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import (
    integer,
    is_ordinary,
    power_of_two,
    split_exponent,
    usually,
)
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.basics.pairs import Constant, Pair, multiply
from taylor_runtime.mathlib.basics.polynomial import polynomial
from taylor_runtime.mathlib.double import coefficients

INFINITY = float("inf")
NAN = float("nan")


def log_of_reduced(b: Builder, f: Value, c: Value | None = None) -> tuple[Value, Value, Value]:
    """(f, -f**2/2, rest) whose sum is log(1 + f + c), for |f| <= sqrt(2) - 1 and c far below f."""
    s = f / (f + 2)
    z = s * s
    half = f * 0.5
    square = half * f
    error = b.fma(half, f, -square)
    rest = b.fma(s, b.fma(z, polynomial(b, z, coefficients.LOG), square), -error)
    if c is not None:
        # c / (1 + f), to the few bits that count.
        rest = rest + c * b.fma(b.fma(b.fma(f, -0.9, 1), f, -1), f, 1)
    return f, -square, rest


def log_sum(b: Builder, n: Value, parts: tuple[Value, Value, Value]) -> Pair:
    """n log(2) + the sum of the parts, not normalised."""
    f, square, rest = parts
    high, low = fast_two_sum(b, n * constants.LN2_SHORT[0], f)
    high, lower = fast_two_sum(b, high, square)
    return high, b.fma(n, constants.LN2_SHORT[1], rest) + (low + lower)


def log1p_pair(b: Builder, x: Pair) -> Pair:
    """log(1 + x) for a normalised finite x > -1, not normalised."""
    total, error = two_sum(b, b.constant(1, x[0].type), x[0])
    total, error = fast_two_sum(b, total, error + x[1])
    n, m = split_exponent(b, total)
    # Beyond 2**1000 the error is too small to count, and its factor not a normal number.
    down = power_of_two(b, -integer(b, b.select(n > 1000, b.constant(1000, n.type), n)))
    near = b.eq(n, 0)  # nothing of x was lost by adding 1, if it is not added at all
    f, c = fast_two_sum(b, b.select(near, x[0], m - 1), b.select(near, x[1], error * down))
    return log_sum(b, n, log_of_reduced(b, f, c))


def finish(b: Builder, x: Value, value: Value, zero: float = 0.0) -> Value:
    """`value` for finite x > zero; -infinity at zero, NaN below it, infinity at infinity."""
    outside = b.select(x < zero, b.constant(NAN, x.type), x)
    outside = b.select(b.eq(x, zero), b.constant(-INFINITY, x.type), outside)
    return b.select((x > zero) & (x < INFINITY), value, outside)


def log(b: Builder, x: Value) -> Sequence[Value]:
    n, m = split_exponent(b, x, normal=True)
    high, low = log_sum(b, n, log_of_reduced(b, m - 1))
    return usually(b, is_ordinary(b, x), [high + low], LOG_ANYWHERE, [x])


def _log_anywhere(b: Builder, x: Value) -> Sequence[Value]:
    n, m = split_exponent(b, x)
    high, low = log_sum(b, n, log_of_reduced(b, m - 1))
    return [finish(b, x, high + low)]


def _log_to_base(b: Builder, x: Value, slope: Constant, of_two: Constant) -> Value:
    """n of_two + slope log(m); n times the high part of `of_two` must be exact."""
    n, m = split_exponent(b, x)
    f, square, rest = log_of_reduced(b, m - 1)
    high, low = fast_two_sum(b, f, square)
    high, low = multiply(b, fast_two_sum(b, high, low + rest), slope)
    total, error = fast_two_sum(b, n * of_two[0], high)
    return finish(b, x, total + b.fma(n, of_two[1], error + low))


def log2(b: Builder, x: Value) -> Sequence[Value]:
    return [_log_to_base(b, x, constants.LOG2_E, (1.0, 0.0))]


def log10(b: Builder, x: Value) -> Sequence[Value]:
    return [_log_to_base(b, x, constants.LOG10_E, constants.LOG10_2_SHORT)]


def log1p(b: Builder, x: Value) -> Sequence[Value]:
    high, low = log1p_pair(b, (x, b.constant(0, x.type)))
    return [b.select(b.eq(x, 0), x, finish(b, x, high + low, -1.0))]


LOG_ANYWHERE = KernelFunction("log_anywhere", 1, _log_anywhere)
KERNELS = (
    KernelFunction("log", 1, log),
    KernelFunction("log2", 1, log2),
    KernelFunction("log10", 1, log10),
    KernelFunction("log1p", 1, log1p),
)
