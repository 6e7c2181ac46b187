"""Latitude, longitude and height: against ERFA, at poles, inside, and back."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
RANDOM = np.random.default_rng(11)


def given(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    latitude = np.arcsin(RANDOM.uniform(-1, 1, count))
    latitude[:4] = [np.pi / 2, -np.pi / 2, 0.0, 1e-9]
    longitude = RANDOM.uniform(-np.pi, np.pi, count)
    height = np.concatenate(
        [RANDOM.uniform(-10, 1000, count // 2), 10 ** RANDOM.uniform(3, 8, count - count // 2)]
    )
    return latitude, longitude, height


@pytest.mark.parametrize("name, number", [("WGS84", 1), ("GRS80", 2), ("WGS72", 3)])
def test_against_erfa(name: str, number: int) -> None:
    erfa = pytest.importorskip("erfa")
    latitude, longitude, height = given(500)
    ellipsoid = getattr(sky, name)
    found = sky.geodetic_to_position(latitude, longitude, height, ellipsoid)
    wanted = erfa.gd2gc(number, longitude, latitude, height * 1000) / 1000
    assert np.abs(found - wanted).max() < 2e-16 * 1e8
    back = sky.position_to_geodetic(found, ellipsoid)
    theirs = erfa.gc2gd(number, found * 1000)
    # ERFA stops after one turn, 2e-11 rad off far out; `test_back_again` asks for all digits.
    assert np.abs(back[:, 0] - theirs[1]).max() < 5e-11
    assert np.abs(back[4:, 1] - theirs[0][4:]).max() < 1e-15  # at poles any will do
    assert (np.abs(back[:, 2] - theirs[2] / 1000) / (6378 + height)).max() < 1e-15


@pytest.mark.parametrize("flattening", [1 / 298.257223563, 0.0, 0.0649, 0.098])
def test_back_again(flattening: float) -> None:
    """Of the Earth, a sphere, Jupiter and Saturn: from the ground to the sky, and deep inside."""
    ellipsoid = sky.Ellipsoid(6378.137, flattening)
    latitude, longitude, height = given(400)
    height[:50] = RANDOM.uniform(-3000, 0, 50)
    position = sky.geodetic_to_position(latitude, longitude, height, ellipsoid)
    back = sky.position_to_geodetic(position, ellipsoid)
    assert np.abs(back[:, 0] - latitude).max() < 2e-15
    assert np.abs(np.sin(back[4:, 1] - longitude[4:])).max() < 2e-15
    assert (np.abs(back[:, 2] - height) / (6378 + height)).max() < 1e-15


def test_deep_inside_by_mpmath() -> None:
    """Where the normal is as short as a tenth of the radius; the root by mpmath in 40 digits."""
    ellipsoid = sky.WGS84
    a, e2 = ellipsoid.equatorial_radius, ellipsoid.eccentricity_squared
    for p, z in ((300.0, 500.0), (10.0, 600.0), (700.0, 1e-3), (0.0, 400.0)):
        found = sky.position_to_geodetic([p, 0.0, z])
        with mpmath.workdps(40):

            def off(latitude, p=p, z=z):
                sine, cosine = mpmath.sin(latitude), mpmath.cos(latitude)
                normal = a / mpmath.sqrt(1 - e2 * sine**2)
                return z * cosine - p * sine + e2 * normal * sine * cosine

            wanted = mpmath.findroot(off, mpmath.mpf(float(found[0])) + mpmath.mpf("1e-6"))
        assert found[0] == pytest.approx(float(wanted), abs=1e-14)
        assert sky.geodetic_to_position(*found) == pytest.approx([p, 0, z], abs=1e-10)


def test_on_the_axis() -> None:
    for sign in (1, -1):
        latitude, longitude, height = sky.position_to_geodetic([0, 0, sign * 7000.0])
        assert latitude == sign * np.pi / 2
        assert longitude == 0
        assert height == pytest.approx(7000 - sky.WGS84.polar_radius, abs=2e-12)


def test_expressions_and_derivatives() -> None:
    position = ty.variable("r", shape=(3,))
    formula = sky.position_to_geodetic(position)
    f = ty.compile(formula, [position])
    g = ty.compile(formula, [position], precision="double-double")
    place = np.array([4000.0, -2000.0, 5000.0])
    assert f(place) == pytest.approx(sky.position_to_geodetic(place), abs=1e-15)
    fine = ty.to_mpmath(g(np.stack([place, 0 * place], axis=-1)))
    back = ty.compile(
        sky.geodetic_to_position(*(formula[k] for k in range(3))), [position],
        precision="double-double",
    )  # fmt: skip
    again = ty.to_mpmath(back(np.stack([place, 0 * place], axis=-1)))
    assert max(abs(x - y) for x, y in zip(again, place, strict=True)) < 1e-26
    assert float(fine[0]) == pytest.approx(float(f(place)[0]), abs=1e-15)
    # Going up along the normal changes the height alone.
    latitude, longitude, _ = f(place)
    up = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude),
                   np.sin(latitude)])  # fmt: skip
    slopes = ty.jacobian(lambda r: sky.position_to_geodetic(r))(place) @ up
    assert slopes == pytest.approx([0, 0, 1], abs=1e-14)


def test_wrong_arguments() -> None:
    with pytest.raises(ty.ShapeError):
        sky.position_to_geodetic([1.0, 2.0])
    with pytest.raises(ty.ShapeError):
        sky.position_to_geodetic(ty.variable("x"))
    with pytest.raises(ty.ArgumentTypeError):
        sky.position_to_geodetic("here")
    with pytest.raises(ty.ArgumentError):
        sky.position_to_geodetic([np.nan, 0, 0])
    with pytest.raises(ty.ArgumentTypeError, match="WGS84"):
        sky.geodetic_to_position(0.0, 0.0, 0.0, "WGS84")
    for radius, flattening in ((0.0, 0.0), (1.0, 1.0), (1.0, -0.1), (np.inf, 0.0)):
        with pytest.raises(ty.ArgumentError):
            sky.Ellipsoid(radius, flattening)
    with pytest.raises(ty.ArgumentTypeError):
        sky.Ellipsoid("6378")
