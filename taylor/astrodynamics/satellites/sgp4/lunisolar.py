"""Moon and Sun in deep space: what they do in the mean, and with periods of months and a year.

Hujsak (1979), Spacetrack Report No. 1, as restated by Vallado, Crawford, Hujsak & Kelso (2006),
AIAA 2006-6753.  Their orbits are of fixed shape; where they are is taken at the epoch.
"""

from __future__ import annotations

import math

from taylor.astrodynamics.satellites.elements import MeanElements
from taylor.astrodynamics.satellites.sgp4.functions import EXACT, Functions, within_turn
from taylor.astrodynamics.satellites.sgp4.secular import Secular
from taylor.expressions.types import ExpressionOrArray as Value
from taylor.functions.apply import where
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import atan2, cos, sin
from taylor_runtime.program.records import dataclass

DAYS_TO_1900 = 18261.5  # from noon of 1899 December 31 to the zero of epochs
SUN_ECCENTRICITY, MOON_ECCENTRICITY = 0.01675, 0.05490
SUN_MOTION, MOON_MOTION = 1.19459e-5, 1.5835218e-4  # radians a minute
SUN_STRENGTH, MOON_STRENGTH = 2.9864797e-6, 4.7968065e-7  # radians a minute
FLAT = 5.2359877e-2  # an inclination (3 degrees) below which nodes are not moved in the mean


@dataclass(frozen=True)
class Periodics:
    """What is multiplied by the functions of one body's anomaly.

    For e, i, M, perigee and node (times sin i), each by f2 = sin(f)^2/2 - 1/4 and f3 = -sin(f)
    cos(f)/2, some by sin f as well.
    """

    phase: Value  # the mean anomaly of the body at epoch
    e_2: Value
    e_3: Value
    i_2: Value
    i_3: Value
    mean_2: Value
    mean_3: Value
    mean_1: Value
    perigee_2: Value
    perigee_3: Value
    perigee_1: Value
    node_2: Value
    node_3: Value


@dataclass(frozen=True)
class Means:
    """Rates by minute that Moon and Sun cause in the mean."""

    e: Value
    i: Value
    mean: Value
    perigee: Value
    node: Value


@dataclass(frozen=True)
class Shifts:
    """What the periodics add at a time: to e, i, M, perigee; node is multiplied by sin i."""

    e: Value
    i: Value
    mean: Value
    perigee: Value
    node: Value


@dataclass(frozen=True)
class Body:
    """A disturbing body: sines and cosines of its perigee, inclination and node (from the orbit's
    node), strength, motion, eccentricity and mean anomaly at epoch.
    """

    perigee: tuple[Value, Value]
    inclination: tuple[Value, Value]
    node: tuple[Value, Value]
    strength: float
    motion: float
    e: float
    phase: Value


def bodies(elements: MeanElements) -> tuple[Body, Body]:
    """Sun and Moon at the epoch."""
    day = elements.epoch + DAYS_TO_1900
    sine, cosine = sin(elements.ascending_node), cos(elements.ascending_node)
    sun = Body(
        perigee=(-0.98088458, 0.1945905),
        inclination=(0.39785416, 0.91744867),
        node=(sine, cosine),
        strength=SUN_STRENGTH,
        motion=SUN_MOTION,
        e=SUN_ECCENTRICITY,
        phase=within_turn(6.2565837 + 0.017201977 * day),
    )
    node = within_turn(4.5236020 - 9.2422029e-4 * day)  # of the Moon, on the ecliptic
    s, c = sin(node), cos(node)
    cos_i = 0.91375164 - 0.03568096 * c
    sin_i = sqrt(1 - cos_i * cos_i)
    sin_h = 0.089683511 * s / sin_i
    cos_h = sqrt(1 - sin_h * sin_h)
    longitude = 5.8351514 + 0.0019443680 * day
    turned = atan2(0.39785416 * s / sin_i, cos_h * c + 0.91744867 * sin_h * s)
    perigee = longitude + turned - node
    moon = Body(
        perigee=(sin(perigee), cos(perigee)),
        inclination=(sin_i, cos_i),
        node=(sine * cos_h - cosine * sin_h, cos_h * cosine + sin_h * sine),
        strength=MOON_STRENGTH,
        motion=MOON_MOTION,
        e=MOON_ECCENTRICITY,
        phase=within_turn(4.7199672 + 0.22997150 * day - longitude),
    )
    return sun, moon


def lunisolar(elements: MeanElements, s: Secular) -> tuple[Means, Periodics, Periodics]:
    """Rates of both bodies together, and the periodics of Sun and Moon."""
    sun, moon = bodies(elements)
    of_sun, sun_periodics = _of_body(sun, s)
    of_moon, moon_periodics = _of_body(moon, s)
    is_flat = (s.i < FLAT) | (s.i > math.pi - FLAT)
    node = where(is_flat, 0, (of_sun.node + of_moon.node) / where(is_flat, 1, s.sine))
    means = Means(
        of_sun.e + of_moon.e,
        of_sun.i + of_moon.i,
        of_sun.mean + of_moon.mean,
        of_sun.perigee + of_moon.perigee - s.cosine * node,
        node,
    )
    return means, sun_periodics, moon_periodics


