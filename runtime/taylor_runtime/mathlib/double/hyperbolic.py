"""Hyperbolic functions from both exponentials, their inverses from logarithms of double-doubles."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum, two_product, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import as_bits, as_double, scaled, usually, where_rare
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.basics.lookup import SIZE, entry
from taylor_runtime.mathlib.basics.pairs import divide, square_root
from taylor_runtime.mathlib.basics.polynomial import horner
from taylor_runtime.mathlib.double import coefficients
from taylor_runtime.mathlib.double.exponential import (
    at_most,
    expm1_pair,
    exponential,
    reduce,
)
from taylor_runtime.mathlib.double.logarithm import log_anywhere, log_of_pair

_LARGE = 700.0  # half of exp(-x) is a normal number up to here
_TINY = 2.0**-28  # below it the functions are their argument
_HUGE = 2.0**500  # its square is finite


class _Parts:
    """exp(x) = 2 a exp(r + s), exp(-x) = 2 b exp(t - r), for x from 0 to `_LARGE`.

    sinh and cosh are those of log(2 a), and of r, by the theorems of addition.
    """

    def __init__(self, b: Builder, x: Value) -> None:
        n, (self.r, self.c) = reduce(b, x)
        power = (n & -SIZE) << 49
        growing, self.s, falling, self.t = (entry(b, part, n) for part in coefficients.HALVES)
        self.a = as_double(b, as_bits(b, growing) + power)
        self.b = as_double(b, as_bits(b, falling) - power)
        r = self.r + self.c
        self.z = r * r
        self.cube = r * self.z
        self.sine = horner(b, self.z, coefficients.SINH)  # (sinh(r) - r) / r**3
        self.cosine = horner(b, self.z, coefficients.COSH)  # (cosh(r) - 1) / z


def _sinh_of_size(b: Builder, x: Value) -> Value:
    parts = _Parts(b, x)
    sine, low = fast_two_sum(b, parts.a, -parts.b)
    cosine = (parts.a - 0.5) + (parts.b - 0.5)  # without 1
    total, rest = fast_two_sum(b, sine, parts.r)  # the first is zero or larger
    low = b.fma(parts.a, parts.s, b.fma(-parts.b, parts.t, low + rest))
    rest = b.fma(parts.cube, parts.sine, parts.c)
    low = b.fma(cosine, parts.r + rest, low + rest)
    return total + b.fma(sine * parts.z, parts.cosine, low)


def _cosh_of_size(b: Builder, x: Value) -> Value:
    parts = _Parts(b, x)
    cosine, low = fast_two_sum(b, parts.a, parts.b)
    low = b.fma(parts.a, parts.s, b.fma(parts.b, parts.t, low))
    sine = b.fma(parts.cube, parts.sine, parts.r + parts.c)
    low = b.fma(parts.a - parts.b, sine, low)
    return cosine + b.fma(cosine * parts.z, parts.cosine, low)


def sinh(b: Builder, x: Value) -> Sequence[Value]:
    size = b.fabs(x)
    value = b.copysign(_sinh_of_size(b, size), x)
    return where_rare(
        b, ~(size < _LARGE), [value], lambda: [b.copysign(_half_exponential(b, size), x)]
    )


def cosh(b: Builder, x: Value) -> Sequence[Value]:
    size = b.fabs(x)
    value = _cosh_of_size(b, size)
    return where_rare(b, ~(size < _LARGE), [value], lambda: [_half_exponential(b, size)])


def _half_exponential(b: Builder, x: Value) -> Value:
    """exp(x)/2 for x not below `_LARGE`."""
    k, (high, low) = exponential(b, at_most(b, x, 720))
    return scaled(b, k - 1)(high + low)


def tanh(b: Builder, x: Value) -> Sequence[Value]:
    """e / (e + 2) with e = exp(2 |x|) - 1."""
    size = at_most(b, b.fabs(x), 22)  # tanh 22 rounds to 1
    e = fast_two_sum(b, *expm1_pair(b, size * 2))
    high, low = two_sum(b, e[0], b.constant(2, x.type))
    high, low = divide(b, e, (high, low + e[1]))
    return [b.copysign(high + low, x)]


def asinh(b: Builder, x: Value) -> Sequence[Value]:
    """log(|x| + sqrt(1 + x**2))."""
    size = b.fabs(x)
    square, error = two_product(b, size, size)
    high, low = two_sum(b, b.constant(1, x.type), square)
    high, low = square_root(b, (high, low + error))
    total, rest = fast_two_sum(b, high, size)
    _, (high, low) = log_of_pair(b, (total, rest + low))
    value = b.copysign(b.select(size < _TINY, size, high + low), x)
    return usually(b, size < _HUGE, [value], ASINH_ANYWHERE, [x])


def acosh(b: Builder, x: Value) -> Sequence[Value]:
    """log(x + sqrt(x**2 - 1))."""
    square, error = two_product(b, x, x)
    high, low = fast_two_sum(b, square, b.constant(-1, x.type))
    high, low = square_root(b, (high, low + error))
    total, rest = fast_two_sum(b, x, high)
    _, (high, low) = log_of_pair(b, (total, rest + low))
    fits = (x >= 1) & (x < _HUGE)
    return usually(b, fits, [high + low], ACOSH_ANYWHERE, [x])


def _log_of_double(b: Builder, x: Value) -> Value:
    """log(2 x), to which both are equal far above 1; NaN of what is less."""
    nan = b.constant(float("nan"), x.type)
    return log_anywhere(b, b.select(x < _HUGE, nan, x), doublings=1)


def atanh(b: Builder, x: Value) -> Sequence[Value]:
    """log((1 + |x|) / (1 - |x|)) / 2."""
    size, one = b.fabs(x), b.constant(1, x.type)
    high, low = divide(b, fast_two_sum(b, one, size), fast_two_sum(b, one, -size))
    _, (high, low) = log_of_pair(b, (high, low))
    value = b.copysign(b.select(size < _TINY, size, (high + low) * 0.5), x)
    return where_rare(b, ~(size < 1), [value], lambda: _atanh_anywhere(b, x))


def _atanh_anywhere(b: Builder, x: Value) -> Sequence[Value]:
    """At the ends and beyond."""
    infinity, nan = (b.constant(float(text), x.type) for text in ("inf", "nan"))
    return [b.copysign(b.select(b.eq(b.fabs(x), 1), infinity, nan), x)]


ASINH_ANYWHERE = KernelFunction(
    "asinh_anywhere", 1, lambda b, x: [b.copysign(_log_of_double(b, b.fabs(x)), x)], rare=True
)
ACOSH_ANYWHERE = KernelFunction("acosh_anywhere", 1, lambda b, x: [_log_of_double(b, x)], rare=True)
KERNELS = (
    KernelFunction("sinhcosh", 1, lambda b, x: [*sinh(b, x), *cosh(b, x)], results=2),
    KernelFunction("sinh", 1, sinh),
    KernelFunction("cosh", 1, cosh),
    KernelFunction("tanh", 1, tanh),
    KernelFunction("asinh", 1, asinh),
    KernelFunction("acosh", 1, acosh),
    KernelFunction("atanh", 1, atanh),
)
