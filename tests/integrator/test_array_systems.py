"""Systems whose arrays stay arrays, against closed forms, conserved quantities and the same systems
spelled out in scalars, which other tests compare with everything else.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.systems import blocks
from taylor.systems.system import EquationsError, make_system
from taylor_runtime.arrays.plan import BEYOND, Plan
from taylor_runtime.arrays.plans import pitch, together
from taylor_runtime.arrays.plans.works import Together
from taylor_runtime.callables.process import cache
from taylor_runtime.program.arrays import ArrayProgram

N = 24


@pytest.fixture(params=["arrays", "scalars"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(blocks, "FEWEST", -1 if request.param == "arrays" else 10**9)
    yield request.param


@pytest.fixture
def as_arrays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(blocks, "FEWEST", -1)
    yield


def _both(monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any]) -> tuple[Any, Any]:
    """The same by loops over arrays, and spelled out."""
    monkeypatch.setattr(blocks, "FEWEST", -1)
    first = make()
    monkeypatch.setattr(blocks, "FEWEST", 10**9)
    return first, make()


def _chain(**options: Any) -> tuple[ty.Integrator, dict[str, Any]]:
    """Pendulums in a ring with couplings of their own, shaken."""
    x, v = ty.variable("x", shape=(N,)), ty.variable("v", shape=(N,))
    k, w = ty.parameter("k"), ty.parameter("w", shape=(N,))
    pull = w * (np.roll(x, 1) - 2 * x + np.roll(x, -1)) * np.cos(ty.time)
    rng = np.random.default_rng(5)
    state = np.concatenate([rng.random(N), rng.random(N) / 10])
    weights = rng.random(N)
    options.setdefault("parameters", {k: 2.0, w: weights})
    ta = ty.Integrator([(x, v), (v, -k * np.sin(x) + pull)], state, **options)
    return ta, {"x": x, "v": v, "k": k, "w": w, "state": state, "weights": weights}


def _near(found: Any, expected: Any, bound: float = 2e-14) -> None:
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= bound * (1 + np.abs(expected).max())


def test_arrays_stay_arrays(as_arrays: None) -> None:
    ta, _ = _chain()
    assert ta.system.blocks
    assert len(ta._machine.stepper.program.rows) < 30
    text = str(ta.explain())
    assert f"{2 * N} states" in text


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tol": 1e-9},
        {"rtol": 1e-10, "atol": np.linspace(1e-12, 1e-9, 2 * N)},
        {"high_accuracy": True},
        {"order": 12},
    ],
    ids=str,
)
def test_same_solution_as_scalars(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> np.ndarray:
        ta, _ = _chain(**options)
        assert ta.propagate_until(5.0).status is ty.Status.REACHED
        return ta.state.copy()

    _near(*_both(monkeypatch, run))


def test_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> np.ndarray:
        ta, _ = _chain(precision="float32")
        ta.propagate_until(3.0)
        return ta.state.copy()

    _near(*_both(monkeypatch, run), bound=3e-6)


def test_double_double_has_its_digits(as_arrays: None) -> None:
    """x' = -a x with its exact solution."""
    x = ty.variable("x", shape=(12,))
    rates = np.arange(1, 13)
    ta = ty.Integrator([(x, -rates * x)], np.ones(12), precision="double-double")
    assert ta.system.blocks
    ta.propagate_until(2)
    with mpmath.workdps(40):
        for rate, value in zip(rates.tolist(), ty.to_mpmath(ta.state), strict=True):
            exact = mpmath.exp(-2 * rate)
            assert abs(value - exact) < 1e-30  # of the largest component


def test_there_and_back(way: str) -> None:
    ta, given = _chain()
    ta.propagate_until(4.0)
    ta.propagate_until(0.0)
    _near(ta.state, given["state"], 1e-12)


def test_grid_dense_output_and_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    times = np.linspace(0.0, 5.0, 11)

    def run() -> np.ndarray:
        ta, given = _chain()
        grid = ta.propagate_grid(times)
        again, _ = _chain()
        dense = again.propagate_until(5.0, dense=True).dense
        assert dense is not None
        _near(dense(times), grid.states)
        assert (ta[given["x"]] == ta.state[:N]).all()
        return grid.states

    _near(*_both(monkeypatch, run))


