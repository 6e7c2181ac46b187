"""Measurements against their definitions: light-time equations in many digits, horizons by hand."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import taylor as ty
from tests.astrodynamics.determination.tracking_cases import SPIN, sky, spinning

LIGHT = mpmath.mpf("299792.458")
R0, W = (42000.0, 3000.0, 9000.0), (-1.5, 2.5, 0.7)  # far away and fast, so that light times count
Q, V = ty.variable("q", shape=(3,)), ty.variable("v", shape=(3,))
PLACE = (5000.0, 2500.0, 3000.0)


def straight() -> ty.Integrator:
    """A spacecraft that is drawn by nothing."""
    return ty.Integrator([(Q, V), (V, 0 * V)], [*R0, *W])


def measured(kind: object, times: list[float], place: tuple[float, ...] = PLACE) -> np.ndarray:
    station = sky.Station("s", place, spinning)
    made = kind(station)  # type: ignore[operator]
    blank = np.zeros((len(times), len(made.labels)))
    return sky.simulate(straight(), sky.Tracking(made, times, blank, 1.0))[0].values


def craft(t: mpmath.mpf) -> mpmath.matrix:
    return mpmath.matrix([a + b * t for a, b in zip(R0, W, strict=True)])


def ground(t: mpmath.mpf) -> mpmath.matrix:
    x, y, z = PLACE
    c, s = mpmath.cos(SPIN * t), mpmath.sin(SPIN * t)
    return mpmath.matrix([c * x - s * y, s * x + c * y, z])


def down(t: mpmath.mpf) -> mpmath.mpf:
    return mpmath.findroot(
        lambda d: LIGHT * d - mpmath.norm(craft(t - d) - ground(t)), mpmath.mpf("0.1")
    )


def round_trip(t: mpmath.mpf) -> mpmath.mpf:
    first = down(t)
    at = craft(t - first)
    second = mpmath.findroot(
        lambda d: LIGHT * d - mpmath.norm(at - ground(t - first - d)), mpmath.mpf("0.1")
    )
    return LIGHT * (first + second) / 2


TIMES = [0.0, 1000.0, 40000.0]
WAYS = [
    ({}, lambda t: mpmath.norm(craft(t) - ground(t))),
    ({"light_time": True}, lambda t: LIGHT * down(t)),
    ({"light_time": True, "two_way": True}, round_trip),
]


@pytest.mark.parametrize(("options", "expected"), WAYS)
def test_ranges_and_their_rates_by_root_and_derivative(options: dict, expected: object) -> None:
    with mpmath.workdps(40):
        ranges = [float(expected(mpmath.mpf(t))) for t in TIMES]  # type: ignore[operator]
        rates = [float(mpmath.diff(expected, mpmath.mpf(t))) for t in TIMES]
    found = measured(lambda s: sky.Range(s, **options), TIMES)
    np.testing.assert_allclose(found[:, 0], ranges, rtol=3e-15, atol=0)
    found = measured(lambda s: sky.RangeRate(s, **options), TIMES)
    np.testing.assert_allclose(found[:, 0], rates, rtol=1e-12, atol=0)


@pytest.mark.parametrize(("options", "distance"), WAYS)
@pytest.mark.parametrize(("reference", "after"), [("start", 1.0), ("middle", 0.5), ("end", 0.0)])
def test_counted_doppler_is_what_the_distance_changes_by(
    options: dict, distance: object, reference: str, after: float
) -> None:
    times, count, bias = [100.0, 1000.0, 40000.0], 60.0, 2e-6

    def kind(station: sky.Station) -> sky.CountedDoppler:
        return sky.CountedDoppler(station, bias, count=count, reference=reference, **options)

    found = measured(kind, times)
    with mpmath.workdps(30):
        for t, value in zip(times, found[:, 0], strict=True):
            end = mpmath.mpf(t) + after * count
            change = distance(end) - distance(end - count)  # type: ignore[operator]
            assert value == pytest.approx(float(change / count) + bias, abs=1e-12)


def test_orbits_and_biases_from_counted_doppler() -> None:
    """Two stations' counts, with noise: the fit is within its standard deviations, mostly."""
    bias = ty.parameter("b")
    stations = [sky.Station("s", PLACE, spinning), sky.Station("t", (-3e3, 4e3, 4e3), spinning)]
    times = np.linspace(100.0, 40000.0, 200)
    plan = [
        sky.Tracking(sky.CountedDoppler(s, b, True, True, count=30.0), times, 0 * times, 1e-7)
        for s, b in zip(stations, (bias, 0.0), strict=True)
    ]
    seen = sky.simulate(straight(), plan, seed=3, parameters={bias: 4e-6})
    guess = ty.Integrator([(Q, V), (V, 0 * V)], [*np.add(R0, 5.0), *W])
    fit = sky.determine(guess, seen, estimate=[Q, V, bias], parameters={bias: 0.0})
    assert fit.converged
    off = (fit.values - [*R0, *W, 4e-6]) / np.sqrt(np.diag(fit.covariance))
    assert np.abs(off).max() < 4 and np.sqrt(np.mean(off**2)) < 2
    with pytest.raises(ty.ArgumentError, match="belongs to two: leave process_noise out"):
        sky.determine(guess, seen, parameters={bias: 0.0}, process_noise={V: 1e-16})
    with pytest.raises(ty.ArgumentError, match="CountedDoppler: count=0"):
        sky.CountedDoppler(stations[0], count=0)
    with pytest.raises(ty.ArgumentError, match="none of start, middle, end"):
        sky.CountedDoppler(stations[0], reference="last")


