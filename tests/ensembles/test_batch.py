"""Trajectories in lanes have the bits of trajectories alone."""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import taylor as ty
from benchmarks.problems import PROBLEMS
from taylor.ensembles.lanes import Batch, Ends, Stop, Unsuitable
from taylor_runtime.callables import batch as batch_build
from taylor_runtime.program.codes import NON_FINITE, REACHED, RUNNING, STEP_UNDERFLOW

COUNT = 37  # more than lanes, and no multiple of their number


@dataclass(frozen=True)
class Case:
    """A system, a state, how far its states and parameters are spread, and spans."""

    make: Callable[..., ty.Integrator]
    span: float
    spread: float = 1e-2

    def rows(self, ta: ty.Integrator, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """States, ends and parameters; ends are spread over a factor of 20."""
        draw = np.random.default_rng(seed)
        noise = draw.uniform(-self.spread, self.spread, (COUNT, len(ta.state)))
        states = (ta.state * (1 + noise)).astype(ta.state.dtype)
        ends = self.span * 20.0 ** -draw.uniform(0, 1, COUNT)
        own = ta.parameters.array()
        parameters = own * (1 + draw.uniform(-self.spread, self.spread, (COUNT, len(own))))
        return states, ends, parameters.astype(own.dtype)


def _pendulum(**options: Any) -> ty.Integrator:
    x, v = ty.variables("x v")
    return ty.Integrator([(x, v), (v, -9.8 * ty.sin(x))], [0.05, 0.025], **options)


def _restricted(**options: Any) -> ty.Integrator:
    mu = ty.parameter("mu")
    x, y, px, py = ty.variables("x y px py")
    heavy, light = x - mu, x + (1 - mu)
    a = (1 - mu) * (heavy**2 + y**2) ** -1.5
    b = mu * (light**2 + y**2) ** -1.5
    system = [
        (x, px + y), (y, py - x), (px, py - a * heavy - b * light), (py, -px - a * y - b * y)
    ]  # fmt: skip
    state = [-0.8, 0.0, 0.0, -0.6276410653920694]
    return ty.Integrator(system, state, parameters={mu: 0.01}, **options)


def _planets(**options: Any) -> ty.Integrator:
    problem = PROBLEMS["n-body-5"]
    names = ty.variables(" ".join(problem.variables))
    equations = list(zip(names, problem.equations(ty, names), strict=True))
    return ty.Integrator(equations, problem.state, **options)


def _forced(**options: Any) -> ty.Integrator:
    """Time enters, as a phase in double-double."""
    x, v = ty.variables("x v")
    strength, rate = ty.parameter("strength"), ty.parameter("rate")
    force = strength * ty.cos(rate * ty.time) - x**3 - v / 10
    values = {strength: 0.3, rate: 1.2}
    return ty.Integrator([(x, v), (v, force)], [0.5, 0.1], parameters=values, time=3.0, **options)


def _spike(**options: Any) -> ty.Integrator:
    """A narrow feature that steps run into: some are taken back."""
    (x,) = ty.variables("x")
    bump = ty.exp(-((ty.time - 5) ** 2) * 4000)
    return ty.Integrator([(x, 1 + 100 * bump)], [0.3], **options)


def _line(**options: Any) -> ty.Integrator:
    """A polynomial: nothing bounds its steps."""
    x, v = ty.variables("x v")
    return ty.Integrator([(x, v), (v, x * 0 - 2)], [0.0, 3.0], max_step=0.7, **options)


CASES = {
    "pendulum": Case(_pendulum, 20.0),
    "restricted": Case(_restricted, 12.0),
    "planets": Case(_planets, 2000.0, 1e-4),
    "forced": Case(_forced, 30.0),
    "spike": Case(_spike, 9.0),
    "line": Case(_line, 5.0),
}

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "float32": {"precision": "float32"},
    "weighted": {"rtol": 1e-10, "atol": 1e-9},
    "weighted float32": {"rtol": 1e-5, "atol": 1e-6, "precision": "float32"},
    "compensated": {"high_accuracy": True},
    "low order": {"tol": 1e-4},
}


@dataclass(frozen=True)
class Alone:
    """What the integrator does, row by row."""

    states: np.ndarray
    times: np.ndarray
    steps: np.ndarray
    retracted: np.ndarray
    statuses: list[ty.Status]
    grid: np.ndarray


