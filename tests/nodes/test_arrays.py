"""Array nodes against NumPy on the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.expressions.object_arrays import expression_array
from taylor.expressions.scalars import scalars

x = ty.variable("x")
w = ty.variable("w", shape=3)
q = ty.variable("q", shape=(3, 2))
r = ty.variable("r", shape=(2, 3, 2))

generator = np.random.default_rng(1)
VALUES = {
    x: 0.7,
    w: generator.uniform(0.5, 2, 3),
    q: generator.uniform(0.5, 2, (3, 2)),
    r: generator.uniform(0.5, 2, (2, 3, 2)),
}

CASES: list[Callable[..., Any]] = [
    lambda x, w, q, r: w + x,
    lambda x, w, q, r: x * q - 1,
    lambda x, w, q, r: q / w[:, None],
    lambda x, w, q, r: w**2 + np.array([1.0, 2.0, 3.0]),
    lambda x, w, q, r: np.array([1.0, 2.0, 3.0]) - w,
    lambda x, w, q, r: 2 ** (w / 2),
    lambda x, w, q, r: r + q,
    lambda x, w, q, r: np.sin(q) * np.exp(-w)[:, None],
    lambda x, w, q, r: q[1],
    lambda x, w, q, r: q[:, 1],
    lambda x, w, q, r: q[-1, ::-1],
    lambda x, w, q, r: q[::2][1],
    lambda x, w, q, r: q[1:][:, 1][::-1],
    lambda x, w, q, r: q[None, ..., 0],
    lambda x, w, q, r: (q + 0)[1:, None][0],
    lambda x, w, q, r: r[1, :, 0],
    lambda x, w, q, r: q[[2, 0]],
    lambda x, w, q, r: q[np.array([True, False, True])],
    lambda x, w, q, r: w[::-1][1:],
    lambda x, w, q, r: np.sum(q),
    lambda x, w, q, r: q.sum(axis=0),
    lambda x, w, q, r: np.sum(r, axis=(0, -1)),
    lambda x, w, q, r: np.sum(q, axis=1, keepdims=True) * q,
    lambda x, w, q, r: w @ q,
    lambda x, w, q, r: q.T @ w,
    lambda x, w, q, r: r @ q.T,
    lambda x, w, q, r: np.ones((4, 3)) @ w,
    lambda x, w, q, r: w @ w,
    lambda x, w, q, r: q.reshape(2, 3)[1],
    lambda x, w, q, r: q.reshape(-1),
    lambda x, w, q, r: np.transpose(r, (2, 0, 1)),
    lambda x, w, q, r: np.stack([w, 2 * w], axis=1),
    lambda x, w, q, r: np.concatenate([q, q[:1]]),
    lambda x, w, q, r: np.concatenate([q, q[:, :1]], axis=1),
    lambda x, w, q, r: np.broadcast_to(w[:, None], (3, 2)),
    lambda x, w, q, r: np.where(q > 1, q, 0 * q),
    lambda x, w, q, r: np.where((w > 1) & ~(w > 1.5), w, -w),
    lambda x, w, q, r: np.maximum(q, 1),
    lambda x, w, q, r: np.clip(w, 0.6, 1),
    lambda x, w, q, r: np.linalg.norm(w),
    lambda x, w, q, r: np.linalg.norm(q, axis=1),
    lambda x, w, q, r: np.linalg.norm(w, ord=1) + np.linalg.norm(w, ord=np.inf),
    lambda x, w, q, r: np.linalg.norm(q),
    lambda x, w, q, r: np.dot(w, w),
    lambda x, w, q, r: np.dot(q.T, w),
    lambda x, w, q, r: np.vdot(w, w),
    lambda x, w, q, r: np.inner(w, w),
    lambda x, w, q, r: np.outer(w, w),
    lambda x, w, q, r: np.cross(w, w[::-1]),
    lambda x, w, q, r: np.einsum("ij,ij->i", q, q),
    lambda x, w, q, r: np.einsum("ij,i->j", q, w),
    lambda x, w, q, r: np.trace(q[:2]),
    lambda x, w, q, r: np.mean(q, axis=0),
    lambda x, w, q, r: np.prod(q, axis=1),
    lambda x, w, q, r: np.max(q, axis=0) - np.min(q),
    lambda x, w, q, r: np.cumsum(w),
    lambda x, w, q, r: np.diff(w),
    lambda x, w, q, r: np.subtract.outer(w, w),
    lambda x, w, q, r: w // 0.4 + w % 0.4,
    lambda x, w, q, r: np.degrees(w) + np.deg2rad(w),
    lambda x, w, q, r: np.ceil(w) + np.floor(w),
    lambda x, w, q, r: np.square(w) + np.reciprocal(w) - np.negative(w),
    lambda x, w, q, r: np.hypot(w, x),
    lambda x, w, q, r: np.float64(2) * w + np.float32(0.5),
    lambda x, w, q, r: np.heaviside(w - 1, 0.5),
]


@pytest.mark.parametrize("case", CASES, ids=[str(i) for i in range(len(CASES))])
def test_against_numpy(case: Callable[..., Any]) -> None:
    expected = case(*(np.asarray(VALUES[s])[()] for s in (x, w, q, r)))
    built = case(x, w, q, r)
    assert np.shape(built) == np.shape(expected)
    np.testing.assert_allclose(ty.evaluate(built, VALUES), expected, rtol=1e-14)


def test_elements_of_inputs_are_leaves() -> None:
    assert q[1][0] is q[1, 0]
    assert q[1:, 0][1] is q[2, 0]
    assert q[-1, -1] is q[2, 1]
    assert scalars(q)[2, 1] is q[2, 1]
    assert scalars(q.reshape(2, 3).T)[2, 1] is q[2, 1]
    assert all(a is b for a, b in zip(w, (w[0], w[1], w[2]), strict=True))


def test_stack_of_scalars_gives_them_back() -> None:
    a, b = ty.variables("a b")
    joined = ty.stack([a, a * b])
    assert joined.shape == (2,)
    assert joined[1] is a * b
    assert len(joined) == 2


def test_scalars_of_a_scalar_and_shared_memo() -> None:
    memo: dict[Any, Any] = {}
    e = np.sum(w**2) + x
    assert scalars(e, memo)[()] is ty.sum([w[0] ** 2, w[1] ** 2, w[2] ** 2]) + x
    assert scalars(x)[()] is x
    assert scalars(e, memo)[()] is scalars(e, memo)[()]


def test_lowered_expressions_hold_no_array_operation() -> None:
    from taylor.nodes.traverse import reachable

    e = np.sin(r @ q.T).sum() * np.linalg.norm(w)
    for node in reachable([scalars(e)[()]]):
        assert node.shape == () or node.op == "variable"
        assert node.op != "index" or node.args[0].op == "variable"


def test_large_layer_lowers_quickly() -> None:
    weights = generator.normal(size=(64, 64))
    state = ty.variable("state", shape=64)
    layer = np.tanh(weights @ state + 1.0)
    lowered = scalars(layer)
    assert lowered.shape == (64,)
    assert lowered[0].op == "tanh"
    assert len(lowered[0].args[0].args[0].args) == 64


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        (lambda: w + q, ty.ShapeError, r"\(3,\) and \(3, 2\)"),
        (lambda: q @ q, ty.ShapeError, r"\(3, 2\) and \(3, 2\)"),
        (lambda: x @ w, ty.ShapeError, r"use \*"),
        (lambda: q.reshape(4), ty.ShapeError, r"\(3, 2\)"),
        (lambda: ty.stack([x, w]), ty.ShapeError, r"\(\), \(3,\)"),
        (lambda: np.where(w > 0, q, 1), ty.ShapeError, r"where: shapes"),
        (lambda: w[3], IndexError, "axis 0 of size 3"),
        (lambda: w[0, 0], IndexError, r"shape \(3,\)"),
        (lambda: w["a"], IndexError, "'a'"),
        (lambda: q.sum(axis=2), ty.ShapeError, "axis 2"),
        (lambda: np.spacing(w), ty.UnsupportedFunctionError, r"numpy\.spacing"),
        (lambda: np.linalg.norm(q, ord=3), ty.UnsupportedFunctionError, "ord=3"),
        (lambda: np.where(w > 0), ty.UnsupportedFunctionError, "both values"),
        (lambda: np.ones(3).__iadd__(w), ty.ArgumentTypeError, "dtype=object"),
    ],
)
def test_errors(build: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        build()


def test_array_of_an_array_node_holds_its_elements() -> None:
    array = np.array(q)
    assert array.shape == (3, 2)
    assert array[2, 1] is q[2, 1]
    assert expression_array([x, 1])[1] is ty.constant(1)
