"""Events along many trajectories, recorded in machine code one row behind the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from taylor.ensembles.jobs import Jobs
from taylor.integrator.detection import Detection, Records
from taylor.integrator.integrator import Integrator
from taylor.numbers.precision import Precision
from taylor.polynomials.polynomial import Polynomial
from taylor.systems.events import Crossings
from taylor_runtime.callables.serial import EventLog


@dataclass(slots=True)
class Found:
    """Records of events in one array: of r rows, `counts` (r,); times (k, 2), pairs, states
    (k, n, ..), directions and numbers of the events (k,); with derivatives the coefficients of
    times and states, (k, M, ..) and (k, n, M, ..).
    """

    counts: np.ndarray
    times: np.ndarray
    states: np.ndarray
    directions: np.ndarray
    numbers: np.ndarray
    time_maps: np.ndarray | None = None
    state_maps: np.ndarray | None = None


class Watched:
    """The detector that the rows of one share have one after the other."""

    def __init__(self, detection: Detection, count: int) -> None:
        self.detection = detection
        self.log = EventLog(detection.search, count)

    def found(self, kind: Precision, backward: np.ndarray) -> tuple[Found, np.ndarray]:
        """The records of the rows that were finished, and the event that stopped each, or -1."""
        ends = np.maximum.accumulate(np.maximum(self.log.ends, 0))
        counts = np.diff(ends, prepend=0)
        records = Records(*(column[: ends[-1]] for column in self.detection.records(kind)))
        stopped = self._stopped(records.numbers, ends, counts)
        times = records.times
        rows = np.repeat(np.arange(len(counts)), counts)
        sign = np.where(backward, -1.0, 1.0)[rows]
        order = np.lexsort([records.numbers, sign * times[:, 1], sign * times[:, 0], rows])
        parts = (times[order], records.states[order], records.directions[order])
        return Found(counts, *parts, records.numbers[order]), stopped

    def _stopped(self, numbers: np.ndarray, ends: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The first terminal event of each row's last group."""
        events = self.detection.events
        terminal = np.array([event.terminal for event in events])
        stopped = np.full(len(ends), -1, dtype=np.int64)
        for row in np.flatnonzero(counts):
            last = numbers[self.log.groups[row] : ends[row]]
            own = last[terminal[last]]
            if len(own):
                stopped[row] = own[0]
        return stopped


def python_decides(ta: Integrator, dense: bool) -> bool:
    """Whether Python is needed on the way, or where it begins: trajectories go one by one then.

    That is for impulses, dense output, switches, events that have more to do than to be recorded
    (all of those of solutions with derivatives do), displaced initial times, and functions of the
    user, of which one that raises must end its own row alone.
    """
    if dense or ta._schedule.jumps or ta._calls_python:
        return True
    if ta._flow is not None and (ta._detection is not None or ta._flow.variations.time):
        return True
    detection = ta._detection
    if detection is None:
        return False
    return bool(detection.switches) or any(event.asks for event in detection.events)


def gathered(rows: Sequence[Sequence[Crossings]], jobs: Jobs, kind: Precision, maps: bool) -> Found:
    """The records of trajectories that went one by one, in order of time.

    maps: whether records have their times and states with derivatives.
    """
    n, parts = jobs.states.shape[1], (*kind.axes,)
    shapes: list[tuple[tuple[int, ...], Any]] = [
        ((2,), np.float64),
        ((n, *parts), kind.dtype),
        ((), np.int8),
        ((), np.int64),
    ]
    if maps:
        shapes += [((jobs.terms, *parts), kind.dtype), ((n, jobs.terms, *parts), kind.dtype)]
    columns = [[np.empty((0, *shape), dtype)] for shape, dtype in shapes]
    counts = np.zeros(len(rows), dtype=np.int64)
    for row, listed in enumerate(rows):
        counts[row] = sum(map(len, listed))
        if not counts[row]:
            continue
        times = np.concatenate([c.time_pairs for c in listed])
        sign = -1.0 if jobs.ends[row, 0] < jobs.times[row, 0] else 1.0
        order = np.lexsort([sign * times[:, 1], sign * times[:, 0]])
        own = [
            times,
            np.concatenate([c.states for c in listed]),
            np.concatenate([c.directions for c in listed]),
            np.repeat(np.arange(len(listed)), [len(c) for c in listed]),
        ]
        if maps:
            own += [
                np.concatenate([_coefficients(c.time_maps, len(c), *shapes[4]) for c in listed]),
                np.concatenate([_coefficients(c.state_maps, len(c), *shapes[5]) for c in listed]),
            ]
        for column, part in zip(own, columns, strict=True):
            part.append(column[order])
    return Found(counts, *(np.concatenate(part) for part in columns))


def _coefficients(
    maps: Polynomial | None, count: int, shape: tuple[int, ...], dtype: Any
) -> np.ndarray:
    """Those of records; NaN where there are no derivatives."""
    return np.full((count, *shape), np.nan, dtype) if maps is None else maps.coefficients
