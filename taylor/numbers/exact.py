"""Exact constants: every finite number becomes an int or a Fraction, rounded once, by the target.

A float that is infinite or NaN stays a float, because no exact number can stand for it.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

import numpy as np

from taylor.errors import ArgumentError

Exact = int | Fraction
Number = int | Fraction | float  # a float only for infinities and NaN

# More digits than any kind of number has, as many as other constants from SymPy have.
PI = Fraction(
    "3.141592653589793238462643383279502884197169399375105820974944592307816406286208"
    "99862803482534211706798214808651328230664709384460955058223172535940812848111745"
    "02841027019385211055596446229489549303819644288109756659334461284756482337867831"
    "65271201909145648566923460348610454326648213393607260249141273724587006606315588"
    "17"
)
MAXIMUM_BITS = 2048  # a product of constants longer than this ...
KEPT_BITS = 1024  # ... is rounded to so many significant bits, far beyond any target precision
MOVED_EXPONENT = 40  # what is pulled out of a product, quotient or power is within 2**+-40
MERGED_EXPONENT = 120  # constants merge while one of them or float32's range covers the result


def exact(value: object) -> Number | None:
    """Return `value` as an int, a Fraction or a non-finite float; None if it is not a real number.

    Floats of any width, Decimal, mpmath and SymPy rationals are taken at their exact value.

    >>> exact(0.5), exact(2.0), exact(Decimal("0.1")), exact(1j)
    (Fraction(1, 2), 2, Fraction(1, 10), None)
    """
    kind = type(value)
    if kind is int:
        return value  # type: ignore[return-value]
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, float):  # includes numpy.float64
        return _from_float(float(value))
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (Fraction, Decimal)):
        return _from_ratio(value)
    if isinstance(value, np.floating):  # float16, float32, longdouble
        return _from_ratio(value) if np.isfinite(value) else float(value)
    if isinstance(value, numbers.Rational):  # SymPy and gmpy2 rationals
        return normalised(Fraction(int(value.numerator), int(value.denominator)))
    if hasattr(value, "_mpf_"):
        return _from_mpf(value._mpf_)
    if isinstance(value, np.ndarray) and value.shape == () and value.dtype != object:
        return exact(value[()])
    return None


@lru_cache(maxsize=1024)
def _from_float(value: float) -> Number:
    if value.is_integer():  # False for infinities and NaN
        return int(value)
    return Fraction(value) if math.isfinite(value) else value


def _from_ratio(value: Fraction | Decimal | np.floating) -> Number:  # type: ignore[type-arg]
    if isinstance(value, Decimal) and not value.is_finite():
        return float(value)
    numerator, denominator = value.as_integer_ratio()
    return int(numerator) if denominator == 1 else Fraction(int(numerator), int(denominator))


def _from_mpf(parts: tuple[int, int, int, int]) -> Number:
    """From mpmath's (sign, mantissa, exponent, bits); mantissa 0 with an exponent is special."""
    sign, mantissa, exponent, _ = parts
    if not mantissa and exponent:
        return {-456: math.inf, -789: -math.inf}.get(exponent, math.nan)
    signed = -int(mantissa) if sign else int(mantissa)
    if exponent >= 0:
        return signed << int(exponent)
    return normalised(Fraction(signed, 1 << -int(exponent)))


def parse(text: str) -> Exact:
    """Return a decimal string or a ratio such as ``"1/3"`` as the exact number it spells.

    >>> parse("0.1"), parse("1/3"), parse("2e3")
    (Fraction(1, 10), Fraction(1, 3), 2000)
    """
    try:
        return normalised(Fraction(text))
    except (ValueError, ZeroDivisionError):
        raise ArgumentError(
            f"constant: {text!r} is not a finite decimal number or ratio; write e.g. '0.1' or '1/3'"
        ) from None


def normalised(value: Exact) -> Exact:
    """Return an int where the denominator is one, rounding numbers of more than `MAXIMUM_BITS`."""
    if type(value) is int:
        return value if -_SHORT < value < _SHORT else _shortened(value, 1)
    numerator, denominator = value.numerator, value.denominator
    if denominator == 1:
        return normalised(numerator)
    if -_SHORT < numerator < _SHORT and denominator < _SHORT:
        return value
    return _shortened(numerator, denominator)


_SHORT = 1 << MAXIMUM_BITS


def _shortened(numerator: int, denominator: int) -> Exact:
    """Round to `KEPT_BITS` significant bits, ties to even."""
    excess = numerator.bit_length() - denominator.bit_length() - KEPT_BITS
    if excess >= 0:
        return round(Fraction(numerator, denominator << excess)) << excess
    return Fraction(round(Fraction(numerator << -excess, denominator)), 1 << -excess)


