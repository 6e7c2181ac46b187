"""Gradients through solutions against double-double flow maps and differences."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V, Y, U = ty.variables("x v y u")
K, M = ty.parameters("k m")
R = (X**2 + Y**2) ** -1.5


def _pairs(count: int) -> tuple[list[tuple[Any, Any]], list[float]]:
    """Particles in a plane that attract one another, with a mass that is a parameter."""
    rng = np.random.default_rng(5)
    q = [ty.variables(f"x{i} y{i} u{i} w{i}") for i in range(count)]
    slopes = {v: 0 * v for each in q for v in each[2:]}
    for i in range(count):
        for j in range(i + 1, count):
            d = [q[j][a] - q[i][a] for a in range(2)]
            pull = (d[0] ** 2 + d[1] ** 2 + 0.1) ** -1.5
            for a in range(2):
                slopes[q[i][2 + a]] += K * d[a] * pull
                slopes[q[j][2 + a]] -= M * d[a] * pull
    system: list[tuple[Any, Any]] = []
    for each in q:
        system += [(each[0], each[2]), (each[1], each[3])]
        system += [(each[2], slopes[each[2]]), (each[3], slopes[each[3]])]
    return system, rng.normal(size=4 * count).tolist()


CASES = {
    "pendulum": ([(X, V), (V, -K * ty.sin(X) - M * V)], [0.4, 0.7], 20.0),
    "kepler": (
        [(X, V), (Y, U), (V, -K * X * R), (U, -K * Y * R - M * X / 50)],
        [1, 0, 0.1, 0.9],
        9.0,
    ),
    "driven": ([(X, V), (V, ty.cos(K * ty.time) - X**3 / (1 + M * X * X))], [0.3, 0.1], 20.0),
    "functions": ([(X, ty.tanh(K * X) - ty.exp(-X * X) * M + ty.log(2 + ty.sin(X)))], [0.3], 3.0),
    "powers": ([(X, -ty.sqrt(1 + X * X) * K), (Y, X ** ty.constant("0.3") * M)], [5.0, 0.0], 0.7),
    "many bodies": (*_pairs(4), 3.0),
    "more bodies": (*_pairs(7), 1.0),
}


def _known(system: Any, state: Any, end: float) -> tuple[np.ndarray, np.ndarray]:
    """Jacobians of the final state by initial state and parameters, from a double-double map."""
    states = [x for x, _ in system]
    made = ty.variational(system, order=1, wrt=[*states, K, M])
    ta = ty.Integrator(made, state, parameters={K: 1.1, M: 0.7}, precision="double-double")
    ta.propagate_until(end)
    jacobian = np.array([[float(ty.to_mpmath(e)) for e in row] for row in _rows(ta)])
    return jacobian[:, : len(states)], jacobian[:, len(states) :]


def _rows(ta: Any) -> Any:
    return ta.flow_map.jacobian


@pytest.mark.parametrize("name", CASES)
def test_against_double_double_flow_maps(name: str) -> None:
    system, state, end = CASES[name]
    by_state, by_parameters = _known(system, state, end)
    ta = ty.Integrator(system, state, parameters={K: 1.1, M: 0.7})
    weights = np.random.default_rng(1).normal(size=len(state))
    states = [x for x, _ in system]
    cost = sum(float(w) * x for w, x in zip(weights, states, strict=True))
    found = ty.gradient_through(ta, cost, until=end)
    right = np.concatenate([weights @ by_state, weights @ by_parameters])
    got = np.concatenate([found.state, [found[K], found[M]]])
    assert np.abs(got - right).max() < 1e-12 * np.abs(right).max()


@pytest.mark.parametrize("name", ["pendulum", "kepler", "functions", "many bodies"])
def test_in_double_double(name: str) -> None:
    system, state, end = CASES[name]
    by_state, _ = _known(system, state, end)
    ta = ty.Integrator(system, state, parameters={K: 1.1, M: 0.7}, precision="double-double")
    found = ty.gradient_through(ta, system[0][0], until=end)
    np.testing.assert_allclose(found.state[:, 0], by_state[0], rtol=1e-15, atol=1e-15)
    # The forward map in 31 digits has the same derivatives to far more than 16.
    made = ty.variational(system, order=1, wrt=[*(x for x, _ in system), K, M])
    other = ty.Integrator(made, state, parameters={K: 1.1, M: 0.7}, precision="double-double")
    other.propagate_until(end)
    right = other.flow_map[0].jacobian
    got = np.concatenate([found.state, [found.parameters[0], found.parameters[1]]])
    scale = np.abs(right[:, 0]).max()
    names = [str(e) for e in ta.system.parameters]
    order = [*range(len(state)), *(len(state) + names.index(n) for n in ("k", "m"))]
    difference = ty.to_mpmath(got[order]) - ty.to_mpmath(right)
    assert max(abs(d) for d in difference) < 1e-27 * scale


def test_in_single_precision() -> None:
    system, state, _ = CASES["pendulum"]
    by_state, _ = _known(system, state, 2.0)
    ta = ty.Integrator(system, state, parameters={K: 1.1, M: 0.7}, precision="float32")
    found = ty.gradient_through(ta, X, until=2.0)
    assert found.state.dtype == np.float32
    np.testing.assert_allclose(found.state, by_state[0], rtol=3e-6)


def _network(sizes: tuple[int, ...], seed: int = 0, loop: bool = False) -> Any:
    rng = np.random.default_rng(seed)
    y = ty.variable("y", shape=(sizes[0],))
    values, value = {}, y
    for layer, (before, after) in enumerate(pairwise(sizes)):
        w = ty.parameter(f"w{layer}", shape=(after, before))
        b = ty.parameter(f"b{layer}", shape=(after,))
        values[w] = rng.normal(size=(after, before)) / np.sqrt(before)
        values[b] = rng.normal(size=after) * 0.1
        value = w @ value + b
        if layer < len(sizes) - 2:
            value = ty.tanh(value)
    return y, [(y, value)], rng.normal(size=sizes[0]), values


@pytest.mark.parametrize("sizes", [(2, 8, 8, 2), (2, 32, 32, 2), (12, 40, 12)])
def test_the_weights_of_a_network(sizes: tuple[int, ...]) -> None:
    y, system, state, values = _network(sizes)
    ta = ty.Integrator(system, state, parameters=values)
    found = ty.gradient_through(ta, (y**2).sum(), until=3.0)
    rng = np.random.default_rng(3)
    for leaf in (y, *values):
        direction = rng.normal(size=leaf.shape)

        def moved(step: float, leaf: Any = leaf, direction: Any = direction) -> Any:
            changed = {k: _moved(v, step * direction * (k is leaf)) for k, v in values.items()}
            return _moved(state, step * direction * (leaf is y)), changed

        right = _exact_difference(system, moved, 3.0)
        got = float((found[leaf] * direction).sum())
        assert got == pytest.approx(right, rel=1e-12, abs=1e-12 * np.abs(found.state).max())


def _moved(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """The sum, in double-double."""
    if not by.any():
        return ty.from_mpmath(values)
    with mpmath.workdps(40):
        pairs = zip(values.ravel().tolist(), by.ravel().tolist(), strict=True)
        return ty.from_mpmath([mpmath.mpf(x) + y for x, y in pairs]).reshape(*values.shape, 2)


def _exact_difference(system: Any, moved: Any, end: float, step: float = 2.0**-27) -> float:
    """A central difference of the sum of squares of the final state, in double-double."""

    def cost(step: float) -> Any:
        state, values = moved(step)
        ta = ty.Integrator(system, state, parameters=values, precision="double-double")
        ta.propagate_until(end)
        with mpmath.workdps(34):
            return sum(x * x for x in ty.to_mpmath(ta.state))

    with mpmath.workdps(34):
        return float((cost(step) - cost(-step)) / (2 * step))


def _difference(cost: Any, step: float = 2e-3) -> float:
    weights = ((3 / 4, 1), (-3 / 20, 2), (1 / 60, 3))
    return float(sum(w * (cost(n * step) - cost(-n * step)) for w, n in weights) / step)


def _burgers(count: int) -> Any:
    u, nu = ty.variable("u", shape=(count,)), ty.parameter("nu")
    width = 2 * np.pi / count
    after = ty.concatenate([u[1:], u[:1]])
    before = ty.concatenate([u[-1:], u[:-1]])
    slope = -u * (after - before) / (2 * width) + nu * (after - 2 * u + before) / width**2
    return u, nu, [(u, slope)], np.sin(np.arange(count) * width) + 0.3


def test_a_partial_differential_equation_by_lines() -> None:
    u, nu, system, state = _burgers(64)
    ta = ty.Integrator(system, state, parameters={nu: 0.05})
    found = ty.gradient_through(ta, (u**2).sum(), times=[0.5, 1.0])
    direction = np.cos(3 * np.arange(64))

    def cost(a: float, b: float) -> float:
        other = ty.Integrator(system, state + a * direction, parameters={nu: 0.05 + b})
        return float((other.propagate_grid([0.5, 1.0]).states ** 2).sum())

    along = float(found[u] @ direction)
    assert along == pytest.approx(_difference(lambda h: cost(h, 0)), rel=1e-10)
    assert found[nu] == pytest.approx(_difference(lambda h: cost(0, h), 1e-4), rel=1e-9)


def test_a_loop_in_the_right_hand_side() -> None:
    y, k = ty.variable("y", shape=(6,)), ty.parameter("k", shape=(4, 6))

    def turn(carry: Any, row: Any) -> Any:
        return ty.tanh(carry * row + 0.1), None

    def slope(y: Any) -> Any:
        last, _ = ty.scan(turn, y, k)
        return last - y

    rng = np.random.default_rng(2)
    state, values = rng.normal(size=6), rng.normal(size=(4, 6))
    ta = ty.Integrator([(y, slope(y))], state, parameters={k: values})
    found = ty.gradient_through(ta, (y**2).sum(), until=2.0)
    direction = rng.normal(size=(4, 6))

    def cost(step: float) -> float:
        other = ty.Integrator([(y, slope(y))], state, parameters={k: values + step * direction})
        other.propagate_until(2.0)
        return float((other.state**2).sum())

    assert float((found[k] * direction).sum()) == pytest.approx(_difference(cost), rel=1e-9)


def test_a_hundred_thousand_weights() -> None:
    y, system, state, values = _network((2, 320, 320, 2))
    ta = ty.Integrator(system, state, parameters=values)
    found = ty.gradient_through(ta, (y**2).sum(), until=0.3)
    direction = np.random.default_rng(0).normal(size=(320, 320))
    middle = next(w for w in values if str(w) == "w1")

    def cost(step: float) -> float:
        changed = {**values, middle: values[middle] + step * direction}
        other = ty.Integrator(system, state, parameters=changed)
        other.propagate_until(0.3)
        return float((other.state**2).sum())

    got = float((found[middle] * direction).sum())
    assert found.parameters.size > 1e5
    assert got == pytest.approx(_difference(cost, 1e-4), rel=1e-10)
