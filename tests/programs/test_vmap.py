"""`taylor.vmap`: against loops of Python's, with all containers, inside and around derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import taylor as ty

RNG = np.random.default_rng(5)
W, B, X = RNG.normal(size=(3, 2)), RNG.normal(size=2), RNG.normal(size=(4, 3))


@dataclass
class Layer:
    w: Any
    b: Any


def dense(layer: Layer, x: Any, scale: Any = 1.0) -> dict[str, Any]:
    return {"y": np.tanh(x @ layer.w + layer.b) * scale, "parts": (layer.b * 2, x[0] > 0)}


def close(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-15)


def test_containers_in_and_out() -> None:
    found = ty.vmap(dense, (None, 0), {"y": 1, "parts": (None, 0)})(Layer(W, B), X)
    close(found["y"], np.tanh(X @ W + B).T)
    close(found["parts"][0], 2 * B)
    assert found["parts"][1].dtype == bool and found["parts"][1].tolist() == (X[:, 0] > 0).tolist()


def test_axes_of_containers() -> None:
    many = RNG.normal(size=(2, 4))
    layer = Layer(W, many)
    found = ty.vmap(dense, in_axes=(Layer(None, -1), 0))(layer, X)
    close(found["y"], np.stack([np.tanh(x @ W + b) for x, b in zip(X, many.T, strict=True)]))
    pairs = ty.vmap(lambda p: p["a"] * p["b"][0], in_axes=({"a": 0, "b": [1]},))
    close(pairs({"a": X[:, 0], "b": [X.T]}), X[:, :1] * X)


def test_keywords_are_mapped_over_their_first_axis() -> None:
    scale = np.arange(4.0)
    found = ty.vmap(dense, in_axes=(None, 0))(Layer(W, B), X, scale=scale)
    close(found["y"], np.tanh(X @ W + B) * scale[:, None])


def test_maps_of_maps() -> None:
    products = ty.vmap(ty.vmap(lambda x, y: x * y, (0, None)), (None, 0))
    close(products(np.arange(3.0), np.arange(2.0)), np.outer(np.arange(2.0), np.arange(3.0)))
    pairwise = ty.vmap(ty.vmap(lambda a, b: np.sum((a - b) ** 2), (None, 0)), (0, None))
    close(pairwise(X, X), ((X[:, None] - X[None]) ** 2).sum(axis=2))


def test_an_axis_that_no_argument_has() -> None:
    assert ty.vmap(lambda x: x, None, axis_size=2)(3.0).tolist() == [3.0, 3.0]
    with pytest.raises(ty.ShapeError, match="axis_size=3, and axis 0 of x, of sh"):
        ty.vmap(lambda x: x, axis_size=3)(np.ones(4))
    with pytest.raises(ty.ArgumentError, match="no argument is mapped over; give in_axes an axis"):
        ty.vmap(lambda x: x, (None,))(3.0)


def test_arguments_that_are_no_numbers() -> None:
    found = ty.vmap(lambda x, f, how: f(x) if how == "f" else x, (0, None, None))
    close(found(X[0], np.sin, "f"), np.sin(X[0]))
    close(found(X[0], np.sin, "none"), X[0])


def test_none_of_many() -> None:
    assert ty.vmap(lambda x: x.sum())(np.ones((0, 3))).shape == (0,)


def test_whole_numbers_stay_whole() -> None:
    """They are no real numbers to differentiate by, outside and inside."""
    found = ty.vmap(ty.grad(lambda p: p["x"] * p["n"]))({"x": X[0], "n": np.array([1, 2, 3])})
    close(found["x"], [1, 2, 3])
    assert found["n"].tolist() == [0, 0, 0]


def loss(w: Any, x: Any) -> Any:
    return np.sum(np.tanh(x @ w) ** 2)


def test_derivatives_of_each_and_derivatives_through() -> None:
    each = ty.vmap(ty.grad(loss), (None, 0))(W, X)
    close(each, np.stack([ty.grad(loss)(W, x) for x in X]))
    through = ty.grad(lambda w: ty.vmap(loss, (None, 0))(w, X).sum())(W)
    close(through, each.sum(axis=0))
    curved = ty.vmap(ty.hessian(lambda x: np.prod(x) ** 2))(X)
    close(curved, np.stack([ty.hessian(lambda x: np.prod(x) ** 2)(x) for x in X]))
    close(ty.jacobian(ty.vmap(np.sin))(X[0]), np.diag(np.cos(X[0])))


def roots(x: Any) -> Any:
    """Heron's method: as many turns as each needs."""
    return ty.while_loop(lambda y: abs(y * y - x) > 1e-13 * x, lambda y: (y + x / y) / 2, x)


