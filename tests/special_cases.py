"""Taylor coefficients of gamma and Bessel functions from mpmath's own derivatives, in closed form.

Numerical differentiation would evaluate them at thousands of digits, which takes minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Coefficients = Callable[..., list[Any]]  # (mp, *orders, x, highest) -> coefficients 0 .. highest


def _polygamma(mp: Any, k: int, x: Any, highest: int) -> list[Any]:
    return [mp.psi(k + n, x) / mp.factorial(n) for n in range(highest + 1)]


def _lgamma(mp: Any, x: Any, highest: int) -> list[Any]:
    rates = _polygamma(mp, 0, x, max(highest - 1, 0))
    first = mp.log(abs(mp.gamma(x)))
    return [first, *(rate / (n + 1) for n, rate in enumerate(rates))][: highest + 1]


def _gamma(mp: Any, x: Any, highest: int) -> list[Any]:
    """gamma'/gamma = digamma; checked against numerical differentiation in test_special.py."""
    rates, found = _polygamma(mp, 0, x, highest), [mp.gamma(x)]
    for n in range(1, highest + 1):
        found.append(mp.fsum(found[j] * rates[n - 1 - j] for j in range(n)) / n)
    return found


def _bessel(name: str) -> Coefficients:
    """Derivatives are binomial sums of neighbours (Abramowitz & Stegun 1964, 9.1.31)."""

    def coefficients(mp: Any, n: int, x: Any, highest: int) -> list[Any]:
        function = getattr(mp, name)
        around = [function(m, x) for m in range(n - highest, n + highest + 1)]
        return [
            mp.fsum(
                (-1) ** i * mp.binomial(k, i) * around[highest - k + 2 * i] for i in range(k + 1)
            )
            / (mp.mpf(2) ** k * mp.factorial(k))
            for k in range(highest + 1)
        ]

    return coefficients


def _modified(mp: Any, n: int, x: Any, highest: int) -> list[Any]:
    """As those of J, with plus signs (Abramowitz & Stegun 1964, 9.6.29)."""
    around = [mp.besseli(abs(m), x) for m in range(n - highest, n + highest + 1)]
    return [
        mp.fsum(mp.binomial(k, i) * around[highest - k + 2 * i] for i in range(k + 1))
        / (mp.mpf(2) ** k * mp.factorial(k))
        for k in range(highest + 1)
    ]


def product(mp: Any, a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    return [mp.fsum(a[j] * b[n - j] for j in range(n + 1)) for n in range(len(a))]


def _modified_scaled(mp: Any, n: int, x: Any, highest: int) -> list[Any]:
    """Times the series of exp(-|x|), to the digits that cancel."""
    with mp.extraprec(200):
        sign = -1 if x < 0 else 1
        decay = [mp.exp(-abs(x)) * (-sign) ** k / mp.factorial(k) for k in range(highest + 1)]
        return product(mp, _modified(mp, n, x, highest), decay)


def _hypergeometric(a: float, b: float) -> Coefficients:
    """pi/2 2F1(a, b; 1; m), whose derivatives are such functions (15.2.2)."""

    def coefficients(mp: Any, m: Any, highest: int) -> list[Any]:
        return [
            mp.pi / 2 * mp.rf(a, k) * mp.rf(b, k) / mp.factorial(k) ** 2
            * mp.hyp2f1(a + k, b + k, 1 + k, m)
            for k in range(highest + 1)
        ]  # fmt: skip

    return coefficients


def _erf(mp: Any, y: Any, highest: int) -> list[Any]:
    """erf(y + t) by Hermite polynomials (7.1.19)."""
    found = [mp.erf(y)]
    for k in range(1, highest + 1):
        rate = (-1) ** (k - 1) * mp.hermite(k - 1, y) * mp.exp(-y * y) / mp.factorial(k - 1)
        found.append(2 / mp.sqrt(mp.pi) * rate / k)
    return found


def _inverse_error(sign: int, value: Callable[..., Any]) -> Coefficients:
    """The series of erf at y reversed by Lagrange's formula."""

    def coefficients(mp: Any, x: Any, highest: int) -> list[Any]:
        with mp.extraprec(300):
            y = value(mp, x)
            slope = [sign * c for c in _erf(mp, y, highest + 1)[1:]]
            inverse = [1 / slope[0]]  # t/(erf(y + t) - erf(y))
            for n in range(1, highest + 1):
                rest = mp.fsum(slope[j] * inverse[n - j] for j in range(1, n + 1))
                inverse.append(-rest / slope[0])
            found, power = [y], inverse
            for n in range(1, highest + 1):
                found.append(power[n - 1] / n)
                power = product(mp, power, inverse)
            return found

    return coefficients


def _rate_of(series: Coefficients) -> Coefficients:
    def coefficients(mp: Any, *args: Any) -> list[Any]:
        *given, highest = args
        found = series(mp, *given, highest + 1)
        return [(n + 1) * c for n, c in enumerate(found[1:])]

    return coefficients


def inverse_erfc(mp: Any, q: Any) -> Any:
    """y with erfc(y) = q by bisection of the logarithms, then Newton's method."""
    if q > 1:
        return -inverse_erfc(mp, 2 - q)
    low, high = mp.mpf(0), mp.sqrt(-mp.log(q)) + 1
    with mp.workprec(60):
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if mp.erfc(middle) > q else (low, middle)
    y = mp.mpf(low)
    for _ in range(9):
        y += (mp.erfc(y) - q) * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
    return y


def inverse_erf(mp: Any, x: Any) -> Any:
    if abs(x) > 0.5:
        return -inverse_erf(mp, -x) if x < 0 else inverse_erfc(mp, 1 - x)
    y = x * mp.sqrt(mp.pi) / 2
    for _ in range(10):
        y -= (mp.erf(y) - x) * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
    return y


def _exponential(mp: Any, rate: Any, highest: int, step: int = 1) -> list[Any]:
    """exp(rate t**step)."""
    return [
        rate ** (k // step) / mp.factorial(k // step) if k % step == 0 else mp.mpf(0)
        for k in range(highest + 1)
    ]


def _integrated(first: Any, rates: Sequence[Any]) -> list[Any]:
    return [first, *(c / (k + 1) for k, c in enumerate(rates[:-1]))]


def _expi(mp: Any, x: Any, highest: int) -> list[Any]:
    inverse = [(-1) ** k / x ** (k + 1) for k in range(highest + 1)]
    growth = [mp.exp(x) * c for c in _exponential(mp, mp.mpf(1), highest)]
    return _integrated(mp.re(mp.ei(x)), product(mp, growth, inverse))


def _dawsn(mp: Any, x: Any, highest: int) -> list[Any]:
    """exp(-(x + t)**2) times the integral of exp(+(x + t)**2)."""
    with mp.extraprec(100 + 4 * abs(int(mp.mag(x))) if x else 0):
        whole = x * mp.hyp1f1(mp.mpf(1) / 2, mp.mpf(3) / 2, x * x)
        parts = []
        for sign in (-1, 1):
            linear = _exponential(mp, 2 * sign * x, highest)
            square = _exponential(mp, mp.mpf(sign), highest, 2)
            parts.append([mp.exp(sign * x * x) * c for c in product(mp, linear, square)])
        return product(mp, parts[0], _integrated(whole, parts[1]))


def _density(mp: Any, a: Any, x: Any, highest: int) -> list[Any]:
    """(x + t)**(a - 1) exp(-x - t)/gamma(a)."""
    size = mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))
    power = [size * mp.binomial(a - 1, k) / x**k for k in range(highest + 1)]
    return product(mp, power, _exponential(mp, mp.mpf(-1), highest))


