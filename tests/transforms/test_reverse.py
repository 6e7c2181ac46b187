"""Derivatives of operations of arrays, forward and backward, against differences at 50 digits."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from gradient_checks import check, value

import taylor as ty
from taylor.expressions.leaves import ONE, as_expression, constant
from taylor.nodes.operations.arrays.contractions import contract
from taylor.nodes.operations.arrays.moves import scatter
from taylor.nodes.operations.arrays.places import pick, put
from taylor.nodes.operations.arrays.views import view
from taylor.nodes.traverse import reachable
from taylor.numbers.data import positions
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints

Program = Callable[..., Any]

AT = np.array([2.25, 0.5, 2.75, 1.5])

# name -> (program, shapes of its arguments)
PROGRAMS: dict[str, tuple[Program, Sequence[tuple[int, ...]]]] = {
    "index": (lambda x: np.sin(x[1:]) * x[:-1] + x[2], [(5,)]),
    "strides": (lambda x: np.exp(x[::2]) * x[1::2] - x[4::-2], [(6,)]),
    "turned": (lambda x: x[::-1] * np.cumsum(x) + x[-2:-5:-1].sum(), [(5,)]),
    "inner blocks": (lambda x: x[1:3, 1:] * np.sin(x[0, :2]) + x[2, 1], [(4, 3)]),
    "elements": (lambda x: x[0, 0] * x[1, 2] + np.sin(x[2, 1]) * x[1, 2], [(3, 3)]),
    "rows": (lambda x: x[0] * x[1] + np.cos(x[3]), [(4, 2)]),
    "new axes": (lambda x, y: x[:, None] * np.sin(y[None, :]) + x[None, ::-1].T, [(3,), (3,)]),
    "take": (lambda x: np.sin(x[[0, 2, 2, 1]]) * x[[3, 3, 0, 0]], [(4,)]),
    "permutation": (lambda x: np.sin(x[[2, 0, 3, 1]]) * np.arange(4.0), [(4,)]),
    "view": (lambda x: view(np.sin(x), 1, (1, 2), (2, 3)) * x[0], [(7,)]),
    "windows": (lambda x: view(np.sin(x), 2, (4, 4, 1), (3, 2, 2)) * x[0, 0], [(5, 4)]),
    "windows of a product": (lambda x: np.sum(view(x, 0, (1, 1), (5, 3)) * x[0], axis=1), [(7,)]),
    "windows with strides": (lambda x: np.sin(view(x, 1, (1, 2), (3, 3)) * x[1]), [(8,)]),
    "strided windows": (lambda x: np.sin(view(x, 0, (2, 1), (3, 3)) * x[1]), [(8,)]),
    "shifted": (lambda x: sum(x[i] * x[i : i + 4] for i in range(4)) ** 2, [(7,)]),
    "shifted in rows": (lambda x: sum(x[:, i, None] * x[:, i : i + 3] for i in range(3)), [(2, 6)]),
    "shifted in one": (lambda x: sum(i * x[1, i : i + 3] ** 2 for i in range(1, 4)), [(2, 6)]),
    "shifted far": (lambda x: np.sin(x[:3] + 2 * x[1:4] - x[-3:]), [(30,)]),
    "scatter": (lambda x: np.sin(scatter(x, positions([[3, 1], [1, 0]]), (5,))), [(2, 2)]),
    "stack": (lambda x, y: np.stack([x * y, y**2, x]).T * x[0], [(3,), (3,)]),
    "concatenate": (lambda x, y: np.sin(np.concatenate([x, x * x, y], axis=1)), [(2, 3), (2, 1)]),
    "shapes": (lambda x: np.transpose(x, (2, 1, 0))[0] @ np.reshape(x * x, (2, 6)), [(2, 3, 2)]),
    "broadcast": (lambda x, y: np.broadcast_to(x, (2, 3)) * y, [(3,), (2, 1)]),
    "scalars": (lambda x, s: np.exp(s * x) / s - s, [(4,), ()]),
    "powers": (lambda x, y: (2 + np.sin(x)) ** y + x**3 / (2 + np.cos(y)), [(2, 3), (3,)]),
    "sums": (lambda x: np.sum(x**2, axis=(0, 2)) * np.mean(x) + x.sum(axis=1)[:, 0], [(2, 2, 3)]),
    "product": (lambda x: np.prod(x, axis=1) + np.prod(x), [(3, 5)]),
    "extremes": (lambda x: np.max(x, axis=0) * np.min(x) + x.max(axis=1)[:, None], [(3, 4)]),
    "running sum": (lambda x: np.cumsum(np.sin(x), axis=1) * np.cumsum(x, axis=0), [(3, 4)]),
    "running product": (lambda x: np.cumprod(x, axis=1), [(2, 5)]),
    "places": (lambda x: x * np.argmax(x) + np.argmin(x, axis=0), [(2, 3)]),
    "matrices": (lambda a, b: np.tanh(a @ b), [(3, 4), (4, 2)]),
    "matrix and vector": (lambda a, b: b @ np.sin(a) * (a @ b), [(3, 3), (3,)]),
    "vectors": (lambda a, b: a @ b * np.sin(a @ a), [(4,), (4,)]),
    "stacked matrices": (lambda a, b: a @ np.sin(b), [(2, 1, 2, 3), (3, 3, 2)]),
    "vector by matrices": (lambda a, b: a @ b, [(3,), (2, 3, 2)]),
    "einsum": (lambda a, b: np.einsum("ijk,kjl->li", a, b), [(2, 3, 2), (2, 3, 2)]),
    "outer": (lambda a, b: np.sin(np.outer(a, b)), [(3,), (2,)]),
    "axes of one": (lambda a, b: contract(a, b, "ij", "jk", "ik"), [(3, 1), (4, 2)]),
    "choice": (lambda x, y: np.where(x > y, x * y, np.sin(y)), [(2, 3), (3,)]),
    "choice of a number": (lambda x, s: np.where(x > 0, s * s, x), [(4,), ()]),
    "norms": (lambda x: np.linalg.norm(x, axis=1) * np.linalg.norm(x), [(2, 3)]),
    "softmax": (lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(), [(5,)]),
    "solve": (lambda a, b: np.linalg.solve(a + 4 * np.eye(3), b), [(3, 3), (3,)]),
    "determinant": (lambda a: np.linalg.det(a), [(3, 3)]),
    "rolled": (lambda x: np.roll(x, 2) * np.pad(x, 1)[2:] + np.diff(x, append=0.0), [(5,)]),
    "flipped": (lambda x: np.flip(x, 0) * np.rot90(x, 2) + np.tile(x[:1], (3, 1)), [(3, 3)]),
    "picked": (lambda x, i: pick(np.sin(x), 0 * i + 1.5) * pick(x, 0 * i - 1), [(3, 2), ()]),
    "picked at places": (
        lambda x, i: pick(np.sin(x), 0 * i + AT) * np.ones((4, 2)),
        [(3, 2), (4,)],
    ),
    "put": (lambda x, y, i: np.sin(put(x * x, 0 * i + 1, y * y) * x), [(3, 2), (2,), ()]),
    "put at places": (lambda x, y, i: np.sin(put(x * x, 0 * i + AT, y) * x), [(3,), (4,), (4,)]),
    "variance": (lambda x: np.var(x, axis=0) + np.std(x) + np.trace(x @ x.T), [(3, 4)]),
}


def made(name: str) -> tuple[list[Any], Any, list[np.ndarray]]:
    """Arguments, the output, and a point of random numbers without ties."""
    program, shapes = PROGRAMS[name]
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    arguments = [ty.variable(f"x{i}", shape) for i, shape in enumerate(shapes)]
    points = [np.asarray(rng.normal(size=shape)) for shape in shapes]
    return arguments, as_expression(program(*arguments)), points


@pytest.mark.parametrize("name", PROGRAMS)
def test_operations_of_arrays(name: str) -> None:
    arguments, e, points = made(name)
    check(e, arguments, points, 1e-13)


@pytest.mark.parametrize("name", PROGRAMS)
def test_second_order(name: str) -> None:
    """Derivatives of derivatives: both directions of a weighted gradient."""
    arguments, e, points = made(name)
    rng = np.random.default_rng(6)
    weights = as_expression(rng.normal(size=e.shape))
    gradient = adjoints([e], [weights], arguments)
    total = ty.constant(0)
    for share in gradient:
        total = total + np.sum(share * rng.normal(size=share.shape))
    check(total, arguments, points, 1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_machine_code(name: str) -> None:
    """Compiled as arrays or spelled out, gradients are what NumPy makes of them."""
    arguments, e, points = made(name)
    gradient = adjoints([e], [ty.constant(1, e.shape)], arguments)
    found = ty.compile(list(gradient), arguments)(*points)
    for share, result in zip(gradient, found, strict=True):
        expected = value(share, arguments, points)
        size = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-13 * size)


@pytest.mark.parametrize("name", PROGRAMS)
def test_arrays_stay_arrays(name: str) -> None:
    """Forward and backward have a few times as many nodes, whatever the shapes."""
    arguments, e, _ = made(name)
    given = [ty.variable(f"dx{i}", x.shape) for i, x in enumerate(arguments)]
    forward = tangents([e], dict(zip(arguments, given, strict=True)))
    backward = adjoints([e], [ty.variable("bar", e.shape)], arguments)
    count = len(reachable([e]))
    assert len(reachable(forward)) < 8 * count + 70
    assert len(reachable(backward)) < 8 * count + 70


def operations(e: Any) -> list[str]:
    return sorted(node.op for node in reachable([e]) if node.args)


def test_gradients_are_lean() -> None:
    """Of Rosenbrock's function two joins with zeros, of a mean a number, of a layer one product."""
    x = ty.variable("x", (1000,))
    (gradient,) = adjoints(
        [np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)], [ONE], [x]
    )
    assert operations(gradient).count("concatenate") == 2
    assert len(reachable([gradient])) <= 14
    (gradient,) = adjoints([np.mean(x)], [ONE], [x])
    assert gradient is constant(Fraction(1, 1000), (1000,))
    (gradient,) = adjoints([np.sum(x * x) / 2], [ONE], [x])
    assert gradient is x
    (gradient,) = adjoints([x[2] * x[3] + x[4]], [ONE], [x])
    assert operations(gradient) == ["concatenate", "index", "index", "stack"]
    (gradient,) = adjoints([np.sum(x[::-1] + np.roll(x, 3))], [ONE], [x])
    assert "scatter" not in operations(gradient)
    w, b, given = ty.variable("w", (20, 5)), ty.variable("b", (5,)), ty.variable("given", (7, 20))
    shares = adjoints([np.sum(np.tanh(given @ w + b))], [ONE], [w, b])
    assert operations(shares[0]) == ["einsum", "linear", "matmul", "sech_squared"]
    assert operations(shares[1]) == ["linear", "matmul", "sech_squared", "sum"]


