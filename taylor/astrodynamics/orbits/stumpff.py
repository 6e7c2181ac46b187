"""Stumpff's functions and their like: what Kepler's problem needs without a parabolic gap.

Each is analytic in z, by its power series around zero and in closed form elsewhere.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from taylor.functions.apply import where
from taylor.functions.hyperbolic import asinh, cosh, sinh
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import atan2, cos, sin

NEAR = 3  # |z| up to which series serve
TERMS = 15  # of them: 3**15/32! < 1e-27
LARGE = 4.0e5  # -z beyond which the hyperbolic functions would overflow


def polynomial(coefficients: list[Any], z: Any) -> Any:
    """The sum of c_k z**k."""
    total = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        total = c + z * total
    return total


def stumpff(z: Any) -> tuple[Any, Any, Any, Any]:
    """c_0 .. c_3, c_k(z) = sum over j of (-z)**j / (2 j + k)! (Stumpff 1959).

    cos sqrt(z), sin(sqrt(z))/sqrt(z), (1 - c_0)/z and (1 - c_1)/z.
    """
    near = where(z * z < NEAR**2, z, 0)
    c2 = polynomial([Fraction((-1) ** j, math.factorial(2 * j + 2)) for j in range(TERMS)], near)
    c3 = polynomial([Fraction((-1) ** j, math.factorial(2 * j + 3)) for j in range(TERMS)], near)
    ellipse, hyperbola = where(z >= NEAR, z, NEAR), where(z <= -NEAR, -z, NEAR)
    x, y = sqrt(ellipse), sqrt(hyperbola)

    def chosen(series: Any, above: Any, below: Any) -> Any:
        return where(z >= NEAR, above, where(z <= -NEAR, below, series))

    return (
        chosen(1 - near * c2, cos(x), cosh(y)),
        chosen(1 - near * c3, sin(x) / x, sinh(y) / y),
        chosen(c2, 2 * (sin(x / 2) / x) ** 2, 2 * (sinh(y / 2) / y) ** 2),
        chosen(c3, (x - sin(x)) / (x * ellipse), (sinh(y) - y) / (y * hyperbola)),
    )


def minus_sine(x: Any) -> Any:
    """x - sin x."""
    near = where(x * x < 1, x, 0)
    series = polynomial([Fraction((-1) ** j, math.factorial(2 * j + 3)) for j in range(9)], near**2)
    return where(x * x < 1, near**3 * series, x - sin(x))


def sinh_minus(x: Any) -> Any:
    """sinh x - x."""
    near = where(x * x < 1, x, 0)
    series = polynomial([Fraction(1, math.factorial(2 * j + 3)) for j in range(9)], near**2)
    return where(x * x < 1, near**3 * series, sinh(x) - x)


def arc(w: Any, z: Any) -> Any:
    """The x with tan(sqrt(z) x)/sqrt(z) = w, tanh for z < 0; w is tan of half an angle."""
    q = z * w * w
    near = where(q * q < 0.04, q, 0)
    series = polynomial([Fraction((-1) ** j, 2 * j + 1) for j in range(24)], near)
    ellipse, hyperbola = where(z > 0, z, 1), where(z < 0, -z, 1)
    x, y = sqrt(ellipse), sqrt(hyperbola)
    inside = where(q < 1, q, 0)  # of a hyperbola w**2 is below -1/z
    closed = where(z > 0, atan2(x * w, 1) / x, asinh(y * w / sqrt(where(z < 0, 1 + inside, 1))) / y)
    return where(q * q < 0.04, w * series, closed)
