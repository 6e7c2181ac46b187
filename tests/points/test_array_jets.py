"""Taylor coefficients of functions of arrays, against mpmath and what is spelled out in scalars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.points import array_jets
from taylor.recurrences import arrays

SIZE, ORDER = 12, 8
_RNG = np.random.default_rng(4)
WEIGHTS = _RNG.standard_normal((5, SIZE))

CASES: dict[str, Callable[[Any], Any]] = {
    "network": lambda x: np.tanh(WEIGHTS @ x),
    "sum of products": lambda x: np.sum(np.sin(x) * np.exp(x / 3)),
    "softmax": lambda x: np.exp(x) / np.sum(np.exp(x)),
    "running sum": lambda x: np.cumsum(x * x),
    "matrix product": lambda x: x.reshape(3, 4) @ x.reshape(4, 3),
    "pairs": lambda x: np.sqrt(2 + np.cos(x[:, None] - x[None, :])).sum(axis=0),
    "neighbours": lambda x: x[3:] * x[:-3] / (2 + x[1:-2] ** 2),
    "taken": lambda x: x[[3, 1, 1, 0]] ** 3 * np.log(3 + x[:4] ** 2),
    "power": lambda x: (1 + x * x) ** 1.5,
    "product": lambda x: np.prod(x[:6]),
    "quotient by a sum": lambda x: (x / (1 + np.sum(x * x)))[::2],
    "contraction": lambda x: np.einsum("ab,bc,ca->b", *[x[:4].reshape(2, 2)] * 3),
    "two results": lambda x: (np.cos(x).sum(), (np.roll(x, 1) * x).sum()),
}


@pytest.fixture(autouse=True)
def _always_arrays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(arrays, "FEWEST", -1)
    yield


@pytest.mark.parametrize("points", [(), (3,)], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_same_as_scalars(
    name: str, points: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    fun = CASES[name]
    rng = np.random.default_rng(1)
    point, direction = rng.random((SIZE, *points)), rng.standard_normal((SIZE, *points))
    before = array_jets._compiled.cache_info()
    found = ty.jet(fun, point, ORDER, direction=direction)
    after = array_jets._compiled.cache_info()
    assert after.hits + after.misses == before.hits + before.misses + 1
    monkeypatch.setattr(arrays, "FEWEST", 10**9)
    expected = ty.jet(fun, point, ORDER, direction=direction)
    pairs = zip(found, expected, strict=True) if isinstance(found, tuple) else [(found, expected)]
    for one, other in pairs:
        assert one.shape == other.shape and one.shape[: 1 + len(points)] == (ORDER + 1, *points)
        assert np.abs(one - other).max() <= 3e-14 * np.abs(other).max()


def _coefficients(fun: Callable[[list[Any]], Any]) -> tuple[np.ndarray, np.ndarray, list[Any]]:
    """A point, a direction, and coefficients along it by mpmath at 40 digits."""
    rng = np.random.default_rng(9)
    point, direction = rng.random(SIZE), rng.standard_normal(SIZE)
    with mpmath.workdps(40):
        line = [
            (mpmath.mpf(float(p)), mpmath.mpf(float(d)))
            for p, d in zip(point, direction, strict=True)
        ]
        expected = mpmath.taylor(lambda s: fun([p + s * d for p, d in line]), 0, ORDER)
    return point, direction, expected


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_against_mpmath(precision: str) -> None:
    """log of a sum of exponentials, and a quotient of sums of products."""

    def exact(x: list[Any]) -> Any:
        total = mpmath.fsum([mpmath.exp(v) for v in x])
        return mpmath.log(total) * mpmath.fsum([mpmath.sin(v) for v in x]) / total

    def fun(x: Any) -> Any:
        total = np.exp(x).sum()
        return np.log(total) * np.sin(x).sum() / total

    point, direction, expected = _coefficients(exact)
    given: tuple[Any, Any] = (point, direction)
    if precision == "double-double":
        given = ty.from_mpmath(point), ty.from_mpmath(direction)
    found = ty.jet(fun, given[0], ORDER, direction=given[1], precision=precision)
    scale = max(map(abs, expected))
    bound = 3e-15 if precision == "float64" else 1e-29
    numbers = ty.to_mpmath(found) if precision == "double-double" else found
    with mpmath.workdps(40):
        for value, wanted in zip(numbers, expected, strict=True):
            assert abs(mpmath.mpf(value) - wanted) <= bound * scale


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: x**1.5 + np.sin(x),
        lambda x: np.sqrt(x * x).sum() * np.exp(x),
        lambda x: (x * x) ** 2.5 / 3,
    ],
)
def test_limits_at_singular_points_of_powers(
    fun: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coordinates that are zero, where the rows of powers are not finite."""
    point, direction = np.zeros(SIZE), np.linspace(0.5, 1.5, SIZE)
    point[SIZE // 2 :] = 1.0
    found = ty.jet(fun, point, 4, direction=direction)
    monkeypatch.setattr(arrays, "FEWEST", 10**9)
    np.testing.assert_allclose(found, ty.jet(fun, point, 4, direction=direction), rtol=1e-12)


def test_arrays_of_functions_of_one_variable() -> None:
    """Without a direction: an array of results at a number, and at many."""
    found = ty.jet(lambda x: np.stack([np.sin(x), x * x]), 0.5, order=3)
    np.testing.assert_allclose(found[:, 0], ty.jet(np.sin, 0.5, order=3), rtol=1e-15)
    np.testing.assert_allclose(found[:, 1], [0.25, 1.0, 1.0, 0.0], rtol=1e-15)
    assert ty.jet(lambda x: np.stack([np.sin(x), x * x]), [0.5, 1.0], order=3).shape == (4, 2, 2)


def test_compiled_once() -> None:
    point = np.linspace(0.0, 1.0, SIZE)
    for factor in (1.0, 2.0):
        ty.jet(lambda x: np.exp(x) * x[0], factor * point, 5, direction=point)
    info = array_jets._compiled.cache_info()
    ty.jet(lambda x: np.exp(x) * x[0], point, 5, direction=point)
    assert array_jets._compiled.cache_info().misses == info.misses


def test_taken_rows_that_are_made_beside_others() -> None:
    """So many numbers that loops run together at each place of the first axis: what is taken from
    other places must be there before.
    """
    rows, columns, order = 64, 40, 14
    rng = np.random.default_rng(6)
    places = rng.permutation(rows)
    point, direction = rng.uniform(0.1, 1.0, (rows, columns)), rng.uniform(-1, 1, (rows, columns))

    def values(x: Any) -> Any:
        y = np.sin(x) * np.cos(x)
        return np.exp(y / 3) * y

    def whole(x: Any) -> Any:
        z = values(x.reshape(rows, columns))
        return (np.take(z, places, axis=0) * z).sum(axis=1), np.max(z, axis=1) * z[:, 0]

    def of_one_row(x: Any) -> Any:
        z = values(x.reshape(2, columns))
        return (z[0] * z[1]).sum()

    found, largest = ty.jet(whole, point.ravel(), order, direction=direction.ravel())
    for k in (0, 5, rows - 1):
        both = [np.concatenate([a[k], a[places[k]]]) for a in (point, direction)]
        expected = ty.jet(of_one_row, both[0], order, direction=both[1])
        np.testing.assert_allclose(found[:, k], expected, rtol=1e-12, atol=1e-14)
        best = int(np.argmax(values(point[k])))
        pair = [a[k, [best, 0]] for a in (point, direction)]
        product = ty.jet(lambda x: np.prod(values(x)), pair[0], order, direction=pair[1])
        np.testing.assert_allclose(largest[:, k], product, rtol=1e-12, atol=1e-14)
