"""Runs without an end, which events, callbacks or limits end; times in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
G = ty.parameter("g")
HEIGHT = 50.0
IMPACT = math.sqrt(2 * HEIGHT / 9.81)


def falling(**options: Any) -> ty.Integrator:
    given = {"events": ty.Event(X, terminal=True), "parameters": {G: 9.81}} | options
    return ty.Integrator([(X, V), (V, -G)], [HEIGHT, 0.0], **given)


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_a_terminal_event_ends_it(precision: str) -> None:
    error = 1e-6 if precision == "float32" else 1e-15
    options: list[dict[str, Any]] = [{}, {"dense": True}, {"max_steps": 100}]
    options.append({"callback": lambda ta: None})
    for asked in options:
        ta = falling(precision=precision)
        assert ta.propagate_until(math.inf, **asked).status is ty.Status.EVENT
        assert abs(ta.time - IMPACT) < error * IMPACT
        later = falling(precision=precision, time=5.0)
        assert later.propagate_for(math.inf, **asked).status is ty.Status.EVENT
        assert abs(later.time - 5 - IMPACT) < error * (5 + IMPACT)


def test_backwards() -> None:
    event = ty.Event(X - 0.5, terminal=True)
    ta = ty.Integrator([(X, V), (V, -X)], [0.0, 1.0], events=event)
    assert ta.propagate_until(-math.inf).status is ty.Status.EVENT
    assert abs(ta.time + 7 * np.pi / 6) < 1e-14


def test_callbacks_and_limits_end_it() -> None:
    bounces: list[float] = []

    def bounce(ta: ty.Integrator) -> bool:
        bounces.append(ta.time)
        ta.state[1] *= -0.5
        return len(bounces) == 3

    ball = falling(events=ty.Event(X, direction=-1, callback=bounce))
    assert ball.propagate_until(math.inf).status is ty.Status.STOPPED
    np.testing.assert_allclose(bounces, np.array([1.0, 2.0, 2.5]) * IMPACT, rtol=1e-14)
    for end in (math.inf, -math.inf):
        ta = ty.Integrator([(X, V), (V, -X)], [0.0, 1.0])
        outcome = ta.propagate_until(end, max_steps=7)
        assert (outcome.status, outcome.steps) == (ty.Status.STEP_LIMIT, 7)
        np.testing.assert_allclose(ta.state, [math.sin(ta.time), math.cos(ta.time)], atol=1e-14)
        assert ta.propagate_until(end, callback=lambda ta: True).status is ty.Status.STOPPED


def test_impulses_and_switches_on_the_way() -> None:
    kicked = falling(impulses=ty.Impulse(1.0, add={V: 9.81}))
    assert kicked.propagate_until(math.inf).status is ty.Status.EVENT  # v = 0 again at t = 1
    assert abs(kicked.time - 1 - math.sqrt(2 * (HEIGHT - 9.81 / 2) / 9.81)) < 1e-14
    faster = ty.Integrator(
        [(X, ty.where(X < 1, 1, 2))], [0.0], events=ty.Event(X - 5, terminal=True)
    )
    assert faster.propagate_until(math.inf).status is ty.Status.EVENT
    assert abs(faster.time - 3.0) < 1e-15


def test_derivatives_of_the_time() -> None:
    system = ty.variational([(X, V), (V, -G)], order=1, wrt=[X, G])
    ta = ty.Integrator(
        system, [HEIGHT, 0.0], parameters={G: 9.81}, events=ty.Event(X, terminal=True)
    )
    outcome = ta.propagate_until(math.inf)
    wanted = [[IMPACT / (2 * HEIGHT), -IMPACT / (2 * 9.81)]]
    maps = outcome.events[0].time_maps
    assert maps is not None
    np.testing.assert_allclose(maps.jacobian, wanted, rtol=1e-13)


def test_a_pole_ends_it() -> None:
    ta = ty.Integrator([(X, X**2)], [1.0], events=ty.Event(X + 1, terminal=True))
    assert ta.propagate_until(math.inf).status is ty.Status.STEP_UNDERFLOW
    assert abs(ta.time - 1) < 1e-9


def test_what_nothing_ends_is_refused() -> None:
    ta = ty.Integrator([(X, V), (V, -X)], [0.0, 1.0], events=ty.Event(X))  # recorded alone
    for call in (ta.propagate_until, ta.propagate_for):
        with pytest.raises(ty.ArgumentError, match="no terminal event, callback or max_steps"):
            call(math.inf)
        with pytest.raises(ty.ArgumentError, match="must be finite"):
            call(math.nan, max_steps=3)
    assert ta.time == 0.0
