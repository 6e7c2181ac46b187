"""Inverse circular functions in double-double: the angle in double and one Newton step.

With t the float64 angle of a point (x, y), (x sin(a) - y cos(a)) of the double-double sine and cosine
gives the rest, as sin(angle - t) = (y cos t - x sin t) / (x cos t + y sin t), which is 2**-53 of t and
thus its own sine (Hida, Li & Bailey, Proc. 15th IEEE Symp. Computer Arithmetic (2001) 155, use such
a step for atan2).  Measured errors stay below 6 units of 2**-106.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir import Builder, PairValue, Value, pair
from taylor_runtime.ir_pairs import normal, two_product
from taylor_runtime.mathlib import inverse as doubles
from taylor_runtime.mathlib.bits import inverse_magnitude, is_negative
from taylor_runtime.mathlib.double_double.constants import HALF_PI
from taylor_runtime.mathlib.double_double.trigonometric import sincos_of_reduced
from taylor_runtime.mathlib.kernel import SHORT, KernelFunction, call_defined, define, emit_call

INFINITY = float("inf")
FAR = 2.0**120  # its angle is pi/2 to all bits
_ATAN = next(kernel for kernel in doubles.KERNELS if kernel.name == "atan")


def _angle(b: Builder, y: Value, x: Value) -> Value:
    """The angle of (x, y), both at least 0 and finite, not both 0; one internal function."""
    lanes = f"x{x.lanes}" if x.lanes else ""
    name = f"ty.angle.{SHORT[x.type.element]}{lanes}"
    if not b.module.has_function(name):
        define(b, name, [x.type] * 2, [x.type], _emit_angle)
    return call_defined(b, name, [x.type], [y, x])[0]


def _emit_angle(b: Builder, y: PairValue, x: PairValue) -> Sequence[Value]:
    swap = y.high > x.high
    smaller, larger = b.select(swap, x, y), b.select(swap, y, x)
    assert isinstance(smaller, PairValue)
    assert isinstance(larger, PairValue)
    (guess,) = emit_call(b, _ATAN, [smaller.high / larger.high])
    sine, cosine = sincos_of_reduced(b, pair(guess, b.constant(0, guess.type)))
    first, error = two_product(b, smaller.high, cosine.high)
    error = b.fma(smaller.high, cosine.low, b.fma(smaller.low, cosine.high, error))
    second, lost = two_product(b, larger.high, sine.high)
    lost = b.fma(larger.high, sine.low, b.fma(larger.low, sine.high, lost))
    across = (first - second) + (error - lost)
    along = b.fma(larger.high, cosine.high, smaller.high * sine.high)
    angle = normal(b, guess, across / along)
    return [b.select(swap, HALF_PI - angle, angle)]


def _signed(b: Builder, size: Value, sign: Value) -> Value:
    """size, not negative, with the sign bit of the double `sign`."""
    one = b.copysign(b.constant(1, sign.type), sign)
    high, low = size.parts
    return pair(high * one, low * one)


def atan(b: Builder, x: PairValue) -> Sequence[Value]:
    size = b.fabs(x)
    size = b.select(size.parts[0] > FAR, b.constant(FAR, x.type), size)
    value = _signed(b, _angle(b, size, b.constant(1, x.type)), x.high)
    return [b.select(b.eq(x.high, 0), x, value)]


def atan2(b: Builder, y: PairValue, x: PairValue) -> Sequence[Value]:
    """The angle of (x, y), with C's results for zeros and infinities."""
    width, height = b.fabs(x.high), b.fabs(y.high)
    larger = b.select(height > width, height, width)
    scale, _ = inverse_magnitude(b, larger)
    one, zero = b.constant(1, x.type), b.constant(0, x.type)
    infinite, origin = b.eq(larger, INFINITY), b.eq(larger, 0)

    def scaled(value: PairValue, at_origin: Value) -> Value:
        size = b.fabs(pair(value.high * scale, value.low * scale))
        size = b.select(infinite, b.select(b.eq(b.fabs(value.high), INFINITY), one, zero), size)
        return b.select(origin, at_origin, size)

    value = _angle(b, scaled(y, zero), scaled(x, one))
    value = b.select(is_negative(b, x.high), 2 * HALF_PI - value, value)
    value = _signed(b, value, y.high)
    undefined = b.is_nan(x) | b.is_nan(y)
    return [b.select(undefined, pair(x.high + y.high, zero.parts[1]), value)]


def _sides(b: Builder, x: PairValue) -> tuple[Value, Value]:
    """(|x|, sqrt(1 - x**2)), relatively accurate also near 1."""
    size = b.fabs(x)
    return size, b.sqrt((1 - size) * (1 + size))


def asin(b: Builder, x: PairValue) -> Sequence[Value]:
    size, other = _sides(b, x)
    value = _signed(b, _angle(b, size, other), x.high)
    return [b.select(b.eq(x.high, 0), x, value)]


def acos(b: Builder, x: PairValue) -> Sequence[Value]:
    size, other = _sides(b, x)
    value = _angle(b, other, size)
    return [b.select(x.high < 0, 2 * HALF_PI - value, value)]


KERNELS = (
    KernelFunction("asin", 1, asin),
    KernelFunction("acos", 1, acos),
    KernelFunction("atan", 1, atan),
    KernelFunction("atan2", 2, atan2),
)
