"""Sums over all pairs that compute each pair once: which ones, and that nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import taylor as ty
import taylor_runtime.passes.pairs.fold as fold
from taylor.reference.arrays import array_coefficients
from taylor_runtime.program.arrays import Pairs
from taylor_runtime.program.text import from_text, to_text
from tests.machine_algebra import machine_algebra

Slope = Callable[[Any, Any, Any], Any]  # of x (n, 3), v (n, 3) and masses (n,)


def _distances(x: Any) -> tuple[Any, Any]:
    d = x[None, :, :] - x[:, None, :]
    return d, (d * d).sum(axis=-1)


def _gravity(x: Any, v: Any, m: Any) -> Any:
    d, squares = _distances(x)
    cubes = (squares + np.eye(len(m))) ** -1.5
    return (m[None, :, None] * d * cubes[:, :, None]).sum(axis=1)


def _the_other_way(x: Any, v: Any, m: Any) -> Any:
    d, squares = _distances(x)
    cubes = (squares + 0.5) ** -1.5
    return (m[:, None, None] * d * cubes[:, :, None]).sum(axis=0)


def _no_masses(x: Any, v: Any, m: Any) -> Any:
    d, squares = _distances(x)
    return (d * np.exp(-squares)[:, :, None]).sum(axis=1) - m[:, None] * x


def _even(x: Any, v: Any, m: Any) -> Any:
    _, squares = _distances(x)
    return -x * (1 / (1 + squares)).sum(axis=1)[:, None]


def _friction(x: Any, v: Any, m: Any) -> Any:
    _, squares = _distances(x)
    u = v[None, :, :] - v[:, None, :]
    return (u * np.sqrt(1 + squares)[:, :, None]).sum(axis=1) * 1e-2


def _matrix(x: Any, v: Any, m: Any) -> Any:
    n = len(x)
    springs = 1 / (1.0 + np.add.outer(np.arange(n), np.arange(n)))
    d, squares = _distances(x)
    return (springs[:, :, None] * d * np.cos(squares)[:, :, None]).sum(axis=1)


def _lopsided_matrix(x: Any, v: Any, m: Any) -> Any:
    n = len(x)
    springs = 1 / (1.0 + np.add.outer(np.arange(n), 2 * np.arange(n)))
    d, squares = _distances(x)
    return (springs[:, :, None] * d * np.cos(squares)[:, :, None]).sum(axis=1)


def _lopsided(x: Any, v: Any, m: Any) -> Any:
    d = x[None, :, :] - 2 * x[:, None, :]
    return (d * np.cos((d * d).sum(axis=-1))[:, :, None]).sum(axis=1) * 1e-2


def _other_velocities(x: Any, v: Any, m: Any) -> Any:
    d, squares = _distances(x)
    return (d * np.cos(squares + v[:, None, 0])[:, :, None]).sum(axis=1) * 1e-2


FOLDED: dict[str, Slope] = {
    "gravity": _gravity,
    "sum over the first axis": _the_other_way,
    "no masses": _no_masses,
    "even": _even,
    "velocities": _friction,
    "symmetric matrix": _matrix,
    "lopsided matrix": _lopsided_matrix,
}
WHOLE: dict[str, Slope] = {
    "lopsided differences": _lopsided,
    "what has one index": _other_velocities,
}
SLOPES = FOLDED | WHOLE


def _start(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    state = np.concatenate([2 * rng.standard_normal(3 * n), 0.1 * rng.standard_normal(3 * n)])
    return state, rng.uniform(0.1, 1.0, n) / n


def _integrator(slope: Slope, n: int, precision: str = "float64", **options: Any) -> Any:
    x, v = ty.variable("x", shape=(n, 3)), ty.variable("v", shape=(n, 3))
    state, masses = _start(n)
    equations = [(x, v), (v, slope(x, v, masses))]
    return ty.Integrator(equations, state, precision=precision, **options)


def _sums_over_pairs(ta: Any) -> int:
    return sum(isinstance(row.moved, Pairs) for row in ta._machine.stepper.program.rows)


@pytest.mark.parametrize("name", SLOPES)
def test_solutions_against_another_method(name: str) -> None:
    n, slope = 37, SLOPES[name]
    ta = _integrator(slope, n)
    assert _sums_over_pairs(ta) == (name in FOLDED)
    ta.propagate_until(0.5)
    state, masses = _start(n)

    def rhs(t: float, y: np.ndarray) -> np.ndarray:
        x, v = y.reshape(2, n, 3)
        return np.concatenate([v.ravel(), slope(x, v, masses).ravel()])

    wanted = solve_ivp(rhs, (0, 0.5), state, "DOP853", rtol=1e-13, atol=1e-13).y[:, -1]
    np.testing.assert_allclose(ta.state, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("n", (33, 40))
def test_coefficients_have_the_bits_of_the_reference(n: int) -> None:
    """Chunks of all kinds: whole ones, and last ones that overlap those before."""
    ta = _integrator(_gravity, n, tol=1e-2)
    assert _sums_over_pairs(ta) == 1
    program, (numbers, table) = ta._machine.stepper.program, ta._machine.stepper.kept["memory"]
    dense = ta.propagate_until(1.0, max_steps=1, dense=True).dense
    found = dense.coefficients[0]
    inputs = {
        "state": found[0].tolist(),
        "data": numbers[0].tolist(),
        "table": table.tolist(),
    }
    series = array_coefficients(program, inputs, machine_algebra(), float(dense.scales[0]))
    rows = [np.stack([c.astype(float).ravel() for c in row]) for row in series]
    np.testing.assert_array_equal(np.concatenate(rows, axis=1), found)


@pytest.mark.parametrize("precision", ("float32", "float64", "double-double"))
@pytest.mark.parametrize("name", ("gravity", "sum over the first axis", "even"))
def test_all_precisions_as_without(
    name: str, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    n, bound = 35, {"float32": 2e-5, "float64": 1e-13, "double-double": 1e-29}[precision]
    found = []
    for whole in (False, True):
        if whole:
            monkeypatch.setattr(fold, "FEWEST", n + 1)
        ta = _integrator(SLOPES[name], n, precision)
        assert _sums_over_pairs(ta) == (not whole)
        ta.propagate_until(0.25)
        found.append(np.array(ta.state))
    difference = np.subtract(*(f.astype(np.longdouble) for f in found))
    difference = difference.sum(axis=-1) if precision == "double-double" else difference
    assert np.abs(difference).max() < bound


def test_programs_are_written_and_read() -> None:
    program = _integrator(_gravity, 32)._machine.stepper.program
    again = from_text(to_text(program))
    assert again == program and again.text() == program.text()


def test_what_others_read_is_whole() -> None:
    """The pairs of one sum are those of another one, of which all elements are wanted."""
    n = 34

    def slope(x: Any, v: Any, m: Any) -> Any:
        d, squares = _distances(x)
        cubes = (squares + 1) ** -1.5
        pull = (m[None, :, None] * d * cubes[:, :, None]).sum(axis=1)
        return pull - x * (cubes * v[:, None, 0]).sum(axis=1)[:, None]

    ta = _integrator(slope, n)
    assert _sums_over_pairs(ta) == 1
    state, masses = _start(n)
    dense = ta.propagate_until(1.0, max_steps=1, dense=True).dense
    x, v = state.reshape(2, n, 3)
    wanted = slope(x, v, masses).ravel()
    found = dense.coefficients[0][1][3 * n :] / dense.scales[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-13 * np.abs(wanted).max())


def test_masses_as_parameters_and_in_two_dimensions() -> None:
    n = 38
    x, v = ty.variable("x", shape=(2, n)), ty.variable("v", shape=(2, n))
    m = ty.parameter("m", shape=(n,))

    def slope(x: Any, m: Any) -> Any:
        d = x[:, None, :] - x[:, :, None]
        return (m[None, None, :] * d / (1 + (d * d).sum(axis=0))[None]).sum(axis=2)

    state, masses = np.random.default_rng(1).standard_normal(4 * n), np.linspace(0.1, 1, n)
    ta = ty.Integrator([(x, v), (v, slope(x, m))], state, parameters={m: masses})
    dense = ta.propagate_until(1.0, max_steps=1, dense=True).dense
    found = dense.coefficients[0][1][2 * n :] / dense.scales[0]
    wanted = slope(state[: 2 * n].reshape(2, n), masses).ravel()
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-13)


def test_gradients_through_sums_over_pairs() -> None:
    """What goes back over the steps has a program of its own, of all pairs."""
    n = 33
    x, v = ty.variable("x", shape=(n, 3)), ty.variable("v", shape=(n, 3))
    state, masses = _start(n)
    ta = ty.Integrator([(x, v), (v, _gravity(x, v, masses))], state)
    solve = ta.as_function(inputs=[x], outputs=[x], until=0.3)
    given, rng = state[: 3 * n].reshape(n, 3), np.random.default_rng(3)
    weights, direction = rng.standard_normal((2, n, 3))

    def loss(start: Any) -> Any:
        return np.sum(weights * solve(start)[0].reshape(n, 3))

    slope = np.sum(ty.grad(loss)(given) * direction)
    step = 1e-5
    wanted = (loss(given + step * direction) - loss(given - step * direction)) / (2 * step)
    np.testing.assert_allclose(slope, wanted, rtol=1e-8)
