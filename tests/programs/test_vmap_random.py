"""Random programs with loops and branches of many values, and their derivatives, against one value
at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from random_array_programs import program, shapes

import taylor as ty

SIZE = 4


def forward(function: Any) -> Any:
    """The value and both derivatives, along coordinates."""
    slopes = ty.jacfwd(function, (0, 1))
    return lambda *args: (function(*args), slopes(*args))


@pytest.mark.parametrize("way", ["forward", "backward"])
@pytest.mark.seeds(12)
def test_random_programs_of_many(seed: int, way: str) -> None:
    """Branches and numbers of turns differ between the many; one argument may be the same."""
    rng = np.random.default_rng(seed)
    axes: tuple[Any, ...] = [(0, 0), (0, None), (None, 0)][seed % 3]
    given = [
        rng.normal(size=(*([] if axis is None else [SIZE]), *shape))
        for axis, shape in zip(axes, shapes(seed), strict=True)
    ]
    wanted = program(seed)
    function = forward(wanted) if way == "forward" else ty.value_and_grad(wanted, (0, 1))
    many = ty.vmap(function, axes)(*given)
    one = [
        function(*(x if axis is None else x[k] for x, axis in zip(given, axes, strict=True)))
        for k in range(SIZE)
    ]
    values = np.array([value for value, _ in one])
    np.testing.assert_allclose(many[0], values, rtol=1e-12, atol=1e-13)
    for number in range(2):
        right = np.stack([slopes[number] for _, slopes in one])
        most = max(1.0, np.abs(right).max())
        np.testing.assert_allclose(many[1][number], right, rtol=1e-11, atol=1e-12 * most)


@pytest.mark.parametrize("seed", [0, 4, 8, 12, 16, 20, 24, 28, 32])
def test_derivatives_through_many(seed: int) -> None:
    """The gradient of a sum over many is the sum of gradients where an argument is shared."""
    rng = np.random.default_rng(seed)
    first, second = shapes(seed)
    x, y = rng.normal(size=(SIZE, *first)), rng.normal(size=second)
    function = program(seed, depth=1)
    through = ty.grad(lambda x, y: ty.vmap(function, (0, None))(x, y).sum(), (0, 1))(x, y)
    each = ty.vmap(ty.grad(function, (0, 1)), (0, None))(x, y)
    for found, right in zip(through, (each[0], each[1].sum(axis=0)), strict=True):
        most = max(1.0, np.abs(right).max())
        np.testing.assert_allclose(found, right, rtol=1e-11, atol=1e-12 * most)
