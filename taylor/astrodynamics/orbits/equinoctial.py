"""Elements without the singularities of circles and of the x-y plane.

The retrograde kinds have theirs at inclinations of 0 instead of pi (Broucke & Cefola 1972,
Walker, Ireland & Owens 1985).
"""

from __future__ import annotations

from typing import Any

from taylor.astrodynamics.orbits.kinds import ElementKind, Six
from taylor.astrodynamics.orbits.planar import placed
from taylor.astrodynamics.orbits.vectors import Triple, cross, dot, norm, scaled, summed, unit
from taylor.functions.kepler import kepler_F
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import atan2, cos, sin


def frame(p: Any, q: Any, sense: int) -> tuple[Triple, Triple]:
    """The equinoctial axes f and g, of p = tan(i/2) sin(node), q = tan(i/2) cos(node)."""
    size = 1 + p * p + q * q
    f = (1 - p * p + q * q, 2 * p * q, -2 * sense * p)
    g = (2 * sense * p * q, sense * (1 + p * p - q * q), 2 * q)
    return scaled(1 / size, f), scaled(1 / size, g)


class Vectors:
    """Plane, eccentricity vector and true longitude of a state, in equinoctial axes."""

    def __init__(self, place: Triple, speed: Triple, gm: Any, sense: int) -> None:
        self.distance = norm(place)
        momentum = cross(place, speed)
        self.h = norm(momentum)
        w = unit(momentum)
        below = 1 + sense * w[2]
        self.tan_sine, self.tan_cosine = w[0] / below, -w[1] / below
        f, g = frame(self.tan_sine, self.tan_cosine, sense)
        pull = scaled(1 / gm, cross(speed, momentum))
        eccentricity = summed(pull, scaled(-1 / self.distance, place))
        self.e_cosine, self.e_sine = dot(eccentricity, f), dot(eccentricity, g)
        self.x, self.y = dot(place, f), dot(place, g)
        self.inverse_a = 2 / self.distance - dot(speed, speed) / gm
        self.p = self.h * self.h / gm


def planar_equinoctial(a: Any, h: Any, k: Any, longitude: Any, gm: Any) -> Six:
    """x, y, vx, vy along f and g, by the mean longitude."""
    anomaly = kepler_F(h, k, longitude)
    c, s = cos(anomaly), sin(anomaly)
    flat = sqrt(1 - h * h - k * k)
    b = 1 / (1 + flat)
    ratio = 1 - h * s - k * c  # r/a
    speed = sqrt(gm / a) / ratio
    return (
        a * ((1 - h * h * b) * c + h * k * b * s - k),
        a * ((1 - k * k * b) * s + h * k * b * c - h),
        speed * (h * k * b * c - (1 - h * h * b) * s),
        speed * ((1 - k * k * b) * c - h * k * b * s),
    )


def mean_longitude(a: Any, h: Any, k: Any, x: Any, y: Any) -> Any:
    """By the coordinates along f and g."""
    flat = sqrt(1 - h * h - k * k)
    b = 1 / (1 + flat)
    cosine = k + ((1 - k * k * b) * x - h * k * b * y) / (a * flat)
    sine = h + ((1 - h * h * b) * y - h * k * b * x) / (a * flat)
    return atan2(sine, cosine) + h * cosine - k * sine


def _classical(sense: int) -> ElementKind:
    def to_state(values: Six, gm: Any) -> Six:
        a, h, k, p, q, longitude = values
        return placed(planar_equinoctial(a, h, k, longitude, gm), frame(p, q, sense))

    def from_state(values: Six, gm: Any) -> Six:
        o = Vectors(values[:3], values[3:], gm, sense)
        a, h, k = 1 / o.inverse_a, o.e_sine, o.e_cosine
        return a, h, k, o.tan_sine, o.tan_cosine, mean_longitude(a, h, k, o.x, o.y)

    names = ("semi_major_axis", "h", "k", "p", "q", "mean_longitude")
    return ElementKind(_named("equinoctial", sense), names, to_state, from_state)


def _modified(sense: int) -> ElementKind:
    def to_state(values: Six, gm: Any) -> Six:
        p, f, g, h, k, longitude = values
        c, s = cos(longitude), sin(longitude)
        distance, speed = p / (1 + f * c + g * s), sqrt(gm / p)
        planar = (distance * c, distance * s, -speed * (g + s), speed * (f + c))
        return placed(planar, frame(k, h, sense))

    def from_state(values: Six, gm: Any) -> Six:
        o = Vectors(values[:3], values[3:], gm, sense)
        return o.p, o.e_cosine, o.e_sine, o.tan_cosine, o.tan_sine, atan2(o.y, o.x)

    names = ("semi_latus_rectum", "f", "g", "h", "k", "true_longitude")
    return ElementKind(_named("modified-equinoctial", sense), names, to_state, from_state)


def _poincare_state(values: Six, gm: Any) -> Six:
    """Coordinates (longitude, eta, v) and momenta (L, xi, u), regular on circles in the plane.

    eta = -sqrt(2 (L - G)) sin(pericentre), xi the same with the cosine, and u, v likewise with
    G - H and the node.
    """
    longitude, eta, v, big_l, xi, u = values
    a = big_l * big_l / gm
    lost = (xi * xi + eta * eta) / 2  # L - G
    big_g = big_l - lost
    scale = sqrt((2 * big_l - lost) / 2) / big_l  # e = sqrt(L - G) sqrt(L + G)/L
    tilt = 1 / sqrt(4 * big_g - u * u - v * v)  # tan(i/2) = sqrt((G - H)/(G + H))
    planar = planar_equinoctial(a, -eta * scale, xi * scale, longitude, gm)
    return placed(planar, frame(-v * tilt, u * tilt, 1))


def _poincare(values: Six, gm: Any) -> Six:
    o = Vectors(values[:3], values[3:], gm, 1)
    a, h, k = 1 / o.inverse_a, o.e_sine, o.e_cosine
    big_l = sqrt(gm * a)
    scale = sqrt(2 * big_l * big_l / (big_l + o.h))
    below = 2 * sqrt(o.h / (1 + o.tan_sine**2 + o.tan_cosine**2))
    longitude = mean_longitude(a, h, k, o.x, o.y)
    return longitude, -h * scale, -o.tan_sine * below, big_l, k * scale, o.tan_cosine * below


def _named(name: str, sense: int) -> str:
    return name if sense == 1 else f"{name}-retrograde"


EQUINOCTIAL = (
    _classical(1),
    _classical(-1),
    _modified(1),
    _modified(-1),
    ElementKind(
        "poincare", ("mean_longitude", "eta", "v", "L", "xi", "u"), _poincare_state, _poincare
    ),
)
