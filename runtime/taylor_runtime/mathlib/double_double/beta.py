"""The beta function and its logarithm, in double-double.

log B(a, b) = log gamma(a) + log gamma(b) - log gamma(a + b), with Stirling's series where it serves
(Abramowitz & Stegun 1964, 6.1.40), so that large logarithms do not cancel (DiDonato & Morris, ACM
Trans. Math. Softw. 18 (1992) 360).  Errors are below 30 units of 2**-106 of the largest term, which
for positive arguments is some |log B| + 10; those of B the same of max(1, |log B|).
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.exponential import EXP
from taylor_runtime.mathlib.double_double.gamma import (
    HALF_LOG_TWO_PI,
    LGAMMA,
    SWITCH,
    stirling,
)
from taylor_runtime.mathlib.double_double.logarithm import LOG1P, natural_log
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    NAN,
    as_pair,
    call,
    chosen,
    constant,
    finite_low,
    widened,
)


def _plain(b: Builder, x: PairValue, y: PairValue) -> list[Value]:
    first, second, both = (call(b, LGAMMA, z) for z in (x, y, x + y))
    return [finite_low(b, first + second - both)]


def _with_large(b: Builder, large: PairValue, small: PairValue) -> list[Value]:
    """log B for large >= SWITCH."""
    total = large + small
    rest = stirling(b, large) - stirling(b, total)
    rest = rest - (large - 0.5) * call(b, LOG1P, small / large)

    def one() -> Sequence[Value]:
        return [call(b, LGAMMA, small) + (small - small * natural_log(b, total) + rest)]

    def two() -> Sequence[Value]:
        share = small * natural_log(b, small / total)
        tail = stirling(b, small) + HALF_LOG_TWO_PI - natural_log(b, small) * 0.5
        return [share + (tail + rest)]

    return b.if_(small.high < SWITCH, one, two)


def _is_integer(b: Builder, x: PairValue) -> Value:
    return b.eq(as_pair(b.floor(x) - x).high, 0)


def _is_negative(b: Builder, x: PairValue) -> Value:
    """Whether gamma(x) is negative."""
    floor = as_pair(b.floor(x)).high * 0.5
    return (x.high < 0) & b.ne(b.floor(floor), floor)


def _both(b: Builder, x: PairValue, y: PairValue) -> Sequence[Value]:
    """[B(x, y), log|B(x, y)|]."""
    swap = x.high < y.high
    large, small = chosen(b, swap, y, x), chosen(b, swap, x, y)
    finite = (large.high < INFINITY) & (small.high > -INFINITY)
    serves = (large.high >= SWITCH) & (small.high > 0)
    at = chosen(b, finite, large, constant(b, 1, x)), chosen(b, finite, small, constant(b, 1, x))
    log = as_pair(b.if_(serves & finite, lambda: _with_large(b, *at), lambda: _plain(b, *at))[0])
    value = call(b, EXP, log)
    negative = _is_negative(b, at[0]) ^ _is_negative(b, at[1])
    negative = negative ^ _is_negative(b, at[0] + at[1])
    value = chosen(b, negative, -value, value)
    pole = (at[1].high <= 0) & _is_integer(b, at[1])
    pole = pole | (at[0].high <= 0) & _is_integer(b, at[0])
    zero = pole & b.eq(at[1].high, 0) & (at[0].high > 0)
    at_pole = widened(b, b.select(zero, b.constant(INFINITY, x.high.type), NAN))
    log = chosen(b, pole, constant(b, INFINITY, x), log)
    value = chosen(b, pole, at_pole, value)
    vanishes = b.eq(large.high, INFINITY) & (small.high > 0)
    nan = constant(b, NAN, x)
    log = chosen(b, finite, log, chosen(b, vanishes, constant(b, -INFINITY, x), nan))
    value = chosen(b, finite, value, chosen(b, vanishes, constant(b, 0, x), nan))
    unknown = b.is_nan(x.high) | b.is_nan(y.high)
    return [finite_low(b, chosen(b, unknown, nan, v)) for v in (value, log)]


DOUBLE_KERNELS, KERNELS = lanewise.parts(
    KernelFunction("beta.both", 2, _both, results=2), "beta", "betaln"
)
