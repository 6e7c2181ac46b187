"""Motions that were left on, or next to, the surface of an equality, and go on from there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty

x, v = ty.variables("x v")
EPSILONS = {"float32": 2.0**-23, "float64": 2.0**-52, "double-double": 2.0**-52}


def value_at(place: Any, value: float) -> list[tuple[Any, Any]]:
    """x' = 1; v' = 1 but where x is at a place, which is a single point of the motion."""
    return [(x, 1 + 0 * x), (v, ty.where(x == place, value, 1))]


@pytest.mark.parametrize("precision", EPSILONS)
@pytest.mark.parametrize("value", [0.0, 7.0, 1e3])
@pytest.mark.parametrize("place", [0.5, 0.25, 0.3])
@pytest.mark.parametrize("way", [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)])
def test_what_holds_at_the_point_alone_counts_for_nothing(
    way: tuple[float, float], place: float, value: float, precision: str
) -> None:
    """v - x stays 0 on the way to the point, and on from it or back."""
    here, on = way
    ta = ty.Integrator(value_at(here * place, value), [0.0, 0.0], precision=precision)
    for until in (here * place, here * place + on):
        assert ta.propagate_until(until).status is ty.Status.REACHED
        place_now, sum_of_slopes = np.asarray(ta.state).reshape(2, -1)[:, 0]
        assert abs(place_now - until) < 4 * EPSILONS[precision]
        assert abs(sum_of_slopes - until) < 4 * EPSILONS[precision]


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_large_values_do_not_hold_the_motion(precision: str) -> None:
    ta = ty.Integrator(value_at(0.5, 1e8), [0.0, 0.0], precision=precision)
    for until in (0.5, 1.0, 0.5, 0.0):
        out = ta.propagate_until(until, max_steps=1000)
        assert out.status is ty.Status.REACHED
        assert np.abs(ta.state - until).max() < 4 * EPSILONS[precision]


def test_single_steps() -> None:
    ta = ty.Integrator(value_at(0.5, 1e8), [0.0, 0.0])
    ta.propagate_until(0.5)
    for _ in range(5):
        ta.step()
    assert ta.state[1] == ta.state[0] == pytest.approx(ta.time, abs=1e-15)


def test_what_rests_stays_at_rest() -> None:
    """x' = 0 where x = 1, else 1: a motion that was put to 1 stays there, however it is called."""
    jump = ty.Event(ty.time - 0.25, reset={x: 1 + 0 * x})
    ta = ty.Integrator([(x, ty.where(x == 1, 0, 1))], [0.0], events=[jump])
    for until in (0.5, 1.0, 2.0):
        ta.propagate_until(until)
        assert ta.state[0] == 1.0


def test_modes_that_states_carry_hold() -> None:
    """m' = 0: what m == 1 says holds as long as m is."""
    m = ty.variable("m")
    switched = ty.Event(ty.time - 0.5, reset={m: 1 + 0 * m})
    ta = ty.Integrator([(x, ty.where(m == 1, 3, 1)), (m, 0 * m)], [0.0, 0.0], events=[switched])
    for until in (0.5, 0.75, 1.0):
        ta.propagate_until(until)
    assert ta.state[0] == pytest.approx(0.5 + 3 * 0.5, abs=1e-14)


def test_values_of_removable_points_are_kept() -> None:
    """v' = sin(x)/x, whose value at 0 is written: from -1 to 0, and on to 1."""
    system = [(x, 1 + 0 * x), (v, ty.where(x == 0, 1, ty.sin(x) / x))]
    ta = ty.Integrator(system, [-1.0, 0.0])
    half = 0.946083070367183  # the sine integral at 1
    for until, right in ((1.0, half), (2.0, 2 * half)):
        assert ta.propagate_until(until).status is ty.Status.REACHED
        assert ta.state[1] == pytest.approx(right, abs=1e-13)


def test_starts_at_removable_points() -> None:
    """From 0 on: neither branch alone has the solution, what is written there and beside it has."""
    system = [(x, 1 + 0 * x), (v, ty.where(x == 0, 1, ty.sin(x) / x))]
    for end in (1.0, -1.0):
        ta = ty.Integrator(system, [0.0, 0.0])
        assert ta.propagate_until(end).status is ty.Status.REACHED
        assert ta.state[1] == pytest.approx(end * 0.946083070367183, abs=1e-13)
