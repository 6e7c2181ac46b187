"""UTC: how far it is behind TAI, by leap seconds, and before 1972 by rates and small steps."""

from __future__ import annotations

import re
from bisect import bisect_right
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from taylor.astrodynamics.times.calendar import DAY, Reading, day_of
from taylor.errors import ArgumentError, FormatError
from taylor_runtime.program.records import dataclass

# From 1960 to 1971 TAI - UTC was offset + (MJD - reference) * rate: tai-utc.dat of the USNO, by
# (year, month), in units of 1e-7 s, the rates per day.
_BEFORE_1972 = (
    ((1960, 1), 14178180, 37300, 12960),
    ((1961, 1), 14228180, 37300, 12960),
    ((1961, 8), 13728180, 37300, 12960),
    ((1962, 1), 18458580, 37665, 11232),
    ((1963, 11), 19458580, 37665, 11232),
    ((1964, 1), 32401300, 38761, 12960),
    ((1964, 4), 33401300, 38761, 12960),
    ((1964, 9), 34401300, 38761, 12960),
    ((1965, 1), 35401300, 38761, 12960),
    ((1965, 3), 36401300, 38761, 12960),
    ((1965, 7), 37401300, 38761, 12960),
    ((1965, 9), 38401300, 38761, 12960),
    ((1966, 1), 43131700, 39126, 25920),
    ((1968, 2), 42131700, 39126, 25920),
)
# Where astropy-iers-data is not installed: by (year, month), the first of which is 10 s.
_SINCE_1972 = (
    (1972, 1), (1972, 7), (1973, 1), (1974, 1), (1975, 1), (1976, 1), (1977, 1), (1978, 1),
    (1979, 1), (1980, 1), (1981, 7), (1982, 7), (1983, 7), (1985, 7), (1988, 1), (1990, 1),
    (1991, 1), (1992, 7), (1993, 7), (1994, 7), (1996, 1), (1997, 7), (1999, 1), (2006, 1),
    (2009, 1), (2012, 7), (2015, 7), (2017, 1),
)  # fmt: skip
_KNOWN_UNTIL = (2027, 6, 28)  # Bulletin C 72 of the IERS
_SMALL = Fraction(1, 10**7)


@dataclass(frozen=True)
class LeapSeconds:
    """TAI - UTC since 1960, and how long it is known.

    days:    modified Julian days from which on the offsets hold.
    offsets: TAI - UTC in seconds: on the day itself, and its growth for each day after it.
    expires: modified Julian day up to which no further leap second will come.  Later dates are
             taken with the last offset, as all software does: a leap second that is announced
             later moves what was meant as UTC, and nothing else.
    source:  where it is from.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> table = sky.leap_seconds()
    >>> table.offsets[-1][0] >= 37, table.offsets[table.days.index(57754)]
    (True, (Fraction(37, 1), Fraction(0, 1)))
    """

    days: tuple[int, ...]
    offsets: tuple[tuple[Fraction, Fraction], ...]
    expires: int
    source: str

    def offset(self, reading: Reading) -> Fraction:
        """TAI - UTC, in seconds, when UTC shows this."""
        place = self._place(reading.day)
        offset, rate = self.offsets[place]
        return offset + rate * (reading.day - self.days[place] + reading.second / DAY)

    def midnights(self, days: np.ndarray) -> np.ndarray:
        """TAI - UTC in seconds at 0 h UTC of modified Julian days, as floats."""
        if days.size and days.min() < self.days[0]:
            self._place(int(days.min()))
        place = np.searchsorted(self.days, days, side="right") - 1
        offset, rate = np.array(self.offsets, dtype=float).T
        since: np.ndarray = days - np.array(self.days)[place]
        return np.asarray(offset[place] + rate[place] * since)

    def length(self, day: int) -> Fraction:
        """How many seconds a day of UTC has."""
        if day + 1 not in self.days:
            return Fraction(DAY)
        step = self.offset(Reading(day + 1, Fraction(0))) - self.offset(Reading(day, Fraction(DAY)))
        return DAY + step

    def tai(self, reading: Reading) -> Fraction:
        """Seconds of TAI since J2000 when UTC shows this."""
        return reading.seconds + self.offset(reading)

    def utc(self, tai: Fraction) -> Reading:
        """What UTC shows so many seconds of TAI after J2000."""
        place = bisect_right(self.starts, tai) - 1
        if place < 0:
            raise ArgumentError(
                "UTC began in 1960; write earlier times with TT, TAI, TDB or UT1 (scale='tt', ...)"
            )
        offset, rate = self.offsets[place]
        # tai = seconds + offset + rate * (days since days[place])
        start = Reading(self.days[place], Fraction(0)).seconds
        seconds = start + (tai - start - offset) / (1 + rate / DAY)
        if place + 1 < len(self.days):  # in a leap second the day is not over yet
            last = self.days[place + 1] - 1
            over = seconds - Reading(last, Fraction(DAY)).seconds
            if over >= 0:
                return Reading(last, DAY + over)
        return Reading.of_seconds(seconds)

    @property
    def starts(self) -> tuple[Fraction, ...]:
        """Seconds of TAI since J2000 from which on the offsets hold."""
        return _starts(self)

    def _place(self, day: int) -> int:
        place = bisect_right(self.days, day) - 1
        if place < 0:
            raise ArgumentError(
                "UTC began in 1960; write earlier times with TT, TAI, TDB or UT1 (scale='tt', ...)"
            )
        return place


