"""The control block: what Python and the step loop tell each other, 8 bytes a field."""

from __future__ import annotations

import numpy as np

from taylor_runtime.ir import F64, I64, Builder, Value

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
    "grid_filler",  # address of the function of `grid.py`
)
CONTROL = np.dtype([(n, np.float64) for n in DOUBLES] + [(n, np.int64) for n in INTEGERS])
RECORD_HEADER = 4  # time, time_low, scale, step

REACHED, STEPS_DONE, RECORDS_FULL, NON_FINITE, STEP_UNDERFLOW = range(5)


class Control:
    """Typed access to the fields of a control block at a pointer."""

    def __init__(self, b: Builder, pointer: Value) -> None:
        self.b = b
        self.pointer = pointer

    def _address(self, name: str) -> Value:
        return self.b.at(self.pointer, list(CONTROL.names or ()).index(name), "i64")

    def get(self, name: str) -> Value:
        return self.b.load(F64 if name in DOUBLES else I64, self._address(name))

    def set(self, name: str, value: Value | float | int) -> None:
        t = F64 if name in DOUBLES else I64
        if not isinstance(value, Value):
            value = self.b.constant(value, t)
        self.b.store(value, self._address(name))

    def increment(self, name: str) -> Value:
        value = self.get(name) + 1
        self.set(name, value)
        return value
