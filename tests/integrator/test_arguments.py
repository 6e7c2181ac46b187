"""Bad arguments of an integrator's calls are refused by name before anything changes."""

from __future__ import annotations

import math
from typing import Any

import pytest

import taylor as ty

X, V = ty.variables("x v")
TA = ty.Integrator([(X, V), (V, -X)], [1.0, 0.0])

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    *[
        ("propagate_until", (bad,), {}, ValueError, "time must be finite")
        for bad in (math.inf, math.nan)
    ],
    ("propagate_until", ("noon",), {}, TypeError, "time must be a number"),
    ("propagate_until", (None,), {}, TypeError, "time must be a number"),
    ("propagate_for", (-math.inf,), {}, ValueError, "span must be finite"),
    ("propagate_for", ([1.0],), {}, TypeError, "span must be a number"),
    ("propagate_for", (1.0,), {"max_steps": 0}, ValueError, "max_steps must be positive, got 0"),
    ("propagate_for", (1.0,), {"max_steps": -5}, ValueError, "max_steps must be positive"),
    ("propagate_for", (1.0,), {"max_steps": 2.0}, TypeError, "max_steps must be an integer"),
    ("propagate_for", (1.0,), {"max_steps": True}, TypeError, "max_steps must be an integer"),
    ("propagate_for", (1.0,), {"max_steps": "5"}, TypeError, "max_steps must be an integer"),
    ("propagate_for", (1.0,), {"callback": 3}, TypeError, "callback must be a function"),
    ("propagate_for", (1.0,), {"precision": 3}, TypeError, "precision"),
    ("propagate_grid", ([],), {}, ValueError, r"times must have shape \(k,\) with k >= 1"),
    ("propagate_grid", ([[1.0, 2.0]],), {}, ValueError, r"got shape \(1, 2\)"),
    ("propagate_grid", (3.0,), {}, ValueError, r"got shape \(\)"),
    ("propagate_grid", (["noon"],), {}, TypeError, "times must be an array of numbers"),
    ("propagate_grid", ([1.0, math.nan],), {}, ValueError, r"times\[1\] is nan"),
    ("propagate_grid", ([1.0, math.inf],), {}, ValueError, r"times\[1\] is inf"),
    ("propagate_grid", ([1.0, 1.0],), {}, ValueError, r"times\[0\] = 1\.0 is followed by 1\.0"),
    (
        "propagate_grid",
        ([1.0, 2.0, 1.5],),
        {},
        ValueError,
        r"times\[1\] = 2\.0 is followed by 1\.5",
    ),
    ("propagate_grid", ([-1.0, -2.0, -1.0],), {}, ValueError, "strictly"),
    ("propagate_grid", ([2.0, 1.0],), {}, ValueError, r"times\[0\] = 2\.0 lies behind"),
    ("propagate_grid", ([1.0, 0.0],), {}, ValueError, r"times\[0\] = 1\.0 lies behind"),
    ("propagate_grid", ([-1.0, 1.0],), {}, ValueError, r"times\[0\] = -1\.0 lies behind"),
    ("propagate_grid", ([1.0],), {"max_steps": 0}, ValueError, "max_steps must be positive"),
]


@pytest.mark.parametrize(("method", "arguments", "options", "error", "message"), CALLS)
def test_bad_calls(
    method: str,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        getattr(TA, method)(*arguments, **options)
    assert TA.time_pair == (0.0, 0.0)
    assert TA.state.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("state", [1.0], ValueError, r"the state has shape \(2,\), got \(1,\)"),
        ("state", [1.0, math.nan], ValueError, "component 1 is nan"),
        ("state", None, TypeError, "the state must be an array of numbers"),
        ("time", math.inf, ValueError, "time must be finite"),
        ("time", "noon", TypeError, "time must be a number"),
        ("max_step", 0.0, ValueError, "max_step must be positive"),
        ("max_step", "long", TypeError, "max_step must be a positive number"),
        ("parameters", {"k": 1.0}, ValueError, "the system has no parameter 'k'; it has: none"),
    ],
)
def test_bad_attributes(name: str, value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        setattr(TA, name, value)
    assert TA.time_pair == (0.0, 0.0)
    assert TA.state.tolist() == [1.0, 0.0]
    assert TA.max_step == math.inf


def test_a_state_that_was_spoilt_in_place_is_noticed() -> None:
    ta = ty.Integrator([(X, V), (V, -X)], [1.0, 0.0])
    ta.state[1] = math.inf
    with pytest.raises(ValueError, match="the state is not finite: v = inf"):
        ta.propagate_until(1.0)
    ta.state[1] = 0.0
    assert ta.propagate_until(1.0).success


def test_parameters_behave_like_a_fixed_mapping() -> None:
    k = ty.parameter("k")
    ta = ty.Integrator([(X, -k * X)], [1.0], parameters={k: 0.5})
    assert list(ta.parameters) == ["k"] and len(ta.parameters) == 1
    assert ta.parameters[k] == ta.parameters["k"] == 0.5
    for value, error in ((math.nan, ValueError), ("fast", TypeError)):
        with pytest.raises(error, match="parameter k must be"):
            ta.parameters[k] = value  # type: ignore[assignment]
    with pytest.raises(ValueError, match="no parameter 'q'"):
        ta.parameters["q"] = 1.0
    with pytest.raises(TypeError, match="cannot be removed"):
        del ta.parameters[k]
    assert "0.5" in repr(ta.parameters)
