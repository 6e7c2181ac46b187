"""Numerical functions of the user, called from machine code at order zero."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable

import numpy as np
import pytest
from function_cases import context

import taylor as ty

X, Y = ty.variables("x y")
MP = context(50)


@pytest.fixture(scope="module")
def airy() -> Callable:
    """Ai from SciPy, with Ai'' = x Ai given through a second registered function."""
    from scipy.special import airy as values

    def prime(x: ty.Expression) -> ty.Expression:
        return ty.functions.apply("test_airy_prime", x)

    ai = ty.register_function("test_airy", lambda x: float(values(float(x))[0]), prime)
    ty.register_function(
        "test_airy_prime", lambda x: float(values(float(x))[1]), lambda x: x * ai(x)
    )
    return ai


def test_user_functions_are_called_from_machine_code(airy: Callable) -> None:
    compiled = ty.compile(airy(X) * 2 + airy(2 * X), [X])
    points = np.linspace(-3, 3, 21)
    right = [2 * MP.airyai(x) + MP.airyai(2 * x) for x in map(MP.mpf, map(float, points))]
    assert np.allclose(compiled(points), np.array(right, dtype=float), rtol=1e-12, atol=1e-14)
    assert np.array_equal(pickle.loads(pickle.dumps(compiled))(points), compiled(points))


def test_user_functions_in_jets(airy: Callable) -> None:
    found = ty.jet(airy, [0.0, 0.7], order=15)
    for column, x in enumerate((0.0, 0.7)):
        right = MP.taylor(MP.airyai, x, 15)
        for value, exact in zip(found[:, column], right, strict=True):
            assert abs(float(value) - float(exact)) <= 4e-15 * max(abs(float(exact)), 1e-3)


def test_user_functions_in_differential_equations(airy: Callable) -> None:
    """x' = Ai'(t) from x(0) = Ai(0) is Ai(t)."""
    slope = ty.functions.apply("test_airy_prime", ty.time)
    ta = ty.Integrator([(X, slope)], [float(MP.airyai(0))])
    assert ta.propagate_until(2.0).status is ty.Status.REACHED
    assert ta.state[0] == pytest.approx(float(MP.airyai(2)), rel=1e-13)


def test_user_functions_of_two_arguments_and_those_without_a_value() -> None:
    def value(x: float, y: float) -> float:
        if x > 1:
            return math.nan
        return math.fmod(x, y)

    remainder = ty.register_function(
        "test_remainder", value, lambda x, y: (1, ty.floor(-x / y) + 1)
    )
    compiled = ty.compile(remainder(X, Y), [X, Y])
    found = compiled([0.9, 2.0, 0.5], [0.4, 0.4, 2.0])
    assert found[0] == math.fmod(0.9, 0.4) and math.isnan(found[1]) and found[2] == 0.5
