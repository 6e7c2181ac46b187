"""One trajectory of machine code, in the numbers that users see."""

from __future__ import annotations

from typing import Any

import numpy as np

from taylor.errors import TaylorError
from taylor.machines.dense import DenseOutput
from taylor.numbers.precision import as_precision
from taylor.numbers.times import Pair
from taylor_runtime.callables.stepper import Stepper
from taylor_runtime.callables.trajectories.records import StepRecords
from taylor_runtime.callables.trajectory import StepMemory
from taylor_runtime.program.codes import RECORDS_FULL, STEPS_DONE

SLICE = 4096  # steps between looks at Ctrl-C
ASKED = 2.0**-12  # of the way ahead: steps so long are asked for where nothing but its end ends it


def step_asked_for(span: Any, otherwise: bool) -> Any:
    """The longest step that a call over this span asks for, zero if it may end otherwise.

    That is by a limit, an event, a callback: the end may then be anywhere.  If not, a run that
    would take more than some 2^53 steps is one that never ends (see `steps.progress`).
    """
    return 0.0 if otherwise else np.abs(span) * ASKED


class Machine(StepMemory):
    """The memory of a compiled stepper, whose states are arrays of a kind of number."""

    whole = False  # whether records are wanted with derivatives

    def __init__(self, stepper: Stepper, defect_bound: float, floors: np.ndarray | None) -> None:
        super().__init__(stepper, defect_bound, floors)
        self.kind = as_precision(stepper.options.precision)

    def set_state(self, state: np.ndarray, time: Pair) -> None:
        """Numbers of the kind in the user's order, shape (n,) or (n, 2)."""
        self.put(self.kind.to_planes(state), time)

    def state(self) -> np.ndarray:
        """A copy of the state in the user's order, shape (n,) or (n, 2)."""
        return self.kind.from_planes(self.planes())

    def before(self) -> np.ndarray:
        """The state before the last step, as `state` gives it."""
        return self.kind.from_planes(self.planes_before())

    def set_parameters(self, values: np.ndarray) -> None:
        """Numbers of the kind, shape (m,) or (m, 2)."""
        self.parameters[:, : len(values)] = self.kind.to_planes(values)

    def grid_states(self) -> np.ndarray:
        """States at the grid's times, (k, n); NaN where the grid was not reached."""
        planes = self.grid_planes()
        shape = (self.control.grid_count, planes.shape[2], *self.kind.axes)
        states = np.full(shape, np.nan, dtype=self.kind.dtype)
        states[: planes.shape[1]] = self.kind.from_planes(planes)
        return states

    # -- runs -----------------------------------------------------------------------------------

    def straight_to(self, end: Pair, max_step: float) -> int:
        """Steps to an end where nothing else can be on the way; returns why the last came back.

        Raises what functions of the user have raised.
        """
        control = self.control
        self.begin_counting()
        control.max_step = max_step
        self.ask_for(step_asked_for(end[0] - self.time[0], False))
        self.start_recording(False, None)
        self.end = end
        try:
            while True:
                control.steps_wanted = control.steps + SLICE
                code = self.run()
                if code not in (STEPS_DONE, RECORDS_FULL):
                    return code
                self.grow_records_if_full()
        except BaseException:
            self.take_back()
            raise

    # -- polynomials ----------------------------------------------------------------------------

    def dense(self) -> DenseOutput:
        """The recorded steps as a function of time; without any the state, at the present time."""
        records = self.step_records(self.whole)
        if records is not None:
            return self._dense(records)
        return self._at_rest()

    def _at_rest(self) -> DenseOutput:
        """The present state, without any steps."""
        state, orders = self.state(), self.stepper.program.order + 1
        coefficients = np.zeros((1, orders, *state.shape), dtype=self.kind.dtype)
        coefficients[0, 0] = state
        now = np.array(self.time)
        return DenseOutput(now[np.newaxis], now, np.ones(1), coefficients, self.kind)

    def _dense(self, records: StepRecords) -> DenseOutput:
        return DenseOutput(
            starts=records.starts,
            end=np.array(records.end),
            scales=records.scales,
            coefficients=np.ascontiguousarray(self.kind.from_planes(records.planes)),
            precision=self.kind,
        )

    def series_here(self) -> DenseOutput | None:
        """The polynomials that the next step would have; None if they are not finite."""
        records = self.next_step(self.whole)
        return None if records is None else self._dense(records)

    def last_step(self, parameters: np.ndarray | None = None) -> DenseOutput:
        """The last step's polynomials, computed again from where it started.

        parameters: of that step, if they are not what they were.
        """
        if not self.last:
            raise TaylorError(
                "no step has been taken from the present state and parameters yet, so there is "
                "no dense output"
            )
        if self.rejected:
            raise TaylorError(
                "the last step tried was rejected, and the one before it is no longer known; pass "
                "dense=True to the propagation to keep all steps"
            )
        return self._dense(self.same_step(parameters, self.whole))
