"""Catalogues of element sets, propagated to many times at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import TypeAlias

import numpy as np

from taylor.astrodynamics.satellites.elements import MeanElements
from taylor.astrodynamics.satellites.instants import Number, Times, since_epochs
from taylor.astrodynamics.satellites.partials import joined, of_branch, positions_of
from taylor.astrodynamics.satellites.programs import classifier
from taylor.astrodynamics.satellites.reading import (
    EPOCH_ZERO,
    FIELDS,
    Satellite,
    objects_of_text,
    read_lines,
    read_message,
)
from taylor.astrodynamics.satellites.runs import Group, Places, Workspace
from taylor.astrodynamics.satellites.sgp4.gravity import as_gravity
from taylor.astrodynamics.satellites.sgp4.theory import BRANCHES, check_mode
from taylor.astrodynamics.satellites.states import SatelliteStates
from taylor.errors import ArgumentTypeError, FormatError, ShapeError
from taylor.numbers.checks import checked_threads
from taylor.points.partials import Derivatives
from taylor.points.results import Spare

Source: TypeAlias = (
    "str | Path | MeanElements | Iterable[Satellite | Sequence[str] | Mapping[str, str]]"
)


class Catalogue:
    """Element sets that SGP4 propagates to many times at once, in machine code.

    Results are those of the package `sgp4` to 1e-9 km, but that positions of decayed objects are
    NaN, as all others with an error.

    >>> import numpy as np
    >>> import taylor as ty
    >>> elements = ty.astrodynamics.MeanElements(
    ...     mean_motion=np.array([0.0676, 0.0044]),
    ...     eccentricity=np.array([0.001, 0.01]),
    ...     inclination=np.array([0.9, 0.1]),
    ...     ascending_node=np.array([1.0, 2.0]),
    ...     argument_of_pericentre=np.array([3.0, 4.0]),
    ...     mean_anomaly=np.array([5.0, 6.0]),
    ...     bstar=np.array([1e-5, 0.0]),
    ...     epoch=np.array([27000.5, 27001.25]),
    ... )
    >>> found = ty.astrodynamics.Catalogue(elements).propagate(minutes=np.linspace(0, 90, 7))
    >>> found.positions.shape, found.errors.any()
    ((2, 7, 3), np.False_)
    """

    def __init__(
        self,
        source: Source,
        *,
        gravity: str = "wgs72",
        mode: str = "i",
        threads: int = 1,
        checksums: bool = True,
    ) -> None:
        """
        source:  the path of a file of two-line elements or of OMM (XML or CSV), or the text of
                 one (of more than a line); or objects of the package `sgp4`, pairs of lines, or
                 OMM fields by keyword; or `MeanElements` whose fields are arrays of one length.
        gravity: "wgs72", which element sets are made with, "wgs72-old" or "wgs84".
        mode:    "i" (improved) or "a" (as the Air Force's programs of old).
        threads: how many share the work; results are the same.
        checksums: whether those of two-line elements have to fit.

        Raises FormatError for text that is no element set, ArgumentError for other wrong values.
        """
        as_gravity(gravity)
        check_mode(mode)
        self.gravity, self.mode, self.threads = gravity, mode, checked_threads(threads)
        self._spaces: deque[Workspace] = deque()  # threads take from it, and give back
        self._spare = Spare()
        self._set(_columns(source, checksums))

    def _set(self, columns: list[np.ndarray]) -> None:
        """Seven elements and the dates of the epochs in two parts: sort the objects by branches."""
        gravity, mode = self.gravity, self.mode
        self._columns = columns
        self._dates = columns[7], columns[8]
        days = (columns[7] + columns[8]) - EPOCH_ZERO
        self._elements = [*columns[:7], days]
        self.elements = MeanElements(*self._elements)
        branches = classifier(gravity)(*self._elements).astype(int)
        self._groups = [
            Group(np.flatnonzero(branches == number), self._elements, number, gravity, mode)
            for number in np.unique(branches).tolist()
        ]
        self.branches = tuple(BRANCHES[number] for number in branches.tolist())

    def __reduce__(self) -> tuple[object, ...]:
        return _load, (self._columns, self.gravity, self.mode, self.threads)

    def __repr__(self) -> str:
        return f"<Catalogue: {len(self)} objects, {self.gravity}>"

    def __len__(self) -> int:
        return len(self.branches)

    def propagate(
        self,
        times: Times | None = None,
        *,
        minutes: Number | None = None,
        out: SatelliteStates | None = None,
    ) -> SatelliteStates:
        """Positions, velocities and errors of all objects at times.

        times:   common to all: Julian dates of UTC in two parts (jd, fraction), each a number or an
                 array, or an `Epoch` or a sequence of these.
        minutes: instead, since the epoch of each object: shape (times,) or (objects, times).
        out:     what an equal call has returned: its memory is used again.
        """
        since = since_epochs(times, minutes, self._dates)
        results = self._results(since.count, out)
        jobs = []
        for group in self._groups if since.count else []:
            places = group.places(since)
            jobs += [(group, block, places) for block in group.blocks(since.count)]

        def work(job: tuple[Group, slice, Places | None]) -> None:
            group, block, places = job
            at = self._spaces.pop() if self._spaces else Workspace()
            group.run(block, since, places, at, results)
            self._spaces.append(at)

        if self.threads == 1:
            for job in jobs:
                work(job)
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(work, jobs))
        return results

    def derivatives(
        self,
        times: Times | None = None,
        order: int = 1,
        *,
        minutes: Number | None = None,
        wrt: Sequence[str] | None = None,
    ) -> Derivatives:
        """Derivatives of the states of all objects by their mean elements, to an order.

        times, minutes: as for `propagate`.
        wrt:            names of the elements; all seven unless given.

        Returns `taylor.Derivatives` of the six components of position (km) and velocity (km/s) at
        (objects, times); its `jacobian` has shape (6, elements, objects, times).  NaN where there
        is an error.  Kepler's equation is solved to the last digit, see `sgp4`.

        >>> import taylor as ty
        >>> elements = ty.astrodynamics.MeanElements(0.0676, 0.001, 0.9, 1.0, 3.0, 5.0)
        >>> catalogue = ty.astrodynamics.Catalogue(elements)
        >>> catalogue.derivatives(minutes=[0.0, 45.0], wrt=["mean_motion"]).jacobian.shape
        (6, 1, 1, 2)
        """
        since, chosen = since_epochs(times, minutes, self._dates), positions_of(wrt)
        parts = []
        for group in self._groups if since.count else []:
            shape = len(group.rows), since.count
            at = since.of(group.rows, np.empty(shape), np.empty(shape))
            elements = [column[group.rows, None] for column in self._elements]
            how = order, chosen, self.gravity, self.mode
            parts.append((group.rows, of_branch(group.branch, elements, at, *how)))
        return joined(parts, (len(self), since.count), order, chosen)

    def _results(self, times: int, out: SatelliteStates | None) -> SatelliteStates:
        """Where results go: new memory, or that of others."""
        shape = (len(self), times)
        if out is None:
            states = self._spare.array((6, *shape), np.dtype(np.float64))
            return SatelliteStates(states, np.empty(shape, np.uint8))
        if out.errors.shape != shape:
            raise ShapeError(
                f"out must be what a call with {times} times has returned; "
                f"it has those of {out.errors.shape[1]}"
            )
        return out


def _load(columns: list[np.ndarray], gravity: str, mode: str, threads: int) -> Catalogue:
    catalogue = Catalogue((), gravity=gravity, mode=mode, threads=threads)
    catalogue._set(columns)
    return catalogue


def _columns(source: Source, checksums: bool) -> list[np.ndarray]:
    """Seven elements, and the Julian dates of the epochs in two parts, each an array."""
    if isinstance(source, MeanElements):
        return _of_arrays(source)
    if isinstance(source, str | Path):
        is_text = isinstance(source, str) and "\n" in source
        text = str(source) if is_text else _read(source)
        objects = list(objects_of_text(text, checksums))
        if not objects:
            where = "this text" if is_text else f"the file {source}"
            raise FormatError(f"no two-line elements and no OMM in {where}")
    else:
        if not isinstance(source, Iterable):
            raise ArgumentTypeError(
                f"Catalogue: {source!r:.80} is no path, text, MeanElements or list of objects"
            )
        objects = [_object(given, checksums) for given in source]
    return [np.array([getattr(o, name) for o in objects], np.float64) for name in FIELDS]


def _read(path: str | Path) -> str:
    """The text of a file; FormatError where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise FormatError(
            f"Catalogue: cannot read the file {str(path)!r}: {error.strerror or error}; the text "
            "of element sets has more than one line"
        ) from None
    except UnicodeDecodeError:
        raise FormatError(f"Catalogue: {str(path)!r} is no text file") from None


def _object(given: Satellite | Sequence[str] | Mapping[str, str], checksums: bool) -> Satellite:
    if isinstance(given, Mapping):
        return read_message(given)
    if isinstance(given, Sequence):
        if len(given) != 2:
            raise ArgumentTypeError(f"an object is a pair of lines, got {given!r}")
        return read_lines(given[0], given[1], checksums)
    if not hasattr(given, "no_kozai"):
        raise ArgumentTypeError(
            "an object is a Satrec of the package sgp4, a pair of lines, or the fields of an OMM; "
            f"got {given!r}"
        )
    return given


def _of_arrays(elements: MeanElements) -> list[np.ndarray]:
    values = [getattr(elements, field.name) for field in fields(elements)]
    try:
        columns = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in values))
    except (TypeError, ValueError) as error:
        raise ShapeError(f"a catalogue of arrays needs numbers of one length: {error}") from None
    *seven, days = (np.atleast_1d(column) for column in columns)
    if days.ndim != 1:
        raise ShapeError(f"elements of a catalogue have one axis, got shape {days.shape}")
    whole = np.floor(days)
    return [*seven, whole + EPOCH_ZERO, days - whole]
