"""Propagations that cannot go on say why, name the culprit and keep the last good state."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, V, Y, Z = ty.variables("x v y z")
T = ty.time
NON_FINITE, STEP_UNDERFLOW = ty.Status.NON_FINITE, ty.Status.STEP_UNDERFLOW


def stop(
    system: Any, state: list[float], until: float = 10.0, **options: Any
) -> tuple[ty.Outcome, ty.Integrator]:
    ta = ty.Integrator(system, state, **options)
    outcome = ta.propagate_until(until)
    assert not outcome.success
    assert np.isfinite(ta.state).all()
    assert outcome.time == ta.time and repr(ta.time) in outcome.message
    again = ta.propagate_until(until, max_steps=1000)
    assert not again.success  # and it is not forgotten
    return outcome, ta


def test_a_pole() -> None:
    """x' = x^2, x = 1 / (1 - t)."""
    outcome, ta = stop([(Y, 1), (X, X**2)], [0.0, 1.0])
    assert outcome.status is STEP_UNDERFLOW
    assert ta.time == pytest.approx(1.0, abs=1e-13)
    assert ta.state[1] > 1e20
    assert "a singularity is near, x = " in outcome.message


def test_a_pole_backwards() -> None:
    outcome, ta = stop([(X, -(X**2))], [1.0], until=-3.0)
    assert outcome.status is STEP_UNDERFLOW
    assert ta.time == pytest.approx(-1.0, abs=1e-13)


def test_a_collision() -> None:
    """A body that falls straight into the centre from rest at 1 arrives at pi / sqrt 8."""
    outcome, ta = stop([(X, V), (V, -1 / X**2)], [1.0, 0.0])
    assert outcome.status is STEP_UNDERFLOW
    assert ta.time == pytest.approx(math.pi / math.sqrt(8), abs=1e-13)
    assert 0 < ta.state[0] < 1e-12
    assert "x = " in outcome.message


@pytest.mark.parametrize(
    ("derivative", "start", "end"),
    [
        (-ty.sqrt(X), 1.0, 2.0),  # x = (1 - t/2)^2, which the root cannot follow upwards again
        (ty.sqrt(1 - T), 0.0, 1.0),  # real no further
        (ty.log(X), 0.5, 0.37867104306108795),  # the logarithmic integral of 1/2, negated
        (-1 / X, 0.5, 0.125),  # x^2 = 1/4 - 2 t
        (1 / (1 - T), 0.0, 1.0),
        (ty.asin(T), 0.0, 1.0),
    ],
)
def test_the_end_of_a_domain(derivative: ty.Expression, start: float, end: float) -> None:
    outcome, ta = stop([(X, derivative)], [start])
    assert outcome.status in (NON_FINITE, STEP_UNDERFLOW)
    assert ta.time == pytest.approx(end, abs=1e-12)
    assert "x = " in outcome.message or "x' = " in outcome.message


@pytest.mark.parametrize(
    ("derivative", "start", "message"),
    [
        (ty.log(X), -1.0, "equation 1, x' = log(x), gives nan"),
        (1 / X, 0.0, "equation 1, x' = 1/x, gives inf"),
        (ty.sqrt(X), 0.0, "singular: in equation 1, x' = sqrt(x), Taylor coefficient 1 is not"),
        (
            T ** ty.constant("2.5"),
            0.0,
            "singular: in equation 1, x' = t**(5/2), Taylor coefficient",
        ),
    ],
)
def test_a_singular_start(derivative: ty.Expression, start: float, message: str) -> None:
    outcome, ta = stop([(Y, 1), (X, derivative)], [0.0, start])
    assert outcome.status is NON_FINITE
    assert outcome.steps == 0 and ta.time == 0.0
    assert ta.state.tolist() == [0.0, start]
    assert message in outcome.message


@pytest.mark.parametrize(
    ("system", "state", "end"),
    [
        ([(Y, 1), (X, X)], [0.0, 1.0], math.log(1.7976931348623157e308)),
        ([(Y, 1), (X, 1e308)], [0.0, 0.0], 1.7976931348623157),
        ([(X, V), (V, 0)], [0.0, -1e308], 1.7976931348623157),
    ],
)
def test_overflow_ends_a_run(system: Any, state: list[float], end: float) -> None:
    """States that leave the range of floats, whether or not another equation uses them."""
    outcome, ta = stop(system, state, until=1000.0)
    assert outcome.status is NON_FINITE
    assert ta.time == pytest.approx(end, rel=1e-12)
    assert "overflow" in outcome.message and "x = " in outcome.message


