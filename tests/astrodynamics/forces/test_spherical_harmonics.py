"""Gravity by spherical harmonics against sums in many digits, pyshtools, heyoka, and Jacobi."""

from __future__ import annotations

from functools import cache

import mpmath
import numpy as np
import pytest
from mpmath import mp

import taylor as ty
from taylor.astrodynamics.forces.gravity.harmonics import gradient, packing

sky = ty.astrodynamics
R, V = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
FIELD = sky.GravityField.shipped("EGM2008", degree=36)


def still(_: object) -> np.ndarray:
    return np.eye(3)


def compiled(force: object, precision: str = "float64") -> object:
    state = sky.OrbitState(ty.constant(0), R, V)
    return ty.compile(force.acceleration(state), [R], precision=precision)


@cache
def legendre(n: int) -> tuple[mpmath.mpf, ...]:
    """Coefficients of P_n, the highest first (Rodrigues' formula)."""
    found = [mp.mpf(0)] * (n + 1)
    for k in range(n // 2 + 1):
        number = (-1) ** k * mp.binomial(n, k) * mp.binomial(2 * n - 2 * k, n)
        found[2 * k] = number / mp.mpf(2) ** n
    return tuple(found)


def potential(field: object, position: list[mpmath.mpf], first: int = 1) -> mpmath.mpf:
    """The sum of Legendre functions and cosines, as textbooks write it."""
    x, y, z = position
    r = mp.sqrt(x * x + y * y + z * z)
    u, angle, total = z / r, mp.atan2(y, x), mp.mpf(0)
    flat = mp.sqrt(1 - u * u)
    for n in range(first, field.degree + 1):
        poly = list(legendre(n))
        for m in range(min(n, field.order) + 1):
            norm = mp.sqrt((2 - (m == 0)) * (2 * n + 1) * mp.factorial(n - m) / mp.factorial(n + m))
            trig = mp.mpf(field.c[n, m]) * mp.cos(m * angle)
            trig += mp.mpf(field.s[n, m]) * mp.sin(m * angle)
            value = norm * mp.polyval(poly, u) * flat**m
            total += value * trig * (mp.mpf(field.radius) / r) ** n / r
            poly = [k * p for k, p in zip(range(len(poly) - 1, 0, -1), poly, strict=False)] or [0]
    return mp.mpf(field.gm) * total


def exact(field: object, position: list[float]) -> list[mpmath.mpf]:
    """The gradient by central differences, good to 40 digits of 90."""
    found = []
    with mp.workdps(90):
        step = mp.mpf(10) ** -22
        for k in range(3):
            ends = []
            for sign in (1, -1):
                moved = [mp.mpf(p) for p in position]
                moved[k] += sign * step
                ends.append(potential(field, moved))
            found.append((ends[0] - ends[1]) / (2 * step))
    return found


PLACES = [
    [4000.0, -3500.0, 4200.0],
    [-1200.0, 800.0, -6700.0],
    [6900.0, 0.0, 0.0],
    [1e-6, 2e-6, 6800.0],
    [12000.0, 30000.0, -28000.0],
]


@pytest.mark.parametrize("place", PLACES)
def test_against_sums_in_many_digits(place: list[float]) -> None:
    f = compiled(sky.SphericalHarmonics(FIELD, rotation=still))
    found, right = f(place), exact(FIELD, place)
    size = float(mp.sqrt(sum(p * p for p in right)))
    error = max(abs(float(mp.mpf(float(a)) - b)) for a, b in zip(found, right, strict=True))
    assert error < 1e-14 * size


def test_double_double_has_twice_the_digits() -> None:
    field = FIELD.truncated(8)
    f = compiled(sky.SphericalHarmonics(field, rotation=still, digits=34), "double-double")
    right = exact(field, PLACES[0])
    size = mp.sqrt(sum(p * p for p in right))
    found = ty.to_mpmath(f(np.stack([PLACES[0], np.zeros(3)], axis=1)))
    with mp.workdps(50):
        assert max(abs(a - b) for a, b in zip(found, right, strict=True)) < 1e-29 * size


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_at_the_poles(sign: float) -> None:
    """There zonal terms act along z alone, and those of order 1 across."""
    f = compiled(sky.SphericalHarmonics(FIELD, rotation=still))
    r = 6800.0
    x, y, z = f([0.0, 0.0, sign * r])
    n = np.arange(37)
    shrink = FIELD.gm / r**2 * (FIELD.radius / r) ** n * np.sqrt(2 * n + 1)
    parity = sign**n
    right_z = -sign * np.sum((shrink * (n + 1) * FIELD.c[:, 0] * parity)[1:])
    # P_n1(sin) = n (n + 1)/2 cos near the pole; its norm is sqrt(2 (2 n + 1)/(n (n + 1))).
    across = shrink[1:] * np.sqrt(2 * n[1:] * (n[1:] + 1)) / 2 * sign * parity[1:]
    assert z == pytest.approx(right_z, rel=1e-13)
    assert x == pytest.approx(np.sum(across * FIELD.c[1:, 1]), rel=1e-12)
    assert y == pytest.approx(np.sum(across * FIELD.s[1:, 1]), rel=1e-12)


def test_against_pyshtools() -> None:
    gravmag = pytest.importorskip("pyshtools").gravmag
    field = sky.GravityField.shipped("EGM2008")
    r, latitude, longitude = 6900.0, 37.0, 121.0
    grid = np.zeros((2, 71, 71))
    grid[0], grid[1] = field.c, field.s
    found = gravmag.MakeGravGridPoint(grid, field.gm, field.radius, r, latitude, longitude, lmax=70)
    phi, lam = np.radians([latitude, longitude])
    up = np.array([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    south = np.array([np.sin(phi) * np.cos(lam), np.sin(phi) * np.sin(lam), -np.cos(phi)])
    east = np.array([-np.sin(lam), np.cos(lam), 0.0])
    right = found[0] * up + found[1] * south + found[2] * east
    f = compiled(sky.SphericalHarmonics(field, rotation=still, central=True))
    np.testing.assert_allclose(f(r * up), right, rtol=0, atol=1e-14 * np.linalg.norm(right))


def test_lower_orders_and_zonal_fields() -> None:
    for degree, order in ((2, 0), (5, 3), (20, 2), (36, 17)):
        small = FIELD.truncated(degree, order)
        whole = FIELD.truncated(degree)
        padded = [np.pad(a, ((0, 0), (0, degree - order))) for a in (small.c, small.s)]
        a = ty.compile(gradient(R, small.c, small.s), [R])([0.6, -0.7, 0.55])
        b = ty.compile(gradient(R, *padded), [R])([0.6, -0.7, 0.55])
        assert whole.c.shape == padded[0].shape
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-15 * np.max(np.abs(b)) * degree)


def test_lanes_have_every_harmonic_once() -> None:
    packed = packing(37, 37, 16)
    turn, lane = np.nonzero(packed.segment >= 0)
    m = packed.order[packed.segment[turn, lane], lane]
    found = sorted(zip(packed.degree[turn, lane].tolist(), m.tolist(), strict=True))
    assert found == [(n, m) for n in range(38) for m in range(n + 1)]
    assert packed.a.shape[0] < 1.15 * 741 / 16  # lanes are nearly of one length


def test_coefficients_are_parameters() -> None:
    """The acceleration is linear in them: derivatives are those of single harmonics."""
    names, place = [(2, 0), (3, 1), (3, 3)], [0.5, 0.9, -0.3]

    def pull(values: object) -> object:
        c: list[list[object]] = [[0.0] * 4 for _ in range(4)]
        for k, (n, m) in enumerate(names):
            c[n][m] = values[k]
        table = ty.stack([ty.stack(row) for row in c])
        return gradient(ty.constant(np.array(place)), table, np.zeros((4, 4)))

    slopes = ty.jacobian(pull)(np.array([1e-3, 2e-6, 3e-6]))
    for k, (n, m) in enumerate(names):
        one = np.zeros((4, 4))
        one[n, m] = 1
        right = ty.compile(gradient(R, one, np.zeros((4, 4))), [R])(place)
        np.testing.assert_allclose(slopes[:, k], right, rtol=1e-13)


def test_its_divergence_is_zero() -> None:
    f = compiled(sky.SphericalHarmonics(FIELD, rotation=still, central=True))
    jacobian = ty.jacobian(lambda r: gradient(r, FIELD.c, FIELD.s))(np.array([0.8, 0.5, 0.6]))
    assert f(PLACES[0]).shape == (3,)
    assert abs(np.trace(jacobian)) < 1e-13 * np.max(np.abs(jacobian))
    np.testing.assert_allclose(jacobian, jacobian.T, atol=1e-13 * np.max(np.abs(jacobian)))


def test_jacobi_s_integral_over_a_day() -> None:
    """v^2/2 - U - omega (r x v)_z is constant where the field turns evenly about z."""
    rate = 7.292115e-5
    force = sky.SphericalHarmonics(
        FIELD.truncated(12), rotation=sky.uniform_rotation(rate, 0.3), central=True
    )
    ta = ty.Integrator(ty.models.spacecraft([force]).system, [6878.0, 0, 0, 0, 5.0, 5.8])

    def integral() -> mpmath.mpf:
        with mp.workdps(30):
            x, y, z, u, v, w = (mp.mpf(float(q)) for q in ta.state)
            turn = mp.mpf(rate) * mp.mpf(float(ta.time)) + mp.mpf(0.3)
            c, s = mp.cos(turn), mp.sin(turn)
            place = [c * x + s * y, -s * x + c * y, z]
            kinetic = (u * u + v * v + w * w) / 2
            field = FIELD.truncated(12)
            return kinetic - potential(field, place, first=0) - mp.mpf(rate) * (x * v - y * u)

    before = integral()
    ta.propagate_until(86400.0)
    assert abs(integral() / before - 1) < 2e-14


def test_a_day_against_heyoka() -> None:
    hy = pytest.importorskip("heyoka")
    start = [6878.0, 0.0, 0.0, 0.0, 5.0, 5.8]
    force = sky.SphericalHarmonics(FIELD, rotation=still)
    ta = ty.Integrator(ty.models.spacecraft([force], gm=FIELD.gm).system, start)
    ta.propagate_until(86400.0)
    x, y, z, vx, vy, vz = hy.make_vars("x", "y", "z", "vx", "vy", "vz")
    pull = hy.model.egm2008_acc([x, y, z], n=36, m=36, mu=FIELD.gm, a=FIELD.radius)
    system = [(x, vx), (y, vy), (z, vz), *zip((vx, vy, vz), pull, strict=True)]
    theirs = hy.taylor_adaptive(system, start, compact_mode=True)
    theirs.propagate_until(86400.0)
    assert np.max(np.abs(ta.state[:3] - theirs.state[:3])) < 1e-7  # km: 0.1 mm


def test_flow_maps_of_a_low_field() -> None:
    """The state transition matrix against differences of propagated orbits."""
    force = sky.SphericalHarmonics(FIELD.truncated(4))
    model = ty.models.spacecraft([force], gm=FIELD.gm)
    start = np.array([6878.0, 0, 0, 0, 5.0, 5.8])
    ta = ty.Integrator(ty.variational(model.system, order=1), start)
    ta.propagate_until(3000.0)
    columns = []
    for k in range(6):
        step = 1e-2 if k < 3 else 1e-5
        ends = []
        for sign in (1, -1):
            plain = ty.Integrator(model.system, start + sign * step * np.eye(6)[k])
            plain.propagate_until(3000.0)
            ends.append(plain.state)
        columns.append((ends[0] - ends[1]) / (2 * step))
    right = np.array(columns).T
    np.testing.assert_allclose(ta.state_transition_matrix, right, rtol=1e-6, atol=1e-6)
