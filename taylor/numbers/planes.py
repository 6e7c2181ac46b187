"""Arithmetic of arrays of numbers of any kind: shape (parts, ...), see `Precision.to_planes`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.numbers import pairs
from taylor.numbers.precision import FLOAT64, Precision, as_array, as_precision, split


def add(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x + y"""
    return x + y if len(x) == 1 else _planes(pairs.add(_pairs(x), _pairs(y)))


def multiply(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x y"""
    return x * y if len(x) == 1 else _planes(pairs.multiply(_pairs(x), _pairs(y)))


def reciprocal(x: np.ndarray) -> np.ndarray:
    """1 / x"""
    first = 1 / x[:1]
    if len(x) == 1:
        return first
    start = np.concatenate([first, np.zeros_like(first)])
    rest = add(constant(1.0, 2), -multiply(x, start))  # exact but for rounding at twice the digits
    return add(start, multiply(start, rest))


def constant(value: float, parts: int, dtype: Any = np.float64) -> np.ndarray:
    """A float that broadcasts with arrays of the kind."""
    return np.array([value] + [0.0] * (parts - 1), dtype)


def total(x: np.ndarray, axis: int) -> np.ndarray:
    """The sum along an axis (not counting that of the parts), from the first to the last."""
    if len(x) == 1:
        return np.asarray(x.sum(axis=axis + 1, dtype=x.dtype))
    terms = np.moveaxis(x, axis + 1, 0)
    found = np.zeros_like(x[..., 0]) if not len(terms) else terms[0]
    for term in terms[1:]:
        found = add(found, term)
    return found


def as_planes(
    values: Any, kind: Precision, name: str = "numbers", ndim: int | None = None
) -> np.ndarray:
    """Numbers of any sort as an array of the kind; see `as_array`."""
    return kind.to_planes(as_array(values, kind, name, ndim))


def to_kind(planes: np.ndarray, source: Precision, target: Precision) -> np.ndarray:
    """The same numbers as another kind."""
    if source is target:
        return planes
    given = planes[: min(source.parts, target.parts)].astype(target.dtype)
    missing = target.parts - len(given)
    return np.concatenate([given, np.zeros_like(given[:missing])]) if missing else given


def better(a: Precision, b: Precision) -> Precision:
    """The kind with more digits."""
    return a if a.epsilon <= b.epsilon else b


def kind_of(values: Any, precision: Any) -> Precision:
    """The kind that is asked for, or else that of an array."""
    if precision is not None:
        return as_precision(precision)
    single = isinstance(values, np.ndarray) and values.dtype == np.float32
    return as_precision("float32") if single else FLOAT64


def _pairs(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, 0, -1)


def _planes(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, -1, 0)


def exactly(values: Any, kind: Precision) -> np.ndarray:
    """Exact numbers (ints and Fractions, a list), rounded once: shape (parts, n)."""
    rounded = np.array([split(Fraction(value)) for value in values]).reshape(-1, 2).T
    return rounded[: kind.parts].astype(kind.dtype)


def stacked_planes(coordinates: Sequence[Any], kind: Precision) -> np.ndarray:
    """Coordinates of points, broadcast: shape (parts, coordinates, *points)."""
    arrays = [
        kind.to_planes(as_array(c, kind, f"coordinate {i}")) for i, c in enumerate(coordinates)
    ]
    try:  # part by part, lest points be taken for parts
        parts = [np.stack(np.broadcast_arrays(*part)) for part in zip(*arrays, strict=True)]
        return np.stack(parts)
    except ValueError:
        shapes = ", ".join(str(a.shape[1:]) for a in arrays)
        raise ArgumentError(f"coordinates do not broadcast: shapes {shapes}") from None
