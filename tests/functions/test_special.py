"""Gamma and Bessel functions in formulas, jets, integrators and events, against mpmath."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special
import sympy
from special_cases import SERIES, composed

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.leaves import variable
from taylor.expressions.substitute import substitute
from taylor.recurrences.decompose import decompose
from taylor.transforms.enclosure import Model, enclosure
from taylor_runtime.program.program import Input, Kernel

MP = mpmath.mp.clone()
MP.dps = 50
X = variable("x")
CLOCK = [(X, 1 + 0 * X)]
ONE_ARGUMENT = {
    "gamma": ty.gamma,
    "lgamma": ty.lgamma,
    "digamma": ty.digamma,
    "polygamma": lambda x: ty.polygamma(3, x),
    "besselj": lambda x: ty.besselj(2, x),
    "bessely": lambda x: ty.bessely(2, x),
}
ORDERS = {"polygamma": (3,), "besselj": (2,), "bessely": (2,)}


def exact(name: str, x: Any, highest: int = 0) -> list[Any]:
    return SERIES[name](MP, *ORDERS.get(name, ()), MP.mpf(x), highest)


def relative_error(found: Any, right: Any) -> float:
    """Of a float or the two of a double-double."""
    return float(abs(MP.fsum(map(float, np.atleast_1d(found))) - right) / abs(right))


# -- expressions ----------------------------------------------------------------------------------


def test_orders_are_exact_integers() -> None:
    assert ty.besselj(2.0, X) is ty.besselj(Fraction(2), X) is ty.besselj(2, X)
    for order in (0.5, X, Fraction(1, 3), math.nan, math.inf):
        with pytest.raises(ArgumentError, match="besselj: the order has to be an exact integer"):
            ty.besselj(order, X)
    with pytest.raises(ArgumentError, match="the order -1 is negative"):
        ty.polygamma(-1, X)
    with pytest.raises(ArgumentError, match="exact integer"):
        ty.bessely(0.5, 1.0)
    with pytest.raises(ArgumentTypeError, match="gamma: complex"):
        ty.gamma(1j)
    with pytest.raises(ArgumentTypeError, match="besselj: takes 2"):
        ty.besselj(X)


def test_orders_and_arguments_of_either_sign_share_a_node() -> None:
    assert ty.besselj(-3, X) is -ty.besselj(3, X) and ty.besselj(-2, X) is ty.besselj(2, X)
    assert ty.besselj(3, -X) is -ty.besselj(3, X) and ty.besselj(-3, -X) is ty.besselj(3, X)
    assert ty.bessely(-1, X) is -ty.bessely(1, X) and ty.bessely(-4, X) is ty.bessely(4, X)
    assert ty.polygamma(0, X) is ty.digamma(X)


def test_symbolic_derivatives() -> None:
    assert ty.diff(ty.lgamma(X), X, 3) is ty.polygamma(2, X)
    assert ty.diff(ty.besselj(0, X), X) is -ty.besselj(1, X)
    assert ty.diff(ty.bessely(2, X), X) is (ty.bessely(1, X) - ty.bessely(3, X)) / 2
    for name, function in ONE_ARGUMENT.items():
        third = ty.diff(function(X**2), X, 3).evaluate({X: MP.mpf("1.25")})
        outer, inner = exact(name, "1.5625", 3), [MP.mpf("1.5625"), MP.mpf("2.5"), MP.mpf(1)]
        assert MP.almosteq(third, 6 * composed(MP, outer, inner)[3], 1e-40)


def test_translation_to_and_from_sympy() -> None:
    x = sympy.Symbol("x")
    for function in ONE_ARGUMENT.values():
        expression = function(X) + 1
        assert ty.from_sympy(ty.to_sympy(expression)) is expression
    assert ty.to_sympy(ty.besselj(3, X)) == sympy.besselj(3, x)
    assert ty.from_sympy(sympy.besselj(-3, x)) is -ty.besselj(3, X)
    assert ty.from_sympy(sympy.polygamma(0, x)) is ty.digamma(X)
    assert ty.from_sympy(sympy.trigamma(x)) is ty.polygamma(1, X)
    assert ty.from_sympy(sympy.diff(sympy.gamma(x), x)) is ty.gamma(X) * ty.digamma(X)


def test_ufuncs_of_scipy() -> None:
    special = scipy.special
    assert special.gamma(X) is ty.gamma(X) and special.gammaln(X) is ty.lgamma(X)
    assert special.psi(X) is special.digamma(X) is ty.digamma(X)
    assert special.j0(X) is special.jv(0, X) is special.jn(0, X) is ty.besselj(0, X)
    assert special.y1(X) is special.yn(1, X) is special.yv(1, X) is ty.bessely(1, X)
    assert str(special.jv(2, ty.variable("q", 2))) == "besselj(2, q)"


def test_numbers_and_arrays() -> None:
    x = np.linspace(0.1, 60, 300).reshape(3, 100)
    np.testing.assert_allclose(ty.gamma(x), scipy.special.gamma(x), rtol=1e-13)
    np.testing.assert_allclose(ty.polygamma(2, x), scipy.special.polygamma(2, x), rtol=1e-13)
    np.testing.assert_allclose(ty.besselj(4, x), scipy.special.jv(4, x), rtol=1e-12, atol=1e-14)
    assert isinstance(ty.bessely(0, 1.0), float) and ty.digamma(np.empty(0)).shape == (0,)
    assert MP.almosteq(ty.besselj(3, MP.mpf(2)), MP.besselj(3, 2))


def test_special_values_are_those_of_c() -> None:
    ends = np.array([0.0, -0.0, math.inf, -math.inf, math.nan, -1.0, -2.0])
    nan, inf = math.nan, math.inf
    np.testing.assert_array_equal(ty.gamma(ends), [inf, -inf, inf, nan, nan, nan, nan])
    np.testing.assert_array_equal(ty.lgamma(ends), [inf, inf, inf, inf, nan, inf, inf])
    np.testing.assert_array_equal(ty.digamma(ends), [-inf, inf, inf, nan, nan, nan, nan])
    np.testing.assert_array_equal(ty.polygamma(1, ends), [inf, inf, 0, nan, nan, inf, inf])
    np.testing.assert_array_equal(ty.polygamma(2, ends), [-inf, inf, 0, nan, nan, nan, nan])
    np.testing.assert_array_equal(ty.besselj(0, ends[:5]), [1, 1, 0, 0, nan])
    odd = ty.besselj(1, ends[:5])
    np.testing.assert_array_equal(odd, [0, 0, 0, 0, nan])
    assert list(np.signbit(odd[:4])) == [False, True, False, True]
    np.testing.assert_array_equal(ty.bessely(1, ends), [-inf, -inf, 0, nan, nan, nan, nan])
    assert ty.gamma(171.625) == inf and ty.lgamma(1.0) == ty.lgamma(2.0) == 0
    assert ty.gamma(-178.5) == 0 and ty.bessely(30, 1e-20) == -inf and ty.besselj(30, 1e-20) == 0
    np.testing.assert_array_equal(
        ty.gamma(np.arange(1.0, 23.0)), [float(math.factorial(n)) for n in range(22)]
    )
    tiny = np.array([-5e-324, -1e-310, -1e-200])
    np.testing.assert_array_equal(ty.polygamma(5, tiny), [inf] * 3)
    np.testing.assert_array_equal(ty.polygamma(2, tiny), [inf] * 3)


# -- jets -----------------------------------------------------------------------------------------


def test_the_oracle_of_gamma_agrees_with_numerical_differentiation() -> None:
    for x in ("0.75", "-2.25", "6.5"):
        right = MP.taylor(MP.gamma, MP.mpf(x), 8)
        found = SERIES["gamma"](MP, MP.mpf(x), 8)
        assert all(MP.almosteq(a, b, 1e-40) for a, b in zip(found, right, strict=True))


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_jets_in_every_precision(name: str) -> None:
    """Errors relative to the largest of the neighbouring coefficients."""
    right = exact(name, 1.375, 12)
    scales = [max(map(abs, right[max(n - 1, 0) : n + 2])) for n in range(13)]
    for precision, allowed in (("float32", 3e-6), ("float64", 2e-15), ("double-double", 3e-30)):
        jet = ty.jet(ONE_ARGUMENT[name], 1.375, 12, precision=precision)
        found = [MP.fsum(map(float, np.atleast_1d(value))) for value in jet]
        worst = max(abs(a - b) / s for a, b, s in zip(found, right, scales, strict=True))
        assert worst < allowed


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_points_side_by_side_have_the_bits_of_one(name: str) -> None:
    points = np.array([0.3, 1.5, 2.0, 7.0, 24.9, 26.0, 33.0, 70.0, 171.0])
    together = ty.jet(ONE_ARGUMENT[name], points, 9)
    alone = np.array([ty.jet(ONE_ARGUMENT[name], x, 9) for x in points])
    np.testing.assert_array_equal(together.T, alone)


def test_chains_end_with_the_order() -> None:
    """No row is made for what the order does not need."""

    def rows(function: Any, kernel: str, order: int) -> list[tuple]:
        program = decompose([function(X)], {X: Input("jet")}, order)
        starts = [row.start for row in program.rows if isinstance(row.start, Kernel)]
        return sorted(start.constants for start in starts if start.function == kernel)

    digamma, besselj, bessely = ONE_ARGUMENT["digamma"], ONE_ARGUMENT["besselj"], ty.bessely
    assert rows(digamma, "polygamma_coefficient", 4) == [(1,), (2,), (3,), (4,)]
    assert rows(besselj, "besselj", 4) == [(n,) for n in range(7)]
    assert rows(lambda x: bessely(5, x), "bessely", 9) == [(4,), (5,)]
    assert rows(besselj, "besselj", 0) == [(2,)]
    both = rows(lambda x: ty.besselj(0, x) * ty.besselj(3, x), "besselj", 4)
    assert both == [(n,) for n in range(8)]


def test_members_of_a_family_share_their_chain() -> None:
    """In either order, coefficients are those of each alone."""
    point, order = 2.5, 9
    for first, second in ((0, 4), (4, 0), (1, 2)):
        together = ty.jet(lambda x: [ty.besselj(first, x), ty.besselj(second, x)], point, order)  # noqa: B023
        for i, n in enumerate((first, second)):
            right = SERIES["besselj"](MP, n, MP.mpf(point), order)
            error = max(abs(MP.mpf(float(a)) - r) for a, r in zip(together[i], right, strict=True))
            assert error < 1e-16
    gamma = ty.jet(lambda x: [ty.polygamma(2, x), ty.digamma(x), ty.polygamma(1, x)], point, order)
    for i, k in enumerate((2, 0, 1)):
        right = SERIES["polygamma"](MP, k, MP.mpf(point), order)
        error = max(abs(MP.mpf(float(a)) - r) for a, r in zip(gamma[i], right, strict=True))
        assert error < 3e-16


# -- integrators ----------------------------------------------------------------------------------


def test_integral_of_a_bessel_function() -> None:
    right = MP.quad(lambda t: MP.besselj(0, t), MP.linspace(0, 40, 11))
    ta = ty.Integrator([(X, ty.besselj(0, ty.time))], [0.0])
    ta.propagate_until(40.0)
    assert relative_error(ta.state[0], right) < 2e-15
    wide = ty.Integrator([(X, ty.besselj(0, ty.time))], [0.0], precision="double-double")
    wide.propagate_until(40.0)
    assert relative_error(wide.state[0], right) < 1e-28


def test_bessels_equation_against_its_solution() -> None:
    """The state goes into the functions: d/dt J_2(x(t)) with x = 3 + sin t, Y_1 likewise."""
    inner = 3 + ty.sin(ty.time)
    system = []
    for name, n in (("besselj", 2), ("bessely", 1)):
        y = variable(name)
        rate = ty.diff(ty.functions.apply(name, n, X), X)
        system.append((y, substitute(rate, {X: inner}) * ty.cos(ty.time)))
    start = [float(MP.besselj(2, 3)), float(MP.bessely(1, 3))]
    ta = ty.Integrator(system, start)
    ta.propagate_until(10.0)
    end = 3 + MP.sin(10)
    assert relative_error(ta.state[0], MP.besselj(2, end)) < 1e-14
    assert relative_error(ta.state[1], MP.bessely(1, end)) < 1e-14


def test_integral_of_digamma_is_log_gamma() -> None:
    ta = ty.Integrator([(X, ty.digamma(ty.time + 1))], [0.0])
    ta.propagate_until(60.0)
    assert relative_error(ta.state[0], MP.loggamma(61)) < 2e-15


# -- events ---------------------------------------------------------------------------------------


def test_zeros_of_bessel_functions_as_events() -> None:
    """J_0 and Y_1, every zero once; errors are those of the functions over their slopes."""
    functions = [ty.besselj(0, X), ty.bessely(1, X)]
    ta = ty.Integrator([(X, 1 + 0 * X)], [0.5], events=[ty.Event(g) for g in functions])
    outcome = ta.propagate_until(30.0)
    zeros = (lambda k: MP.besseljzero(0, k), lambda k: MP.besselyzero(1, k))
    for seen, zero in zip(outcome.events, zeros, strict=True):
        right = [zero(k) for k in range(1, 11)]
        right = [float(t - MP.mpf(0.5)) for t in right if t < 30.5]
        assert len(seen) == len(right)
        np.testing.assert_allclose(seen.times, right, rtol=4e-15)


def test_the_minimum_of_gamma_as_an_event() -> None:
    ta = ty.Integrator(CLOCK, [1.0], events=[ty.Event(ty.diff(ty.gamma(X), X))])
    seen = ta.propagate_until(2.0).events[0]
    assert len(seen) == 1
    assert seen.times[0] == pytest.approx(0.46163214496836234, abs=4e-16)


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_enclosures_hold_what_they_enclose(name: str) -> None:
    function = ONE_ARGUMENT[name]
    r = variable("r")
    model = enclosure(function(X), {X: Model((X, r))})
    for x, radius in ((1.5, 0.0), (1.5, 0.01), (2.5, 0.75), (6.0, 2.0), (0.5, 1.0)):
        given = {X: x, r: radius}
        middle, spread = (float(e.evaluate(given)) for e in (model.middle, model.spread))
        inside = np.linspace(x, x + radius, 41)
        assert math.isinf(spread) or np.all(np.abs(function(inside) - middle) <= spread + 1e-15)
    if name == "besselj":
        assert float(model.spread.evaluate({X: 1.5, r: 0.01})) <= 0.01


# -- explanations ---------------------------------------------------------------------------------


def test_explanations_name_the_kernels() -> None:
    text = str(ty.Integrator([(X, ty.besselj(0, X) + ty.gamma(X))], [0.5]).explain())
    assert "besselj" in text and "gamma" in text
    assert "besselj" in ty.besselj.__doc__ and "scipy" in ty.besselj.__doc__
