"""The control block: what Python and the step loop tell each other, 8 bytes a field."""

from __future__ import annotations

import numpy as np

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.values import Index, Value

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
    "longest",  # step before this call, or one that its end asks for; see `progress.py`
    "window_time",  # where the window began in which progress is watched
    "window_time_low",
    "last_size",  # norm of the last coefficient of the step that is to be checked,
    "last_size_but_one",  # and of the one below it
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
    "next_look",  # the lesser of `steps_wanted` and `window_end`, whichever comes next
    "window_end",  # `steps` at the end of a window; 0: none has begun
    "window_retracted",  # `retracted` where it began
    "raised",  # a Python function that was called raised an exception: leave
)
CONTROL = np.dtype([(n, np.float64) for n in DOUBLES] + [(n, np.int64) for n in INTEGERS])
# A trajectory of a batch: its control block, and what a step loop of its own would be passed.
ROW_DOUBLES = ("grid_time",)  # the next of its grid, NaN without any
ROW_INTEGERS = (
    "grid",  # address of its grid: times, their low parts, room for the states at them
    "tape",  # address of room for where its steps begin, see `ensembles.batch`; 0: none
    "status",  # RUNNING, or why it ended
    "row",  # where it belongs; negative: nowhere, a lane without work repeats another one
)
ROW = np.dtype(
    CONTROL.descr + [(n, np.float64) for n in ROW_DOUBLES] + [(n, np.int64) for n in ROW_INTEGERS]
)
RECORD_HEADER = 4  # time, time_low, scale, step


class Control(Fields):
    """The control block of a step loop, or the blocks of one with trajectories in lanes."""

    def __init__(
        self, b: Builder, pointer: Value, lanes: int = 0, lane: Index | None = None
    ) -> None:
        super().__init__(b, pointer, ROW if lanes else CONTROL, lanes, lane)

    def of_lane(self, lane: Index) -> Control:
        """The block of one trajectory."""
        return Control(self.b, self.pointer, self.lanes, lane)
