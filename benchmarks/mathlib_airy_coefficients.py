"""Print the values of Airy's functions at integers as `airy_coefficients.py`.

    python benchmarks/mathlib_airy_coefficients.py \
        > runtime/taylor_runtime/mathlib/double_double/airy_coefficients.py

Computed by mpmath in 80 digits and rounded to 36.
"""

from __future__ import annotations

import mpmath

mp = mpmath.MPContext()
mp.dps = 80
LAST = 16

HEADER = f'''"""Airy's functions at the integers from -LAST to LAST: Ai, Ai', Bi, Bi'.

Written by benchmarks/mathlib_airy_coefficients.py, rounded to 36 digits.
"""

from __future__ import annotations

from fractions import Fraction

LAST = {LAST}
AIRY = tuple(
    tuple(map(Fraction, row))
    for row in ('''


def main() -> None:
    """Print the module."""
    print(HEADER)
    for n in range(-LAST, LAST + 1):
        print("        (")
        for function in (mp.airyai, mp.airybi):
            for order in (0, 1):
                value = mp.nstr(function(n, derivative=order), 36, min_fixed=0, max_fixed=0)
                print(f'            "{value}",')
        print("        ),")
    print("    )\n)")


if __name__ == "__main__":
    main()
