"""An orbit in its plane, and how the plane lies: what all kinds of elements share."""

from __future__ import annotations

from typing import Any

from taylor.astrodynamics.orbits.anomalies import mean_of_eccentric, solved_anomaly
from taylor.astrodynamics.orbits.vectors import Triple, cross, dot, norm, scaled, summed, unit
from taylor.functions.apply import where
from taylor.functions.hyperbolic import asinh, cosh, sinh
from taylor.functions.powers import hypot, sqrt
from taylor.functions.trigonometric import atan2, cos, sin


def turned(node: Any, inclination: Any, angle: Any) -> tuple[Triple, Triple]:
    """Unit vectors in an orbit's plane at an angle from its node, and a quarter turn ahead
    (Murray & Dermott 1999, eq. 2.119).
    """
    cos_o, sin_o, cos_i, sin_i = cos(node), sin(node), cos(inclination), sin(inclination)
    toward = (cos_o, sin_o, 0 * cos_o)
    above = (-sin_o * cos_i, cos_o * cos_i, sin_i)
    c, s = cos(angle), sin(angle)
    return (
        summed(scaled(c, toward), scaled(s, above)),
        summed(scaled(-s, toward), scaled(c, above)),
    )


def placed(planar: tuple[Any, ...], axes: tuple[Triple, Triple]) -> tuple[Any, ...]:
    """The six components of a state from those along two axes."""
    (x, y, vx, vy), (first, second) = planar, axes
    return (
        *summed(scaled(x, first), scaled(y, second)),
        *summed(scaled(vx, first), scaled(vy, second)),
    )


def at_anomaly(a: Any, e: Any, anomaly: Any, gm: Any) -> tuple[Any, Any, Any, Any]:
    """x, y, vx, vy from the pericentre's direction, by the eccentric anomaly of either kind
    (Murray & Dermott 1999, section 2.4), so that nothing cancels near e = 1.
    """
    closed = e < 1
    ellipse, hyperbola = where(closed, anomaly, 0), where(closed, 0, anomaly)
    sine = where(closed, sin(ellipse), sinh(hyperbola))
    cosine = where(closed, cos(ellipse), cosh(hyperbola))
    versed = 2 * where(closed, sin(ellipse / 2), sinh(hyperbola / 2)) ** 2
    less = abs(1 - e)
    flat, size = sqrt(less * (1 + e)), abs(a)
    distance, speed = less + e * versed, sqrt(gm / size)
    x, y = size * (less - versed), size * flat * sine
    return x, y, -speed * sine / distance, speed * flat * cosine / distance


def at_mean_anomaly(a: Any, e: Any, mean: Any, gm: Any) -> tuple[Any, Any, Any, Any]:
    """The same by the mean anomaly."""
    return at_anomaly(a, e, solved_anomaly(mean, e), gm)


def at_true_anomaly(p: Any, e: Any, true: Any, gm: Any) -> tuple[Any, Any, Any, Any]:
    """The same by semi-latus rectum and true anomaly, of any conic section."""
    c, s = cos(true), sin(true)
    distance, speed = p / (1 + e * c), sqrt(gm / p)
    return distance * c, distance * s, -speed * s, speed * (e + c)


class Osculating:
    """What elements are made of, from a state.

    Where an orbit leaves angles open they are fixed by convention: in the x-y plane the node is
    the x axis, on a circle the pericentre is where the body is.  Derivatives are not finite there.
    """

    def __init__(self, place: Triple, speed: Triple, gm: Any) -> None:
        momentum = cross(place, speed)
        self.h, self.distance = norm(momentum), norm(place)
        self.inverse_a = 2 / self.distance - dot(speed, speed) / gm
        self.p = self.h * self.h / gm
        radial = dot(place, speed) / self.distance
        self.e_cosine = self.p / self.distance - 1
        self.e_sine = self.h * radial / gm
        self.e = hypot(self.e_cosine, self.e_sine)
        self.true = atan2(self.e_sine, self.e_cosine)
        across = hypot(momentum[0], momentum[1])
        self.inclination = atan2(across, momentum[2])
        tilted = across > 0
        x, y = where(tilted, momentum[0], 0), where(tilted, -momentum[1], 1)
        self.node = atan2(x, y)
        toward, ahead = turned(self.node, self.inclination, 0)
        self.latitude = atan2(dot(place, ahead), dot(place, toward))
        self.pericentre = self.latitude - self.true
        self.momentum = unit(momentum)

    @property
    def a(self) -> Any:
        """Negative of a hyperbola."""
        return 1 / self.inverse_a

    @property
    def anomaly(self) -> Any:
        """The eccentric anomaly, from the true one: on a circle both count from one place."""
        closed = self.inverse_a > 0
        less = where(closed, (1 - self.e) * (1 + self.e), 0)
        flat = sqrt(where(less > 0, less, 0))
        ahead = where(self.e > 0, self.e * self.e + self.e_cosine, 1)
        ellipse = atan2(flat * self.e_sine, ahead)
        steep = sqrt(where(closed, 1, (self.e - 1) * (self.e + 1)))
        hyperbola = asinh(steep * self.e_sine / where(closed, 1, self.e * (1 + self.e_cosine)))
        return where(closed, ellipse, hyperbola)

    @property
    def mean(self) -> Any:
        """The mean anomaly."""
        return mean_of_eccentric(self.anomaly, self.e)
