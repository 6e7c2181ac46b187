"""Events along many trajectories, recorded in machine code one row behind the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taylor.integrator.detection import Detection
from taylor.integrator.memory import Machine


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
        detection.forget()
        self.detection = detection
        self.fresh = detection.block.copy()
        self.known = detection.knowledge()
        self.known_fresh = self.known.copy()
        self.ends = np.full(count, -1, dtype=np.int64)  # where the records of each row end
        self.groups = np.zeros(count, dtype=np.int64)

    def addresses(self) -> dict[str, int]:
        """For `rt.row_loop`."""
        arrays = {
            "events": self.detection.block,
            "fresh": self.fresh,
            "known": self.known,
            "known_fresh": self.known_fresh,
            "counts": self.ends,
            "groups": self.groups,
        }
        found = {name: int(array.ctypes.data) for name, array in arrays.items()}
        return {**found, "known_words": len(self.known)}

    def grow(self) -> None:
        """More room for records."""
        self.detection.grow()
        for name in ("records", "capacity"):
            self.fresh[name] = self.detection.block[name]

    def found(self, machine: Machine, backward: np.ndarray) -> tuple[Found, np.ndarray]:
        """The records of the rows that were finished, and the event that stopped each, or -1."""
        ends = np.maximum.accumulate(np.maximum(self.ends, 0))
        counts = np.diff(ends, prepend=0)
        headers, states = self.detection.records(machine)
        headers, states = headers[: ends[-1]], states[: ends[-1]]
        stopped = self._stopped(headers, ends, counts)
        times = headers[:, 1:3]
        rows = np.repeat(np.arange(len(counts)), counts)
        numbers = headers[:, 0].astype(np.int64)
        sign = np.where(backward, -1.0, 1.0)[rows]
        order = np.lexsort([numbers, sign * times[:, 1], sign * times[:, 0], rows])
        directions = headers[:, 3].astype(np.int8)
        parts = (times[order], states[order], directions[order], numbers[order])
        return Found(counts, *parts), stopped

    def _stopped(self, headers: np.ndarray, ends: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The first terminal event of each row's last group."""
        events = self.detection.events
        terminal = np.array([event.terminal for event in events])
        stopped = np.full(len(ends), -1, dtype=np.int64)
        for row in np.flatnonzero(counts):
            numbers = headers[self.groups[row] : ends[row], 0].astype(np.int64)
            own = numbers[terminal[numbers]]
            if len(own):
                stopped[row] = own[0]
        return stopped


def can_watch(detection: Detection | None) -> bool:
    """Whether machine code finds all events by itself: none has a callback, none switches."""
    if detection is None:
        return True
    return not detection.switches and all(event.callback is None for event in detection.events)
