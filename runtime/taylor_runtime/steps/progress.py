"""Whether a trajectory gets on: watched in windows of many steps, at no cost between their ends.

A singularity is met at a geometric rate: each step is a fixed part of the way that is left, so that
a hundred radii of convergence lead through all sizes of steps that time can tell apart, and as many
lead out again where a close approach passes.  A trajectory that has made next to no way after more
than that is held up for good: its state no longer moves in its own precision, or rounding errors of
the right-hand side are all that the check of its steps sees.  To go on would take more steps than
can ever be taken.

Both kinds of loop compare the number of steps with one wanted anyway; the end of a window is put
there when it comes first.
"""

from __future__ import annotations

import math

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.steps.clock import StepTime
from taylor_runtime.steps.control import Control

RADII = 512  # of convergence that the steps of a window are long, together
MOST_WINDOW = 1 << 40
# Where so many steps were taken back, which are a window too, shorter ones are no remedy: not the
# truncation that shrinks with them, but rounding errors fail the check, and less hope is left.
MOST_TRIED = 2048
SLOW_TRIED = 2.0**-20


def window_of(log2_safety: float) -> int:
    """Steps of a window; log2_safety: log2 of a step over the radius of convergence."""
    return min(math.ceil(RADII * 2.0**-log2_safety), MOST_WINDOW)


class Progress:
    """Emits the windows; all of it has a lane for each trajectory of a batch."""

    def __init__(
        self, b: Builder, control: Control, time: StepTime, window: Index, element: str
    ) -> None:
        self.b = b
        self.control = control
        self.time = time
        self.slow = ELEMENTS[element].slow
        self.window = window

    def resume(self) -> None:
        """When machine code is entered: go on with a window, or begin one."""
        control = self.control
        self._begin(control.get("window_end") <= control.get("steps"))

    def due(self) -> Value:
        """Whether there is something to do about the number of steps."""
        return self.b.eq(self.control.get("steps"), self.control.get("next_look"))

    def stuck(self, where: Value) -> Value:
        """Where a window is over and led nowhere; if it led somewhere, the next one begins."""
        b, control = self.b, self.control
        over = where & (control.get("window_end") <= control.get("steps"))
        tried = control.get("retracted") - control.get("window_retracted")
        often = tried >= MOST_TRIED
        way, wanted = self._way(), self._wanted()
        stuck = over & (way < wanted * b.select(often, b.constant(SLOW_TRIED, way.type), self.slow))
        self._begin(over & ~stuck)
        return stuck

    def taken_back(self, where: Value) -> None:
        """A step was taken back: after so many of these the window is over with the next step."""
        control = self.control
        over = where & (control.get("retracted") - control.get("window_retracted") >= MOST_TRIED)
        following = control.get("steps") + 1
        control.set("window_end", following, over)
        control.set("next_look", following, over)

    def _way(self) -> Value:
        """How far time has come in the window."""
        control = self.control
        high = control.get("time") - control.get("window_time")
        return self.b.fabs(high + (control.get("time_low") - control.get("window_time_low")))

    def _wanted(self) -> Value:
        """The longest step, or what is left to go."""
        b, control = self.b, self.control
        before, now = control.get("longest"), control.get("largest_step")
        longest = b.select(before > now, before, now)
        left = b.fabs(self.time.remaining())
        return b.select(left < longest, left, longest)

    def _begin(self, where: Value) -> None:
        """A window begins; note when to look next."""
        b, control = self.b, self.control
        steps = control.get("steps")
        control.set("window_time", control.get("time"), where)
        control.set("window_time_low", control.get("time_low"), where)
        control.set("window_retracted", control.get("retracted"), where)
        control.set("window_end", steps + self.window, where)
        wanted, end = control.get("steps_wanted"), control.get("window_end")
        control.set("next_look", b.select((wanted > steps) & (wanted < end), wanted, end))