def test_choices_of_which_one_always_counts_need_no_guards() -> None:
    w, given = ty.variable("w", (20, 5)), ty.variable("given", (7, 20))
    a = given @ w
    (share,) = adjoints([np.sum(np.where(a > 0, a, 0.1 * a))], [ONE], [w])
    assert sorted({"where", "einsum", "matmul", "or", "sum"} & set(operations(share))) == [
        *("einsum", "matmul", "where"),
    ]
    assert operations(share).count("where") == 2


def test_long_chains_and_many_elements() -> None:
    """Without recursion; of n operations O(n), whatever is taken of one array."""
    x = ty.variable("x", (3,))
    e: Any = x
    for _ in range(5000):
        e = ty.sin(e) * x
    (gradient,) = adjoints([e.sum()], [ONE], [x])
    assert len(reachable([gradient])) < 8 * 5000
    (forward,) = tangents([e.sum()], {x: constant(1, (3,))})
    point = np.array([0.9, 1.0, 1.1])
    found = value(gradient, [x], [point]).sum()
    assert found == pytest.approx(float(value(forward, [x], [point])), rel=1e-12, abs=1e-12)
    many = ty.variable("many", (1000,))
    total = sum(many[i] * many[i + 1] for i in range(999))
    (gradient,) = adjoints([total], [ONE], [many])
    points = np.linspace(0, 1, 1000)
    right = np.append(points[1:], 0) + np.append(0, points[:-1])
    np.testing.assert_allclose(value(gradient, [many], [points]), right, rtol=1e-14)
