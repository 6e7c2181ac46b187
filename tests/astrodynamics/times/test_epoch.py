"""Instants: texts, calendars, leap seconds, arithmetic; against Python's and astropy's."""

from __future__ import annotations

import copy
import pickle
import random
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pytest

import taylor as ty
from taylor.astrodynamics.times.leap_seconds import _table

sky = ty.astrodynamics
Epoch = sky.Epoch


def test_texts() -> None:
    same = Epoch("2020-02-29T12:30:15.25 UTC")
    for text in (
        "2020-02-29 12:30:15,25Z",
        "2020-060T12:30:15.25",
        "2020-02-29T14:30:15.25+02:00",
        "2020-02-28T23:30:15.25-1300",
        "2020-02-29T12:30:52.25 TAI",
        "2020-02-29T12:31:24.434 tt",
        "2020-02-29T12:30:33.25 GPS",
    ):
        assert Epoch(text) == same
    assert Epoch("2020-02-29") == Epoch("2020-02-29T00:00")
    assert same - Epoch("2020-02-29") == pytest.approx(45015.25, abs=2e-5)
    assert Epoch("2020-02-29T12:31:24.434", scale="tt") == same
    assert same.isoformat(digits=0) == "2020-02-29T12:30:15"
    assert Epoch("2020-02-29T23:59:59.9999").isoformat(digits=3) == "2020-03-01T00:00:00.000"
    assert str(Epoch(-(10**10))).endswith(" TDB")
    assert repr(same) == "Epoch('2020-02-29T12:30:15.250000000 UTC')"
    assert eval(repr(same)) == same


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2020-02-30", "2019-366", "2020-000", "2020-01-01T24:00:00", "2020-13-01",
     "2020-01-01T12:60:00", "2020-01-01T12:00:61", "2020-01-01T12:00:60", "2020-01-01T23:59:60",
     "2016-12-31T23:59:60 TAI", "2017-01-01T01:59:60+02:00", "2020-01-01 XYZ", "1959-12-31",
     "2020-01-01T12", "0000-01-01"],
)  # fmt: skip
def test_texts_that_are_no_instants(text: str) -> None:
    with pytest.raises(ty.ArgumentError):
        Epoch(text)


def test_wrong_arguments() -> None:
    for wrong in (None, True, 1j, [1.0], object(), ty.time):
        with pytest.raises(ty.ArgumentTypeError, match="no instant"):
            Epoch(wrong)
    for value, scale in ((0.0, "utc"), ("2020-01-01 TAI", "tt"), (0.0, "gmt"), (np.nan, None)):
        with pytest.raises(ty.ArgumentError):
            Epoch(value, scale)
    with pytest.raises(ty.ArgumentTypeError):
        Epoch(0.0, 3)
    with pytest.raises(ty.ArgumentError, match="NaT"):
        Epoch(np.datetime64("NaT"))
    with pytest.raises(ty.ArgumentError, match="digits"):
        Epoch(0).isoformat(digits=-1)
    with pytest.raises(ty.ArgumentError, match="1960"):
        Epoch(-(10**10)).isoformat("utc")
    with pytest.raises(TypeError):
        Epoch(0) + Epoch(0)
    with pytest.raises(TypeError):
        Epoch(0) < 1.0  # noqa: B015


def test_leap_seconds_are_seconds() -> None:
    before, within, after = (
        Epoch(f"{text}.5") for text in
        ("2016-12-31T23:59:59", "2016-12-31T23:59:60", "2017-01-01T00:00:00")
    )  # fmt: skip
    # Seconds of TDB differ from those of UTC by the rate of the Earth's clock, 3e-10 at most.
    assert within - before == pytest.approx(1, abs=1e-9)
    assert after - within == pytest.approx(1, abs=1e-9)
    assert within.isoformat(digits=1) == "2016-12-31T23:59:60.5"
    assert after.tai[1] - within.tai[1] == pytest.approx(1 / 86400, abs=1e-15)
    assert within.utc == (2457753.5, pytest.approx(86400.5 / 86401, abs=1e-16))
    assert Epoch.from_julian_date(*within.utc, scale="utc") - within == pytest.approx(0, abs=2e-11)


def test_every_leap_second_and_step_of_utc() -> None:
    """TAI does not jump, and what UTC shows comes back exactly."""
    table = sky.leap_seconds()
    for day, start in list(zip(table.days, table.starts, strict=True))[1:]:
        for seconds in (Fraction(-3, 2), Fraction(-1, 64), Fraction(0), Fraction(1, 64)):
            reading = table.utc(start + seconds)
            assert table.tai(reading) == start + seconds
            assert (reading.day == day) == (seconds >= 0)
            assert reading.second < table.length(reading.day)
    assert table.length(57753) == 86401
    assert table.length(57754) == 86400
    assert table.length(39886) == Fraction("86399.9")  # 1968-01-31


