"""Gradients of what reads an array many times, shifted: against NumPy's sums of shifted slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import taylor as ty
from taylor.expressions.leaves import ONE, variable
from taylor.nodes.traverse import reachable
from taylor.transforms.reverse import adjoints

RNG = np.random.default_rng(20)
ROWS, COLUMNS = 23, 17


def slices(p: Any, k: Any) -> Any:
    m, n = k.shape
    height, width = p.shape[0] - m + 1, p.shape[1] - n + 1
    return sum(k[i, j] * p[i : i + height, j : j + width] for i in range(m) for j in range(n))


def contracted(p: Any, k: Any) -> Any:
    return np.einsum("ijab,ab->ij", sliding_window_view(p, k.shape), k)


def multiplied(p: Any, k: Any) -> Any:
    return np.sum(sliding_window_view(p, k.shape) * k, axis=(2, 3))


def transposed(g: np.ndarray, k: np.ndarray) -> np.ndarray:
    """The sum of all shares, one after the other."""
    height, width = g.shape
    found = np.zeros((height + k.shape[0] - 1, width + k.shape[1] - 1))
    for i, j in np.ndindex(k.shape):
        found[i : i + height, j : j + width] += k[i, j] * g
    return found


@pytest.mark.parametrize("correlated", [slices, contracted, multiplied])
@pytest.mark.parametrize("shape", [(5, 5), (1, 7), (4, 2)])
def test_gradients_of_correlations_are_convolutions(
    correlated: Callable[[Any, Any], Any], shape: tuple[int, int]
) -> None:
    p, k = RNG.normal(size=(ROWS, COLUMNS)), RNG.normal(size=shape)

    def energy(p: Any, k: Any) -> Any:
        return np.sum(correlated(p, k) ** 2)

    s = slices(p, k)
    by_p, by_k = ty.grad(energy, argnums=(0, 1))(p, k)
    np.testing.assert_allclose(by_p, transposed(2 * s, k), rtol=0, atol=1e-12)
    seen = sliding_window_view(p, shape)
    np.testing.assert_allclose(by_k, np.einsum("ijab,ij->ab", seen, 2 * s), rtol=0, atol=1e-11)
    # The second derivative of a square of what is linear: once more there and back.
    v = RNG.normal(size=p.shape)
    _, twice = ty.jvp(lambda p: ty.grad(energy)(p, k), (p,), (v,))
    np.testing.assert_allclose(twice, transposed(2 * slices(v, k), k), rtol=0, atol=1e-12)


def test_no_array_is_made_for_each_shift() -> None:
    p = variable("p", shape=(ROWS, COLUMNS))
    k = variable("k", shape=(5, 5))
    from_slices = adjoints([np.sum(slices(p, k) ** 2)], [ONE], [p])[0]
    joined = [e for e in reachable([from_slices]) if e.op == "concatenate"]
    assert len(joined) == 2  # zeros at both ends of both axes of what came out
    from_windows = adjoints([np.sum(multiplied(p, k) ** 2)], [ONE], [p])[0]
    assert not [e for e in reachable([from_windows]) if e.op == "scatter"]


def test_shifts_of_several_channels() -> None:
    x, k = RNG.normal(size=(3, 8, 9)), RNG.normal(size=(3, 3, 3))

    def energy(x: Any) -> Any:
        total = 0.0
        for c, i, j in np.ndindex(k.shape):
            total = total + k[c, i, j] * x[c, i : i + 6, j : j + 7]
        return np.sum(total**2)

    out = sum(slices(x[c], k[c]) for c in range(3))
    expected = np.stack([transposed(2 * out, k[c]) for c in range(3)])
    np.testing.assert_allclose(ty.grad(energy)(x), expected, rtol=0, atol=1e-12)


def test_a_laplacian_in_the_middle_of_an_array() -> None:
    u = RNG.normal(size=(12, 11))

    def energy(u: Any) -> Any:
        inner = u[2:-1, 3:-1]
        sides = u[3:, 3:-1] + u[1:-2, 3:-1] + u[2:-1, 4:] + u[2:-1, 2:-2]
        return np.sum((sides - 4 * inner) ** 2)

    star = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0.0]])
    expected = np.zeros_like(u)
    expected[1:, 2:] = transposed(2 * slices(u[1:, 2:], star), star)
    np.testing.assert_allclose(ty.grad(energy)(u), expected, rtol=0, atol=1e-13)


def test_many_points_at_once() -> None:
    k = RNG.normal(size=(3, 4))
    ps = RNG.normal(size=(4, ROWS, COLUMNS))
    found = ty.vmap(ty.grad(lambda p: np.sum(slices(p, k) ** 2)))(ps)
    expected = np.stack([transposed(2 * slices(p, k), k) for p in ps])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
