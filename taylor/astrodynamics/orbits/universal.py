"""Two-body motion in universal variables: ellipses, parabolas and hyperbolas by one formula."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from taylor.astrodynamics.checks import check_positive
from taylor.astrodynamics.formulas import formula
from taylor.astrodynamics.orbits.stumpff import stumpff
from taylor.astrodynamics.orbits.vectors import dot, joined, norm, scaled, summed, triple
from taylor.definitions.implicit import implicit
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.apply import where
from taylor.functions.hyperbolic import asinh
from taylor.functions.piecewise import floor, maximum, minimum
from taylor.functions.powers import cbrt, sqrt


def kepler_propagate(
    r: ValueLike, v: ValueLike, dt: ValueLike, gm: ValueLike
) -> tuple[ExpressionOrArray, ExpressionOrArray]:
    """Return position and velocity after a time dt of two-body motion, each of shape (..., 3).

    r, v: position and velocity relative to the attracting body, shape (..., 3).
    dt:   time, of either sign; leading axes broadcast.
    gm:   G (m_1 + m_2) in the units of r, v and dt.

    Ellipses of any number of revolutions, parabolas, hyperbolas, and motion along a line away from
    the centre.  Arguments are numbers or arrays, expressions or polynomials, and derivatives of
    every order follow from the universal Kepler equation (Battin 1999, section 4.5).  At a thousand
    times the speed of escape and straight past the centre rounding errors hide the pericentre, and
    results may be NaN.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> r, v = sky.kepler_propagate([7000.0, 0, 0], [0, 7.546, 0], [0.0, 1800.0], 398600.4418)
    >>> r.round(3).tolist()
    [[7000.0, 0.0, 0.0], [-2528.859, 6527.097, 0.0]]
    """
    check_positive("kepler_propagate", gm=gm)
    return _propagated(r, v, dt, gm)  # type: ignore[no-any-return]


@formula("(3),(3),(),()->(3),(3)", "kepler_propagate")
def _propagated(r: Any, v: Any, dt: Any, gm: Any) -> tuple[Any, Any]:
    place, speed = triple(r), triple(v)
    distance = norm(place)
    unit_speed = sqrt(gm / distance)
    sigma = dot(place, speed) / (distance * unit_speed)
    beta = 2 - dot(speed, speed) * distance / gm
    f, g, df, dg = lagrange(sigma, beta, dt * unit_speed / distance)
    later = summed(scaled(f, place), scaled(g * (distance / unit_speed), speed))
    moving = summed(scaled(df * (unit_speed / distance), place), scaled(dg, speed))
    return joined(*later), joined(*moving)


def lagrange(sigma: Any, beta: Any, tau: Any) -> tuple[Any, Any, Any, Any]:
    """Lagrange's coefficients f, g, f', g', in units where gm and the first distance are 1.

    sigma: r . v; beta: 2 - v**2, the inverse of the semi-major axis; tau: the time.
    """
    closed = beta > 0
    period = 2 * math.pi * where(closed, beta, 1) ** -1.5
    tau = where(closed, tau - period * floor(tau / period + 0.5), tau)
    s = _solved()(sigma, beta, tau)
    u0, u1, u2, _ = universal(s, beta)
    distance = u0 + sigma * u1 + u2
    return 1 - u2, u1 + sigma * u2, -u1 / distance, 1 - u2 / distance


def universal(s: Any, beta: Any) -> tuple[Any, Any, Any, Any]:
    """U_k = s**k c_k(beta s**2), k = 0 .. 3."""
    c0, c1, c2, c3 = stumpff(beta * s * s)
    return c0, s * c1, s * s * c2, s * s * s * c3


@cache
def _solved() -> Any:
    """s with U_1 + sigma U_2 + U_3 = tau, the integral of 1/r by the time."""
    return implicit(_excess, start=_start, bracket=lambda *x: (-_farthest(*x), _farthest(*x)))


def _excess(sigma: Any, beta: Any, tau: Any, s: Any) -> Any:
    _, u1, u2, u3 = universal(s, beta)
    return u1 + sigma * u2 + u3 - tau


def _farthest(sigma: Any, beta: Any, tau: Any) -> Any:
    """What |s| does not exceed.

    Within half a period the eccentric anomaly moves by less than a turn. Of a parabola or a
    hyperbola r >= e U_2(s - s_p), s_p at the pericentre, so that |tau| >= 2 U_3(|s|/2), where
    U_3(x) = (sinh k x - k x)/k**3 >= x**3/6, k**2 = -beta, and >= sinh(k x)/(2 k**3) beyond
    k x = 2.2.  There is half as much again, since rounding errors of beta and sigma move the
    pericentre of those that pass near the centre.
    """
    ellipse = 2 * math.pi / sqrt(where(beta > 0, beta, 1))
    steep = where(beta < 0, -beta, 1)
    k = sqrt(steep)
    size = abs(tau)
    hyperbola = (2 / k) * maximum(2.2, asinh(size * k * steep))
    cubic = cbrt(24 * size)
    open_orbit = where(beta < 0, minimum(cubic, hyperbola), cubic)
    return 1.5 * where(beta > 0, ellipse, open_orbit) + 1e-300


def _start(sigma: Any, beta: Any, tau: Any) -> Any:
    """Where Newton's method begins: the mean motion of an ellipse, else the nearest bound."""
    most = _farthest(sigma, beta, tau)
    return minimum(most, maximum(-most, where(beta > 0, beta * tau, tau)))
