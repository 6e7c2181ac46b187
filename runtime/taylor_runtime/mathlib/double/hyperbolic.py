"""Hyperbolic functions from exp(x) - 1, their inverses from log(1 + x), both as double-doubles."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum, two_product, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.basics.pairs import Pair, divide, multiply, square_root
from taylor_runtime.mathlib.double.exponential import LN2_HIGH, at_most, expm1_pair
from taylor_runtime.mathlib.double.logarithm import log1p_pair


def _add(b: Builder, x: Pair, y: Pair) -> Pair:
    """x + y, normalised."""
    high, low = two_sum(b, x[0], y[0])
    return fast_two_sum(b, high, low + (x[1] + y[1]))


def sinhcosh(b: Builder, x: Value) -> Sequence[Value]:
    """[sinh x, cosh x] from e = exp|x| - 1: sinh = (e + e/(e + 1))/2, cosh likewise.

    Beyond 40 both are exp|x|/2, computed as 2 (exp|x|/4) for the sake of the last binade.
    """
    size = b.fabs(x)
    large = size > 40
    zero = b.constant(0, x.type.of("i64"))
    e = expm1_pair(b, at_most(b, size, 710.6), b.select(large, zero + 2, zero))
    e = fast_two_sum(b, *e)
    exponential = _add(b, e, (b.constant(1, x.type), b.constant(0, x.type)))
    inverse = divide(b, (b.constant(1, x.type), b.constant(0, x.type)), exponential)
    mirrored = multiply(b, e, inverse)
    huge = (e[0] + e[1]) * 2
    high, low = _add(b, e, mirrored)
    sine = b.select(large, huge, (high + low) * 0.5)
    high, low = _add(b, exponential, inverse)
    cosine = b.select(large, huge, (high + low) * 0.5)
    return [b.copysign(b.select(b.eq(x, 0), x, sine), x), cosine]


def tanh(b: Builder, x: Value) -> Sequence[Value]:
    """e / (e + 2) with e = exp(2 |x|) - 1."""
    size = at_most(b, b.fabs(x), 22)  # tanh 22 rounds to 1
    e = fast_two_sum(b, *expm1_pair(b, size * 2))
    high, low = two_sum(b, e[0], b.constant(2, x.type))
    high, low = divide(b, e, (high, low + e[1]))
    return [b.copysign(b.select(b.eq(x, 0), x, high + low), x)]


def asinh(b: Builder, x: Value) -> Sequence[Value]:
    """log(1 + |x| + x**2 / (1 + sqrt(1 + x**2))); log(2 |x|) where x**2 is far above 1."""
    size = b.fabs(x)
    large = size > 2.0**60
    zero, one = b.constant(0, x.type), b.constant(1, x.type)
    moderate = b.select(large, one, size)
    squared = two_product(b, moderate, moderate)
    root = square_root(b, _add(b, squared, (one, zero)))
    high, low = two_sum(b, root[0], one)
    fraction = divide(b, squared, (high, low + root[1]))
    argument = _add(b, (moderate, zero), fraction)
    return [b.copysign(_log1p_or_log_of_double(b, large, size, argument), x)]


def acosh(b: Builder, x: Value) -> Sequence[Value]:
    """log(1 + t + sqrt(t (t + 2))) with t = x - 1; log(2 x) where x**2 is far above 1."""
    large = x > 2.0**60
    t = two_sum(b, b.select(large, b.constant(1, x.type), x), b.constant(-1, x.type))
    high, low = two_sum(b, t[0], b.constant(2, x.type))
    root = square_root(b, multiply(b, t, (high, low + t[1])))
    value = _log1p_or_log_of_double(b, large, x, _add(b, root, t))
    return [b.select(x < 1, b.constant(float("nan"), x.type), value)]


def _log1p_or_log_of_double(b: Builder, large: Value, x: Value, argument: Pair) -> Value:
    """log(2 x) where `large`, else log(1 + argument)."""
    zero = b.constant(0, x.type)
    high = b.select(large, x * 0.5, argument[0])
    low = b.select(large, zero, argument[1])
    first, rest = log1p_pair(b, (high, low))
    first, more = two_sum(b, first, b.select(large, b.constant(2 * LN2_HIGH, x.type), 0))
    value = first + (rest + more)
    return b.select(x < float("inf"), value, x)


def atanh(b: Builder, x: Value) -> Sequence[Value]:
    """log(1 + 2 |x| / (1 - |x|)) / 2."""
    size = b.fabs(x)
    below = two_sum(b, b.constant(1, x.type), -size)
    high, low = divide(b, (size * 2, b.constant(0, x.type)), below)
    high, low = log1p_pair(b, fast_two_sum(b, high, low))
    value = (high + low) * 0.5
    infinity, nan = (b.constant(float(text), x.type) for text in ("inf", "nan"))
    end = b.select(b.eq(size, 1), infinity, nan)
    return [b.copysign(b.select(b.eq(x, 0), x, b.select(size < 1, value, end)), x)]


KERNELS = (
    KernelFunction("sinhcosh", 1, sinhcosh, results=2),
    KernelFunction("sinh", 1, lambda b, x: sinhcosh(b, x)[:1]),
    KernelFunction("cosh", 1, lambda b, x: sinhcosh(b, x)[1:]),
    KernelFunction("tanh", 1, tanh),
    KernelFunction("asinh", 1, asinh),
    KernelFunction("acosh", 1, acosh),
    KernelFunction("atanh", 1, atanh),
)