def _gammainc(sign: int) -> Coefficients:
    def coefficients(mp: Any, a: Any, x: Any, highest: int) -> list[Any]:
        lower = x**a * mp.exp(-x) / mp.gamma(a + 1) * mp.hyp1f1(1, a + 1, x)
        rates = [sign * c for c in _density(mp, a, x, highest)]
        return _integrated(lower if sign > 0 else 1 - lower, rates)

    return coefficients


def _rgamma(mp: Any, x: Any, highest: int) -> list[Any]:
    with mp.extraprec(300):
        return _rgamma_at(mp, x, highest)


def _rgamma_at(mp: Any, x: Any, highest: int) -> list[Any]:
    """sin(pi (x + t))/pi times the series of gamma at 1 - x."""
    if x > 0.5:
        found, rates = [mp.rgamma(x)], _polygamma(mp, 0, x, highest)
        for n in range(1, highest + 1):
            found.append(-mp.fsum(found[j] * rates[n - 1 - j] for j in range(n)) / n)
        return found
    other = [(-1) ** k * c for k, c in enumerate(_gamma(mp, 1 - x, highest))]
    turns = [
        (mp.sinpi(x + mp.mpf(k) / 2)) * mp.pi ** (k - 1) / mp.factorial(k)
        for k in range(highest + 1)
    ]
    return product(mp, other, turns)


def _airy(letter: str) -> Coefficients:
    """y^(n) = P y + Q y' with polynomials: P, Q of n + 1 are P' + x Q and Q' + P."""

    def coefficients(mp: Any, x: Any, highest: int) -> list[Any]:
        function, found = getattr(mp, f"airy{letter}"), []
        p, q = [1], [0]
        with mp.extraprec(300 + 60 * max(int(mp.mag(x)), 0) if x else 300):
            y, slope = function(x), function(x, derivative=1)
            for n in range(highest + 1):
                value = mp.polyval(p[::-1], x) * y + mp.polyval(q[::-1], x) * slope
                found.append(value / mp.factorial(n))
                rates = [[k * c for k, c in enumerate(line)][1:] or [0] for line in (p, q)]
                p, q = _sum(rates[0], [0, *q]), _sum(rates[1], p)
        return found

    return coefficients


def _sum(a: Sequence[int], b: Sequence[int]) -> list[int]:
    size = max(len(a), len(b))
    return [sum(line[k] for line in (a, b) if k < len(line)) for k in range(size)]


