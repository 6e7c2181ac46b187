"""Many trajectories of one system."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from taylor.displays.progress import ProgressBar
from taylor.ensembles.executors import (
    at_once,
    check_executor,
    default_workers,
    in_executor,
    in_threads,
    is_threads,
)
from taylor.ensembles.gathering import Gatherer
from taylor.ensembles.jobs import make_jobs
from taylor.ensembles.outcome import EnsembleOutcome
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.types import Named
from taylor.integrator.integrator import Integrator
from taylor.numbers.types import Numbers, Path, Time
from taylor.systems.events import Event

if TYPE_CHECKING:  # it takes 15 ms to import
    from concurrent.futures import Executor


def ensemble(
    integrator: Integrator,
    states: Numbers,
    *,
    until: Time | Numbers | None = None,
    times: Numbers | None = None,
    parameters: Named[Numbers] | Numbers | None = None,
    time0: Time | Numbers | None = None,
    events: Sequence[Event] | Event | None = None,
    dense: bool = False,
    max_steps: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
    output: Path | None = None,
) -> EnsembleOutcome:
    """Integrate many trajectories: arrays in, arrays out, one row for each.

    integrator: system, tolerances, events and impulses of all; it is copied and left as it is.
    states:     initial states, shape (trajectories, n), or (n,) where all start alike.
    until:      time to go to, forwards or backwards: one, or one for each, shape (trajectories,).
    times:      instead of `until`, a grid: shape (times,), or (trajectories, times).
    parameters: by expression or name, numbers or arrays of shape (trajectories,); or an array of
                shape (trajectories, m) or (m,).  The integrator's own by default.
    time0:      initial time, one or one for each; the integrator's own by default.
    events:     list of `taylor.Event` instead of the integrator's.
    dense:      keep every trajectory's polynomials (memory!), in `outcome.dense`.
    max_steps:  of each trajectory (status STEP_LIMIT).
    workers:    threads, or tasks under way in the executor; by default one per processor.
    executor:   any `concurrent.futures.Executor` instead of threads of its own: a process pool, or
                `client.get_executor()` of a Dask client.
    progress:   show a progress bar when it takes long.
    output:     path of a .npy file to which `states` are written as they come; the result has a
                memory map of it. Memory then does not grow with the times of the grid. Of a
                variational system it has the coefficients of `flow_maps`.

    Shapes are those of float64; in double-double there is a last axis of length 2.

    A trajectory has bit for bit the result that the integrator alone gives from a fresh start, with
    any workers and executor.  What goes wrong in one stays in its row: its status and message say
    what (not finite states to start from, too: NON_FINITE; exceptions of callbacks: FAILED).

    Of an integrator of a variational system (`taylor.variational`) every row begins a map of its
    own; the outcome has them in `flow_maps`, and events in `time_maps` and `state_maps`.

    Ctrl-C does not raise: what is finished is returned, and all other rows have status INTERRUPTED
    and NaN states (`outcome.interrupted` tells).  A second Ctrl-C raises KeyboardInterrupt.
    Callbacks of events are called in the workers, with the worker's integrator.

    Raises ValueError or TypeError for arguments that do not fit, before anything is integrated.

    >>> import numpy as np, taylor as ty
    >>> x, v = ty.variables("x v")
    >>> ta = ty.Integrator([(x, v), (v, -x)], [1.0, 0.0])
    >>> outcome = ty.ensemble(ta, [[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]], until=np.pi)
    >>> outcome
    EnsembleOutcome(3 trajectories: 3 REACHED)
    >>> outcome.states.round(12) + 0.0
    array([[-1.,  0.],
           [-2.,  0.],
           [ 0., -3.]])
    """
    if not isinstance(integrator, Integrator):
        raise ArgumentTypeError(
            f"ensemble: the first argument must be an Integrator, got {type(integrator).__name__}"
        )
    check_executor(executor)
    count = _workers(workers, executor)
    jobs = make_jobs(integrator, states, until, times, parameters, time0, max_steps, dense)
    own = integrator
    if events is not None:
        own = copy.copy(integrator)
        own.events = events  # type: ignore[assignment]
    whole = at_once(own, jobs) if executor is None and output is None else None
    if whole is not None:
        return Gatherer(jobs, None, own, whole).finish("")
    if events is None:
        own = copy.copy(integrator)
    gatherer = Gatherer(jobs, output, own)
    count = max(1, min(count, len(jobs)))
    bar = ProgressBar(0, len(jobs), progress, f"{{}} of {len(jobs)} trajectories")
    missing = ""
    try:
        if len(jobs) == 0:
            pass
        elif executor is None or is_threads(executor):
            in_threads(own, jobs, gatherer.put, count, executor, bar)
        else:
            missing = in_executor(own, jobs, gatherer.put, count, executor, bar)
    finally:
        bar.close()
    return gatherer.finish(missing)


def _workers(workers: Any, executor: Any) -> int:
    if workers is None:
        known = getattr(executor, "_max_workers", None)
        return known if isinstance(known, int) and known > 0 else default_workers()
    if isinstance(workers, bool) or not isinstance(workers, int | np.integer):
        raise ArgumentTypeError(f"ensemble: workers must be an integer or None, got {workers!r}")
    if workers < 1:
        raise ArgumentError(f"ensemble: workers must be positive, got {workers}")
    return int(workers)
