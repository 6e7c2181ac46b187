"""Branches that are not taken, ends of domains, and ties: what gradients are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.expressions.leaves import ONE, as_expression, constant
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints

NAN, INF = np.nan, np.inf
MASK = np.array([[1.0], [0.0]])
W = np.array([[2.0, 1.0], [0.5, 3.0]])

# Programs of an array whose sum is differentiated, the point, and the gradient that is right.
CASES: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
    "root": (lambda x: np.where(x > 0, np.sqrt(x), 0), [-1.0, 0.0, 4.0], [0, 0, 0.25]),
    "logarithm": (lambda x: np.where(x > 0, np.log(x), 0), [-1.0, 0.0, 4.0], [0, 0, 0.25]),
    "of a sum": (
        lambda x: np.where(np.array([True, False]), x[0], np.sqrt(np.sum(x * x))),
        [0.0, 0.0],
        [1, 0],
    ),
    "of a sum of what is singular": (
        lambda x: np.where(x[1] > 5, np.sum(np.log(x)), x[0]),
        [0.0, 1.0],
        [1, 0],
    ),
    "behind a product of matrices": (
        lambda x: np.where(MASK > 0, np.sqrt(x) @ W, x @ W),
        [[4.0, 1.0], [0.0, 0.0]],
        [[0.75, 1.75], [3, 3.5]],
    ),
    "beside what is infinite": (
        lambda x: np.where(MASK[:, 0] > 0, x @ np.array([1.0, 2.0]), x @ np.array([INF, NAN])),
        [[4.0, 1.0], [1.0, 2.0]],
        [[1, 2], [INF, NAN]],
    ),
    "in a part": (
        lambda x: np.where(np.array([False, True]), (1 / x)[1:], np.log(x)[:2]),
        [1.0, 0.0, 2.0],
        [1, 0, -0.25],
    ),
    "in moved parts": (
        lambda x: np.where(x[:2] > 0, np.concatenate([np.log(x), 1 / x])[1:3], 0),
        [1.0, 2.0, 0.0],
        [0, 0.5, INF],
    ),
    "in a running sum": (
        lambda x: np.where(np.array([1, 1, 0]) > 0, np.cumsum(np.sqrt(x)), 0),
        [1.0, 4.0, 0.0],
        [1, 0.25, 0],
    ),
    "in a maximum": (
        lambda x: np.where(np.array([0, 1]) > 0, np.max(np.sqrt(x), axis=0), 0),
        [[0.0, 4.0], [0.0, 1.0]],
        [[0, 0.25], [0, 0]],
    ),
    "in a product": (
        lambda x: np.where(np.array([0, 1]) > 0, np.prod(np.sqrt(x), axis=0), 0),
        [[0.0, 4.0], [0.0, 1.0]],
        [[0, 0.25], [0, 1]],
    ),
    "broadcast": (lambda x: np.where(x > 0, np.sqrt(x[:1]), x), [0.0, 2.0, -1.0], [INF, 0, 1]),
    "broadcast and unused": (
        lambda x: np.where(x > 5, np.sqrt(x[:1]), x),
        [0.0, 2.0, -1.0],
        [1, 1, 1],
    ),
    "chosen twice": (
        lambda x: np.where(x > 1, np.log(x), 0) + np.where(x > 2, np.log(x) ** 2, 0),
        [0.0, 2.0],
        [0, 0.5],
    ),
    "norm": (lambda x: np.linalg.norm(x), [0.0, 0.0, 0.0], [0, 0, 0]),
    "norms along an axis": (
        lambda x: np.linalg.norm(x, axis=1),
        [[0.0, 0.0], [3.0, 4.0]],
        [[0, 0], [0.6, 0.8]],
    ),
    "squared norm": (lambda x: np.linalg.norm(x) ** 2, [0.0, 0.0], [0, 0]),
    "root of a product with itself": (lambda x: np.sqrt(x @ x), [0.0, 0.0], [0, 0]),
    "standard deviation": (lambda x: np.std(x), [2.0, 2.0], [0, 0]),
    "absolute value": (lambda x: np.abs(x), [-2.0, 0.0, 3.0], [-1, 0, 1]),
    "ties": (lambda x: np.max(x) + 10 * np.min(x), [1.0, 3.0, 1.0, 3.0], [5, 0.5, 5, 0.5]),
    "product with zeros": (lambda x: np.prod(x), [2.0, 0.0, 3.0], [0, 6, 0]),
    "product with two zeros": (lambda x: np.prod(x), [2.0, 0.0, 0.0], [0, 0, 0]),
    "running product with zeros": (lambda x: np.cumprod(x), [0.0, 2.0, 3.0], [9, 0, 0]),
    "where the condition is false": (
        lambda x: np.where(np.array([False]), x * NAN, 1.0),
        [1.0],
        [0],
    ),
    "in a loop": (
        lambda x: np.where(x > 0, ty.fori_loop(0, 2, lambda i, s: np.sqrt(s), x), x),
        [16.0, 0.0, -1.0],
        [1 / 32, 1, 1],
    ),
    "behind a loop": (
        lambda x: np.where(x > 0, ty.fori_loop(0, 2, lambda i, s: 2 * s, np.log(x)), x),
        [2.0, 0.0],
        [2, 1],
    ),
    "in a loop of unknown turns": (
        lambda x: np.where(
            x > 0,
            ty.while_loop(
                lambda s: np.max(s[0]) > 1.5, lambda s: (np.sqrt(s[0]) * 1, s[1] + 1), (x, 0)
            )[0],
            x,
        ),
        [16.0, 0.0, 0.25],
        [16 ** (-7 / 8) / 8, 1, 0.25 ** (-7 / 8) / 8],
    ),
    "in what a scan collects": (
        lambda x: np.where(
            np.arange(3) < 2, ty.scan(lambda s, _: (s * 2, 1 / (x + s)), 0 * x, length=2)[1], 0
        ),
        [1.0, 2.0, 0.0],
        [-2, -0.5, 0],
    ),
    "in a branch": (
        lambda x: np.where(
            x > 0, ty.cond(x[0] > 1, lambda s: np.log(s), lambda s: 1 / s, x), np.sin(x)
        ),
        [2.0, 0.0],
        [0.5, 1],
    ),
    "saturated": (
        lambda x: np.tanh(x) + ty.softplus(x) + ty.asinh(x * 1e200) * 1e-200,
        [-800.0, 800.0],
        [1 / 800e200 * 1e0, 1],
    ),
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_gradients(name: str, compiled: bool) -> None:
    program, point, right = CASES[name]
    x = ty.variable("x", np.shape(point))
    total = np.sum(as_expression(program(x)))
    (gradient,) = adjoints([total], [ONE], [x])
    if compiled:
        found = ty.compile(gradient, [x])(np.array(point))
    else:
        found = gradient.evaluate({x: point})
    np.testing.assert_allclose(found, right, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("name", [name for name in CASES if "infinite" not in name])
def test_forward_is_the_same(name: str) -> None:
    program, point, right = CASES[name]
    x = ty.variable("x", np.shape(point))
    total = np.sum(as_expression(program(x)))
    for place in np.ndindex(*x.shape):
        unit = np.zeros(x.shape)
        unit[place] = 1.0
        (found,) = tangents([total], {x: as_expression(unit)})
        value = float(found.evaluate({x: point}))
        if np.isfinite(np.asarray(right, dtype=float)).all():
            assert value == pytest.approx(np.asarray(right)[place], rel=1e-14, abs=1e-14)


def test_hessian_of_the_squared_norm_at_zero() -> None:
    x, v = ty.variable("x", (3,)), ty.variable("v", (3,))
    (gradient,) = adjoints([np.linalg.norm(x) ** 2], [ONE], [x])
    for hessian in (tangents([gradient], {x: v}), adjoints([gradient], [v], [x])):
        found = hessian[0].evaluate({x: np.zeros(3), v: [1.0, 2.0, 3.0]})
        assert np.asarray(found).tolist() == [2.0, 4.0, 6.0]


def test_what_does_not_depend_has_zeros_of_its_shape() -> None:
    x, y = ty.variable("x", (2, 3)), ty.variable("y", (4,))
    shares = adjoints([np.sum(x)], [ONE], [x, y, ty.time])
    assert shares == [constant(1, (2, 3)), constant(0, (4,)), constant(0)]
    assert tangents([x * 2, y], {x: constant(1, (2, 3))}) == [
        constant(2, (2, 3)),
        constant(0, (4,)),
    ]


@pytest.mark.parametrize(
    "call", [lambda x: tangents([x], {x: ONE}), lambda x: adjoints([x], [ONE], [x])]
)
def test_other_shapes_are_refused(call: Callable[[Any], Any]) -> None:
    with pytest.raises(ty.ShapeError, match=r"shape \(\).* \(2,\)|\(2,\).*shape \(\)"):
        call(ty.variable("x", (2,)))
