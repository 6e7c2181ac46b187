"""UT1, the pole on the Earth and the pole in the sky, as functions of time."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np

from taylor.astrodynamics.times.calendar import DAY, J2000, YEAR, Reading, spelled
from taylor.astrodynamics.times.dynamical import TT_TAI, difference
from taylor.astrodynamics.times.earth_files import EarthTable, installed, read_table
from taylor.astrodynamics.times.functions import TimeFunction, TimeLike
from taylor.astrodynamics.times.leap_seconds import leap_seconds
from taylor.definitions.tables import piecewise
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, constant, stack
from taylor.expressions.types import ExpressionOrArray
from taylor.numbers.times import time_pair
from taylor.numbers.types import Path as PathLike
from taylor.numbers.types import Real

_INTERPOLATIONS = ("cubic", "linear")
_OUTSIDE = ("error", "hold")
UT1_TAI, X, Y, DX, DY = range(5)  # components


class EarthParameters:
    """Earth orientation parameters: the tables of the IERS, as functions of time.

    source: "finals" (rapid values and predictions for a year, since 1973), "c04" (final values
        since 1962), both from the package astropy-iers-data; or the path of a file: finals2000A,
        C04 (of 2014 or 2020), or CelesTrak's EOP-All.csv.  `EarthParameters.constant` needs none.
        Offsets of the pole are dX and dY; dPsi and dEps, of older models, are not read.
    interpolation: between the days "cubic" (Lagrange's through four of them, as the IERS does) or
        "linear" (as astropy).  UT1 - TAI is interpolated, which leap seconds do not touch.
    outside: beyond the table "error" raises ArgumentError for numbers and makes expressions NaN;
        "hold" keeps the last values: UT1 - TAI as well, so that the Earth turns at its nominal
        rate, from which it differs by about 1 ms a day.

    Functions take seconds of TDB since J2000 (numbers, arrays, expressions) or an `Epoch`.

    start, end: seconds of TDB between which there are values.
    source:     where they are from.

    Raises ArgumentError for an unknown option, FormatError for a file that is no such table.

    >>> import taylor as ty
    >>> earth = ty.astrodynamics.EarthParameters.constant(ut1_minus_tai=-36.9)
    >>> float(earth.ut1_minus_tai(0.0))
    -36.9
    >>> earth.pole(ty.time).shape
    (2,)
    """

    def __init__(
        self, source: PathLike = "finals", interpolation: str = "cubic", outside: str = "error"
    ) -> None:
        if interpolation not in _INTERPOLATIONS:
            raise ArgumentError(
                f"EarthParameters: interpolation={interpolation!r} is none of "
                f"{', '.join(_INTERPOLATIONS)}"
            )
        if outside not in _OUTSIDE:
            raise ArgumentError(
                f"EarthParameters: outside={outside!r} is none of {', '.join(_OUTSIDE)}"
            )
        if not isinstance(source, str | Path):
            raise ArgumentTypeError(f"EarthParameters: source={source!r} is no name of a table")
        known = source in ("finals", "c04")
        table = _table(installed(str(source)) if known else Path(source))
        self._set(table.source, outside == "hold", *_pieces(table, interpolation))

    @staticmethod
    def constant(
        ut1_minus_tai: Real = -37.0, x: Real = 0.0, y: Real = 0.0, dx: Real = 0.0, dy: Real = 0.0
    ) -> EarthParameters:
        """Parameters that are the same at all times.

        ut1_minus_tai: seconds; -37 means UT1 = UTC as of 2017.
        x, y: of the celestial pole in the Earth, rad.
        dx, dy: of the celestial pole from where precession and nutation have it, rad.

        >>> import taylor as ty
        >>> sky = ty.astrodynamics
        >>> sky.EarthParameters.constant(x=1e-6).pole(0.0).tolist()
        [1e-06, 0.0]
        """
        given = (ut1_minus_tai, x, y, dx, dy)
        values = [time_pair(each, "EarthParameters.constant: a value")[0] for each in given]
        made = EarthParameters.__new__(EarthParameters)
        made._set("constant", True, np.array([-math.inf, math.inf]), np.array([[values]]))
        return made

    def _set(self, source: str, hold: bool, edges: np.ndarray, coefficients: np.ndarray) -> None:
        self.source = source
        self.start, self.end = float(edges[0]), float(edges[-1])
        self.edges = edges  # s of TDB, shape (pieces + 1,)
        self.coefficients = (
            coefficients  # powers of s after the edge, shape (pieces, degree + 1, 5)
        )
        self._hold = hold
        check = None if hold else self._check
        self._components = TimeFunction("EarthParameters", self._build, check)
        self._functions = {
            name: TimeFunction(name, build, check)
            for name, build in (
                ("ut1_minus_tai", self._ut1_minus_tai),
                ("ut1_minus_tdb", self._ut1_minus_tdb),
                ("pole", self._pole),
                ("celestial_pole_offsets", self._offsets),
            )
        }
        self._rate = self._functions["ut1_minus_tai"].rate("length_of_day")

    def ut1_minus_tai(self, t: TimeLike) -> ExpressionOrArray:
        """UT1 - TAI in seconds, without jumps."""
        return self._functions["ut1_minus_tai"](t)

    def ut1_minus_tdb(self, t: TimeLike) -> ExpressionOrArray:
        """UT1 - TDB in seconds."""
        return self._functions["ut1_minus_tdb"](t)

    def pole(self, t: TimeLike) -> ExpressionOrArray:
        """x_p and y_p of polar motion in rad, shape (2,)."""
        return self._functions["pole"](t)

    def celestial_pole_offsets(self, t: TimeLike) -> ExpressionOrArray:
        """dX and dY in rad, shape (2,), to be added to those of the models of 2006."""
        return self._functions["celestial_pole_offsets"](t)

    def length_of_day(self, t: TimeLike) -> ExpressionOrArray:
        """How much longer than 86400 s a day is, in seconds."""
        return -DAY * self._rate(t)

    def check(self, times: np.ndarray) -> None:
        """Raise ArgumentError unless there are values at these seconds of TDB."""
        if not self._hold:
            self._check(times)

    def _check(self, times: np.ndarray) -> None:
        if times.size and not (times.min() >= self.start and times.max() <= self.end):
            first, last = (_date(end) for end in (self.start, self.end))
            wrong = times.min() if times.min() < self.start else times.max()
            raise ArgumentError(
                f"Earth orientation parameters are known from {first} to {last} "
                f"({Path(self.source).name}), not at t = {wrong:.0f} s ({_date(wrong)}); take "
                "newer tables, or EarthParameters(outside='hold')"
            )

    def _build(self, t: Expression) -> Expression:
        """UT1 - TAI, x, y, dX, dY."""
        if not math.isfinite(self.start):
            return as_expression(constant(self.coefficients[0, 0]))
        outside = "constant" if self._hold else "nan"
        name = f"the Earth orientation parameters of {Path(self.source).name}"
        return as_expression(
            piecewise(self.edges, self.coefficients, t, outside=outside, name=name)
        )

    def _ut1_minus_tai(self, t: Expression) -> Expression:
        return as_expression(self._components(t)[UT1_TAI])

    def _ut1_minus_tdb(self, t: Expression) -> Expression:
        return as_expression(self._ut1_minus_tai(t) - TT_TAI - difference()(t))

    def _pole(self, t: Expression) -> Expression:
        found = self._components(t)
        return as_expression(stack([found[X], found[Y]]))

    def _offsets(self, t: Expression) -> Expression:
        found = self._components(t)
        return as_expression(stack([found[DX], found[DY]]))


@lru_cache(4)
def _table(path: Path) -> EarthTable:
    return read_table(path)


def _date(seconds: float) -> str:
    reading = Reading.of_seconds(Fraction(seconds))
    try:
        return spelled(reading, 0, Fraction(DAY))[:10]
    except ArgumentError:
        return f"year {2000 + round(seconds / YEAR)}"


def _pieces(table: EarthTable, interpolation: str) -> tuple[np.ndarray, np.ndarray]:
    """Breakpoints in s of TDB, and powers of s after them: shape (pieces, degree + 1, 5)."""
    offsets = leap_seconds().midnights(table.days)
    tt = (table.days - J2000) * DAY - DAY / 2 + offsets + float(TT_TAI)
    edges = tt + np.array(difference(1e-9)(tt))
    x, y, ut1, dx, dy = table.values.T
    values = np.stack([ut1 - offsets, x, y, dx, dy], axis=1)
    steps = np.diff(edges)[:, None]
    if interpolation == "linear":
        slopes = np.diff(values, axis=0) / steps
        return edges, np.stack([values[:-1], slopes], axis=1)
    # The cubic through four days: of the first and last interval it is that of the next one.
    first = np.clip(np.arange(len(edges) - 1) - 1, 0, len(edges) - 4)
    near = first[:, None] + np.arange(4)
    places = (edges[near] - edges[:-1, None]) / steps
    powers = places[..., None] ** np.arange(4)
    cubics = np.linalg.solve(powers, values[near])
    return edges, cubics / steps[..., None] ** np.arange(4)[:, None]
