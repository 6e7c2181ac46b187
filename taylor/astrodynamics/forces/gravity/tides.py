"""The solid Earth's tides: changes of the coefficients of gravity by Moon and Sun."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.gravity.field import PERMANENT_TIDE
from taylor.astrodynamics.forces.gravity.harmonics import gradient
from taylor.astrodynamics.forces.gravity.spherical import Rotation, turned_back, uniform_rotation
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant, stack
from taylor.functions.powers import sqrt

Position = Callable[[Expression], Expression | NDArray]  # of seconds of TDB: (3,), km

# Love numbers k_nm (real, imaginary) and k_2m^(+) of an anelastic Earth: IERS Conventions (2010),
# table 6.3; of degree 3 the elastic ones.
LOVE: dict[tuple[int, int], tuple[float, float]] = {
    (2, 0): (0.30190, 0.0),
    (2, 1): (0.29830, -0.00144),
    (2, 2): (0.30102, -0.00130),
    (3, 0): (0.093, 0.0),
    (3, 1): (0.093, 0.0),
    (3, 2): (0.093, 0.0),
    (3, 3): (0.094, 0.0),
}
LOVE_PLUS = {0: -0.00089, 1: -0.00080, 2: -0.00057}
_ARCSECOND = math.pi / 648000
_SHAPE = (5, 5)  # degrees and orders 0 .. 4
_COUNT = math.prod(_SHAPE)


def _unit(n: int, m: int) -> NDArray[np.float64]:
    """One at degree n and order m."""
    found = np.zeros(_SHAPE)
    found[n, m] = 1.0
    return found


def _responses() -> NDArray[np.float64]:
    """What V and W of the degrees and orders of `LOVE` make of C and S; shape (50, 14)."""
    found = np.zeros((2, *_SHAPE, len(LOVE), 2))
    for i, ((n, m), (k, late)) in enumerate(LOVE.items()):
        # (k + i late)(V - i W)/(2 n + 1) is dC - i dS.
        found[:, n, m, i] = np.array([[k, late], [-late, k]]) / (2 * n + 1)
        if n == 2:
            found[:, 4, m, i] = np.eye(2) * LOVE_PLUS.get(m, 0.0) / 5
    return found.reshape(2 * _COUNT, -1)


class SolidTides:
    """What the solid Earth, deformed by Moon and Sun, adds to its gravity, to degree 4.

    bodies:   (gm, position) of those that raise tides: km^3/s^2, and a function of time (seconds of
              TDB since J2000) that returns the position from the Earth, km, shape (3,).
    rotation: as for `SphericalHarmonics`.
    pole:     a function of time that returns (m1, m2), rad, how far the pole of rotation is from
              its secular place (xp - xp_s, -(yp - yp_s)): adds the pole tide.
    zero_tide: whether the field that this is added to has the permanent tide already (its
              tide_system is "zero_tide").
    gm, radius: of the Earth's field.

    IERS Conventions (2010), eqs. 6.6 and 6.7 with frequency-independent Love numbers (step 1), and
    6.24; the corrections by frequency (step 2) and the oceans are not included: a tenth of it.

    >>> import numpy as np
    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> tides = sky.SolidTides([(4902.8, lambda t: np.array([384400.0, 0.0, 0.0]))])
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> tides.acceleration(sky.OrbitState(ty.time, r, v)).shape
    (3,)
    """

    central = False  # no force that holds a satellite in its orbit

    def __init__(
        self,
        bodies: Sequence[tuple[float, Position]],
        *,
        rotation: Rotation | None = None,
        pole: Callable[[Expression], Sequence[float | Expression]] | None = None,
        zero_tide: bool = False,
        gm: float = 398600.4415,
        radius: float = 6378.1363,
    ) -> None:
        if not bodies:
            raise ArgumentError("SolidTides: bodies is empty; give (gm, position) of Moon and Sun")
        self.bodies, self.pole, self.zero_tide = tuple(bodies), pole, zero_tide
        self.rotation = uniform_rotation() if rotation is None else rotation
        self.gm, self.radius = gm, radius

    def coefficients(self, time: Expression) -> tuple[Expression, Expression]:
        """Changes of C and S, fully normalised, expressions of shape (5, 5)."""
        turned = self.rotation(time)
        masses = stack([gm / self.gm for gm, _ in self.bodies])
        places = stack([position(time) for _, position in self.bodies]) @ turned.T
        raised = _harmonics(places.T / self.radius)  # one formula for all bodies
        sums = stack([each for nm in LOVE for each in raised[nm]]) @ masses
        changes = constant(_responses()) @ sums
        c, s = changes[:_COUNT].reshape(_SHAPE), changes[_COUNT:].reshape(_SHAPE)
        if self.zero_tide:
            c = c - PERMANENT_TIDE * _unit(2, 0)
        if self.pole is not None:
            m1, m2 = (q / _ARCSECOND for q in self.pole(time))
            c = c - 1.333e-9 * (m1 + 0.0115 * m2) * _unit(2, 1)
            s = s - 1.333e-9 * (m2 - 0.0115 * m1) * _unit(2, 1)
        return c, s

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,), in the axes of the state."""
        turned = self.rotation(state.time)
        c, s = self.coefficients(state.time)
        r, square = state.position, (state.position * state.position).sum()
        slope = gradient((turned @ r) / self.radius, c, s, square=square / self.radius**2)
        return turned_back(turned, self.gm / self.radius**2 * slope)


def _harmonics(position: Any) -> dict[tuple[int, int], tuple[Any, Any]]:
    """P_nm(sin phi) (cos m lambda, sin m lambda)/r^(n+1), normalised, for n = 2, 3; r in radii.

    position: shape (3,), or (3, bodies).
    """
    x, y, z = position
    w = 1 / (x * x + y * y + z * z)
    s, x, y = z * w, x * w, y * w
    found = {}
    real, imaginary = sqrt(w), 0 * w
    for m in range(4):
        if m:
            real, imaginary = real * x - imaginary * y, real * y + imaginary * x
            real, imaginary = (2 * m - 1) * real, (2 * m - 1) * imaginary
        before, now = 0 * w, 1 + 0 * w
        for n in range(m, 4):
            if n > m:
                new = ((2 * n - 1) * s * now - (n + m - 1) * w * before) / (n - m)
                before, now = now, new
            if n >= 2:
                ratio = math.factorial(n - m) / math.factorial(n + m)
                norm = math.sqrt((2 - (m == 0)) * (2 * n + 1) * ratio)
                found[n, m] = norm * now * real, norm * now * imaginary
    return found
