"""Ensembles of few short rows, which need no thread: the same results as by threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.ensembles import ensemble as module
from taylor.ensembles.outcome import EnsembleOutcome

X, V = ty.variables("x v")
K = ty.parameter("k")
STATES = np.random.default_rng(4).uniform(-1.0, 1.0, (8, 2))
STATES[3] = np.nan

CASES: dict[str, dict[str, Any]] = {
    "until": {"until": 2.0},
    "backwards": {"until": -2.0},
    "own ends": {"until": np.linspace(0.0, 3.0, 8)},
    "grid": {"times": np.linspace(0.0, 2.0, 7)},
    "few steps": {"until": 50.0, "max_steps": 3},
    "parameters": {"until": 2.0, "parameters": {K: np.linspace(1.0, 9.0, 8)}},
    "other start": {"until": 5.0, "time0": 3.0},
    "long": {"until": 1000.0},
    "dense": {"until": 1.0, "dense": True},
}


def pendulum(**options: Any) -> ty.Integrator:
    system = [(X, V), (V, -K * ty.sin(X))]
    return ty.Integrator(system, [0.1, 0.2], parameters={K: 9.8}, **options)


def same(one: EnsembleOutcome, other: EnsembleOutcome) -> None:
    for name in ("states", "times", "steps", "final_states"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    assert list(one.status) == list(other.status) and one.messages == other.messages


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_results_are_those_of_threads(
    name: str, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ta, states = pendulum(precision=precision), STATES
    if precision != "float64":
        states = np.stack([STATES, np.zeros_like(STATES)], axis=-1)
    ta.propagate_for(0.3)
    ta.time = 0.0
    before = ta.state.copy()
    direct = ty.ensemble(ta, states, workers=2, **CASES[name])
    np.testing.assert_array_equal(ta.state, before)
    monkeypatch.setattr(module, "at_once", lambda *_: None)
    same(direct, ty.ensemble(ta, states, workers=2, **CASES[name]))
    assert direct.status[3] is ty.Status.NON_FINITE and "nan" in direct.messages[3]


def test_short_rows_start_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise AssertionError("threads")

    monkeypatch.setattr(module, "in_threads", refused)
    ta = pendulum()
    assert ty.ensemble(ta, STATES[:3], until=2.0).status[0] is ty.Status.REACHED
    assert ty.ensemble(ta, STATES[:3], times=[0.5, 1.0]).states.shape == (3, 2, 2)
    with pytest.raises(AssertionError, match="threads"):
        ty.ensemble(ta, STATES[:3], until=1e4)
    watched = pendulum(events=[ty.Event(X)])
    with pytest.raises(AssertionError, match="threads"):
        ty.ensemble(watched, STATES[:3], until=1.0)
    with pytest.raises(AssertionError, match="threads"):
        ty.ensemble(ta, np.repeat(STATES[:1], 100, axis=0), until=0.1)


def test_an_interruption_leaves_rows_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from taylor.ensembles import worker

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(worker.Rows, "run", interrupted)
    out = ty.ensemble(pendulum(), STATES[:3], until=2.0)
    assert out.interrupted and all(s is ty.Status.INTERRUPTED for s in out.status)
