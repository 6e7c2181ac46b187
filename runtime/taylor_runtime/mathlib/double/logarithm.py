"""Logarithms: x = 2**n m with m in 17/24 .. 17/12, cut in eight intervals about numbers c.

log(x) = n log(2) + log(c) + log(1 + r) with r = m/c - 1 (Tang, ACM Trans. Math. Softw. 16 (1990)
378).  1/c has so few bits that r is exact, below 1/16; and c = 1 where log(c) would cancel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import (
    TWO_52_BITS,
    as_bits,
    as_double,
    moved,
    usually,
)
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.basics.lookup import entry
from taylor_runtime.mathlib.basics.pairs import Constant, Pair
from taylor_runtime.mathlib.basics.polynomial import by_squares
from taylor_runtime.mathlib.double import coefficients

INFINITY = float("inf")
NAN = float("nan")
_OFFSET = (14 << 49) // 3  # of the bits of 1 and of the least m
_MOVE = 2**63 - (2 << 52) + _OFFSET  # of the bits of x
_BIAS = 2048 + 1023 - 2  # of n in the exponent field then
_END = (2046 - 2) << 52  # the bits of the least x that is too large
_MOVED_END = _END + _MOVE - 2**64
_INVERSES = [moved(c, _BIAS) for c in coefficients.INVERSES[0]]


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
    """x = 2**n c (1 + r), n as a double; c is number `interval` mod 8, and r is exact.

    usual: whether x is positive, and neither subnormal nor among the largest or the least numbers,
        about which nothing else is right.
    factor: 2**-n / c.
    """

    usual: Value
    n: Value
    interval: Value
    factor: Value
    r: Value


def reduce(b: Builder, x: Value) -> Reduced:
    bits = as_bits(b, x)
    # The least usual x becomes the least integer, and n is in its exponent field.
    place = bits + _MOVE
    n = as_double(b, b.logical_shift_right(place, 52) | TWO_52_BITS) - (2.0**52 + _BIAS)
    index = b.logical_shift_right(place, 49)
    inverse = as_bits(b, entry(b, _INVERSES, index))
    factor = as_double(b, inverse - (place & (0xFFF << 52)))
    return Reduced(place < _MOVED_END, n, index, factor, b.fma(x, factor, -1))


def reduce_anywhere(b: Builder, x: Value) -> Reduced:
    """The same of any positive finite x."""
    large = x > 1
    up, down = 200, -200
    reduced = reduce(b, x * b.select(large, b.constant(2.0**down, x.type), 2.0**up))
    less = b.select(large, b.constant(down, x.type), up)
    return reduced._replace(n=reduced.n - less)


def log_sum(b: Builder, x: Reduced, base: Base, low: Value | None = None) -> Pair:
    """The logarithm of 2**n c (1 + r + low), not normalised; `low` is what r lacks."""
    of_two, of_centres, slope, series = base
    high, lower = (entry(b, part, x.interval) for part in of_centres)
    first = b.fma(x.n, of_two[0], high)  # exact
    if of_two[1]:
        lower = b.fma(x.n, of_two[1], lower)
    # Dekker's sum, the first term being zero or the larger one; and the product's error.
    total = first + x.r * slope[0]
    rest = b.fma(x.r, slope[0], first - total)
    if slope[1]:
        rest = b.fma(x.r, slope[1], rest)
    lower = lower + rest if low is None else lower + rest + low
    return total, b.fma(x.r * x.r, by_squares(b, x.r, series), lower)


def log_of_pair(b: Builder, x: Pair, rest: Value | None = None) -> tuple[Value, Pair]:
    """(whether x[0] is usual, log(x[0] + x[1] + rest) for a normalised x), not normalised."""
    reduced = reduce(b, x[0])
    # Rounded, so that it is exact where x is next to 1; and what is left.
    r = b.fma(x[1], reduced.factor, reduced.r)
    low = b.fma(x[1], reduced.factor, reduced.r - r)
    if rest is not None:
        low = b.fma(rest, reduced.factor, low)
    return reduced.usual, log_sum(b, reduced._replace(r=r), E, low)


def log1p_pair(b: Builder, x: Value, low: Value | None = None) -> tuple[Value, Pair]:
    """(whether it is right, log(1 + x + low) for a normalised x > -1), not normalised."""
    total = x + 1
    # Exact below 2**53, and does not count beyond.
    return log_of_pair(b, (total, x - (total - 1)), low)


def finish(b: Builder, x: Value, value: Value, zero: float = 0.0) -> Value:
    """`value` for finite x > zero; -infinity at zero, NaN below it, infinity at infinity."""
    outside = b.select(x < zero, b.constant(NAN, x.type), x)
    outside = b.select(b.eq(x, zero), b.constant(-INFINITY, x.type), outside)
    return b.select((x > zero) & (x < INFINITY), value, outside)


def log_anywhere(b: Builder, x: Value, base: Base = E, doublings: int = 0) -> Value:
    """The logarithm of 2**doublings x, for every x."""
    reduced = reduce_anywhere(b, x)
    high, low = log_sum(b, reduced._replace(n=reduced.n + doublings), base)
    return finish(b, x, high + low)


def _log(name: str, base: Base) -> KernelFunction:
    def anywhere(b: Builder, x: Value) -> Sequence[Value]:
        return [log_anywhere(b, x, base)]

    rare = KernelFunction(f"{name}_anywhere", 1, anywhere, rare=base is not E)

    def usual(b: Builder, x: Value) -> Sequence[Value]:
        reduced = reduce(b, x)
        high, low = log_sum(b, reduced, base)
        return usually(b, reduced.usual, [high + low], rare, [x])

    return KernelFunction(name, 1, usual)


def log1p(b: Builder, x: Value) -> Sequence[Value]:
    usual, (high, low) = log1p_pair(b, x)
    return usually(b, usual, [b.copysign(high + low, x)], LOG1P_ANYWHERE, [x])


def _log1p_anywhere(b: Builder, x: Value) -> Sequence[Value]:
    """Where 1 is rounded away, or the logarithm is not finite."""
    return [log_anywhere(b, b.select(x < 2.0**60, x + 1, x))]


LOG1P_ANYWHERE = KernelFunction("log1p_anywhere", 1, _log1p_anywhere, rare=True)
KERNELS = (
    _log("log", E),
    _log("log2", TWO),
    _log("log10", TEN),
    KernelFunction("log1p", 1, log1p),
)
