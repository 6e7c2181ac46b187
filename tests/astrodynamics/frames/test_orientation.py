"""The Earth's orientation: every matrix against ERFA and astropy, rates, tables, precisions."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
DAY = 86400.0
YEAR = 365.25 * DAY
J2000 = 2451545.0
TIMES = np.random.default_rng(7).uniform(-50 * YEAR, 100 * YEAR, 400)
ALL = list(sky.FRAMES)

UT1_TAI, XP, YP, DX, DY = -36.9, 1.1e-6, 2.3e-6, 1e-9, -2e-9


@pytest.fixture(scope="module")
def earth():
    return sky.EarthOrientation(
        sky.EarthParameters.constant(ut1_minus_tai=UT1_TAI, x=XP, y=YP, dx=DX, dy=DY)
    )


@pytest.fixture(scope="module")
def rough():
    return sky.EarthOrientation(sky.EarthParameters.constant(UT1_TAI, x=XP, y=YP), accuracy=1e-7)


def by_erfa(times: np.ndarray, offsets: bool = True) -> dict[str, np.ndarray]:
    """From the GCRS to other axes, by the functions that SOFA's cookbook names."""
    erfa = pytest.importorskip("erfa")
    day = np.floor(times / DAY)
    second = times - DAY * day
    tt_second = second - erfa.dtdb(J2000, times / DAY, 0, 0, 0, 0)
    tt = J2000 + day, tt_second / DAY
    ut1 = J2000 + day, (tt_second - 32.184 + UT1_TAI) / DAY
    true = erfa.pnm06a(*tt)
    x, y = erfa.bpn2xy(true)
    if offsets:
        x, y = x + DX, y + DY
    s = erfa.s06(*tt, x, y)
    cirs = erfa.c2ixys(x, y, s)
    tirs = erfa.rz(erfa.era00(*ut1), cirs)
    return {
        "mod": erfa.pmat06(*tt),
        "ecliptic_of_date": erfa.ecm06(*tt),
        "cirs": cirs,
        "tirs": tirs,
        "itrf": erfa.pom00(XP, YP, erfa.sp00(*tt)) @ tirs,
        "teme": erfa.rz(-erfa.gmst82(*ut1), tirs),
        "tod": true,
        "gast": erfa.gst06(*ut1, *tt, true),
    }


def test_every_matrix_against_erfa(earth) -> None:
    """1e-12 rad from 1950 to 2100, in every element; what is left are the bits of Julian dates."""
    wanted = by_erfa(TIMES)
    for name in ("mod", "ecliptic_of_date", "cirs", "tirs", "itrf", "teme"):
        found = earth.rotation("gcrs", name, TIMES)
        assert np.abs(found - wanted[name]).max() < 1e-12, name
    # ERFA's true equator and equinox has no observed offsets; nor has its sidereal time.
    plain = sky.EarthOrientation(sky.EarthParameters.constant(UT1_TAI))
    found = plain.rotation("gcrs", "tod", TIMES)
    assert np.abs(found - wanted["tod"]).max() < 1e-12
    turn = plain.rotation("tod", "tirs", TIMES)
    angle = np.arctan2(turn[:, 0, 1], turn[:, 0, 0])
    assert np.abs(np.sin(angle - wanted["gast"])).max() < 1e-12
    assert np.abs(turn[:, 2] - [0, 0, 1]).max() < 1e-15


def test_over_two_centuries_against_erfa(earth) -> None:
    times = np.random.default_rng(8).uniform(-100 * YEAR, 100 * YEAR, 200)
    wanted = by_erfa(times)
    for name in ("cirs", "itrf", "teme"):
        assert np.abs(earth.rotation("gcrs", name, times) - wanted[name]).max() < 1e-12, name


def test_fixed_axes_against_erfa() -> None:
    erfa = pytest.importorskip("erfa")
    bias = erfa.bp06(J2000, 0.0)[0]
    assert np.abs(sky.frame_rotation("gcrs", "j2000") - bias).max() < 1e-15
    to_galactic = sky.frame_rotation("gcrs", "galactic")
    for ra, dec in ((0.1, 0.2), (3.0, -1.2), (5.0, 1.5)):
        star = np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
        longitude, latitude = erfa.icrs2g(ra, dec)
        x, y, z = to_galactic @ star
        assert np.arctan2(y, x) % (2 * np.pi) == pytest.approx(longitude, abs=1e-13)
        assert np.arcsin(z) == pytest.approx(latitude, abs=1e-13)
    tilt = np.radians(84381.448 / 3600)
    ecliptic = sky.frame_rotation("gcrs", "ecliptic")
    assert np.abs(ecliptic[2] - [0, -np.sin(tilt), np.cos(tilt)]).max() < 1e-15


