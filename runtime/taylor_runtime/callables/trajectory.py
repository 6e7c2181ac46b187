"""One trajectory of a compiled step loop: its memory, what can be told it, and what it tells."""

from __future__ import annotations

import sys
from operator import is_
from typing import NamedTuple, Self

import numpy as np

from taylor_runtime.callables.memory import (
    ControlBlock,
    Pair,
    address_of,
    aligned_rooms,
    aligned_zeros,
    as_planes,
    doubles_of_planes,
    grid_filler,
    grid_parts,
    polynomials_of,
)
from taylor_runtime.callables.stepper import Stepper
from taylor_runtime.program.codes import NON_FINITE
from taylor_runtime.program.kinds import KINDS
from taylor_runtime.steps.control import RECORD_HEADER
from taylor_runtime.steps.states import VECTORS

FIRST_RECORDS = 64
STATE, ERROR, BEFORE, ERROR_BEFORE = range(4)  # the first of the vectors of states
ALL, LATEST = 1, 2  # what `recording` keeps of the records of steps


class StepRecords(NamedTuple):
    """Polynomials of k steps.

    starts: (k, 2), pairs of their times; end: that of the last; scales: (k,), of time; planes:
    (parts, k, order + 1, n), scaled coefficients.
    """

    starts: np.ndarray
    end: Pair
    scales: np.ndarray
    planes: np.ndarray


