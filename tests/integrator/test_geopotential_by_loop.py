"""A spherical harmonic expansion of the Earth's gravity by recursion over the degree, in a loop.

V and W of one degree are arrays (Cunningham 1970; Montenbruck & Gill 2000, section 3.2.4), fully
normalised as in Holmes & Featherstone (2002); accelerations are sums of them with constants.
"""

from __future__ import annotations

from functools import cache

import mpmath
import numpy as np
from mpmath import mp

import taylor as ty

DEGREE = 36
WIDTH = DEGREE + 2
GM = 1.0


@cache
def coefficients() -> tuple[np.ndarray, np.ndarray]:
    """C and S of degrees 2 .. DEGREE, about as large as the Earth's."""
    rng = np.random.default_rng(36)
    c, s = np.zeros((2, DEGREE + 1, DEGREE + 1))
    for n in range(2, DEGREE + 1):
        c[n, : n + 1], s[n, : n + 1] = rng.standard_normal((2, n + 1)) * 1e-5 / n**2
    s[:, 0] = 0
    c[0, 0], c[2, 0] = 1, -4.84e-4
    return c, s


def norm2(n: int, m: int) -> mpmath.mpf:
    return (2 - (m == 0)) * (2 * n + 1) * mp.factorial(n - m) / mp.factorial(n + m)


@cache
def tables() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Factors of the recursion by degree, and what accelerations are sums with.

    The last has the shape (degrees, 3, 2, orders): of V and W.
    """
    a, b, diagonal = np.zeros((2, WIDTH, WIDTH)), np.zeros((WIDTH, WIDTH)), np.zeros(WIDTH)
    with mp.workdps(40):
        for n in range(1, WIDTH):
            diagonal[n] = mp.sqrt(mp.mpf(2 * n + 1) / (2 * n) * (2 if n == 1 else 1))
            for m in range(n):
                a[0, n, m] = mp.sqrt(mp.mpf(4 * n * n - 1) / (n * n - m * m))
                if n > 1:
                    top = (2 * n + 1) * ((n - 1) ** 2 - m * m)
                    b[n, m] = mp.sqrt(mp.mpf(top) / ((n * n - m * m) * (2 * n - 3)))
        sums = sums_of_accelerations()
    return a[0], b, diagonal, sums


def sums_of_accelerations() -> np.ndarray:
    c, s = coefficients()
    total = np.zeros((WIDTH, 3, 2, WIDTH), dtype=object) * mp.mpf(0)
    for n in range(DEGREE + 1):
        for m in range(n + 1):
            up, side, down = (
                mp.sqrt(norm2(n, m) / norm2(n + 1, k)) if k >= 0 else 0 for k in (m + 1, m, m - 1)
            )
            cc, ss = mp.mpf(c[n, m]), mp.mpf(s[n, m])
            total[n + 1, 2, 0, m] -= (n - m + 1) * side * cc
            total[n + 1, 2, 1, m] -= (n - m + 1) * side * ss
            half = 1 if m == 0 else mp.mpf(1) / 2
            total[n + 1, 0, 0, m + 1] -= half * up * cc
            total[n + 1, 0, 1, m + 1] -= half * up * ss
            total[n + 1, 1, 1, m + 1] -= half * up * cc
            total[n + 1, 1, 0, m + 1] += half * up * ss
            if m:
                factor = half * (n - m + 2) * (n - m + 1) * down
                total[n + 1, 0, 0, m - 1] += factor * cc
                total[n + 1, 0, 1, m - 1] += factor * ss
                total[n + 1, 1, 1, m - 1] -= factor * cc
                total[n + 1, 1, 0, m - 1] += factor * ss
    return np.array(total, dtype=float)


def acceleration(r):
    """Of a unit radius and GM = 1, by a loop over the degree."""
    a, b, diagonal, sums = tables()
    square = (r * r).sum()
    x, y, z = (r[k] / square for k in range(3))

    def turn(n, state):
        v, w, v_before, w_before, total = state
        new_v = (a_of(n) * z) * v - (b_of(n) / square) * v_before
        new_w = (a_of(n) * z) * w - (b_of(n) / square) * w_before
        new_v, new_w = new_v.copy(), new_w.copy()
        last_v, last_w, d = v[n - 1], w[n - 1], d_of(n)
        new_v[n] = d * (x * last_v - y * last_w)
        new_w[n] = d * (x * last_w + y * last_v)
        new = sums_of(n)
        change = new[:, 0] @ new_v.now + new[:, 1] @ new_w.now
        return new_v.now, new_w.now, v, w, total + change

    a_of, b_of, d_of, sums_of = (ty.constant(t).__getitem__ for t in (a, b, diagonal, sums))
    first = ty.zeros(WIDTH)
    first[0] = 1 / ty.sqrt(square)
    zero = np.zeros(WIDTH)
    start = (first.now, zero, zero, zero, np.zeros(3))
    return ty.fori_loop(1, WIDTH, turn, start)[4]


def potential(position) -> mpmath.mpf:
    """The sum itself, from derivatives of Legendre's polynomials."""
    c, s = coefficients()
    x, y, z = position
    r = mp.sqrt(x * x + y * y + z * z)
    u, total = z / r, mp.mpf(0)
    angle, flat = mp.atan2(y, x), mp.sqrt(1 - u * u)
    for n in range(DEGREE + 1):
        poly = legendre(n)
        for m in range(n + 1):
            value = mp.polyval(poly, u) * flat**m * mp.sqrt(norm2(n, m))
            trig = c[n, m] * mp.cos(m * angle) + s[n, m] * mp.sin(m * angle)
            total += value * trig / r ** (n + 1)
            poly = [k * p for k, p in zip(range(len(poly) - 1, 0, -1), poly, strict=False)] or [0]
    return total


