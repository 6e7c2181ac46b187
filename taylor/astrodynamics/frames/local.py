"""Axes of orbits, and axes, azimuths and elevations at places on the ground."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from taylor.astrodynamics.formulas import Formula
from taylor.astrodynamics.frames.geodetic import WGS84, Ellipsoid, geodetic_to_position
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, stack
from taylor.expressions.substitute import substitute
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.powers import hypot, sqrt
from taylor.functions.trigonometric import atan2, cos, sin
from taylor.numbers.exact import PI
from taylor.transforms.differentiate import diff

Vector = np.ndarray  # of scalar expressions, shape (3,)


def orbit_axes(kind: str, position: ValueLike, velocity: ValueLike) -> ExpressionOrArray:
    """The matrix that turns inertial coordinates into those in axes of an orbit, shape (3, 3).

    kind: "rtn" (also "rsw", "ric"): outward, in the direction of motion, along the momentum;
        "lvlh": z to the centre, y against the momentum, x in the direction of motion (CCSDS);
        "tnw": along the velocity, inward across it, along the momentum;
        "vnc": along the velocity, along the momentum, outward across the velocity.
    position, velocity: relative to the centre, shape (3,), the shape of the points in front.

    Rows are the axes' unit vectors.

    Raises ArgumentError for an unknown kind, ShapeError for shapes that do not fit.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> (sky.orbit_axes("rtn", [7000.0, 0, 0], [0, 0, 7.5]).round(9) + 0.0).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]
    """
    return _orbit_axes(_kind(kind))(position, velocity)


def orbit_axes_rate(
    kind: str, position: ValueLike, velocity: ValueLike, acceleration: ValueLike
) -> ExpressionOrArray:
    """The derivative of `orbit_axes` by time, 1/s, for a body with this acceleration.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> rate = sky.orbit_axes_rate("rtn", [7000.0, 0, 0], [0, 7.5, 0], [-8e-3, 0, 0])
    >>> (rate.round(9) + 0.0).tolist()[0]
    [0.0, 0.001071429, 0.0]
    """
    return _orbit_axes_rate(_kind(kind))(position, velocity, acceleration)


def topocentric_axes(
    latitude: ValueLike, longitude: ValueLike, kind: str = "enu"
) -> ExpressionOrArray:
    """The matrix from body-fixed axes to those at a place, shape (3, 3).

    latitude, longitude: rad; geodetic ones for axes along the ellipsoid's normal.
    kind: "enu" east, north, up; "sez" south, east, zenith; "ned" north, east, down.

    Raises ArgumentError for an unknown kind.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> (sky.topocentric_axes(0.0, 0.0) + 0.0).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    if not isinstance(kind, str) or kind.lower() not in _PLACES:
        raise ArgumentError(f"topocentric_axes: kind={kind!r} is none of {', '.join(_PLACES)}")
    return _topocentric(kind.lower())(latitude, longitude)


def azimuth_elevation_range(
    position: ValueLike,
    latitude: ValueLike,
    longitude: ValueLike,
    height: ValueLike = 0.0,
    ellipsoid: Ellipsoid = WGS84,
) -> ExpressionOrArray:
    """Azimuth, elevation (rad) and range (km) of a position as seen from the ground, shape (3,).

    position: km, in body-fixed axes such as the ITRF, shape (3,), the shape of the points in front.
    latitude, longitude, height: of the place, geodetic, rad and km.

    The azimuth is from north over east, from 0 to 2 pi.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> import numpy as np
    >>> up_and_east = [sky.WGS84.equatorial_radius + 1.0, 1.0, 0.0]
    >>> seen = sky.azimuth_elevation_range(up_and_east, 0.0, 0.0)
    >>> np.degrees(seen[:2]).round(9).tolist(), round(float(seen[2]), 6)
    ([90.0, 45.0], 1.414214)
    """
    if not isinstance(ellipsoid, Ellipsoid):
        raise ArgumentTypeError(f"ellipsoid={ellipsoid!r} must be an Ellipsoid, such as WGS84")
    return _seen(ellipsoid)(position, latitude, longitude, height)


# -- orbits ---------------------------------------------------------------------------------------


def _unit(v: Vector) -> Vector:
    return v / sqrt(v @ v)