def _of_body(body: Body, s: Secular) -> tuple[Means, Periodics]:
    """Its rates (the node's times sin i, the perigee's without the node's part) and periodics."""
    e2 = s.e * s.e
    root = sqrt(1 - e2)
    w = _sums(body, s)
    k3 = body.strength / s.motion
    k2 = -0.5 * k3 / root
    k4 = k3 * root
    k1 = -15 * s.e * k4
    means = Means(
        e=k1 * body.motion * w["x5"],
        i=k2 * body.motion * (w["z11"] + w["z13"]),
        mean=-body.motion * k3 * (w["z1"] + w["z3"] - 14 - 6 * e2),
        perigee=k4 * body.motion * (w["z31"] + w["z33"] - 6),
        node=-body.motion * k2 * (w["z21"] + w["z23"]),
    )
    periodics = Periodics(
        phase=body.phase,
        e_2=2 * k1 * w["x6"],
        e_3=2 * k1 * w["x7"],
        i_2=2 * k2 * w["z12"],
        i_3=2 * k2 * (w["z13"] - w["z11"]),
        mean_2=-2 * k3 * w["z2"],
        mean_3=-2 * k3 * (w["z3"] - w["z1"]),
        mean_1=-2 * k3 * (-21 - 9 * e2) * body.e,
        perigee_2=2 * k4 * w["z32"],
        perigee_3=2 * k4 * (w["z33"] - w["z31"]),
        perigee_1=-18 * k4 * body.e,
        node_2=-2 * k2 * w["z22"],
        node_3=-2 * k2 * (w["z23"] - w["z21"]),
    )
    return means, periodics


def _axes(body: Body, s: Secular) -> tuple[list[Value], list[Value]]:
    """Directions of the body's perigee and of a quarter ahead: towards the orbit's node, ahead of
    that, and normal.
    """
    (sin_g, cos_g), (sin_i, cos_i), (sin_h, cos_h) = body.perigee, body.inclination, body.node
    a1 = cos_g * cos_h + sin_g * cos_i * sin_h
    a3 = -sin_g * cos_h + cos_g * cos_i * sin_h
    a7 = -cos_g * sin_h + sin_g * cos_i * cos_h
    a9 = sin_g * sin_h + cos_g * cos_i * cos_h
    a8, a10 = sin_g * sin_i, cos_g * sin_i
    first = [a1, s.cosine * a7 + s.sine * a8, -s.sine * a7 + s.cosine * a8]
    second = [a3, s.cosine * a9 + s.sine * a10, -s.sine * a9 + s.cosine * a10]
    return first, second


def _sums(body: Body, s: Secular) -> dict[str, Value]:
    """The quadratic forms of the theory, by the names that it has for them."""
    (a1, a2, a5), (a3, a4, a6) = _axes(body, s)
    sine, cosine = sin(s.perigee), cos(s.perigee)
    x1, x2 = a1 * cosine + a2 * sine, a3 * cosine + a4 * sine
    x3, x4 = -a1 * sine + a2 * cosine, -a3 * sine + a4 * cosine
    x5, x6, x7, x8 = a5 * sine, a6 * sine, a5 * cosine, a6 * cosine
    e2 = s.e * s.e
    rest = 1 - e2
    z31 = 12 * x1 * x1 - 3 * x3 * x3
    z32 = 24 * x1 * x2 - 6 * x3 * x4
    z33 = 12 * x2 * x2 - 3 * x4 * x4
    return {
        "z31": z31,
        "z32": z32,
        "z33": z33,
        "z1": 2 * (3 * (a1 * a1 + a2 * a2) + z31 * e2) + rest * z31,
        "z2": 2 * (6 * (a1 * a3 + a2 * a4) + z32 * e2) + rest * z32,
        "z3": 2 * (3 * (a3 * a3 + a4 * a4) + z33 * e2) + rest * z33,
        "z11": -6 * a1 * a5 + e2 * (-24 * x1 * x7 - 6 * x3 * x5),
        "z12": -6 * (a1 * a6 + a3 * a5)
        + e2 * (-24 * (x2 * x7 + x1 * x8) - 6 * (x3 * x6 + x4 * x5)),
        "z13": -6 * a3 * a6 + e2 * (-24 * x2 * x8 - 6 * x4 * x6),
        "z21": 6 * a2 * a5 + e2 * (24 * x1 * x5 - 6 * x3 * x7),
        "z22": 6 * (a4 * a5 + a2 * a6) + e2 * (24 * (x2 * x5 + x1 * x6) - 6 * (x4 * x7 + x3 * x8)),
        "z23": 6 * a4 * a6 + e2 * (24 * x2 * x6 - 6 * x4 * x8),
        "x5": x1 * x3 + x2 * x4,
        "x6": x2 * x3 + x1 * x4,
        "x7": x2 * x4 - x1 * x3,
    }


def shifts(sun: Periodics, moon: Periodics, minutes: Value, f: Functions = EXACT) -> Shifts:
    """What the periodics add at a time."""
    a = _shifts_of(sun, SUN_MOTION, SUN_ECCENTRICITY, minutes, f)
    b = _shifts_of(moon, MOON_MOTION, MOON_ECCENTRICITY, minutes, f)
    return Shifts(a.e + b.e, a.i + b.i, a.mean + b.mean, a.perigee + b.perigee, a.node + b.node)


def _shifts_of(p: Periodics, motion: float, e: float, minutes: Value, f: Functions) -> Shifts:
    mean = p.phase + motion * minutes
    s, c = f.sincos(mean + 2 * e * f.sincos(mean)[0])
    f2, f3 = 0.5 * s * s - 0.25, -0.5 * s * c
    return Shifts(
        p.e_2 * f2 + p.e_3 * f3,
        p.i_2 * f2 + p.i_3 * f3,
        p.mean_2 * f2 + p.mean_3 * f3 + p.mean_1 * s,
        p.perigee_2 * f2 + p.perigee_3 * f3 + p.perigee_1 * s,
        p.node_2 * f2 + p.node_3 * f3,
    )
