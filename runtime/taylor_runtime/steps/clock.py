"""Time in the control block, in double-double, and steps along it."""

from __future__ import annotations

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import pair
from taylor_runtime.ir.values import Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.steps.control import Control

LARGEST = 2.0**900  # steps beyond this count as endless
SMALLEST = 2.0**-84  # of |time|: below, a step is lost even in double-double time


class StepTime:
    """From `control.time` towards `control.end`."""

    def __init__(self, b: Builder, control: Control, element: str) -> None:
        self.b = b
        self.control = control
        self.element = element
        self.kind = ELEMENTS[element]

    def remaining(self) -> Value:
        """end - time, rounded once."""
        control = self.control
        high = control.get("end") - control.get("time")
        return high + (control.get("end_low") - control.get("time_low"))

    def horizon(self, remaining: Value) -> Value:
        """How far to look where nothing bounds a step: to the end, or 1 without an end."""
        left = self.b.fabs(remaining)
        return self.b.select(left < LARGEST, left, 1.0)

    def too_small(self, h: Value, remaining: Value) -> Value:
        """Whether a step would be lost in the time, or its powers in the range of the numbers."""
        b = self.b
        smallest = b.fabs(self.control.get("time")) * SMALLEST
        least = self.horizon(remaining) * self.kind.least
        return h <= b.select(least > smallest, least, smallest)

    def representable(self, h: Value, scale: Value) -> Value:
        """A step close to h that is a whole number of units of the kind's rounding."""
        b = self.b
        return b.to_double(b.from_double(h * (1 / scale), self.element)) * scale

    def scaled(self, h: Value, last: Value, scale: Value) -> Value:
        """h over the scale, as the kind of number of the state.

        Where both parts of the end tell, the last step ends at both.
        """
        b, control = self.b, self.control
        per_scale = 1 / scale  # exact: the scale is a power of two
        if not self.kind.is_finer:
            return b.from_double(h * per_scale, self.element)
        end = pair(control.get("end"), control.get("end_low"))
        left = end - pair(control.get("time"), control.get("time_low"))
        whole = b.from_double(h, self.element)
        left_of_kind = b.from_doubles(left.high, left.low, self.element)
        return b.select(last, left_of_kind, whole) * b.from_double(per_scale, self.element)

    def advance(self, h: Value, last: Value, scale: Value) -> None:
        """time += h in double-double; the last step ends exactly at `end`."""
        b, control = self.b, self.control
        time, low = control.get("time"), control.get("time_low")
        control.set("previous_time", time)
        control.set("previous_time_low", low)
        control.set("step", h)
        control.set("step_scale", scale)
        total = time + h
        kept = total - time
        error = (time - (total - kept)) + (h - kept) + low
        high = total + error
        rest = error - (high - total)
        control.set("time", b.select(last, control.get("end"), high))
        control.set("time_low", b.select(last, control.get("end_low"), rest))
