"""Random systems with branches and no closed form against SciPy's DOP853, piece by piece.

The reference knows the side of every surface as a list of booleans, integrates the smooth
equations of these sides, and stops where a surface is met: there the motions on both of its sides
say whether it is crossed, or slid along.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.nodes.traverse import inputs

CASES = 2
CLOSE = 1e-5  # crossings nearer to one another, or to tangential ones, say nothing
SPAN = 5.0

Pick = Callable[[int, Any, Any], Any]


@dataclass(frozen=True)
class Branched:
    """x' and v', with pick(k, a, b): a where surface k is positive, else b."""

    rates: Callable[..., tuple[Any, Any]]  # of (pick, functions, t, x, v, p)
    surfaces: Callable[..., list[Any]]  # of (functions, t, x, v, p)


def hysteresis(pick: Pick, f: Any, t: Any, x: Any, v: Any, p: Any) -> tuple[Any, Any]:
    rising, falling = pick(1, -p[0], p[0]), pick(2, -p[0], p[0])
    return v, pick(0, rising, falling) - p[1] * x - p[2] * v / 4


def harvest(pick: Pick, f: Any, t: Any, x: Any, v: Any, p: Any) -> tuple[Any, Any]:
    grown, eaten = 1 + x * x / 4, 1 + v * v / 4
    return 0.7 - p[0] * eaten * grown / 3 - pick(0, p[1], 0), p[2] * (grown - eaten) / 2


def thermostats(pick: Pick, f: Any, t: Any, x: Any, v: Any, p: Any) -> tuple[Any, Any]:
    return v - x / 3 + pick(1, p[0], -p[1]), -x - f.sin(v) / 4 + pick(0, -p[2], p[1])


SYSTEMS = {
    "pendulum with switched damping": Branched(
        lambda pick, f, t, x, v, p: (v, -f.sin(x) - pick(0, p[0], p[1] / 8) * v),
        lambda f, t, x, v, p: [x - p[2] / 2],
    ),
    "damping by quadrants": Branched(
        lambda pick, f, t, x, v, p: (v, -f.sin(x) - pick(0, p[0], -p[1] / 2) * v / 2),
        lambda f, t, x, v, p: [x * v],
    ),
    "driven oscillator with a dead band": Branched(
        lambda pick, f, t, x, v, p: (
            v,
            f.cos(2 * t) * p[0] - pick(0, x - p[1], pick(1, 0, x + p[1])) * 3 - v / 8,
        ),
        lambda f, t, x, v, p: [x - p[1], x + p[1]],
    ),
    "relay with hysteresis": Branched(
        hysteresis, lambda f, t, x, v, p: [v, x - p[2], x + p[2]]
    ),
    "dry friction": Branched(
        lambda pick, f, t, x, v, p: (v, p[0] * f.cos(1.7 * t) - x - pick(0, p[1], -p[1]) / 4),
        lambda f, t, x, v, p: [v],
    ),
    "harvest above a threshold": Branched(harvest, lambda f, t, x, v, p: [x - p[2] / 2]),
    "two thermostats": Branched(thermostats, lambda f, t, x, v, p: [x - v / 2, v - p[0]]),
    "switched by the time": Branched(
        lambda pick, f, t, x, v, p: (v, -f.sin(x) + pick(0, p[0], -p[1])),
        lambda f, t, x, v, p: [f.sin(3 * t) - p[2] / 4 + x / 8],
    ),
    "a curved surface": Branched(
        lambda pick, f, t, x, v, p: (v - pick(0, p[0], 0) / 8, -x * pick(0, 1, 1 + p[1])),
        lambda f, t, x, v, p: [x * x + v * v / 2 - p[2]],
    ),
}  # fmt: skip


class Undecided(Exception):
    """A case in which rounding decides: crossings that nearly coincide or touch."""


def reference(
    system: Branched, start: Sequence[float], p: Sequence[float]
) -> tuple[bool, float, np.ndarray, int]:
    """Whether it slides, when it ends, the state there, and how many surfaces it crossed."""
    integrate = pytest.importorskip("scipy.integrate").solve_ivp

    def surfaces(t: float, y: Sequence[float]) -> list[float]:
        return system.surfaces(math, t, *y, p)

    def field(sides: Sequence[bool]) -> Callable[..., tuple[Any, Any]]:
        return lambda t, y: system.rates(
            lambda k, a, b: a if sides[k] else b, math, t, *y, p
        )  # fmt: skip

    def crossing(k: int, t: float, y: np.ndarray, sides: list[bool]) -> float:
        """How fast surface k grows along the motion of these sides."""
        slope, h = np.array(field(sides)(t, y)), 1e-6
        ahead, behind = surfaces(t + h, y + h * slope), surfaces(t - h, y - h * slope)
        return (ahead[k] - behind[k]) / (2 * h)

    options = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-13}
    t, y = 0.0, np.array(start)
    sides = [g > 0 for g in surfaces(t, y)]
    if min(abs(g) for g in surfaces(t, y)) < CLOSE:
        raise Undecided
    for crossed in itertools.count():
        events = [lambda t, y, k=k: surfaces(t, y)[k] for k in range(len(sides))]
        for event in events:
            event.terminal = True  # type: ignore[attr-defined]
        piece = integrate(
            field(sides), (t, SPAN), y, events=events, max_step=0.1, dense_output=True, **options
        )
        between = np.linspace(t, piece.t[-1], 400)[1:-1]
        for g, side in zip(
            system.surfaces(np, between, *piece.sol(between), p), sides, strict=True
        ):
            if ((g > 0) != side).any():  # SciPy looks for changes of sign from step to step alone
                raise Undecided
        t, y = piece.t[-1], piece.y[:, -1]
        if piece.status == 0:
            return False, t, y, crossed
        if piece.status < 0:
            raise Undecided  # SciPy met a singularity
        (k,) = [k for k, times in enumerate(piece.t_events) if len(times)]
        others = [abs(g) for j, g in enumerate(surfaces(t, y)) if j != k]
        beyond = [*sides[:k], not sides[k], *sides[k + 1 :]]
        speeds = crossing(k, t, y, sides), crossing(k, t, y, beyond)
        if min(*map(abs, speeds), *others) < 1e-3 or crossed > 60:
            raise Undecided
        if speeds[0] * speeds[1] < 0:
            return True, t, y, crossed
        sides = beyond
        if t + CLOSE > SPAN:
            raise Undecided
        piece = integrate(field(sides), (t, t + CLOSE), y, **options)
        t, y = piece.t[-1], piece.y[:, -1]
        if [g > 0 for g in surfaces(t, y)] != sides:
            raise Undecided
    raise AssertionError


def machine(system: Branched) -> ty.Integrator:
    x, v = ty.variables("x v")
    p = ty.parameters("p0 p1 p2")
    surfaces = system.surfaces(ty, ty.time, x, v, p)

    def pick(k: int, a: Any, b: Any) -> Any:
        return ty.where(surfaces[k] <= 0, b, a) if k % 2 else ty.where(surfaces[k] > 0, a, b)

    rates = system.rates(pick, ty, ty.time, x, v, p)
    used = set(inputs(rates)) & set(p)
    return ty.Integrator([(x, rates[0]), (v, rates[1])], [0, 0], parameters=dict.fromkeys(used, 1))


@pytest.mark.parametrize("name", SYSTEMS)
def test_pieces_of_scipy(name: str, scale: int) -> None:
    system = SYSTEMS[name]
    ta = machine(system)
    decided = 0
    for case in range(CASES * scale):
        choose = random.Random(f"{name} {case}")
        start = [choose.uniform(-2, 2), choose.uniform(-2, 2)]
        p = [choose.uniform(0.1, 1.5) for _ in range(3)]
        try:
            slides, time, state, _ = reference(system, start, p)
        except Undecided:
            continue
        decided += 1
        ta.time, ta.state = 0.0, start
        ta.parameters = {name: p[int(str(name)[1])] for name in ta.parameters}
        outcome = ta.propagate_until(SPAN)
        wanted = ty.Status.SLIDING if slides else ty.Status.REACHED
        assert outcome.status is wanted, (case, outcome, time)
        assert outcome.time == pytest.approx(time, abs=1e-8), case
        np.testing.assert_allclose(ta.state, state, rtol=1e-7, atol=1e-7, err_msg=f"case {case}")
    print(f"random run: {decided} systems, 0 wrong")
    assert decided > CASES * scale / 3
