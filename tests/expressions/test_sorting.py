"""Sorting, ranks and quantiles against NumPy; their derivatives are those of what was chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.nodes.node import node
from taylor.nodes.operation import OPERATIONS

RNG = np.random.default_rng(29)
SHAPES = ((1,), (2,), (7,), (3, 5), (5, 3), (2, 3, 4), (128,), (129,), (2, 131), (257, 3))


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
    axes = (None, *range(-len(shape), len(shape)))
    made = ty.jit(lambda x: [(np.sort(x, axis), np.argsort(x, axis)) for axis in axes])(x)
    for axis, found in zip(axes, made, strict=True):
        np.testing.assert_array_equal(found[0], np.sort(x, axis))
        np.testing.assert_array_equal(found[1], np.argsort(x, axis, kind="stable"))


@pytest.mark.parametrize("n", [100, 130, 200])
@pytest.mark.parametrize("precision", ["float32", "double-double"])
def test_orders_in_other_precisions(precision: str, n: int) -> None:
    """Low parts decide between equal high ones."""
    high = drawn((n,), n)
    low = np.where(np.isfinite(high) & (high != 0), np.arange(n) % 3 * 1e-20, 0.0)
    order = np.argsort(high, kind="stable")
    x = high.astype(np.float32)
    if precision == "double-double":
        order = np.lexsort((low, high))
        x = np.stack([high, low], -1)
    found = ty.jit(lambda x: (np.sort(x), np.argsort(x)), precision=precision)(x)
    np.testing.assert_array_equal(found[0], x[order])
    np.testing.assert_array_equal(found[1][:, 0] if x.ndim == 2 else found[1], order)


@pytest.mark.parametrize("n", [0, 1, 129, 1000, 20_000])
def test_orders_of_many(n: int) -> None:
    x = drawn((n,), 5)
    found = ty.jit(lambda x: (np.sort(x), np.argsort(x), np.sort(-np.abs(x))))(x)
    np.testing.assert_array_equal(found[0], np.sort(x))
    np.testing.assert_array_equal(found[1], np.argsort(x, kind="stable"))
    np.testing.assert_array_equal(found[2], np.sort(-np.abs(x)))


def test_spelled_out_in_scalars() -> None:
    """As equations of numbers need it."""
    e = node("argsort", (ty.variable("x", shape=(1, 9)),), None, (1, 9))
    numbers = drawn((1, 9), 3)
    spelled = OPERATIONS["argsort"].elements(e, [np.array([[ty.constant(x) for x in numbers[0]]])])
    found = [float(ty.evaluate(place, {})) for place in spelled.reshape(-1)]
    np.testing.assert_array_equal(found, np.argsort(numbers[0], kind="stable"))


@pytest.mark.parametrize("method", ["linear", "lower", "nearest", "midpoint", "hazen", "weibull"])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2), -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_quantiles_are_those_of_numpy(method: str, axis: Any, keepdims: bool) -> None:
    x = 1 + RNG.random((3, 4, 5))  # next to zero, quantiles cancel

    def quantiles(x: Any) -> list[Any]:
        return [np.quantile(x, q, axis, method=method, keepdims=keepdims) for q in shares]

    shares: list[Any] = [0.0, 0.3, 1.0, [0.25, 0.5], [[0.1], [0.9]]]
    for found, wanted in zip(ty.jit(quantiles)(x), quantiles(x), strict=True):
        assert np.shape(found) == np.shape(wanted)
        np.testing.assert_allclose(found, wanted, rtol=1e-14)


def test_medians_and_percentiles_are_those_of_numpy() -> None:
    x = 1 + RNG.random((4, 6))
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


@pytest.mark.parametrize("shape", [(4, 5), (3, 131)])
def test_derivatives_go_to_what_was_chosen(shape: tuple[int, int]) -> None:
    x = RNG.normal(size=shape)
    weights = RNG.normal(size=shape)
    order = np.argsort(x, 1)
    wanted = np.empty_like(x)
    np.put_along_axis(wanted, order, weights, 1)  # row by row, the transposed permutation
    for grad in (ty.grad, lambda f: lambda x: ty.jacfwd(f)(x)):
        found = grad(lambda x: np.sum(np.sort(x, 1) * weights))(x)
        np.testing.assert_array_equal(found, wanted)
    curved = lambda x: np.sum(np.sort(x * x, 1) * weights)  # noqa: E731
    of_squares = np.empty_like(x)
    np.put_along_axis(of_squares, np.argsort(x * x, 1), weights, 1)
    way = RNG.normal(size=shape)
    np.testing.assert_allclose(ty.grad(curved)(x), 2 * x * of_squares, rtol=1e-15)
    turned = ty.jvp(ty.grad(curved), (x,), (way,))[1]
    np.testing.assert_allclose(turned, 2 * way * of_squares, rtol=1e-15)
    many = np.stack([x, -x])
    each = ty.vmap(lambda x: np.argsort(x, 1))(many)
    np.testing.assert_array_equal(each, np.argsort(many, 2, kind="stable"))
    slopes = ty.grad(lambda x: np.median(x))(np.array([3.0, 1.0, 2.0, 7.0]))
    np.testing.assert_array_equal(slopes, [0.5, 0, 0.5, 0])


@pytest.mark.parametrize("n", [3, 150])
def test_series_are_sorted_by_their_beginnings(n: int) -> None:
    x = np.linspace(2.0, -1.0, n) ** 3
    speed = 10.0 ** np.linspace(0, 2, n)
    found = ty.jet(lambda x: np.sort(np.exp(x)), x, order=3, direction=speed)
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


@pytest.mark.parametrize("function", [np.sort, np.argsort])
def test_kinds_are_those_of_numpy(function: Callable[..., Any]) -> None:
    x, numbers = ty.variable("x", shape=(200,)), np.random.default_rng(5).normal(size=200)
    for kind in (None, "quicksort", "mergesort", "heapsort", "stable"):
        assert np.array_equal(ty.evaluate(function(x, kind=kind), {x: numbers}), function(numbers))
    with pytest.raises(ty.ArgumentError, match=r"kind must be one of .*, got 'bubble'"):
        function(x, kind="bubble")
