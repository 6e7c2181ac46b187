"""Latitude, longitude and height over an ellipsoid, from and to positions."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np

from taylor.astrodynamics.formulas import Formula
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, stack
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.powers import hypot, sqrt
from taylor.functions.trigonometric import atan2, cos, sin
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid of revolution.

    equatorial_radius: km.
    flattening:        (a - b) / a, 0 of a sphere, below 1; 1 / 298.257223563 of the Earth.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> round(sky.Ellipsoid(6378.137, 1 / 298.257223563).polar_radius, 6)
    6356.752314
    """

    equatorial_radius: float
    flattening: float = 0.0

    def __post_init__(self) -> None:
        for name in ("equatorial_radius", "flattening"):
            if not isinstance(getattr(self, name), int | float):
                raise ArgumentTypeError(f"Ellipsoid: {name}={getattr(self, name)!r} is no number")
        if not (self.equatorial_radius > 0 and math.isfinite(self.equatorial_radius)):
            raise ArgumentError("Ellipsoid: equatorial_radius must be positive and finite")
        if not 0 <= self.flattening < 1:
            raise ArgumentError("Ellipsoid: flattening must be at least 0 and below 1")

    @property
    def polar_radius(self) -> float:
        """b = a (1 - f), km."""
        return self.equatorial_radius * (1 - self.flattening)

    @property
    def eccentricity_squared(self) -> float:
        """e^2 = f (2 - f)."""
        return self.flattening * (2 - self.flattening)


RIGHT = np.pi / 2 + 1e-12
WGS84 = Ellipsoid(6378.137, 1 / 298.257223563)
GRS80 = Ellipsoid(6378.137, 1 / 298.257222101)
WGS72 = Ellipsoid(6378.135, 1 / 298.26)


def geodetic_to_position(
    latitude: ValueLike, longitude: ValueLike, height: ValueLike, ellipsoid: Ellipsoid = WGS84
) -> ExpressionOrArray:
    """The position in body-fixed axes, km, shape (3,), the shape of the arguments in front.

    latitude, longitude: rad, to the normal of the ellipsoid, east positive.
    height: km, along the normal.

    Raises ArgumentError for numbers that are not finite and latitudes beyond a pole, ShapeError for
    shapes that do not fit.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.geodetic_to_position(0.0, 0.0, 0.5).tolist()
    [6378.637, 0.0, 0.0]
    """
    if isinstance(latitude, int | float | np.ndarray) and np.any(np.abs(latitude) > RIGHT):
        raise ArgumentError(
            f"geodetic_to_position: latitude={latitude!r:.80} is beyond a pole; it is in radians"
        )
    return _to_position(_checked(ellipsoid))(latitude, longitude, height)


def position_to_geodetic(position: ValueLike, ellipsoid: Ellipsoid = WGS84) -> ExpressionOrArray:
    """Latitude, longitude (rad) and height (km) of a position in body-fixed axes, shape (3,).

    position: km, shape (3,), the shape of the points in front.

    To rounding wherever the normal is unique: everywhere but within e^2 a of the centre (43 km of
    the Earth's).  On the axis the longitude is 0 by convention, and derivatives do not exist.

    Raises ArgumentError for numbers that are not finite, ShapeError for shapes that do not fit.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.position_to_geodetic([0.0, 0.0, sky.WGS84.polar_radius + 10]).round(9).tolist()
    [1.570796327, 0.0, 10.0]
    """
    return _to_geodetic(_checked(ellipsoid))(position)


@lru_cache(16)
def _to_position(ellipsoid: Ellipsoid) -> Formula:
    a, e2, _ = _exact(ellipsoid)

    def build(latitude: Expression, longitude: Expression, height: Expression) -> Expression:
        sine, cosine = sin(latitude), cos(latitude)
        normal = a / sqrt(1 - e2 * sine * sine)
        across = (normal + height) * cosine
        up = (normal * (1 - e2) + height) * sine
        return as_expression(stack([across * cos(longitude), across * sin(longitude), up]))

    return Formula(build, "(),(),()->(3)", "geodetic_to_position", finite=True)


@lru_cache(16)
def _to_geodetic(ellipsoid: Ellipsoid) -> Formula:
    a, e2, short = _exact(ellipsoid)
    # B. R. Bowring (Survey Review 23 (1976) 323): the parametric latitude beta of the foot of the
    # normal from tan beta = (b z + e'^2 b^2 sin^3) / (b p - e^2 a b cos^3), again and again.  It is
    # Newton's method: a few turns reach rounding, more of flatter bodies and deep inside.
    turns = 4 if e2 < Fraction(1, 100) else 8

    def build(position: Expression) -> Expression:
        x, y, z = (position[k] / a for k in range(3))
        p = hypot(x, y)
        s, c = _unit(z, short * p)
        for _ in range(turns):
            s, c = _unit(short * z + e2 * s * s * s, p - e2 * c * c * c)
        # From the parametric to the geodetic latitude; heights do not feel its error.
        s, c = _unit(s, short * c)
        height = a * (p * c + z * s - sqrt(1 - e2 * s * s))
        return as_expression(stack([atan2(s, c), atan2(y, x), height]))

    return Formula(build, "(3)->(3)", "position_to_geodetic", finite=True)


def _exact(ellipsoid: Ellipsoid) -> tuple[Fraction, Fraction, Fraction]:
    """a, e^2 and b / a = sqrt(1 - e^2), for all kinds of numbers."""
    f = Fraction(ellipsoid.flattening)
    return Fraction(ellipsoid.equatorial_radius), f * (2 - f), 1 - f


def _unit(s: Expression, c: Expression) -> tuple[Expression, Expression]:
    size = hypot(s, c)
    return s / size, c / size


def _checked(ellipsoid: Ellipsoid) -> Ellipsoid:
    if not isinstance(ellipsoid, Ellipsoid):
        raise ArgumentTypeError(f"ellipsoid={ellipsoid!r} must be an Ellipsoid, such as WGS84")
    return ellipsoid
