"""Signals put off while LLVM's objects are made and freed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGALRM")  # those that end what goes on, as far as there are any


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within the block Python's handlers of Ctrl-C and timers wait; behind it they are called.

    What they raise in a destructor of llvmlite would be lost, and leave an object freed by half.
    Handlers run in the main thread alone: others have nothing to fear.

    Example:
        >>> with undisturbed():
        ...     pass
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[tuple[int, FrameType | None]] = []
    before: dict[int, Any] = {}

    def later(number: int, frame: FrameType | None) -> None:
        waiting.append((number, frame))

    try:
        for name in NAMES:
            number = getattr(signal, name, None)
            handler = None if number is None else signal.getsignal(number)
            if number is not None and callable(handler):
                before[number] = handler
                signal.signal(number, later)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number, frame in waiting:
        before[number](number, frame)
