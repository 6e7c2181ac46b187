"""Coefficients of gravity: from files of ICGEM and of NASA's Planetary Data System, and shipped."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.checks import check_number
from taylor.errors import ArgumentError, FormatError, ShapeError
from taylor_runtime.program.records import dataclass

_DAY = 86400.0
_YEAR = 365.25 * _DAY
# C_20 of the permanent tide for k_20 = 0.30190 (IERS Conventions 2010, eq. 6.14).
PERMANENT_TIDE = 4.4228e-8 * -0.31460 * 0.30190
_SHIPPED = {"EGM2008": "egm2008.gfc", "LP165P": "lp165p.gfc", "MRO95A": "mro95a.gfc"}
_TIDES = {"tide_free": 0, "non_tidal": 0, "zero_tide": 1}
_NORMS = ("fully_normalized", "unnormalized")


@dataclass(frozen=True)
class Variation:
    """What a coefficient changes by with time, as in ICGEM's lines `trnd`, `acos` and `asin`.

    kind:   "trnd" (per year), "acos" or "asin" (of 2 pi (t - reference)/period).
    n, m:   degree and order.
    c, s:   amounts that belong to C and S.
    reference, period: seconds of TDB since J2000, and seconds (0 for a trend).

    >>> import taylor as ty
    >>> flattening = ty.astrodynamics.Variation("trnd", 2, 0, 1.2e-11, 0.0, 0.0)
    >>> flattening.n, flattening.period
    (2, 0.0)
    """

    kind: str
    n: int
    m: int
    c: float
    s: float
    reference: float
    period: float = 0.0


@dataclass(frozen=True)
class GravityField:
    """Fully normalised coefficients of a body's gravity, as `SphericalHarmonics` takes them.

    name:   of the model.
    gm:     km^3/s^2.
    radius: km; to which the coefficients belong.
    c, s:   arrays of shape (degree + 1, order + 1).
    tide_system: "tide_free", "zero_tide" or "unknown".
    variations:  changes with time; `at` adds them up for one epoch.

    Raises ShapeError for other shapes, ArgumentError for a gm or a radius that is not positive.

    >>> import taylor as ty
    >>> field = ty.astrodynamics.GravityField.shipped("EGM2008", degree=2)
    >>> field.name, field.degree, round(-(5**0.5) * float(field.c[2, 0]), 9)
    ('EGM2008', 2, 0.001082626)
    """

    name: str
    gm: float
    radius: float
    c: NDArray
    s: NDArray
    tide_system: str = "unknown"
    variations: tuple[Variation, ...] = ()

    def __post_init__(self) -> None:
        check_number("GravityField", "gm", self.gm, above=0, unit="km^3/s^2")
        check_number("GravityField", "radius", self.radius, above=0, unit="km")
        c, s = np.shape(self.c), np.shape(self.s)
        if c != s or len(c) != 2 or not 0 < c[1] <= c[0]:
            raise ShapeError(
                f"GravityField: c has shape {c} and s {s}; both must have (degree + 1, order + 1), "
                "order at most degree"
            )

    @property
    def degree(self) -> int:
        """The highest degree n."""
        return self.c.shape[0] - 1

    @property
    def order(self) -> int:
        """The highest order m."""
        return self.c.shape[1] - 1

    @staticmethod
    def shipped(name: str = "EGM2008", degree: int | None = None) -> GravityField:
        """A field that comes with this package, by its name.

        "EGM2008" (the Earth, degree 70), "LP165P" (the Moon, 8), "MRO95A" (Mars, 8).  Its axes are
        `gcrs_to_itrf`, the Moon's principal axes, `body_rotation("mars", t)`.

        Raises ArgumentError for other names.

        >>> import taylor as ty
        >>> ty.astrodynamics.GravityField.shipped("LP165P").degree
        8
        """
        if name not in _SHIPPED:
            raise ArgumentError(
                f"GravityField.shipped: {name!r} is none of {', '.join(_SHIPPED)}; read other "
                "models from their files with GravityField.read"
            )
        text = files(__package__).joinpath("data", _SHIPPED[name]).read_text("utf-8")
        return _parse(text.splitlines(), name, degree)

    @staticmethod
    def read(path: str | Path, degree: int | None = None) -> GravityField:
        """The field of a file: `.gfc` of ICGEM (format 1), or SHADR of the Planetary Data System.

        path:   of the file; ICGEM's ends its header with `end_of_head`.
        degree: where to stop; None for all that there is.

        Units become km and s.  Lines `gfct`, `trnd`, `acos`, `asin` become `variations`.  Raises
        FormatError for what is no such file, and for coefficients with several intervals of time
        (ICGEM's format 2).
        """
        lines = Path(path).read_text("utf-8", errors="replace").splitlines()
        return _parse(lines, Path(path).name, degree)

    def truncated(self, degree: int, order: int | None = None) -> GravityField:
        """The same field up to a lower degree (and order).

        >>> import taylor as ty
        >>> ty.astrodynamics.GravityField.shipped().truncated(4, 0).c.shape
        (5, 1)
        """
        order = degree if order is None else order
        if not 0 <= order <= degree <= self.degree or order > self.order:
            raise ArgumentError(
                f"truncated: degree {degree!r} and order {order!r} are not within {self.degree} "
                f"and {self.order} of {self.name}, order at most degree"
            )
        c, s = (a[: degree + 1, : order + 1].copy() for a in (self.c, self.s))
        kept = tuple(v for v in self.variations if v.n <= degree and v.m <= order)
        return replace(self, c=c, s=s, variations=kept)

    def at(self, time: float) -> GravityField:
        """The field without variations, as it is at `time`, seconds of TDB since J2000."""
        c, s = self.c.copy(), self.s.copy()
        for v in self.variations:
            years = (time - v.reference) / _YEAR
            angle = 2 * math.pi * (time - v.reference) / v.period if v.period else 0.0
            factor = {"trnd": years, "acos": math.cos(angle), "asin": math.sin(angle)}[v.kind]
            c[v.n, v.m] += factor * v.c
            s[v.n, v.m] += factor * v.s
        return replace(self, c=c, s=s, variations=())

    def in_tide_system(self, tide_system: str) -> GravityField:
        """The Earth's field with the permanent tide in C_20 ("zero_tide") or without ("tide_free").

        IERS Conventions (2010), section 6.2.2.  Raises ArgumentError where it is not known.

        >>> import taylor as ty
        >>> free = ty.astrodynamics.GravityField.shipped("EGM2008", degree=2)
        >>> float(round((free.in_tide_system("zero_tide").c[2, 0] - free.c[2, 0]) * 1e9, 4))
        -4.2007
        """
        if tide_system not in _TIDES or self.tide_system not in _TIDES:
            raise ArgumentError(
                f"in_tide_system: from {self.tide_system!r} to {tide_system!r} is not known; it "
                "goes from tide_free to zero_tide and back"
            )
        c = self.c.copy()
        c[2, 0] += (_TIDES[tide_system] - _TIDES[self.tide_system]) * PERMANENT_TIDE
        return replace(self, c=c, tide_system=tide_system)


def _parse(lines: list[str], name: str, degree: int | None) -> GravityField:
    if any(line.startswith("end_of_head") for line in lines):
        return _parse_icgem(lines, name, degree)
    return _parse_shadr(lines, name, degree)


def _number(word: str) -> float:
    return float(word.lower().replace("d", "e"))


def _parse_icgem(lines: list[str], name: str, degree: int | None) -> GravityField:
    end = next(i for i, line in enumerate(lines) if line.startswith("end_of_head"))
    head = {w[0]: w[1] for w in map(str.split, lines[:end]) if len(w) > 1}
    try:
        key = "earth_gravity_constant" if "earth_gravity_constant" in head else "gravity_constant"
        gm, radius = _number(head[key]) / 1e9, _number(head["radius"]) / 1e3
        top = int(head["max_degree"])
        norm, tides = head.get("norm", _NORMS[0]), head.get("tide_system", "unknown")
    except (KeyError, ValueError) as error:
        raise FormatError(f"{name}: its header lacks a constant of gravity: {error}") from None
    if head.get("format", "").endswith("2.0"):
        raise FormatError(
            f"{name}: format icgem2.0, coefficients by intervals of time, is not read"
        )
    if norm not in _NORMS:
        raise FormatError(f"{name}: norm {norm!r} is none of {', '.join(_NORMS)}")
    top = top if degree is None else min(degree, top)
    c, s = np.zeros((top + 1, top + 1)), np.zeros((top + 1, top + 1))
    variations: list[Variation] = []
    references: dict[tuple[int, int], float] = {}
    for number, line in enumerate(lines[end + 1 :], end + 2):
        words = line.split()
        if not words or words[0] not in ("gfc", "gfct", "trnd", "dot", "acos", "asin"):
            continue
        try:
            kind, n, m = words[0], int(words[1]), int(words[2])
            both = _number(words[3]), _number(words[4])
            if n > top:
                continue
            if kind in ("gfc", "gfct"):
                c[n, m], s[n, m] = both
                if kind == "gfct":
                    references[n, m] = _seconds(words[-1])
            elif kind in ("trnd", "dot"):
                variations.append(Variation("trnd", n, m, *both, references.get((n, m), 0.0)))
            else:
                period = _number(words[-1]) * _YEAR
                variations.append(Variation(kind, n, m, *both, references.get((n, m), 0.0), period))
        except (ValueError, IndexError) as error:
            raise FormatError(f"{name}: line {number}, {line.strip()!r}: {error}") from None
    if norm == "unnormalized":
        c, s, variations = _normalised(c, s, variations)
    c[0, 0] = c[0, 0] or 1.0
    tides = "tide_free" if tides == "non_tidal" else tides
    return GravityField(head.get("modelname", name), gm, radius, c, s, tides, tuple(variations))


def _parse_shadr(lines: list[str], name: str, degree: int | None) -> GravityField:
    """One line of radius, GM, its error, degree, order, state of normalisation; then n, m, C, S."""
    try:
        head = [_number(word) for word in lines[0].split(",")]
        radius, gm, top, state = head[0], head[1], int(head[3]), int(head[5])
        top = top if degree is None else min(degree, top)
        c, s = np.zeros((top + 1, top + 1)), np.zeros((top + 1, top + 1))
        for line in lines[1:]:
            words = line.split(",")
            if len(words) > 3 and int(words[0]) <= top:
                c[int(words[0]), int(words[1])] = _number(words[2])
                s[int(words[0]), int(words[1])] = _number(words[3])
    except (ValueError, IndexError) as error:
        raise FormatError(f"{name}: neither a .gfc file nor a SHADR table: {error}") from None
    if state == 0:
        c, s, _ = _normalised(c, s, ())
    elif state != 1:
        raise FormatError(f"{name}: its state of normalisation, {state}, is neither 0 nor 1")
    c[0, 0] = 1.0
    return GravityField(name, gm, radius, c, s)


def _normalised(
    c: NDArray, s: NDArray, variations: Iterable[Variation]
) -> tuple[NDArray, NDArray, list[Variation]]:
    """What belongs to unnormalised functions, divided by their norms."""

    def norm(n: int, m: int) -> float:
        ratio = math.factorial(n - m) / math.factorial(n + m)
        return math.sqrt((2 - (m == 0)) * (2 * n + 1) * ratio)

    c, s = c.copy(), s.copy()
    for n in range(c.shape[0]):
        for m in range(n + 1):
            c[n, m] /= norm(n, m)
            s[n, m] /= norm(n, m)
    found = [replace(v, c=v.c / norm(v.n, v.m), s=v.s / norm(v.n, v.m)) for v in variations]
    return c, s, found


def _seconds(day: str) -> float:
    """Seconds since J2000 (noon of 2000 January 1) of a day as yyyymmdd[.hhmm]."""
    whole, _, clock = day.partition(".")
    days = (date(int(whole[:4]), int(whole[4:6]), int(whole[6:8])) - date(2000, 1, 1)).days
    hours = int(clock[:2] or 0) + int(clock[2:4] or 0) / 60
    return (days - 0.5) * _DAY + hours * 3600
