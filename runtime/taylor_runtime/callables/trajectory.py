"""One trajectory of a compiled step loop: what can be told it, and what it tells."""

from __future__ import annotations

import sys
from operator import is_

import numpy as np

from taylor_runtime.callables.memory import ControlBlock, Pair, address_of, aligned_zeros
from taylor_runtime.callables.trajectories.records import RecordedSteps, StepRecords
from taylor_runtime.callables.trajectories.room import ALL, BEFORE, ERROR_BEFORE, STATE
from taylor_runtime.program.codes import NON_FINITE


class StepMemory(RecordedSteps):
    """One trajectory's control block, state vector and workspace for a compiled stepper.

    States go in and out as planes: (parts, n) in the user's order; parameters are planes, too.
    Those of a flow have M numbers each, which `put` takes: first the states, then all others of the
    first, the second, ...; states alone are what is told, if `polynomials` does not ask for all.

    floors: atol / rtol of every state; None with one norm over the state.
    """

    # -- what it is told ------------------------------------------------------------------------

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

    def begin_with(
        self, vector: np.ndarray, places: np.ndarray, numbers: np.ndarray, time: Pair
    ) -> None:
        """A state as machine code keeps it, but for some places, its time, and no step before."""
        state = self._vectors[:, STATE]
        state[:] = vector
        state[:, places] = numbers
        self.control.time, self.control.time_low = time
        self.forget_step()

    # -- what it tells --------------------------------------------------------------------------

    def planes(self) -> np.ndarray:
        """The state: a copy."""
        return self._vectors[:, STATE, self.slots]

    def polynomials(self) -> np.ndarray:
        """The state with its derivatives: a copy, (parts, n, M)."""
        return self._vectors[:, STATE, self.slots_by_state]

    def planes_before(self) -> np.ndarray:
        """The state before the last step: a copy."""
        return self._vectors[:, BEFORE, self.slots]

    def places(self) -> np.ndarray:
        """The state as machine code keeps it: shape (parts, places), a view."""
        return self._vectors[:, STATE]

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
        return self.stepper.run(self.control, self.addresses())

    def addresses(self) -> list[int]:
        """Of the control block and of the arrays that the step loop is passed."""
        arrays = self.arrays()
        # Asking NumPy takes longer than a short step.
        if not (self._arrays and all(map(is_, arrays, self._arrays))):
            self._addresses = [self.control.address, *map(address_of, arrays)]
            self._arrays = arrays
        return self._addresses

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
