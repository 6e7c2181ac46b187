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


# Formulas that are finite sums of powers of x, and these: (coefficient, exponent).
SUMS: list[tuple[Callable[[Any], Any], list[tuple[Any, Any]]]] = [
    (lambda x: x * (1 - x**1.1), [(1, 1), (-1, Fraction(11, 10))]),
    (lambda x: x**1.1, [(1, Fraction(11, 10))]),
    (lambda x: ty.cbrt(x) ** 4, [(1, Fraction(4, 3))]),
    (lambda x: ty.cbrt(x) ** 2 * x * x, [(1, Fraction(8, 3))]),
    (lambda x: x * ty.sqrt(x) * ty.cbrt(x), [(1, Fraction(11, 6))]),
    (lambda x: (1 + x**2.5) * (x - x**0.75), []),
    (lambda x: (x + x * x) * ty.sqrt(x) * ty.sqrt(x), []),
    (lambda x: ty.cbrt(x) * x * (2 + x**1.5), []),
    (lambda x: ty.sqrt(x) * (ty.sqrt(x) + x**1.25) * 3, []),
    (lambda x: (x**0.25 + x**1.75) * x**1.75, []),
]
_EXPANDED = {
    5: [(1, 1), (-1, Fraction(3, 4)), (1, Fraction(7, 2)), (-1, Fraction(13, 4))],
    6: [(1, 2), (1, 3)],
    7: [(2, Fraction(4, 3)), (1, Fraction(17, 6))],
    8: [(3, 1), (3, Fraction(7, 4))],
    9: [(1, 2), (1, Fraction(7, 2))],
}
_EXPANDED[0] = [(1, 1), (-1, Fraction(21, 10))]


def limits(terms: list[tuple[Any, Any]], order: int) -> list[float]:
    """Coefficients of a sum of powers for x to 0 from the right."""
    found = []
    for n in range(order + 1):
        value, lowest = 0.0, None
        for c, a in terms:
            binomial = float(mpmath.binomial(mpmath.mpf(a.numerator) / a.denominator, n))
            if binomial and a < n and (lowest is None or a < lowest):
                lowest, value = a, float(np.copysign(np.inf, c * binomial))
            if a == n and lowest is None:
                value = float(c)
        found.append(value)
    return found


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
@pytest.mark.parametrize("number", range(len(SUMS)))
def test_sums_and_products_of_powers_at_zero(number: int, precision: str) -> None:
    formula, terms = SUMS[number]
    right = limits(_EXPANDED.get(number, terms), 5)
    found = ty.jet(formula, 0.0, 5, precision=precision)
    high = found[..., 0] if precision == "double-double" else found
    assert list(high) == right
    pairs = (2,) if precision == "double-double" else ()
    many = ty.jet(formula, np.zeros((40, *pairs)), 5, precision=precision)
    assert np.array_equal(many[:, 3], found)
    two = ty.derivatives(lambda x, y: formula(x) * y, [0.0, 2.0], order=3, precision=precision)
    for n in range(4):
        value = np.atleast_1d(two[n, 0])[0]
        assert value == 2 * right[n] * float(mpmath.factorial(n))


@pytest.mark.parametrize("exponent", [1.1, 2.5, 3, 3.0625, 0.5])
@pytest.mark.parametrize("precision", ["float64", "double-double", "float32"])
def test_powers_whose_exponent_is_an_argument(exponent: Any, precision: str, scale: int) -> None:
    """At 0 and where x**p underflows: by x alone, and by both."""
    kind = np.float32 if precision == "float32" else np.float64
    p = float(kind(exponent))
    low, _, error = LIMITS.get(precision, (-900, 0, 1e-28))
    tolerance = error * 50
    power: Callable[..., Any] = lambda x, y: x**y  # noqa: E731
    steady = ty.derivatives(power, [0.0, p], order=4, wrt=[0], precision=precision)
    right = limits([(1, Fraction(p))], 4)
    both = ty.derivatives(power, [0.0, p], order=4, precision=precision)
    for n in range(5):
        wanted = right[n] * float(mpmath.factorial(n))
        assert np.atleast_1d(steady[n])[0] == wanted
        assert np.atleast_1d(both[n, 0])[0] == wanted
    draw = np.random.default_rng(1)
    for _ in range(3 * scale):
        x = float(kind(np.ldexp(draw.uniform(0.5, 1), int(draw.integers(low, low // 4)))))
        with mpmath.workdps(50):
            exact = binomials(x, p, 4)
            logarithm = mpmath.log(x)
        one = ty.derivatives(power, [x, p], order=4, wrt=[0], precision=precision)
        two = ty.derivatives(power, [x, p], order=4, precision=precision)
        for n in range(5):
            value = exact[n] * mpmath.factorial(n)
            if not mpmath.ldexp(1, low + 8) < abs(value) < mpmath.ldexp(1, -low - 60):
                continue
            for found in (one[n], two[n, 0]):
                number = mpmath.fsum(map(float, np.atleast_1d(found)))
                assert abs(number / value - 1) < tolerance * abs(logarithm), (x, n)


def test_derivatives_that_do_not_exist_are_nan() -> None:
    """Where sides disagree, and all derivatives beyond."""
    cube = ty.jet(lambda x: (x * x) ** 1.5, 0.0, 5)
    assert list(cube[:3]) == [0, 0, 0] and np.isnan(cube[3:]).all()
    length = ty.derivatives(ty.hypot, [0.0, 0.0], order=3)
    assert length[0, 0] == 0
    assert all(np.isnan(length[i]) for i in length if sum(i))
    third = ty.derivatives(lambda x, y: ty.hypot(x, y) ** 3, [0.0, 0.0], order=2)
    assert all(third[i] == 0 for i in third)
    jump = ty.jet(lambda x: ty.where(x > 0, 1 + x**1.1, x * ty.sqrt(abs(x))), 0.0, 2)
    assert not np.isfinite(jump[2])
