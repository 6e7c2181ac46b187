"""Where the Earth's pole is in the sky: precession IAU 2006, nutation IAU 2000A."""

from __future__ import annotations

from functools import lru_cache

from taylor.astrodynamics.frames.nutation import (
    ARCSECOND,
    locator,
    nutation,
    polynomial,
    polynomials,
)
from taylor.astrodynamics.frames.rotations import Matrix, X, Z, product, turned
from taylor.astrodynamics.times.calendar import CENTURY
from taylor.astrodynamics.times.functions import TimeFunction
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, stack
from taylor.functions.trigonometric import atan2, cos, sin

# Angles of Fukushima and Williams with the frame's bias, arcseconds, by powers of centuries: J. L.
# Hilton et al., Celest. Mech. Dyn. Astron. 94 (2006) 351, and Wallace & Capitaine (2006), table 1.
_GAMMA = (-0.052928, 10.556378, 0.4932044, -0.00031238, -0.000002788, 0.0000000260)
_PHI = (84381.412819, -46.811016, 0.0511268, 0.00053289, -0.000000440, -0.0000000176)
_PSI = (-0.041775, 5038.481484, 1.5584175, -0.00018522, -0.000026452, -0.0000000148)
_OBLIQUITY = (84381.406, -46.836769, -0.0001831, 0.00200340, -0.000000576, -0.0000000434)


def centuries(t: Expression) -> Expression:
    """Julian centuries since J2000, of seconds of TDB: TT differs too little to be told."""
    return t / CENTURY


def mean_obliquity(t: Expression) -> Expression:
    """The angle between equator and ecliptic without nutation, rad (IAU 2006)."""
    return ARCSECOND * polynomial(_OBLIQUITY, centuries(t))


def mean_matrix(t: Expression) -> Matrix:
    """From the GCRS to mean equator and equinox of date: bias and precession."""
    return _matrix(t, 0, 0)


def true_matrix(t: Expression, accuracy: float) -> Matrix:
    """From the GCRS to true equator and equinox of date: bias, precession and nutation.

    accuracy: in radians, of the series of the nutation.
    """
    return _matrix(t, *nutation(centuries(t), accuracy))


def _matrix(t: Expression, longitude: Expression | int, obliquity: Expression | int) -> Matrix:
    rows = (_GAMMA, _PHI, _PSI, _OBLIQUITY)
    gamma, phi, psi, tilt = ARCSECOND * polynomials(rows, centuries(t))
    angles = stack([-(tilt + obliquity), -(psi + longitude), phi, gamma])
    cosines, sines = cos(angles), sin(angles)
    return product(*(turned(axis, cosines[k], sines[k]) for k, axis in enumerate((X, Z, X, Z))))


@lru_cache(16)
def celestial_pole(accuracy: float) -> TimeFunction:
    """X and Y of the pole, s + X Y / 2, and the equation of the origins: rad, of seconds of TDB."""

    def build(t: Expression) -> Expression:
        true = true_matrix(t, accuracy)
        x, y, z = true[2]
        located = locator(centuries(t))
        # Wallace & Capitaine (2006), eq. 16: where the origin is among the true axes.
        a = x / (1 + z)
        origin = (1 - a * x, -a * y, -x)
        p, q = (sum(row[k] * origin[k] for k in range(3)) for row in true[:2])
        equinoxes = located - x * y / 2 - atan2(q, p)
        return as_expression(stack([x, y, located, equinoxes]))

    return TimeFunction("celestial_pole", build)
