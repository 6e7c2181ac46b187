"""Shadows against circles in many digits, the pressure of light against formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from mpmath import mp

import taylor as ty

sky = ty.astrodynamics
R, V = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
AU, RADIUS, SUN_RADIUS = 149597870.7, 6378.137, 695700.0
SUN = np.array([AU, 0.0, 0.0])


def place_at(w: float, distance: float = 7000.0) -> np.ndarray:
    """A place where the Sun's centre is w of its radii beside the Earth's limb, nearly."""
    angle = math.pi - math.asin(RADIUS / distance) - w * math.asin(SUN_RADIUS / AU)
    return distance * np.array([math.cos(angle), 0.6 * math.sin(angle), 0.8 * math.sin(angle)])


def lit(place: np.ndarray) -> float:
    """The visible share of the Sun's disc, by integration over its strips, in many digits."""
    with mp.workdps(40):
        p = [mp.mpf(float(q)) for q in place]
        s = [mp.mpf(float(q)) - r for q, r in zip(SUN, p, strict=True)]
        near, far = mp.sqrt(sum(q * q for q in p)), mp.sqrt(sum(q * q for q in s))
        a, b = mp.asin(SUN_RADIUS / far), mp.asin(RADIUS / near)
        c = mp.acos(-sum(x * y for x, y in zip(p, s, strict=True)) / (near * far))
        # Strips across the line of centres, x from the Sun's centre towards the Earth's.

        def hidden(x: mp.mpf) -> mp.mpf:
            sun = mp.sqrt(max(a * a - x * x, 0))
            return min(sun, mp.sqrt(max(b * b - (c - x) ** 2, 0)))

        corner = (c * c + a * a - b * b) / (2 * c)
        ends = sorted({max(min(e, a), -a) for e in (-a, corner, c - b, a)})
        area = mp.quad(lambda x: 2 * hidden(x), ends)
        return float(1 - area / (mp.pi * a * a))


@pytest.mark.parametrize("w", [-1.3, -0.97, -0.6, -0.1, 0.0, 0.35, 0.8, 0.99, 1.4])
def test_circles(w: float) -> None:
    found = float(sky.sunlit_fraction(place_at(w), SUN, RADIUS))
    assert found == pytest.approx(lit(place_at(w)), abs=1e-12)


def test_fractions_that_equations_take() -> None:
    for w in np.linspace(-1.6, 1.6, 33):
        place = place_at(float(w))
        right = float(sky.sunlit_fraction(place, SUN, RADIUS))
        assert abs(float(sky.penumbra_fraction(place, SUN, RADIUS)) - right) < 0.014
        assert abs(float(sky.smooth_fraction(place, SUN, RADIUS)) - right) < 0.08
        if abs(w) > 0.01:
            assert float(sky.sharp_fraction(place, SUN, RADIUS)) == (w > 0)


def test_an_annular_eclipse() -> None:
    """Far behind the Earth its disc is within the Sun's."""
    distance = 3e6
    a, b = math.asin(SUN_RADIUS / (AU + distance)), math.asin(RADIUS / distance)
    found = float(sky.sunlit_fraction(np.array([-distance, 0.0, 0.0]), SUN, RADIUS))
    assert found == pytest.approx(1 - (b / a) ** 2, rel=1e-12)


def test_a_sphere_in_sunlight() -> None:
    state = sky.OrbitState(ty.constant(0), R, V)
    force = sky.RadiationPressure(lambda t: SUN, area=5.0, cr=1.4, mass=300.0)
    f = ty.compile(force.acceleration(state), [R])
    right = -1361.0 / 299792458.0 * (AU / (AU - 7000)) ** 2 * 1.4 * 5.0 / 300.0 / 1000
    np.testing.assert_allclose(f([7000.0, 0, 0]), [right, 0, 0], rtol=1e-14, atol=1e-25)
    assert np.all(f([-7000.0, 0, 0]) == 0)


