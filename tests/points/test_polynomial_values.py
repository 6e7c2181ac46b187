"""Expressions at polynomials: their coefficients are derivatives, which SymPy takes."""

from __future__ import annotations

import itertools
import math
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import taylor as ty
from taylor.points.polynomial_values import evaluate_polynomials
from taylor.systems.resets import as_pairs, placed_reset, values_after

X, V = ty.variables("x v")
K = ty.parameter("k")
E = sympy.symbols("x v k")
HALF = mpmath.mpf(1) / 2

FORMULAS = [
    lambda m, x, v, k: -k * v,
    lambda m, x, v, k: v - 2 * (x * v) / (x * x + 1) * x,
    lambda m, x, v, k: m.exp(x) * m.sin(v * k) + v**3,
    lambda m, x, v, k: m.sqrt(x + 2) / v - m.atan(k),
    lambda m, x, v, k: 2**x + (x + 1) ** v,
]


@pytest.mark.parametrize("precision", ["float64", "double-double"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_coefficients_are_derivatives(formula: Any, precision: str) -> None:
    at = [0.75, 1.25]
    x, v = ty.Polynomial.variables("x v", order=3, at=at, precision=precision)
    values = {X: x, V: v, K: 0.5}
    (found,) = evaluate_polynomials([formula(ty, X, V, K)], values)
    exact = formula(sympy, *E)
    for i, j in itertools.product(range(4), repeat=2):
        if i + j > 3:
            continue
        derivative = sympy.diff(exact, (E[0], i), (E[1], j))
        place = dict(zip(E, map(sympy.Rational, (*at, 0.5)), strict=True))
        wanted = sympy.N(derivative.subs(place), 40) / math.factorial(i) / math.factorial(j)
        coefficient = found[i, j]
        with mpmath.workdps(40):
            pairs = precision == "double-double"
            number = ty.to_mpmath(coefficient) if pairs else mpmath.mpf(float(coefficient))
            error = abs(number - mpmath.mpf(str(wanted)))
            assert error < (1e-29 if pairs else 1e-13) * (1 + abs(float(wanted)))


def test_branches_are_those_of_the_constant_parts() -> None:
    x = ty.Polynomial.variables("x", order=2, at=[1.0])[0]
    found = evaluate_polynomials(
        [ty.where(X > 0, X**2, -X), ty.where((X < 0) | (X == 3), 1, X), abs(-X), ty.maximum(X, 0)],
        {X: x},
    )
    assert found[0] == x * x
    assert all(p == x for p in found[1:])


def test_kinks_are_refused() -> None:
    x = ty.Polynomial.variables("x", order=2)[0]
    for kink in (ty.where(X > 0, X, 2 * X), ty.where(X == 0, 1, X), abs(X)):
        with pytest.raises(ValueError, match="has no Taylor series there"):
            evaluate_polynomials([kink], {X: x})


def test_values_after_a_reset() -> None:
    reset = placed_reset(as_pairs({V: -K * V, K: X + ty.time, X: 3}), (X, V), (K,))
    (v,) = ty.Polynomial.variables("dv", order=1, at=[2.0])
    states, parameters = values_after(reset, {X: 1.0, V: v, K: 0.5, ty.time: 7.0})
    assert states[1] == -0.5 * v
    assert states[0] == 3
    assert parameters == {0: 8.0}
    states, parameters = values_after(reset, {X: 1.0, V: 2.0, K: 0.5, ty.time: 7.0})
    assert (states, parameters) == ({1: -1.0, 0: 3}, {0: 8.0})
    assert np.ndim(parameters[0]) == 0
