"""Position and velocity at a time, from what `secular`, `lunisolar` and `resonance` say at epoch.

Hoots & Roehrich (1980), Spacetrack Report No. 3, as restated by Vallado, Crawford, Hujsak & Kelso
(2006), AIAA 2006-6753.
"""

from __future__ import annotations

import math

from taylor.astrodynamics.satellites.sgp4.functions import EXACT, Functions, Pair, within_turn
from taylor.astrodynamics.satellites.sgp4.gravity import Gravity
from taylor.astrodynamics.satellites.sgp4.lunisolar import Means, Shifts
from taylor.astrodynamics.satellites.sgp4.resonance import EARTH_RATE, Place, Resonance
from taylor.astrodynamics.satellites.sgp4.secular import SMALLEST_DIVISOR, Secular, axis_of
from taylor.expressions.types import ExpressionOrArray as Value
from taylor.functions.apply import where
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import atan2
from taylor_runtime.program.records import dataclass

LOW_INCLINATION = 0.2  # radians, below which periodics are applied as Lyddane (1963) does
ROUNDEST = 1e-6  # no mean eccentricity counts as less

# What goes wrong, by the numbers that the package `sgp4` has for it; 0 is none.
ECCENTRICITY, MEAN_MOTION, PERTURBED, PARAMETER, DECAYED = 1, 2, 3, 4, 6


@dataclass(frozen=True)
class Mean:
    """Mean elements at a time; axis and its root in radii of the Earth.

    sine, cosine, along, across: of the inclination, see `Secular`.
    status: what went wrong so far.
    """

    axis: Value
    root: Value
    e: Value
    node: Value
    perigee: Value
    mean: Value
    sine: Value
    cosine: Value
    along: Value
    across: Value
    status: Value


@dataclass(frozen=True)
class Motion:
    """A position (km) and velocity (km/s), and what went wrong, by numbers as `DECAYED`."""

    position: tuple[Value, Value, Value]
    velocity: tuple[Value, Value, Value]
    status: Value


def near_earth(s: Secular, minutes: Value, simple: bool, f: Functions = EXACT) -> Mean:
    """Mean elements of an orbit of less than 225 minutes.

    simple: leave out the terms of drag that a perigee below 220 km makes too large.
    """
    t = minutes
    t2 = t * t
    mean, perigee = s.mean + s.mean_rate * t, s.perigee + s.perigee_rate * t
    node = s.node + s.node_rate * t + s.node_drag * t2
    decay, e_decay, longitude = 1 - s.decay * t, s.e_decay * t, s.longitude_2 * t2
    if not simple:
        bulge = 1 + s.eta * f.sincos(mean)[1]
        turned = s.perigee_drag * t + s.mean_drag * (bulge * bulge * bulge - s.bulge)
        mean, perigee = mean + turned, perigee - turned
        decay = decay - t2 * (s.decay_2 + t * (s.decay_3 + t * s.decay_4))
        e_decay = e_decay + s.e_sine * (f.sincos(mean)[0] - s.sine_mean)
        longitude = longitude + t2 * t * (s.longitude_3 + t * (s.longitude_4 + t * s.longitude_5))
    e, status = _bounded(s.e - e_decay, s.motion)
    return Mean(
        axis=s.axis * decay * decay,
        root=s.root * abs(decay),
        e=e,
        node=node,
        perigee=perigee,
        mean=mean + s.motion * longitude,
        sine=s.sine,
        cosine=s.cosine,
        along=s.along,
        across=s.across,
        status=status,
    )


def _bounded(e: Value, motion: Value) -> tuple[Value, Value]:
    """The eccentricity as it is used, and what is wrong with it and the mean motion."""
    wrong = (e >= 1) | (e < -0.001)
    status = where(motion > 0, where(wrong, ECCENTRICITY, 0), MEAN_MOTION)
    return where(e < ROUNDEST, ROUNDEST, e), status


def deep_space(
    s: Secular,
    means: Means,
    shifts: Shifts,
    resonance: tuple[Resonance, Place] | None,
    minutes: Value,
    g: Gravity,
    mode: str,
    f: Functions = EXACT,
) -> Mean:
    """Mean elements of an orbit of 225 minutes or more, with the periodics of Moon and Sun."""
    t = minutes
    t2 = t * t
    decay = 1 - s.decay * t
    perigee = s.perigee + (s.perigee_rate + means.perigee) * t
    node = s.node + s.node_rate * t + s.node_drag * t2 + means.node * t
    mean = s.mean + s.mean_rate * t + means.mean * t
    motion, axis = s.motion, s.axis
    if resonance is not None:
        kept, place = resonance
        theta = kept.sidereal + EARTH_RATE * t
        is_day = len(kept.terms) == 3
        mean = place.longitude + (theta - node - perigee if is_day else 2 * (theta - node))
        motion, axis = place.motion, axis_of(place.motion, g)
    e, status = _bounded(s.e + means.e * t - s.e_decay * t, motion)
    mean = mean + s.motion * s.longitude_2 * t2
    i = s.i + means.i * t
    return _perturbed(
        (e, i, within_turn(node), perigee, mean),
        shifts,
        axis * decay * decay,
        status,
        g,
        mode,
        f,
    )


