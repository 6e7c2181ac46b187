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
    squares: interpolate at these +-sqrt(z), or z where only those are in the interval.
    """

    name: str
    about: str
    function: Callable[[Any], Any]
    interval: tuple[Any, Any]
    count: int
    share: Callable[[Any], Any]
    squares: tuple[Any, ...] = ()


def _erfcx_of_u(u: Any) -> Any:
    """(1 + 2 x) exp(x**2) erfc(x) at x = 3 (1 + u) / (1 - u)."""
    x = 3 * (1 + u) / (1 - u)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def _half(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function of z = x**2, given as one of x."""
    return lambda z: function(mp.sqrt(z))


_LN2 = mp.log(2)
_SIXTEENTH = _LN2 / 16 * (1 + mp.mpf(2) ** -20)
_QUARTER = (mp.pi / 4 * (1 + mp.mpf(2) ** -20)) ** 2
_OCTANT = (mp.tan(mp.pi / 8) * (1 + mp.mpf(2) ** -20)) ** 2
_R = mp.mpf(1) / 16
_TURNED = mp.sqrt(2) / 8 * (1 + mp.mpf(2) ** -20)


def _stretched(end: Any, count: int) -> tuple[Any, ...]:
    """The roots but 0 of a Chebyshev polynomial stretched to one that is 0 at 0, up to `end`: where
    errors of p(z) count as those of z p(z).
    """
    roots = [mp.cos((2 * k + 1) * mp.pi / (2 * count + 2)) for k in range(count + 1)]
    return tuple(end * (x - roots[-1]) / (1 - roots[-1]) for x in roots[:-1])


