"""Random programs with loops and branches, nested, against the same run by Python and by mpmath."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp

import taylor as ty

ORDER = 8
NAMES = ["sin", "cos", "exp", "atan", "tanh"]
M = SimpleNamespace(**{name: getattr(ty, name) for name in NAMES})
P = SimpleNamespace(**{name: getattr(mp, name) for name in NAMES})
Program = Callable[[Any, Any], Any]  # of a module of functions, and of x


def formula(rng: random.Random) -> Callable[[Any, list[Any]], Any]:
    """A bounded, smooth combination of some values."""
    kind, name = rng.randrange(5), rng.choice(NAMES)
    i, k = rng.randrange(9), rng.randrange(9)
    c = rng.choice([0.25, 0.5, -0.5, 0.75])

    def value(m: Any, values: list[Any]) -> Any:
        a, b = values[i % len(values)], values[k % len(values)]
        if kind == 0:
            return a * c + b / 4
        if kind == 1:
            return m.sin(a * b) + c
        if kind == 2:
            return getattr(m, name)(a * c)
        if kind == 3:
            return a / (b * b + 2) + c
        return (1 + a * a) ** 0.5 * c if not isinstance(a, mp.mpf) else mp.sqrt(1 + a * a) * c

    return value


def block(rng: random.Random, depth: int) -> Callable[[Any, list[Any]], list[Any]]:
    """Statements that change two values, of two values and others around."""
    if depth == 0 or rng.random() < 0.25:
        first, second = formula(rng), formula(rng)
        return lambda m, v: [first(m, v), second(m, v)]
    kind, inner, other = rng.randrange(4), block(rng, depth - 1), block(rng, depth - 1)
    turns, border = rng.randrange(4), rng.choice([-0.35, 0.15, 0.45])

    def statement(m: Any, v: list[Any]) -> list[Any]:
        rest = v[2:]
        pair = (v[0], v[1])
        if kind == 0:
            found = ty.fori_loop(
                0, turns, lambda i, s: tuple(inner(m, [s[0] + i / 8, s[1], *rest])), pair
            )
        elif kind == 1:
            found = ty.while_loop(
                lambda s: (s[0] > border) & (s[2] < 4),
                lambda s: (*inner(m, [s[0] - s[2], s[1], *rest]), s[2] + 1),
                (*pair, 0),
            )[:2]
        elif kind == 2:
            found = ty.cond(
                v[0] > border,
                lambda a, b: tuple(inner(m, [a, b, *rest])),
                lambda a, b: tuple(other(m, [a, b, *rest])),
                *pair,
            )
        else:
            found, ends = ty.scan(
                lambda s, c: (tuple(inner(m, [s[0] * c, s[1], *rest])), s[0] * c),
                pair,
                np.array([0.5, -1.0, 0.75]),
            )
            found = (found[0] + ends[0], found[1] + ends[2])
        return [*found]

    return statement


def program(seed: int) -> Program:
    rng = random.Random(seed)
    steps = [block(rng, 2) for _ in range(rng.randint(1, 2))]

    def function(m: Any, x: Any) -> Any:
        values = [x * 1, x * x - 0.5]
        for step in steps:
            values = step(m, [*values, x])
        return values[0] + values[1] / 2

    return function


@pytest.mark.seeds(15, 256, 477)
def test_random_programs(seed: int) -> None:
    function = program(seed)
    rng = random.Random(1000 + seed)
    points = np.array([rng.uniform(-1, 1) for _ in range(9)])
    found = ty.compile(lambda x: function(M, x))(points)
    jets = ty.jet(lambda x: function(M, x), points, ORDER)
    for k, point in enumerate(points):
        assert found[k] == pytest.approx(float(function(M, float(point))), rel=1e-12, abs=1e-13)
        assert jets[0, k] == pytest.approx(found[k], rel=1e-12, abs=1e-13)
    with mp.workdps(50):
        right = mpmath.taylor(lambda x: function(P, x), mp.mpf(points[0]), ORDER)
        size = max(1, *map(abs, right))
        for n, (value, exact) in enumerate(zip(jets[:, 0], right, strict=True)):
            assert abs(value - exact) < 1e-11 * size, n
    x = ty.variable("x")
    slope = ty.diff(function(M, x), x)
    assert slope.evaluate({x: points[0]}) == pytest.approx(jets[1, 0], rel=1e-10, abs=1e-11)
