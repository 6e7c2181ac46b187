"""Cheap base-2 logarithm and exponential for quantities that are estimates anyway (step sizes)."""

from __future__ import annotations

from taylor_runtime.ir import I64, Builder, Value

# log2(1 + f), f in [0, 1), and 2^f, f in [0, 1): least-squares polynomials that are exact at both
# ends (so that the estimates are continuous); largest errors 1.1e-3, which is divided by the order,
# and 1.7e-4.
LOG2 = (0.0, 1.42086454, -0.57725065, 0.15638611)
EXP2 = (1.0, 0.69592847, 0.22494631, 0.07912522)

MANTISSA_BITS = 52
BIAS = 1023


def _polynomial(b: Builder, coefficients: tuple[float, ...], x: Value) -> Value:
    value = b.constant(coefficients[-1], x.type)
    for c in reversed(coefficients[:-1]):
        value = b.fma(value, x, c)
    return value


def log2_estimate(b: Builder, x: Value) -> Value:
    """log2 of a positive double within 1.1e-3; a zero or subnormal counts as about 2^-1023."""
    bits = b.cast("bitcast", x, "i64")
    exponent = b.cast("sitofp", b.logical_shift_right(bits, MANTISSA_BITS) - BIAS, "double")
    mantissa = (bits & ((1 << MANTISSA_BITS) - 1)) | (BIAS << MANTISSA_BITS)
    fraction = b.cast("bitcast", mantissa, "double") - 1.0
    return exponent + _polynomial(b, LOG2, fraction)


def exp2_estimate(b: Builder, x: Value) -> Value:
    """2^x within a relative 1.7e-4, x clamped to +-1000."""
    low, high = b.constant(-1000.0, x.type), b.constant(1000.0, x.type)
    x = b.select(x < low, low, b.select(x > high, high, x))
    whole = b.floor(x)
    power = _polynomial(b, EXP2, x - whole)
    exponent = b.cast("fptosi", whole, "i64") + BIAS
    return power * b.cast("bitcast", exponent << MANTISSA_BITS, "double")


def power_of_two(b: Builder, x: Value) -> Value:
    """The power of two at or below a normal |x|."""
    bits = b.cast("bitcast", x, "i64") & b.constant(0x7FF << MANTISSA_BITS, I64)
    return b.cast("bitcast", bits, "double")
