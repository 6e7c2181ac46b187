"""Looks, passes, eclipses and coverage against geometry, dense sampling and integrators' events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
GM, RATE, RADIUS = 398600.4418, 7.292115e-5, 6378.137
STATE = np.array([6878.0, 300.0, -100.0, -0.2, 4.7, 5.9])


def spinning(t: Any) -> Any:
    c, s = ty.cos(RATE * t + 0.4), ty.sin(RATE * t + 0.4)
    return ty.stack([c, s, 0, -s, c, 0, 0, 0, 1]).reshape(3, 3)


def turned(t: np.ndarray, r: np.ndarray) -> np.ndarray:
    """The same rotation in plain NumPy."""
    c, s = np.cos(RATE * t + 0.4), np.sin(RATE * t + 0.4)
    return np.stack([c * r[..., 0] + s * r[..., 1], c * r[..., 1] - s * r[..., 0], r[..., 2]], -1)


def orbit(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r, v = sky.kepler_propagate(STATE[:3], STATE[3:], t, GM)
    return r[None], v[None]


STATION = sky.Station.geodetic("here", 0.82, 0.3, 0.5, mask=np.radians(5), rotation=spinning)


def elevations(t: np.ndarray, latitude: float, longitude: float, height: float) -> np.ndarray:
    """Azimuth and elevation by plain vectors on the WGS84 ellipsoid."""
    f = 1 / 298.257223563
    e2 = f * (2 - f)
    up = np.array(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ]
    )
    n = RADIUS / np.sqrt(1 - e2 * up[2] ** 2)
    place = np.array([n + height, n + height, n * (1 - e2) + height]) * up
    east = np.array([-np.sin(longitude), np.cos(longitude), 0])
    north = np.cross(up, east)
    line = turned(t, orbit(t)[0][0]) - place
    azimuth = np.mod(np.arctan2(line @ east, line @ north), 2 * np.pi)
    return np.stack([azimuth, np.arcsin(line @ up / np.linalg.norm(line, axis=-1))])


def test_looks() -> None:
    for t in (0.0, 500.0, 1234.5):
        r, v = (x[0, 0] for x in orbit(np.array([t])))
        azimuth, elevation, distance = STATION.look(r, t)
        wanted = elevations(np.array([t]), 0.82, 0.3, 0.5)[:, 0]
        np.testing.assert_allclose([azimuth, elevation], wanted, atol=1e-12)
        assert STATION.range_rate(r, v, t) == pytest.approx(
            (
                STATION.look(orbit(np.array([t + 0.5]))[0][0, 0], t + 0.5)[2]
                - STATION.look(orbit(np.array([t - 0.5]))[0][0, 0], t - 0.5)[2]
            ),
            abs=1e-5,
        )
        assert np.linalg.norm(r - STATION.position(t)) == pytest.approx(distance, rel=1e-12)


@pytest.mark.parametrize("mask", [0.0, 0.3, ((0.0, 0.1), (2.0, 0.5), (4.0, 0.05))])
def test_access_is_what_dense_samples_and_events_show(mask: Any) -> None:
    station = sky.Station.geodetic("here", 0.82, 0.3, 0.5, mask=mask, rotation=spinning)
    times = np.arange(0, 86401.0, 30.0)
    found = sky.access([STATION, station], orbit, times)
    assert np.array_equal(np.unique(found.stations), [0, 1]) and not found.objects.any()
    begins, ends = (x[found.stations == 1] for x in (found.begins, found.ends))
    fine = np.arange(0, 86400.0, 1.0)
    azimuth, elevation = elevations(fine, 0.82, 0.3, 0.5)
    lowest = (
        np.full(fine.shape, mask)
        if np.isscalar(mask)
        else np.interp(azimuth, *np.transpose([*mask, (2 * np.pi, 0.1)]))
    )
    if not np.isscalar(mask):  # from the last point on, round to the first one
        after = azimuth > mask[-1][0]
        share = (azimuth - mask[-1][0]) / (2 * np.pi - mask[-1][0] + mask[0][0])
        lowest = np.where(after, mask[-1][1] + share * (mask[0][1] - mask[-1][1]), lowest)
    above = elevation > lowest
    rises = fine[1:][~above[:-1] & above[1:]]
    sets = fine[1:][above[:-1] & ~above[1:]]
    inside = begins > 0
    assert len(begins[inside]) == len(rises) and len(rises) > 1
    late = 0.1 if np.isscalar(mask) else 2.0  # where the mask has a corner
    assert np.all(np.abs(rises - 0.5 - begins[inside]) < 0.5 + late)
    assert np.all(np.abs(sets - 0.5 - ends[ends < 86400]) < 0.5 + late)
    assert np.all(found.durations > 0)
    if np.isscalar(mask):
        r, v = ty.variables("x y z"), ty.variables("u v w")
        pull = -GM * (r[0] ** 2 + r[1] ** 2 + r[2] ** 2) ** -1.5
        system = [*zip(r, v, strict=True), *((w, pull * q) for w, q in zip(v, r, strict=True))]
        rise = ty.Event(station.above_mask(ty.stack(r), ty.time), direction=+1)
        out = ty.Integrator(system, STATE, events=[rise]).propagate_until(86400.0)
        when = np.sort(np.concatenate([e.times for e in out.events]))
        np.testing.assert_allclose(begins[inside], when, atol=0.05)


def test_against_astropy_or_skyfield_conventions_of_azimuth() -> None:
    """North is 0, east a quarter turn."""
    still = sky.Station.geodetic("here", 0.5, 1.0, rotation=None)
    base = np.asarray(still.position(0.0))
    north = sky.geodetic_to_position(0.501, 1.0, 0.0)
    east = sky.geodetic_to_position(0.5, 1.001, 0.0)
    assert still.look(north, 0.0)[0] % (2 * np.pi) == pytest.approx(0.0, abs=1e-6)
    assert still.look(east, 0.0)[0] == pytest.approx(np.pi / 2, abs=1e-3)
    assert still.look(1.1 * base, 0.0)[1] > 1.5


def sun(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    angle, rate = 2e-7 * np.asarray(t) + 3.0, 2e-7
    c, s = np.cos(angle), np.sin(angle)
    zero = 0 * c
    return (
        1.496e8 * np.stack([c, 0.9 * s, 0.4 * s], -1),
        1.496e8 * rate * np.stack([-s, 0.9 * c, 0.4 * c + zero], -1),
    )


@pytest.mark.parametrize("kind", ["penumbra", "umbra"])
def test_eclipses_against_cones(kind: str) -> None:
    """Tangents of Sun and Earth: the cones' half angles and tips, in plain geometry."""
    times = np.arange(0, 20001.0, 20.0)
    found = sky.eclipses(orbit, times, sun, kind=kind)
    fine = np.arange(0, 20000.0, 0.5)
    r, light = orbit(fine)[0][0], sun(fine)[0]
    far = np.linalg.norm(light, axis=1)
    axis = light / far[:, None]
    behind = -(r * axis).sum(1)
    off = np.linalg.norm(r + behind[:, None] * axis, axis=1)
    sign = 1 if kind == "penumbra" else -1
    half = np.arcsin((695700.0 + sign * RADIUS) / far)
    edge = RADIUS / np.cos(half) + sign * behind * np.tan(half)
    dark = (behind > 0) & (off < edge)
    begins = fine[1:][~dark[:-1] & dark[1:]]
    ends = fine[1:][dark[:-1] & ~dark[1:]]
    assert len(begins) == 4 - (found.begins[0] == 0) or len(begins) >= 3
    np.testing.assert_allclose(found.begins[found.begins > 0], begins - 0.25, atol=0.35)
    np.testing.assert_allclose(found.ends[found.ends < 20000], ends - 0.25, atol=0.35)


