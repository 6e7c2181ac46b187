"""Solutions at one time as functions in machine code, with memory of their own for each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from taylor_runtime.callables.memory import aligned_rooms
from taylor_runtime.callables.trajectory import StepMemory
from taylor_runtime.drivers.solve import (
    PROPAGATE,
    SOLVE,
    TOLERANCES,
    Moves,
    Solve,
    solve_function_module,
)
from taylor_runtime.engine.call import buffer, function_pointer
from taylor_runtime.engine.compiler import Options, compile_ir
from taylor_runtime.program.kinds import DOUBLE, KINDS
from taylor_runtime.steps.control import CONTROL

MOST_STEPS = 1 << 14  # before Python begins anew, which can be interrupted and warns
FIELDS = CONTROL.names or ()


class Targets:
    """Where numbers of a trajectory are in the memory of a call.

    again: where parameters are for a second time, if they vary with displacements.
    """

    def __init__(self, machine: StepMemory, again: Mapping[int, int] | None = None) -> None:
        self.machine, self._again = machine, again or {}
        arrays = machine.arrays()[:-1]  # without tolerances, which all share
        rooms = aligned_rooms(len(FIELDS), *(array.size for array in arrays))
        self.starts = tuple(room.start for room in rooms)
        self.size = rooms[-1].stop

    def of_state(self, k: int) -> list[int]:
        """Where a state is put: it may be there several times."""
        return (self.starts[1] + np.flatnonzero(self.machine.padding == k)).tolist()

    def of_state_in_the_end(self, k: int) -> int:
        """Where it is found."""
        return self.starts[1] + int(self.machine.slots[k])

    def of_numbers_in_the_end(self) -> np.ndarray:
        """Where states are found with their derivatives, (n, M)."""
        return self.starts[1] + self.machine.slots_by_state

    def of_parameter(self, k: int) -> list[int]:
        """Where a parameter is put."""
        places = [k, self._again[k]] if k in self._again else [k]
        return [self.starts[2] + place for place in places]

    def of_time(self, name: str) -> list[int]:
        """Where the time is that the solution starts at, or its "end"."""
        return [FIELDS.index(name)]


def solve_of(
    targets: Targets,
    settings: Mapping[str, float],
    inputs: Sequence[Moves],
    outputs: Sequence[Moves],
) -> Solve | None:
    """What the memory of calls holds; None for other kinds of numbers and equations that call
    Python.

    targets:   of a trajectory at its start, with the numbers that no input changes; it is not
        moved.
    settings:  fields of its control block: time, end, max_step.
    inputs:    which elements of the arguments go where; outputs: of the results, from where.
    """
    machine = targets.machine
    options = machine.stepper.options
    if KINDS[options.precision] is not DOUBLE or options.calls_python:
        return None
    control = machine.control.copy()
    control.steps_wanted, control.records_wanted = MOST_STEPS, -1
    control.recording = control.detector = control.events = 0
    control.smallest_step, control.largest_step = np.inf, 0.0
    for name, value in settings.items():
        setattr(control, name, value)
    template = np.zeros(targets.starts[3])
    known = (control.to_array().view(np.float64), machine.states, machine.parameters)
    for start, numbers in zip(targets.starts, known, strict=False):
        template[start : start + numbers.size] = numbers.reshape(-1)
    moves = tuple(map(tuple, inputs)), tuple(map(tuple, outputs))
    return Solve(template.tobytes(), targets.starts, targets.size, *moves)


def linked(machine: StepMemory) -> dict[str, int]:
    """What the code of calls is linked with; tolerances live as long as the machine."""
    tolerances = machine.arrays()[-1]
    return {PROPAGATE: machine.stepper.address, TOLERANCES: tolerances.ctypes.data}


def solve_function(
    targets: Targets, settings: Mapping[str, float], inputs: Moves, outputs: Moves
) -> Callable[[np.ndarray], np.ndarray | None] | None:
    """A function of one array of doubles to an array of as many results as there are `outputs`;
    None where it does not come to its end. Arguments as of `solve_of`, which may give None.
    """
    solve = solve_of(targets, settings, [inputs], [outputs])
    if solve is None:
        return None
    machine, count = targets.machine, len(outputs)
    made = compile_ir(
        lambda: solve_function_module(solve),
        [SOLVE],
        options=Options(codegen=0),
        externals=linked(machine),
        label="solve",
    )
    call: Any = function_pointer(made.address(SOLVE), "int64_t(*)(void *, void *)", made)

    def solved(given: np.ndarray) -> np.ndarray | None:
        machine.stepper.module.in_use()
        found = np.empty(count)
        return found if call(buffer(given), buffer(found)) else None

    return solved
