"""Numbers rounded to what a kind of number holds."""

from __future__ import annotations

import math
import struct
from fractions import Fraction


def nearest_float(number: int | float | Fraction, element: str = "double") -> float:
    """`number` correctly rounded to `element`, overflow going to infinity."""
    try:
        value = float(number)
        if element == "double":
            return value
        single: float = struct.unpack("<f", struct.pack("<f", value))[0]
        return single
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def parts_of(number: int | float | Fraction) -> tuple[float, float]:
    """`number` as a double-double: high, the nearest double, and low, the nearest to the rest."""
    high = nearest_float(number)
    if not math.isfinite(high) or isinstance(number, float):
        return high, 0.0
    return high, nearest_float(Fraction(number) - Fraction(high))
