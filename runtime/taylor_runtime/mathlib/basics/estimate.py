"""Cheap base-2 logarithm and exponential for quantities that are estimates anyway (step sizes)."""

from __future__ import annotations

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import F64
from taylor_runtime.ir.values import Value

# log2(1 + f), f in [0, 1), and 2^f, f in [0, 1): least-squares polynomials that are exact at both
# ends (so that the estimates are continuous); largest errors 1.1e-3, which is divided by the order,
# and 1.7e-4.
LOG2 = (0.0, 1.42086454, -0.57725065, 0.15638611)
EXP2 = (1.0, 0.69592847, 0.22494631, 0.07912522)

MANTISSA_BITS = 52
BIAS = 1023
INTEGERS = 2.0**MANTISSA_BITS  # doubles from here to twice that end in the bits of an integer


def _cubic(b: Builder, c: tuple[float, float, float, float], x: Value, plus: Value) -> Value:
    """plus + c_1 x + c_2 x^2 + c_3 x^3, in two steps."""
    return b.fma(x * x, b.fma(x, c[3], c[2]), b.fma(x, c[1], plus))


def log2_estimate(b: Builder, x: Value) -> Value:
    """log2 of positive doubles within 1.1e-3; a zero or subnormal counts as about 2^-1023.

    Several at a time stay in floating-point registers, which is sooner done.
    """
    if x.type == F64:
        return b.in_function("taylor.log2", F64, _log2, x)
    return _log2(b, x)


def _log2(b: Builder, x: Value) -> Value:
    bits = b.cast("bitcast", x, "i64")
    field = b.logical_shift_right(bits, MANTISSA_BITS) | ((BIAS + MANTISSA_BITS) << MANTISSA_BITS)
    exponent = b.cast("bitcast", field, "double") - (INTEGERS + BIAS)
    mantissa = (bits & ((1 << MANTISSA_BITS) - 1)) | (BIAS << MANTISSA_BITS)
    fraction = b.cast("bitcast", mantissa, "double") - 1.0
    return _cubic(b, LOG2, fraction, exponent)


def exp2_estimate(b: Builder, x: Value, scale: Value) -> Value:
    """2^x times a power of two, within a relative 1.7e-4, x clamped to +-1000."""
    if x.type == F64:
        return b.in_function("taylor.exp2", F64, _exp2, x, scale)
    return _exp2(b, x, scale)


def _exp2(b: Builder, x: Value, scale: Value) -> Value:
    low, high = b.constant(-1000.0, x.type), b.constant(1000.0, x.type)
    x = b.select(x < high, x, high)
    x = b.select(x > low, x, low)
    whole = b.floor(x)
    power = _cubic(b, EXP2, x - whole, b.constant(EXP2[0], x.type))
    integer = b.cast("bitcast", whole + (INTEGERS + BIAS), "i64")
    return power * (b.cast("bitcast", integer << MANTISSA_BITS, "double") * scale)


def power_of_two(b: Builder, x: Value) -> Value:
    """The power of two at or below a normal |x|."""
    bits = b.cast("bitcast", x, "i64") & (0x7FF << MANTISSA_BITS)
    return b.cast("bitcast", bits, "double")
