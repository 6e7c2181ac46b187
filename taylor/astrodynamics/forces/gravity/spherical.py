"""Gravity of a body by spherical harmonics, turned with the body."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.checks import check_function
from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.gravity.field import GravityField
from taylor.astrodynamics.forces.gravity.harmonics import gradient
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import stack
from taylor.functions.trigonometric import cos, sin
from taylor.numbers.checks import checked_order

Rotation = Callable[[Expression], Expression | NDArray]  # of seconds of TDB: (3, 3), to fixed axes

# Of the Earth (IAU 2000, in radians; Capitaine et al. 2003), at TDB = UT1 + 69.184 s.
EARTH_RATE = 2 * math.pi * 1.00273781191135448 / 86400
_EARTH_ANGLE = 2 * math.pi * 0.7790572732640 - 69.184 * EARTH_RATE


def earth_angle(time: Expression) -> Expression:
    """The Earth's angle of rotation, rad, as it turns evenly."""
    return EARTH_RATE * time + _EARTH_ANGLE


def uniform_rotation(rate: float = EARTH_RATE, angle: float = _EARTH_ANGLE) -> Rotation:
    """A function of time that turns positions about z into axes that rotate with the body.

    rate:  rad/s; by default the Earth's.
    angle: rad, between the axes at J2000; by default the Earth's angle of rotation (with
           TDB - UT1 = 69.184 s), without precession, nutation and the motion of its pole.

    >>> import taylor as ty
    >>> turned = ty.astrodynamics.uniform_rotation(rate=1.0, angle=0.0)(ty.time)
    >>> turned.shape
    (3, 3)
    """

    def rotation(time: Expression) -> Expression:
        turn = rate * time + angle
        c, s = cos(turn), sin(turn)
        return stack([stack([c, s, 0 * c]), stack([-s, c, 0 * c]), np.array([0.0, 0.0, 1.0])])

    return rotation


def check_rotation(where: str, rotation: object) -> None:
    """Raise unless it is None or a function of time."""
    if rotation is not None:
        like = "earth.over(start, end) of an EarthOrientation, or uniform_rotation()"
        check_function(where, "rotation", rotation, like)


def turned_back(rotation: Any, vector: Any) -> Expression:
    """A vector in fixed axes in those from which the matrix turns to them."""
    found: Expression = np.transpose(rotation) @ vector
    return found


class SphericalHarmonics:
    """What a body's field has beyond a point mass: an acceleration of any degree and order.

    field:    `GravityField` (or the name of one that is shipped, "EGM2008"); its coefficients may
              also be expressions with a shape (degree + 1, order + 1), as of parameters.
    degree, order: how far to go; None for all.
    rotation: a function of time (seconds of TDB since J2000) that returns the matrix, shape (3, 3),
              from the axes of the state to those of the field: an `EarthOrientation`, best
              `earth.over(start, end)`, which is quick; `body_rotation` of other bodies.  None for
              the Earth's uniform rotation, `uniform_rotation()`.
    central:  whether the point mass, degree 0, is included; `models.spacecraft(gm=...)` has it
              already.
    digits:   of the constants; more than 16 for precisions beyond float64.

    Without singularity anywhere but in the centre.  Raises ArgumentError where the field varies
    with time (take `field.at(...)`), or has fewer coefficients.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> flattened = sky.SphericalHarmonics("EGM2008", degree=2, order=0)
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> f = ty.compile(flattened.acceleration(sky.OrbitState(ty.constant(0), r, v)), [r])
    >>> abs(f([7000.0, 0.0, 0.0]) * 1e5).round(4).tolist()
    [1.0967, 0.0, 0.0]
    """

    def __init__(
        self,
        field: GravityField | str = "EGM2008",
        *,
        degree: int | None = None,
        order: int | None = None,
        rotation: Rotation | None = None,
        central: bool = False,
        digits: int = 16,
    ) -> None:
        for name, number in (("degree", degree), ("order", order)):
            if number is not None:
                checked_order(number, f"SphericalHarmonics: {name}")
        check_rotation("SphericalHarmonics", rotation)
        if isinstance(field, str):
            field = GravityField.shipped(field)
        if not isinstance(field, GravityField):
            raise ArgumentTypeError(
                f"SphericalHarmonics: {field!r:.80} is no GravityField and no name of one"
            )
        if field.variations:
            raise ArgumentError(
                f"SphericalHarmonics: {field.name} changes with time; give field.at(time)"
            )
        top = field.degree if degree is None else degree
        if degree is not None or order is not None:
            order = min(top, field.order) if order is None else order
            field = field.truncated(top, order)
        self.field = field
        self.rotation = uniform_rotation() if rotation is None else rotation
        self.central = central
        self.digits = digits

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,), in the axes of the state."""
        turned = self.rotation(state.time)
        c, s = self.field.c, self.field.s
        if not self.central:
            c = c.copy()
            c[0, 0] = 0
        radius = Fraction(self.field.radius)  # exact, for all precisions
        r = state.position
        slope = gradient((turned @ r) / radius, c, s, self.digits, (r * r).sum() / radius**2)
        return turned_back(turned, Fraction(self.field.gm) / radius**2 * slope)
