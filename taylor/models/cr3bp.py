"""The circular restricted three-body problem: a massless body near two masses on circles."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from taylor.errors import ArgumentError
from taylor.expressions.leaves import variable
from taylor.models.model import Model, Quantity, coefficient, parameters_of
from taylor.nodes.sums import add_many


def cr3bp(mu: Quantity, *, dimensions: int = 3) -> Model:
    """Motion in the frame that rotates with the two masses.

    Units: the distance of the masses, their total mass and the inverse of their angular velocity
    are 1.  The mass 1 - mu rests at (-mu, 0, 0), the mass mu at (1 - mu, 0, 0); with r_1, r_2 the
    distances from them,

        x'' =  2 y' + x - (1 - mu)(x + mu)/r_1^3 - mu (x - 1 + mu)/r_2^3
        y'' = -2 x' + y - (1 - mu) y/r_1^3 - mu y/r_2^3
        z'' =           - (1 - mu) z/r_1^3 - mu z/r_2^3

    (Szebehely, Theory of Orbits (1967), ch. 1, with the masses on the other sides).  Conserved is
    the Jacobi constant C = x^2 + y^2 + 2 (1 - mu)/r_1 + 2 mu/r_2 - v^2, without the constant mu (1
    - mu) that some authors add.

    mu: mass of the lighter body over the sum, between 0 and 1; a number or a parameter.
    dimensions: 2 for the planar problem, 3 for the spatial one.

    The state has shape (2 * dimensions,): x, y, z, vx, vy, vz in the rotating frame.

    Raises ArgumentError for a number mu outside [0, 1], and for other dimensions.

    >>> import taylor as ty
    >>> model = ty.models.cr3bp("0.01215", dimensions=2)
    >>> model.variables
    (x, y, vx, vy)
    """
    if dimensions not in (2, 3):
        raise ArgumentError(f"cr3bp: dimensions = {dimensions!r}; give 2 or 3")
    mu = coefficient("cr3bp", "mu", mu)
    if mu.op == "constant" and not 0 <= mu.payload <= 1:
        raise ArgumentError(
            f"cr3bp: mu = {mu} is not between 0 and 1; it is the lighter mass's share"
        )
    axes = "xyz"[:dimensions]
    r = tuple(variable(axis) for axis in axes)
    v = tuple(variable(f"v{axis}") for axis in axes)
    heavy = (r[0] + mu, *r[1:])
    light = (r[0] + (mu - 1), *r[1:])
    square_1 = add_many([q * q for q in heavy])
    square_2 = add_many([q * q for q in light])
    inverse_1, inverse_2 = square_1 ** Fraction(-3, 2), square_2 ** Fraction(-3, 2)
    pull = [
        -(1 - mu) * (p * inverse_1) - mu * (q * inverse_2)
        for p, q in zip(heavy, light, strict=True)
    ]
    acceleration = [2 * v[1] + r[0] + pull[0], r[1] - 2 * v[0] + pull[1], *pull[2:]]
    system = [*zip(r, v, strict=True), *zip(v, acceleration, strict=True)]
    potential = (1 - mu) * square_1 ** Fraction(-1, 2) + mu * square_2 ** Fraction(-1, 2)
    jacobi = r[0] * r[0] + r[1] * r[1] + 2 * potential - add_many([w * w for w in v])
    name = "planar cr3bp" if dimensions == 2 else "cr3bp"
    return Model(name, system, parameters_of(mu), jacobi=jacobi)


def lagrange_points(mu: float) -> tuple[tuple[float, float], ...]:
    """Equilibria L1 .. L5 of `cr3bp` as (x, y), in units of the distance of the masses.

    L1 lies between the masses, L2 beyond the lighter, L3 beyond the heavier, L4 ahead of the
    lighter by 60 degrees, L5 behind it.  The first three are roots of the force along the x axis,
    which has one sign change between two singular points (Szebehely 1967, ch. 4), found by
    bisection to the last bit.

    Raises ArgumentError for mu outside (0, 1/2].

    >>> import taylor as ty
    >>> [round(x, 6) for x, y in ty.models.lagrange_points(0.01215)[:3]]
    [0.836918, 1.15568, -1.005062]
    """
    if not 0 < mu <= 0.5:
        raise ArgumentError(f"lagrange_points: mu = {mu!r} is not in (0, 1/2]")

    def force(x: float) -> float:
        heavy, light = x + mu, x - 1 + mu
        return x - (1 - mu) * heavy / abs(heavy) ** 3 - mu * light / abs(light) ** 3

    between = _bisect(force, -mu, 1 - mu)
    beyond_light = _bisect(force, 1 - mu, 2.0)
    beyond_heavy = _bisect(force, -2.0, -mu)
    apex = (0.5 - mu, math.sqrt(3) / 2)
    collinear = tuple((x, 0.0) for x in (between, beyond_light, beyond_heavy))
    return (*collinear, apex, (apex[0], -apex[1]))


def _bisect(rising: Callable[[float], float], low: float, high: float) -> float:
    """The root of a rising function inside (low, high), ends not evaluated."""
    while True:
        middle = low + (high - low) / 2
        if middle in (low, high):
            return middle
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
