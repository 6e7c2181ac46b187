"""Random programs of arrays: shapes that broadcast, moves, sums, contractions, loops and branches.

`program` gives a function of expressions that is smooth where its conditions do not change.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import taylor as ty

Step = Callable[[list[Any]], Any]  # of the values so far, the next one
BOUNDED = (np.sin, np.cos, np.tanh, np.arctan, lambda x: x / (1 + x * x), lambda x: np.exp(-x * x))
LARGEST = 24  # elements


def _elementwise(rng: random.Random) -> Step:
    i, k, function = rng.randrange(9), rng.randrange(9), rng.choice(BOUNDED)
    kind, c = rng.randrange(5), rng.choice([0.5, -0.75, 1.25])

    def step(values: list[Any]) -> Any:
        a, b = values[-1 - i % len(values)], values[-1 - k % len(values)]
        try:
            if np.prod(np.broadcast_shapes(a.shape, b.shape)) > LARGEST:
                b = b.sum()
        except ValueError:
            b = b.sum() / 4
        forms = (
            lambda: function(a * b + c),
            lambda: a / (2 + np.sin(b)),
            lambda: c * a - function(b),
            lambda: (1.5 + np.cos(a)) ** (b * 0.5),
            lambda: np.where(a > np.cos(b), function(a) * b, np.maximum(a * c, b)),
        )
        return forms[kind]()

    return step


def _moved(rng: random.Random) -> Step:
    i, kind, n = rng.randrange(9), rng.randrange(9), rng.randrange(1, 4)

    def step(values: list[Any]) -> Any:
        a = values[-1 - i % len(values)]
        if not a.shape:
            return a * np.linspace(0.5, 1.5, n)
        flat = a.reshape(-1)
        size = flat.shape[0]
        forms = (
            lambda: a[::-1] * 0.5,
            lambda: a.T,
            lambda: flat[n % size :] - flat[: size - n % size],
            lambda: flat[[k * n % size for k in range(size + 1)]],
            lambda: np.concatenate([flat[:n], np.sin(flat)[-n:]]),
            lambda: np.stack([a, a * a]) if a.size * 2 <= LARGEST else a[0],
            lambda: flat[::2] * np.roll(flat, n)[::2],
            lambda: np.broadcast_to(flat[:3], (2, min(size, 3))),
            lambda: flat[-1] * a[0],
        )
        return forms[kind]()

    return step


def _gathered(rng: random.Random) -> Step:
    i, k, kind = rng.randrange(9), rng.randrange(9), rng.randrange(8)

    def step(values: list[Any]) -> Any:
        a, b = values[-1 - i % len(values)], values[-1 - k % len(values)]
        if not a.shape or not b.shape:
            return np.sin(a.sum() + b.sum())
        short = min(a.size, b.size, 5)
        first, second = a.reshape(-1)[:short], b.reshape(-1)[:short]
        forms = (
            lambda: a.sum(axis=0) / 2,
            lambda: np.mean(a, axis=-1),
            lambda: first @ second / 2,
            lambda: np.outer(first[:4], second[:4]),
            lambda: np.tanh(np.cumsum(first) * second),
            lambda: np.prod(1 + first / 4) * np.cumprod(np.cos(second)),
            lambda: np.max(a + 0.1 * np.arange(a.shape[-1]), axis=-1),
            lambda: np.einsum("i,j->ji", first[:3], second[:3]) @ second[:3],
        )
        return forms[kind]()

    return step


def _looped(rng: random.Random, depth: int) -> Step:
    i, kind, turns = rng.randrange(9), rng.randrange(5), rng.randrange(1, 5)
    inner, other = ([_any(rng, depth - 1) for _ in range(2)] for _ in range(2))
    border = rng.choice([-0.4, 0.1, 0.7])

    def run(steps: Sequence[Step], values: list[Any]) -> list[Any]:
        found = list(values)
        for step in steps:
            found.append(step(found))
        return found

    def like(new: Any, old: Any) -> Any:
        """A value of the shape that goes from turn to turn."""
        return np.sin(old * 0.8 + new.sum() / (1 + new.size))

    def step(values: list[Any]) -> Any:
        a, rest = values[-1 - i % len(values)], values[:2]

        def turn(steps: Sequence[Step], s: Any, *more: Any) -> Any:
            return like(run(steps, [*rest, *more, s])[-1], s)

        if kind == 0:
            return ty.fori_loop(1, 1 + turns, lambda n, s: turn(inner, s * (1 + n / 16)), a)
        if kind == 1:
            rows = np.linspace(-1, 1, 2 * turns).reshape(turns, 2) * (1 + a.sum())
            last, all_of_them = ty.scan(
                lambda s, row: (turn(inner, s, row), row * s.sum()), a, rows, reverse=turns > 2
            )
            return last * all_of_them.sum()
        if kind == 2:
            return ty.cond(
                a.sum() > border, lambda s: turn(inner, s), lambda s: turn(other, s) * 2, a
            )
        if kind == 3:
            return ty.while_loop(
                lambda s: (np.sum(s[0] * s[0]) > border) & (s[1] < turns),
                lambda s: (turn(inner, s[0]), s[1] + 1),
                (a, 0),
            )[0]
        return ty.checkpoint(lambda s: turn(inner, s))(a)

    return step


def _any(rng: random.Random, depth: int) -> Step:
    makers = [_elementwise, _elementwise, _moved, _gathered]
    if depth > 0:
        return rng.choice([*makers, lambda r: _looped(r, depth), lambda r: _looped(r, depth)])(rng)
    return rng.choice(makers)(rng)


def program(seed: int, depth: int = 2) -> Callable[..., Any]:
    """A function of two arrays, which gives one number."""
    rng = random.Random(seed)
    steps = [_any(rng, depth) for _ in range(rng.randint(2, 5))]

    def function(*arguments: Any) -> Any:
        values = list(arguments)
        for step in steps:
            values.append(step(values))
        return sum((k + 1) * value.sum() / 4 for k, value in enumerate(values[2:]))

    return function


def shapes(seed: int) -> list[tuple[int, ...]]:
    """Those of the two arguments."""
    rng = random.Random(1000 + seed)
    return rng.choice([[(3,), ()], [(2, 3), (3,)], [(4,), (2, 1)], [(2, 2), (2, 2)], [(5,), (1,)]])
