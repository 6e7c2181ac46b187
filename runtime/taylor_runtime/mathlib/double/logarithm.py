"""Logarithms: x = 2**n m with m in 17/24 .. 17/12, cut in eight intervals about numbers c.

log(x) = n log(2) + log(c) + log(1 + r) with r = m/c - 1 (Tang, ACM Trans. Math. Softw. 16 (1990)
378).  1/c has so few bits that r is exact, below 1/16; and c = 1 where log(c) would cancel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import (
    ONE_BITS,
    TWO_52_BITS,
    as_bits,
    as_double,
    is_ordinary,
    usually,
)
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.basics.lookup import entry
from taylor_runtime.mathlib.basics.pairs import Constant, Pair
from taylor_runtime.mathlib.basics.polynomial import polynomial
from taylor_runtime.mathlib.double import coefficients

INFINITY = float("inf")
NAN = float("nan")
_LEAST = ONE_BITS - (14 << 49) // 3  # bits of the least m


class Base(NamedTuple):
    """A logarithm: of two, of the numbers c, and its slope at 1; n times `of_two[0]` is exact."""

    of_two: Constant
    of_centres: tuple[tuple[float, ...], tuple[float, ...]]
    slope: Constant
    series: tuple[float, ...]


def _base(of_two: Constant, of_centres: tuple[tuple[float, ...], ...], slope: Constant) -> Base:
    series = tuple(c * slope[0] for c in (-0.5, *coefficients.LOG))
    return Base(of_two, (of_centres[0], of_centres[1]), slope, series)


E = _base(constants.LN2_SHORT, coefficients.LOGS, (1.0, 0.0))
TWO = _base((1.0, 0.0), coefficients.LOGS_2, constants.LOG2_E)
TEN = _base(constants.LOG10_2_SHORT, coefficients.LOGS_10, constants.LOG10_E)


class Reduced(NamedTuple):
    """x = 2**n c (1 + r), n as a double; c is number `index` mod 8."""

    n: Value
    index: Value
    r: Value


def _fields(b: Builder, x: Value) -> tuple[Value, Value, Value, Value]:
    """(bits of x, n + 1023 as the exponent field, n, index) of a positive normal x."""
    bits = as_bits(b, x)
    shifted = bits + (ONE_BITS - _LEAST)
    n = as_double(b, b.logical_shift_right(shifted, 52) | TWO_52_BITS)
    index = b.logical_shift_right(shifted, 49)
    return bits, shifted & (0xFFF << 52), n - (2.0**52 + 1023), index


def reduce(b: Builder, x: Value, normal: bool = True) -> Reduced:
    """A positive finite x, if `normal` no subnormal one; r is exact."""
    subnormal = None if normal else x < 2.0**-1022
    if subnormal is not None:
        x = b.select(subnormal, x * 2.0**54, x)
    bits, field, n, index = _fields(b, x)
    m = as_double(b, bits - (field - ONE_BITS))
    r = b.fma(m, entry(b, coefficients.INVERSES[0], index), -1)
    return Reduced(n if subnormal is None else b.select(subnormal, n - 54, n), index, r)


def log_sum(b: Builder, x: Reduced, base: Base, low: Value | None = None) -> Pair:
    """The logarithm of 2**n c (1 + r + low), not normalised; |low| below 2**-53."""
    of_two, of_centres, slope, series = base
    high, lower = (entry(b, part, x.index) for part in of_centres)
    first = b.fma(x.n, of_two[0], high)  # exact
    if of_two[1]:
        lower = b.fma(x.n, of_two[1], lower)
    r, part = x.r, x.r
    if low is not None:
        r, lower = r + low, lower + low
    if base is not E:
        part = x.r * slope[0]
        lower = lower + b.fma(x.r, slope[1], b.fma(x.r, slope[0], -part))
    total, rest = fast_two_sum(b, first, part)  # the first is zero or larger
    return total, b.fma(r * r, polynomial(b, r, series), lower + rest)


def log_of_pair(b: Builder, x: Pair) -> Pair:
    """log(x[0] + x[1]) for a normalised x between 2**-1000 and 2**1000, not normalised."""
    _, field, n, index = _fields(b, x[0])
    inverse = as_bits(b, entry(b, coefficients.INVERSES[0], index))
    factor = as_double(b, inverse - (field - ONE_BITS))
    reduced = Reduced(n, index, b.fma(x[0], factor, -1))
    return log_sum(b, reduced, E, x[1] * factor)


def log1p_pair(b: Builder, x: Pair) -> Pair:
    """log(1 + x) for a normalised x > -1 below 2**1000, not normalised."""
    total, error = two_sum(b, b.constant(1, x[0].type), x[0])
    return log_of_pair(b, fast_two_sum(b, total, error + x[1]))


def finish(b: Builder, x: Value, value: Value, zero: float = 0.0) -> Value:
    """`value` for finite x > zero; -infinity at zero, NaN below it, infinity at infinity."""
    outside = b.select(x < zero, b.constant(NAN, x.type), x)
    outside = b.select(b.eq(x, zero), b.constant(-INFINITY, x.type), outside)
    return b.select((x > zero) & (x < INFINITY), value, outside)


def log_anywhere(b: Builder, x: Value, base: Base = E, doublings: int = 0) -> Value:
    """The logarithm of 2**doublings x, for every x."""
    reduced = reduce(b, x, normal=False)
    high, low = log_sum(b, reduced._replace(n=reduced.n + doublings), base)
    return finish(b, x, high + low)


def _log(name: str, base: Base) -> KernelFunction:
    def anywhere(b: Builder, x: Value) -> Sequence[Value]:
        return [log_anywhere(b, x, base)]

    rare = KernelFunction(f"{name}_anywhere", 1, anywhere)

    def usual(b: Builder, x: Value) -> Sequence[Value]:
        high, low = log_sum(b, reduce(b, x), base)
        return usually(b, is_ordinary(b, x), [high + low], rare, [x])

    return KernelFunction(name, 1, usual)


def log1p(b: Builder, x: Value) -> Sequence[Value]:
    total, error = two_sum(b, b.constant(1, x.type), x)
    high, low = log_of_pair(b, (total, error))
    value = b.copysign(high + low, x)
    return usually(b, is_ordinary(b, total, 2.0**1000), [value], LOG1P_ANYWHERE, [x])


def _log1p_anywhere(b: Builder, x: Value) -> Sequence[Value]:
    """Where 1 is rounded away, or the logarithm is not finite."""
    return [log_anywhere(b, b.select(x < 2.0**60, x + 1, x))]


LOG1P_ANYWHERE = KernelFunction("log1p_anywhere", 1, _log1p_anywhere)
KERNELS = (
    _log("log", E),
    _log("log2", TWO),
    _log("log10", TEN),
    KernelFunction("log1p", 1, log1p),
)
