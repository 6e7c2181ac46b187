"""Polynomials, logarithm, sine and cosine in quad-double, to some 2**-205."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from math import factorial

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, pair
from taylor_runtime.ir.quads import QUAD, QuadValue, quad
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import integer, scaled, split_exponent
from taylor_runtime.mathlib.double_double.constants import HALF_PI
from taylor_runtime.mathlib.double_double.exponential import LN2
from taylor_runtime.program.kinds import words_of

# What is left out is below 2**-212 of the first term, for s**2 up to 0.0295 and |r| up to 0.79.
_LOG = tuple(Fraction(2, 2 * k + 3) for k in range(42))  # 2 (atanh(s)/s - 1)/s**2 in s**2
_SIN = tuple(Fraction((-1) ** k, factorial(2 * k + 1)) for k in range(25))
_COS = tuple(Fraction((-1) ** k, factorial(2 * k)) for k in range(25))
_SCALAR = make_type(QUAD, 0)


def as_quad(value: Value) -> QuadValue:
    """A value that is known to be a quad-double."""
    assert isinstance(value, QuadValue)
    return value


def widened(x: Value) -> QuadValue:
    """A double or a double-double."""
    return QuadValue.of_doubles(*x.parts)


def rounded(x: QuadValue) -> PairValue:
    return pair(*x.to_doubles())


def constant(b: Builder, number: Fraction | int) -> QuadValue:
    return as_quad(b.constant(number, _SCALAR))


@cache
def words(numbers: tuple[Fraction, ...]) -> tuple[tuple[float, ...], ...]:
    """The words of exact numbers, all first ones, all second ones, ..."""
    return tuple(zip(*map(words_of, numbers), strict=True))


def entry(b: Builder, numbers: tuple[Fraction, ...], place: Value | int) -> QuadValue:
    """One of these numbers."""
    tables = b.pointers([b.table(part) for part in words(numbers)])
    return as_quad(b.load(_SCALAR, b.at(tables, place, QUAD)))


def polynomial(b: Builder, x: QuadValue, coefficients: tuple[Fraction, ...]) -> QuadValue:
    """sum_k coefficients[k] x**k, by Horner's rule as a loop."""
    falling = coefficients[::-1]

    def step(k: Value | int, carried: list[Value]) -> Sequence[Value]:
        return [as_quad(carried[0]) * x + entry(b, falling, k)]

    return as_quad(b.fold(1, len(falling), [constant(b, falling[0])], step)[0])


def natural_log(b: Builder, x: QuadValue) -> QuadValue:
    """log(x) of a positive normal number, as `double_double.logarithm` has it."""
    n, _ = split_exponent(b, x.high)
    less = scaled(b, integer(b, -n))
    f = quad(*(less(part) for part in x.parts)) - 1
    s = f / (f + 2)
    z = s * s
    return f - s * (f - z * polynomial(b, z, _LOG)) + widened(n) * constant(b, LN2)


def sincos(b: Builder, x: QuadValue) -> tuple[QuadValue, QuadValue]:
    """(sin x, cos x), to 2**-205 (1 + |x|)."""
    turns = pair(*x.to_doubles()) * (1 / HALF_PI)
    n = b.floor(turns + 0.5)
    r = x - widened(n) * constant(b, HALF_PI)
    assert isinstance(n, PairValue)
    quarter = (n - b.floor(n * 0.25) * 4).parts[0]  # 0 .. 3
    z = r * r
    sine, cosine = r * polynomial(b, z, _SIN), polynomial(b, z, _COS)
    odd = b.eq(quarter, 1) | b.eq(quarter, 3)
    first, second = b.select(odd, cosine, sine), b.select(odd, sine, cosine)
    first = b.select(quarter >= 2, -first, first)
    second = b.select(b.eq(quarter, 1) | b.eq(quarter, 2), -second, second)
    return as_quad(first), as_quad(second)
