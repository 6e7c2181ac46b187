"""Sunlight that the Earth returns, and its own heat."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from taylor.astrodynamics.checks import check_number
from taylor.astrodynamics.forces.drag import check_surface, mass_of
from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.gravity.spherical import Rotation, check_rotation
from taylor.astrodynamics.forces.place import EARTH_RADIUS
from taylor.astrodynamics.forces.radiation import AU, PRESSURE, Position, Scalar, check_light
from taylor.expressions.arrays.products import cross
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, stack
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import acos, cos
from taylor.numbers.checks import checked_order


class _Glow:
    """A sphere that is lit by the Earth: what its models share."""

    central = False  # no force that holds a satellite in its orbit

    def __init__(
        self,
        sun: Position,
        area: Scalar,
        cr: Scalar,
        mass: Scalar | None,
        radius: float,
        pressure: Scalar,
    ) -> None:
        force = type(self).__name__
        check_light(force, sun, cr, radius, pressure)
        check_surface(force, area, mass)
        self.sun, self.area, self.cr, self.mass = sun, area, cr, mass
        self.radius, self.pressure = radius, pressure

    def _strength(self, state: OrbitState, far: Expression) -> Expression:
        """What sunlight, whose source is sqrt(far) away, would accelerate the sphere by, km/s^2."""
        mass = mass_of(type(self).__name__, self.mass, state)
        return self.pressure * (AU * AU / 1000) / far * self.cr * self.area / mass


class EarthRadiation(_Glow):
    """Sunlight that the Earth returns, and its own heat, on a sphere: a Lambertian Earth.

    sun, area, cr, mass, radius, pressure: as for `RadiationPressure`.
    albedo:     the share of sunlight that is scattered; emissivity: of heat that is radiated
                (of a quarter of the solar irradiance, evenly; Knocke, Ries & Tapley 1988: 0.34 and
                0.68 on the average).

    The heat of a sphere falls off exactly as 1/r^2; of scattered light it is the phase law of a
    Lambertian sphere, (2 A/3) (R/r)^2 (sin a + (pi - a) cos a)/pi with the angle a between Sun and
    spacecraft, directed away from the centre: right from afar, and to a few parts in ten of it in
    low orbits, where `KnockeRadiation` is better.

    >>> import numpy as np
    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> glow = sky.EarthRadiation(lambda t: np.array([1.5e8, 0.0, 0.0]), area=10.0, mass=500.0)
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> glow.acceleration(sky.OrbitState(ty.time, r, v)).shape
    (3,)
    """

    def __init__(
        self,
        sun: Position,
        area: Scalar,
        cr: Scalar = 1.3,
        mass: Scalar | None = None,
        *,
        albedo: Scalar = 0.34,
        emissivity: Scalar = 0.68,
        radius: float = EARTH_RADIUS,
        pressure: Scalar = PRESSURE,
    ) -> None:
        super().__init__(sun, area, cr, mass, radius, pressure)
        for name, share in (("albedo", albedo), ("emissivity", emissivity)):
            check_number("EarthRadiation", name, share, least=0)
        self.albedo, self.emissivity = albedo, emissivity

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,), in the axes of the state."""
        sun, r = as_expression(self.sun(state.time)), state.position
        far, square = (sun * sun).sum(), (r * r).sum()
        cosine = (sun * r).sum() / sqrt(far * square)
        # sin a by 1 - cos^2 a, which is 0 on the line to the Sun alone.
        phase = (sqrt(1 - cosine * cosine) + (math.pi - acos(cosine)) * cosine) / math.pi
        returned = 2 * self.albedo / 3 * phase + self.emissivity / 4
        return (
            self._strength(state, far) * returned * (self.radius**2 / square) * (r / sqrt(square))
        )


# P. C. Knocke, J. C. Ries & B. D. Tapley, AIAA 88-4292 (1988): albedo and emissivity are a_0 +
# a_1 P_1(sin latitude) + a_2 P_2, with a_1 = (this) cos(2 pi (t - t_0)/year).
_ALBEDO, _EMISSIVITY = (0.34, 0.10, 0.29), (0.68, -0.07, -0.18)
_WINTER, _YEAR = (2444960.5 - 2451545.0) * 86400.0, 365.25 * 86400.0  # 1981 December 22
_TWILIGHT = 0.02  # rad about the terminator, in which light fades in without an edge