def test_shadow_events_of_an_integrator() -> None:
    r, v = ty.variables("x y z"), ty.variables("u v w")
    pull = -GM * (r[0] ** 2 + r[1] ** 2 + r[2] ** 2) ** -1.5
    system = [*zip(r, v, strict=True), *((w, pull * q) for w, q in zip(v, r, strict=True))]
    place = ty.constant([-1.4e8, 3e7, 1e7])
    events = [
        ty.Event(sky.shadow_margin(ty.stack(r), place, RADIUS, kind=kind))
        for kind in ("penumbra", "umbra")
    ]
    out = ty.Integrator(system, STATE, events=events).propagate_until(12000.0)
    when = np.sort(np.concatenate([e.times for e in out.events]))

    def fixed(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.tile([-1.4e8, 3e7, 1e7], (len(t), 1)), np.zeros((len(t), 3))

    times = np.arange(0, 12001.0, 15.0)
    found = [sky.eclipses(orbit, times, fixed, kind=k) for k in ("penumbra", "umbra")]
    listed = np.sort(np.concatenate([np.concatenate([f.begins, f.ends]) for f in found]))
    listed = listed[(listed > 0) & (listed < 12000)]
    np.testing.assert_allclose(np.sort(when), listed, atol=0.01)


def test_walkers_constellations() -> None:
    found = sky.walker(24, 3, 1, inclination=0.96, semi_major_axis=26560.0)
    np.testing.assert_allclose(found[[0, 8, 16], 3], [0, 2 * np.pi / 3, 4 * np.pi / 3])
    np.testing.assert_allclose(found[8, 5] - found[0, 5], 2 * np.pi / 24)
    np.testing.assert_allclose(found[1, 5] - found[0, 5], 2 * np.pi / 8)
    star = sky.walker(66, 6, 2, inclination=1.5, semi_major_axis=7159.0, kind="star")
    assert star[-1, 3] == pytest.approx(np.pi * 5 / 6)
    for wrong in ((24, 5, 1), (24, 3, 3)):
        with pytest.raises(ty.ArgumentError, match="walker"):
            sky.walker(*wrong, inclination=1.0, semi_major_axis=7000.0)


def test_coverage_against_plain_loops() -> None:
    elements = sky.walker(12, 3, 1, inclination=1.1, semi_major_axis=7700.0)
    states = sky.convert_elements(elements, "keplerian", "cartesian", GM)

    def ephemeris(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return sky.kepler_propagate(states[:, None, :3], states[:, None, 3:], t, GM)

    times = np.arange(0, 7200.0, 60.0)
    latitudes, longitudes = sky.sphere_points(60)
    lowest = np.radians(10)
    found = sky.coverage(
        ephemeris, times, latitudes, longitudes, elevation=lowest, rotation=spinning
    )
    seen = np.zeros((60, len(times)), bool)
    r, _ = ephemeris(times)
    for k in range(60):
        station = sky.Station.geodetic("here", latitudes[k], longitudes[k], rotation=spinning)
        looks = station.look(r, times)
        seen[k] = (looks[1] > lowest).any(axis=0)
    np.testing.assert_allclose(found.fraction, seen.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.share, seen.mean(axis=1), atol=1e-12)
    for k in range(60):
        at = times[seen[k]]
        gaps = np.diff([times[0], *at, times[-1]]) if seen[k].any() else [times[-1]]
        inner = np.max(np.diff([times[0], *at])) if seen[k].any() else times[-1] - times[0]
        last = times[-1] - at[-1] if seen[k].any() else 0
        assert found.longest_gap[k] == pytest.approx(max(inner, last)) or max(gaps) == 0
        comes = seen[k, 0] + np.sum(~seen[k, :-1] & seen[k, 1:])
        assert found.passes[k] == comes
    assert np.isinf(found.mean_gap[found.passes == 0]).all()
    double = sky.coverage(
        ephemeris, times, latitudes, longitudes, elevation=lowest, rotation=spinning, fold=2
    )
    assert np.all(double.share <= found.share) and double.share.sum() < found.share.sum()


def test_the_earths_own_rotation_is_taken_by_default() -> None:
    earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
    station = sky.Station.geodetic("here", 0.82, 0.3, rotation=lambda t: sky.gcrs_to_itrf(t, earth))
    assert sky.Station.geodetic("here", 0.82, 0.3).rotation is sky.gcrs_to_itrf
    place = np.asarray(station.position(8e8))
    fixed = np.asarray(sky.gcrs_to_itrf(8e8, earth)) @ place
    np.testing.assert_allclose(fixed, sky.geodetic_to_position(0.82, 0.3, 0.0), rtol=1e-12)


def test_places_that_are_refused() -> None:
    with pytest.raises(ty.ArgumentError, match="latitude"):
        sky.Station.geodetic("here", 2.0, 0.0)
    with pytest.raises(ty.ArgumentError, match="azimuths"):
        sky.Station.geodetic("here", 0.0, 0.0, mask=((1.0, 0.1), (0.5, 0.1)))
    with pytest.raises(ty.ArgumentError, match="kind"):
        sky.shadow_margin([1, 0, 0], [2, 0, 0], 0.1, kind="dusk")
