"""Ensembles: every row has the bits of the integrator alone, whoever computed it."""

from __future__ import annotations

import copy
import math
import os
import pickle
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.ensembles import executors as workers
from taylor.ensembles import threads as team
from taylor.ensembles.lanes import is_made
from taylor_runtime.callables import batch

COUNT = 24
X, Y, VX, VY = STATES = ty.variables("x y vx vy")
GM = ty.parameter("gm")


def kepler(**options: Any) -> ty.Integrator:
    cube = (X * X + Y * Y) ** -1.5
    equations = [(X, VX), (Y, VY), (VX, -GM * X * cube), (VY, -GM * Y * cube)]
    return ty.Integrator(equations, [1.0, 0.0, 0.0, 1.0], parameters={GM: 1.0}, **options)


def starts(count: int = COUNT) -> np.ndarray:
    """Ellipses whose periods are spread over a factor of 100."""
    distance = np.geomspace(0.2, 0.2 * 100 ** (2 / 3), count)
    zero = np.zeros(count)
    return np.stack([distance, zero, zero, np.sqrt(0.7 / distance)], axis=1)


def alone(ta: ty.Integrator, start: np.ndarray, **changes: Any) -> ty.Integrator:
    """A copy at a fresh start."""
    other = copy.copy(ta)
    other.state = start
    other.time = changes.pop("time", other.time_pair)
    for name, value in changes.items():
        other.parameters[name] = value
    return other


