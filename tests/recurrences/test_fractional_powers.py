"""Series of fractional powers where the power is zero or underflows, against closed forms."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

EXPONENTS = (1.5, 2.5, 1.1, Fraction(4, 3), 3.75, 7.5, 0.5, Fraction(1, 3), -0.5, -1.5, 12.25)
LIMITS = {"float32": (-126, 127, 1e-6), "float64": (-1022, 1023, 1e-14)}


def binomials(point: Any, exponent: Any, order: int) -> list[Any]:
    """The Taylor coefficients of x**a: binomial(a, n) x**(a - n)."""
    a = mpmath.mpf(Fraction(exponent).numerator) / Fraction(exponent).denominator
    return [mpmath.binomial(a, n) * mpmath.mpf(point) ** (a - n) for n in range(order + 1)]


@pytest.mark.parametrize("precision", LIMITS)
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_series_wherever_they_are_in_range(exponent: Any, precision: str, scale: int) -> None:
    low, high, error = LIMITS[precision]
    order = 4
    kind = np.float32 if precision == "float32" else np.float64
    draw = np.random.default_rng(0)
    count = 12 * scale
    points = np.ldexp(draw.uniform(0.5, 1, count), draw.integers(low + 2, high, count)).astype(kind)
    found = ty.jet(lambda x: x**exponent, points, order=order, precision=precision)
    for k, point in enumerate(points):
        with mpmath.workdps(40):
            right = binomials(float(point), exponent, order)
        for n in range(order + 1):
            size, value = abs(right[n]), float(found[n][k])
            if size > mpmath.ldexp(1, high - 6):  # sums on the way are larger by some bits
                assert not abs(value) < 2.0 ** (high - 7), (point, n)
                break  # what is of higher order is out of range too
            if size < mpmath.ldexp(1, low + 8):
                assert abs(value) <= 2.0 ** (low + 10), (point, n)
            else:
                assert abs(value / right[n] - 1) < error * 20, (point, n)


@pytest.mark.parametrize("exponent", [a for a in EXPONENTS if a > 1])
def test_derivatives_at_zero_are_zero_as_long_as_they_are_finite(exponent: Any) -> None:
    finite = int(exponent)
    found = ty.jet(lambda x: x**exponent, 0.0, order=finite + 1)
    assert list(found[: finite + 1]) == [0.0] * (finite + 1)
    assert not np.isfinite(found[finite + 1])
    slope = ty.jet(lambda x: x * (1 - x**exponent), 0.0, order=finite)
    assert list(slope) == [0.0, 1.0] + [0.0] * (finite - 1)


def test_powers_of_lengths_and_roots_are_smooth() -> None:
    x, y = ty.variables("x y")
    assert ty.hypot(x, y) ** 2 is x**2 + y**2
    assert ty.hypot(x, y) * ty.hypot(x, y) is x**2 + y**2
    assert ty.hypot(x, y) ** 4 is (x**2 + y**2) ** 2
    assert ty.cbrt(x) ** 3 is x
    assert ty.cbrt(x) ** -6 is x**-2
    square: Callable[..., Any] = lambda x, y: ty.hypot(x, y) ** 2  # noqa: E731
    partials = ty.derivatives(square, [0.0, 0.0], order=2)
    assert [partials[i] for i in ((0, 0), (1, 0), (0, 1))] == [0, 0, 0]
    assert [partials[i] for i in ((2, 0), (1, 1), (0, 2))] == [2, 0, 2]


def test_products_with_roots_at_tiny_arguments() -> None:
    assert ty.jet(lambda x: x * ty.sqrt(x), 1e-300, order=2) == pytest.approx(
        [0.0, 1.5e-150, 3.75e149], rel=1e-14, abs=0
    )
