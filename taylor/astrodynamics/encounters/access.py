"""When objects are seen from the ground."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from taylor.astrodynamics.encounters.crossings import intervals
from taylor.astrodynamics.encounters.hermite import Ephemeris, sampled
from taylor.astrodynamics.encounters.station import (
    Mask,
    Rotation,
    Station,
    look_at,
    lowest,
    matrix_at,
    slope_at,
)
from taylor.astrodynamics.formulas import Formula
from taylor.displays import html, tables
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.types import ValueLike
from taylor.programs.products import jvp
from taylor_runtime.program.records import dataclass

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Windows:
    """Spans of time, in the order of stations, objects and times; arrays with one item for each.

    stations, objects: numbers of both.
    begins, ends: times; those of the first and the last sample where a span is cut off there.

    Made by `access`.
    """

    stations: np.ndarray
    objects: np.ndarray
    begins: np.ndarray
    ends: np.ndarray

    def __len__(self) -> int:
        return len(self.begins)

    def __repr__(self) -> str:
        if not len(self):
            return "<Windows: none>"
        first, last = float(self.begins.min()), float(self.ends.max())
        return f"<Windows: {len(self)}, from {first:.10g} to {last:.10g} s>"

    def _repr_html_(self) -> str:
        columns = (self.stations, self.objects, self.begins, self.ends, self.durations)
        head = ("station", "object", "begins", "ends", "lasts")
        rows = zip(*columns, strict=True)
        return html.facts("Windows", {"number": len(self)}, html.table(head, rows, len(self)))

    def to_dataframe(self) -> pandas.DataFrame:
        """A pandas table with a line for each.

        Raises MissingPackageError without pandas.
        """
        names = ("station", "object", "begins", "ends")
        columns = (self.stations, self.objects, self.begins, self.ends)
        number = {"number": np.arange(len(self))}
        return tables.dataframe("to_dataframe", number, dict(zip(names, columns, strict=True)))

    @property
    def durations(self) -> np.ndarray:
        """How long each lasts."""
        found: np.ndarray = self.ends - self.begins
        return found


def access(
    stations: Station | Sequence[Station], ephemeris: Ephemeris, times: ValueLike
) -> Windows:
    """Return when objects are above the masks of stations.

    ephemeris, times: as for `conjunctions`; of the elevation between times the cubic through values
        and slopes is taken, and passes that begin and end between two times are found.  On low
        orbits begins and ends are right to 0.05 s at steps of 30 s.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> station = sky.Station("here", (6378.137, 0.0, 0.0))
    >>> times = np.arange(0, 7000.0, 30.0)
    >>> def one(t):
    ...     r, v = sky.kepler_propagate([7378.137, 0, 0], [0, 7.35, 0], t, 398600.4418)
    ...     return r[None], v[None]
    >>> sky.access(station, one, times).begins.round(0).tolist()
    [0.0, 5778.0]
    """
    listed = _listed(stations)
    instants, (places, speeds) = sampled("access", ephemeris, times)
    found = []
    turned: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for number, station in enumerate(listed):
        key = id(station.rotation)
        if key not in turned:
            turned[key] = _on_the_ground(station.rotation, instants, places, speeds)
        values, slopes = _rising(station.mask)(*turned[key], *station.geometry())
        which, begins, ends = intervals(instants, values, slopes)
        found.append((np.full(len(which), number), which, begins, ends))
    return Windows(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _listed(stations: object) -> list[Station]:
    """One or several stations."""
    several = isinstance(stations, Iterable) and not isinstance(stations, str)
    listed: list[Any] = list(stations) if several else [stations]  # type: ignore[call-overload]
    for station in listed:
        if not isinstance(station, Station):
            raise ArgumentTypeError(f"access: {station!r:.80} is no Station")
        if any(isinstance(x, Expression) for x in station.place):
            raise ArgumentError(f"access: the place of {station.name} must be numbers")
    if not listed:
        raise ArgumentError("access: there are no stations; give one or several")
    return listed


def _on_the_ground(
    rotation: Rotation | None, times: np.ndarray, places: np.ndarray, speeds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Positions and velocities in the axes of the Earth."""
    matrix, slope = matrix_at(rotation, times), slope_at(rotation, times)
    fixed = np.einsum("tij,ntj->nti", matrix, places)
    moving = np.einsum("tij,ntj->nti", matrix, speeds) + np.einsum("tij,ntj->nti", slope, places)
    return fixed, moving


@cache
def _rising(mask: Mask) -> Formula:
    """The elevation beyond the mask, and its derivative, of positions and velocities on Earth."""

    def rising(fixed: Any, moving: Any, *geometry: Any) -> Any:
        def above(r: Any) -> Any:
            azimuth, elevation, _ = look_at(r, *geometry)
            return elevation - lowest(mask, azimuth)

        return jvp(above, (fixed,), (moving,))

    return Formula(rising, "(3),(3),(3),(3),(3),(3)->(),()")
