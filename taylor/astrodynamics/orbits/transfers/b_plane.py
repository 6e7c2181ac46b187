"""The b-plane: where the incoming asymptote of a hyperbola passes the body."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from taylor.astrodynamics.checks import check_positive
from taylor.astrodynamics.formulas import formula
from taylor.astrodynamics.orbits.vectors import (
    NORTH,
    cross,
    dot,
    joined,
    norm,
    scaled,
    summed,
    triple,
    unit,
)
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.powers import sqrt
from taylor.programs.jacobians import jacobian
from taylor_runtime.program.records import dataclass


def b_plane(
    r: ValueLike, v: ValueLike, gm: ValueLike, *, axis: ValueLike = NORTH
) -> tuple[ExpressionOrArray, ExpressionOrArray]:
    """Return B.T and B.R of a hyperbolic orbit.

    r, v: position and velocity relative to the body, shape (..., 3).
    axis: T is along S x axis, S the direction of the incoming asymptote, and R = S x T.

    B leads from the body to the asymptote, perpendicular to it.  On an ellipse both are NaN.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> b_t, b_r = sky.b_plane([-1e6, 20000.0, 0.0], [3.2, 0, 0], 398600.4418)
    >>> round(float(b_t), 3), round(float(b_r), 3)
    (-20826.962, 0.0)
    """
    check_positive("b_plane", gm=gm)
    return _b_plane(r, v, gm, axis)  # type: ignore[no-any-return]


@formula("(3),(3),(),(3)->(),()", "b_plane")
def _b_plane(r: Any, v: Any, gm: Any, axis: Any) -> Any:
    place, speed = triple(r), triple(v)
    momentum = cross(place, speed)
    vector = summed(scaled(1 / gm, cross(speed, momentum)), scaled(-1, unit(place)))
    e = norm(vector)
    e1, normal = scaled(1 / e, vector), unit(momentum)
    ahead = cross(normal, e1)
    root = sqrt((e - 1) * (e + 1))
    s = summed(scaled(1 / e, e1), scaled(root / e, ahead))
    size = dot(momentum, momentum) / (gm * root)  # |a| sqrt(e**2 - 1)
    b = scaled(size, cross(s, normal))
    t = unit(cross(s, triple(axis)))
    return dot(b, t), dot(b, cross(s, t))


@dataclass(frozen=True)
class CovarianceEllipse:
    """Where the points of one standard deviation are in a plane.

    center:    shape (2,).
    semi_axes: the larger and the smaller one.
    angle:     of the larger one, from the first coordinate towards the second; radians.

    Made by `covariance_ellipse`.
    """

    center: np.ndarray
    semi_axes: tuple[float, float]
    angle: float

    def points(self, sigma: float = 1.0, count: int = 181) -> np.ndarray:
        """Points on the ellipse of `sigma` standard deviations, shape (count, 2)."""
        turn = np.linspace(0.0, math.tau, count)
        x, y = self.semi_axes[0] * np.cos(turn), self.semi_axes[1] * np.sin(turn)
        c, s = math.cos(self.angle), math.sin(self.angle)
        found: np.ndarray = self.center + sigma * np.stack([c * x - s * y, s * x + c * y], axis=-1)
        return found


def covariance_ellipse(center: ValueLike, covariance: ValueLike) -> CovarianceEllipse:
    """Return the ellipse of a covariance of shape (2, 2).

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.covariance_ellipse([0.0, 0.0], [[4.0, 0.0], [0.0, 1.0]]).semi_axes
    (2.0, 1.0)
    """
    values, axes = np.linalg.eigh(np.asarray(covariance, dtype=np.float64))
    small, large = np.sqrt(np.maximum(values, 0.0))
    angle = math.atan2(axes[1, 1], axes[0, 1])
    angle = angle - math.pi * round(angle / math.pi)
    return CovarianceEllipse(np.asarray(center, np.float64), (float(large), float(small)), angle)


def b_plane_ellipse(
    r: ValueLike, v: ValueLike, covariance: ValueLike, gm: float, *, axis: ValueLike = NORTH
) -> CovarianceEllipse:
    """Return where a hyperbolic orbit passes in the b-plane, with its one-sigma ellipse.

    covariance: of (r, v), shape (6, 6), carried over by first derivatives.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> import numpy as np
    >>> ellipse = sky.b_plane_ellipse([-1e6, 2e4, 0.0], [3.2, 0, 0], np.eye(6) * 1e-4, 398600.4418)
    >>> round(ellipse.semi_axes[1], 3)
    3254.186
    """
    state = np.concatenate([np.asarray(r, np.float64), np.asarray(v, np.float64)])

    def passed(s: Any) -> Any:
        return joined(*_b_plane(s[:3], s[3:], gm, axis))

    slopes = jacobian(passed)(state)
    center = np.stack(_b_plane(state[:3], state[3:], gm, axis))
    return covariance_ellipse(center, slopes @ np.asarray(covariance, np.float64) @ slopes.T)
