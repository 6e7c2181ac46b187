"""Smooth branches, extremes and orders: their limits, and derivatives of every order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor import smooth

X = np.array([0.7, -1.3, 2.1, 0.2, -0.4])


def close(a: Any, b: Any, rtol: float = 1e-13, atol: float = 1e-14) -> None:
    np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


LIMITS = [
    (lambda x, t: smooth.where(x - 0.5, x, -x, t), lambda x: np.where(x > 0.5, x, -x)),
    (lambda x, t: smooth.maximum(x, 0.1, t), lambda x: np.maximum(x, 0.1)),
    (lambda x, t: smooth.minimum(x, 0.1, t), lambda x: np.minimum(x, 0.1)),
    (lambda x, t: smooth.abs(x, t), np.abs),
    (lambda x, t: smooth.sign(x, t), np.sign),
    (lambda x, t: smooth.sort(x, temperature=t), np.sort),
    (lambda x, t: smooth.rank(x, temperature=t), lambda x: np.argsort(np.argsort(x))),
    (lambda x, t: smooth.argmax(x, temperature=t), lambda x: np.eye(5)[np.argmax(x)]),
    (lambda x, t: smooth.argsort(x, temperature=t), lambda x: np.eye(5)[np.argsort(x)]),
    (lambda x, t: smooth.top_k(x, 2, t)[0], lambda x: np.sort(x)[::-1][:2]),
    (lambda x, t: smooth.top_k(x, 2, t)[1], lambda x: np.eye(5)[np.argsort(x)[::-1][:2]]),
]


@pytest.mark.parametrize("number", range(len(LIMITS)))
def test_limits(number: int) -> None:
    """Errors are of the first order in the temperature at most; machine code has NumPy's values."""
    function, limit = LIMITS[number]

    for cold in (1e-2, 1e-3, 1e-4):
        assert np.abs(function(X, cold) - limit(X)).max() <= 1.01 * cold
    close(ty.jit(function)(X, 0.5), function(X, 0.5))


ONE_NUMBER: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (
        lambda x: smooth.where(x > 0.3, x, x * x, 0.5),
        lambda x: x * x + (x - x * x) / (1 + mpmath.exp(-(x - mpmath.mpf(0.3)) / 0.5)),
    ),
    (
        lambda x: smooth.maximum(x, x * x, 0.5),
        lambda x: 0.5 * mpmath.log(mpmath.exp(x / 0.5) + mpmath.exp(x * x / 0.5)),
    ),
    (
        lambda x: smooth.minimum(x, x * x, 0.5),
        lambda x: -0.5 * mpmath.log(mpmath.exp(-x / 0.5) + mpmath.exp(-x * x / 0.5)),
    ),
    (lambda x: smooth.abs(x, 0.5), lambda x: mpmath.sqrt(x * x + 0.25) - 0.5),
    (lambda x: smooth.sign(x, 0.5), lambda x: x / mpmath.sqrt(x * x + 0.25)),
]


@pytest.mark.parametrize("number", range(len(ONE_NUMBER)))
def test_derivatives_of_numbers(number: int) -> None:
    function, exact = ONE_NUMBER[number]
    for x in (-0.8, 0.0, 0.3, 1.4):
        with mpmath.workdps(40):
            right = [float(c) for c in mpmath.taylor(exact, x, 4)]
        close(ty.jet(function, x, order=4), right, rtol=1e-11, atol=1e-12)
        close(ty.grad(function)(x), right[1], rtol=1e-11)
        close(ty.hessian(function)(x), 2 * right[2], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", ["sort", "rank", "argmax", "argsort"])
def test_derivatives_of_arrays(name: str) -> None:
    """Against differences of the function in double-double; equal elements are no exception."""
    function = getattr(smooth, name)
    for x in (X, np.array([1.0, 1.0, 0.5])):
        scalar = lambda x: (function(x, temperature=0.7) ** 2).sum()  # noqa: E731
        slopes = ty.grad(scalar)(x)
        precise = ty.jit(scalar, precision="double-double")
        step = mpmath.mpf(10) ** -8
        for k in range(len(x)):
            with mpmath.workdps(32):
                ends = []
                for side in (step, -step):
                    moved = [mpmath.mpf(float(v)) for v in x]
                    moved[k] += side
                    pairs = np.array([ty.from_mpmath(v) for v in moved])
                    ends.append(ty.to_mpmath(precise(pairs)))
                right = float((ends[0] - ends[1]) / (2 * step))
            assert slopes[k] == pytest.approx(right, rel=1e-12, abs=1e-13)


def test_weights_sum_to_one() -> None:
    rows = np.stack([X, X**2, X[::-1]])
    for found in (smooth.argmax(rows), smooth.argsort(rows, temperature=0.3)):
        close(found.sum(axis=-1), np.ones(found.shape[:-1]))
    values, weights = smooth.top_k(rows, 3, 0.2)
    assert values.shape == (3, 3) and weights.shape == (3, 3, 5)
    close(weights.sum(axis=(1, 2)), 3 * np.ones(3))
    close(smooth.rank(rows, temperature=0.3).sum(axis=1), 10 * np.ones(3))


def test_axes() -> None:
    rows = np.stack([X, X**2, X[::-1]])
    for name in ("sort", "rank", "argmax"):
        function = getattr(smooth, name)
        close(function(rows, axis=0), function(rows.T).T)
        close(ty.jit(lambda x: function(x, axis=0))(rows), function(rows.T).T)  # noqa: B023


def test_conditions_that_are_put_together() -> None:
    def f(x: Any, y: Any) -> Any:
        return smooth.where((x > 1) & ~(y >= x) | (y < -5), 1.0, 0.0, 0.2)

    def s(x: float) -> float:
        return 1 / (1 + np.exp(-x / 0.2))

    x, y = 1.1, 0.9
    a, b = s(x - 1) * (1 - s(y - x)), s(-5 - y)
    close(ty.jit(f)(x, y), a + b - a * b)


def test_large_and_small_numbers() -> None:
    close(smooth.maximum(1e300, 1.0), 1e300)
    close(smooth.argmax(np.array([1e6, 0.0])), [1, 0])
    close(ty.grad(lambda x: smooth.argmax(x)[0])(np.array([1e6, 0.0])), [0, 0])
    close(smooth.abs(1e-12, 1.0), 5e-25)


def test_what_is_refused() -> None:
    with pytest.raises(ty.ArgumentTypeError, match="of True or False nobody knows by how much"):
        smooth.where(True, 1.0, 2.0)
    with pytest.raises(ty.ArgumentTypeError, match="of True or False nobody knows by how much"):
        smooth.where(X > 0, X, -X)
    with pytest.raises(ty.ArgumentTypeError, match="is no comparison by < or >, of which there"):
        ty.jit(lambda x: smooth.where(x == 1, 1.0, 2.0))(1.0)
    for bad in (0.0, -1.0, np.inf, np.ones(2)):
        with pytest.raises(ty.ArgumentError, match=r"smooth\.sort: temperature=.* has to be posit"):
            smooth.sort(X, temperature=bad)
    with pytest.raises(ty.ArgumentTypeError, match=r"smooth\.sort: x=3\.0 has to be an array"):
        smooth.sort(3.0)
    with pytest.raises(
        ty.ArgumentError, match=r"smooth\.top_k: k=6 has to be an int between 0 and 5"
    ):
        smooth.top_k(X, 6)
