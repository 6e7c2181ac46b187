"""Every elementary function as machine code: jets to order 30 against closed forms.

What is right comes from `mpmath.taylor` of the closed form (function_cases.py), or from a formula
for the n-th coefficient where numerical differentiation cannot step (at 1e-300).  Errors are in
units of 2**-52 of the coefficient's scale (error_scale.py), and a subnormal may be off by its
spacing.  Where the right coefficient overflows, ours must not be finite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from error_scale import output_scales
from function_cases import (
    CASES,
    LEAST,
    SINGULAR_CASES,
    Case,
    context,
    expected,
    polynomials,
)

import taylor as ty
from taylor.expressions.leaves import variable
from taylor.recurrences.decompose import decompose
from taylor_runtime.program.program import Input

MP = context(60)
ORDER = 30
EPSILON = 2.0**-52
SMALLEST = 2.0**-1074

# The largest error over all cases of a function, rounded up. Most functions stay below 10. Where
# more is needed, errors of low coefficients are carried along: the worst is asinh at 40, whose
# denominator sqrt(1 + x**2) is nearly a straight line, so that its higher coefficients cancel.
# bessely's worst is one coefficient near its own zero (12, order 30), 3 ulp of its neighbours.
USUAL_ULPS = 10.5
ULPS = {
    "hypot": 16.0, "sqrt": 17.0, "sigmoid": 18.0, "erf": 20.0, "erfc": 20.0, "asin": 20.0,
    "acos": 20.0, "tanh": 35.0, "softplus": 44.0, "acosh": 70.0, "asinh": 120.0,
    "kepler_E": 22.0, "kepler_F": 20.0, "lambertw_derivative": 37.0, "lambertw": 45.0,
    "gamma": 15.0, "besselj": 16.0, "bessely": 350.0,
    # Coefficients that are far below eps x**-k, what a singular point at 0 leaves of errors.
    "gammainc": 6000.0, "gammaincc": 6000.0, "expi": 15000.0, "rgamma": 3000.0,
    "erfinv": 13.0, "erfinv_derivative": 13.0, "dawsn": 12.0, "ellipk": 40.0, "ellipe": 900.0,
    # Two solutions of one recurrence: Ai at 12 falls where errors grow like Bi.
    "airyai": 6900.0, "airyaiprime": 21.0, "airybi": 22.0, "airybiprime": 21.0,
    # Left of zero factors of the reflection have a radius of convergence less than the whole.
    "zeta": 32000.0,
    # Made of others whose high coefficients cancel: log_ndtr loses four digits by order 30.
    "log_expit": 20.0, "logaddexp": 300.0, "ndtr": 210.0, "log_ndtr": 81000.0,
}  # fmt: skip


def as_function(case: Case) -> Callable[[Any], Any]:
    """The case as a function of the shift from its point."""

    def function(t: Any) -> Any:
        inner = polynomials(case)
        arguments = [sum(c * t**k for k, c in enumerate(p) if c or not k) for p in inner]
        return ty.functions.apply(case.name, *case.orders, *arguments)

    return function


def jet_of(case: Case, order: int) -> np.ndarray:
    """Machine code's coefficients; functions of one shifted argument share their code."""
    if case.inner == "shift" and len(case.point) == 1:
        function = _applied(case.name, case.orders)
        return ty.jet(function, case.point[0], order)
    return ty.jet(as_function(case), 0.0, order)


@cache
def _applied(name: str, orders: tuple[int, ...]) -> Callable[[Any], Any]:
    return lambda x: ty.functions.apply(name, *orders, x)


def scales_of(function: Callable[[Any], Any], point: float, order: int) -> tuple[list, list]:
    """Exact coefficients by our recurrences, and the scales of their errors."""
    x = variable("x")
    program = decompose([function(x)], {x: Input("jet")}, order)
    jet = [MP.mpf(point), MP.mpf(1), *[MP.mpf(0)] * order]
    values, scales = output_scales(program, {"jet": [jet]}, MP)
    return values[0], scales[0]


def errors(found: np.ndarray, right: list, scales: list, noise: Any = 0) -> list[float]:
    """Errors in units of EPSILON; infinite where only one side is finite."""
    result = []
    for value, exact, scale in zip(found, right, scales, strict=True):
        rounded = float(exact)
        if not math.isfinite(rounded) or not math.isfinite(value):
            result.append(math.inf if math.isfinite(rounded) != math.isfinite(value) else 0.0)
            continue
        allowed = max(abs(exact), scale) * EPSILON + SMALLEST + noise
        result.append(float(abs(MP.mpf(float(value)) - exact) / allowed))
    return result


def is_ordinary(case: Case) -> bool:
    return case.order > LEAST


TESTED = [case for case in CASES if case.inner != "curved"]  # those have coefficients to be rounded


@pytest.mark.parametrize("case", TESTED, ids=str)
def test_coefficients_are_right(case: Case, scale: int) -> None:
    """To order 30, at the first point of every function (in long runs at all ordinary ones) by the
    oracle alone; it is slow, and elsewhere our recurrences in 60 digits, which are compared with it
    to order 14 or at extreme arguments 7, go on from there."""
    closed = ORDER if scale > 1 and is_ordinary(case) else min(case.order, ORDER)
    right, noise = expected(case, MP, closed)
    shifted = case.inner == "shift" and len(case.point) == 1
    function = _applied(case.name, case.orders) if shifted else as_function(case)
    values, scales = scales_of(function, case.point[0] if shifted else 0.0, ORDER)
    right = [*right, *values[closed + 1 :]]
    found = errors(jet_of(case, ORDER), right, scales, noise)
    assert max(found) <= ULPS.get(case.name, USUAL_ULPS), (found.index(max(found)), max(found))