class KnockeRadiation(_Glow):
    """Sunlight that the Earth returns, and its own heat, by what of the Earth a spacecraft sees.

    sun, area, cr, mass, radius, pressure: as for `RadiationPressure`.
    rotation: as for `SphericalHarmonics`, whose third row is the Earth's pole; None for the z axis.
    rings:    the cap below the spacecraft is one, and around it are so many rings of 6, 12, 18 ...
              segments, which fill equal solid angles; Knocke has 2.

    Albedo and emissivity change with latitude and season by Knocke, Ries & Tapley, AIAA 88-4292
    (1988).  Each segment scatters and radiates by Lambert's law: it pushes away from itself with
    (albedo cos(height of the Sun) + emissivity/4) times the solar pressure times its solid angle
    over pi.  About the terminator light begins within 0.02 rad, smoothly, so that steps of
    integrators do not end there.

    >>> import numpy as np
    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> glow = sky.KnockeRadiation(lambda t: np.array([1.5e8, 0.0, 0.0]), area=10.0, mass=500.0)
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> f = ty.compile(glow.acceleration(sky.OrbitState(ty.constant(0), r, v)), [r, v])
    >>> print(f"{f([7000.0, 0.0, 0.0], [0.0, 7.5, 0.0])[0]:.1e} km/s^2")
    3.8e-11 km/s^2
    """

    def __init__(
        self,
        sun: Position,
        area: Scalar,
        cr: Scalar = 1.3,
        mass: Scalar | None = None,
        *,
        rotation: Rotation | None = None,
        rings: int = 2,
        radius: float = EARTH_RADIUS,
        pressure: Scalar = PRESSURE,
    ) -> None:
        super().__init__(sun, area, cr, mass, radius, pressure)
        check_rotation("KnockeRadiation", rotation)
        self.rotation, self.rings = rotation, checked_order(rings, "KnockeRadiation: rings")

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,), in the axes of the state."""
        sun, r = as_expression(self.sun(state.time)), state.position
        far, square = (sun * sun).sum(), (r * r).sum()
        away, solid = self._seen(state, square)
        # from the spacecraft along the ray to the ground
        sunk = (away * r).sum(axis=1)
        length = sunk - sqrt(sunk * sunk - (square - self.radius**2))
        normal = (r[None, :] - length[:, None] * away) / self.radius
        if self.rotation is None:
            latitude = normal[:, 2]  # its sine
        else:
            latitude = normal @ as_expression(self.rotation(state.time))[2]
        high = normal @ (sun / sqrt(far))
        lit = (high + sqrt(high * high + _TWILIGHT**2)) / 2
        season = cos(2 * math.pi / _YEAR * (state.time - _WINTER))
        albedo, emissivity = (_zonal(shares, latitude, season) for shares in (_ALBEDO, _EMISSIVITY))
        shining: Expression = (albedo * lit + emissivity / 4) * solid
        return self._strength(state, far) / math.pi * (shining @ away)

    def _seen(self, state: OrbitState, square: Expression) -> tuple[Expression, Expression]:
        """Directions from segments to the spacecraft, (segments, 3), and their solid angles."""
        counts = [1, *(6 * k for k in range(1, self.rings + 1))]
        edges = np.cumsum([0, *counts]) / sum(counts)
        shares = np.repeat((edges[:-1] + edges[1:]) / 2, counts)
        cap, shares[0] = shares[0], 0.0  # seen at the nadir: what it pushes sideways cancels
        turns = np.concatenate([2 * math.pi * (np.arange(n) + 0.5) / n for n in counts])
        # Equal parts of the cosine between the nadir and the horizon are equal solid angles.
        depth = 1 - sqrt(1 - self.radius**2 / square)
        cosine = 1 - depth * as_expression(shares)
        sine = sqrt(1 - cosine * cosine)
        up = state.position / sqrt(square)
        side = cross(state.position, state.velocity)
        side = side / sqrt((side * side).sum())
        ahead = cross(side, up)
        level = np.cos(turns)[:, None] * ahead[None, :] + np.sin(turns)[:, None] * side[None, :]
        directions = cosine[:, None] * up[None, :] + sine[:, None] * level
        kept = stack([1 - cap * depth, *[1] * (len(shares) - 1)])
        return directions, 2 * math.pi * depth / sum(counts) * kept


def _zonal(shares: tuple[float, float, float], latitude: Expression, season: Any) -> Expression:
    """a_0 + a_1 cos(season) P_1 + a_2 P_2 of the sine of latitudes."""
    a0, a1, a2 = shares
    return a0 + a1 * season * latitude + a2 * (1.5 * latitude * latitude - 0.5)
