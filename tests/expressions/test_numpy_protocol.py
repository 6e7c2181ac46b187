"""NumPy on scalar expressions, on plain object arrays, and on expression arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.expressions.leaves import make_function_node
from taylor.expressions.object_arrays import ExpressionArray, expression_array
from taylor.nodes.registry import functions

x, y, z = ty.variables("x y z")
VALUES = {x: 0.3, y: 0.8, z: 0.45}
NUMBERS = np.array([0.3, 0.8, 0.45])

PLAIN: list[Callable[[Any], Any]] = [
    lambda a: np.sin(a),
    lambda a: np.arctan(a) + np.log1p(a) * np.sqrt(a),
    lambda a: np.linalg.norm(a),
    lambda a: np.linalg.norm(a.reshape(3, 1), axis=1),
    lambda a: a @ a,
    lambda a: np.dot(a, a),
    lambda a: np.cross(a, a[::-1]),
    lambda a: np.sum(a) + a.sum(),
    lambda a: np.outer(a, a),
    lambda a: np.einsum("i,i->", a, a),
    lambda a: a**2 / (1 + a),
    lambda a: -a + 2 * a - a / 3,
    lambda a: np.array([1.0, 2.0, 3.0]) * a,
    lambda a: np.float64(2.5) * a[0] ** np.float64(2),
    lambda a: np.array([1.0, 2.0]) * a[0],
    lambda a: a[0] * np.array([[1.0], [2.0]]) + a[1],
    lambda a: np.ones((2, 3)) @ a,
    lambda a: np.stack([a, a]),
    lambda a: np.concatenate([a, a]),
    lambda a: np.where(a[0] > a[1], a[0], a[2]),
    lambda a: np.maximum(a[0], a[1]) - np.minimum(a[1], 0.5),
    lambda a: np.abs(a) + abs(a[0]),
    lambda a: np.sqrt(a[0] ** 2 + a[1] ** 2),
    lambda a: np.tanh(a[0]) + np.hypot(a[1], a[2]),
    lambda a: np.prod(a),
    lambda a: np.trace(np.outer(a, a)),
    lambda a: np.mean(a),
    lambda a: np.deg2rad(a) + np.square(a),
    lambda a: np.zeros_like(a) + a,
    lambda a: a.reshape(3, 1).T,
    lambda a: a.dot(a),
]
# What only an ExpressionArray can do: NumPy would ask elements of a plain array for a truth value.
BEYOND: list[Callable[[Any], Any]] = [
    lambda a: np.maximum(a, 0.5),
    lambda a: np.sign(a - 0.45),
    lambda a: np.where(a > 0.4, a, 0.0),
    lambda a: np.where((a > 0.4) & (a < 0.5) | (a == 0.3), a, 0.0),
    lambda a: np.clip(a, 0.4, 0.5),
    lambda a: np.max(a) - a.min(),
    lambda a: (a > 0.4) * a,
    lambda a: np.linalg.norm(a, ord=np.inf),
    lambda a: np.add.reduce(a) + np.multiply.reduce(a),
    lambda a: np.cumsum(a),
    lambda a: np.logical_not(a > 0.4) * 1.0,
]


@pytest.mark.parametrize("case", PLAIN, ids=[f"p{i}" for i in range(len(PLAIN))])
def test_plain_object_arrays(case: Callable[[Any], Any]) -> None:
    _check(case, np.array([x, y, z]))


@pytest.mark.parametrize("case", PLAIN + BEYOND, ids=[f"e{i}" for i in range(len(PLAIN + BEYOND))])
def test_expression_arrays(case: Callable[[Any], Any]) -> None:
    _check(case, expression_array([x, y, z]))


def _check(case: Callable[[Any], Any], array: Any) -> None:
    expected = np.asarray(case(NUMBERS), dtype=float)
    built = case(array)
    assert np.shape(built) == expected.shape
    flat = [ty.evaluate(e, VALUES) for e in np.ravel(np.asarray(built, dtype=object))]
    np.testing.assert_allclose(np.reshape(flat, expected.shape), expected, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize(
    ("name", "numpy_name"),
    [(f.name, n) for f in functions.values() for n in f.numpy_names if f.built_in and f.arity == 1],
)
def test_every_numpy_name_maps_to_its_function(name: str, numpy_name: str) -> None:
    module = np if hasattr(np, numpy_name) else pytest.importorskip("scipy.special")
    ufunc = getattr(module, numpy_name)
    built = ufunc(x)
    assert built is make_function_node(name, x)
    assert ufunc(expression_array([x]))[0] is built
    if module is np and name != "sign":  # NumPy compares objects with zero for the sign
        assert ufunc(np.array([x, 2 * y]))[0] is built


def test_numeric_array_times_scalar_gives_an_expression_array() -> None:
    for product in (np.array([1.0, 2.0]) * x, x * np.array([1.0, 2.0])):
        assert isinstance(product, ExpressionArray)
        assert product[1] is 2 * x


def test_in_place_into_object_arrays() -> None:
    array = expression_array([x, y])
    array += 1
    assert array[0] is x + 1
    plain = np.array([x, y])
    plain *= 2
    assert plain[1] is 2 * y


def test_plain_arrays_say_what_to_write() -> None:
    with pytest.raises(ty.TracingError, match=r"taylor\.where"):
        np.maximum(np.array([x, y]), 0)
    with pytest.raises(ValueError, match="sequence") as caught:
        np.array([x, y]).astype(float)
    assert isinstance(caught.value.__cause__, ty.TracingError)


def test_unknown_functions_are_named() -> None:
    with pytest.raises(ty.UnsupportedFunctionError, match=r"numpy\.spacing"):
        np.spacing(x)
    with pytest.raises(ty.UnsupportedFunctionError, match="where="):
        np.add(x, y, where=[True])
    with pytest.raises(AttributeError, match="wobble"):
        x.wobble()
