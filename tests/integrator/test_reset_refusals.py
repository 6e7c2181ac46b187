"""Resets of events that are refused, or that set nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest

import taylor as ty

X, V, Z = ty.variables("x v z")
Y = ty.variable("y", shape=(2,))
K = ty.parameter("k")
CLOCK = [(X, 1 + 0 * X), (V, 0 * V)]
FALL = [(X, V), (V, -2 + 0 * V)]
BOUNCE = ty.Event(X, direction=-1, reset={V: -0.5 * V})


def watch(event: ty.Event, system: Any = CLOCK, state: Any = (0.0, 1.0), **options: Any) -> Any:
    return ty.Integrator(system, list(state), events=event, **options)


def test_a_new_value_that_is_not_finite_sets_nothing() -> None:
    for precision in ("float64", "double-double"):
        for bad in (X / K, ty.sqrt(X - 2 - K)):
            event = ty.Event(X - 1, reset={X: 5, V: bad})
            ta = watch(event, parameters={K: 0}, precision=precision)
            outcome = ta.propagate_until(2.0)
            assert outcome.status is ty.Status.NON_FINITE
            assert "events[0]" in outcome.message and "for v is" in outcome.message
            assert ta.time == 1.0
            assert ta._rounded_state().tolist() == [1.0, 1.0]
    ta = watch(ty.Event(X - 1, reset={V: 1e39}), precision="float32")
    assert ta.propagate_until(2.0).status is ty.Status.NON_FINITE
    assert ta.state.tolist() == [1.0, 1.0]


def test_an_exception_of_a_users_function_sets_nothing() -> None:
    def fail(x: float) -> float:
        raise RuntimeError("no")

    failing = ty.register_function("test_reset_fails", fail, lambda x: x)
    ta = watch(ty.Event(X - 1, reset={X: 0, V: failing(X)}))
    with pytest.raises(RuntimeError, match="no"):
        ta.propagate_until(2.0)
    assert ta.state.tolist() == [1.0, 1.0]


def test_there_is_no_way_back_in_time() -> None:
    ta = watch(BOUNCE, system=FALL, state=(1.0, 0.0))
    ta.propagate_until(1.5)
    for back in (lambda: ta.propagate_until(1.2), lambda: ta.step(backward=True)):
        with pytest.raises(ty.TaylorError, match=r"events\[0\] resets .* cannot be undone"):
            back()
    assert ta.time == 1.5
    outcome = ty.ensemble(ta, [[1.0, 0.0]] * 2, until=[2.0, -1.0], time0=0.0)
    assert list(outcome.status) == [ty.Status.REACHED, ty.Status.FAILED]
    ta.events = ty.Event(X, direction=-1)
    ta.propagate_until(1.2)
    assert ta[X] == pytest.approx(0.16, abs=1e-14)


@pytest.mark.parametrize(
    ("reset", "message"),
    [
        (3, "must be a mapping"),
        ({}, "reset is empty"),
        ({V: "sideways"}, "is no expression"),
        ({V: math.nan}, "must be a finite number"),
        ({V: [1, 2]}, "must be a scalar"),
        ({V: 1, "v": 2}, "has v twice"),
        ({Y: 1}, r"must have shape \(2,\)"),
        ({Y: [1, 2], Y[0]: 3}, "an element of .* twice"),
        ({Z: 1}, r"events\[0\]: .*z is no state and no parameter.* these are y, x, v, k"),
        ({"time": 1}, "time is no state"),
        ({ty.time: 1}, "t is no state"),
        ({2 * V: 1}, "is no state"),
        ({ty.variable("k"): 1}, "k is no state"),
        ({3: 1}, "3 is no state"),
        ({V: Z + 1}, r"events\[0\]: .*depends on z"),
        (lambda t: [1], r"reset\(t, y\) or reset\(t, y, p\)"),
        (lambda t, y: [1], r"must return the new state, shape \(4,\), got shape \(1,\)"),
    ],
)
def test_bad_resets_are_refused(reset: Any, message: str) -> None:
    system = [(Y, 0 * Y), (X, 1 + K), (V, 0 * V)]
    with pytest.raises((ValueError, TypeError), match=message):
        ty.Integrator(system, [0.0] * 4, parameters={K: 1}, events=ty.Event(X - 1, reset=reset))


def test_a_name_of_two_things_is_refused() -> None:
    k = ty.variable("k")
    with pytest.raises(ValueError, match="of a state and of a parameter"):
        ty.Integrator([(k, K)], [0.0], parameters={K: 1}, events=ty.Event(k - 1, reset={"k": 0}))
    ta = ty.Integrator([(k, K)], [0.0], parameters={K: 1}, events=ty.Event(k - 1, reset={k: 0}))
    ta.propagate_until(1.5)
    assert ta.state.tolist() == [0.5]
