"""Orbits of one day and of half a day, which the Earth's longitudes keep in step.

Hujsak (1979), Spacetrack Report No. 1, as restated by Vallado, Crawford, Hujsak & Kelso (2006),
AIAA 2006-6753.  A mean longitude and the mean motion are carried on by Taylor series of order two,
in steps of half a day from the epoch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from taylor.astrodynamics.satellites.elements import MeanElements
from taylor.astrodynamics.satellites.reading import EPOCH_ZERO
from taylor.astrodynamics.satellites.sgp4.functions import EXACT, Functions, within_turn
from taylor.astrodynamics.satellites.sgp4.gravity import Gravity
from taylor.astrodynamics.satellites.sgp4.lunisolar import Means
from taylor.astrodynamics.satellites.sgp4.secular import Secular, axis_of
from taylor.expressions.types import ExpressionOrArray as Value
from taylor.functions.apply import where
from taylor.functions.piecewise import floor
from taylor_runtime.program.records import dataclass

STEP = 720.0  # minutes
EARTH_RATE = 4.37526908801129966e-3  # radians a minute
Q22, Q31, Q33 = 1.7891679e-6, 2.1460748e-6, 2.2123015e-7
ROOT_22, ROOT_32, ROOT_44 = 1.7891679e-6, 3.7393792e-7, 7.3636953e-9
ROOT_52, ROOT_54 = 1.1428639e-7, 2.1765803e-9
# of the sines of an orbit of one day: multiples of the longitude, and phases
DAY_TERMS = ((1, 0.13130908), (2, 2.8843198), (3, 0.37448087))
# of one of half a day: multiples of perigee and longitude, and phases
HALF_DAY_TERMS = (
    (2, 1, 5.7686396),
    (0, 1, 5.7686396),
    (1, 1, 0.95240898),
    (-1, 1, 0.95240898),
    (2, 2, 1.8014998),
    (0, 2, 1.8014998),
    (1, 1, 1.0508330),
    (-1, 1, 1.0508330),
    (1, 2, 4.4108898),
    (-1, 2, 4.4108898),
)


@dataclass(frozen=True)
class Resonance:
    """What moves the longitude of an orbit in resonance.

    terms:     the strengths of its sines, radians by minute squared.
    longitude: at epoch; drift: its rate less the mean motion.
    sidereal:  the angle of Greenwich at epoch.
    """

    terms: tuple[Value, ...]
    longitude: Value
    drift: Value
    sidereal: Value


@dataclass(frozen=True)
class Place:
    """Where the series has come to: longitude, mean motion, and minutes since epoch."""

    longitude: Value
    motion: Value
    minutes: Value


def sidereal_angle(epoch: Value, mode: str) -> Value:
    """The angle of Greenwich: of 1982 (Aoki et al.), in mode "a" that of 1970 of the Air Force."""
    if mode == "a":
        days = epoch - 7305
        whole = floor(days + 1e-8)
        by_day = 1.72027916940703639e-2
        angle = 1.7321343856509374 + by_day * whole + (by_day + math.tau) * (days - whole)
        return within_turn(angle + days * days * 5.07551419432269442e-15)
    t = (epoch + EPOCH_ZERO - 2451545.0) / 36525.0
    seconds = (876600 * 3600 + 8640184.812866) * t + 67310.54841
    seconds = seconds + (0.093104 - 6.2e-6 * t) * t * t
    return within_turn(seconds * (math.pi / 43200))


def one_day(elements: MeanElements, s: Secular, means: Means, g: Gravity, mode: str) -> Resonance:
    """The resonance of orbits of one day."""
    e2 = s.e * s.e
    c, s2 = s.cosine, s.sine * s.sine
    axis = axis_of(s.motion, g)
    ratio = 1 / axis
    f220 = 0.75 * (1 + c) * (1 + c)
    f311 = 0.9375 * s2 * (1 + 3 * c) - 0.75 * (1 + c)
    f330 = 1.875 * (1 + c) * (1 + c) * (1 + c)
    g200 = 1 + e2 * (-2.5 + 0.8125 * e2)
    g310 = 1 + 2 * e2
    g300 = 1 + e2 * (-6 + 6.60937 * e2)
    size = 3 * s.motion * s.motion * ratio * ratio
    terms = (
        size * f311 * g310 * Q31 * ratio,
        2 * size * f220 * g200 * Q22,
        3 * size * f330 * g300 * Q33 * ratio,
    )
    sidereal = sidereal_angle(elements.epoch, mode)
    rates = s.mean_rate + s.perigee_rate + s.node_rate - EARTH_RATE
    drift = rates + means.mean + means.perigee + means.node - s.motion
    return Resonance(terms, within_turn(s.mean + s.node + s.perigee - sidereal), drift, sidereal)


def half_day(elements: MeanElements, s: Secular, means: Means, g: Gravity, mode: str) -> Resonance:
    """The resonance of eccentric orbits of half a day."""
    ratio = 1 / axis_of(s.motion, g)
    size = 3 * s.motion * s.motion * ratio * ratio
    f, e = _of_inclination(s.sine, s.cosine), _of_eccentricity(s.e)
    third = size * ratio
    fourth = third * ratio
    fifth = fourth * ratio
    terms = (
        size * ROOT_22 * f["220"] * e["201"],
        size * ROOT_22 * f["221"] * e["211"],
        third * ROOT_32 * f["321"] * e["310"],
        third * ROOT_32 * f["322"] * e["322"],
        2 * fourth * ROOT_44 * f["441"] * e["410"],
        2 * fourth * ROOT_44 * f["442"] * e["422"],
        fifth * ROOT_52 * f["522"] * e["520"],
        fifth * ROOT_52 * f["523"] * e["532"],
        2 * fifth * ROOT_54 * f["542"] * e["521"],
        2 * fifth * ROOT_54 * f["543"] * e["533"],
    )
    sidereal = sidereal_angle(elements.epoch, mode)
    longitude = within_turn(s.mean + 2 * s.node - 2 * sidereal)
    drift = s.mean_rate + means.mean + 2 * (s.node_rate + means.node - EARTH_RATE) - s.motion
    return Resonance(terms, longitude, drift, sidereal)


def _of_inclination(s: Value, c: Value) -> dict[str, Value]:
    """Kaula's functions of the inclination."""
    s2, c2 = s * s, c * c
    f220 = 0.75 * (1 + 2 * c + c2)
    return {
        "220": f220,
        "221": 1.5 * s2,
        "321": 1.875 * s * (1 - 2 * c - 3 * c2),
        "322": -1.875 * s * (1 + 2 * c - 3 * c2),
        "441": 35 * s2 * f220,
        "442": 39.3750 * s2 * s2,
        "522": 9.84375 * s * (s2 * (1 - 2 * c - 5 * c2) + 0.33333333 * (-2 + 4 * c + 6 * c2)),
        "523": s * (4.92187512 * s2 * (-2 - 4 * c + 10 * c2) + 6.56250012 * (1 + 2 * c - 3 * c2)),
        "542": 29.53125 * s * (2 - 8 * c + c2 * (-12 + 8 * c + 10 * c2)),
        "543": 29.53125 * s * (-2 - 8 * c + c2 * (12 + 8 * c - 10 * c2)),
    }


