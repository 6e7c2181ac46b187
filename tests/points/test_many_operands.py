"""Functions of more arrays than NumPy's ufuncs may have operands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty

SIZE, LAYERS = 24, 40  # of which a gradient has 81 operands


def network(weights: dict[str, Any], x: Any) -> Any:
    for matrix in weights.values():
        x = np.tanh(matrix @ x)
    return np.sum(x)


def backwards(weights: dict[str, Any], x: Any) -> dict[str, Any]:
    """The gradient by hand."""
    values = [x]
    for matrix in weights.values():
        values.append(np.tanh(matrix @ values[-1]))
    back, found = np.ones(len(x)), {}
    for (name, matrix), before, behind in reversed(
        list(zip(weights.items(), values[:-1], values[1:], strict=True))
    ):
        back = back * (1 - behind**2)
        found[name] = np.outer(back, before)
        back = matrix.T @ back
    return found


@pytest.fixture
def weights() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {f"w{k:02d}": rng.normal(0, 0.2, (SIZE, SIZE)) for k in range(LAYERS)}


@pytest.mark.parametrize(("precision", "rtol"), [("float64", 1e-12), ("float32", 2e-4)])
def test_gradients_of_deep_networks(weights: dict[str, Any], precision: str, rtol: float) -> None:
    slopes = ty.grad(network, precision=precision)
    x = np.linspace(-1, 1, SIZE)
    right = backwards(weights, x)
    for _ in range(4):  # by the shorter ways of later calls, too
        found = slopes(weights, x)
        for name, value in right.items():
            scale = np.abs(value).max()
            np.testing.assert_allclose(found[name], value, rtol=rtol, atol=rtol * scale)


def test_double_double(weights: dict[str, Any]) -> None:
    given = {name: np.stack([w, np.zeros_like(w)], -1) for name, w in weights.items()}
    x = np.linspace(-1, 1, SIZE)
    found = ty.grad(network, precision="double-double")(given, np.stack([x, 0 * x], -1))
    for name, value in backwards(weights, x).items():
        np.testing.assert_allclose(found[name][..., 0], value, rtol=1e-11, atol=1e-15)


def test_batches_and_other_layouts(weights: dict[str, Any]) -> None:
    slopes = ty.vmap(ty.grad(network), in_axes=(None, 0))
    points = np.random.default_rng(2).normal(size=(3, SIZE))
    turned = {name: np.asfortranarray(w) for name, w in weights.items()}
    found = slopes(turned, points)
    for k, x in enumerate(points):
        for name, value in backwards(weights, x).items():
            scale = np.abs(value).max()
            np.testing.assert_allclose(found[name][k], value, rtol=1e-12, atol=1e-12 * scale)
    assert slopes(weights, points[:0])["w00"].shape == (0, SIZE, SIZE)


@pytest.mark.parametrize("points", [(), (1,), (4,), (2, 3), (0,)])
def test_compiled_functions_broadcast(points: tuple[int, ...]) -> None:
    inputs = [ty.variable(f"x{k}", shape=(50,)) for k in range(40)]
    outputs = [np.sin(x) * inputs[0] + k for k, x in enumerate(inputs)]
    f = ty.compile(outputs, inputs)
    rng = np.random.default_rng(3)
    given = [rng.normal(size=(*points, 50)) if k % 3 else rng.normal(size=50) for k in range(40)]
    right = [np.sin(x) * given[0] + k for k, x in enumerate(given)]
    for found, value in zip(f(*given), right, strict=True):
        wanted = np.broadcast_to(value, found.shape)
        assert found.shape == (*points, 50)
        np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-15)
    rooms = tuple(np.empty((*points, 50, 2))[..., 0] for _ in outputs)
    f(*given, out=rooms)
    for found, value in zip(rooms, right, strict=True):
        np.testing.assert_allclose(found, np.broadcast_to(value, found.shape), atol=1e-14)


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_gradients_of_solutions_by_many_parameters(precision: str) -> None:
    """x' = -sum(p) x: all derivatives of x(1) by parameters are -x(1)."""
    count = 40
    x, parameters = ty.variable("x"), [ty.parameter(f"p{k}") for k in range(count)]
    values = dict.fromkeys(parameters, 1 / 64)
    ta = ty.Integrator([(x, -sum(parameters) * x)], [1.0], parameters=values, precision=precision)
    end = ta.as_function(inputs=parameters, outputs=[x], until=1.0)
    slopes = ty.grad(lambda *p: end(*p)[0], argnums=tuple(range(count)), precision=precision)
    for slope in slopes(*values.values()):
        assert np.ravel(slope)[0] == pytest.approx(-np.exp(-count / 64), abs=1e-15)
