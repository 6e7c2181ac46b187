"""The constants of the Earth that element sets were made with."""

from __future__ import annotations

import math

from taylor.errors import ArgumentError
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True)
class Gravity:
    """A model of the Earth's field, as SGP4 has it.

    gm:     km^3/s^2.
    radius: of the equator, km.
    j2, j3, j4: zonal harmonics, not normalised.
    unit:   sqrt(gm / radius^3) by the minute: the mean motion of an orbit at the surface.
    """

    gm: float
    radius: float
    j2: float
    j3: float
    j4: float
    unit: float


def _gravity(gm: float, radius: float, j2: float, j3: float, j4: float) -> Gravity:
    return Gravity(gm, radius, j2, j3, j4, 60.0 / math.sqrt(radius * radius * radius / gm))


# Vallado, Crawford, Hujsak & Kelso (2006), AIAA 2006-6753, section III.B
GRAVITIES = {
    "wgs72": _gravity(398600.8, 6378.135, 0.001082616, -0.00000253881, -0.00000165597),
    "wgs72-old": Gravity(
        398600.79964, 6378.135, 0.001082616, -0.00000253881, -0.00000165597, 0.0743669161
    ),
    "wgs84": _gravity(398600.5, 6378.137, 0.00108262998905, -0.00000253215306, -0.00000161098761),
}


def as_gravity(name: str) -> Gravity:
    """The model of that name; ArgumentError for any other."""
    if name not in GRAVITIES:
        raise ArgumentError(f"gravity must be one of {', '.join(GRAVITIES)}; got {name!r}")
    return GRAVITIES[name]
