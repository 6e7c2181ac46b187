"""The control block: what Python and the step loop tell each other, 8 bytes a field."""

from __future__ import annotations

import numpy as np

from taylor_runtime.ir import F64, I64, PTR, Builder, Type, Value

DOUBLES = (
    "time",  # double-double sum time + time_low
    "time_low",
    "end",
    "end_low",
    "previous_time",  # start of the step that is to be checked
    "previous_time_low",
    "step",  # its signed size
    "step_scale",  # the power of two that scaled its coefficients
    "scale",  # the power of two that scales time in the coming step
    "estimate",  # last unclipped step size; 0 before the first step
    "limit",  # upper bound on the next step after a retraction
    "max_step",
    "norm",  # N of the step that is to be checked
    "smallest_step",
    "largest_step",
    "defect_bound",  # relative to N
)
INTEGERS = (
    "pending",  # a step has been made and not yet been checked
    "steps",
    "steps_wanted",  # return when `steps` gets there
    "retracted",
    "overflowed",  # the step that was retracted last ended at something not finite
    "rescaled",  # consecutive tries with another scale
    "records",  # coefficient records written
    "records_wanted",  # return when `records` gets there
    "recording",  # 0: none, 1: keep every record (dense output), 2: reuse one (grid, last step)
    "grid_next",
    "grid_count",
    "detector",  # address of `taylor.detect`; 0: no events
    "events",  # address of its block
    "grid_filler",  # address of the function of `grid.py`
)
CONTROL = np.dtype([(n, np.float64) for n in DOUBLES] + [(n, np.int64) for n in INTEGERS])
RECORD_HEADER = 4  # time, time_low, scale, step

REACHED, STEPS_DONE, RECORDS_FULL, NON_FINITE, STEP_UNDERFLOW = range(5)
EVENT_ASKED = 16  # the step waits for what callbacks say of the events at its block's `cut`
EVENTS_FULL = 17  # the step waits for more room for records of events
EVENT_STOP = 18  # a terminal event cut the step short
EVENT_CUT = 19  # the step was cut short as Python had asked
SLIDING = 20  # both sides of a switching surface lead back to it
SWITCHED = 21  # a mode changed: the step loop goes on by itself


class Fields:
    """Typed access to the fields, 8 bytes each, of a structure at a pointer."""

    def __init__(self, b: Builder, pointer: Value, dtype: np.dtype) -> None:
        self.b = b
        self.pointer = pointer
        self.dtype = dtype
        self.names = list(dtype.names or ())

    def _place(self, name: str) -> tuple[Type, Value]:
        index = self.names.index(name)
        t = F64 if self.dtype[index].kind == "f" else I64
        return t, self.b.at(self.pointer, index, "i64")

    def get(self, name: str) -> Value:
        return self.b.load(*self._place(name))

    def address(self, name: str) -> Value:
        """A field that holds an address."""
        return self.b.load(PTR, self._place(name)[1])

    def set(self, name: str, value: Value | float | int) -> None:
        t, place = self._place(name)
        if not isinstance(value, Value):
            value = self.b.constant(value, t)
        self.b.store(value, place)

    def increment(self, name: str) -> Value:
        value = self.get(name) + 1
        self.set(name, value)
        return value


class Control(Fields):
    """The control block of a step loop."""

    def __init__(self, b: Builder, pointer: Value) -> None:
        super().__init__(b, pointer, CONTROL)
