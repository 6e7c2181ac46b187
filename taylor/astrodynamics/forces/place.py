"""Where a spacecraft is, as atmospheres and winds see it."""

from __future__ import annotations

from typing import Any

from taylor.astrodynamics.forces.force import OrbitState
from taylor.expressions.expression import Expression
from taylor.functions.powers import sqrt
from taylor_runtime.program.records import dataclass

EARTH_RADIUS, EARTH_FLATTENING = 6378.137, 1 / 298.257223563  # WGS 84: km


@dataclass(frozen=True)
class Place:
    """What densities are functions of.

    time:     seconds of TDB since J2000.
    position: shape (3,), km, in the axes of the state (GCRS).
    fixed:    shape (3,), km, in axes that rotate with the body.
    altitude: km above its ellipsoid.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> sky.Place.of(sky.OrbitState(ty.time, r, v), sky.uniform_rotation()).altitude.shape
    ()
    """

    time: Expression
    position: Expression
    fixed: Expression
    altitude: Expression

    @staticmethod
    def of(
        state: OrbitState,
        rotation: Any,
        radius: float = EARTH_RADIUS,
        flattening: float = EARTH_FLATTENING,
    ) -> Place:
        """The place of a state; `rotation` as for `SphericalHarmonics`."""
        fixed = rotation(state.time) @ state.position
        return Place(state.time, state.position, fixed, height(fixed, radius, flattening))


def height(fixed: Any, radius: float = EARTH_RADIUS, flattening: float = EARTH_FLATTENING) -> Any:
    """Height over an ellipsoid of revolution, km, of a position (3,) or several (3, n).

    The gap d along the radius to the ellipsoid is turned by the angle between radius and normal,
    f sin 2 psi to first order, psi the geocentric latitude: d (1 - (f sin 2 psi)^2 R/(2 r)).  Its
    error is of the order f^3 d, centimetres in low orbits; nothing is singular at the poles.
    """
    x, y, z = fixed
    square = x * x + y * y + z * z
    r = sqrt(square)
    sine = z * z / square  # of the geocentric latitude, squared
    short = 1 - flattening
    surface = radius * short / sqrt(short * short + (1 - short * short) * sine)
    tilt = 4 * flattening * flattening * sine * (1 - sine)
    return (r - surface) * (1 - tilt * surface / (2 * r))
