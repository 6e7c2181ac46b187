"""Random event functions that are not smooth: every sign change of dense sampling, and no other.

Kinks, jumps, poles, infinite slopes, multiple zeros and ends of domains, along x = cos(t + 1),
forwards and backwards, however the way is cut into propagations.  Constants are parameters, so that
one machine code serves all cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import taylor as ty
from taylor.nodes.traverse import inputs

X, V = ty.variables("x v")
A, B, C = PARAMETERS = ty.parameters("a b c")
END = 8.0
STEPS = 8000
TIMES = np.linspace(0.0, END, STEPS + 1)


class Arrays:
    """The functions of taylor for NumPy."""

    gamma = staticmethod(special.gamma)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, {"atan2": "arctan2"}.get(name, name))


Formula = Callable[..., Any]
FORMULAS: list[Formula] = [
    lambda m, x, v, a, b, c: m.cbrt(x - a),
    lambda m, x, v, a, b, c: (x - a) / m.sqrt(m.abs(x - a)),
    lambda m, x, v, a, b, c: m.sign(x - a) * m.sqrt(m.abs(v - b)),
    lambda m, x, v, a, b, c: (x - a) ** 9 * (v - b) ** 4,
    lambda m, x, v, a, b, c: (x - a) ** 3 * (v - b) ** 7 * (x - b) ** 2,
    lambda m, x, v, a, b, c: m.where(x > a, c, b - x),
    lambda m, x, v, a, b, c: m.abs(x - a) - m.abs(b),
    lambda m, x, v, a, b, c: 1 / (x - a) + b,
    lambda m, x, v, a, b, c: 1 / (x - a) - c / (v - b) ** 3,
    lambda m, x, v, a, b, c: m.tan(3 * x + a) - b,
    lambda m, x, v, a, b, c: m.gamma(3 * x + a),
    lambda m, x, v, a, b, c: m.minimum(x - a, b * v - c),
    lambda m, x, v, a, b, c: m.cbrt(x - a) + b * v,
    lambda m, x, v, a, b, c: m.sqrt(x - a) - b * v,
    lambda m, x, v, a, b, c: m.log(x - a) + 1.5,
    lambda m, x, v, a, b, c: m.floor(3 * x + a) - 0.5,
    lambda m, x, v, a, b, c: m.exp(m.cbrt(x - a)) - 1.5,
    lambda m, x, v, a, b, c: m.maximum(m.abs(x) - a, v - b) - c * x,
    lambda m, x, v, a, b, c: m.where((x > a) & (v > b), x - c, v + c),
    lambda m, x, v, a, b, c: m.where(m.cbrt(x - a) > b, 1.0, m.tan(2 * v)),
    lambda m, x, v, a, b, c: m.atan2(x - a, v - b),
    lambda m, x, v, a, b, c: m.abs(m.abs(m.abs(x - a) - 0.5) - 0.2) - m.abs(c) * 0.1,
]
ROUGH: list[Formula] = [
    lambda m, x, v, a, b, c: 1 / (x - a) + m.cbrt(v - b),
    lambda m, x, v, a, b, c: m.gamma(x - a) - 3 * b,
    lambda m, x, v, a, b, c: m.cbrt(x - a) + m.cbrt(v - b),
    lambda m, x, v, a, b, c: m.cbrt(x - a) + b * m.cbrt(v - b) - c,
    lambda m, x, v, a, b, c: x + v - m.floor(3 * x + a),
    lambda m, x, v, a, b, c: 3 * x - m.floor(3 * x + a) - 0.5 + 0.3 * c,
    lambda m, x, v, a, b, c: m.atan2(x - a, v - b) - 3 * c,
    lambda m, x, v, a, b, c: m.atan2(x - a, v - b) - x * c,
    lambda m, x, v, a, b, c: m.sqrt(x - a) + m.sqrt(v - b) - c - 0.5,
    lambda m, x, v, a, b, c: m.log(x - a) + m.cbrt(v - b) - c,
    lambda m, x, v, a, b, c: m.exp(m.cbrt(x - a)) - v - 1,
    lambda m, x, v, a, b, c: m.tan(3 * x) * m.cbrt(v - b) - c,
    lambda m, x, v, a, b, c: m.sqrt(x - a) - c * m.cbrt(v - b),
    lambda m, x, v, a, b, c: m.tan(2 * m.cbrt(x - a)) - c,
    lambda m, x, v, a, b, c: m.gamma(3 * x + a) * v - m.cbrt(v),
]


def signs_of(formula: Formula, values: np.ndarray, t: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        g = formula(Arrays(), np.cos(t + 1), -np.sin(t + 1), *values)
    return np.sign(np.broadcast_to(g, t.shape))


def sampled(formula: Formula, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times and directions of sign changes."""
    signs = signs_of(formula, values, TIMES)
    i = np.flatnonzero(signs[1:] * signs[:-1] < 0)
    low, high, first = TIMES[i], TIMES[i + 1], signs[i]
    for _ in range(60):
        middle = (low + high) / 2
        same = signs_of(formula, values, middle) == first
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return high, -first


