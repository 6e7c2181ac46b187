"""From the readings of clocks to seconds of TDB and back; exact, but for what two series round."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from taylor.astrodynamics.times.calendar import DAY, SCALES, Reading
from taylor.astrodynamics.times.dynamical import TT_TAI, difference
from taylor.astrodynamics.times.earth_parameters import EarthParameters
from taylor.astrodynamics.times.leap_seconds import leap_seconds
from taylor.errors import ArgumentError, ArgumentTypeError

_GPS_TAI = -19  # the time of GPS and Galileo less TAI, seconds
_MJD = Fraction(4800001, 2)  # Julian date of modified Julian day 0


def checked_scale(scale: str) -> str:
    """`scale` in small letters, if there is one of that name."""
    if not isinstance(scale, str):
        raise ArgumentTypeError(f"Epoch: scale={scale!r} must be one of {', '.join(SCALES)}")
    if scale.lower() not in SCALES:
        raise ArgumentError(f"Epoch: scale={scale!r} is none of {', '.join(SCALES)}")
    return scale.lower()


def to_tdb(reading: Reading, scale: str, earth: EarthParameters | None) -> Fraction:
    """Seconds of TDB since J2000 when a clock of this scale shows this."""
    if scale == "tdb":
        return reading.seconds
    if scale == "ut1":
        table = earth or earth_parameters()
        return _solved(lambda tdb: _tai(tdb) + _ut1_minus_tai(table, tdb), reading.seconds)
    if scale == "tt":
        return _solved(_tt, reading.seconds)
    tai = leap_seconds().tai(reading) if scale == "utc" else reading.seconds
    return _solved(_tai, tai - _GPS_TAI if scale == "gps" else tai)


def to_reading(tdb: Fraction, scale: str, earth: EarthParameters | None) -> Reading:
    """What a clock of this scale shows so many seconds of TDB after J2000."""
    if scale == "tdb":
        return Reading.of_seconds(tdb)
    if scale == "utc":
        return leap_seconds().utc(_tai(tdb))
    if scale == "ut1":
        return Reading.of_seconds(_tai(tdb) + _ut1_minus_tai(earth or earth_parameters(), tdb))
    if scale == "tt":
        return Reading.of_seconds(_tt(tdb))
    return Reading.of_seconds(_tai(tdb) + (_GPS_TAI if scale == "gps" else 0))


def day_length(day: int, scale: str) -> Fraction:
    """How many seconds a day has."""
    return leap_seconds().length(day) if scale == "utc" else Fraction(DAY)


def from_julian(date: Fraction, scale: str) -> Reading:
    """The reading at a Julian date; of UTC, where days are longer, the date that SOFA uses."""
    day, part = divmod(date - _MJD, 1)
    return Reading(int(day), part * day_length(int(day), scale))


def to_julian(reading: Reading, scale: str) -> tuple[float, float]:
    """The Julian date as the sum of two floats: that of the midnight before, and the rest."""
    part = reading.second / day_length(reading.day, scale)
    return float(reading.day + _MJD), float(part)


@lru_cache(1)
def earth_parameters() -> EarthParameters:
    """Those of the IERS that are taken where none are given."""
    return EarthParameters()


def _tt(tdb: Fraction) -> Fraction:
    return tdb - Fraction(float(difference()(float(tdb))))


def _tai(tdb: Fraction) -> Fraction:
    return _tt(tdb) - TT_TAI


def _ut1_minus_tai(earth: EarthParameters, tdb: Fraction) -> Fraction:
    return Fraction(float(earth.ut1_minus_tai(float(tdb))))


def _solved(clock: Callable[[Fraction], Fraction], wanted: Fraction) -> Fraction:
    """The seconds of TDB at which the clock shows `wanted`: to all digits, so that it comes back.

    The clock differs from TDB by a function that changes by 1e-8 s a second at most, and that is
    computed of the nearest float.
    """
    tdb = wanted
    for _ in range(12):
        ahead = clock(tdb) - wanted
        if not ahead:
            break
        tdb -= ahead
    return tdb
