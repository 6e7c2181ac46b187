"""TDB - TT and UT1 as functions: numbers, instants, expressions; against ERFA and astropy."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
YEAR = 365.25 * 86400
TIMES = np.random.default_rng(4).uniform(-50 * YEAR, 100 * YEAR, 200)


@pytest.mark.parametrize("accuracy", [0.0, 1e-9, 1e-6])
def test_tdb_against_erfa(accuracy: float) -> None:
    erfa = pytest.importorskip("erfa")
    wanted = erfa.dtdb(2451545.0, TIMES / 86400, 0, 0, 0, 0)
    found = sky.tdb_minus_tt(TIMES, accuracy)
    assert np.abs(found - wanted).max() < max(accuracy, 1e-14)
    assert accuracy == 0 or np.abs(found - wanted).max() > 0.01 * accuracy


def test_kinds_of_times() -> None:
    """Numbers, arrays, instants and compiled expressions agree; all else is refused."""
    value = float(sky.tdb_minus_tt(TIMES[0]))
    f = ty.compile(sky.tdb_minus_tt(ty.time), [ty.time])
    g = ty.compile(sky.tdb_minus_tt(ty.time), [ty.time], precision="double-double")
    epochs = [sky.Epoch(t) for t in TIMES[:3]]
    assert f(TIMES[0]) == pytest.approx(value, abs=1e-17)
    assert g([TIMES[0], 0.0])[0] == pytest.approx(value, abs=1e-15)
    assert sky.tdb_minus_tt(epochs[0]) == pytest.approx(value, abs=1e-15)
    assert sky.tdb_minus_tt(epochs) == pytest.approx(f(TIMES[:3]), abs=1e-15)
    assert sky.tdb_minus_tt(TIMES.reshape(10, 20)).shape == (10, 20)
    for wrong in ("2020-01-01", None, [1j], object(), ["a"]):
        with pytest.raises(ty.ArgumentTypeError):
            sky.tdb_minus_tt(wrong)
    with pytest.raises(ty.ShapeError):
        sky.tdb_minus_tt(ty.variable("t", shape=(2,)))
    for t, accuracy in ((np.nan, 0.0), (0.0, -1.0), (0.0, np.nan)):
        with pytest.raises(ty.ArgumentError):
            sky.tdb_minus_tt(t, accuracy)


def test_jet_of_tdb() -> None:
    """Taylor coefficients give the value a day later."""
    jet = ty.jet(lambda t: sky.tdb_minus_tt(t, 2e-6), TIMES[1], order=12)
    later = np.polynomial.polynomial.polyval(86400.0, jet)
    assert later == pytest.approx(float(sky.tdb_minus_tt(TIMES[1] + 86400, 2e-6)), abs=1e-14)


@pytest.fixture(scope="module")
def tables():
    pytest.importorskip("astropy_iers_data")
    return {how: sky.EarthParameters("finals", interpolation=how) for how in ("linear", "cubic")}


def test_earth_parameters_against_astropy(tables) -> None:
    pytest.importorskip("astropy")
    from astropy.time import Time
    from astropy.utils import iers

    theirs = iers.IERS_A.open(iers.IERS_A_FILE)
    times = np.random.default_rng(5).uniform(41684, 61400, 300)
    at = Time(2400000.5, times, format="jd", scale="utc")
    seconds = [sky.Epoch(t) for t in at]
    linear = tables["linear"]
    ut1 = linear.ut1_minus_tai(seconds)
    wanted = theirs.ut1_utc(at).to_value("s")
    leaps = np.array([float(sky.leap_seconds().midnights(np.array([int(t)]))[0]) for t in times])
    assert np.abs(ut1 + leaps - wanted).max() < 1e-9
    x, y = theirs.pm_xy(at)
    pole = linear.pole(seconds)
    assert np.abs(pole[:, 0] - x.to_value("rad")).max() < 1e-14
    assert np.abs(pole[:, 1] - y.to_value("rad")).max() < 1e-14
    dx, dy = theirs.dcip_xy(at)
    known = np.isfinite(dx.value)
    offsets = linear.celestial_pole_offsets(seconds)
    assert np.abs(offsets[known, 0] - dx.to_value("rad")[known]).max() < 1e-14
    assert np.abs(offsets[known, 1] - dy.to_value("rad")[known]).max() < 1e-14
    # Two ways of interpolation differ as little as a day's curvature lets them.
    assert 1e-9 < np.abs(tables["cubic"].ut1_minus_tai(seconds) - ut1).max() < 1e-3


def test_ut1_of_epochs_against_astropy(tables) -> None:
    pytest.importorskip("astropy")
    from astropy.time import Time
    from astropy.utils import iers

    theirs = iers.IERS_A.open(iers.IERS_A_FILE)
    for day in np.random.default_rng(6).uniform(41684, 61400, 40):
        at = Time(2400000.5, day, format="jd", scale="utc")
        at.delta_ut1_utc = at.get_delta_ut1_utc(theirs)
        found = sky.Epoch(at).julian_date("ut1", tables["linear"])
        days = (at.ut1.jd1 - found[0]) + (at.ut1.jd2 - found[1])
        assert abs(days) * 86400 < 1e-9


def test_days_come_back(tables) -> None:
    """At the days of the table both ways of interpolation have its values."""
    cubic, linear = tables["cubic"], tables["linear"]
    edges = cubic.edges[[0, 1, 2, 5000, 12000, -3, -2]]
    assert np.abs(cubic.ut1_minus_tai(edges) - linear.ut1_minus_tai(edges)).max() < 1e-12
    assert np.abs(cubic.pole(edges) - linear.pole(edges)).max() < 1e-18


def test_length_of_day(tables) -> None:
    """The derivative of UT1 is the length of day that C04 has of its own, to its accuracy."""
    data = pytest.importorskip("astropy_iers_data")
    rows = np.loadtxt(data.IERS_B_FILE, usecols=(4, 12))[14000:14400]
    c04 = sky.EarthParameters("c04")
    seconds = [sky.Epoch.from_julian_date(2400000.5, day, scale="utc") for day in rows[:, 0]]
    assert np.abs(c04.length_of_day(seconds) - rows[:, 1]).max() < 3e-4
    assert np.median(np.abs(c04.length_of_day(seconds) - rows[:, 1])) < 3e-5


def test_outside_of_the_table(tables) -> None:
    cubic = tables["cubic"]
    for t in (cubic.start - 1, cubic.end + 1, sky.Epoch("2099-01-01 TT"), [0.0, 1e10]):
        with pytest.raises(ty.ArgumentError, match="are known from 1973-01-02"):
            cubic.pole(t)
    f = ty.compile(cubic.pole(ty.time), [ty.time])
    assert np.isnan(f(cubic.end + 1e5)).all()
    assert np.isfinite(f(cubic.end - 1)).all()
    held = sky.EarthParameters("finals", outside="hold")
    assert held.pole(1e10) == pytest.approx(cubic.pole(cubic.end), abs=1e-18)
    assert held.length_of_day(1e10) == 0
    again = pickle.loads(pickle.dumps(held))
    assert again.pole(0.0).tolist() == held.pole(0.0).tolist()


CELESTRAK = """DATE,MJD,X,Y,UT1-UTC,LOD,DPSI,DEPS,DX,DY,DAT,DATA_TYPE
2020-01-01,58849,0.076577,0.282336,-0.1771554,0.0005, -0.1,-0.01,0.000106,-0.000123,37,O
2020-01-02,58850,0.075577,0.283336,-0.1775554,0.0005, -0.1,-0.01,0.000116,-0.000123,37,O
2020-01-03,58851,0.074577,0.284336,-0.1781554,0.0005, -0.1,-0.01,0.000126,-0.000123,37,O
2020-01-04,58852,0.073577,0.285336,-0.1786554,0.0005, -0.1,-0.01,0.000136,-0.000123,37,O
"""
C04_2014 = """
  2020   1   1  58849   0.076577   0.282336  -0.1771554   0.0005000   0.000106  -0.000123   0 0 0
  2020   1   2  58850   0.075577   0.283336  -0.1775554   0.0005000   0.000116  -0.000123   0 0 0
  2020   1   3  58851   0.074577   0.284336  -0.1781554   0.0005000   0.000126  -0.000123   0 0 0
  2020   1   4  58852   0.073577   0.285336  -0.1786554   0.0005000   0.000136  -0.000123   0 0 0
