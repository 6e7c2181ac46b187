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
from taylor.integrate.integrator import Integrator
from taylor.integrate.jobs import Jobs
from taylor.integrate.progress import ProgressBar
from taylor.integrate.rows import Stop
from taylor.integrate.runner import Results, Runner

LOOK_SECONDS = 0.1  # between looks at Ctrl-C and progress
SHARE_SECONDS = 0.2  # that a share of the rows should take
FIRST_SHARE = 16
MOST_ROWS = 4096
MOST_NUMBERS = 1 << 21  # in the results of a share
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

    def took(self, rows: int, seconds: float) -> None:
        """How long a share took."""
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
    shares, stop = Shares(jobs, workers), Stop()

    def work() -> None:
        try:
            runner = Runner(integrator, jobs.dense)
            while not stop.wanted and (share := shares.take()) is not None:
                started = clock.perf_counter()
                put(share[0], runner.run(jobs.part(*share), stop))
                shares.took(share[1] - share[0], clock.perf_counter() - started)
        except BaseException:
            stop.wanted = True
            raise

    pool = executor or ThreadPoolExecutor(workers)
    futures = []
    try:
        futures = [pool.submit(work) for _ in range(workers)]
        while wait(futures, timeout=LOOK_SECONDS).not_done:
            bar.show(shares.next_row)
    except KeyboardInterrupt:
        pass
    finally:
        stop.wanted = True
        wait(futures)
        if executor is None:
            pool.shutdown()
    for future in futures:
        future.result()


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
    key = hashlib.blake2b(payload, digest_size=16).hexdigest() + str(jobs.dense)
    shares = Shares(jobs, workers)
    pending: dict[Future[tuple[Results, float]], int] = {}
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
                results, seconds = future.result()
                put(first, results)
                shares.took(len(results.codes), seconds)
                finished += 1
            bar.show(shares.next_row)
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

_idle: OrderedDict[str, list[Runner]] = OrderedDict()
_lock = threading.Lock()


def run_elsewhere(key: str, payload: bytes, jobs: Jobs) -> tuple[Results, float]:
    """Integrate some trajectories with the pickled integrator; also the seconds it took.

    Integrators are kept for the next share: one for each thread that is at work.
    """
    with _lock:
        idle = _idle.setdefault(key, [])
        _idle.move_to_end(key)
        while len(_idle) > KEPT:
            _idle.popitem(last=False)
        runner = idle.pop() if idle else None
    if runner is None:
        runner = Runner(pickle.loads(payload), jobs.dense)
    started = clock.perf_counter()
    results = runner.run(jobs, Stop())
    seconds = clock.perf_counter() - started
    with _lock:
        idle.append(runner)
    return results, seconds
