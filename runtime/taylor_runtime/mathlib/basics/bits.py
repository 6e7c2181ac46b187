"""Exponents and mantissas: the only place that looks into the bits of a double.

Integers are handled as the bits of 1.5 * 2**52 + n, because vector instructions that convert
between 64-bit integers and doubles are missing before AVX-512.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import FLOAT_BITS
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call

MAGIC = 1.5 * 2.0**52  # adding it leaves the nearest integer in the low bits
_MAGIC_BITS: int = struct.unpack("<q", struct.pack("<d", MAGIC))[0]
TWO_52_BITS: int = struct.unpack("<q", struct.pack("<d", 2.0**52))[0]
ONE_BITS = 1023 << 52
_SQRT_HALF_BITS: int = struct.unpack("<q", struct.pack("<d", 0.5**0.5))[0]
_FRACTION_BITS = {"double": 52, "float": 23}


def moved(x: float, exponents: int) -> float:
    """The double with the bits of x and so many added to its exponent field, modulo 2**12."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", x))
    (result,) = struct.unpack("<d", struct.pack("<Q", (bits + (exponents << 52)) % 2**64))
    return float(result)


def as_bits(b: Builder, x: Value) -> Value:
    return b.cast("bitcast", x, f"i{FLOAT_BITS[x.type.element]}")


def as_double(b: Builder, bits: Value) -> Value:
    return b.cast("bitcast", bits, "double")


def nearest_multiple(b: Builder, x: Value, reciprocal: float) -> tuple[Value, Value]:
    """The integer nearest to x * reciprocal (below 2**51 in size), as double and as i64."""
    shifted = b.fma(x, reciprocal, MAGIC)
    return shifted - MAGIC, as_bits(b, shifted) - _MAGIC_BITS


def power_of_two(b: Builder, k: Value) -> Value:
    """2**k for i64 k in -1022 .. 1023."""
    return as_double(b, (k + 1023) << 52)


def scaled(b: Builder, k: Value) -> Callable[[Value], Value]:
    """x -> x * 2**k for i64 k in -2044 .. 2046, rounded once where the result is subnormal.

    The first of two factors leaves every x in 0.5 .. 4 a normal number.
    """
    half = b.logical_shift_right(k + 4096, 1) - 2048
    first, second = power_of_two(b, half), power_of_two(b, k - half)
    return lambda x: x * first * second


def split_exponent(b: Builder, x: Value, normal: bool = False) -> tuple[Value, Value]:
    """(n, m) with x = 2**n m, m from sqrt(1/2) to sqrt(2), for positive finite x; n as a double.

    normal: x is known not to be subnormal.
    """
    bias = b.constant(2.0**52 + 1023, x.type)
    if not normal:
        subnormal = x < 2.0**-1022
        x = b.select(subnormal, x * 2.0**54, x)
        bias = b.select(subnormal, bias + 54, bias)
    bits = as_bits(b, x)
    shifted = bits + (ONE_BITS - _SQRT_HALF_BITS)  # its exponent field is n + 1023
    n = as_double(b, b.logical_shift_right(shifted, 52) | TWO_52_BITS)
    return n - bias, as_double(b, bits - (shifted & (0xFFF << 52)) + ONE_BITS)


def integer(b: Builder, n: Value) -> Value:
    """An integer-valued double below 2**51 in size as i64."""
    return as_bits(b, n + MAGIC) - _MAGIC_BITS


def is_negative(b: Builder, x: Value) -> Value:
    """The sign bit: also true for -0."""
    return as_bits(b, x) < 0


def flip_sign(b: Builder, x: Value, bit: Value) -> Value:
    """-x where bit 1 of the i64 `bit` is set."""
    return as_double(b, as_bits(b, x) ^ ((bit & 2) << 62))


def inverse_magnitude(b: Builder, x: Value) -> tuple[Value, Value]:
    """(s, 1/s), powers of two with 1 <= s x < 4, for positive normal x; any floating-point type.

    Zeros and subnormals are scaled as the smallest normal number.
    """
    fraction = _FRACTION_BITS[x.type.element]
    exponents = (1 << (FLOAT_BITS[x.type.element] - 1 - fraction)) - 1
    field = as_bits(b, x) & (exponents << fraction)
    field = b.select(field < (1 << fraction), b.constant(1 << fraction, field.type), field)
    largest = (exponents - 2) << fraction  # the reciprocal of the next one is subnormal
    field = b.select(field > largest, b.constant(largest, field.type), field)
    inverse = b.constant((exponents - 1) << fraction, field.type) - field
    element = x.type.element
    return b.cast("bitcast", inverse, element), b.cast("bitcast", field, element)


def where_rare(
    b: Builder, condition: Value, usual: Sequence[Value], rare: Callable[[], Sequence[Value]]
) -> list[Value]:
    """`rare()` where `condition` holds, else `usual`; run only if it holds in some lane."""

    def replace() -> Sequence[Value]:
        return [b.select(condition, r, u) for r, u in zip(rare(), usual, strict=True)]

    return b.if_(b.any_lane(condition), replace, lambda: usual)


def lane_by_lane(b: Builder, x: Value, function: Callable[[Value], Value]) -> Value:
    """function(x) by a loop over the lanes of x: a scalar function is made in less time than a wide
    one, for what hardly ever runs.
    """
    if not x.lanes:
        return function(x)

    def one(lane: Index, carried: list[Value]) -> Sequence[Value]:
        return [b.insert(carried[0], function(b.extract(x, lane)), lane)]

    return b.fold(0, x.lanes, [b.poison(x.type)], one)[0]


def is_between(b: Builder, x: Value, least: float, end: float) -> Value:
    """Whether least <= x < end, both positive: one comparison, of bits moved to where those of
    `least` are the least integer.
    """
    first, last = (struct.unpack("<q", struct.pack("<d", number))[0] for number in (least, end))
    return as_bits(b, x) + (2**63 - first) < last - first - 2**63


def usually(
    b: Builder,
    fits: Value,
    usual: Sequence[Value],
    kernel: KernelFunction,
    arguments: Sequence[Value],
) -> list[Value]:
    """`usual` where `fits` holds, else the results of `kernel`, a function of its own."""
    return where_rare(b, ~fits, usual, lambda: emit_call(b, kernel, arguments))