def test_own_table_is_that_of_the_iers(tmp_path) -> None:
    data = pytest.importorskip("astropy_iers_data")
    read = sky.read_leap_seconds(data.IERS_LEAP_SECOND_FILE)
    from taylor.astrodynamics.times import leap_seconds as module

    own = _table(module._SINCE_1972, list(range(10, 38)), 61584, "")
    assert read.days[: len(own.days)] == own.days
    assert read.offsets[: len(own.days)] == own.offsets
    wrong = tmp_path / "wrong.dat"
    wrong.write_text("41317.0    1  1 1972       10\n")
    with pytest.raises(ty.FormatError, match="format"):
        sky.read_leap_seconds(wrong)
    with pytest.raises(ty.FormatError, match="read"):
        sky.read_leap_seconds(tmp_path / "none.dat")


def test_python_and_numpy() -> None:
    epoch = Epoch("2026-03-20T14:46:00.25")
    assert Epoch(datetime(2026, 3, 20, 14, 46, 0, 250000)) == epoch
    assert Epoch(datetime(2026, 3, 20, 14, 46, 0, 250000, tzinfo=UTC)) == epoch
    east = timezone(timedelta(hours=3, minutes=30))
    assert Epoch(datetime(2026, 3, 20, 18, 16, 0, 250000, tzinfo=east)) == epoch
    assert Epoch(np.datetime64("2026-03-20T14:46:00.25")) == epoch
    assert Epoch(date(2026, 3, 20)) == Epoch("2026-03-20")
    assert epoch.to_datetime() == datetime(2026, 3, 20, 14, 46, 0, 250000, tzinfo=UTC)
    assert epoch + timedelta(seconds=1.5) == epoch + 1.5 == 1.5 + epoch
    with pytest.raises(ty.ArgumentError, match="leap second"):
        Epoch("2016-12-31T23:59:60").to_datetime()
    assert pickle.loads(pickle.dumps(epoch)) == copy.copy(epoch) == epoch
    assert len({epoch, Epoch(epoch)}) == 1


def test_arithmetic_is_exact() -> None:
    start = Epoch("1950-01-01T00:00:00 TT")
    tick = Fraction(1, 10**12)
    later = start + tick
    assert (later - tick, later > start, later - start) == (start, True, 1e-12)
    assert Epoch(later.pair) - later == pytest.approx(0, abs=1e-22)
    assert Epoch((1e9, 1e-9)).exact == Fraction(1e9) + Fraction(1e-9)
    assert float(later) == later.seconds == later.pair[0]
    assert ty.compile(start + ty.time, [ty.time])(1.0) == start.seconds + 1


def test_every_scale_comes_back() -> None:
    """To 1e-21 s, although TDB - TT and UT1 - TAI are computed of a rounded time."""
    chosen = random.Random(1)
    earth = sky.EarthParameters.constant(ut1_minus_tai=-36.7)
    for _ in range(40):
        epoch = Epoch(Fraction(chosen.uniform(-1.2e9, 3e9)) + Fraction(chosen.random()))
        for scale in ("tai", "tt", "tdb", "utc", "ut1", "gps"):
            text = epoch.isoformat(scale, digits=25, earth=earth)
            back = Epoch(text, scale=scale, earth=earth)
            assert abs(back.exact - epoch.exact) < Fraction(1, 10**21)


@pytest.mark.filterwarnings("ignore:ERFA function")  # UTC in years to come
def test_against_astropy() -> None:
    """1 ns between any two scales from 1950 to 2100; what is left are the bits of Julian dates."""
    pytest.importorskip("astropy")
    from astropy.time import Time
    from astropy.utils import iers

    chosen = random.Random(2)
    with iers.conf.set_temp("auto_download", False):
        for _ in range(60):
            day, part = chosen.randint(33282, 88068), chosen.random()
            scales = ("tt", "tai", "tdb") if day < 36935 else ("tt", "tai", "tdb", "utc")
            for scale in scales:
                theirs = Time(2400000.5 + day, part, format="jd", scale=scale)
                ours = Epoch.from_julian_date(2400000.5 + day, part, scale=scale)
                assert abs(Epoch(theirs) - ours) < 1e-10
                for other in scales:
                    wanted, found = getattr(theirs, other), ours.julian_date(other)
                    days = (wanted.jd1 - found[0]) + (wanted.jd2 - found[1])
                    assert abs(days) * 86400 < 1e-10
                back = ours.to_astropy(scale)
                assert abs((back - theirs).sec) < 1e-10
    within = Epoch("2016-12-31T23:59:60.25")
    assert Time("2016-12-31T23:59:60.25", scale="utc").isot == within.isoformat(digits=3)
    assert abs(Epoch(Time("2020-01-01", scale="tcb")) - Epoch("2020-01-01")) < 100
    gps = Time("2020-01-01T00:00:00", scale="utc").gps  # seconds since 1980-01-06
    start = Epoch("1980-01-06T00:00:00 GPS")
    seconds = Epoch("2020-01-01T00:00:00").exact - start.exact
    assert float(seconds) == pytest.approx(gps, abs=4e-3)  # of TDB
    with pytest.raises(ty.ArgumentError, match="gps"):
        start.to_astropy("gps")
    with pytest.raises(ty.ArgumentTypeError, match="one instant"):
        Epoch(Time(["2020-01-01", "2020-01-02"]))
