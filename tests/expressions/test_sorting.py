"""Sorting, ranks and quantiles against NumPy; their derivatives are those of what was chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

RNG = np.random.default_rng(29)
SHAPES = ((1,), (2,), (7,), (3, 5), (5, 3), (2, 3, 4), (130,))


def drawn(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Numbers with equal ones, zeros of both signs, infinities and NaN among them."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-3, 4, shape).astype(float) / 2
    values[rng.random(shape) < 0.1] = np.inf
    values[rng.random(shape) < 0.1] = -np.inf
    values[rng.random(shape) < 0.1] = np.nan
    return values


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_orders_are_those_of_numpy(shape: tuple[int, ...], seed: int) -> None:
    x = drawn(shape, seed)
    for axis in (None, *range(-len(shape), len(shape))):
        found = ty.jit(lambda x, axis=axis: (np.sort(x, axis), np.argsort(x, axis)))(x)
        np.testing.assert_array_equal(found[0], np.sort(x, axis))
        np.testing.assert_array_equal(found[1], np.argsort(x, axis, kind="stable"))


@pytest.mark.parametrize("method", ["linear", "lower", "nearest", "midpoint", "hazen", "weibull"])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2), -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_quantiles_are_those_of_numpy(method: str, axis: Any, keepdims: bool) -> None:
    x = RNG.normal(size=(3, 4, 5))
    for q in (0.0, 0.3, 1.0, [0.25, 0.5], [[0.1], [0.9]]):
        found = ty.jit(lambda x, q=q: np.quantile(x, q, axis, method=method, keepdims=keepdims))(x)
        wanted = np.quantile(x, q, axis, method=method, keepdims=keepdims)
        assert np.shape(found) == np.shape(wanted)
        np.testing.assert_allclose(found, wanted, rtol=1e-14)


def test_medians_and_percentiles_are_those_of_numpy() -> None:
    x = RNG.normal(size=(4, 6))
    x[1, 2] = np.nan
    for axis in (0, 1):
        found = ty.jit(lambda x, axis=axis: (np.median(x, axis), np.percentile(x, 30, axis)))(x)
        with np.errstate(invalid="ignore"):
            np.testing.assert_allclose(found[0], np.median(x, axis), rtol=1e-15)
            np.testing.assert_allclose(found[1], np.percentile(x, 30, axis), rtol=1e-14)


@pytest.mark.parametrize("side", ["left", "right"])
def test_places_in_ascending_numbers(side: Any) -> None:
    edges = np.array([-1.0, 0.0, 0.0, 2.0, 5.0])
    x = np.array([[-2.0, -1.0, 0.0], [1.9, 2.0, 6.0]])
    found = ty.jit(lambda x: np.searchsorted(edges, x, side))(x)
    np.testing.assert_array_equal(found, np.searchsorted(edges, x, side))
    for bins in (edges, edges[::-1]):
        for right in (False, True):
            got = ty.jit(lambda x, b=bins, r=right: np.digitize(x, b, r))(x)
            np.testing.assert_array_equal(got, np.digitize(x, bins, right))
    among = ty.jit(lambda a, x: np.searchsorted(a, x, side))(edges, x)
    np.testing.assert_array_equal(among, np.searchsorted(edges, x, side))


def test_derivatives_go_to_what_was_chosen() -> None:
    x = RNG.normal(size=(4, 5))
    weights = RNG.normal(size=(4, 5))
    order = np.argsort(x, 1)
    wanted = np.empty_like(x)
    np.put_along_axis(wanted, order, weights, 1)  # row by row, the transposed permutation
    for grad in (ty.grad, lambda f: lambda x: ty.jacfwd(f)(x)):
        found = grad(lambda x: np.sum(np.sort(x, 1) * weights))(x)
        np.testing.assert_array_equal(found, wanted)
    slopes = ty.grad(lambda x: np.median(x))(np.array([3.0, 1.0, 2.0, 7.0]))
    np.testing.assert_array_equal(slopes, [0.5, 0, 0.5, 0])


def test_series_are_sorted_by_their_beginnings() -> None:
    x = np.array([2.0, -1.0, 0.5])
    speed = np.array([1.0, 10.0, 100.0])
    found = ty.jet(lambda t: np.sort(np.exp(x + speed * t)), 0.0, order=3)
    order = np.argsort(x)
    wanted = [np.exp(x) * speed**n / [1, 1, 2, 6][n] for n in range(4)]
    np.testing.assert_allclose(found, np.array(wanted)[:, order], rtol=1e-15)


def test_of_expressions_in_a_list_and_by_method() -> None:
    a, b = ty.variables("a b")
    found = ty.compile(np.sort(ty.stack([a, b, a * b])), [a, b])(2.0, -3.0)
    np.testing.assert_array_equal(np.asarray(found).reshape(-1), [-6.0, -3.0, 2.0])
    np.testing.assert_array_equal(
        ty.jit(lambda x: x.argsort())(np.array([3.0, 1.0, 2.0])), [1, 2, 0]
    )


REFUSED: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda x: np.quantile(x, x[0]), ty.UnsupportedFunctionError, "numbers"),
    (lambda x: np.searchsorted(x, x, "middle"), ty.TaylorError, "'left' or 'right'"),
    (lambda x: np.digitize(x, [0.0, 2.0, 1.0]), ty.TaylorError, "ascend or descend"),
    (lambda x: np.median(x[:0]), ty.TaylorError, "no elements"),
    (lambda x: np.sort(x, 3), ty.TaylorError, "axis 3"),
]


@pytest.mark.parametrize(("function", "error", "words"), REFUSED)
def test_refused(function: Callable[[Any], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ty.jit(function)(np.ones(3))
