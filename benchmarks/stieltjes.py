"""Print the coefficients of zeta(1 + z) - 1/z as `taylor/functions/stieltjes.py`.

    python benchmarks/stieltjes.py > taylor/functions/stieltjes.py

They are (-1)**n gamma_n/n! with the constants of Stieltjes; computed by mpmath as Cauchy's integral
over a circle, in 90 digits, and rounded to 40.
"""

from __future__ import annotations

import mpmath

mp = mpmath.MPContext()
mp.dps = 90
COUNT, RADIUS, POINTS = 88, 9, 320

HEADER = '''"""Coefficients of zeta(1 + z) - 1/z, ascending: Stieltjes' (-1)**n gamma_n/n!.

Written by benchmarks/stieltjes.py, rounded to 40 digits.
"""

from __future__ import annotations

from fractions import Fraction

STIELTJES = tuple(
    Fraction(digits)
    for digits in ('''


def main() -> None:
    """Print the module."""
    circle = [RADIUS * mp.expjpi(mp.mpf(2 * k) / POINTS) for k in range(POINTS)]
    values = [mp.zeta(1 + z) - 1 / z for z in circle]
    print(HEADER)
    for n in range(COUNT):
        total = mp.fsum(v / z**n for v, z in zip(values, circle, strict=True)) / POINTS
        print(f'        "{mp.nstr(total.real, 40, min_fixed=0, max_fixed=0)}",')
    print("    )\n)")


if __name__ == "__main__":
    main()
