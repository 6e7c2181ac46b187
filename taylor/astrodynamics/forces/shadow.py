"""How much of the Sun is seen beside a body, and directions to light."""

from __future__ import annotations

import math
from typing import Any

from taylor.functions.apply import where
from taylor.functions.hyperbolic import tanh
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import asin, atan2

SUN_RADIUS = 695700.0  # km, nominal (IAU 2015 resolution B3)


def sunlit_fraction(position: Any, sun: Any, radius: Any, sun_radius: Any = SUN_RADIUS) -> Any:
    """The share of the Sun's disc that is seen beside a spherical body, 0 in the umbra, 1 outside.

    position: of the spacecraft, sun: of the Sun, shape (3,), km, from the body's centre.
    radius:   of the body, sun_radius: of the Sun, km.

    Exact for two circles (Montenbruck & Gill 2000, eqs. 3.85-3.94), with the corner of the common
    area by Heron's formula; where one disc is within the other, the ratio of their areas.  At the
    edges its slope grows like a root, so that equations of motion take `penumbra_fraction`.

    >>> import taylor as ty
    >>> fraction = ty.astrodynamics.sunlit_fraction
    >>> float(fraction([7000.0, 0.0, 0.0], [1.5e8, 0.0, 0.0], 6378.0))
    1.0
    >>> float(fraction([-7000.0, 0.0, 0.0], [1.5e8, 0.0, 0.0], 6378.0))
    0.0
    """
    sin_a, sin_b, cos_c, square = _discs(position, sun, radius, sun_radius)
    cos_a, cos_b = sqrt(1 - sin_a * sin_a), sqrt(1 - sin_b * sin_b)
    # The angles are used where the discs cross: c is neither 0 nor pi there.
    a, b = asin(sin_a), asin(sin_b)
    crossing = (cos_c > cos_a * cos_b - sin_a * sin_b) & (cos_c < cos_a * cos_b + sin_a * sin_b)
    c = atan2(sqrt(where(crossing, square, 1)), cos_c)
    x = (c * c + a * a - b * b) / (2 * c)  # from the Sun's centre to the chord
    heron = (a + b + c) * (a + b - c) * (c + a - b) * (c + b - a)
    y = sqrt(where(crossing, heron, 1)) / (2 * c)
    common = a * a * atan2(y, x) + b * b * atan2(y, c - x) - c * y
    partial = 1 - common / (math.pi * a * a)
    within = where(sin_a > sin_b, 1 - (b * b) / (a * a), 0)
    outside = where(cos_c < cos_a * cos_b, 1, within)
    return where(crossing, partial, outside)


def penumbra_fraction(position: Any, sun: Any, radius: Any, sun_radius: Any = SUN_RADIUS) -> Any:
    """`sunlit_fraction` within 0.014 for low orbits, with series up to the edges of the penumbra.

    1/2 + (2/pi) w - 0.0232 w^3 - 0.1134 w^5, with w = (c - b)/a nearly (a, b the angular radii of
    Sun and body, c the angle between) from -1 to 1: value and slope as a circle has them that a
    straight edge covers, in the middle and at the ends, where an integrator stops.

    >>> import taylor as ty
    >>> fraction = ty.astrodynamics.penumbra_fraction
    >>> float(fraction([7000.0, 0.0, 0.0], [1.5e8, 0.0, 0.0], 6378.0))
    1.0
    """
    w = _depth(position, sun, radius, sun_radius)
    square = w * w
    within = 0.5 + w * (2 / math.pi + square * (_CUBE + square * (0.5 - 2 / math.pi - _CUBE)))
    return where(w > 1, 1, where(w < -1, 0, within))


_CUBE = 1.25 - 4 / math.pi  # so that the slope at the ends is 0


def _depth(position: Any, sun: Any, radius: Any, sun_radius: Any) -> Any:
    sin_a, sin_b, cos_c, _ = _discs(position, sun, radius, sun_radius)
    return (sqrt(1 - sin_b * sin_b) - cos_c) / (sin_a * sin_b)


def smooth_fraction(position: Any, sun: Any, radius: Any, sun_radius: Any = SUN_RADIUS) -> Any:
    """A smooth stand-in for `sunlit_fraction`: (1 + tanh(4/pi w))/2, w = (c - b)/a nearly.

    a, b and c are the angular radii of Sun and body and the angle between them.  It has the right
    slope in the middle of the penumbra and is within 0.08 of the exact fraction everywhere (a
    logistic function as that of Aziz et al. 2019): an integrator's steps go through it.

    >>> import taylor as ty
    >>> half = ty.astrodynamics.smooth_fraction([-3000.0, 6378.0, 0.0], [1.5e8, 0.0, 0.0], 6378.0)
    >>> 0 < float(half) < 1
    True
    """
    return (1 + tanh(4 / math.pi * _depth(position, sun, radius, sun_radius))) / 2


def sharp_fraction(position: Any, sun: Any, radius: Any, sun_radius: Any = SUN_RADIUS) -> Any:
    """1 in the light and 0 in the shadow, with the edge in the middle of the penumbra.

    Over a passage through the penumbra of a low orbit the impulse is that of `sunlit_fraction` to
    about a part in a hundred of a passage; an integrator stops at the edge.

    >>> import taylor as ty
    >>> float(ty.astrodynamics.sharp_fraction([-7000.0, 0.0, 0.0], [1.5e8, 0.0, 0.0], 6378.0))
    0.0
    """
    return where(_depth(position, sun, radius, sun_radius) > 0, 1, 0)


def _discs(position: Any, sun: Any, radius: Any, sun_radius: Any) -> tuple[Any, Any, Any, Any]:
    """Sines of the angular radii of Sun and body, cosine and squared sine of the angle between."""
    to_sun = [s - p for s, p in zip(sun, position, strict=True)]
    x, y, z = position
    u, v, w = to_sun
    far, near = sqrt(u * u + v * v + w * w), sqrt(x * x + y * y + z * z)
    size = far * near
    across = [y * w - z * v, z * u - x * w, x * v - y * u]
    square = sum(e * e for e in across) / (size * size)
    cosine = -(x * u + y * v + z * w) / size
    return sun_radius / far, radius / near, cosine, square
