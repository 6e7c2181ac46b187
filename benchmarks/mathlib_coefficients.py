"""Derive the polynomials of the elementary functions and print them as `coefficients.py`.

    python benchmarks/mathlib_coefficients.py > runtime/taylor_runtime/mathlib/coefficients.py

Each polynomial interpolates its function at Chebyshev points in 60 digits (mpmath), which is
within a small factor of the best one; its coefficients are then rounded to double.  The error
that is printed is the largest one of the *rounded* polynomial, relative to the function that the
kernel returns (log2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath

mp = mpmath.MPContext()
mp.dps = 60


@dataclass(frozen=True, slots=True)
class Fit:
    """A polynomial with `count` coefficients for `function` on `interval`.

    share: ``(x) -> |p(x)'s factor in the result / result|``, so that share * error is relative.
    """

    name: str
    about: str
    function: Callable[[Any], Any]
    interval: tuple[Any, Any]
    count: int
    share: Callable[[Any], Any]


def _erfcx_of_u(u: Any) -> Any:
    """(1 + 2 x) exp(x**2) erfc(x) at x = 3 (1 + u) / (1 - u)."""
    x = 3 * (1 + u) / (1 - u)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def _half(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function of z = x**2, given as one of x."""
    return lambda z: function(mp.sqrt(z))


_LN2 = mp.log(2)
_QUARTER = (mp.pi / 4 * (1 + mp.mpf(2) ** -20)) ** 2
_OCTANT = (mp.tan(mp.pi / 8) * (1 + mp.mpf(2) ** -20)) ** 2
_SQRT = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * (1 + mp.mpf(2) ** -20)) ** 2

FITS = (
    Fit(
        "EXP",
        "(exp(r) - 1 - r) / r**2 for |r| <= log(2)/2",
        lambda r: (mp.expm1(r) - r) / r**2,
        (-_LN2 * mp.mpf("0.50003"), _LN2 * mp.mpf("0.50005")),  # not symmetric: 0 is no point
        11,
        lambda r: abs(r**2 / mp.expm1(r)),
    ),
    Fit(
        "SIN",
        "(sin(r) - r) / r**3 in z = r**2, |r| <= pi/4",
        _half(lambda r: (mp.sin(r) - r) / r**3),
        (0, _QUARTER),
        7,
        _half(lambda r: abs(r**3 / mp.sin(r))),
    ),
    Fit(
        "COS",
        "(cos(r) - 1 + r**2/2) / r**4 in z = r**2, |r| <= pi/4",
        _half(lambda r: (mp.cos(r) - 1 + r**2 / 2) / r**4),
        (0, _QUARTER),
        6,
        _half(lambda r: abs(r**4 / mp.cos(r))),
    ),
    Fit(
        "LOG",
        "(2 atanh(s) - 2 s) / s**3 in z = s**2, |s| <= (sqrt(2) - 1)**2",
        _half(lambda s: (2 * mp.atanh(s) - 2 * s) / s**3),
        (0, _SQRT),
        8,
        _half(lambda s: abs(s**3 / (2 * mp.atanh(s)))),
    ),
    Fit(
        "LOG_TAIL",
        "(2 atanh(s) - 2 s - 2 s**3/3 - 2 s**5/5) / s**7 in z = s**2, |s| <= (sqrt(2) - 1)**2",
        _half(lambda s: (2 * mp.atanh(s) - 2 * s - 2 * s**3 / 3 - 2 * s**5 / 5) / s**7),
        (0, _SQRT),
        8,
        _half(lambda s: abs(s**7 / (2 * mp.atanh(s)))),
    ),
    Fit(
        "ATAN",
        "(atan(t) - t) / t**3 in z = t**2, |t| <= tan(pi/8)",
        _half(lambda t: (mp.atan(t) - t) / t**3),
        (0, _OCTANT),
        12,
        _half(lambda t: abs(t**3 / mp.atan(t))),
    ),
    Fit(
        "ASIN",
        "(asin(x) - x) / x**3 in z = x**2, |x| <= 1/2",
        _half(lambda x: (mp.asin(x) - x) / x**3),
        (0, mp.mpf(1) / 4),
        14,
        _half(lambda x: abs(x**3 / mp.asin(x))),
    ),
    Fit(
        "INVERSE_CBRT",
        "x**(-1/3), a first guess, 0.35 <= x <= 2.83",
        lambda x: 1 / mp.cbrt(x),
        (mp.mpf("0.35"), mp.mpf("2.83")),
        5,
        lambda x: mp.cbrt(x),
    ),
    Fit(
        "ERF",
        "(erf(x) - 2 x/sqrt(pi)) / x**3 in z = x**2, |x| <= 0.6",
        _half(lambda x: (mp.erf(x) - 2 * x / mp.sqrt(mp.pi)) / x**3),
        (0, mp.mpf(9) / 25),
        12,
        _half(lambda x: abs(x**3 / mp.erf(x))),
    ),
    Fit(
        "ERFCX",
        "(1 + 2 x) exp(x**2) erfc(x) - 5/4 in u = (x - 3)/(x + 3), 0 <= x <= 28",
        lambda u: _erfcx_of_u(u) - mp.mpf(5) / 4,
        (-1, mp.mpf(25) / 31),
        25,
        lambda u: 1 / _erfcx_of_u(u),
    ),
)


def coefficients(fit: Fit) -> list[float]:
    """Ascending coefficients, rounded to double."""
    a, b = fit.interval
    return [float(c) for c in reversed(mp.chebyfit(fit.function, [a, b], fit.count))]


def relative_error(fit: Fit, rounded: list[float]) -> float:
    """log2 of the largest relative error of the result that is due to the polynomial."""
    a, b = (mp.mpf(end) for end in fit.interval)
    worst = mp.mpf(0)
    for i in range(1, 400):
        x = a + (b - a) * i / 400
        value = mp.polyval([mp.mpf(c) for c in reversed(rounded)], x)
        worst = max(worst, abs(value - fit.function(x)) * fit.share(x))
    return float(mp.log(worst, 2))


HEADER = '''"""Polynomials of the elementary functions, coefficients ascending.

Written by benchmarks/mathlib_coefficients.py: each interpolates its function at Chebyshev points in
60 digits and is then rounded to double; the number after the description is log2 of the largest
relative error that it causes in the result.
"""

from __future__ import annotations
'''


def main() -> None:
    """Print the module."""
    print(HEADER.rstrip())
    for fit in FITS:
        rounded = coefficients(fit)
        print(f"\n# {fit.about}; {relative_error(fit, rounded):.1f}")
        print(f"{fit.name} = (")
        for c in rounded:
            print(f"    {c!r},")
        print(")")


if __name__ == "__main__":
    main()
