"""Constellations, and how much of the ground they see."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from taylor.astrodynamics.checks import check_function, check_number
from taylor.astrodynamics.encounters.hermite import Ephemeris, sampled
from taylor.astrodynamics.encounters.station import Rotation
from taylor.astrodynamics.frames.geodetic import WGS84, Ellipsoid, geodetic_to_position
from taylor.astrodynamics.frames.transforms import gcrs_to_itrf
from taylor.control.loops import scan
from taylor.errors import ArgumentError
from taylor.expressions.types import ValueLike
from taylor.functions.apply import where
from taylor.functions.powers import sqrt
from taylor.nodes.arrays import matmul
from taylor.programs.batching import vmap
from taylor.programs.jit import jit
from taylor_runtime.program.records import dataclass


def walker(
    total: int,
    planes: int,
    phasing: int,
    *,
    inclination: float,
    semi_major_axis: float,
    kind: str = "delta",
) -> np.ndarray:
    """Return "keplerian" elements of Walker's constellation total/planes/phasing, shape (total, 6).

    inclination: radians; semi_major_axis: km.
    kind: "delta", with nodes all around, or "star", with nodes in half a turn (Walker 1984).

    Planes come one after the other; from a plane to the next satellites are ahead by
    phasing 360/total degrees.

    Raises ArgumentError unless total is a multiple of planes, and phasing below planes.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.walker(24, 3, 1, inclination=0.97, semi_major_axis=26560.0).shape
    (24, 6)
    """
    if total < 1 or planes < 1 or total % planes:
        raise ArgumentError(f"walker: total={total} has to be a multiple of planes={planes}")
    if not 0 <= phasing < planes:
        raise ArgumentError(f"walker: phasing={phasing} has to be from 0 to {planes - 1}")
    if kind not in ("delta", "star"):
        raise ArgumentError(f'walker: kind={kind!r} is neither "delta" nor "star"')
    check_number("walker", "semi_major_axis", semi_major_axis, above=0, unit="km")
    check_number("walker", "inclination", inclination)
    each = total // planes
    plane, place = np.divmod(np.arange(total), each)
    spread = math.tau if kind == "delta" else math.pi
    elements = np.zeros((total, 6))
    elements[:, 0], elements[:, 2] = semi_major_axis, inclination
    elements[:, 3] = plane * spread / planes
    elements[:, 5] = (place / each + plane * phasing / total) * math.tau
    return elements


def sphere_points(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return latitudes and longitudes of points with equal areas, spread evenly; radians.

    They follow a spiral by golden angles (Gonzalez 2010).

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> import numpy as np
    >>> latitudes, longitudes = sky.sphere_points(1000)
    >>> round(float(abs(np.sin(latitudes)).mean()), 3)
    0.5
    """
    if count < 1:
        raise ArgumentError(f"sphere_points: count={count} has to be positive")
    number = np.arange(count)
    latitudes = np.arcsin((2 * number + 1) / count - 1)
    golden = math.pi * (math.sqrt(5) - 1)
    return latitudes, np.mod(number * golden, math.tau) - math.pi


@dataclass(frozen=True)
class Coverage:
    """What a constellation sees of points on the ground, at the times that were asked for.

    latitudes, longitudes: of the points, radians, shape (points,).
    times:        shape (times,).
    fraction:     of points that are seen at each time, shape (times,).
    share:        of times at which each point is seen, shape (points,).
    longest_gap:  longest time between two times at which a point is seen, or from the first time or
                  until the last one; shape (points,).
    passes:       how often a point comes into view.

    Made by `coverage`.
    """

    latitudes: np.ndarray
    longitudes: np.ndarray
    times: np.ndarray
    fraction: np.ndarray
    share: np.ndarray
    longest_gap: np.ndarray
    passes: np.ndarray

    def __repr__(self) -> str:
        seen = 100 * float(self.fraction.mean())
        count, times = len(self.latitudes), len(self.times)
        return f"<Coverage: {count} points at {times} times, {seen:.1f} % seen on average>"

    @property
    def mean_gap(self) -> np.ndarray:
        """How long a point waits between two views on average: the revisit time, shape (points,).

        Infinite where it comes into view but once.
        """
        span = float(self.times[-1] - self.times[0])
        unseen = (1 - self.share) * span
        with np.errstate(divide="ignore", invalid="ignore"):
            found: np.ndarray = np.where(self.passes > 0, unseen / self.passes, np.inf)
        return found


