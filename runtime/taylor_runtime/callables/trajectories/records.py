"""What a trajectory records of its steps, and its states at the times of a grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from taylor_runtime.callables.memory import Pair, aligned_zeros, grid_filler, grid_parts
from taylor_runtime.callables.trajectories.room import ALL, LATEST, STATE, StepRoom
from taylor_runtime.steps.control import RECORD_HEADER

FIRST_RECORDS = 64


class StepRecords(NamedTuple):
    """Polynomials of k steps.

    starts: (k, 2), pairs of their times; end: that of the last; scales: (k,), of time; planes:
    (parts, k, order + 1, n), scaled coefficients.
    """

    starts: np.ndarray
    end: Pair
    scales: np.ndarray
    planes: np.ndarray


class RecordedSteps(StepRoom):
    """A trajectory whose steps are recorded where somebody asks for it."""

    def start_recording(self, keep_all: bool, grid: np.ndarray | None) -> None:
        """Prepare for dense output, for the states at times (k, 2), for both or neither."""
        control = self.control
        self.watch(0, 0)
        control.recording = ALL if keep_all else (LATEST if grid is not None else 0)
        control.records = 0
        control.records_wanted = FIRST_RECORDS if keep_all else -1
        room = (FIRST_RECORDS + 1) * self.stepper.record_length
        if keep_all and len(self._records) != room:
            self._records = aligned_zeros(room)
        control.grid_next = 0
        control.grid_count = count = 0 if grid is None else len(grid)
        if grid is not None:
            control.grid_filler = grid_filler(self.stepper.options.precision)
            numbers = self._parts * count * self.stepper.size
            self._grid = aligned_zeros(2 * count + numbers)  # more than enough for float32
            times, lows, _ = self._grid_parts()
            times[:], lows[:] = grid.T
            if times[0] == control.time:  # no step need be taken to know the state there
                self._grid_places()[:, 0] = self._vectors[:, STATE]
                control.grid_next = 1

    def _grid_parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return grid_parts(self._grid, self.control.grid_count, self._dtype)

    def _grid_places(self) -> np.ndarray:
        """The places' states at the grid's times: shape (parts, times, places), a view."""
        count, size = self.control.grid_count, self.stepper.size
        room = self._grid_parts()[2]
        return room[: self._parts * count * size].reshape(self._parts, count, size)

    def grow_records_if_full(self) -> None:
        """Double the room for records where none is left."""
        control = self.control
        if control.recording != ALL or control.records != control.records_wanted:
            return
        control.records_wanted = wanted = 2 * control.records_wanted
        larger = aligned_zeros((wanted + 1) * self.stepper.record_length)
        larger[: len(self._records)] = self._records
        self._records = larger

    def skip_grid(self, direction: float) -> None:
        """Time was set: nothing is known at the times of a grid that were jumped over."""
        control = self.control
        times = self._grid_parts()[0]
        place = control.grid_next
        while place < len(times) and (times[place] - control.time) * direction < 0:
            self._grid_places()[:, place] = np.nan
            place += 1
        control.grid_next = place

    def overwrite_grid(self) -> bool:
        """The state jumped at the present time: a grid shows it behind the jump.

        Returns whether it has this time.
        """
        last = self.control.grid_next - 1
        times, lows, _ = self._grid_parts()
        found = last >= 0 and (times[last], lows[last]) == self.time
        if found:
            self._grid_places()[:, last] = self._vectors[:, STATE]
        return bool(found)

    def grid_planes(self) -> np.ndarray:
        """States at the times of the grid that were reached: (parts, times, n)."""
        return self._grid_places()[:, : self.control.grid_next, self.slots]

    def grid_polynomials(self) -> np.ndarray:
        """The same with derivatives: (parts, times, n, M)."""
        return self._by_state(self._grid_places()[:, : self.control.grid_next, self._all_slots])

    def step_records(self, whole: bool = False) -> StepRecords | None:
        """What was recorded of all steps; None without any.

        whole: with derivatives, the numbers of all states side by side.
        """
        count = self.control.records
        return self._first_records(count, whole) if count else None

    def step_starts(self) -> tuple[np.ndarray, np.ndarray]:
        """Times (k,) and states (k, n) in float64 at which the recorded steps began."""
        count, length = self.control.records, self.stepper.record_length
        rows = self._records[: count * length].reshape(count, length)
        states = rows[:, RECORD_HEADER:].view(self._dtype)[:, self.slots_of(False)]
        return rows[:, 0].copy(), states

    def _first_records(self, count: int, whole: bool = False) -> StepRecords:
        return self._records_in(self._records[: count * self.stepper.record_length], whole)

    def _records_in(self, memory: np.ndarray, whole: bool) -> StepRecords:
        size, orders = self.stepper.size, self.stepper.program.order + 1
        rows = memory.reshape(-1, self.stepper.record_length)
        count = len(rows)
        numbers = rows[:, RECORD_HEADER:].view(self._dtype)[:, : self._parts * orders * size]
        shaped = numbers.reshape(count, self._parts, orders, size)
        planes = np.take(shaped, self.slots_of(whole), axis=-1)  # one copy, in C's order
        return StepRecords(
            starts=np.array(rows[:, :2]),
            end=self.time,
            scales=np.array(rows[:, 2]),
            planes=np.moveaxis(planes, 1, 0),
        )

    def record(self, accepted: bool) -> StepRecords:
        """The polynomials of the step that was made last, with derivatives.

        accepted: whether it has been.
        """
        control = self.control
        index = control.records - int(accepted) if control.recording == ALL else 0
        length = self.stepper.record_length
        return self._records_in(self._records[index * length : (index + 1) * length], True)
