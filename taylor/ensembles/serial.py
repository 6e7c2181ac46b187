"""Many trajectories through one step loop: rows of memory, and machine code that goes along."""

from __future__ import annotations

import copy
from typing import NamedTuple, Self, cast

import numpy as np

from taylor.ensembles.events import Found, Watched
from taylor.ensembles.lanes import Stop
from taylor.integrator.integrator import Integrator
from taylor.integrator.propagation import MOST_STEPS
from taylor.machines.flow import FlowMachine
from taylor.machines.machine import step_asked_for
from taylor_runtime.callables.memory import polynomials_of
from taylor_runtime.callables.serial import SerialRows


class Ends(NamedTuple):
    """How r rows ended.

    states: (r, n), or (r, n, 2) of pairs; times: (r, 2), pairs; codes: (r,), statuses of the
    runtime, RUNNING where work was stopped before a row had ended; steps: (r,); grid: (r, k, n)
    or (r, k, n, 2), NaN where a row did not come, or None; events: what was recorded, and stopped:
    (r,), the event that stopped a row (code EVENT_STOP), where events are watched.

    With derivatives states are coefficients: (r, n, M), and (r, k, n, M) along a grid.
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

    For what Python need not decide about, see `python_decides`.  All that it works on is its own.
    """

    def __init__(self, integrator: Integrator) -> None:
        self.kind = integrator._kind
        self.machine = integrator._machine.copy()
        self.machine.spare = []  # those of the integrator's would hold themselves
        self.detection = None if integrator._detection is None else integrator._detection.copy()
        self.memory = SerialRows(self.machine, self.machine.whole)
        self._follow(integrator)

    def _follow(self, integrator: Integrator) -> None:
        """What may have changed since the last call."""
        self.max_step = integrator.max_step
        self.flow = None if integrator._flow is None else copy.copy(integrator._flow)

    @classmethod
    def spare(cls, integrator: Integrator) -> Self:
        """One that an earlier call has left, or a new one, to be given back by `leave`; nobody else
        has it meanwhile.  Of integrators without events.
        """
        try:
            found = cast(Self, integrator._machine.spare.pop())
        except IndexError:
            return cls(integrator)
        found._follow(integrator)
        return found

    def leave(self, integrator: Integrator) -> None:
        """Let another call of this integrator, or of a copy, have the memory."""
        integrator._machine.spare.append(self)

    def run(
        self,
        states: np.ndarray,
        times: np.ndarray,
        ends: np.ndarray,
        parameters: np.ndarray,
        grids: np.ndarray | None,
        max_steps: int | None,
        stop: Stop,
        trial: int = MOST_STEPS,
    ) -> Ends:
        """Integrate rows from `states` at `times` (r, 2) to `ends` (r, 2), or along `grids`.

        parameters: (r, m), or (r, m, 2); grids: (r, k, 2); trial: steps after which rows are left
            where they are (code STEPS_DONE), to be begun anew.
        """
        kind, memory = self.kind, self.memory
        early = max_steps is not None or self.detection is not None
        self._prepare(None if grids is None else grids[0])
        memory.put(*self._beginnings(kind.to_planes(states), kind.to_planes(parameters)))
        memory.put_spans(times, ends, step_asked_for(ends[:, 0] - times[:, 0], early))
        if grids is not None:
            memory.put_grids(grids)
        watched = None if self.detection is None else Watched(self.detection, len(states))
        limit = MOST_STEPS if max_steps is None else max_steps
        codes = memory.run(min(limit, trial), stop.flag, None if watched is None else watched.log)
        final = self._told(memory.states())
        filled = None if grids is None else self._grid_states()
        result = Ends(final, memory.times(), codes, memory.steps(), filled)
        if watched is None:
            return result
        found, stopped = watched.found(kind, ends[:, 0] < times[:, 0])
        return result._replace(events=found, stopped=stopped)

    def _prepare(self, grid: np.ndarray | None) -> None:
        """The machine as all rows begin: before a first step."""
        machine = self.machine
        machine.begin_counting()
        machine.forget_step()
        machine.start_recording(False, grid)
        machine.control.max_step = self.max_step
        if self.detection is not None:
            self.detection.begin(machine, backward=False)  # no step was made: either way will do

    def _beginnings(
        self, states: np.ndarray, parameters: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What machine code is told of states and parameters."""
        if self.flow is None:
            return states, parameters
        return self.flow.beginnings(cast(FlowMachine, self.machine), states, parameters)

    def _told(self, planes: np.ndarray) -> np.ndarray:
        """States or coefficients, as users see them."""
        if self.flow is not None:
            planes = polynomials_of(planes, self.flow.count)
        return self.kind.from_planes(planes)

    def _grid_states(self) -> np.ndarray:
        """In the user's order; NaN where a row did not come."""
        planes, reached = self.memory.grid_planes()
        states = self._told(planes)
        for row in np.flatnonzero(reached < states.shape[1]):
            states[row, reached[row] :] = np.nan
        return states
