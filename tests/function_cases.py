"""Where elementary functions are tested, and what is right there: closed forms at high precision.

A `Case` is a function of one variable t: an elementary function f applied to polynomials P_i(t),
given by exact coefficients.  What is right comes from `mpmath.taylor` of the closed form f(P(t)),
numerical differentiation at raised precision, which knows nothing of recurrences.  The table is
shared by the tests of the reference interpreter and of machine code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
from special_cases import SERIES, beta_series, composed, inverse_erf, inverse_erfc

ORDER = 32  # of the first ordinary point of every function
LESS, LEAST = 14, 7  # of the other ordinary points, and of extreme arguments: the oracle is slow
DIGITS = 50
_TINY = 1e-9
_SATURATING = (
    "tanh",
    "softplus",
    "atan",
)  # they become a constant or straight line with a minute rest


def context(digits: int = DIGITS) -> Any:
    """A private mpmath context of so many digits."""
    mp = mpmath.mp.clone()
    mp.dps = digits
    return mp


@dataclass(frozen=True)
class Case:
    """f(P_1(t), ...) around t = 0.

    name: the registered function.
    point: the arguments at t = 0, exact binary numbers.
    inner: the polynomials are the arguments plus ("shift", "curved") or times ("scaled") these:
        shift: t for the first argument; curved: t/2 - t**2/3 + t**3/5, other coefficients for the
        other arguments; scaled: 1 + t, 1 - t/2 and 1 + t/4.
    order: the highest coefficient that the slow reference tests.
    ulps: error allowed in float64 in units of eps, relative to the largest of the neighbouring
        coefficients (orders n - 2 .. n + 2), because a coefficient may vanish or cancel.
    orders: the exact integers that choose a function of a family, or the arguments that may not
        vary, before its other arguments.
    """

    name: str
    point: tuple[float, ...]
    inner: str = "shift"
    order: int = ORDER
    ulps: float = 64.0
    orders: tuple[float, ...] = ()

    @property
    def is_steep(self) -> bool:
        """Whether coefficients fall by hundreds of orders of magnitude."""
        saturated = self.name in _SATURATING and abs(self.point[0]) > 100
        return saturated or any(0 < abs(x) < _TINY for x in self.point)

    @property
    def guard_bits(self) -> int:
        """More working precision where a closed form cancels."""
        extreme = any(x and not _TINY < abs(x) < 300 for x in self.point)
        return 2300 if extreme else 100

    def __str__(self) -> str:
        point = (*self.orders, *self.point)
        return f"{self.name}-{'-'.join(repr(x) for x in point)}-{self.inner}"


_INNER: dict[str, tuple[tuple[Fraction, ...], ...]] = {
    "shift": ((Fraction(1),), (Fraction(0),), (Fraction(0),)),
    "curved": (
        (Fraction(1, 2), Fraction(-1, 3), Fraction(1, 5)),
        (Fraction(-1, 4), Fraction(1, 2), Fraction(0), Fraction(-1, 7)),
        (Fraction(1, 3), Fraction(1, 5)),
    ),
    "scaled": ((Fraction(1),), (Fraction(-1, 2),), (Fraction(1, 4),)),
}
_BRANCH = ("lambertw", "lambertw_derivative")  # their second argument does not move


def polynomials(case: Case) -> list[list[Fraction]]:
    """Exact coefficients of the arguments, lowest order first."""
    found = []
    for position, value in enumerate(case.point):
        exact = Fraction(value)
        if position and case.name in _BRANCH:
            found.append([exact])
            continue
        factor = exact if case.inner == "scaled" else 1
        found.append([exact, *(factor * c for c in _INNER[case.inner][position])])
    return found


def jets(case: Case, number: Callable[[Fraction], Any], order: int) -> list[list[Any]]:
    """The arguments' Taylor coefficients 0 .. order as numbers of some kind."""
    padded = (p[: order + 1] + [Fraction(0)] * (order + 1 - len(p)) for p in polynomials(case))
    return [[number(c) for c in p] for p in padded]