def test_nan_without_a_limit_is_found() -> None:
    outcome, ta = stop([(X, ty.where(T < 1, 1, math.nan))], [0.0])
    assert ta.time == pytest.approx(1.0, abs=1e-9)
    assert ta.state[0] == pytest.approx(1.0, abs=1e-9)
    assert outcome.status in (NON_FINITE, STEP_UNDERFLOW)


def test_a_largest_step_that_time_cannot_resolve() -> None:
    outcome, _ = stop([(X, V), (V, -X)], [1.0, 0.0], until=2e15, time=1e15, max_step=1e-12)
    assert outcome.status is STEP_UNDERFLOW
    assert "max_step = 1e-12 is too small" in outcome.message


def test_a_failed_run_can_be_mended() -> None:
    k = ty.parameter("k")
    ta = ty.Integrator([(X, -ty.sqrt(X) * k)], [1.0], parameters={k: 1.0})
    assert not ta.propagate_until(5.0).success
    ta.state[0], ta.time = 4.0, 0.0
    ta.parameters[k] = -1.0
    assert ta.propagate_until(2.0).success
    assert ta.state[0] == pytest.approx(9.0, rel=1e-14)  # (2 + t/2)^2


# -- stiffness ----------------------------------------------------------------------------------


STIFF: dict[str, tuple[Any, list[float]]] = {
    "relaxation": ([(X, -1e6 * (X - ty.cos(T)))], [1.0]),
    "van der Pol": ([(X, V), (V, 1000 * (1 - X * X) * V - X)], [2.0, 0.0]),
    "Robertson": (
        [
            (X, -0.04 * X + 1e4 * Y * Z),
            (Y, 0.04 * X - 1e4 * Y * Z - 3e7 * Y * Y),
            (Z, 3e7 * Y * Y),
        ],
        [1.0, 0.0, 0.0],
    ),
}


@pytest.mark.parametrize("name", STIFF)
@pytest.mark.parametrize("tol", [1e-15, 1e-9])
def test_stiff_problems_say_so_once(name: str, tol: float) -> None:
    system, state = STIFF[name]
    ta = ty.Integrator(system, state, tol=tol)
    with pytest.warns(ty.StiffnessWarning, match="Radau") as caught:
        outcome = ta.propagate_until(1e5, max_steps=10_000)
        ta.propagate_until(1e5, max_steps=10_000)
    assert outcome.stiff
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_a_long_stiff_run_says_so_while_it_runs() -> None:
    system, state = STIFF["relaxation"]
    ta = ty.Integrator(system, state)
    with pytest.warns(ty.StiffnessWarning, match="limited by stability"):
        ta.propagate_until(1e5, callback=lambda now: now._watch.stiff)
    assert ta.time < 100


NOT_STIFF: dict[str, tuple[Any, list[float], dict[str, Any]]] = {
    "oscillator": ([(X, V), (V, -X)], [1.0, 0.0], {}),
    "short steps": ([(X, V), (V, -X)], [1.0, 0.0], {"max_step": 1e-5}),
    "low order": ([(X, V), (V, -X)], [1.0, 0.0], {"order": 3, "tol": 1e-12}),
    "small wiggles of a fast motion": ([(X, 1 + 1e-6 * ty.cos(50 * X))], [0.0], {}),
    "decay": ([(X, -X)], [1.0], {"max_step": 1e-2}),
    "cubic": ([(X, V), (V, -(X**3))], [0.0, 1.0], {}),
    "far away": ([(X, V), (V, 0), (Y, Z), (Z, -Y)], [1e6, 1e3, 1.0, 0.0], {}),
    "Kepler": (
        [(X, Z), (Y, V), (Z, -X / ty.hypot(X, Y) ** 3), (V, -Y / ty.hypot(X, Y) ** 3)],
        [0.1, 0.0, 0.0, math.sqrt(19.0)],
        {},
    ),
}


@pytest.mark.parametrize("name", NOT_STIFF)
def test_other_problems_do_not_say_so(name: str) -> None:
    system, state, options = NOT_STIFF[name]
    ta = ty.Integrator(system, state, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(20):
            ta.step()
        outcome = ta.propagate_until(1e6, max_steps=2000)
    assert not outcome.stiff
