"""What an element set says once for all times: mean motions, and what drag does to them.

Hoots & Roehrich (1980), Spacetrack Report No. 3, section 6, as restated by Vallado, Crawford,
Hujsak & Kelso (2006), AIAA 2006-6753.  Lengths are in radii of the Earth, times in minutes.
"""

from __future__ import annotations

import math

from taylor.astrodynamics.satellites.elements import MeanElements
from taylor.astrodynamics.satellites.sgp4.gravity import Gravity
from taylor.expressions.types import ExpressionOrArray as Value
from taylor.functions.apply import where
from taylor.functions.powers import cbrt, sqrt
from taylor.functions.trigonometric import cos, sin
from taylor_runtime.program.records import dataclass

DEEP_PERIOD = 225.0  # minutes from which Moon, Sun and resonances count
SIMPLE_BELOW = 220.0  # km: with a lower perigee drag has fewer terms
NEARLY_ROUND = 1e-4  # an eccentricity below which two terms of drag are left out
SMALLEST_DIVISOR = 1.5e-12  # in place of 1 + cos i for retrograde equatorial orbits


@dataclass(frozen=True)
class Secular:
    """An element set as the equations of motion use it; lengths in radii of the Earth.

    motion, axis: mean motion (radians a minute) and semi-major axis of Brouwer's theory; root: of
        the axis.
    e, i, node, perigee, mean: the elements at epoch.
    mean_rate, perigee_rate, node_rate: radians a minute, from J2 and J4.
    node_drag: of t^2; longitude_2 .. 5: of t^2 .. t^5, in units of the mean motion.
    decay, decay_2, 3, 4: how sqrt(axis) shrinks, of t .. t^4; e_decay: of t.
    e_sine:    of sin M - sin M_0, in the eccentricity.
    perigee_drag, mean_drag, eta, bulge: of the terms with (1 + eta cos M)^3; that at epoch.
    sine_mean: sin M_0.
    sine, cosine: of the inclination.
    along, across: of the long-period terms of J3.
    height:    of the perigee, km.
    """

    motion: Value
    axis: Value
    root: Value
    e: Value
    i: Value
    node: Value
    perigee: Value
    mean: Value
    mean_rate: Value
    perigee_rate: Value
    node_rate: Value
    node_drag: Value
    longitude_2: Value
    longitude_3: Value
    longitude_4: Value
    longitude_5: Value
    decay: Value
    decay_2: Value
    decay_3: Value
    decay_4: Value
    e_decay: Value
    e_sine: Value
    perigee_drag: Value
    mean_drag: Value
    eta: Value
    bulge: Value
    sine_mean: Value
    sine: Value
    cosine: Value
    along: Value
    across: Value
    height: Value


def axis_of(motion: Value, g: Gravity) -> Value:
    """(unit / n)^(2/3), Kepler's third law in radii of the Earth."""
    root = cbrt(g.unit / motion)
    return root * root


def brouwer_motion(elements: MeanElements, g: Gravity) -> Value:
    """Brouwer's mean motion of Kozai's, which element sets have (radians a minute)."""
    n, e = elements.mean_motion, elements.eccentricity
    c = cos(elements.inclination)
    round_ = 1 - e * e
    a = axis_of(n, g)
    d = 0.75 * g.j2 * (3 * c * c - 1) / (sqrt(round_) * round_)
    d1 = d / (a * a)
    a = a * (1 - d1 * d1 - d1 * (1 / 3 + 134 / 81 * d1 * d1))
    return n / (1 + d / (a * a))


def secular(elements: MeanElements, g: Gravity) -> Secular:
    """The quantities of an element set."""
    e, i = elements.eccentricity, elements.inclination
    n = brouwer_motion(elements, g)
    a = axis_of(n, g)
    height = (a * (1 - e) - 1) * g.radius
    s, c = sin(i), cos(i)
    rates = _rates(n, a, e, c, g)
    drag = _drag(elements, n, a, s, c, height, rates["node_first"], g)
    divisor = where(abs(1 + c) > SMALLEST_DIVISOR, 1 + c, SMALLEST_DIVISOR)
    return Secular(
        motion=n,
        axis=a,
        root=sqrt(a),
        e=e,
        i=i,
        node=elements.ascending_node,
        perigee=elements.argument_of_pericentre,
        mean=elements.mean_anomaly,
        mean_rate=rates["mean"],
        perigee_rate=rates["perigee"],
        node_rate=rates["node"],
        sine_mean=sin(elements.mean_anomaly),
        sine=s,
        cosine=c,
        along=-0.25 * (g.j3 / g.j2) * s * (3 + 5 * c) / divisor,
        across=-0.5 * (g.j3 / g.j2) * s,
        height=height,
        **drag,
    )


