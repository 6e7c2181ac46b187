"""Loops that stay loops in differential equations, against the same written out by Python."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp

import taylor as ty
from taylor.systems import blocks

TABLE = np.random.default_rng(5).standard_normal((8, 6)) / 2


class Python:
    """Loops as Python has them."""

    @staticmethod
    def fori_loop(lower: int, upper: int, body: Any, init: Any) -> Any:
        for i in map(ty.constant, range(lower, upper)):
            init = body(i, init)
        return init

    @staticmethod
    def scan(f: Any, init: Any, xs: Any, reverse: bool = False) -> Any:
        found = [None] * len(xs)
        for t in reversed(range(len(xs))) if reverse else range(len(xs)):
            init, found[t] = f(init, xs[t])
        return init, ty.stack(found)

    @staticmethod
    def switch(index: Any, branches: Any, *operands: Any) -> Any:
        return branches[min(max(int(index.payload), 0), len(branches) - 1)](*operands)


def put(a: Any, i: Any, value: Any) -> Any:
    b = a.copy()
    b[i] = value
    return b.now


TABLED = ty.constant(TABLE)
CASES: dict[str, Callable[[Any, Any], Any]] = {
    "carry": lambda m, x: m.fori_loop(0, 4, lambda i, c: c * 0.5 + x * i, x),
    "products": lambda m, x: m.fori_loop(1, 5, lambda i, c: TABLED[i] * c * c[i - 1], x),
    "recursion": lambda m, x: m.fori_loop(2, 6, lambda i, c: put(c, i, c[i - 1] * c[i - 2]), x),
    "quotients": lambda m, x: m.fori_loop(0, 3, lambda i, c: c / (1 + (c * c).sum()) + x / 8, x),
    "functions": lambda m, x: m.fori_loop(
        0, 3, lambda i, c: ty.sin(c) + ty.exp(-(x[i] ** 2)) / 4, x
    ),
    "steady until later": lambda m, x: m.fori_loop(
        0, 3, lambda i, s: (s[1] * x[i], s[2] + i, s[0] + 1), (x, np.ones(6), x * 0 + 1)
    )[0],
    "counter": lambda m, x: m.fori_loop(
        0, 4, lambda i, s: (s[0] * x[s[1]], s[1] + 1), (x * 0 + 1, ty.constant(0))
    )[0],
    "nested": lambda m, x: m.fori_loop(
        0, 3, lambda i, c: m.fori_loop(0, 2, lambda k, d: ty.cos(d + c[k] * i) * x, c), x
    ),
    "scan": lambda m, x: (lambda s: s[0] + s[1].sum(axis=0) * s[1][2])(
        m.scan(lambda c, a: (c * 0.5 + a, c * x[1]), x, TABLED[:4])
    ),
    "scan in reverse": lambda m, x: (lambda s: s[0] * x + s[1][0])(
        m.scan(lambda c, a: (c * a.sum(), (c * a).sum() * x), x[0], TABLED[:4], reverse=True)
    ),
    "slices of states": lambda m, x: m.scan(lambda c, a: (c + a * a, a), 0 * x[0], x)[0] * x,
    "choice by the turn": lambda m, x: m.fori_loop(
        0,
        4,
        lambda i, c: m.switch(i, [lambda d: d * x, lambda d: d + x[2], lambda d: 0.25 * d], c),
        x,
    ),
}


def motion(force: Any, **options: Any) -> tuple[float, np.ndarray]:
    x = ty.variable("x", shape=6)
    ta = ty.Integrator([(x, -force(x))], np.linspace(0.2, 0.9, 6), **options)
    for _ in range(2):
        ta.step()
    return ta.time, np.array(ta.state, dtype=float)


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
@pytest.mark.parametrize("name", CASES)
def test_steps(name: str, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "FEWEST", -1)
    monkeypatch.setattr(blocks, "NARROW", -1)  # as loops, however narrow they are
    case = CASES[name]
    found = motion(lambda x: case(ty, x), precision=precision)
    right = motion(lambda x: case(Python, x), precision=precision)
    bound = 1e-4 if precision == "float32" else 1e-13
    assert found[0] == pytest.approx(right[0], rel=100 * bound)
    if precision != "float32":
        np.testing.assert_allclose(found[1], right[1], rtol=1e-11, atol=1e-13)
    else:
        np.testing.assert_allclose(found[1], right[1], rtol=1e-2)


def test_equations_of_numbers_with_a_long_loop() -> None:
    """A Fourier sum of 400 terms, as a loop; mpmath integrates the same."""
    numbers = np.random.default_rng(0).standard_normal(400) / np.arange(1, 401) ** 2
    table = ty.constant(numbers)

    def force(x: Any) -> Any:
        return ty.fori_loop(0, 400, lambda i, s: s + table[i] * ty.sin(x * (i / 40)), 0.0 * x)

    x, v = ty.variables("x v")
    ends = []
    for equations in ([(x, v), (v, -x + force(x))], lambda t, y: [y[1], -y[0] + force(y[0])]):
        ta = ty.Integrator(equations, [0.5, 0.1])
        ta.propagate_until(0.5)
        ends.append(ta.state.tolist())
    assert ends[0] == ends[1]

    def slope(t: Any, y: Any) -> Any:
        total = mp.fsum(mp.mpf(c) * mp.sin(y[0] * i / 40) for i, c in enumerate(numbers))
        return [y[1], -y[0] + total]

    with mp.workdps(20):
        right = mpmath.odefun(slope, 0, [mp.mpf(0.5), mp.mpf(0.1)], tol=mp.mpf(10) ** -17)(0.5)
        assert all(abs(a - b) < 1e-15 for a, b in zip(ends[0], right, strict=True))


def test_newtons_method_with_a_bound() -> None:
    """y^3 + y = x by eight iterations, in a right-hand side: y' follows from the equation."""

    def root(x: Any) -> Any:
        return ty.fori_loop(0, 8, lambda i, y: y - (y**3 + y - x) / (3 * y * y + 1), x / 2)

    x = ty.variable("x", shape=200)
    start = np.linspace(0.1, 2, 200)
    ta = ty.Integrator([(x, -root(x))], start)
    ta.propagate_until(0.5)
    y = ty.variable("y", shape=200)
    first = np.real(ty.compile(root, shapes=[200])(start))
    # x = y + y^3, so that (1 + 3 y^2) y' = -y.
    tb = ty.Integrator([(y, -y / (1 + 3 * y * y))], first)
    tb.propagate_until(0.5)
    np.testing.assert_allclose(ta.state, tb.state + tb.state**3, rtol=1e-13)


