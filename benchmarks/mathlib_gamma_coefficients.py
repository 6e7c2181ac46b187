"""Derive the polynomials of gamma and digamma and print them as `gamma_coefficients.py`.

    python benchmarks/mathlib_gamma_coefficients.py \
        > runtime/taylor_runtime/mathlib/double_double/gamma_coefficients.py

As in mathlib_pair_coefficients.py: interpolation at Chebyshev points in 120 digits, coefficients
rounded to the digits of a double-double; the errors that are printed are the largest ones of the
rounded polynomials, relative to the function (log2).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath

mp = mpmath.MPContext()
mp.dps = 120
ROOT = mp.findroot(mp.digamma, mp.mpf("1.46163214496836"))
REACH = mp.mpf(1) / 4  # of the polynomial about the root
ROOT_DIGITS = 81

HEADER = '''"""Polynomials of gamma and digamma, coefficients ascending.

Written by benchmarks/mathlib_gamma_coefficients.py: they interpolate at Chebyshev points and are
rounded to 36 digits; the number after the description is log2 of the largest relative error.
"""

from __future__ import annotations

from fractions import Fraction'''


def gamma_rest(c: Any) -> Any:
    """(gamma(1 + u) - 1) / (u (u - 1)) at u = 1/2 + c."""
    u = c + mp.mpf(1) / 2
    if abs(u) < mp.mpf(10) ** -50:
        return mp.euler
    if abs(u - 1) < mp.mpf(10) ** -50:
        return 1 - mp.euler
    return (mp.gamma(1 + u) - 1) / (u * (u - 1))


def digamma_slope(d: Any) -> Any:
    """digamma(ROOT + d) / d."""
    return mp.psi(1, ROOT) if d == 0 else mp.digamma(ROOT + d) / d


def digits(function: Callable[[Any], Any], reach: Any, count: int) -> tuple[list[str], float]:
    """The polynomial on [-reach, reach] and log2 of its largest relative error."""
    fitted = reversed(mp.chebyfit(function, [-reach, reach], count))
    rounded = [mp.nstr(c, 36, min_fixed=0, max_fixed=0) for c in fitted]
    worst = mp.mpf(0)
    for i in range(301):
        x = reach * (2 * mp.mpf(i) / 300 - 1)
        value = mp.polyval([mp.mpf(c) for c in reversed(rounded)], x)
        worst = max(worst, abs(value / function(x) - 1))
    return rounded, float(mp.log(worst, 2))


def show(name: str, about: str, function: Callable[[Any], Any], reach: Any, count: int) -> None:
    """Print a polynomial as a tuple of fractions."""
    rounded, error = digits(function, reach, count)
    assert all(Fraction(c) for c in rounded)
    print(f"\n# {about}; {error:.1f}\n{name} = tuple(\n    Fraction(digits)\n    for digits in (")
    for c in rounded:
        print(f'        "{c}",')
    print("    )\n)")


def main() -> None:
    """Print the module."""
    print(HEADER)
    about = "(gamma(1 + u) - 1) / (u (u - 1)) in u - 1/2, 0 <= u <= 1"
    show("GAMMA", about, gamma_rest, mp.mpf(1) / 2, 46)
    root = mp.nstr(ROOT, ROOT_DIGITS, min_fixed=0, max_fixed=0)
    print(f'\n# The positive zero of digamma\nROOT = Fraction(\n    "{root}"\n)')
    about = "digamma(ROOT + d) / d, |d| <= 1/4"
    show("DIGAMMA", about, digamma_slope, REACH, 32)


if __name__ == "__main__":
    main()