"""


@pytest.mark.parametrize("text", [CELESTRAK, C04_2014])
def test_formats(text: str, tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_text(text)
    earth = sky.EarthParameters(path)
    start = sky.Epoch("2020-01-02T00:00:00")
    arcsecond = np.pi / 648000
    assert earth.pole(start) == pytest.approx(np.array([0.075577, 0.283336]) * arcsecond)
    assert earth.ut1_minus_tai(start) == pytest.approx(-37.1775554, abs=1e-12)
    offsets = earth.celestial_pole_offsets(start)
    assert offsets == pytest.approx(np.array([0.000116, -0.000123]) * arcsecond)


def test_wrong_tables(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    for text in ("", "nothing\n", CELESTRAK.replace("58851", "58849"), CELESTRAK[:150],
                 CELESTRAK.replace("0.284336", "x")):  # fmt: skip
        path.write_text(text)
        with pytest.raises(ty.FormatError):
            sky.EarthParameters(path)
    with pytest.raises(ty.FormatError):
        sky.EarthParameters(tmp_path / "none")
    for options in ({"interpolation": "spline"}, {"outside": "guess"}):
        with pytest.raises(ty.ArgumentError):
            sky.EarthParameters(path, **options)
    with pytest.raises(ty.ArgumentTypeError):
        sky.EarthParameters(None)
    with pytest.raises(ty.ArgumentError):
        sky.EarthParameters.constant(x=np.inf)
