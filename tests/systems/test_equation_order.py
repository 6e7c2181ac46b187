"""Random systems whose equations come in any order: each compiles, and ends where SciPy's does.

Derivatives that are constant in time (parameters, functions of them, numbers, zero) stand among
all others, because rows for them are made wherever the user's order happens to need them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import taylor as ty

CASES = 6
LARGE = 16  # with so many states, rows are packed and orders are looped
SPAN = 1.25
PARAMETERS = {"k": 0.75, "m": -1.25}

Right = Callable[[Sequence[Any], Any, Any, Any], Any]  # of states, k, m and time


def _steady(draw: random.Random) -> Right:
    c = draw.choice((0, 1, -0.5))
    menu: tuple[Right, ...] = (
        lambda y, k, m, t: c + 0 * k,
        lambda y, k, m, t: k,
        lambda y, k, m, t: -k / 3,
        lambda y, k, m, t: k * m + c,
        lambda y, k, m, t: np.sin(k) / m,
        lambda y, k, m, t: np.exp(m) - k**2,
    )
    return draw.choice(menu)


def _moving(draw: random.Random, count: int) -> Right:
    i, j = draw.randrange(count), draw.randrange(count)
    menu: tuple[Right, ...] = (
        lambda y, k, m, t: np.sin(y[i]),
        lambda y, k, m, t: np.cos(y[i] + k * t),
        lambda y, k, m, t: k * y[i],
        lambda y, k, m, t: -0.25 * y[i] * y[j],
        lambda y, k, m, t: y[i] / (2 + y[j] * y[j]),
        lambda y, k, m, t: np.exp(-y[i] * y[i]) * m,
        lambda y, k, m, t: np.arctan(y[i]) - y[j],
        lambda y, k, m, t: (2 + np.sin(y[i])) ** 1.5 / 4,
        lambda y, k, m, t: np.tanh(y[i] - m) + t,
    )
    return draw.choice(menu)


def _right_sides(draw: random.Random, count: int) -> list[Right]:
    found = [_steady(draw) if draw.random() < 0.4 else _moving(draw, count) for _ in range(count)]
    found[draw.randrange(count)] = lambda y, k, m, t: k - m  # both parameters are always there
    return found


def _end(rights: list[Right], start: list[float], order: list[int], precision: str) -> np.ndarray:
    names = [ty.variable(f"y{i}") for i in range(len(start))]
    k, m = ty.parameters("k m")
    system = [(names[i], rights[i](names, k, m, ty.time) + ty.constant(0)) for i in order]
    state = [start[i] for i in order]
    ta = ty.Integrator(system, state, parameters=PARAMETERS, precision=precision)
    assert ta.propagate_until(SPAN).status is ty.Status.REACHED
    end = ta.state if precision != "double-double" else ta.state[:, 0]
    return np.array([float(end[order.index(i)]) for i in range(len(start))])


def _by_scipy(rights: list[Right], start: list[float]) -> np.ndarray:
    k, m = PARAMETERS.values()
    found = solve_ivp(
        lambda t, y: [right(y, k, m, t) for right in rights],
        (0.0, SPAN),
        start,
        method="DOP853",
        rtol=1e-12,
        atol=1e-12,
    )
    assert found.success
    return np.asarray(found.y[:, -1])


def test_every_order_of_equations_compiles_and_ends_in_the_same_state(scale: int) -> None:
    for case in range(CASES * scale):
        draw = random.Random(case)
        count = LARGE if case % 6 == 5 else draw.choice((1, 2, 3, 4, 5))
        precision = "double-double" if case % 12 == 4 else "float64"
        rights = _right_sides(draw, count)
        start = [draw.uniform(-1, 1) for _ in range(count)]
        right = _by_scipy(rights, start)
        for _ in range(2):
            order = draw.sample(range(count), count)
            end = _end(rights, start, order, precision)
            assert end == pytest.approx(right, rel=2e-10, abs=2e-10), (case, order)


def test_a_derivative_may_name_a_parameter_that_comes_later() -> None:
    a, b, k = ty.variable("a"), ty.variable("b"), ty.parameter("k")
    ends = []
    for system in ([(a, ty.sin(b)), (b, k)], [(b, k), (a, ty.sin(b))]):
        start = [0.1 if state is a else 0.2 for state, _ in system]
        ta = ty.Integrator(system, start, parameters={k: 1.5})
        ta.propagate_until(1.0)
        ends.append(dict(zip("ab" if system[0][0] is a else "ba", ta.state, strict=True)))
    exact = 0.1 + (np.cos(0.2) - np.cos(1.7)) / 1.5
    assert [end["a"] for end in ends] == pytest.approx([exact, exact], rel=1e-15)
    assert [end["b"] for end in ends] == pytest.approx([1.7, 1.7], rel=1e-15)
