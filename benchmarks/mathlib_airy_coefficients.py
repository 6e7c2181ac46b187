"""Print the values of Airy's functions at integers as `airy_coefficients.py`.

    python benchmarks/mathlib_airy_coefficients.py \
        > runtime/taylor_runtime/mathlib/double_double/airy_coefficients.py

Computed by mpmath in 100 digits and rounded to 36, left of zero to 68.
"""

from __future__ import annotations

import mpmath

mp = mpmath.MPContext()
mp.dps = 100
FIRST, LAST = -24, 16

HEADER = f'''"""Airy's functions at the integers from FIRST to LAST: Ai, Ai', Bi, Bi'.

Written by benchmarks/mathlib_airy_coefficients.py, rounded to 36 digits, left of zero to 68.
"""

from __future__ import annotations

from fractions import Fraction

FIRST, LAST = {FIRST}, {LAST}
AIRY = tuple(
    tuple(map(Fraction, row))
    for row in ('''


def main() -> None:
    """Print the module."""
    print(HEADER)
    for n in range(FIRST, LAST + 1):
        print("        (")
        for function in (mp.airyai, mp.airybi):
            for order in (0, 1):
                digits = 68 if n <= 0 else 36
                value = mp.nstr(function(n, derivative=order), digits, min_fixed=0, max_fixed=0)
                print(f'            "{value}",')
        print("        ),")
    print("    )\n)")


if __name__ == "__main__":
    main()