FITS = (
    Fit(
        "EXPM1",
        "(exp(r) - 1 - r) / r**2 for |r| <= log(2)/16",
        lambda r: (mp.expm1(r) - r) / r**2,
        (-_SIXTEENTH * mp.mpf("1.00003"), _SIXTEENTH),  # not symmetric: 0 is no point
        7,
        lambda r: abs(r**2 / mp.expm1(r)),
    ),
    Fit(
        "SINH",
        "(sinh(r) - r) / r**3 in z = r**2, |r| <= log(2)/16",
        _half(lambda r: (mp.sinh(r) - r) / r**3),
        (0, _SIXTEENTH**2),
        3,
        _half(lambda r: abs(r**3 / mp.sinh(r))),
        _stretched(_SIXTEENTH**2, 3),
    ),
    Fit(
        "COSH",
        "(cosh(r) - 1) / r**2 in z = r**2, |r| <= log(2)/16",
        _half(lambda r: (mp.cosh(r) - 1) / r**2),
        (0, _SIXTEENTH**2),
        3,
        _half(lambda r: abs(r**2 / mp.cosh(r))),
        _stretched(_SIXTEENTH**2, 3),
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
        "TAN",
        "(r / tan(r) - 1) / r**2 in z = r**2, |r| <= pi/16",
        _half(lambda r: (r * mp.cot(r) - 1) / r**2),
        (0, _QUARTER / 16),
        5,
        _half(lambda r: abs(r * mp.tan(r))),
        _stretched(_QUARTER / 16, 5),
    ),
    Fit(
        "LOG",
        "(log(1 + r) - r + r**2/2) / r**3 for |r| <= 1/16, beyond 1/24 as a part of what is larger",
        lambda r: (mp.log1p(r) - r + r**2 / 2) / r**3,
        (-_R * mp.mpf("1.00003"), _R),
        10,
        lambda r: abs(r**3 / mp.log1p(r)) * min(1, 1 / (24 * abs(r))),
    ),
    Fit(
        "LOG_TAIL",
        "(log(1 + r) - r + r**2/2 - r**3/3 + r**4/4) / r**5, likewise",
        lambda r: (mp.log1p(r) - r + r**2 / 2 - r**3 / 3 + r**4 / 4) / r**5,
        (-_R * mp.mpf("1.00003"), _R),
        9,
        lambda r: abs(r**5 / mp.log1p(r)) * min(1, 1 / (24 * abs(r))),
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
        "ATAN_SHORT",
        "the same for |t| <= sqrt(2)/8",
        _half(lambda t: (mp.atan(t) - t) / t**3),
        (0, _TURNED**2),
        7,
        _half(lambda t: abs(t**3 / mp.atan(t))),
        _stretched(_TURNED**2, 7),
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
        "((1 + r)**(-1/3) - 1) / r for |r| <= 1/17, a first guess",
        lambda r: ((1 + r) ** (-mp.mpf(1) / 3) - 1) / r,
        (-mp.mpf(1) / 17, mp.mpf(1) / 17 * mp.mpf("1.00003")),
        4,
        lambda r: abs(r) * mp.cbrt(1 + r),
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
    if not fit.squares:
        return [float(c) for c in reversed(mp.chebyfit(fit.function, [a, b], fit.count))]
    points = list(fit.squares)
    if a < 0:
        points = [sign * mp.sqrt(z) for z in points for sign in (-1, 1)]
    powers = mp.matrix([[x**k for k in range(fit.count)] for x in points])
    return [float(c) for c in mp.lu_solve(powers, mp.matrix(list(map(fit.function, points))))]


def relative_error(fit: Fit, rounded: list[float]) -> float:
    """log2 of the largest relative error of the result that is due to the polynomial."""
    a, b = (mp.mpf(end) for end in fit.interval)
    worst = mp.mpf(0)
    for i in range(1, 400):
        x = a + (b - a) * i / 400
        value = mp.polyval([mp.mpf(c) for c in reversed(rounded)], x)
        worst = max(worst, abs(value - fit.function(x)) * fit.share(x))
    return float(mp.log(worst, 2))


# 1/c with so few bits that m/c - 1 is a double for all m of an interval of the logarithm.
_CENTRES = [1 / (1 + mp.mpf(2 * j + 1) / 16) for j in range(8)]
INVERSES = [mp.mpf(i) / 32 for i in (44, 40, 36, 34, 32, 29, 26, 24)]


def tables() -> dict[str, tuple[str, list[tuple[float, ...]]]]:
    """Names, what is in them, and their entries."""
    return {
        "POWERS": ("2**(j/8) as a double, and the logarithm of what it lacks", _powers(0, 1)),
        "HALVES": (
            "the same of 2**(j/8) / 2, and of 2**(-j/8) / 2",
            _powers(-1, 1) + _powers(-1, -1),
        ),
        "INVERSES": ("1/c of the intervals of the logarithm", [tuple(map(float, INVERSES))]),
        "CENTRES": (
            "c = 1 / (1 + j/8 + 1/16), and roughly its root; 2**(-j/3), mod 4",
            [
                tuple(float(c) for c in _CENTRES),
                tuple(float(mp.cbrt(c)) for c in _CENTRES),
                tuple(float(mp.mpf(2) ** (-mp.mpf(j % 4) / 3)) for j in range(8)),
            ],
        ),
        "ANGLES": (
            "a, b, and an angle in two parts: atan(x) = angle + atan((a x - b) / (a + b x))",
            [
                (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0),
                (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 1.0, 1.0),
                *_parts([*map(mp.atan, (0, 0.25, 0.5, 1, 2, 4)), mp.pi / 2, mp.pi / 2]),
            ],
        ),
        "EIGHTHS": (
            "a, b, and what is lacking: j pi/8 = angle of (b, a) + lacking, modulo pi",
            _eighths(),
        ),
        "LOGS": (_LOGS.format("log"), _columns([-mp.log(c) for c in INVERSES])),
        "LOGS_2": (_LOGS.format("log2"), _columns([-mp.log(c, 2) for c in INVERSES])),
        "LOGS_10": (_LOGS.format("log10"), _columns([-mp.log10(c) for c in INVERSES])),
    }


_LOGS = "{}(c): high parts, multiples of 2**-42, and low parts"


def _powers(first: int, sign: int) -> list[tuple[float, ...]]:
    numbers = [mp.mpf(2) ** (first + sign * mp.mpf(j) / 8) for j in range(8)]
    rounded = [float(x) for x in numbers]
    lacking = [float(mp.log(x / y)) for x, y in zip(numbers, rounded, strict=True)]
    return [tuple(rounded), tuple(lacking)]


def _eighths() -> list[tuple[float, ...]]:
    """Rises and runs of the angles j pi/8, of which one in two is a tangent that is rounded."""
    tangent = float(mp.tan(mp.pi / 8))
    lacking = float(mp.pi / 8 - mp.atan(tangent))
    rises = (0.0, tangent, 1.0, 1.0, 1.0, 1.0, 1.0, tangent)
    runs = (1.0, 1.0, 1.0, tangent, 0.0, -tangent, -1.0, -1.0)
    return [rises, runs, (0.0, lacking, 0.0, -lacking) * 2]


def _parts(numbers: list[Any]) -> list[tuple[float, ...]]:
    """Doubles, and what they lack."""
    rounded = [float(x) for x in numbers]
    return [tuple(rounded), tuple(float(x - y) for x, y in zip(numbers, rounded, strict=True))]


def _columns(numbers: list[Any]) -> list[tuple[float, ...]]:
    """High parts, multiples of 2**-42, and low ones."""
    high = [float(mp.ldexp(mp.nint(mp.ldexp(x, 42)), -42)) for x in numbers]
    return [tuple(high), tuple(float(x - y) for x, y in zip(numbers, high, strict=True))]


HEADER = '''"""Polynomials of the elementary functions, coefficients ascending, and tables.

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
    print("\n# fmt: off")
    for name, (about, columns) in tables().items():
        print(f"\n# {about}")
        print(f"{name} = (")
        for column in columns:
            pairs = (", ".join(map(repr, column[k : k + 2])) for k in range(0, 8, 2))
            print("    (" + ",\n     ".join(pairs) + "),")
        print(")")


if __name__ == "__main__":
    main()
