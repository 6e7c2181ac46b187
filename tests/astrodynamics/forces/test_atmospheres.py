"""Densities against published tables and pymsis, heights against geodesy, drag against formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

import taylor as ty
from taylor.astrodynamics.forces.place import height

sky = ty.astrodynamics
R, V, H = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,)), ty.variable("h")


def by_height(air: object) -> object:
    place = sky.Place(ty.constant(0), R, R, H)
    return ty.compile(air.density(place), [H, R])


def test_vallado_s_example() -> None:
    """Vallado (2013), example 8-4: at 747.2119 km the density is 2.1219854e-14 kg/m^3."""
    air = sky.ExponentialAtmosphere.at(747.2119)
    assert by_height(air)(747.2119, [1.0, 0, 0]) == pytest.approx(2.1219854e-14, rel=1e-7)
    layers = by_height(sky.TabulatedAtmosphere.vallado())
    assert layers(747.2119, [1.0, 0, 0]) == pytest.approx(2.1219854e-14, rel=2e-3)


def test_us_standard_atmosphere() -> None:
    """Also rows that the table of this package does not have (table I of the publication)."""
    f = by_height(sky.TabulatedAtmosphere.us_standard_1976())
    rows = ((5.0, 7.3643e-1), (15.0, 1.9476e-1), (35.0, 8.4634e-3), (65.0, 1.6321e-4))
    for h, density in rows:
        assert f(h, [1.0, 0, 0]) == pytest.approx(density, rel=0.03)
    for h, density in ((0, 1.225), (100, 5.604e-7), (300, 1.916e-11), (1000, 3.561e-15)):
        assert f(float(h), [1.0, 0, 0]) == pytest.approx(density, rel=1e-12)


def test_harris_priester() -> None:
    """At the bulge and opposite to it the densities of the table, and in between cos^n(psi/2)."""
    lag = math.radians(30)
    air = sky.HarrisPriester(lambda t: np.array([1.5e8, 0.0, 0.0]), exponent=6)
    f = by_height(air)
    bulge = np.array([math.cos(lag), math.sin(lag), 0.0])
    assert f(400.0, bulge) == pytest.approx(7.492e-12, rel=1e-12)
    assert f(400.0, -bulge) == pytest.approx(2.249e-12, rel=1e-12)
    across = np.array([0.0, 0.0, 1.0])
    share = math.cos(math.pi / 4) ** 6
    assert f(400.0, across) == pytest.approx(2.249e-12 + share * 5.243e-12, rel=1e-12)
    # Exponential between rows: at 410 km the geometric mean of those of 400 and 420 km.
    assert f(410.0, bulge) == pytest.approx(math.sqrt(7.492e-12 * 5.684e-12), rel=1e-12)


def test_fit_of_nrlmsise00() -> None:
    pymsis = pytest.importorskip("pymsis")
    t0 = 7.0e8
    air = sky.FittedAtmosphere.nrlmsise00(t0, (350.0, 550.0), f107=140.0, f107a=130.0, ap=12.0)
    assert air.rms < 0.035 and air.worst < 0.35
    place = sky.Place(ty.time, R, R, H)
    f = ty.compile(air.density(place), [ty.time, R, H])
    rng = np.random.default_rng(7)
    errors = []
    for _ in range(100):
        lat, lon, h = rng.uniform(-80, 80), rng.uniform(-180, 180), rng.uniform(360, 540)
        t = t0 + rng.uniform(-43000, 43000)
        date = np.datetime64("2000-01-01T12:00:00.000") + np.timedelta64(round(1000 * (t - 69.184)))
        right = pymsis.calculate(date, lon, lat, h, 140.0, 130.0, [[12.0] * 7], version=0).flat[0]
        phi = math.atan(math.tan(math.radians(lat)) * (1 - 1 / 298.257223563) ** 2)
        lam = math.radians(lon)
        way = [math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)]
        errors.append(float(f(t, np.array(way) * 6800, h)) / right - 1)
    assert np.sqrt(np.mean(np.square(errors))) < 0.04
    assert max(map(abs, errors)) < 0.3


def test_heights_against_geodesy() -> None:
    erfa = pytest.importorskip("erfa")
    rng = np.random.default_rng(3)
    for _ in range(50):
        lon, lat, h = rng.uniform(-3, 3), rng.uniform(-1.57, 1.57), rng.uniform(0, 2000)
        fixed = erfa.gd2gc(1, lon, lat, h * 1000) / 1000
        assert height(fixed) == pytest.approx(h, abs=1e-3)  # a metre; centimetres are typical
    assert height(np.array([0.0, 0.0, 6356.752314245 + 500])) == pytest.approx(500.0, abs=1e-6)
    assert height(np.array([6378.137 + 500, 0.0, 0.0])) == pytest.approx(500.0, abs=1e-9)


def test_drag_by_hand() -> None:
    """Density, ballistic coefficient and relative velocity, at one place over the equator."""
    air = sky.ExponentialAtmosphere(4e-12, 400.0, 58.0)
    force = sky.Drag(air, area=2.0, cd=2.3, mass=150.0, rotation=lambda t: np.eye(3))
    f = ty.compile(force.acceleration(sky.OrbitState(ty.constant(0), R, V)), [R, V])
    r, v = np.array([6778.137, 0.0, 0.0]), np.array([0.1, 5.0, 5.8])
    relative = v - np.array([0.0, 7.292115146706979e-5 * 6778.137, 0.0])
    pressure = 0.5 * 4e-12 * (1e3 * np.linalg.norm(relative)) ** 2  # N/m^2
    right = -pressure * 2.3 * 2.0 / 150.0 / 1000 * relative / np.linalg.norm(relative)
    np.testing.assert_allclose(f(r, v), right, rtol=1e-9)
    wind = sky.Drag(
        air, 2.0, 2.3, 150.0, rotation=lambda t: np.eye(3), wind=lambda p: ty.stack([0, 0, 0.2])
    )
    g = ty.compile(wind.acceleration(sky.OrbitState(ty.constant(0), R, V)), [R, V])
    np.testing.assert_allclose(g(r, v + np.array([0, 0, 0.2])), right, rtol=1e-9)


def test_decay_of_a_circular_orbit() -> None:
    """In a turn the semi-major axis falls by 2 pi (C_d A/m) rho a^2."""
    gm, a, density = 398600.4418, 6778.137, 1e-11
    air = sky.ExponentialAtmosphere(density, 400.0, 1e9)
    drag = sky.Drag(air, area=1.0, cd=2.0, mass=100.0, rate=0.0)
    speed = math.sqrt(gm / a)
    ta = ty.Integrator(ty.models.spacecraft([drag], gm=gm).system, [a, 0, 0, 0, speed, 0])
    ta.propagate_until(2 * math.pi * a / speed)
    r, v = ta.state[:3], ta.state[3:]
    after = 1 / (2 / np.linalg.norm(r) - v @ v / gm)
    right = 2 * math.pi * (2.0 / 100.0) * density * 1e3 * a**2
    assert a - after == pytest.approx(right, rel=1e-3)


def test_refusals() -> None:
    with pytest.raises(ty.ArgumentError, match="no method density"):
        sky.Drag("air", area=1.0, mass=1.0)
    with pytest.raises(ty.ArgumentError, match="Drag: give mass="):
        ty.models.spacecraft([sky.Drag(sky.ExponentialAtmosphere.at(500.0), area=1.0)], gm=1)
    with pytest.raises(ty.ArgumentError, match="heights have to ascend"):
        sky.TabulatedAtmosphere([2.0, 1.0], [1.0, 2.0])
    with pytest.raises(ty.ArgumentError, match="below 0 km"):
        sky.ExponentialAtmosphere.at(-1.0)
    with pytest.raises(ty.ArgumentError, match="do not ascend"):
        sky.FittedAtmosphere.fit(lambda lon, lat, h, t: h, 0.0, (500.0, 400.0))
