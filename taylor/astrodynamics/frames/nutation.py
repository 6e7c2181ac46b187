"""Nutation by the model IAU 2000A, and the locator of the origin, by series of sines and cosines.

P. M. Mathews, T. A. Herring & B. A. Buffett, J. Geophys. Res. 107 (2002) B4; IERS Conventions
(2003) and (2010), chapter 5.  File nutation.npz has the tables as SOFA and ERFA have them:
`multipliers` (1365, 18) of the arguments below, `coefficients` (1365, 6) in 0.1 microarcseconds
(of longitude: sine, cosine; of obliquity: sine, cosine; and growing with time in centuries: sine
of longitude, cosine of obliquity); for s + X Y / 2 `locator_multipliers` (66, 8), `locator` (66, 2;
sine, cosine) in 0.01 microarcseconds and `locator_power`, the power of time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, as_expression, constant
from taylor.functions.trigonometric import cos, sin
from taylor.nodes.conversion import concatenate

Number: TypeAlias = float | Fraction
ARCSECOND = math.pi / 648000

# Arguments as polynomials of centuries.  In arcseconds: IERS Conventions (2010), eq. 5.43; the
# Sun's anomaly and the elongation with the digits of Mathews, Herring and Buffett.
_MOON = (485868.249036, 1717915923.2178, 31.8792, 0.051635, -0.00024470)
_SUN = (1287104.79305, 129596581.0481, -0.5532, 0.000136, -0.00001149)
_LATITUDE = (335779.526232, 1739527262.8478, -12.7512, -0.001037, 0.00000417)
_ELONGATION = (1072260.70369, 1602961601.2090, -6.3706, 0.006593, -0.00003169)
_NODE = (450160.398036, -6962890.5431, 7.4722, 0.007702, -0.00005939)
_LUNISOLAR = (_MOON, _SUN, _LATITUDE, _ELONGATION, _NODE)
# In radians: of the Moon as the terms of the planets take them, the longitudes of the planets from
# Mercury to Neptune, and the precession in longitude (eq. 5.44).
_VENUS = (3.176146697, 1021.3285546211)
_EARTH = (1.753470314, 628.3075849991)
_PRECESSION = (0.0, 0.024381750, 0.00000538691)
_PLANETARY = (
    (2.35555598, 8328.6914269554),
    (1.627905234, 8433.466158131),
    (5.198466741, 7771.3771468121),
    (2.18243920, -33.757045),
    (4.402608842, 2608.7903141574),
    _VENUS,
    _EARTH,
    (6.203480913, 334.0612426700),
    (0.599546497, 52.9690962641),
    (0.874016757, 21.3299104960),
    (5.481293872, 7.4781598567),
    (5.321159000, 3.8127774000),
    _PRECESSION,
)
_LOCATOR = (94.00e-6, 3808.65e-6, -122.68e-6, -72574.11e-6, 27.98e-6, 15.62e-6)  # arcseconds


def polynomial(coefficients: Sequence[Number | Expression], t: Expression) -> Expression:
    """sum_k c_k t^k."""
    value: Expression = ZERO
    for c in reversed(coefficients):
        value = value * t + c
    return as_expression(value)


def polynomials(rows: Sequence[Sequence[Number]], t: Expression) -> Expression:
    """sum_k c_k t^k for each row of coefficients, which may differ in length; shape (rows,)."""
    columns = zip_longest(*rows, fillvalue=0)
    return polynomial([as_expression(list(column)) for column in columns], t)


def moon_and_sun(centuries: Expression) -> Expression:
    """Delaunay's l, l', F, D and Omega, rad, shape (5,): the anomalies of Moon and Sun, the Moon's
    distance from its node, its elongation, and the longitude of the node.
    """
    return ARCSECOND * polynomials(_LUNISOLAR, centuries)


def nutation(centuries: Expression, accuracy: float) -> tuple[Expression, Expression]:
    """Nutation in longitude and obliquity, rad, with the changes that go with IAU 2006.

    accuracy: rad by which either may be off within a century of J2000, by terms left out.
    """
    multipliers, table = _terms(accuracy)
    arguments = [moon_and_sun(centuries), polynomials(_PLANETARY, centuries)]
    angles = constant(multipliers) @ concatenate(arguments)
    sines, cosines = as_expression(sin(angles)), as_expression(cos(angles))
    longitude = constant(table[:, 0]) @ sines + constant(table[:, 1]) @ cosines
    longitude = longitude + centuries * (constant(table[:, 4]) @ sines)
    obliquity = constant(table[:, 2]) @ sines + constant(table[:, 3]) @ cosines
    obliquity = obliquity + centuries * (constant(table[:, 5]) @ cosines)
    # P. T. Wallace & N. Capitaine, Astron. Astrophys. 459 (2006) 981, eq. 5: a frame that precesses
    # otherwise, and the Earth's flattening as it decreases.
    flattening = -2.7774e-6 * centuries
    return longitude * (1 + 0.4697e-6 + flattening), obliquity * (1 + flattening)


def locator(centuries: Expression) -> Expression:
    """s + X Y / 2 in rad, s the locator of the celestial intermediate origin (IAU 2006)."""
    with np.load(Path(__file__).with_name("nutation.npz")) as table:
        multipliers = table["locator_multipliers"].astype(float)
        power = table["locator_power"]
        waves = table["locator"] * (1e-8 * ARCSECOND)
    others = polynomials((_VENUS, _EARTH, _PRECESSION), centuries)
    angles = constant(multipliers) @ concatenate([moon_and_sun(centuries), others])
    sines, cosines = as_expression(sin(angles)), as_expression(cos(angles))
    value: Expression = ZERO
    for k in reversed(range(len(_LOCATOR))):
        here = waves * (power == k)[:, None]
        value = value * centuries + _LOCATOR[k] * ARCSECOND
        if here.any():
            value = value + constant(here[:, 0]) @ sines + constant(here[:, 1]) @ cosines
    return as_expression(value)


def _terms(accuracy: float) -> tuple[np.ndarray, np.ndarray]:
    """Multipliers of the arguments and coefficients in rad, of the terms that matter."""
    with np.load(Path(__file__).with_name("nutation.npz")) as table:
        multipliers = table["multipliers"].astype(float)
        coefficients = table["coefficients"] * (1e-7 * ARCSECOND)
    a = np.abs(coefficients)
    size = np.maximum(a[:, 0] + a[:, 1] + a[:, 4], a[:, 2] + a[:, 3] + a[:, 5])
    order = np.argsort(size)
    dropped = np.cumsum(size[order]) <= accuracy
    kept = np.sort(order[~dropped])
    return multipliers[kept], coefficients[kept]
