"""Inverse circular functions in double-double: the angle in double and one Newton step.

If t is the angle of (x, y) in double, what it lacks is (y cos t - x sin t) / (x cos t + y sin t),
the tangent of a number so small that it is its own tangent; on the unit circle, (y - sin t) / cos t
and half its square times tan t will do.  Such steps are in Hida, Li & Bailey, Proc. 15th IEEE Symp.
Computer Arithmetic (2001) 155.  asin x is the angle of (sqrt(1 - x**2), x).  Measured errors stay
below 6 units of 2**-106.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, normal, pair, square_root, two_product
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import inverse_magnitude, is_negative
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double import inverse as doubles
from taylor_runtime.mathlib.double_double.constants import HALF_PI
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    call,
    chosen,
    constant,
    magnitude,
    widened,
)
from taylor_runtime.mathlib.double_double.trigonometric import sincos_of_reduced

FAR = 2.0**120  # its angle is pi/2 to all bits
_ATAN = next(kernel for kernel in doubles.KERNELS if kernel.name == "atan")


def _first_quadrant(b: Builder, y: PairValue, x: PairValue, unit: bool = False) -> Sequence[Value]:
    """The angle of (x, y), both at least 0 and finite, not both 0; `unit` if x**2 + y**2 = 1."""
    swap = y.high > x.high
    smaller, larger = chosen(b, swap, x, y), chosen(b, swap, y, x)
    slope = smaller.high / larger.high
    (guess,) = emit_call(b, _ATAN, [slope])
    sine, cosine = sincos_of_reduced(b, widened(b, guess))
    if unit:
        # One side is enough: the error of the other, a root, would add to that of small angles.
        rest = ((smaller.high - sine.high) + (smaller.low - sine.low)) / cosine.high
        rest = b.fma(rest * rest, slope * 0.5, rest)
    else:
        first, error = two_product(b, smaller.high, cosine.high)
        error = b.fma(smaller.high, cosine.low, b.fma(smaller.low, cosine.high, error))
        second, lost = two_product(b, larger.high, sine.high)
        lost = b.fma(larger.high, sine.low, b.fma(larger.low, sine.high, lost))
        across = (first - second) + (error - lost)
        rest = across / b.fma(larger.high, cosine.high, smaller.high * sine.high)
    angle = normal(b, guess, rest)
    return [chosen(b, swap, HALF_PI - angle, angle)]


_ANGLE = KernelFunction("first.quadrant", 2, _first_quadrant)
_UNIT_ANGLE = KernelFunction("first.quadrant.unit", 2, partial(_first_quadrant, unit=True))


def _signed(b: Builder, size: PairValue, sign: Value) -> PairValue:
    """size, not negative, with the sign bit of the double `sign`."""
    one = b.copysign(b.constant(1, sign.type), sign)
    return pair(size.high * one, size.low * one)


def _supplement(angle: PairValue) -> PairValue:
    return 2 * HALF_PI - angle


def atan(b: Builder, x: PairValue) -> Sequence[Value]:
    size = magnitude(b, x)
    size = chosen(b, size.high > FAR, constant(b, FAR, x), size)
    value = _signed(b, call(b, _ANGLE, size, constant(b, 1, x)), x.high)
    return [chosen(b, b.eq(x.high, 0), x, value)]


def atan2(b: Builder, y: PairValue, x: PairValue) -> Sequence[Value]:
    """The angle of (x, y), with C's results for zeros and infinities."""
    width, height = b.fabs(x.high), b.fabs(y.high)
    larger = b.select(height > width, height, width)
    scale, _ = inverse_magnitude(b, larger)
    one, zero = constant(b, 1, x), constant(b, 0, x)
    infinite, origin = b.eq(larger, INFINITY), b.eq(larger, 0)

    def scaled(value: PairValue, at_origin: PairValue) -> PairValue:
        size = magnitude(b, pair(value.high * scale, value.low * scale))
        at_infinity = chosen(b, b.eq(b.fabs(value.high), INFINITY), one, zero)
        return chosen(b, origin, at_origin, chosen(b, infinite, at_infinity, size))

    value = call(b, _ANGLE, scaled(y, zero), scaled(x, one))
    value = chosen(b, is_negative(b, x.high), _supplement(value), value)
    value = _signed(b, value, y.high)
    undefined = b.is_nan(x) | b.is_nan(y)
    return [chosen(b, undefined, widened(b, x.high + y.high), value)]


def _sides(b: Builder, x: PairValue) -> tuple[PairValue, PairValue]:
    """(|x|, sqrt(1 - x**2)), relatively accurate also near 1."""
    size = magnitude(b, x)
    return size, square_root(b, (1 - size) * (1 + size))


def asin(b: Builder, x: PairValue) -> Sequence[Value]:
    size, other = _sides(b, x)
    value = _signed(b, call(b, _UNIT_ANGLE, size, other), x.high)
    return [chosen(b, b.eq(x.high, 0), x, value)]


def acos(b: Builder, x: PairValue) -> Sequence[Value]:
    size, other = _sides(b, x)
    value = call(b, _UNIT_ANGLE, other, size)
    return [chosen(b, x.high < 0, _supplement(value), value)]


KERNELS = (
    KernelFunction("asin", 1, asin),
    KernelFunction("acos", 1, acos),
    KernelFunction("atan", 1, atan),
    KernelFunction("atan2", 2, atan2),
)
