"""Columns computed as vectors, and results computed where they are wanted, whatever overlaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.points.arrays import lower
from taylor.recurrences import arrays
from taylor_runtime.arrays.plan import CONSTANT, Plan
from taylor_runtime.arrays.plans.works import Nest
from taylor_runtime.passes.shapes.arrange import arranged

RNG = np.random.default_rng(7)


def _weighted(x: Any) -> Any:
    most = np.max(x, axis=-1, keepdims=True)
    sums = np.sum(np.exp(x - most), axis=-1, keepdims=True)
    return x - (most + np.log(sums)), 2 / sums, -(most * 3)[..., 0] + sums[..., 0]


COLUMNS: dict[str, Callable[[Any], Any]] = {
    "weighted": _weighted,
    "of columns": lambda x: (x[:, 3:4] * 2 + x[:, :1]) * x[:, 1:2] - 1,
    "and vectors": lambda x: x[:, 0] * 2 + (x[:, 1:2] * 3)[:, 0] - (x[:, 1] / 2)[:, None].T,
    "summed": lambda x: (
        np.sum(2 * x[:, :1]),
        np.max(3 * x[:, 1:2], axis=0),
        np.sum(x[:, 2:3] + 1, axis=1),
        np.sum(x[:1, :1] * 2, axis=(0, 1)),
    ),
    "numbers": lambda x: 2 * x[:1, :1] + x[:, 2:3] * x[1:2, 1:2] + x[0, 0],
    "broadcast": lambda x: np.exp(x[:, :1]) * x[:1] + np.where(x[:, 1:2] > 0, x, -x[:, :1]),
    "turned": lambda x: (x[:, :1].T * 2) @ (x[:, 1:2] + 1) + np.cumsum(x[:, :1] * 2),
    "thick": lambda x: np.sum(x[:, :, None] * 2, axis=1) + (x[:, None, :1] - 1)[:, 0],
    "steps": lambda x: x[::2, 1:2] * 2 + x[::-2, :1],
}


@pytest.fixture(autouse=True)
def _always_arrays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(arrays, "FEWEST", -1)
    yield


def _all(found: Any) -> list[np.ndarray]:
    return (
        [np.asarray(a) for a in found] if isinstance(found, tuple | list) else [np.asarray(found)]
    )


@pytest.mark.parametrize("shape", [(2, 4), (3, 4), (8, 5), (17, 9), (64, 10), (5, 64)], ids=str)
@pytest.mark.parametrize("name", COLUMNS)
def test_columns(name: str, shape: tuple[int, int]) -> None:
    fun, x = COLUMNS[name], ty.variable("x", shape=shape)
    if name == "steps" and shape[0] % 2:
        shape = (shape[0] + 1, shape[1])
        x = ty.variable("x", shape=shape)
    numbers, made = RNG.standard_normal(shape), fun(x)
    outputs = list(made) if isinstance(made, tuple) else [made]
    right = _all(fun(numbers))
    for precision, rtol in (("float64", 1e-14), ("float32", 2e-5), ("double-double", 1e-14)):
        function = ty.compile(outputs, [x], precision=precision)
        assert function._arrays is not None
        double = precision == "double-double"
        given = np.stack([numbers, 0 * numbers], axis=-1) if double else numbers
        for found, expected in zip(_all(function(given)), right, strict=True):
            found = found[..., 0] if double else found
            assert found.shape == expected.shape
            np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)


def test_columns_share_loops_with_vectors() -> None:
    """What is between two sums is one loop, with `keepdims` or without."""
    x = ty.variable("x", shape=(40, 6))
    sums = np.sum(x, axis=1, keepdims=True)
    column = (2 / (sums + 1) - 3) * 2
    found = np.exp(column[:, 0]) - sums[:, 0], x * column
    program = arranged(lower(found, [x]).program)
    works = Plan(program).works[CONSTANT]
    loops = [work for work in works if isinstance(work, Nest) and not work.totals]
    assert len(loops) == 2  # one of 40 elements, one of 40 x 6


# -- results --------------------------------------------------------------------------------------

W = RNG.standard_normal((12, 12))

SAME: dict[str, Callable[[Any], Any]] = {
    "matmul": lambda x: x @ x,
    "by constant": lambda x: W @ x @ W,
    "cumsum": lambda x: np.cumsum(x, axis=0),
    "cholesky": lambda x: np.linalg.cholesky(x @ x.T + 12 * np.eye(12)),
    "solve": lambda x: np.linalg.solve(x + 30 * np.eye(12), x),
    "roll": lambda x: np.roll(x, 1, axis=0) - x,
    "stack": lambda x: np.concatenate([x[6:], x[:6]]),
    "transposed": lambda x: x.T + x.T @ x,
    "sums": lambda x: np.sum(x, axis=1, keepdims=True) + np.zeros((12, 12)) * x,
    "pick": lambda x: np.take(x, [3, 0, 2, 1, 4, 5, 11, 10, 9, 8, 7, 6], axis=0),
}


@pytest.mark.parametrize("name", SAME)
def test_results_in_the_memory_of_arguments(name: str) -> None:
    fun, x = SAME[name], ty.variable("x", shape=(12, 12))
    function = ty.compile(fun(x), [x])
    numbers = RNG.standard_normal((12, 12))
    right = function(numbers.copy())
    np.testing.assert_allclose(right, fun(numbers), rtol=1e-12, atol=1e-12)
    same = numbers.copy()
    assert function(same, out=same) is same
    np.testing.assert_array_equal(same, right)
    for room in (np.zeros((12, 12)).T, np.zeros((24, 12))[::2], np.zeros((12, 30))[:, 3:27:2]):
        assert function(numbers, out=room) is room
        np.testing.assert_array_equal(room, right)
        assert room.base is not None and np.count_nonzero(room.base) <= 144
    wide = np.zeros((25, 12))
    wide[:12] = numbers
    function(wide[:12], out=wide[5:17])  # overlaps in part
    np.testing.assert_array_equal(wide[5:17], right)
    backwards = numbers.copy()
    function(backwards, out=backwards[::-1])
    np.testing.assert_array_equal(backwards[::-1], right)


def test_results_where_numpy_is_told_to_put_them() -> None:
    x = ty.variable("x", shape=(5, 3))
    function = ty.compile([np.cumsum(x, axis=0), 2 * x], [x])
    numbers = RNG.standard_normal((4, 5, 3))
    right = np.cumsum(numbers, axis=1), 2 * numbers
    for options in ({"order": "F"}, {"order": "K"}, {"casting": "same_kind"}):
        for found, expected in zip(function(numbers, **options), right, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-15)
    outs = np.zeros((8, 5, 3))[::2], np.zeros((5, 3, 4)).transpose(2, 0, 1)
    for found, out, expected in zip(function(numbers, out=outs), outs, right, strict=True):
        assert found is out
        np.testing.assert_allclose(out, expected, rtol=1e-15)
    short, some = np.zeros((4, 5, 3), np.float32), np.zeros((5, 3))
    function(numbers, out=(short, None), casting="same_kind")
    np.testing.assert_allclose(short, right[0], rtol=1e-6)
    assert function(numbers[0], out=(None, some))[1] is some
    np.testing.assert_allclose(some, right[1][0], rtol=1e-15)
    with pytest.raises(ty.ArgumentTypeError, match="moveaxis"):
        function(numbers, axes=[(1, 0), (0, 1), (0, 1)])
    with pytest.raises(ty.ShapeError):
        function(numbers, out=(np.zeros((4, 5, 2)), None))
    with pytest.raises(ty.TaylorError):
        function(numbers, out=[np.zeros((4, 5, 3))])


def test_results_that_others_are_made_of() -> None:
    x, y = ty.variable("x", shape=(12, 12)), ty.variable("y", shape=(12,))
    product = x @ x
    total = np.sum(product, axis=0)
    outputs = [product, product, total, product @ y, x, total.reshape(12, 1), product[2:5], 0 * y]
    function = ty.compile(outputs, [x, y])
    a, b = RNG.standard_normal((12, 12)), RNG.standard_normal(12)
    p = a @ a
    right = [p, p, p.sum(0), p @ b, a, p.sum(0)[:, None], p[2:5], 0 * b]
    found = function(a, b)
    for own, expected in zip(found, right, strict=True):
        np.testing.assert_allclose(own, expected, rtol=1e-12, atol=1e-12)
    found[0][:] = 7  # no two of them are one
    np.testing.assert_allclose(found[1], p, rtol=1e-12, atol=1e-12)
    one, two = np.stack([a, 2 * a]), np.stack([b, 3 * b])
    for k, own in enumerate(function(one, two)):
        np.testing.assert_array_equal(own[1], function(2 * a, 3 * b)[k])


def test_gradients_of_columns() -> None:
    def loss(x: Any, w: Any) -> Any:
        scores = x @ w
        scores = scores - np.max(scores, axis=1, keepdims=True)
        return np.mean(scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True)))

    x, w = RNG.standard_normal((9, 4)), RNG.standard_normal((4, 5))
    found = ty.grad(loss, argnums=(0, 1))(x, w)
    for k, given in enumerate((x, w)):
        step = np.zeros_like(given)
        step[1, 2] = 1e-6
        ends = [loss(*(x, w)[:k], given + s * step, *(x, w)[k + 1 :]) for s in (1, -1)]
        np.testing.assert_allclose(found[k][1, 2], (ends[0] - ends[1]) / 2e-6, rtol=1e-6, atol=1e-9)
    again = ty.hvp(lambda w: loss(x, w))(w, w)
    near = [ty.grad(lambda w: loss(x, w))(w * (1 + s * 1e-6)) for s in (1, -1)]
    np.testing.assert_allclose(again, (near[0] - near[1]) / 2e-6, rtol=1e-5, atol=1e-8)
