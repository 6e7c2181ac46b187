"""Chains of maxima, minima, absolute values and choices over several states, against SciPy.

Right-hand sides are continuous, so that nothing slides; starts are equal in part, where many
surfaces meet.  Steps are counted: a switch that decides nothing costs few.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import taylor as ty
from taylor.systems import blocks

Rule = Callable[[Any, Any], Any]  # of the states, in a module's functions


def _chain(rng: np.random.Generator, n: int) -> Rule:
    """A chain over all states, in some order."""
    order = rng.permutation(n).tolist()
    links = rng.integers(0, 4, n).tolist()
    weights = rng.uniform(0.2, 0.8, (n, 2)).tolist()

    def made(x: Any, m: Any) -> Any:
        found = x[order[0]]
        for place, link, (p, q) in zip(order[1:], links, weights, strict=False):
            a, b = found, x[place]
            if link == 0:
                found = m.maximum(a, b)
            elif link == 1:
                found = m.minimum(a, b)
            elif link == 2:
                found = p * a + (1 - p) * m.abs(b)
            else:
                found = m.where(a < b, p * a + (1 - p) * b, q * a + (1 - q) * b)
        return found

    return made


@pytest.mark.parametrize("seed", range(12))
def test_random_chains(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 3 + seed % 7
    chain, rates = _chain(rng, n), rng.uniform(-1, 1, n)
    start = rng.uniform(-1, 1, n)
    if seed % 3 == 0:
        start = np.abs(start).round(1)  # some are equal
    x = ty.variables(" ".join(f"x{k}" for k in range(n)))
    v = [ty.parameter(f"v{k}") for k in range(n)]
    found = chain(x, ty)
    values = dict(zip(v, rates, strict=True))
    ta = ty.Integrator(
        [(x[k], v[k] - x[k] * ty.cos(found)) for k in range(n)], start, parameters=values
    )
    outcome = ta.propagate_until(2.0, max_steps=1000)
    assert outcome.status is ty.Status.REACHED
    passed = sum(len(crossings.times) for crossings in outcome.switches)
    assert outcome.steps <= 25 + 3 * passed and outcome.retracted <= 5 + passed

    def slope(_: float, y: np.ndarray) -> np.ndarray:
        return rates - y * np.cos(chain(y, np))

    known = solve_ivp(slope, (0, 2.0), start, "DOP853", rtol=1e-11, atol=1e-14, max_step=0.02)
    assert np.abs(known.y[:, -1] - ta.state).max() <= 1e-8


@pytest.mark.parametrize("n", [6, 9, 12])
def test_the_largest_of_many_that_decay(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """x' = -v x max(x): while x_j is the largest, x_j = a_j / g, x_k = a_k / g^(v_k / v_j) with
    g = 1 + v_j a_j t.
    """
    monkeypatch.setattr(blocks, "FEWEST", 10**9)  # a chain, not pairs
    rng = np.random.default_rng(n)
    start, rates = rng.uniform(0.1, 0.9, n), rng.uniform(0.5, 1, n)
    start[n // 2] = 1.0
    x, v = ty.variable("x", shape=(n,)), ty.parameter("v", shape=(n,))
    ta = ty.Integrator([(x, -x * np.max(x) * v)], start, parameters={v: rates})
    outcome = ta.propagate_until(0.1, max_steps=100)
    assert outcome.steps <= 3 and outcome.retracted == 0
    growth = 1 + rates[n // 2] * 0.1
    assert (start * growth ** (-rates / rates[n // 2])).argmax() == n // 2
    expected = start * growth ** (-rates / rates[n // 2])
    assert np.abs(ta.state / expected - 1).max() <= 1e-14
