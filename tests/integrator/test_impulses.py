"""Jumps at known times are exact restarts in every way of propagating."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
K = ty.parameter("k")
FREE = [(X, V), (V, 0 * V)]


def kicked(**options) -> ty.Integrator:
    return ty.Integrator(
        FREE, [0.0, 1.0], impulses=[ty.Impulse([1.0, 2.0], add={V: 2.0})], **options
    )


def exact(t: np.ndarray) -> np.ndarray:
    return t + 2 * np.maximum(t - 1, 0) + 2 * np.maximum(t - 2, 0)


def test_forwards_and_backwards() -> None:
    ta = kicked()
    assert ta.propagate_until(3.0).status is ty.Status.REACHED
    assert ta.state.tolist() == [9.0, 5.0]
    ta.propagate_until(0.0)
    assert ta.state.tolist() == [0.0, 1.0]


def test_the_state_at_the_time_is_the_one_behind() -> None:
    ta = kicked()
    ta.propagate_until(1.0)
    assert ta.state.tolist() == [1.0, 3.0]
    ta.propagate_until(2.0)
    assert ta.state.tolist() == [4.0, 5.0]
    ta.propagate_until(1.0)
    assert ta.state.tolist() == [1.0, 3.0]
    ta.propagate_until(0.5)
    assert ta.state.tolist() == [0.5, 1.0]


def test_grids_steps_and_dense_output() -> None:
    times = np.array([0.0, 0.5, 1.0, 1.25, 2.0, 2.5])
    outcome = kicked().propagate_grid(times, dense=True)
    np.testing.assert_array_equal(outcome.states[:, 0], exact(times))
    np.testing.assert_array_equal(outcome.states[:, 1], [1, 1, 3, 3, 5, 5])
    np.testing.assert_allclose(outcome.dense(times)[:, 0], exact(times), atol=1e-15)
    ta = kicked(max_step=0.3)
    ta.propagate_for(0.9)
    ta.propagate_for(2.1)
    assert ta.state == pytest.approx([9.0, 5.0], abs=1e-15)


def test_single_steps_stop_at_jumps() -> None:
    ta = kicked(max_step=0.7)
    times = []
    while ta.time < 2.5:
        ta.step()
        times.append(ta.time)
    assert 1.0 in times
    assert 2.0 in times
    assert ta.state[0] == pytest.approx(float(exact(np.array(ta.time))), abs=1e-15)


def test_increments_that_depend_on_the_state() -> None:
    """Speed doubled at 1; it is undone by what was added."""
    ta = ty.Integrator(
        FREE, [0.0, 1.0], impulses=ty.Impulse("1", add={V: V * K}), parameters={K: 1}
    )
    ta.propagate_until(2.0)
    assert ta.state.tolist() == [3.0, 2.0]
    ta.propagate_until(0.0)
    assert ta.state.tolist() == [0.0, 1.0]
    ta.propagate_until(2.0)
    ta.state = [3.0, 4.0]
    with pytest.raises(ty.TaylorError, match=r"at t = 1.0 cannot be undone"):
        ta.propagate_until(0.0)
    assert ta.time == 2.0 and ta.state.tolist() == [3.0, 4.0]


def test_increments_have_all_digits() -> None:
    kick = ty.Impulse(1, add={V: X / 3 + ty.sqrt(ty.constant(2))}, set={K: ty.exp(X)})
    ta = ty.Integrator(
        [(X, 0 * X), (V, K - K)],
        [Fraction(1, 3), 1],
        parameters={K: 0},
        impulses=kick,
        precision="double-double",
    )
    ta.propagate_until(2)
    with mpmath.workdps(40):
        third = mpmath.mpf(1) / 3
        assert abs(ty.to_mpmath(ta[V]) - 1 - third / 3 - mpmath.sqrt(2)) < 1e-31
        assert abs(ta.parameters[K] - mpmath.exp(third)) < 1e-31


def test_schedules_of_parameters() -> None:
    plan = [ty.Impulse(1.0, set={K: 3}), ty.Impulse(2.0, set={K: 2 * K})]
    ta = ty.Integrator([(X, K)], [0.0], parameters={K: 1.0}, impulses=plan)
    ta.propagate_until(3.0)
    assert ta.state[0] == 1 + 3 + 6
    assert ta.parameters[K] == 6
    ta = ty.Integrator([(X, K)], [0.0], parameters={K: 1.0}, impulses=plan[:1])
    ta.propagate_until(3.0)
    ta.propagate_until(-1.0)
    assert ta.state[0] == -1.0
    assert ta.parameters[K] == 1


def test_with_events_and_in_full_precision() -> None:
    kick = ty.Impulse(Fraction(1, 3), add={V: Fraction(1, 3)})
    ta = ty.Integrator(
        FREE, [0, 0], impulses=kick, events=[ty.Event(X - 1)], precision="double-double"
    )
    outcome = ta.propagate_until(5)
    with mpmath.workdps(40):
        assert abs(ty.to_mpmath(outcome.events[0].times[0]) - mpmath.mpf(10) / 3) < 1e-29


def test_an_event_at_the_time_of_a_jump_comes_first() -> None:
    stop = ty.Event(X - 1, terminal=True)
    ta = ty.Integrator(FREE, [0.0, 1.0], events=stop, impulses=ty.Impulse(1.0, add={"v": 1.0}))
    outcome = ta.propagate_until(3.0)
    assert outcome.status is ty.Status.EVENT
    assert outcome.events[0].states.tolist() == [[1.0, 1.0]]


def test_copies_and_pickles() -> None:
    ta = kicked()
    ta.propagate_until(1.5)
    for other in (copy.copy(ta), pickle.loads(pickle.dumps(ta))):
        other.propagate_until(3.0)
        assert other.state.tolist() == [9.0, 5.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ty.Impulse(1.0), "give increments"),
        (lambda: ty.Impulse([], add={V: 1}), "at least one time"),
        (lambda: ty.Impulse(np.nan, add={V: 1}), "must be finite"),
        (lambda: ty.Impulse(1.0, add=3), "must be a mapping"),
        (lambda: ty.Integrator(FREE, [0, 0], impulses=[3]), "must be a list of Impulse"),
        (
            lambda: ty.Integrator(FREE, [0, 0], impulses=ty.Impulse(1.0, add={K: 1})),
            "no state",
        ),
        (
            lambda: ty.Integrator(FREE, [0, 0], impulses=ty.Impulse(1.0, set={K: 1})),
            "no value for parameter 'k'",
        ),
        (
            lambda: ty.Integrator(FREE, [0, 0], impulses=ty.Impulse(1.0, set={"c": 1})),
            "no parameter 'c'",
        ),
    ],
)
def test_bad_impulses_are_refused(make, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        make()
