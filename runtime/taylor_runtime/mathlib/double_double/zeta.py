"""Riemann's zeta function of real arguments, in double-double.

From 1/2 on zeta(y) = sum_k (-1)**k w_k (k + 1)**-y / (1 - 2**(1 - y)), Borwein's convergent
alternating series (P. Borwein, CMS Conf. Proc. 27 (2000) 29, algorithm 2), with so many terms that
(3 + sqrt(8))**-46 is left.  Left of it the functional equation, for y = 1 - x

    zeta(x) = 2 (2 pi)**-y sin(pi x/2) gamma(y) zeta(y)      (Abramowitz & Stegun 1964, 23.2.6).

Errors are below 20 units of 2**-106, left of zero 20 + 2 |x|.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from math import factorial

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PAIR, PairValue
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.bits import integer
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.constants import HALF_PI
from taylor_runtime.mathlib.double_double.exponential import EXP, EXPM1, LN2
from taylor_runtime.mathlib.double_double.gamma import (
    HALF_LOG_TWO_PI,
    SQRT_TWO_PI,
    sine_of_turns,
    stirling,
)
from taylor_runtime.mathlib.double_double.gamma import (
    KERNELS as GAMMA_KERNELS,
)
from taylor_runtime.mathlib.double_double.logarithm import natural_log
from taylor_runtime.mathlib.double_double.power import POW
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

_TERMS = 46
_LARGE = 100  # arguments of gamma from which its fourth root is taken
_LARGEST = 300  # zeta(1 - y) is out of range
_ENOUGH = 2.0**-114
_TINY = 2.0**-110  # zeta(0) is all


def weights(count: int) -> list[Fraction]:
    """(-1)**k w_k."""
    terms = [
        Fraction(count * factorial(count + i - 1) * 4**i, factorial(count - i) * factorial(2 * i))
        for i in range(count + 1)
    ]
    sums = list(accumulate(terms))
    return [(-1) ** k * (1 - sums[k] / sums[-1]) for k in range(count)]


def _right(b: Builder, y: PairValue, less: PairValue) -> list[Value]:
    """[zeta(y)] for y >= 1/2, less = 1 - y; infinite at 1."""
    scalar, table = make_type(PAIR, 0), b.table(weights(_TERMS), PAIR)

    def step(carried: list[Value]) -> Sequence[Value]:
        k, _, total = carried[0], carried[1], as_pair(carried[2])
        weight = as_pair(b.load(scalar, b.at(table, integer(b, k), PAIR)))
        term = call(b, EXP, -(y * natural_log(b, widened(b, k + 1)))) * weight
        return [k + 1, b.fabs(term.high), total + term]

    one = constant(b, 1, y)
    start = [b.constant(1, y.high.type), one.high, one * 1 + (weights(_TERMS)[0] - 1)]
    found = b.while_(start, lambda c: (c[0] < _TERMS) & (c[1] > _ENOUGH), step)
    return [as_pair(found[2]) / -call(b, EXPM1, less * LN2)]


def _gamma_over_turns(b: Builder, y: PairValue) -> tuple[PairValue, PairValue]:
    """(p, q) with (2 pi)**-y gamma(y) = p q for 1/2 <= y <= _LARGEST."""

    def near() -> Sequence[Value]:
        decay = call(b, EXP, y * (-2 * HALF_LOG_TWO_PI))
        return [call(b, _GAMMA, y) * decay, constant(b, 1, y)]

    def far() -> Sequence[Value]:
        root = call(b, POW, y, y * 0.25 - 0.125)
        root = root * call(b, EXP, y * (Fraction(-1, 4) - HALF_LOG_TWO_PI / 2))
        square = root * root
        return [square * call(b, EXP, stirling(b, y)) * SQRT_TWO_PI, square]

    large = y.high >= _LARGE
    first, second = b.if_(large, far, near)
    return as_pair(first), as_pair(second)


def zeta(b: Builder, x: PairValue) -> Sequence[Value]:
    """zeta(x), infinite at 1."""
    left = x.high < 0.5
    y = chosen(b, left, 1 - x, x)
    less = chosen(b, left, x, 1 - x)
    large = ~(y.high < _LARGEST)
    y = chosen(b, large, constant(b, _LARGEST, x), y)
    less = chosen(b, large, constant(b, 1 - _LARGEST, x), less)
    pole = b.eq(less.high, 0)
    usable = chosen(b, pole, constant(b, 1, x), less)
    value = as_pair(_right(b, y, usable)[0])

    def reflected() -> Sequence[Value]:
        finite = x.high > -INFINITY
        half = chosen(b, finite, x * 0.5, constant(b, 0, x))
        sine, _, odd = sine_of_turns(b, half)
        p, q = _gamma_over_turns(b, y)
        result = sine * (4 * HALF_PI) * value * p * q
        result = finite_low(b, chosen(b, odd, -result, result))
        result = chosen(b, b.eq(sine.high, 0), constant(b, 0, x), result)
        result = chosen(b, b.fabs(x.high) < _TINY, constant(b, -0.5, x), result)
        return [chosen(b, finite, result, constant(b, NAN, x))]

    right = chosen(b, pole, constant(b, INFINITY, x), value)
    result = as_pair(b.if_(left, reflected, lambda: [right])[0])
    return [chosen(b, b.is_nan(x), widened(b, x.high), result)]


_GAMMA = next(kernel for kernel in GAMMA_KERNELS if kernel.name == "gamma")
_ZETA = lanewise.both(KernelFunction("zeta", 1, zeta))
DOUBLE_KERNELS, KERNELS = _ZETA[:1], _ZETA[1:]
