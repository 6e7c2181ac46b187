"""Time as a double-double sum: from floats, pairs, Fractions, decimal strings, mpmath numbers."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from typing import Any

from taylor.errors import ArgumentError, ArgumentTypeError

Pair = tuple[float, float]  # high + low, high being the sum rounded


def time_pair(value: Any, name: str = "time") -> Pair:
    """`value` as a finite double-double pair.

    Raises TypeError for what is no number and ValueError for NaN and infinities.
    """
    if type(value) is float and math.isfinite(value):
        return value + 0.0, 0.0  # no negative zero
    if type(value) is tuple and len(value) == 2 and type(value[0]) is type(value[1]) is float:
        pair = _two_sum(*value)
        if math.isfinite(pair[0]) and math.isfinite(pair[1]):
            return pair[0] + 0.0, pair[1] + 0.0
    exact = _exact(value, name)
    try:
        high = float(exact)
    except OverflowError:
        raise ArgumentError(f"{name} must be within the range of a float, got {value!r}") from None
    return high, float(exact - Fraction(high))


def end_pair(value: Any, endless: bool, name: str = "time") -> Pair:
    """The same of an end, which may be infinite where something else ends the run."""
    if isinstance(value, float) and math.isinf(value):
        if endless:
            return value + 0.0, 0.0
        raise ArgumentError(
            f"{name} must be finite, got {value!r}, where no terminal event, callback or max_steps "
            "ends the run"
        )
    return time_pair(value, name)


def _exact(value: Any, name: str) -> Fraction:
    if isinstance(value, bool):
        raise ArgumentTypeError(f"{name} must be a number, got {value!r}")
    if isinstance(value, tuple) and len(value) == 2:
        return _exact(value[0], name) + _exact(value[1], name)
    try:
        if isinstance(value, Fraction):
            return value
        if isinstance(value, Integral):
            return Fraction(int(value))
        if isinstance(value, str | Decimal):
            return Fraction(value)
        number = float(value)
        if hasattr(value, "_mpf_") and math.isfinite(number):
            sign, mantissa, exponent, _ = value._mpf_
            return Fraction((-1) ** sign * int(mantissa)) * Fraction(2) ** exponent
    except OverflowError:
        raise ArgumentError(f"{name} must be within the range of a float, got {value!r}") from None
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            f"{name} must be a number (float, Fraction, decimal string, mpmath number or a pair "
            f"of floats), got {value!r}"
        ) from None
    if not math.isfinite(number):
        raise ArgumentError(f"{name} must be finite, got {number!r}")
    return Fraction(number)


def add(time: Pair, span: Pair) -> Pair:
    """The exact sum, rounded to a pair."""
    if math.isinf(span[0]):
        return span
    rough, error = _two_sum(time[0], span[0])
    error, lost = _two_sum(error, time[1])
    if not (lost or span[1]) and math.isfinite(rough):
        return _two_sum(rough, error)
    return time_pair(sum(map(Fraction, (*time, *span)), Fraction(0)))


def _two_sum(a: float, b: float) -> Pair:
    """a + b as a rounded sum and its error (Knuth 1969)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def compare(a: Pair, b: Pair) -> int:
    """-1, 0 or 1 as a is before, at or after b."""
    difference = Fraction(a[0]) - Fraction(b[0]) + Fraction(a[1]) - Fraction(b[1])
    return (difference > 0) - (difference < 0)
