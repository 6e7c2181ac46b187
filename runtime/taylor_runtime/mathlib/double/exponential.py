"""exp, expm1, exp2 and the Gaussian: a power of two, one of eight roots of it, and a polynomial.

x = n log(2)/8 + r, so that exp(x) = 2**k 2**(j/8) exp(r) with n = 8 k + j and |r| <= log(2)/16
(Tang, ACM Trans. Math. Softw. 15 (1989) 144).  Reduction after Cody & Waite, *Software Manual for
the Elementary Functions* (1980), ch. 6, with fused multiply-adds.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum, two_product, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import (
    MAGIC,
    as_bits,
    as_double,
    scaled,
    usually,
    where_rare,
)
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.basics.lookup import SIZE, entry
from taylor_runtime.mathlib.basics.pairs import Pair, multiply
from taylor_runtime.mathlib.basics.polynomial import polynomial
from taylor_runtime.mathlib.double import coefficients

LN2_HIGH, LN2_LOW = constants.LN2
ROOMY = 708  # exp(x) is a normal number for |x| below
_LOW = -LN2_LOW / SIZE
# (exp(r) - 1 - r) / r**2
_EXP = [c for pair in zip(coefficients.COSH, coefficients.SINH, strict=True) for c in pair]
_EIGHTHS = SIZE * 4096  # makes n positive


def reduce(b: Builder, x: Value) -> tuple[Value, Pair]:
    """(n, (r, c)) with x = n log(2)/8 + r + c; n (i64) in the last bits alone, |x| below 2**40."""
    n, whole, r = _reduce(b, x)
    return n, (r, whole * _LOW)


def _reduce(b: Builder, x: Value) -> tuple[Value, Value, Value]:
    """(n, the same as a double, r), where r lacks n times `_LOW`."""
    shifted = b.fma(x, SIZE / LN2_HIGH, MAGIC)
    n = shifted - MAGIC
    # Exact: where n is not 0, both terms are multiples of 2**-57, their difference is below 1/16.
    return as_bits(b, shifted), n, b.fma(n, -LN2_HIGH / SIZE, x)


def _reduce_with_root(b: Builder, x: Value) -> tuple[Value, Value, Pair]:
    """(n, p, (r, c)) with exp(x) = 2**floor(n/8) p exp(r + c)."""
    n, whole, r = _reduce(b, x)
    power, lacking = root(b, n)
    return n, power, (r, b.fma(whole, _LOW, lacking))


def root(b: Builder, n: Value) -> Pair:
    """2**((n mod 8)/8) as a double, and the logarithm of what it lacks."""
    high, low = coefficients.POWERS
    return entry(b, high, n), entry(b, low, n)


def times_power(b: Builder, x: Value, n: Value) -> Value:
    """2**floor(n/8) x, for what is a normal number before and after."""
    return as_double(b, as_bits(b, x) + ((n & -SIZE) << 49))


def _expm1_of_reduced(b: Builder, r: Value) -> Value:
    """exp(r) - 1, to be added to 1."""
    return b.fma(r * r, polynomial(b, r, _EXP), r)


def _exponential(b: Builder, x: Value, low: Value | None = None) -> tuple[Value, Value, Value]:
    """(n, h, l) with exp(x + low) = 2**floor(n/8) h (1 + l)."""
    n, power, (r, c) = _reduce_with_root(b, x)
    return n, power, _expm1_of_reduced(b, r + (c if low is None else c + low))


def exponential(b: Builder, x: Value, low: Value | None = None) -> tuple[Value, Pair]:
    """(k, (h, l)) with exp(x + low) = 2**k (h + l), h in 1 .. 1.84; |x| below 2**40."""
    n, high, rest = _exponential(b, x, low)
    return _exponent(b, n), (high, high * rest)


def _exponent(b: Builder, n: Value) -> Value:
    """floor(n/8) of a number between -2**15 and 2**15."""
    return b.logical_shift_right((n & (2 * _EIGHTHS - 1)) ^ _EIGHTHS, 3) - 4096


def clamp(b: Builder, x: Value, low: float, high: float) -> Value:
    """x between low and high; NaN stays."""
    return at_most(b, b.select(x < low, b.constant(low, x.type), x), high)


def at_most(b: Builder, x: Value, high: float) -> Value:
    """The smaller one of x and high; NaN stays."""
    return b.select(x > high, b.constant(high, x.type), x)


def exp(b: Builder, x: Value) -> Sequence[Value]:
    return usually(b, b.fabs(x) < ROOMY, [exp_of_pair(b, x)], EXP_ANYWHERE, [x])


def exp_of_pair(b: Builder, x: Value, low: Value | None = None) -> Value:
    """exp(x + low) for |x| below ROOMY."""
    n, high, rest = _exponential(b, x, low)
    return times_power(b, b.fma(high, rest, high), n)


def _exp_anywhere(b: Builder, x: Value) -> Sequence[Value]:
    k, (high, low) = exponential(b, clamp(b, x, -760, 720))
    return [scaled(b, k)(high + low)]


def _exponential_of_two(b: Builder, x: Value) -> tuple[Value, Value]:
    """(n, v) with 2**x = 2**floor(n/8) v."""
    magic = MAGIC / SIZE
    shifted = x + magic
    n = as_bits(b, shifted)
    high, lacking = root(b, n)
    rest = _expm1_of_reduced(b, b.fma(x - (shifted - magic), LN2_HIGH, lacking))
    return n, b.fma(high, rest, high)


def exp2(b: Builder, x: Value) -> Sequence[Value]:
    n, value = _exponential_of_two(b, x)
    return where_rare(
        b, ~(b.fabs(x) < 1021), [times_power(b, value, n)], lambda: _exp2_anywhere(b, x)
    )


def _exp2_anywhere(b: Builder, x: Value) -> Sequence[Value]:
    n, value = _exponential_of_two(b, clamp(b, x, -1090, 1040))
    return [scaled(b, _exponent(b, n))(value)]


def expm1_pair(b: Builder, x: Value) -> Pair:
    """exp(x) - 1, not normalised; |x| below ROOMY."""
    n, power, (r, c) = _reduce_with_root(b, x)
    high, t = times_power(b, power, n), r + c
    rest = b.fma(t * t, polynomial(b, t, coefficients.EXPM1), c)
    less, lost = two_sum(b, high, b.constant(-1, x.type))
    total, error = fast_two_sum(b, less, r)
    return total, b.fma(high, rest, b.fma(less, r, lost + error))


def expm1(b: Builder, x: Value) -> Sequence[Value]:
    high, low = expm1_pair(b, x)
    value = b.copysign(high + low, x)
    return where_rare(b, ~(b.fabs(x) < ROOMY), [value], lambda: _expm1_anywhere(b, x))


def _expm1_anywhere(b: Builder, x: Value) -> Sequence[Value]:
    """Where 1 is rounded away, or all else."""
    return [_exp_anywhere(b, x)[0] - 1]


def exp_of_minus_square(b: Builder, x: Value) -> tuple[Value, Pair]:
    """(k, (h, l)) with exp(-x**2) = 2**k (h + l); x**2 is not rounded."""
    x = clamp(b, x, -28, 28)
    square, error = two_product(b, x, x)
    return exponential(b, -square, -error)


def erf_derivative(b: Builder, x: Value) -> Sequence[Value]:
    """2/sqrt(pi) exp(-x**2)."""
    k, value = exp_of_minus_square(b, x)
    high, low = multiply(b, value, constants.TWO_OVER_SQRT_PI)
    return [scaled(b, k)(high + low)]


EXP_ANYWHERE = KernelFunction("exp_anywhere", 1, _exp_anywhere)
KERNELS = (
    KernelFunction("exp", 1, exp),
    KernelFunction("exp2", 1, exp2),
    KernelFunction("expm1", 1, expm1),
    KernelFunction("erf_derivative", 1, erf_derivative),
)
