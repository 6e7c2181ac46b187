"""Ensembles of flow maps: every row has the bits of a single run, and they are right."""

from __future__ import annotations

import copy
import math
import os
import pickle
import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import taylor as ty
from taylor.ensembles import threads as team
from taylor.ensembles.events import python_decides

COUNT = 20
X, V = ty.variables("x v")
K, C = ty.parameters("k c")
PENDULUM = [(X, V), (V, -K * ty.sin(X) - C * V * ty.cos(ty.time))]
VALUES = {K: 1.25, C: 0.125}


def pendulum(order: int = 2, wrt: Any = (X, V, K), **options: Any) -> ty.Integrator:
    made = {name: options.pop(name) for name in MADE if name in options}
    system = ty.variational(PENDULUM, order, wrt=wrt, **made)
    return ty.Integrator(system, [1.0, 0.0], parameters=VALUES, **options)


MADE = ("limits", "directions", "control", "tolerances", "initial")


def starts(count: int = COUNT) -> np.ndarray:
    return np.stack([np.linspace(-1.5, 2.0, count), np.linspace(0.5, 1.5, count) ** 2], axis=1)


def ks(count: int = COUNT) -> np.ndarray:
    return np.linspace(0.5, 2.0, count)


def alone(ta: ty.Integrator, start: Any, begin: float = 0.0, k: float | None = None) -> Any:
    """An integrator at a fresh start that nothing else has used."""
    other = pickle.loads(pickle.dumps(ta)) if ta._flow and ta._flow.undefined else copy.copy(ta)
    other.state, other.time = start, begin
    if k is not None:
        other.parameters[K] = k
    return other


def same(one: Any, other: Any) -> bool:
    """The same coefficients, NaN where the other has NaN."""
    return np.array_equal(one.coefficients, other.coefficients, equal_nan=True)


def check_row(out: ty.EnsembleOutcome, row: int, one: ty.Integrator, outcome: ty.Outcome) -> None:
    """All that a row has are the bits of a single run."""
    assert outcome.status is out.status[row] and outcome.steps == out.steps[row]
    assert np.array_equal(one.state, out.final_states[row], equal_nan=True)
    said = "" if outcome.message == outcome.status.value else outcome.message
    assert out.messages.get(row, "") == said
    final, shown = out.final_flow_maps, out.flow_maps
    assert final is not None and shown is not None
    if outcome.flow_map is None:
        assert "no derivatives" in out.messages[row]
        kept = shown[row].coefficients
        if outcome.flow_maps is None:
            assert np.isnan(kept[..., 1:]).all()
        else:  # of a grid, up to where they end
            assert np.array_equal(kept, outcome.flow_maps.coefficients, equal_nan=True)
        assert np.isnan(final[row].coefficients[..., 1:]).all()
        assert np.array_equal(final[row].constant_part, one.state)
    else:
        assert same(outcome.flow_map, final[row])
        wanted = outcome.flow_map if out.grid is None else outcome.flow_maps
        assert wanted is not None and same(wanted, shown[row])
        matrix = out.state_transition_matrix
        assert matrix is not None and outcome.state_transition_matrix is not None
        assert np.array_equal(matrix[row], outcome.state_transition_matrix, equal_nan=True)
    assert np.array_equal(shown.constant_part, out.states, equal_nan=True)
    if out.grid is not None:
        assert np.array_equal(out.states[row], outcome.states, equal_nan=True)
    if out.events is not None:
        for own, want in zip(out.events[row], outcome.events, strict=True):
            assert np.array_equal(own.times, want.times)
            assert np.array_equal(own.states, want.states)
            assert own.time_maps is not None and own.state_maps is not None
            assert same(own.time_maps, want.time_maps) and same(own.state_maps, want.state_maps)


