"""Calls that a driver carries out, beside the same calls by Python: same bits, words and errors."""

from __future__ import annotations

import copy
import dataclasses
import gc
import math
import pickle
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError, TaylorError
from taylor.integrator.outcome import Outcome
from taylor.integrator.propagation import Propagation
from taylor.numbers import times
from taylor_runtime.callables import driving
from taylor_runtime.points import python_objects

X, V, W = ty.variables("x v w")
K = ty.parameter("k")
PENDULUM = [(X, V), (V, -K * ty.sin(X))]
LORENZ = [(X, 10 * (V - X)), (V, X * (28 - W) - V), (W, X * V - 8 * W / 3)]
KEPT = (  # of a control block, what decides about coming steps
    *("time", "time_low", "previous_time", "step", "step_scale", "scale", "estimate", "limit"),
    *("longest", "smallest_step", "largest_step", "last_size", "pending", "steps", "retracted"),
    *("overflowed", "rescaled", "recording", "records", "grid_next"),
)
Make = Callable[[], ty.Integrator]


def pendulum(**options: Any) -> ty.Integrator:
    return ty.Integrator(PENDULUM, [0.5, 0.25], parameters={K: 9.8}, **options)


def lorenz(**options: Any) -> ty.Integrator:
    return ty.Integrator(LORENZ, [1.0, 2.0, 20.0], **options)


def oscillator(**options: Any) -> ty.Integrator:
    return ty.Integrator([(X, V), (V, -X + 0.1 * X * V)], [1.0, 0.5], **options)


def decay(**options: Any) -> ty.Integrator:
    return ty.Integrator([(X, -100 * (X - ty.cos(ty.time)))], [2.0], **options)


MAKERS: dict[str, Make] = {
    "pendulum": pendulum,
    "Lorenz": lorenz,
    "decay": decay,
    "compensated": lambda: lorenz(high_accuracy=True),
    "tolerances": lambda: pendulum(rtol=[1e-9, 1e-8], atol=1e-12),
    "low order": lambda: pendulum(order=6),
    "short steps": lambda: pendulum(max_step=0.01),
    "event that does not fire": lambda: lorenz(events=[ty.Event(W + 100)]),
    "events": lambda: pendulum(events=[ty.Event(X), ty.Event(V, direction=1)]),
    "terminal event": lambda: pendulum(events=[ty.Event(X, terminal=True)]),
    "cooldown": lambda: pendulum(events=[ty.Event(X, cooldown=2.0)]),
    "reset": lambda: pendulum(events=[ty.Event(X, direction=-1, reset={V: -0.9 * V})]),
}


@contextmanager
def python_alone(ta: ty.Integrator) -> Iterator[None]:
    driver, ta._driver = ta._driver, driving.undriven
    try:
        yield
    finally:
        ta._driver = driver if driver is not driving.undriven else None


def calls(ta: ty.Integrator, rng: np.random.Generator) -> Iterator[Any]:
    """Outcomes of calls and changes in between, whose order and numbers are random."""
    start = ta.state.copy()
    for _ in range(60):
        which = int(rng.integers(0, 12))
        if which < 3:
            yield ta.step(backward=bool(rng.integers(0, 2)) and not ta.events)
        elif which < 6:
            yield ta.propagate_for(float(rng.choice([1e-3, 0.1, 0.7, 3.0, 0.0])))
        elif which == 6:
            yield ta.propagate_until(ta.time + 1.5)
        elif which == 7:
            yield ta.propagate_for(20.0, max_steps=400)
        elif which == 8:
            ta.state[:] = start * (1 + 0.1 * rng.random())
            ta.time = float(rng.choice([0.0, 5.0]))
        elif which == 9 and len(ta.parameters):
            ta.parameters[K] = 9 + rng.random()
        elif which == 10:
            ta.state[0] += 1e-3
        else:
            yield ta.propagate_for(0.3, dense=True)
            yield ta.propagate_grid(ta.time + np.array([0.0, 0.1, 0.5]))


