"""Anomalies of ellipses and hyperbolas: mean, eccentric, true."""

from __future__ import annotations

from functools import cache
from typing import Any

from taylor.astrodynamics.formulas import formula
from taylor.astrodynamics.orbits.stumpff import minus_sine, sinh_minus
from taylor.definitions.implicit import implicit
from taylor.errors import ArgumentError
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.apply import where
from taylor.functions.hyperbolic import asinh, tanh
from taylor.functions.kepler import kepler_E
from taylor.functions.piecewise import maximum, minimum
from taylor.functions.powers import cbrt, sqrt
from taylor.functions.trigonometric import atan2, cos, sin


def eccentric_anomaly(mean_anomaly: ValueLike, eccentricity: ValueLike) -> ExpressionOrArray:
    """Return E with E - e sin E = M for e < 1, and F with e sinh F - F = M for e > 1; radians.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> ellipse, hyperbola = (sky.eccentric_anomaly(1.0, e) for e in (0.1, 2.0))
    >>> round(float(ellipse), 12), round(float(hyperbola), 12)
    (1.088597752398, 0.814096796302)
    """
    return _eccentric_of_mean(mean_anomaly, eccentricity)  # type: ignore[no-any-return]


def convert_anomaly(
    anomaly: ValueLike, eccentricity: ValueLike, source: str, target: str
) -> ExpressionOrArray:
    """Return an anomaly as another one, in radians; "mean", "eccentric" or "true".

    eccentricity: not 1.  Where it is above 1, the eccentric anomaly is the hyperbolic one, F.

    True anomalies are within half a turn of the eccentric one, so that full turns are kept.

    Raises ArgumentError for another word.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> round(float(sky.convert_anomaly(1.0, 0.1, "mean", "true")), 12)
    1.1794692627
    """
    for which in (source, target):
        if which not in ("mean", "eccentric", "true"):
            raise ArgumentError(
                f'convert_anomaly: {which!r} is none of "mean", "eccentric" and "true"'
            )
    if source == target:
        return anomaly
    steps = {
        ("mean", "eccentric"): (_eccentric_of_mean,),
        ("mean", "true"): (_eccentric_of_mean, _true_of_eccentric),
        ("eccentric", "mean"): (_mean_of_eccentric,),
        ("eccentric", "true"): (_true_of_eccentric,),
        ("true", "eccentric"): (_eccentric_of_true,),
        ("true", "mean"): (_eccentric_of_true, _mean_of_eccentric),
    }
    for step in steps[source, target]:
        anomaly = step(anomaly, eccentricity)
    return anomaly


@formula("(),()->()", "convert_anomaly")
def _eccentric_of_mean(mean: Any, e: Any) -> Any:
    return solved_anomaly(mean, e)


def solved_anomaly(mean: Any, e: Any) -> Any:
    """Kepler's equation of either kind solved."""
    closed = e < 1
    ellipse = kepler_E(where(closed, e, 0), where(closed, mean, 0))
    hyperbola = hyperbolic_anomaly()(where(closed, 2, e), where(closed, 0, mean))
    return where(closed, ellipse, hyperbola)


@cache
def hyperbolic_anomaly() -> Any:
    """The function F(e, M) with e sinh F - F = M, e > 1."""

    def excess(e: Any, mean: Any, x: Any) -> Any:
        return (e - 1) * x + e * sinh_minus(x) - mean

    def most(e: Any, mean: Any) -> Any:
        # e sinh x - x is at least x**3/6, and at least (sinh x)/2 beyond 2.2, where sinh x > 2 x
        size = abs(mean)
        return minimum(cbrt(6 * size), maximum(2.2, asinh(2 * size))) * (1 + 1e-12) + 1e-300

    def start(e: Any, mean: Any) -> Any:
        bound = most(e, mean)
        return minimum(bound, maximum(-bound, mean / (e - 1)))

    return implicit(excess, start=start, bracket=lambda e, m: (-most(e, m), most(e, m)))


@formula("(),()->()", "convert_anomaly")
def _mean_of_eccentric(anomaly: Any, e: Any) -> Any:
    return mean_of_eccentric(anomaly, e)


def mean_of_eccentric(anomaly: Any, e: Any) -> Any:
    """M, written so that nothing cancels near e = 1."""
    closed = e < 1
    bounded = where(closed, 0, anomaly)  # no overflow in what is not chosen
    ellipse = (1 - e) * anomaly + e * minus_sine(anomaly)
    return where(closed, ellipse, (e - 1) * bounded + e * sinh_minus(bounded))


@formula("(),()->()", "convert_anomaly")
def _true_of_eccentric(anomaly: Any, e: Any) -> Any:
    """E + 2 atan(b sin E/(1 - b cos E)), b = e/(1 + sqrt(1 - e**2)), which keeps turns
    (Broucke & Cefola 1973); of a hyperbola by the tangents of the halves.
    """
    closed = e < 1
    b = e / (1 + sqrt(where(closed, (1 - e) * (1 + e), 1)))
    ellipse = anomaly + 2 * atan2(b * sin(anomaly), 1 - b * cos(anomaly))
    ratio = sqrt(where(closed, 1, (e + 1) / where(closed, 1, e - 1)))
    return where(closed, ellipse, 2 * atan2(ratio * tanh(anomaly / 2), 1))


@formula("(),()->()", "convert_anomaly")
def _eccentric_of_true(true: Any, e: Any) -> Any:
    closed = e < 1
    b = e / (1 + sqrt(where(closed, (1 - e) * (1 + e), 1)))
    ellipse = true - 2 * atan2(b * sin(true), 1 + b * cos(true))
    height = sqrt(where(closed, 0.25, (e - 1) * (e + 1))) * sin(true)
    hyperbola = asinh(height / where(closed, 1, 1 + e * cos(true)))
    return where(closed, ellipse, hyperbola)