def key(value: Number) -> int | str | float | tuple[int, int]:
    """What to file a number under: hashing a Fraction takes long, and NaN does not equal itself."""
    if type(value) is int:
        return value
    if isinstance(value, float):
        return "nan" if value != value else value
    return value.numerator, value.denominator


def _exponent(value: Exact) -> int:
    """The binary exponent, to one."""
    return value.numerator.bit_length() - value.denominator.bit_length()


def is_movable(value: Exact) -> bool:
    """Whether products, quotients and powers may be formed without this factor, it being applied
    to the result.

    What is then computed differs from something that the user's own order computes by this factor,
    never by more than 2**+-40, however long a chain of products is: where no more can be pulled
    out, constants stay where they were written. (40 bits hold G, and G times the masses of planets
    in units of the Sun's; float32 has 126.)
    """
    return -MOVED_EXPONENT <= _exponent(value) <= MOVED_EXPONENT


def can_merge(a: Exact, b: Exact, merged: Exact) -> bool:
    """Whether a*(b*x) may be written merged*x, with merged = a*b or a/b: no value but that of b*x
    goes away, so `merged` need only be in the range of every kind of number that holds a and b.
    """
    limit = max(MERGED_EXPONENT, abs(_exponent(a)), abs(_exponent(b)))
    return -limit <= _exponent(merged) <= limit


def to_float(value: Number) -> float:
    """Return the nearest float64, infinite where the number is too large.

    >>> to_float(Fraction(1, 3)), to_float(10**400)
    (0.3333333333333333, inf)
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def power(base: Exact, exponent: Exact) -> Exact | None:
    """Return base**exponent if it is rational and of reasonable size, else None.

    >>> power(4, Fraction(1, 2)), power(2, -3), power(2, Fraction(1, 2)), power(0, -1)
    (2, Fraction(1, 8), None, None)
    """
    if base == 0:
        return 0 if exponent > 0 else 1 if exponent == 0 else None
    if isinstance(exponent, Fraction):
        if base < 0:
            return None
        degree = exponent.denominator
        if degree > 64:
            return None
        above, below = _root(base.numerator, degree), _root(base.denominator, degree)
        if above is None or below is None:
            return None
        base, exponent = normalised(Fraction(above, below)), exponent.numerator
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(base) != 1 and bits * abs(exponent) > 16 * MAXIMUM_BITS:
        return None
    return normalised(Fraction(base) ** exponent)


def _root(value: int, degree: int) -> int | None:
    """The exact integer root of a natural number, or None (Newton's iteration on integers)."""
    if value < 2:
        return value
    if degree == 2:
        root = math.isqrt(value)
    else:
        root = 1 << -(-value.bit_length() // degree)
        while True:
            better = ((degree - 1) * root + value // root ** (degree - 1)) // degree
            if better >= root:
                break
            root = better
    return root if root**degree == value else None


def _sign(x: Exact) -> int:
    return (x > 0) - (x < 0)


def _exact_root(x: Exact) -> Exact | None:
    return power(x, Fraction(1, 2))


# Functions whose value at a rational argument is rational there: folded without rounding.
_AT_ZERO = {
    0: "sin tan asin atan sinh tanh asinh atanh erf expm1 log1p cbrt relu",
    1: "cos cosh exp exp2 erfc",
}
_RATIONAL: dict[str, Callable[..., Exact | None]] = {
    "abs": abs,
    "sign": _sign,
    "copysign": lambda x, y: -abs(x) if y < 0 else abs(x),
    "floor": math.floor,
    "rint": round,
    "floor_divide": lambda x, y: x // y if y else None,
    "remainder": lambda x, y: x % y if y else None,
    "minimum": min,
    "maximum": max,
    "sqrt": _exact_root,
}
_VALUES: dict[str, dict[int, int]] = {
    name: {0: value} for value, names in _AT_ZERO.items() for name in names.split()
} | {name: {1: 0} for name in ("log", "log2", "log10", "acos", "acosh")}


def fold_function(name: str, arguments: tuple[Exact, ...]) -> Exact | None:
    """Return the exact value of an elementary function at rational arguments, None if irrational.

    >>> fold_function("cos", (0,)), fold_function("floor", (Fraction(7, 2),))
    (1, 3)
    """
    rational = _RATIONAL.get(name)
    if rational is not None:
        return rational(*arguments)
    values = _VALUES.get(name)
    if values is None or len(arguments) != 1 or type(arguments[0]) is not int:
        return None
    return values.get(arguments[0])