def same(one: Outcome, other: Outcome) -> bool:
    """Whether outcomes have the same fields, bit for bit."""
    for each in dataclasses.fields(one):
        a, b = getattr(one, each.name), getattr(other, each.name)
        if each.name == "dense":
            continue
        if pickle.dumps(a) != pickle.dumps(b):
            return False
    return True


@pytest.mark.parametrize("name", MAKERS)
def test_bits_are_those_of_calls_by_python(name: str) -> None:
    driven, other = MAKERS[name](), MAKERS[name]()
    told = 0
    pairs = zip(calls(driven, np.random.default_rng(3)), _python_calls(other), strict=True)
    for one, two in pairs:
        assert same(one, two)
        told += hasattr(one, "_outcome")
        assert driven.state.tobytes() == other.state.tobytes()
        assert driven.time_pair == other.time_pair and driven._known == other._known
        assert driven._running == 0
        for name in KEPT:
            kept = [getattr(ta._machine.control, name) for ta in (driven, other)]
            assert repr(kept[0]) == repr(kept[1]), name
    assert told > 10 or "event" not in name


def _python_calls(ta: ty.Integrator) -> Iterator[Any]:
    with python_alone(ta):
        yield from calls(ta, np.random.default_rng(3))


def test_the_driver_takes_the_common_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    ta, orbit = pendulum(), oscillator(events=[ty.Event(X + 100)])
    for integrator in (ta, orbit, ta):
        integrator.step()

    def refused(*_: Any) -> None:
        raise AssertionError("Python was asked")

    monkeypatch.setattr(Propagation, "__init__", refused)
    for integrator in (ta, orbit):
        integrator.step()
        integrator.step(backward=True)
        integrator.propagate_for(1.0)
        integrator.state[:] *= 1.01
        integrator.time = 0.0
        integrator.propagate_until(2.0)
        integrator.propagate_until(2.0)
    ta.parameters[K] = 9.0
    assert ta.propagate_for(1.0).success
    assert 64 < orbit.propagate_for(200.0).steps < 320  # more than the first steps
    with pytest.raises(AssertionError, match="was asked"):
        ta.propagate_for(300.0)
    ta._running = 0


LIMITS = (1, 2, 63, 64, 65, 99, 100, 101, 319, 320, 321, 700, 10**400)


@pytest.mark.parametrize("name", MAKERS)
def test_limits_of_steps_are_those_of_calls_by_python(name: str) -> None:
    driven, other = MAKERS[name](), MAKERS[name]()
    for ta in (driven, other):
        ta.step(), ta.step()
    for limit in LIMITS:
        span = 30.0 if limit > 700 else 1e4
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            one = driven.propagate_for(span, max_steps=limit)
            with python_alone(other):
                two = other.propagate_for(span, max_steps=limit)
        assert same(one, two) and len(caught) % 2 == 0
        assert driven.state.tobytes() == other.state.tobytes()
        assert driven.time_pair == other.time_pair and driven._known == other._known
        for field in KEPT:
            kept = [getattr(ta._machine.control, field) for ta in (driven, other)]
            assert repr(kept[0]) == repr(kept[1]), field


def test_the_driver_takes_calls_with_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    u = ty.variable("u", shape=(40,))
    heat = [(u, np.roll(u, 1) - 2 * u + np.roll(u, -1))]
    rods = ty.Integrator(heat, np.sin(0.1 * np.arange(40)))
    makers = (pendulum(), lorenz(events=[ty.Event(W + 100)]), rods)
    for ta in makers:
        ta.step(), ta.step()
    monkeypatch.setattr(Propagation, "__init__", lambda *_: pytest.fail("Python was asked"))
    for ta in makers:
        for limit in (1, 64, 80, 99, *[150] * (ta is makers[1])):  # the others are suspicious
            out = ta.propagate_for(1e9 if ta is not rods else 1e4, max_steps=limit)
            assert out.status is ty.Status.STEP_LIMIT and out.steps == limit
            assert out.message == ty.Status.STEP_LIMIT.value and not out.success
        assert ta.propagate_for(0.0, max_steps=3).success
        assert ta.propagate_until(ta.time + 1e-3, max_steps=3).message == ""
    rods.propagate_until(rods.time + 1e-3, max_steps=np.int64(3))


