"""What the quick code of all systems calls has the bits of what is written into the code of one."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from random_systems import lattice, oscillators

import taylor as ty
from taylor_runtime.engine import cache, compiler

x, v, w = ty.variables("x v w")
C = 1.0 + 3 / 1024  # no other test has these systems: code that somebody has is shared


@pytest.fixture(autouse=True)
def _cold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is found in a cache; two tiers are made, the second when a test says so."""
    monkeypatch.setenv("TAYLOR_TIERS", "on")
    monkeypatch.setattr(compiler, "LEAST_SECONDS", 600.0)
    with cache.disabled():
        yield


def pair(**options: Any) -> Any:
    return ty.Integrator([(x, v), (v, -1.5 * x)], [0.5, 0.0], **options)


MADE: dict[str, Callable[..., Any]] = {
    "one": lambda **o: ty.Integrator([(x, C - x * x)], [0.25], **o),
    "one in time": lambda **o: ty.Integrator([(x, ty.cos(C * ty.time) * x)], [0.25], **o),
    "three": lambda **o: ty.Integrator(
        [(x, 10 * (v - x)), (v, x * (28 - w) - C * v), (w, x * v - 8 * w / 3)], [1.0, 1.0, 1.0], **o
    ),
    "polynomial": lambda **o: ty.Integrator([(x, v), (v, w), (w, C)], [0, 0, 1], **o),
    "at rest": lambda **o: ty.Integrator([(x, v), (v, -C * x)], [0.0, 0.0], **o),
    "begins at rest": lambda **o: ty.Integrator([(x, v), (v, C * ty.sin(ty.time))], [0, 0], **o),
    "subnormal": lambda **o: ty.Integrator([(x, v), (v, -C * x)], [2.0**-1060, 0.0], **o),
    "stiff": lambda **o: ty.Integrator([(x, -1e4 * C * (x - ty.cos(ty.time)))], [2.0], **o),
    "singular": lambda **o: ty.Integrator([(x, C * x * x)], [1.0], **o),
    "overflows": lambda **o: ty.Integrator([(x, C * ty.exp(x) * x)], [1.0], **o),
    "switched": lambda **o: ty.Integrator([(x, v), (v, -C * ty.sign(x))], [0.5, 0.25], **o),
    "narrow": lambda **o: ty.Integrator(*lattice(9), **o),
    "wide": lambda **o: ty.Integrator(*lattice(75), **o),
    "odd": lambda **o: ty.Integrator(*oscillators(7), **o),
}
ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"tol": 1e-3},
    {"order": 2},
    {"rtol": 1e-9, "atol": 1e-7},
    {"high_accuracy": True, "rtol": 1e-12, "atol": 0.0},
    {"precision": "float32"},
    {"precision": "float32", "rtol": 1e-5, "atol": 1e-5},
    {"precision": "double-double"},
    {"precision": "double-double", "rtol": 1e-25, "atol": 1e-20, "high_accuracy": True},
)


def is_first(ta: Any) -> bool:
    found: bool = ta._machine.stepper.module.is_first
    return found


ADDRESSES = ("detector", "events", "grid_filler")


def both_ways(ta: Any) -> list[Any]:
    """What comes of it forward, on a grid, and backward; and all that the loop has told."""
    found: list[Any] = []

    def tell(out: Any) -> None:
        block = ta._machine.control
        told = {name: getattr(block, name) for name, _ in block._fields_ if name not in ADDRESSES}
        numbers = np.array([float(number) for number in told.values()])
        found.extend([out.status, out.steps, ta.state.tobytes(), ta.time, numbers.tobytes()])

    tell(ta.propagate_until(2.0, max_steps=150))
    out = ta.propagate_until(2.5, max_steps=60, dense=True)
    tell(out)
    found.append((out.dense.coefficients + 0.0).tobytes())  # a zero may have either sign
    grid = ta.propagate_grid(ta.time + np.linspace(0.0, 0.5, 9), max_steps=90)
    tell(grid)
    found.append(grid.states.tobytes())
    tell(ta.step(backward=True))
    tell(ta.propagate_until(0.0, max_steps=60))
    return found


@pytest.mark.filterwarnings("ignore::taylor.StiffnessWarning")
@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize("name", MADE)
def test_systems_have_the_same_bits(name: str, asked: dict[str, Any]) -> None:
    first, second = (MADE[name](**asked) for _ in range(2))
    bits = both_ways(first)
    assert is_first(first)
    second._machine.stepper.complete()
    assert not is_first(second)
    assert both_ways(second) == bits


def test_so_do_derivatives_backward(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for tiers in ("on", "off"):
        monkeypatch.setenv("TAYLOR_TIERS", tiers)
        k = ty.parameter("k")
        states = ty.variables(" ".join(f"x{i}" for i in range(12)))
        equations = [
            (a, b - k * a * b) for a, b in zip(states, (*states[1:], states[0]), strict=True)
        ]
        ta = ty.Integrator(equations, np.linspace(0.1, 1.0, 12), parameters={k: 0.5})
        end = ta.as_function([k, *states], sum(a * a for a in states), until=1.5)
        gradient = ty.grad(lambda y, end=end: end(0.5, *y))(np.linspace(0.2, 0.9, 12))
        found.append(np.asarray(gradient).tobytes())
    assert found[0] == found[1]


def test_the_functions_live_as_long_as_code_that_calls_them() -> None:
    from taylor_runtime.callables import stepper

    ta = pair()
    stepper._called.clear()
    gc.collect()
    assert is_first(ta)
    ta.propagate_until(5.0)
    assert abs(ta.state[0] - 0.5 * np.cos(np.sqrt(1.5) * 5.0)) < 1e-14