@lru_cache(8)
def _starts(table: LeapSeconds) -> tuple[Fraction, ...]:
    return tuple(table.tai(Reading(day, Fraction(0))) for day in table.days)


@lru_cache(1)
def leap_seconds() -> LeapSeconds:
    """The leap seconds of the IERS, from `astropy-iers-data` where that is installed and newer.

    Otherwise a table inside this package, which knows them until 2027-06-28.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.leap_seconds().expires >= 61584
    True
    """
    own = _table(_SINCE_1972, [10 + k for k in range(len(_SINCE_1972))], day_of(*_KNOWN_UNTIL), "")
    try:
        import astropy_iers_data  # type: ignore[import-not-found, import-untyped]
    except ImportError:
        return own
    read = read_leap_seconds(astropy_iers_data.IERS_LEAP_SECOND_FILE)
    return read if read.expires >= own.expires else own


def read_leap_seconds(path: str | Path) -> LeapSeconds:
    """The leap seconds of a file such as the IERS' Leap_Second.dat.

    Raises FormatError for a file that is none.

    >>> import pathlib, tempfile, taylor as ty
    >>> lines = "# File expires on 28 June 2026\\n 57754.0  1 1 2017  37\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "Leap_Second.dat")
    ...     _ = path.write_text(lines)
    ...     table = ty.astrodynamics.read_leap_seconds(path)
    >>> len(table.days) > 0
    True
    """
    months = "January February March April May June July August September October November December"
    try:
        text = Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"leap seconds: cannot read {str(path)!r}: {error}") from None
    rows = re.findall(r"^\s*\d+\.\d*\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*$", text, re.MULTILINE)
    end = re.search(r"expires on (\d+) (\w+) (\d+)", text)
    if not rows or end is None or end[2] not in months.split():
        raise FormatError(f"leap seconds: {str(path)!r} is not in the format of Leap_Second.dat")
    expires = day_of(int(end[3]), months.split().index(end[2]) + 1, int(end[1]))
    firsts = [(int(year), int(month)) for _, month, year, _ in rows]
    return _table(firsts, [int(row[3]) for row in rows], expires, str(path))


def _table(
    firsts: tuple[tuple[int, int], ...] | list[tuple[int, int]],
    offsets: list[int],
    expires: int,
    source: str,
) -> LeapSeconds:
    days = [day_of(*first, 1) for first, *_ in _BEFORE_1972]
    values = []
    for day, (_, offset, reference, rate) in zip(days, _BEFORE_1972, strict=True):
        values.append((_SMALL * (offset + rate * (day - reference)), _SMALL * rate))
    days += [day_of(*first, 1) for first in firsts]
    values += [(Fraction(offset), Fraction(0)) for offset in offsets]
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise FormatError(f"leap seconds: the dates of {source!r} do not ascend")
    return LeapSeconds(tuple(days), tuple(values), expires, source or "Bulletin C of the IERS")