def test_plates_make_a_mirror_and_a_wall() -> None:
    """A mirror takes 2 P A cos^2 along its normal, a black wall P A cos along the light."""
    state = sky.OrbitState(ty.constant(0), R, V)
    pressure = 1361.0 / 299792458.0 * (AU / np.linalg.norm(SUN - [0, 0, 7e3])) ** 2 / 1000
    normal = np.array([0.6, 0.8, 0.0])
    light = (SUN - [0, 0, 7e3]) / np.linalg.norm(SUN - [0, 0, 7e3])
    cosine = normal @ light

    def pushed(**optical: float) -> np.ndarray:
        plates = [sky.Plate(normal, 2.0, **optical), sky.Plate(-normal, 9.0, specular=0.3)]
        force = sky.RadiationPressure(lambda t: SUN, plates=plates, mass=100.0, shadow=None)
        return ty.compile(force.acceleration(state), [R])([0.0, 0.0, 7000.0]) * 100.0

    np.testing.assert_allclose(
        pushed(specular=1.0), -2 * pressure * 2.0 * cosine**2 * normal, rtol=1e-12, atol=1e-22
    )
    np.testing.assert_allclose(pushed(), -pressure * 2.0 * cosine * light, rtol=1e-12)
    np.testing.assert_allclose(
        pushed(diffuse=1.0), -pressure * 2.0 * cosine * (light + 2 / 3 * normal), rtol=1e-12
    )


def test_a_face_turned_to_the_sun() -> None:
    state = sky.OrbitState(ty.constant(0), R, V)
    face = sky.Plate((0.0, 0.0, 1.0), 3.0)
    attitude = sky.sun_pointing(lambda t: SUN)
    force = sky.RadiationPressure(
        lambda t: SUN, plates=[face], attitude=attitude, mass=1.0, shadow=None
    )
    f = ty.compile(force.acceleration(state), [R, V])
    sphere = sky.RadiationPressure(lambda t: SUN, area=3.0, cr=1.0, mass=1.0, shadow=None)
    g = ty.compile(sphere.acceleration(state), [R])
    r, v = [1000.0, 6900.0, 300.0], [-5.0, 1.0, 5.0]
    np.testing.assert_allclose(f(r, v), g(r), rtol=1e-13)


def test_earth_s_light_and_heat() -> None:
    """Above noon and midnight: all of the scattered light, and none."""
    state = sky.OrbitState(ty.constant(0), R, V)
    force = sky.EarthRadiation(lambda t: SUN, area=1.0, cr=1.0, mass=1.0)
    f = ty.compile(force.acceleration(state), [R])
    unit = 1361.0 / 299792458.0 / 1000 * (RADIUS / 8000.0) ** 2
    noon, night = f([8000.0, 1e-3, 0.0]), f([-8000.0, 1e-3, 0.0])
    np.testing.assert_allclose(noon[0], unit * (2 * 0.34 / 3 + 0.68 / 4), rtol=1e-9)
    np.testing.assert_allclose(night[0], -unit * 0.68 / 4, rtol=1e-9)
    side = f([0.0, 8000.0, 0.0])
    np.testing.assert_allclose(side[1], unit * (2 * 0.34 / 3 / math.pi + 0.68 / 4), rtol=1e-9)


def test_orbits_through_shadows() -> None:
    """Stopping at the penumbra's edges, in its middle, or nowhere gives the same orbit to cm."""
    ends = []
    for shadow in ("penumbra", "sharp", "smooth"):
        force = sky.RadiationPressure(lambda t: SUN, area=10.0, mass=100.0, shadow=shadow)
        model = ty.models.spacecraft([force], gm=398600.4418)
        ta = ty.Integrator(model.system, [6700.0, 0.0, 2000.0, 0.0, 7.6, 0.1])
        outcome = ta.propagate_until(30000.0)
        assert outcome.time == 30000.0
        ends.append(ta.state[:3])
    assert np.linalg.norm(ends[1] - ends[0]) < 1e-5  # km
    assert np.linalg.norm(ends[2] - ends[0]) < 1e-5


def test_refusals() -> None:
    with pytest.raises(ty.ArgumentError, match="either area="):
        sky.RadiationPressure(lambda t: SUN)
    with pytest.raises(ty.ArgumentError, match="shadow = 'conical'"):
        sky.RadiationPressure(lambda t: SUN, area=1.0, shadow="conical")


