"""The orientation of the Sun, planets, moons and asteroids, by the IAU's elements."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache

from taylor.astrodynamics.frames.body_tables import ANGLES, BODIES, RADII
from taylor.astrodynamics.frames.geodetic import Ellipsoid
from taylor.astrodynamics.frames.nutation import polynomials
from taylor.astrodynamics.frames.rotations import X, Z, about, expression, product
from taylor.astrodynamics.times.calendar import CENTURY, DAY
from taylor.astrodynamics.times.functions import TimeFunction, TimeLike
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, constant, stack
from taylor.expressions.types import ExpressionOrArray
from taylor.functions.trigonometric import cos, sin
from taylor.numbers.exact import PI

_DEGREE = PI / 180
_RIGHT = PI / 2


def body_rotation(body: str, t: TimeLike) -> ExpressionOrArray:
    """The matrix from the ICRF to axes that turn with a body, shape (3, 3).

    body: one of `BODY_NAMES`: the Sun, the planets, their larger moons, some asteroids.
    t: seconds of TDB since J2000, an `Epoch`, an expression, or an array, whose shape comes first.

    z is to the north pole, x to the prime meridian, by the IAU's report of 2015 (Archinal et al.
    2018); of the Earth and the Moon by that of 2009, which is good to 1e-4 rad.  For the Earth take
    `gcrs_to_itrf`, for the Moon the librations of an ephemeris, if you need more.

    Raises ArgumentError for a body that is not in the tables.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> pole = sky.body_rotation("venus", 0.0)[2]  # near that of the ecliptic
    >>> pole.round(3).tolist()
    [0.019, -0.388, 0.922]
    >>> ty.astrodynamics.body_rotation("moon", ty.time).shape
    (3, 3)
    """
    return _functions(_known(body))[0](t)


def body_rotation_rate(body: str, t: TimeLike) -> ExpressionOrArray:
    """The derivative of `body_rotation` by time, 1/s, shape (3, 3).

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> rate = sky.body_rotation_rate("sun", 0.0)
    >>> days = 2 * 3.141592653589793 / 86400 / (rate[0] @ rate[0]) ** 0.5
    >>> round(float(days), 2)
    25.38
    """
    return _functions(_known(body))[1](t)


def body_angles(body: str, t: TimeLike) -> ExpressionOrArray:
    """Right ascension and declination of a body's pole and its prime meridian, rad, shape (3,).

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> import numpy as np
    >>> np.degrees(sky.body_angles("venus", 0.0)).round(6).tolist()
    [272.76, 67.16, 160.2]
    """
    return _functions(_known(body))[2](t)


def body_ellipsoid(body: str) -> Ellipsoid:
    """The ellipsoid of revolution that comes nearest to a body's shape, of the same report.

    Raises ArgumentError for a body whose shape is not such.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.body_ellipsoid("mars").equatorial_radius
    3396.19
    """
    if not isinstance(body, str):
        raise ArgumentTypeError(f"body={body!r} must be a name such as 'mars'")
    if body.lower() not in RADII:
        raise ArgumentError(f"body_ellipsoid: body={body!r} is none of {', '.join(RADII)}")
    equatorial, polar = RADII[body.lower()]
    return Ellipsoid(equatorial, (equatorial - polar) / equatorial)


BODY_NAMES = tuple(BODIES)


def _known(body: str) -> str:
    if not isinstance(body, str):
        raise ArgumentTypeError(f"body={body!r} must be a name such as 'mars'")
    if body.lower() not in BODIES:
        near = get_close_matches(body.lower(), BODIES, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ", such as 'mars' or 'moon'"
        raise ArgumentError(f"body={body!r} is none of BODY_NAMES{hint}")
    return body.lower()


def _exact(numbers: Iterable[float]) -> list[Fraction]:
    return [Fraction(each) for each in numbers]


@lru_cache(64)
def _functions(body: str) -> tuple[TimeFunction, TimeFunction, TimeFunction]:
    elements = BODIES[body]

    def angles(t: Expression) -> Expression:
        centuries = t / CENTURY
        # Exact numbers, so that an integrator can keep all digits of an angle of many turns.
        start, rate, growth = (Fraction(each) * _DEGREE for each in elements.meridian)
        poles = (elements.pole_ra, elements.pole_dec)
        ra, dec = _DEGREE * polynomials([_exact(each) for each in poles], centuries)
        meridian = start + rate / DAY * t + growth / DAY**2 * (t * t)
        if elements.waves:
            given = [_exact(ANGLES[elements.system][number - 1]) for number in elements.waves]
            waves = _DEGREE * polynomials(given, centuries)
            sines, cosines = sin(waves), cos(waves)
            in_ra, in_dec, in_meridian = (
                _DEGREE * constant(_exact(each))
                for each in zip(*elements.waves.values(), strict=True)
            )
            ra, meridian = ra + in_ra @ sines, meridian + in_meridian @ sines
            dec = dec + in_dec @ cosines
        return as_expression(stack([as_expression(each) for each in (ra, dec, meridian)]))

    def rotation(t: Expression) -> Expression:
        found = angles(t)
        ra, dec, meridian = (found[k] for k in range(3))
        return expression(
            product(about(Z, meridian), about(X, _RIGHT - dec), about(Z, ra + _RIGHT))
        )

    turned = TimeFunction("body_rotation", rotation)
    return turned, turned.rate("body_rotation_rate"), TimeFunction("body_angles", angles)
