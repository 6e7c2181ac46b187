"""Random speeds that only conditions decide, and conditions of these: piece by piece by hand.

A speed is constant between the places that its comparisons, equalities and floors know; what it is
there NumPy says, in the middle of each piece.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

X = ty.variable("x")
Function = Callable[[Any], Any]


class Speeds:
    """Random functions of a place (up to 4), and the places where they may jump."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.places: set[float] = set()

    def _place(self) -> float:
        self.places.add(found := self.random.randrange(1, 64) / 32)
        return found

    def condition(self, depth: int) -> Function:
        """A truth value."""
        kind = self.random.randrange(9 if depth else 4)
        c = self._place()
        point = c + 1 / 96  # where no floor jumps and no comparison: a step that begins there asks
        if kind == 0:
            return lambda x: x > c
        if kind == 1:
            return lambda x: x <= c
        if kind == 2:
            return lambda x: x == point
        if kind == 3:
            return lambda x: x != point
        if kind < 7:
            a, b = self.condition(depth - 1), self.condition(depth - 1)
            join: Callable[[Any, Any], Any] = (np.logical_and, np.logical_or, np.not_equal)[
                kind - 4
            ]
            return lambda x: join(a(x), b(x))
        step, level = self.number(depth - 1), self.random.randrange(-4, 5) / 2
        if kind == 7:
            return lambda x: step(x) == level
        return lambda x: step(x) > level + 0.25

    def number(self, depth: int) -> Function:
        """A number out of few, all multiples of 1/2."""
        kind = self.random.randrange(7 if depth else 2)
        if kind == 0:
            test = self.condition(depth)
            return lambda x: 1.0 * test(x)
        if kind == 1:
            count = self.random.choice([1, 2, 4])
            self.places.update(np.arange(0, 5, 1 / count))
            return lambda x: np.floor(count * x)
        a, b = self.number(depth - 1), self.number(depth - 1)
        if kind == 2:
            return lambda x: a(x) - b(x)
        if kind == 3:
            return lambda x: a(x) * b(x)
        if kind == 4:
            return lambda x: np.abs(a(x) - 1)
        if kind == 5:
            return lambda x: np.maximum(a(x), b(x))
        test = self.condition(depth - 1)
        return lambda x: np.where(test(x), a(x), b(x))


def arrival(speed: Function, places: set[float], end: float) -> float:
    """Where the motion is that begins at 0."""
    edges = sorted({0.0, *(p for p in places if p > 0), 1e3})
    x = time = 0.0
    for left, right in itertools.pairwise(edges):
        pace = float(speed(np.float64((left + min(right, left + 1)) / 2)))
        if time + (right - left) / pace >= end:
            return left + (end - time) * pace
        time += (right - left) / pace
        x = right
    return x


@pytest.mark.parametrize("direct", [True, False])
def test_speeds_that_conditions_decide(direct: bool, scale: int) -> None:
    """direct: the equation of the place itself; else it grows at one pace, and another is moved."""
    y = ty.variable("y")
    for seed in range(40 * scale):
        speeds = Speeds(seed + 100_000 * direct)
        inner = speeds.number(3)

        def speed(x: Any, inner: Function = inner) -> Any:
            return 1 + np.minimum(np.abs(inner(x)), 3)

        if direct:
            ta = ty.Integrator([(X, speed(X) + 0 * X)], [0.0])
            expected = arrival(speed, speeds.places, 1.0)
        else:
            ta = ty.Integrator([(X, 1.0 + 0 * X), (y, speed(X))], [0.0, 0.0])
            edges = sorted({0.0, *(p for p in speeds.places if 0 < p < 1), 1.0})
            pieces = itertools.pairwise(edges)
            expected = sum((b - a) * float(speed(np.float64((a + b) / 2))) for a, b in pieces)
        outcome = ta.propagate_until(1.0)
        assert outcome.success, (seed, outcome)
        assert ta.state[-1] == pytest.approx(expected, rel=1e-12), seed
