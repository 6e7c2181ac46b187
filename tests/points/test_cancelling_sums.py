"""Sums of products that are zero if each product is rounded first, as in the user's own order of
operations, are zero in formulas, functions of arrays, loops, jets, and what equations make of their
parameters; their roots are no NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, Y, Z, W = ty.variables("x y z w")
CANCELLING: list[Callable[..., Any]] = [
    lambda x, y, z, w: x * y - z * w,
    lambda x, y, z, w: x * x - z * z,
    lambda x, y, z, w: 0.1 * x * y - 0.1 * z * w,
    lambda x, y, z, w: 0.1 * x - 0.1 * z,
    lambda x, y, z, w: 1.1 * x + 0.3 * y - (1.1 * z + 0.3 * w),
    lambda x, y, z, w: (x * y - z * w) / (x + y),
]
NAMES = ["products", "squares", "scaled", "linear", "sums", "quotient"]


def points(count: int) -> tuple[Any, ...]:
    x, y = np.random.default_rng(count).uniform(0.1, 10, (2, count))
    return x, y, x, y


@pytest.mark.parametrize("difference", CANCELLING, ids=NAMES)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_formulas_whose_terms_cancel_are_zero(
    difference: Callable[..., Any], precision: str
) -> None:
    root = ty.sqrt(difference(X, Y, Z, W))
    compiled = ty.compile(root, [X, Y, Z, W], precision=precision)
    kind = np.float32 if precision == "float32" else np.float64
    many = [value.astype(kind) for value in points(67)]
    np.testing.assert_array_equal(compiled(*many), np.zeros(67, kind))
    for point in zip(*many, strict=True):
        assert compiled(*point) == 0


@pytest.mark.parametrize("difference", CANCELLING, ids=NAMES)
def test_functions_whose_terms_cancel_are_zero(difference: Callable[..., Any]) -> None:
    many, nothing = points(67), np.zeros(67)

    def root(*given: Any) -> Any:
        return np.sqrt(difference(*given))

    np.testing.assert_array_equal(ty.jit(root)(*many), nothing)
    np.testing.assert_array_equal(ty.vmap(root)(*many), nothing)
    jets = ty.jet(difference, list(many), 2, direction=list(many))
    np.testing.assert_array_equal(jets[0], nothing)

    @ty.program
    def looped(x: float, y: float, z: float, w: float) -> float:
        total, k = 0.0, 0
        while k < 3 + x * 0:
            total, k = total + np.sqrt(difference(x, y, z, w)), k + 1
        return total

    for point in list(zip(*many, strict=True))[:20]:
        assert looped(*point) == 0


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("difference", CANCELLING, ids=NAMES)
def test_equations_whose_parameters_cancel(difference: Callable[..., Any], order: int) -> None:
    """y' = 1 + sqrt(d) y + floor(d) y, d = 0 in the user's order: y(1) is 1, in maps too."""
    y, p = ty.variable("y"), ty.parameters("p q r s")
    d = difference(*p)
    used = {q for q in p if str(q) in str(d)}  # of two products with two factors each, or squares
    system: Any = [(y, 1 + ty.sqrt(d) * y + ty.floor(d) * y)]
    if order:
        system = ty.variational(system, order)
    ta = ty.Integrator(system, [0.0], parameters={q: 1.0 for q in p if q in used})
    for point in list(zip(*points(67), strict=True))[:12]:
        ta.state, ta.time = [0.0], 0.0
        ta.parameters = {q: x for q, x in zip(p, point, strict=True) if q in used}
        assert ta.propagate_until(1.0).status is ty.Status.REACHED
        assert ta.state[0] == 1
