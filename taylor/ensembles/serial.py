"""Many trajectories through one step loop: rows of memory, and machine code that goes along."""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np

from taylor.ensembles.events import Found, Watched
from taylor.ensembles.lanes import Stop
from taylor.integrator.integrator import Integrator
from taylor.integrator.memory import step_asked_for
from taylor.integrator.propagation import MOST_STEPS
from taylor_runtime.callables.memory import CONTROL, VECTORS, aligned_zeros
from taylor_runtime.callables.serial import row_loop, run_rows
from taylor_runtime.program.codes import RUNNING

LINE = 8  # doubles of a cache line
BUDGET = 1024  # steps between looks at whether to stop


class Ends(NamedTuple):
    """How r rows ended.

    states: (r, n), or (r, n, 2) of pairs; times: (r, 2), pairs; codes: (r,), statuses of the
    runtime, RUNNING where work was stopped before a row had ended; steps: (r,); grid: (r, k, n)
    or (r, k, n, 2), NaN where a row did not come, or None; events: what was recorded, and stopped:
    (r,), the event that stopped a row (code EVENT_STOP), where events are watched.
    """

    states: np.ndarray
    times: np.ndarray
    codes: np.ndarray
    steps: np.ndarray
    grid: np.ndarray | None
    events: Found | None = None
    stopped: np.ndarray | None = None


class Rows:
    """Runs rows one after the other in machine code; Python sees them before and after.

    For what Python need not decide about: no callbacks, switches, impulses or dense output.
    """

    def __init__(self, integrator: Integrator) -> None:
        ta = copy.copy(integrator)
        self.kind = ta._kind
        self.max_step = ta.max_step
        self.machine = ta._machine
        self.detection = ta._detection
        self.room: dict[str, np.ndarray] = {}

    def run(
        self,
        states: np.ndarray,
        times: np.ndarray,
        ends: np.ndarray,
        parameters: np.ndarray,
        grids: np.ndarray | None,
        max_steps: int | None,
        stop: Stop,
    ) -> Ends:
        """Integrate rows from `states` at `times` (r, 2) to `ends` (r, 2), or along `grids`.

        parameters: (r, m), or (r, m, 2); grids: (r, k, 2).
        """
        count = len(states)
        machine, kind, size = self.machine, self.kind, self.machine.stepper.size
        vectors = self._planes("states", count, machine.states)[..., : VECTORS * size]
        vectors = vectors.reshape(count, kind.parts, VECTORS, size)
        vectors[:, :, 0] = np.moveaxis(kind.to_planes(states), 0, 1)[..., machine.padding]
        vectors[:, :, 1] = 0.0
        values = self._planes("parameters", count, machine.parameters)
        values[..., : parameters.shape[1]] = np.moveaxis(kind.to_planes(parameters), 0, 1)
        early = max_steps is not None or self.detection is not None
        control = self._controls(times, ends, None if grids is None else grids[0], early)
        room = None if grids is None else self._grid_room(grids, control, vectors)
        watched = None if self.detection is None else Watched(self.detection, count)
        codes = self._loop(control, max_steps, stop, watched)
        known = np.stack([control["time"], control["time_low"]], axis=-1)
        final = kind.from_planes(np.moveaxis(vectors[:, :, 0], 1, 0)[..., machine.slots])
        filled = None if room is None else self._grid_states(room, control["grid_next"])
        result = Ends(final, known, codes, control["steps"].copy(), filled)
        if watched is None:
            return result
        found, stopped = watched.found(machine, ends[:, 0] < times[:, 0])
        return result._replace(events=found, stopped=stopped)

    def _block(self, name: str, count: int, doubles: int) -> np.ndarray:
        """Memory for `count` rows of doubles, each from the start of a cache line."""
        length = -(-doubles // LINE) * LINE
        block = self.room.get(name)
        if block is None or block.shape[0] < count or block.shape[1] != length:
            block = aligned_zeros(count * length).reshape(count, length)
            self.room[name] = block
        return block[:count]

    def _planes(self, name: str, count: int, like: np.ndarray) -> np.ndarray:
        """One array like the machine's for each row: shape (count, parts, numbers), a view."""
        block = self._block(name, count, -(-like.nbytes // 8)).view(like.dtype)
        return block[:, : like.size].reshape(count, *like.shape)

    def _controls(
        self, times: np.ndarray, ends: np.ndarray, grid: np.ndarray | None, early: bool
    ) -> np.ndarray:
        """A control block for each row, as before a first step; early: they may end early."""
        machine = self.machine
        machine.begin_counting()
        machine.forget_step()
        machine.start_recording(False, grid)
        if self.detection is not None:
            self.detection.begin(machine, backward=False)  # no step was made: either way will do
        machine.control["grid_next"] = 0
        fields = CONTROL.itemsize // 8
        control = self._block("control", len(times), fields)[:, :fields].view(CONTROL)[:, 0]
        control[:] = machine.control[0]
        control["time"], control["time_low"] = times.T
        control["end"], control["end_low"] = ends.T
        control["max_step"] = self.max_step
        control["longest"] = step_asked_for(ends[:, 0] - times[:, 0], early)
        return control

    def _grid_room(self, grids: np.ndarray, control: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Put the times of the grids in place; room for states, (r, parts, times, places)."""
        count, k = grids.shape[:2]
        parts, _, size = vectors.shape[1:]
        block = self._block("grid", count, 2 * k + parts * k * size)
        block[:, :k], block[:, k : 2 * k] = grids[..., 0], grids[..., 1]
        room = block[:, 2 * k :].view(self.kind.dtype)[:, : parts * k * size]
        room = room.reshape(count, parts, k, size)
        begun = np.flatnonzero(grids[:, 0, 0] == control["time"])
        room[begun, :, 0] = vectors[begun, :, 0]
        control["grid_next"][begun] = 1
        return room

    def _grid_states(self, room: np.ndarray, done: np.ndarray) -> np.ndarray:
        """In the user's order; NaN where a row did not come."""
        slots = self.machine.slots
        first, n = int(slots[0]), len(slots)
        in_order = bool((slots == np.arange(first, first + n)).all())
        ordered = room[..., first : first + n] if in_order else room[..., slots]
        states = self.kind.from_planes(np.moveaxis(ordered, 1, 0))
        for row in np.flatnonzero(done < room.shape[2]):
            states[row, done[row] :] = np.nan
        return states

    def _loop(
        self, control: np.ndarray, max_steps: int | None, stop: Stop, watched: Watched | None
    ) -> np.ndarray:
        """Run all rows; returns the statuses of the runtime."""
        machine, count = self.machine, len(control)
        codes = np.full(count, RUNNING, dtype=np.int64)
        arrays = {"grid": machine.grid, "work": machine.work, "records": machine.records}
        arrays |= {"tolerances": machine.tolerances, "codes": codes, "stop": stop.flag}
        addresses = {name: array.ctypes.data for name, array in (arrays | self.room).items()}
        strides = {f"{name}_stride": array.strides[0] for name, array in self.room.items()}
        limit = MOST_STEPS if max_steps is None else max_steps
        numbers = {"count": count, "limit": limit, "budget": BUDGET}
        if watched is not None:
            numbers |= watched.addresses()
        loop = row_loop(propagate=machine.stepper.address, **addresses, **strides, **numbers)
        run_rows(loop)
        while watched is not None and loop["full"][0]:
            watched.grow()
            run_rows(loop)
        return codes
