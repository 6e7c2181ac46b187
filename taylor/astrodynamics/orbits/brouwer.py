"""Mean and osculating elements under the zonal harmonics J2 .. J5 (Brouwer 1959, Lyddane 1963).

The transformation is canonical, and to first order it adds {x, W} to every x, with Brouwer's
generating functions for the short periods and the long ones.  Written in quantities that circles
and orbits in the equator leave regular, W serves for all x, and its derivatives are made by
differentiation: there are no tables of terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from taylor.astrodynamics.formulas import Formula, formula
from taylor.astrodynamics.orbits.conversion import convert_elements
from taylor.astrodynamics.orbits.vectors import cross, dot, joined, norm, scaled, summed, triple
from taylor.definitions.solutions import fixed_point
from taylor.errors import ArgumentError
from taylor.expressions.leaves import concatenate
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.apply import sum as total
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import atan2, cos
from taylor.programs.gradients import grad
from taylor.programs.products import jvp

Zonal: TypeAlias = "Sequence[float] | np.ndarray"
EQUINOCTIAL = "equinoctial"


def osculating_elements(
    mean: ValueLike, gm: ValueLike, *, radius: float, zonal: Zonal, kind: str = "keplerian"
) -> ExpressionOrArray:
    """Return osculating elements from Brouwer's mean ones, shape (..., 6).

    mean:   shape (..., 6), of an ellipse about the z axis of the harmonics.
    gm:     of the central body; radius: the one that the harmonics refer to.
    zonal:  J2, or J2, J3, J4, J5 without normalisation; those after J2 may be left out.
    kind:   of the elements given and returned, as for `convert_elements`.

    To the first order in J2: errors are of the order of J2**2, and larger near the critical
    inclination, 63.4 degrees, where long-periodic terms are divided by 1 - 5 cos(i)**2.
    J3, J4 and J5 count as of second order, and bring long-periodic terms alone.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> earth = dict(radius=6378.137, zonal=[1.08262668e-3])
    >>> found = sky.osculating_elements([7000.0, 0.01, 1.0, 0, 0, 0], 398600.4418, **earth)
    >>> found[:2].round(4).tolist()
    [7006.8751, 0.0107]
    """
    return _converted(_osculating, mean, gm, radius, zonal, kind)


def mean_elements(
    osculating: ValueLike, gm: ValueLike, *, radius: float, zonal: Zonal, kind: str = "keplerian"
) -> ExpressionOrArray:
    """Return Brouwer's mean elements from osculating ones: the inverse of `osculating_elements`.

    Arguments are the same.  It is found by a fixed point, whose steps gain a factor of about J2.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> earth = dict(radius=6378.137, zonal=[1.08262668e-3, -2.5327e-6, -1.6196e-6])
    >>> mean = [7000.0, 0.01, 1.0, 0.1, 0.2, 0.3]
    >>> osculating = sky.osculating_elements(mean, 398600.4418, **earth)
    >>> sky.mean_elements(osculating, 398600.4418, **earth).round(9).tolist()
    [7000.0, 0.01, 1.0, 0.1, 0.2, 0.3]
    """
    return _converted(_mean, osculating, gm, radius, zonal, kind)


def secular_rates(
    mean: ValueLike, gm: ValueLike, *, radius: float, zonal: Zonal
) -> ExpressionOrArray:
    """Return the rates of mean anomaly, argument of pericentre and node, shape (..., 3).

    mean: Brouwer's mean elements of kind "keplerian", shape (..., 6); radians by time.

    With J2, J2**2 and J4 (Brouwer 1959, section 9). Other mean elements are constant.

    >>> import taylor as ty
    >>> earth = dict(radius=6378.137, zonal=[1.08262668e-3])
    >>> rates = ty.astrodynamics.secular_rates([7178.0, 0.001, 1.72, 0, 0, 0], 398600.4418, **earth)
    >>> round(float(rates[2] * 86400 * 57.29577951), 4)  # degrees a day: nearly sun-synchronous
    0.9788
    """
    return _rates(mean, gm, radius, _harmonics(zonal))  # type: ignore[no-any-return]


def propagate_mean(
    mean: ValueLike, dt: ValueLike, gm: ValueLike, *, radius: float, zonal: Zonal
) -> ExpressionOrArray:
    """Return Brouwer's mean elements after a time dt, shape (..., 6), of kind "keplerian".

    >>> import taylor as ty
    >>> earth = dict(radius=6378.137, zonal=[1.08262668e-3])
    >>> later = ty.astrodynamics.propagate_mean([7178.0, 0.001, 1.72, 0, 0, 0], 60.0, 4e5, **earth)
    >>> later[:3].tolist()
    [7178.0, 0.001, 1.72]
    """
    return _later(mean, dt, gm, radius, _harmonics(zonal))  # type: ignore[no-any-return]


def _harmonics(zonal: Zonal) -> np.ndarray:
    """J2 .. J5."""
    values = np.asarray(zonal, dtype=np.float64)
    if values.ndim != 1 or not 1 <= len(values) <= 4 or not values[0]:
        raise ArgumentError(
            f"mean elements: zonal={zonal!r} has to be J2, or J2 and up to three more, J3, J4, J5"
        )
    return np.concatenate([values, np.zeros(4 - len(values))])


def _converted(
    function: Formula, elements: Any, gm: Any, radius: float, zonal: Zonal, kind: str
) -> Any:
    regular = convert_elements(elements, kind, EQUINOCTIAL, gm)
    found = function(regular, gm, radius, _harmonics(zonal))
    return convert_elements(found, EQUINOCTIAL, kind, gm)


# -- the transformation ---------------------------------------------------------------------------


@formula("(6),(),(),(4)->(6)", "osculating_elements")
def _osculating(mean: Any, gm: Any, radius: Any, zonal: Any) -> Any:
    return mean + _shift(mean, gm, radius, zonal)


@formula("(6),(),(),(4)->(6)", "mean_elements")
def _mean(osculating: Any, gm: Any, radius: Any, zonal: Any) -> Any:
    return fixed_point(lambda x: osculating - _shift(x, gm, radius, zonal), osculating)


def _shift(elements: Any, gm: Any, radius: Any, zonal: Any) -> Any:
    """{x, W} for equinoctial elements x, by way of position and velocity, which are canonical."""
    state = convert_elements(elements, EQUINOCTIAL, "cartesian", gm)

    def to_regular(s: Any) -> Any:
        return convert_elements(s, "cartesian", EQUINOCTIAL, gm)

    slopes = grad(lambda s: total(_generator(s, gm, radius, zonal)))(state)
    direction = concatenate([slopes[..., 3:], -slopes[..., :3]], axis=-1)
    return jvp(to_regular, (state,), (direction,))[1]


def _generator(state: Any, gm: Any, radius: Any, zonal: Any) -> Any:
    """W of a state."""
    place, speed = triple(state[..., :3]), triple(state[..., 3:])
    r, momentum = norm(place), cross(place, speed)
    h = norm(momentum)
    normal = scaled(1 / h, momentum)
    a = 1 / (2 / r - dot(speed, speed) / gm)
    p = h * h / gm
    n_a = sqrt(gm * a)  # Delaunay's L
    eta = h / n_a
    j2 = zonal[..., 0]
    # e cos f, e sin f; of the eccentric anomaly e cos E, e sin E
    e_cos, e_sin = p / r - 1, h * dot(place, speed) / (r * gm)
    cos_e, sin_e = 1 - r / a, dot(place, speed) / n_a
    centre = 2 * atan2(sin_e, 1 + eta - cos_e) + sin_e  # f - M
    # sin i times sine and cosine of the argument of latitude; the same of u, of which z is known
    up = scaled(1 / r, place)
    s_sin, s_cos = up[2], cross(normal, up)[2]
    sin_2u, cos_2u = 2 * s_sin * s_cos, s_cos * s_cos - s_sin * s_sin  # times sin(i)**2
    c2 = normal[2] * normal[2]
    waves = (3 * c2 - 1) * (centre + e_sin) + 0.5 * (
        3 * sin_2u + 3 * (sin_2u * e_cos - cos_2u * e_sin) + (sin_2u * e_cos + cos_2u * e_sin)
    )
    short = -(gm * gm * j2 * radius**2 / (4 * h**3)) * waves
    vector = summed(scaled(1 / gm, cross(speed, momentum)), scaled(-1, up))
    x, y = cross(normal, vector)[2], vector[2]  # e sin i times cosine and sine of the pericentre
    return short + _long_periods(x, y, c2, h, eta, a, radius, zonal)


def _long_periods(
    x: Any, y: Any, c2: Any, h: Any, eta: Any, a: Any, radius: Any, zonal: Any
) -> Any:
    """The generating function of long periods (Brouwer 1959, section 8), from those of e.

    As e'' delta e = eta/L dW/dg. Brackets such as 1 - 11 c**2 - 40 c**4/(1 - 5 c**2) are written
    with their factors, (1 - c**2) (1 - 15 c**2)/(1 - 5 c**2).
    """
    j2, j3, j4, j5 = (zonal[..., i] for i in range(4))
    ratio = radius / (a * eta * eta)
    critical = 1 - 5 * c2
    gamma2 = j2 / 2 * ratio**2
    double = 2 * x * y  # (e sin i)**2 sin 2g
    found = h * gamma2 / 16 * double * (1 - 15 * c2) / critical
    found += 5 / 24 * 3 / 8 * h * j4 * ratio**4 / gamma2 * double * (1 - 7 * c2) / critical
    found += h / 4 * j3 * ratio**3 / gamma2 * x
    e2 = (1 - eta) * (1 + eta)
    triple_angle = x * (x * x - 3 * y * y)  # (e sin i)**3 cos 3g
    size = h * j5 * ratio**5 / gamma2 / critical
    found += size * 5 / 64 * (4 + 3 * e2) * (1 - 14 * c2 + 21 * c2 * c2) * x
    found -= size * 35 / 1152 * (1 - 9 * c2) * triple_angle
    return found


# -- secular motion -------------------------------------------------------------------------------


@formula("(6),(),(),(4)->(3)", "secular_rates")
def _rates(mean: Any, gm: Any, radius: Any, zonal: Any) -> Any:
    return joined(*_secular(mean, gm, radius, zonal))


@formula("(6),(),(),(),(4)->(6)", "propagate_mean")
def _later(mean: Any, dt: Any, gm: Any, radius: Any, zonal: Any) -> Any:
    a, e, inclination, node, pericentre, anomaly = (mean[..., i] for i in range(6))
    rates = _secular(mean, gm, radius, zonal)
    turned = (angle + r * dt for angle, r in zip((anomaly, pericentre, node), rates, strict=True))
    anomaly, pericentre, node = turned
    return joined(a, e, inclination, node, pericentre, anomaly)


def _secular(mean: Any, gm: Any, radius: Any, zonal: Any) -> tuple[Any, Any, Any]:
    a, e, c = mean[..., 0], mean[..., 1], cos(mean[..., 2])
    e2, c2 = e * e, c * c
    n, eta2 = sqrt(gm / a) / a, 1 - e * e
    eta = sqrt(eta2)
    ratio = radius / (a * eta2)
    two, four = zonal[..., 0] / 2 * ratio**2, -3 / 8 * zonal[..., 2] * ratio**4
    two2, c4 = two * two, c2 * c2
    fast = 1.5 * two * eta * (3 * c2 - 1)
    fast += (
        3
        / 32
        * two2
        * eta
        * (
            -15
            + 16 * eta
            + 25 * eta2
            + (30 - 96 * eta - 90 * eta2) * c2
            + (105 + 144 * eta + 25 * eta2) * c4
        )
    )
    fast += 15 / 16 * four * eta * e2 * (3 - 30 * c2 + 35 * c4)
    pericentre = 1.5 * two * (5 * c2 - 1)
    pericentre += (
        3
        / 32
        * two2
        * (
            -35
            + 24 * eta
            + 25 * eta2
            + (90 - 192 * eta - 126 * eta2) * c2
            + (385 + 360 * eta + 45 * eta2) * c4
        )
    )
    pericentre += (
        5 / 16 * four * (21 - 9 * eta2 + (-270 + 126 * eta2) * c2 + (385 - 189 * eta2) * c4)
    )
    node = -3 * two * c
    node += 3 / 8 * two2 * c * (-5 + 12 * eta + 9 * eta2 - (35 + 36 * eta + 5 * eta2) * c2)
    node += 5 / 4 * four * (5 - 3 * eta2) * c * (3 - 7 * c2)
    return n * (1 + fast), n * pericentre, n * node
