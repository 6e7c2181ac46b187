"""Earth orientation parameters from files: finals2000A and C04 of the IERS, CelesTrak's tables."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from taylor.displays.tables import MissingPackageError
from taylor.errors import ArgumentError, FormatError
from taylor_runtime.program.records import dataclass

_ARCSECOND = math.pi / 648000


@dataclass(frozen=True)
class EarthTable:
    """Daily values at 0 h UTC.

    days:   modified Julian days, ascending, shape (n,).
    values: shape (n, 5): x_p, y_p in rad, UT1 - UTC in s, dX, dY in rad.
    source: the file.
    """

    days: np.ndarray
    values: np.ndarray
    source: str


def installed(name: str) -> Path:
    """The file of `astropy-iers-data` that is called "finals" or "c04"."""
    try:
        import astropy_iers_data  # type: ignore[import-not-found, import-untyped]
    except ImportError:
        raise MissingPackageError(
            "Earth orientation parameters need the package astropy-iers-data: "
            'pip install "taylor-jit[astrodynamics]"; or give a file of the IERS, or '
            "EarthParameters.constant()"
        ) from None
    files = {
        "finals": astropy_iers_data.IERS_A_FILE,
        "c04": astropy_iers_data.IERS_B_FILE,
    }
    if name not in files:
        raise ArgumentError(f"EarthParameters: {name!r} is neither 'finals' nor 'c04'")
    return Path(files[name])


def read_table(path: Path) -> EarthTable:
    """The table of a file, in whichever of the formats it is.

    Raises FormatError for a file that cannot be read or is in none of them.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"EarthParameters: cannot read {str(path)!r}: {error}") from None
    head = text.lstrip()[:400]
    try:
        if "DATE,MJD" in head:
            rows = list(_celestrak(text))
        elif len(text.split("\n", 1)[0].rstrip("\r")) > 180 and not head.startswith("#"):
            rows = list(_finals(text))
        else:
            rows = list(_c04(text))
    except (ValueError, IndexError, KeyError) as error:
        raise FormatError(f"EarthParameters: {str(path)!r} is damaged: {error}") from None
    if len(rows) < 4:
        raise FormatError(
            f"EarthParameters: {str(path)!r} is no table of finals2000A, C04 or CelesTrak"
        )
    table = np.array(rows)
    if not (np.isfinite(table).all() and (np.diff(table[:, 0]) > 0).all()):
        raise FormatError(f"EarthParameters: {str(path)!r} has gaps, or days that do not ascend")
    values = table[:, 1:] * [_ARCSECOND, _ARCSECOND, 1.0, _ARCSECOND, _ARCSECOND]
    return EarthTable(table[:, 0].astype(int), values, str(path))


Row = tuple[float, float, float, float, float, float]  # MJD, arcseconds, and s of UT1 - UTC


def _finals(text: str) -> Iterator[Row]:
    """Final values (Bulletin B) where there are some, else rapid ones and predictions (A)."""
    dx = dy = 0.0
    for line in text.splitlines():
        final = line[134:185].strip()
        if not line[58:68].strip():
            continue
        if final:
            x, y, ut1 = float(line[134:144]), float(line[144:154]), float(line[154:165])
        else:
            x, y, ut1 = float(line[18:27]), float(line[37:46]), float(line[58:68])
        places = ((165, 175), (175, 185)) if final else ((97, 106), (116, 125))
        pole = [line[a:b].strip() for a, b in places]
        if all(pole):  # predictions end earlier: the last of them holds on
            dx, dy = (float(value) / 1000 for value in pole)
        yield float(line[7:15]), x, y, ut1, dx, dy


def _c04(text: str) -> Iterator[Row]:
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 10 or not fields[0].isdigit():
            continue
        if len(fields) >= 20:  # of 2020: year, month, day, hour, MJD, x, y, UT1 - UTC, dX, dY
            day, x, y, ut1, dx, dy = map(float, fields[4:10])
        else:  # of 2014: year, month, day, MJD, x, y, UT1 - UTC, LOD, dX, dY
            day, x, y, ut1, _, dx, dy = map(float, fields[3:10])
        yield day, x, y, ut1, dx, dy


def _celestrak(text: str) -> Iterator[Row]:
    for row in csv.DictReader(io.StringIO(text.lstrip())):
        columns = (row[name] or "" for name in ("MJD", "X", "Y", "UT1-UTC", "DX", "DY"))
        day, x, y, ut1, dx, dy = map(float, columns)
        yield day, x, y, ut1, dx, dy