def alone(
    ta: ty.Integrator,
    states: np.ndarray,
    ends: Sequence[float],
    parameters: np.ndarray | None = None,
    grids: np.ndarray | None = None,
    max_steps: int | None = None,
) -> Alone:
    kept: list[tuple[Any, ...]] = []
    for row in range(len(states)):
        one = copy.copy(ta)
        one.state = states[row]
        if parameters is not None:
            one.parameters = parameters[row]
        if grids is None:
            outcome = one.propagate_until(ends[row], max_steps=max_steps)
        else:
            outcome = one.propagate_grid(grids[row], max_steps=max_steps)
        found = outcome.states if grids is not None else np.zeros(0)
        numbers = (one.state, one.time_pair, outcome.steps, outcome.retracted)
        kept.append((*numbers, outcome.status, found))
    columns = list(zip(*kept, strict=True))
    arrays = [np.array(column) for column in columns[:4]]
    return Alone(*arrays, list(columns[4]), np.array(columns[5]))


def together(
    ta: ty.Integrator,
    states: np.ndarray,
    ends: Sequence[float],
    parameters: np.ndarray | None = None,
    grids: np.ndarray | None = None,
    max_steps: int | None = None,
) -> Ends:
    def pairs(times: Any) -> np.ndarray:
        return np.stack([np.broadcast_to(times, len(states)), np.zeros(len(states))], axis=-1)

    pairs_of_grids = None
    if grids is not None:
        pairs_of_grids = np.stack([grids, np.zeros_like(grids)], axis=-1)
    return Batch(ta).run(
        states, pairs(ta.time), pairs(ends), parameters, pairs_of_grids, max_steps
    )  # fmt: skip


def check(found: Ends, wanted: Alone) -> None:
    assert found.states.tobytes() == wanted.states.tobytes()
    assert found.times.tobytes() == wanted.times.tobytes()
    assert np.array_equal(found.steps, wanted.steps)
    if found.grid is not None:
        assert found.grid.tobytes() == wanted.grid.tobytes()


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", CASES)
def test_rows_have_the_bits_of_single_runs(name: str, options: str) -> None:
    case = CASES[name]
    ta = case.make(**OPTIONS[options])
    states, ends, parameters = case.rows(ta)
    ends = ta.time + ends
    check(together(ta, states, ends, parameters), alone(ta, states, ends, parameters))


@pytest.mark.parametrize("lanes", [8, 16])
@pytest.mark.parametrize("limit", [0, 10**9], ids=["looped", "unrolled"])
@pytest.mark.parametrize("name", ["restricted", "forced"])
def test_lanes_and_loops_change_nothing(
    name: str, limit: int, lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_build, "UNROLLED_BATCH_WORK", limit)
    monkeypatch.setattr(batch_build, "best_lanes", lambda element: lanes)
    case = CASES[name]
    ta = case.make()
    states, ends, parameters = case.rows(ta, seed=1)
    kept = ta._machine.stepper.kept  # equal systems share it, and what was made with it
    before = dict(kept)
    kept.clear()
    try:
        assert Batch(ta).lanes == lanes
        check(together(ta, states, ends, parameters), alone(ta, states, ends, parameters))
    finally:
        kept.clear()
        kept.update(before)


@pytest.mark.parametrize("name", ["restricted", "forced", "planets"])
def test_backwards(name: str) -> None:
    case = CASES[name]
    ta = case.make()
    states, ends, parameters = case.rows(ta, seed=2)
    ends = ta.time - ends
    check(together(ta, states, ends, parameters), alone(ta, states, ends, parameters))


@pytest.mark.parametrize("options", ["plain", "float32", "compensated"])
@pytest.mark.parametrize("name", ["pendulum", "forced", "planets", "line"])
@pytest.mark.parametrize("sign", [1, -1])
def test_grids_of_their_own(name: str, options: str, sign: int) -> None:
    """Grids that begin at the start or behind it, dense and sparse."""
    case = CASES[name]
    ta = case.make(**OPTIONS[options])
    states, ends, parameters = case.rows(ta, seed=3)
    grids = ta.time + sign * ends[:, None] * np.linspace(0, 1, 23) ** 2
    grids[::3] += sign * ends[::3, None] / 7
    wanted = alone(ta, states, grids[:, -1], parameters, grids)
    check(together(ta, states, grids[:, -1], parameters, grids), wanted)


def test_steps_are_taken_back() -> None:
    ta = _spike()
    case = CASES["spike"]
    states, ends, _ = case.rows(ta)
    wanted = alone(ta, states, ends)
    assert wanted.retracted.sum() > 0
    check(together(ta, states, ends), wanted)


def test_limits_on_steps() -> None:
    ta = _restricted()
    states, ends, parameters = CASES["restricted"].rows(ta)
    grids = ends[:, None] * np.linspace(0, 1, 9)
    wanted = alone(ta, states, ends, parameters, grids, max_steps=17)
    found = together(ta, states, ends, parameters, grids, max_steps=17)
    check(found, wanted)
    limited = np.array([status is ty.Status.STEP_LIMIT for status in wanted.statuses])
    assert limited.any() and not limited.all()
    assert np.array_equal(found.codes != REACHED, limited)