def is_right(formula: Formula, values: np.ndarray, own: list[tuple[float, int]]) -> bool:
    """Every sign change of sampling is there, and each that is there is one."""
    times, directions = sampled(formula, values)
    seen, new = np.array([t for t, _ in own]), np.array([d for _, d in own])
    for t, d in zip(times, directions, strict=True):
        if not (new[np.abs(seen - t) < 1e-6] == d).any():
            return False
    if not len(seen):
        return True
    gaps = np.minimum(np.diff(seen, prepend=-1.0), np.diff(seen, append=END + 1)) / 3
    right = np.zeros(len(seen), dtype=bool)
    for room in (1e-7, 1e-9, 1e-11):  # the domain may end right behind
        near = np.minimum(gaps, room)
        before, after = (signs_of(formula, values, seen + k * near) for k in (-1, 1))
        right |= (near > 0) & (before == -new) & (after == new)
    return bool(right.all())


def found(ta: ty.Integrator, ends: np.ndarray) -> list[list[tuple[float, int]]]:
    """Sign changes of all events, over several propagations."""
    listed: list[list[tuple[float, int]]] = [[] for _ in ta.events]
    for end in ends:
        outcome = ta.propagate_until(end)
        assert outcome.status is ty.Status.REACHED
        for own, seen in zip(listed, outcome.events, strict=True):
            pairs = zip(seen.times.tolist(), seen.directions.tolist(), strict=True)
            own += [(t, d) for t, d in pairs if d]
    return listed


def faults(formulas: list[Formula], cases: int, first: int = 0) -> tuple[list[Any], int]:
    """Cases in which what is found is not what sampling finds, and how many were compared."""
    events = [ty.Event(f(ty, X, V, A, B, C)) for f in formulas]
    start = [math.cos(1), -math.sin(1)]
    own = [p for p in PARAMETERS if any(p is q for e in events for q in inputs([e.expression]))]
    zero = dict.fromkeys(own, 0.0)
    ta = ty.Integrator([(X, V), (V, -X)], start, events=events, parameters=zero)
    bad, compared = [], 0
    for seed in range(first, first + cases):
        rng = np.random.default_rng(seed)
        values = rng.uniform(-0.95, 0.95, 3)
        cuts = np.sort(rng.uniform(0, END, rng.integers(0, 4)))
        ta.state[:], ta.time = start, 0.0
        given = zip(PARAMETERS, values, strict=True)
        ta.parameters = {p: value for p, value in given if p in zero}
        listed = found(ta, np.append(cuts, END))
        if rng.uniform() < 0.5:
            back = found(ta, np.append(cuts[::-1], 0.0))
            listed = [own[::-1] for own in back]
        for number, (formula, own) in enumerate(zip(formulas, listed, strict=True)):
            compared += 1
            if not is_right(formula, values, own):
                times = sampled(formula, values)[0].tolist()
                bad.append((seed, number, values.tolist(), own, times))
    return bad, compared


def test_functions_that_are_taken_apart(scale: int) -> None:
    bad, compared = faults(FORMULAS, 20 * scale)
    print(f"random run: {compared} event functions, {len(bad)} wrong")
    assert not bad, bad[0]
    assert compared == 20 * scale * len(FORMULAS)


@pytest.mark.parametrize("number", range(len(ROUGH)))
def test_functions_that_are_searched_by_values(number: int, scale: int) -> None:
    """These say that zeros close together may be missed."""
    bad, compared = faults([ROUGH[number]], scale)
    print(f"random run: {compared} event functions, {len(bad)} wrong")
    assert not bad, bad[0]
    assert compared


def test_what_is_not_certain_is_said() -> None:
    events = [ty.Event(X), ty.Event(ty.gamma(X) - 2), ty.Event(ty.cbrt(X))]
    ta = ty.Integrator([(X, V), (V, -X)], [0.5, 0.0], events=events)
    message = ta.propagate_until(0.5).message
    assert "events[1]:" in message
    assert "may be missed" in message
    ta.events = events[:1]
    assert ta.propagate_until(1.0).message == ""
