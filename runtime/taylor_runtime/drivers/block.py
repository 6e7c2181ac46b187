"""What an integrator and its driver tell each other, 8 bytes a field."""

from __future__ import annotations

import numpy as np

DOUBLES = (
    "time",  # of the integrator: a double-double sum
    "time_low",
    "seen_time",  # the same when machine and integrator last agreed
    "seen_time_low",
)
INTEGERS = (
    "known",  # whether they ever did: what was seen then counts
    "running",  # who propagates: an identity of a thread, -1 the driver, 0 nobody
    "count",  # states,
    "given",  # parameters,
    "places",  # of the state vector
    "seen_state",  # addresses of as many numbers, when machine and integrator last agreed
    "seen_parameters",
    "slots",  # of the places of states, and of the states in places
    "padding",
    "loop",  # the step loop, and what it is passed
    "control",
    "states",
    "parameters",
    "work",
    "records",
    "grid",
    "grid_room",  # doubles of it
    "tolerances",
    "detector",  # 0: no events; else its address, and those of what it works on
    "events",
    "memory",
    "functions",  # how many memories there are,
    "sides",
    "outputs",  # and sides
    "flips",
    "short",  # whether hundreds of steps take no time to speak of
    "first_retracted",  # steps that were taken back among the first
    "limited",  # whether a call has ended because all steps were taken that it allowed
)
CALL = np.dtype([(n, np.float64) for n in DOUBLES] + [(n, np.int64) for n in INTEGERS])
UNTIL, FOR, STEP, GRID = 0.0, 1.0, 2.0, 3.0  # what is asked: a time, a span, one step, times
DRIVER = -1  # in `running`
# What a driver tells of a call that has come to its end: these, the state, the times of a grid, and
# the states there.
OUTCOME_DOUBLES = ("time", "smallest_step", "largest_step")
OUTCOME_INTEGERS = ("steps", "retracted", "grid_count", "limited")
