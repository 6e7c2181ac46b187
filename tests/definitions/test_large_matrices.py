"""Linear algebra of arrays of any size against NumPy: registers, loops, batches, precisions."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.expressions.scalars import scalars

SIZES = [2, 3, 4, 5, 8, 9, 17, 33]
BATCHES: list[tuple[int, ...]] = [(), (2,), (9,), (3, 2), (20, 3)]


def _general(shape: tuple[int, ...]) -> np.ndarray:
    """Whose first pivots are zero, so that rows have to be exchanged."""
    rng = np.random.default_rng(sum(shape))
    a = rng.normal(size=shape)
    n = shape[-1]
    a[..., : n - 1 : 2, : n - 1 : 2] *= 1 - np.eye(len(range(0, n - 1, 2)))
    return np.asarray(a)


def _symmetric(shape: tuple[int, ...]) -> np.ndarray:
    a = np.random.default_rng(sum(shape)).normal(size=shape)
    return np.asarray(a @ np.swapaxes(a, -1, -2) + np.eye(shape[-1]))


def _compiled(build: Callable[..., Any], *numbers: np.ndarray) -> Any:
    nodes = [ty.variable(f"n{k}", shape=a.shape) for k, a in enumerate(numbers)]
    e = build(*nodes)
    function = ty.compile(e, nodes)
    return e, function(*numbers)


def _error(found: Any, right: Any) -> float:
    assert np.shape(found) == np.shape(right)
    return float(np.abs(found - right).max() / max(np.abs(right).max(), 1e-300))


@pytest.mark.parametrize("batch", BATCHES, ids=str)
@pytest.mark.parametrize("n", SIZES)
def test_solutions(n: int, batch: tuple[int, ...]) -> None:
    """Within the condition of the matrices."""
    a = _general((*batch, n, n))
    condition = np.linalg.cond(a).max()
    sides = [
        np.random.default_rng(columns).normal(size=(*batch, n, columns))
        for columns in (1, 3, 8, 41)
    ]

    def build(m: Any, *rights: Any) -> list[Any]:
        solved = [np.linalg.solve(m, b) for b in rights]
        return [*solved, np.linalg.inv(m), np.linalg.det(m), np.stack(np.linalg.slogdet(m))]

    _, (*solved, inverse, determinant, logarithm) = _compiled(build, a, *sides)
    for found, b in zip(solved, sides, strict=True):
        assert _error(found, np.linalg.solve(a, b)) <= 1e-15 * n * condition
    assert _error(inverse, np.linalg.inv(a)) <= 1e-15 * n * condition
    bound = np.prod(np.linalg.norm(a, axis=-1), axis=-1)  # Hadamard's
    assert (np.abs(determinant - np.linalg.det(a)) <= 1e-13 * bound).all()
    assert _error(logarithm, np.stack(np.linalg.slogdet(a))) <= 1e-15 * n * condition


@pytest.mark.parametrize("batch", BATCHES, ids=str)
@pytest.mark.parametrize("n", SIZES)
def test_factors(n: int, batch: tuple[int, ...]) -> None:
    a = _symmetric((*batch, n, n))

    def build(m: Any) -> list[Any]:
        lower, upper = np.linalg.cholesky(m), np.linalg.cholesky(m, upper=True)
        return [lower, upper, np.linalg.eigvalsh(m), np.linalg.eigh(m, UPLO="U").eigenvectors]

    _, (lower, upper, values, v) = _compiled(build, a)
    assert _error(lower, np.linalg.cholesky(a)) <= 1e-14 * np.linalg.cond(a).max()
    assert _error(np.swapaxes(upper, -1, -2) @ upper, a) <= 1e-14
    assert _error(values, np.linalg.eigvalsh(a)) <= 1e-13
    assert _error(v @ (values[..., None] * np.swapaxes(v, -1, -2)), a) <= 1e-13
    assert _error(np.swapaxes(v, -1, -2) @ v, np.broadcast_to(np.eye(n), a.shape)) <= 1e-13


@pytest.mark.parametrize("shape", [(3, 2), (7, 6, 4), (8, 8), (40, 9), (3, 2, 5, 5)], ids=str)
def test_orthogonal_factors_and_least_squares(shape: tuple[int, ...]) -> None:
    a = np.random.default_rng(1).normal(size=shape)
    q, r = (_compiled(lambda m, k=k: np.linalg.qr(m)[k], a)[1] for k in (0, 1))
    right = np.linalg.qr(a)
    assert _error(q, right[0]) <= 1e-13 and _error(r, right[1]) <= 1e-13
    assert not np.tril(r, -1).any()
    if len(shape) > 2:
        return
    for b in (np.arange(1.0, 1 + shape[0]), np.cos(np.arange(3.0 * shape[0])).reshape(-1, 3)):
        for k in (0, 1, 3):
            if k == 1 and shape[0] == shape[1]:
                continue  # no residuals
            _, found = _compiled(lambda m, s, k=k: np.linalg.lstsq(m, s, rcond=None)[k], a, b)
            assert _error(found, np.linalg.lstsq(a, b, rcond=None)[k]) <= 1e-12


@pytest.mark.parametrize("precision, tolerance", [("float32", 2e-4), ("double-double", 1e-27)])
@pytest.mark.parametrize("shape", [(20, 3, 3), (5, 4, 4), (2, 9, 9), (1, 33, 33)], ids=str)
def test_other_kinds_of_numbers(shape: tuple[int, ...], precision: str, tolerance: float) -> None:
    """What comes out satisfies the equations that define it, to so many digits."""
    n = shape[-1]
    a = np.round(_symmetric(shape) * 1024) / 1024 + 4 * np.eye(n)
    a = np.tril(a) + np.swapaxes(np.tril(a, -1), -1, -2)
    eye = np.broadcast_to(np.eye(n), shape)

    def rest(m: Any) -> Any:
        lower = np.linalg.cholesky(m)
        values, v = np.linalg.eigh(m)
        q, r = np.linalg.qr(m)
        return np.stack(
            [
                np.linalg.inv(m) @ m - eye,
                lower @ np.swapaxes(lower, -1, -2) - m,
                v * values[..., None, :] - m @ v,
                q @ r - m,
                np.swapaxes(q, -1, -2) @ q - eye,
            ]
        )

    given = np.stack([a, 0 * a], axis=-1) if precision == "double-double" else a
    m = ty.variable("m", shape=shape)
    found = ty.compile(rest(m), [m], precision=precision)(given)
    assert np.abs(np.asarray(found)).max() <= tolerance * n * np.abs(a).max()


def test_one_matrix_and_many_sides_is_factored_once() -> None:
    a, b = _general((6, 6)), np.random.default_rng(0).normal(size=(7, 2, 6, 3))
    e, found = _compiled(np.linalg.solve, a, b)
    assert _error(found, np.linalg.solve(a, b)) <= 1e-13
    while e.op != "solve":
        e = e.args[0]
    assert e.args[0].shape == (6, 6) and e.shape == (6, 42)


def test_singular_matrices_are_nan_and_the_others_are_not() -> None:
    """NumPy refuses all of them."""
    for n in (3, 7):
        a = np.stack([_general((n, n)), np.ones((n, n)), np.zeros((n, n))])
        b = np.ones((3, n, 1))
        m, s = ty.variable("m", shape=a.shape), ty.variable("s", shape=b.shape)
        e = np.linalg.solve(m, s)
        for found in (ty.compile(e, [m, s])(a, b), ty.evaluate(e, {m: a, s: b})):
            assert np.allclose(found[0], np.linalg.solve(a[0], b[0]))
            assert np.isnan(found[1]).any() and np.isnan(found[2]).any()
        assert np.array_equal(ty.compile(np.linalg.det(m), [m])(a)[1:], [0, 0])
        negative = np.stack([np.eye(n), -np.eye(n)])
        m = ty.variable("m", shape=negative.shape)
        e = np.linalg.cholesky(m)
        for found in (ty.compile(e, [m])(negative), ty.evaluate(e, {m: negative})):
            assert np.array_equal(found[0], np.eye(n)) and np.isnan(found[1]).any()


def test_no_matrices_and_no_rows() -> None:
    for shape in [(0, 3, 3), (0, 0), (4, 0, 0)]:
        a = np.zeros(shape)
        for build in (np.linalg.inv, np.linalg.det, np.linalg.cholesky):
            right = build(a)
            m = ty.variable("m", shape=shape)
            found = ty.evaluate(build(m), {m: a})
            assert np.shape(found) == right.shape and np.array_equal(found, right)


def test_nodes_are_pickled_and_printed() -> None:
    m = ty.variable("m", shape=(6, 6))
    for e in (np.linalg.solve(m, m), np.linalg.det(m), np.linalg.cholesky(m)):
        assert pickle.loads(pickle.dumps(e)) is e
        assert str(e) == f"{e.op}({', '.join(map(str, e.args))})"


def test_what_cannot_be_spelled_out_is_refused() -> None:
    m = ty.variable("m", shape=(9, 9))
    with pytest.raises(ty.UnsupportedFunctionError, match=r"det: a matrix of 9 rows cannot be sp"):
        scalars(np.linalg.det(m))
    with pytest.raises(ty.UnsupportedFunctionError, match=r"qr: it cannot be spelled out"):
        scalars(np.linalg.qr(m)[0])


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        (lambda m: np.linalg.eigh(m[:2]), ty.ShapeError, r"linalg\.eigh: shape \(2, 6\).*test_la"),
        (lambda m: np.linalg.eigh(m, "X"), ty.ArgumentError, r"linalg\.eigh: UPLO='X'"),
        (lambda m: np.linalg.cholesky(m[0]), ty.ShapeError, r"linalg\.cholesky: shape \(6,\)"),
        (
            lambda m: np.linalg.qr(m[:2], "complete"),
            ty.UnsupportedFunctionError,
            r"linalg\.qr: mode 'complete' of shape \(2, 6\)",
        ),
        (
            lambda m: np.linalg.lstsq(m, m[0, :4], rcond=None),
            ty.ShapeError,
            r"lstsq: shapes \(6, 6\) and \(4,\) do not fit.*test_large",
        ),
        (
            lambda m: np.linalg.solve(m, np.ones((3, 5, 1))),
            ty.ShapeError,
            r"solve: shapes \(6, 6\) and \(3, 5, 1\) do not fit",
        ),
    ],
)
def test_errors(build: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        build(ty.variable("m", shape=(6, 6)))