def seen_from(place: np.ndarray, t: float, sun: np.ndarray) -> np.ndarray:
    """Knocke's sum over the ground itself, by latitudes and longitudes, in units of E/(c pi)."""
    sines = (np.arange(1200) + 0.5) / 600 - 1
    turns = 2 * np.pi * (np.arange(1800) + 0.5) / 1800
    level = np.sqrt(1 - sines**2)[:, None]
    n = np.stack([level * np.cos(turns), level * np.sin(turns), sines[:, None] + 0 * turns], -1)
    ray = place - RADIUS * n
    far = np.linalg.norm(ray, axis=-1)
    facing = np.sum(ray * n, axis=-1) / far
    season = math.cos(2 * math.pi * (t - (2444960.5 - 2451545.0) * 86400) / (365.25 * 86400))
    s = sines[:, None]
    albedo = 0.34 + 0.10 * season * s + 0.29 * (3 * s * s - 1) / 2
    emissivity = 0.68 - 0.07 * season * s - 0.18 * (3 * s * s - 1) / 2
    high = n @ (sun / np.linalg.norm(sun))
    shining = albedo * np.maximum(high, 0) + emissivity / 4
    area = RADIUS**2 * (2 / 1200) * (2 * np.pi / 1800)
    weights = np.where(facing > 0, shining * facing, 0) * area / far**2
    return np.einsum("ij,ijk->k", weights, ray / far[..., None])


@pytest.mark.parametrize("place", [(7000.0, 0.0, 0.0), (-3000.0, 4000.0, 6000.0), (0.0, 1e4, 3e4)])
def test_knockes_rings_against_the_sum_over_the_ground(place: tuple[float, float, float]) -> None:
    t, area, mass = 3e8, 7.0, 300.0
    where = np.array(place)
    sun = np.array([0.8, -0.5, 0.33]) * AU / np.linalg.norm([0.8, -0.5, 0.33])
    scale = 1361.0 / 299792458.0 * 1.2 * area / mass / 1000 / math.pi
    wanted = scale * seen_from(where, t, sun)
    for rings, close in ((2, 0.08), (6, 0.015), (20, 2e-3)):
        force = sky.KnockeRadiation(lambda _: sun, area, 1.2, mass, rings=rings, radius=RADIUS)
        a = force.acceleration(sky.OrbitState(ty.constant(t), R, V))
        found = ty.compile(a, [R, V])(where, [1.0, -2.0, 7.0])
        assert np.linalg.norm(found - wanted) < close * np.linalg.norm(wanted)


def test_even_heat_falls_off_with_the_square(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a sphere of one brightness any rings give sin^2 of the angle that its radius fills."""
    from taylor.astrodynamics.forces import earth_radiation

    monkeypatch.setattr(earth_radiation, "_ALBEDO", (0.0, 0.0, 0.0))
    monkeypatch.setattr(earth_radiation, "_EMISSIVITY", (0.6, 0.0, 0.0))
    for rings in (0, 1, 3):
        force = sky.KnockeRadiation(lambda _: SUN, 2.0, 1.0, 100.0, rings=rings, radius=RADIUS)
        f = ty.compile(force.acceleration(sky.OrbitState(ty.constant(0.0), R, V)), [R, V])
        for distance in (6400.0, 9000.0, 4e5):
            push = f([0.0, distance, 0.0], [7.0, 1.0, 2.0])
            wanted = 1361 / 299792458 * 2 / 100 / 1000 * 0.6 / 4 * (RADIUS / distance) ** 2
            np.testing.assert_allclose(push, [0, wanted, 0], rtol=1e-9, atol=1e-12 * wanted)


def test_knockes_force_in_an_orbit() -> None:
    """No step ends at the terminator, and a turned pole is the last row of the rotation."""
    axes = np.array([[1.0, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    force = sky.KnockeRadiation(lambda _: SUN, 10.0, mass=100.0, rotation=lambda t: axes)
    model = ty.models.spacecraft([force], gm=398600.4418)
    ta = ty.Integrator(model.system, [7000.0, 0, 0, 0, 5.3, 5.3])
    assert ta.propagate_until(6000.0).steps < 60
    plain = sky.KnockeRadiation(lambda _: axes @ SUN, 10.0, mass=100.0)
    there = ty.compile(force.acceleration(sky.OrbitState(ty.constant(5.0), R, V)), [R, V])
    here = ty.compile(plain.acceleration(sky.OrbitState(ty.constant(5.0), R, V)), [R, V])
    r, v = np.array([1000.0, 5000.0, 5000.0]), np.array([7.0, 0.5, 0.1])
    np.testing.assert_allclose(axes @ there(r, v), here(axes @ r, axes @ v), rtol=1e-12)
    with pytest.raises(ty.ArgumentError, match="rings"):
        sky.KnockeRadiation(lambda _: SUN, 10.0, rings=-1)
