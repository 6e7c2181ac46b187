"""Taylor coefficients of linear algebra along polynomials of matrices, against mpmath."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.expressions.object_arrays import expression_array
from taylor.numbers.precision import as_precision
from taylor.points.array_jets import jet_of_arrays
from taylor.recurrences import arrays
from taylor_runtime.program.arrays import ArrayProgram

ORDER, DEGREE = 8, 3
Matrix = Any  # of mpmath


@pytest.fixture(autouse=True)
def _always_arrays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(arrays, "FEWEST", -1)
    yield


def _flat(m: Matrix) -> list[Any]:
    return [m[i, j] for i in range(m.rows) for j in range(m.cols)]


def _projection(m: Matrix) -> list[Any]:
    """On the first eigenvector, which has no sign."""
    _, vectors = mpmath.eigsy(m)
    first = vectors[:, 0]
    return _flat(first * first.T)


def _projected(m: Any) -> Any:
    first = np.linalg.eigh(m)[1][..., 0]
    return first[..., :, None] * first[..., None, :]


def _q_and_r(m: Matrix) -> list[Any]:
    """With a positive diagonal of R."""
    q, r = mpmath.qr(m, mode="skinny")
    signs = mpmath.diag([mpmath.sign(r[i, i]) for i in range(r.rows)])
    return _flat(q * signs) + _flat(signs * r)


def _q_and_r_of(m: Any) -> Any:
    """The same; signs are those of the matrices of these tests, whose R is negative there."""
    q, r = np.linalg.qr(m)
    return np.concatenate([-q, -r], axis=-2)


def _sides(m: Any) -> Any:
    """Sides that depend on the matrix, so that both vary."""
    return m[..., :2]


GENERAL: dict[str, tuple[Callable[[Any], Any], Callable[[Matrix], list[Any]]]] = {
    "inverse": (np.linalg.inv, lambda m: _flat(m**-1)),
    "determinant": (lambda m: np.linalg.det(m)[..., None, None], lambda m: [mpmath.det(m)]),
    "log of it": (
        lambda m: np.linalg.slogdet(m)[1][..., None, None],
        lambda m: [mpmath.log(abs(mpmath.det(m)))],
    ),
    "solution": (
        lambda m: np.linalg.solve(m, _sides(m) * _sides(m)),
        lambda m: _flat(mpmath.inverse(m) * m[:, :2].apply(lambda x: x * x)),
    ),
    "of steady sides": (
        lambda m: np.linalg.solve(m, np.ones((m.shape[-1], 1))),
        lambda m: _flat(mpmath.inverse(m) * mpmath.ones(m.rows, 1)),
    ),
    "of a steady matrix": (
        lambda m: np.linalg.solve(
            np.diag(np.arange(2.0, 2 + m.shape[-1])) + np.eye(m.shape[-1], k=1), m
        ),
        lambda m: _flat(
            mpmath.inverse(
                mpmath.diag(list(range(2, 2 + m.rows)))
                + mpmath.matrix(np.eye(m.rows, k=1).tolist())
            )
            * m
        ),
    ),
}
SYMMETRIC: dict[str, tuple[Callable[[Any], Any], Callable[[Matrix], list[Any]]]] = {
    "Cholesky": (np.linalg.cholesky, lambda m: _flat(mpmath.cholesky(m))),
    "eigenvalues": (
        lambda m: np.linalg.eigvalsh(m)[..., None],
        lambda m: list(mpmath.eigsy(m, eigvals_only=True)),
    ),
    "projection": (_projected, _projection),
}
TALL: dict[str, tuple[Callable[[Any], Any], Callable[[Matrix], list[Any]]]] = {
    "QR": (_q_and_r_of, _q_and_r),
    "least squares": (
        lambda m: np.linalg.solve(
            np.linalg.qr(m)[1],
            np.swapaxes(np.linalg.qr(m)[0], -1, -2) @ np.arange(1.0, 1 + m.shape[-2])[:, None],
        ),
        lambda m: _flat(mpmath.inverse(m.T * m) * m.T * mpmath.matrix(list(range(1, 1 + m.rows)))),
    ),
}


def _polynomial(shape: tuple[int, ...], symmetric: bool = False) -> np.ndarray:
    """Coefficients that doubles and floats hold, of matrices that are far from singular."""
    rng = np.random.default_rng(sum(shape))
    c = rng.integers(-8, 9, size=(DEGREE + 1, *shape)) / 8.0
    n = shape[-1]
    if symmetric:
        c = c + np.swapaxes(c, -1, -2)
        c[0] += 4 * n * np.eye(n) + np.diag(4.0 * np.arange(n))
    else:
        c[0] += (2 + n) * np.eye(shape[-2], n)
    return c


def _coefficients(fun: Callable[[Any], Any], c: np.ndarray, precision: str = "float64") -> Any:
    """By machine code: shape (order + 1, elements of the result)."""
    shape, kind = c.shape[1:], as_precision(precision)
    given = np.zeros((kind.parts, int(np.prod(shape)), ORDER + 1), kind.dtype)
    given[0, :, : DEGREE + 1] = c.reshape(DEGREE + 1, -1).T
    found = jet_of_arrays(lambda x: fun(x.reshape(shape)).reshape(-1), given, ORDER, kind)
    assert found is not None
    return found


def _agree(
    found: Any,
    reference: Callable[[Matrix], list[Any]],
    c: np.ndarray,
    tolerance: float,
) -> None:
    """Some of the elements of some of the matrices, relative to the largest coefficient."""
    matrices = c.reshape(DEGREE + 1, -1, *c.shape[-2:])
    size = found.shape[1] // matrices.shape[1]
    with mpmath.workdps(50):
        for number in {0, matrices.shape[1] - 1}:

            def at(t: Any, number: int = number) -> Matrix:
                return sum(
                    (mpmath.matrix(matrices[k, number].tolist()) * t**k for k in range(DEGREE + 1)),
                    mpmath.zeros(*c.shape[-2:]),
                )

            for place in np.linspace(0, size - 1, min(size, 4)).astype(int):
                right = mpmath.taylor(lambda t, p=int(place): reference(at(t))[p], 0, ORDER)
                own = found[:, number * size + place]
                largest = max(map(abs, right))
                for n in range(ORDER + 1):
                    value = mpmath.fsum(map(float, np.atleast_1d(own[n])))
                    assert abs(value - right[n]) <= tolerance * largest, (place, n)


SHAPES = [(3, 3), (11, 3, 3), (4, 4), (2, 5, 5), (9, 9)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", GENERAL)
def test_solutions_and_determinants(name: str, shape: tuple[int, ...]) -> None:
    fun, reference = GENERAL[name]
    c = _polynomial(shape)
    _agree(_coefficients(fun, c), reference, c, 2e-14)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", SYMMETRIC)
def test_factors_of_symmetric_matrices(name: str, shape: tuple[int, ...]) -> None:
    fun, reference = SYMMETRIC[name]
    c = _polynomial(shape, symmetric=True)
    _agree(_coefficients(fun, c), reference, c, 1e-12)


@pytest.mark.parametrize("shape", [(5, 3), (7, 6, 2), (9, 8)], ids=str)
@pytest.mark.parametrize("name", TALL)
def test_orthogonal_factors(name: str, shape: tuple[int, ...]) -> None:
    fun, reference = TALL[name]
    c = _polynomial(shape)
    _agree(_coefficients(fun, c), reference, c, 2e-14)


@pytest.mark.parametrize("precision, tolerance", [("float32", 1e-5), ("double-double", 1e-28)])
@pytest.mark.parametrize("shape", [(11, 3, 3), (6, 6)], ids=str)
@pytest.mark.parametrize("name", ["inverse", "determinant", "Cholesky", "eigenvalues", "QR"])
def test_other_kinds_of_numbers(
    name: str, shape: tuple[int, ...], precision: str, tolerance: float
) -> None:
    fun, reference = (GENERAL | SYMMETRIC | TALL)[name]
    c = _polynomial(shape, symmetric=name in SYMMETRIC)
    c = c[..., :-1] if name in TALL else c
    harder = 100 if name == "eigenvalues" else 1  # gaps between them are divisors
    _agree(_coefficients(fun, c, precision), reference, c, harder * tolerance)


def test_the_lower_half_is_read_alone() -> None:
    c = _polynomial((6, 6), symmetric=True)
    other = np.tril(c) + np.triu(np.random.default_rng(0).integers(-8, 9, c.shape) / 8.0, 1)
    for fun, _ in SYMMETRIC.values():
        assert np.array_equal(_coefficients(fun, c), _coefficients(fun, other))


def test_an_equation_with_a_matrix_that_moves() -> None:
    """A(t) x' = B x, against the same equations written out in scalars."""
    n = 6
    x = ty.variable("x", shape=(n,))
    rng = np.random.default_rng(2)
    mass, force = rng.normal(size=(n, n)) / 4 + 3 * np.eye(n), -np.eye(n) - rng.random((n, n)) / 8
    start = rng.normal(size=n)
    moved = mass + x[:, None] * x[None, :] / 8
    by_arrays = ty.Integrator([(x, np.linalg.solve(moved, force @ x))], start)
    states = [ty.variable(f"s{i}") for i in range(n)]
    rows = [[mass[i, j] + states[i] * states[j] / 8 for j in range(n)] for i in range(n)]
    sides = [sum(force[i, j] * states[j] for j in range(n)) for i in range(n)]
    rates = np.linalg.solve(expression_array(rows), expression_array(sides))
    by_scalars = ty.Integrator(list(zip(states, rates, strict=True)), start)
    for ta in (by_arrays, by_scalars):
        ta.propagate_until(3.0)
    programs = [ta._machine.stepper.program for ta in (by_arrays, by_scalars)]
    assert [type(program) is ArrayProgram for program in programs] == [True, False]
    np.testing.assert_allclose(by_arrays.state, by_scalars.state, rtol=1e-13)
