"""Instants: `Epoch`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import total_ordering
from typing import Any, Protocol, TypeAlias, overload

import numpy as np

from taylor.astrodynamics.times import conversions
from taylor.astrodynamics.times.calendar import Reading, day_of, parsed, spelled
from taylor.astrodynamics.times.earth_parameters import EarthParameters
from taylor.astrodynamics.times.functions import Instant
from taylor.displays.tables import MissingPackageError
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.numbers.times import time_pair
from taylor.numbers.types import Time


class AstropyTime(Protocol):
    """A `Time` of astropy, which comes without types."""

    @property
    def jd1(self) -> Any: ...
    @property
    def jd2(self) -> Any: ...
    @property
    def scale(self) -> str: ...


EpochLike: TypeAlias = "Instant | str | date | np.datetime64 | AstropyTime | Time"
_WHAT = (
    "give a text such as '2026-03-20T14:46:00 UTC', a datetime, an astropy Time, an Epoch, or "
    "seconds since J2000"
)


@total_ordering
class Epoch(Instant):
    """An instant, exactly: a rational number of seconds of TDB since J2000.

    value: a text in the manner of ISO 8601, "2016-12-31T23:59:60.5" (leap seconds are known;
        behind it may be UTC, TAI, TT, TDB, UT1, GPS, Z or an offset such as +02:00); a datetime,
        date or datetime64; a Time of astropy; an Epoch; or seconds of TDB since J2000, as a number,
        a pair of floats, a Fraction.
    scale: "utc", "tai", "tt", "tdb", "ut1" or "gps": of a text that names none (UTC by default),
        and of seconds (TDB by default), which then count from the scale's own 2000-01-01 12:00.
    earth: where UT1 is from; by default the tables of the IERS.

    `epoch + seconds` and `epoch - epoch` count seconds of TDB; comparisons are exact.  UTC began in
    1960; beyond the last known leap second (`leap_seconds().expires`) none is assumed.

    Raises ArgumentError for texts and dates that do not exist, ArgumentTypeError for what is no
    instant.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> epoch = sky.Epoch("2016-12-31T23:59:60.5")
    >>> (epoch + 1).isoformat(digits=3), epoch.isoformat("tai", digits=3)
    ('2017-01-01T00:00:00.500', '2017-01-01T00:00:36.500')
    >>> round(epoch.seconds, 6)
    536500868.68395
    >>> j2000 = sky.Epoch("2000-01-01T12:00:00 TDB")
    >>> j2000.seconds, sky.Epoch(0) == j2000
    (0.0, True)
    """

    __slots__ = ("_exact",)
    _exact: Fraction

    def __init__(
        self, value: EpochLike, scale: str | None = None, earth: EarthParameters | None = None
    ) -> None:
        asked = None if scale is None else conversions.checked_scale(scale)
        self._exact = _seconds(value, asked, earth)

    @classmethod
    def from_julian_date(
        cls,
        date: float,
        rest: float = 0.0,
        scale: str = "tt",
        earth: EarthParameters | None = None,
    ) -> Epoch:
        """The instant of a Julian date `date + rest`, two floats that are added exactly.

        Of UTC it is the quasi-Julian date of SOFA, whose days with a leap second are longer.  A
        modified Julian date is from_julian_date(2400000.5, mjd).

        >>> import taylor as ty
        >>> sky = ty.astrodynamics
        >>> sky.Epoch.from_julian_date(2451545.0, 0.5, scale="tdb").seconds
        43200.0
        """
        asked = conversions.checked_scale(scale)
        total = Fraction(*_number(date)) + Fraction(*_number(rest))
        return _made(conversions.to_tdb(conversions.from_julian(total, asked), asked, earth))

    # -- what it is ------------------------------------------------------------------------------

    @property
    def seconds(self) -> float:
        """Seconds of TDB since J2000, the time of all equations here, as the nearest float."""
        return self.pair[0]

    @property
    def pair(self) -> tuple[float, float]:
        """The same as the sum of two floats; `Integrator(time=...)` takes it as it is."""
        return time_pair(self._exact)

    @property
    def exact(self) -> Fraction:
        """The same without any rounding."""
        return self._exact

    @property
    def tdb(self) -> tuple[float, float]:
        """The Julian date in TDB, as `julian_date` has it."""
        return self.julian_date("tdb")

    @property
    def tt(self) -> tuple[float, float]:
        """The Julian date in TT, as `julian_date` has it."""
        return self.julian_date("tt")

    @property
    def tai(self) -> tuple[float, float]:
        """The Julian date in TAI, as `julian_date` has it."""
        return self.julian_date("tai")

    @property
    def utc(self) -> tuple[float, float]:
        """The quasi-Julian date in UTC, as `julian_date` has it."""
        return self.julian_date("utc")

    @property
    def ut1(self) -> tuple[float, float]:
        """The Julian date in UT1 by the tables of the IERS, as `julian_date` has it."""
        return self.julian_date("ut1")

    def julian_date(
        self, scale: str = "tt", earth: EarthParameters | None = None
    ) -> tuple[float, float]:
        """The Julian date as the sum of two floats, the midnight before and the rest of the day.

        >>> import taylor as ty
        >>> sky = ty.astrodynamics
        >>> sky.Epoch("2000-01-01T12:00:00 TT").julian_date("tt")
        (2451544.5, 0.5)
        """
        asked = conversions.checked_scale(scale)
        return conversions.to_julian(conversions.to_reading(self._exact, asked, earth), asked)

    def isoformat(
        self, scale: str = "utc", digits: int = 9, earth: EarthParameters | None = None
    ) -> str:
        """The instant as a text, rounded to so many digits of a second.

        >>> import taylor as ty
        >>> sky = ty.astrodynamics
        >>> sky.Epoch(0).isoformat("tt", digits=6)
        '2000-01-01T12:00:00.000099'
        """
        asked = conversions.checked_scale(scale)
        if not isinstance(digits, int) or not 0 <= digits <= 30:
            raise ArgumentError(f"isoformat: digits={digits!r} must be an integer from 0 to 30")
        reading = conversions.to_reading(self._exact, asked, earth)
        return spelled(reading, digits, conversions.day_length(reading.day, asked))

    def to_datetime(self) -> datetime:
        """The instant in UTC as Python has it, to the nearest microsecond.

        Raises ArgumentError within a leap second, which Python does not know.

        >>> import taylor as ty
        >>> sky = ty.astrodynamics
        >>> sky.Epoch("2026-03-20T14:46:00.25").to_datetime().isoformat()
        '2026-03-20T14:46:00.250000+00:00'
        """
        text = self.isoformat("utc", digits=6)
        if text[17:19] == "60":
            raise ArgumentError(
                f"to_datetime: {text} is within a leap second, which no datetime is"
            )
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    def to_astropy(self, scale: str = "tdb") -> AstropyTime:
        """The instant as a `Time` of astropy, in this scale.

        Raises ArgumentError for "gps", which is no scale there.
        """
        if conversions.checked_scale(scale) == "gps":
            raise ArgumentError("to_astropy: astropy has no scale 'gps'; take 'tai', 19 s ahead")
        try:
            from astropy.time import (  # type: ignore[import-not-found, import-untyped]
                Time as AstropyClass,
            )
        except ImportError:
            raise MissingPackageError(
                "to_astropy needs the package astropy: pip install astropy"
            ) from None
        made: AstropyTime = AstropyClass(*self.julian_date(scale), format="jd", scale=scale.lower())
        return made

    # -- operators -------------------------------------------------------------------------------

    @overload
    def __add__(self, other: Expression) -> Expression: ...
    @overload
    def __add__(self, other: Time | timedelta) -> Epoch: ...
    def __add__(self, other: Expression | Time | timedelta) -> Expression | Epoch:
        if isinstance(other, Expression):
            return other + self._exact
        if isinstance(other, Instant | str):
            return NotImplemented
        return _made(self._exact + _span(other))

    __radd__ = __add__

    @overload
    def __sub__(self, other: Instant) -> float: ...
    @overload
    def __sub__(self, other: Time | timedelta) -> Epoch: ...
    def __sub__(self, other: Instant | Time | timedelta) -> float | Epoch:
        if isinstance(other, Epoch):
            return float(self._exact - other._exact)
        if isinstance(other, Instant | str | Expression):
            return NotImplemented
        return _made(self._exact - _span(other))

    def __eq__(self, other: object) -> bool:
        return self._exact == other._exact if isinstance(other, Epoch) else NotImplemented

    def __lt__(self, other: Epoch) -> bool:
        return self._exact < other._exact if isinstance(other, Epoch) else NotImplemented

    def __hash__(self) -> int:
        return hash((Epoch, self._exact))

    def __float__(self) -> float:
        return self.seconds

    def __str__(self) -> str:
        scale = "utc" if self._exact >= _UTC else "tdb"
        return f"{self.isoformat(scale)} {scale.upper()}"

    def __repr__(self) -> str:
        return f"Epoch({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self._exact,)


_UTC = Reading(day_of(1960, 1, 2), Fraction(0)).seconds


def _made(exact: Fraction) -> Epoch:
    epoch = Epoch.__new__(Epoch)
    epoch._exact = exact
    return epoch


def _seconds(value: Any, scale: str | None, earth: EarthParameters | None) -> Fraction:
    """Seconds of TDB since J2000."""
    if isinstance(value, Epoch):
        return value._exact
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            raise ArgumentError("Epoch: NaT is no instant")
        value = str(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, date):  # datetimes are such
        value = value.isoformat()
    if isinstance(value, str):
        reading, named = parsed(value)
        if named and scale and named != scale:
            raise ArgumentError(f"Epoch: {value!r} is in {named}, not in scale={scale!r}")
        return _of_reading(value, reading, named or scale or "utc", earth)
    if hasattr(value, "jd1") and hasattr(value, "jd2"):
        return _of_astropy(value, earth)
    if isinstance(value, bool | np.bool_ | Expression):
        raise ArgumentTypeError(f"Epoch: {value!r} is no instant; {_WHAT}")
    try:
        seconds = _span(value)
    except ArgumentTypeError:
        raise ArgumentTypeError(f"Epoch: {value!r} is no instant; {_WHAT}") from None
    if scale == "utc":
        raise ArgumentError("Epoch: UTC has no count of seconds; give a text, or another scale")
    return conversions.to_tdb(Reading.of_seconds(seconds), scale or "tdb", earth)


def _of_reading(text: str, reading: Reading, scale: str, earth: EarthParameters | None) -> Fraction:
    if reading.second >= conversions.day_length(reading.day, scale):
        raise ArgumentError(
            f"Epoch: {text!r} does not exist: the day has no such second in {scale.upper()}"
        )
    return conversions.to_tdb(reading, scale, earth)


def _of_astropy(value: Any, earth: EarthParameters | None) -> Fraction:
    if np.ndim(value.jd1):
        raise ArgumentTypeError(
            f"Epoch: a Time of shape {np.shape(value.jd1)}; give one instant, as in "
            "[Epoch(time) for time in times]"
        )
    scale = str(value.scale)
    if scale in ("tcb", "tcg"):
        value, scale = value.tdb, "tdb"
    scale = conversions.checked_scale(scale)
    date = Fraction(*_number(value.jd1)) + Fraction(*_number(value.jd2))
    return conversions.to_tdb(conversions.from_julian(date, scale), scale, earth)


def _span(value: Any) -> Fraction:
    """A number of seconds, exactly where it is given so."""
    if isinstance(value, timedelta):
        return Fraction(value // timedelta(microseconds=1), 10**6)
    if type(value) in (int, Fraction):
        return Fraction(value)
    high, low = time_pair(value, "seconds")
    return Fraction(high) + Fraction(low)


def _number(value: Any) -> tuple[int, int]:
    """A finite float, as a ratio."""
    high, low = time_pair(value, "a Julian date")
    return (Fraction(high) + Fraction(low)).as_integer_ratio()
