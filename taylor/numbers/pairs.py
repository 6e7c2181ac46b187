"""Double-double arithmetic on NumPy arrays of shape (..., 2): high and low parts.

For results that are evaluated in Python (dense output); what is compiled has its own.  Sources:
Dekker, Numer. Math. 18 (1971) 224; Knuth, The Art of Computer Programming 2, section 4.2.2.
"""

from __future__ import annotations

import numpy as np

from taylor.numbers.array_arithmetic import ArrayArithmetic

LARGEST_LOW = 2.0**-40  # of the high part; what has larger ones was not meant as pairs
_SPLITTER = 2.0**27 + 1  # halves the 53 bits of a double (Dekker)


def add(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x + y, shapes broadcasting but for the last axis."""
    high, error = _two_sum(x[..., 0], y[..., 0])
    low, rest = _two_sum(x[..., 1], y[..., 1])
    high, error = _fast_two_sum(high, error + low)
    return _joined(high, error + rest)


def multiply(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x y, shapes broadcasting but for the last axis."""
    high, error = _two_product(x[..., 0], y[..., 0])
    return _joined(high, error + (x[..., 0] * y[..., 1] + x[..., 1] * y[..., 0]))


def reciprocal(x: np.ndarray) -> np.ndarray:
    """1 / x"""
    first = 1 / x[..., :1]
    start = np.concatenate([first, np.zeros_like(first)], axis=-1)
    rest = add(
        np.array([1.0, 0.0]), -multiply(x, start)
    )  # exact but for rounding at twice the digits
    return add(start, multiply(start, rest))


def normalised(x: np.ndarray) -> np.ndarray:
    """The same sums with the high part rounded to nearest, as arithmetic assumes."""
    high, low = x[..., 0], x[..., 1]
    with np.errstate(invalid="ignore", over="ignore"):
        total, rest = _two_sum(high, low)
    total = np.where(total == high, high, total)  # so that -0.0 stays
    return np.stack([total, np.where(np.isfinite(total), rest, 0.0)], axis=-1)


def is_meant(x: np.ndarray) -> bool:
    """Whether low parts are as small as those of a double-double."""
    with np.errstate(invalid="ignore"):
        return not (np.abs(x[..., 1]) > LARGEST_LOW * np.abs(x[..., 0])).any()


def _joined(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """high + low; what is not finite has no low part."""
    low = np.where(np.isfinite(high), low, 0.0)
    high, rest = _fast_two_sum(high, low)
    return np.stack((high, np.where(np.isfinite(high), rest, 0.0)), axis=-1)


def _fast_two_sum(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = a + b
    return total, b - (total - a)


def _two_sum(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _two_product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    product = a * b
    a_high, b_high = _upper_half(a), _upper_half(b)
    a_low, b_low = a - a_high, b - b_high
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def _upper_half(a: np.ndarray) -> np.ndarray:
    unit = np.where(abs(a) > 2.0**970, 2.0**-28, 1.0)  # else the multiple overflows
    scaled = a * unit * _SPLITTER
    return (scaled - (scaled - a * unit)) / unit


ARITHMETIC = ArrayArithmetic(add, multiply, reciprocal, normalised, is_meant)
