"""Gradients of the mean over many solutions, which go side by side in lanes of machine code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.adjoints import means, side_by_side
from taylor.adjoints.side_by_side import SideBySide

X, V, Y, Z = ty.variables("x v y z")
K, S, R, B = ty.parameters("k s r b")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code is made for a few rows already."""
    monkeypatch.setattr(side_by_side, "WORTH", 0.0)
    monkeypatch.setattr(means, "FEWEST", 3)


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows went side by side and came back, in each group."""
    found: list[int] = []
    back = SideBySide.back

    def noted(self: SideBySide, given: Any) -> Any:
        result = back(self, given)
        found.append(sum(one is not None for one in result))
        return result

    monkeypatch.setattr(SideBySide, "back", noted)
    return found


def alone(ta: ty.Integrator, states: np.ndarray, cost: Any, **asked: Any) -> list[ty.Gradient]:
    rows = []
    for state in states:
        ta.state[:] = state
        rows.append(ty.gradient_through(ta, cost, **asked))
    return rows


def pendulum() -> ty.Integrator:
    return ty.Integrator([(X, V), (V, -K * ty.sin(X))], [0.5, 0.1], parameters={K: 9.8})


def lorenz() -> ty.Integrator:
    slopes = [(X, S * (Y - X)), (Y, X * (R - Z) - Y), (Z, X * Y - B * Z)]
    return ty.Integrator(slopes, [1.0, 1.0, 20.0], parameters={S: 10.0, R: 28.0, B: 8 / 3})


def driven() -> ty.Integrator:
    slopes = [(X, V), (V, -K * X**3 + 0.3 * ty.cos(ty.time))]
    return ty.Integrator(slopes, [0.5, 0.1], parameters={K: 1.0}, time=0.25)


@pytest.mark.parametrize("make", [pendulum, lorenz, driven])
@pytest.mark.parametrize("until", [3.0, -1.5])
def test_the_same_as_alone(make: Any, until: float, solved: list[int]) -> None:
    ta = make()
    states = ta.state + 0.3 * np.random.default_rng(5).normal(size=(21, len(ta.state)))

    def cost(y: Any) -> Any:
        return (y**2).sum() + ty.sin(y[0])

    found = ty.mean_gradient_through(ta, states, cost, until=until, workers=1)
    assert sum(solved) >= 15  # chaos backwards in time needs shorter steps now and then
    for one, other in zip(found.rows, alone(ta, states, cost, until=until), strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-14)
        size = np.abs(other.state).max()
        np.testing.assert_allclose(one.state, other.state, rtol=0, atol=1e-13 * size)
        size = np.abs(other.parameters).max()
        np.testing.assert_allclose(one.parameters, other.parameters, rtol=0, atol=1e-13 * size)
        assert one.initial_time == pytest.approx(other.initial_time, rel=1e-12)
        assert one.final_time == pytest.approx(other.final_time, rel=1e-12)
        assert (one.steps, one.outcome.time) == (other.steps, other.outcome.time)


def test_closed_form(solved: list[int]) -> None:
    """x = x0 exp(-k (t - t0)): of the mean of k x^2 + t."""
    decay = ty.Integrator([(X, -K * X)], [1.0], parameters={K: 0.7}, time=0.5)
    starts, k, span = np.linspace(-2.0, 3.0, 37), 0.7, 1.5
    found = ty.mean_gradient_through(decay, starts[:, None], K * X**2 + ty.time, until=2.0)
    assert sum(solved) == 35
    squares = starts**2 * np.exp(-2 * k * span)
    np.testing.assert_allclose(found.value, (k * squares).mean() + 2.0, rtol=1e-14)
    slopes = 2 * k * starts * np.exp(-2 * k * span) / 37
    np.testing.assert_allclose(found.state[:, 0], slopes, rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(found[K], (squares * (1 - 2 * k * span)).mean(), rtol=1e-13)
    rates = [row.initial_time for row in found.rows]
    np.testing.assert_allclose(rates, 2 * k**2 * squares, rtol=1e-13, atol=1e-16)
    rates = [row.final_time for row in found.rows]
    np.testing.assert_allclose(rates, 1 - 2 * k**2 * squares, rtol=1e-13, atol=1e-15)


def test_at_rest_goes_alone(solved: list[int]) -> None:
    """At a fixed point of the logistic equation a step spans all: it is too long for adjoints."""
    ta = ty.Integrator([(X, K * X * (1 - X))], [1.0], parameters={K: 1.0})
    starts = np.array([0.5] * 5 + [1.0] * 4 + [0.25, 1.0])
    found = ty.mean_gradient_through(ta, starts[:, None], X, until=8.0, workers=1)
    assert sum(solved) == 4
    growth = np.exp(8.0)
    exact = growth / (1 + starts * (growth - 1)) ** 2 / len(starts)
    np.testing.assert_allclose(found.state[:, 0], exact, rtol=1e-12)


def test_no_time_passes() -> None:
    states = np.random.default_rng(3).normal(size=(9, 2))
    found = ty.mean_gradient_through(pendulum(), states, X**2 + V, until=0.0)
    exact = np.stack([2 * states[:, 0], np.ones(9)], axis=1) / 9
    np.testing.assert_allclose(found.state, exact, rtol=1e-15)
    assert found[K] == 0.0


def test_little_memory_and_many_threads(solved: list[int]) -> None:
    ta = pendulum()
    states = np.random.default_rng(4).normal(size=(40, 2))
    plenty = ty.mean_gradient_through(ta, states, X * V, until=4.0, workers=1)
    assert sum(solved) == 38
    solved.clear()
    little = ty.mean_gradient_through(ta, states, X * V, until=4.0, workers=3, memory=1 << 13)
    assert not sum(solved)  # no tape has room for a solution: all go alone
    solved.clear()
    shared = ty.mean_gradient_through(ta, states, X * V, until=4.0, workers=3)
    assert sum(solved) == 38 and len(solved) == 3
    for other in (little, shared):
        np.testing.assert_array_equal(plenty.state, other.state)
        np.testing.assert_array_equal(plenty.parameters, other.parameters)


def test_only_what_is_wanted(solved: list[int]) -> None:
    ta = lorenz()
    states = ta.state + 0.1 * np.random.default_rng(6).normal(size=(12, 3))
    found = ty.mean_gradient_through(ta, states, X * Z, until=0.5, wrt=[R])
    whole = ty.mean_gradient_through(ta, states, X * Z, until=0.5)
    assert len(solved) >= 2
    assert np.isnan(found.state).all() and np.isnan(found[S]) and np.isnan(found[B])
    np.testing.assert_allclose(found[R], whole[R], rtol=1e-14)


def test_parameters_that_have_changed(solved: list[int]) -> None:
    """What the integrator has now counts, not what it began with."""
    ta = ty.Integrator([(X, -K * X)], [1.0], parameters={K: 5.0})
    ta.parameters[K] = 0.5
    found = ty.mean_gradient_through(ta, np.ones((20, 1)), X, until=2.0, workers=1)
    assert sum(solved) == 18
    np.testing.assert_allclose(found[K], -2 * np.exp(-1.0), rtol=1e-14)


@pytest.mark.parametrize("kind", ["events", "observed", "running", "float32", "switches"])
def test_others_go_alone(kind: str, solved: list[int]) -> None:
    slope = ty.where(X > 0.2, -K * X, -0.5 * K * X) if kind == "switches" else -K * X
    events = [ty.Event(X - 0.3, reset={X: 2 * X})] if kind == "events" else []
    precision = "float32" if kind == "float32" else "float64"
    system = [(X, slope)]
    ta = ty.Integrator(system, [1.0], parameters={K: 1.0}, events=events, precision=precision)
    states = np.linspace(0.5, 1.0, 7)[:, None]
    asked: dict[str, Any] = {"times": [0.5, 2.0]} if kind == "observed" else {"until": 2.0}
    if kind == "running":
        asked["running_cost"] = X**2
    found = ty.mean_gradient_through(ta, states, X, **asked)
    assert not solved
    for one, other in zip(found.rows, alone(ta, states, X, **asked), strict=True):
        np.testing.assert_array_equal(one.state, other.state)


def test_hessian_products_of_a_row(solved: list[int]) -> None:
    """A row is a gradient like any other."""
    ta = ty.Integrator([(X, -K * X)], [1.0], parameters={K: 0.5})
    starts = np.linspace(1.0, 2.0, 10)
    found = ty.mean_gradient_through(ta, starts[:, None], X**2, until=1.0)
    assert sum(solved) == 8
    product = found.rows[4].hessian_product({K: 1.0})
    np.testing.assert_allclose(product[K], 4 * starts[4] ** 2 * np.exp(-1.0), rtol=1e-13)


U, A = ty.variable("u", shape=(3,)), ty.parameter("a", shape=(3, 3))
COSTS: dict[str, Any] = {
    "where": lambda u: ty.where(u[0] > 0, u[0] ** 2, u[1]),
    "largest": lambda u: np.maximum(u[0], u[1]) + np.abs(u).max(),
    "while": lambda u: ty.while_loop(lambda c: c < 10.0, lambda c: c * (2 + u[0] ** 2), 1.0),
    "scan": lambda u: ty.scan(lambda c, e: (c * e + 1, c), 1.0, u)[0],
    "solve": lambda u: np.linalg.solve(2 * np.eye(3) + np.outer(u, u), np.arange(3.0)).sum(),
    "sort": lambda u: np.sort(u)[1],
    "constant": lambda u: 3.0 + 0 * u[0],
    "arrays": (U**2).sum() + A.sum() * U[0],
    "elements": U[1] * A[0, 2] + ty.time,
}


@pytest.mark.parametrize("name", COSTS)
def test_costs_of_every_kind(name: str, solved: list[int]) -> None:
    matrix = np.arange(9.0).reshape(3, 3) / 10
    ta = ty.Integrator([(U, A @ U - U**3)], [0.3, 0.2, 0.1], parameters={A: matrix})
    states = ta.state + 0.2 * np.random.default_rng(7).normal(size=(9, 3))
    found = ty.mean_gradient_through(ta, states, COSTS[name], until=1.0, workers=1)
    assert sum(solved) == 7
    for one, other in zip(found.rows, alone(ta, states, COSTS[name], until=1.0), strict=True):
        pairs = [(one.value, other.value), (one.final_time, other.final_time)]
        for own, right in (*pairs, (one.state, other.state), (one.parameters, other.parameters)):
            np.testing.assert_allclose(own, right, rtol=1e-13, atol=1e-15)