def expected(case: Case, mp: Any, order: int | None = None) -> tuple[list[Any], Any]:
    """The Taylor coefficients 0 .. order (default: the case's) of the closed form, and their noise,
    in at least the digits of mp; what several tests want is computed once."""
    order = case.order if order is None else order
    shared = mp.prec <= _SHARED.prec and order <= case.order
    found, noise = _shared(case) if shared else _expected(case, mp, order)
    return [mp.convert(c) for c in found[: order + 1]], mp.convert(noise)


_SHARED = context(60)


@cache
def _shared(case: Case) -> tuple[list[Any], Any]:
    return _expected(case, _SHARED, case.order)


def _expected(case: Case, mp: Any, order: int) -> tuple[list[Any], Any]:
    """The coefficients and their noise by differentiation with mpmath.

    Numerical differentiation leaves noise of 2**-prec relative to the lowest coefficients;
    precision is raised where coefficients fall steeply from there.
    """
    inner = polynomials(case)
    if case.name in SERIES:
        return _of_series(case, mp, order), mp.mpf(0)
    if case.name in ("beta", "betaln"):
        with mp.workprec(mp.prec + 60):
            x, y = ([mp.mpf(c.numerator) / c.denominator for c in p] for p in inner)
            return beta_series(mp, case.name, x, y, order), mp.mpf(0)
    form, slope = CLOSED_FORMS[case.name], CLOSED_DERIVATIVES.get(case.name)

    def value(t: Any) -> Any:
        with mp.workprec(mp.prec + case.guard_bits):
            return form(mp, *case.orders, *(_evaluated(mp, p, t) for p in inner))

    def derivative(t: Any) -> Any:
        with mp.workprec(mp.prec + case.guard_bits):
            rate = [k * c for k, c in enumerate(inner[0])][1:]
            return slope(mp, _evaluated(mp, inner[0], t)) * _evaluated(mp, rate, t)

    with mp.workprec(mp.prec + (2300 if case.is_steep else 60)):
        if slope is None or order == 0:
            found = lowest = mp.taylor(value, 0, order, chop=False)
        else:
            lowest = mp.taylor(derivative, 0, order - 1, chop=False)
            found = [value(mp.mpf(0)), *(rate / (k + 1) for k, rate in enumerate(lowest))]
        return found, mp.ldexp(max(abs(c) for c in lowest[:2]), 40 - mp.prec)


def _of_series(case: Case, mp: Any, order: int) -> list[Any]:
    """The coefficients by mpmath's derivatives of the function at the point."""
    with mp.workprec(mp.prec + 60):
        *still, inner = (
            [mp.mpf(c.numerator) / c.denominator for c in p] for p in polynomials(case)
        )
        given = [*case.orders, *(constant for (constant,) in still), inner[0]]
        return composed(mp, SERIES[case.name](mp, *given, order), inner)


def _evaluated(mp: Any, polynomial: Sequence[Fraction], t: Any) -> Any:
    total = mp.mpf(0)
    for c in reversed(polynomial):
        total = total * t + mp.mpf(c.numerator) / c.denominator
    return total


def neighbourhood(coefficients: Sequence[Any], n: int) -> Any:
    """The largest of the coefficients n - 2 .. n + 2, what errors are relative to."""
    return max(abs(c) for c in coefficients[max(n - 2, 0) : n + 3])


def _sech_squared(mp: Any, x: Any) -> Any:
    return (2 / (mp.exp(x) + mp.exp(-x))) ** 2


def _lambertw_derivative(mp: Any, x: Any, k: Any) -> Any:
    w = mp.re(mp.lambertw(x, int(k)))
    return mp.exp(-w) / (1 + w)


