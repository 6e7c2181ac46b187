"""Accuracy where arguments are extreme: against mpmath, SciPy and closed forms."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from pair_accuracy import EPSILON, compiled, exact, mp, with_low
from scipy import interpolate

import taylor as ty
from taylor.functions.kepler import anomaly_by_mpmath, longitude_by_mpmath
from taylor_runtime.callables.kernels import array_function
from taylor_runtime.mathlib.families import kernels, pair_kernels

X = ty.variable("x")
UNIT = 2.0**-53


# -- double-double roots ------------------------------------------------------------------------


def test_double_double_roots_at_every_magnitude(scale: int) -> None:
    """4 units of 2**-106, down to where the argument itself has no low part any more."""
    rng = np.random.default_rng(0)
    size = np.ldexp(rng.uniform(1, 2, 400 * scale), rng.integers(-1074, 1023, 400 * scale))
    x = with_low(rng, size)
    for lanes in (0, 8):
        (value,) = compiled(pair_kernels["sqrt"], lanes)(x)
        for found, at in zip(exact(value), exact(x), strict=True):
            assert abs(found / mp.sqrt(at) - 1) < 4 * EPSILON
    ends = np.array([[0.0, -0.0, np.inf, -1.0, np.nan], [0.0] * 5])
    (value,) = compiled(pair_kernels["sqrt"], 0)(ends)
    np.testing.assert_array_equal(value[0], np.sqrt(np.abs(ends[0]) * [1, 1, 1, np.nan, 1]))
    assert np.signbit(value[0]).tolist()[:3] == [False, True, False]


# -- splines and tables -------------------------------------------------------------------------


def test_b_splines_live_between_their_inner_knots(scale: int) -> None:
    """Clamped and unclamped knots, three ways to go on beyond the ends, any degree, columns."""
    for case in range(12 * scale):
        rng = np.random.default_rng(case)
        degree, count = int(rng.integers(0, 6)), int(rng.integers(8, 14))
        knots = np.sort(rng.uniform(-1, 3, count + degree + 1))
        if case % 3 == 0:
            knots[:degree], knots[count + 1 :] = knots[degree], knots[count]
        shape = [(), (2,)][case % 2]
        how: Any = (True, False, "periodic")[case % 3 if case % 4 else (case // 4) % 3]
        table = interpolate.BSpline(knots, rng.normal(size=(count, *shape)), degree, how)
        first, last = knots[degree], knots[count]
        inside = rng.uniform(first, last, 60)
        near = [first - 0.1 * (last - first), last + 0.1 * (last - first)]
        at = np.concatenate([inside, near])
        f = ty.compile(ty.spline(table, X), [X])
        size = np.abs(table.c).max() * (1 if degree < 2 else 1e3)
        right = table(at)
        close = np.abs(at[:, None] - knots).min(axis=1) < 1e-12
        np.testing.assert_allclose(f(at)[~close], right[~close], rtol=1e-8, atol=1e-11 * size)
        assert np.isnan(right[-1]).all() == (how is False)


@pytest.mark.parametrize("kind", ["power", "chebyshev"])
@pytest.mark.parametrize("degree", [0, 1, 2])
def test_tables_that_are_constant_outside(kind: str, degree: int) -> None:
    rng = np.random.default_rng(degree)
    edges = np.array([0.0, 1.0, 3.0])
    c = rng.normal(size=(2, degree + 1))
    f = ty.compile(ty.piecewise(edges, c, X, kind=kind, outside="constant"), [X])
    inner = ty.compile(ty.piecewise(edges, c, X, kind=kind), [X])
    np.testing.assert_allclose(f([-5.0, 9.0]), inner([0.0, 3.0]), rtol=1e-15)
    np.testing.assert_array_equal(f([0.5, 2.0]), inner([0.5, 2.0]))


def test_a_circle_needs_no_equation() -> None:
    assert ty.kepler_E(0, X) is X and ty.kepler_E(Fraction(0), X) is X
    assert ty.kepler_E(0.1, X) is not X
    assert ty.kepler_F(0, 0.0, X) is X and ty.kepler_F(0, 0.1, X) is not X


# -- gamma and its derivatives --------------------------------------------------------------------


def exact_polygamma(k: int, x: Any) -> Any:
    """With the digits that mpmath, whose errors are absolute, loses."""
    size = k * max(abs(mp.log10(abs(x))), 1) if x else 0
    with mp.workdps(int(60 + 3 * k + size)):
        return mp.psi(k, x) if x < 0 else (-1) ** (k + 1) * mp.fac(k) * mp.zeta(k + 1, x)


def polygamma_arguments(rng: np.random.Generator, count: int) -> Any:
    """Right of zero at all magnitudes, left of it, near poles, half-way between them."""
    n, near = rng.integers(-60, 1, count), np.ldexp(1.0, -rng.integers(3, 40, count))
    return np.concatenate(
        [
            10.0 ** rng.uniform(-3, 5, count),
            rng.uniform(-40, 0, count),
            n + near * rng.choice([-1, 1], count),
            n - 0.5 + near * rng.choice([-1, 0, 1], count),
        ]
    )


@pytest.mark.parametrize("order", [1, 2, 3, 8, 40, 80, 151, 200])
def test_polygamma_of_every_order(order: int, scale: int) -> None:
    """An ulp in float64, 4 k + 60 units in double-double, of values that doubles can hold.

    Next to zeros, which even orders have left of zero, of the largest term near the pole.
    """
    rng = np.random.default_rng(order)
    x = polygamma_arguments(rng, 4 * scale)
    (wide,) = compiled(pair_kernels["polygamma"], 8)(
        np.array([x, 0 * x]), np.array([np.full_like(x, order), 0 * x])
    )
    for at, value, found in zip(x, ty.polygamma(order, x), exact(wide), strict=True):
        right = exact_polygamma(order, mp.mpf(float(at)))
        if abs(right) > 1e308:
            assert value == np.sign(float(mp.sign(right))) * np.inf, at
        elif abs(right) > 1e-270:
            size = abs(right)
            if at < 0 and order % 2 == 0:  # how much a change of x by a unit would do
                change = abs(exact_polygamma(order + 1, mp.mpf(float(at))) * at)
                size = max(size, min(change, size * 2**20))
            assert abs(found - right) <= (60 + 4 * order) * EPSILON * size, at
            assert abs(value - right) <= 2 * UNIT * abs(right), at


def zeros_of_digamma(count: int) -> Any:
    """The doubles around the zero in -n .. -n + 1, for n = 1, 2, 3, 5, 9, .. 5000."""
    found = []
    for n in sorted({round(1.3**k) for k in range(count)}):
        low, high = mp.mpf(-n) + mp.mpf("1e-8"), mp.mpf(1 - n) - mp.mpf("1e-8")
        root = mp.findroot(mp.digamma, (low, high), solver="anderson", tol=1e-50)
        middle = float(root)
        found += [middle + k * np.spacing(middle) for k in (-40, -3, -2, -1, 0, 1, 2, 3, 40)]
        found += [middle + np.ldexp(1.0, -k) for k in (8, 16, 24, 32)]
    return np.array(found)


def test_digamma_at_the_doubles_around_its_zeros(scale: int) -> None:
    """An ulp, and 20 units of 2**-106 of the largest term: a few ulp at the one or two nearest."""
    x = zeros_of_digamma(min(8 + 3 * scale, 34))
    for at, value in zip(x, ty.digamma(x), strict=True):
        right = mp.digamma(mp.mpf(float(at)))
        terms = max(mp.log(1 + abs(at)), 1 / abs(at - mp.nint(at)))
        assert abs(value - right) <= 2 * UNIT * abs(right) + 20 * EPSILON * terms, at
    (wide,) = compiled(pair_kernels["digamma"], 8)(np.array([x, 0 * x]))
    for at, found in zip(x, exact(wide), strict=True):
        terms = max(mp.log(1 + abs(at)), 1 / abs(at - mp.nint(at)))
        assert abs(found - mp.digamma(mp.mpf(float(at)))) <= 20 * EPSILON * terms, at


def test_lgamma_at_the_doubles_around_its_zeros() -> None:
    """An ulp and a half in float64; 20 units of log gamma(1 - x) in double-double."""
    found = []
    for n in range(2, 19):
        for low, high in ((-n, -n + 0.5), (-n + 0.5, 1 - n)):
            ends = [mp.mpf(low) + mp.mpf(2) ** -70, mp.mpf(high) - mp.mpf(2) ** -70]
            size = [mp.log(abs(mp.gamma(end))) for end in ends]
            if size[0] * size[1] < 0:
                root = mp.findroot(lambda t: mp.log(abs(mp.gamma(t))), ends, solver="anderson")
                found += [float(root) + k * np.spacing(float(root)) for k in range(-6, 7)]
    x = np.array([v for v in found if v != np.floor(v)])
    assert len(x) > 200
    (wide,) = compiled(pair_kernels["lgamma"], 8)(np.array([x, 0 * x]))
    for at, value, pair in zip(x, ty.lgamma(x), exact(wide), strict=True):
        right = mp.log(abs(mp.gamma(mp.mpf(float(at)))))
        assert abs(value - right) <= 3 * UNIT * abs(right), at
        assert abs(pair - right) <= 20 * EPSILON * max(1, mp.loggamma(1 - mp.mpf(at))), at


# -- powers with exponents that are no doubles ----------------------------------------------------


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_exponents_that_are_no_doubles(precision: str, scale: int) -> None:
    """An ulp, or 8 units of 2**-106, at every magnitude; without bases that are negative."""
    for case in range(6 * scale):
        rng = np.random.default_rng(case)
        exponent = Fraction(int(rng.integers(-50, 50)), int(rng.choice([3, 5, 7, 9, 11, 1000])))
        if case < 2:
            exponent = [Fraction(1, 3), Fraction(2, 3)][case]
        x = 10.0 ** rng.uniform(-300, 300, 24)
        f = ty.compile(X**exponent, [X], precision=precision)
        wide = precision == "double-double"
        values = f(np.stack([x, 0 * x], -1) if wide else x)
        for at, value in zip(x, np.reshape(values, (24, -1)), strict=True):
            right = mp.mpf(float(at)) ** (mp.mpf(exponent.numerator) / exponent.denominator)
            if 1e-280 < right < 1e300:
                error = abs(mp.fsum(map(float, value)) - right)
                assert error <= (8 * EPSILON if wide else 2 * UNIT) * right, (exponent, at)
        assert f(1e100 * 0) == 0 if not wide and exponent > 0 else True
    assert np.isnan(ty.compile(X ** Fraction(1, 3), [X])(-8.0))
    jet = ty.jet(lambda t: t ** Fraction(1, 3), 1e100, 2)
    right = [mp.mpf(1e100) ** (mp.mpf(1) / 3)]
    right += [right[0] / (3 * mp.mpf(1e100)), -right[0] / (9 * mp.mpf(1e100) ** 2)]
    assert all(abs(a / b - 1) < 8 * UNIT for a, b in zip(jet, right, strict=True))


# -- Kepler's equation near e = 1 -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["kepler_E", "kepler_F"])
def test_orbits_near_a_parabola(name: str, scale: int) -> None:
    """An ulp in float64; E to 10 units in double-double, and F to what its arguments determine."""
    rng = np.random.default_rng(0)
    count = 120 * scale
    e = 1 - 10.0 ** rng.uniform(-16, -1, count)
    mean = 10.0 ** rng.uniform(-16, 0.4, count) * rng.choice([-1, 1], count)
    angle = rng.uniform(-np.pi, np.pi, count)
    planes = [e, mean] if name == "kepler_E" else [e * np.sin(angle), e * np.cos(angle)]
    planes += [] if name == "kepler_E" else [angle + mean]
    right = anomaly_by_mpmath if name == "kepler_E" else longitude_by_mpmath
    double = array_function(kernels[name], 8)(*planes)[0]
    (wide,) = compiled(pair_kernels[name], 8)(*(np.array([a, 0 * a]) for a in planes))
    for one, two, *at in zip(double, exact(wide), *planes, strict=True):
        value, _, _, radius = right(mp, *(mp.mpf(float(a)) for a in at))
        if not mp.isfinite(value):
            continue
        doubtful = EPSILON * 4 / radius if name == "kepler_F" else 0
        assert abs(one - value) <= 2 * UNIT * abs(value) + doubtful, at
        assert abs(two - value) <= 10 * EPSILON * abs(value) + doubtful, at


# -- Bessel functions at their zeros --------------------------------------------------------------


@pytest.mark.parametrize("order", [0, 1, 4])
@pytest.mark.parametrize("name", ["besselj", "bessely"])
def test_bessel_functions_at_the_doubles_around_their_zeros(name: str, order: int) -> None:
    """In float64 an ulp and 100 units of 2**-106 of the amplitude, which double-double keeps to."""
    zero = mp.besseljzero if name == "besselj" else mp.besselyzero
    roots = [float(zero(order, k)) for k in (1, 2, 3, 5, 8, 12, 13, 20, 40)]
    x = np.array([r + k * np.spacing(r) for r in roots for k in (-9, -2, -1, 0, 1, 2, 9)])
    orders = np.full_like(x, order)
    (wide,) = compiled(pair_kernels[name], 8)(np.array([x, 0 * x]), np.array([orders, 0 * x]))
    values = array_function(kernels[name], 8)(x, orders)[0]
    for at, one, two in zip(x, values, exact(wide), strict=True):
        j, y = (f(order, mp.mpf(float(at))) for f in (mp.besselj, mp.bessely))
        right, bound = j if name == "besselj" else y, 100 * EPSILON * mp.hypot(j, y)
        assert abs(one - right) <= 2 * UNIT * abs(right) + bound, at
        assert abs(two - right) <= bound, at