def test_what_is_told_is_an_outcome_like_others() -> None:
    ta = pendulum(events=[ty.Event(X - 100)])
    ta.propagate_until(-1.0), ta.propagate_until(0.0)
    out = ta.propagate_for(1.0)
    assert out.status is ty.Status.REACHED and out.success and out.message == ""
    assert out.time == ta.time == 1.0 and out.steps > 1 and out.retracted == 0
    assert 0 < out.smallest_step <= out.largest_step < 1 and not out.stiff
    np.testing.assert_array_equal(out.state, ta.state)
    assert out[X] == ta.state[0] and out["v"] == ta.state[1]
    assert len(out.events) == 1 and len(out.events[0]) == 0 and out.switches == ()
    assert out.events[0].states.shape == (0, 2) and out.events[0].time_pairs.shape == (0, 2)
    assert out.dense is out.states is out.times is out.flow_map is None
    again = ta.propagate_for(1.0)
    assert out.time == 1.0 and again.time == 2.0 and again.state is not None
    assert out.state is not None and not np.array_equal(out.state, again.state)


def test_what_is_told_pickles_copies_and_prints() -> None:
    ta = pendulum()
    ta.step(), ta.step()
    for use in (pickle.dumps, repr, copy.copy, copy.deepcopy, dataclasses.asdict):
        use(ta.propagate_for(0.5))
    out = ta.propagate_for(0.5)
    text = repr(ta.propagate_for(0.0))
    assert "steps=0" in text and "smallest_step=nan" in text
    loaded = pickle.loads(pickle.dumps(out))
    assert same(out, loaded)
    assert dataclasses.replace(ta.propagate_for(0.5), message="told").message == "told"
    with pytest.raises(AttributeError, match="no attribute 'stat'"):
        _ = ta.step().stat  # type: ignore[attr-defined]
    with pytest.raises(dataclasses.FrozenInstanceError):
        ta.step().steps = 3  # type: ignore[misc]


def test_numbers_that_are_asked_for_first_do_not_hide_the_rest() -> None:
    ta = pendulum(events=[ty.Event(X - 100)])
    ta.step(), ta.step()
    for name in ("steps", "time", "status", "message", "smallest_step", "retracted"):
        one, two = ta.propagate_for(0.5), copy.copy(ta).propagate_for(0.0)
        assert one.steps > 0 and getattr(one, name) == getattr(copy.copy(one), name)
        assert one.time == ta.time and one.state is not None and one[V] == ta.state[1]
        np.testing.assert_array_equal(one.state, ta.state)
        assert len(one.events) == 1 and one.dense is one.states is None and not one.stiff
        assert two.steps == 0 and math.isnan(two.largest_step) and two.variables == (X, V)


def test_errors_come_before_anything_is_changed() -> None:
    ta = pendulum()
    ta.propagate_for(1.0)
    state, time = ta.state.copy(), ta.time_pair
    for wrong, kind in ((math.nan, ValueError), (math.inf, ValueError), ("x", TypeError)):
        for call in (ta.propagate_for, ta.propagate_until):
            with pytest.raises(kind):
                call(wrong)  # type: ignore[arg-type]
    ta.time = -1.5e308
    with pytest.raises(ArgumentError, match="range"):
        ta.propagate_until(1.5e308)
    ta.time = time
    ta.state[0] = math.nan
    with pytest.raises(ArgumentError, match="x = nan"):
        ta.step()
    ta.state[:] = state
    ta._state.shape = (2, 1)
    with pytest.raises((ValueError, IndexError)):
        ta.step()
    ta._state.shape = (2,)
    assert ta.time_pair == time and ta._running == 0 and ta.step().success


