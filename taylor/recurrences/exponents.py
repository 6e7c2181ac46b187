"""Powers as rows: natural exponents by products, all others by a division by the base.

Natural exponents are therefore regular where the base vanishes, and others singular (see
`taylor.singular_points`); x**a with a > 1 has as many finite derivatives there as the next lower
natural power, because its series comes from its derivative a x**(a-1) x', not from a ratio to x**a,
which may be zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from taylor.errors import ArgumentError
from taylor.numbers.exact import normalised
from taylor.recurrences.builder import Exact, SeriesBuilder, shared
from taylor_runtime.program.program import Constant, Convolution, Kernel, Term

_MULTIPLIED_OUT = 3  # natural powers up to here are products at order zero too, others call `pow`

LARGEST = 2**127  # of exponents: floats of every kind hold it


def power(b: SeriesBuilder, x: int, exponent: Exact) -> int:
    """Return x**exponent; natural exponents are regular at x = 0."""
    kind = _kind(exponent.numerator, exponent.denominator)
    if kind == "large":
        raise ArgumentError(
            "x**a: the exponent a is beyond 2**127, the range of float32; a power so high is 0, 1 "
            "or infinite for all numbers but those next to 1"
        )
    if kind == "natural":
        return _natural_power(b, x, int(exponent))
    if kind == "reciprocal":
        return b.quotient(b.term(1, b.number(1)), x)
    if kind == "root":
        return b.apply("sqrt", x)
    if b.is_steady(x):
        name, constants = _kernel(exponent)
        return b.kernel(name, x, constants=constants)
    return _fractional_power(b, x, exponent)


@lru_cache(maxsize=256)
def _kind(numerator: int, denominator: int) -> str:
    exponent = Fraction(numerator, denominator)
    if not -LARGEST <= exponent <= LARGEST:
        return "large"
    if exponent == int(exponent) and exponent >= 0:
        return "natural"
    return {-1: "reciprocal", Fraction(1, 2): "root"}.get(exponent, "real")


def _kernel(exponent: Exact) -> tuple[str, tuple[Constant, ...]]:
    """(name, constants) of x**a: an error of a counts by log x, so that a may take two doubles."""
    return _kernel_of(exponent.numerator, exponent.denominator)


@lru_cache(maxsize=256)
def _kernel_of(numerator: int, denominator: int) -> tuple[str, tuple[Constant, ...]]:
    exponent = normalised(Fraction(numerator, denominator))
    try:
        rounded = Fraction(float(exponent))
    except OverflowError:
        rounded = Fraction(exponent)
    if rounded == exponent or Fraction(exponent).denominator == 1:
        return "pow", (exponent,)
    return "pow_sum", (rounded, Fraction(exponent) - rounded)


def _natural_power(b: SeriesBuilder, x: int, exponent: int) -> int:
    """x * x**(m - 1) for odd m and (x**(m/2))**2 for even m; never a division by x."""
    if exponent == 0:
        return b.number(1)
    if exponent == 1:
        return x
    if exponent > _MULTIPLIED_OUT and b.is_steady(x):
        return b.kernel("pow", x, constants=(exponent,))
    if exponent % 2:
        terms = b.convolution(1, _natural_power(b, x, exponent - 1), x)
    else:
        half = _natural_power(b, x, exponent // 2)
        terms = b.convolution(1, half, half)
    start = Kernel("pow", (x,), (exponent,)) if exponent > _MULTIPLIED_OUT else None
    return b.row(terms, start=start)


def _fractional_power(b: SeriesBuilder, x: int, exponent: Exact) -> int:
    """Coefficient n takes the coefficients up to n - 1 of x**(a-1), n - 2 of x**(a-2), ..., down to
    an exponent below one, or to one of which order zero alone is needed.
    """
    if b.in_time or exponent <= 1:
        return _singular_power(b, x, exponent)
    levels = min(math.floor(exponent), b.order)
    u = _singular_power(b, x, exponent - levels)
    for level in reversed(range(levels)):
        u = _power_from_derivative(b, x, exponent - level, u)
    return u


@shared
def _power_from_derivative(b: SeriesBuilder, x: int, exponent: Exact, lower: int) -> int:
    """Return u = x**a from the row v of x**(a-1): n u_n = a sum_{j=1}^{n} (j x_j) v_{n-j}."""
    derivative = b.derivative(x)
    name, constants = _kernel(exponent)
    u = b.declare(name, x, constants=constants)
    return b.define(u, b.convolution(exponent, derivative, lower, first=1), times="1/n")


@shared
def _singular_power(b: SeriesBuilder, x: int, exponent: Exact) -> int:
    if _kind(exponent.numerator, exponent.denominator) == "root":
        return b.apply("sqrt", x)
    name, constants = _kernel(exponent)
    return real_power(b, name, x, exponent, constants)


def real_power(
    b: SeriesBuilder, kernel: str, x: int, exponent: Exact, constants: Sequence[Constant] = ()
) -> int:
    """Return u = x**a, which starts from a kernel: n x_0 u_n is

    sum_{j=0}^{n-1} (n a - j (a + 1)) x_{n-j} u_j.

    For a > 0 the products, of the size of x**(a+1), overflow before u does; x is then scaled
    by a power of two, which leaves the quotient as it is. Source: Jorba & Zou (2005),
    proposition 2.1 (iii); the identity x u' = a u x'.
    """
    y = b.product(b.kernel("scale", x, x), x) if exponent.numerator > 0 else x
    u = b.declare(kernel, x, constants=constants)
    weight = _weight(exponent.numerator, exponent.denominator)
    terms = (Term(1, Convolution(u, y, 0, 1, weight)),)
    return b.define(u, terms, times="1/n", divisor=y)


@lru_cache(maxsize=256)
def _weight(numerator: int, denominator: int) -> tuple[Exact, Exact]:
    """What coefficients are multiplied by in x**a: (a, -(a + 1)), shared by all rows of one a."""
    exponent = Fraction(numerator, denominator) if denominator > 1 else numerator
    return exponent, -(exponent + 1)


@shared
def general_power(b: SeriesBuilder, x: int, y: int) -> int:
    """Return x**y: u' = u (y log x)', or x u' = y u x' if the exponent y is steady."""
    if b.is_steady(x, y):
        return b.kernel("pow", x, y)
    if not b.is_steady(y):
        exponent = b.product(y, b.apply("log", x))
        derivative = b.derivative(exponent)
        divisor = None if b.in_time else _divisor(b, b.number(1), x, y)
        u = b.declare("pow", x, y)
        terms = b.convolution(1, derivative, u, first=1)
        return b.define(u, terms, times="1/n", divisor=divisor)
    derivative = b.derivative(x)
    divisor = x if b.in_time else _divisor(b, x, x, y)
    u_derivative, u = b.declare(""), b.declare("pow", x, y)
    terms = b.convolution(1, derivative, u, first=1, head=y)
    terms += b.convolution(-1, u_derivative, x, first=1, last=1)
    b.define(u_derivative, terms, divisor=divisor)
    return b.define(u, b.term(1, u_derivative), times="1/n")


def _divisor(b: SeriesBuilder, usual: int, x: int, y: int) -> int:
    """The divisor of ratios to x**y; NaN where that underflows and a derivative does not: such
    points are singular (`taylor.singular_points`).
    """
    u = b.kernel("pow", x, y)  # machine code computes it once
    return b.kernel("power_divisor", usual, x, u, y, constants=(b.order,))
