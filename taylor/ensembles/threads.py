"""Rows shared out among the threads of a process: one by one, or in lanes."""

from __future__ import annotations

import threading
import time as clock
from collections.abc import Callable

from taylor.ensembles.events import python_decides
from taylor.ensembles.jobs import Jobs
from taylor.ensembles.lanes import Batch, Stop, Unsuitable, is_made
from taylor.ensembles.rounds import ROUNDS_OF_LANES, Relay
from taylor.ensembles.worker import Results, Runner
from taylor.integrator.integrator import Integrator

SHARE_SECONDS = 0.2  # that a share of the rows should take
FIRST_SHARE = 16
MOST_ROWS = 4096
MOST_NUMBERS = 1 << 21  # in the results of a share
LEAST_IN_LANES = 64  # rows
BATCH_SECONDS = 0.25  # of work left that machine code with trajectories in lanes is made for

Put = Callable[[int, Results], None]


class Shares:
    """Ranges of rows, small enough that workers end together however unlike the rows are."""

    def __init__(self, jobs: Jobs, workers: int) -> None:
        self.count = len(jobs)
        self.next_row = 0
        self.workers = workers
        self.most = max(1, min(MOST_ROWS, MOST_NUMBERS // max(1, jobs.numbers)))
        self.done = 0
        self.rate = 0.0  # rows a second of one worker, latest
        self.lock = threading.Lock()

    def take(self) -> tuple[int, int] | None:
        """The next range; None when all are taken."""
        with self.lock:
            left = self.count - self.next_row
            if left <= 0:
                return None
            fair = -(-left // (4 * self.workers))
            timed = int(self.rate * SHARE_SECONDS) if self.rate else FIRST_SHARE
            if timed >= LEAST_IN_LANES:  # rows are quick: rather keep lanes full
                fair = max(fair, LEAST_IN_LANES)
            size = max(1, min(fair, timed, self.most))
            first = self.next_row
            self.next_row = min(first + size, self.count)
            return first, self.next_row

    def take_all(self) -> int:
        """Where the rows begin that nobody has taken; now they are."""
        with self.lock:
            first = min(self.next_row, self.count)
            self.next_row = self.count
            return first

    def took(self, rows: int, seconds: float) -> None:
        """How long a share took."""
        with self.lock:
            self.done += rows
        self.rate = max(rows / max(seconds, 1e-6), 1.0)


class Team:
    """Threads that share the rows: one by one, or in lanes where there is enough to do.

    Where the machine code for lanes is not there yet, the first shares are run one by one, and tell
    how long it would take to go on so.

    outlook: rows to come, in other calls.
    copies:  `put` copies what it is given.
    """

    def __init__(
        self,
        integrator: Integrator,
        jobs: Jobs,
        put: Put,
        workers: int,
        outlook: float = 0.0,
        copies: bool = True,
    ) -> None:
        self.integrator = integrator
        self.jobs = jobs
        self.put = put
        self.workers = workers
        self.shares = Shares(jobs, workers)
        self.stop = Stop()
        self.batch: Batch | None = None
        self.relay: Relay | None = None
        self.outlook = outlook
        self.copies = copies
        watched = integrator._detection is not None
        self.undecided = not watched and not python_decides(integrator, jobs.dense)
        self.lock = threading.Lock()
        if self.undecided and is_made(integrator):
            self._go_in_lanes()

    @property
    def done(self) -> int:
        """How many rows have ended."""
        return self.shares.done + (0 if self.relay is None else self.relay.done)

    def work(self) -> None:
        """What a thread does."""
        try:
            runner = Runner(self.integrator, self.jobs.dense)
            while not self.stop.wanted and (share := self.shares.take()) is not None:
                started = clock.perf_counter()
                self.put(share[0], runner.run(self.jobs.part(*share), self.stop))
                self.shares.took(share[1] - share[0], clock.perf_counter() - started)
                self._decide()
            with self.lock:  # somebody may be making them
                batch, relay = self.batch, self.relay
            if batch is not None and relay is not None:
                relay.work(batch.copy(), runner)
        except BaseException:
            self.stop.wanted = True
            raise

    def _decide(self) -> None:
        """Once, when it is known how long a row takes: whether lanes are worth their making."""
        with self.lock:
            if not self.undecided:
                return
            self.undecided = False
            left = len(self.jobs) - self.shares.next_row
            rows = left / self.workers + self.outlook
            if rows > self.shares.rate * BATCH_SECONDS:
                self._go_in_lanes()

    def _go_in_lanes(self) -> None:
        """With all rows that nobody has taken, if they are not few."""
        self.undecided = False
        if len(self.jobs) - self.shares.next_row < LEAST_IN_LANES:
            return
        try:
            self.batch = Batch(self.integrator)
        except Unsuitable:
            return
        size = max(self.shares.most, ROUNDS_OF_LANES * self.batch.lanes * self.workers)
        first = self.shares.take_all()
        self.relay = Relay(self.jobs, first, size, self.put, self.stop, self.copies)

    def close(self) -> None:
        """What an interruption has left in lanes."""
        if self.relay is not None:
            self.relay.close(Runner(self.integrator, self.jobs.dense))
