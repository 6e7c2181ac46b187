"""Rotations between named axes, and states turned by them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from taylor.astrodynamics.formulas import plain
from taylor.astrodynamics.frames.orientation import (
    EarthOrientation,
    checked_frame,
    earth_orientation,
    moves,
    of_earth,
)
from taylor.astrodynamics.times.earth_parameters import EarthParameters
from taylor.astrodynamics.times.functions import TimeLike
from taylor.errors import ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.polynomials.polynomial import Polynomial


def frame_rotation(
    source: str, target: str, t: TimeLike | None = None, earth: EarthOrientation | None = None
) -> ExpressionOrArray:
    """The matrix that turns coordinates in the axes `source` into those in `target`, shape (3, 3).

    source, target: of the sky "gcrs" (also of the barycentre: the ICRF), "j2000" (mean equator and
        equinox of J2000), "ecliptic" (of J2000, SPICE's ECLIPJ2000), "galactic"; moving "mod" (mean
        equator and equinox of date), "tod" (true ones), "ecliptic_of_date", "cirs", "teme" (that
        of SGP4); with the Earth "tirs" (the pseudo-Earth-fixed) and "itrf".
    t: seconds of TDB since J2000, an `Epoch`, an expression, or an array; its shape comes in front.
        Axes that do not move need none.
    earth: where the Earth's orientation is from; by default the tables of the IERS.

    Precession is IAU 2006, nutation IAU 2000A; the GCRS' and the ICRF's axes are the same.

    Raises ArgumentError for unknown axes and times at which the orientation is not known.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.frame_rotation("gcrs", "ecliptic").round(6).tolist()[1]
    [0.0, 0.917482, 0.397777]
    >>> sky.frame_rotation("j2000", "mod", ty.time).shape
    (3, 3)
    """
    known, time = _given(source, target, t, earth)
    return known.rotation(source, target, time)


def frame_rate(
    source: str, target: str, t: TimeLike | None = None, earth: EarthOrientation | None = None
) -> ExpressionOrArray:
    """The derivative of `frame_rotation` by time, 1/s, shape (3, 3); arguments as there.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> (sky.frame_rate("gcrs", "mod", 0.0)[0].round(14) + 0.0).tolist()
    [0.0, -7.09e-12, -3.08e-12]
    """
    known, time = _given(source, target, t, earth)
    return known.rate(source, target, time)


def frame_angular_velocity(
    source: str, target: str, t: TimeLike | None = None, earth: EarthOrientation | None = None
) -> ExpressionOrArray:
    """The angular velocity of the axes `target` as seen from `source`, rad/s, shape (3,).

    Its coordinates are those in the axes `target`; arguments as of `frame_rotation`.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> (sky.frame_angular_velocity("gcrs", "mod", 0.0).round(14) + 0.0).tolist()
    [0.0, 3.08e-12, -7.09e-12]
    """
    known, time = _given(source, target, t, earth)
    return known.angular_velocity(source, target, time)


def change_frame(
    source: str,
    target: str,
    t: TimeLike | None,
    position: ValueLike,
    velocity: ValueLike | None = None,
    earth: EarthOrientation | None = None,
) -> ExpressionOrArray:
    """Position, or position and velocity, in the axes `target` instead of `source`.

    position, velocity: shape (..., 3), km and km/s, numbers or expressions.  A velocity is that
        with respect to the axes that it is given in: in "itrf" it is what is seen from the ground.

    Returns the position, or where a velocity is given a tuple of both; other arguments as of
    `frame_rotation`.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> position, velocity = sky.change_frame("gcrs", "j2000", None, [7000.0, 0, 0], [0, 7.5, 0])
    >>> (velocity.round(3) + 0.0).tolist()
    [0.0, 7.5, 0.0]
    """
    rotation = frame_rotation(source, target, t, earth)
    turned = _turned(rotation, position)
    if velocity is None:
        return turned
    rate = frame_rate(source, target, t, earth)
    return turned, _turned(rotation, velocity) + _turned(rate, position)


def gcrs_to_itrf(t: TimeLike, earth: EarthOrientation | None = None) -> ExpressionOrArray:
    """The matrix from the GCRS to the ITRF; see `frame_rotation`.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
    >>> sky.gcrs_to_itrf(ty.time, earth).shape
    (3, 3)
    """
    return frame_rotation("gcrs", "itrf", t, earth)


def gcrs_to_tirs(t: TimeLike, earth: EarthOrientation | None = None) -> ExpressionOrArray:
    """The matrix from the GCRS to the TIRS: the Earth without polar motion.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
    >>> (sky.gcrs_to_tirs(0.0, earth)[2].round(3) + 0.0).tolist()
    [0.0, 0.0, 1.0]
    """
    return frame_rotation("gcrs", "tirs", t, earth)


def gcrs_to_cirs(t: TimeLike, earth: EarthOrientation | None = None) -> ExpressionOrArray:
    """The matrix from the GCRS to the CIRS: true equator, origin that does not turn.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
    >>> sky.gcrs_to_cirs(8e8, earth).round(4)[2].tolist()
    [0.0025, 0.0, 1.0]
    """
    return frame_rotation("gcrs", "cirs", t, earth)


def gcrs_to_teme(t: TimeLike, earth: EarthOrientation | None = None) -> ExpressionOrArray:
    """The matrix from the GCRS to the axes of SGP4: true equator, mean equinox.

    They are those in which the Greenwich mean sidereal time of 1982 gives the Earth's turn, as in
    D. A. Vallado et al., AIAA 2006-6753.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
    >>> sky.gcrs_to_teme(8e8, earth).round(4).tolist()[0]
    [1.0, -0.0057, -0.0025]
    """
    return frame_rotation("gcrs", "teme", t, earth)


def gcrs_to_tod(t: TimeLike, earth: EarthOrientation | None = None) -> ExpressionOrArray:
    """The matrix from the GCRS to true equator and equinox of date.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
    >>> sky.gcrs_to_tod(8e8, earth).round(4).tolist()[0]
    [1.0, -0.0057, -0.0025]
    """
    return frame_rotation("gcrs", "tod", t, earth)


def gcrs_to_mod(t: TimeLike) -> ExpressionOrArray:
    """The matrix from the GCRS to mean equator and equinox of date.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.gcrs_to_mod(8e8).round(4).tolist()[0]
    [1.0, -0.0057, -0.0025]
    """
    return frame_rotation("gcrs", "mod", t)


def _given(
    source: str, target: str, t: Any, earth: EarthOrientation | None
) -> tuple[EarthOrientation, Any]:
    """The orientation and the time that are meant."""
    pair = checked_frame(source), checked_frame(target)
    if earth is not None and not isinstance(earth, EarthOrientation):
        raise ArgumentTypeError(f"earth={earth!r} must be an EarthOrientation")
    if t is None:
        if any(map(moves, pair)):
            raise ArgumentTypeError(f"from {source!r} to {target!r} a time is needed; give t")
        t = np.float64(0)
    if earth is None:
        earth = earth_orientation() if any(map(of_earth, pair)) else _without_earth()
    return earth, t


@lru_cache(1)
def _without_earth() -> EarthOrientation:
    return EarthOrientation(EarthParameters.constant())


def _turned(matrix: Any, vector: Any) -> Any:
    """matrix @ vector: of expressions, polynomials, or numbers with more axes in front."""
    given = plain(vector)
    if not isinstance(given, Expression | Polynomial):
        given = np.asarray(given)
    if given.shape[-1:] != (3,):
        raise ShapeError(f"a position or velocity must be of shape (..., 3), got {given.shape}")
    if isinstance(given, Polynomial) or isinstance(matrix, Polynomial):
        return np.stack([sum(matrix[i, k] * given[k] for k in range(3)) for i in range(3)])
    if isinstance(given, Expression) or given.dtype == object or isinstance(matrix, Expression):
        return as_expression(as_expression(matrix) @ as_expression(vector))
    return np.einsum("...ij,...j->...i", matrix, given)
