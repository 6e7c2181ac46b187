"""Expectations over random numbers: against sums of NumPy's, and against what they estimate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import taylor as ty

RNG = np.random.default_rng(11)
Z, U = RNG.normal(size=3000), RNG.uniform(size=3000)


def near(estimate: Any, variance: Any, exact: float) -> None:
    """Within four standard deviations."""
    assert abs(float(estimate) - exact) < 4 * math.sqrt(float(variance))


def close(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-12)


def square(m: Any, z: Any) -> Any:
    return (m + z) ** 2


def plain(m: Any, x: Any) -> Any:
    return x * x


def moved(m: Any, z: Any) -> Any:
    return m + z


def log_normal(m: Any, x: Any) -> Any:
    return -((x - m) ** 2) / 2


def test_pathwise() -> None:
    m = 1.5
    value, variance = ty.expectation(square)(m, Z)
    close(value, ((m + Z) ** 2).mean())
    close(variance, ((m + Z) ** 2).var(ddof=1) / len(Z))
    near(value, variance, m * m + 1)
    slope, spread = ty.expectation_grad(square)(m, Z)
    close(slope, 2 * (m + Z).mean())
    close(spread, (2 * (m + Z)).var(ddof=1) / len(Z))
    close(ty.hessian(lambda m: ty.expectation(square)(m, Z)[0])(m), 2)


def test_score_function() -> None:
    m = 1.5
    x = m + Z
    value, variance = ty.expectation(plain, moved, log_normal)(m, Z)
    close(value, (x * x).mean())
    close(variance, (x * x).var(ddof=1) / len(x))
    slope, spread = ty.expectation_grad(plain, moved, log_normal)(m, Z)
    others = ((x * x).sum() - x * x) / (len(x) - 1)
    each = (x * x - others) * (x - m)
    close(slope, each.mean())
    close(spread, each.var(ddof=1) / len(x))
    near(slope, spread, 2 * m)
    gradient = ty.grad(lambda m: ty.expectation(plain, moved, log_normal)(m, Z)[0])
    close(gradient(m), slope)


def test_second_derivatives_of_the_score_function() -> None:
    """d2/dm2 E x**2 = 2: the sum of (f - b) ((d log p)**2 + d2 log p) over the samples."""
    m = 1.5
    x = m + Z
    found = ty.hessian(lambda m: ty.expectation(plain, moved, log_normal)(m, Z)[0])(m)
    others = ((x * x).sum() - x * x) / (len(x) - 1)
    each = (x * x - others) * ((x - m) ** 2 - 1)
    close(found, each.mean())
    near(found, each.var() / len(x), 2)


def test_random_branches() -> None:
    """Of a coin: the function jumps, and the path has no derivative."""

    def won(p: Any, x: Any) -> Any:
        return np.where(x > 0.5, 3 * p, p * p)

    def toss(p: Any, z: Any) -> Any:
        return np.where(z < p, 1.0, 0.0)

    def log_probability(p: Any, x: Any) -> Any:
        return np.log(np.where(x > 0.5, p, 1 - p))

    p = 0.3
    value, variance = ty.expectation(won, toss, log_probability)(p, U)
    near(value, variance, 3 * p * p + p * p * (1 - p))
    slope, spread = ty.expectation_grad(won, toss, log_probability)(p, U)
    near(slope, spread, 6 * p + 2 * p - 3 * p * p)


def test_containers_of_parameters_and_noise() -> None:
    def fun(q: Any, z: Any) -> Any:
        return (q["a"] * z[0] + q["b"] * z[1]).sum()

    q = {"a": 2.0, "b": np.array([1.0, -1.0])}
    noise = (Z, RNG.normal(size=(len(Z), 2)))
    slope, spread = ty.expectation_grad(fun)(q, noise)
    close(slope["a"], 2 * Z.mean())
    close(slope["b"], noise[1].mean(axis=0))
    close(spread["b"], noise[1].var(axis=0, ddof=1) / len(Z))


def test_the_same_noise_makes_smooth_functions() -> None:
    estimate = ty.expectation(square)
    step = 1e-5
    difference = (estimate(1.0 + step, Z)[0] - estimate(1.0 - step, Z)[0]) / (2 * step)
    assert difference == pytest.approx(ty.expectation_grad(square)(1.0, Z)[0], rel=1e-9)


def test_what_is_refused() -> None:
    with pytest.raises(ty.ArgumentError, match="takes sample= and log_density=, the pathwise"):
        ty.expectation(plain, moved)
    with pytest.raises(ty.ArgumentTypeError, match="expectation: fun=3 is not a function"):
        ty.expectation(3)  # type: ignore[arg-type]
    with pytest.raises(ty.ArgumentError, match="give arrays with at least two rows"):
        ty.expectation(square)(1.0, Z[:1])
    with pytest.raises(ty.ArgumentTypeError, match="fun has to return a single number"):
        ty.expectation(lambda m, z: np.stack([m, z]))(1.0, Z[:3])