@pytest.mark.filterwarnings("ignore:ERFA function")
def test_against_astropy() -> None:
    """With the tables of the IERS, linear as astropy takes them."""
    pytest.importorskip("astropy")
    from astropy.coordinates.builtin_frames import intermediate_rotation_transforms as theirs
    from astropy.time import Time
    from astropy.utils import iers

    table = iers.IERS_A.open(iers.IERS_A_FILE)
    days = np.random.default_rng(9).uniform(48622, 61300, 50)
    earth = sky.EarthOrientation(sky.EarthParameters("finals", interpolation="linear"))
    with iers.earth_orientation_table.set(table), iers.conf.set_temp("auto_download", False):
        at = Time(2400000.5, days, format="jd", scale="utc")
        epochs = [sky.Epoch(t) for t in at]
        cirs = theirs.gcrs_to_cirs_mat(at)
        itrf = theirs.cirs_to_itrs_mat(at) @ cirs
        teme_to_itrf = theirs.teme_to_itrs_mat(at)
    # Theirs have no observed offsets of the pole, which are below 0.002".
    assert np.abs(earth.rotation("gcrs", "cirs", epochs) - cirs).max() < 1e-8
    found = earth.rotation("cirs", "itrf", epochs)
    assert np.abs(found - itrf @ np.swapaxes(cirs, -1, -2)).max() < 1e-12
    # For TEME they leave s' out, which is 6e-11 rad.
    assert np.abs(earth.rotation("teme", "itrf", epochs) - teme_to_itrf).max() < 1e-10


@pytest.mark.parametrize("accuracy", [1e-11, 1e-9, 1e-7])
def test_fewer_terms_are_as_accurate_as_asked(accuracy: float, earth) -> None:
    parameters = sky.EarthParameters.constant(UT1_TAI, x=XP, y=YP, dx=DX, dy=DY)
    fewer = sky.EarthOrientation(parameters, accuracy=accuracy)
    off = np.abs(
        fewer.rotation("gcrs", "itrf", TIMES) - earth.rotation("gcrs", "itrf", TIMES)
    ).max()
    assert accuracy / 100 < off < 2 * accuracy


def test_rotations_are_rotations(earth) -> None:
    t = TIMES[:5]
    for source in ALL:
        forth = earth.rotation("gcrs", source, t)
        back = earth.rotation(source, "gcrs", t)
        assert np.abs(forth @ back - np.eye(3)).max() < 1e-14, source
        assert np.abs(np.linalg.det(forth) - 1).max() < 1e-14, source
    chain = earth.rotation("teme", "itrf", t) @ earth.rotation("galactic", "teme", t)
    assert np.abs(chain - earth.rotation("galactic", "itrf", t)).max() < 1e-14
    assert np.array_equal(earth.rotation("tod", "TOD", 0.0), np.eye(3))


@pytest.mark.parametrize("name", ["mod", "cirs", "tod", "teme", "tirs", "itrf"])
def test_rates_are_derivatives(name: str, rough) -> None:
    """Against differences in double-double, of fourth order, over 8 s."""
    f = ty.compile(rough.rotation("gcrs", name, ty.time), [ty.time], precision="double-double")
    t, h = np.round(TIMES[3:8]), 8.0

    def at(shift: float) -> np.ndarray:
        return f(np.stack([t + shift, np.zeros(5)], axis=-1))

    def difference(step: float) -> np.ndarray:
        later, earlier = at(step), at(-step)
        return ((later[..., 0] - earlier[..., 0]) + (later[..., 1] - earlier[..., 1])) / (2 * step)

    wanted = (4 * difference(h / 2) - difference(h)) / 3
    found = rough.rate("gcrs", name, t)
    assert np.abs(found - wanted).max() < 1e-17
    # d/dt M = -[w x] M
    w = rough.angular_velocity("gcrs", name, t)
    matrix = rough.rotation("gcrs", name, t)
    crossed = -np.cross(w[:, None, :], np.swapaxes(matrix, -1, -2))
    assert np.abs(np.swapaxes(crossed, -1, -2) - found).max() < 1e-19


