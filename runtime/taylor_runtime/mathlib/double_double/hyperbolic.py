"""Hyperbolic and logistic functions from exp(x) - 1 and exp(-x), their inverses from log(1 + x).

The arguments are arranged as in the kernels for double.  Errors are below 8 * 2**-106.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, pair
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.exponential import EXP, LN2, expm1_or_quarter
from taylor_runtime.mathlib.double_double.logarithm import LOG1P
from taylor_runtime.mathlib.double_double.steps import (
    NAN,
    as_pair,
    call,
    chosen,
    clamp,
    constant,
    finite_low,
    magnitude,
)


def _odd(b: Builder, x: PairValue, value: PairValue) -> PairValue:
    """An odd function of x from its value at |x|."""
    return chosen(b, b.eq(x.high, 0), x, as_pair(b.copysign(value, x)))


def sinhcosh(b: Builder, x: PairValue) -> Sequence[Value]:
    """[sinh x, cosh x] from e = exp|x| - 1: sinh = (e + e/(e + 1))/2, cosh likewise.

    Beyond 40 both are exp|x|/2, computed as 2 (exp|x|/4) for the sake of the last binade.
    """
    size = magnitude(b, x)
    large = size.high > 40
    e = expm1_or_quarter(b, clamp(b, size, 0, 710.6), large)
    exponential = e + 1
    inverse = 1 / exponential
    huge = finite_low(b, pair(e.high * 2, e.low * 2))
    sine = chosen(b, large, huge, (e + e * inverse) * 0.5)
    cosine = chosen(b, large, huge, (exponential + inverse) * 0.5)
    return [_odd(b, x, sine), cosine]


def tanh(b: Builder, x: PairValue) -> Sequence[Value]:
    """e/(e + 2) with e = exp(2 |x|) - 1; 1 - 2/(e + 2) where that is more accurate."""
    size = clamp(b, magnitude(b, x), 0, 60)
    large = size.high > 0.5
    e = expm1_or_quarter(b, pair(size.high * 2, size.low * 2), size.high < 0)
    part = chosen(b, large, constant(b, -2.0, x), e) / (e + 2)
    return [_odd(b, x, chosen(b, large, part + 1, part))]


def sigmoid(b: Builder, x: PairValue) -> Sequence[Value]:
    """1/(1 + e) for x >= 0, e/(1 + e) below, with e = exp(-|x|)."""
    e = call(b, EXP, -magnitude(b, x))
    return [chosen(b, x.high < 0, e, constant(b, 1.0, x)) / (e + 1)]


def sigmoid_derivative(b: Builder, x: PairValue) -> Sequence[Value]:
    """e/(1 + e)**2 with e = exp(-|x|)."""
    e = call(b, EXP, -magnitude(b, x))
    total = e + 1
    return [e / (total * total)]


def sech_squared(b: Builder, x: PairValue) -> Sequence[Value]:
    """4 e/(1 + e)**2 with e = exp(-2 |x|); (2 exp(-|x|))**2 where e is not a normal number."""
    size = magnitude(b, x)
    large = size.high > 300
    factor = b.select(large, b.constant(-1, size.high.type), -2)
    e = call(b, EXP, pair(size.high * factor, size.low * factor))
    total = e + 1
    return [chosen(b, large, e * 2 * (e * 2), e / (total * total) * 4)]


def softplus(b: Builder, x: PairValue) -> Sequence[Value]:
    """max(x, 0) + log(1 + exp(-|x|))."""
    part = call(b, LOG1P, call(b, EXP, -magnitude(b, x)))
    return [chosen(b, x.high > 0, x, constant(b, 0.0, x)) + part]


def asinh(b: Builder, x: PairValue) -> Sequence[Value]:
    """log(1 + |x| + x**2/(1 + sqrt(1 + x**2))); log(2 |x|) where x**2 is far above 1."""
    size = magnitude(b, x)
    large = size.high > _LARGE
    moderate = chosen(b, large, constant(b, 1.0, x), size)
    squared = moderate * moderate
    argument = moderate + squared / (b.sqrt(squared + 1) + 1)
    return [_odd(b, x, _log1p_or_log_of_twice(b, large, size, argument))]


def acosh(b: Builder, x: PairValue) -> Sequence[Value]:
    """log(1 + t + sqrt(t (t + 2))) with t = x - 1; log(2 x) where x**2 is far above 1."""
    large = x.high > _LARGE
    t = chosen(b, large, constant(b, 1.0, x), x) - 1
    value = _log1p_or_log_of_twice(b, large, x, t + as_pair(b.sqrt(t * (t + 2))))
    return [chosen(b, x < 1, constant(b, NAN, x), value)]


_LARGE = 2.0**120


def _log1p_or_log_of_twice(
    b: Builder, large: Value, x: PairValue, argument: PairValue
) -> PairValue:
    """log(2 x) where `large`, which 1 does not matter to, else log(1 + argument)."""
    value = call(b, LOG1P, chosen(b, large, x, argument))
    return chosen(b, large, value + LN2, value)


def atanh(b: Builder, x: PairValue) -> Sequence[Value]:
    """log(1 + 2 |x|/(1 - |x|))/2."""
    size = magnitude(b, x)
    return [_odd(b, x, call(b, LOG1P, size * 2 / (1 - size)) * 0.5)]


KERNELS = (
    KernelFunction("sinhcosh", 1, sinhcosh, results=2),
    KernelFunction("sinh", 1, lambda b, x: sinhcosh(b, x)[:1]),
    KernelFunction("cosh", 1, lambda b, x: sinhcosh(b, x)[1:]),
    KernelFunction("tanh", 1, tanh),
    KernelFunction("sigmoid", 1, sigmoid),
    KernelFunction("sigmoid_derivative", 1, sigmoid_derivative),
    KernelFunction("sech_squared", 1, sech_squared),
    KernelFunction("softplus", 1, softplus),
    KernelFunction("asinh", 1, asinh),
    KernelFunction("acosh", 1, acosh),
    KernelFunction("atanh", 1, atanh),
)
