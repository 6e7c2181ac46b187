"""A progress bar for long runs: that of tqdm or rich where one is installed, else one of our own.

On standard error, where that is a terminal, or in a notebook; nothing elsewhere.
"""

from __future__ import annotations

import sys
import time as clock
from collections.abc import Callable
from typing import Protocol

WIDTH = 32
QUIET_SECONDS = 1.0  # shorter runs show nothing
REDRAW_SECONDS = 0.2


class _Bar(Protocol):
    """What draws: `show` a part that is done, 0 to 1, and what to say of it, and `close`."""

    def show(self, done: float, said: str) -> None: ...

    def close(self) -> None: ...


class ProgressBar:
    """Shows how far `time`, or what else `unit` says, has come from `start` to `end`."""

    def __init__(self, start: float, end: float, wanted: bool, unit: str = "t = {:.6g}") -> None:
        self.start = start
        self.span = end - start
        self.unit = unit
        self.wanted = wanted and (sys.stderr.isatty() or in_notebook())
        self.begun = clock.monotonic()
        self.drawn = 0.0
        self._bar: _Bar | None = None

    def show(self, time: float) -> None:
        """Draw, if it is time to."""
        now = clock.monotonic()
        late = now - self.begun > QUIET_SECONDS and now - self.drawn > REDRAW_SECONDS
        if not (self.wanted and late and self.span):
            return
        self.drawn = now
        if self._bar is None:
            self._bar = _best(self.begun)
        done = min(max((time - self.start) / self.span, 0.0), 1.0)
        self._bar.show(done, self.unit.format(time))

    def close(self) -> None:
        """End the line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def in_notebook() -> bool:
    """Whether IPython runs this in a kernel, whose cells show bars."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _best(begun: float) -> _Bar:
    """The bar of a package that is installed, or our own."""
    for make in (_Tqdm, _Rich):
        try:
            return make()
        except ImportError:
            continue
    return _Plain(begun)


class _Tqdm:
    """By tqdm, which has a bar for notebooks."""

    def __init__(self) -> None:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of notebooks without the package of widgets
            from tqdm.auto import tqdm
        self._bar = tqdm(total=100.0, bar_format="{l_bar}{bar}| {elapsed}<{remaining}", leave=True)

    def show(self, done: float, said: str) -> None:
        self._bar.n = 100 * done
        self._bar.set_description_str(said)

    def close(self) -> None:
        self._bar.close()


class _Rich:
    """By rich."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True))
        self._progress.start()
        self._task = self._progress.add_task("", total=1.0)

    def show(self, done: float, said: str) -> None:
        self._progress.update(self._task, completed=done, description=said)

    def close(self) -> None:
        self._progress.stop()


class _Plain:
    """Our own: a line that is written again."""

    def __init__(self, begun: float, write: Callable[[str], object] | None = None) -> None:
        self._begun = begun
        self._write = write or sys.stderr.write

    def show(self, done: float, said: str) -> None:
        passed = clock.monotonic() - self._begun
        left = passed * (1 - done) / done if done else 0.0
        bar = "#" * int(done * WIDTH)
        self._write(f"\r[{bar:<{WIDTH}}] {100 * done:5.1f} %  {said}  {left:.0f} s left  ")
        sys.stderr.flush()

    def close(self) -> None:
        self._write("\n")