def test_velocities(rough) -> None:
    """What rests on the ground moves in the sky, and comes back."""
    t, place = 7e8, np.array([4000.0, -3000.0, 4500.0])
    position, velocity = sky.change_frame("itrf", "gcrs", t, place, np.zeros(3), rough)
    turn = rough.angular_velocity("gcrs", "itrf", t)
    spin = rough.rotation("itrf", "gcrs", t) @ turn
    assert velocity == pytest.approx(np.cross(spin, position), abs=1e-12)
    again, rest = sky.change_frame("gcrs", "itrf", t, position, velocity, rough)
    assert again == pytest.approx(place, abs=1e-11)
    assert np.abs(rest).max() < 1e-15
    r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    f = ty.compile(list(sky.change_frame("gcrs", "itrf", ty.time, r, v, rough)), [ty.time, r, v])
    assert f(t, position, velocity)[1] == pytest.approx(rest, abs=1e-14)
    many = sky.change_frame("gcrs", "itrf", np.full(4, t), np.tile(position, (4, 1)), earth=rough)
    assert many == pytest.approx(np.tile(place, (4, 1)), abs=1e-11)


def test_expressions_and_precisions(earth, rough) -> None:
    """Numbers, instants, compiled expressions and double-double are one formula."""
    wanted = earth.rotation("gcrs", "itrf", TIMES)
    formula = earth.rotation("gcrs", "itrf", ty.time)
    assert np.abs(ty.compile(formula, [ty.time])(TIMES) - wanted).max() < 1e-14
    pairs = np.stack([TIMES[:20], np.zeros(20)], axis=-1)
    fine = ty.compile(formula, [ty.time], precision="double-double")(pairs)[..., 0]
    assert np.abs(fine - wanted[:20]).max() < 1e-14
    assert earth.rotation("gcrs", "itrf", TIMES[0]).shape == (3, 3)
    assert earth.rotation("gcrs", "itrf", TIMES.reshape(20, 20)).shape == (20, 20, 3, 3)
    assert formula.evaluate({ty.time: TIMES[0]}) == pytest.approx(wanted[0], abs=1e-14)
    # An instant has more digits than a float, in half of whose last place the Earth turns by
    # 9e-12 rad.
    epoch = sky.Epoch((1e9, 5e-8))
    off = earth.rotation("gcrs", "itrf", epoch) - earth.rotation("gcrs", "itrf", 1e9)
    rate = earth.rate("gcrs", "itrf", 1e9)
    assert np.abs(off - 5e-8 * rate).max() < 1e-15


def test_jets(rough) -> None:
    """Taylor coefficients give the rotation ten minutes later."""
    table = rough.over(5e8, 5e8 + DAY)
    jet = ty.jet(lambda t: table.rotation("gcrs", "itrf", t), 5e8 + 100, order=10)
    later = np.polynomial.polynomial.polyval(600.0, jet.reshape(11, 9))
    assert later == pytest.approx(rough.rotation("gcrs", "itrf", 5e8 + 700).ravel(), abs=1e-14)


def test_polynomials(rough) -> None:
    """Of a time and of a state with displacements, to the order that they have."""
    dt = ty.Polynomial.variables("dt", order=4, at=[5e8])[0]
    table = rough.over(5e8 - DAY, 5e8 + DAY)
    near = table.rotation("gcrs", "itrf", dt)
    later = table.rotation("gcrs", "itrf", 5e8 + 20)
    assert near.shape == (3, 3)
    for i, k in ((0, 1), (2, 0), (2, 2)):
        assert float(near[i, k](20.0)) == pytest.approx(later[i, k], abs=1e-14)
    places = ty.Polynomial.variables("x y z", order=2, at=[7000.0, 100.0, 200.0])
    moved = sky.change_frame("gcrs", "itrf", 5e8, list(places), earth=table)
    wanted = table.rotation("gcrs", "itrf", 5e8) @ [7001.0, 102.0, 203.0]
    assert [float(moved[k](1.0, 2.0, 3.0)) for k in range(3)] == pytest.approx(wanted, abs=1e-11)
    geodetic = sky.position_to_geodetic(list(places))
    exact = sky.position_to_geodetic([7000.01, 100.02, 200.03])
    for k in range(3):
        assert float(geodetic[k](0.01, 0.02, 0.03)) == pytest.approx(exact[k], abs=1e-11)
    with pytest.raises(ty.ShapeError):
        sky.position_to_geodetic(list(places[:2]))


def test_data_files_come_with_the_package() -> None:
    from taylor.astrodynamics.frames import nutation
    from taylor.astrodynamics.times import dynamical

    for module, name in ((nutation, "nutation.npz"), (dynamical, "tdb.npz")):
        path = Path(module.__file__).with_name(name)
        assert path.stat().st_size < 20_000
        with np.load(path) as table:
            assert max(len(table[key]) for key in table) > 780


