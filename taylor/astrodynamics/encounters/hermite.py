"""Trajectories as cubic pieces through positions and velocities, and bounds of how they move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from taylor.astrodynamics.checks import two_arrays
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.types import ValueLike
from taylor_runtime.program.records import dataclass

States: TypeAlias = "tuple[np.ndarray, np.ndarray]"
Ephemeris: TypeAlias = "Callable[[np.ndarray], States] | States"
CHUNK = 24  # pieces that are made at a time


@dataclass(frozen=True)
class Pieces:
    """All objects' motion in one interval: sum over k of c_k s**k, |s| <= 1, from its middle.

    begin, end:   times.
    objects:      numbers of those that are there: whose states are finite.
    coefficients: shape (4, objects, 3).
    reach:        how far each object gets from where it is in the middle, at most.
    ends:         positions and velocities at the beginning, and at the end.
    """

    begin: float
    end: float
    objects: np.ndarray
    coefficients: np.ndarray
    reach: np.ndarray
    ends: tuple[States, States]

    def times(self, s: np.ndarray) -> np.ndarray:
        """The times of places s."""
        found: np.ndarray = self.begin + (s + 1) / 2 * (self.end - self.begin)
        return found


def pieces(name: str, ephemeris: Ephemeris, times: np.ndarray) -> Iterator[Pieces]:
    """The pieces between successive times, a few at a time.

    Raises ArgumentError for states of other shapes.
    """
    for first in range(0, len(times) - 1, CHUNK):
        chosen = slice(first, min(first + CHUNK + 1, len(times)))
        places, speeds = _states(name, ephemeris, times, chosen)
        for k in range(places.shape[1] - 1):
            ends = (places[:, k], places[:, k + 1]), (speeds[:, k], speeds[:, k + 1])
            yield _piece(float(times[first + k]), float(times[first + k + 1]), *ends)


def _states(name: str, ephemeris: Ephemeris, times: np.ndarray, chosen: slice) -> States:
    count = len(times[chosen]) if callable(ephemeris) else len(times)
    places, speeds = two_arrays(name, "the ephemeris", ephemeris, times[chosen])
    if places.ndim != 3 or places.shape[1:] != (count, 3) or speeds.shape != places.shape:
        raise ArgumentError(
            f"{name}: the ephemeris gave shapes {places.shape} and {speeds.shape} for {count} "
            f"times; positions and velocities have to be of shape (objects, {count}, 3)"
        )
    if not callable(ephemeris):
        return places[:, chosen], speeds[:, chosen]
    return places, speeds


def squares(vectors: np.ndarray) -> np.ndarray:
    """Squared lengths of vectors along the last axis."""
    found: np.ndarray = np.einsum("...k,...k->...", vectors, vectors)
    return found


def _piece(begin: float, end: float, places: States, speeds: States) -> Pieces:
    """Hermite's cubic with values and slopes at s = -1 and s = 1."""
    quarter = (end - begin) / 8
    (p, q), (u, w) = places, speeds
    rise, slope, bend = (q - p) / 4, (u + w) * quarter, (w - u) * quarter
    coefficients = np.empty((4, *p.shape))
    np.subtract((p + q) / 2, bend, out=coefficients[0])
    np.subtract(3 * rise, slope, out=coefficients[1])
    coefficients[2] = bend
    np.subtract(slope, rise, out=coefficients[3])
    reach = np.sqrt(squares(coefficients[1:])).sum(axis=0)
    finite = np.isfinite(reach)
    there = np.nonzero(finite)[0]
    if not finite.all():
        coefficients, reach = coefficients[:, there], reach[there]
        p, q, u, w = (x[there] for x in (p, q, u, w))
    return Pieces(begin, end, there, coefficients, reach, ((p, u), (q, w)))


def sampled(name: str, ephemeris: Ephemeris, times: ValueLike) -> tuple[np.ndarray, States]:
    """Times as an array, and positions and velocities at all of them.

    Raises ArgumentError for times that do not increase, and states of other shapes.
    """
    instants = increasing(name, times)
    return instants, _states(name, ephemeris, instants, slice(0, len(instants)))


def increasing(name: str, times: ValueLike) -> np.ndarray:
    """Two or more times as an array."""
    try:
        instants = np.asarray(times, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{name}: times={times!r:.80} must be numbers") from None
    if instants.ndim != 1 or len(instants) < 2 or not np.all(np.diff(instants) > 0):
        raise ArgumentError(f"{name}: times must be two or more, and increase")
    return instants
