"""Derive the polynomial of the double-double erfc and print it as `erfc_coefficients.py`.

    python benchmarks/mathlib_pair_coefficients.py \
        > runtime/taylor_runtime/mathlib/double_double/erfc_coefficients.py

As in mathlib_coefficients.py the polynomial interpolates at Chebyshev points, here in 120 digits,
and its coefficients are rounded to the digits of a double-double; the error that is printed is the
largest one of the rounded polynomial, relative to the function (log2).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath

mp = mpmath.MPContext()
mp.dps = 120
CENTRE = 5
INTERVAL = (mp.mpf("0.49"), mp.mpf(28))
COUNT = 42

HEADER = '''"""(1 + 2 x) exp(x**2) erfc(x) as a polynomial in (x - {centre})/(x + {centre}).

Written by benchmarks/mathlib_pair_coefficients.py for {low} <= x <= {high}: it interpolates at
Chebyshev points and is rounded to 36 digits, ascending; log2 of its largest relative error is
{error:.1f}.
"""

from __future__ import annotations

from fractions import Fraction

CENTRE = 5
ERFCX = tuple(
    Fraction(digits)
    for digits in ('''


def scaled_erfc(u: Any) -> Any:
    """(1 + 2 x) exp(x**2) erfc(x) at the x with u = (x - CENTRE)/(x + CENTRE)."""
    x = CENTRE * (1 + u) / (1 - u)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def main() -> None:
    """Print the module."""
    start, stop = ((x - CENTRE) / (x + CENTRE) for x in INTERVAL)
    polynomial = list(reversed(mp.chebyfit(scaled_erfc, [start, stop], COUNT)))
    digits = [mp.nstr(c, 36, min_fixed=0, max_fixed=0) for c in polynomial]
    worst = mp.mpf(0)
    for i in range(400):
        u = start + (stop - start) * i / 399
        exact = scaled_erfc(u)
        value = mp.polyval([mp.mpf(c) for c in reversed(digits)], u)
        worst = max(worst, abs(value / exact - 1))
    assert all(Fraction(c) for c in digits)
    low, high = (mp.nstr(x, 3) for x in INTERVAL)
    print(HEADER.format(centre=CENTRE, low=low, high=high, error=float(mp.log(worst, 2))))
    for c in digits:
        print(f'        "{c}",')
    print("    )\n)")


if __name__ == "__main__":
    main()
