"""Keplerian orbital elements from and to position and velocity."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from taylor.errors import ArgumentError
from taylor_runtime.program.records import dataclass

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Elements:
    """An elliptic (a > 0, e < 1) or hyperbolic (a < 0, e > 1) orbit and a place on it; in radians.

    semi_major_axis:        length; negative for a hyperbola.
    eccentricity:           0 or more, but not 1.
    inclination:            between 0 and pi, to the x-y plane.
    ascending_node:         longitude of the ascending node, from the x axis.
    argument_of_pericentre: from the ascending node to the pericentre, in the orbit's plane.
    mean_anomaly:           M = n (t - T), T the time of pericentre passage, n = sqrt(gm / |a|^3).

    >>> import taylor as ty
    >>> orbit = ty.models.Elements(semi_major_axis=2.0, eccentricity=0.5)
    >>> position, velocity = ty.models.to_cartesian(orbit, gm=1.0)
    >>> position.tolist()
    [1.0, 0.0, 0.0]
    """

    semi_major_axis: float
    eccentricity: float
    inclination: float = 0.0
    ascending_node: float = 0.0
    argument_of_pericentre: float = 0.0
    mean_anomaly: float = 0.0


def to_cartesian(elements: Elements, gm: float) -> tuple[Vector, Vector]:
    """Position and velocity relative to the attracting body, two arrays of shape (3,).

    gm: G (m_1 + m_2) in length^3/time^2; lengths and times are in its units.

    Formulae: Murray & Dermott, Solar System Dynamics (1999), sections 2.4 and 2.8.

    Raises ArgumentError where the elements are no ellipse or hyperbola, or gm is not positive.

    >>> position, velocity = to_cartesian(Elements(1.0, 0.5), gm=1.0)
    >>> position.tolist(), round(float(velocity[1]), 12)
    ([0.5, 0.0, 0.0], 1.732050807569)
    """
    _check(elements, gm)
    a, e = elements.semi_major_axis, elements.eccentricity
    speed = math.sqrt(gm / abs(a))
    if e < 1:
        anomaly = eccentric_anomaly(elements.mean_anomaly, e)
        sine, cosine = math.sin(anomaly), math.cos(anomaly)
        # cos E - e and 1 - e cos E, written so that nothing cancels near the pericentre of a thin
        # ellipse.
        flat = math.sqrt((1 - e) * (1 + e))
        versed = 2 * math.sin(anomaly / 2) ** 2
        distance = (1 - e) + e * versed
        x, y = a * ((1 - e) - versed), a * flat * sine
    else:
        anomaly = hyperbolic_anomaly(elements.mean_anomaly, e)
        sine, cosine = math.sinh(anomaly), math.cosh(anomaly)
        flat = math.sqrt((e - 1) * (e + 1))
        versed = 2 * math.sinh(anomaly / 2) ** 2
        distance = (e - 1) + e * versed
        x, y = -a * ((e - 1) - versed), -a * flat * sine
    vx, vy = -speed * sine / distance, speed * flat * cosine / distance
    if not all(math.isfinite(value) for value in (x, y, vx, vy)):
        raise ArgumentError(
            f"to_cartesian: {elements} with gm = {gm!r} overflows; rescale the units"
        )
    toward_pericentre, ahead = _orbital_axes(elements)
    return x * toward_pericentre + y * ahead, vx * toward_pericentre + vy * ahead


def to_elements(position: Sequence[float], velocity: Sequence[float], gm: float) -> Elements:
    """Elements of the orbit through a relative position and velocity, each of shape (3,).

    gm: G (m_1 + m_2) in the units of position and velocity.

    Angles that an orbit leaves open are fixed by convention: in the x-y plane the node is the x
    axis, on a circle the pericentre is where the body is.  The mean anomaly of an ellipse is in
    (-pi, pi].

    Raises ArgumentError for a parabola, for motion along a line through the centre, and for values
    that are not finite.

    >>> orbit = to_elements([0.5, 0.0, 0.0], [0.0, 3**0.5, 0.0], gm=1.0)
    >>> round(orbit.semi_major_axis, 12), round(orbit.eccentricity, 12)
    (1.0, 0.5)
    """
    r = np.asarray(position, dtype=np.float64)
    v = np.asarray(velocity, dtype=np.float64)
    if r.shape != (3,) or v.shape != (3,) or not (np.isfinite(r).all() and np.isfinite(v).all()):
        raise ArgumentError("to_elements: position and velocity must be three finite numbers each")
    if not (math.isfinite(gm) and gm > 0):
        raise ArgumentError(f"to_elements: gm = {gm!r} must be positive and finite")
    momentum = np.cross(r, v)
    h, distance = math.hypot(*momentum), math.hypot(*r)
    if h == 0:
        raise ArgumentError(
            "to_elements: position and velocity are parallel; no orbital plane exists"
        )
    inverse_a = 2 / distance - float(v @ v) / gm
    if inverse_a == 0:
        raise ArgumentError("to_elements: the orbit is a parabola, which has no semi-major axis")
    inclination = math.atan2(math.hypot(momentum[0], momentum[1]), momentum[2])
    node = math.atan2(momentum[0], -momentum[1]) if momentum[0] or momentum[1] else 0.0
    toward_node = np.array([math.cos(node), math.sin(node), 0.0])
    latitude = math.atan2(float(r @ np.cross(momentum / h, toward_node)), float(r @ toward_node))
    semilatus, radial = h * h / gm, float(r @ v) / distance
    e_cosine, e_sine = semilatus / distance - 1, h * radial / gm
    e = math.hypot(e_cosine, e_sine)
    pericentre = latitude - (math.atan2(e_sine, e_cosine) if e else 0.0)
    a = 1 / inverse_a
    # The eccentric from the true anomaly, so that on a circle, where rounding alone decides about
    # the # pericentre, both angles are counted from the same place.
    if a > 0:
        flat = math.sqrt(max(0.0, (1 - e) * (1 + e)))
        anomaly = math.atan2(flat * e_sine, e * e + e_cosine) if e else 0.0
        mean = (1 - e) * anomaly + e * _minus_sin(anomaly)
    else:
        anomaly = math.asinh(math.sqrt((e - 1) * (e + 1)) * e_sine / (e * (1 + e_cosine)))
        mean = (e - 1) * anomaly + e * _sinh_minus(anomaly)
    return Elements(a, e, inclination, node, pericentre, mean)


def eccentric_anomaly(mean_anomaly: float, eccentricity: float) -> float:
    """Solve Kepler's equation E - e sin E = M, 0 <= e < 1; angles in radians.

    >>> round(eccentric_anomaly(1.0, 0.1), 12)
    1.088597752398
    """
    turns = round(mean_anomaly / math.tau)
    mean = math.remainder(mean_anomaly, math.tau)
    e = eccentricity
    size = _rising_root(
        lambda x: (
            (1 - e) * x + e * _minus_sin(x) - abs(mean),
            (1 - e) + 2 * e * math.sin(x / 2) ** 2,
        ),
        math.pi,
    )
    return math.copysign(size, mean) + turns * math.tau if mean else turns * math.tau


def hyperbolic_anomaly(mean_anomaly: float, eccentricity: float) -> float:
    """Solve e sinh F - F = M, e > 1.

    >>> round(hyperbolic_anomaly(1.0, 2.0), 12)
    0.814096796302
    """
    mean, e = abs(mean_anomaly), eccentricity
    size = _rising_root(
        lambda x: (
            (e - 1) * x + e * _sinh_minus(x) - mean,
            (e - 1) + 2 * e * math.sinh(x / 2) ** 2,
        ),
        # e sinh x - x is at least x^3/6, and at least (sinh x)/2 beyond x = 2.2, where sinh x > 2
        # x.
        min(math.cbrt(6 * mean), max(2.2, math.asinh(2 * mean))) * (1 + 1e-15),
    )
    return math.copysign(size, mean_anomaly) if mean else 0.0


def _minus_sin(x: float) -> float:
    """x - sin x, by its series where the difference would cancel."""
    return x - math.sin(x) if abs(x) > 0.5 else -_odd_tail(x, -x * x)


def _sinh_minus(x: float) -> float:
    """sinh x - x, by its series where the difference would cancel."""
    return math.sinh(x) - x if abs(x) > 0.5 else _odd_tail(x, x * x)


def _odd_tail(x: float, signed_square: float) -> float:
    """sum over k >= 1 of x s^k / (2 k + 1)! for |x| <= 1/2."""
    total = 0.0
    for k in range(8, 0, -1):
        total = (x + total) * signed_square / ((2 * k) * (2 * k + 1))
    return total


def _rising_root(value_and_slope: Callable[[float], tuple[float, float]], high: float) -> float:
    """Root of a rising function in [0, high]: Newton's method, bisection where it would leave."""
    low, x = 0.0, high / 2
    for _ in range(100):
        value, slope = value_and_slope(x)
        if value <= 0:
            low = x
        if value >= 0:
            high = x
        newton = x - value / slope if slope > 0 else math.inf
        following = newton if low <= newton <= high else low + (high - low) / 2
        if abs(following - x) <= 2e-16 * abs(x):
            return following
        x = following
    return x


