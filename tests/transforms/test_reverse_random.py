"""Random programs of arrays, loops and branches: both ways against each other, machine code and
differences at 50 digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradient_checks import slope, value
from random_array_programs import program, shapes

import taylor as ty
from taylor.expressions.leaves import ONE, as_expression, constant
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints


@pytest.mark.seeds(30)
def test_random_programs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arguments = [ty.variable(f"x{i}", shape) for i, shape in enumerate(shapes(seed))]
    points = [rng.normal(size=x.shape) for x in arguments]
    moves = [rng.normal(size=x.shape) for x in arguments]
    e = as_expression(program(seed)(*arguments))
    seeds = {x: as_expression(m) for x, m in zip(arguments, moves, strict=True)}
    right = float(slope(e, arguments, points, moves))
    (forward,) = tangents([e], seeds)
    assert float(value(forward, arguments, points)) == pytest.approx(right, rel=1e-12, abs=1e-12)
    gradient = adjoints([e], [ONE], arguments)
    given = [value(share, arguments, points) for share in gradient]
    found = sum(float(np.sum(g * m)) for g, m in zip(given, moves, strict=True))
    size = sum(float(np.sum(abs(g * m))) for g, m in zip(given, moves, strict=True))
    assert found == pytest.approx(right, rel=1e-12, abs=1e-12 * max(1, size))
    compiled = ty.compile([e, *gradient], arguments)(*points)
    for share, result in zip([value(e, arguments, points), *given], compiled, strict=True):
        most = max(1, np.abs(share).max())
        np.testing.assert_allclose(result, share, rtol=1e-11, atol=1e-12 * most)


@pytest.mark.parametrize("seed", range(0, 60, 2))
def test_second_order(seed: int) -> None:
    """A Hessian times a vector in both ways, and by differences of the gradient."""
    rng = np.random.default_rng(seed)
    arguments = [ty.variable(f"x{i}", shape) for i, shape in enumerate(shapes(seed))]
    points = [rng.normal(size=x.shape) for x in arguments]
    moves = [as_expression(rng.normal(size=x.shape)) for x in arguments]
    e = as_expression(program(seed, depth=1)(*arguments))
    gradient = adjoints([e], [ONE], arguments)
    along = constant(0)
    for share, move in zip(gradient, moves, strict=True):
        along = along + np.sum(share * move)
    forward = tangents(gradient, dict(zip(arguments, moves, strict=True)))
    backward = adjoints([along], [ONE], arguments)
    numbers = [value(m, [], []) for m in moves]
    for share, one, other in zip(gradient, forward, backward, strict=True):
        right = slope(share, arguments, points, numbers)
        size = max(1.0, np.abs(right).max(initial=0.0))
        for found in (one, other):
            given = value(found, arguments, points)
            np.testing.assert_allclose(given, right, rtol=1e-11, atol=1e-11 * size)


@pytest.mark.parametrize("seed", range(1, 60, 3))
def test_jets(seed: int) -> None:
    """Taylor coefficients along a line are derivatives of derivatives forward."""
    rng = np.random.default_rng(seed)
    points = [rng.normal(size=shape) for shape in shapes(seed)]
    moves = [rng.normal(size=shape) for shape in shapes(seed)]
    arguments = [ty.variable(f"x{i}", shape) for i, shape in enumerate(shapes(seed))]
    function = program(seed)
    seeds = {x: as_expression(m) for x, m in zip(arguments, moves, strict=True)}
    rows = [as_expression(function(*arguments))]
    for _ in range(2):
        rows += tangents(rows[-1:], seeds)
    right = [float(value(e, arguments, points)) for e in rows]

    def along(t: Any) -> Any:
        return function(*[p + t * m for p, m in zip(points, moves, strict=True)])

    found = ty.jet(along, 0.0, 2)
    np.testing.assert_allclose(found, np.array(right) / [1, 1, 2], rtol=1e-10, atol=1e-11)
