"""What general relativity adds to the motion of a spacecraft (IERS Conventions 2010, chapter 10).

Times are TDB and lengths those of the ephemerides: with times in TT or TCG other constants belong.
beta and gamma are the parameters of the post-Newtonian theories, 1 in general relativity.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor.astrodynamics.ephemerides.bodies import Body
from taylor.astrodynamics.ephemerides.ephemeris import Ephemeris
from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.post_newtonian import LIGHT, Value, frame_dragging
from taylor.errors import ArgumentError
from taylor.expressions.arrays.products import cross
from taylor.expressions.expression import Expression
from taylor.nodes.conversion import as_expression

EARTH_GM = 398600.435507  # km^3/s^2, TDB: DE440
EARTH_SPIN = (0.0, 0.0, 980.0)  # km^2/s: angular momentum per mass, IERS 2010, eq. 10.12


class Schwarzschild:
    """The post-Newtonian acceleration in the field of the central body alone:

        G M / (c^2 r^3) ([2 (beta + gamma) G M / r - gamma v^2] r + 2 (1 + gamma) (r . v) v),

    the first term of IERS 2010, eq. 10.12.  For a satellite of the Earth it is 1e-9 of its
    attraction.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> a = sky.Schwarzschild().acceleration(sky.OrbitState(ty.time, r, v))
    >>> f = ty.compile(a, [r, v])
    >>> print(f"{f([7000.0, 0.0, 0.0], [0.0, 7.5, 0.0])[0]:.3e} km/s^2")
    1.552e-11 km/s^2
    """

    central = False  # no force that holds a satellite in its orbit

    def __init__(self, gm: Value = EARTH_GM, beta: Value = 1, gamma: Value = 1) -> None:
        self.gm, self.beta, self.gamma = gm, beta, gamma

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,)."""
        r, v, gm, gamma = state.position, state.velocity, self.gm, as_expression(self.gamma)
        squared = (r * r).sum()
        distance = squared**0.5
        along_r = 2 * (self.beta + gamma) * gm / distance - gamma * (v * v).sum()
        along_v = 2 * (1 + gamma) * (r * v).sum()
        return gm / (LIGHT**2 * squared * distance) * (along_r * r + along_v * v)


class LenseThirring:
    """What the rotation of the central body drags along:

        (1 + gamma) G M / (c^2 r^3) [3/r^2 (r x v) (r . J) + v x J],

    the second term of IERS 2010, eq. 10.12; J is its angular momentum per mass.

    gm:   of the central body, km^3/s^2.
    spin: J in km^2/s, three numbers or an expression of shape (3,), in the axes of the state; by
          default the Earth's, about the z axis.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> a = sky.LenseThirring().acceleration(sky.OrbitState(ty.time, r, v))
    >>> f = ty.compile(a, [r, v])
    >>> print(f"{f([7000.0, 0.0, 0.0], [0.0, 7.5, 0.0])[0]:.3e} km/s^2")
    1.901e-13 km/s^2
    """

    central = False  # no force that holds a satellite in its orbit

    def __init__(
        self,
        gm: Value = EARTH_GM,
        spin: Expression | Sequence[Value] = EARTH_SPIN,
        gamma: Value = 1,
    ) -> None:
        self.gm, self.gamma = gm, gamma
        self.spin: Expression = as_expression(spin)
        if self.spin.shape != (3,):
            raise ArgumentError(
                f"LenseThirring: spin has shape {self.spin.shape}; give three components, km^2/s"
            )

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,)."""
        strength = (1 + as_expression(self.gamma)) * self.gm / LIGHT**2
        return strength * frame_dragging(state.position, state.velocity, self.spin)


class DeSitter:
    """Geodetic precession: what the motion of the central body around the Sun turns,

        (1 + 2 gamma) [V x (-G M_sun R / (c^2 R^3))] x v,

    R and V from the Sun to the central body: the third term of IERS 2010, eq. 10.12.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> force = sky.DeSitter(sky.Ephemeris("de421"))
    >>> force.acceleration(sky.OrbitState(ty.time, r, v)).shape
    (3,)
    """

    central = False  # no force that holds a satellite in its orbit

    def __init__(
        self,
        ephemeris: Ephemeris,
        center: Body = "earth",
        gm: Value | None = None,
        gamma: Value = 1,
    ) -> None:
        self.ephemeris, self.center, self.gamma = ephemeris, center, gamma
        self.gm = ephemeris.gm("sun") if gm is None else gm

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,)."""
        place = self.ephemeris.position(self.center, state.time, "sun")
        speed = self.ephemeris.velocity(self.center, state.time, "sun")
        squared = (place * place).sum()
        strength = (1 + 2 * as_expression(self.gamma)) * self.gm / LIGHT**2
        turning = cross(speed, -strength / (squared * squared**0.5) * place)
        return cross(turning, state.velocity)
