"""Derivatives of operations of linear algebra: differences of values, and duality."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.nodes.logic import compare
from taylor.nodes.node import ONE
from taylor.nodes.operations.table import operation

SIZE = 5


def _tall(m: Any) -> Any:
    return m[..., : SIZE - 2]


NODES: dict[str, Callable[[Any], Any]] = {
    "solve": lambda m: np.linalg.solve(m, m[..., :2] ** 2),
    "det": np.linalg.det,
    "slogdet": lambda m: np.linalg.slogdet(m)[1],
    "cholesky": np.linalg.cholesky,
    "qr": lambda m: np.linalg.qr(_tall(m))[0],
    "eigh": lambda m: np.linalg.eigh(m)[1] ** 2,  # vectors have no sign
}


def _node(name: str, batch: tuple[int, ...]) -> tuple[Any, Any]:
    """The node of the operation that is asked for, and the matrices that it is made of."""
    m = ty.variable("m", shape=(*batch, SIZE, SIZE))
    e = NODES[name](m)
    while e.op != name:
        e = e.args[0]
    return e, m


def _symmetric(batch: tuple[int, ...], seed: int) -> np.ndarray:
    a = np.random.default_rng(seed).normal(size=(*batch, SIZE, SIZE))
    return a @ np.swapaxes(a, -1, -2) + np.diag(np.arange(1.0, SIZE + 1))


@pytest.mark.parametrize("batch", [(), (3,)], ids=str)
@pytest.mark.parametrize("name", NODES)
def test_tangents_are_differences_and_adjoints_their_duals(
    name: str, batch: tuple[int, ...]
) -> None:
    """<adjoint, tangent> is <share of the adjoint, change>; tangents by central differences."""
    e, m = _node(name, batch)
    rng = np.random.default_rng(3)
    matrix, change = _symmetric(batch, 1), rng.normal(size=(*batch, SIZE, SIZE))
    weight = rng.normal(size=e.shape)
    if name == "slogdet":
        weight[..., 0] = 0  # the sign is steady
    changes = ty.variable("dm", shape=m.shape)
    seeds = {a: _along(a, m, changes) for a in e.args}
    record = operation(name)
    assert record.tangent is not None and record.adjoints is not None
    values = {m: matrix, changes: change}
    tangent = ty.evaluate(record.tangent(e, seeds), values)
    h = 1e-4
    ends = [ty.evaluate(e, {m: matrix + k * h * change}) for k in (-2, -1, 1, 2)]
    slope = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * h)
    np.testing.assert_allclose(tangent, slope, rtol=1e-8, atol=1e-8 * np.abs(slope).max())
    given = ty.variable("w", shape=e.shape)
    total = 0.0
    for operand, share, guard in record.adjoints(e, given, ONE):
        assert guard is ONE and share.shape == operand.shape
        share = ty.evaluate(share, {**values, given: weight})
        total += float(np.sum(share * ty.evaluate(seeds[operand], values)))
    assert total == pytest.approx(float(np.sum(weight * tangent)), rel=1e-11)


def _along(a: Any, m: Any, changes: Any) -> Any:
    """The change of an operand, which is m, or some columns of it or their squares."""
    if a is m:
        return changes
    columns = a.shape[-1]
    part = changes[..., :columns]
    return part if a.op == "index" else 2 * m[..., :columns] * part


@pytest.mark.parametrize("name", NODES)
def test_what_does_not_count_spoils_nothing(name: str) -> None:
    """A singular matrix whose elements a condition leaves out."""
    e, m = _node(name, (2,))
    number = ty.variable("c", shape=(2, *[1] * (e.ndim - 1)))
    counts = compare("gt", number, ty.constant(0))
    given = ty.variable("w", shape=e.shape)
    matrix = np.stack([_symmetric((), 1), np.zeros((SIZE, SIZE))])
    known = {m: matrix, given: np.ones(e.shape), number: np.reshape([1.0, -1.0], number.shape)}
    adjoints = operation(name).adjoints
    assert adjoints is not None
    for operand, share, guard in adjoints(e, given, counts):
        found = ty.evaluate(share, known)
        assert np.isfinite(found).all() and not found[1].any(), operand
        assert ty.evaluate(guard, known).shape[0] == 2


@pytest.mark.parametrize("name", NODES)
def test_many_at_once_are_as_one_after_the_other(name: str) -> None:
    many = _symmetric((7,), 5)
    found = ty.vmap(NODES[name])(many)
    for k in range(7):
        np.testing.assert_allclose(found[k], NODES[name](many[k]), rtol=1e-11, atol=1e-12)
    sides = np.random.default_rng(0).normal(size=(7, SIZE, 2))
    found = ty.vmap(lambda s: np.linalg.solve(many[0], s))(sides)
    np.testing.assert_allclose(found, np.linalg.solve(many[0], sides), rtol=1e-12)


@pytest.mark.parametrize("size", [3, 12])
def test_gradients_of_programs(size: int) -> None:
    """The logarithm of a normal density by the covariance, against its closed form."""
    rng = np.random.default_rng(1)
    root, x = rng.normal(size=(size, size)), rng.normal(size=size)
    cov = root @ root.T + size * np.eye(size)

    def density(c: Any) -> Any:
        lower = np.linalg.cholesky(c)
        whitened = np.linalg.solve(lower, x)
        return -np.sum(np.log(np.diagonal(lower))) - whitened @ whitened / 2

    inverse = np.linalg.inv(cov)
    full = (np.outer(inverse @ x, inverse @ x) - inverse) / 2
    lower = np.tril(full, -1) * 2 + np.diag(np.diagonal(full))  # its lower half is read
    np.testing.assert_allclose(ty.grad(density)(cov), lower, rtol=1e-10, atol=1e-13)

    def by_determinant(c: Any) -> Any:
        return -np.linalg.slogdet(c)[1] / 2 - x @ np.linalg.solve(c, x) / 2

    np.testing.assert_allclose(ty.grad(by_determinant)(cov), full, rtol=1e-10, atol=1e-13)
