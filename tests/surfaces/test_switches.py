"""Branches of right-hand sides: seen, stepped to, and never mixed; known solutions."""

from __future__ import annotations

import copy
import math
import pickle

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")


def test_dry_friction_stops_and_says_so() -> None:
    """x'' = -mu sign(v) - x sticks where |x| < mu: the surface v = 0 attracts from both sides."""
    ta = ty.Integrator([(X, V), (V, -X - 0.3 * ty.sign(V))], [1.0, 0.0])
    outcome = ta.propagate_until(50.0)
    # half swings about +0.3 and -0.3: 1, -0.4, -0.2, where |x| < 0.3
    assert outcome.status is ty.Status.SLIDING
    assert "v > 0" in outcome.message
    assert ta.time == pytest.approx(2 * math.pi, abs=1e-14)
    assert ta.state == pytest.approx([-0.2, 0.0], abs=1e-14)


def test_a_surface_behind_an_equality() -> None:
    """Conditions of numbers that an equality gives: its mode is known where theirs are found."""
    ta = ty.Integrator([(X, ty.where(1 - (X != 0), 3.0, -X))], [2.0])
    assert ta.propagate_until(1.5).success
    assert ta.state[0] == pytest.approx(2 * math.exp(-1.5), rel=1e-15)
    for start in (0.5, 1.0, 3.0):
        ta = ty.Integrator([(X, -ty.xlogy(X, X))], [start])  # Gompertz: (log x)' = -log x
        assert ta.propagate_until(2.0).success
        assert ta.state[0] == pytest.approx(start ** math.exp(-2.0), rel=1e-15)


def parabola(t: float) -> float:
    """x'' = -sign(x) from rest at 1."""
    quarter = math.sqrt(2.0)
    t = t % (4 * quarter)
    if t < quarter:
        return 1 - t * t / 2
    if t < 3 * quarter:
        s = t - quarter
        return -quarter * s + s * s / 2
    s = t - 3 * quarter
    return quarter * s - s * s / 2


@pytest.mark.parametrize("branch", [ty.sign(X), ty.where(X > 0, 1, -1), X / ty.abs(X)])
def test_a_relay(branch: ty.Expression) -> None:
    ta = ty.Integrator([(X, V), (V, -branch)], [1.0, 0.0])
    times = np.linspace(0, 50, 401)
    outcome = ta.propagate_grid(times, dense=True)
    exact = [parabola(t) for t in times]
    np.testing.assert_allclose(outcome.states[:, 0], exact, atol=2e-14)
    np.testing.assert_allclose(outcome.dense(times)[:, 0], exact, atol=2e-14)
    (seen,) = outcome.switches
    np.testing.assert_allclose(seen.times, math.sqrt(2) * np.arange(1, 36, 2), atol=2e-14)
    assert seen.directions.tolist() == [-1, 1] * 9
    assert outcome.retracted == 0
    assert ta.modes.tolist() == [1]
    back = ta.propagate_until(0.0)
    assert ta.state == pytest.approx([1.0, 0.0], abs=1e-13)
    assert len(back.switches[0]) == 18


@pytest.mark.parametrize(
    ("rate", "exact"),
    [
        (ty.abs(ty.time - 1), 2.5),
        (ty.minimum(ty.time, 1.0), 2.5),
        (ty.maximum(ty.time, 1.0), 5.0),
        (ty.relu(ty.time - 1), 2.0),
        (ty.leaky_relu(ty.time - 1, 0.5), 2.0 - 0.25),
        (ty.where((ty.time > 1) & (ty.time < 2), 1.0, 0.0), 1.0),
        (ty.where((ty.time < 1) | (ty.time >= 2), 1.0, 0.0), 2.0),
        (ty.where(ty.time <= 1, 1.0, ty.where(ty.time > 2, 2.0, 0.0)), 3.0),
        (ty.floor(ty.time), 3.0),
        (ty.floor(2 * ty.time) ** 2 + ty.floor(-ty.time), 55 / 2 - 6.0),
        (ty.time % 1, 1.5),
        (ty.abs(ty.abs(ty.time - 1) - 0.5), 0.125 * 4 + 1.0),
    ],
)
def test_switches_of_time(rate: ty.Expression, exact: float) -> None:
    ta = ty.Integrator([(X, rate)], [0.0])
    outcome = ta.propagate_until(3.0)
    assert outcome.status is ty.Status.REACHED
    assert ta.state[0] == pytest.approx(exact, abs=1e-14)
    assert outcome.retracted == 0