def test_resets_are_not_undone() -> None:
    ta = pendulum(events=[ty.Event(X, direction=-1, reset={V: -0.9 * V})])
    for _ in range(3):
        ta.propagate_for(0.2)
        for call in (lambda: ta.step(backward=True), lambda: ta.propagate_for(-0.1)):
            with pytest.raises(ArgumentError, match="cannot be undone"):
                call()
    assert ta._driver is driving.undriven


def test_callbacks_of_events_are_called() -> None:
    seen: list[float] = []
    event = ty.Event(X, callback=lambda ta: seen.append(ta.time))
    ta, other = (pendulum(events=[event]) for _ in range(2))
    for _ in range(4):
        ta.propagate_for(3.0)
    count = len(seen)
    with python_alone(other):
        for _ in range(4):
            other.propagate_for(3.0)
    assert count > 3 and seen[:count] == seen[count:]


def test_impulses_and_derivatives_are_left_to_python() -> None:
    system = [(X, V), (V, -X)]
    jumps = ty.Integrator(system, [1.0, 0.0], impulses=[ty.Impulse(1.0, {V: 1.0})])
    maps = ty.Integrator(ty.variational(system, order=1), [1.0, 0.0])
    sides = ty.Integrator([(X, V), (V, -abs(X))], [1.0, 0.0])
    for ta in (jumps, maps, sides):
        for _ in range(3):
            assert ta.propagate_for(0.7).success
        assert ta._driver is driving.undriven


def test_times_of_any_kind_are_taken() -> None:
    ta = pendulum()
    for time in (1, Fraction(3, 2), np.float64(2.0), "2.5", np.int64(3), np.array(3.5)):
        assert ta.propagate_until(time).time == float(time)  # type: ignore[arg-type]
    for span in (1, Fraction(1, 2), np.float64(0.25)):
        before = ta.time
        assert ta.propagate_for(span).time == before + float(span)


def test_spans_add_up_exactly() -> None:
    ta = lorenz()
    exact, total = Fraction(0), (0.0, 0.0)
    for span in [0.1] * 40 + [1e-17, 1e-30, 0.3, -0.7, 1e-3] * 4:
        ta.propagate_for(span)
        exact += Fraction(span)
        total = times.add(total, (span, 0.0))
        assert ta.time_pair == total
        high = float(exact)
        if Fraction(high) + Fraction(float(exact - Fraction(high))) == exact:
            assert ta.time_pair == (high, float(exact - Fraction(high)))


def test_sums_of_times_are_rounded_once() -> None:
    rng = np.random.default_rng(5)
    for _ in range(3000):
        a, b = (
            float(x * 2.0**e)
            for x, e in zip(rng.normal(size=2), rng.integers(-90, 90, 2), strict=True)
        )
        low = float(a * 2.0**-54 * rng.random())
        pair, exact = times.add((a, low), (b, 0.0)), Fraction(a) + Fraction(low) + Fraction(b)
        high = float(exact)
        assert pair == (high, float(exact - Fraction(high)))


def test_an_integrator_is_driven_by_one_thread() -> None:
    ta = lorenz()
    ta.step()
    failures: list[str] = []

    def run() -> None:
        for _ in range(300):
            try:
                ta.propagate_for(0.05)
                ta.step()
            except TaylorError as error:
                failures.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ta._running == 0 and all("propagating already" in text for text in failures)
    ta._running = 12345
    for call in (ta.step, lambda: ta.propagate_for(1.0), lambda: ta.propagate_until(99.0)):
        with pytest.raises(TaylorError, match="propagating already"):
            call()
    ta._running = 0


