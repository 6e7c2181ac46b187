"""Equations of motion in elements: what an acceleration does to them (Gauss)."""

from __future__ import annotations

from typing import Any

from taylor.astrodynamics.formulas import formula
from taylor.astrodynamics.orbits.vectors import joined
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import cos, sin


def gauss_rates(elements: ValueLike, acceleration: ValueLike, gm: ValueLike) -> ExpressionOrArray:
    """Return time derivatives of modified equinoctial elements, shape (..., 6).

    elements:     of kind "modified-equinoctial", shape (..., 6).
    acceleration: what perturbs two-body motion, along the radius, in the plane ahead, and along
        the angular momentum, shape (..., 3).

    With expressions these are the equations of motion of `taylor.Integrator`, whose right-hand side
    is slow where the acceleration is small (Walker, Ireland & Owens 1985, eq. 9).

    >>> import taylor as ty
    >>> y = ty.variable("y", shape=(6,))
    >>> rates = ty.astrodynamics.gauss_rates(y, [0.0, 1e-7, 0.0], 1.0)
    >>> ta = ty.Integrator([(y, rates)], [1.0, 0, 0, 0, 0, 0])
    >>> _ = ta.propagate_until(1000.0)
    >>> round(float(ta.state[0]), 6)  # p' = 2 p**(3/2) acceleration
    1.0002
    """
    return _rates(elements, acceleration, gm)  # type: ignore[no-any-return]


@formula("(6),(3),()->(6)", "gauss_rates")
def _rates(elements: Any, acceleration: Any, gm: Any) -> Any:
    p, f, g, h, k, longitude = (elements[..., i] for i in range(6))
    radial, ahead, normal = (acceleration[..., i] for i in range(3))
    c, s = cos(longitude), sin(longitude)
    w, s2 = 1 + f * c + g * s, 1 + h * h + k * k
    root = sqrt(p / gm)
    tilt = (h * s - k * c) / w * normal
    return joined(
        2 * p / w * root * ahead,
        root * (radial * s + ((w + 1) * c + f) / w * ahead - g * tilt),
        root * (-radial * c + ((w + 1) * s + g) / w * ahead + f * tilt),
        root * s2 / (2 * w) * c * normal,
        root * s2 / (2 * w) * s * normal,
        sqrt(gm * p) * (w / p) ** 2 + root * tilt,
    )
