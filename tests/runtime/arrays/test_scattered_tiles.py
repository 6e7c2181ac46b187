"""Products whose results lie at a stride: tiles are written lane by lane."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty


@pytest.mark.parametrize("sizes", [(64, 10, 64), (9, 5, 33), (17, 3, 16), (40, 2, 31), (12, 7, 8)])
def test_transposed_results(sizes: tuple[int, int, int]) -> None:
    """The strides are those of a gradient with respect to a matrix: x.T @ y, written transposed."""
    n, m, k = sizes
    x, y = ty.variable("x", shape=(n, m)), ty.variable("y", shape=(n, k))
    rng = np.random.default_rng(n)
    a, b = rng.standard_normal((n, m)), rng.standard_normal((n, k))
    function = ty.compile(np.einsum("ab,ac->cb", x, y) * 1, [x, y])
    np.testing.assert_allclose(function(a, b), b.T @ a, rtol=1e-12, atol=1e-12)
    whole = ty.compile(np.einsum("ab,ac->cb", x, y), [x, y])
    np.testing.assert_array_equal(whole(a, b), function(a, b))
