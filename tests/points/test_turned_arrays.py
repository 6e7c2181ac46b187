"""Arrays whose last axis is short are turned in machine code: sums of them, read in many ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.numbers.precision import FLOAT64
from taylor.points.arrays import CompiledArrays

SHAPES = ((4, 2, 2), (4, 2), (3, 4, 2))


def repeated(s: Any) -> Any:
    return np.broadcast_to(np.cos(s).sum(axis=(1, 2)).reshape(4, 1, 1), (4, 2, 2))


def turns(_: Any, s: Any) -> Any:
    return np.sin(0.8 * s + np.max(s, axis=1).reshape(4, 1))


CASES: list[Callable[..., Any]] = [
    lambda s, x, r: (x.reshape(4, 2, 1) * s).sum(axis=1),
    lambda s, x, r: (x.reshape(4, 2, 1) * s).sum(axis=1) + x,
    lambda s, x, r: (x.reshape(4, 2, 1) * s).sum(axis=1) + (x.reshape(4, 1, 2) * s).sum(axis=2),
    # results of turns, and what loops and branches begin with
    lambda s, x, r: ty.scan(
        lambda s, x: (np.cos(s), (x.reshape(4, 2, 1) * x.reshape(4, 1, 2)).sum(axis=1)), s, r
    )[1],
    lambda s, x, r: ty.scan(
        lambda s, x: (np.cos(s), (x.reshape(4, 2, 1) * repeated(s)).sum(axis=1)), s, r
    )[1],
    lambda s, x, r: ty.fori_loop(1, 4, turns, np.max(s + x[:, :, None], axis=2)),
    lambda s, x, r: ty.cond(
        x[0, 0] > 0, lambda a: np.sin(a), lambda a: a[::-1], (s * x[:, :, None]).sum(axis=1)
    ),
]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_sums_of_turned_arrays(number: int) -> None:
    rng = np.random.default_rng(number)
    given = [ty.variable(f"q{k}", shape=s) for k, s in enumerate(SHAPES)]
    points = [rng.normal(size=s) for s in SHAPES]
    e = CASES[number](*given)
    code = CompiledArrays([e], given, FLOAT64, "f", "")
    right = ty.evaluate(e, dict(zip(given, points, strict=True)))
    np.testing.assert_allclose(code(points, {})[0], right, rtol=1e-14, atol=1e-15)
