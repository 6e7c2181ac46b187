"""Probability of a collision in a short encounter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from taylor.astrodynamics.formulas import formula
from taylor.astrodynamics.orbits.vectors import Triple, dot, triple, unit
from taylor.control.loops import scan
from taylor.definitions.custom import stop_gradient
from taylor.errors import ArgumentError
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.apply import where
from taylor.functions.exponential import exp
from taylor.functions.piecewise import maximum, minimum
from taylor.functions.powers import sqrt
from taylor.functions.special import erf, erfc
from taylor.functions.trigonometric import asin, atan2, cos, sin

NODES = 64  # of Gauss and Legendre
WIDE = 9.0  # standard deviations beyond which there is nothing
TERMS = 40  # of Chan's series


def collision_probability(
    relative_position: ValueLike,
    relative_velocity: ValueLike,
    covariance: ValueLike,
    radius: ValueLike,
    *,
    method: str = "exact",
) -> ExpressionOrArray:
    """Return the probability that two objects come nearer than a radius, shape (...).

    relative_position, relative_velocity: of one object from the other at closest approach, shape
        (..., 3).
    covariance: of the relative position, the sum of both objects' where they are independent, shape
        (..., 3, 3).
    radius: the sum of both objects' radii.
    method: "exact": the normal distribution in the plane across the relative velocity, integrated
        over the disk by quadrature of 64 nodes (Foster & Estes 1992, Alfano 2005);
        "chan": Chan's series (2008), with a circle of equal area where the distribution is round;
        "maximum": the largest that any multiple of the covariance gives (Alfriend et al. 1999).

    Motion is along a line, with constant covariance, as in encounters of a few seconds.  Numbers,
    arrays, expressions and polynomials are taken, and derivatives of every order are there.

    Raises ArgumentError for another method, a radius that is not above 0, a velocity of zero and
    what is no covariance, ShapeError for other shapes.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> import numpy as np
    >>> covariance = np.diag([50.0**2, 25.0**2, 1.0])
    >>> p = sky.collision_probability([10.0, 0, 0], [0, 0, 7000.0], covariance, 5.0)
    >>> f"{p:.3e}"
    '9.742e-03'
    """
    methods = {"exact": _exact, "chan": _chan, "maximum": _maximum}
    if method not in methods:
        raise ArgumentError(
            f"collision_probability: method={method!r} is none of {', '.join(methods)}"
        )
    _check(relative_velocity, covariance, radius)
    six = _six(covariance)
    return methods[method](relative_position, relative_velocity, six, radius)


def _check(velocity: Any, covariance: Any, radius: Any) -> None:
    """Raise ArgumentError for numbers that are no velocity, no covariance or no radius."""
    for name, value in (("relative_velocity", velocity), ("radius", radius), ("", covariance)):
        try:
            numbers = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):  # expressions, polynomials
            continue
        if name == "radius" and np.any(numbers <= 0):
            raise ArgumentError(f"collision_probability: radius={radius!r:.80} must be above 0")
        if name == "relative_velocity" and np.any(np.all(numbers == 0, axis=-1)):
            raise ArgumentError(
                "collision_probability: the relative velocity is zero; this is of short encounters"
            )
        if not name and numbers.shape[-2:] == (3, 3) and np.isfinite(numbers).all():
            size = np.abs(numbers).max(axis=(-1, -2), keepdims=True)
            skew = np.abs(numbers - np.swapaxes(numbers, -1, -2)) > 1e-9 * size
            least = np.linalg.eigvalsh(numbers)[..., 0]
            if np.any(skew) or np.any(least < -1e-9 * size[..., 0, 0]):
                raise ArgumentError(
                    "collision_probability: a covariance is symmetric and has no negative "
                    "eigenvalue; this one does not"
                )


def _six(covariance: Any) -> Any:
    """xx, xy, xz, yy, yz, zz of matrices."""
    if isinstance(covariance, (list, tuple)):
        covariance = np.asarray(covariance)
    if np.shape(covariance)[-2:] != (3, 3):
        raise ArgumentError(
            f"collision_probability: covariance has shape {np.shape(covariance)}; give (..., 3, 3)"
        )
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    return np.stack([covariance[..., a, b] for a, b in pairs], axis=-1)


class _Plane:
    """What is seen across the relative velocity: the miss, and the covariance a, b, c."""

    def __init__(self, r: Any, v: Any, six: Any) -> None:
        along = unit(triple(v))
        # perpendicular vectors without a singular direction (Duff et al. 2017)
        sign = where(along[2] >= 0, 1, -1)
        s = -1 / (sign + along[2])
        t = along[0] * along[1] * s
        first: Triple = (1 + sign * along[0] ** 2 * s, sign * t, -sign * along[0])
        second: Triple = (t, sign + along[1] ** 2 * s, -along[1])
        xx, xy, xz, yy, yz, zz = (six[..., i] for i in range(6))
        rows: tuple[Triple, Triple, Triple] = ((xx, xy, xz), (xy, yy, yz), (xz, yz, zz))

        def product(a: Triple, b: Triple) -> Any:
            return dot(a, (dot(rows[0], b), dot(rows[1], b), dot(rows[2], b)))

        place = triple(r)
        self.x, self.y = dot(place, first), dot(place, second)
        self.a, self.b = product(first, first), product(first, second)
        self.c = product(second, second)
        self.determinant = self.a * self.c - self.b * self.b

    def turned(self) -> tuple[Any, Any, Any, Any, Any]:
        """x, y, and the covariance, x along the smaller axis of the ellipse.

        Probabilities do not depend on the angle, which counts as constant in derivatives.
        """
        larger = atan2(2 * self.b, self.a - self.c + 1e-300) / 2
        angle = stop_gradient(larger + math.pi / 2)
        p, q = cos(angle), sin(angle)
        a = p * p * self.a + 2 * p * q * self.b + q * q * self.c
        c = q * q * self.a - 2 * p * q * self.b + p * p * self.c
        b = p * q * (self.c - self.a) + (p * p - q * q) * self.b
        return p * self.x + q * self.y, p * self.y - q * self.x, a, b, c

    def squared(self) -> Any:
        """Mahalanobis' squared distance of the miss."""
        x, y = self.x, self.y
        return (self.c * x * x - 2 * self.b * x * y + self.a * y * y) / self.determinant