def _rates(n: Value, a: Value, e: Value, c: Value, g: Gravity) -> dict[str, Value]:
    """How mean anomaly, perigee and node move; `node_first` is that of J2 alone."""
    c2 = c * c
    c4 = c2 * c2
    round_ = 1 - e * e
    root = sqrt(round_)
    parameter = a * round_
    p2 = 1 / (parameter * parameter)
    k1 = 1.5 * g.j2 * p2 * n
    k2 = 0.5 * k1 * g.j2 * p2
    k3 = -0.46875 * g.j4 * p2 * p2 * n
    node_first = -k1 * c
    return {
        "mean": n + 0.5 * k1 * root * (3 * c2 - 1) + 0.0625 * k2 * root * (13 - 78 * c2 + 137 * c4),
        "perigee": -0.5 * k1 * (1 - 5 * c2)
        + 0.0625 * k2 * (7 - 114 * c2 + 395 * c4)
        + k3 * (3 - 36 * c2 + 49 * c4),
        "node": node_first + (0.5 * k2 * (4 - 19 * c2) + 2 * k3 * (3 - 7 * c2)) * c,
        "node_first": node_first,
    }


def _drag(
    elements: MeanElements,
    n: Value,
    a: Value,
    s: Value,
    c: Value,
    height: Value,
    node_first: Value,
    g: Gravity,
) -> dict[str, Value]:
    """Coefficients of a power-law atmosphere (Lane & Hoots 1979)."""
    e, bstar = elements.eccentricity, elements.bstar
    is_eccentric = e > NEARLY_ROUND
    floor = where(height < 98, 20, where(height < 156, height - 78, 78))
    base = floor / g.radius + 1  # of the atmosphere
    q4 = ((120 - floor) / g.radius) ** 4
    xi = 1 / (a - base)
    eta = a * e * xi
    eta2, e_eta = eta * eta, e * eta
    psi2 = abs(1 - eta2)
    coefficient = q4 * xi**4
    scaled = coefficient / (psi2**3 * sqrt(psi2))
    theta = 3 * c * c - 1
    across2 = 1 - c * c
    round_ = 1 - e * e
    oblate = g.j2 * xi / psi2
    c2 = (
        scaled
        * n
        * (
            a * (1 + 1.5 * eta2 + e_eta * (4 + eta2))
            + 0.375 * oblate * theta * (8 + 3 * eta2 * (8 + eta2))
        )
    )
    c1 = bstar * c2
    safe = where(is_eccentric, e, 1)
    c3 = where(is_eccentric, -2 * coefficient * xi * (g.j3 / g.j2) * n * s / safe, 0)
    c4 = (
        2
        * n
        * scaled
        * a
        * round_
        * (
            eta * (2 + 0.5 * eta2)
            + e * (0.5 + 2 * eta2)
            - oblate
            / a
            * (
                -3 * theta * (1 - 2 * e_eta + eta2 * (1.5 - 0.5 * e_eta))
                + 0.75
                * across2
                * (2 * eta2 - e_eta * (1 + eta2))
                * cos(2 * elements.argument_of_pericentre)
            )
        )
    )
    c5 = 2 * scaled * a * round_ * (1 + 2.75 * (eta2 + e_eta) + e_eta * eta2)
    bulge = 1 + eta * cos(elements.mean_anomaly)
    safe = where(is_eccentric, e_eta, 1)
    return {
        "decay": c1,
        "e_decay": bstar * c4,
        "e_sine": bstar * c5,
        "eta": eta,
        "bulge": bulge * bulge * bulge,
        "perigee_drag": bstar * c3 * cos(elements.argument_of_pericentre),
        "mean_drag": where(is_eccentric, -2 / 3 * coefficient * bstar / safe, 0),
        "node_drag": 3.5 * round_ * node_first * c1,
        **_powers(a, base, xi, c1),
    }


def _powers(a: Value, base: Value, xi: Value, c1: Value) -> dict[str, Value]:
    """Coefficients of higher powers of the time."""
    square = c1 * c1
    d2 = 4 * a * xi * square
    factor = d2 * xi * c1 / 3
    d3 = (17 * a + base) * factor
    d4 = 0.5 * factor * a * xi * (221 * a + 31 * base) * c1
    return {
        "decay_2": d2,
        "decay_3": d3,
        "decay_4": d4,
        "longitude_2": 1.5 * c1,
        "longitude_3": d2 + 2 * square,
        "longitude_4": 0.25 * (3 * d3 + c1 * (12 * d2 + 10 * square)),
        "longitude_5": 0.2
        * (3 * d4 + 12 * c1 * d3 + 6 * d2 * d2 + 15 * square * (2 * d2 + square)),
    }


def is_deep(s: Secular) -> Value:
    """Whether the period is that of deep space."""
    return 2 * math.pi / s.motion >= DEEP_PERIOD
