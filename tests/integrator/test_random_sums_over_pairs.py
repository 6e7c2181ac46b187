"""Random forces between pairs have the same series whether pairs are computed once or twice."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import taylor as ty
import taylor_runtime.passes.pairs.fold as fold
from taylor_runtime.program.arrays import Pairs

N = 33


class Forces:
    """A random slope of x, of shape (N, k) or (N,), with NumPy's functions alone."""

    def __init__(self, seed: int) -> None:
        rng, numbers = random.Random(seed), np.random.default_rng(seed)
        self.rng, self.seed = rng, seed
        self.k = rng.choice((0, 1, 2, 3))
        self.masses = numbers.uniform(0.5, 1.5, N)
        square = numbers.uniform(0.5, 1.5, (N, N))
        self.matrices = [square + square.T, square, square - square.T, np.eye(N)]
        self.axis = rng.choice((0, 1))

    def __call__(self, x: Any) -> Any:
        self.rng.seed(self.seed + 1000)  # the same choices each time
        apart = [(slice(None), None), (None, slice(None))]
        i, j = (x[index] for index in apart)
        m, n = (self.masses[index] for index in apart)
        squares = (i - j) ** 2
        if self.k:
            squares = squares.sum(axis=-1)
        scalars = [squares, m * n, m + n, m, n, *self.matrices, 0.5 * squares + m * n]
        if self.rng.random() < 0.3:
            scalars.append((i * j).sum(axis=-1) if self.k else i * j)
        if self.rng.random() < 0.2:
            scalars.append(i[..., 0] + 0.1 * j[..., 0] if self.k else i + 0.1 * j)
        factor = self.function(scalars)
        for _ in range(self.rng.randrange(2)):
            factor = factor * self.function(scalars)
        differences = [i - j, j - i, i + j, 2 * i - j, (i - j) ** 3, i * j]
        pair = self.rng.choice(differences[: self.rng.choice((2, 2, 6))])
        found = pair * (factor[..., None] if self.k else factor)
        if self.rng.random() < 0.5:
            mass = self.rng.choice((m, n))
            found = (mass[..., None] if self.k else mass) * found
        return found.sum(axis=self.axis) / N - 0.1 * x

    def function(self, scalars: list[Any]) -> Any:
        """A function of one or two of some arrays."""
        s = self.rng.choice(scalars)
        if self.rng.random() < 0.3:
            s = s + self.rng.choice(scalars)
        kind = self.rng.randrange(6)
        if kind == 0:
            return np.exp(-0.2 * s)
        if kind == 1:
            return np.cos(s)
        if kind == 2:
            return (s**2 + 1) ** -1.5
        if kind == 3:
            return s / (2 + s**2)
        if kind == 4:
            return np.sqrt(1 + s**2)
        return s


def _first_step(slope: Forces, start: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """The slope, all coefficients of a step, and the sums over pairs."""
    x = ty.variable("x", shape=start.shape)
    ta = ty.Integrator([(x, slope(x))], start.ravel(), tol=1e-8)
    count = sum(isinstance(row.moved, Pairs) for row in ta._machine.stepper.program.rows)
    dense = ta.propagate_until(0.1, max_steps=1, dense=True).dense
    coefficients = dense.coefficients[0]
    return coefficients[1] / dense.scales[0], coefficients, count


@pytest.mark.seeds(20)
def test_pairs_once_or_twice(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    slope = Forces(seed)
    shape = (N, slope.k) if slope.k else (N,)
    start = np.random.default_rng(seed + 100).uniform(-1, 1, shape)
    found, coefficients, count = _first_step(slope, start)
    wanted = slope(start).ravel()
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12 * np.abs(wanted).max())
    monkeypatch.setattr(fold, "FEWEST", N + 1)
    _, others, none = _first_step(slope, start)
    assert not none
    largest = np.abs(others).max(axis=1, keepdims=True) + 1e-300
    assert (np.abs(coefficients - others) / largest).max() < 1e-12, count


def test_some_of_them_are_computed_once() -> None:
    counts = [
        _first_step(Forces(seed), np.ones((N, 3)))[2] for seed in range(40) if Forces(seed).k == 3
    ]
    assert 0 < sum(counts) < len(counts)