def test_loops_and_branches_of_each() -> None:
    points = np.array([1.0, 2.0, 100.0, 1e-4])
    close(ty.vmap(roots)(points), np.sqrt(points))
    chosen = ty.vmap(lambda x: ty.cond(x > 1.5, roots, lambda x: -x, x))
    close(chosen(points), np.where(points > 1.5, np.sqrt(points), -points))
    turns = ty.vmap(lambda n, x: ty.fori_loop(0, n, lambda i, y: y * x + i, 1.0))
    assert turns(np.array([0, 1, 4]), np.array([2.0, 3.0, 1.0])).tolist() == [1.0, 3.0, 7.0]


def test_in_the_middle_of_other_functions() -> None:
    total = ty.jit(lambda x: ty.vmap(lambda row: np.sin(row).sum())(x).sum())
    close(total(X), np.sin(X).sum())
    series = ty.jet(
        lambda t: ty.vmap(lambda a: ty.exp(a * t))(np.array([1.0, 2.0]))[1], 0.0, order=3
    )
    close(series, [1, 2, 2, 4 / 3])


def test_what_does_not_fit() -> None:
    with pytest.raises(
        ty.ShapeError,
        match=r"sizes differ: axis 0 of a, of shape \(3,\), has 3 elements, and axis 0 of b, of sh",
    ):
        ty.vmap(lambda a, b: a)(np.ones(3), np.ones((4, 2)))
    with pytest.raises(
        ty.ShapeError, match=r"b has shape \(\), and there is no axis 0 to map over"
    ):
        ty.vmap(lambda a, b: a)(np.ones(3), 1.0)
    with pytest.raises(ty.ShapeError, match="f is <ufunc 'sin'>, and there is no axis 0"):
        ty.vmap(lambda a, f: f(a))(np.ones(3), np.sin)
    with pytest.raises(ty.ArgumentTypeError, match=r"in_axes=\(0,\) is for 1 positional argument"):
        ty.vmap(lambda a, b: a, (0,))(np.ones(3), np.ones(3))
    with pytest.raises(
        ty.ArgumentTypeError, match=r"in_axes has \{'w': 0\} for p, which is \{'b':"
    ):
        ty.vmap(lambda p: p["w"], ({"w": 0},))({"w": np.ones(3), "b": np.ones(3)})
    with pytest.raises(ty.ArgumentTypeError, match="in_axes='x' has to be an int, None, or a tup"):
        ty.vmap(np.sin, "x")  # type: ignore[arg-type]
    with pytest.raises(ty.ArgumentTypeError, match="axis_size=-1 has to be an int of at least 0"):
        ty.vmap(np.sin, axis_size=-1)
    with pytest.raises(ty.ArgumentTypeError, match="vmap: 3 is not a function"):
        ty.vmap(3)  # type: ignore[arg-type]
    with pytest.raises(
        ty.ArgumentError, match="out_axes has None for a result of sin that differs"
    ):
        ty.vmap(np.sin, out_axes=None)(np.ones(3))
    with pytest.raises(ty.ShapeError, match=r"out_axes has 2, and a result has shape \(3,\)"):
        ty.vmap(np.sin, out_axes=2)(np.ones(3))
    with pytest.raises(ty.TracingError):
        ty.vmap(lambda a: a if a > 0 else -a)(np.ones(3))