def _erfcx(mp: Any, x: Any, highest: int) -> list[Any]:
    """exp((x + t)**2) times erfc(x + t), in the digits that cancel."""
    with mp.extraprec(int(100 + 30 * (abs(x) + 1) ** 2 if abs(x) < 30 else 100)):
        linear = _exponential(mp, 2 * x, highest)
        growth = product(mp, linear, _exponential(mp, mp.mpf(1), highest, 2))
        tail = [mp.erfc(x), *(-c for c in _erf(mp, x, highest)[1:])]
        return [mp.exp(x * x) * c for c in product(mp, growth, tail)]


def _ierfcx(mp: Any, k: int, x: Any, highest: int) -> list[Any]:
    """(-2)**-k/k! times the k-th derivative of erfcx."""
    found = _erfcx(mp, x, highest + k)
    return [c * mp.binomial(n + k, k) / mp.mpf(-2) ** k for n, c in enumerate(found[k:])]


def _log_ndtr(mp: Any, x: Any, highest: int) -> list[Any]:
    """log of ndtr's coefficients, in the digits that cancel."""
    with mp.extraprec(int(400 + 10 * x * x)):
        root = mp.sqrt(mp.mpf(1) / 2)
        inner = [mp.erfc(-x * root) / 2]
        inner += [c * root**n / 2 for n, c in enumerate(_erf(mp, x * root, highest)[1:], 1)]
        found = [mp.log(inner[0])]
        for n in range(1, highest + 1):
            rest = mp.fsum(j * found[j] * inner[n - j] for j in range(1, n))
            found.append((inner[n] - rest / n) / inner[0])
        return found


def _zeta(mp: Any, x: Any, highest: int) -> list[Any]:
    """Cauchy's integral of zeta(x) - 1/(x - 1), which is entire, and the pole."""
    with mp.extraprec(150):
        radius, count = 3 + abs(x) / 2, 160
        circle = [radius * mp.expjpi(mp.mpf(2 * k) / count) for k in range(count // 2 + 1)]
        values = [mp.zeta(x + z) - 1 / (x + z - 1) for z in circle]
        found = []
        for n in range(highest + 1):
            parts = [mp.re(v / z**n) for v, z in zip(values, circle, strict=True)]
            total = 2 * mp.fsum(parts) - parts[0] - parts[-1]
            found.append(total / count - (1 / (1 - x)) ** (n + 1))
        return found


_ERFINV = _inverse_error(1, inverse_erf)
_ERFCINV = _inverse_error(-1, inverse_erfc)
SERIES: dict[str, Coefficients] = {
    "airyai": _airy("ai"),
    "airyaiprime": _rate_of(_airy("ai")),
    "airybi": _airy("bi"),
    "airybiprime": _rate_of(_airy("bi")),
    "erfcx": _erfcx,
    "ierfcx": _ierfcx,
    "log_ndtr": _log_ndtr,
    "zeta": _zeta,
    "rgamma": _rgamma,
    "loggamma": _lgamma,
    "expi": _expi,
    "dawsn": _dawsn,
    "dawsn_derivative": _rate_of(_dawsn),
    "gammainc": _gammainc(1),
    "gammaincc": _gammainc(-1),
    "gammainc_derivative": _density,
    "besseli": _modified,
    "besseli_scaled": _modified_scaled,
    "ellipk": _hypergeometric(0.5, 0.5),
    "ellipe": _hypergeometric(-0.5, 0.5),
    "erfinv": _ERFINV,
    "erfcinv": _ERFCINV,
    "erfinv_derivative": _rate_of(_ERFINV),
    "erfcinv_derivative": _rate_of(_ERFCINV),
    "gamma": _gamma,
    "lgamma": _lgamma,
    "digamma": lambda mp, x, highest: _polygamma(mp, 0, x, highest),
    "polygamma": _polygamma,
    "besselj": _bessel("besselj"),
    "bessely": _bessel("bessely"),
}


def composed(mp: Any, outer: Sequence[Any], inner: Sequence[Any]) -> list[Any]:
    """sum_k outer_k (inner - inner_0)**k, truncated after as many coefficients as `outer` has."""
    count = len(outer)
    shift = [mp.mpf(0), *inner[1:count]]
    shift += [mp.mpf(0)] * (count - len(shift))
    total = [mp.mpf(0)] * count
    for c in reversed(outer):
        total = [mp.fdot(total[:n], shift[n:0:-1]) for n in range(count)]
        total[0] += c
    return total


def beta_series(mp: Any, name: str, x: Sequence[Any], y: Sequence[Any], highest: int) -> list[Any]:
    """log B from the series of log gamma, B as its exponential, for polynomials x and y."""
    count = max(len(x), len(y))
    x, y = ([*p, *[mp.mpf(0)] * (count - len(p))] for p in (x, y))
    both = [a + c for a, c in zip(x, y, strict=True)]
    parts = [composed(mp, _lgamma(mp, p[0], highest), p) for p in (x, y, both)]
    log = [a + c - d for a, c, d in zip(*parts, strict=True)]
    if name == "betaln":
        return log
    first = mp.beta(x[0], y[0])
    return composed(mp, [first / mp.factorial(k) for k in range(highest + 1)], log)
