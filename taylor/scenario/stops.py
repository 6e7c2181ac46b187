"""Runs that Ctrl-C ends without a loss: what has been reached is kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np

from taylor.errors import TaylorError
from taylor.integrator.driven import request_of
from taylor.integrator.integrator import Integrator
from taylor.integrator.outcome import Outcome, Status
from taylor.numbers import times as tm
from taylor.systems import arguments


class Stopped(TaylorError):
    """Ctrl-C ended a run before its end; what it had reached is written."""

    exit_code = 1


def propagated(
    ta: Integrator, times: np.ndarray, max_steps: int | None, progress: bool
) -> tuple[Outcome, np.ndarray]:
    """`propagate_grid`, and the states at the times that were reached.

    At Ctrl-C it ends with status INTERRUPTED; raises KeyboardInterrupt at the second, and where
    none of the times has been reached.
    """
    with _told() as told:
        request = request_of(max_steps, None, False, progress)._replace(leaves=lambda: bool(told))

        def goal() -> tuple[tuple[float, float], np.ndarray]:
            grid = arguments.grid_times(times, ta._time, ta._kind)
            return tm.time_pair((float(grid[-1, 0]), float(grid[-1, 1]))), grid

        outcome = ta._propagate(goal, request)
    assert outcome.states is not None
    if outcome.status is not Status.INTERRUPTED:
        return outcome, outcome.states
    reached = int(np.isfinite(outcome.states).all(axis=-1).sum())
    if not reached:
        raise KeyboardInterrupt
    return outcome, outcome.states[:reached]


@contextmanager
def _told() -> Iterator[list[int]]:
    """A list that is empty until Ctrl-C."""
    told: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # others hear no signals
        yield told
        return

    def hear(number: int, frame: FrameType | None) -> None:
        if told:
            raise KeyboardInterrupt
        told.append(number)

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield told
    finally:
        signal.signal(signal.SIGINT, before)