def _orbital_axes(elements: Elements) -> tuple[Vector, Vector]:
    """Unit vectors to the pericentre and 90 degrees ahead (Murray & Dermott 1999, eq. 2.119)."""
    cos_w, sin_w = (
        math.cos(elements.argument_of_pericentre),
        math.sin(elements.argument_of_pericentre),
    )
    cos_o, sin_o = math.cos(elements.ascending_node), math.sin(elements.ascending_node)
    cos_i, sin_i = math.cos(elements.inclination), math.sin(elements.inclination)
    node = np.array([cos_o, sin_o, 0.0])
    above = np.array([-sin_o * cos_i, cos_o * cos_i, sin_i])
    return cos_w * node + sin_w * above, cos_w * above - sin_w * node


def _check(elements: Elements, gm: float) -> None:
    a, e = elements.semi_major_axis, elements.eccentricity
    values = [a, e, elements.inclination, elements.ascending_node]
    values += [elements.argument_of_pericentre, elements.mean_anomaly]
    if not all(math.isfinite(value) for value in values):
        raise ArgumentError(f"to_cartesian: {elements} has values that are not finite")
    if not ((a > 0 and 0 <= e < 1) or (a < 0 and e > 1)):
        raise ArgumentError(
            f"to_cartesian: semi_major_axis {a} with eccentricity {e} is no orbit; "
            "an ellipse has a > 0 and 0 <= e < 1, a hyperbola a < 0 and e > 1"
        )
    if not (math.isfinite(gm) and gm > 0):
        raise ArgumentError(f"to_cartesian: gm = {gm!r} must be positive and finite")
