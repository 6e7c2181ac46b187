"""Tolerances and orders: what is asked for is what comes out."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.systems.tolerance import EPSILON, candidates, make_tolerance

X, V, Y = ty.variables("x v y")
OSCILLATOR = [(X, V), (V, -X)]


def error_at_10(**options: Any) -> tuple[float, int]:
    ta = ty.Integrator(OSCILLATOR, [1.0, 0.0], **options)
    outcome = ta.propagate_until(10.0)
    assert outcome.status is ty.Status.REACHED
    exact = np.array([math.cos(10.0), -math.sin(10.0)])
    return float(np.abs(ta.state - exact).max()), outcome.steps


@pytest.mark.parametrize("tol", [1e-1, 1e-2, 1e-4, 1e-6, 1e-9, 1e-12, 1e-15, 1e-20, 1e-30])
def test_the_error_follows_the_tolerance(tol: float) -> None:
    """Over ten radians the error stays below ten tolerances, down to rounding."""
    error, steps = error_at_10(tol=tol)
    assert error < 10 * tol + 2e-15
    assert steps < 200


def test_the_order_follows_the_smallest_relative_tolerance() -> None:
    """p = ceil(1 - ln(tol) / 2), Jorba & Zou (2005), eq. 3-2."""
    for tol, order in [(EPSILON, 20), (1e-15, 19), (1e-18, 22), (1e-9, 12), (0.5, 2)]:
        assert make_tolerance(1, tol, None, None).order() == order
        assert order <= ty.Integrator([(X, X)], [1.0], tol=tol).order <= 1.3 * order
    assert make_tolerance(2, None, [1e-3, 1e-9], None).order() == 12
    assert make_tolerance(2, None, None, 1e-3).order() == 20
    assert ty.Integrator([(X, X)], [1.0], tol=1e-300).order == 200


@pytest.mark.parametrize("order", [6, 8, 12, 16, 24, 31, 36])
def test_any_order_gives_the_same_accuracy(order: int) -> None:
    """The step shrinks or grows with the order so that the truncation error stays."""
    tol = 1e-13 if order > 6 else 1e-9
    error, _ = error_at_10(order=order, tol=tol)
    assert error < tol


@pytest.mark.parametrize("options", [{"order": 60}, {"order": 200}, {"tol": 1e-80}])
def test_very_high_orders_only_cost_what_long_steps_cancel(options: dict[str, Any]) -> None:
    """One step of ten radians: its terms sum up to exp(10) without their signs."""
    error, steps = error_at_10(**options)
    assert steps <= 3
    assert error < math.exp(10) * EPSILON


@pytest.mark.parametrize(("order", "tol"), [(2, 1e-3), (3, 1e-4), (4, 1e-6), (5, 1e-7)])
def test_low_orders(order: int, tol: float) -> None:
    error, steps = error_at_10(order=order, tol=tol)
    assert error < 10 * tol
    assert steps < 20_000


def test_components_of_different_size_have_their_own_tolerance() -> None:
    """A small oscillator beside a large slow one keeps its relative accuracy with rtol alone."""
    a, b = ty.variables("a b")
    system = [(X, V), (V, -(X + 0) / 100), (a, b), (b, -4 * a)]
    state = [1e8, 0.0, 1e-8, 0.0]
    ta = ty.Integrator(system, state, rtol=1e-14)
    ta.propagate_until(50.0)
    assert abs(ta.state[2] / 1e-8 - mpmath.cos(100)) < 1e-11
    assert abs(ta.state[0] / 1e8 - mpmath.cos(5)) < 1e-12
    loose = ty.Integrator(system, state, tol=1e-14)
    assert loose.propagate_until(50.0).steps < ta.propagate_for(50.0).steps


def test_an_absolute_tolerance_ignores_what_is_small() -> None:
    a, b = ty.variables("a b")
    system = [(X, V), (V, -X), (a, b), (b, -10_000 * a)]
    state = [1.0, 0.0, 1e-12, 0.0]
    strict = ty.Integrator(system, state, rtol=1e-9).propagate_until(10.0)
    ta = ty.Integrator(system, state, rtol=1e-9, atol=[0, 0, 1e-6, 1e-4])
    loose = ta.propagate_until(10.0)
    assert loose.steps < strict.steps / 2
    assert abs(ta.state[0] - math.cos(10)) < 1e-8


def test_atol_per_component_is_the_same_as_a_number_for_all() -> None:
    states = []
    for rtol, atol in [(1e-10, 1e-8), ([1e-10] * 2, [1e-8] * 2), (np.array([1e-10] * 2), 1e-8)]:
        ta = ty.Integrator(OSCILLATOR, [1.0, 0.0], rtol=rtol, atol=atol)
        ta.propagate_until(10.0)
        states.append(ta.state.tobytes())
    assert len(set(states)) == 1


def test_states_and_slopes_that_start_at_zero_with_pure_relative_tolerance() -> None:
    ta = ty.Integrator([(X, V), (V, ty.sin(ty.time) / 3 - ty.sin(X))], [0.0, 0.0], rtol=1e-13)
    plain = ty.Integrator([(X, V), (V, ty.sin(ty.time) / 3 - ty.sin(X))], [0.0, 0.0])
    assert ta.propagate_until(5.0).status is ty.Status.REACHED
    plain.propagate_until(5.0)
    assert ta.state == pytest.approx(plain.state, rel=1e-12)


@pytest.mark.parametrize("options", [{}, {"rtol": 1e-12}])
def test_a_bump_that_starts_with_many_vanishing_coefficients(options: dict[str, float]) -> None:
    """The integral of t^40 exp(-40 t) is 40!/40^41; at t = 0 all coefficients below 41 vanish."""
    f = ty.time**40 * ty.exp(-40 * ty.time)
    ta = ty.Integrator([(X, f)], [0.0], **options)
    assert ta.propagate_until(1e4).status is ty.Status.REACHED
    exact = mpmath.factorial(40) / mpmath.mpf(40) ** 41
    assert abs(ta.state[0] / exact - 1) < 1e-12


@pytest.mark.parametrize("max_step", [0.01, 0.3])
def test_max_step_bounds_every_step(max_step: float) -> None:
    ta = ty.Integrator(OSCILLATOR, [1.0, 0.0], max_step=max_step)
    outcome = ta.propagate_until(1.0)
    assert outcome.largest_step <= max_step
    assert outcome.steps == math.ceil(1.0 / max_step)
    ta.max_step = math.inf
    assert ta.propagate_for(1.0).largest_step > max_step


BAD_TOLERANCES: list[tuple[dict[str, Any], type[Exception], str]] = [
    *[
        ({"tol": bad}, ValueError, "tol must be between 0 and 1")
        for bad in (0, 1, -1e-3, 2, math.nan)
    ],
    ({"tol": "small"}, TypeError, "tol must be a number"),
    ({"tol": [1e-3, 1e-3]}, TypeError, "tol must be a number"),
    ({"tol": 1e-3, "rtol": 1e-3}, ValueError, "not both"),
    ({"tol": 1e-3, "atol": 1e-3}, ValueError, "not both"),
    ({"rtol": [1e-3] * 3}, ValueError, "rtol must be a number or have one entry for each of the 2"),
    ({"rtol": [1e-3, 0.0]}, ValueError, "rtol must be between 0 and 1"),
    ({"rtol": math.nan}, ValueError, "rtol must be between 0 and 1"),
    ({"atol": -1.0}, ValueError, "atol must be finite and not negative"),
    ({"atol": [0.0, math.inf]}, ValueError, "atol must be finite"),
    ({"atol": "tiny"}, TypeError, "atol must be a number"),
    ({"order": 1}, ValueError, "order must be between 2 and 200"),
    ({"order": 201}, ValueError, "order must be between 2 and 200"),
    ({"order": 10.0}, TypeError, "order must be an integer"),
    ({"order": True}, TypeError, "order must be an integer"),
    ({"max_step": 0}, ValueError, "max_step must be positive"),
    ({"max_step": math.nan}, ValueError, "max_step must be positive"),
    ({"max_step": None}, TypeError, "max_step must be a positive number"),
    ({"max_step": True}, TypeError, "max_step must be a positive number"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD_TOLERANCES)
def test_bad_tolerances_are_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ty.Integrator(OSCILLATOR, [1.0, 0.0], **options)


def test_a_given_order_is_kept_and_a_large_system_has_the_natural_one() -> None:
    """Only programs that are written out gain by a higher order."""
    x = [ty.variable(f"x{i}") for i in range(24)]
    coupled = [(a, sum(ty.sin(b - a) for b in x if b is not a)) for a in x]
    assert ty.Integrator(coupled, np.linspace(0, 1, 24), tol=1e-9).order == 12
    assert ty.Integrator([(X, ty.sin(X))], [1.0], tol=1e-15, order=19).order == 19
    assert 19 < ty.Integrator([(X, ty.sin(X))], [1.0], tol=1e-15).order <= 24


def test_candidate_orders_have_one_truncation_error() -> None:
    """(h / rho)^p = e^(-2 p0 - 0.7 p / (p - 1)) for every order p."""
    for natural in (2, 12, 19, 200):
        orders = candidates(natural)
        assert orders[0][0] == natural
        assert orders[-1][0] == min(int(1.3 * natural), 200)
        for order, log2_step in orders:
            wanted = -2 * natural - 0.7 * order / (order - 1)
            assert order * log2_step * math.log(2) == pytest.approx(wanted, rel=1e-13)
