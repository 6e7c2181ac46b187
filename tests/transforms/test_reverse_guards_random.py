"""Random chains of array operations that are singular in elements that nobody takes.

Forward, the branch not taken is dropped element by element; backward has to give the same numbers,
and finite ones.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gradient_checks import value

import taylor as ty
from taylor.expressions.leaves import ONE, as_expression
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints

SINGULAR = (np.sqrt, np.log, lambda x: 1 / x, lambda x: x**-1.5, lambda x: np.arcsin(x / 2))
Step = Callable[[Any], Any]


def linear(rng: random.Random, shape: tuple[int, ...]) -> Step:
    """What moves or adds up elements of an array of a shape of two axes."""
    n, m = shape
    w = np.random.default_rng(rng.randrange(99)).normal(size=(m, 3))
    places = np.array([[rng.randrange(n * m) for _ in range(3)] for _ in range(2)])
    steps: list[Step] = [
        lambda x: x.T * 1.5,
        lambda x: x[::-1, 1:],
        lambda x: x @ w,
        lambda x: np.einsum("ij,jk->ki", x, w),
        lambda x: x.reshape(-1)[places],
        lambda x: np.concatenate([x, 2 * x], axis=0),
        lambda x: np.stack([x[0], x[-1] * x[0]]),
        lambda x: np.cumsum(x, axis=0),
        lambda x: x.sum(axis=1)[:, None] * np.ones((1, 2)),
        lambda x: np.cumprod(x, axis=1),
        lambda x: np.max(x, axis=1)[:, None] - x,
        lambda x: x + x[:1] * x[:, :1],
        lambda x: ty.fori_loop(0, 2, lambda i, s: np.sqrt(s) * x, x),
        lambda x: ty.scan(lambda s, row: (s * row, 1 / s), x[0], x)[1],
        lambda x: np.prod(x, axis=0)[None, :] * np.arange(1.0, 3.0)[:, None],
    ]
    return rng.choice(steps)


def chain(seed: int, x: Any) -> Any:
    """A chain with singular steps."""
    rng = random.Random(seed)
    found = x
    for k in range(rng.randrange(2, 5)):
        if found.ndim != 2 or 0 in found.shape:
            break
        if k == 1 or rng.random() < 0.3:
            found = rng.choice(SINGULAR)(found)
        found = linear(rng, found.shape)(found)
    return found


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # of NumPy's sums of NaN
@pytest.mark.seeds(30, 215, 463)
def test_what_is_not_taken_does_not_disturb(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = ty.variable("x", (3, 3))
    point = np.round(rng.normal(size=(3, 3)) * 2) / 2  # with zeros and negative numbers
    point[0] = np.abs(point[0]) + 0.25
    e = as_expression(chain(seed, x))
    with np.errstate(all="ignore"):
        taken = np.isfinite(value(e, [x], [point]))
    switch = ty.variable("switch", e.shape)
    masks = taken.astype(float), (taken & (rng.random(e.shape) < 0.5)).astype(float)
    kept = np.where(switch > 0, e, 0)
    (gradient,) = adjoints([kept.sum()], [ONE], [x])
    compiled = ty.compile(gradient, [x, switch])
    for mask in masks:
        found = value(gradient, [x, switch], [point, mask])
        right = np.empty((3, 3))
        for place in np.ndindex(3, 3):
            unit = np.zeros((3, 3))
            unit[place] = 1.0
            (slope,) = tangents([kept], {x: as_expression(unit)})
            right[place] = value(slope, [x, switch], [point, mask]).sum()
        usable = np.isfinite(right)
        assert np.isfinite(found[usable]).all()
        most = max(1.0, np.abs(right[usable]).max(initial=0.0))
        np.testing.assert_allclose(found[usable], right[usable], rtol=0, atol=1e-12 * most)
        np.testing.assert_allclose(
            compiled(point, mask)[usable], right[usable], rtol=0, atol=1e-12 * most
        )
