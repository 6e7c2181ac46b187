"""The inverses of erf and erfc with their derivatives, in double-double.

Newton's method in double begins at Winitzki's formula (A handy approximation for the error function
and its inverse, 2008) for log erfc(y) = log q, or below 0.52 at the series of erf's inverse
(Strecok, Math. Comp. 22 (1968) 144), and ends in double-double with Halley's method, which takes
the digits threefold.  erfc is kept as a number and a power of two, so that q may be subnormal.
Measured errors stay below 12 units of 2**-106, of the derivatives below 40, of those of erfc's
inverse 4 y**2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.basics.polynomial import polynomial
from taylor_runtime.mathlib.double import exponential, logarithm
from taylor_runtime.mathlib.double.special import erfc_and_exponent
from taylor_runtime.mathlib.double_double.bessel import SQRT_PI
from taylor_runtime.mathlib.double_double.constants import TWO_OVER_SQRT_PI
from taylor_runtime.mathlib.double_double.special import (
    decay_and_erfc,
    exp_of_minus_square,
    near_zero,
)
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    NAN,
    as_pair,
    chosen,
    constant,
    finite_low,
    magnitude,
    scaled_pair,
    widened,
)

NEAR = 0.52  # of x = erf y
_STEPS, _PAIR_STEPS = 3, 2
_WINITZKI = 0.147
# erfinv(x) = sum_k c_k (sqrt(pi)/2 x)**(2 k + 1)
_SERIES = [
    (math.pi / 4) ** k * c * math.sqrt(math.pi) / 2
    for k, c in enumerate((1, 1 / 3, 7 / 30, 127 / 630, 4369 / 22680, 34807 / 178200))
]
_DOUBLE = {k.name: k for family in (exponential, logarithm) for k in family.KERNELS}


def _double(b: Builder, name: str, x: Value) -> Value:
    return emit_call(b, _DOUBLE[name], [x])[0]


def _near(b: Builder, x: PairValue) -> list[Value]:
    """[y] with erf(y) = x, |x| <= NEAR."""
    y = widened(b, x.high * polynomial(b, x.high * x.high, _SERIES))
    for _ in range(1 + _PAIR_STEPS):
        step = (near_zero(b, y) - x).high / (_double(b, "erf_derivative", y.high))
        y = as_pair(y - widened(b, step / (step * y.high + 1)))
    return [y]


def _rough(b: Builder, q: Value) -> Value:
    """y with erfc(y) = q to some digits of double."""
    log = -_double(b, "log", q) - _double(b, "log1p", 1 - q)
    half = 2 / (math.pi * _WINITZKI) - log * 0.5
    y = b.sqrt(b.sqrt(b.fma(half, half, log * (1 / _WINITZKI))) - half)
    size = _double(b, "log", q)
    for _ in range(_STEPS):
        k, value = erfc_and_exponent(b, y)
        excess = _double(b, "log", value) + b.cast("sitofp", k, "double") * math.log(2) - size
        decay = _double(b, "exp", -y * y + b.cast("sitofp", -k, "double") * math.log(2))
        y = y + excess * value / (decay * float(TWO_OVER_SQRT_PI))
    return y


def _far(b: Builder, q: PairValue) -> list[Value]:
    """[y] with erfc(y) = q, 0 < q <= 1 - NEAR."""
    y = widened(b, _rough(b, q.high))
    for _ in range(_PAIR_STEPS):
        k, decay, value = decay_and_erfc(b, y)
        step = (value - scaled_pair(b, q, -k)).high / (decay.high * float(TWO_OVER_SQRT_PI))
        y = as_pair(y + widened(b, step / (1 - step * y.high)))
    return [y]


def _solved(b: Builder, x: PairValue, q: PairValue) -> tuple[PairValue, PairValue]:
    """(y, sqrt(pi)/2 exp(y**2)) with erf(y) = x and erfc(y) = q = 1 - x, for 0 < q <= 1."""
    y = as_pair(b.if_(x.high < NEAR, lambda: _near(b, x), lambda: _far(b, q))[0])
    k, decay = exp_of_minus_square(b, y)
    return y, scaled_pair(b, constant(b, SQRT_PI / 2, y) / decay, -k)


def _ends(b: Builder, x: PairValue, end: PairValue, found: Sequence[PairValue]) -> list[Value]:
    """What was found, at an end +-1 both infinite, and NaN where `end` is beyond it."""
    y, slope = found
    at_end = b.eq(end.high, 0) & b.eq(end.low, 0)
    infinite = constant(b, INFINITY, y)
    y, slope = chosen(b, at_end, infinite, y), chosen(b, at_end, infinite, slope)
    outside = (end.high < 0) | b.is_nan(x.high)
    return [chosen(b, outside, constant(b, NAN, y), value) for value in (y, slope)]


def _inverse_erf(b: Builder, x: PairValue) -> Sequence[Value]:
    size = magnitude(b, x)
    end = 1 - size
    inside = end.high > 0
    usable = chosen(b, inside, size, constant(b, 0, x))
    y, slope = _ends(b, x, end, _solved(b, usable, 1 - usable))
    return [chosen(b, b.eq(x.high, 0), x, signed(b, as_pair(y), x.high < 0)), slope]


def _inverse_erfc(b: Builder, q: PairValue) -> Sequence[Value]:
    """The slope is that of erfcinv, which is negative."""
    upper = q.high > 1
    end = chosen(b, upper, 2 - q, q)
    usable = chosen(b, end.high > 0, end, constant(b, 1, q))
    y, slope = map(as_pair, _ends(b, q, end, _solved(b, 1 - usable, usable)))
    return [signed(b, y, upper), finite_low(b, -slope)]


def signed(b: Builder, x: PairValue, negative: Value) -> PairValue:
    return finite_low(b, chosen(b, negative, -x, x))


_ERF = lanewise.parts(
    KernelFunction("erfinv.both", 1, _inverse_erf, results=2), "erfinv", "erfinv_derivative"
)
_ERFC = lanewise.parts(
    KernelFunction("erfcinv.both", 1, _inverse_erfc, results=2), "erfcinv", "erfcinv_derivative"
)
DOUBLE_KERNELS, KERNELS = (*_ERF[0], *_ERFC[0]), (*_ERF[1], *_ERFC[1])
