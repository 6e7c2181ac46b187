"""Right-hand sides and events with a % b and a // b: every jump is a surface, and ends a step."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

import taylor as ty

X, V, Y = ty.variables("x v y")


def sawtooth_area(end: float, period: float) -> float:
    """The integral of x % period from 0."""
    count = math.floor(Fraction(end) / Fraction(period))
    rest = Fraction(end) - count * Fraction(period)
    return float((count * Fraction(period) ** 2 + rest**2) / 2)


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
@pytest.mark.parametrize("start", [0.05, 0.7, 1.4, 2.1, 0.7 * 3, -0.7, 0.0])
@pytest.mark.parametrize("speed", [1.0, -1.0])
def test_a_sawtooth(precision: str, start: float, speed: float) -> None:
    if precision == "float32":
        start = float(np.float32(start))
    ta = ty.Integrator([(X, speed + 0 * X), (Y, X % 0.7)], [start, 0.0], precision=precision)
    ta.propagate_until(3.0)
    found = float(np.ravel(ta.state[1])[0])
    right = speed * (sawtooth_area(start + 3 * speed, 0.7) - sawtooth_area(start, 0.7))
    assert abs(found - right) < (2e-5 if precision == "float32" else 1e-14)


def test_steps_and_a_divisor_that_moves() -> None:
    """x = t and b = 0.6 + t/10: they meet where t = k (0.6 + t/10)."""
    system = [(X, 1 + 0 * X), (V, 0.1 + 0 * V), (Y, (X % V) * (X // V))]
    ta = ty.Integrator(system, [0.0, 0.6, 0.0])
    ta.propagate_until(3.0)
    edges = [0.6 * k / (1 - 0.1 * k) for k in range(4)]
    edges = [t for t in edges if t < 3] + [3.0]
    right = 0.0
    for k, (low, high) in enumerate(itertools.pairwise(edges)):
        # k (t - k (0.6 + t/10)) is (1 - k/10) k t - 0.6 k**2
        right += (1 - 0.1 * k) * k * (high**2 - low**2) / 2 - 0.6 * k**2 * (high - low)
    assert abs(ta.state[2] - right) < 1e-14


def test_derivatives_by_start_and_divisor() -> None:
    """y' = x % b is y' = x - k b between jumps; its integral is continuous in start and divisor."""
    b = ty.parameter("b")
    system = [(X, 1 + 0 * X), (Y, X % b)]
    solve = ty.Integrator(system, [0.05, 0.0], parameters={b: 0.7}).as_function([X, b], Y, until=2)

    def right(start: float, b: float) -> float:
        return sawtooth_area(start + 2.0, b) - sawtooth_area(start, b)

    h = 2.0**-20
    by_start = (right(0.05 + h, 0.7) - right(0.05 - h, 0.7)) / (2 * h)
    by_divisor = (right(0.05, 0.7 + h) - right(0.05, 0.7 - h)) / (2 * h)
    found = ty.grad(solve, argnums=(0, 1))(0.05, 0.7)
    np.testing.assert_allclose(found, [by_start, by_divisor], rtol=1e-8)


@pytest.mark.parametrize(
    ("function", "times"),
    [
        (X % 0.7 - 0.3, [0.3, 0.7, 1.0, 1.4, 1.7, 2.1, 2.4, 2.8]),
        (X % V - 0.3, [0.3, 0.7, 1.0, 1.4, 1.7, 2.1, 2.4, 2.8]),
        (X // 0.7 - 2, [2.1]),
        (X // V - 1.5, [1.4]),
        (np.fmod(X, -0.7) - 0.3, [0.3, 0.7, 1.0, 1.4, 1.7, 2.1, 2.4, 2.8]),
    ],
)
def test_events(function: ty.Expression, times: list[float]) -> None:
    times = [t - 0.05 for t in times]
    system = [(X, 1 + 0 * X), (V, 0 * V)]
    ta = ty.Integrator(system, [0.05, 0.7], events=[ty.Event(function)])
    (found,) = ta.propagate_until(2.9).events
    np.testing.assert_allclose(found.times, times, atol=1e-12)
