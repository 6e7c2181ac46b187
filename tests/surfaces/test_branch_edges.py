"""Branches whose series end on their surface, where they are finite but infinitely steep."""

from __future__ import annotations

import random
from typing import Any

import pytest

import taylor as ty

X, Y = ty.variables("x y")
C, S = ty.parameters("c s")
G = X - C

# Of g, y' as a formula, and its integral from zero on either side.
STEEP: list[tuple[Any, Any]] = [
    (ty.abs(ty.cbrt(G)), lambda g: 0.75 * abs(g) ** (4 / 3) * (1 if g > 0 else -1)),
    (ty.sqrt(ty.abs(G)), lambda g: abs(g) ** 1.5 / 1.5 * (1 if g > 0 else -1)),
    (ty.abs(G) ** ty.constant("0.3"), lambda g: abs(g) ** 1.3 / 1.3 * (1 if g > 0 else -1)),
    (1 - ty.abs(G) ** ty.constant("0.9"), lambda g: g - abs(g) ** 1.9 / 1.9 * (1 if g > 0 else -1)),
    (ty.where(G > 0, ty.sqrt(G), ty.cbrt(G)), lambda g: g**1.5 / 1.5 if g > 0 else _cbrt(g)),
    (ty.where(G > 0, 2 + ty.sqrt(G), -1), lambda g: 2 * g + g**1.5 / 1.5 if g > 0 else -g),
    (ty.where(G > 0, 1, 1 - ty.sqrt(-G)), lambda g: g if g > 0 else g + (-g) ** 1.5 / 1.5),
]


def _cbrt(g: float) -> float:
    return float(0.75 * abs(g) ** (4 / 3))


@pytest.mark.parametrize("of_time", [False, True])
@pytest.mark.parametrize("number", range(len(STEEP)))
def test_a_line_through_the_edge(number: int, of_time: bool, scale: int) -> None:
    """x' = s or the time itself, and y' = f(x - c), forwards and backwards."""
    formula, integral = STEEP[number]
    f = ty.substitute(formula, {X: ty.time}) if of_time else formula
    given = {C: 0.0} if of_time else {C: 0.0, S: 1.0}
    ta = ty.Integrator([(X, ty.constant(1) if of_time else S), (Y, f)], [0, 0], parameters=given)
    for case in range(6 * scale):
        rng = random.Random(case)
        speed = 1.0 if of_time else rng.choice([-1, 1]) * rng.uniform(0.3, 2)
        start, span = rng.uniform(-2, 2), rng.choice([-1, 1]) * rng.uniform(0.5, 3)
        surface = start + speed * span * rng.choice([rng.random(), rng.random(), 0.0])
        ta.state, ta.time = [start, 0.0], start if of_time else rng.uniform(-1, 1)
        ta.parameters = {"c": surface} if of_time else {"c": surface, "s": speed}
        outcome = ta.propagate_for(span, max_steps=3000)
        wanted = (integral(start + speed * span - surface) - integral(start - surface)) / speed
        assert outcome.status is ty.Status.REACHED, (case, outcome)
        assert ta.state[1] == pytest.approx(wanted, abs=3e-14, rel=3e-14), case
    print(f"random run: {6 * scale} systems, 0 wrong")


def test_a_root_along_a_wave() -> None:
    """y' = abs(cbrt(cos(t + 1))) to t = 8, by quadrature in many digits."""
    v = ty.variable("v")
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(30):
        edges = [0, *(mpmath.pi * k - 1 for k in (0.5, 1.5, 2.5)), 8]
        wanted = mpmath.quad(lambda t: mpmath.cbrt(abs(mpmath.cos(t + 1))), edges)
        start = [float(mpmath.cos(1)), -float(mpmath.sin(1)), 0.0]
    ta = ty.Integrator([(X, v), (v, -X), (Y, ty.abs(ty.cbrt(X)))], start)
    assert ta.propagate_until(8.0).status is ty.Status.REACHED
    assert ta.state[2] == pytest.approx(float(wanted), rel=1e-14)
    ta = ty.Integrator([(Y, ty.abs(ty.cbrt(ty.cos(ty.time + 1))))], [0.0])
    assert ta.propagate_until(8.0).status is ty.Status.REACHED
    assert ta.state[0] == pytest.approx(float(wanted), rel=1e-14)