class StepMemory:
    """One trajectory's control block, state vector and workspace for a compiled stepper.

    States go in and out as planes: (parts, n) in the user's order; parameters are planes, too.
    Those of a flow have M numbers each, which `put` takes: first the states, then all others of the
    first, the second, ...; states alone are what is told, if `polynomials` does not ask for all.

    floors: atol / rtol of every state; None with one norm over the state.
    """

    def __init__(self, stepper: Stepper, defect_bound: float, floors: np.ndarray | None) -> None:
        self.stepper = stepper
        precision = stepper.options.precision
        self._dtype, self._parts = KINDS[precision].dtype, KINDS[precision].parts
        self.slots = np.array(stepper.shown.slots, dtype=np.intp)
        self._all_slots = np.array(stepper.states.slots, dtype=np.intp)
        self.padding = np.array(stepper.states.padding(), dtype=np.intp)
        counts = VECTORS * stepper.size, stepper.parameters, stepper.workspace
        planes = [doubles_of_planes(count, precision) for count in counts]
        self._rooms = aligned_rooms(*planes, stepper.size, stepper.record_length, 1)
        self.control = ControlBlock()
        self._make_room()
        if floors is not None:
            self._tolerances[:] = floors[self.padding]
        self.control.defect_bound = defect_bound
        self.forget_step()

    def _make_room(self) -> None:
        rooms, whole = self._rooms, aligned_zeros(self._rooms[-1].stop)
        states, parameters, work, *rest = [whole[room] for room in rooms]
        kind = self.stepper.options.precision
        self.states, self.parameters = as_planes(states, kind), as_planes(parameters, kind)
        self._work = as_planes(work, kind)
        self._tolerances, self._records, self._grid = rest
        size = self.stepper.size
        vectors = self.states[:, : VECTORS * size]
        self._vectors = vectors.reshape(self._parts, VECTORS, size)
        self._arrays: tuple[np.ndarray, ...] = ()
        self._addresses: list[int] = []

    def copy(self) -> Self:
        """One in the same state with memory of its own; the machine code is shared."""
        other = self._with_room()
        other.control = self.control.copy()
        other.states[:] = self.states
        other.parameters[:] = self.parameters
        if len(self._records) != self.stepper.record_length:
            other._records = aligned_zeros(len(self._records))
        other.watch(0, 0)
        return other

    def _with_room(self) -> Self:
        """One with equal tolerances, and memory in which is nothing yet."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._make_room()
        other._tolerances[:] = self._tolerances
        return other

    def memory(self) -> dict[str, np.ndarray]:
        """What a resumed run needs: plain arrays, with the states in the user's order."""
        return {
            "control": self.control.to_array(),
            "vectors": self._vectors[..., self._all_slots].copy(),
            "parameters": self.parameters.copy(),
        }

    def restore(self, memory: dict[str, np.ndarray]) -> None:
        """The inverse of `memory`."""
        self.control.take(memory["control"])
        self.watch(0, 0)
        self._vectors[:] = memory["vectors"][..., self.padding]
        self.parameters[:] = memory["parameters"]

    # -- what it is told ------------------------------------------------------------------------

    def forget_step(self) -> None:
        """Start afresh: no previous step, no accumulated rounding error."""
        control = self.control
        control.step = control.estimate = control.longest = 0.0
        control.scale, control.limit = 1.0, np.inf
        control.pending = control.overflowed = control.rescaled = control.window_end = 0
        self._vectors[:, ERROR] = 0.0

    def begin_counting(self) -> None:
        """A call begins, with nothing counted; the longest step so far is remembered."""
        control = self.control
        self.ask_for(control.largest_step)
        control.smallest_step, control.largest_step = np.inf, 0.0
        control.steps = control.retracted = control.window_end = 0

    def ask_for(self, step: float) -> None:
        """Steps as long as this are no sign that time does not come on."""
        self.control.longest = max(self.control.longest, step)

    def take_back(self) -> bool:
        """Where a function that the step loop called raised: back to the last accepted step.

        Returns whether one did.
        """
        control = self.control
        if not control.raised:
            return False
        if control.pending:
            self._vectors[:, :BEFORE] = self._vectors[:, BEFORE : ERROR_BEFORE + 1]
            control.time, control.time_low = control.previous_time, control.previous_time_low
            control.pending = 0
        if not control.estimate:
            control.scale, control.rescaled = 1.0, 0
        control.overflowed = control.raised = 0
        return True

    def put(self, planes: np.ndarray, time: Pair) -> None:
        """A state and its time."""
        self._vectors[:, STATE] = planes[:, self.padding]
        self.control.time, self.control.time_low = time

    def watch(self, detector: int, events: int) -> None:
        """Hand every step to the detector at an address, with its block; 0: to none."""
        control = self.control
        control.detector, control.events = detector, events
        if detector:
            control.recording = control.recording or LATEST

    # -- what it tells --------------------------------------------------------------------------

    def planes(self) -> np.ndarray:
        """The state: a copy."""
        return self._vectors[:, STATE, self.slots]

    def polynomials(self) -> np.ndarray:
        """The state with its derivatives: a copy, (parts, n, M)."""
        return self._by_state(self._vectors[:, STATE, self._all_slots])

    def _by_state(self, planes: np.ndarray) -> np.ndarray:
        """Numbers of all states as polynomials: (.., n * M) to (.., n, M)."""
        return polynomials_of(planes, len(self.slots))

    def planes_before(self) -> np.ndarray:
        """The state before the last step: a copy."""
        return self._vectors[:, BEFORE, self.slots]

    def slots_of(self, whole: bool) -> np.ndarray:
        """Places of the states in the user's order, or of all their numbers, with derivatives."""
        return self._all_slots if whole else self.slots

    def places(self) -> np.ndarray:
        """The state as machine code keeps it: shape (parts, places), a view."""
        return self._vectors[:, STATE]

    @property
    def time(self) -> Pair:
        """Of the state."""
        control = self.control
        return control.time, control.time_low

    @property
    def end(self) -> Pair:
        """Where it is to go; may be set."""
        control = self.control
        return control.end, control.end_low

    @end.setter
    def end(self, time: Pair) -> None:
        self.control.end, self.control.end_low = time

    @property
    def last(self) -> float:
        """The last step; 0 before the first."""
        return self.control.step

    @property
    def rejected(self) -> bool:
        """Whether the last step tried was taken back: it is not known then what was before."""
        control = self.control
        return (control.previous_time, control.previous_time_low) == self.time

    @property
    def stands_still(self) -> bool:
        """Whether the window of steps has ended in which time was to come on."""
        return self.control.window_end <= self.control.steps

    def floors(self) -> np.ndarray | None:
        """atol / rtol of every state; None with one norm over the state."""
        return self._tolerances[self.slots] if self.stepper.options.weighted else None

    def all_floors(self) -> np.ndarray:
        """The same for all numbers of states with derivatives, zero for one norm."""
        return self._tolerances[self._all_slots]

    # -- runs -----------------------------------------------------------------------------------

    def run(self) -> int:
        """Step until something is to be decided in Python; returns a status of the runtime.

        Raises what functions of the user have raised; `take_back` is then to be called.
        """
        arrays = self.arrays()
        if not (
            self._arrays and all(map(is_, arrays, self._arrays))
        ):  # asking NumPy takes longer than a short step
            self._addresses = [self.control.address, *(array.ctypes.data for array in arrays)]
            self._arrays = arrays
        return self.stepper.run(self.control, self._addresses)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """What the step loop is passed: states, parameters, work, records, grid, tolerances."""
        found = self.states, self.parameters, self._work, self._records, self._grid
        return *found, self._tolerances

    def shared_addresses(self) -> dict[str, int]:
        """Of memory that trajectories may use one after the other."""
        arrays = {"grid": self._grid, "work": self._work, "records": self._records}
        arrays["tolerances"] = self._tolerances
        return {name: address_of(array) for name, array in arrays.items()}

    # -- records and grids ----------------------------------------------------------------------

    def start_recording(self, keep_all: bool, grid: np.ndarray | None) -> None:
        """Prepare for dense output, for the states at times (k, 2), for both or neither."""
        control = self.control
        self.watch(0, 0)
        control.recording = ALL if keep_all else (LATEST if grid is not None else 0)
        control.records = 0
        control.records_wanted = FIRST_RECORDS if keep_all else -1
        if keep_all:
            self._records = aligned_zeros((FIRST_RECORDS + 1) * self.stepper.record_length)
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

    def overwrite_grid(self) -> None:
        """The state jumped at the present time: a grid shows it behind the jump."""
        last = self.control.grid_next - 1
        times, lows, _ = self._grid_parts()
        if last >= 0 and (times[last], lows[last]) == self.time:
            self._grid_places()[:, last] = self._vectors[:, STATE]

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

    def _first_records(self, count: int, whole: bool = False) -> StepRecords:
        return self._records_in(self._records[: count * self.stepper.record_length], whole)

    def _records_in(self, memory: np.ndarray, whole: bool) -> StepRecords:
        size, orders = self.stepper.size, self.stepper.program.order + 1
        rows = memory.reshape(-1, self.stepper.record_length)
        count = len(rows)
        numbers = np.ascontiguousarray(rows[:, RECORD_HEADER:]).view(self._dtype)
        numbers = numbers[:, : self._parts * orders * size]
        slots = self.slots_of(whole)
        planes = numbers.reshape(count, self._parts, orders, size)[..., slots]
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

    # -- steps made to be looked at -------------------------------------------------------------

    def next_step(self, whole: bool = False) -> StepRecords | None:
        """The polynomials that the next step would have; None if they are not finite."""
        again = self._tracing(self.parameters)
        again._vectors[:, :BEFORE] = self._vectors[:, :BEFORE]
        control, old = again.control, self.control
        control.time, control.time_low = self.time
        again.end = self.end
        control.estimate, control.scale, control.max_step = old.estimate, old.scale, np.inf
        return None if again.run() == NON_FINITE else again._first_records(1, whole)

    def same_step(self, parameters: np.ndarray | None = None, whole: bool = False) -> StepRecords:
        """The last step's polynomials, computed again from where it started.

        parameters: of that step, if they are not what they were.
        """
        again = self._tracing(self.parameters if parameters is None else parameters)
        again._vectors[:, :BEFORE] = self._vectors[:, BEFORE : ERROR_BEFORE + 1]
        control, old = again.control, self.control
        control.time, control.time_low = old.previous_time, old.previous_time_low
        again.end = self.time
        control.estimate = control.max_step = abs(old.step)
        control.scale = old.step_scale
        again.run()
        return again._first_records(1, whole)._replace(end=self.time)

    def series_at(
        self, planes: np.ndarray, time: Pair, parameters: np.ndarray | None = None
    ) -> StepRecords | None:
        """The polynomials in time, with derivatives, of a step from any state; None if they are not
        finite.

        planes: as `put` takes them; parameters: if they are not what they are.
        """
        again = self._tracing(self.parameters if parameters is None else parameters)
        again.put(planes, time)
        again.end = np.inf, 0.0
        return None if again.run() == NON_FINITE else again._first_records(1, whole=True)

    def _tracing(self, parameters: np.ndarray) -> StepMemory:
        """A memory that makes one step, whatever its end is like, and records it."""
        again = self._with_room()
        again.control = ControlBlock()
        again.control.defect_bound = sys.float_info.max
        again.forget_step()
        again.parameters = parameters
        control = again.control
        control.steps_wanted, control.recording, control.records_wanted = 1, ALL, 2
        again._records = aligned_zeros(2 * self.stepper.record_length)
        return again
