"""Functions of arrays, compiled as loops over elements, against NumPy."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError, ShapeError
from taylor.points import arrays as compiled_arrays
from taylor.recurrences import arrays

Pair = Callable[[Any, Any], Any]

# Functions of two arrays of one shape, both axes of at least 3.
CASES: dict[str, Pair] = {
    "chain": lambda x, y: np.exp(-x * x) * np.cos(y) + x / (1 + y * y),
    "reversed": lambda x, y: x[::-1, 1:] * y[:, :-1] + y[1, 1],
    "transposed": lambda x, y: np.exp(x.T)[1:, ::2] - y.T[1:, ::2],
    "sum": lambda x, y: np.sum(x * y),
    "sum of rows": lambda x, y: (x + 1).sum(axis=0) * 2,
    "sum of columns": lambda x, y: np.exp(x).sum(axis=1),
    "sum of the transposed": lambda x, y: x.T.sum(axis=0),
    "sum over both": lambda x, y: x.sum(axis=(0, 1), keepdims=True) + y,
    "pairs": lambda x, y: np.sqrt(((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=-1)),
    "middle axis": lambda x, y: np.sum(np.sin(x)[:, None, :] * np.cos(y)[None, :, :], axis=(0, 2)),
    "max": lambda x, y: np.max(x),
    "max of rows": lambda x, y: np.max(x, axis=0) - y[0],
    "min of columns": lambda x, y: np.min(2 * x, axis=-1, keepdims=True),
    "prod": lambda x, y: np.prod(x, axis=1),
    "prod of all": lambda x, y: np.prod(x),
    "cumsum": lambda x, y: np.cumsum(x, axis=1),
    "cumsum of rows": lambda x, y: np.cumsum(x, axis=0) * y,
    "cumsum of all": lambda x, y: np.cumsum(x),
    "cumprod": lambda x, y: np.cumprod(x, axis=0),
    "matmul": lambda x, y: x @ y.T,
    "matmul of the transposed": lambda x, y: x.T @ y,
    "matrix times vector": lambda x, y: np.tanh(x @ y[0]),
    "vector times matrix": lambda x, y: x[0] @ y.T,
    "dot": lambda x, y: np.dot(x[0], y[1]),
    "outer": lambda x, y: np.outer(x[0], y[1]),
    "einsum": lambda x, y: np.einsum("ij,kj->ikj", x, y),
    "einsum of three": lambda x, y: np.einsum("ij,kj,kl->il", x, y, y),
    "concatenate": lambda x, y: np.concatenate([x, y, 2 * x], axis=0),
    "concatenate columns": lambda x, y: np.concatenate([x[:, :2], np.exp(y)], axis=1),
    "stack": lambda x, y: np.stack([x, y], axis=1),
    "roll": lambda x, y: np.roll(x, 2, axis=1) + y,
    "diagonal": lambda x, y: np.diagonal(x),
    "where": lambda x, y: np.where(x > 0, x, y * x),
    "clip": lambda x, y: np.clip(x, -0.5, 0.5),
    "extremes": lambda x, y: np.maximum(x, y) - np.minimum(x, 0.25),
    "softmax": lambda x, y: (
        np.exp(x - np.max(x, axis=1, keepdims=True))
        / np.sum(np.exp(x - np.max(x, axis=1, keepdims=True)), axis=1, keepdims=True)
    ),
    "variance": lambda x, y: np.var(x, axis=0),
    "norm": lambda x, y: np.linalg.norm(x, axis=1),
    "take": lambda x, y: x[[0, 2, 0, 1]],
    "pad": lambda x, y: np.pad(x, ((1, 2), (0, 1))),
    "reshaped": lambda x, y: x.reshape(-1)[::-1].reshape(x.shape) * y,
    "repeat": lambda x, y: np.repeat(x, 3, axis=0),
    "constants": lambda x, y: x * np.arange(x.size).reshape(x.shape) + np.array([[2.5]]),
    "scalars among arrays": lambda x, y: np.sum(x) * y + np.sum(y, axis=0),
}
BOUNDS = {"float64": 1e-13, "float32": 2e-4, "double-double": 1e-14}


@pytest.fixture(autouse=True)
def _always_arrays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(arrays, "FEWEST", -1)
    yield


def _given(shape: tuple[int, ...], seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32).astype(float)


def _call(function: Any, precision: str, *given: np.ndarray) -> Any:
    if precision == "double-double":
        return function(*map(ty.from_mpmath, given))[..., 0]
    return function(*(array.astype(np.dtype(precision)) for array in given))


@pytest.mark.parametrize("shape", [(5, 7), (4, 4), (3, 33), (21, 3)], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_values_against_numpy(name: str, shape: tuple[int, int]) -> None:
    fun = CASES[name]
    x, y = ty.variable("x", shape=shape), ty.variable("y", shape=shape)
    given = _given(shape), _given(shape, 2)
    compiled = ty.compile(fun(x, y), [x, y])
    expected, found = fun(*given), compiled(*given)
    assert np.shape(found) == np.shape(expected)
    scale = 1 + np.abs(expected).max()
    assert np.abs(found - expected).max() <= BOUNDS["float64"] * scale


@pytest.mark.parametrize("precision", ["float32", "double-double"])
@pytest.mark.parametrize("name", CASES)
def test_precisions(name: str, precision: str) -> None:
    fun, shape = CASES[name], (4, 9)
    x, y = ty.variable("x", shape=shape), ty.variable("y", shape=shape)
    given = _given(shape), _given(shape, 2)
    found = _call(ty.compile(fun(x, y), [x, y], precision=precision), precision, *given)
    expected = fun(*given)
    assert np.shape(found) == np.shape(expected)
    scale = 1 + np.abs(expected).max()
    assert np.abs(found - expected).max() <= BOUNDS[precision] * scale


def test_double_double_has_its_digits() -> None:
    """A sum of thirds, and a product of matrices of them, in exact arithmetic."""
    from fractions import Fraction

    x = ty.variable("x", shape=(6, 6))
    f = ty.compile([(x / 3).sum(), (x / 3) @ x], [x], precision="double-double")
    numbers = np.arange(36).reshape(6, 6) - 11
    total, product = f(ty.from_mpmath(numbers))
    exact = Fraction(int(numbers.sum()), 3)
    assert abs(Fraction(float(total[0])) + Fraction(float(total[1])) - exact) < 1e-28
    wanted = [[Fraction(int(v), 3) for v in row] for row in (numbers @ numbers).tolist()]
    for i in range(6):
        for k in range(6):
            high, low = product[i, k]
            assert abs(Fraction(float(high)) + Fraction(float(low)) - wanted[i][k]) < 1e-28


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 9, 15, 16, 17, 100])
def test_all_lengths(size: int) -> None:
    x = ty.variable("x", shape=(size,))
    given = _given((size,))
    f = ty.compile([np.exp(x), x.sum(), x[::-1] * x, np.cumsum(x)], [x])
    exp, total, squares, running = f(given)
    np.testing.assert_allclose(exp, np.exp(given), rtol=1e-15)
    assert total == pytest.approx(given.sum(), abs=1e-14)
    assert (squares == given[::-1] * given).all()
    np.testing.assert_allclose(running, np.cumsum(given), atol=1e-14)


def test_elements_have_the_bits_of_scalars(monkeypatch: pytest.MonkeyPatch) -> None:
    x = ty.variable("x", shape=(50,))
    e = np.sin(x) * np.exp(x / 7) + ty.gamma(x + 3) - x**3
    loops = ty.compile(e, [x])
    monkeypatch.setattr(arrays, "FEWEST", 10**9)
    spelled = ty.compile(e, [x])
    given = _given((50,))
    assert loops(given).tobytes() == spelled(given).tobytes()


def test_nan_and_infinities_are_those_of_numpy() -> None:
    x = ty.variable("x", shape=(4, 9))
    f = ty.compile([np.max(x, axis=1), np.min(x, axis=0), x.sum(axis=1)], [x])
    given = _given((4, 9))
    given[1, 3], given[2, 8], given[3, 0] = np.nan, np.inf, -np.inf
    expected = np.max(given, axis=1), np.min(given, axis=0), given.sum(axis=1)
    for one, other in zip(f(given), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_points_broadcast_and_results_are_the_callers() -> None:
    x, k = ty.variable("x", shape=(3, 4)), ty.parameter("k")
    f = ty.compile([k * x.sum(axis=1), np.exp(x)], [x, k])
    given, factors = _given((5, 3, 4)), np.arange(1.0, 6.0)
    total, exp = f(given, factors)
    np.testing.assert_allclose(total, factors[:, None] * given.sum(axis=2), rtol=1e-13)
    np.testing.assert_allclose(exp, np.exp(given), rtol=1e-15)
    kept = total.copy()
    f(2 * given, factors)
    assert (total == kept).all()
    out = np.empty((5, 3)), np.empty((5, 3, 4))
    results = f(given, factors, out=out)
    assert results[0] is out[0] and (out[0] == total).all()


def test_memory_of_large_results_is_not_shared() -> None:
    x = ty.variable("x", shape=(20_000,))
    f = ty.compile(2 * x, [x])
    given = _given((20_000,))
    first = f(given)
    part, second = first[5:], f(-given)
    assert not np.may_share_memory(first, second)
    del first
    third = f(3 * given)
    assert not np.may_share_memory(part, third)
    assert (part == 2 * given[5:]).all() and (third == 6 * given).all()


def test_arguments_in_any_layout() -> None:
    x = ty.variable("x", shape=(6, 8))
    f = ty.compile(np.exp(x) + x[::-1], [x])
    given = _given((6, 8))
    expected = np.exp(given) + given[::-1]
    for same in (np.asfortranarray(given), given[::-1][::-1], given.tolist()):
        np.testing.assert_allclose(f(same), expected, rtol=1e-15)
    np.testing.assert_allclose(f(np.ones((6, 8), int)), np.exp(1) + np.ones((6, 8)), rtol=1e-15)


def test_explanation_names_what_is_moved() -> None:
    x = ty.variable("x", shape=(6, 8))
    text = str(ty.compile([np.cumsum(x), x @ x.T, x.max(axis=0)], [x]).explain())
    for words in ("running sum", "contraction", "ab,bc->ac", "max of r0 over axis 0"):
        assert words in text


def test_wrong_shapes_are_named() -> None:
    x = ty.variable("x", shape=(6, 8))
    f = ty.compile(np.exp(x), [x])
    with pytest.raises(ArgumentError, match=r"argument x must have last axes \(6, 8\)"):
        f(np.zeros((8, 6)))
    with pytest.raises(ShapeError, match="Output operand 0"):
        f(np.zeros((6, 8)), out=np.zeros(3))


def test_pickle_and_large_constants() -> None:
    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((64, 256))
    x = ty.variable("x", shape=(256,))
    f = ty.compile(np.tanh(matrix @ x).sum(), [x])
    given = rng.standard_normal(256)
    again = pickle.loads(pickle.dumps(f))
    assert f(given) == again(given) == pytest.approx(np.tanh(matrix @ given).sum(), abs=1e-12)
    other = ty.compile(np.tanh((2 * matrix) @ x).sum(), [x])  # the same code, other numbers
    assert other(given) == pytest.approx(np.tanh(2 * matrix @ given).sum(), abs=1e-12)


def test_code_does_not_grow_with_shapes() -> None:
    def lines(n: int) -> int:
        x = ty.variable("x", shape=(n, n))
        f = ty.compile(np.tanh(x @ x).sum(axis=0) + x[0] * np.cumsum(x[1]), [x])
        assert f._arrays is not None
        return len(f._arrays.code.module.ir.splitlines())

    assert lines(800) <= lines(80) + 250  # another kernel of products, whatever the sizes are


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_threads_share_points(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bits, of arguments that have some of the axes of points, or none."""
    shared: list[int] = []
    original = compiled_arrays.shared_points

    def counted(*given: Any) -> None:
        shared.append(given[-1])
        original(*given)

    monkeypatch.setattr(compiled_arrays, "shared_points", counted)

    def convert(array: np.ndarray) -> np.ndarray:
        wide = precision == "double-double"
        return ty.from_mpmath(array) if wide else array.astype(precision)

    x, k = ty.variable("x", shape=(20, 30)), ty.parameter("k")
    outputs = [np.tanh(k * x).sum(axis=0), np.exp(x), k * k]
    alone = ty.compile(outputs, [x, k], precision=precision)
    by_two = ty.compile(outputs, [x, k], precision=precision, threads=2)
    factors = np.linspace(0.0, 1.0, 7)
    for given, numbers in (
        (_given((300, 20, 30)), np.linspace(0.0, 1.0, 300)),
        (_given((60, 1, 20, 30)), factors),
        (_given((20, 30)), np.linspace(0.0, 1.0, 300)),
    ):
        both = convert(given), convert(numbers)
        for one, other in zip(alone(*both), by_two(*both), strict=True):
            assert one.shape == other.shape and one.tobytes() == other.tobytes()
    assert shared == [2, 2, 2]
    by_two(convert(_given((2, 20, 30))), convert(np.array(0.5)))
    assert len(shared) == 3
    assert pickle.loads(pickle.dumps(by_two)).threads == 2
