"""Random functions of columns, vectors and matrices: NumPy's values, slopes of central differences.

Columns are compiled as vectors where that makes loops fewer; whoever reads them in their own shape
(takes, sorts, products, assignments) must not see the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

import taylor as ty

Draw = np.random.Generator
Array = np.ndarray
SIZES = (1, 2, 3, 5, 8, 16, 17, 40)
MOST = 3000  # elements


def assigned(a: Array, draw: Draw) -> Array:
    made = a.copy()
    made[0] = 2 * a[-1]
    return made


# What is done to an array of some axes, and of at most how many elements.
STEPS: Sequence[tuple[Callable[[Array, Draw], Array], int, int]] = (
    (lambda a, draw: np.tanh(a) * 0.5 + 1, 0, MOST),
    (lambda a, draw: np.sum(a, axis=-1, keepdims=True), 2, MOST),
    (lambda a, draw: np.take(a, draw.integers(0, a.shape[0], draw.integers(1, 6)), 0), 0, MOST),
    (lambda a, draw: np.concatenate([a, 2 * a]), 0, 200),
    (lambda a, draw: np.cumsum(a, axis=0), 0, MOST),
    (lambda a, draw: a.T, 2, MOST),
    (lambda a, draw: a[..., 0], 2, MOST),
    (lambda a, draw: a[None, ..., None], 0, MOST),
    (lambda a, draw: np.where(a > 0.7, a, a * a), 0, MOST),
    (lambda a, draw: a[::-1], 0, MOST),
    (lambda a, draw: a - np.mean(a, axis=0, keepdims=True), 0, MOST),
    (lambda a, draw: np.max(a, axis=-1, keepdims=True) - a, 0, MOST),
    (lambda a, draw: np.einsum("i...,i...->...", a, a)[None], 1, 400),
    (lambda a, draw: a.reshape(-1), 0, MOST),
    (lambda a, draw: np.sort(a, axis=0), 0, 400),
    (assigned, 0, MOST),
)


def function(seed: int) -> Callable[..., list[Array]]:
    """A chain of random steps, the same at each call."""

    def made(x: Array, y: Array, w: Array) -> list[Array]:
        draw = np.random.default_rng(seed)
        found = [x, y, w, np.sum(w, axis=1, keepdims=True), x[:, None]]
        for _ in range(draw.integers(4, 12)):
            a, b = (found[draw.integers(len(found))] for _ in range(2))
            step, axes, most = STEPS[draw.integers(len(STEPS))]
            if draw.random() < 0.25:
                try:
                    shape = np.broadcast_shapes(a.shape, b.shape)
                except ValueError:
                    continue
                made = a * b + 0.3 if np.prod(shape) < MOST else a + 0.1
            elif a.ndim >= axes and a.size <= most:
                made = step(a, draw)
            else:
                continue
            if 0 < made.ndim < 4:
                found.append(made)
        return found[-4:]

    return made


def operands(seed: int) -> list[Array]:
    draw = np.random.default_rng([seed, 1])
    n, m = draw.choice(SIZES), draw.choice(SIZES[:6])
    return [draw.uniform(0.5, 1.5, shape) for shape in ((n,), (m,), (n, m))]


@pytest.mark.parametrize("part", range(4))
def test_values_and_slopes(part: int, scale: int) -> None:
    for seed in range(10 * part * scale, 10 * (part + 1) * scale):
        made, given = function(seed), operands(seed)
        wanted, found = made(*given), ty.jit(made)(*given)
        for one, other in zip(found, wanted, strict=True):
            assert np.shape(one) == other.shape, seed
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12, err_msg=str(seed))
        if seed % 2:
            continue

        def total(*values: Array, made: Callable[..., list[Array]] = made) -> Array:
            return sum((np.sum(np.tanh(v)) for v in made(*values)), np.float64(0))

        draw, h = np.random.default_rng([seed, 2]), 1e-6
        along = [draw.normal(size=a.shape) for a in given]
        slopes = ty.grad(total, argnums=(0, 1, 2))(*given)
        slope = sum(np.sum(s * d) for s, d in zip(slopes, along, strict=True))
        ends = [total(*(a + k * d for a, d in zip(given, along, strict=True))) for k in (h, -h)]
        assert slope == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-4, abs=1e-4), seed
