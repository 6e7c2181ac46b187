"""The integrator's calls: what they return, changes between them, slices and interruptions."""

from __future__ import annotations

import copy
import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
K = ty.parameter("k")
OSCILLATOR = [(X, V), (V, -X)]
FORCED = [(X, V), (V, -ty.sin(X) + K * ty.cos(ty.time))]
REACHED, STEP_LIMIT, STOPPED = ty.Status.REACHED, ty.Status.STEP_LIMIT, ty.Status.STOPPED


def oscillator(**options: Any) -> ty.Integrator:
    return ty.Integrator(OSCILLATOR, [1.0, 0.0], **options)


def exact(t: float) -> np.ndarray:
    return np.array([math.cos(t), -math.sin(t)])


# -- what a call reports ----------------------------------------------------------------------


@pytest.mark.parametrize("end", [10.0, -10.0, 1e-9, 0.5])
def test_propagate_until_ends_at_exactly_the_time(end: float) -> None:
    ta = oscillator()
    outcome = ta.propagate_until(end)
    assert outcome.status is REACHED and outcome.success and outcome.message == ""
    assert ta.time_pair == (end, 0.0) and outcome.time == end
    assert ta.state == pytest.approx(exact(end), abs=2e-15)
    assert 0 < outcome.smallest_step <= outcome.largest_step <= abs(end)
    assert outcome.retracted == 0 and not outcome.stiff
    assert outcome.times is None and outcome.states is None and outcome.dense is None


def test_propagate_for_adds_to_the_time() -> None:
    ta = oscillator(time=5.0)
    ta.propagate_for(3.0)
    ta.propagate_for(-1.0)
    assert ta.time == 7.0
    assert ta.state == pytest.approx(exact(2.0), abs=2e-15)


def test_no_step_where_none_is_needed() -> None:
    ta = oscillator()
    outcome = ta.propagate_until(0.0)
    assert outcome.status is REACHED and outcome.steps == 0
    assert math.isnan(outcome.smallest_step) and math.isnan(outcome.largest_step)
    assert ta.state.tolist() == [1.0, 0.0]


def test_step_takes_one_step_either_way() -> None:
    ta = oscillator()
    forward = ta.step()
    assert forward.status is REACHED and forward.steps == 1
    assert ta.time == forward.largest_step == forward.smallest_step > 0.1
    ta.step(backward=True)
    ta.step(backward=True)
    assert ta.time < 0
    assert ta.state == pytest.approx(exact(ta.time), abs=1e-15)


def test_a_step_limit_is_reported_and_the_run_can_go_on() -> None:
    ta, whole = oscillator(), oscillator()
    steps = 0
    while (outcome := ta.propagate_until(30.0, max_steps=7)).status is STEP_LIMIT:
        assert outcome.steps == 7 and "limit" in outcome.message
        steps += 7
    assert whole.propagate_until(30.0).steps == steps + outcome.steps
    assert ta.state.tobytes() == whole.state.tobytes()


def test_a_limit_that_is_just_enough_counts_as_reached() -> None:
    steps = oscillator().propagate_until(30.0).steps
    assert oscillator().propagate_until(30.0, max_steps=steps).status is REACHED
    assert oscillator().propagate_until(30.0, max_steps=steps - 1).status is STEP_LIMIT


def test_the_step_count_does_not_depend_on_the_slices_of_time() -> None:
    """Ends are hit by short last steps, after which the step size is as it was."""
    ta = oscillator()
    steps = sum(ta.propagate_for(0.9 * 1.03).steps for _ in range(100))
    assert steps == 100


# -- grids --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "times",
    [[0.0], [1.5], [0.0, 1.0, 20.0], [-1.5], [0.0, -1.0, -20.0], list(np.linspace(0.1, 9, 500))],
)
def test_grids(times: list[float]) -> None:
    ta = oscillator()
    outcome = ta.propagate_grid(times)
    assert outcome.status is REACHED and outcome.states is not None and outcome.times is not None
    assert outcome.times.tolist() == times and ta.time == times[-1]
    assert outcome.states == pytest.approx(np.stack([exact(t) for t in times]), abs=5e-15)
    assert outcome.states[-1].tobytes() == ta.state.tobytes()