def test_what_goes_wrong_stays_in_its_row() -> None:
    """x' = x^2 runs off at t = 1 / x_0: some rows before the end, some behind it, one never."""
    (x,) = ty.variables("x")
    ta = ty.Integrator([(x, x**2)], [1.0])
    states = np.linspace(-0.2, 3.0, COUNT)[:, None]
    states[5] = 0.0
    ends = np.full(COUNT, 0.6)
    wanted = alone(ta, states, ends)
    found = together(ta, states, ends)
    check(found, wanted)
    codes = {
        REACHED: ty.Status.REACHED,
        NON_FINITE: ty.Status.NON_FINITE,
        STEP_UNDERFLOW: ty.Status.STEP_UNDERFLOW,
    }
    assert [codes[code] for code in found.codes] == wanted.statuses
    assert set(wanted.statuses) > {ty.Status.REACHED}
    calm = 0.6 * states[:, 0] < 0.9
    assert (found.codes[calm] == REACHED).all()
    exact = states[calm, 0] / (1 - 0.6 * states[calm, 0])
    assert np.abs(found.states[calm, 0] - exact).max() < 1e-13


def test_no_steps_and_few_rows() -> None:
    ta = _pendulum()
    for count in (0, 1, 3):
        states = np.tile(ta.state, (count, 1))
        ends = np.linspace(0.0, 2.0, count)
        found = together(ta, states, ends)
        assert (found.codes == REACHED).all()
        if count:
            check(found, alone(ta, states, ends))


def test_values_are_right() -> None:
    """Harmonic oscillators of many frequencies, against their closed form."""
    x, v = ty.variables("x v")
    k = ty.parameter("k")
    ta = ty.Integrator([(x, v), (v, -k * x)], [1.0, 0.0], parameters={k: 1.0})
    rates = np.geomspace(0.1, 10, COUNT)
    found = together(ta, np.tile([1.0, 0.0], (COUNT, 1)), [20.0] * COUNT, rates[:, None] ** 2)
    assert np.abs(found.states[:, 0] - np.cos(20 * rates)).max() < 1e-12


def test_threads_share_a_queue() -> None:
    ta = _restricted()
    states, ends, parameters = CASES["restricted"].rows(ta)
    wanted = alone(ta, states, ends, parameters)
    batch = Batch(ta)
    times = np.zeros((COUNT, 2))
    rows = batch.rows(states, times, np.stack([ends, 0 * ends], axis=-1), parameters, None)
    others = [batch.copy() for _ in range(3)]
    threads = [threading.Thread(target=other.work, args=(rows, Stop())) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(batch.ends_of(rows), wanted)


def test_stopped_rows_are_told() -> None:
    ta = _pendulum()
    stop = Stop()
    stop.wanted = True
    pairs, far = np.zeros((COUNT, 2)), np.full((COUNT, 2), [1e9, 0.0])
    found = Batch(ta).run(np.tile(ta.state, (COUNT, 1)), pairs, far, stop=stop)
    assert (found.codes == RUNNING).all()
    for delay in (0.05, 0.5, 5.0):  # a busy machine takes its time
        later = Stop()
        timer = threading.Timer(delay, setattr, (later, "wanted", True))
        timer.start()
        found = Batch(ta).run(np.tile(ta.state, (COUNT, 1)), pairs, far, stop=later)
        assert (found.codes == RUNNING).all()
        if found.steps.max() > 0:
            break
    assert found.steps.max() > 0
    assert math.isfinite(found.states.sum())


def test_what_is_left_to_single_runs() -> None:
    x, v = ty.variables("x v")
    system = [(x, v), (v, -x)]
    events = [ty.Event(x)]
    for options in ({"events": events}, {"precision": "double-double"}):
        with pytest.raises(Unsuitable):
            Batch(ty.Integrator(system, [1.0, 0.0], **options))  # type: ignore[arg-type]
    with pytest.raises(Unsuitable):
        Batch(ty.Integrator([(x, v), (v, -abs(x))], [1.0, 0.0]))


def test_systems_that_fill_lanes_alone_go_one_by_one() -> None:
    problem = PROBLEMS["toda-32"]
    names = ty.variables(" ".join(problem.variables))
    equations = list(zip(names, problem.equations(ty, names), strict=True))
    with pytest.raises(Unsuitable, match="full"):
        Batch(ty.Integrator(equations, problem.state))
