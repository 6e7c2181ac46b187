"""Axes of orbits, and what is seen from the ground; against definitions and astropy."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
R = np.array([7000.0, -1200.0, 300.0])
V = np.array([0.9, 5.5, 5.1])
A = -398600.4418 * R / np.linalg.norm(R) ** 3 + [1e-5, 2e-5, -3e-5]
KINDS = ["rtn", "lvlh", "tnw", "vnc"]


def unit(v: np.ndarray) -> np.ndarray:
    return v / np.linalg.norm(v)


@pytest.mark.parametrize("kind", KINDS)
def test_axes_of_orbits(kind: str) -> None:
    axes = sky.orbit_axes(kind, R, V)
    assert np.abs(axes @ axes.T - np.eye(3)).max() < 1e-15
    assert np.linalg.det(axes) == pytest.approx(1, abs=1e-15)
    out, ahead, along = unit(R), unit(V), unit(np.cross(R, V))
    wanted = {
        "rtn": {0: out, 2: along},
        "lvlh": {1: -along, 2: -out},
        "tnw": {0: ahead, 2: along},
        "vnc": {0: ahead, 1: along},
    }[kind]
    for row, axis in wanted.items():
        assert axes[row] == pytest.approx(axis, abs=1e-15)


def test_other_names() -> None:
    for kind in ("rsw", "RIC"):
        assert np.array_equal(sky.orbit_axes(kind, R, V), sky.orbit_axes("rtn", R, V))
    # Axes that are outward or ahead point that way.
    assert sky.orbit_axes("rtn", R, V)[1] @ V > 0
    assert sky.orbit_axes("lvlh", R, V)[0] @ V > 0
    assert sky.orbit_axes("tnw", R, V)[1] @ R < 0
    assert sky.orbit_axes("vnc", R, V)[2] @ R > 0


@pytest.mark.parametrize("kind", KINDS)
def test_rates_of_axes(kind: str) -> None:
    """Against differences along the curve, in double-double."""
    t = ty.variable("t")
    moved = sky.orbit_axes(kind, R + t * V + t * t / 2 * A, V + t * A)
    f = ty.compile(moved, [t], precision="double-double")
    h = 1e-3
    later, earlier = (f(np.array([s, 0.0])) for s in (h, -h))
    wanted = ((later[..., 0] - earlier[..., 0]) + (later[..., 1] - earlier[..., 1])) / (2 * h)
    found = sky.orbit_axes_rate(kind, R, V, A)
    assert np.abs(found - wanted).max() < 1e-14
    many = sky.orbit_axes_rate(kind, np.tile(R, (5, 1)), np.tile(V, (5, 1)), np.tile(A, (5, 1)))
    assert many.shape == (5, 3, 3)
    assert np.array_equal(many[3], found)


def test_places() -> None:
    latitude, longitude = 0.7, -2.1
    east, north, up = sky.topocentric_axes(latitude, longitude)
    height = 1e-3
    ground, above = (sky.geodetic_to_position(latitude, longitude, h) for h in (0.0, height))
    assert (above - ground) / height == pytest.approx(up, abs=1e-9)
    assert east[2] == 0
    assert np.cross(up, east) == pytest.approx(north, abs=1e-15)
    sez = sky.topocentric_axes(latitude, longitude, "sez")
    assert np.abs(sez - [-north, east, up]).max() == 0
    ned = sky.topocentric_axes(latitude, longitude, "NED")
    assert np.abs(ned - [north, east, -up]).max() == 0


def test_azimuth_and_elevation() -> None:
    """In all directions; what is built from them is seen there."""
    latitude, longitude, height = 0.7, -2.1, 0.3
    place = sky.geodetic_to_position(latitude, longitude, height)
    axes = sky.topocentric_axes(latitude, longitude)
    random = np.random.default_rng(12)
    azimuth, elevation = random.uniform(0, 2 * np.pi, 200), random.uniform(-1.5, 1.5, 200)
    distance = 10 ** random.uniform(1, 5, 200)
    level = np.cos(elevation)
    seen = np.stack([level * np.sin(azimuth), level * np.cos(azimuth), np.sin(elevation)], axis=1)
    position = place + distance[:, None] * (seen @ axes)
    found = sky.azimuth_elevation_range(position, latitude, longitude, height)
    assert np.abs(np.sin(found[:, 0] - azimuth)).max() < 1e-10
    assert (found[:, 0] >= 0).all()
    assert (found[:, 0] < 2 * np.pi).all()
    assert np.abs(found[:, 1] - elevation).max() < 1e-11
    assert np.abs(found[:, 2] - distance).max() < 1e-9
    for direction, angle in ((axes[1], 0), (axes[0], 90), (-axes[1], 180), (-axes[0], 270)):
        seen = sky.azimuth_elevation_range(place + 100 * direction, latitude, longitude, height)
        assert np.degrees(seen[0]) == pytest.approx(angle, abs=1e-10)


@pytest.mark.filterwarnings("ignore:ERFA function")
def test_against_astropy() -> None:
    pytest.importorskip("astropy")
    import astropy.units as u
    from astropy.coordinates import EarthLocation

    location = EarthLocation.from_geodetic(-120.3 * u.deg, 40.1 * u.deg, 300 * u.m)
    wanted = [location.x.to_value("km"), location.y.to_value("km"), location.z.to_value("km")]
    found = sky.geodetic_to_position(np.radians(40.1), np.radians(-120.3), 0.3)
    assert found == pytest.approx(wanted, abs=1e-11)


def test_expressions() -> None:
    r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    for kind in KINDS:
        f = ty.compile(sky.orbit_axes(kind, r, v), [r, v])
        assert f(R, V) == pytest.approx(sky.orbit_axes(kind, R, V), abs=1e-15)
    seen = ty.compile(sky.azimuth_elevation_range(r, 0.1, 0.2, 0.0), [r])
    assert seen(R) == pytest.approx(sky.azimuth_elevation_range(R, 0.1, 0.2), rel=1e-15)


def test_wrong_arguments() -> None:
    with pytest.raises(ty.ArgumentError, match="rtn"):
        sky.orbit_axes("rst", R, V)
    with pytest.raises(ty.ArgumentError, match="enu"):
        sky.topocentric_axes(0.0, 0.0, "eun")
    with pytest.raises(ty.ShapeError):
        sky.orbit_axes("rtn", R[:2], V)
    with pytest.raises(ty.ShapeError):
        sky.orbit_axes("rtn", ty.variable("r", shape=(3,)), np.zeros((4, 3)))
    with pytest.raises(ty.ArgumentTypeError, match="WGS84"):
        sky.azimuth_elevation_range(R, 0.0, 0.0, 0.0, 6378.0)