def test_the_branch_not_taken_may_be_undefined() -> None:
    """sqrt(x) below zero, log of it, and division by zero stay out of the result."""
    ta = ty.Integrator([(X, ty.where(X > 1, ty.sqrt(X - 0.75), 1.0))], [0.0])
    outcome = ta.propagate_until(2.0)
    assert outcome.status is ty.Status.REACHED
    # x = 1 at t = 1; then (sqrt(x - 3/4))' = 1/2
    assert ta.state[0] == pytest.approx(0.75 + (0.5 + 0.5) ** 2, abs=1e-14)


def test_growth_with_a_ceiling() -> None:
    """x' = min(x, 2): e^t up to log 2, then a straight line."""
    ta = ty.Integrator([(X, ty.minimum(X, 2))], [1.0])
    outcome = ta.propagate_until(3.0)
    assert outcome.switches[0].times == pytest.approx([math.log(2)], abs=1e-15)
    assert ta.state[0] == pytest.approx(2 + 2 * (3 - math.log(2)), abs=1e-14)


def test_counting_up_and_down() -> None:
    """x'' = -x with x' = v, and y' = floor(3 sin t): the integral of a staircase."""
    y = ty.variable("y")
    ta = ty.Integrator([(X, V), (V, -X), (y, ty.floor(3 * X))], [0.0, 1.0, 0.0])
    outcome = ta.propagate_until(2 * math.pi)
    # floor(3 sin t) = k between asin(k/3) and asin((k + 1)/3), up and down; -1 - k below zero
    a, b = math.asin(1 / 3), math.asin(2 / 3)
    up = 2 * (b - a) + 2 * 2 * (math.pi / 2 - b)
    down = -(2 * a + 2 * 2 * (b - a) + 3 * 2 * (math.pi / 2 - b))
    assert ta.state[2] == pytest.approx(up + down, abs=4e-15)
    rises, falls = (seen.times[seen.directions != 0] for seen in outcome.switches)
    assert rises[:4] == pytest.approx([a, b, 2 * math.pi - b, 2 * math.pi - a], abs=4e-15)
    assert falls == pytest.approx([math.pi + s for s in (-b, -a, 0, a, b)], abs=4e-15)
    back = ta.propagate_until(0.0)
    assert ta.state == pytest.approx([0.0, 1.0, 0.0], abs=4e-15)
    assert back.retracted == 0


def test_touching_a_surface_changes_nothing() -> None:
    """x = cos t touches 1: where(x < 1, ...) keeps its branch."""
    y = ty.variable("y")
    system = [(X, V), (V, -X), (y, ty.where(X < 1, 1.0, 100.0))]
    ta = ty.Integrator(system, [0.0, 1.0, 0.0])
    outcome = ta.propagate_until(20.0)
    assert outcome.status is ty.Status.REACHED
    assert ta.state[2] == pytest.approx(20.0, abs=1e-6)  # a touch may take sqrt(rounding) each


def test_starts_on_a_surface() -> None:
    up = ty.Integrator([(X, ty.where(X > 0, 2.0, 1.0))], [0.0])
    assert up.propagate_until(1.0).status is ty.Status.REACHED
    assert up.state[0] == pytest.approx(2.0, abs=1e-15)
    down = ty.Integrator([(X, ty.where(X >= 0, -1.0, -3.0))], [0.0])
    down.propagate_until(1.0)
    assert down.state[0] == pytest.approx(-3.0, abs=1e-15)
    held = ty.Integrator([(X, -ty.sign(X))], [0.0])
    outcome = held.propagate_until(1.0)
    assert outcome.status is ty.Status.SLIDING
    assert held.time == 0.0


