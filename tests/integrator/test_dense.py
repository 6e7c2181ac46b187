"""Dense output: the last step's polynomials, and those of a whole propagation."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
OSCILLATOR = [(X, V), (V, -X)]


def integrator(**options: Any) -> ty.Integrator:
    return ty.Integrator(OSCILLATOR, [1.0, 0.0], **options)


def dense_over(end: float, **options: Any) -> ty.DenseOutput:
    outcome = integrator(**options).propagate_until(end, dense=True)
    assert outcome.dense is not None
    assert outcome.dense.steps == outcome.steps
    return outcome.dense


@pytest.mark.parametrize("end", [20.0, -20.0])
def test_a_whole_propagation_is_a_function_of_time(end: float) -> None:
    dense = dense_over(end)
    assert dense.span == (0.0, end)
    times = np.linspace(0.0, end, 257)
    values = dense(times)
    exact = [[float(mpmath.cos(t)), float(-mpmath.sin(t))] for t in times]
    assert values.shape == (257, 2)
    assert np.abs(values - exact).max() < 2e-14


def test_scalars_and_arrays_of_any_shape() -> None:
    dense = dense_over(5.0)
    assert dense(1.0).shape == (2,)
    assert dense(np.full((3, 4), 1.0)).shape == (3, 4, 2)
    assert dense([]).shape == (0, 2)
    assert dense([1.0, 2.0])[0].tobytes() == dense(1.0).tobytes()


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_derivatives(order: int) -> None:
    dense = dense_over(5.0)
    times = np.linspace(0.0, 5.0, 11)
    exact = np.stack(
        [np.cos(times + order * np.pi / 2), -np.sin(times + order * np.pi / 2)], axis=-1
    )
    assert np.abs(dense(times, derivative=order) - exact).max() < 10.0 ** (order - 13)


def test_derivatives_beyond_the_order_vanish() -> None:
    dense = dense_over(1.0)
    assert (dense(0.5, derivative=dense.order + 1) == 0).all()


def test_at_the_ends_it_is_the_state() -> None:
    ta = integrator()
    dense = ta.propagate_until(7.0, dense=True).dense
    assert dense is not None
    assert dense(0.0).tolist() == [1.0, 0.0]
    assert dense(7.0) == pytest.approx(ta.state, abs=4e-16)


def test_the_last_step() -> None:
    ta = integrator()
    ta.propagate_until(3.0)
    dense = ta.dense
    assert dense.steps == 1
    assert dense.span[1] == 3.0
    assert dense(3.0) == pytest.approx(ta.state, abs=2e-16)
    middle = sum(dense.span) / 2
    assert dense(middle) == pytest.approx([math.cos(middle), -math.sin(middle)], abs=1e-15)
    whole = integrator().propagate_until(3.0, dense=True).dense
    assert whole is not None
    assert whole.coefficients[-1].tobytes() == dense.coefficients[0].tobytes()


@pytest.mark.parametrize("derivative", [1, 2 * ty.time, ty.time**3 - 1])
def test_the_last_step_of_a_polynomial(derivative: Any) -> None:
    ta = ty.Integrator([(X, derivative)], [0.5])
    ta.step()
    assert ta.dense(0.0).tolist() == [0.5]
    assert ta.dense(1.0)[0] == pytest.approx(ta.state[0], rel=1e-15)


def test_the_last_step_in_a_callback() -> None:
    seen: list[float] = []

    def look(ta: ty.Integrator) -> None:
        first, last = ta.dense.span
        middle = (first + last) / 2
        seen.append(float(abs(ta.dense(middle)[0] - math.cos(middle))))

    integrator().propagate_until(10.0, callback=look)
    assert len(seen) >= 5
    assert max(seen) < 5e-15


def test_extrapolation_is_refused_unless_asked_for() -> None:
    dense = dense_over(5.0)
    for outside in (-1e-9, 5.0 + 1e-9, [1.0, 6.0], math.inf, -math.inf):
        with pytest.raises(
            ty.ExtrapolationError, match=r"outside the dense output's span \[0\.0, 5\.0\]"
        ):
            dense(outside)
    assert dense(5.01, extrapolate=True) == pytest.approx(
        [math.cos(5.01), -math.sin(5.01)], abs=1e-13
    )
    backward = dense_over(-5.0)
    with pytest.raises(ty.ExtrapolationError, match=r"\[-5\.0, 0\.0\]"):
        backward(0.1)
    assert backward(0.1, extrapolate=True)[0] == pytest.approx(math.cos(0.1), abs=1e-13)


@pytest.mark.parametrize(
    ("times", "options", "error", "message"),
    [
        (math.nan, {}, ValueError, "times must not contain NaN"),
        ([0.0, math.nan], {"extrapolate": True}, ValueError, "times must not contain NaN"),
        (1.0, {"derivative": -1}, ValueError, "derivative must be a natural number"),
        (1.0, {"derivative": 1.5}, ValueError, "derivative must be a natural number"),
        (1.0, {"derivative": "two"}, ValueError, "derivative must be a natural number"),
        ("noon", {}, TypeError, "times must be numbers"),
        (1j, {}, TypeError, "times must be numbers"),
    ],
)
def test_bad_arguments(
    times: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        dense_over(5.0)(times, **options)


def test_before_the_first_step_there_is_none() -> None:
    ta = integrator()
    with pytest.raises(ty.TaylorError, match="no step has been taken"):
        _ = ta.dense
    dense = ta.propagate_until(0.0, dense=True).dense
    assert dense is not None and np.array_equal(dense(0.0), ta.state)
    ta.propagate_until(1.0)
    assert ta.dense.span[1] == 1.0


def test_after_a_rejected_step_the_last_one_is_not_made_up() -> None:
    ta = ty.Integrator([(X, -ty.sqrt(X))], [1.0])
    outcome = ta.propagate_until(3.0, dense=True)
    assert outcome.status is not ty.Status.REACHED
    assert outcome.retracted > 0
    assert outcome.dense is not None
    assert outcome.dense(1.0)[0] == pytest.approx(0.25, rel=1e-14)
    with pytest.raises(ty.TaylorError, match="pass dense=True"):
        _ = ta.dense


def test_results_belong_to_the_caller() -> None:
    ta = integrator()
    outcome = ta.propagate_grid([1.0, 2.0, 30.0], dense=True)
    assert outcome.dense is not None and outcome.states is not None
    last, whole, grid = ta.dense, outcome.dense, outcome.states
    before = [a.tobytes() for a in (last.coefficients, whole.coefficients, whole.starts, grid)]
    ta.propagate_grid([40.0, 50.0, 90.0], dense=True)
    ta.state[:] = 7.0
    assert before == [
        a.tobytes() for a in (last.coefficients, whole.coefficients, whole.starts, grid)
    ]


def test_many_steps_and_large_times() -> None:
    """More steps than the first room for records, at a time that shows only part of each."""
    ta = integrator(time=1e9)
    dense = ta.propagate_for(1000.0, dense=True).dense
    assert dense is not None
    assert dense.steps > 400
    times = 1e9 + np.arange(0.0, 1000.0, 0.5)
    assert np.abs(dense(times)[:, 0] - np.cos(times - 1e9)).max() < 2e-12


def test_the_grid_and_the_dense_output_agree() -> None:
    times = np.linspace(0.0, 12.0, 100)
    outcome = integrator().propagate_grid(times, dense=True)
    assert outcome.states is not None and outcome.dense is not None
    assert np.abs(outcome.dense(times) - outcome.states).max() < 1e-15
    assert outcome.dense(times[:-1]).tobytes() != outcome.dense(times[1:]).tobytes()


def test_packed_systems_have_their_states_in_order() -> None:
    q, p = ty.variable("q", shape=(24,)), ty.variable("p", shape=(24,))
    start = np.concatenate([np.arange(24.0), np.zeros(24)])
    ta = ty.Integrator([(q, p), (p, -q)], start)
    dense = ta.propagate_until(2.0, dense=True).dense
    assert dense is not None
    assert dense(1.5)[:24] == pytest.approx(np.arange(24.0) * math.cos(1.5), abs=1e-14)
    assert ta.dense(2.0)[24:] == pytest.approx(-np.arange(24.0) * math.sin(2.0), abs=2e-14)