def _of_eccentricity(e: Value) -> dict[str, Value]:
    """Polynomials fitted to Hansen's functions of the eccentricity, by pieces."""

    def cubic(*coefficients: float) -> Value:
        value: Value = coefficients[-1]
        for c in coefficients[-2::-1]:
            value = value * e + c
        return value

    low, middle, high = e <= 0.65, e < 0.7, e > 0.715
    return {
        "201": -0.306 - (e - 0.64) * 0.440,
        "211": where(
            low, cubic(3.616, -13.2470, 16.2900), cubic(-72.099, 331.819, -508.738, 266.724)
        ),
        "310": where(
            low,
            cubic(-19.302, 117.3900, -228.4190, 156.5910),
            cubic(-346.844, 1582.851, -2415.925, 1246.113),
        ),
        "322": where(
            low,
            cubic(-18.9068, 109.7927, -214.6334, 146.5816),
            cubic(-342.585, 1554.908, -2366.899, 1215.972),
        ),
        "410": where(
            low,
            cubic(-41.122, 242.6940, -471.0940, 313.9530),
            cubic(-1052.797, 4758.686, -7193.992, 3651.957),
        ),
        "422": where(
            low,
            cubic(-146.407, 841.8800, -1629.014, 1083.4350),
            cubic(-3581.690, 16178.110, -24462.770, 12422.520),
        ),
        "520": where(
            low,
            cubic(-532.114, 3017.977, -5740.032, 3708.2760),
            where(
                high,
                cubic(-5149.66, 29936.92, -54087.36, 31324.56),
                cubic(1464.74, -4664.75, 3763.64),
            ),
        ),
        "533": where(
            middle,
            cubic(-919.22770, 4988.6100, -9064.7700, 5542.21),
            cubic(-37995.780, 161616.52, -229838.20, 109377.94),
        ),
        "521": where(
            middle,
            cubic(-822.71072, 4568.6173, -8491.4146, 5337.524),
            cubic(-51752.104, 218913.95, -309468.16, 146349.42),
        ),
        "532": where(
            middle,
            cubic(-853.66600, 4690.2500, -8624.7700, 5341.4),
            cubic(-40023.880, 170470.89, -242699.48, 115605.82),
        ),
    }


def carried(r: Resonance, s: Secular, place: Place, minutes: Value, f: Functions = EXACT) -> Place:
    """Longitude and motion at a time, by the series at the place."""
    torque, slope = _torque(r.terms, s, place, f)
    speed = place.motion + r.drift
    elapsed = minutes - place.minutes
    half = 0.5 * elapsed * elapsed
    return Place(
        place.longitude + speed * elapsed + torque * half,
        place.motion + torque * elapsed + slope * speed * half,
        minutes,
    )


def _torque(terms: Sequence[Value], s: Secular, place: Place, f: Functions) -> tuple[Value, Value]:
    """The derivative of the mean motion, and its derivative by the longitude."""
    if len(terms) == len(DAY_TERMS):
        listed = [(0, k, k * phase) for k, phase in DAY_TERMS]
    else:
        listed = list(HALF_DAY_TERMS)
    perigee = s.perigee + s.perigee_rate * place.minutes
    torque: Value = 0
    slope: Value = 0
    for strength, (turns, k, phase) in zip(terms, listed, strict=True):
        angle = k * place.longitude - phase
        if turns:
            angle = angle + turns * perigee
        sine, cosine = f.sincos(angle)
        torque = torque + strength * sine
        slope = slope + k * strength * cosine
    return torque, slope
