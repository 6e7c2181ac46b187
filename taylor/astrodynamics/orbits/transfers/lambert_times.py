"""Times of flight between two points, and the orbits that have them (Lambert's problem).

Lengths are in units of half the triangle's perimeter s, times in sqrt(s**3/(2 gm)).  An orbit is
told by x, x**2 = 1 - s/(2 a), the triangle by lam, lam**2 = 1 - c/s, which is negative beyond half
a turn, and by k = c/s itself, which lam determines badly where the chord c is short.  Formulae:
Lancaster & Blanchard (NASA TN D-5368, 1969), Izzo (Celest. Mech. Dyn. Astron. 121 (2015) 1).
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

from taylor.astrodynamics.orbits.stumpff import polynomial
from taylor.definitions.implicit import implicit
from taylor.functions.apply import where
from taylor.functions.exponential import expm1, log
from taylor.functions.hyperbolic import asinh
from taylor.functions.piecewise import maximum, minimum
from taylor.functions.powers import cbrt, sqrt
from taylor.functions.trigonometric import acos, atan2

TERMS = 28  # of Battin's series, whose argument is below a quarter
NEAR = 0.25


def _battin() -> list[Fraction]:
    """The coefficients of 4/3 F(3, 1; 5/2; z)."""
    found = [Fraction(4, 3)]
    for n in range(TERMS - 1):
        found.append(found[-1] * (n + 3) / (n + Fraction(5, 2)))
    return found


def ordinate(lam: Any, k: Any, x: Any) -> Any:
    """y = sqrt(1 - lam**2 (1 - x**2))."""
    return sqrt(k + (lam * x) ** 2)


def _between(lam: Any, k: Any, x: Any, y: Any) -> Any:
    """y - lam x, by its conjugate where it would cancel."""
    same = lam * x > 0
    return where(same, k / where(same, y + lam * x, 1), y - lam * x)


def _angle(lam: Any, k: Any, x: Any, y: Any, less: Any) -> Any:
    """Half the difference of eccentric anomalies, of an ellipse; less = 1 - x**2."""
    return atan2(sqrt(less) * _between(lam, k, x, y), x * y + lam * less)


def time_of_flight(lam: Any, k: Any, x: Any) -> Any:
    """The time along an orbit without full turns, -1 < x.

    Around parabolas, x = 1, by Battin's series, which does not cancel there.
    """
    y = ordinate(lam, k, x)
    eta = _between(lam, k, x, y)
    z = (1 - lam - x * eta) / 2
    near = z * z < NEAR**2
    series = (eta**3 * polynomial(_battin(), where(near, z, 0)) + 4 * lam * eta) / 2
    less = where(near, 0.5, (1 - x) * (1 + x))
    closed = less > 0
    below, above = where(closed, less, 0.5), where(closed, 0.5, -less)
    ellipse = _angle(lam, k, x, y, below) / sqrt(below) - (x - lam * y)
    hyperbola = (x - lam * y) - asinh(sqrt(above) * eta) / sqrt(above)
    return where(near, series, where(closed, ellipse / below, hyperbola / above))


@cache
def without_turns() -> Any:
    """x(lam, k, t) of the orbit without full turns, for any time t > 0.

    Newton's method on log t as a function of log(1 + x), which is nearly a straight line.
    """

    def excess(lam: Any, k: Any, t: Any, u: Any) -> Any:
        return log(time_of_flight(lam, k, expm1(u)) / t)

    solved = implicit(excess, start=_first_guess)
    return lambda lam, k, t: expm1(solved(lam, k, t))


def _first_guess(lam: Any, k: Any, t: Any) -> Any:
    """log(1 + x) from the times at x = 0 and x = 1 (Izzo 2015, eq. 30)."""
    middle = acos(minimum(1, maximum(-1, lam))) + lam * sqrt(k)
    parabola = 2 * k * (1 + lam + lam * lam) / (3 * (1 + abs(lam))) * where(lam > 0, 1, 0) + where(
        lam > 0, 0, 2 * (1 - lam**3) / 3
    )
    slow = 2 / 3 * log(middle / t)
    share = log(t / middle) / log(parabola / middle)
    fast = log(2 + 2.5 * parabola * (parabola - t) / (t * (1 - lam**5 + 1e-300)))
    return where(t >= middle, slow, where(t <= parabola, fast, share * math.log(2)))


# -- several turns --------------------------------------------------------------------------------


def _scaled_time(lam: Any, k: Any, turns: Any, x: Any) -> Any:
    """(1 - x**2)**(3/2) times the time of flight with full turns, |x| < 1."""
    less = (1 - x) * (1 + x)
    y = ordinate(lam, k, x)
    return _angle(lam, k, x, y, less) + turns * math.pi - (x - lam * y) * sqrt(less)


@cache
def fastest() -> Any:
    """x(lam, k, turns) of the orbit that takes the least time: where dt/dx = 0."""

    def slope(lam: Any, k: Any, turns: Any, x: Any) -> Any:
        less = (1 - x) * (1 + x)
        bent = 1 - lam**3 * x / ordinate(lam, k, x)
        return 3 * x * _scaled_time(lam, k, turns, x) - 2 * sqrt(less) ** 3 * bent

    return implicit(slope, bracket=lambda lam, k, turns: (-1 + 0 * lam, 1 + 0 * lam))


@cache
def with_turns() -> Any:
    """x(lam, k, turns, side, t): side -1 for the slow branch below `fastest`, 1 above it."""

    def excess(lam: Any, k: Any, turns: Any, side: Any, t: Any, x: Any) -> Any:
        less = (1 - x) * (1 + x)
        return _scaled_time(lam, k, turns, x) - t * sqrt(less) ** 3

    def ends(lam: Any, k: Any, turns: Any, side: Any, t: Any) -> Any:
        return fastest()(lam, k, turns), side

    def start(lam: Any, k: Any, turns: Any, side: Any, t: Any) -> Any:
        """Izzo 2015, eq. 31, kept between the ends."""
        turn = turns * math.pi
        size = where(side < 0, (turn + math.pi) / (8 * t), 8 * t / turn)
        power = cbrt(size) ** 2
        x, limit = (power - 1) / (power + 1), fastest()(lam, k, turns)
        return where(side < 0, minimum(x, limit), maximum(x, limit))

    return implicit(excess, start=start, bracket=ends)
