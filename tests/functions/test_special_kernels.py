"""Inverse error, modified Bessel, elliptic, beta, incomplete gamma functions and integrals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
from kernel_accuracy import error_in_ulp
from pair_accuracy import EPSILON, compiled, exact, mp
from special_cases import SERIES, inverse_erf, inverse_erfc

import taylor as ty
from taylor_runtime.mathlib.families import pair_kernels

X, A = ty.variables("x a")
COUNT = 2  # points of a region at scale 1
Draw = Callable[[np.random.Generator, int], Any]


def uniform(low: float, high: float) -> Draw:
    return lambda rng, n: rng.uniform(low, high, n)


def powers(low: float, high: float, sign: int = 1, start: float = 0.0) -> Draw:
    """start + sign * 10**e with e from low to high."""
    return lambda rng, n: start + sign * 10 ** rng.uniform(low, high, n)


def order(n: int) -> Draw:
    return lambda rng, count: np.full(count, float(n))


def _log_gamma(x: Any) -> Any:
    return mp.re(mp.loggamma(x))


def _betaln(a: Any, b: Any) -> Any:
    with mp.workdps(120):
        return _log_gamma(a) + _log_gamma(b) - _log_gamma(a + b)


def _upper(a: Any, x: Any) -> Any:
    with mp.workdps(110):
        return mp.gammainc(a, x, mp.inf, regularized=True)


def _dawson(x: Any) -> Any:
    with mp.workdps(120):
        return x * mp.exp(-x * x) * mp.hyp1f1(mp.mpf(1) / 2, mp.mpf(3) / 2, x * x)


def _dawson_slope(x: Any) -> Any:
    with mp.workdps(120):
        return 1 - 2 * x * _dawson(x)


def _bessel(x: Any, n: Any) -> Any:
    return mp.besseli(int(n), x)


def _scaled_bessel(x: Any, n: Any) -> Any:
    return mp.besseli(int(n), x) * mp.exp(-abs(x))


def _airy(letter: str, order: int) -> Callable[..., Any]:
    return lambda x: getattr(mp, f"airy{letter}")(x, derivative=order)


def _of_amplitude(order: int) -> Callable[..., float]:
    """10 units, left of zero of the amplitude."""

    def bound(v: float, x: float) -> float:
        if x > 0:
            return 12
        size = abs(x) ** (0.25 if order else -0.25) if x < -1 else 1.0
        return 12 * (1 + size / abs(v)) + 2.0**-42 * abs(x) ** 1.5

    return bound


_AIRY = [uniform(-2, 2), uniform(-17, 0), uniform(0, 17), uniform(17, 100), powers(1, 9, -1)]
_MODULI = [uniform(-1, 1), powers(-18, -1, -1), powers(-15, -1, -1, 1.0), powers(0, 150, -1)]
_PAIRS: list[tuple[Draw, ...]] = [
    (uniform(0, 20), uniform(0, 20)),
    (uniform(20, 900), uniform(0, 900)),
    (powers(2, 15), powers(-10, 4)),
]
_GAMMAS: list[tuple[Draw, ...]] = [
    (uniform(0, 5), uniform(0, 8)),
    (uniform(5, 100), uniform(5, 100)),
    (powers(-3, 2), powers(-3, 2)),
]
_ORDERS = [(draw, order(n)) for n in (0, 3, 30) for draw in (uniform(-9, 9), uniform(30, 700))]
# (kernel, right value, where, error in double-double in units of 2**-106 as a function of the value
# and the arguments)
CASES: list[tuple[str, Callable[..., Any], list[Any], Callable[..., float]]] = [
    ("erfinv", lambda x: inverse_erf(mp, x), [uniform(-1, 1), powers(-15, -1, -1, 1.0)],
     lambda v, x: 12),
    ("erfcinv", lambda q: inverse_erfc(mp, q), [uniform(0, 2), powers(-280, -1)],
     lambda v, q: 12),
    ("erfinv_derivative", lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(inverse_erf(mp, x) ** 2),
     [uniform(-1, 1)], lambda v, x: 40),
    ("erfcinv_derivative", lambda q: -mp.sqrt(mp.pi) / 2 * mp.exp(inverse_erfc(mp, q) ** 2),
     [powers(-250, 0)], lambda v, q: 40 + 4 * abs(np.log(q))),
    ("besseli", _bessel, _ORDERS, lambda v, x, n: 40 + 2 * n),
    ("besseli_scaled", _scaled_bessel, [*_ORDERS, (uniform(900, 5000), order(3))],
     lambda v, x, n: 40 + 2 * n),
    *((f"airy{letter}" + "prime" * k, _airy(letter, k), _AIRY, _of_amplitude(k))
      for letter in ("ai", "bi") for k in (0, 1)),
    ("erfcx", lambda x: mp.hermite(-1, x) * 2 / mp.sqrt(mp.pi),
     [uniform(-5, 0.5), uniform(0.5, 1), uniform(1, 9)], lambda v, x: 12),
    ("ierfcx", lambda x, k: mp.hermite(-int(k) - 1, x) * 2 / mp.sqrt(mp.pi),
     [(uniform(-5, 0.4), order(3)), (uniform(0.5, 9), order(12))], lambda v, x, k: 20),
    ("zeta", mp.zeta, [uniform(-4, 6), powers(-9, -1, 1, 1.0), uniform(6, 80), uniform(-60, -4)],
     lambda v, x: 20 + 2 * abs(min(x, 0))),
    ("ellipk", mp.ellipk, _MODULI, lambda v, m: 16),
    ("ellipe", mp.ellipe, _MODULI, lambda v, m: 60 + 3 * abs(np.log(abs(1 - m)))),
    ("betaln", _betaln, _PAIRS, lambda v, a, b: 30 * (1 + 10 / abs(v))),
    ("beta", lambda a, b: mp.exp(_betaln(a, b)), _PAIRS,
     lambda v, a, b: 40 * (10 + abs(np.log(float(v))))),
    ("gammainc", lambda a, x: mp.gammainc(a, 0, x, regularized=True), _GAMMAS,
     lambda v, a, x: 40 * (20 + a + x)),
    ("gammaincc", _upper, _GAMMAS, lambda v, a, x: 40 * (20 + a + x)),
    ("gammainc_derivative", lambda a, x: mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a)),
     [*_GAMMAS, (powers(2, 9), powers(2, 3))], lambda v, a, x: 40 * (20 + a + x)),
    ("expi", mp.ei, [uniform(-3, 3), uniform(-60, -1), uniform(1, 700), powers(-250, -1)],
     lambda v, x: 12 * (1 + 1 / abs(v))),
    ("dawsn", _dawson, [uniform(-3, 3), uniform(2, 12), uniform(9, 30)], lambda v, x: 40),
    ("dawsn_derivative", _dawson_slope, [uniform(-3, 3), uniform(2, 12), uniform(9, 30)],
     lambda v, x: 12 * (1 + (1 / abs(v) if abs(x) < 1.5 else 0))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_double_and_double_double(case: Any, scale: int) -> None:
    """An ulp in double, which are the high parts, and in double-double what is documented."""
    name, right, regions, bound = case
    for number, region in enumerate(regions):
        rng = np.random.default_rng(number)
        draws = region if isinstance(region, tuple) else (region,)
        given = [draw(rng, COUNT * scale) for draw in draws]
        (wide,) = compiled(pair_kernels[name], 0)(*(np.array([x, 0 * x]) for x in given))
        for value, found, *at in zip(wide[0], exact(wide), *given, strict=True):
            expected = mp.re(right(*map(mp.mpf, map(float, at))))
            if 1e-280 < abs(expected) < 1e300:
                assert error_in_ulp(float(value), expected) < 1, at
                allowed = bound(float(expected), *at) * EPSILON
                assert abs(found / expected - 1) < allowed, at


def test_arguments_left_of_zero_of_beta() -> None:
    for a, b in ((-0.5, 0.25), (-1.25, 3.5), (-2.5, -3.25), (4.0, -0.5)):
        assert ty.beta(a, b) == pytest.approx(scipy.special.beta(a, b), rel=1e-14)
        assert ty.betaln(a, b) == pytest.approx(scipy.special.betaln(a, b), rel=1e-13)


SCIPY: dict[str, tuple[tuple[float, ...], ...]] = {
    "erfinv": ((0.3,), (-0.999,), (1.0,), (2.0,)),
    "erfcinv": ((1e-200,), (1.5,), (0.0,), (2.0,), (3.0,)),
    "i0": ((2.5,), (-700.0,)), "i1": ((2.5,), (-2.5,)), "i0e": ((-900.0,),), "i1e": ((-9.0,),),
    "iv": ((3, 2.5), (-3, -2.5)), "ive": ((3, 2000.0), (3, -2.5)),
    "ellipk": ((0.5,), (-3.0,), (1.0,), (1.5,)), "ellipe": ((0.5,), (-3.0,), (1.0,), (1.5,)),
    "beta": ((0.5, 3.0), (200.0, 300.0)), "betaln": ((0.5, 3.0), (20.0, 0.5)),
    "rgamma": ((0.5,), (-3.0,), (-3.5,), (200.0,), (0.0,)),
    "loggamma": ((0.5,), (30.0,), (-0.5,)),
    "gammainc": ((0.5, 2.0), (30.0, 20.0), (2.0, 0.0), (-1.0, 1.0)),
    "gammaincc": ((0.5, 2.0), (30.0, 60.0), (2.0, 0.0), (0.0, 1.0)),
    "expi": ((0.5,), (-3.0,), (100.0,), (0.0,)), "exp1": ((0.5,), (20.0,), (0.0,), (-1.0,)),
    "dawsn": ((0.5,), (-3.0,), (1e5,)),
    "erfcx": ((0.5,), (-3.0,), (30.0,), (1e5,)),
}  # fmt: skip


@pytest.mark.parametrize("name", SCIPY)
def test_ufuncs_of_scipy(name: str) -> None:
    ufunc = getattr(scipy.special, name)
    arguments = [A, X][-ufunc.nin :]
    family = name in ("iv", "ive")
    general = None if family else ty.compile(ufunc(*arguments), arguments)
    for point in SCIPY[name]:
        right = float(ufunc(*point))
        if general is None:
            found = ufunc(point[0], X).evaluate({X: point[1]})
        else:
            found = general(*point)
        assert found == pytest.approx(right, rel=2e-13, nan_ok=True), point


def test_zeta_of_scipy_has_one_argument() -> None:
    e = scipy.special.zeta(X)
    assert e is ty.zeta(X)
    for at in (-3.5, -2.0, 0.0, 1.0, 1.5, 30.0, np.inf):
        assert ty.zeta(at) == pytest.approx(scipy.special.zeta(at), rel=1e-14)
    with pytest.raises(ty.UnsupportedFunctionError, match="Hurwitz"):
        scipy.special.zeta(X, 2.5)


def test_airy_of_scipy_has_four_results() -> None:
    for at in (-20.0, -1.5, 0.0, 3.0, 50.0):
        right = scipy.special.airy(at)
        found = ty.compile(list(scipy.special.airy(X)), [X])(at)
        np.testing.assert_allclose(found, right, rtol=1e-12)
    assert ty.airyai(np.inf) == 0 and ty.airybi(np.inf) == np.inf
    assert np.isnan(ty.airyai(np.nan)) and np.isnan(ty.airyai(-1e19))


# (name, orders, from, to, error of coefficients 0 .. 8 in ulps of the largest neighbour)
JETS = [
    ("erfinv", (), -0.99, 0.99, 30), ("erfcinv", (), 0.01, 1.9, 30),
    ("besseli", (5,), -20.0, 20.0, 10),
    ("airyai", (), -20.0, 20.0, 20), ("airybi", (), -20.0, 20.0, 20),
    ("zeta", (), -9.0, 12.0, 300), ("log_ndtr", (), -9.0, 4.0, 3000), ("erfcx", (), -4.0, 9.0, 20),
    ("ellipk", (), -0.95, 0.95, 40),
    ("ellipe", (), -0.95, 0.95, 60), ("rgamma", (), -8.4, 6.0, 1000),
    ("gammaincc", (7.25,), 2.0, 9.0, 2e4),
    ("expi", (), -9.0, 9.0, 1000), ("dawsn", (), -1.0, 1.0, 60),
]  # fmt: skip


@pytest.mark.parametrize("case", JETS, ids=lambda case: case[0])
def test_jets_at_random_points(case: Any, scale: int) -> None:
    name, orders, low, high, ulps = case
    at = np.random.default_rng(3).uniform(low, high, 2 * scale)
    jets = ty.jet(lambda x: ty.functions.apply(name, *orders, x), at, 8)
    for x, jet in zip(at, jets.T, strict=True):
        right = SERIES[name](mp, *orders, mp.mpf(float(x)), 10)
        for n, value in enumerate(jet):
            size = max(abs(c) for c in right[max(n - 2, 0) : n + 3])
            assert abs(mp.mpf(float(value)) - right[n]) <= ulps * 2.0**-52 * size, (x, n)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "gammainc_derivative"])
@pytest.mark.parametrize("a", [1, 2, 5, 24])
def test_incomplete_gamma_of_natural_numbers_is_smooth(name: str, a: int) -> None:
    """To order 20, near 0 as well, where errors of x**-k would be all there is."""
    for x in (1e-3, 0.5, 3.0, 40.0):
        right = SERIES[name](mp, mp.mpf(a), mp.mpf(x), 22)
        jet = ty.jet(lambda t: ty.functions.apply(name, a, t), x, 20)
        for n, value in enumerate(jet):
            size = max(abs(c) for c in right[max(n - 2, 0) : n + 3])
            assert abs(mp.mpf(float(value)) - right[n]) <= 30 * 2.0**-52 * size, (x, n)
    assert ty.jet(lambda t: ty.gammainc(3, t), 0.0, 4) == pytest.approx([0, 0, 0, 1 / 6, -1 / 8])


def test_fixed_arguments_are_refused_where_they_vary() -> None:
    p = ty.parameter("p")
    for build in (
        lambda: ty.jet(lambda a: ty.gammainc(a, 1.5), 1.0, 3),
        lambda: ty.diff(ty.gammainc(A, X), A),
        lambda: ty.grad_expressions(ty.gammaincc(A * X, X), [X]),
        lambda: ty.derivatives(lambda a: ty.gammaincc(a, 0.5), 1.0, 2),
        lambda: ty.Integrator([(X, ty.gammainc(X, 1.0))], [1.0]),
    ):
        with pytest.raises(ty.UnsupportedFunctionError, match="no derivatives by argument 1"):
            build()
    assert ty.diff(ty.gammainc(A, X), X).evaluate({A: 1.0, X: 0.0}) == 1.0
    ta = ty.Integrator([(X, ty.gammainc(p, ty.time + 1))], [0.0], parameters={p: 2.5})
    ta.propagate_until(1.0)
    right = mp.quad(lambda t: mp.gammainc(2.5, 0, t, regularized=True), [1, 2])
    assert float(ta.state[0]) == pytest.approx(float(right), rel=1e-14)


def test_they_translate_from_sympy() -> None:
    import sympy

    x, a = sympy.symbols("x a")
    values = {X: 0.75, A: 2.5}
    for form in (
        sympy.lowergamma(a, x), sympy.uppergamma(a, x), sympy.erfi(x), sympy.erfinv(x),
        sympy.elliptic_k(x), sympy.elliptic_e(x), sympy.Ei(x), sympy.besseli(3, x),
        sympy.beta(a, x),
    ):  # fmt: skip
        right = float(form.subs({x: 0.75, a: 2.5}).evalf(30))
        assert float(ty.from_sympy(form).evaluate(values)) == pytest.approx(right, rel=1e-14)
    found = ty.from_sympy(sympy.erfcinv(x)).evaluate(values)
    assert float(found) == pytest.approx(scipy.special.erfcinv(0.75), rel=1e-14)