@pytest.mark.parametrize("case", SINGULAR_CASES, ids=str)
def test_singular_points_have_no_finite_coefficient(case: Case) -> None:
    found = jet_of(case, 12)
    assert not np.isfinite(found[1:]).any(), found


def _power_coefficient(a: Fraction, x: float, n: int) -> Any:
    exponent = MP.mpf(a.numerator) / a.denominator
    return MP.binomial(exponent, n) * MP.mpf(x) ** (exponent - n)


def _atan_coefficient(x: float, n: int) -> Any:
    """(-1)**(n-1) sin(n theta) sin(theta)**n / n, theta = arccot x (by induction on n)."""
    if n == 0:
        return MP.atan(x)
    theta = MP.atan(1 / MP.mpf(x))
    return (-1) ** (n - 1) * MP.sin(n * theta) * MP.sin(theta) ** n / n


def _log_coefficient(x: float, n: int) -> Any:
    return -((-1 / MP.mpf(x)) ** n) / n if n else MP.log(x)


@pytest.mark.parametrize(
    ("function", "coefficient", "point", "ulps"),
    [
        (ty.log, _log_coefficient, 1e-300, 4),
        (ty.log, _log_coefficient, 5e-324, 4),
        (ty.log, _log_coefficient, 1e300, 4),
        (ty.sqrt, lambda x, n: _power_coefficient(Fraction(1, 2), x, n), 1e-300, 4),
        (ty.sqrt, lambda x, n: _power_coefficient(Fraction(1, 2), x, n), 1e300, 4),
        (ty.cbrt, lambda x, n: _power_coefficient(Fraction(1, 3), x, n), 1e-300, 4),
        (ty.cbrt, lambda x, n: _power_coefficient(Fraction(1, 3), x, n), 1e300, 4),
        (ty.atan, _atan_coefficient, 1e5, 16),
        (ty.atan, _atan_coefficient, 1e200, 4),
    ],
)
def test_huge_and_tiny_arguments(
    function: Callable, coefficient: Callable, point: float, ulps: float
) -> None:
    """Coefficients that overflow or underflow from some order on."""
    right = [coefficient(point, n) for n in range(ORDER + 1)]
    found = errors(ty.jet(function, point, ORDER), right, [abs(r) for r in right])
    assert max(found) <= ulps, found


EXPONENTS = [-1, -2, -7, Fraction(1, 2), Fraction(-1, 2), Fraction(-3, 2), Fraction(5, 2)]
EXPONENTS += [Fraction(-11, 4), Fraction(1, 1024), Fraction(1, 3), Fraction(7, 10)]


@pytest.mark.parametrize("exponent", EXPONENTS, ids=str)
def test_real_powers(exponent: Fraction) -> None:
    """Largest error: 14 (x**0.7 at 1e-30, because 7/10 is rounded before order zero is formed)."""
    for point in (0.3, 1.0, 2.5, 77.0, 1e-30, 1e20):
        right = [_power_coefficient(Fraction(exponent), point, n) for n in range(ORDER + 1)]
        jet = ty.jet(lambda x: x**exponent, point, ORDER)
        assert max(errors(jet, right, [abs(r) for r in right])) <= 15


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 5, 7, 12, 19])
def test_natural_powers_are_regular_everywhere(exponent: int) -> None:
    """Binomial coefficients, exact at 0 and 1; elsewhere within (n + 1) rounding errors."""
    for point in (0.0, -0.0, 1.0, -1.0, 0.7, -3.3, 1e-320):
        found = ty.jet(lambda x: x**exponent, point, ORDER)
        right = [
            math.comb(exponent, n) * MP.mpf(point) ** (exponent - n) if n <= exponent else MP.mpf(0)
            for n in range(ORDER + 1)
        ]
        worst = max(errors(found, right, [abs(r) for r in right]))
        assert worst <= (0 if point in (0.0, 1.0, -1.0) else exponent + 1)


@pytest.mark.parametrize("point", [0.4, 1.0, 3.0, 20.0])
def test_general_powers(point: float) -> None:
    """Exponents that vary: x**x, 2**x, x**(1/x); largest error 28 (x**(1/x) at 20)."""
    for function in (lambda x: x**x, lambda x: 2**x, lambda x: x ** (1 / x)):
        right = MP.taylor(function, point, ORDER)
        _, scales = scales_of(function, point, ORDER)
        assert max(errors(ty.jet(function, point, ORDER), right, scales)) <= 30


def test_compositions_against_the_closed_form() -> None:
    """Several functions in one program, where errors of one enter the next."""

    def function(lib: Any) -> Callable[[Any], Any]:
        return lambda x: lib.exp(lib.sin(3 * x)) / lib.sqrt(1 + x**2) - lib.atan(x * lib.log(2 + x))

    for point in (-0.6, 0.0, 0.8, 5.0):
        right = MP.taylor(function(MP), point, ORDER)
        found = ty.jet(function(ty), point, ORDER)
        _, scales = scales_of(function(ty), point, ORDER)
        worst = max(errors(found, right, scales))
        assert worst <= 13
