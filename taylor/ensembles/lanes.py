"""Many trajectories through one loop of machine code, with trajectories in its lanes."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np

from taylor.integrator.integrator import Integrator
from taylor.machines.flow import FlowMachine
from taylor.machines.machine import step_asked_for
from taylor.numbers.precision import Precision
from taylor.recurrences.externals import externals
from taylor_runtime.callables.batch import LaneRows, RowLimits, batch_of, known_batch
from taylor_runtime.callables.memory import polynomials_of

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
    or None.  With derivatives states are coefficients: (r, n, M), and (r, k, n, M) along a grid.
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
        stepper = integrator._machine.stepper
        if integrator._detection is not None or integrator._schedule.jumps:
            raise Unsuitable("events, switches and impulses")
        if integrator._kind.has_axis:
            raise Unsuitable(f"{integrator._kind.name}s")
        if externals(stepper.program):
            raise Unsuitable("functions that Python evaluates, or large tables")
        lanes = batch_of(stepper)
        if lanes is None:
            raise Unsuitable("lanes that are full already")
        machine = integrator._machine
        self.kind: Precision = integrator._kind
        self.stepper = lanes
        self.max_step = integrator.max_step
        self.parameters = integrator.parameters.array()
        self.defect_bound = machine.control.defect_bound
        self.machine, self.flow = machine, integrator._flow
        self.floors = machine.all_floors()
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
        given = self.parameters if parameters is None else parameters
        rows = self.rows(states, times, ends, given, max_steps)
        if grids is not None:
            rows.add_grids(grids)
        self.work(rows, stop or Stop())
        return self.ends_of(rows)

    def rows(
        self,
        states: np.ndarray,
        times: np.ndarray,
        ends: np.ndarray,
        parameters: np.ndarray,
        max_steps: int | None,
    ) -> LaneRows:
        """Rows to `work` on; arguments as of `run`."""
        if self.flow is not None:
            planes = np.broadcast_to(parameters, (len(states), parameters.shape[-1]))[np.newaxis]
            machine = cast(FlowMachine, self.machine)
            both = self.flow.beginnings(machine, states[np.newaxis], planes)
            states, parameters = both[0][0], both[1][0]
        longest = step_asked_for(ends[:, 0] - times[:, 0], max_steps is not None)
        steps = MOST_STEPS if max_steps is None else max_steps
        limits = RowLimits(self.defect_bound, self.max_step, longest, steps)
        rows = LaneRows(self.stepper, states, times, ends, limits)
        rows.parameters[:, : parameters.shape[-1]] = parameters  # behind them are modes: 0
        return rows

    def work(self, rows: LaneRows, stop: Stop) -> None:
        """Integrate what is left of some rows; copies may do so side by side."""
        self.stepper.run(stop.flag, rows, self.memory)

    def ends_of(self, rows: LaneRows) -> Ends:
        """How they ended."""
        grid = rows.grid_states()
        filled = None if grid is None else self._told(grid)
        return Ends(self._told(rows.states()), rows.times(), rows.codes(), rows.steps(), filled)

    def _told(self, numbers: np.ndarray) -> np.ndarray:
        """States, or the coefficients of states with derivatives."""
        return numbers if self.flow is None else polynomials_of(numbers, self.flow.count)


def is_made(integrator: Integrator) -> bool:
    """Whether the machine code of a `Batch` is there already."""
    return known_batch(integrator._machine.stepper) is not None
