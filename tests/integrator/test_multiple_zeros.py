"""Multiple zeros that are written out: each is one, as exact as its conditioning allows."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

import taylor as ty

Y, V = ty.variables("y v")


def expanded(order: int, root: int) -> tuple[Any, float]:
    """(y - root)^order as a sum of powers, and the size of its terms at the root."""
    factors = [math.comb(order, k) * (-root) ** (order - k) for k in range(order + 1)]
    g = sum((c * Y**k for k, c in enumerate(factors) if k), ty.constant(factors[0]))
    return g, float(sum(abs(c) * abs(root) ** k for k, c in enumerate(factors)))


@pytest.mark.parametrize("order", range(2, 8))
def test_powers_that_are_written_out(order: int, scale: int) -> None:
    """A fall through y = root, however it is cut into propagations."""
    for root in (1, 2, 3, -2):
        g, size = expanded(order, root)
        ta = ty.Integrator([(Y, V), (V, -1)], [0.0, 0.0], events=ty.Event(g))
        for case in range(5 * scale):
            rng = random.Random(case)
            start, speed = root + rng.uniform(0.5, 5), rng.uniform(-2, 2)
            ta.state, ta.time = [start, speed], 0.0
            final = math.sqrt(speed * speed + 2 * (start - root))
            right = speed + final
            ends = sorted(rng.uniform(0, right + 0.2) for _ in range(rng.randint(0, 3)))
            found, messages = [], []
            for end in [*ends, right + 0.3]:
                outcome = ta.propagate_until(end)
                found += list(
                    zip(outcome.events[0].times, outcome.events[0].directions, strict=True)
                )
                messages.append(outcome.message)
            assert len(found) == 1, (case, found)
            time, direction = found[0]
            assert direction == (-1 if order % 2 else 0)
            assert abs(time - right) <= 8 * (2.0**-48 * size) ** (1 / order) / final, case
            assert any("events[0]" in text and "hide" in text for text in messages), case


def test_simple_zeros_are_told() -> None:
    """Also where sums cancel somewhat, and beside multiple zeros that are written as such."""
    events = [ty.Event(Y * Y - 2), ty.Event(ty.sin(Y) - 0.5), ty.Event((Y - 1) ** 3)]
    ta = ty.Integrator([(Y, V), (V, -1)], [3.0, 0.0], events=[*events, ty.Event(ty.abs(Y - 1))])
    outcome = ta.propagate_until(3.0)
    assert outcome.message == ""


def test_powers_of_touches_are_found_where_the_touches_are() -> None:
    """sin t - 1 has double zeros, its powers multiple ones: at the same times, not beside them."""
    touch = Y - 1
    powers = [touch, touch**2, touch * touch, touch**3, touch**4, ty.abs(touch)]
    for precision, error in (("float64", 1e-8), ("double-double", 1e-15)):
        ta = ty.Integrator(
            [(Y, V), (V, -Y)], [0.0, 1.0], events=[ty.Event(g) for g in powers], precision=precision
        )
        for found in ta.propagate_until(20.0).events:
            times = found.time_pairs.sum(axis=1)
            np.testing.assert_allclose(times, np.pi * np.array([0.5, 2.5, 4.5]), atol=error)
            assert found.directions.tolist() == [0, 0, 0]
