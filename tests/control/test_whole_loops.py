"""Loops that become operations on whole arrays, and those that must not, against Python's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.nodes.traverse import reachable

SIZE = 40
RNG = np.random.default_rng(17)
Loop = Callable[[Any, Any], Any]


def stencil(u: Any, v: Any) -> Any:
    new = u.copy()
    for i in range(1, len(u) - 1):
        new[i] = u[i] + 0.1 * (u[i - 1] - 2 * u[i] + u[i + 1]) + v[i]
    return new


def of_the_number(u: Any, v: Any) -> Any:
    new = u.copy()
    for i in range(2, len(u)):
        new[i - 2] = np.sin(u[i]) * i + v[0]
    return new


def its_own_element(u: Any, v: Any) -> Any:
    new = u.copy()
    for i in range(len(u)):
        new[i] = new[i] * v[i] + new[i]
    return new


def a_constant(u: Any, v: Any) -> Any:
    new = u.copy()
    for i in range(5, 25):
        new[i] = v[3]
    return new


def two_at_once(u: Any, v: Any) -> Any:
    first, second = u.copy(), v.copy()
    for i in range(len(u) - 1):
        first[i] = u[i + 1] - v[i]
        second[i + 1] = u[i] * v[i]
    return first + second


def choices(u: Any, v: Any) -> Any:
    new = u.copy()
    for i in range(len(u)):
        new[i] = np.where(u[i] > 0, v[i], -u[i])
    return new


def rows(u: Any, v: Any) -> Any:
    table, new = np.stack([u, v], axis=1), np.stack([v, v], axis=1)
    for i in range(len(u) - 1):
        new[i] = table[i + 1] * 2 + i
    return new


def in_another(u: Any, v: Any) -> Any:
    for _ in range(9):
        new = u.copy()
        for i in range(1, len(u) - 1):
            new[i] = (u[i - 1] + u[i + 1]) / 2 + 0.01 * v[i]
        u = new
    return u


def running_sum(u: Any, v: Any) -> Any:
    new = u.copy()
    for i in range(1, len(u)):
        new[i] = new[i - 1] + u[i]
    return new


def from_ahead(u: Any, v: Any) -> Any:
    new = u.copy()
    for i in range(len(u) - 1):
        new[i] = new[i + 1] * v[i]
    return new


def into_one_another(u: Any, v: Any) -> Any:
    first, second = u.copy(), v.copy()
    for i in range(1, len(u)):
        first[i] = second[i - 1] + u[i]
        second[i] = first[i] * 0.5
    return first - second


def at_one_place(u: Any, v: Any) -> Any:
    new = u.copy()
    for i in range(len(u)):
        new[3] = new[3] * 0.5 + u[i]
    return new


def every_second(u: Any, v: Any) -> Any:
    new = u.copy()
    for i in range(len(u) // 2):
        new[2 * i] = u[i] + v[2 * i]
    return new


WHOLE: tuple[Loop, ...] = (
    *(stencil, of_the_number, its_own_element, a_constant, two_at_once, choices, rows),
)
ROLLED: tuple[Loop, ...] = (
    *(running_sum, from_ahead, into_one_another, at_one_place, every_second),
)


@pytest.mark.parametrize("loop", [*WHOLE, *ROLLED, in_another], ids=lambda f: f.__name__)
def test_values_are_those_of_python(loop: Loop) -> None:
    u, v = RNG.normal(size=SIZE), RNG.normal(size=SIZE)
    np.testing.assert_allclose(ty.program(loop)(u, v), loop(u, v), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("loop", [*WHOLE, *ROLLED, in_another], ids=lambda f: f.__name__)
def test_gradients_are_those_of_differences(loop: Loop) -> None:
    u, v = RNG.normal(size=SIZE), RNG.normal(size=SIZE)
    weights = RNG.normal(size=loop(u, v).shape)
    own = ty.program(loop)
    found = ty.grad(lambda u, v: np.sum(own(u, v) * weights), argnums=(0, 1))(u, v)
    along = RNG.normal(size=(2, SIZE))
    step = 1e-4

    def at(k: int) -> Any:
        return np.sum(loop(u + k * step * along[0], v + k * step * along[1]) * weights)

    wanted = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step)
    assert np.sum(found[0] * along[0] + found[1] * along[1]) == pytest.approx(wanted, rel=1e-9)


def loops_of(loop: Loop) -> list[str]:
    u, v = ty.variable("u", shape=(SIZE,)), ty.variable("v", shape=(SIZE,))
    return [e.op for e in reachable([ty.program(loop)(u, v)]) if str(e.op).endswith("loop")]


def test_what_becomes_whole_arrays() -> None:
    assert not any(loops_of(loop) for loop in WHOLE)
    assert all(loops_of(loop) for loop in ROLLED)
    assert loops_of(in_another) == ["fori_loop"]  # the one outside


def test_by_fori_loop_too() -> None:
    x = RNG.normal(size=SIZE)

    def turn(i: Any, z: Any) -> Any:
        new = z.copy()
        new[i] = 2 * z[i] + i
        return new

    def both(y: Any) -> Any:
        return ty.fori_loop(0, SIZE, turn, y.copy())

    np.testing.assert_allclose(ty.jit(both)(x), 2 * x + np.arange(SIZE), rtol=1e-15)
    series = ty.jet(lambda t: np.sum(ty.program(stencil)(np.exp(t * x), x)), 0.0, order=3)
    wanted = [np.sum(stencil(x**n / [1, 1, 2, 6][n], x * (n == 0))) for n in range(4)]
    np.testing.assert_allclose(series, wanted, rtol=1e-12)
