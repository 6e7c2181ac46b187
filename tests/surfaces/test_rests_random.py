"""Motions that come to rest where a power of the distance is left of their speed: tanks."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.nodes.traverse import inputs
from taylor.surfaces.rests import may_rest

X, Y, Z = ty.variables("x y z")
C, K, W = PARAMETERS = ty.parameters("c k w")
POWERS = ["1/2", "1/3", "2/3", "3/4", "1/4", "0.9", "0.3", "0.55"]
TANKS = [ty.sqrt, ty.cbrt, *(lambda g, p=p: g ** ty.constant(p) for p in POWERS)]
EXPONENTS = [0.5, 1 / 3, *(float(ty.constant(p).evaluate({})) for p in POWERS)]


def systems(outflow: Any) -> list[list[tuple[ty.Expression, Any]]]:
    """The distance g = k + .. from a floor goes like g' = -g^p; y and z move on for ever."""
    above, below = X - C, C - X
    slope = W * ty.cos(W * Y)
    moving = X - C - ty.sin(W * Y)  # a floor that goes up and down
    return [
        [(X, ty.where(above > 0, -K * outflow(above), 0)), (Y, ty.constant(1)), (Z, ty.sin(Y))],
        [(X, ty.where(below > 0, K * outflow(below), 0)), (Y, ty.constant(1)), (Z, ty.sin(Y))],
        [
            (X, slope - ty.where(moving > 0, K * outflow(moving), 0)),
            (Y, ty.constant(1)),
            (Z, ty.sin(Y)),
        ],
    ]


@pytest.mark.parametrize("number", range(len(TANKS)))
def test_a_tank_with_its_floor_anywhere(number: int, scale: int) -> None:
    p = EXPONENTS[number]
    integrators = []
    for system in systems(TANKS[number]):
        own = {key: 1.0 for key in PARAMETERS if key in set(inputs([f for _, f in system]))}
        integrators.append(ty.Integrator(system, [9.0, 0.0, 0.0], parameters=own))
    for case in range(6 * scale):
        rng = random.Random(case)
        kind = case % 3
        ta = integrators[kind]
        c, k = rng.choice([0.0, 0.1, 0.5, rng.uniform(-3, 3)]), rng.uniform(0.5, 2.0)
        height, w = rng.uniform(0.3, 2.0), rng.uniform(0.3, 2.0)
        side = -1.0 if kind == 1 else 1.0
        ta.state, ta.time = [c + side * height, 0.0, 0.0], 0.0
        ta.parameters = {key: {"c": c, "k": k, "w": w}[key] for key in ta.parameters}
        empty = height ** (1 - p) / (k * (1 - p))
        end = empty + rng.uniform(0.5, 2.0)
        outcome = ta.propagate_until(end, max_steps=3000)
        assert outcome.status is ty.Status.REACHED, (case, outcome)
        floor = c + (np.sin(w * end) if kind == 2 else 0.0)
        size = max(1.0, abs(c) + height)
        assert ta.state[0] == pytest.approx(floor, abs=2e-14 * size), case
        assert ta.state[1] == pytest.approx(end, rel=1e-14)
        # The state y, a double, is rounded by half a unit of its last place at most in every step.
        phase = outcome.steps * np.spacing(end) / 2
        allowed = 1e-14 if end < 10 else min(max(1e-14, phase), 1e-15 * end)
        assert ta.state[2] == pytest.approx(1 - np.cos(end), abs=allowed), case
    print(f"random run: {6 * scale} systems, 0 wrong")


def test_rates_that_share_much_are_walked_once() -> None:
    """Thirty squares of squares would be a thousand million branches of a tree."""
    u, states = X * C, {X: Y}
    for _ in range(30):
        u = u + u * Y
    assert may_rest(u + X, states)  # C may be 0, and Y as well: it cannot be excluded
