"""Orbit files there and back, against other packages that read them, and what is refused."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import taylor as ty

sky = ty.astrodynamics
RANDOM = np.random.default_rng(1)
START = sky.Epoch("2016-12-31T23:50:00.5")  # a leap second comes


def trajectory(count: int = 12, **said: object) -> sky.Trajectory:
    seconds = np.sort(RANDOM.choice(100000, count, replace=False)) / 64
    states = RANDOM.normal(size=(count, 6)) * [7e3, 7e3, 7e3, 7, 7, 7]
    given = {"name": "OURS", "identifier": "2016-001A", "frame": "EME2000", "comments": ("a", "b")}
    return sky.Trajectory(START, seconds - seconds[0], states, **(given | said))


def covariances(one: sky.Trajectory, frame: str = "") -> sky.Covariances:
    roots = RANDOM.normal(size=(3, 6, 6))
    return sky.Covariances(one.seconds[:3].copy(), roots @ np.swapaxes(roots, 1, 2), frame)


def assert_alike(a: sky.Trajectory, b: sky.Trajectory, states: float = 0.0) -> None:
    assert abs(a.start.exact - b.start.exact) < Fraction(1, 10**8)
    np.testing.assert_allclose(a.seconds, b.seconds, rtol=0, atol=2e-9)
    np.testing.assert_allclose(a.states, b.states, rtol=0, atol=states)
    for name in ("name", "identifier", "center", "frame", "system", "interpolation", "degree"):
        assert getattr(a, name) == getattr(b, name), name
    assert a.comments == b.comments


@pytest.mark.parametrize("form", ["kvn", "xml"])
@pytest.mark.parametrize("system", ["UTC", "TDB", "TT", "TAI", "GPS"])
def test_an_oem_there_and_back(form: str, system: str) -> None:
    one = trajectory(system=system, usable=(0.0, 100.0), degree=5)
    whole = sky.Trajectory(**{**vars(one), "covariances": covariances(one, "RTN")})
    found = sky.read_oem(sky.write_oem(None, [whole, trajectory()], form=form))
    assert len(found) == 2
    assert_alike(found[0], one)
    np.testing.assert_allclose(found[0].usable, one.usable, atol=2e-9)
    own = found[0].covariances
    assert own.frame == "RTN"
    np.testing.assert_allclose(own.matrices, np.tril(whole.covariances.matrices) + np.swapaxes(
        np.tril(whole.covariances.matrices, -1), 1, 2), rtol=0)  # fmt: skip
    np.testing.assert_allclose(own.seconds, one.seconds[:3], atol=2e-9)


numbers = st.floats(-1e8, 1e8, allow_subnormal=False)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(numbers, min_size=6, max_size=6), min_size=1, max_size=4),
    st.integers(-(10**15), 10**15),
    st.sampled_from(["kvn", "xml", "csv"]),
)
def test_any_numbers_come_back(rows: list[list[float]], nanoseconds: int, form: str) -> None:
    start = sky.Epoch(Fraction(nanoseconds, 10**9) + 5 * 10**8)
    one = sky.Trajectory(start, np.arange(len(rows)) * 7.25, np.array(rows), system="TDB")
    if form == "csv":
        found = sky.read_csv(sky.write_csv(None, one))
    else:
        found = sky.read_oem(sky.write_oem(None, one, form=form))[0]
    assert_alike(found, one)


def test_the_package_oem_reads_the_same(tmp_path: object) -> None:
    oem = pytest.importorskip("oem")
    seconds = np.arange(0.0, 1800.0, 60.25)
    one = sky.Trajectory(START, seconds, kepler(seconds), "EME2000", name="SPACECRAFT", degree=5)
    for form, name in (("kvn", "a.oem"), ("xml", "a.xml")):
        path = tmp_path / name  # type: ignore[operator]
        sky.write_oem(path, one, form=form)
        other = oem.OrbitEphemerisMessage.open(str(path))
        states = list(other.states)
        expected = np.array([[*s.position, *s.velocity] for s in states])
        np.testing.assert_array_equal(expected, one.states)
        for state, epoch in zip(states, one.epochs, strict=True):
            off = sky.Epoch(state.epoch) - epoch
            assert abs(off) < 1e-8
        back = tmp_path / f"b{name}"  # type: ignore[operator]
        other.save_as(str(back), file_format=form)
        again = sky.read_oem(back)[0]  # the package rounds: times to microseconds
        np.testing.assert_allclose(again.seconds, one.seconds, atol=1e-6)
        np.testing.assert_allclose(again.states, one.states, atol=1e-6)
        middle = one.start + float(one.seconds[5] + one.seconds[6]) / 2
        wanted = other(middle.to_astropy("utc"))
        got = one.interpolate(middle)
        both = np.concatenate([wanted.position, wanted.velocity])
        np.testing.assert_allclose(got, both, rtol=0, atol=1e-4)


def kepler(seconds: np.ndarray) -> np.ndarray:
    """A circle."""
    a, n = 7000.0, np.sqrt(398600.4418 / 7000.0**3)
    c, s, zero = np.cos(n * seconds), np.sin(n * seconds), 0 * seconds
    return np.stack([a * c, a * s, zero, -a * n * s, a * n * c, zero], axis=1)


@pytest.mark.parametrize(
    ("kind", "degree", "error"), [("HERMITE", 7, 2e-5), ("LAGRANGE", 8, 2e-3), ("LINEAR", 1, 5.0)]
)
def test_interpolation_of_an_orbit(kind: str, degree: int, error: float) -> None:
    seconds = np.arange(0.0, 3000.0, 60.0)
    one = sky.Trajectory(START, seconds, kepler(seconds), interpolation=kind, degree=degree)
    wanted = np.linspace(0.0, seconds[-1], 137)
    off = np.abs(one.interpolate(wanted) - kepler(wanted))
    assert off[:, :3].max() < error
    assert off[:, 3:].max() < error / 10
    np.testing.assert_allclose(one.interpolate(seconds), one.states, rtol=1e-12, atol=1e-9)
    np.testing.assert_array_equal(one.interpolate(one.epoch(3)), one.interpolate(180.0))
    with pytest.raises(ty.ArgumentError, match="outside"):
        one.interpolate(seconds[-1] + 1.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.data())
def test_polynomials_are_met_exactly(degree: int, data: st.DataObject) -> None:
    """Of the degree that the interpolation has, with their slopes."""
    listed = st.lists(st.integers(-3, 3), min_size=degree + 1, max_size=degree + 1)
    powers = [np.polynomial.Polynomial(data.draw(listed)) for _ in range(3)]
    seconds = np.arange(12) * 0.25
    places = np.stack([p(seconds) for p in powers], axis=1)
    slopes = np.stack([p.deriv()(seconds) for p in powers], axis=1)
    states = np.concatenate([places, slopes], axis=1)
    wanted = np.array([0.0, 0.11, 1.6, 2.7])
    for kind in ("HERMITE", "LAGRANGE"):
        if kind == "HERMITE" and degree % 2 == 0:
            continue
        one = sky.Trajectory(START, seconds, states, interpolation=kind, degree=degree)
        found, expected = one.interpolate(wanted), np.stack([p(wanted) for p in powers], axis=1)
        scale = 1 + np.abs(states).max()
        np.testing.assert_allclose(found[:, :3], expected, atol=1e-10 * scale)
        slope = np.stack([p.deriv()(wanted) for p in powers], axis=1)
        np.testing.assert_allclose(found[:, 3:], slope, atol=1e-9 * scale)


MESSAGE = """CCSDS_OPM_VERS = 2.0
COMMENT from the blue book's first example, shortened
CREATION_DATE = 2000-06-03T05:33:00.000
ORIGINATOR = JAXA
OBJECT_NAME = GODZILLA 5
OBJECT_ID = 1998-999A
CENTER_NAME = EARTH
REF_FRAME = ITRF-97
TIME_SYSTEM = UTC
EPOCH = 2000-06-03T00:00:00.000
X = 6503.514000 [km]
Y = 1239.647000
Z = -717.490000 [KM]
X_DOT = -0.873160 [km/s]
Y_DOT = 8.740420
Z_DOT = -4.191076
MASS = 3000.0 [kg]
SOLAR_RAD_AREA = 18.77 [m**2]
SOLAR_RAD_COEFF = 1.0
DRAG_AREA = 18.77
DRAG_COEFF = 2.5
COV_REF_FRAME = RTN
{covariance}
MAN_EPOCH_IGNITION = 2000-06-03T04:23:00
MAN_DURATION = 1356 [s]
MAN_DELTA_MASS = -18.418 [kg]
MAN_REF_FRAME = RSW
MAN_DV_1 = -0.02325700 [km/s]
MAN_DV_2 = 0.01683160
MAN_DV_3 = -0.00893444
MAN_EPOCH_IGNITION = 2000-06-05T18:59:21
MAN_DURATION = 0
MAN_REF_FRAME = RTN
MAN_DV_1 = 0.001
MAN_DV_2 = 0.002
MAN_DV_3 = 0
USER_DEFINED_COLOUR = green
"""
AXES = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
LOWER = [(i, j) for i in range(6) for j in range(i + 1)]
MESSAGE = MESSAGE.format(
    covariance="\n".join(f"C{AXES[i]}_{AXES[j]} = {i + 0.1 * j!r}" for i, j in LOWER)
)


@pytest.mark.parametrize("form", ["kvn", "xml"])
def test_a_whole_message_there_and_back(form: str) -> None:
    first = sky.read_messages(MESSAGE)[0]
    assert first.kind == "OPM"
    assert first.epoch == sky.Epoch("2000-06-03T00:00:00")
    assert first.state.tolist() == [6503.514, 1239.647, -717.49, -0.87316, 8.74042, -4.191076]
    assert first["MASS"] == 3000.0
    assert first["ORIGINATOR"] == "JAXA"
    assert first.covariance[4, 2] == first.covariance[2, 4] == 4.2
    assert [one["MAN_DURATION"] for one in first.manoeuvres] == [1356.0, 0.0]
    assert first.user == {"COLOUR": "green"}
    assert first.trajectory.frame == "ITRF-97"
    found = sky.read_messages(sky.write_messages(None, [first, first], form=form))
    assert len(found) == 2
    for one in found:
        assert one.values == first.values
        assert one.manoeuvres == first.manoeuvres
        assert one.user == first.user
        assert one.comments == first.comments
        np.testing.assert_array_equal(one.covariance, first.covariance)


LINES = (
    "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927",
    "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
)
EARLY = (
    "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753",
    "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667",
)


@pytest.mark.parametrize("pair", [LINES, EARLY])
def test_element_sets_against_the_package_sgp4(pair: tuple[str, str]) -> None:
    api = pytest.importorskip("sgp4.api")
    from sgp4 import exporter

    one, other = sky.read_tle("\n".join(pair))[0], api.Satrec.twoline2rv(*pair)
    assert one.lines() == pair
    assert exporter.export_tle(other) == pair
    assert one.number == other.satnum
    assert one.eccentricity == other.ecco
    assert np.radians(one.inclination) == pytest.approx(other.inclo, rel=1e-15)
    assert one.bstar == other.bstar
    assert one.mean_motion == pytest.approx(other.no_kozai * 720 / np.pi, rel=1e-14)
    assert one.mean_motion_dot * 2 * np.pi / 1440**2 == pytest.approx(other.ndot, rel=1e-12)
    days, rest = one.epoch.utc
    assert (days - other.jdsatepoch) + (rest - other.jdsatepochF) == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("form", ["kvn", "xml"])
def test_element_sets_as_messages(form: str) -> None:
    api, omm = pytest.importorskip("sgp4.api"), pytest.importorskip("sgp4.omm")
    one = sky.read_tle("0 ISS (ZARYA)\n" + "\n".join(LINES))[0]
    assert one.name == "ISS (ZARYA)"
    text = sky.write_messages(None, one.message(), form=form)
    back = sky.ElementSet.of_message(sky.read_messages(text)[0])
    assert back.lines() == LINES
    assert back.name == one.name
    if form == "xml":
        other = api.Satrec()
        wrapped = text.replace("<omm", "<ndm><omm", 1).replace("</omm>", "</omm></ndm>")
        omm.initialize(other, next(omm.parse_xml(io.StringIO(wrapped))))
        reference = api.Satrec.twoline2rv(*LINES)
        for name in ("satnum", "ecco", "inclo", "nodeo", "argpo", "mo", "bstar", "no_kozai"):
            assert getattr(other, name) == pytest.approx(getattr(reference, name), rel=1e-15)
        for minutes in (0.0, 100.0):
            jd = other.jdsatepoch, other.jdsatepochF + minutes / 1440
            ours, theirs = other.sgp4(*jd), reference.sgp4(*jd)
            np.testing.assert_allclose(ours[1], theirs[1], atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 339999),
    st.integers(61 * 366, 99 * 366),
    st.integers(0, 10**8 - 1),
    st.tuples(*[st.integers(0, 3599999)] * 3, st.integers(0, 1800000)),
    st.integers(0, 9999999),
    st.integers(1, 1799999999),
    st.tuples(st.integers(10000, 99999), st.integers(-9, 9), st.booleans()),
    st.integers(-99999999, 99999999),
    st.tuples(st.integers(0, 9999), st.integers(0, 99999)),
)
def test_every_element_set_comes_back(
    number: int, day: int, part: int, angles: tuple[int, ...], eccentricity: int, motion: int,
    drag: tuple[int, int, bool], slope: int, counts: tuple[int, int],
) -> None:  # fmt: skip
    year, of_year = divmod(day, 366)
    epoch = sky.Epoch(f"{1900 + year}-{min(of_year + 1, 365):03d}") + 86400 * Fraction(part, 10**8)
    node, pericentre, anomaly, inclination = (x / 1e4 for x in angles)
    bstar = float(f"{'-' if drag[2] else ''}.{drag[0]}e{drag[1]}")
    one = sky.ElementSet(
        number, epoch, motion / 1e8, eccentricity / 1e7, inclination, node, pericentre, anomaly,
        bstar, slope / 1e8, 0.0, "", "U", "98067A", 0, *counts,
    )  # fmt: skip
    lines = one.lines()
    assert [len(line) for line in lines] == [69, 69]
    back = sky.read_tle("\n".join(lines))[0]
    assert back.lines() == lines
    for name in ("number", "eccentricity", "inclination", "bstar", "mean_motion", "revolution"):
        assert getattr(back, name) == getattr(one, name)


SP3 = """\
#cP2001  8  8  0  0  0.00000000       2 ORBIT IGS97 HLM  IGS
## 1126 259200.00000000   900.00000000 52129 0.0000000000000
+    3   G01G02G31  0  0  0  0  0  0  0  0  0  0  0  0  0  0
+          0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0
++         7  8  6  0  0  0  0  0  0  0  0  0  0  0  0  0  0
%c G  cc GPS ccc cccc cccc cccc cccc ccccc ccccc ccccc ccccc
%c cc cc ccc ccc cccc cccc cccc cccc ccccc ccccc ccccc ccccc
%f  1.2500000  1.025000000  0.00000000000  0.000000000000000
%i    0    0    0    0      0      0      0      0         0
/* ULTRA ORBIT COMBINATION FROM WEIGHTED AVERAGE OF:
*  2001  8  8  0  0  0.00000000
PG01 -11044.805800 -10475.672350  21929.418200    189.163300 18 18 18 219
PG02 -12593.593500  10170.327650 -20354.534400    -55.976000 18 18 18 219
PG31      0.000000      0.000000      0.000000 999999.999999
*  2001  8  8  0 15  0.00000000
PG01 -12593.593500  10170.327650 -20354.534400    189.175000
PG02 -11044.805800 -10475.672350  21929.418200 999999.999999
PG31 -10000.000000      1.000000      2.000000      3.000000
EOF
"""


def test_an_sp3_file_as_the_standard_shows_it() -> None:
    found = sky.read_sp3(SP3)
    assert list(found) == ["G01", "G02", "G31"]
    first = found["G01"]
    assert first.start == sky.Epoch("2001-08-07T23:59:47 UTC")  # GPS is 13 s ahead
    assert first.seconds == pytest.approx([0.0, 900.0], abs=1e-6)
    assert first.states[0].tolist() == [-11044.8058, -10475.67235, 21929.4182]
    assert first.clock.tolist() == [189.1633, 189.175]
    assert np.isnan(found["G02"].clock[1])
    assert len(found["G31"]) == 1
    assert first.frame == "IGS97"
    assert first.comments == ("ULTRA ORBIT COMBINATION FROM WEIGHTED AVERAGE OF:",)


@pytest.mark.parametrize("version", ["c", "d"])
@pytest.mark.parametrize("velocities", [False, True])
def test_an_sp3_file_there_and_back(version: str, velocities: bool) -> None:
    seconds = 300.0 * np.arange(5)
    fleet = {}
    for k in range(20):
        states = np.round(kepler(seconds + 100 * k), 6)[:, : 6 if velocities else 3]
        name = f"G{k + 1:02d}"
        clock = np.round(RANDOM.normal(size=5), 6)
        fleet[name] = sky.Trajectory(
            START, seconds, states, "IGS20", name=name, identifier=name, system="GPS", clock=clock,
            interpolation="HERMITE" if velocities else "LAGRANGE", degree=9 if velocities else 10,
        )  # fmt: skip
    late = fleet["G07"]
    fleet["G07"] = sky.Trajectory(
        START + 600.0, seconds[:3], late.states[:3], "IGS20", name="G07", identifier="G07",
        system="GPS", interpolation=late.interpolation, degree=late.degree, clock=late.clock[:3],
    )  # fmt: skip
    text = sky.write_sp3(None, fleet, version=version)
    lines = text.splitlines()
    assert all(len(line) <= 80 for line in lines)
    # The columns of the standard's own first line.
    assert lines[0][3:32] == "2016 12 31 23 50 17.50000000 "  # GPS is 17 s ahead
    assert (lines[0][32:39], lines[0][40:45]) == ("      5", "ORBIT")
    assert (lines[0][46:51], lines[0][52:55], lines[0][56:]) == ("IGS20", "EXT", "TAYL")
    assert lines[1].split()[1:] == ["1929", "604217.50000000", "300.00000000", "57753",
                                    f"{85817.5 / 86400:.13f}"]  # fmt: skip
    found = sky.read_sp3(text)
    assert list(found) == list(fleet)
    for name, one in fleet.items():
        assert abs(one.start - found[name].start) < 1e-8
        np.testing.assert_allclose(found[name].seconds, one.seconds, atol=1e-7)
        np.testing.assert_allclose(found[name].states, one.states, atol=1e-9)
        np.testing.assert_array_equal(found[name].clock, one.clock)


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


OEM = sky.write_oem(None, sky.Trajectory(START, [0.0, 60.0], np.ones((2, 6))))
SHORT = "COVARIANCE_START\nEPOCH = 2016-12-31T23:51:00\n1\n1 2\nCOVARIANCE_STOP\n"
CSV = "# frame: GCRF\nepoch,x,y,z\n2026-01-01,1,2,3\n2026-01-02,1,2,3\n"


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (sky.read_oem, changed(OEM, "1 1 1 1 1 1", "1 1 1 1 1"), "line 17.*6 or 9"),
        (sky.read_oem, changed(OEM, "1 1 1 1 1 1", "1 x 1 1 1 1"), "line 17.*'x'"),
        (sky.read_oem, changed(OEM, "1 1 1 1 1 1", "1 nan 1 1 1 1"), "line 17.*finite"),
        (sky.read_oem, changed(OEM, "REF_FRAME = GCRF\n", ""), "line 14.*REF_FRAME"),
        (sky.read_oem, changed(OEM, "REF_FRAME", "REF_FRAMES"), "line 9.*REF_FRAMES"),
        (sky.read_oem, changed(OEM, "= UTC", "= LMT"), "LMT"),
        (sky.read_oem, changed(OEM, "META_STOP", ""), "line"),
        (sky.read_oem, changed(OEM, "CCSDS_OEM", "CCSDS_AEM"), "first line"),
        (sky.read_oem, changed(OEM, "CREATION_DATE", "CREATION"), "line 2"),
        (sky.read_oem, OEM + "2010-01-01T00:00:00 1 1 1 1 1 1\n", "line 19.*increase"),
        (sky.read_oem, OEM + SHORT, "line 23.*six rows"),
        (sky.read_oem, "<oem>\n<header/>\n</oem>", "line 2.*CREATION_DATE"),
        (sky.read_oem, "<oem>\n<header>\n</oem>", "line 3.*XML"),
        (sky.read_oem, "<!DOCTYPE x [<!ENTITY a 'b'>]>\n<oem/>", "entities"),
        (sky.read_messages, changed(MESSAGE, "3000.0 [kg]", "3 [lb]"), "line 17.*'lb'"),
        (sky.read_messages, changed(MESSAGE, "MASS =", "MASSE ="), "line 17.*MASSE"),
        (sky.read_messages, changed(MESSAGE, "MASS =", "X ="), "line 17.*twice"),
        (sky.read_messages, changed(MESSAGE, "Z = -717.490000 [KM]\n", ""), "lacks Z"),
        (sky.read_messages, changed(MESSAGE, "2000-06-03T00:00:00.000", "2000-06-31"), "no such"),
        (sky.read_messages, "CCSDS_CDM_VERS = 1.0\nX = 1\n", "CDM"),
        (sky.read_tle, LINES[0].replace("08264", "08265") + "\n" + LINES[1], "line 1.*checksum"),
        (sky.read_tle, LINES[0] + "\n" + EARLY[1], "line 2.*two objects"),
        (sky.read_tle, LINES[0] + "\n\n", "line 1.*missing"),
        (sky.read_sp3, changed(SP3, "EOF\n", ""), "EOF"),
        (sky.read_sp3, changed(SP3, "PG31 -10000", "PG09 -10000"), "line 18.*G09"),
        (sky.read_sp3, changed(SP3, "-10475.672350", "-1047x.672350"), "line 12"),
        (sky.read_sp3, changed(SP3, "       2 ORBIT", "       3 ORBIT"), "3 epochs"),
        (sky.read_csv, changed(CSV, "1,2,3", "1,2"), "line 3.*columns"),
        (sky.read_csv, changed(CSV, "epoch", "time"), "line 2.*header"),
        (sky.read_csv, changed(CSV, "2026-01-02", "2025-01-02"), "line 4.*increase"),
        (sky.read_csv, changed(CSV, "frame", "frames"), "frames"),
        (sky.read_oem, "there-is-no-such-file.oem", "cannot read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(read: object, text: str, words: str) -> None:
    with pytest.raises(ty.FormatError, match=words):
        read(text)  # type: ignore[operator]


def test_what_has_no_place_is_said() -> None:
    one = trajectory()
    whole = sky.Trajectory(**{**vars(one), "covariances": covariances(one), "clock": one.seconds})
    with pytest.warns(sky.NotKeptWarning, match="covariances"):
        sky.write_csv(None, whole)
    with pytest.warns(sky.NotKeptWarning, match="clocks"):
        sky.write_oem(None, whole)
    with pytest.warns(sky.NotKeptWarning, match="covariances"):
        sky.write_sp3(None, {"L01": sky.Trajectory(**{**vars(whole), "frame": "GCRF"})})
    bare = sky.Trajectory(START, [0.0], [[1.0, 2.0, 3.0]])
    with pytest.raises(ty.ArgumentError, match="velocities"):
        sky.write_oem(None, bare)
    with pytest.raises(ty.ArgumentError, match="G01"):
        sky.write_sp3(None, bare)
    with pytest.raises(ty.ArgumentError, match="no place"):
        sky.ElementSet(340000, START, 15.0, 0.1, 1.0, 1.0, 1.0, 1.0).lines()


def test_a_trajectory_of_an_integration() -> None:
    q, v = ty.variable("q", shape=(3,)), ty.variable("v", shape=(3,))
    ta = ty.Integrator(
        [(q, v), (v, -398600.4418 * q / ty.sum(q * q) ** 1.5)], kepler(np.zeros(1))[0]
    )
    times = np.arange(0.0, 1000.0, 100.0)
    grid = sky.Trajectory.of(ta.propagate_grid(times), epoch=START, name="OURS")
    np.testing.assert_allclose(grid.states, kepler(times), atol=1e-8)
    assert grid.start == START
    back = ta.propagate_until(0.0, dense=True)
    dense = sky.Trajectory.of(back, times[::-1], epoch=START, places=[0, 1, 2, 3, 4, 5])
    np.testing.assert_allclose(dense.states, grid.states, atol=1e-8)
    with pytest.raises(ty.ArgumentError, match="propagate_grid"):
        sky.Trajectory.of(ta.propagate_until(1.0))


def test_tables_of_pandas_and_xarray() -> None:
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    one = sky.Trajectory(
        sky.Epoch("2026-03-01T12:00:00"), [0.0, 0.25], np.arange(12.0).reshape(2, 6)
    )
    frame, data = one.to_dataframe(), one.to_xarray()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == ["x", "y", "z", "vx", "vy", "vz"]
    assert frame.index[1] == pandas.Timestamp("2026-03-01T12:00:00.25", tz="UTC")
    np.testing.assert_array_equal(frame.to_numpy(), one.states)
    assert isinstance(data, xarray.Dataset)
    assert data.velocity.attrs["units"] == "km/s"
    np.testing.assert_array_equal(data.position, one.positions)


def test_coordinates_of_astropy_come_and_go() -> None:
    coordinates = pytest.importorskip("astropy.coordinates")
    from astropy import units
    from astropy.time import Time

    one = sky.Trajectory(
        sky.Epoch("2026-03-01T12:00:00"), [0.0, 60.0], kepler(np.array([0.0, 60.0]))
    )
    given = one.to_astropy()
    assert given.obstime.utc.isot[0] == "2026-03-01T12:00:00.000"
    assert given.cartesian.xyz.unit == units.km
    back = sky.Trajectory.from_astropy(given, name="X")
    assert back.name == "X"
    assert back.frame == "GCRF"
    np.testing.assert_allclose(back.states, one.states, rtol=1e-15)
    np.testing.assert_allclose(back.seconds, one.seconds, atol=1e-9)
    moment = Time("2026-03-01T12:00:00")
    place = coordinates.CartesianRepresentation([7.0e6, 0.0, 1.0] * units.m)
    metres = coordinates.ITRS(place, obstime=moment)
    found = sky.Trajectory.from_astropy(metres)
    np.testing.assert_allclose(found.states, [[7000.0, 0.0, 0.001]])
    assert found.frame == "ITRF"
    with pytest.raises(ty.ArgumentTypeError, match="obstime"):
        sky.Trajectory.from_astropy(3.0)