def coverage(
    ephemeris: Ephemeris,
    times: ValueLike,
    latitudes: ValueLike,
    longitudes: ValueLike,
    *,
    elevation: float = 0.0,
    fold: int = 1,
    rotation: Rotation = gcrs_to_itrf,
    ellipsoid: Ellipsoid = WGS84,
) -> Coverage:
    """Return what a constellation sees of points on the ground.

    ephemeris, times: as for `conjunctions`; what happens between two times is not looked at.
    latitudes, longitudes: geodetic, radians, shape (points,).
    elevation: from which on a satellite is seen, radians.
    fold: how many satellites have to be seen at once.
    rotation: a function of time, the matrix from the axes of positions to those of the ellipsoid.

    One loop over times in machine code.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> def ephemeris(t):
    ...     return np.full((1, len(t), 3), [42164.0, 0, 0]), np.zeros((1, len(t), 3))
    >>> def still(t):
    ...     return ty.constant(np.eye(3)) + 0 * t
    >>> points = sky.sphere_points(2000)
    >>> found = sky.coverage(ephemeris, [0.0, 1.0], *points, rotation=still)
    >>> found.fraction.round(2).tolist()  # of a sphere (1 - 6378/42164)/2
    [0.43, 0.43]
    """
    if fold < 1:
        raise ArgumentError(f"coverage: fold={fold} has to be at least 1")
    instants, (places, _) = sampled("coverage", ephemeris, times)
    north, east = (np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (latitudes, longitudes))
    if north.ndim != 1 or north.shape != east.shape or not north.size:
        raise ArgumentError("coverage: latitudes and longitudes must have one shape (points,)")
    check_number("coverage", "elevation", elevation, least=-math.pi / 2, most=math.pi / 2)
    check_function("coverage", "rotation", rotation, "gcrs_to_itrf")
    ground = np.asarray(geodetic_to_position(north, east, np.zeros_like(north), ellipsoid))
    up = np.stack(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=-1
    )
    matrices = np.asarray(jit(vmap(rotation))(instants))
    fixed = np.einsum("tij,ntj->tin", matrices, places)
    found = _watched()(fixed, instants, ground, up, math.sin(elevation), float(fold))
    fraction, share, gap, passes = (np.asarray(x) for x in found)
    return Coverage(north, east, instants, fraction, share, gap, passes)


@cache
def _watched() -> Any:
    """The loop over times: which points are seen, and since when each has not been."""

    def watched(fixed: Any, times: Any, ground: Any, up: Any, sine: Any, fold: Any) -> Any:
        base = (ground * up).sum(axis=1)
        ground_squared = (ground * ground).sum(axis=1)

        def turn(carry: Any, now: Any) -> Any:
            seen_before, last, gap, count, passes = carry
            r, t = now
            squared = (r * r).sum(axis=0)[None, :] + ground_squared[:, None]
            distance = sqrt(squared - 2 * matmul(ground, r))
            height = matmul(up, r) - base[:, None]
            in_view = where(height >= sine * distance, 1.0, 0.0).sum(axis=1)
            seen = where(in_view >= fold, 1.0, 0.0)
            gap = where(t - last > gap, t - last, gap)
            last = where(seen > 0, t, last)
            passes = passes + seen * (1 - seen_before)
            return (seen, last, gap, count + seen, passes), seen.sum()

        zero = 0 * base
        start = (zero, zero + times[0], zero, zero, zero)
        (_, _, gap, count, passes), total = scan(turn, start, (fixed, times))
        return total / ground.shape[0], count / times.shape[0], gap, passes

    return jit(watched)