@pytest.mark.parametrize("light", [False, True])
def test_right_ascension_and_declination(light: bool) -> None:
    found = measured(lambda s: sky.EquatorialAngles(s, light_time=light), TIMES)
    with mpmath.workdps(30):
        for t, (ascension, declination) in zip(TIMES, found, strict=True):
            late = down(mpmath.mpf(t)) if light else 0
            x, y, z = craft(t - late) - ground(mpmath.mpf(t))
            assert ascension == pytest.approx(float(mpmath.atan2(y, x)), abs=1e-14)
            assert declination == pytest.approx(
                float(mpmath.atan2(z, mpmath.hypot(x, y))), abs=1e-14
            )


def test_azimuth_and_elevation_of_points_in_the_sky() -> None:
    """In the directions of north, east and the zenith of a geodetic station, and halfway up."""
    latitude, longitude = np.radians(40.0), np.radians(-75.0)
    station = sky.Station.geodetic("here", latitude, longitude, 0.1, None)
    up = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude),
                   np.sin(latitude)])  # fmt: skip
    north = np.array([-np.sin(latitude) * np.cos(longitude), -np.sin(latitude) * np.sin(longitude),
                      np.cos(latitude)])  # fmt: skip
    east = np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    cases = [(north, 0.0, 0.0), (east, np.pi / 2, 0.0), (-north + up, np.pi, np.pi / 4)]
    for direction, azimuth, elevation in [*cases, (-east + 1e-9 * up, -np.pi / 2, 1e-9)]:
        place = np.asarray(station.place) + 500.0 * direction
        ta = ty.Integrator([(Q, V), (V, 0 * V)], [*place, 0.0, 0.0, 0.0])
        table = sky.Tracking(sky.HorizonAngles(station), [0.0], [[0.0, 0.0]], 1.0)
        found = sky.simulate(ta, table)[0].values[0]
        off = (found - [azimuth, elevation] + np.pi) % (2 * np.pi) - np.pi
        assert np.abs(off).max() < 1e-11


def test_geodetic_coordinates_are_those_of_pyerfa() -> None:
    erfa = pytest.importorskip("erfa")
    for latitude, longitude, altitude in [(0.7, -1.3, 0.25), (-1.5, 3.0, 8.0), (0.0, 0.1, -0.05)]:
        expected = erfa.gd2gc(1, longitude, latitude, altitude * 1000) / 1000
        found = sky.Station.geodetic("s", latitude, longitude, altitude).place
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)


def test_horizon_of_a_vector_is_away_from_the_origin() -> None:
    level = sky.Station("s", (3000.0, 4000.0, 0.0)).horizon()
    np.testing.assert_allclose(level, [[-0.8, 0.6, 0], [0, 0, 1], [0.6, 0.8, 0]], atol=1e-15)
    np.testing.assert_allclose(level @ level.T, np.eye(3), atol=1e-15)
    pole = sky.Station("pole", (0.0, 0.0, 6357.0)).horizon()
    np.testing.assert_allclose(pole @ pole.T, np.eye(3), atol=1e-15)


def test_coordinates_of_a_station_are_estimated() -> None:
    """A known orbit and a station whose place is off; its height comes out, too."""
    place, bias = ty.parameter("place", shape=(3,)), ty.parameter("b")
    moving = sky.Station("s", (place[0], place[1], place[2]), spinning)
    times = np.linspace(0.0, 40000.0, 30)
    table = sky.Tracking(sky.Range(moving, bias, True, True), times, np.zeros(30), 1e-3)
    truth = {place: PLACE, bias: 0.02}
    seen = sky.simulate(straight(), table, seed=1, parameters=truth)
    fit = sky.determine(
        straight(),
        seen,
        estimate=[place, bias],
        parameters={place: [5001.0, 2499.0, 3002.0], bias: 0},
    )
    assert fit.converged
    off = (fit.values - [*PLACE, 0.02]) / fit.sigma()
    assert np.abs(off).max() < 4
    assert fit.sigma(place).shape == (3,)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: sky.Station("s", PLACE, 3.0), "must be a function"),
        (lambda: measured(lambda s: sky.Range(sky.Station("s", PLACE, np.eye)), [0.0]), "rotation"),
        (
            lambda: measured(lambda s: sky.Range(sky.Station("s", PLACE, lambda t: t)), [0.0]),
            r"\(3, 3\)",
        ),
        (lambda: measured(lambda s: sky.Range(s, bias=[1.0, 2.0]), [0.0]), "bias"),
        (lambda: sky.Station("s", (0.0, 0.0, 0.0)).horizon(), "up"),
        (lambda: sky.Station("s", (0.0, np.nan, 0.0)), "finite"),
        (lambda: sky.Station("s", PLACE, up=(0.0, 0.0, 0.0)), "up"),
    ],
)
def test_what_is_no_station_is_refused(make: object, words: str) -> None:
    with pytest.raises(ty.TaylorError, match=words):
        make()  # type: ignore[operator]


