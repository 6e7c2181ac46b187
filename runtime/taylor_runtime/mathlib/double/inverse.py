"""Inverse circular functions."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import as_bits, inverse_magnitude, is_negative
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.basics.lookup import entry
from taylor_runtime.mathlib.basics.pairs import Pair, divide, square_root
from taylor_runtime.mathlib.basics.polynomial import by_squares, polynomial
from taylor_runtime.mathlib.double import coefficients
from taylor_runtime.mathlib.double.exponential import at_most, clamp

INFINITY = float("inf")
_FIRST_OCTAVE = 0x3FB6A09E667F3BCD  # the bits of 2**-3.5
TAN_OF_EIGHTH_PI = 2.0**0.5 - 1


def _turned(b: Builder, angle: Pair, part: Pair) -> Value:
    """angle + part, the first being zero or larger."""
    high, low = fast_two_sum(b, angle[0], part[0])
    return high + ((angle[1] + part[1]) + low)


def _arctangent(b: Builder, smaller: Value, larger: Value) -> tuple[Value, Pair]:
    """(count, part) with atan(smaller / larger) = count pi/4 + part, for 0 <= smaller <= larger."""
    middle = smaller > larger * TAN_OF_EIGHTH_PI
    difference, total = fast_two_sum(b, -larger, smaller), fast_two_sum(b, larger, smaller)
    zero = b.constant(0, smaller.type)
    numerator = (b.select(middle, difference[0], smaller), b.select(middle, difference[1], zero))
    denominator = (b.select(middle, total[0], larger), b.select(middle, total[1], zero))
    t, low = divide(b, numerator, denominator)
    z = t * t
    low = b.fma(low * z, b.fma(z, 0.87, -1), low)  # low / (1 + z), to the bits that count
    rest = b.fma(t * z, polynomial(b, z, coefficients.ATAN), low)
    return b.select(middle, b.constant(1, t.type), 0), (t, rest)


def atan(b: Builder, x: Value) -> Sequence[Value]:
    """The angle of an interval's (a, b), and that by which (1, |x|) is turned from it."""
    size = at_most(b, b.fabs(x), 2.0**64)  # beyond it is pi/2, and so it is there
    octave = as_bits(b, clamp(b, size, 0.125, 8)) - _FIRST_OCTAVE
    index = b.logical_shift_right(octave, 52)
    along, across, angle, rest = (entry(b, column, index) for column in coefficients.ANGLES)
    numerator = b.fma(along, size, -across)  # exact
    denominator = b.fma(across, size, along)
    error = b.fma(across, size, along - denominator)
    t, low = divide(b, (numerator, b.constant(0, x.type)), (denominator, error))
    z = t * t
    low = b.fma(-low, z, low)  # low / (1 + z), to the bits that count
    part = t, b.fma(t * z, by_squares(b, z, coefficients.ATAN_SHORT), low)
    return [b.copysign(_turned(b, (angle, rest), part), x)]


def atan2(b: Builder, y: Value, x: Value) -> Sequence[Value]:
    """The angle of (x, y), with C's results for zeros and infinities."""
    width, height = b.fabs(x), b.fabs(y)
    swap = height > width
    larger, smaller = b.select(swap, height, width), b.select(swap, width, height)
    scale, _ = inverse_magnitude(b, larger)
    one = b.constant(1, x.type)
    infinite, origin = b.eq(larger, INFINITY), b.eq(larger, 0)
    both = b.select(b.eq(smaller, INFINITY), one, 0)
    smaller = b.select(infinite, both, smaller * scale)
    larger = b.select(infinite | origin, one, larger * scale)
    count, part = _arctangent(b, smaller, larger)
    sign = b.select(swap, -one, one)
    count = b.select(swap, 2 - count, count)
    backward = is_negative(b, x)
    sign = b.select(backward, -sign, sign)
    count = b.select(backward, 4 - count, count)
    angle = count * constants.QUARTER_PI[0], count * constants.QUARTER_PI[1]
    value = b.copysign(_turned(b, angle, (sign * part[0], sign * part[1])), y)
    return [b.select(b.is_nan(x) | b.is_nan(y), x + y, value)]


def _arcsine(b: Builder, x: Value) -> tuple[Value, Pair]:
    """(large, part): asin|x| = part for |x| <= 1/2, and pi/2 - 2 part where `large`; |x| <= 1."""
    size = b.fabs(x)
    large = size > 0.5
    half = (1 - size) * 0.5  # exact where it is used
    root, error = square_root(b, (half, b.constant(0, x.type)))
    z = b.select(large, half, x * x)
    high = b.select(large, root, size)
    low = b.select(large, error, b.constant(0, x.type))
    return large, (high, b.fma(high * z, polynomial(b, z, coefficients.ASIN), low))


def _half_turns(b: Builder, condition: Value, like: Value) -> Pair:
    """pi/2 where a condition holds, else 0."""
    high, low = (b.constant(2 * part, like.type) for part in constants.QUARTER_PI)
    return b.select(condition, high, 0), b.select(condition, low, 0)


def asin(b: Builder, x: Value) -> Sequence[Value]:
    large, (high, low) = _arcsine(b, x)
    factor = b.select(large, b.constant(-2, x.type), 1)
    value = _turned(b, _half_turns(b, large, x), (factor * high, factor * low))
    return [b.copysign(b.select(b.eq(x, 0), x, value), x)]


def acos(b: Builder, x: Value) -> Sequence[Value]:
    large, part = _arcsine(b, x)
    negative = x < 0
    two, zero = b.constant(2, x.type), b.constant(0, x.type)
    count = b.select(large, b.select(negative, two * 2, zero), two)
    slope = b.select(large, two, b.constant(-1, x.type))
    factor = b.select(negative, -slope, slope)
    angle = count * constants.QUARTER_PI[0], count * constants.QUARTER_PI[1]
    return [_turned(b, angle, (factor * part[0], factor * part[1]))]


KERNELS = (
    KernelFunction("asin", 1, asin),
    KernelFunction("acos", 1, acos),
    KernelFunction("atan", 1, atan),
    KernelFunction("atan2", 2, atan2),
)
