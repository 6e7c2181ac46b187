"""First-order flow maps with trajectories in lanes: every row has the bits of a single run."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.ensembles import threads as team
from taylor.ensembles.lanes import Batch, Ends, Stop, Unsuitable
from taylor_runtime.program.codes import NON_FINITE, REACHED, STEP_UNDERFLOW, STEPS_DONE
from taylor_runtime.program.flow import LinearProgram

COUNT = 21  # no multiple of the lanes
X, Y, U, V = ty.variables("x y u v")
K, C = ty.parameters("k c")
VALUES = {K: 1.25, C: 0.125}


def pendulum(**options: Any) -> tuple[Any, dict[str, Any]]:
    """With the pull as one of the parameters, the other one in a force of time."""
    asked = {"wrt": options.pop("wrt", (X, V, K))}
    asked |= {
        key: options.pop(key) for key in ("directions", "control", "initial") if key in options
    }
    system = [(X, V), (V, -K * ty.sin(X) - C * V * ty.cos(ty.time))]
    return ty.variational(system, 1, **asked), {"parameters": VALUES, **options}


def orbit(**options: Any) -> tuple[Any, dict[str, Any]]:
    """The planar restricted three-body problem."""
    mu = 0.01
    heavy = (1 - mu) * ((X + mu) ** 2 + Y**2) ** -1.5
    light = mu * ((X - 1 + mu) ** 2 + Y**2) ** -1.5
    right = [
        2 * V + X - heavy * (X + mu) - light * (X - 1 + mu),
        -2 * U + Y - (heavy + light) * Y,
    ]
    return ty.variational([(X, U), (Y, V), (U, right[0]), (V, right[1])], 1), options


def field(**options: Any) -> tuple[Any, dict[str, Any]]:
    """Branches, quotients, a square root, and a parameter that is a factor alone."""
    bent = ty.where(K > 1, ty.sqrt(2 + U * U), ty.exp(-U) / (3 + V * V))
    system = [(U, C * V - U), (V, K - bent + ty.tanh(U * V))]
    return ty.variational(system, 1, [U, V, K, C]), {"parameters": VALUES, **options}


SYSTEMS: dict[str, tuple[Callable[..., Any], int]] = {
    "pendulum": (pendulum, 2),
    "orbit": (orbit, 4),
    "field": (field, 2),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "float32": {"precision": "float32"},
    "by component": {"rtol": 1e-9, "atol": 1e-11},
    "compensated": {"high_accuracy": True},
    "short": {"max_step": 0.0625},
}


def made(name: str, **options: Any) -> ty.Integrator:
    make, n = SYSTEMS[name]
    system, given = make(**options)
    return ty.Integrator(system, [-0.75, 0.0, 0.0, -0.625][:n] if n == 4 else [0.5, 0.25], **given)


def rows(ta: ty.Integrator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States, ends on both sides, and parameters."""
    draw = np.random.default_rng(7)
    states = ta.state + 0.0625 * draw.integers(-4, 5, (COUNT, len(ta.state))) / 4
    ends = np.where(np.arange(COUNT) % 3, 1, -1) * np.linspace(1.0, 4.0, COUNT)
    parameters = ta.parameters.array() + draw.integers(-4, 5, (COUNT, len(ta.parameters))) / 8
    return states, ends, parameters


def together(
    ta: ty.Integrator,
    states: np.ndarray,
    ends: np.ndarray,
    parameters: np.ndarray | None = None,
    grids: np.ndarray | None = None,
    max_steps: int | None = None,
) -> Ends:
    def pairs(times: np.ndarray) -> np.ndarray:
        return np.stack([times, 0 * times], axis=-1)

    along = None if grids is None else pairs(grids)
    begin = pairs(np.zeros(len(states)))
    return Batch(ta).run(states, begin, pairs(ends), parameters, along, max_steps)


def alone(ta: ty.Integrator, state: np.ndarray, parameters: np.ndarray) -> ty.Integrator:
    one = copy.copy(ta)
    one.state, one.time, one.parameters = state, 0.0, parameters  # type: ignore[assignment]
    return one


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_rows_have_the_bits_of_single_runs(name: str, option: str) -> None:
    ta = made(name, **OPTIONS[option])
    states, ends, parameters = rows(ta)
    found = together(ta, states, ends, parameters)
    assert (found.codes == REACHED).all()
    for row in range(COUNT):
        one = alone(ta, states[row], parameters[row])
        outcome = one.propagate_until(ends[row])
        assert outcome.steps == found.steps[row]
        assert np.array_equal(one.flow_map.coefficients, found.states[row])
    assert len(set(found.steps.tolist())) > 2


@pytest.mark.parametrize("name", SYSTEMS)
def test_grids_have_the_bits_of_single_runs(name: str) -> None:
    ta = made(name)
    states, ends, parameters = rows(ta)
    grids = ends[:, np.newaxis] * np.linspace(0, 1, 7)
    found = together(ta, states, ends, parameters, grids)
    assert found.grid is not None
    for row in range(COUNT):
        outcome = alone(ta, states[row], parameters[row]).propagate_grid(grids[row])
        assert outcome.flow_maps is not None
        assert np.array_equal(outcome.flow_maps.coefficients, found.grid[row])


VARIED: dict[str, dict[str, Any]] = {
    "states": {"wrt": None},
    "one parameter": {"wrt": [C]},
    "one state": {"wrt": [V]},
    "directions": {"wrt": [X, K, C], "directions": [[1.0, 2.0], [-0.5, 0.25], [3.0, 0.0]]},
    "states' steps": {"control": "state"},
    "a curve": {"wrt": [K], "initial": ty.Polynomial([[0.0, 1.0], [0.0, -2.0]], "s")},
}