def test_events(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> np.ndarray:
        ta, given = _chain()
        x, v = given["x"], given["v"]
        ta.events = [ty.Event(x[3] - 0.2), ty.Event(v[1] + v[2], terminal=True)]
        outcome = ta.propagate_until(5.0)
        times = [np.atleast_1d(found.times) for found in outcome.events]
        return np.concatenate([*times, ta.state])

    _near(*_both(monkeypatch, run))


def test_parameters_and_state_set_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> np.ndarray:
        ta, given = _chain()
        ta.propagate_until(1.0)
        ta.parameters[given["k"]] = 3.0
        ta.parameters[given["w"]] = 2 * given["weights"]
        ta[given["x"]] = given["state"][:N][::-1]
        ta.propagate_until(2.0)
        return ta.state.copy()

    _near(*_both(monkeypatch, run))


def test_copies_pickles_and_ensembles_go_on(as_arrays: None) -> None:
    ta, given = _chain()
    ta.propagate_until(1.0)
    others = [copy.copy(ta), pickle.loads(pickle.dumps(ta))]
    ta.propagate_until(2.0)
    for other in others:
        assert other.system.blocks
        other.propagate_until(2.0)
        assert other.state.tobytes() == ta.state.tobytes()
    start, _ = _chain()
    found = ty.ensemble(start, np.stack([given["state"], given["state"] + 0.01]), until=2.0)
    alone, _ = _chain()
    alone.propagate_until(2.0)
    assert found.states[0].tobytes() == alone.state.tobytes()


def test_impulses(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> np.ndarray:
        x = ty.variable("x", shape=(N,))
        jump = ty.Impulse(0.5, {x[2]: x[2] + 0.25})
        state = np.linspace(0.5, 1.5, N)
        ta = ty.Integrator([(x, np.cos(x) - np.roll(x, 1) / 4)], state, impulses=[jump])
        ta.propagate_until(2.0)
        return ta.state.copy()

    _near(*_both(monkeypatch, run))


def test_function_of_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> np.ndarray:
        def rhs(t: Any, y: Any, p: Any) -> Any:
            return np.concatenate([y[N:], -p[0] * np.sin(y[:N])])

        ta = ty.Integrator(rhs, np.linspace(0.0, 1.0, 2 * N), parameters=[2.0])
        ta.propagate_until(2.0)
        return ta.state.copy()

    _near(*_both(monkeypatch, run))


def test_heat_equation_against_its_modes(as_arrays: None) -> None:
    """u' = second differences in a ring: each Fourier mode decays at its own rate."""
    n = 64
    u = ty.variable("u", shape=(n,))
    place = 2 * np.pi * np.arange(n) / n
    ta = ty.Integrator([(u, np.roll(u, 1) - 2 * u + np.roll(u, -1))], np.sin(3 * place))
    ta.propagate_until(4.0)
    rate = 2 - 2 * np.cos(3 * 2 * np.pi / n)
    _near(ta.state, np.sin(3 * place) * np.exp(-4.0 * rate), 1e-14)


def test_burgers_keeps_its_mean(as_arrays: None) -> None:
    n = 64
    u = ty.variable("u", shape=(n,))
    flux = u * u / 2
    rhs = -(np.roll(flux, -1) - np.roll(flux, 1)) / 2 + 0.2 * (
        np.roll(u, 1) - 2 * u + np.roll(u, -1)
    )
    start = 1.0 + np.sin(2 * np.pi * np.arange(n) / n)
    ta = ty.Integrator([(u, rhs)], start)
    ta.propagate_until(10.0)
    assert ta.state.mean() == pytest.approx(1.0, abs=2e-15)


def _bodies(n: int) -> tuple[list[tuple[Any, Any]], np.ndarray, np.ndarray]:
    x, v = ty.variable("x", shape=(n, 3)), ty.variable("v", shape=(n, 3))
    rng = np.random.default_rng(7)
    masses = rng.random(n) / n
    d = x[None, :, :] - x[:, None, :]
    cubes = ((d * d).sum(axis=-1) + np.eye(n)) ** -1.5
    pull = (masses[None, :, None] * d * cubes[:, :, None]).sum(axis=1)
    state = np.concatenate([rng.standard_normal(3 * n) * 2, rng.standard_normal(3 * n) / 4])
    return [(x, v), (v, pull)], state, masses


def _energy(state: np.ndarray, masses: np.ndarray) -> float:
    x, v = state.reshape(2, -1, 3)
    i, j = np.triu_indices(len(masses), 1)
    potential = masses[i] * masses[j] / np.linalg.norm(x[i] - x[j], axis=1)
    return float((masses[:, None] * v * v).sum() / 2 - potential.sum())


def test_many_bodies_written_with_arrays(as_arrays: None) -> None:
    equations, state, masses = _bodies(20)
    ta = ty.Integrator(equations, state)
    assert ta.system.blocks and len(ta._machine.stepper.program.rows) < 40
    before = _energy(state, masses)
    assert ta.propagate_until(5.0).status is ty.Status.REACHED
    assert _energy(ta.state, masses) == pytest.approx(before, rel=2e-14)


def test_bodies_with_arrays_and_by_pairs(as_arrays: None) -> None:
    """So many that several loops run together; against the pairs, each once, written as scalars."""
    n = 30
    equations, state, masses = _bodies(n)
    ta = ty.Integrator(equations, state)
    program = ta._machine.stepper.program
    assert isinstance(program, ArrayProgram)
    assert any(isinstance(loop, Together) for loop in Plan(program).loops[BEYOND])
    x = [ty.variables(f"x{i} y{i} z{i}") for i in range(n)]
    v = [ty.variables(f"u{i} v{i} w{i}") for i in range(n)]
    pull: list[list[Any]] = [[0, 0, 0] for _ in range(n)]
    for i in range(n):
        for j in range(i):
            d = [b - a for a, b in zip(x[i], x[j], strict=True)]
            cube = (d[0] ** 2 + d[1] ** 2 + d[2] ** 2) ** -1.5
            for k in range(3):
                pull[i][k] += float(masses[j]) * d[k] * cube
                pull[j][k] -= float(masses[i]) * d[k] * cube
    pairs = [(x[i][k], v[i][k]) for i in range(n) for k in range(3)]
    pairs += [(v[i][k], pull[i][k]) for i in range(n) for k in range(3)]
    other = ty.Integrator(pairs, state)
    for one in (ta, other):
        one.propagate_until(1.0)
    _near(ta.state, other.state, 1e-12)


@pytest.mark.parametrize("precision", ["float32", "float64", "double-double"])
def test_asking_for_memory_ahead_changes_nothing(
    precision: str, as_arrays: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where there is none: beyond the last body. It is otherwise done for hundreds of them."""
    equations, state, _ = _bodies(33)
    found = []
    with cache.disabled():
        for least in (together.FARTHER, 0):
            monkeypatch.setattr(together, "FARTHER", least)
            ta = ty.Integrator(equations, state, precision=precision)
            program = ta._machine.stepper.program
            assert isinstance(program, ArrayProgram)
            loops = [o for o in Plan(program).loops[BEYOND] if isinstance(o, Together)]
            assert [loop.far for loop in loops] == [not least] * len(loops) != []
            ta.propagate_for(1.0, max_steps=3)
            found.append(ta.state.tobytes())
    assert found[0] == found[1]


def test_pitches_of_pairs_change_nothing(as_arrays: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Solutions of an odd number of bodies, and gradients back over them, to the bit."""
    n = 33
    equations, state, _ = _bodies(n)
    x, v = (ty.variable(name, shape=(n, 3)) for name in "xv")
    found = []
    with cache.disabled():
        for wide in (pitch._wide, lambda *_: {}):
            monkeypatch.setattr(pitch, "_wide", wide)
            ta = ty.Integrator(equations, state)
            program = ta._machine.stepper.program
            assert isinstance(program, ArrayProgram)
            assert bool(Plan(program).pitch.wide) is not bool(found)
            solution = ta.as_function([x, v], until=0.5)
            gradient = ty.grad(lambda *given, s=solution: np.sum(s(*given) ** 2), argnums=(0, 1))
            slopes = gradient(*state.reshape(2, n, 3))
            ta.propagate_for(1.0, max_steps=3)
            found.append((ta.state.tobytes(), *(slope.tobytes() for slope in slopes)))
    assert found[0] == found[1]


def test_network_with_weights_as_parameters(as_arrays: None) -> None:
    h = 16
    rng = np.random.default_rng(2)
    weights = {
        "A": rng.standard_normal((h, 2)),
        "B": rng.standard_normal((h, h)) / h,
        "C": rng.standard_normal((2, h)) / h,
    }
    a, b, c = (ty.parameter(name, shape=value.shape) for name, value in weights.items())
    y = ty.variable("y", shape=(2,))
    ta = ty.Integrator([(y, c @ np.tanh(b @ np.tanh(a @ y)))], [0.5, -0.25], parameters=weights)
    assert ta.system.blocks

    def rhs(values: dict[str, np.ndarray], y: np.ndarray) -> np.ndarray:
        return values["C"] @ np.tanh(values["B"] @ np.tanh(values["A"] @ y))

    for factor in (1.0, 2.0):  # set without compiling
        values = {name: factor * value for name, value in weights.items()}
        ta.state[:], ta.time = [0.5, -0.25], 0.0
        for name, value in values.items():
            ta.parameters[name] = value
        ta.propagate_until(1.0)
        state, steps = np.array([0.5, -0.25]), 400
        for _ in range(steps):  # the classical Runge-Kutta method
            d = 1.0 / steps
            k1 = rhs(values, state)
            k2 = rhs(values, state + d / 2 * k1)
            k3 = rhs(values, state + d / 2 * k2)
            k4 = rhs(values, state + d * k3)
            state = state + d / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        _near(ta.state, state, 1e-10)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e300])
def test_wrong_arrays_of_parameters_change_nothing(wrong: float, as_arrays: None) -> None:
    x, w = ty.variable("x", shape=(6,)), ty.parameter("w", shape=(6,))
    kind = "float32" if wrong == 1e300 else "float64"  # which is too large for it
    ta = ty.Integrator([(x, -w * x)], np.ones(6), parameters={w: np.arange(6.0)}, precision=kind)
    values = np.ones(6)
    values[3] = wrong
    with pytest.raises(ty.TaylorError, match="must be finite"):
        ta.parameters[w] = values
    with pytest.raises(ty.TaylorError, match=r"shape \(6,\)"):
        ta.parameters[w] = np.ones(5)
    assert (np.asarray(ta.parameters[w], float) == np.arange(6.0)).all()
    ta.parameters[w] = 2 * np.arange(6.0)
    assert (np.asarray(ta.parameters[w], float) == 2 * np.arange(6.0)).all()


# Right-hand sides with branches; v is an array of parameters.
BRANCHES: dict[str, Callable[[Any, Any], Any]] = {
    "maximum": lambda x, v: 2 * np.maximum(0.6 - x, 0) - v * x,
    "where": lambda x, v: np.where(x > 0.7, -x, -3 * x + v),
    "abs": lambda x, v: -np.abs(x - 0.7) + np.roll(x, 1) / 4 - v / 2,
    "least along an axis": lambda x, v: v - x * np.repeat(np.min(x.reshape(4, 3), axis=1), 3),
    "clip": lambda x, v: -np.clip(x, 0.6, 0.9) * np.cos(3 * ty.time) * v,
    "and": lambda x, v: np.where((x > 0.7) & (ty.time < 0.5), -x, v / 2 - x),
    "one condition for all": lambda x, v: np.where(x.sum() > 8.5, -x, -2 * x * v),
    "of products": lambda x, v: np.where(x * (x - 0.7) > 0, -x, -v * x),
    "twice": lambda x, v: np.where(x > 0.7, -x, -v) + np.maximum(x, 0.7) - np.maximum(0.7, x)[::-1],
    "pairs": lambda x, v: -(np.maximum(x[:, None], x[None, :3] * v[0])).sum(axis=1) * 0.2,
    "of parameters": lambda x, v: np.where(v > 0.5, -x, -2 * x) * np.maximum(x, v),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_branches_of_arrays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps end at every element's surface, and go on by its other branch."""
    rng = np.random.default_rng(3)
    start, values = rng.uniform(0.55, 1.0, 12), np.linspace(0.2, 0.8, 12)
    stayed = []

    def run() -> np.ndarray:
        x, v = ty.variable("x", shape=(12,)), ty.parameter("v", shape=(12,))
        ta = ty.Integrator([(x, BRANCHES[name](x, v))], start, parameters={v: values})
        stayed.append(bool(ta.system.blocks))
        again = pickle.loads(pickle.dumps(ta))
        states = []
        for factor in (1.0, 0.5):  # parameters are set without touching modes
            ta.parameters[v] = again.parameters[v] = factor * values
            for integrator in (ta, again):
                assert integrator.propagate_until(factor).status is ty.Status.REACHED
            assert again.state.tobytes() == ta.state.tobytes()
            states.append(ta.state.copy())
        return np.concatenate([*states, [float(len(ta._model.switches))]])

    _near(*_both(monkeypatch, run), bound=1e-13)
    assert stayed == [True, False]


def test_branches_against_a_closed_form(as_arrays: None) -> None:
    """x' = 1 - max(x, c): a line as long as x < c, then on to one."""
    x, c = ty.variable("x", shape=(16,)), np.linspace(0.25, 0.75, 16)
    ta = ty.Integrator([(x, 1 - np.maximum(x, c))], np.zeros(16))
    assert ta.system.blocks and len(ta._model.switches) == 16
    ta.propagate_until(2.0)
    reached = c / (1 - c)  # when the line comes to c
    expected = np.where(reached > 2, 2 * (1 - c), 1 - (1 - c) * np.exp(reached - 2.0))
    _near(ta.state, expected, 1e-15)


def test_equalities_are_spelled_out(as_arrays: None) -> None:
    """What holds at single instants only scalars ask for."""
    x = ty.variable("x", shape=(4,))
    ta = ty.Integrator([(x, np.where(x == 1, 0, -x))], np.array([0.0, 0.5, 1.0, 3.0]))
    assert not ta.system.blocks
    ta.propagate_until(1.0)
    _near(ta.state, np.array([0.0, 0.5, np.e, 3.0]) * np.exp(-1), 1e-15)


def test_errors_of_array_equations(as_arrays: None) -> None:
    x, y = ty.variable("x", shape=(5,)), ty.variable("y", shape=(5,))
    with pytest.raises(EquationsError, match="y is used but has no equation"):
        ty.Integrator([(x, y)], np.ones(5))
    with pytest.raises(EquationsError, match="x has two equations"):
        ty.Integrator([(x, x), (x, -x)], np.ones(10))
    with pytest.raises(EquationsError, match=r"shape \(4,\)"):
        ty.Integrator([(x, ty.variable("x", shape=(5,))[1:])], np.ones(5))


def test_constant_and_resting_arrays(as_arrays: None) -> None:
    x, y = ty.variable("x", shape=(5,)), ty.variable("y", shape=(5,))
    ta = ty.Integrator([(x, np.arange(5.0)), (y, 0 * x)], np.ones(10))
    ta.propagate_until(2.0)
    _near(ta.state, [*(1 + 2 * np.arange(5.0)), *np.ones(5)], 1e-15)


def test_equations_of_elements_are_packed() -> None:
    """A double loop over the elements of an array is no system of arrays: what is written in
    scalars is packed, and has as few rows as ever.
    """
    n = 14
    q, p = ty.variable("q", shape=(n, 3)), ty.variable("p", shape=(n, 3))
    forces: list[list[Any]] = [[0, 0, 0] for _ in range(n)]
    for i in range(n):
        for j in range(i):
            d = [q[j, k] - q[i, k] for k in range(3)]
            cube = (d[0] ** 2 + d[1] ** 2 + d[2] ** 2) ** 1.5
            for k in range(3):
                forces[i][k] += d[k] / cube
                forces[j][k] -= d[k] / cube
    start = np.random.default_rng(5).normal(size=6 * n)
    ta = ty.Integrator([(q, p), (p, forces)], start)
    assert 0 < len(ta.explain().packs) < 100
    d = start[: 3 * n].reshape(n, 1, 3) - start[: 3 * n].reshape(1, n, 3)
    cube = np.sum(d**2, axis=2, keepdims=True) ** 1.5 + np.eye(n)[:, :, None]
    pull = -(d / cube).sum(axis=1)
    assert ta.propagate_for(1e-6).success
    np.testing.assert_allclose(
        (ta.state - start)[3 * n :] / 1e-6, pull.ravel(), rtol=1e-3, atol=1e-3
    )


def test_small_equations_of_narrow_loops_are_spelled_out() -> None:
    """Whatever form they were written in; large ones stay arrays."""
    sky, r, v = ty.astrodynamics, ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    for degree, stay in ((2, False), (8, False), (16, True)):
        field = sky.SphericalHarmonics("EGM2008", degree=degree)
        pull = field.acceleration(sky.OrbitState(ty.time, r, v))
        assert bool(make_system([(r, v), (v, pull)], 6).blocks) is stay
