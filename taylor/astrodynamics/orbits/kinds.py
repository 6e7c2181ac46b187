"""Kinds of elements, a record each: from a state and back to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from taylor.astrodynamics.orbits.planar import (
    Osculating,
    at_anomaly,
    at_mean_anomaly,
    at_true_anomaly,
    placed,
    turned,
)
from taylor.astrodynamics.orbits.stumpff import arc, stumpff
from taylor.astrodynamics.orbits.universal import lagrange
from taylor.astrodynamics.orbits.vectors import dot, norm
from taylor.functions.apply import where
from taylor.functions.powers import hypot, sqrt
from taylor.functions.trigonometric import atan2, cos, sin
from taylor_runtime.program.records import dataclass

Six: TypeAlias = tuple[Any, ...]
Conversion: TypeAlias = Callable[[Six, Any], Six]


@dataclass(frozen=True)
class ElementKind:
    """One kind of elements.

    names:      of the six, in their order.
    to_state:   position and velocity, six components, of six elements and gm.
    from_state: the inverse.
    """

    name: str
    names: tuple[str, ...]
    to_state: Conversion
    from_state: Conversion


ANGLES = ("inclination", "ascending_node", "argument_of_pericentre")


def _same(values: Six, gm: Any) -> Six:
    return values


# -- Keplerian elements ----------------------------------------------------------------------------


def _keplerian(anomaly: str, planar: Any, found: Callable[[Osculating], Any]) -> ElementKind:
    def to_state(values: Six, gm: Any) -> Six:
        a, e, inclination, node, pericentre, angle = values
        return placed(planar(a, e, angle, gm), turned(node, inclination, pericentre))

    def from_state(values: Six, gm: Any) -> Six:
        o = Osculating(values[:3], values[3:], gm)
        return o.a, o.e, o.inclination, o.node, o.pericentre, found(o)

    name = "keplerian" if anomaly == "mean" else f"keplerian-{anomaly}"
    names = ("semi_major_axis", "eccentricity", *ANGLES, f"{anomaly}_anomaly")
    return ElementKind(name, names, to_state, from_state)


def _by_true_anomaly(a: Any, e: Any, true: Any, gm: Any) -> Six:
    return at_true_anomaly(a * (1 - e) * (1 + e), e, true, gm)


def _cometary_state(values: Six, gm: Any) -> Six:
    """From the pericentre on in universal variables, which know no parabola."""
    q, e, inclination, node, pericentre, since = values
    fast = sqrt(gm / q)
    f, g, df, dg = lagrange(0 * e, 1 - e, since * fast / q)
    ahead = sqrt(1 + e)
    planar = (q * f, q * g * ahead, fast * df, fast * dg * ahead)
    return placed(planar, turned(node, inclination, pericentre))


def _cometary(values: Six, gm: Any) -> Six:
    """The time since pericentre is q U_1 + e U_3, for s with tan of its half in closed form."""
    o = Osculating(values[:3], values[3:], gm)
    q = o.p / (1 + o.e)
    # tan(true/2), and from it U_1(s/2)/U_0(s/2), in units where gm = q = 1
    half = o.e_sine / (o.e + o.e_cosine)
    w = half / sqrt(1 + o.e)
    beta = 1 - o.e
    closed = beta * w * w > 4  # far from a parabola, where the half angle comes near a quarter turn
    size = where(closed, beta, 1)
    s = where(closed, _eccentric(o, size), 2 * arc(where(closed, 0, w), beta))
    _, c1, _, c3 = stumpff(beta * s * s)
    since = s * c1 + s * s * s * c3  # U_1 + U_3 = s + e U_3
    return q, o.e, o.inclination, o.node, o.pericentre, since * q * sqrt(q / gm)


def _eccentric(o: Osculating, beta: Any) -> Any:
    """The universal anomaly of an ellipse from its eccentric anomaly."""
    flat = sqrt(beta * (1 + o.e))
    return atan2(flat * o.e_sine, o.e * o.e + o.e_cosine) / sqrt(beta)


# -- spherical coordinates, and canonical variables ------------------------------------------------


def _spherical_state(values: Six, gm: Any) -> Six:
    r, longitude, latitude, speed, climb, heading = values
    cos_b, sin_b, cos_l, sin_l = cos(latitude), sin(latitude), cos(longitude), sin(longitude)
    up = speed * sin(climb)
    east, north = speed * cos(climb) * sin(heading), speed * cos(climb) * cos(heading)
    outward = up * cos_b - north * sin_b
    return (
        r * cos_b * cos_l,
        r * cos_b * sin_l,
        r * sin_b,
        outward * cos_l - east * sin_l,
        outward * sin_l + east * cos_l,
        up * sin_b + north * cos_b,
    )


def _spherical(values: Six, gm: Any) -> Six:
    place, speed = values[:3], values[3:]
    x, y, z = place
    vx, vy, vz = speed
    r, flat = norm((x, y, z)), hypot(x, y)
    longitude = atan2(y, x)
    up = dot((x, y, z), (vx, vy, vz)) / r
    east = (x * vy - y * vx) / flat
    north = (vz * flat - z * (x * vx + y * vy) / flat) / r
    level = hypot(east, north)
    return (
        r,
        longitude,
        atan2(z, flat),
        norm((vx, vy, vz)),
        atan2(up, level),
        atan2(east, north),
    )


def _delaunay_state(values: Six, gm: Any) -> Six:
    mean, pericentre, node, big_l, big_g, big_h = values
    a, ratio, cosine = big_l**2 / gm, big_g / big_l, big_h / big_g
    e = sqrt((1 - ratio) * (1 + ratio))
    inclination = atan2(sqrt((1 - cosine) * (1 + cosine)), cosine)
    return placed(at_mean_anomaly(a, e, mean, gm), turned(node, inclination, pericentre))


def _delaunay(values: Six, gm: Any) -> Six:
    o = Osculating(values[:3], values[3:], gm)
    return o.mean, o.pericentre, o.node, sqrt(gm * o.a), o.h, o.h * o.momentum[2]


KEPLERIAN = (
    ElementKind("cartesian", ("x", "y", "z", "vx", "vy", "vz"), _same, _same),
    _keplerian("mean", at_mean_anomaly, lambda o: o.mean),
    _keplerian("eccentric", at_anomaly, lambda o: o.anomaly),
    _keplerian("true", _by_true_anomaly, lambda o: o.true),
    ElementKind(
        "cometary",
        ("pericentre_distance", "eccentricity", *ANGLES, "time_since_pericentre"),
        _cometary_state,
        _cometary,
    ),
    ElementKind(
        "spherical",
        ("radius", "longitude", "latitude", "speed", "flight_path_angle", "heading"),
        _spherical_state,
        _spherical,
    ),
    ElementKind("delaunay", ("l", "g", "h", "L", "G", "H"), _delaunay_state, _delaunay),
)