def test_tables(earth) -> None:
    start, end = sky.Epoch("2030-05-01T06:00:00 TT"), sky.Epoch("2030-05-20 TT")
    table = earth.over(start, end)
    assert (table.start, table.end) == (start.seconds, end.seconds)
    t = np.linspace(table.start, table.end, 997)
    for name in ("cirs", "tod", "teme", "tirs", "itrf"):
        off = table.rotation("gcrs", name, t) - earth.rotation("gcrs", name, t)
        assert np.abs(off).max() < 3e-14, name
        off = table.rate("gcrs", name, t) - earth.rate("gcrs", name, t)
        assert np.abs(off).max() < 1e-17, name
    again = pickle.loads(pickle.dumps(table))
    assert np.array_equal(
        again.rotation("gcrs", "itrf", t[5]), table.rotation("gcrs", "itrf", t[5])
    )
    with pytest.raises(ty.ArgumentError, match="longer span"):
        table.rotation("gcrs", "itrf", table.end + 1)
    with pytest.raises(ty.ArgumentError, match="already"):
        table.over(start, end)
    for given in ((end, start), (start, start), ([0.0, 1.0], end)):
        with pytest.raises(ty.ArgumentError):
            earth.over(*given)
    for accuracy in (0.0, 1e-18):
        with pytest.raises(ty.ArgumentError, match="accuracy"):
            earth.over(start, end, accuracy=accuracy)
    coarse = earth.over(start, end, accuracy=1e-10)
    off = coarse.rotation("gcrs", "itrf", t) - earth.rotation("gcrs", "itrf", t)
    assert 1e-12 < np.abs(off).max() < 2e-10


def test_tables_with_parameters_of_the_iers() -> None:
    pytest.importorskip("astropy_iers_data")
    earth = sky.EarthOrientation("finals")
    start = sky.Epoch("2016-12-28T03:00:00")  # across a leap second
    table = earth.over(start, start + 10 * DAY)
    t = np.linspace(table.start, table.end, 500)
    off = table.rotation("gcrs", "itrf", t) - earth.rotation("gcrs", "itrf", t)
    assert np.abs(off).max() < 3e-14
    with pytest.raises(ty.ArgumentError, match="known from"):
        earth.over(start, sky.Epoch("2050-01-01 TT"))
    with pytest.raises(ty.ArgumentError, match="known from"):
        sky.gcrs_to_itrf(4e9)
    assert np.isfinite(sky.gcrs_to_mod(4e9)).all()
    assert np.abs(sky.gcrs_to_itrf(t[:9]) - earth.rotation("gcrs", "itrf", t[:9])).max() == 0


def test_in_an_integrator(rough) -> None:
    """A frame in a right-hand side: the integral of its rate is the frame itself."""
    few = sky.EarthOrientation(sky.EarthParameters.constant(UT1_TAI, x=XP, y=YP), accuracy=1e-6)
    for given in (few, rough.over(0.0, 3 * DAY)):
        m = ty.variable("m", shape=(3,))
        start = given.rotation("gcrs", "itrf", 1000.0)[0]
        ta = ty.Integrator([(m, given.rate("gcrs", "itrf", ty.time)[0])], start, time=1000.0)
        assert ta.propagate_until(2.5 * DAY).status == ty.Status.REACHED
        assert ta.state == pytest.approx(given.rotation("gcrs", "itrf", 2.5 * DAY)[0], abs=2e-13)


def test_wrong_arguments(rough) -> None:
    for source, target in (("gcrs", "wgs"), ("earth", "itrf")):
        with pytest.raises(ty.ArgumentError, match="none of the axes"):
            rough.rotation(source, target, 0.0)
    with pytest.raises(ty.ArgumentTypeError):
        rough.rotation(1, "itrf", 0.0)
    with pytest.raises(ty.ArgumentTypeError, match="give t"):
        sky.frame_rotation("gcrs", "mod")
    with pytest.raises(ty.ArgumentTypeError, match="EarthOrientation"):
        sky.frame_rotation("gcrs", "itrf", 0.0, sky.EarthParameters.constant())
    with pytest.raises(ty.ArgumentTypeError):
        rough.rotation("gcrs", "itrf", "2020-01-01")
    with pytest.raises(ty.ShapeError):
        sky.change_frame("gcrs", "j2000", None, [1.0, 2.0])
    with pytest.raises(ty.ArgumentError):
        sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=-1.0)
    with pytest.raises(ty.ArgumentTypeError):
        sky.EarthOrientation(sky.EarthParameters.constant(), accuracy="high")