@pytest.mark.parametrize("low", [1e-17, -1e-17, 0.0])
def test_a_grid_may_start_at_the_time_that_is_shown(low: float) -> None:
    for direction in (1, -1):
        ta = oscillator(time=(1.0, low))
        states = ta.propagate_grid([ta.time, ta.time + direction]).states
        assert states is not None
        assert states[0].tolist() == [1.0, 0.0]
        assert states[1] == pytest.approx(exact(direction), abs=1e-15)


def test_what_of_a_grid_was_not_reached_is_nan() -> None:
    outcome = oscillator().propagate_grid([0.0, 0.5, 1.0, 30.0, 50.0], max_steps=2)
    assert outcome.status is STEP_LIMIT and outcome.states is not None
    assert np.isfinite(outcome.states[:3]).all()
    assert np.isnan(outcome.states[3:]).all()
    pole = ty.Integrator([(X, X**2)], [1.0]).propagate_grid([0.0, 0.5, 2.0])
    assert pole.status is ty.Status.STEP_UNDERFLOW and pole.states is not None
    assert pole.states[1, 0] == pytest.approx(2.0, rel=1e-14)
    assert np.isnan(pole.states[2, 0])


# -- how a run is cut up changes nothing --------------------------------------------------------


def plain(ta: ty.Integrator) -> None:
    ta.propagate_until(40.0)


def in_slices(ta: ty.Integrator) -> None:
    while ta.propagate_until(40.0, max_steps=3).status is not REACHED:
        pass


def in_single_steps(ta: ty.Integrator) -> None:
    while ta.propagate_until(40.0, max_steps=1).status is not REACHED:
        pass


def with_a_callback(ta: ty.Integrator) -> None:
    ta.propagate_until(40.0, callback=lambda now: now.dense is None)


def with_dense_output(ta: ty.Integrator) -> None:
    ta.propagate_until(40.0, dense=True)


def with_a_grid(ta: ty.Integrator) -> None:
    ta.propagate_grid(np.linspace(0.0, 40.0, 401))


def with_everything(ta: ty.Integrator) -> None:
    ta.propagate_grid(np.linspace(0.0, 40.0, 3), dense=True, callback=lambda now: None)


def stopped_and_resumed(ta: ty.Integrator) -> None:
    counts = iter(range(10**6))
    while ta.propagate_until(40.0, callback=lambda now: next(counts) % 5 == 4).status is STOPPED:
        pass


@pytest.mark.parametrize(
    "options", [{}, {"high_accuracy": True}, {"rtol": 1e-10, "atol": [1e-8, 1e-9]}, {"order": 9}]
)
def test_every_way_of_running_ends_in_the_same_bits(options: dict[str, Any]) -> None:
    ways: list[Callable[[ty.Integrator], None]] = [
        plain, in_slices, in_single_steps, with_a_callback, with_dense_output, with_a_grid,
        with_everything, stopped_and_resumed,
    ]  # fmt: skip
    ends = set()
    for way in ways:
        ta = ty.Integrator(FORCED, [1.0, 0.0], parameters={K: 0.3}, **options)
        way(ta)
        ends.add((ta.state.tobytes(), ta.time_pair))
    assert len(ends) == 1


# -- changes between calls ----------------------------------------------------------------------


def test_state_time_and_parameters_change_without_compiling() -> None:
    ta = ty.Integrator(FORCED, [1.0, 0.0], parameters={K: 0.3})
    ta.propagate_until(5.0)
    ta.state[:] = [0.25, -1.0]
    ta.time = "2.5"
    ta.parameters[K] = 0.7
    ta.propagate_until(9.0)
    fresh = ty.Integrator(FORCED, [0.25, -1.0], time=2.5, parameters={"k": 0.7})
    fresh.propagate_until(9.0)
    assert ta.state.tobytes() == fresh.state.tobytes()
    ta.state, ta.time, ta.parameters = [0.25, -1.0], 2.5, {K: 0.7}  # type: ignore[assignment]
    ta.propagate_until(9.0)
    assert ta.state.tobytes() == fresh.state.tobytes()


