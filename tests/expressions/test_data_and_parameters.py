"""Models with scalar parameters and many numbers: data stay arrays, whoever writes first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.nodes.traverse import reachable

RNG = np.random.default_rng(31)
X, MATRIX = RNG.normal(size=3000), RNG.normal(size=(1000, 3))
MODELS: dict[str, Callable[[Any, Any], Any]] = {
    "line": lambda a, b: np.sum((a * X + b - X**2) ** 2),
    "decay": lambda a, b: np.sum(a * np.exp(-b * X)),
    "of a condition of data": lambda a, b: np.sum(np.where(X > 0, a * X, b)),
    "of a condition": lambda a, b: np.sum(np.where(a < X, a * X, b * X)),
    "outer": lambda a, b: np.sum(np.add.outer(X[:100], np.ones(2) * a) * b),
    "product": lambda a, b: np.sum((MATRIX @ (np.arange(3.0) * a + b)) ** 2),
    "dot": lambda a, b: np.dot(MATRIX, a * np.ones(3) + b).sum(),
    "broadcast": lambda a, b: np.sum(np.sin(X[:, None] * (np.arange(2.0) * a - b))),
    "stacked": lambda a, b: np.sum(np.column_stack([a * X, b * X]) ** 2),
    "logarithm of a sum": lambda a, b: np.logaddexp.reduce(a * X) * b,
}


@pytest.mark.parametrize("name", MODELS)
def test_data_stay_arrays(name: str) -> None:
    model = MODELS[name]
    a, b = ty.variables("a b")
    made = model(a, b)
    assert len(reachable([made])) < 60  # and not thousands
    value, slopes = ty.value_and_grad(model, argnums=(0, 1))(0.7, -0.3)
    np.testing.assert_allclose(value, model(0.7, -0.3), rtol=1e-12)
    step = 1e-6
    for k in range(2):
        ends = np.array([[0.7, -0.3]] * 2)
        ends[:, k] += [step, -step]
        wanted = (model(*ends[0]) - model(*ends[1])) / (2 * step)
        np.testing.assert_allclose(slopes[k], wanted, rtol=1e-7, atol=1e-6)


def test_few_numbers_are_written_out() -> None:
    a = ty.variable("a")
    assert (np.arange(3.0) * a).dtype == object
    assert isinstance(np.arange(300.0) * a, ty.Expression)


@pytest.mark.parametrize("ufunc", [np.logaddexp, np.logaddexp2, np.hypot, np.subtract, np.divide])
@pytest.mark.parametrize("axis", [0, 1, -1, (0, 2), None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions_by_any_ufunc(ufunc: np.ufunc, axis: Any, keepdims: bool) -> None:
    if ufunc in (np.subtract, np.divide) and not isinstance(axis, int):
        axis = 2  # NumPy has no order of several axes for these
    x = RNG.normal(size=(4, 5, 3))
    x[0], x[1, 1], x[2, 2, 2] = -np.inf, np.inf, -np.inf
    with np.errstate(all="ignore"):
        wanted = ufunc.reduce(x, axis=axis, keepdims=keepdims)
        found = ty.jit(lambda x: ufunc.reduce(x, axis=axis, keepdims=keepdims))(x)
    assert np.shape(found) == np.shape(wanted)
    np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-15)  # logarithms near 1


def test_a_logarithm_of_a_sum_has_the_shares_as_gradient() -> None:
    x = np.array([1.0, 2.0, -np.inf, 710.0])
    shares = np.exp(x - 710) / np.exp(x - 710).sum()
    np.testing.assert_allclose(ty.grad(np.logaddexp.reduce)(x), shares, rtol=1e-15)
    more = ty.grad(lambda x: np.logaddexp.reduce(x, initial=710.0))(x)
    np.testing.assert_allclose(more, np.exp(x - 710) / (1 + np.exp(x - 710).sum()), rtol=1e-14)
