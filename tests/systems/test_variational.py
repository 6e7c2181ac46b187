"""What `ty.variational` is told that it cannot do, in words that say what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
K = ty.parameter("k")
P = ty.parameter("p", 3)
Q = ty.variable("q", 3)
T = ty.time
SYSTEM = [(X, V), (V, -K * ty.sin(X) + ty.cos(T))]
ARRAYS = [(Q, -P * Q)]


def integrator(*args: Any, **options: Any) -> ty.Integrator:
    return ty.Integrator(ty.variational(SYSTEM, *args, **options), [0.5, 0.2], parameters={K: 1.0})


@pytest.mark.parametrize(
    "options, message",
    [
        ({"order": 0}, "order must be an integer from 1 on, got 0"),
        ({"order": 1.5}, "order must be an integer from 1 on, got 1.5"),
        ({"order": True}, "order must be an integer"),
        ({"order": "2"}, "order must be an integer from 1 on, got '2'"),
        ({"wrt": []}, "wrt is empty; leave it out for all states"),
        ({"wrt": 3}, "wrt names states, parameters and taylor.time, got 3"),
        ({"wrt": [X, 3]}, "wrt names states, parameters and taylor.time, got 3"),
        ({"wrt": [X, [V]]}, r"wrt names states, .* got \[v\]"),
        ({"control": "x"}, r"control must be one of \('derivatives', 'state'\), got 'x'"),
        ({"control": None}, "control must be one of"),
        ({"directions": [1, 2]}, r"directions must be a matrix .* got shape \(2,\)"),
        ({"directions": np.zeros((2, 0))}, r"directions must be a matrix .* got shape \(2, 0\)"),
        ({"directions": [[1, np.nan], [0, 1]]}, "directions must be"),
        ({"directions": "a"}, "directions must be an array of numbers"),
        ({"directions": [[1j], [0]]}, "real numbers"),
        ({"directions": np.eye(2), "limits": {X: 1}}, "give limits or directions, not both"),
        ({"limits": {X: -1}}, "the limit of x must be >= 0, got -1"),
        ({"limits": {X: 1.5}}, "the limit of x must be >= 0, got 1.5"),
        ({"limits": {3: 1}}, "limits has 3, which is not in wrt"),
        ({"limits": [X]}, r"limits must be a dict, as \{k: 1\}, got \[x\]"),
        ({"limits": 5}, "limits must be a dict"),
        ({"tolerances": [1e-3]}, "tolerances must be 2 numbers between 0 and 1"),
        ({"tolerances": 1e-3}, "tolerances must be 2 numbers"),
        ({"tolerances": [1e-3, 2]}, "tolerances must be 2 numbers"),
        ({"tolerances": [1e-3, "a"]}, "tolerances must be 2 numbers"),
        ({"tolerances": [1e-3, np.nan]}, "tolerances must be 2 numbers"),
    ],
)
def test_what_no_system_can_have(options: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        ty.variational(SYSTEM, **{"order": 2, **options})
    assert isinstance(caught.value, ty.TaylorError)
    assert str(caught.value).startswith("variational: ")


@pytest.mark.parametrize(
    "options, message",
    [
        ({"wrt": [X, X]}, "wrt names x twice"),
        ({"wrt": [X, "x"]}, "wrt names x twice"),
        ({"wrt": ["y"]}, "wrt has y, .* known are x, v, k, t"),
        ({"wrt": [X + V]}, r"wrt has x \+ v, which is no state or parameter"),
        ({"wrt": [X > 0]}, "wrt has x > 0, which is no state or parameter"),
        ({"wrt": [ty.parameter("z")]}, "wrt has z, which is no state or parameter"),
        ({"wrt": [Q]}, "wrt has q"),
        ({"wrt": [X], "limits": {V: 1}}, "limits has v, which is not in wrt"),
        ({"wrt": [X], "limits": {"z": 1}}, "limits has z, which is no state or parameter"),
        ({"wrt": [X, V], "limits": {X: 1, "x": 2}}, "limits names x twice"),
        ({"wrt": [X, V], "limits": {X: 0, V: 0}}, "limits of 0 for all in wrt"),
        ({"wrt": [X], "directions": np.eye(2)}, r"a row for each of the 1 in wrt, .* \(2, 2\)"),
        ({"wrt": [X, V], "order": 10**6}, "lower the order or give limits"),
    ],
)
def test_what_this_system_cannot_have(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ty.TaylorError, match=message) as caught:
        integrator(**{"order": 2, **options})
    assert isinstance(caught.value, ValueError | TypeError)


def test_names_that_are_not_told_apart() -> None:
    named = ty.variable("t")
    system = ty.variational([(named, -named + ty.cos(T))], 1, [named, T])
    with pytest.raises(ty.ArgumentError, match="two of wrt are called t; rename one"):
        ty.Integrator(system, [1.0])


@pytest.mark.parametrize("wrong", [3, "x", [X], ty.variational(SYSTEM)])
def test_what_is_no_system(wrong: Any) -> None:
    with pytest.raises(ty.TaylorError, match=r"a system is|equation|derivative"):
        ty.Integrator(ty.variational(wrong, 2), [0.5, 0.2])


@pytest.mark.parametrize(
    "wrt, names",
    [
        (None, ("x", "v")),
        (X, ("x",)),
        ("v", ("v",)),
        (["k", X], ("k", "x")),
        ((T, K), ("t", "k")),
        ([T], ("t",)),
    ],
)
def test_what_is_varied_keeps_its_order(wrt: Any, names: tuple[str, ...]) -> None:
    ta = integrator(1, wrt)
    assert ta.flow_map.names == names
    seeds = ta.state_transition_matrix
    for state, own in enumerate(("x", "v")):
        for column, name in enumerate(names):
            if name != "t":
                assert seeds[state, column] == (own == name)


def test_arrays_are_varied_by_element() -> None:
    values = {P: [1.0, 2.0, 3.0]}
    for wrt, names in (
        ([P], ("p[0]", "p[1]", "p[2]")),
        ("q", ("q[0]", "q[1]", "q[2]")),
        ([P[1], Q[2]], ("p[1]", "q[2]")),
    ):
        ta = ty.Integrator(ty.variational(ARRAYS, 2, wrt), [1.0, 1.0, 1.0], parameters=values)
        assert ta.flow_map.names == names
    ta.propagate_until(0.5)
    assert ta.flow_map.derivative({P[1]: 2})[1] == pytest.approx(0.25 * np.exp(-1), rel=1e-14)
    assert ta.flow_map.derivative({Q[2]: 1})[2] == pytest.approx(np.exp(-1.5), rel=1e-14)
    assert ta.flow_map.derivative({P[1]: 1})[0] == 0


def test_a_plain_function_has_derivatives_too() -> None:
    def slopes(t: Any, y: Any, p: Any) -> Any:
        return [y[1], -p[0] * y[0]]

    ta = ty.Integrator(ty.variational(slopes, 1), [1.0, 0.0], parameters=[4.0])
    ta.propagate_until(0.5)
    right = [[np.cos(1), np.sin(1) / 2], [-2 * np.sin(1), np.cos(1)]]
    assert np.abs(ta.state_transition_matrix - right).max() < 1e-15


def test_limits_of_zero_leave_a_variable_out() -> None:
    ta = integrator(2, [X, V], limits={X: 0})
    assert ta.flow_map.monomials == [(0, 0), (0, 1), (0, 2)]
    ta.propagate_until(1.0)
    whole = integrator(2, [X, V])
    whole.propagate_until(1.0)
    for k in (1, 2):
        found = ta.flow_map.derivative({V: k})
        assert found == pytest.approx(whole.flow_map.derivative({V: k}), abs=1e-14)


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: ty.variational(SYSTEM), "Variational(order=1, wrt=all states)"),
        (lambda: ty.variational(SYSTEM, 2, [X, K, T]), "Variational(order=2, wrt=x, k, t)"),
    ],
)
def test_repr(make: Callable[[], object], text: str) -> None:
    assert repr(make()) == text