def test_a_sliding_solution_stays_at_the_surface() -> None:
    ta = ty.Integrator([(X, ty.constant(0.5) - ty.sign(X))], [1.0])
    outcome = ta.propagate_until(5.0)
    assert outcome.status is ty.Status.SLIDING
    assert outcome.switches[0].directions.tolist() == [-1]
    assert ta.time == pytest.approx(2.0, abs=1e-15)
    assert ta.state == pytest.approx([0.0], abs=1e-15)
    again = ta.propagate_until(5.0)
    assert again.status is ty.Status.SLIDING
    assert again.time == outcome.time


def test_events_and_switches_together() -> None:
    ta = ty.Integrator(
        [(X, V), (V, -ty.sign(X))], [1.0, 0.0], events=[ty.Event(V), ty.Event(X, terminal=True)]
    )
    outcome = ta.propagate_until(50.0)
    assert outcome.status is ty.Status.EVENT
    assert ta.time == pytest.approx(math.sqrt(2), abs=1e-15)
    outcome = ta.propagate_until(50.0)
    assert ta.time == pytest.approx(3 * math.sqrt(2), abs=4e-15)
    assert outcome.events[0].times == pytest.approx([2 * math.sqrt(2)], abs=4e-15)


def test_many_switches_at_once() -> None:
    """A network of 40 rectifiers of one input that grows: each opens at its threshold."""
    thresholds = np.linspace(0.05, 0.95, 40)
    y = ty.variable("y")
    rate = ty.sum([ty.relu(X - float(c)) for c in thresholds])
    ta = ty.Integrator([(X, 1 + 0 * X), (y, rate)], [0.0, 0.0])
    outcome = ta.propagate_until(1.0)
    assert ta.state[1] == pytest.approx(float(np.sum((1 - thresholds) ** 2) / 2), rel=1e-13)
    assert outcome.switches[7].times == pytest.approx([thresholds[7]], abs=1e-15)


def test_modes_are_part_of_the_state() -> None:
    ta = ty.Integrator([(X, V), (V, -ty.sign(X))], [1.0, 0.0])
    ta.propagate_until(math.sqrt(2))  # at the surface
    others = [copy.copy(ta), pickle.loads(pickle.dumps(ta))]
    ta.propagate_until(30.0)
    for other in others:
        other.propagate_until(30.0)
        assert other.state.tobytes() == ta.state.tobytes()
    ta.state[:] = [-1.0, 0.0]
    assert ta.modes.tolist() == [-1]


def test_the_last_step_before_a_switch_can_be_asked() -> None:
    ta = ty.Integrator([(X, ty.where(X > 1, 3.0, 1.0))], [0.0])
    ta.step()
    while ta.time < 1:
        ta.step()
    assert ta.dense(0.75) == pytest.approx([0.75], abs=1e-15)


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 2e-5), ("double-double", 1e-29)])
def test_in_other_kinds_of_numbers(precision: str, tolerance: float) -> None:
    ta = ty.Integrator([(X, V), (V, -ty.sign(X))], [1.0, 0.0], precision=precision)
    with mpmath.workdps(40):
        ta.propagate_until(4 * mpmath.sqrt(2))
        state = ty.to_mpmath(ta.state) if precision == "double-double" else ta.state
        assert abs(state[0] - 1) < tolerance
        assert abs(state[1]) < tolerance


def test_conditions_of_parameters_are_no_switches() -> None:
    k = ty.parameter("k")
    ta = ty.Integrator([(X, ty.where(k > 0, 1.0, -1.0))], [0.0], parameters={k: -2.0})
    assert ta.switches == ()
    ta.propagate_until(1.0)
    assert ta.state[0] == -1.0
