"""The memory that the machine-code step loop works on, and the call into it."""

from __future__ import annotations

import sys

import numpy as np

import taylor_runtime as rt
from taylor.errors import TaylorError
from taylor.integrate.dense import DenseOutput
from taylor.integrate.times import Pair

FIRST_RECORDS = 64
VECTORS = 5  # state, rounding errors, both of these before the last step, predicted slopes


class Machine:
    """One trajectory's control block, state vector and workspace for a compiled stepper."""

    def __init__(self, stepper: rt.Stepper, defect_bound: float, floors: np.ndarray | None) -> None:
        self.stepper = stepper
        self.slots = np.array(stepper.slots, dtype=np.intp)
        self.padding = np.array(stepper.padding, dtype=np.intp)
        self.control = np.zeros(1, dtype=rt.CONTROL)
        self.states = rt.aligned_zeros(VECTORS * stepper.size)
        self.work = rt.aligned_zeros(stepper.workspace)
        self.tolerances = rt.aligned_zeros(stepper.size)
        if floors is not None:
            self.tolerances[:] = floors[self.padding]
        self.records = rt.aligned_zeros(stepper.record_length)
        self.grid = rt.aligned_zeros(1)
        self.parameters = rt.aligned_zeros(max(stepper.parameters, 1))
        control = self.control[0]
        control["defect_bound"] = defect_bound
        control["limit"] = np.inf
        self.forget_step()

    def copy(self) -> Machine:
        """A machine in the same state with memory of its own; the machine code is shared."""
        other = Machine(self.stepper, float(self.control[0]["defect_bound"]), None)
        other.control[:] = self.control
        other.states[:] = self.states
        other.tolerances[:] = self.tolerances
        other.parameters[:] = self.parameters
        other.records = rt.aligned_zeros(len(self.records))
        return other

    def memory(self) -> dict[str, np.ndarray]:
        """What a resumed run needs: plain arrays, with the states in the user's order."""
        return {
            "control": self.control.copy(),
            "vectors": self.states.reshape(VECTORS, -1)[:, self.slots].copy(),
            "parameters": self.parameters.copy(),
        }

    def restore(self, memory: dict[str, np.ndarray]) -> None:
        """The inverse of `memory`."""
        self.control[:] = memory["control"]
        self.states.reshape(VECTORS, -1)[:] = memory["vectors"][:, self.padding]
        self.parameters[:] = memory["parameters"]

    def forget_step(self) -> None:
        """Start afresh: no previous step, no accumulated rounding error."""
        control = self.control[0]
        control["step"] = control["estimate"] = 0.0
        control["scale"] = 1.0
        control["rescaled"] = 0
        control["pending"] = control["overflowed"] = 0
        control["limit"] = np.inf
        size = self.stepper.size
        self.states[size : 2 * size] = 0.0

    def set_state(self, state: np.ndarray, time: Pair) -> None:
        self.states[: self.stepper.size] = state[self.padding]
        control = self.control[0]
        control["time"], control["time_low"] = time

    def state(self) -> np.ndarray:
        """A copy of the state in the user's order."""
        return np.array(self.states[self.slots])

    def floors(self) -> np.ndarray | None:
        """atol / rtol of every state; None with one norm over the state."""
        return self.tolerances[self.slots] if self.stepper.options.weighted else None

    @property
    def time(self) -> Pair:
        control = self.control[0]
        return float(control["time"]), float(control["time_low"])

    def run(self) -> int:
        """Step until something is to be decided in Python; returns a status of the runtime."""
        return self.stepper.run(
            self.control,
            self.states,
            self.parameters,
            self.work,
            self.records,
            self.grid,
            self.tolerances,
        )

    # -- records --------------------------------------------------------------------------------

    def start_recording(self, keep_all: bool, grid: np.ndarray | None) -> None:
        """Prepare for dense output, for the states at a grid's times, for both or neither."""
        control = self.control[0]
        control["recording"] = 1 if keep_all else (2 if grid is not None else 0)
        control["records"] = 0
        control["records_wanted"] = FIRST_RECORDS if keep_all else -1
        if keep_all:
            self.records = rt.aligned_zeros((FIRST_RECORDS + 1) * self.stepper.record_length)
        count = 0 if grid is None else len(grid)
        control["grid_next"] = 0
        control["grid_count"] = count
        if grid is not None:
            self.grid = rt.aligned_zeros(count * (1 + self.stepper.size))
            self.grid[:count] = grid
            if grid[0] == control["time"]:  # no step need be taken to know the state there
                self.grid[count : count + self.stepper.size] = self.states[: self.stepper.size]
                control["grid_next"] = 1

    def grow_records(self) -> None:
        """Double the room for records."""
        control = self.control[0]
        wanted = 2 * int(control["records_wanted"])
        larger = rt.aligned_zeros((wanted + 1) * self.stepper.record_length)
        larger[: len(self.records)] = self.records
        self.records = larger
        control["records_wanted"] = wanted

    def grid_states(self) -> np.ndarray:
        """States at the grid's times, (k, n); NaN where the grid was not reached."""
        control = self.control[0]
        count, done = int(control["grid_count"]), int(control["grid_next"])
        rows = self.grid[count:].reshape(count, self.stepper.size)
        states = np.full((count, len(self.slots)), np.nan)
        states[:done] = rows[:done][:, self.slots]
        return states

    def dense(self) -> DenseOutput | None:
        """The recorded steps as a function of time; None without any."""
        count = int(self.control[0]["records"])
        if count == 0:
            return None
        return self._dense(self.records, count)

    def _dense(self, records: np.ndarray, count: int) -> DenseOutput:
        header, size = rt.RECORD_HEADER, self.stepper.size
        rows = records[: count * self.stepper.record_length].reshape(count, -1)
        coefficients = rows[:, header:].reshape(count, -1, size)[:, :, self.slots]
        return DenseOutput(
            starts=np.array(rows[:, :2]),
            end=np.array(self.time),
            scales=np.array(rows[:, 2]),
            coefficients=np.ascontiguousarray(coefficients),
        )

    def last_step(self) -> DenseOutput:
        """The last step's polynomials, computed again from where it started."""
        size = self.stepper.size
        again = Machine(self.stepper, sys.float_info.max, None)
        again.tolerances[:] = self.tolerances
        again.parameters = self.parameters
        again.states[: 2 * size] = self.states[2 * size : 4 * size]
        control, old = again.control[0], self.control[0]
        if not old["step"]:
            raise TaylorError(
                "no step has been taken from the present state and parameters yet, so there is "
                "no dense output"
            )
        if (old["previous_time"], old["previous_time_low"]) == self.time:
            raise TaylorError(
                "the last step tried was rejected, and the one before it is no longer known; pass "
                "dense=True to the propagation to keep all steps"
            )
        for name in ("time", "time_low"):
            control[name] = old["previous_" + name]
        control["end"], control["end_low"] = old["time"], old["time_low"]
        control["estimate"] = control["max_step"] = abs(old["step"])
        control["scale"] = old["step_scale"]
        control["steps_wanted"] = 1
        control["recording"], control["records_wanted"] = 1, 2
        again.records = rt.aligned_zeros(2 * self.stepper.record_length)
        again.run()
        dense = again._dense(again.records, 1)
        return DenseOutput(dense.starts, np.array(self.time), dense.scales, dense.coefficients)
