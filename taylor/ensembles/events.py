"""Events along many trajectories, recorded in machine code one row behind the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taylor.integrator.detection import Detection, Records
from taylor.numbers.precision import Precision
from taylor_runtime.callables.serial import EventLog


@dataclass(slots=True)
class Found:
    """Records of events in one array: of r rows, `counts` (r,); times (k, 2), pairs, states
    (k, n, ..), directions and numbers of the events (k,).
    """

    counts: np.ndarray
    times: np.ndarray
    states: np.ndarray
    directions: np.ndarray
    numbers: np.ndarray


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


def can_watch(detection: Detection | None) -> bool:
    """Whether machine code finds all events by itself: none has more to do, none switches."""
    if detection is None:
        return True
    return not detection.switches and not any(event.asks for event in detection.events)
