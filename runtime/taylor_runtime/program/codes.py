"""Why machine code returned to Python."""

from __future__ import annotations

REACHED, STEPS_DONE, RECORDS_FULL, NON_FINITE, STEP_UNDERFLOW = range(5)


RUNNING = -1  # status of a trajectory of a batch that has not ended, nor perhaps begun


INTERRUPTED = -2  # it has begun, and was asked to stop


EVENT_ASKED = 16  # the step waits for what callbacks say of the events at its block's `cut`


EVENTS_FULL = 17  # the step waits for more room for records of events


EVENT_STOP = 18  # a terminal event cut the step short


EVENT_CUT = 19  # the step was cut short as Python had asked


SLIDING = 20  # both sides of a switching surface lead back to it


SWITCHED = 21  # a mode changed: the step loop goes on by itself
