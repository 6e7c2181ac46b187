"""The pressure of sunlight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.checks import SUN, check_function, check_number, checked_vector
from taylor.astrodynamics.forces.drag import check_surface, mass_of
from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.place import EARTH_RADIUS
from taylor.astrodynamics.forces.shadow import penumbra_fraction, sharp_fraction, smooth_fraction
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import stack
from taylor.functions.apply import where
from taylor.functions.powers import sqrt
from taylor_runtime.program.records import dataclass

Scalar = float | Expression
Position = Callable[[Expression], Expression | NDArray]  # of seconds of TDB: (3,), km

AU = 149597870.7  # km
PRESSURE = 1361.0 / 299792458.0  # N/m^2 at 1 au: total solar irradiance (Kopp & Lean 2011) over c
_SHADOWS = {"penumbra": penumbra_fraction, "sharp": sharp_fraction, "smooth": smooth_fraction}


@dataclass(frozen=True)
class Plate:
    """A flat face of a spacecraft.

    normal:   outward, a unit vector (3,), in the axes of the spacecraft.
    area:     m^2.
    specular, diffuse: the shares of light that are reflected as by a mirror, and in all directions.

    >>> import taylor as ty
    >>> panel = ty.astrodynamics.Plate((0.0, 0.0, 1.0), area=4.0, specular=0.1)
    """

    normal: Sequence[float]
    area: Scalar
    specular: Scalar = 0.0
    diffuse: Scalar = 0.0

    def __post_init__(self) -> None:
        length = float(np.linalg.norm(checked_vector("Plate", "normal", self.normal)))
        if abs(length - 1) > 1e-6:
            raise ArgumentError(f"Plate: normal={self.normal!r:.80} must be a unit vector")
        check_number("Plate", "area", self.area, least=0, unit="m^2")
        for name, share in (("specular", self.specular), ("diffuse", self.diffuse)):
            check_number("Plate", name, share, least=0, most=1)
        if not isinstance(both := self.specular + self.diffuse, Expression) and both > 1:
            raise ArgumentError(f"Plate: specular and diffuse light are {both!r}, more than all")


def check_light(force: str, sun: object, cr: Scalar, radius: float, pressure: Scalar) -> None:
    """Raise for what is no Sun, coefficient, radius or pressure."""
    check_function(force, "sun", sun, SUN)
    check_number(force, "cr", cr, least=0)
    check_number(force, "radius", radius, above=0, unit="km")
    check_number(force, "pressure", pressure, least=0, unit="N/m^2")


class RadiationPressure:
    """The pressure of sunlight on a sphere ("cannonball"), or on plates.

    sun:    a function of time (seconds of TDB since J2000) that returns the Sun's position from the
            central body, km, shape (3,), as `lambda t: ephemeris.position("sun", t)`.
    area:   m^2, of the sphere's section; cr: 1 + reflectivity; numbers or parameters.
    plates: instead of these, faces of the spacecraft, with `attitude`: a function of the state that
            returns the matrix, shape (3, 3), from axes of the spacecraft to those of the state.
    mass:   kg; None for the mass of the state.
    shadow: "penumbra" (stops at its edges), "sharp" (stops in its middle), "smooth" (never stops),
            or None for no shadow.
    radius: of the body that casts it, km.
    pressure: N/m^2 at 1 au.

    The acceleration of a sphere is pressure (au/d)^2 c_r A/m away from the Sun; that of a plate is
    Montenbruck & Gill's (2000), eq. 3.73, where it is lit, with diffuse light by Lambert's law.

    >>> import numpy as np
    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> light = sky.RadiationPressure(lambda t: np.array([1.5e8, 0.0, 0.0]), area=10.0, mass=500.0)
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> light.acceleration(sky.OrbitState(ty.time, r, v)).shape
    (3,)
    """

    central = False  # no force that holds a satellite in its orbit

    def __init__(
        self,
        sun: Position,
        area: Scalar | None = None,
        cr: Scalar = 1.3,
        mass: Scalar | None = None,
        *,
        plates: Sequence[Plate] = (),
        attitude: Callable[[OrbitState], Expression | NDArray] | None = None,
        shadow: str | None = "penumbra",
        radius: float = EARTH_RADIUS,
        pressure: Scalar = PRESSURE,
    ) -> None:
        if shadow is not None and shadow not in _SHADOWS:
            raise ArgumentError(
                f"RadiationPressure: shadow = {shadow!r} is none of {', '.join(_SHADOWS)}, or None"
            )
        if (area is None) == (not plates):
            raise ArgumentError("RadiationPressure: give either area=, of a sphere, or plates=")
        check_light("RadiationPressure", sun, cr, radius, pressure)
        check_surface("RadiationPressure", area, mass)
        for plate in plates:
            if not isinstance(plate, Plate):
                raise ArgumentTypeError(f"RadiationPressure: {plate!r:.80} is no Plate")
        self.sun, self.area, self.cr, self.mass = sun, area, cr, mass
        self.plates, self.attitude = tuple(plates), attitude
        self.shadow, self.radius, self.pressure = shadow, radius, pressure

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,), in the axes of the state."""
        sun = self.sun(state.time)
        away = sun - state.position
        square = _dot(away, away)
        light = away / sqrt(square)  # towards the Sun
        mass = mass_of("RadiationPressure", self.mass, state)
        strength = self.pressure * (AU * AU / 1000) / (square * mass)
        if self.shadow is not None:
            fraction = _SHADOWS[self.shadow]
            strength = strength * fraction(state.position, sun, self.radius)
        if self.area is not None:
            return -(strength * self.cr * self.area) * light
        return -strength * self._pushed(state, light)

    def _pushed(self, state: OrbitState, light: Expression) -> Expression:
        """The sum over plates of A cos theta ((1 - s) e + 2 (s cos theta + d/3) n), m^2."""
        turn = np.eye(3) if self.attitude is None else self.attitude(state)
        total: Any = 0
        for plate in self.plates:
            normal = turn @ np.asarray(plate.normal, dtype=float)
            cosine = _dot(normal, light)
            facing = where(cosine > 0, cosine, 0) * plate.area
            along = 2 * (plate.specular * cosine + plate.diffuse / 3)
            total = total + facing * ((1 - plate.specular) * light + along * normal)
        return total


def _dot(a: Any, b: Any) -> Any:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def sun_pointing(sun: Position) -> Callable[[OrbitState], Expression]:
    """An attitude whose z axis points to the Sun, and whose y axis is normal to the orbit's plane.

    >>> import numpy as np
    >>> import taylor as ty
    >>> attitude = ty.astrodynamics.sun_pointing(lambda t: np.array([1.5e8, 0.0, 0.0]))
    """

    def attitude(state: OrbitState) -> Expression:
        z = _unit(sun(state.time) - state.position)
        x = _unit(_cross(_cross(state.position, state.velocity), z))
        return stack([x, _cross(z, x), z]).T

    return attitude


def _unit(a: Any) -> Any:
    return a / sqrt(_dot(a, a))


def _cross(a: Any, b: Any) -> Any:
    return stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
