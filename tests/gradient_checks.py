"""What tests of derivatives share: values of expressions, and differences at 50 digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath
import numpy as np

import taylor as ty
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints


def value(e: Any, arguments: Sequence[Any], points: Sequence[Any]) -> np.ndarray:
    """In doubles, by NumPy."""
    return np.asarray(e.evaluate(dict(zip(arguments, points, strict=True))), dtype=float)


def slope(e: Any, arguments: Sequence[Any], points: Sequence[Any], moves: Sequence[Any]) -> Any:
    """The derivative along moves as a central difference at 50 digits."""
    with mpmath.workdps(50):
        h = mpmath.mpf(10) ** -16
        exact = np.vectorize(mpmath.mpf, otypes=[object])
        ends = []
        for sign in (1, -1):
            moved = [exact(p) + sign * h * exact(m) for p, m in zip(points, moves, strict=True)]
            there = {
                x: p if x.shape else mpmath.mpf(p) for x, p in zip(arguments, moved, strict=True)
            }
            ends.append(np.asarray(e.evaluate(there), dtype=object))
        return np.asarray((ends[0] - ends[1]) / (2 * h), dtype=float)


def check(e: Any, arguments: Sequence[Any], points: Sequence[Any], tolerance: float) -> None:
    """Both directions along random moves, and the whole Jacobian's transpose by unit moves."""
    rng = np.random.default_rng(5)
    moves = [rng.normal(size=x.shape) for x in arguments]
    right = slope(e, arguments, points, moves)
    size = max(1.0, np.abs(right).max(initial=0.0))
    given = [ty.variable(f"dx{i}", x.shape) for i, x in enumerate(arguments)]
    (forward,) = tangents([e], dict(zip(arguments, given, strict=True)))
    assert forward.shape == e.shape
    found = value(forward, [*arguments, *given], [*points, *moves])
    np.testing.assert_allclose(found, right, rtol=0, atol=tolerance * size)
    weights = rng.normal(size=e.shape)
    bar = ty.variable("bar", e.shape)
    backward = adjoints([e], [bar], arguments)
    assert [b.shape for b in backward] == [x.shape for x in arguments]
    for k, (share, x) in enumerate(zip(backward, arguments, strict=True)):
        found = value(share, [*arguments, bar], [*points, weights])
        expected = np.empty(x.shape)
        for place in np.ndindex(*x.shape):
            units = [np.zeros(y.shape) for y in arguments]
            units[k][place] = 1.0
            expected[place] = np.sum(weights * slope(e, arguments, points, units))
        size = max(1.0, np.abs(expected).max(initial=0.0))
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * size)