def _equinoctial(mp: Any, h: Any, k: Any, longitude: Any) -> Any:
    """F + h cos F - k sin F = l: bisection in few digits, then Newton's method in more and more."""
    below, above = longitude - mp.hypot(h, k), longitude + mp.hypot(h, k)

    def excess(u: Any) -> Any:
        return u + h * mp.cos(u) - k * mp.sin(u) - longitude

    with mp.workprec(80):
        for _ in range(40):
            u = (below + above) / 2
            below, above = (below, u) if excess(u) > 0 else (u, above)
    digits = [mp.prec, mp.prec]
    while digits[-1] > 80:
        digits.append(digits[-1] // 2 + 8)
        if digits[-1] == digits[-2]:
            break
    for precision in reversed(digits):
        with mp.workprec(precision):
            u = u - excess(u) / (1 - h * mp.sin(u) - k * mp.cos(u))
    return u


def _ellipe(mp: Any, m: Any) -> Any:
    """By the differences of means (Abramowitz & Stegun 1964, 17.6.4)."""
    with mp.extraprec(300):
        mean, other, total, weight = mp.mpf(1), mp.sqrt(1 - m), 1 - m / 2, mp.mpf(1)
        for _ in range(25):
            total -= weight * ((mean - other) / 2) ** 2
            mean, other, weight = (mean + other) / 2, mp.sqrt(mean * other), 2 * weight
        return mp.pi / (2 * mean) * total


# Written with other functions of mpmath than the records wherever there is a choice.
CLOSED_FORMS: dict[str, Callable[..., Any]] = {
    "exp": lambda mp, x: mp.exp(x),
    "expm1": lambda mp, x: 2 * mp.exp(x / 2) * mp.sinh(x / 2),
    "exp2": lambda mp, x: mp.exp(x * mp.ln2),
    "log": lambda mp, x: mp.log(x),
    "log1p": lambda mp, x: 2 * mp.atanh(x / (2 + x)),
    "log2": lambda mp, x: mp.log(x) / mp.ln2,
    "log10": lambda mp, x: mp.log(x) / mp.ln10,
    "sin": lambda mp, x: mp.sin(x),
    "cos": lambda mp, x: mp.cos(x),
    "tan": lambda mp, x: mp.sin(x) / mp.cos(x),
    "asin": lambda mp, x: mp.asin(x),
    "acos": lambda mp, x: 2 * mp.atan(mp.sqrt((1 - x) / (1 + x))),
    "atan": lambda mp, x: mp.atan(x),
    "atan2": lambda mp, y, x: mp.atan2(y, x),
    "sinh": lambda mp, x: mp.sinh(x),
    "cosh": lambda mp, x: mp.cosh(x),
    "tanh": lambda mp, x: mp.tanh(x),
    "sech_squared": _sech_squared,
    "asinh": lambda mp, x: mp.asinh(x),
    "acosh": lambda mp, x: mp.acosh(x),
    "atanh": lambda mp, x: mp.log((1 + x) / (1 - x)) / 2,
    "sqrt": lambda mp, x: mp.sqrt(x),
    "cbrt": lambda mp, x: mp.cbrt(x) if mp.re(x) > 0 else -mp.cbrt(-x),
    "hypot": lambda mp, x, y: mp.sqrt(x * x + y * y),
    "erf": lambda mp, x: mp.erf(x),
    "erfc": lambda mp, x: mp.erfc(x),
    "erf_derivative": lambda mp, x: mp.exp(-x * x) * 2 / mp.sqrt(mp.pi),
    "sigmoid": lambda mp, x: 1 / (1 + mp.exp(-x)),
    "sigmoid_derivative": lambda mp, x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2,
    "softplus": lambda mp, x: mp.log(1 + mp.exp(x)),
    "lambertw": lambda mp, x, k: mp.re(mp.lambertw(x, int(k))),
    "lambertw_derivative": _lambertw_derivative,
    "kepler_E": lambda mp, e, mean: _equinoctial(mp, 0, e, mean),
    "kepler_F": _equinoctial,
    "gamma": lambda mp, x: mp.factorial(x - 1),
    "lgamma": lambda mp, x: mp.log(abs(mp.gamma(x))),
    "digamma": lambda mp, x: mp.harmonic(x - 1) - mp.euler,
    "polygamma": lambda mp, k, x: (-1) ** (k + 1) * mp.factorial(k) * mp.zeta(k + 1, x),
    "besselj": lambda mp, n, x: (x / 2) ** n / mp.factorial(n) * mp.hyp0f1(n + 1, -x * x / 4),
    "bessely": lambda mp, n, x: context(60).im(context(60).hankel1(n, x)),  # slow in more
    "besseli": lambda mp, n, x: (x / 2) ** n / mp.factorial(n) * mp.hyp0f1(n + 1, x * x / 4),
    "besseli_scaled": lambda mp, n, x: (
        mp.exp(-abs(x)) * (x / 2) ** n / mp.factorial(n) * mp.hyp0f1(n + 1, x * x / 4)
    ),
    "airyai": lambda mp, x: mp.airyai(x),
    "airyaiprime": lambda mp, x: mp.airyai(x, derivative=1),
    "airybi": lambda mp, x: mp.airybi(x),
    "airybiprime": lambda mp, x: mp.airybi(x, derivative=1),
    "erfcx": lambda mp, x: mp.exp(x * x) * mp.erfc(x),
    "ierfcx": lambda mp, k, x: mp.hermite(-k - 1, x) * 2 / mp.sqrt(mp.pi),
    "zeta": lambda mp, x: mp.zeta(x),
    "erfinv": inverse_erf,
    "erfinv_derivative": lambda mp, x: mp.sqrt(mp.pi) / 2 * mp.exp(inverse_erf(mp, x) ** 2),
    "erfcinv": inverse_erfc,
    "erfcinv_derivative": lambda mp, x: -mp.sqrt(mp.pi) / 2 * mp.exp(inverse_erfc(mp, x) ** 2),
    "ellipk": lambda mp, m: mp.pi / 2 / mp.agm(1, mp.sqrt(1 - m)),
    "ellipe": _ellipe,
    "beta": lambda mp, a, b: mp.gamma(a) * mp.gamma(b) / mp.gamma(a + b),
    "betaln": lambda mp, a, b: mp.log(abs(mp.gamma(a) * mp.gamma(b) / mp.gamma(a + b))),
    "rgamma": lambda mp, x: mp.rgamma(x),
    "loggamma": lambda mp, x: mp.log(mp.gamma(x)),
    "gammainc": lambda mp, a, x: x**a * mp.exp(-x) / mp.gamma(a + 1) * mp.hyp1f1(1, a + 1, x),
    "gammaincc": lambda mp, a, x: 1 - CLOSED_FORMS["gammainc"](mp, a, x),
    "gammainc_derivative": lambda mp, a, x: x ** (a - 1) * mp.exp(-x) / mp.gamma(a),
    "expi": lambda mp, x: mp.re(mp.ei(x)),
    "dawsn": lambda mp, x: x * mp.hyp1f1(1, mp.mpf(3) / 2, -x * x),
    "dawsn_derivative": lambda mp, x: 1 - 2 * x * x * mp.hyp1f1(1, mp.mpf(3) / 2, -x * x),
    "sin_over_x": lambda mp, x: mp.hyp0f1(mp.mpf(3) / 2, -x * x / 4),
    "sinc": lambda mp, x: mp.hyp0f1(mp.mpf(3) / 2, -((mp.pi * x) ** 2) / 4),
    "xlogy": lambda mp, x, y: x * mp.log(y),
    "xlog1py": lambda mp, x, y: x * mp.log(1 + y),
    "logit": lambda mp, p: mp.log(p) - mp.log(1 - p),
    "log_expit": lambda mp, x: -mp.log(1 + mp.exp(-x)),
    "ndtr": lambda mp, x: (1 + mp.erf(x / mp.sqrt(2))) / 2,
    "log_ndtr": lambda mp, x: mp.log(mp.erfc(-x / mp.sqrt(2)) / 2),
    "logaddexp": lambda mp, a, b: mp.log(mp.exp(a) + mp.exp(b)),
    # Away from their branch points these are one branch, and that is what is written here.
    "abs": lambda mp, x: mp.sqrt(x * x),
    "sign": lambda mp, x: x / mp.sqrt(x * x),
    "copysign": lambda mp, x, y: mp.sqrt(x * x) * y / mp.sqrt(y * y),
    "floor": lambda mp, x: mp.floor(x),
    "floor_divide": lambda mp, x, y: mp.floor(x / y),
    "remainder": lambda mp, x, y: x - y * mp.floor(x / y),
    "rint": lambda mp, x: mp.floor(x + 0.5),
    "round_decimal": lambda mp, s, x: mp.floor(x * s + 0.5) / s,
    "minimum": lambda mp, x, y: (x + y - mp.sqrt((x - y) ** 2)) / 2,
    "maximum": lambda mp, x, y: (x + y + mp.sqrt((x - y) ** 2)) / 2,
    "relu": lambda mp, x: (x + mp.sqrt(x * x)) / 2,
    "leaky_relu": lambda mp, x, slope: x if x > 0 else slope * x,
}

# Derivatives of functions that are slow to evaluate at the precision of numerical differentiation.
CLOSED_DERIVATIVES: dict[str, Callable[..., Any]] = {
    "erf": lambda mp, x: mp.exp(-x * x) * 2 / mp.sqrt(mp.pi),
    "erfc": lambda mp, x: mp.exp(-x * x) * -2 / mp.sqrt(mp.pi),
}

# Members of families that are tested.
ORDERS: dict[str, tuple[tuple[float, ...], ...]] = {
    "polygamma": ((1,), (4,)),
    "round_decimal": ((10,), (100,)),
    "besselj": ((0,), (7,)),
    "bessely": ((0,), (5,)),
    "besseli": ((2,),),
    "ierfcx": ((3,),),
    "besseli_scaled": ((1,),),
    "gammainc": ((0.5,),),
    "gammaincc": ((0.5,),),
    "gammainc_derivative": ((0.5,),),
}


def members(name: str) -> tuple[tuple[float, ...], ...]:
    """The orders with which a function is tested: none, if it is not a family."""
    return ORDERS.get(name, ((),))


# Ordinary points; the first two are tested with a curved inner function as well.
_ORDINARY: dict[str, tuple[Any, ...]] = {
    "exp": (0.0, 0.75, -1.7, 20.0),
    "expm1": (0.0, 0.75, -20.0, -40.0),
    "exp2": (0.0, 0.75, -1.7, 30.5),
    "log": (0.6, 1.0, 7.5),
    "log1p": (0.0, 0.5, -0.75, 7.5),
    "log2": (0.6, 1.0, 7.5),
    "log10": (0.6, 1.0, 7.5),
    "sin": (0.0, 0.75, -2.0, 31.0),
    "cos": (0.0, 0.75, -2.0, 31.0),
    "tan": (0.0, 0.75, -2.0, 1.5),
    "asin": (0.0, 0.5, -0.875),
    "acos": (0.0, 0.5, -0.875),
    "atan": (0.0, 0.75, -2.5, 40.0),
    "atan2": ((0.5, 0.75), (-1.0, 2.0), (0.5, -0.75), (1.0, 0.0), (-3.0, -0.25)),
    "sinh": (0.0, 0.75, -2.0, 20.0),
    "cosh": (0.0, 0.75, -2.0, 20.0),
    "tanh": (0.0, 0.75, -2.0, 10.0, 20.0),
    "sech_squared": (0.0, 0.75, -2.0, 10.0),
    "asinh": (0.0, 0.75, -2.5, 40.0),
    "acosh": (1.25, 3.0, 40.0),
    "atanh": (0.0, 0.5, -0.875),
    "sqrt": (0.6, 1.0, 7.5),
    "cbrt": (0.6, -1.0, 7.5),
    "hypot": ((0.5, 0.75), (-1.0, 2.0), (1.0, 0.0), (0.0, -3.0)),
    "erf": (0.0, 0.75, -2.0, 5.0),
    "erfc": (0.0, 0.75, -2.0, 5.0),
    "erf_derivative": (0.0, 0.75, -2.0, 5.0),
    "sigmoid": (0.0, 0.75, -2.0, 20.0),
    "sigmoid_derivative": (0.0, 0.75, -2.0, 20.0),
    "softplus": (0.0, 0.75, -20.0, 20.0),
    "lambertw": ((0.75, 0), (-0.25, -1), (20.0, 0)),
    "lambertw_derivative": ((-0.25, 0), (-0.25, -1)),
    "kepler_E": ((0.25, 0.75), (0.75, -20.0)),
    "kepler_F": ((-0.25, 0.5, 8.0),),
    "gamma": (0.75, 4.5, -2.25, 30.0),
    "lgamma": (0.75, 4.5, -2.25, 30.0),
    "digamma": (0.75, 4.5, -2.25, 30.0),
    "polygamma": (0.75, 4.5, -2.25),
    "besselj": (0.0, 0.75, -2.5, 12.0, 60.0),
    "bessely": (0.75, 2.5, 12.0),
    "besseli": (-2.5,),
    "besseli_scaled": (-2.5,),
    "airyai": (0.75, -2.5, 0.0, 12.0, -60.0),
    "airyaiprime": (0.75, -2.5),
    "airybi": (0.75, -2.5, 20.0),
    "airybiprime": (0.75, -2.5),
    "erfcx": (0.75, -2.5, 0.0, 5.0, 20.0),
    "ierfcx": (0.75, -1.0),
    "zeta": (2.0, -0.5, 0.0, 9.0, -6.5),
    "erfinv": (-0.25,),
    "erfinv_derivative": (0.25,),
    "erfcinv": (0.0625,),
    "erfcinv_derivative": (0.0625,),
    "ellipk": (0.75,),
    "ellipe": (0.0,),
    "beta": ((1.5, 2.0),),
    "betaln": ((1.5, 2.0),),
    "rgamma": (-2.0,),
    "loggamma": (0.75,),
    "gammainc": (0.75,),
    "gammaincc": (5.5,),
    "gammainc_derivative": (0.75,),
    "expi": (-2.5,),
    "dawsn": (0.75,),
    "dawsn_derivative": (0.0,),
    "sin_over_x": (0.0, 0.75, -2.5, 31.0),
    "sinc": (0.0, 0.25, -0.875),
    "xlogy": ((0.5, 0.75), (-1.0, 2.0), (0.0, 3.0)),
    "xlog1py": ((0.5, 0.75), (-1.0, 2.0), (0.0, 3.0)),
    "logit": (0.125, 0.5, 0.75),
    "log_expit": (0.0, 0.75, -20.0),
    "ndtr": (0.0, 0.75, -2.0),
    "log_ndtr": (0.75, -1.0, 3.0, -6.0),
    "logaddexp": ((0.5, 0.75), (2.0, -1.0)),
    "abs": (0.75, -2.0),
    "sign": (0.75, -2.0),
    "copysign": ((0.75, -0.5), (-2.5, 0.75), (-0.25, -1.5)),
    "floor": (0.75, -2.5),
    "floor_divide": ((0.75, 0.5), (-2.5, 0.75), (4.0, -1.5)),
    "remainder": ((2.75, 0.5), (-2.5, 0.75), (4.0, -1.5)),
    "rint": (0.75, -2.25),
    "round_decimal": (0.128, -2.3),
    "minimum": ((0.5, 0.75), (2.0, -1.0)),
    "maximum": ((0.5, 0.75), (2.0, -1.0)),
    "relu": (0.75, -2.0),
    "leaky_relu": ((0.75, 0.125), (-2.0, 0.125)),
}

# Tiny, huge and nearly singular arguments, with the inner function that suits them.
_EXTREME_POINTS: dict[str, tuple[tuple[Any, str], ...]] = {
    "exp": ((1e-300, "shift"), (709.0, "shift"), (-745.0, "shift"), (-700.0, "curved")),
    "expm1": ((1e-300, "scaled"), (1e-17, "shift"), (709.0, "shift")),
    "exp2": ((1e-300, "scaled"), (1023.0, "shift"), (-1060.0, "shift")),
    "log": ((1e-300, "scaled"), (1e300, "scaled"), (1.0 + 2**-52, "shift")),
    "log1p": ((1e-300, "scaled"), (1e300, "scaled"), (-1 + 2**-50, "scaled")),
    "log2": ((1e-300, "scaled"), (1e300, "scaled")),
    "log10": ((1e-300, "scaled"), (1e300, "scaled")),
    "sin": ((1e-300, "scaled"), (1e22, "shift"), (1e300, "shift")),
    "cos": ((1e-300, "scaled"), (1e22, "shift"), (1e300, "shift")),
    "tan": ((1e-300, "scaled"), (1e22, "shift")),
    "asin": ((1e-300, "scaled"), (1 - 2**-40, "scaled")),
    "acos": ((1e-300, "scaled"), (1 - 2**-40, "scaled")),
    "atan": ((1e-300, "scaled"), (1e200, "scaled"), (-1e300, "scaled")),
    "atan2": (
        ((1e-200, 3e-200), "scaled"),
        ((1e200, -3e200), "scaled"),
        ((1e-300, 1e300), "scaled"),
    ),
    "sinh": ((1e-300, "scaled"), (709.0, "shift")),
    "cosh": ((1e-300, "scaled"), (-709.0, "shift")),
    "tanh": ((1e-300, "scaled"), (300.0, "shift")),
    "sech_squared": ((1e-300, "scaled"), (-300.0, "shift")),
    "asinh": ((1e-300, "scaled"), (1e200, "scaled"), (-1e300, "scaled")),
    "acosh": ((1 + 2**-40, "scaled"), (1e200, "scaled"), (1e300, "scaled")),
    "atanh": ((1e-300, "scaled"), (1 - 2**-40, "scaled")),
    "sqrt": ((1e-300, "scaled"), (1e300, "scaled")),
    "cbrt": ((-1e-300, "scaled"), (1e300, "scaled")),
    "hypot": (
        ((1e-200, 3e-200), "scaled"),
        ((1e200, -3e200), "scaled"),
        ((1e-300, 1e300), "scaled"),
    ),
    "erf": ((1e-300, "scaled"), (26.0, "shift")),
    "erfc": ((1e-300, "scaled"), (25.75, "shift")),
    "erf_derivative": ((1e-300, "scaled"), (25.75, "shift")),
    "sigmoid": ((1e-300, "scaled"), (-700.0, "shift"), (40.0, "shift")),
    "sigmoid_derivative": ((1e-300, "scaled"), (-700.0, "shift"), (40.0, "shift")),
    "softplus": ((1e-300, "scaled"), (-700.0, "shift"), (700.0, "shift")),
    "lambertw": (
        ((1e-300, 0), "scaled"),
        ((1e300, 0), "scaled"),
        ((-1e-6, -1), "scaled"),
        ((-0.36787944, 0), "shift"),
        ((-0.36787944, -1), "shift"),
    ),
    "lambertw_derivative": (((1e-300, 0), "scaled"), ((-1e-6, -1), "scaled")),
    "kepler_E": (((0.5, 1e-300), "scaled"), ((1 - 2**-40, 2.0**-40), "shift")),
    "kepler_F": (((1e-300, 1e-300, 0.5), "scaled"),),
    "gamma": ((1e-300, "scaled"), (170.0, "shift"), (1.0, "shift")),
    "lgamma": ((1e-300, "scaled"), (1e300, "scaled"), (1 + 2**-40, "shift"), (2.0, "shift")),
    "digamma": ((1e-300, "scaled"), (1e300, "scaled"), (1.4616321449683622, "shift")),
    "polygamma": ((1e-50, "scaled"), (1e50, "scaled")),
    "besselj": ((1e-300, "scaled"), (1e22, "shift"), (1e300, "shift"), (39.97, "shift")),
    "bessely": ((1e-30, "scaled"), (1e22, "shift"), (25.0, "shift")),
    "airyai": ((1e-300, "scaled"), (-1e6, "shift"), (100.0, "shift")),
    "airybi": ((1e-300, "scaled"), (-1e6, "shift"), (100.0, "shift")),
    "erfinv": ((1 - 2.0**-50, "scaled"),),
    "rgamma": ((1e-300, "scaled"),),
    "sin_over_x": ((1e-300, "scaled"), (1e22, "shift")),
    "sinc": ((1e-300, "scaled"),),
    "logit": ((1e-300, "scaled"),),
    "log_expit": ((700.0, "shift"),),
    "log_ndtr": ((-40.0, "shift"),),
    "abs": ((1e-300, "scaled"), (-1e300, "scaled")),
    "sign": ((1e-300, "scaled"), (-1e300, "scaled")),
    "copysign": (((1e-300, -1e300), "scaled"), ((-1e300, -1e-300), "scaled")),
    "floor": ((0.5, "scaled"), (1e15 + 0.5, "shift")),
    "floor_divide": (((1e-300, 3e-301), "scaled"),),
    "remainder": (((1e-300, 3e-301), "scaled"), ((1e300, 3e299), "scaled")),
    "rint": ((0.75, "scaled"), (1e15 + 0.25, "shift")),
    "round_decimal": ((1e9, "shift"),),
    "minimum": (((1e-300, 1e300), "scaled"),),
    "maximum": (((1e-300, 1e300), "scaled"),),
    "relu": ((1e300, "scaled"), (-1e-300, "scaled")),
    "leaky_relu": (((1e300, 0.125), "scaled"), ((-1e-300, 0.125), "scaled")),
}

# Arguments where the function has a value and no derivatives: orders >= 1 must not be finite.
SINGULAR: dict[str, tuple[Any, ...]] = {
    "log": (0.0,),
    "log1p": (-1.0,),
    "log2": (0.0,),
    "log10": (0.0,),
    "asin": (1.0, -1.0),
    "acos": (1.0, -1.0),
    "atan2": ((0.0, 0.0),),
    "acosh": (1.0,),
    "atanh": (1.0, -1.0),
    "sqrt": (0.0,),
    "cbrt": (0.0,),
    "hypot": ((0.0, 0.0),),
    "gamma": (0.0, -1.0),
    "lgamma": (0.0,),
    "digamma": (0.0, -1.0),
    "polygamma": (0.0,),
    "bessely": (0.0,),
    "zeta": (1.0,),
    "erfinv": (1.0,),
    "erfcinv": (0.0,),
    "ellipk": (1.0,),
    "expi": (0.0,),
    "gammainc": (0.0,),
}


def _tuple(point: Any) -> tuple[float, ...]:
    return point if isinstance(point, tuple) else (point,)


CASES: tuple[Case, ...] = tuple(
    Case(name, _tuple(point), inner, ORDER if position == 0 else LESS, orders=orders)
    for name, points in _ORDINARY.items()
    for orders in members(name)
    for position, point in enumerate(points)
    for inner in (("shift", "curved") if position < 2 else ("shift",))
) + tuple(
    Case(name, _tuple(point), inner, LEAST, orders=orders)
    for name, points in _EXTREME_POINTS.items()
    for orders in members(name)
    for point, inner in points
)
SINGULAR_CASES: tuple[Case, ...] = tuple(
    Case(name, _tuple(point), orders=members(name)[0])
    for name, points in SINGULAR.items()
    for point in points
)