def test_copies_go_their_own_way() -> None:
    ta = pendulum(events=[ty.Event(X)])
    ta.propagate_for(1.0)
    for make in (copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))):
        other = make(ta)
        time, state = ta.time, ta.state.copy()
        assert other._running == 0 and other.time_pair == ta.time_pair
        others = [other.propagate_for(0.4).steps for _ in range(5)]
        assert ta.time == time and np.array_equal(ta.state, state)
        kept = copy.copy(ta)
        assert [kept.propagate_for(0.4).steps for _ in range(5)] == others
        assert np.array_equal(kept.state, other.state)


def test_events_may_be_set_between_calls() -> None:
    ta = pendulum()
    ta.propagate_for(1.0)
    ta.events = [ty.Event(X, terminal=True)]
    out = ta.propagate_for(10.0)
    assert out.status is ty.Status.EVENT and abs(ta.state[0]) < 1e-12
    ta.events = ()
    assert ta.propagate_for(10.0).events == ()


def test_memory_of_dense_output_and_grids_may_move() -> None:
    """What events record goes on to be where the loop has it, after a run that kept all steps."""
    ta, other = (pendulum(events=[ty.Event(X)]) for _ in range(2))
    for _ in range(3):
        for each in (ta, other):
            each.propagate_for(40.0, dense=True)
            each.propagate_grid(each.time + np.linspace(0.0, 30.0, 500))
        gc.collect()
        a = ta.propagate_for(5.0)
        with python_alone(other):
            b = other.propagate_for(5.0)
        assert same(a, b) and len(a.events[0]) > 1


def test_what_is_asked_for_once_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "_asked", set())
    ta = pendulum()
    assert ta.step().success and ta._driver is None
    assert ta.step().success and type(ta._driver) is type(len)
    dense = ta.propagate_for(1.0, dense=True).dense
    assert dense is not None
    one, two = dense(ta.time - 0.5), dense(ta.time - 0.5)
    assert one.tobytes() == two.tobytes() and type(dense._evaluators[0]) is type(len)


def test_references_of_driven_calls_are_given_back() -> None:
    ta = pendulum()
    ta.step(), ta.step()
    counted = [None, Outcome, ta, ta._state, ta.system.states]

    def kept() -> int:
        """By four thousand calls, or by somebody else meanwhile."""
        before = [sys.getrefcount(o) for o in counted]
        for _ in range(2000):
            ta.step()
            ta.propagate_for(1e-3)
        after = [sys.getrefcount(o) for o in counted]
        return max(abs(b - a) for a, b in zip(before, after, strict=True))

    assert min(kept() for _ in range(3)) < 100


def test_on_an_unknown_numpy_python_drives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_objects, "_INTERFACES", ())
    caches = (python_objects.array_symbols, driving._driver, driving._dense)
    for each in caches:
        each.cache_clear()
    try:
        ta = pendulum()
        out = ta.propagate_for(2.0, dense=True)
        assert ta.step().success and ta.step().success
        assert ta._driver is driving.undriven and out.dense is not None
        assert np.isfinite(out.dense(1.0)).all()
    finally:
        for each in caches:
            each.cache_clear()


def test_only_classes_with_known_slots_are_made() -> None:
    class Plain:
        pass

    class One:
        __slots__ = ("a",)

    class Two:
        __slots__ = ("a", "b")

    known = [python_objects.has_slots_first(kind) for kind in (Plain, One, Two, Outcome)]
    assert known == [False, False, True, True]


def test_stiffness_is_seen_as_before() -> None:
    def warned(make: Make, drive: bool) -> tuple[bool, int]:
        ta = make()
        if not drive:
            ta._driver = driving.undriven
        with pytest.warns(ty.StiffnessWarning):
            out = ta.propagate_until(100.0)
        return out.stiff, out.steps

    assert warned(decay, True) == warned(decay, False)


def test_wrong_requests_are_refused() -> None:
    ta = pendulum()
    with pytest.raises(ArgumentError, match="max_steps"):
        ta.propagate_for(1.0, max_steps=0)
    with pytest.raises(ArgumentTypeError, match="callback"):
        ta.propagate_for(1.0, callback=3)  # type: ignore[arg-type]
