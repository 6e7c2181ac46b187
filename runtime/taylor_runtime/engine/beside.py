"""Work that is done beside the program's own, by one thread, after a while.

The thread lives as long as there is work, and never through a fork or the end of the process: both
wait for the piece of work that goes on, so that LLVM is left in order; what has not begun by the
end of the process is not done at all, nor is it in a child process.
"""

from __future__ import annotations

import atexit
import heapq
import itertools
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from taylor_runtime.engine.signals import undisturbed

Work = Callable[[], object]
LONG = 1e12  # seconds


class _Queue:
    """What is to be done, and who does it; all of it guarded by `changed`."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.waiting: list[tuple[float, int, Work]] = []  # a heap: when, number, what
        self.numbers = itertools.count()
        self.thread: threading.Thread | None = None
        self.is_busy = False
        self.holds = 0  # of those who want no thread

    @property
    def is_in_haste(self) -> bool:
        """Whether somebody waits for what comes next."""
        return bool(self.waiting) and self.waiting[0][0] < 0.0

    def start(self) -> None:
        """Let a thread begin, or look again."""
        if self.thread is not None:
            self.changed.notify_all()
        elif self.waiting and not self.holds:
            thread = threading.Thread(target=self.run, name="taylor compiles", daemon=True)
            try:
                thread.start()  # and waits for `changed`
            except RuntimeError:  # no more threads, or the interpreter ends
                return
            self.thread = thread

    def run(self) -> None:
        """One piece of work after the other."""
        while (work := self._next()) is not None:
            with suppress(Exception):  # nobody is there to see it: work keeps what it raises
                work()
            with self.changed:
                self.is_busy = False
                self.changed.notify_all()

    def _next(self) -> Work | None:
        with self.changed:
            while self.waiting and not self.holds:
                seconds = self.waiting[0][0] - time.monotonic()
                if seconds <= 0:
                    self.is_busy = True
                    return heapq.heappop(self.waiting)[2]
                self.changed.wait(seconds)
            self.thread = None
            self.changed.notify_all()
            return None

    def hold(self) -> None:
        """Come back when no thread runs, and let none begin until `release`."""
        with undisturbed():
            with self.changed:
                self.holds += 1
                self.changed.notify_all()
                thread = self.thread
            if thread is not None:
                thread.join()

    def release(self) -> None:
        with undisturbed(), self.changed:
            self.holds -= 1
            self.start()


_queue = _Queue()


def later(work: Work, seconds: float) -> None:
    """Have `work`, which raises nothing, done when `seconds` have passed.

    Example:
        >>> done = []
        >>> later(lambda: done.append(1), 0.0)
        >>> finish()
        >>> done
        [1]
    """
    _watch_process()
    with undisturbed(), _queue.changed:
        heapq.heappush(_queue.waiting, (time.monotonic() + seconds, next(_queue.numbers), work))
        _queue.start()


def finish() -> None:
    """Come back when all is done that waits now, which it does no longer."""
    with _queue.changed:
        _queue.waiting = [(due - LONG, number, work) for due, number, work in _queue.waiting]
        _queue.start()
        while _queue.thread is not None and (_queue.is_busy or _queue.is_in_haste):
            _queue.changed.wait()


_watched: list[bool] = []


def _watch_process() -> None:
    """No thread is there when the process forks or ends."""
    if _watched:
        return
    _watched.append(True)
    atexit.register(lambda: _queue.hold())
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=lambda: _queue.hold(),
            after_in_parent=lambda: _queue.release(),
            after_in_child=_begin_anew,
        )


def _begin_anew() -> None:
    """In a child process: locks may have been held by threads that are not here, and what waits is
    the parent's.
    """
    global _queue
    _queue = _Queue()
