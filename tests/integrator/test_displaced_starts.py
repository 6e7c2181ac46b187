"""Derivatives by the initial time, which machine code has by the states that it displaces.

An autonomous solution depends on t - t0 alone, and closed forms say what becomes of jumps.
"""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import taylor as ty
from taylor.machines.composed import ComposedMachine

X, V = ty.variables("x v")
K = ty.parameter("k")
T = ty.time
GROWTH = [(X, K * X)]  # x = x0 exp(k (t - t0))
ORDER = 3
RATE, START, FIRST = 0.7, 0.25, 1.5


def growing(**options: object) -> ty.Integrator:
    system = ty.variational(GROWTH, ORDER, wrt=[T, K, X])
    options = {"time": START, "parameters": {K: RATE}, **options}
    return ty.Integrator(system, [FIRST], **options)  # type: ignore[arg-type]


def exact(passed: float, factor: float = 1.0) -> ty.Polynomial:
    """factor * (x + dx) exp((k + dk) (passed - dt))."""
    t, k, x = ty.Polynomial.variables(["t", "k", "x"], ORDER)
    return factor * (FIRST + x) * np.exp((RATE + k) * (passed - t))


def check(found: ty.Polynomial, passed: float, factor: float = 1.0) -> None:
    wanted = exact(passed, factor).coefficients
    np.testing.assert_allclose(found.coefficients, wanted, rtol=0, atol=3e-14 * abs(wanted).max())


def test_machine_code_does_not_know_the_initial_time() -> None:
    assert isinstance(growing()._machine, ComposedMachine)
    fewer = ty.variational(GROWTH, ORDER, wrt=[T, X], limits={T: 1})
    ta = ty.Integrator(fewer, [FIRST], parameters={K: RATE})
    assert not isinstance(ta._machine, ComposedMachine)


def test_map_grid_and_dense_output() -> None:
    ta = growing()
    outcome = ta.propagate_grid(np.array([0.25, 1.0, 2.0]), dense=True)
    assert outcome.flow_maps is not None and outcome.dense is not None
    for time, found in zip((0.25, 1.0, 2.0), outcome.flow_maps, strict=True):
        check(found[0], time - START)
    check(outcome.dense.flow_map(1.7)[0], 1.45)
    check(ta.flow_map[0], 1.75)
    check(ta.dense.flow_map(2.0)[0], 1.75)


@pytest.mark.parametrize("how", [copy.copy, lambda ta: pickle.loads(pickle.dumps(ta))])
def test_copies_go_on(how: object) -> None:
    ta = growing()
    ta.propagate_until(1.0)
    other = how(ta)  # type: ignore[operator]
    ta.propagate_until(1.1)
    other.propagate_until(2.0)
    check(other.flow_map[0], 1.75)
    check(ta.flow_map[0], 0.85)


def test_a_map_that_is_set_and_a_new_start() -> None:
    ta = growing()
    ta.propagate_until(1.0)
    ta.flow_map = 2 * ta.flow_map
    ta.propagate_until(2.0)
    check(ta.flow_map[0], 1.75, 2.0)
    ta.state, ta.time = [FIRST], 0.0
    ta.propagate_until(0.5)
    check(ta.flow_map[0], 0.5)


def test_jumps_on_the_way() -> None:
    """Before and behind them, on grids and in dense output."""
    ta = growing(impulses=ty.Impulse(1.0, {X: X}))
    times = np.array([0.5, 1.0, 1.5])
    outcome = ta.propagate_grid(times, dense=True)
    assert outcome.flow_maps is not None and outcome.dense is not None
    for time, factor, found in zip(times, (1.0, 2.0, 2.0), outcome.flow_maps, strict=True):
        check(found[0], time - START, factor)
    for time, factor in ((0.9, 1.0), (1.2, 2.0)):
        check(outcome.dense.flow_map(time)[0], time - START, factor)


def test_resets_where_events_are() -> None:
    """x = 3 is reached at t0 + log(3/x0)/k, where k becomes -k: x = 9/x0 exp(-k (t - t0))."""
    turn = ty.Event(X - 3, reset={K: -K}, direction=1)
    outcome = (ta := growing(events=turn)).propagate_until(2.0)
    maps = outcome.events[0].time_maps
    assert maps is not None
    t, k, x = ty.Polynomial.variables(["t", "k", "x"], ORDER)
    when = START + t + np.log(3 / (FIRST + x)) / (RATE + k)
    np.testing.assert_allclose(maps[0].coefficients, when.coefficients, atol=1e-12)
    behind = 9 / (FIRST + x) * np.exp(-(RATE + k) * (2.0 - START - t))
    np.testing.assert_allclose(ta.flow_map[0].coefficients, behind.coefficients, atol=1e-11)


def test_a_callback_ends_derivatives_not_those_before() -> None:
    ta = growing()

    def change(ta: ty.Integrator) -> None:
        if ta.time > 1.0:
            ta.state = [1.0]

    outcome = ta.propagate_grid(np.array([0.5, 0.9, 3.0]), callback=change)
    assert outcome.flow_maps is not None
    check(outcome.flow_maps[0][0], 0.25)
    check(outcome.flow_maps[1][0], 0.65)
    assert np.isnan(outcome.flow_maps[2][0].coefficients[1:]).all()


def test_a_right_hand_side_that_depends_on_time_in_double_double() -> None:
    """x' = 2 t: x = x0 + t^2 - t0^2."""
    system = ty.variational([(X, 2 * T)], 2, wrt=[X, T])
    ta = ty.Integrator(system, [0.5], time=0.5, precision="double-double")
    ta.propagate_until(2.0)
    found = ta.flow_map[0].astype("float64")
    wanted = {(0, 0): 4.25, (1, 0): 1.0, (0, 1): -1.0, (0, 2): -1.0}
    for powers, c in zip(found.monomials, found.coefficients, strict=True):
        assert abs(float(c) - wanted.get(tuple(powers), 0.0)) < 1e-28