def _perturbed(
    elements: tuple[Value, Value, Value, Value, Value],
    shifts: Shifts,
    axis: Value,
    status: Value,
    g: Gravity,
    mode: str,
    f: Functions,
) -> Mean:
    """Mean elements with the periodics of Moon and Sun."""
    e, i, node, perigee, mean = elements
    e, i = e + shifts.e, i + shifts.i
    s, c = f.sincos(i)
    is_low = i < LOW_INCLINATION
    by_node = shifts.node / where(is_low, 1, s)
    plain = node + by_node, perigee + shifts.perigee - c * by_node
    lyddane = _of_low_inclination(elements, shifts, s, c, mode, f)
    node, perigee = (where(is_low, b, a) for a, b in zip(plain, lyddane, strict=True))
    is_negative = i < 0
    node = where(is_negative, node + math.pi, node)
    perigee = where(is_negative, perigee - math.pi, perigee)
    s = where(is_negative, -s, s)
    wrong = (e < 0) | (e > 1)
    across = -0.5 * (g.j3 / g.j2) * s
    divisor = where(abs(1 + c) > SMALLEST_DIVISOR, 1 + c, SMALLEST_DIVISOR)
    return Mean(
        axis=axis,
        root=sqrt(axis),
        e=e,
        node=node,
        perigee=perigee,
        mean=mean + shifts.mean,
        sine=s,
        cosine=c,
        along=0.5 * across * (3 + 5 * c) / divisor,
        across=across,
        status=where((status > 0) | ~wrong, status, PERTURBED),
    )


def _of_low_inclination(
    elements: tuple[Value, Value, Value, Value, Value],
    shifts: Shifts,
    s: Value,
    c: Value,
    mode: str,
    f: Functions,
) -> tuple[Value, Value]:
    """Node and perigee where sin i must not divide: by the pole's direction (Lyddane 1963)."""
    _, _, node, perigee, _ = elements
    if mode == "a":
        node = where(node < 0, node + math.tau, node)
    sine, cosine = f.sincos(node)
    up = s * sine + shifts.node * cosine + shifts.i * c * sine
    right = s * cosine - shifts.node * sine + shifts.i * c * cosine
    turned = atan2(up, right)
    if mode == "a":
        turned = where(turned < 0, turned + math.tau, turned)
    far = abs(node - turned) > math.pi
    turned = where(far, where(turned < node, turned + math.tau, turned - math.tau), turned)
    longitude = shifts.perigee + perigee + c * (node - turned) - shifts.i * node * s
    return turned, longitude


def motion(m: Mean, g: Gravity, f: Functions = EXACT) -> Motion:
    """Position and velocity from mean elements."""
    round_ = 1 - m.e * m.e
    pull = 1 / (m.axis * round_)
    s, c = f.sincos(m.perigee)
    k, h = m.e * c, m.e * s + pull * m.across
    s, c = f.kepler(h, k, m.mean + m.perigee + pull * m.along * k)
    e_cosine, e_sine = k * c + h * s, k * s - h * c
    rest = 1 - (k * k + h * h)
    distance = m.axis * (1 - e_cosine)
    flat = sqrt(rest)
    # 1/axis, axis/distance, 1/(1 + flat) and 1/rest; divisions take longest
    inverse = pull * round_
    a, b = 1 - e_cosine, 1 + flat
    common = 1 / (a * b * rest)
    scale, share, parameter = common * (b * rest), common * (a * rest), common * (a * b) * inverse
    share = share * e_sine
    speed = m.root * inverse  # of a circular orbit
    radial, along = speed * e_sine * scale, speed * flat * scale
    sine, cosine = scale * (s - h - k * share), scale * (c - k + h * share)
    sine2, cosine2 = 2 * sine * cosine, 1 - 2 * sine * sine
    # short-period terms of J2
    j1 = 0.5 * g.j2 * parameter
    j2 = j1 * parameter
    c2 = m.cosine * m.cosine
    theta, across2 = 3 * c2 - 1, 1 - c2
    r = distance * (1 - 1.5 * j2 * flat * theta) + 0.5 * j1 * across2 * cosine2
    rate = j1 * inverse * speed
    radial = radial - rate * across2 * sine2
    along = along + rate * (across2 * cosine2 + 1.5 * theta)
    axes = _axes(
        f.turned((sine, cosine), -0.25 * j2 * (7 * c2 - 1) * sine2),
        f.turned((m.sine, m.cosine), 1.5 * j2 * m.cosine * m.sine * cosine2),
        f.sincos(m.node + 1.5 * j2 * m.cosine * sine2),
    )
    unit = g.radius * g.unit / 60
    status = where(m.status > 0, m.status, where(rest < 0, PARAMETER, where(r < 1, DECAYED, 0)))
    # As a factor it makes derivatives NaN, too.
    factor = where(status <= 0, 1, math.nan)
    x, y, z = (g.radius * r * factor * out for out, _ in axes)
    vx, vy, vz = (unit * factor * (radial * out + along * ahead) for out, ahead in axes)
    return Motion((x, y, z), (vx, vy, vz), status)


def _axes(latitude: Pair, inclination: Pair, node: Pair) -> list[tuple[Value, Value]]:
    """Components of the directions outward and ahead."""
    (su, cu), (si, ci), (sn, cn) = latitude, inclination, node
    return [
        (-sn * ci * su + cn * cu, -sn * ci * cu - cn * su),
        (cn * ci * su + sn * cu, cn * ci * cu - sn * su),
        (si * su, si * cu),
    ]
