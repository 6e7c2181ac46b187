"""The memory that the machine-code step loop works on, and the call into it."""

from __future__ import annotations

import sys
from dataclasses import replace
from operator import is_
from typing import Any

import numpy as np

from taylor.errors import TaylorError
from taylor.integrator.dense import DenseOutput
from taylor.numbers.precision import as_precision
from taylor.numbers.times import Pair
from taylor_runtime.callables.grid import grid_filler
from taylor_runtime.callables.memory import (
    CONTROL,
    RECORD_HEADER,
    VECTORS,
    aligned_planes,
    aligned_zeros,
)
from taylor_runtime.callables.stepper import Stepper
from taylor_runtime.program.codes import NON_FINITE

FIRST_RECORDS = 64
ASKED = 2.0**-12  # of the way ahead: steps so long are asked for where nothing but its end ends it


def step_asked_for(span: Any, otherwise: bool) -> Any:
    """The longest step that a call over this span asks for, zero if it may end otherwise.

    That is by a limit, an event, a callback: the end may then be anywhere.  If not, a run that
    would take more than some 2^53 steps is one that never ends (see `steps.progress`).
    """
    return 0.0 if otherwise else np.abs(span) * ASKED


class Machine:
    """One trajectory's control block, state vector and workspace for a compiled stepper."""

    def __init__(self, stepper: Stepper, defect_bound: float, floors: np.ndarray | None) -> None:
        self.stepper = stepper
        self.kind = as_precision(stepper.options.precision)
        self.slots = np.array(stepper.slots, dtype=np.intp)
        self.padding = np.array(stepper.states.padding(), dtype=np.intp)
        self.control = np.zeros(1, dtype=CONTROL)
        self.states = aligned_planes(VECTORS * stepper.size, self.kind.name)
        self.work = aligned_planes(stepper.workspace, self.kind.name)
        self.tolerances = aligned_zeros(stepper.size)
        if floors is not None:
            self.tolerances[:] = floors[self.padding]
        self.records = aligned_zeros(stepper.record_length)
        self.grid = aligned_zeros(1)
        self.parameters = aligned_planes(stepper.parameters, self.kind.name)
        self._arrays: tuple[np.ndarray, ...] = ()
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
        other.records = aligned_zeros(len(self.records))
        other.control[0]["detector"] = other.control[0]["events"] = 0
        return other

    def memory(self) -> dict[str, np.ndarray]:
        """What a resumed run needs: plain arrays, with the states in the user's order."""
        return {
            "control": self.control.copy(),
            "vectors": self._vectors()[..., self.slots].copy(),
            "parameters": self.parameters.copy(),
        }

    def restore(self, memory: dict[str, np.ndarray]) -> None:
        """The inverse of `memory`."""
        kept = memory["control"]
        for name in kept.dtype.names or ():
            self.control[name] = kept[name]
        self.control[0]["detector"] = self.control[0]["events"] = 0
        self._vectors()[:] = memory["vectors"][..., self.padding]
        self.parameters[:] = memory["parameters"]

    def forget_step(self) -> None:
        """Start afresh: no previous step, no accumulated rounding error."""
        control = self.control[0]
        control["step"] = control["estimate"] = 0.0
        control["scale"] = 1.0
        control["rescaled"] = 0
        control["pending"] = control["overflowed"] = 0
        control["limit"] = np.inf
        control["longest"] = 0.0
        control["window_end"] = 0
        self._vectors()[:, 1] = 0.0

    def begin_counting(self) -> None:
        """A call begins, with nothing counted; the longest step so far is remembered."""
        control = self.control[0]
        control["longest"] = max(control["longest"], control["largest_step"])
        control["smallest_step"], control["largest_step"] = np.inf, 0.0
        control["steps"] = control["retracted"] = control["window_end"] = 0

    def take_back(self) -> bool:
        """Where a function that the step loop called raised: back to the last accepted step.

        Returns whether one did.
        """
        control = self.control[0]
        if not control["raised"]:
            return False
        if control["pending"]:
            vectors = self._vectors()
            vectors[:, :2] = vectors[:, 2:4]
            for name in ("time", "time_low"):
                control[name] = control["previous_" + name]
            control["pending"] = 0
        if not control["estimate"]:
            control["scale"], control["rescaled"] = 1.0, 0
        control["overflowed"] = control["raised"] = 0
        return True

    def _vectors(self) -> np.ndarray:
        """The vectors of `states`: shape (parts, VECTORS, places), a view."""
        size = self.stepper.size
        return self.states[:, : VECTORS * size].reshape(len(self.states), VECTORS, size)

    def set_state(self, state: np.ndarray, time: Pair) -> None:
        """Numbers of the kind in the user's order, shape (n,) or (n, 2)."""
        self._vectors()[:, 0] = self.kind.to_planes(state)[:, self.padding]
        control = self.control[0]
        control["time"], control["time_low"] = time

    def state(self) -> np.ndarray:
        """A copy of the state in the user's order, shape (n,) or (n, 2)."""
        return self.kind.from_planes(self._vectors()[:, 0, self.slots])

    def before(self) -> np.ndarray:
        """The state before the last step, as `state` gives it."""
        return self.kind.from_planes(self._vectors()[:, 2, self.slots])

    def planes(self) -> np.ndarray:
        """The state as machine code keeps it: shape (parts, places)."""
        return self._vectors()[:, 0]

    @property
    def last(self) -> float:
        """The last step; 0 before the first."""
        return float(self.control[0]["step"])

    def set_parameters(self, values: np.ndarray) -> None:
        """Numbers of the kind, shape (m,) or (m, 2)."""
        self.parameters[:, : len(values)] = self.kind.to_planes(values)

    def floors(self) -> np.ndarray | None:
        """atol / rtol of every state; None with one norm over the state."""
        return self.tolerances[self.slots] if self.stepper.options.weighted else None

    @property
    def time(self) -> Pair:
        control = self.control[0]
        return float(control["time"]), float(control["time_low"])

    def run(self) -> int:
        """Step until something is to be decided in Python; returns a status of the runtime.

        Raises what functions of the user have raised; `take_back` is then to be called.
        """
        arrays = (
            self.control,
            self.states,
            self.parameters,
            self.work,
            self.records,
            self.grid,
            self.tolerances,
        )
        if not (
            self._arrays and all(map(is_, arrays, self._arrays))
        ):  # asking NumPy takes longer than a short step
            self._addresses = [array.ctypes.data for array in arrays]
            self._arrays = arrays
        return self.stepper.run_at(self.control, self._addresses)

    # -- records --------------------------------------------------------------------------------

    def start_recording(self, keep_all: bool, grid: np.ndarray | None) -> None:
        """Prepare for dense output, for the states at times (k, 2), for both or neither."""
        control = self.control[0]
        control["detector"] = control["events"] = 0
        control["recording"] = 1 if keep_all else (2 if grid is not None else 0)
        control["records"] = 0
        control["records_wanted"] = FIRST_RECORDS if keep_all else -1
        if keep_all:
            self.records = aligned_zeros((FIRST_RECORDS + 1) * self.stepper.record_length)
        count = 0 if grid is None else len(grid)
        control["grid_next"] = 0
        control["grid_count"] = count
        if grid is not None:
            control["grid_filler"] = grid_filler(self.kind.name)
            numbers = self.kind.parts * count * self.stepper.size
            self.grid = aligned_zeros(2 * count + numbers)  # more than enough for float32
            self.grid[:count], self.grid[count : 2 * count] = grid.T
            if grid[0, 0] == control["time"]:  # no step need be taken to know the state there
                self._grid_states()[:, 0] = self._vectors()[:, 0]
                control["grid_next"] = 1

    def _grid_states(self) -> np.ndarray:
        """The places' states at the grid's times: shape (parts, times, places), a view."""
        count, size = int(self.control[0]["grid_count"]), self.stepper.size
        room = self.grid[2 * count :].view(self.kind.dtype)
        return room[: self.kind.parts * count * size].reshape(-1, count, size)

    def grow_records_if_full(self) -> None:
        """Double the room for records where none is left."""
        control = self.control[0]
        if control["recording"] != 1 or control["records"] != control["records_wanted"]:
            return
        wanted = 2 * int(control["records_wanted"])
        larger = aligned_zeros((wanted + 1) * self.stepper.record_length)
        larger[: len(self.records)] = self.records
        self.records = larger
        control["records_wanted"] = wanted

    def skip_grid(self, direction: float) -> None:
        """Time was set: nothing is known at the times of a grid that were jumped over."""
        control = self.control[0]
        now = float(control["time"])
        place, count = int(control["grid_next"]), int(control["grid_count"])
        while place < count and (self.grid[place] - now) * direction < 0:
            self._grid_states()[:, place] = np.nan
            place += 1
        control["grid_next"] = place

    def overwrite_grid(self) -> None:
        """The state jumped at the present time: a grid shows it behind the jump."""
        control = self.control[0]
        last = int(control["grid_next"]) - 1
        if last >= 0 and (self.grid[last], self.grid[last + int(control["grid_count"])]) == (
            control["time"],
            control["time_low"],
        ):
            self._grid_states()[:, last] = self._vectors()[:, 0]

    def grid_states(self) -> np.ndarray:
        """States at the grid's times, (k, n); NaN where the grid was not reached."""
        control = self.control[0]
        count, done = int(control["grid_count"]), int(control["grid_next"])
        shape = (count, len(self.slots), *self.kind.axes)
        states = np.full(shape, np.nan, dtype=self.kind.dtype)
        states[:done] = self.kind.from_planes(self._grid_states()[:, :done, self.slots])
        return states

    def dense(self) -> DenseOutput:
        """The recorded steps as a function of time; without any the state, at the present time."""
        count = int(self.control[0]["records"])
        if count == 0:
            record = aligned_zeros(self.stepper.record_length)
            record[:3] = *self.time, 1.0
            constant = self._dense(record, 1)
            constant.coefficients[0, 0] = self.state()
            return constant
        return self._dense(self.records, count)

    def _dense(self, records: np.ndarray, count: int) -> DenseOutput:
        size, orders = self.stepper.size, self.stepper.program.order + 1
        rows = records[: count * self.stepper.record_length].reshape(count, -1)
        numbers = np.ascontiguousarray(rows[:, RECORD_HEADER:]).view(self.kind.dtype)
        numbers = numbers[:, : self.kind.parts * orders * size]
        planes = numbers.reshape(count, self.kind.parts, orders, size)[..., self.slots]
        coefficients = self.kind.from_planes(np.moveaxis(planes, 1, 0))
        return DenseOutput(
            starts=np.array(rows[:, :2]),
            end=np.array(self.time),
            scales=np.array(rows[:, 2]),
            coefficients=np.ascontiguousarray(coefficients),
            precision=self.kind,
        )

    def series_here(self) -> DenseOutput | None:
        """The polynomials that the next step would have; None if they are not finite."""
        again = self._tracing(self.parameters)
        again._vectors()[:, :2] = self._vectors()[:, :2]
        control, old = again.control[0], self.control[0]
        for name in ("time", "time_low", "end", "end_low", "estimate", "scale"):
            control[name] = old[name]
        control["max_step"] = np.inf
        if again.run() == NON_FINITE:
            return None
        return again._dense(again.records, 1)

    def _tracing(self, parameters: np.ndarray) -> Machine:
        """A machine that makes one step, whatever its end is like, and records it."""
        again = Machine(self.stepper, sys.float_info.max, None)
        again.tolerances[:] = self.tolerances
        again.parameters = parameters
        again.control[0]["steps_wanted"] = 1
        again.control[0]["recording"], again.control[0]["records_wanted"] = 1, 2
        again.records = aligned_zeros(2 * self.stepper.record_length)
        return again

    def last_step(self, parameters: np.ndarray | None = None) -> DenseOutput:
        """The last step's polynomials, computed again from where it started.

        parameters: of that step, if they are not what they were.
        """
        again = self._tracing(self.parameters if parameters is None else parameters)
        again._vectors()[:, :2] = self._vectors()[:, 2:4]
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
        again.run()
        dense = again._dense(again.records, 1)
        return replace(dense, end=np.array(self.time))