def test_parameters_choose_elements() -> None:
    n = ty.parameter("n")
    x = ty.variable("x", shape=300)
    table = ty.constant(np.arange(300.0))

    def end(k: float) -> np.ndarray:
        ta = ty.Integrator([(x, -x * table[n] / 300 + x[n] * 0)], np.ones(300), parameters={n: k})
        ta.propagate_until(1.0)
        return ta.state

    np.testing.assert_allclose(end(30.0), np.exp(-0.1) * np.ones(300), rtol=1e-14)
    np.testing.assert_allclose(end(-3.0), np.exp(-0.99) * np.ones(300), rtol=1e-14)


def test_other_loops_say_what_to_write() -> None:
    x = ty.variable("x", shape=300)
    loops = [
        ty.while_loop(lambda s: s.sum() > 1, lambda s: s / 2, x),
        ty.fori_loop(0, x[0], lambda i, s: s * 0.5, x),
    ]
    for force in loops:
        with pytest.raises(ty.UnsupportedFunctionError, match="as many as are ever wanted"):
            ty.Integrator([(x, -force)], np.ones(300))


@pytest.mark.parametrize("seed", range(6))
def test_random_forces(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "FEWEST", -1)
    monkeypatch.setattr(blocks, "NARROW", -1)  # as loops, however narrow they are
    rng = random.Random(seed)
    names = rng.sample(sorted(CASES), 2)
    size = rng.choice([0.5, 0.25])

    def force(m: Any, x: Any) -> Any:
        inner = CASES[names[0]](m, x * size)
        return x + CASES[names[1]](m, inner) / 4

    found, right = motion(lambda x: force(ty, x)), motion(lambda x: force(Python, x))
    assert found[0] == pytest.approx(right[0], rel=1e-10)
    np.testing.assert_allclose(found[1], right[1], rtol=1e-11, atol=1e-13)


def test_states_that_are_moved() -> None:
    """A derivative that has nothing but elements of states, put together."""
    x = ty.variable("x", shape=600)
    start = np.sin(np.arange(600.0))
    ta = ty.Integrator([(x, np.roll(x, 1))], start)
    ta.propagate_until(0.5)
    right = sum(np.roll(start, k) * 0.5**k / math.factorial(k) for k in range(20))
    np.testing.assert_allclose(ta.state, right, rtol=1e-13, atol=1e-14)


def test_operands_that_states_read_late() -> None:
    """What a loop reads of a row is kept, though the states need one order alone."""
    x, v = ty.variable("x", shape=300), ty.variable("v", shape=300)
    start = np.linspace(0.1, 1, 300)
    ends = []
    for module in (ty, Python):
        force = np.sin(x) * 0.5
        total = module.fori_loop(0, 3, lambda i, c, f=force: c * f + 0.25, force)
        ta = ty.Integrator([(x, force), (v, total)], np.concatenate([start, start]))
        ta.propagate_until(1.0)
        ends.append(ta.state)
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-14)
