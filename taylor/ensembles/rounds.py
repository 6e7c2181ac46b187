"""Trajectories in lanes: rounds of them, on each of which all threads work side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from taylor.ensembles.jobs import Jobs
from taylor.ensembles.lanes import Batch, Stop
from taylor.ensembles.serial import Ends
from taylor.ensembles.worker import Results, Runner
from taylor.numbers.precision import leading
from taylor_runtime.program.codes import NON_FINITE

ROUNDS_OF_LANES = 8  # trajectories of each lane of each worker, at least, in a round


class Round:
    """Some trajectories, those with finite numbers in rows that machine code takes one by one."""

    def __init__(
        self, batch: Batch, jobs: Jobs, first: int, memory: np.ndarray | None = None
    ) -> None:
        self.jobs = jobs
        self.first = first
        kind = batch.kind
        self.good = np.isfinite(leading(jobs.states, kind)).all(axis=1)
        self.good &= np.isfinite(leading(jobs.parameters, kind)).all(axis=1)
        own = slice(None) if self.good.all() else self.good
        states, times, ends = jobs.states[own], jobs.times[own], jobs.ends[own]
        self.batch = batch
        self.rows = batch.rows(states, times, ends, jobs.parameters[own], jobs.max_steps)
        grids = jobs.grids()
        if grids is not None:
            memory = self.rows.add_grids(grids[own], memory)
        self.memory = memory
        self.inside = 0  # workers
        self.taken = False

    @property
    def ended(self) -> int:
        """How many have."""
        return len(self.good) - len(self.rows) + self.rows.ended

    def ends(self) -> Ends:
        """How all ended; what is not finite did not even start."""
        found = self.batch.ends_of(self.rows)
        if self.good.all():
            return Ends(*found)
        count, good = len(self.good), self.good
        codes = np.full(count, NON_FINITE, dtype=np.int64)
        steps = np.zeros(count, dtype=np.int64)
        states = np.full((count, *found.states.shape[1:]), np.nan, dtype=found.states.dtype)
        times = self.jobs.times.copy()
        states[good], times[good], codes[good], steps[good] = found[:4]
        grid = None
        if found.grid is not None:
            grid = np.full((count, *found.grid.shape[1:]), np.nan, dtype=found.grid.dtype)
            grid[good] = found.grid
        return Ends(states, times, codes, steps, grid)


class Relay:
    """Hands rounds of the trajectories from `first` on to workers.

    recycles: `put` keeps nothing of what it is given.
    """

    def __init__(
        self,
        jobs: Jobs,
        first: int,
        size: int,
        put: Callable[[int, Results], None],
        stop: Stop,
        recycles: bool,
    ) -> None:
        self.jobs = jobs
        self.next_row = first
        self.size = size
        self.put = put
        self.stop = stop
        self.recycles = recycles
        self.rounds: list[Round | None] = []
        self.lock = threading.Lock()
        self.handed_in = 0
        self.spare: list[np.ndarray] = []  # memory for grids of rounds that are over

    @property
    def done(self) -> int:
        """How many trajectories have ended."""
        under_way = [r for r in self.rounds if r is not None and not r.taken]
        return self.handed_in + sum(r.ended for r in under_way)

    def work(self, batch: Batch, runner: Runner) -> None:
        """What one worker does, with a batch and a runner of its own."""
        number = 0
        while not self.stop.wanted and self._begin(batch, number):
            round_ = self._enter(number)
            if round_ is not None:
                batch.work(round_.rows, self.stop)
                if self._leave(round_):
                    self._finish(number, runner)
            number += 1

    def close(self, runner: Runner) -> None:
        """When all workers have ended: what was interrupted."""
        for number in range(len(self.rounds)):
            self._finish(number, runner)

    def _begin(self, batch: Batch, number: int) -> bool:
        """Whether there is such a round; it is made where nobody has come to it yet."""
        with self.lock:
            if number < len(self.rounds):
                return True
            first, last = self.next_row, min(self.next_row + self.size, len(self.jobs))
            if first == last:
                return False
            memory = self.spare.pop() if self.spare else None
            self.rounds.append(Round(batch, self.jobs.part(first, last), first, memory))
            self.next_row = last
            return True

    def _enter(self, number: int) -> Round | None:
        """The round to work on; None if it is over."""
        with self.lock:
            round_ = self.rounds[number]
            if round_ is None or round_.taken:
                return None
            round_.inside += 1
            return round_

    def _leave(self, round_: Round) -> bool:
        """Whether a worker was the last: then all results are in place, not just all statuses."""
        with self.lock:
            round_.inside -= 1
            return round_.inside == 0 and not self.stop.wanted

    def _finish(self, number: int, runner: Runner) -> None:
        """Hand a round in, once, and forget it."""
        with self.lock:
            round_ = self.rounds[number]
            if round_ is None or round_.taken:
                return
            round_.taken = True
            self.handed_in += len(round_.jobs)
        self.put(round_.first, runner.results(round_.jobs, round_.ends(), self.stop))
        self.rounds[number] = None
        if round_.memory is not None and self.recycles:
            self.spare.append(round_.memory)
