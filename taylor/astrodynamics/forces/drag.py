"""The drag of an atmosphere that turns with its planet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from taylor.astrodynamics.checks import check_function, check_number
from taylor.astrodynamics.forces.atmospheres import Atmosphere
from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.gravity.spherical import (
    EARTH_RATE,
    Rotation,
    check_rotation,
    uniform_rotation,
)
from taylor.astrodynamics.forces.place import EARTH_FLATTENING, EARTH_RADIUS, Place
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import stack
from taylor.functions.powers import sqrt

Scalar = float | Expression


class Drag:
    """Drag -rho C_d A/(2 m) |u| u, u the velocity relative to the air.

    atmosphere: anything with `density(place)`, kg/m^3: `ExponentialAtmosphere`, `HarrisPriester`.
    area:       m^2; cd: the coefficient of drag; numbers or parameters.
    mass:       kg; None for the mass of the state.
    rotation:   as for `SphericalHarmonics`: None for the Earth's uniform rotation.
    rate:       rad/s, with which the air turns about the axis of the body.
    wind:       a function of the `Place` that returns the wind relative to that, km/s, shape (3,)
                in the axes of the state.
    radius, flattening: of the ellipsoid from which heights are counted, km.

    Raises ArgumentError for a negative area, a mass that is not positive and what is not finite.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> air = sky.ExponentialAtmosphere.at(400.0)
    >>> drag = sky.Drag(air, area=1.0, cd=ty.parameter("cd"), mass=100.0)
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> drag.acceleration(sky.OrbitState(ty.time, r, v)).shape
    (3,)
    """

    central = False  # no force that holds a satellite in its orbit

    def __init__(
        self,
        atmosphere: Atmosphere,
        area: Scalar,
        cd: Scalar = 2.2,
        mass: Scalar | None = None,
        *,
        rotation: Rotation | None = None,
        rate: float = EARTH_RATE,
        wind: Callable[[Place], Expression] | None = None,
        radius: float = EARTH_RADIUS,
        flattening: float = EARTH_FLATTENING,
    ) -> None:
        if not hasattr(atmosphere, "density"):
            raise ArgumentError(f"Drag: {atmosphere!r} has no method density(place)")
        check_surface("Drag", area, mass)
        check_number("Drag", "cd", cd)
        check_number("Drag", "rate", rate)
        check_number("Drag", "radius", radius, above=0, unit="km")
        check_rotation("Drag", rotation)
        if wind is not None:
            check_function("Drag", "wind", wind, "a function of a Place")
        self.atmosphere, self.area, self.cd, self.mass = atmosphere, area, cd, mass
        self.rotation = uniform_rotation() if rotation is None else rotation
        self.rate, self.wind = rate, wind
        self.radius, self.flattening = radius, flattening

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,), in the axes of the state."""
        place = Place.of(state, self.rotation, self.radius, self.flattening)
        axis = self.rotation(state.time)[2]  # of the body, in the axes of the state
        x, y, z = state.position
        air = self.rate * stack(
            [axis[1] * z - axis[2] * y, axis[2] * x - axis[0] * z, axis[0] * y - axis[1] * x]
        )
        u = state.velocity - air
        if self.wind is not None:
            u = u - self.wind(place)
        mass = mass_of("Drag", self.mass, state)
        # kg/m^3 m^2/kg (km/s)^2 are 1000 km/s^2.
        factor = 500 * self.atmosphere.density(place) * self.cd * self.area / mass
        found: Expression = -factor * sqrt(np.sum(u * u)) * u
        return found


def check_surface(force: str, area: Scalar | None, mass: Scalar | None) -> None:
    """Raise for numbers that are no area, m^2, or no mass, kg."""
    if area is not None:
        check_number(force, "area", area, least=0, unit="m^2")
    if mass is not None:
        check_number(force, "mass", mass, above=0, unit="kg")


def mass_of(force: str, mass: Scalar | None, state: OrbitState) -> Scalar:
    """The mass that a force was given, else that of the state.

    Raises ArgumentError where there is neither.
    """
    found = state.mass if mass is None else mass
    if found is None:
        raise ArgumentError(f"{force}: give mass=, or a state with a mass (spacecraft(mass=...))")
    return found
