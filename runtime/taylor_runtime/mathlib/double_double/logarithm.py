"""Logarithms in double-double: x = 2**n m with m from sqrt(1/2) to sqrt(2), and for f = m - 1

    log(1 + f) = f - s (f - R),  s = f/(2 + f),  R = 2 (z/3 + z**2/5 + ..),  z = s**2,

(fdlibm, Ng 1993), where f is exact and the errors of s and R weigh little.  With the terms of R
from z**11 on in double arithmetic, errors are below 4 u**2 relative (u = 2**-53), log2 and log10
below 8 u**2.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, pair, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import integer, scaled, split_exponent
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.exponential import LN2, LN2_PIECES
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    NAN,
    call,
    chosen,
    polynomial,
    widened,
)

# 2 (atanh(s)/s - 1) / z; what is left out is z**21.
SERIES = [Fraction(2, 2 * k + 3) for k in range(21)]
_DOUBLES = 11
_LOG2_E = 1 / LN2
_LOG10_E = Fraction("0.43429448190325182765112891891660508229439700580366656611445378317")


def split(b: Builder, x: PairValue) -> tuple[Value, PairValue]:
    """(n, m) with x = 2**n m, m from sqrt(1/2) to sqrt(2), for positive finite x; n as a double."""
    n, m = split_exponent(b, x.high)
    return n, pair(m, scaled(b, integer(b, -n))(x.low))


def less_one(b: Builder, m: PairValue) -> PairValue:
    """m - 1, exactly, for m from 1/2 to 2."""
    return pair(*two_sum(b, m.high - 1, m.low))


def _log1p_of_reduced(b: Builder, f: PairValue) -> Sequence[Value]:
    s = f / (f + 2)
    z = s * s
    return [f - s * (f - z * polynomial(b, z, SERIES, _DOUBLES))]


_REDUCED = KernelFunction("log1p.reduced", 1, _log1p_of_reduced)


def log1p_of_reduced(b: Builder, f: PairValue) -> PairValue:
    """log(1 + f), relatively accurate, for 1 + f from sqrt(1/2) to sqrt(2)."""
    return call(b, _REDUCED, f)


def times_ln2(b: Builder, n: Value) -> PairValue:
    """n log(2) for an integer n below 2**11 in size."""
    first, second, third = LN2_PIECES
    high, low = two_sum(b, n * first, n * second)
    return pair(*two_sum(b, high, b.fma(n, third, low)))


def finish(b: Builder, x: PairValue, value: PairValue, zero: float = 0.0) -> PairValue:
    """`value` for finite x > zero; -infinity at zero, NaN below it, infinity at infinity."""
    outside = b.select(x < zero, b.constant(NAN, x.high.type), x.high)
    outside = b.select(b.eq(x, zero), b.constant(-INFINITY, x.high.type), outside)
    return chosen(b, (x > zero) & (x.high < INFINITY), value, widened(b, outside))


def natural_log(b: Builder, x: PairValue) -> PairValue:
    """log(x) for positive finite x."""
    n, m = split(b, x)
    return times_ln2(b, n) + log1p_of_reduced(b, less_one(b, m))


def log(b: Builder, x: PairValue) -> Sequence[Value]:
    return [finish(b, x, natural_log(b, x))]


def log2(b: Builder, x: PairValue) -> Sequence[Value]:
    n, m = split(b, x)
    return [finish(b, x, log1p_of_reduced(b, less_one(b, m)) * _LOG2_E + n)]


def log10(b: Builder, x: PairValue) -> Sequence[Value]:
    return [finish(b, x, natural_log(b, x) * _LOG10_E)]


def log1p(b: Builder, x: PairValue) -> Sequence[Value]:
    total = x + 1
    n, m = split(b, total)
    # Adding 1 loses bits of x that count only where it need not be added.
    f = chosen(b, b.eq(n, 0), x, less_one(b, m))
    value = times_ln2(b, n) + log1p_of_reduced(b, f)
    return [chosen(b, b.eq(x.high, 0), x, finish(b, x, value, -1.0))]


LOG1P = KernelFunction("log1p", 1, log1p)
KERNELS = (
    KernelFunction("log", 1, log),
    KernelFunction("log2", 1, log2),
    KernelFunction("log10", 1, log10),
    LOG1P,
)
