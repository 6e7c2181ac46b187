"""Random functions of arrays, compiled and expanded, against NumPy and against series in mpmath."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mp_series import DIGITS, all_series, coefficient_arrays, series_array
from random_arrays import ArrayFunction, random_function

import taylor as ty
from taylor.expressions.leaves import try_expression
from taylor.recurrences import arrays

ORDERS = (1, 2, 3, 5, 8)


@pytest.fixture(autouse=True, scope="module")
def _arrays_stay_arrays() -> Iterator[None]:
    few, arrays.FEWEST = arrays.FEWEST, -1
    yield
    arrays.FEWEST = few


def check_values(fun: ArrayFunction) -> None:
    """Compiled, evaluated and at two points at once, as NumPy has it."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means of nothing
        wanted = [np.asarray(value, dtype=float) for value in fun(*fun.point)]
    xs = [ty.variable(f"x{k}", shape=shape) for k, shape in enumerate(fun.shapes)]
    outputs: list[Any] = [try_expression(e) for e in fun(*xs)]
    compiled = ty.compile(outputs, xs)
    found = compiled(*fun.point)
    twice = compiled(*(np.stack([p, p]) for p in fun.point))
    values = dict(zip(xs, fun.point, strict=True))
    for e, one, both, right in zip(outputs, found, twice, wanted, strict=True):
        assert np.shape(one) == right.shape and np.shape(both) == (2, *right.shape), fun.text
        assert np.array_equal(both[0], one) and np.array_equal(both[1], one), fun.text
        evaluated = ty.evaluate(e, values)
        assert np.shape(evaluated) == right.shape, fun.text
        if right.size:
            bound = 1e-11 * (1 + np.abs(right).max())
            assert np.abs(one - right).max() <= bound, fun.text
            assert np.abs(evaluated - right).max() <= bound, fun.text


def check_jet(fun: ArrayFunction, order: int, seed: int) -> None:
    """Coefficients along a line, in 40 digits by arithmetic that knows no recurrence."""
    sizes = [math.prod(shape) for shape in fun.shapes]
    if sum(sizes) < 2:
        return

    def of_one(x: Any, after: Callable[[Any], Any] | None = None) -> Any:
        given, first = [], 0
        for shape, size in zip(fun.shapes, sizes, strict=True):
            part = x[first : first + size].reshape(shape)
            given.append(part[()] if shape == () else part)
            first += size
        return fun(*given, after=after)

    line = np.zeros((order + 1, sum(sizes)))
    line[0] = np.concatenate([p.ravel() for p in fun.point])
    line[1] = np.random.default_rng(seed).uniform(-1, 1, sum(sizes))
    found = ty.jet(lambda x: of_one(x), line[0], order, direction=line[1])
    with mpmath.workdps(DIGITS), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        values = of_one(series_array(line), partial(all_series, order=order))
        wanted = [coefficient_arrays(value, order) for value in values]
    for one, right in zip(found, wanted, strict=True):
        assert one.shape == right.shape, fun.text
        if right.size:
            assert np.abs(one - right).max() <= 1e-11 * (1 + np.abs(right).max()), fun.text


@settings(max_examples=150, deadline=None)
@given(rng=st.randoms(use_true_random=False))
def test_values_of_random_functions(rng: random.Random) -> None:
    check_values(random_function(rng, smooth=False))


@settings(max_examples=60, deadline=None)
@given(rng=st.randoms(use_true_random=False), order=st.sampled_from(ORDERS))
def test_jets_of_random_functions(rng: random.Random, order: int) -> None:
    fun = random_function(rng, steps=6, largest=24, longest=12, least=1)
    check_jet(fun, order, rng.randrange(1000))


@pytest.mark.slow
def test_values_of_many_random_functions(scale: int) -> None:
    for seed in range(40 * scale):
        check_values(random_function(random.Random(seed), smooth=False))


@pytest.mark.slow
def test_jets_of_many_random_functions(scale: int) -> None:
    for seed in range(15 * scale):
        fun = random_function(random.Random(seed), steps=6, largest=24, longest=12, least=1)
        check_jet(fun, ORDERS[seed % 5], seed)


# -- members of kinds that such functions have shown to be wrong ----------------------------------


def test_orders_of_results_that_do_not_vary_are_zero() -> None:
    point = np.linspace(0.1, 1.0, 9)
    for _ in range(3):  # memory that was used before
        same, counted, place = ty.jet(
            lambda x: (x - x + 2, np.floor(9 * x), np.argmax(x) * x), point, 3, direction=point + 1
        )
        assert (same[0] == 2).all() and not same[1:].any()
        assert (counted[0] == np.floor(9 * point)).all() and not counted[1:].any()
        assert (place[:2] == [8 * point, 8 * (point + 1)]).all() and not place[2:].any()


@pytest.mark.parametrize("few", [-1, 10**9])
def test_results_of_several_shapes(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays, numbers, and none at all beside one another, spelled out or not."""
    monkeypatch.setattr(arrays, "FEWEST", few)
    point = np.linspace(0.1, 1.0, 4)

    def several(x: Any) -> tuple[Any, ...]:
        return x * x, x.sum(), x[:0] * 2, np.ones((2, 2)) * x[0], np.argmax(x) * x

    found = ty.jet(several, point, 2, direction=np.ones(4))
    assert [part.shape for part in found] == [(3, 4), (3,), (3, 0), (3, 2, 2), (3, 4)]
    assert np.allclose(found[0], [point**2, 2 * point, np.ones(4)])
    assert np.allclose(found[4], [3 * point, 3 * np.ones(4), np.zeros(4)])
    assert ty.jet(lambda x: x[:0], point, 2, direction=point).shape == (3, 0)


def test_points_of_arguments_without_elements() -> None:
    x, y = ty.variable("x", shape=(0,)), ty.variable("y", shape=(2,))
    f = ty.compile([x.sum() + y, x * 2], [x, y])
    total, twice = f(np.zeros((5, 0)), np.array([1.0, 2.0]))
    assert (total == np.tile([1.0, 2.0], (5, 1))).all() and twice.shape == (5, 0)
    (alone,) = ty.compile([x.sum()], [x])(np.zeros((3, 0)))
    assert alone.shape == (3,) and not alone.any()


def test_sums_of_turned_arrays_are_viewed() -> None:
    """Arrays whose last axis is short are turned, and so are sums of them, of which others have
    views.
    """
    x = ty.variable("x", shape=(9, 1, 2))
    f = ty.compile(np.log(1 + np.exp(x).sum(axis=1))[::-1].T, [x])
    given = np.random.default_rng(1).uniform(-1, 1, (9, 1, 2))
    np.testing.assert_allclose(f(given), np.log(1 + np.exp(given).sum(axis=1))[::-1].T, rtol=1e-14)


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0,)])
def test_means_along_axes_without_elements(shape: tuple[int, ...]) -> None:
    x = ty.variable("x", shape=shape)
    for function in (np.mean, np.var, np.sum, np.prod):
        for axis in range(-len(shape), len(shape)):
            if shape[axis] or function in (np.sum, np.prod):
                right = function(np.zeros(shape), axis=axis)
                assert (
                    np.shape(ty.evaluate(function(x, axis=axis), {x: np.zeros(shape)}))
                    == right.shape
                )
