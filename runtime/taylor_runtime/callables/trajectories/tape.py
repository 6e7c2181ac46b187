"""What a trajectory leaves on its way, so that somebody can go back over it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from taylor_runtime.callables.memory import aligned_empty
from taylor_runtime.callables.stepper import Stepper, taped
from taylor_runtime.callables.trajectories.room import ALL
from taylor_runtime.callables.trajectory import StepMemory
from taylor_runtime.steps.control import RECORD_HEADER

BUFFER = 1 << 17  # doubles of records that are handed on at a time, or so
SHARE = 4  # of the memory that there is for them, this part at a time
FEWEST_RECORDS, MOST_RECORDS = 64, 1 << 12

Memory = dict[str, np.ndarray]  # see `StepRoom.memory`


class Begun(NamedTuple):
    """Where k steps began: headers (k, 4), [time, time_low, scale, step]; states (parts, k, n)."""

    headers: np.ndarray
    states: np.ndarray


def _runs(slots: list[int]) -> list[tuple[slice, slice]]:
    """Places of states, as slices, and where they are: neighbours whose places are equally far
    apart, as those of the bodies' positions.
    """
    found: list[list[int]] = []  # first place, distance, first slot, count
    for slot, place in sorted((slot, place) for place, slot in enumerate(slots)):
        first, step, start, count = found[-1] if found else (0, 0, -2, 0)
        if (
            slot == start + count
            and place > first
            and (count == 1 or place == first + count * step)
        ):
            found[-1] = [first, place - first if count == 1 else step, start, count + 1]
        else:
            found.append([place, 1, slot, 1])
    return [
        (slice(first, first + (count - 1) * step + 1, step), slice(start, start + count))
        for first, step, start, count in found
    ]


class TapedMemory(StepMemory):
    """A trajectory that hands on where its steps began, as many at a time as fit its buffer.

    taping: whether it does; else it is like any other.
    """

    taping: bool
    recorder: Stepper
    _taped_for = 0  # bytes

    def tape(self, budget: int) -> None:
        """From now on; budget: bytes for all that is handed on, if it is kept."""
        self.taping = True
        if budget == self._taped_for:
            return
        self._taped_for = budget
        self.recorder = taped(self.stepper)
        length = self.recorder.record_length
        most = min(BUFFER, budget // (8 * SHARE)) // length
        self.room = max(FEWEST_RECORDS, min(MOST_RECORDS, most))
        self._runs = _runs(self.slots.tolist())
        # Behind the last record is room for what the next one writes over.
        self._records = aligned_empty((self.room + 1) * length + self.stepper.record_length)

    def begun(self) -> None:
        """A stretch of the way begins: what it begins with is `memory()`."""

    def handed_on(self, steps: Begun) -> None:
        """Steps were made since it began."""

    def run(self) -> int:
        """As ever; see `StepMemory.run`."""
        if not self.taping:
            return super().run()
        control = self.control
        if not control.records and not control.pending:
            self.begun()
        return self.recorder.run(control, self.addresses())

    def start_recording(self, keep_all: bool, grid: np.ndarray | None) -> None:
        """Prepare for the states at times (k, 2), too."""
        if not self.taping:
            super().start_recording(keep_all, grid)
            return
        super().start_recording(False, grid)
        self.control.recording = ALL
        self.control.records_wanted = self.room

    def grow_records_if_full(self) -> None:
        """Hand the records on where there is no room for another one."""
        if not self.taping:
            super().grow_records_if_full()
        elif self.control.records == self.control.records_wanted:
            self.hand_on()

    def hand_on(self) -> None:
        """Hand on what there is."""
        count = self.control.records
        if count:
            self.control.records = 0
            self.handed_on(self._begun(count))

    def _begun(self, count: int) -> Begun:
        length, size = self.recorder.record_length, self.stepper.size
        rows = self._records[: count * length].reshape(count, length)
        numbers = rows.view(self._dtype)
        first = numbers.shape[1] // length * RECORD_HEADER  # what is before the states
        apart = (self.stepper.program.order + 1) * size  # of the parts of a number
        states = np.empty((self._parts, count, len(self.slots)), self._dtype)
        for part in range(self._parts):
            given = numbers[:, first + part * apart :]
            for places, slots in self._runs:
                states[part][:, places] = given[:, slots]
        return Begun(np.array(rows[:, :RECORD_HEADER]), states)

    def steps_from(self, memory: Memory, end: tuple[float, float], count: int) -> Begun:
        """The same `count` steps again, from what the stretch began with, towards its end."""
        self.restore(memory)
        self.end = end
        return self._more(count)

    def _more(self, count: int) -> Begun:
        """The next steps, as many at most."""
        control = self.control
        control.recording, control.records, control.records_wanted = ALL, 0, count
        control.grid_count = control.grid_next = 0
        control.steps_wanted = control.steps + count + 1
        room = (count + 1) * self.recorder.record_length + self.stepper.record_length
        if len(self._records) < room:
            self._records = aligned_empty(room)
        if count:
            self.recorder.run(control, self.addresses())
        found = self._begun(control.records)
        control.records = 0
        return found

    def steps_between(
        self, planes: np.ndarray, time: tuple[float, float], end: tuple[float, float], most: float
    ) -> Begun:
        """The steps from a state and time to an end, none of them longer than `most`."""
        self.forget_step()
        self.put(planes, time)
        self.control.max_step, self.end = most, end
        found = [self._more(self.room)]
        while len(found[-1].headers) == self.room:
            found.append(self._more(self.room))
        if len(found) == 1:
            return found[0]
        headers, states = zip(*found, strict=True)
        return Begun(np.concatenate(headers), np.concatenate(states, axis=1))
