"""Products in sums of compiled formulas are not rounded before they are added."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import taylor as ty

X, Y, Z = ty.variables("x y z")
SMALL = 2.0**-30


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (X * Y - 1, -(SMALL**2)),
        (1 - X * Y, SMALL**2),
        (Z - X * Y, SMALL**2),
        (X * Y - Z, -(SMALL**2)),
        ((X * X - 1) - 2 * SMALL, SMALL**2),
    ],
)
def test_one_rounding(formula: ty.Expression, expected: float) -> None:
    point = 1 + SMALL, 1 - SMALL, 1.0
    compiled = ty.compile(formula, [X, Y, Z])
    assert compiled(*point) == expected
    many = compiled(*(np.full(19, value) for value in point))
    np.testing.assert_array_equal(many, np.full(19, expected))


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
