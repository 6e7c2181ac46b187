"""What a worker of an ensemble does: some trajectories, with integrators of its own."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import field
from functools import cached_property
from threading import get_ident
from typing import Any

import numpy as np

from taylor.ensembles.events import Found, gathered, python_decides
from taylor.ensembles.jobs import Jobs
from taylor.ensembles.lanes import Stop
from taylor.ensembles.maps import write
from taylor.ensembles.serial import Ends, Rows
from taylor.expressions.leaves import time
from taylor.integrator.integrator import Integrator
from taylor.integrator.outcome import Outcome, Request, Status
from taylor.integrator.propagation import Propagation
from taylor.machines.dense import DenseOutput
from taylor.numbers.precision import leading
from taylor.surfaces.near import near_equalities
from taylor.systems.events import Crossings
from taylor.systems.impulses import Past
from taylor_runtime.program.codes import (
    EVENT_STOP,
    NON_FINITE,
    REACHED,
    RUNNING,
    STEP_UNDERFLOW,
    STEPS_DONE,
)
from taylor_runtime.program.records import dataclass

STATUSES = tuple(Status)
CODES = {status: code for code, status in enumerate(STATUSES)}
# By the runtime's codes, some of which are negative; what is not named here is looked at again.
_MEANT = np.full(64, CODES[Status.STEP_LIMIT], dtype=np.int8)
_MEANT[REACHED] = CODES[Status.REACHED]
_MEANT[RUNNING] = CODES[Status.INTERRUPTED]


@dataclass(slots=True)
class Results:
    """What became of r trajectories; `codes` are places in `STATUSES`, the rest as in `Ends`.

    With derivatives `states` and `grid` are coefficients.
    """

    states: np.ndarray
    times: np.ndarray
    codes: np.ndarray
    steps: np.ndarray
    grid: np.ndarray | None
    messages: dict[int, str] = field(default_factory=dict)
    events: Found | None = None
    switches: Found | None = None
    dense: list[DenseOutput | None] | None = None


class Runner:
    """Integrates trajectories with a copy of `integrator`, which is left alone.

    Trajectories that need no Python run through `Rows`.  The others, and those of which it is to
    be said in words why they did not end well, are run by the copy.

    rows: an earlier call's, for another one of the same system.
    """

    def __init__(
        self, integrator: Integrator, dense: bool = False, rows: Rows | None = None
    ) -> None:
        self._integrator = integrator
        if rows is None and not python_decides(integrator, dense):
            rows = Rows(integrator)
        self.rows = rows

    @cached_property
    def alone(self) -> Integrator:
        """The copy, made when it is first wanted."""
        return copy.copy(self._integrator)

    def at_once(self, jobs: Jobs, stop: Stop, steps: int) -> Results | None:
        """All of `jobs`, if no more than so many steps are to be made, and Python need not decide;
        else None.
        """
        asked = 0 if jobs.max_steps is None else jobs.max_steps * len(jobs)
        if self.rows is None or asked > steps:
            return None
        ends = self.rows.run(
            *(jobs.states, jobs.times, jobs.ends, jobs.parameters, jobs.grids(), jobs.max_steps),
            stop,
            trial=steps // len(jobs),
        )
        if jobs.max_steps is None and STEPS_DONE in ends.codes.tolist():
            return None
        return self.results(jobs, ends, stop)

    def run(self, jobs: Jobs, stop: Stop) -> Results:
        """All of `jobs`, or as many as there is time for."""
        if self.rows is None:
            return self._one_by_one(jobs, stop)
        ends = self.rows.run(
            jobs.states, jobs.times, jobs.ends, jobs.parameters, jobs.grids(), jobs.max_steps, stop
        )
        return self.results(jobs, ends, stop)

    def results(self, jobs: Jobs, ends: Ends, stop: Stop) -> Results:
        """What `ends` of all jobs come to; those that went wrong are run again to say why."""
        codes = _MEANT[ends.codes]
        results = Results(ends.states, ends.times, codes, ends.steps, ends.grid, {}, ends.events)
        if self._integrator._steering is None and not (ends.codes != REACHED).any():
            return results
        if ends.stopped is not None:
            for row in np.flatnonzero(ends.codes == EVENT_STOP):
                codes[row] = CODES[Status.EVENT]
                results.messages[int(row)] = self.stopped_by(int(ends.stopped[row]))
        blank(results, (ends.codes == RUNNING).nonzero()[0])
        wrong = (ends.codes == NON_FINITE) | (ends.codes == STEP_UNDERFLOW)
        for row in (wrong | self._asks(jobs)).nonzero()[0]:
            self._again(jobs, int(row), results, stop)
        return results

    def _asks(self, jobs: Jobs) -> np.ndarray:
        """Rows that start where an equality of the right-hand side may hold: Python decides."""
        ta, found = self.alone, np.zeros(len(jobs), dtype=bool)
        if ta._steering is None or not ta._model.equalities:
            return found
        values: dict[Any, Any] = {time: jobs.times.sum(axis=-1)}
        for nodes, numbers in (
            (ta.system.states, jobs.states),
            (ta.system.parameters, jobs.parameters),
        ):
            listed = leading(numbers, ta._kind).astype(float)
            values |= {e: listed[:, i] for i, e in enumerate(nodes)}
        for _, holds in near_equalities(ta._model, values):
            found |= holds
        return found

    def stopped_by(self, number: int) -> str:
        """What is said of a terminal event."""
        return f"events[{number}], {self.alone.events[number].expression} = 0, is terminal"

    def _again(self, jobs: Jobs, row: int, results: Results, stop: Stop) -> None:
        """A trajectory that went wrong, for its message; its numbers are the same."""
        outcome = self._one(jobs.part(row, row + 1), stop)
        self._fill(results, row, outcome)

    # -- one by one -----------------------------------------------------------------------------

    def _one_by_one(self, jobs: Jobs, stop: Stop) -> Results:
        results = empty(jobs)
        events: list[Sequence[Crossings]] = []
        switches: list[Sequence[Crossings]] = []
        ta = self.alone
        for row in range(len(jobs)):
            outcome = None if stop.wanted else self._one(jobs.part(row, row + 1), stop)
            self._fill(results, row, outcome)
            done = outcome is not None and results.codes[row] != CODES[Status.INTERRUPTED]
            events.append(outcome.events if done and outcome else ())
            switches.append(outcome.switches if done and outcome else ())
            if results.dense is not None and outcome is not None:
                results.dense[row] = outcome.dense
        if ta.events:
            results.events = gathered(events, jobs, ta._kind, maps=ta._flow is not None)
        if ta.switches:
            results.switches = gathered(switches, jobs, ta._kind, maps=False)
        return results

    def _one(self, job: Jobs, stop: Stop) -> Outcome | None:
        """One trajectory; None if there was no time for it."""
        ta = self.alone
        kind = ta._kind
        ta._state[:] = job.states[0]
        ta._time = (float(job.times[0, 0]), float(job.times[0, 1]))
        ta._parameters._values[:] = job.parameters[0]
        ta._past = Past()
        if ta._flow is not None:
            ta._flow.renew()
        ta._known = None  # a fresh start, whatever the trajectory before has left
        for name, values, listed in (
            ("state", job.states[0], ta.system.states),
            ("parameter", job.parameters[0], ta.system.parameters),
        ):
            bad = np.flatnonzero(~np.isfinite(leading(values, kind)))
            if len(bad):
                number = float(leading(values, kind)[bad[0]])
                return self._failure(
                    Status.NON_FINITE, f"{name} {listed[bad[0]]} is {number} at the start"
                )
        grids = job.grids()
        end = (float(job.ends[0, 0]), float(job.ends[0, 1]))
        grid = None if grids is None else grids[0]
        request = Request(job.max_steps, dense=job.dense, leaves=lambda: stop.wanted)
        ta._running = get_ident()
        try:
            outcome = Propagation(ta, (end, grid), request).run()
            return None if outcome.status is Status.INTERRUPTED else outcome
        except Exception as error:  # of a callback, or of an impulse that cannot be undone
            return self._failure(Status.FAILED, f"{type(error).__name__}: {error}")
        finally:
            ta._running = 0

    def _failure(self, status: Status, message: str) -> Outcome:
        steps = 0 if status is Status.NON_FINITE else self.alone._machine.control.steps
        events, switches = ((), ()) if status is Status.NON_FINITE else self.alone._found()
        nan = float("nan")
        return Outcome(
            status, self.alone.time, steps, nan, nan, 0, message, events=events, switches=switches
        )

    def _fill(self, results: Results, row: int, outcome: Outcome | None) -> None:
        ta = self.alone
        if outcome is None:
            results.codes[row] = CODES[Status.INTERRUPTED]
            blank(results, np.array([row]))
            return
        if ta._flow is None:
            results.states[row] = ta._state
        else:
            write(results.states[row], ta._state, outcome.flow_map, ta._kind)
        results.times[row] = ta._time
        results.codes[row] = CODES[outcome.status]
        results.steps[row] = outcome.steps
        if results.grid is not None:
            states = np.nan if outcome.states is None else outcome.states
            if ta._flow is None:
                results.grid[row] = states
            else:
                write(results.grid[row], states, outcome.flow_maps, ta._kind)
        if outcome.message and outcome.message != outcome.status.value:
            results.messages[row] = outcome.message


def empty(jobs: Jobs) -> Results:
    """Room for the results of some trajectories."""
    count, rest = len(jobs), jobs.shape
    grid = None
    if jobs.grid is not None:
        grid = np.empty((count, jobs.grid.shape[-2], *rest), dtype=jobs.states.dtype)
    return Results(
        states=np.empty((count, *rest), dtype=jobs.states.dtype),
        times=np.empty((count, 2)),
        codes=np.empty(count, dtype=np.int8),
        steps=np.zeros(count, dtype=np.int64),
        grid=grid,
        dense=[None] * count if jobs.dense else None,
    )


def interrupted(jobs: Jobs) -> Results:
    """Of trajectories none of which was finished."""
    results = empty(jobs)
    results.codes.fill(CODES[Status.INTERRUPTED])
    blank(results, np.arange(len(jobs)))
    return results


def blank(results: Results, rows: np.ndarray) -> None:
    """Rows that were not finished show nothing."""
    if not len(rows):
        return
    results.states[rows] = results.times[rows] = np.nan
    results.steps[rows] = 0
    if results.grid is not None:
        results.grid[rows] = np.nan
