"""Handing out the trajectories of an ensemble to threads, or to any executor."""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import threading
import time as clock
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from typing import Any

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.integrate.batch import Batch, Stop, Unsuitable
from taylor.integrate.integrator import Integrator
from taylor.integrate.jobs import Jobs
from taylor.integrate.progress import ProgressBar
from taylor.integrate.relay import ROUNDS_OF_LANES, Relay
from taylor.integrate.runner import Results, Runner

LOOK_SECONDS = 0.1  # between looks at Ctrl-C and progress
SHARE_SECONDS = 0.2  # that a share of the rows should take
FIRST_SHARE = 16
MOST_ROWS = 4096
MOST_NUMBERS = 1 << 21  # in the results of a share
LEAST_IN_LANES = 64  # rows
BATCH_SECONDS = 0.5  # of work left that machine code with trajectories in lanes is made for
MADE_SECONDS = 0.01  # and the same where it is there already
AHEAD = 2  # shares for each worker that are under way in an executor
KEPT = 4  # integrators that a process keeps for more shares of the same ensemble

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
            size = max(1, min(fair, timed, self.most))
            first = self.next_row
            self.next_row = first + size
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


def default_workers() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(
    integrator: Integrator,
    jobs: Jobs,
    put: Put,
    workers: int,
    executor: ThreadPoolExecutor | None,
    bar: ProgressBar,
) -> None:
    """Run all jobs in threads of this process; Ctrl-C leaves out what was not finished."""
    team = _Team(integrator, jobs, put, workers)
    pool = executor or ThreadPoolExecutor(workers)
    futures = []
    try:
        futures = [pool.submit(team.work) for _ in range(workers)]
        while wait(futures, timeout=LOOK_SECONDS).not_done:
            bar.show(team.done)
    except KeyboardInterrupt:
        pass
    finally:
        team.stop.wanted = True
        wait(futures)
        if executor is None:
            pool.shutdown()
    for future in futures:
        future.result()
    team.close()


class _Team:
    """Threads that share the rows: one by one, or in lanes where there is enough to do.

    The first shares are run one by one, and tell how long it would take to go on so.
    """

    def __init__(self, integrator: Integrator, jobs: Jobs, put: Put, workers: int) -> None:
        self.integrator = integrator
        self.jobs = jobs
        self.put = put
        self.workers = workers
        self.shares = Shares(jobs, workers)
        self.stop = Stop()
        self.relay: Relay | None = None
        self.undecided = True
        self.lock = threading.Lock()

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
                self._decide(runner)
            with self.lock:  # somebody may be making it
                relay = self.relay
            if relay is not None:
                batch = self.integrator._batch.copy()
                batch.max_step = self.integrator.max_step
                relay.work(batch, runner)
        except BaseException:
            self.stop.wanted = True
            raise

    def _decide(self, runner: Runner) -> None:
        """Once, when it is known how long a row takes: whether lanes are worth their making."""
        with self.lock:
            if not self.undecided:
                return
            self.undecided = False
            left = len(self.jobs) - self.shares.next_row
            seconds = left / (self.shares.rate * self.workers)
            made = self.integrator._batch is not None
            if runner.rows is None or left < LEAST_IN_LANES:
                return
            if self.integrator._detection is not None:
                return
            if seconds < (MADE_SECONDS if made else BATCH_SECONDS) or not self._make():
                return
            lanes = self.integrator._batch.lanes
            size = max(self.shares.most, ROUNDS_OF_LANES * lanes * self.workers)
            first = self.shares.take_all()
            self.relay = Relay(self.jobs, first, size, self.put, self.stop)

    def _make(self) -> bool:
        """Machine code for many trajectories, if that is worth while."""
        if self.integrator._batch is None:
            try:
                self.integrator._batch = Batch(self.integrator)
            except Unsuitable:
                return False
        return True

    def close(self) -> None:
        """What an interruption has left in lanes."""
        if self.relay is not None:
            self.relay.close(Runner(self.integrator, self.jobs.dense))


def in_executor(
    integrator: Integrator,
    jobs: Jobs,
    put: Put,
    workers: int,
    executor: Executor,
    bar: ProgressBar,
) -> str:
    """Run all jobs by an executor that pickles what it is given; returns why rows are missing.

    Raises what the first share raised, if none was finished.
    """
    payload = _pickled(integrator)
    key = hashlib.blake2b(payload, digest_size=16).hexdigest()
    shares = Shares(jobs, workers)
    pending: dict[Future[tuple[list[tuple[int, Results]], float]], int] = {}
    problem: BaseException | None = None
    finished = 0
    try:
        while True:
            while problem is None and len(pending) < AHEAD * workers:
                share = shares.take()
                if share is None:
                    break
                future = executor.submit(run_elsewhere, key, payload, jobs.part(*share))
                pending[future] = share[0]
            if not pending:
                break
            done, _ = wait(pending, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                first = pending.pop(future)
                error = future.exception()
                if error is not None:
                    problem = problem or error
                    continue
                found, seconds = future.result()
                for place, results in found:
                    put(first + place, results)
                shares.took(sum(len(results.codes) for _, results in found), seconds)
                finished += 1
            bar.show(shares.done)
    except KeyboardInterrupt:
        for future in pending:
            future.cancel()
        return ""
    except BaseException:
        for future in pending:
            future.cancel()
        raise
    if problem is not None and not finished:
        raise problem
    return "" if problem is None else f"the executor lost it: {type(problem).__name__}: {problem}"


def _pickled(integrator: Integrator) -> bytes:
    """By cloudpickle, which takes functions of scripts too, where the executor's client loaded it.

    Raises ArgumentError for events whose callbacks cannot be pickled.
    """
    try:
        pickler: Any = sys.modules.get("cloudpickle", pickle)
        return bytes(pickler.dumps(integrator))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ArgumentError(
            f"ensemble: the integrator cannot be sent to other processes ({error}); callbacks of "
            "events must be functions of a module, not lambdas or functions within functions"
        ) from error


def check_executor(executor: object) -> None:
    """None or something with `submit`."""
    if executor is not None and not isinstance(executor, Executor):
        raise ArgumentTypeError(
            "ensemble: executor must be a concurrent.futures.Executor (of a Dask client, "
            f"client.get_executor()), got {type(executor).__name__}"
        )


# -- in a process of an executor ------------------------------------------------------------------

_known: OrderedDict[str, Integrator] = OrderedDict()
_lock = threading.Lock()


def run_elsewhere(key: str, payload: bytes, jobs: Jobs) -> tuple[list[tuple[int, Results]], float]:
    """Integrate some trajectories with the pickled integrator; also the seconds it took.

    The integrator is kept for the next share, and what it was compiled to.
    """
    with _lock:
        integrator = _known.get(key)
    if integrator is None:
        integrator = pickle.loads(payload)
    with _lock:
        integrator = _known.setdefault(key, integrator)
        _known.move_to_end(key)
        while len(_known) > KEPT:
            _known.popitem(last=False)
    found: list[tuple[int, Results]] = []
    team = _Team(integrator, jobs, lambda first, results: found.append((first, results)), 1)
    started = clock.perf_counter()
    team.work()
    return found, clock.perf_counter() - started
