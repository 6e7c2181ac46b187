"""Products in sums of formulas, functions of arrays and of jets at order zero are rounded before
they are added: what cancels in the user's own order of operations cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
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


@pytest.mark.parametrize("precision", ["float32", "float64", "double-double"])
def test_sums_of_many_kinds_of_terms(precision: str) -> None:
    """Products with signs and factors, plain terms, offsets, against exact fractions."""
    formula = 3 * X * Y - X * X + Y * Z - Z / 4 + ty.where(X > 0, X, Y) - 2
    point = (1.25, -0.75, 2.5)
    x, y, z = map(Fraction, point)
    expected = 3 * x * y - x * x + y * z - z / 4 + x - 2
    found = ty.compile(formula, [X, Y, Z], precision=precision)(*point)
    value = found[0] if precision == "double-double" else found
    assert Fraction(float(value)) == expected


@pytest.mark.parametrize("precision", ["float32", "float64", "double-double"])
def test_jets_begin_with_the_values_of_formulas(precision: str) -> None:
    """Sums of products, with numbers and offsets, quotients of them: the same bits."""

    def function(x: Any, y: Any, z: Any) -> list[Any]:
        return [
            x * y - z * x,
            0.1 * x * y + z * z - 0.7,
            (x * y - z * z) / (x * x + y * y + 3),
            (x + y) * (z - x) - 3 * x * x * y + z,
            ty.sin(x * y - z) * z + (x - z * y) / 3,
        ]

    kind = np.float32 if precision == "float32" else np.float64
    points = np.random.default_rng(3).uniform(0.3, 2, (3, 40)).astype(kind)
    given = np.stack([points, 0 * points], -1) if precision == "double-double" else points
    values = ty.compile(function(X, Y, Z), [X, Y, Z], precision=precision)(*given)
    jets = ty.jet(function, list(given), 2, direction=list(given), precision=precision)
    for value, jet in zip(values, jets, strict=True):
        if precision == "double-double":  # sums of pairs have no order of their own
            np.testing.assert_allclose(value, jet[0], rtol=1e-13, atol=1e-31)
        else:
            np.testing.assert_array_equal(value, jet[0])