def _cross(a: Vector, b: Vector) -> Vector:
    pairs = [a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3] for k in range(3)]
    return np.array(pairs, dtype=object)


def _rtn(r: Vector, v: Vector) -> list[Vector]:
    out, along = _unit(r), _unit(_cross(r, v))
    return [out, _cross(along, out), along]


def _lvlh(r: Vector, v: Vector) -> list[Vector]:
    out, across, along = _rtn(r, v)
    return [across, -along, -out]


def _tnw(r: Vector, v: Vector) -> list[Vector]:
    ahead, along = _unit(v), _unit(_cross(r, v))
    return [ahead, _cross(along, ahead), along]


def _vnc(r: Vector, v: Vector) -> list[Vector]:
    ahead, inward, along = _tnw(r, v)
    return [ahead, along, -inward]


_ORBITS: dict[str, Callable[[Vector, Vector], list[Vector]]] = {
    "rtn": _rtn,
    "rsw": _rtn,
    "ric": _rtn,
    "lvlh": _lvlh,
    "tnw": _tnw,
    "vnc": _vnc,
}


def _kind(kind: str) -> str:
    if not isinstance(kind, str) or kind.lower() not in _ORBITS:
        raise ArgumentError(f"orbit_axes: kind={kind!r} is none of {', '.join(_ORBITS)}")
    return kind.lower()


def _elements(v: Expression) -> Vector:
    return np.array([v[k] for k in range(3)], dtype=object)


def _rows(rows: list[Vector]) -> Expression:
    return as_expression(stack([stack([as_expression(e) for e in row]) for row in rows]))


@lru_cache(8)
def _orbit_axes(kind: str) -> Formula:
    def build(position: Expression, velocity: Expression) -> Expression:
        return _rows(_ORBITS[kind](_elements(position), _elements(velocity)))

    return Formula(build, "(3),(3)->(3,3)", "orbit_axes", finite=True)


@lru_cache(8)
def _orbit_axes_rate(kind: str) -> Formula:
    def build(position: Expression, velocity: Expression, acceleration: Expression) -> Expression:
        later = argument("later")
        axes = _orbit_axes(kind)(position + later * velocity, velocity + later * acceleration)
        return as_expression(substitute(as_expression(diff(axes, later)), {later: 0}))

    return Formula(build, "(3),(3),(3)->(3,3)", "orbit_axes_rate", finite=True)


# -- places ---------------------------------------------------------------------------------------

# East, north and up are rows 0, 1 and 2; signs and rows of what else there is.
_PLACES = {
    "enu": ((1, 0), (1, 1), (1, 2)),
    "sez": ((-1, 1), (1, 0), (1, 2)),
    "ned": ((1, 1), (1, 0), (-1, 2)),
}


def _enu(latitude: Expression, longitude: Expression) -> list[Vector]:
    s, c = sin(latitude), cos(latitude)
    east, meridian = sin(longitude), cos(longitude)
    rows = [[-east, meridian, 0], [-s * meridian, -s * east, c], [c * meridian, c * east, s]]
    return [np.array(row, dtype=object) for row in rows]


@lru_cache(4)
def _topocentric(kind: str) -> Formula:
    def build(latitude: Expression, longitude: Expression) -> Expression:
        rows = _enu(latitude, longitude)
        return _rows([sign * rows[place] for sign, place in _PLACES[kind]])

    return Formula(build, "(),()->(3,3)", "topocentric_axes", finite=True)


@lru_cache(8)
def _seen(ellipsoid: Ellipsoid) -> Formula:
    def build(
        position: Expression, latitude: Expression, longitude: Expression, height: Expression
    ) -> Expression:
        place = geodetic_to_position(latitude, longitude, height, ellipsoid)
        away = _elements(as_expression(position - place))
        east, north, up = (row @ away for row in _enu(latitude, longitude))
        level = hypot(east, north)
        # From south over east it is between -pi and pi, so that nothing has to be chosen.
        azimuth = PI - atan2(east, -north)
        return as_expression(stack([azimuth, atan2(up, level), hypot(level, up)]))

    return Formula(build, "(3),(),(),()->(3)", "azimuth_elevation_range", finite=True)