def test_instants_are_times() -> None:
    start = sky.Epoch("2026-03-20T12:00:00")
    kind = sky.PositionFix()
    table = sky.Tracking(kind, [start + 10, start + 70.5], np.zeros((2, 3)), 1.0, epoch=start)
    assert table.times.tolist() == [10.0, 70.5]
    plain = sky.Tracking(kind, start, np.zeros((1, 3)), 1.0)
    assert plain.times.tolist() == [start.seconds]
    with pytest.raises(ty.ArgumentTypeError, match="not both"):
        sky.Tracking(kind, [start, 3.0], np.zeros((2, 3)), 1.0)


def test_the_estimate_as_a_file_has_it() -> None:
    times = np.linspace(0.0, 3000.0, 20)
    blank = np.zeros((20, 3))
    seen = sky.simulate(straight(), sky.Tracking(sky.PositionFix(), times, blank, 0.01), seed=1)
    fit = sky.determine(straight(), seen)
    start = sky.Epoch("2026-03-20T12:00:00")
    path = fit.trajectory([0.0, 600.0], epoch=start, name="OURS")
    np.testing.assert_array_equal(path.states, fit.states_at([0.0, 600.0]))
    np.testing.assert_array_equal(path.covariances.matrices[0], fit.covariance_at([0.0])[0])
    assert sky.read_oem(sky.write_oem(None, path))[0].covariances.matrices.shape == (2, 6, 6)
    x, s = ty.variables("x s")
    line = ty.Integrator([(x, s), (s, 0 * s)], [0.0, 1.0])
    other = sky.determine(line, sky.Tracking(sky.Measured(x), [0.0, 1.0], [0.0, 1.0], 0.1))
    with pytest.raises(ty.ArgumentError, match="no position"):
        other.trajectory([0.0])


def test_stations_turn_with_the_earth_of_the_iers() -> None:
    """Places and speeds of astropy, whose speeds are those of an even rotation."""
    pytest.importorskip("astropy_iers_data")
    coordinates = pytest.importorskip("astropy.coordinates")
    from astropy import units

    start = sky.Epoch("2025-03-20T12:00:00")
    earth = sky.EarthOrientation(accuracy=1e-9).over(start.seconds - 1e4, start.seconds + 1e5)
    station = sky.Station.geodetic(
        "here", 0.6, 0.3, 0.5, lambda t: sky.gcrs_to_itrf(start.seconds + t, earth)
    )
    times = np.array([0.0, 40000.0, 80000.0])
    found = sky.simulate(straight(), sky.Tracking(sky.Range(station), times, np.zeros(3), 1.0))
    rates = sky.simulate(straight(), sky.Tracking(sky.RangeRate(station), times, np.zeros(3), 1.0))
    place = coordinates.EarthLocation.from_geodetic(np.degrees(0.3), np.degrees(0.6), 500.0)
    for t, distance, rate in zip(times, found[0].values[:, 0], rates[0].values[:, 0], strict=True):
        moment = (start + float(t)).to_astropy("utc")
        position, velocity = place.get_gcrs_posvel(moment)
        off = np.array(R0) + np.array(W) * t - position.xyz.to_value(units.km)
        moving = np.array(W) - velocity.xyz.to_value(units.km / units.s)
        assert distance == pytest.approx(np.linalg.norm(off), abs=2e-5)
        assert rate == pytest.approx(off @ moving / np.linalg.norm(off), abs=3e-8)


def test_what_is_measured_is_what_the_station_looks_at() -> None:
    station = sky.Station.geodetic("here", 0.6, 0.3, 0.5, spinning)
    times = np.array([0.0, 5000.0])
    tables = [
        sky.Tracking(kind(station), times, np.zeros((2, len(kind(station).labels))), 1.0)
        for kind in (sky.Range, sky.RangeRate, sky.HorizonAngles)
    ]
    distances, rates, angles = (table.values for table in sky.simulate(straight(), tables))
    path = straight().propagate_grid(times).states
    for k, (t, state) in enumerate(zip(times.tolist(), path, strict=True)):
        azimuth, elevation, distance = map(float, station.look(state[:3], t))
        off = (angles[k, 0] - azimuth + np.pi) % (2 * np.pi) - np.pi
        assert abs(off) < 1e-12
        assert angles[k, 1] == pytest.approx(elevation, abs=1e-12)
        assert distances[k, 0] == pytest.approx(distance, rel=1e-12)
        rate = float(station.range_rate(state[:3], state[3:], t))
        assert rates[k, 0] == pytest.approx(rate, abs=1e-12)
