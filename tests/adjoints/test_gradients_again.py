"""Gradients that are asked for again: the same bits, whoever makes the steps."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
K = ty.parameter("k")


def _pendulum(**options: Any) -> ty.Integrator:
    equations = [(X, V), (V, -K * ty.sin(X))]
    return ty.Integrator(equations, [0.4, 0.7], parameters={K: 9.8}, **options)


def _numbers(found: ty.Gradient) -> list[Any]:
    listed = found.value, found.state, found.parameters, found.initial_time, found.final_time
    return [np.asarray(one).tolist() for one in listed]


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
@pytest.mark.parametrize("until", [3.0, 60.0, -3.0])
def test_the_same_bits_each_time(precision: str, until: float) -> None:
    ta = _pendulum(precision=precision)
    first = ty.gradient_through(ta, X**2 + V, until=until)
    for _ in range(3):
        again = ty.gradient_through(ta, X**2 + V, until=until)
        assert _numbers(again) == _numbers(first)
        assert again.steps == first.steps and again.memory == first.memory
        kept, other = first.outcome, again.outcome
        assert other.status is kept.status and other.time == kept.time == until
        assert np.array_equal(other.state, kept.state)
        assert (other.steps, other.smallest_step) == (kept.steps, kept.smallest_step)


def test_the_integrator_may_change_in_between() -> None:
    ta = _pendulum()
    for _ in range(2):
        ty.gradient_through(ta, X, until=3.0)
    ta[X], ta.parameters[K], ta.time = 0.1, 5.0, 1.0
    found = ty.gradient_through(ta, X, until=3.0)
    fresh = ty.Integrator([(X, V), (V, -K * ty.sin(X))], [0.1, 0.7], time=1.0, parameters={K: 5.0})
    assert _numbers(found) == _numbers(ty.gradient_through(fresh, X, until=3.0))
    assert ta.time == 1.0 and ta.state.tolist() == [0.1, 0.7]


def test_steps_go_on_where_the_integrator_is() -> None:
    """Its next step is known, and so are the rounding errors of its state."""
    ta, other = _pendulum(), _pendulum()
    for one in (ta, other):
        one.propagate_until(7.3)
    first = ty.gradient_through(ta, X, until=20.0)  # as a propagation makes steps
    again = ty.gradient_through(ta, X, until=20.0)
    assert _numbers(again) == _numbers(first)
    other.propagate_until(20.0)
    assert again.value == other[X]


def test_a_limit_of_steps_and_a_budget_hold_each_time() -> None:
    ta = _pendulum()
    exact = ty.gradient_through(ta, X, until=300.0)
    for _ in range(2):
        small = ty.gradient_through(ta, X, until=300.0, memory=1 << 14)
        assert small.memory <= 1 << 14 and _numbers(small) == _numbers(exact)
    assert _numbers(ty.gradient_through(ta, X, until=300.0)) == _numbers(exact)
    ta.max_step = 0.01
    assert ty.gradient_through(ta, X, until=3.0).steps >= 300


def test_ends_that_are_not_reached_are_told_each_time() -> None:
    ta = ty.Integrator([(X, X**2)], [1.0])
    for _ in range(2):
        ty.gradient_through(ta, X, until=0.5)
    for _ in range(2):
        with pytest.raises(ty.TaylorError, match="did not reach its end"):
            ty.gradient_through(ta, X, until=2.0)
    found = ty.gradient_through(ta, X, until=0.5)
    np.testing.assert_allclose(found[X], 4.0, rtol=1e-14)
    ta.state[:] = np.nan
    with pytest.raises(ty.TaylorError, match="not finite"):
        ty.gradient_through(ta, X, until=0.5)


def test_zero_spans() -> None:
    ta = _pendulum()
    for _ in range(3):
        found = ty.gradient_through(ta, X, until=0.0)
        assert found.state.tolist() == [1.0, 0.0] and found.steps == 0


def test_threads() -> None:
    ta = _pendulum()
    right = _numbers(ty.gradient_through(ta, X, until=40.0))

    def one(_: int) -> list[Any]:
        return _numbers(ty.gradient_through(copy.copy(ta), X, until=40.0))

    with ThreadPoolExecutor(4) as pool:
        assert all(found == right for found in pool.map(one, range(40)))


# -- weights of networks, whose derivatives are sums over all orders at once ----------------------

Y = ty.variable("y", shape=(5, 2))
W, B, U = ty.parameter("w", (2, 9)), ty.parameter("b", (9,)), ty.parameter("u", (9, 2))


@pytest.mark.parametrize("tied", [False, True])
def test_weights_of_many_rows_at_once(tied: bool) -> None:
    """A matrix's derivative sums products over rows and orders; one that stands twice, two such."""
    back = W.T if tied else U
    slope = ty.tanh(Y @ W + B) @ back - Y / 2
    rng = np.random.default_rng(5)
    values = {W: rng.normal(size=(2, 9)), B: rng.normal(size=9), U: rng.normal(size=(9, 2))}
    if tied:
        del values[U]
    start = rng.normal(size=(5, 2))

    def integrator(precision: str = "float64") -> ty.Integrator:
        return ty.Integrator([(Y, slope)], start.ravel(), parameters=values, precision=precision)

    found = ty.gradient_through(integrator(), lambda y: (y**2).sum(), until=1.5)
    exact = ty.gradient_through(integrator("double-double"), lambda y: (y**2).sum(), until=1.5)
    variations = ty.variational([(Y, slope)], order=1, wrt=[W, B])
    ta = ty.Integrator(variations, start.ravel(), parameters=values, precision="double-double")
    ta.propagate_until(1.5)
    jacobian = np.array(ta.flow_map.jacobian)  # pairs
    right = 2 * (ta.state[:, 0] @ jacobian[..., 0])
    largest = np.abs(right).max()
    by_w, by_b = right[:18].reshape(2, 9), right[18:]
    for got in (found, exact):
        for key, want in ((W, by_w), (B, by_b)):
            own = np.asarray(got[key])
            own = own if own.shape == want.shape else own[..., 0]
            np.testing.assert_allclose(own, want, rtol=0, atol=1e-12 * largest)
    single = ty.gradient_through(integrator("float32"), lambda y: (y**2).sum(), until=1.5)
    np.testing.assert_allclose(single[W], by_w, rtol=0, atol=1e-5 * largest)


@pytest.mark.parametrize("shape", [(1, 2), (3, 5), (32, 32), (40, 7)])
def test_outer_products(shape: tuple[int, int]) -> None:
    """s' = M z cos(t) with z' = -z: the derivative by M is an outer product with z0."""
    rows, columns = shape
    z, m = ty.variable("z", (columns,)), ty.parameter("m", shape)
    s = ty.variable("s", (rows,))
    rng = np.random.default_rng(rows)
    start = np.concatenate([rng.normal(size=columns), np.zeros(rows)])
    equations = [(z, -z), (s, m @ (z * ty.cos(ty.time)))]
    ta = ty.Integrator(equations, start, parameters={m: rng.normal(size=shape)})
    weights = np.linspace(1.0, 2.0, rows)
    found = ty.gradient_through(ta, lambda y: (y[columns:] * weights).sum(), until=2.0)
    integral = (1 + np.exp(-2.0) * (np.sin(2.0) - np.cos(2.0))) / 2  # of exp(-t) cos t
    right = integral * np.outer(weights, start[:columns])
    np.testing.assert_allclose(found[m], right, rtol=0, atol=1e-14 * np.abs(right).max())
