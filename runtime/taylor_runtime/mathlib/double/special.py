"""The error function, and the logistic function with its relatives."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum, two_product, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import power_of_two, scaled
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.basics.pairs import Pair, divide, multiply, square
from taylor_runtime.mathlib.basics.polynomial import polynomial
from taylor_runtime.mathlib.double import coefficients
from taylor_runtime.mathlib.double.exponential import at_most, exp_of_minus_square, exponential
from taylor_runtime.mathlib.double.logarithm import log1p_pair

ERF_SWITCH = 0.6  # where both formulas are below 1 ulp, for erf and for erfc


def _erf_of_small(b: Builder, x: Value) -> Pair:
    """erf(x) for |x| < ERF_SWITCH as 2 x/sqrt(pi) plus a smaller number, whose first term is added
    last.
    """
    z = x * x
    cube, (first, *others) = x * z, coefficients.ERF
    high, error = two_product(b, x, constants.TWO_OVER_SQRT_PI[0])
    error = b.fma(x, constants.TWO_OVER_SQRT_PI[1], error)
    return high, b.fma(cube, first, b.fma(cube * z, polynomial(b, z, others), error))


def _erfc_parts(b: Builder, size: Value) -> tuple[Value, Pair]:
    """(k, (h, l)) with erfc(size) = 2**k (h + l) for ERF_SWITCH <= size, relatively accurate up to
    28, not normalised.

    erfc(x) = exp(-x**2) f(u) / (1 + 2 x) with f smooth in u = (x - 3)/(x + 3)
    (Shepherd & Laframboise, Math. Comp. 36 (1981) 249).
    """
    x = at_most(b, size, 28)
    k, decay = exp_of_minus_square(b, x)
    u = (x - 3) / (x + 3)
    factor = fast_two_sum(b, b.constant(1.25, x.type), polynomial(b, u, coefficients.ERFCX))
    numerator = multiply(b, fast_two_sum(b, *decay), factor)
    return k, divide(b, numerator, fast_two_sum(b, x * 2, b.constant(1, x.type)))


def erfc_and_exponent(b: Builder, size: Value) -> tuple[Value, Value]:
    """(k, v) with erfc(size) = 2**k v likewise, rounded."""
    k, (high, low) = _erfc_parts(b, size)
    return k, high + low


def erfc(b: Builder, x: Value) -> Sequence[Value]:
    size = b.fabs(x)
    k, value = erfc_and_exponent(b, size)
    value = scaled(b, k)(value)
    value = b.select(x < 0, 2 - value, value)
    high, low = _erf_of_small(b, x)
    high, rest = fast_two_sum(b, b.constant(1, x.type), -high)
    return [b.select(size < ERF_SWITCH, high + (rest - low), value)]


def erf(b: Builder, x: Value) -> Sequence[Value]:
    size = b.fabs(x)
    k, part = _erfc_parts(b, at_most(b, size, 7))  # erf 7 rounds to 1
    power = power_of_two(b, k)
    high, rest = fast_two_sum(b, b.constant(1, x.type), part[0] * -power)
    large = b.copysign(high + (rest - part[1] * power), x)
    high, low = _erf_of_small(b, x)
    value = b.select(size < ERF_SWITCH, high + low, large)
    return [b.select(b.eq(x, 0), x, value)]


def _decay(b: Builder, x: Value, doublings: int = 0) -> tuple[Value, Pair, Pair]:
    """(2**doublings e, e as a pair, 1 + e as a pair) with e = exp(-|x|).

    The first is rounded once even where it is subnormal; the others do for |x| < 600.
    """
    k, (high, low) = exponential(b, -at_most(b, b.fabs(x), 760))
    high, low = fast_two_sum(b, high, low)
    rounded = scaled(b, k + doublings)(high)
    power = power_of_two(b, b.select(k < -1000, b.constant(-1000, k.type), k))
    pair = (high * power, low * power)
    total, rest = two_sum(b, b.constant(1, x.type), pair[0])
    return rounded, pair, (total, rest + pair[1])


def sigmoid(b: Builder, x: Value) -> Sequence[Value]:
    """1 / (1 + e) for x >= 0, e / (1 + e) below, with e = exp(-|x|)."""
    tail, pair, total = _decay(b, x)
    one, zero = b.constant(1, x.type), b.constant(0, x.type)
    negative = x < 0
    numerator = (b.select(negative, pair[0], one), b.select(negative, pair[1], zero))
    high, low = divide(b, numerator, total)
    return [b.select(x < -50, tail, high + low)]


def sigmoid_derivative(b: Builder, x: Value) -> Sequence[Value]:
    """e / (1 + e)**2 with e = exp(-|x|)."""
    tail, pair, total = _decay(b, x)
    high, low = divide(b, pair, square(b, total))
    return [b.select(b.fabs(x) > 50, tail, high + low)]


def sech_squared(b: Builder, x: Value) -> Sequence[Value]:
    """4 e / (1 + e)**2 with e = exp(-2 |x|)."""
    tail, pair, total = _decay(b, x * 2, doublings=2)
    high, low = divide(b, pair, square(b, total))
    return [b.select(b.fabs(x) > 25, tail, (high + low) * 4)]


def softplus(b: Builder, x: Value) -> Sequence[Value]:
    """max(x, 0) + log(1 + exp(-|x|))."""
    tail, pair, _ = _decay(b, x)
    _, part = log1p_pair(b, *pair)
    high, low = two_sum(b, b.select(x > 0, x, b.constant(0, x.type)), part[0])
    value = high + (low + part[1])
    value = b.select(x < -50, tail, b.select(x > 50, x, value))
    return [b.select(b.is_nan(x), x, value)]


KERNELS = (
    KernelFunction("erf", 1, erf),
    KernelFunction("erfc", 1, erfc),
    KernelFunction("sigmoid", 1, sigmoid),
    KernelFunction("sigmoid_derivative", 1, sigmoid_derivative),
    KernelFunction("sech_squared", 1, sech_squared),
    KernelFunction("softplus", 1, softplus),
)