class Serial(Executor):
    """Runs everything at once, after pickling it, as a process would."""

    def submit(self, function: Any, /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        call = pickle.loads(pickle.dumps((function, args)))
        future.set_result(pickle.loads(pickle.dumps(call[0](*call[1]))))
        return future


@pytest.fixture(params=["one thread", "three threads", "threads", "pickled", "as if in lanes"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Ways to run an ensemble."""
    if request.param == "as if in lanes":
        monkeypatch.setattr(team, "LEAST_IN_LANES", 1)
        monkeypatch.setattr(team, "BATCH_SECONDS", 0)
        monkeypatch.setattr(team, "FIRST_SHARE", 2)
        yield {"workers": 2}
    elif request.param == "one thread":
        yield {"workers": 1}
    elif request.param == "three threads":
        yield {"workers": 3}
    elif request.param == "threads":
        with ThreadPoolExecutor(2) as pool:
            yield {"executor": pool}
    else:
        yield {"executor": Serial(), "workers": 2}


# -- the same bits ------------------------------------------------------------------------------


def test_rows_are_single_runs(how: dict[str, Any]) -> None:
    ta = pendulum()
    ta.propagate_until(1.0)  # somewhere in flight: rows start afresh nevertheless
    kept = ta.flow_map
    begins = np.linspace(-1.0, 1.0, COUNT)
    until = np.where(np.arange(COUNT) % 2, 8.0, -8.0)
    out = ty.ensemble(ta, starts(), until=until, parameters={K: ks()}, time0=begins, **how)
    assert out.success and not out.messages
    assert out.flow_maps is not None and out.flow_maps.shape == (COUNT, 2)
    assert out.state_transition_matrix is not None
    assert out.state_transition_matrix.shape == (COUNT, 2, 3)
    for row, start in enumerate(starts()):
        one = alone(ta, start, begins[row], ks()[row])
        check_row(out, row, one, one.propagate_until(until[row]))
    assert same(ta.flow_map, kept) and ta.time == 1.0  # left alone


def test_grids(how: dict[str, Any]) -> None:
    ta = pendulum()
    shared = np.linspace(0.0, 5.0, 6)
    own = np.linspace(0.5, 4.0, 6) + 0.1 * np.arange(COUNT)[:, None]
    for grid in (shared, own):
        out = ty.ensemble(ta, starts(), times=grid, parameters={K: ks()}, **how)
        assert out.flow_maps is not None and out.flow_maps.shape == (COUNT, 6, 2)
        for row, start in enumerate(starts()):
            one = alone(ta, start, k=ks()[row])
            times = grid if grid.ndim == 1 else grid[row]
            check_row(out, row, one, one.propagate_grid(times))


def test_events(how: dict[str, Any]) -> None:
    events = [ty.Event(X), ty.Event(V - 0.25, direction=-1), ty.Event(X - 9)]
    ta = pendulum()
    out = ty.ensemble(ta, starts(), until=6.0, parameters={K: ks()}, events=events, **how)
    assert out.events is not None and out.events.time_maps is not None
    assert out.events.state_maps is not None
    count = len(out.events.times)
    assert out.events.time_maps.shape == (count,) and out.events.state_maps.shape == (count, 2)
    assert len(set(np.diff(out.events.offsets))) > 2  # ragged
    for row, start in enumerate(starts()):
        part = slice(out.events.offsets[row], out.events.offsets[row + 1])
        assert (np.diff(out.events.times[part]) > 0).all()
        values = out.events.time_maps[part].constant_part
        np.testing.assert_allclose(values, out.events.times[part], rtol=1e-14)
        one = alone(ta, start, k=ks()[row])
        one.events = events
        check_row(out, row, one, one.propagate_until(6.0))


OPTIONS: dict[str, dict[str, Any]] = {
    "float32": {"precision": "float32"},
    "double-double": {"precision": "double-double", "tol": 1e-25},
    "compensated": {"high_accuracy": True},
    "by component": {"rtol": 1e-9, "atol": [1e-12, 1e-9]},
    "first order": {"order": 1},
    "states by default": {"order": 1, "wrt": None},
    "fourth order": {"order": 4, "wrt": [X, V]},
    "all parameters": {"wrt": [K, C]},
    "initial time": {"wrt": [X, ty.time]},
    "limits": {"order": 3, "limits": {K: 1, V: 2}},
    "directions": {"wrt": [X, V, K, C], "directions": np.arange(8.0).reshape(4, 2) - 3},
    "control": {"control": "state"},
    "tolerances": {"tolerances": [1e-8, 1e-4]},
    "steps": {"max_step": 0.125},
    "watched": {"events": [ty.Event(X), ty.Event(V, direction=1)]},
    "stopped": {"events": [ty.Event(X - 0.5, terminal=True)]},
    "resets": {"events": [ty.Event(X - 0.5, reset={V: -0.75 * V, K: 1.5 * K})]},
    "impulses": {"impulses": [ty.Impulse([1.0, 2.0], add={V: 0.25 * X})]},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_everything_that_an_integrator_has(name: str) -> None:
    given = dict(OPTIONS[name])
    ta = ty.Integrator(
        ty.variational(
            PENDULUM,
            given.pop("order", 2),
            wrt=given.pop("wrt", (X, V, K)),
            **{key: given.pop(key) for key in MADE if key in given},
        ),
        [1.0, 0.0],
        parameters=VALUES,
        **given,
    )
    first = starts(5).astype(np.float32).astype(float)
    gains = np.array([0.5, 0.75, 1.0, 1.25, 1.5])
    grid = [0.5, 1.0, 2.0, 3.0]
    until = ty.ensemble(ta, first, until=3.0, parameters={K: gains})
    along = ty.ensemble(ta, first, times=grid, parameters={K: gains})
    for row in range(5):
        start = ty.from_mpmath(first[row].tolist()) if name == "double-double" else first[row]
        one = alone(ta, start, k=gains[row])
        check_row(until, row, one, one.propagate_until(3.0))
        one = alone(ta, start, k=gains[row])
        check_row(along, row, one, one.propagate_grid(grid))


def test_initial_maps() -> None:
    """Rows whose displacements begin as polynomials in other variables."""
    s = ty.Polynomial.variables("s", order=3)[0]
    curve = ty.Polynomial([[0.0, 1.0, 0.5, 0.0], [0.0, -1.0, 0.0, 2.0]], "s")
    assert curve.names == s.names
    ta = ty.Integrator(
        ty.variational(PENDULUM, 3, wrt=[K], initial=curve), [1.0, 0.0], parameters=VALUES
    )
    out = ty.ensemble(ta, starts(4), until=2.0)
    for row, start in enumerate(starts(4)):
        one = alone(ta, start)
        check_row(out, row, one, one.propagate_until(2.0))


def test_switches() -> None:
    system = [(X, V), (V, -X - K * ty.where(X > 0, X, 0))]
    ta = ty.Integrator(ty.variational(system, 2, wrt=[X, V, K]), [1.0, 0.0], parameters={K: 0.5})
    out = ty.ensemble(ta, starts(6), until=5.0, parameters={K: ks(6)})
    assert out.switches is not None and out.switches.offsets[-1] > 6
    assert out.switches.time_maps is None
    for row, start in enumerate(starts(6)):
        one = alone(ta, start, k=ks(6)[row])
        check_row(out, row, one, one.propagate_until(5.0))


def test_packed_systems() -> None:
    """States whose places are not those of the user."""
    n = 12
    x = ty.variables(" ".join(f"x{i}" for i in range(n)))
    equations = [(x[i], ty.sin(x[i - 1] - x[i]) + 0.1 * i) for i in range(n)]
    ta = ty.Integrator(ty.variational(equations, 1), np.linspace(0, 3, n))
    first = np.random.default_rng(1).uniform(-1, 1, (5, n))
    out = ty.ensemble(ta, first, times=[1.0, 2.0])
    for row in range(5):
        one = alone(ta, first[row])
        check_row(out, row, one, one.propagate_grid([1.0, 2.0]))


def test_dense_output() -> None:
    ta = pendulum()
    out = ty.ensemble(ta, starts(4), until=[3.0, 0.0, -2.0, 5.0], dense=True)
    assert out.dense is not None
    for row, t in ((0, 1.7), (1, 0.0), (2, -1.1), (3, 4.4)):
        one = alone(ta, starts(4)[row])
        outcome = one.propagate_until(out.times[row], dense=True)
        check_row(out, row, one, outcome)
        dense = out.dense[row]
        assert outcome.dense is not None and dense is not None
        assert same(dense.flow_map([t]), outcome.dense.flow_map([t]))


def test_in_processes() -> None:
    ta = pendulum()
    events = [ty.Event(X)]
    expected = ty.ensemble(ta, starts(), times=[1.0, 4.0], events=events)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        out = ty.ensemble(ta, starts(), times=[1.0, 4.0], events=events, executor=pool)
        plain = ty.ensemble(ta, starts(), times=[1.0, 4.0], executor=pool)
    assert same(out.flow_maps, expected.flow_maps) and same(plain.flow_maps, expected.flow_maps)
    assert out.events is not None and expected.events is not None
    assert same(out.events.state_maps, expected.events.state_maps)


def test_which_rows_machine_code_takes() -> None:
    """Plain ones; what begins or passes anything with derivatives is Python's."""
    assert not python_decides(pendulum(), dense=False)
    assert python_decides(pendulum(), dense=True)
    assert python_decides(pendulum(wrt=[X, ty.time]), dense=False)
    assert python_decides(pendulum(events=[ty.Event(X)]), dense=False)
    assert python_decides(pendulum(impulses=[ty.Impulse([1.0], add={V: 1})]), dense=False)


# -- a map for each row -------------------------------------------------------------------------


def test_parameters_that_resets_have_changed_begin_anew() -> None:
    """k = 3 from x = 1 on: nothing depends on the initial k there, but in every row it does before.

    x' = k from 0: at t the state is 1 + 3 (t - 1 / k), whose derivative by k is 3 / k**2.
    """
    ta = ty.Integrator(
        ty.variational([(X, K)], 1, wrt=[X, K]),
        [0.0],
        parameters={K: 1.0},
        events=[ty.Event(X - 1, reset={K: 3})],
    )
    values = np.array([0.5, 1.0, 2.0, 4.0])
    out = ty.ensemble(ta, [0.0], until=4.0, parameters={K: values}, workers=1)
    assert out.state_transition_matrix is not None
    np.testing.assert_allclose(out.state_transition_matrix[:, 0, 1], 3 / values**2, rtol=1e-14)
    ta.propagate_until(4.0)
    ta.state, ta.time, ta.parameters[K] = [0.0], 0.0, 2.0
    ta.propagate_until(4.0)
    assert ta.state_transition_matrix[0, 1] == pytest.approx(0.75)


def test_copies_do_not_share_what_resets_change() -> None:
    """Of two copies in flight one comes through a reset of k, the other has one of x before that.

    x jumps from 0.75 to 0.875 and comes to 1 at 0.875 / k, then has speed 3.
    """
    jump, change = ty.Event(X - 0.75, reset={X: X + 0.125}), ty.Event(X - 1, reset={K: 3})
    system = ty.variational([(X, K)], 1, wrt=[X, K])
    first = ty.Integrator(system, [0.0], parameters={K: 1.0}, events=[jump, change])
    first.propagate_until(0.5)
    second = copy.copy(first)
    for ta in (first, second):
        ta.propagate_until(4.0)
        assert ta.state_transition_matrix[0, 1] == pytest.approx(3 * 0.875)


@pytest.mark.parametrize("dense", [False, True])
def test_maps_that_were_set_are_no_beginning_of_rows(dense: bool) -> None:
    """Rows begin with the displacements that `wrt` asks for, where the integrator is, too."""
    ta = pendulum(1)
    ta.flow_map = 2 * ta.flow_map
    for _ in range(2):
        out = ty.ensemble(ta, ta.state, until=[2.0, 1.0, 2.0], time0=ta.time, dense=dense)
        for row in range(3):
            one = alone(pendulum(1), ta.state, ta.time)
            check_row(out, row, one, one.propagate_until(out.times[row]))
        ta.propagate_until(0.5)


# -- right values -------------------------------------------------------------------------------


def test_oscillators() -> None:
    """x = x0 cos(w t) + v0 / w sin(w t) with w = sqrt(k): derivatives by x0, v0 and k."""
    ta = ty.Integrator(
        ty.variational([(X, V), (V, -K * X)], 2, wrt=[X, V, K]), [1.0, 0.0], parameters={K: 1.0}
    )
    first, gains, times = starts(4), ks(4), np.array([0.5, 2.0, 7.0])
    out = ty.ensemble(ta, first, times=times, parameters={K: gains})
    assert out.flow_maps is not None

    def position(x: Any, v: Any, k: Any, t: float) -> Any:
        return x * mp.cos(mp.sqrt(k) * t) + v * mp.sin(mp.sqrt(k) * t) / mp.sqrt(k)

    cases = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1), (0, 0, 2), (2, 0, 0)]
    for orders in cases:
        found = out.flow_maps.derivative(dict(zip((X, V, K), orders, strict=True)))
        for row in range(4):
            point = (*map(mp.mpf, first[row].tolist()), mp.mpf(gains[row]))
            for place, t in enumerate(times):
                with mp.workdps(40):
                    wanted = mp.diff(lambda *a, t=t: position(*a, t), point, orders)
                assert found[row, place, 0] == pytest.approx(float(wanted), rel=1e-13, abs=1e-13)


def orbit(t: float, *start: Any) -> list[Any]:
    """The plane Kepler motion after t, from its eccentric anomaly (gm = 1)."""
    x, y, vx, vy = start
    r = mp.sqrt(x * x + y * y)
    a = 1 / (2 / r - vx * vx - vy * vy)
    root, sigma = mp.sqrt(a), x * vx + y * vy

    def anomaly(e: Any) -> Any:
        return e - (1 - r / a) * mp.sin(e) + sigma / root * (1 - mp.cos(e)) - t / root**3

    e = mp.findroot(anomaly, t / root**3)
    f, g = 1 - a / r * (1 - mp.cos(e)), t - root**3 * (e - mp.sin(e))
    after = a + (r - a) * mp.cos(e) + sigma * root * mp.sin(e)
    df, dg = -root * mp.sin(e) / (r * after), 1 - a / after * (1 - mp.cos(e))
    return [f * x + g * vx, f * y + g * vy, df * x + dg * vx, df * y + dg * vy]


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_kepler(precision: str) -> None:
    """State transition matrices of ellipses, against differences in 60 digits."""
    x, y, vx, vy = names = ty.variables("x y vx vy")
    cube = (x * x + y * y) ** -1.5
    equations = [(x, vx), (y, vy), (vx, -x * cube), (vy, -y * cube)]
    ta = ty.Integrator(ty.variational(equations, 1), [1.0, 0.0, 0.0, 1.0], precision=precision)
    first = np.array([[1.0, 0.0, 0.0, 1.0], [1.0, 0.25, -0.25, 0.875], [0.5, 0.0, 0.5, 1.5]])
    out = ty.ensemble(ta, first, until=7.0)
    matrices = out.state_transition_matrix
    assert matrices is not None and len(names) == 4
    tolerance = 1e-12 if precision == "float64" else 1e-26
    exact = ty.to_mpmath(matrices) if precision == "double-double" else matrices
    for row in range(3):
        start = [mp.mpf(one) for one in first[row].tolist()]
        for i in range(4):
            for j in range(4):
                orders = tuple(int(j == k) for k in range(4))
                with mp.workdps(60):
                    wanted = mp.diff(lambda *a, i=i: orbit(7.0, *a)[i], start, orders)
                    assert abs(mp.mpf(exact[row, i, j]) - wanted) < tolerance * 100


def test_times_of_falls() -> None:
    """A stone from height h meets the ground at sqrt(2 h / k), which is sqrt(h) for k = 2."""
    ground = ty.Event(X, terminal=True)
    ta = ty.Integrator(
        ty.variational([(X, V), (V, -K)], 2, wrt=[X]), [1.0, 0.0], parameters={K: 2.0}
    )
    heights = np.array([1.0, 4.0, 9.0])
    first = np.stack([heights, 0 * heights], axis=1)
    out = ty.ensemble(ta, first, until=50.0, events=ground)
    assert (out.status == ty.Status.EVENT).all() and out.events is not None
    maps = out.events.time_maps
    assert maps is not None
    np.testing.assert_allclose(maps.derivative({X: 1}), 0.5 * heights**-0.5, rtol=1e-14)
    np.testing.assert_allclose(maps.derivative({X: 2}), -0.25 * heights**-1.5, rtol=1e-14)


# -- rows without derivatives, and other failures -----------------------------------------------


def kick(ta: ty.Integrator) -> None:
    ta.state[1] += 0.5


def fail(ta: ty.Integrator) -> None:
    if ta.state[1] > 1:
        raise KeyError("too fast")


def test_rows_without_derivatives_have_their_states(how: dict[str, Any]) -> None:
    """A callback moves those that come to x = 1.5; the others keep their maps."""
    event = ty.Event(X - 1.5, callback=kick)
    ta = pendulum(events=[event])
    first = np.array([[1.0, 0.0], [1.25, 1.5], [0.25, 0.0], [1.0, 2.0]])
    for asked in ({"until": 4.0}, {"times": [0.25, 2.0, 4.0]}):
        out = ty.ensemble(ta, first, **asked, **how)
        assert out.success and set(out.messages) == {1, 3}
        assert "callback changed the state" in out.messages[1]
        assert np.isfinite(out.states).all()
        assert out.state_transition_matrix is not None and out.flow_maps is not None
        lost = out.state_transition_matrix[[1, 3]]
        assert np.isnan(lost[:, 1:] if "times" in asked else lost).all()  # from the kick on
        assert np.isfinite(out.state_transition_matrix[[0, 2]]).all()
        assert np.array_equal(out.flow_maps.constant_part, out.states)
        for row, start in enumerate(first):
            one = alone(ta, start)
            outcome = one.propagate_grid([0.25, 2.0, 4.0]) if "times" in asked else None
            check_row(out, row, one, outcome or one.propagate_until(4.0))


def test_failures_stay_in_their_row(how: dict[str, Any]) -> None:
    ta = ty.Integrator(ty.variational([(X, K * X * X)], 2, wrt=[X, K]), [1.0], parameters={K: 1.0})
    first = np.array([[1.0], [-1.0], [np.nan], [0.5], [2.0], [1.0]])
    values = np.array([1.0, 1.0, 1.0, 1.0, np.inf, -1.0])
    for asked in ({"until": 1.5}, {"times": [0.5, 1.5]}):
        out = ty.ensemble(ta, first, parameters={K: values}, **asked, **how)
        assert set(out.messages) == {0, 2, 4}
        maps, matrix = out.final_flow_maps, out.state_transition_matrix
        assert maps is not None and matrix is not None
        good = [1, 3, 5]
        x, k = first[good, 0], values[good]
        last = matrix[good, -1] if "times" in asked else matrix[good]
        np.testing.assert_allclose(last[:, -1, 0], (1 - 1.5 * k * x) ** -2.0, rtol=1e-13)
        np.testing.assert_allclose(last[:, -1, 1], 1.5 * x**2 / (1 - 1.5 * k * x) ** 2, rtol=1e-13)
        assert "state x is nan" in out.messages[2] and "parameter k is inf" in out.messages[4]
        assert np.isnan(maps[2].coefficients).all() and np.isnan(maps[4].coefficients[:, 1:]).all()
        one = alone(ta, first[0])
        outcome = one.propagate_grid([0.5, 1.5]) if "times" in asked else one.propagate_until(1.5)
        assert out.status[0] is not ty.Status.REACHED
        check_row(out, 0, one, outcome)


def test_exceptions_of_callbacks() -> None:
    out = ty.ensemble(
        pendulum(), [[0.0, 0.5], [0.0, 2.0]], until=1.0, events=ty.Event(X - 0.25, callback=fail)
    )
    assert [status.name for status in out.status] == ["REACHED", "FAILED"]
    assert out.messages == {1: "KeyError: 'too fast'"}
    maps = out.flow_maps
    assert maps is not None and out.events is not None and out.events.time_maps is not None
    assert np.isfinite(maps[0].coefficients).all()
    assert np.isnan(maps[1].coefficients[:, 1:]).all()
    assert np.isnan(out.events[1][0].time_maps.coefficients).all()  # type: ignore[union-attr]


def test_limits_on_steps() -> None:
    ta = pendulum()
    out = ty.ensemble(ta, starts(4), until=1e6, max_steps=7)
    assert (out.status == ty.Status.STEP_LIMIT).all()
    for row, start in enumerate(starts(4)):
        one = alone(ta, start)
        check_row(out, row, one, one.propagate_until(1e6, max_steps=7))


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("watched", [False, True])
def test_ctrl_c_leaves_what_is_finished(watched: bool, tmp_path: Path) -> None:
    ta = pendulum(events=[ty.Event(X - 1e9)] if watched else [])
    until = np.full(COUNT, 1.0)
    until[5:] = 1e9  # takes hours
    ty.ensemble(ta, starts(1), until=1.0)  # compiled before
    for delay in (0.4, 2.0, 8.0):  # a busy machine takes its time
        timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        path = tmp_path / f"maps after {delay}.npy"
        out = ty.ensemble(ta, starts(), times=until[:, None], workers=2, output=path)
        timer.join()
        assert out.interrupted and (out.status[5:] == ty.Status.INTERRUPTED).all()
        assert out.flow_maps is not None
        assert np.isnan(out.flow_maps[5:].coefficients).all() and np.isnan(out.states[5:]).all()
        done = np.flatnonzero(out.status[:5] == ty.Status.REACHED)
        if len(done):
            break
    assert len(done)
    for row in done:
        one = alone(ta, starts()[row])
        check_row(out, int(row), one, one.propagate_grid([1.0]))


# -- results ------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_output_to_a_file(precision: str, how: dict[str, Any], tmp_path: Path) -> None:
    """The file has coefficients; states are the first of them."""
    ta = pendulum(1, precision=precision, tol=1e-12)
    grid = np.linspace(0, 3, 4)
    expected = ty.ensemble(ta, starts(), times=grid)
    out = ty.ensemble(ta, starts(), times=grid, output=tmp_path / "grid.npy", **how)
    assert expected.flow_maps is not None
    assert isinstance(out.states, np.memmap) and np.array_equal(out.states, expected.states)
    assert np.array_equal(np.load(tmp_path / "grid.npy"), expected.flow_maps.coefficients)
    assert same(out.flow_maps, expected.flow_maps)
    assert same(out.final_flow_maps, expected.final_flow_maps)
    ends = ty.ensemble(ta, starts(), until=3.0, output=tmp_path / "ends.npy", **how)
    assert np.array_equal(np.load(tmp_path / "ends.npy"), expected.flow_maps[:, -1].coefficients)
    assert same(ends.final_flow_maps, expected.final_flow_maps)


def test_results_are_used_and_kept() -> None:
    ta = pendulum()
    out = ty.ensemble(ta, starts(3), until=1.0, events=ty.Event(X), dense=True)
    second = ty.ensemble(ta, out.states, until=2.5, time0=1.0)
    whole = ty.ensemble(ta, starts(3), until=2.5)
    again = pickle.loads(pickle.dumps(out))
    assert same(again.flow_maps, out.flow_maps)
    assert same(again.events.state_maps, out.events.state_maps)  # type: ignore[union-attr]
    assert np.array_equal(out[X], out.states[:, 0])
    for row in range(3):
        assert out.flow_maps is not None and second.flow_maps is not None
        assert whole.flow_maps is not None
        k = ty.Polynomial.variables("x v k", order=2)[2]
        first = out.flow_maps[row]
        moved = [*(first - first.constant_part), k]
        chained = second.flow_maps[row].compose(moved)
        np.testing.assert_allclose(
            chained.coefficients, whole.flow_maps[row].coefficients, rtol=1e-11, atol=1e-12
        )


def test_ordinary_ensembles_and_empty_ones() -> None:
    plain = ty.ensemble(ty.Integrator([(X, V), (V, -X)], [1.0, 0.0]), starts(2), until=1.0)
    assert plain.flow_maps is None and plain.final_flow_maps is None
    assert plain.state_transition_matrix is None
    none = ty.ensemble(pendulum(), np.empty((0, 2)), times=[1.0, 2.0], events=ty.Event(X))
    assert none.flow_maps is not None and none.flow_maps.shape == (0, 2, 2)
    assert none.events is not None and none.events.state_maps is not None
    assert none.events.state_maps.shape == (0, 2)
    sweep = ty.ensemble(pendulum(), [1.0, 0.0], until=math.pi, parameters={K: [1.0, 0.5]})
    assert sweep.flow_maps is not None and sweep.flow_maps.shape == (2, 2)


def test_progress(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The bar counts rows that have ended."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("taylor.displays.progress.QUIET_SECONDS", 0.0)
    monkeypatch.setattr("taylor.displays.progress.REDRAW_SECONDS", 0.0)
    monkeypatch.setattr("taylor.ensembles.executors.LOOK_SECONDS", 0.01)
    ty.ensemble(pendulum(1), starts(), until=1000.0, progress=True, workers=1)
    counts = re.findall(rf"(\d+) of {COUNT} trajectories", capsys.readouterr().err)
    assert any(0 < int(count) < COUNT for count in counts)