def test_a_callback_may_change_state_and_parameters() -> None:
    """A ball that is turned round, and a spring that is cut, between two steps."""

    def flip(ta: ty.Integrator) -> None:
        ta.state[1] = abs(ta.state[1])

    ta = ty.Integrator([(X, V), (V, 0)], [0.0, -1.0], max_step=0.5)
    ta.propagate_until(2.0, callback=flip)
    assert ta.state.tolist() == [1.0, 1.0]  # half a second down, the rest up

    def cut(ta: ty.Integrator) -> None:
        ta.parameters[K] = 0.0

    ta = ty.Integrator([(X, V), (V, -K * X)], [1.0, 0.0], parameters={K: 1.0}, max_step=0.5)
    ta.propagate_until(1.5, callback=cut)
    assert ta.state[1] == pytest.approx(-math.sin(0.5), rel=1e-15)
    assert ta.state[0] == pytest.approx(math.cos(0.5) - math.sin(0.5), rel=1e-15)


def test_a_callback_stops() -> None:
    ta = oscillator()
    outcome = ta.propagate_until(100.0, callback=lambda now: now.time > 5.0)
    assert outcome.status is STOPPED and "callback" in outcome.message
    assert 5.0 < outcome.time < 7.0
    assert ta.state == pytest.approx(exact(ta.time), abs=3e-15)


def test_an_error_in_a_callback_leaves_a_usable_integrator() -> None:
    def fail(ta: ty.Integrator) -> None:
        if ta.time > 3.0:
            raise RuntimeError("enough")

    ta, whole = oscillator(), oscillator()
    with pytest.raises(RuntimeError, match="enough"):
        ta.propagate_until(10.0, callback=fail)
    assert 3.0 < ta.time < 5.0
    assert ta.propagate_until(10.0).status is REACHED
    whole.propagate_until(10.0)
    assert ta.state.tobytes() == whole.state.tobytes()


def test_an_integrator_does_not_run_within_itself() -> None:
    ta = oscillator()
    with pytest.raises(ty.TaylorError, match="propagating already"):
        ta.propagate_until(10.0, callback=lambda now: now.step())
    assert ta.propagate_until(10.0).status is REACHED


def test_copies_are_independent() -> None:
    ta = ty.Integrator(FORCED, [1.0, 0.0], parameters={K: 0.3}, high_accuracy=True)
    ta.propagate_until(5.0)
    for other in (copy.copy(ta), copy.deepcopy(ta)):
        other.propagate_until(50.0)
        other.parameters[K] = 7.0
        assert ta.time == 5.0 and ta.parameters[K] == 0.3
    whole = ty.Integrator(FORCED, [1.0, 0.0], parameters={K: 0.3}, high_accuracy=True)
    whole.propagate_until(5.0)
    whole.propagate_until(50.0)
    ta.propagate_until(50.0)
    assert whole.state.tobytes() == ta.state.tobytes() == other.state.tobytes()


def test_two_integrators_do_not_disturb_each_other() -> None:
    a, b = oscillator(), oscillator()
    a.propagate_until(10.0, callback=lambda now: b.propagate_for(now.time) and None)
    assert a.state == pytest.approx(exact(10.0), abs=4e-15)
    threads = [threading.Thread(target=ta.propagate_until, args=(3e5,)) for ta in (a, b)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = oscillator()
    alone.propagate_until(10.0)
    alone.propagate_until(3e5)
    assert a.state.tobytes() == alone.state.tobytes()


# -- interruptions ------------------------------------------------------------------------------


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timer on this system")
def test_an_interrupted_run_resumes_to_the_same_bits() -> None:
    """Interrupts at many moments, those of storing the results included."""
    end = 3e5
    whole, ta = oscillator(), oscillator()
    whole.propagate_until(end)
    interrupts = 0
    for k in range(10_000):
        try:
            with interrupted_after(1e-4 * (1 + k % 37)):
                ta.propagate_until(end)
            break
        except KeyboardInterrupt:
            interrupts += 1
    assert interrupts > 0
    assert (ta.state.tobytes(), ta.time_pair) == (whole.state.tobytes(), whole.time_pair)
