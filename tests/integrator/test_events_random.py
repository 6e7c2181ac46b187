"""Random event functions of quasi-periodic motion: every zero that dense sampling finds, no other.

However the way is cut into steps, propagations and terminal events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, V, Y, W = ty.variables("x v y w")
SYSTEM = [(X, V), (V, -X), (Y, W), (W, -2 * Y)]  # x = sin t, y = cos(sqrt(2) t)
START = [0.0, 1.0, 1.0, 0.0]
END = 15.0
TIMES = np.linspace(0.0, END, 300_001)

Formula = Callable[..., Any]
FAMILIES: list[Callable[[np.ndarray], Formula]] = [
    lambda a: lambda m, x, v, y, w, t: a[0] * x + a[1] * y + 0.3 * a[2],
    lambda a: lambda m, x, v, y, w, t: a[0] * x * y + a[1] * v * w + 0.2 * a[2],
    lambda a: lambda m, x, v, y, w, t: m.sin(6 * x + a[0]) - 0.5 * y,
    lambda a: lambda m, x, v, y, w, t: m.exp(x) - 1 - a[0] * y**2,
    lambda a: lambda m, x, v, y, w, t: m.sqrt(x**2 + y**2 + 0.01) - abs(a[0]),
    lambda a: lambda m, x, v, y, w, t: abs(x) - abs(a[1]) * m.cos(t),
]


def sampled(formula: Formula) -> tuple[np.ndarray, bool]:
    """Zeros by sign changes, and whether some are too close to tell."""
    k = np.sqrt(2.0)
    motion = np.sin(TIMES), np.cos(TIMES), np.cos(k * TIMES), -k * np.sin(k * TIMES)
    g = formula(np, *motion, TIMES)
    i = np.flatnonzero(g[1:] * g[:-1] < 0)
    size = np.abs(g)
    low = (size[1:-1] < size[:-2]) & (size[1:-1] < size[2:]) & (size[1:-1] < 1e-8)
    return TIMES[i] - g[i] * (TIMES[i + 1] - TIMES[i]) / (g[i + 1] - g[i]), bool(low.any())


def found(ta: ty.Integrator, ends: np.ndarray) -> list[np.ndarray]:
    """Times of all events, over several propagations and stops at terminal events."""
    times: list[list[float]] = [[] for _ in ta.events]
    for end in ends:
        while True:
            outcome = ta.propagate_until(end)
            for own, seen in zip(times, outcome.events, strict=True):
                own += seen.times.tolist()
            if outcome.status is ty.Status.REACHED:
                break
    return [np.array(own) for own in times]


@pytest.mark.parametrize("seed", range(10))
def test_all_zeros_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    formulas = [family(rng.normal(size=3).round(3)) for family in FAMILIES]
    events = [ty.Event(f(ty, X, V, Y, W, ty.time)) for f in formulas]
    options = {"max_step": [np.inf, 0.5, 0.11][seed % 3]}
    ends = np.append(np.sort(rng.uniform(0, END, seed % 4)), END)
    seen = found(ty.Integrator(SYSTEM, START, events=events, **options), ends)
    events[0] = ty.Event(events[0].expression, terminal=True)
    stopped = found(ty.Integrator(SYSTEM, START, events=events, **options), ends[-1:])
    for formula, times, others in zip(formulas, seen, stopped, strict=True):
        np.testing.assert_allclose(others, times, rtol=0, atol=1e-11)
        zeros, doubtful = sampled(formula)
        if not doubtful:
            np.testing.assert_allclose(times[times > 1e-9], zeros, rtol=0, atol=1e-6)
