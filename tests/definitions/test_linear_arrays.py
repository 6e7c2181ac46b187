"""Linear algebra of array expressions: all systems of an array at once, in a few nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.expressions.object_arrays import expression_array
from taylor.nodes.traverse import reachable


def matrices(*shape: int, seed: int = 0) -> np.ndarray:
    """Well-conditioned ones."""
    return np.random.default_rng(seed).normal(size=shape) + 4 * np.eye(shape[-1])


def agree(build: Any, *numbers: np.ndarray) -> None:
    nodes = [ty.variable(f"n{k}", shape=a.shape) for k, a in enumerate(numbers)]
    e, right = build(*nodes), build(*numbers)
    values = dict(zip(nodes, numbers, strict=True))
    assert isinstance(e, ty.Expression) and e.shape == right.shape
    np.testing.assert_allclose(ty.evaluate(e, values), right, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(ty.compile(e, nodes)(*numbers), right, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((), (0,)),
        ((), (0, 2)),
        ((4,), (4, 0, 1)),
        ((4,), (0, 2)),
        ((), (2, 0, 1)),
        ((2, 1), (3, 0, 1)),
    ],
)
def test_solutions(size: int, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    """Of stacks of matrices and sides, of which either may be one alone; 0 stands for the size."""
    sides = np.random.default_rng(1).normal(size=[n or size for n in right])
    agree(np.linalg.solve, matrices(*left, size, size), sides)


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (5, 2, 2), (2, 1, 3, 3)])
def test_inverses_determinants_and_powers(shape: tuple[int, ...]) -> None:
    a = matrices(*shape)
    agree(np.linalg.inv, a)
    agree(np.linalg.det, a)
    agree(lambda m: np.linalg.slogdet(m)[1], a)
    agree(lambda m: np.linalg.matrix_power(m, 3), a)
    agree(lambda m: np.linalg.matrix_power(m, -2), a)
    agree(lambda m: np.linalg.matrix_power(m, 0) + m, a)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (4, 3, 3), (6, 6)])
def test_triangles(shape: tuple[int, ...]) -> None:
    a = matrices(*shape)
    a = a @ np.swapaxes(a, -1, -2)
    agree(np.linalg.cholesky, a)
    agree(lambda m: np.linalg.cholesky(m, upper=True), a)


def test_a_large_triangle() -> None:
    a = matrices(32, 32) / 4
    a = a @ a.T
    m = ty.variable("m", shape=(32, 32))
    found = ty.evaluate(np.linalg.cholesky(m), {m: a})
    np.testing.assert_allclose(found, np.linalg.cholesky(a), rtol=1e-11, atol=1e-12)
    indefinite = a - 100 * np.eye(32)
    assert np.isnan(ty.evaluate(np.linalg.cholesky(m), {m: indefinite})).any()


def test_norms() -> None:
    a = np.random.default_rng(2).normal(size=(2, 3, 4))
    agree(lambda m: np.linalg.vector_norm(m, axis=(0, 2), keepdims=True), a)
    agree(lambda m: np.linalg.vector_norm(m, ord=3), a)
    agree(lambda m: np.linalg.vector_norm(m, axis=1, ord=np.inf), a)
    agree(lambda m: np.linalg.matrix_norm(m), a)
    agree(lambda m: np.linalg.matrix_norm(m, ord=1, keepdims=True), a)
    agree(lambda m: np.linalg.multi_dot([m[0], m[1].T, m[0]]), a)


def test_the_number_of_nodes_does_not_depend_on_how_many_systems_there_are() -> None:
    def count(batch: int) -> int:
        a, b = ty.variable("a", shape=(batch, 3, 3)), ty.variable("b", shape=(batch, 3, 1))
        roots = [np.linalg.solve(a, b), np.linalg.det(a), np.linalg.inv(a), np.linalg.cholesky(a)]
        return len(reachable(roots))

    assert count(5) == count(10_000)


def test_elements_of_solutions_are_the_same_functions_as_before() -> None:
    a, b = ty.variable("a", shape=(2, 2)), ty.variable("b", shape=2)
    from taylor.expressions.scalars import scalars

    spelled = scalars(np.linalg.solve(a, b))
    alone = np.linalg.solve(expression_array(a), expression_array(b))
    assert [e is f for e, f in zip(spelled, alone, strict=True)] == [True, True]


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        (lambda a, b: np.linalg.solve(a, b), ty.ShapeError, r"\(3, 3\) and \(2,\).*test_linear_a"),
        (lambda a, b: np.linalg.det(a[:2]), ty.ShapeError, r"linalg\.det: shape \(2, 3\).*test_li"),
        (
            lambda a, b: np.linalg.inv(expression_array(np.tile(a, (3, 3)))),
            ty.UnsupportedFunctionError,
            r"linalg\.inv.*8 rows, not 9 \(at .*test_linear_arrays",
        ),
    ],
)
def test_errors(build: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        build(ty.variable("a", shape=(3, 3)), ty.variable("b", shape=2))
