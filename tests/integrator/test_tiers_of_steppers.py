"""Trajectories have the same bits while better code takes the place of the first."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from random_systems import bodies, lattice, oscillators, random_system

import taylor as ty
from taylor_runtime.engine import beside, cache, compiler


@pytest.fixture(autouse=True)
def _cold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is found in a cache; two tiers are made, the second when a test says so."""
    monkeypatch.setenv("TAYLOR_TIERS", "on")
    monkeypatch.setattr(compiler, "LEAST_SECONDS", 600.0)
    with cache.disabled():
        yield


def made(system: Any, **options: Any) -> Any:
    equations, initial = system
    if any("k" in str(right) for _, right in equations):
        options["parameters"] = {"k": 0.375}
    return ty.Integrator(equations, initial, **options)


def is_first(ta: Any) -> bool:
    found: bool = ta._machine.stepper.module.is_first
    return found


def part(ta: Any, steps: int = 7) -> tuple[bytes, ...]:
    out = ta.propagate_until(1e3, max_steps=steps, dense=True)
    return ta.state.tobytes(), np.float64(ta.time).tobytes(), out.dense.coefficients.tobytes()


SYSTEMS = {
    "random": random_system(3),
    "functions": random_system(5),
    "bodies": bodies(4),
    "lattice": lattice(9),
    "oscillators": oscillators(6),
}
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"tol": 1e-9},
    {"high_accuracy": True},
    {"precision": "float32"},
    {"precision": "double-double"},
)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", SYSTEMS)
def test_both_tiers_have_the_same_bits(name: str, options: dict[str, Any]) -> None:
    first, second = (made(SYSTEMS[name], **options) for _ in range(2))  # with the same code
    bits = part(first)
    assert is_first(second)
    second._machine.stepper.complete()
    assert not is_first(second)
    assert part(second) == bits


@pytest.mark.parametrize("name", SYSTEMS)
def test_code_may_change_at_any_step(name: str) -> None:
    whole, cut = (made(SYSTEMS[name]) for _ in range(2))
    before, after = part(whole), part(whole)
    assert part(cut) == before
    assert is_first(cut)
    beside.finish()
    assert not is_first(cut)
    assert part(cut) == after


def test_copies_and_pickles_share_what_comes() -> None:
    x, v = ty.variables("x v")
    ta = ty.Integrator([(x, v), (v, -9.75 * ty.sin(x))], [0.5, 0.0])
    other = copy.copy(ta)
    loaded = pickle.loads(pickle.dumps(ta))
    ta.propagate_until(1.0)
    beside.finish()
    assert not is_first(ta)
    assert not is_first(other)
    assert other.propagate_until(1.0).status is loaded.propagate_until(1.0).status
    assert ta.state.tobytes() == other.state.tobytes() == loaded.state.tobytes()


def test_events_and_grids_see_no_difference() -> None:
    x, v = ty.variables("x v")
    found = []
    for complete in (False, True):
        ta = ty.Integrator([(x, v), (v, -ty.sin(x))], [0.5, 0.0], events=[ty.Event(x)])
        if complete:
            ta._machine.stepper.complete()
        out = ta.propagate_grid(np.linspace(0.0, 20.0, 50))
        found.append((out.states.tobytes(), out.events[0].times.tobytes()))
    assert found[0] == found[1]


def test_ensembles_see_no_difference() -> None:
    x, v = ty.variables("x v")
    states = np.random.default_rng(3).uniform(-1.0, 1.0, (20, 2))
    found = []
    for complete in (False, True):
        ta = ty.Integrator([(x, v), (v, -1.125 * ty.sin(x))], states[0])
        if complete:
            ta._machine.stepper.complete()
        found.append(ty.ensemble(ta, states, until=30.0).states.tobytes())
    assert found[0] == found[1]
