"""A progress bar on standard error for long runs; nothing where that is no terminal."""

from __future__ import annotations

import sys
import time as clock

WIDTH = 32
QUIET_SECONDS = 1.0  # shorter runs show nothing
REDRAW_SECONDS = 0.2


class ProgressBar:
    """Shows how far `time`, or what else `unit` says, has come from `start` to `end`."""

    def __init__(self, start: float, end: float, wanted: bool, unit: str = "t = {:.6g}") -> None:
        self.start = start
        self.span = end - start
        self.unit = unit
        self.wanted = wanted and sys.stderr.isatty()
        self.begun = clock.monotonic()
        self.drawn = 0.0

    def show(self, time: float) -> None:
        """Draw, if it is time to."""
        now = clock.monotonic()
        late = now - self.begun > QUIET_SECONDS and now - self.drawn > REDRAW_SECONDS
        if not (self.wanted and late and self.span):
            return
        self.drawn = now
        done = min(max((time - self.start) / self.span, 0.0), 1.0)
        left = (now - self.begun) * (1 - done) / done if done else 0.0
        bar = "#" * int(done * WIDTH)
        shown = self.unit.format(time)
        line = f"\r[{bar:<{WIDTH}}] {100 * done:5.1f} %  {shown}  {left:.0f} s left  "
        print(line, end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the line."""
        if self.drawn:
            print(file=sys.stderr)
