"""Many trajectories through one loop of machine code, with trajectories in its lanes."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from taylor.integrator.integrator import Integrator
from taylor.integrator.memory import step_asked_for
from taylor.numbers.precision import Precision
from taylor.recurrences.externals import externals
from taylor_runtime.callables.grid import grid_filler
from taylor_runtime.callables.memory import ROW
from taylor_runtime.program.codes import RUNNING

MOST_STEPS = 1 << 40


class Unsuitable(Exception):
    """Trajectories of this integrator go one by one."""


class Stop:
    """Whether the work is to end early; machine code looks at it after every step."""

    def __init__(self) -> None:
        self.flag = np.zeros(1, np.int64)

    @property
    def wanted(self) -> bool:
        return bool(self.flag[0])

    @wanted.setter
    def wanted(self, value: bool) -> None:
        self.flag[0] = value


class Ends(NamedTuple):
    """How r rows ended.

    states: (r, n); times: (r, 2), pairs; codes: (r,), statuses of the runtime, `RUNNING` where work
    was stopped before a row had ended; steps: (r,); grid: (r, k, n), NaN where a row did not come,
    or None.
    """

    states: np.ndarray
    times: np.ndarray
    codes: np.ndarray
    steps: np.ndarray
    grid: np.ndarray | None


class Batch:
    """Integrates rows, each bit for bit as the integrator alone does from a fresh start.

    For what Python need not decide about: no events, switches, impulses, dense output, nor
    functions of the user.  Raises Unsuitable for these, and where one trajectory after
    the other is as fast.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> batch = Batch(ty.Integrator([(x, v), (v, -x)], [1.0, 0.0]))
    >>> times = np.array([[0.0, 0.0], [0.0, 0.0]])
    >>> ends = batch.run(np.eye(2), times, times + [np.pi, 0.0])
    >>> ends.states.round(12) + 0.0
    array([[-1.,  0.],
           [ 0., -1.]])
    """

    def __init__(self, integrator: Integrator) -> None:
        from taylor_runtime.callables.batch import batch_pays, build_batch

        stepper = integrator._machine.stepper
        if integrator._detection is not None or integrator._schedule.jumps:
            raise Unsuitable("events, switches and impulses")
        if integrator._kind.has_axis:
            raise Unsuitable(f"{integrator._kind.name}s")
        if externals(stepper.program):
            raise Unsuitable("functions that Python evaluates")
        if not batch_pays(stepper):
            raise Unsuitable("lanes that are full already")
        machine = integrator._machine
        self.kind: Precision = integrator._kind
        self.stepper = build_batch(stepper)
        self.max_step = integrator.max_step
        self.parameters = integrator.parameters.array()
        self.defect_bound = float(machine.control[0]["defect_bound"])
        self.floors = machine.floors()
        self.memory = self.stepper.memory(self.floors)

    def copy(self) -> Batch:
        """Another one, for another thread; the machine code is shared."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.memory = self.stepper.memory(self.floors)
        return other

    @property
    def lanes(self) -> int:
        """Rows that are under way at a time; several times as many should be run in one call."""
        return self.stepper.lanes

    def run(
        self,
        states: np.ndarray,
        times: np.ndarray,
        ends: np.ndarray,
        parameters: np.ndarray | None = None,
        grids: np.ndarray | None = None,
        max_steps: int | None = None,
        stop: Stop | None = None,
    ) -> Ends:
        """Integrate rows from `states` (r, n) at `times` (r, 2) to `ends` (r, 2), or along `grids`.

        parameters: (r, m), the integrator's own by default; grids: (r, k, 2), whose last times are
        the ends.  All are finite numbers of the integrator's kind.
        """
        rows = Rows(self, states, times, ends, max_steps)
        given = self.parameters if parameters is None else parameters
        rows.parameters[:, : given.shape[-1]] = given  # behind them are modes: 0
        if grids is not None:
            rows.add_grids(grids)
        self.work(rows, stop or Stop())
        return rows.ends()

    def work(self, rows: Rows, stop: Stop) -> None:
        """Integrate what is left of some rows; copies may do so side by side."""
        shared = [stop.flag, rows.queue, rows.blocks, rows.states, rows.parameters]
        self.stepper.run(shared, self.memory)


class Rows:
    """What machine code knows of trajectories: their blocks, states, parameters and grids."""

    def __init__(
        self,
        batch: Batch,
        states: np.ndarray,
        times: np.ndarray,
        ends: np.ndarray,
        max_steps: int | None,
    ) -> None:
        count, n = states.shape
        self.kind = batch.kind
        self.queue = np.array([0, count], np.int64)
        self.states = np.zeros((count, 2, n), dtype=self.kind.dtype)
        self.states[:, 0] = states
        self.parameters = np.zeros((count, batch.stepper.parameters), dtype=self.kind.dtype)
        self.blocks = blocks = np.zeros(count, dtype=ROW)
        blocks["time"], blocks["time_low"] = times.T
        blocks["end"], blocks["end_low"] = ends.T
        blocks["scale"] = 1.0
        blocks["limit"] = blocks["smallest_step"] = math.inf
        blocks["max_step"] = batch.max_step
        blocks["defect_bound"] = batch.defect_bound
        blocks["steps_wanted"] = MOST_STEPS if max_steps is None else max_steps
        blocks["longest"] = step_asked_for(ends[:, 0] - times[:, 0], max_steps is not None)
        blocks["status"] = RUNNING
        self.grids: np.ndarray | None = None  # (r, k, n), a view

    def add_grids(self, grids: np.ndarray, memory: np.ndarray | None = None) -> np.ndarray:
        """The states at times (r, k, 2) are wanted.

        Returns the memory for them, which may be given again to other rows when these are done
        with (new memory costs as much as what is written to it).
        """
        blocks, dtype = self.blocks, np.dtype(self.kind.dtype)
        count, k, _ = grids.shape
        n = self.states.shape[2]
        length = 2 * k + -(-k * n * dtype.itemsize // 8)
        if memory is None or memory.shape[0] < count or memory.shape[1] != length:
            memory = np.zeros((count, length))
        whole, memory = memory, memory[:count]
        memory[:, :k], memory[:, k : 2 * k] = grids[..., 0], grids[..., 1]
        room = memory[:, 2 * k :].view(dtype)[:, : k * n]
        self.grids = room.reshape(count, k, n)
        blocks["recording"] = 2
        blocks["grid_count"] = k
        blocks["grid"] = memory.ctypes.data + length * 8 * np.arange(count)
        blocks["grid_filler"] = grid_filler(self.kind.name)
        begun = np.flatnonzero(grids[:, 0, 0] == blocks["time"])
        self.grids[begun, 0] = self.states[begun, 0]
        blocks["grid_next"][begun] = 1
        return whole

    def ends(self) -> Ends:
        """How they ended."""
        blocks, grid = self.blocks, self.grids
        if grid is not None:
            done = blocks["grid_next"]
            for row in np.flatnonzero(done < grid.shape[1]):
                grid[row, done[row] :] = np.nan
        codes = blocks["status"].copy()
        codes[codes < 0] = RUNNING
        times = np.stack([blocks["time"], blocks["time_low"]], axis=-1)
        return Ends(self.states[:, 0].copy(), times, codes, blocks["steps"].copy(), grid)
