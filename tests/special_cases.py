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


SERIES: dict[str, Coefficients] = {
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
        total = [mp.fsum(total[j] * shift[n - j] for j in range(n)) for n in range(count)]
        total[0] += c
    return total
