"""Enclosures hold what they enclose, and error formulas bound rounding errors."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.transforms.enclosure import Model, enclosure
from taylor.transforms.rounding import rounding_error

X, Y = ty.variables("x y")
CASES = {
    "polynomial": X**2 - 3 * X * Y + Y**3 - 1,
    "quotient": (X + 2) / (Y + 5) - X / (X + 7),
    "roots": ty.sqrt(X**2 + Y**2 + 3) - ty.log(Y + 6),
    "powers": (X + 6) ** 0.5 + (Y + 6) ** 1.5 - (X + 6) ** -2.5 + (X + 6) ** -3,
    "bounded": ty.sin(40 * X) * ty.tanh(Y) + ty.erf(X) - ty.atan(9 * Y) + ty.cos(X * Y),
    "choice": ty.minimum(X, Y) * ty.abs(X - Y) + ty.maximum(X, ty.exp(Y)),
}


@pytest.mark.parametrize("name", CASES)
def test_enclosures_hold(name: str) -> None:
    rng = np.random.default_rng(7)
    g = CASES[name]
    terms = {v: ty.variables(f"{v}1 {v}2 {v}r") for v in (X, Y)}
    models = {v: Model((v, own[0], own[1]), own[2]) for v, own in terms.items()}
    found = enclosure(g, models)
    for _ in range(200):
        size = 10.0 ** rng.uniform(-6, 0)
        values = {}
        for v, own in terms.items():
            values[v] = rng.normal()
            values |= {own[0]: rng.normal() * size, own[1]: rng.normal() * size**2}
            values[own[2]] = size**3
        middle, reach = (float(e.evaluate(values)) for e in (found.middle, found.spread))
        for s in rng.uniform(0, 1, 20):
            point = {
                v: values[v]
                + values[own[0]] * s
                + values[own[1]] * s * s
                + values[own[2]] * rng.uniform(-1, 1)
                for v, own in terms.items()
            }
            value = float(g.evaluate(point))
            assert np.isnan(value) or abs(value - middle) <= reach * (1 + 1e-12) + 1e-14


def test_enclosures_are_sharp_for_short_steps() -> None:
    """Squares of distances of circular motion: terms that cancel do so in the enclosure."""
    r = ty.variable("r")
    h = 0.3
    models = {
        X: Model((X, ty.constant(0), ty.constant(-h * h / 2)), r),
        Y: Model((Y, ty.constant(h), ty.constant(0)), r),
    }
    found = enclosure(X**2 + Y**2, models)
    assert float(found.spread.evaluate({X: 1.0, Y: 0.0, r: 1e-9})) < 0.003


def test_what_is_not_known_is_infinite() -> None:
    r = ty.variable("r")
    models = {X: Model((X,), r)}
    for g in (ty.where(X > 0, X, 1), ty.asin(X), ty.floor(X)):
        assert float(enclosure(g, models).spread.evaluate({X: 0.5, r: 0.1})) == np.inf
    assert float(enclosure(ty.sqrt(X), models).spread.evaluate({X: 0.5, r: 0.6})) == np.inf
    assert float(enclosure(1 / X, models).spread.evaluate({X: 0.5, r: 0.6})) == np.inf


@pytest.mark.parametrize("name", CASES)
def test_rounding_errors_are_bounded(name: str) -> None:
    """Evaluated in double against 40 digits, at inputs that are off by half a unit."""
    rng = np.random.default_rng(3)
    g = CASES[name]
    bound = rounding_error(g)
    for _ in range(300):
        point = {X: rng.normal(), Y: rng.normal()}
        with mpmath.workdps(40):
            exact = {
                v: mpmath.mpf(x) * (1 + rng.uniform(-1, 1) * 2.0**-53) for v, x in point.items()
            }
            error = abs(g.evaluate(exact) - mpmath.mpf(float(g.evaluate(point))))
        assert error <= 2.0**-52 * float(bound.evaluate(point))
