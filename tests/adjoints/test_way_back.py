"""The memory that going back takes, the same bits whatever it is, and the adjoint's own steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.adjoints.back import Back
from taylor.adjoints.solved import solve

X, V = ty.variables("x v")
K = ty.parameter("k")


def _pendulum() -> ty.Integrator:
    return ty.Integrator([(X, V), (V, -K * ty.sin(X))], [0.4, 0.7], parameters={K: 9.8})


@pytest.mark.parametrize("memory", [1, 1 << 14, 1 << 17, 1 << 20])
def test_the_same_bits_in_little_memory(memory: int) -> None:
    whole = ty.gradient_through(_pendulum(), X, until=4000.0)
    found = ty.gradient_through(_pendulum(), X, until=4000.0, memory=memory)
    assert whole.steps == found.steps > 20_000
    for name in ("value", "state", "parameters", "initial_time", "final_time"):
        assert np.array_equal(getattr(whole, name), getattr(found, name)), name
    assert whole.memory > 1_000_000
    # One stretch of steps is always kept, and what the machine had at the beginning of others.
    assert found.memory <= max(memory, 10_000)


def test_memory_through_jumps_in_little_memory() -> None:
    e = ty.parameter("e")

    def made() -> ty.Integrator:
        wall = ty.Event(X - 1, direction=1, reset={V: -e * V})
        return ty.Integrator(
            [(X, V), (V, -K * ty.sin(X) + ty.where(X > 0, 0.1, -0.1))],
            [0.4, 4.0],
            parameters={K: 9.8, e: 0.999},
            events=[wall],
        )

    whole = ty.gradient_through(made(), X, until=50.0)
    found = ty.gradient_through(made(), X, until=50.0, memory=1)
    assert np.array_equal(whole.state, found.state)
    assert np.array_equal(whole.parameters, found.parameters)


def test_the_integrator_stays_where_it_is() -> None:
    ta, other = _pendulum(), _pendulum()
    ty.gradient_through(ta, X, until=3.0)
    assert ta.time == 0 and np.array_equal(ta.state, other.state)
    outcomes = [one.propagate_until(5.0) for one in (ta, other)]
    assert outcomes[0].steps == outcomes[1].steps and np.array_equal(ta.state, other.state)


def test_the_solution_has_the_same_bits_as_without_derivatives() -> None:
    ta, way = _pendulum(), solve(_pendulum(), until=100.0)
    ta.propagate_until(100.0)
    assert np.array_equal(way.state, ta.state)
    times = np.linspace(1, 100, 7)
    grid = _pendulum().propagate_grid(times).states
    assert np.array_equal(solve(_pendulum(), times=times).states, grid)


def test_a_way_is_gone_back_over_many_times() -> None:
    way = solve(_pendulum(), until=10.0)
    first, other = (way.back(np.array(c)) for c in ([1.0, 0.0], [0.0, 1.0]))
    both = way.back(np.array([2.0, -1.0]))
    np.testing.assert_allclose(both.state, 2 * first.state - other.state, rtol=1e-13)
    assert np.array_equal(way.back(np.array([1.0, 0.0])).state, first.state)


@pytest.mark.parametrize("rate", [0.5, 5.0, 40.0])
def test_steps_are_as_short_as_derivatives_need(rate: float) -> None:
    # At rest the solution takes one step, however fast its derivatives grow.
    ta = ty.Integrator([(X, K * ty.sin(X))], [0.0], parameters={K: rate})
    found = ty.gradient_through(ta, X, until=1.0)
    assert found.steps < 20
    np.testing.assert_allclose(found[X], math.exp(rate), rtol=1e-13)


def test_few_steps_are_gone_over_twice() -> None:
    way = solve(_pendulum(), until=200.0)
    back = Back(way._way, way._tape.legs, np.array([[1.0, 0.0]]))
    back.run(None, 0.0)
    assert 0 < back.sweeping.memory.looked < way.steps / 4


def test_derivatives_that_suddenly_grow() -> None:
    # A solution at rest whose derivatives begin to grow within one of its steps.
    pulse = 20 * ty.exp(-((ty.time - 3) ** 2) * 9)
    ta = ty.Integrator([(X, X * pulse)], [0.0])
    found = ty.gradient_through(ta, X, until=6.0)
    np.testing.assert_allclose(found[X], math.exp(20 * math.sqrt(math.pi) / 3), rtol=1e-12)


def test_loose_tolerances() -> None:
    ta = ty.Integrator([(X, V), (V, -K * ty.sin(X))], [0.4, 0.7], parameters={K: 9.8}, tol=1e-6)
    exact = ty.gradient_through(_pendulum(), X, until=3.0)
    found = ty.gradient_through(ta, X, until=3.0)
    np.testing.assert_allclose(found.state, exact.state, rtol=1e-5)


def test_weights_do_not_matter_to_the_states() -> None:
    found = ty.gradient_through(_pendulum(), X, until=3.0, wrt=[X, V])
    whole = ty.gradient_through(_pendulum(), X, until=3.0)
    np.testing.assert_allclose(found.state, whole.state, rtol=1e-14)
    assert np.isnan(found[K]) and not np.isnan(whole[K])
    by_parameter = ty.gradient_through(_pendulum(), X, until=3.0, wrt="k")
    np.testing.assert_allclose(by_parameter[K], whole[K], rtol=1e-14)
    assert np.isnan(by_parameter.state).all()


def test_many_solutions() -> None:
    rng = np.random.default_rng(0)
    states = rng.normal(size=(9, 2))
    found = ty.mean_gradient_through(_pendulum(), states, X**2, until=2.0, workers=2)
    alone = ty.mean_gradient_through(_pendulum(), states, X**2, until=2.0, workers=1)
    assert np.array_equal(found.state, alone.state) and found.value == alone.value

    def mean(step: float) -> float:
        values = []
        for state in states:
            ta = ty.Integrator([(X, V), (V, -K * ty.sin(X))], state, parameters={K: 9.8 + step})
            ta.propagate_until(2.0)
            values.append(ta[X] ** 2)
        return float(np.mean(values))

    step = 1e-4
    right = (8 * (mean(step) - mean(-step)) - (mean(2 * step) - mean(-2 * step))) / (12 * step)
    assert found[K] == pytest.approx(right, rel=1e-9)
    assert found[X].shape == (9,) and len(found.rows) == 9


def _hessian(made: Any, cost: Any, keys: Any, **options: Any) -> np.ndarray:
    found = ty.gradient_through(made(), cost, **options)
    products = [found.hessian_product({key: 1.0}) for key in keys]
    return np.array([[product[key] for key in keys] for product in products])


def test_hessians_are_those_of_second_order_maps() -> None:
    def made() -> ty.Integrator:
        return _pendulum()

    hessian = _hessian(made, X, [X, V, K], until=2.0)
    other = ty.Integrator(
        ty.variational([(X, V), (V, -K * ty.sin(X))], order=2, wrt=[X, V, K]),
        [0.4, 0.7],
        parameters={K: 9.8},
    )
    other.propagate_until(2.0)
    np.testing.assert_allclose(hessian, other.flow_map[0].hessian, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("which", ["reset", "impulse", "terminal", "running", "times"])
def test_hessians_against_differences_of_gradients(which: str) -> None:
    e = ty.parameter("e")
    cost: Any = X * X * K + V * ty.time
    options: dict[str, Any] = {"until": 1.0}
    events, impulses = [], []
    if which == "reset":
        events = [ty.Event(X, direction=-1, reset={V: -e * V})]
    if which == "impulse":
        impulses = [ty.Impulse([0.3, 0.6], add={V: e * X * X})]
    if which == "terminal":
        events, options["until"] = [ty.Event(X - e / 9, terminal=True)], 10.0
    if which == "running":
        options["running_cost"] = X * V * K + ty.time * V**2
    if which == "times":
        options, cost = {"times": [0.5, 1.0, 0.5]}, lambda y: (y[:, 0] ** 2 * y[:, 1]).sum()

    def made(values: Any = (1.0, 0.2, 9.8, 0.8)) -> ty.Integrator:
        x, v, k, restitution = values
        slope = -K - e * V / 10
        return ty.Integrator(
            [(X, V), (V, slope)],
            [x, v],
            parameters={K: k, e: restitution},
            events=events,
            impulses=impulses,
        )

    keys = [X, V, K, e]
    hessian = _hessian(made, cost, keys, **options)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-11, atol=1e-12 * np.abs(hessian).max())
    point, step = np.array([1.0, 0.2, 9.8, 0.8]), 1e-3

    def gradient(values: np.ndarray) -> np.ndarray:
        found = ty.gradient_through(made(values), cost, **options)
        return np.array([found[key] for key in keys])

    for k in range(4):
        unit = np.eye(4)[k] * step
        right = sum(
            w * (gradient(point + n * unit) - gradient(point - n * unit)) / step
            for w, n in ((3 / 4, 1), (-3 / 20, 2), (1 / 60, 3))
        )
        np.testing.assert_allclose(hessian[k], right, rtol=1e-8, atol=1e-8 * np.abs(right).max())


def test_gauss_newton_products() -> None:
    times = [0.5, 1.0, 1.5]
    data = np.array([0.1, -0.2, 0.3])
    found = ty.gradient_through(_pendulum(), lambda y: (y**2).sum(), times=times)
    product = found.gauss_newton_product({X: 1.0, K: 2.0}, lambda y: y[:, 0] - data)
    rows = []
    for time in times:  # of the Jacobian, one after the other
        row = ty.gradient_through(_pendulum(), X, until=time)
        rows.append([row[X], row[V], row[K]])
    jacobian = np.array(rows)
    right = jacobian.T @ (jacobian @ [1.0, 0.0, 2.0])
    np.testing.assert_allclose([product[X], product[V], product[K]], right, rtol=1e-12)
