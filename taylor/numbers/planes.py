"""Arithmetic of arrays of numbers of any kind: shape (parts, ...), see `Precision.to_planes`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.numbers.precision import FLOAT64, Precision, as_array, as_precision


def add(kind: Precision, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x + y"""
    known = kind.arithmetic
    return x + y if known is None else _planes(known.add(_last(x), _last(y)))


def multiply(kind: Precision, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x y"""
    known = kind.arithmetic
    return x * y if known is None else _planes(known.multiply(_last(x), _last(y)))


def reciprocal(kind: Precision, x: np.ndarray) -> np.ndarray:
    """1 / x"""
    known = kind.arithmetic
    return 1 / x if known is None else _planes(known.reciprocal(_last(x)))


def constant(kind: Precision, value: float) -> np.ndarray:
    """A float that broadcasts with arrays of the kind."""
    return np.array(kind.record.split(value), kind.dtype)


def total(kind: Precision, x: np.ndarray, axis: int) -> np.ndarray:
    """The sum along an axis (not counting that of the parts), from the first to the last."""
    if kind.arithmetic is None:
        return np.asarray(x.sum(axis=axis + 1, dtype=x.dtype))
    terms = np.moveaxis(x, axis + 1, 0)
    found = np.zeros_like(x[..., 0]) if not len(terms) else terms[0]
    for term in terms[1:]:
        found = add(kind, found, term)
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


def _last(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, 0, -1)


def _planes(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, -1, 0)


def exactly(values: Any, kind: Precision) -> np.ndarray:
    """Exact numbers (ints and Fractions, a list), rounded once: shape (parts, n)."""
    rounded = [kind.record.split(Fraction(value)) for value in values]
    return np.array(rounded, kind.dtype).reshape(-1, kind.parts).T


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