class Serial(Executor):
    """Runs everything at once, after pickling it, as a process would."""

    def submit(self, function: Any, /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        call = pickle.loads(pickle.dumps((function, args)))
        try:
            result = call[0](*call[1])
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(pickle.loads(pickle.dumps(result)))
        return future


@pytest.fixture
def in_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trajectories go in lanes however few they are, but for the first."""
    monkeypatch.setattr(team, "LEAST_IN_LANES", 1)
    monkeypatch.setattr(team, "BATCH_SECONDS", 0)
    monkeypatch.setattr(team, "FIRST_SHARE", 2)


@pytest.fixture(
    params=[
        "one thread",
        "three threads",
        "pool of threads",
        "pickled",
        "one thread in lanes",
        "three threads in lanes",
        "pickled in lanes",
    ]
)
def how(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Ways to run an ensemble."""
    if request.param.endswith("in lanes"):
        request.getfixturevalue("in_lanes")
    if request.param.startswith("one thread"):
        yield {"workers": 1}
    elif request.param.startswith("three threads"):
        yield {"workers": 3}
    elif request.param == "pool of threads":
        with ThreadPoolExecutor(2) as pool:
            yield {"executor": pool}
    else:
        yield {"executor": Serial(), "workers": 2}


# -- the same bits ------------------------------------------------------------------------------


def test_rows_are_what_the_integrator_gives_alone(how: dict[str, Any]) -> None:
    ta = kepler()
    ta.propagate_until(1.0)  # somewhere in flight: rows start afresh nevertheless
    gm = np.linspace(0.8, 1.2, COUNT)
    begins = np.linspace(-1.0, 1.0, COUNT)
    until = np.where(np.arange(COUNT) % 2, 30.0, -30.0)  # backwards, too
    out = ty.ensemble(ta, starts(), until=until, parameters={"gm": gm}, time0=begins, **how)
    assert out.success and not out.messages
    assert np.array_equal(out.times, until)
    assert out.grid is None and out.events is None and out.dense is None
    for row, start in enumerate(starts()):
        one = alone(ta, start, time=begins[row], gm=gm[row])
        outcome = one.propagate_until(until[row])
        assert np.array_equal(one.state, out.states[row])
        assert outcome.steps == out.steps[row]
    assert ta.time == 1.0 and ta.parameters[GM] == 1.0  # left alone


def test_grids(how: dict[str, Any]) -> None:
    ta = kepler()
    shared = np.linspace(0.0, 7.0, 9)
    out = ty.ensemble(ta, starts(), times=shared, **how)
    own = shared + 0.1 * np.arange(COUNT)[:, None] * (-1.0) ** np.arange(COUNT)[:, None]
    own = np.where(np.arange(COUNT)[:, None] % 3, own, -own)
    begins = own[:, 0] - np.sign(own[:, -1] - own[:, 0]) * (np.arange(COUNT) % 2)
    each = ty.ensemble(ta, starts(), times=own, time0=begins, **how)
    assert out.states.shape == each.states.shape == (COUNT, 9, 4)
    assert np.array_equal(out.grid, shared) and np.array_equal(each.grid, own)
    for row, start in enumerate(starts()):
        assert np.array_equal(alone(ta, start).propagate_grid(shared).states, out.states[row])
        one = alone(ta, start, time=begins[row])
        assert np.array_equal(one.propagate_grid(own[row]).states, each.states[row])
        assert np.array_equal(one.state, each.final_states[row])
        assert one.time == each.times[row]


@pytest.mark.parametrize(
    "options",
    [
        {"precision": "float32"},
        {"precision": "double-double", "tol": 1e-25},
        {"high_accuracy": True},
        {"rtol": 1e-9, "atol": [1e-12, 1e-9, 1e-9, 1e-9]},
        {"max_step": 0.05},
        {"impulses": [ty.Impulse([1.0, 2.5], add={VX: 0.01}, set={GM: 1.1})]},
    ],
    ids=str,
)
def test_everything_that_an_integrator_has(options: dict[str, Any]) -> None:
    ta = kepler(**options)
    grid = [0.5, 1.0, 2.0, 3.0]
    first = starts(5).astype(np.float32).astype(float)
    gm = np.array([0.5, 0.75, 1.0, 1.25, 1.5])
    until = ty.ensemble(ta, first, until=3.0, parameters={GM: gm})
    along = ty.ensemble(ta, first, times=grid, parameters=gm[:, None])
    assert until.success and along.success
    for row in range(5):
        one = alone(ta, first[row], gm=gm[row])
        outcome = one.propagate_until(3.0)
        assert np.array_equal(one.state, until.states[row])
        assert outcome.steps == until.steps[row]
        states = alone(ta, first[row], gm=gm[row]).propagate_grid(grid).states
        assert np.array_equal(states, along.states[row])
        assert states is not None and states.dtype == along.states.dtype


def test_a_system_in_lanes() -> None:
    """Packed states, whose places are not those of the user."""
    n = 20
    x = ty.variables(" ".join(f"x{i}" for i in range(n)))
    equations = [(x[i], ty.sin(x[i - 1] - x[i]) + 0.1 * i) for i in range(n)]
    ta = ty.Integrator(equations, np.linspace(0, 3, n))
    first = np.random.default_rng(1).uniform(-1, 1, (6, n))
    out = ty.ensemble(ta, first, times=[1.0, 2.0, 3.0])
    for row in range(6):
        states = alone(ta, first[row]).propagate_grid([1.0, 2.0, 3.0]).states
        assert np.array_equal(out.states[row], states)


def test_switches_and_time_dependence() -> None:
    x, v = ty.variables("x v")
    ta = ty.Integrator([(x, v), (v, -x - 0.3 * ty.sign(v) + 0.2 * ty.cos(3 * ty.time))], [1.0, 0.0])
    first = np.linspace([0.5, 0.1], [3.0, 2.0], 7)
    out = ty.ensemble(ta, first, until=6.0, time0=0.5)
    assert out.switches is not None and out.switches.offsets[-1] > 7
    for row in range(7):
        one = alone(ta, first[row], time=0.5)
        outcome = one.propagate_until(6.0)
        assert outcome.status is out.status[row]
        assert np.array_equal(one.state, out.states[row])
        assert np.array_equal(outcome.switches[0].times, out.switches[row][0].times)


def test_in_processes() -> None:
    ta = kepler()
    expected = ty.ensemble(ta, starts(), until=20.0)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        out = ty.ensemble(ta, starts(), until=20.0, executor=pool)
        assert np.array_equal(out.states, expected.states)
        watched = ty.ensemble(ta, starts(), times=[1.0, 9.0], events=[ty.Event(Y)], executor=pool)
    here = ty.ensemble(ta, starts(), times=[1.0, 9.0], events=[ty.Event(Y)])
    assert np.array_equal(here.states, watched.states)
    assert here.events is not None and watched.events is not None
    assert np.array_equal(here.events.times, watched.events.times)
    assert np.array_equal(here.events.offsets, watched.events.offsets)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Dask's own
def test_on_a_dask_cluster() -> None:
    distributed = pytest.importorskip("distributed")
    ta = kepler(events=[ty.Event(Y, direction=1)])
    expected = ty.ensemble(ta, starts(), times=[1.0, 20.0])
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        out = ty.ensemble(ta, starts(), times=[1.0, 20.0], executor=client.get_executor())
    assert np.array_equal(out.states, expected.states)
    assert np.array_equal(out.steps, expected.steps)
    assert out.events is not None and expected.events is not None
    assert np.array_equal(out.events.states, expected.events.states)


def test_lanes_are_used_and_kept(in_lanes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are made once, and give way to what only one at a time can do."""
    ta = kepler()
    out = ty.ensemble(ta, starts(), until=9.0, workers=1)
    assert is_made(ta)
    ta.max_step = 0.1
    monkeypatch.setattr(batch, "build_batch", None)  # no other is made
    bounded = ty.ensemble(ta, starts(), until=9.0, workers=1)
    one = alone(ta, starts()[20])
    assert one.propagate_until(9.0).steps == bounded.steps[20] > out.steps[20]
    assert np.array_equal(one.state, bounded.states[20])
    ta.events = [ty.Event(Y)]  # type: ignore[assignment]
    watched = ty.ensemble(ta, starts(), until=9.0, workers=1)
    assert watched.events is not None and len(watched.events.times) > 0
    assert is_made(copy.copy(ta)) and is_made(pickle.loads(pickle.dumps(ta)))


def test_many_rounds(in_lanes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """More trajectories than are under way at a time, of which some are not finite."""
    monkeypatch.setattr(team, "MOST_ROWS", 1)
    monkeypatch.setattr(team, "ROUNDS_OF_LANES", 1)
    first = np.tile(starts(), (9, 1))
    first[[0, 17, 50, 51, 215]] = np.nan
    out = ty.ensemble(kepler(), first, times=[0.5, 2.0, 6.0], workers=2)
    once = ty.ensemble(kepler(), starts(), times=[0.5, 2.0, 6.0], workers=2)
    bad = np.isnan(first[:, 0])
    assert np.array_equal(out.states[~bad], np.tile(once.states, (9, 1, 1))[~bad])
    assert np.array_equal(out.steps[~bad], np.tile(once.steps, 9)[~bad])
    assert (out.status[bad] == ty.Status.NON_FINITE).all() and len(out.messages) == 5
    assert np.isnan(out.states[bad]).all()


# -- events and dense output --------------------------------------------------------------------


def test_event_records_are_flat(how: dict[str, Any]) -> None:
    events = [ty.Event(Y), ty.Event(X * VX + Y * VY, direction=1)]
    ta = kepler()
    out = ty.ensemble(ta, starts(), until=12.0, events=events, **how)
    records = out.events
    assert records is not None and len(records) == COUNT
    assert records.offsets[0] == 0 and records.offsets[-1] == len(records.times)
    assert ta.events == ()
    counts = set()
    for row, start in enumerate(starts()):
        one = alone(ta, start)
        one.events = events  # type: ignore[assignment]
        expected = one.propagate_until(12.0).events
        part = slice(records.offsets[row], records.offsets[row + 1])
        assert (np.diff(records.times[part]) >= 0).all()
        counts.add(part.stop - part.start)
        for number, (own, want) in enumerate(zip(records[row], expected, strict=True)):
            assert np.array_equal(own.times, want.times)
            assert np.array_equal(own.time_pairs, want.time_pairs)
            assert np.array_equal(own.states, want.states)
            assert np.array_equal(own.directions, want.directions)
            assert (records.events[part] == number).sum() == len(want)
    assert len(counts) > 5  # ragged


@pytest.mark.parametrize("precision", ["float32", "float64", "double-double"])
def test_many_records_forwards_and_backwards(precision: str) -> None:
    """More than the detector's room, so that it grows in the middle of a row."""
    events = [ty.Event(ty.sin(40 * ty.time)), ty.Event(Y, terminal=True), ty.Event(X - 0.3)]
    ta = kepler(precision=precision, tol=1e-6, events=events)
    until = [40.0, -40.0, 0.5, 0.0]
    first = [[1.0, 0.5, 0.5, 1.25]] * 4
    out = ty.ensemble(ta, first, until=until, workers=1)
    assert out.events is not None and np.diff(out.events.offsets).max() > 10
    for events_ in (events, [events[0]]):
        ta.events = events_  # type: ignore[assignment]
        out = ty.ensemble(ta, first, until=until, workers=1)
        assert out.events is not None
        for row in range(4):
            one = alone(ta, as_given(first[row], precision))
            outcome = one.propagate_until(until[row])
            assert outcome.status is out.status[row]
            assert outcome.message == out.messages.get(row, "")
            assert np.array_equal(one.state, out.states[row])
            for own, want in zip(out.events[row], outcome.events, strict=True):
                assert np.array_equal(own.times, want.times)
                assert np.array_equal(own.states, want.states)
    assert np.diff(out.events.offsets).max() > 500


def as_given(state: list[float], precision: str) -> Any:
    return ty.from_mpmath(state) if precision == "double-double" else np.array(state)


def test_terminal_events_and_callbacks() -> None:
    height, speed = ty.variables("height speed")

    def bounce(ball: ty.Integrator) -> None:
        ball.state[1] *= -0.5

    ta = ty.Integrator([(height, speed), (speed, -2.0)], [1.0, 0.0])
    first = np.array([[1.0, 0.0], [4.0, 0.0], [9.0, 0.0]])
    out = ty.ensemble(ta, first, until=50.0, events=ty.Event(height, terminal=True))
    assert (out.status == ty.Status.EVENT).all() and not out.reached.any()
    np.testing.assert_allclose(out.times, [1.0, 2.0, 3.0], rtol=1e-15)
    assert "terminal" in out.messages[1]
    thrown = ty.ensemble(ta, first, until=2.9, events=ty.Event(height, callback=bounce))
    assert thrown.events is not None
    expected = [t for first in (1.0, 2.0, 3.0) for t in impacts(first) if t <= 2.9]
    np.testing.assert_allclose(thrown.events.times, expected, rtol=1e-12)


def impacts(first: float, count: int = 40) -> list[float]:
    """Times of a ball that falls for `first` and keeps half its speed at every impact."""
    times, flight = [first], 2 * first
    for _ in range(count):
        flight /= 2
        times.append(times[-1] + flight)
    return times


def test_dense_output() -> None:
    ta = kepler()
    out = ty.ensemble(ta, starts(4), until=[3.0, 0.0, -2.0, 5.0], dense=True)
    assert out.dense is not None and out.dense[1](0.0).tolist() == out.states[1].tolist()
    for row, t in ((0, 1.7), (2, -1.1), (3, 4.4)):
        one = alone(ta, starts(4)[row])
        expected = one.propagate_until(out.times[row], dense=True).dense
        dense = out.dense[row]
        assert expected is not None and dense is not None
        assert np.array_equal(dense(t), expected(t))


# -- what goes wrong stays in its row -----------------------------------------------------------


def test_failures_stay_in_their_row(how: dict[str, Any]) -> None:
    x = ty.variable("x")
    k = ty.parameter("k")
    ta = ty.Integrator([(x, k * x * x)], [1.0], parameters={k: 1.0})
    first = [[1.0], [-1.0], [np.nan], [0.5], [2.0], [1.0]]
    values = [1.0, 1.0, 1.0, 1.0, np.inf, -1.0]
    out = ty.ensemble(ta, first, until=1.5, parameters={k: values}, **how)
    names = [status.name for status in out.status]
    assert names[1:] == ["REACHED", "NON_FINITE", "REACHED", "NON_FINITE", "REACHED"]
    assert names[0] in ("NON_FINITE", "STEP_UNDERFLOW")
    np.testing.assert_allclose(out.states[[1, 3, 5], 0], [-0.4, 2.0, 0.4], rtol=1e-14)
    assert out.times[0] == pytest.approx(1.0, rel=1e-6)  # 1 / (1 - t)
    assert set(out.messages) == {0, 2, 4}
    assert "state x is nan" in out.messages[2] and "parameter k is inf" in out.messages[4]
    one = alone(ta, np.array([1.0]))
    outcome = one.propagate_until(1.5)
    assert outcome.message == out.messages[0] and one.state[0] == out.states[0, 0]
    assert outcome.steps == out.steps[0] and out.steps[2] == 0
    assert out.counts()[ty.Status.REACHED] == 3 and not out.success


def test_grids_that_are_not_finished_and_step_limits() -> None:
    x = ty.variable("x")
    ta = ty.Integrator([(x, x * x)], [1.0])
    out = ty.ensemble(ta, [[1.0], [0.25]], times=[0.5, 0.9, 2.0])
    assert np.isnan(out.states[0, 2, 0]) and np.isfinite(out.states[0, :2]).all()
    np.testing.assert_allclose(out.states[1, :, 0], 0.25 / (1 - np.array([0.5, 0.9, 2.0]) / 4))
    limited = ty.ensemble(kepler(), starts(3), until=1e6, max_steps=7)
    assert (limited.status == ty.Status.STEP_LIMIT).all() and (limited.steps == 7).all()
    one = alone(kepler(), starts(3)[1])
    one.propagate_until(1e6, max_steps=7)
    assert np.array_equal(one.state, limited.states[1]) and one.time == limited.times[1]


def test_exceptions_of_callbacks() -> None:
    def fail(ta: ty.Integrator) -> None:
        if ta.state[0] < 0:
            raise KeyError("left side")

    event = ty.Event(Y, callback=fail)
    out = ty.ensemble(kepler(), starts(3), until=[0.02, 2.0, 0.02], events=event)
    assert [s.name for s in out.status] == ["REACHED", "FAILED", "REACHED"]
    assert out.messages == {1: "KeyError: 'left side'"}


# -- interruption -------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("way", ["one by one", "watched", "in lanes"])
def test_ctrl_c_leaves_what_is_finished(
    way: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if way == "in lanes":
        request.getfixturevalue("in_lanes")
    ta = kepler(events=[ty.Event(X * X + Y * Y - 1e12)] if way == "watched" else [])
    until = np.full(COUNT, 1.0)
    until[5:] = 1e9  # takes minutes
    for delay in (0.4, 2.0, 8.0):  # the first ones need code, and a busy machine its time
        timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        path = tmp_path / f"states after {delay}.npy"
        out = ty.ensemble(ta, starts(), times=until[:, None], workers=2, output=path)
        timer.join()
        assert out.interrupted and (out.status[5:] == ty.Status.INTERRUPTED).all()
        assert np.isnan(out.states[5:]).all() and np.isnan(out.times[5:]).all()
        assert (out.steps[5:] == 0).all()
        done = out.status[:5] == ty.Status.REACHED
        if done.any():
            break
    assert done.any()
    for row in np.flatnonzero(done):
        one = alone(ta, starts()[row])
        one.propagate_until(1.0)
        assert np.array_equal(one.state, out.states[row, 0])


def test_an_executor_that_breaks() -> None:
    class Broken(Serial):
        calls = 0

        def submit(self, function: Any, /, *args: Any, **named: Any) -> Future[Any]:
            self.calls += 1
            if self.calls > 2:
                function = _broken
            return super().submit(function, *args, **named)

    out = ty.ensemble(kepler(), starts(), until=1.0, executor=Broken(), workers=1)
    assert out.interrupted and out.reached.any()
    row = int(np.flatnonzero(out.status == ty.Status.INTERRUPTED)[0])
    assert "MemoryError" in out.messages[row]
    broken = Broken()
    broken.calls = 5
    with pytest.raises(MemoryError):
        ty.ensemble(kepler(), starts(), until=1.0, executor=broken)


def _broken(*_: Any) -> None:
    raise MemoryError("no room")


# -- output and results -------------------------------------------------------------------------


def test_output_to_a_file(how: dict[str, Any], tmp_path: Path) -> None:
    ta, grid = kepler(), np.linspace(0, 3, 11)
    expected = ty.ensemble(ta, starts(), times=grid)
    out = ty.ensemble(ta, starts(), times=grid, output=tmp_path / "grid.npy", **how)
    assert isinstance(out.states, np.memmap)
    assert np.array_equal(out.states, expected.states)
    assert np.array_equal(np.load(tmp_path / "grid.npy"), expected.states)
    assert np.array_equal(out.final_states, expected.states[:, -1])
    ends = ty.ensemble(ta, starts(), until=3.0, output=str(tmp_path / "ends.npy"), **how)
    assert np.array_equal(np.load(tmp_path / "ends.npy"), expected.states[:, -1])
    assert ends.final_states is ends.states


def test_progress(
    in_lanes: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bar counts trajectories that have ended."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("taylor.displays.progress.QUIET_SECONDS", 0.0)
    monkeypatch.setattr("taylor.displays.progress.REDRAW_SECONDS", 0.0)
    monkeypatch.setattr(workers, "LOOK_SECONDS", 0.01)
    until = np.append(np.full(COUNT - 1, 1.0), 1e6)
    ty.ensemble(kepler(), starts(), until=until, progress=True, workers=2)
    shown = capsys.readouterr().err
    assert f"{COUNT - 1} of {COUNT} trajectories" in shown


def test_outcomes_pickle() -> None:
    out = ty.ensemble(kepler(), starts(4), until=5.0, events=ty.Event(Y), dense=True)
    again = pickle.loads(pickle.dumps(out))
    assert np.array_equal(again.states, out.states) and (again.status == out.status).all()
    assert again.events is not None and out.events is not None and again.dense is not None
    assert np.array_equal(again.events.times, out.events.times)
    assert repr(again) == repr(out) == "EnsembleOutcome(4 trajectories: 4 REACHED)"


def test_sweeps_and_empty_ensembles() -> None:
    ta = kepler()
    sweep = ty.ensemble(ta, [1.0, 0.0, 0.0, 1.0], until=math.pi, parameters={GM: [1.0, 0.9]})
    assert sweep.states.shape == (2, 4)
    np.testing.assert_allclose(sweep.states[0], [-1, 0, 0, -1], atol=1e-13)
    assert ty.ensemble(ta, [1.0, 0.0, 0.0, 1.0], until=1.0).states.shape == (1, 4)
    none = ty.ensemble(ta, np.empty((0, 4)), times=[1.0, 2.0], events=ty.Event(Y))
    assert none.states.shape == (0, 2, 4) and len(none) == 0 and none.success
    assert none.events is not None and none.events.offsets.tolist() == [0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "either until= or times="),
        ({"until": 1.0, "times": [1.0]}, "either until= or times="),
        ({"states": np.zeros((3, 5)), "until": 1.0}, r"\(trajectories, 4\)"),
        ({"states": "abcd", "until": 1.0}, "states"),
        ({"until": [1.0, 2.0]}, "states for 24, until for 2"),
        ({"until": math.nan}, "until must be finite"),
        ({"until": np.array([1.0] * 23 + [np.inf])}, "of trajectory 23"),
        ({"until": 1.0, "parameters": {"g": 1.0}}, "no parameter 'g'"),
        ({"until": 1.0, "parameters": np.zeros((24, 2))}, r"\(trajectories, 1\)"),
        ({"until": 1.0, "parameters": {GM: np.ones((2, 2))}}, "parameter gm"),
        ({"until": 1.0, "time0": np.zeros(3)}, "time0 for 3"),
        ({"times": [1.0, 1.0]}, "trajectory 0: times must be strictly"),
        ({"times": [1.0, 2.0], "time0": np.linspace(0, 1.5, 24)}, "trajectory 16"),
        ({"times": []}, "times must have shape"),
        ({"until": 1.0, "workers": 0}, "workers must be positive"),
        ({"until": 1.0, "workers": 1.5}, "workers must be an integer"),
        ({"until": 1.0, "executor": 3}, "concurrent.futures.Executor"),
        ({"until": 1.0, "max_steps": 0}, "max_steps"),
        ({"until": 1.0, "events": [X]}, "ty.Event"),
        ({"until": 1.0, "output": 7}, "path of a .npy file"),
    ],
)
def test_arguments_are_checked(changes: dict[str, Any], message: str) -> None:
    arguments = {"states": starts(), **changes}
    with pytest.raises((ValueError, TypeError), match=message):
        ty.ensemble(kepler(), **arguments)


def test_callbacks_that_cannot_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cloudpickle", raising=False)
    event = ty.Event(Y, callback=lambda ta: None)
    with pytest.raises(ValueError, match="cannot be sent to other processes"):
        ty.ensemble(kepler(), starts(), until=1.0, executor=Serial(), events=event)


def test_the_first_argument() -> None:
    with pytest.raises(TypeError, match="must be an Integrator"):
        ty.ensemble([(X, VX)], starts(), until=1.0)  # type: ignore[arg-type]
