"""Dates as numbers of days, and texts in the manner of ISO 8601; all exact, all in one scale."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

from taylor.errors import ArgumentError
from taylor_runtime.program.records import dataclass

DAY = 86400  # seconds
YEAR = 31557600  # seconds of a Julian year
CENTURY = 100 * YEAR
J2000 = 51544  # the modified Julian day at whose noon seconds since J2000 are zero
JULIAN = 2451545  # Julian date of J2000
SCALES = ("utc", "tai", "tt", "tdb", "ut1", "gps")

_MJD_0 = date(1858, 11, 17).toordinal()
_TEXT = re.compile(
    r"\s*(?P<year>\d{4})-(?:(?P<month>\d\d)-(?P<day>\d\d)|(?P<of_year>\d{3}))"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d+))?)?)?"
    r"\s*(?:(?P<zulu>Z)|(?P<offset>[+-]\d\d:?\d\d)|(?P<scale>[A-Za-z][A-Za-z0-9]*))?\s*"
)


@dataclass(frozen=True)
class Reading:
    """What a clock shows.

    day:    modified Julian day, an integer.
    second: seconds since the day began, 0 or more; beyond 86400 within a leap second.

    >>> from fractions import Fraction
    >>> import taylor as ty
    >>> noon = ty.astrodynamics.Reading(day=51544, second=Fraction(43200))  # J2000.0, on TT's clock
    >>> noon.seconds
    Fraction(0, 1)
    """

    day: int
    second: Fraction

    @property
    def seconds(self) -> Fraction:
        """Seconds since the reading 2000-01-01 12:00, of days that all have 86400 of them."""
        return (self.day - J2000) * DAY + self.second - DAY // 2

    @staticmethod
    def of_seconds(seconds: Fraction) -> Reading:
        """The reading so many seconds after 2000-01-01 12:00."""
        day, second = divmod(seconds + DAY // 2, DAY)
        return Reading(int(day) + J2000, second)


def parsed(text: str) -> tuple[Reading, str | None]:
    """The reading and the scale that a text such as "2020-02-29T23:59:60.5 UTC" spells.

    The scale is None where the text names none; "Z" and offsets such as "+02:00" mean UTC.  Whether
    there was such a second, the scale has to say.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ArgumentError(
            f"{text!r} is not a date; write e.g. '2020-02-29T12:00:00.5', with UTC, TAI, TT, TDB, "
            "UT1, GPS, Z or an offset such as +02:00 behind it if you like"
        )
    given = found.groupdict()
    day = _day(text, given)
    hour, minute, whole = (int(given[name] or 0) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or whole > 60 or (whole == 60 and not given["second"]):
        raise ArgumentError(f"{text!r} has no such time of day; hours run to 23, minutes to 59")
    part = Fraction(int(given["part"]), 10 ** len(given["part"])) if given["part"] else 0
    second = Fraction(3600 * hour + 60 * minute + whole) + part
    scale = given["scale"].lower() if given["scale"] else None
    if scale is not None and scale not in SCALES:
        raise ArgumentError(f"{text!r} names an unknown scale; they are {', '.join(SCALES)}")
    if given["zulu"] or given["offset"]:
        scale = "utc"
    if not given["offset"]:
        if whole == 60 and (hour, minute) != (23, 59):
            raise ArgumentError(f"{text!r}: a second 60 is there at 23:59 alone")
        return Reading(day, second), scale
    if whole == 60:
        raise ArgumentError(f"{text!r}: write leap seconds in UTC, without an offset")
    digits = given["offset"].replace(":", "")
    ahead = (3600 * int(digits[1:3]) + 60 * int(digits[3:])) * (-1 if digits[0] == "-" else 1)
    later, second = divmod(second - ahead, DAY)
    return Reading(day + int(later), second), scale


def _day(text: str, given: dict[str, str]) -> int:
    year = int(given["year"])
    try:
        if given["of_year"] is None:
            return date(year, int(given["month"]), int(given["day"])).toordinal() - _MJD_0
        first = date(year, 1, 1).toordinal()
        of_year = int(given["of_year"])
        if not 1 <= of_year <= date(year, 12, 31).toordinal() - first + 1:
            raise ValueError
        return first + of_year - 1 - _MJD_0
    except ValueError:
        raise ArgumentError(f"{text!r}: there is no such day in the calendar") from None


def spelled(reading: Reading, digits: int, length: Fraction) -> str:
    """The reading as "2020-02-29T23:59:60.500", to the nearest of so many digits of a second.

    length: how many seconds the day has, so that 86400 of 86401 is a leap second.
    """
    unit = 10**digits
    ticks = round(reading.second * unit)  # of halves the even one
    day = reading.day
    if ticks >= length * unit:
        day, ticks = day + 1, 0
    try:
        text = date.fromordinal(day + _MJD_0).isoformat()
    except (ValueError, OverflowError):
        raise ArgumentError("isoformat: the year is not between 1 and 9999") from None
    whole, part = divmod(ticks, unit)
    minutes = min(whole // 60, 1439)  # a leap second is number 60 of the last minute
    text = f"{text}T{minutes // 60:02}:{minutes % 60:02}:{whole - 60 * minutes:02}"
    return f"{text}.{part:0{digits}}" if digits else text


def day_of(year: int, month: int, day: int) -> int:
    """The modified Julian day of a date."""
    return date(year, month, day).toordinal() - _MJD_0
