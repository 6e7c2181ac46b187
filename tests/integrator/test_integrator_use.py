"""What is promised of an integrator in use: threads, copies, callbacks, ends of the range."""

from __future__ import annotations

import copy
import math
import threading
import time
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")


def oscillator(**options: Any) -> ty.Integrator:
    return ty.Integrator([(X, V), (V, -X)], [1.0, 0.0], **options)


def test_threads_that_share_an_integrator_lose_no_time(scale: int) -> None:
    """Every call that succeeds has advanced it by its span; the others were refused."""
    ta = ty.Integrator([(X, 1)], [0.0])
    done = [0] * 4

    def work(number: int) -> None:
        until = time.monotonic() + 0.3 * scale
        while time.monotonic() < until:
            try:
                ta.propagate_for(0.5)
                done[number] += 1
            except ty.TaylorError as error:
                assert "propagating already" in str(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) > 10 and ta.time == ta.state[0] == 0.5 * sum(done)


def test_other_threads_may_not_set_what_is_under_way() -> None:
    ta, found = oscillator(), []

    def other() -> None:
        for name, value in (("state", [0.0, 0.0]), ("time", 3.0), ("parameters", {})):
            try:
                setattr(ta, name, value)
            except ty.TaylorError as error:
                found.append(str(error))

    def callback(ta: ty.Integrator) -> bool:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        ta.state = [0.5, 0.0]  # the callback itself may
        return True

    ta.propagate_until(1.0, callback=callback)
    assert len(found) == 3 and all("another thread" in text for text in found)
    assert ta.state.tolist() == [0.5, 0.0]
    other()
    assert ta.time == 3.0


@pytest.mark.parametrize("now", [1e308, -1e308])
@pytest.mark.parametrize("how", ["until", "for", "grid", "ensemble"])
def test_spans_beyond_the_range_are_refused_before_anything_runs(now: float, how: str) -> None:
    ta = oscillator(time=now)
    end = -np.sign(now) * 1.7e308
    with pytest.raises(ty.TaylorError, match=r"range of (a )?float") as caught:
        if how == "until":
            ta.propagate_until(end)
        elif how == "for":
            ta.propagate_for(np.sign(now) * 1.7e308)
        elif how == "grid":
            ta.propagate_grid([now, end])
        else:
            ty.ensemble(ta, np.eye(2), until=end)
    assert isinstance(caught.value, ValueError)
    assert ta.time == now and ta.state.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_dense_output_without_a_step_is_constant(precision: str) -> None:
    ta = oscillator(time=2.0, precision=precision)
    dense = ta.propagate_until(2.0, dense=True).dense
    assert dense is not None and dense.span == (2.0, 2.0)
    assert np.array_equal(dense(2.0), ta.state)
    assert np.array_equal(dense(1.0, extrapolate=True), ta.state)
    assert not np.any(dense(2.0, derivative=1))


@pytest.mark.parametrize("answer", [None, True])
@pytest.mark.parametrize("asked", [False, True])
def test_step_callbacks_see_the_step_that_ends_at_an_event(answer: Any, asked: bool) -> None:
    times: list[float] = []
    event = ty.Event(X, terminal=True, callback=(lambda _: answer) if asked else None)
    ta = oscillator(events=[event])
    outcome = ta.propagate_until(10.0, callback=lambda ta: times.append(ta.time))
    assert outcome.status is ty.Status.EVENT
    assert len(times) == outcome.steps and times[-1] == ta.time
    assert ta.time == pytest.approx(math.pi / 2, abs=1e-15)


class Collector:
    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, ta: ty.Integrator) -> bool:
        self.times.append(ta.time)
        return True

    def method(self, ta: ty.Integrator) -> bool:
        return self(ta)


@pytest.mark.parametrize("bound", [False, True])
def test_deep_copies_have_callbacks_and_attributes_of_their_own(bound: bool) -> None:
    collector = Collector()
    event = ty.Event(X, callback=collector.method if bound else collector)
    ta = oscillator(events=[event])
    ta.label, ta.collector = ["mine"], collector  # type: ignore[attr-defined]
    ta.propagate_until(0.5)
    shallow, deep = copy.copy(ta), copy.deepcopy(ta)
    pair = copy.deepcopy([ta, ta])
    assert pair[0] is pair[1]
    assert shallow.label is ta.label and deep.label == ["mine"] and deep.label is not ta.label
    deep.propagate_until(3.0)
    assert len(deep.collector.times) == 1 and collector.times == []
    shallow.propagate_until(3.0)
    assert collector.times == deep.collector.times
    assert deep.time == shallow.time and ta.time == 0.5
