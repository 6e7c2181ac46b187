"""Elements side by side that are summed over the axes outside of theirs, many at a time: each as it
would be alone, from the first to the last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

CASES = (
    *((width, "float64") for width in (1, 33, 64, 65, 128, 200)),
    *((width, "float32") for width in (64, 136)),
)


def summed(rows: np.ndarray) -> np.ndarray:
    """The sum of rows, one after the other."""
    total = np.zeros(rows.shape[1:], rows.dtype)
    for row in rows:
        total = total + row
    return total


@pytest.mark.parametrize(("width", "precision"), CASES)
def test_columns_are_summed_in_the_order_of_rows(width: int, precision: Any) -> None:
    dtype = np.dtype(precision)
    given = np.random.default_rng(width).normal(size=(9, width)).astype(dtype)
    a = ty.variable("across", shape=given.shape)
    three = dtype.type(3)
    cases: tuple[tuple[Callable[[Any], Any], np.ndarray], ...] = (
        (lambda x: np.sum(x, axis=0), summed(given)),
        (lambda x: np.max(x, axis=0), given.max(axis=0)),
        (lambda x: np.argmin(x, axis=0), given.argmin(axis=0)),
        (lambda x: np.sum(x * x, axis=0), summed(given * given)),
        (lambda x: np.sum(3 * x - x[:1], axis=0), summed(three * given - given[:1])),
        (lambda x: np.sum(x[1:, ::-1], axis=0), summed(given[1:, ::-1])),
        (lambda x: np.sum(np.sqrt(abs(x)), axis=0), summed(np.sqrt(abs(given)))),
        (lambda x: np.sum(x.T, axis=1), summed(given)),
    )
    for function, expected in cases:
        found = ty.compile(function(a), [a], precision=precision)(given)
        # Few columns may have lanes along the rows; and one multiply-add rounds once.
        if width < 64 or width % 8 or function is cases[4][0]:
            np.testing.assert_allclose(found, expected, rtol=30 * np.finfo(dtype).eps, atol=1e-5)
        else:
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("width", [64, 100])
def test_series_and_solutions_with_sums_across(width: int) -> None:
    """x' = -x s, s the sum of x over the first axis: s = s_0 / (1 + s_0 t), and x = x_0 s / s_0."""
    start = np.random.default_rng(width).uniform(0.5, 1.0, (3, width))
    x = ty.variable("x", shape=start.shape)
    ta = ty.Integrator([(x, -x * np.sum(x, axis=0))], start)
    assert ta.propagate_until(1.0).success
    expected = start / (1 + start.sum(axis=0))
    np.testing.assert_allclose(ta.state.reshape(start.shape), expected, rtol=1e-14)
    jet = ty.jet(lambda t: np.sum(start * (1 + t) ** 3, axis=0), 0.0, order=4)
    binomial = np.array([1.0, 3.0, 3.0, 1.0, 0.0])
    np.testing.assert_allclose(jet, binomial[:, None] * start.sum(axis=0), rtol=1e-15, atol=1e-15)
