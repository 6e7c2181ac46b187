"""Gradients through solutions whose right answers are known in closed form.

Most are the smallest cases of what other packages got wrong, by their public reports.
"""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V, Y = ty.variables("x v y")
K, A, G = ty.parameters("k a g")


def test_a_constant_solution_whose_derivatives_grow() -> None:
    # Steps never see the derivative (arXiv 2406.09699): exp(t [[1, -1], [-1, 1]]).
    ta = ty.Integrator([(X, X - Y), (Y, Y - X)], [1.0, 1.0])
    found = ty.gradient_through(ta, X, until=5.0)
    assert found.value == 1.0
    np.testing.assert_allclose(found[X], (1 + math.exp(10)) / 2, rtol=1e-14)
    np.testing.assert_allclose(found[Y], (1 - math.exp(10)) / 2, rtol=1e-14)


@pytest.mark.parametrize("start", [0.0, 1.0])
@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_the_logistic_equation_at_its_fixed_points(start: float, precision: str) -> None:
    ta = ty.Integrator([(X, X * (1 - X))], [start], precision=precision)
    found = ty.gradient_through(ta, X, until=8.0)
    with mpmath.workdps(40):
        right = mpmath.exp(8 if start == 0 else -8)
        got = ty.to_mpmath(found.state[0]) if precision == "double-double" else found.state[0]
        assert abs(got / right - 1) < (1e-29 if precision == "double-double" else 1e-14)


def test_a_switch_at_a_time_that_is_a_parameter() -> None:
    T = ty.parameter("T")  # y' = -k y until T, then 0 (diffrax issue 363)
    ta = ty.Integrator(
        [(Y, ty.where(ty.time <= T, -K * Y, 0 * Y))], [2.0], parameters={K: 0.7, T: 1.3}
    )
    found = ty.gradient_through(ta, Y, until=3.0)
    y = 2 * math.exp(-0.7 * 1.3)
    np.testing.assert_allclose([found[T], found[K], found[Y]], [-0.7 * y, -1.3 * y, y / 2])
    assert found.final_time == 0


def test_a_slope_that_ends_at_a_time() -> None:
    T = ty.parameter("T")  # diffrax issue 729
    ta = ty.Integrator([(Y, ty.where(ty.time < T, 1, 0))], [0.0], parameters={T: 0.8})
    found = ty.gradient_through(ta, Y, until=2.0)
    np.testing.assert_allclose([found.value, found[T]], [0.8, 1.0], rtol=1e-15)


@pytest.mark.parametrize("height", [1.0, 3.0, 10.0])
def test_the_time_of_a_fall(height: float) -> None:
    ground = ty.Event(X, terminal=True)  # diffrax issue 451
    ta = ty.Integrator([(X, V), (V, -G)], [height, 0.0], parameters={G: 8.0}, events=[ground])
    found = ty.gradient_through(ta, ty.time, until=10.0)
    time = math.sqrt(2 * height / 8)
    np.testing.assert_allclose(found.value, time, rtol=1e-15)
    np.testing.assert_allclose(found[X], 1 / math.sqrt(2 * 8 * height), rtol=1e-14)
    np.testing.assert_allclose(found[G], -time / 16, rtol=1e-14)
    assert found.outcome.status is ty.Status.EVENT and found.final_time == 0


def test_a_rate() -> None:
    ta = ty.Integrator([(Y, -A * Y)], [1.0], parameters={A: 2.3})
    found = ty.gradient_through(ta, Y, until=0.1)
    np.testing.assert_allclose(found[A], -0.1 * math.exp(-0.23), rtol=1e-15)


def test_a_sum_over_fifty_times() -> None:
    times = np.linspace(0, 1, 50)  # jax issue 3558
    ta = ty.Integrator([(Y, K * Y)], [1.0], parameters={K: 3.0})
    right = (times * np.exp(3 * times)).sum()  # 234.3313, which their single precision rounds
    assert ty.gradient_through(ta, Y, times=times)[K] == pytest.approx(right, rel=1e-14)
    by_array = ty.gradient_through(ta, lambda y: y.sum(), times=times)
    assert by_array[K] == pytest.approx(right, rel=1e-14)


@pytest.mark.parametrize(("end", "value"), [(0.45, 0.4165982112), (1.1, -0.5010731088)])
def test_the_derivative_by_the_initial_time(end: float, value: float) -> None:
    # y' = cos(a t): never set in stan-math issue 1833
    ta = ty.Integrator([(Y, ty.cos(A * ty.time))], [0.0], parameters={A: 1.5})
    found = ty.gradient_through(ta, Y, until=end)
    if end < 1:
        assert found.value == pytest.approx(value, abs=1e-10)
    np.testing.assert_allclose(found.initial_time, -1.0, rtol=1e-15)
    np.testing.assert_allclose(found.final_time, math.cos(1.5 * end), rtol=1e-14)
    right = end * math.cos(1.5 * end) / 1.5 - math.sin(1.5 * end) / 1.5**2
    np.testing.assert_allclose(found[A], right, rtol=1e-13)


