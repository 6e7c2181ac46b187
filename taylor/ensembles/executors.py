"""Handing out the trajectories of an ensemble to threads, or to any executor."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time as clock
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeGuard

from taylor.displays.progress import ProgressBar
from taylor.ensembles import threads
from taylor.ensembles.events import python_decides
from taylor.ensembles.jobs import Jobs
from taylor.ensembles.lanes import Stop
from taylor.ensembles.serial import Rows
from taylor.ensembles.threads import Put, Shares, Team
from taylor.ensembles.worker import Results, Runner, interrupted
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.integrator.integrator import Integrator
from taylor_runtime.program.records import blake2b

if TYPE_CHECKING:  # it takes 15 ms to import
    from concurrent.futures import Executor, Future, ThreadPoolExecutor

LOOK_SECONDS = 0.1  # between looks at Ctrl-C and progress
STEPS_AT_ONCE = 2048  # of all rows, that need no thread
AHEAD = 2  # shares for each worker that are under way in an executor
KEPT = 4  # integrators that a process keeps for more shares of the same ensemble


def is_threads(executor: object) -> TypeGuard[ThreadPoolExecutor]:
    """Whether its jobs run in threads of this process."""
    from concurrent.futures import ThreadPoolExecutor

    return isinstance(executor, ThreadPoolExecutor)


def default_workers() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def at_once(integrator: Integrator, jobs: Jobs) -> Results | None:
    """All of the jobs, run here if they take no longer than it takes to start a thread, or nearly
    so; None if that was not enough, and their trajectories have to be begun anew.

    The integrator is left alone.
    """
    stepper = integrator._machine.stepper
    plain = integrator._detection is None and integrator._steering is None
    few = 0 < len(jobs) < threads.LEAST_IN_LANES and stepper.is_short
    if not (plain and few) or python_decides(integrator, jobs.dense):
        return None
    try:
        rows = Rows.spare(integrator)
        found = Runner(integrator, jobs.dense, rows).at_once(jobs, Stop(), STEPS_AT_ONCE)
        if jobs.grid is None:  # whose memory may be large
            rows.leave(integrator)
    except KeyboardInterrupt:
        return interrupted(jobs)
    return found


def in_threads(
    integrator: Integrator,
    jobs: Jobs,
    put: Put,
    workers: int,
    executor: ThreadPoolExecutor | None,
    bar: ProgressBar,
) -> None:
    """Run all jobs in threads of this process; Ctrl-C leaves out what was not finished."""
    from concurrent.futures import ThreadPoolExecutor, wait

    team = Team(integrator, jobs, put, workers)
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
    from concurrent.futures import FIRST_COMPLETED, wait

    integrator._machine.stepper.complete()  # else each of the processes makes it anew
    payload = _pickled(integrator)
    key = blake2b(payload, digest_size=16).hexdigest()
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
                outlook = (len(jobs) - share[1]) / workers
                part = jobs.part(*share)
                future = executor.submit(run_elsewhere, key, payload, part, outlook)
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
    if executor is None:
        return
    from concurrent.futures import Executor

    if not isinstance(executor, Executor):
        raise ArgumentTypeError(
            "ensemble: executor must be a concurrent.futures.Executor (of a Dask client, "
            f"client.get_executor()), got {type(executor).__name__}"
        )


# -- in a process of an executor ------------------------------------------------------------------

_known: OrderedDict[str, Integrator] = OrderedDict()
_lock = threading.Lock()


def run_elsewhere(
    key: str, payload: bytes, jobs: Jobs, outlook: float
) -> tuple[list[tuple[int, Results]], float]:
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
    team = Team(
        integrator,
        jobs,
        lambda first, results: found.append((first, results)),
        workers=1,
        outlook=outlook,
        copies=False,
    )
    started = clock.perf_counter()
    team.work()
    return found, clock.perf_counter() - started