@formula("(3),(3),(6),()->()", "collision_probability")
def _exact(r: Any, v: Any, six: Any, radius: Any) -> Any:
    """The normal distribution of y for each x, times that of x, over the disk.

    With x = radius sin(angle) there is no square root at the disk's ends; it is cut to where x is
    not too improbable.
    """
    x0, y0, a, b, c = _Plane(r, v, six).turned()
    across, slope = sqrt(a), b / a
    along = sqrt(c - b * slope)
    nearest = maximum(-1, minimum(1, x0 / radius))
    low = maximum(-1, nearest - WIDE * across / radius)
    high = minimum(1, nearest + WIDE * across / radius)
    first, last = asin(stop_gradient(low)), asin(stop_gradient(high))
    middle, half = (first + last) / 2, (last - first) / 2

    def add(total: Any, given: Any) -> Any:
        node, weight = given
        angle = middle + half * node
        x, chord = radius * sin(angle), radius * cos(angle)
        mean = y0 + slope * (x - x0)
        density = exp(-(((x - x0) / across) ** 2) / 2) * chord
        share = _between((mean - chord) / along, (mean + chord) / along)
        return total + weight * density * share, None

    total, _ = scan(add, 0 * middle, np.polynomial.legendre.leggauss(NODES))
    return total * half / (across * math.sqrt(2 * math.pi))


def _between(low: Any, high: Any) -> Any:
    """The normal distribution's share between two places, in standard deviations."""
    root = math.sqrt(0.5)
    # on one side of the mean by erfc, which does not cancel far away
    near, far = minimum(abs(low), abs(high)), maximum(abs(low), abs(high))
    aside = (erfc(near * root) - erfc(far * root)) / 2
    return where(low * high > 0, aside, (erf(high * root) - erf(low * root)) / 2)


@formula("(3),(3),(6),()->()", "collision_probability")
def _chan(r: Any, v: Any, six: Any, radius: Any) -> Any:
    """Poisson's weights of v/2 times the tails of those of u/2 (Chan 2008, eq. 5.18)."""
    plane = _Plane(r, v, six)
    u = radius * radius / sqrt(plane.determinant) / 2
    w = plane.squared() / 2
    powers = [exp(-u) * u]  # exp(-u) u**k/k!
    for k in range(2, 2 * TERMS):
        powers.append(powers[-1] * u / k)
    tails: list[Any] = [powers[-1]]  # their sums from the last one on, which do not cancel
    for power in reversed(powers[:-1]):
        tails.append(tails[-1] + power)
    weight, total = exp(-w), 0 * u
    for m in range(TERMS):
        total = total + weight * tails[-1 - m]
        weight = weight * w / (m + 1)
    return total


@formula("(3),(3),(6),()->()", "collision_probability")
def _maximum(r: Any, v: Any, six: Any, radius: Any) -> Any:
    """radius**2/(e d**2 sqrt(det)), where the covariance is scaled so that d**2 = 2."""
    plane = _Plane(r, v, six)
    return radius * radius / (math.e * plane.squared() * sqrt(plane.determinant))