def test_a_linear_system() -> None:
    b = -785 / 512 + math.sqrt(2) / 8  # diffrax issue 499
    ta = ty.Integrator([(X, -X * 273 / 512), (Y, -X / 160 - b * Y)], [1.0, 1.0])
    with mpmath.workdps(30):
        right = mpmath.expm(3 * mpmath.matrix([[-273 / 512, 0], [-1 / 160, -b]]))
        right = np.array(right.tolist(), float)
    for row, cost in enumerate((X, Y)):
        found = ty.gradient_through(ta, cost, until=3.0)
        np.testing.assert_allclose(found.state, right[row], rtol=1e-14, atol=1e-16)


def test_several_directions_at_once() -> None:
    b, c = ty.parameters("b c")  # casadi issue 4383
    slope = A * (1 - ty.time) + b * ty.time + c * ty.time
    ta = ty.Integrator([(X, slope)], [0.0], parameters={A: 1.0, b: 2.0, c: 3.0})
    found = ty.gradient_through(ta, X, until=1.0)
    np.testing.assert_allclose([found[A], found[b], found[c]], 0.5, rtol=1e-15)


def test_the_transition_matrix_of_an_orbit() -> None:
    q = ty.variables("x y z vx vy vz")
    r = (q[0] ** 2 + q[1] ** 2 + q[2] ** 2) ** -1.5
    system = [(q[k], q[k + 3]) for k in range(3)] + [(q[k + 3], -q[k] * r) for k in range(3)]
    ta = ty.Integrator(system, [1.0, 0, 0, 0, 1.0, 0])
    rows = (  # casadi issue 3783
        (1.89694, 0.386823, 0, 1.22829, 0.188871, 0),
        (0.516683, 0.751624, 0, 0.211322, 0.971331, 0),
        (0, 0, 0.540302, 0, 0, 0.841471),
    )
    for cost, row in zip(q, rows, strict=False):
        found = ty.gradient_through(ta, cost, until=1.0)
        np.testing.assert_allclose(found.state, row, atol=6e-6)


def test_repeated_times_count_each() -> None:
    ta = ty.Integrator([(Y, -K * Y)], [1.0], parameters={K: 0.5})
    once = ty.gradient_through(ta, Y, times=[1.0, 2.0])
    twice = ty.gradient_through(ta, Y, times=[2.0, 1.0, 2.0])  # and in any order
    right = [-1 * math.exp(-0.5), -2 * math.exp(-1.0)]
    np.testing.assert_allclose(once[K], sum(right), rtol=1e-14)
    np.testing.assert_allclose(twice[K], right[0] + 2 * right[1], rtol=1e-14)
    assert twice.times is not None
    np.testing.assert_allclose(twice.times, -0.5 * np.exp([-1.0, -0.5, -1.0]), rtol=1e-14)


def test_an_observation_at_the_time_of_an_event() -> None:
    # States at the very time of a jump are those behind it, and so are their derivatives.
    kick = ty.Event(X - 1, direction=1, reset={X: 2 * X, V: 3.0})
    ta = ty.Integrator([(X, V), (V, 0 * V)], [0.0, 2.0], events=[kick])
    found = ty.gradient_through(ta, X, times=[0.5])
    assert found.value == 2.0  # x at the jump, which is at t = 1 / v
    # Behind it x(t) = 2 + 3 (t - 1 / v).
    np.testing.assert_allclose([found[V], found[X]], [3 / 4, 3 / 2], rtol=1e-14)
    assert found.times is not None and found.times[0] == 3.0


def test_an_event_that_a_parameter_of_its_own_places() -> None:
    c = ty.parameter("c")  # torchdiffeq issue 208: the parameter is in the event function alone
    ta = ty.Integrator([(X, -X)], [2.0], parameters={c: 0.5}, events=[ty.Event(X - c, True)])
    found = ty.gradient_through(ta, ty.time, until=10.0)
    np.testing.assert_allclose([found[c], found[X]], [-2.0, 0.5], rtol=1e-14)


def test_the_period_of_an_oscillator_by_its_stiffness() -> None:
    event = ty.Event(V, terminal=True, direction=1)
    ta = ty.Integrator([(X, V), (V, -K * X)], [1.0, 0.0], parameters={K: 0.456}, events=[event])
    found = ty.gradient_through(ta, ty.time, until=50.0)
    turns = round(found.value * math.sqrt(0.456) / math.pi)
    np.testing.assert_allclose(found[K], turns * -math.pi / (2 * 0.456**1.5), rtol=1e-13)


