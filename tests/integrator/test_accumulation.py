"""Events whose callbacks make them accumulate end with a status that names the time."""

from __future__ import annotations

import math
import re

import pytest

import taylor as ty

X, V, Y, W = ty.variables("x v y w")
G = 9.8


def bouncing(e: float, h: float, **options) -> ty.Integrator:
    def bounce(ta: ty.Integrator) -> None:
        ta.state[1] *= -e

    event = ty.Event(X, direction=-1, callback=bounce)
    return ty.Integrator([(X, V), (V, -G)], [h, 0.0], events=[event], **options)


@pytest.mark.parametrize("e", [0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("h", [1e-3, 1.0, 50.0])
def test_a_ball_comes_to_rest(e: float, h: float) -> None:
    """Bounces end at sqrt(2 h/g) (1 + e)/(1 - e)."""
    ta = bouncing(e, h)
    limit = math.sqrt(2 * h / G) * (1 + e) / (1 - e)
    outcome = ta.propagate_until(limit + 5.0)
    assert outcome.status is ty.Status.ACCUMULATING
    found = re.search(r"accumulates at t = ([\d.e+-]+)", outcome.message)
    assert found is not None
    assert float(found[1]) == pytest.approx(limit, rel=1e-12)
    assert ta.time == pytest.approx(limit, rel=1e-11)
    assert abs(ta.state[0]) < 1e-12 * h


def test_a_callback_that_ends_it_goes_on() -> None:
    def bounce(ta: ty.Integrator) -> bool:
        ta.state[1] *= -0.5
        return bool(ta.state[1] < 1e-6)

    event = ty.Event(X, direction=-1, callback=bounce)
    ta = ty.Integrator([(X, V), (V, -G)], [1.0, 0.0], events=[event])
    assert ta.propagate_until(5.0).status is ty.Status.STOPPED


def test_events_that_come_close_a_few_times_are_no_accumulation() -> None:
    """(x - 0.5)**2 - d**2 has two zeros closer than 1e-6 on each of many swings."""

    def kick(ta: ty.Integrator) -> None:
        ta.state[2] += 1.0

    event = ty.Event((X - 0.5) ** 2 - 1e-13, callback=kick)
    many = [ty.Event(X - 0.5 - k * 1e-15, callback=kick) for k in range(12)]
    ta = ty.Integrator([(X, V), (V, -X), (Y, 0 * Y)], [0.0, 1.0, 0.0], events=[event, *many])
    assert ta.propagate_until(60.0).status is ty.Status.REACHED