@pytest.mark.parametrize("varied", VARIED)
def test_what_is_varied(varied: str) -> None:
    ta = made("pendulum", **VARIED[varied])
    states, ends, parameters = rows(ta)
    found = together(ta, states, ends, parameters)
    for row in range(COUNT):
        one = alone(ta, states[row], parameters[row])
        one.propagate_until(ends[row])
        assert np.array_equal(one.flow_map.coefficients, found.states[row])


def test_rotations() -> None:
    """x'' = -w x with w = k**2, from many starts: the matrix in closed form."""
    ta = ty.Integrator(
        ty.variational([(X, V), (V, -K * K * X)], 1, [X, V, K]), [1.0, 0.0], parameters={K: 1.0}
    )
    rates = np.geomspace(0.25, 8, COUNT)
    states = np.stack([np.linspace(-1, 1, COUNT), np.linspace(2, 0.5, COUNT)], axis=1)
    t = 3.0
    found = together(ta, states, np.full(COUNT, t), rates[:, np.newaxis]).states
    x, v, c, s = states[:, 0], states[:, 1], np.cos(rates * t), np.sin(rates * t)
    right = [x * c + v / rates * s, c, s / rates, -x * t * s - v * s / rates**2 + v * t * c / rates]
    assert np.abs(found[:, 0] - np.stack(right, axis=1)).max() < 1e-12
    np.testing.assert_allclose(found[:, 1, 1], -rates * s, rtol=0, atol=1e-12)


def test_ends_of_all_kinds() -> None:
    """x' = k e^x runs off at e^-x / k; others reach their ends or their limit of steps."""
    ta = ty.Integrator(ty.variational([(X, K * ty.exp(X))], 1, [X, K]), [1.0], parameters={K: 1.0})
    states = np.linspace(-2.0, 1.0, COUNT)[:, np.newaxis]
    ends, twos = np.full(COUNT, 1.5), np.full((COUNT, 1), 2.0)
    found = together(ta, states, ends, twos)
    left = np.exp(-states[:, 0]) - 3
    off = left < 0
    assert (found.codes[~off] == REACHED).all()
    assert np.isin(found.codes[off], (NON_FINITE, STEP_UNDERFLOW)).all() and off.any()
    slope = np.exp(-states[~off, 0]) / left[~off]
    np.testing.assert_allclose(found.states[~off, 0, 1], slope, rtol=1e-12)
    np.testing.assert_allclose(found.states[~off, 0, 2], 1.5 / left[~off], rtol=1e-12)
    found = together(ta, states, ends, twos, max_steps=2)
    assert (found.codes == STEPS_DONE).sum() > COUNT // 2 and found.steps.max() == 2


def test_threads_share_a_queue() -> None:
    ta = made("orbit")
    states, ends, parameters = rows(ta)
    wanted = together(ta, states, ends, parameters)
    batch = Batch(ta)
    begin = np.zeros((COUNT, 2))
    shared = batch.rows(states, begin, np.stack([ends, 0 * ends], axis=-1), parameters, None)
    workers = [threading.Thread(target=batch.copy().work, args=(shared, Stop())) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert np.array_equal(batch.ends_of(shared).states, wanted.states)


def test_ensembles_go_in_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """And give the same maps as rows that go one by one; what is not finite stays in its row."""
    ta = made("orbit")
    states, ends, _ = rows(ta)
    states[5, 1] = np.nan
    monkeypatch.setattr(team, "LEAST_IN_LANES", COUNT + 1)
    serial = ty.ensemble(ta, states, until=ends, workers=1)
    monkeypatch.setattr(team, "LEAST_IN_LANES", 1)
    Batch(ta)  # makes the machine code, which is used from here on
    runs: list[int] = []
    work = Batch.work

    def counted(*given: Any) -> None:
        runs.append(1)
        work(*given)

    monkeypatch.setattr(Batch, "work", counted)
    lanes = ty.ensemble(ta, states, until=ends, workers=2)
    along = ty.ensemble(ta, states, times=np.linspace(0, 2, 4), workers=1)
    assert len(runs) >= 2
    assert serial.flow_maps is not None and lanes.flow_maps is not None
    one, other = serial.flow_maps.coefficients, lanes.flow_maps.coefficients
    assert np.array_equal(one, other, equal_nan=True) and np.isnan(other[5, :, 1:]).all()
    assert serial.messages == lanes.messages and set(lanes.messages) == {5}
    assert along.state_transition_matrix is not None
    assert along.state_transition_matrix.shape == (COUNT, 4, 4, 4)


def test_what_goes_one_by_one() -> None:
    """Higher orders, events, other kinds of numbers; and what lanes of one trajectory are for."""
    system = [(X, V), (V, -ty.sin(X))]
    for order, options in (
        (2, {}),
        (1, {"events": [ty.Event(X)]}),
        (1, {"precision": "double-double"}),
    ):
        with pytest.raises(Unsuitable):
            Batch(ty.Integrator(ty.variational(system, order), [1.0, 0.0], **options))  # type: ignore[arg-type]
    x = ty.variables(" ".join(f"x{i}" for i in range(9)))
    ring = [(x[i], ty.sin(x[i - 1] - x[i])) for i in range(9)]
    ta = ty.Integrator(ty.variational(ring, 1), np.linspace(0, 3, 9))
    assert not isinstance(ta._machine.stepper.program, LinearProgram)
    with pytest.raises(Unsuitable):
        Batch(ta)