def test_a_bouncing_ball() -> None:
    e = ty.parameter("e")
    ground = ty.Event(X, direction=-1, reset={V: -e * V})
    ta = ty.Integrator([(X, V), (V, -G)], [1.0, 0.0], parameters={G: 9.8, e: 0.8}, events=[ground])
    x = ty.gradient_through(ta, X, until=1.0)
    v = ty.gradient_through(ta, V, until=1.0)
    np.testing.assert_allclose(x.value, 0.4689397036243159, rtol=1e-14)
    np.testing.assert_allclose(v.value, -1.831060296375684, rtol=1e-14)
    right = [-0.09342144369263687, -0.5934214436926368]
    np.testing.assert_allclose([x[G], v[G]], right, rtol=1e-13)
    # x = e v0 s - g s^2 / 2 at s = t - t0, with v0 = sqrt(2 g), t0 = sqrt(2 / g)
    s = 1 - math.sqrt(2 / 9.8)
    np.testing.assert_allclose([x[e], v[e]], [math.sqrt(19.6) * s, math.sqrt(19.6)], rtol=1e-13)


def test_a_driven_pendulum() -> None:
    system = [(X, V), (V, ty.cos(ty.time) - 0.4 * V - ty.sin(X))]
    ta = ty.Integrator(system, [0.2, 0.3])
    first = (-0.425478, 0.41983649, -0.19171818, -0.51871994)  # heyoka's own example
    found = [ty.gradient_through(ta, cost, until=3.0) for cost in (X, V)]
    np.testing.assert_allclose([f.value for f in found], [0.11757215, -1.24940656], atol=1e-8)
    np.testing.assert_allclose([*found[0].state, *found[1].state], first, atol=1e-8)


def test_impulses() -> None:
    kicks = ty.Impulse([1.0, 2.0], add={V: K * X * X})
    ta = ty.Integrator([(X, V), (V, -K * X)], [1.0, 0.3], parameters={K: 0.456}, impulses=[kicks])
    found = ty.gradient_through(ta, X + V / 2, until=3.0)

    def cost(values: np.ndarray) -> float:
        x, v, k, *times = values.tolist()
        kicks = ty.Impulse(times, add={V: K * X * X})
        other = ty.Integrator([(X, V), (V, -K * X)], [x, v], parameters={K: k}, impulses=[kicks])
        other.propagate_until(3.0)
        return float(other.state @ [1.0, 0.5])

    point = np.array([1.0, 0.3, 0.456, 1.0, 2.0])
    right = _differences(cost, point)
    got = [*found.state, found[K], found.impulses[0], found.impulses[1]]
    np.testing.assert_allclose(got, right, rtol=1e-8)


def _differences(cost: Any, point: np.ndarray, step: float = 1e-3) -> np.ndarray:
    """Central differences of order six."""
    found = np.zeros(len(point))
    for k in range(len(point)):
        unit = np.eye(len(point))[k] * step
        for weight, n in ((3 / 4, 1), (-3 / 20, 2), (1 / 60, 3)):
            found[k] += weight * (cost(point + n * unit) - cost(point - n * unit)) / step
    return found


def test_a_running_cost_and_all_times() -> None:
    system = [(X, V), (V, -K * ty.sin(X))]
    running, final = X**2 + K * ty.time, X**2 * K + V * ty.time
    ta = ty.Integrator(system, [0.4, 0.7], time=0.1, parameters={K: 9.8})
    found = ty.gradient_through(ta, final, until=2.0, running_cost=running)
    z = ty.variable("z")

    def cost(values: np.ndarray) -> float:
        x, v, k, start, end = values.tolist()
        other = ty.Integrator([*system, (z, running)], [x, v, 0.0], time=start, parameters={K: k})
        other.propagate_until(end)
        a, b, c = other.state.tolist()
        return float(a * a * k + b * end + c)

    point = np.array([0.4, 0.7, 9.8, 0.1, 2.0])
    assert found.value == pytest.approx(cost(point), rel=1e-14)
    got = [*found.state, found[K], found.initial_time, found.final_time]
    np.testing.assert_allclose(got, _differences(cost, point), rtol=1e-10)


def test_backwards_in_time() -> None:
    ta = ty.Integrator([(X, V), (V, -K * ty.sin(X))], [0.4, 0.7], parameters={K: 9.8})
    there = ty.gradient_through(ta, X, until=1.5)
    back = ty.Integrator(ta.system, [0.4, 0.7], parameters={K: 9.8})
    back.propagate_until(1.5)
    found = ty.gradient_through(back, X, times=[0.0])
    assert found.value == pytest.approx(0.4, rel=1e-13)
    ends = np.array([ty.gradient_through(ta, c, until=1.5).state for c in (X, V)])
    begins = np.array([ty.gradient_through(back, c, until=0.0).state for c in (X, V)])
    np.testing.assert_allclose(ends @ begins, np.eye(2), atol=1e-12)
    assert there.value == back[X]
