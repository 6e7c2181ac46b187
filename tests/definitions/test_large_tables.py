"""Tables that are too large for the text of machine code: memory that it is linked with."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.definitions.lookup import entry_name
from taylor.expressions.leaves import make_function_node
from taylor.nodes.sums import add_many
from taylor_runtime.program.kernels import OUTSIDE, tables_outside

X = ty.variable("x")
EDGES = np.arange(6001.0)


def waves(seed: int = 0) -> np.ndarray:
    """Coefficients of 6000 quadratic pieces: twice as many numbers as fit in code."""
    return np.random.default_rng(seed).normal(size=(6000, 3))


def by_numpy(c: np.ndarray, x: np.ndarray) -> np.ndarray:
    k = np.clip(x.astype(int), 0, 5999)
    s = x - k
    return c[k, 0] + s * (c[k, 1] + s * c[k, 2])


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_values(precision: str) -> None:
    c = waves()
    assert c.size > 2 * OUTSIDE
    f = ty.compile(ty.piecewise(EDGES, c, X), [X], precision=precision)
    x = np.random.default_rng(1).uniform(0, 6000, 500)
    found = f(x) if precision == "float64" else f(np.stack([x, 0 * x], axis=-1))[:, 0]
    assert np.allclose(found, by_numpy(c, x), rtol=0, atol=1e-14)


def test_the_numbers_are_in_memory_and_not_in_the_text() -> None:
    f = ty.compile(ty.piecewise(EDGES, waves(2), X), [X])
    tables = tables_outside(f._code.program)
    assert sorted(name.split(".")[1] for name in tables) == ["edges", "rows"]
    assert len(f._code.module.ir) < 50_000


def test_equal_tables_are_one() -> None:
    first, second = (ty.piecewise(EDGES, waves(4), X) for _ in range(2))
    assert first is second


def test_pickles_and_copies() -> None:
    f = ty.compile(ty.piecewise(EDGES, waves(5), X), [X])
    g = pickle.loads(pickle.dumps(f))
    x = np.linspace(0.5, 5999.5, 77)
    assert np.array_equal(f(x), g(x))


def integrators() -> Any:
    """y' = a table of time, by code that looks it up."""
    y = ty.variable("y")
    return ty.Integrator([(y, ty.piecewise(EDGES, waves(6), ty.time))], [0.0], time=10.25)


def test_integration_over_pieces_and_many_at_once() -> None:
    c = waves(6)
    ta = integrators()
    assert ta.propagate_until(60.5).status is ty.Status.REACHED

    def integral(k: int, s: float) -> float:
        return float(c[k] @ [s, s**2 / 2, s**3 / 3])

    whole = integral(10, 1) - integral(10, 0.25) + sum(integral(k, 1) for k in range(11, 60))
    assert ta.state[0] == pytest.approx(whole + integral(60, 0.5), abs=1e-12)
    states = np.arange(20.0)[:, None]
    many = ty.ensemble(integrators(), states, until=60.5)
    assert np.allclose(many.states[:, 0], states[:, 0] + ta.state[0], rtol=0, atol=1e-12)


def test_a_table_by_a_parameter_in_many_trajectories() -> None:
    """No switch is there, so that trajectories might go in lanes."""
    c = waves(7)
    y, k = ty.variable("y"), ty.parameter("k")
    terms = [make_function_node(entry_name(c), k, j) * y**j for j in range(2)]
    ta = ty.Integrator([(y, add_many(terms))], [0.0], parameters={k: 5.0})
    found = ty.ensemble(ta, np.ones((16, 1)), until=0.5, parameters={k: np.arange(16.0)})
    for i in range(16):
        a, b = c[i, 0], c[i, 1]
        assert found.states[i, 0] == pytest.approx((1 + a / b) * np.exp(b / 2) - a / b, rel=1e-12)


def test_gradients() -> None:
    c = waves(8)
    slope = ty.grad(lambda x: ty.piecewise(EDGES, c, x))(123.25)
    assert float(slope) == pytest.approx(c[123, 1] + 0.5 * c[123, 2], rel=1e-14)