@cache
def legendre(n: int) -> list[mpmath.mpf]:
    """Coefficients, the highest first (Rodrigues' formula)."""
    found = [mp.mpf(0)] * (n + 1)
    for k in range(n // 2 + 1):
        number = (-1) ** k * mp.binomial(n, k) * mp.binomial(2 * n - 2 * k, n)
        found[2 * k] = number / mp.mpf(2) ** n
    return found


def exact(position) -> list[mpmath.mpf]:
    """The gradient by differences in many digits."""
    step = mp.mpf(10) ** -20
    found = []
    for k in range(3):
        ends = []
        for sign in (1, -1):
            moved = list(position)
            moved[k] += sign * step
            ends.append(potential(moved))
        found.append((ends[0] - ends[1]) / (2 * step))
    return found


POSITION = np.array([0.5, -0.8, 0.65])


def test_accelerations_against_mpmath() -> None:
    f = ty.compile(acceleration, shapes=[3])
    found = f(POSITION)
    with mp.workdps(60):
        right = exact([mp.mpf(float(p)) for p in POSITION])
        size = mp.sqrt(sum(p * p for p in right))
        error = max(abs(mp.mpf(float(v)) - p) for v, p in zip(found, right, strict=True)) / size
    assert error < 1e-15


def test_an_orbit_in_an_integrator() -> None:
    """Its coefficients agree with those of the loop written out, and energy is conserved."""
    r, v = ty.variable("r", shape=3), ty.variable("v", shape=3)
    start = [*POSITION, 0.6, 0.5, 0.1]
    ta = ty.Integrator([(r, v), (v, acceleration(r))], start)
    assert ta.explain().code_bytes < 70_000
    with mp.workdps(30):
        before = energy(ta.state)
        ta.propagate_until(2.0)
        assert abs(energy(ta.state) / before - 1) < 1e-15


def energy(state) -> mpmath.mpf:
    numbers = [mp.mpf(float(x)) for x in state]
    return sum(x * x for x in numbers[3:]) / 2 - potential(numbers[:3])
