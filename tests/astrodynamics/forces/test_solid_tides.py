"""Solid tides against the potential of a body with one Love number, and the conventions' sums."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from mpmath import mp

import taylor as ty
from taylor.astrodynamics.forces.gravity import tides

sky = ty.astrodynamics
R, V = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
MOON, SUN = np.array([-2.1e5, 2.8e5, 1.4e5]), np.array([0.9e8, -1.1e8, -0.4e8])
BODIES = [(4902.8, lambda t: MOON), (1.327e11, lambda t: SUN)]
GM, RADIUS = 398600.4415, 6378.1363


def still(_: object) -> np.ndarray:
    return np.eye(3)


def exact_sum(n: int, m: int, degree_plus_one: int) -> mpmath.mpc:
    """Sum over bodies of GM_j/GM (R/r_j)^(n+1) P_nm(sin phi) exp(-i m lambda), normalised."""
    total = mp.mpc(0)
    for gm, position in BODIES:
        x, y, z = (mp.mpf(float(q)) for q in position(0))
        r = mp.sqrt(x * x + y * y + z * z)
        sine = z / r
        # Without the phase (-1)^m, from the derivatives of Legendre's polynomial.
        poly = mp.taylor(lambda u: mp.legendre(n, u), 0, n)[::-1]
        for _ in range(m):
            poly = [k * p for k, p in zip(range(len(poly) - 1, 0, -1), poly, strict=False)]
        norm = mp.sqrt((2 - (m == 0)) * (2 * n + 1) * mp.factorial(n - m) / mp.factorial(n + m))
        legendre = norm * mp.polyval(poly, sine) * mp.sqrt(1 - sine**2) ** m
        ratio = mp.mpf(gm) / GM * (RADIUS / r) ** degree_plus_one
        total += ratio * legendre * mp.expj(-m * mp.atan2(y, x))
    return total


def test_coefficients_of_the_conventions() -> None:
    made = sky.SolidTides(BODIES, rotation=still)
    c, s = (a.evaluate({}) for a in made.coefficients(ty.constant(0)))
    with mp.workdps(30):
        for (n, m), (k, late) in tides.LOVE.items():
            right = mp.mpc(k, late) / (2 * n + 1) * exact_sum(n, m, n + 1)
            assert c[n, m] == pytest.approx(float(right.real), rel=1e-12, abs=1e-24)
            assert s[n, m] == pytest.approx(float(-right.imag), rel=1e-12, abs=1e-24)
        for m, k in tides.LOVE_PLUS.items():
            right = mp.mpf(k) / 5 * exact_sum(2, m, 3)
            assert c[4, m] == pytest.approx(float(right.real), rel=1e-12)
            assert s[4, m] == pytest.approx(float(-right.imag), rel=1e-12, abs=1e-24)


def test_acceleration_of_one_love_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """With k of all orders the same, U = k sum GM_j R^5/(r_j^3 r^3) P_2(cos of the angle)."""
    monkeypatch.setattr(tides, "LOVE", {(2, m): (0.3, 0.0) for m in range(3)})
    monkeypatch.setattr(tides, "LOVE_PLUS", {})
    state = sky.OrbitState(ty.constant(0), R, V)
    f = ty.compile(sky.SolidTides(BODIES, rotation=still).acceleration(state), [R])

    def potential(*place: mpmath.mpf) -> mpmath.mpf:
        total, r = mp.mpf(0), mp.sqrt(sum(p * p for p in place))
        for gm, position in BODIES:
            body = [mp.mpf(float(q)) for q in position(0)]
            far = mp.sqrt(sum(b * b for b in body))
            cosine = sum(a * b for a, b in zip(place, body, strict=True)) / (r * far)
            total += gm * mp.mpf(RADIUS) ** 5 / (far * r) ** 3 * (3 * cosine**2 - 1) / 2
        return mp.mpf(0.3) * total

    place = [4200.0, -3900.0, 3700.0]
    with mp.workdps(40):
        right = [mp.diff(potential, place, tuple(int(k == i) for i in range(3))) for k in range(3)]
    np.testing.assert_allclose(f(place), [float(q) for q in right], rtol=1e-11)


def test_size_in_low_orbits() -> None:
    """Tides move low satellites by some 1e-9 km/s^2 (Montenbruck & Gill 2000, figure 3.1)."""
    state = sky.OrbitState(ty.constant(0), R, V)
    f = ty.compile(sky.SolidTides(BODIES, rotation=still).acceleration(state), [R])
    assert 1e-11 < np.linalg.norm(f([6900.0, 0, 0])) < 3e-9


def test_permanent_tide_and_pole() -> None:
    plain = sky.SolidTides(BODIES, rotation=still)
    second = math.pi / 648000
    wobbling = sky.SolidTides(
        BODIES, rotation=still, zero_tide=True, pole=lambda t: (0.2 * second, -0.1 * second)
    )
    a, b = (made.coefficients(ty.constant(0)) for made in (plain, wobbling))
    dc, ds = (q.evaluate({}) - p.evaluate({}) for p, q in zip(a, b, strict=True))
    assert dc[2, 0] == pytest.approx(4.4228e-8 * 0.31460 * 0.30190, rel=1e-9)
    assert dc[2, 1] == pytest.approx(-1.333e-9 * (0.2 - 0.00115), rel=1e-9)
    assert ds[2, 1] == pytest.approx(-1.333e-9 * (-0.1 - 0.0023), rel=1e-9)


def test_no_bodies() -> None:
    with pytest.raises(ty.ArgumentError, match="bodies is empty"):
        sky.SolidTides([])
