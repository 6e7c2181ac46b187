"""Handlers that XLA calls for solutions of differential equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor_runtime.callables.foreign.xla import Handler, Operand, entry_of
from taylor_runtime.callables.memory import aligned_rooms
from taylor_runtime.callables.trajectory import StepMemory
from taylor_runtime.drivers.xla_solve import PROPAGATE, TOLERANCES, Moves, Solve, solve_module
from taylor_runtime.engine.compiler import Options, compile_ir
from taylor_runtime.points.xla_handler import HANDLER, PYTHON
from taylor_runtime.program.kinds import DOUBLE, KINDS
from taylor_runtime.steps.control import CONTROL

MOST_STEPS = 1 << 14  # before Python begins anew, which can be interrupted and warns
FIELDS = CONTROL.names or ()


class Targets:
    """Where numbers of a trajectory are in the memory of a call."""

    def __init__(self, machine: StepMemory) -> None:
        self.machine = machine
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

    def of_parameter(self, k: int) -> list[int]:
        """Where a parameter is put."""
        return [self.starts[2] + k]

    def of_time(self, name: str) -> list[int]:
        """Where the time is that the solution starts at, or its "end"."""
        return [FIELDS.index(name)]


def solve_handler(
    targets: Targets,
    settings: dict[str, float],
    inputs: Sequence[Moves],
    outputs: Sequence[Moves],
    otherwise: tuple[Callable[..., Sequence[Any]], Sequence[Operand], Sequence[Operand]],
) -> Handler | None:
    """The handler of a solution that nothing happens to on its way; None for other kinds of numbers
    and equations that call Python.

    targets:   of a trajectory at its start, with the numbers that no input changes; it is not
        moved.
    settings:  fields of its control block: time, end, max_step.
    inputs:    which elements of the arguments go where; outputs: of the results, from where.
    otherwise: a Python function of all arguments that knows more, as for `python_handler`, for what
        does not come to its end.
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
    solve = Solve(template.tobytes(), targets.starts, targets.size, *moves)
    element = "double" if otherwise[2][0][1] == "float64" else "float"
    entry = entry_of(*otherwise)
    tolerances = machine.arrays()[-1]
    linked = {
        PROPAGATE: machine.stepper.address,
        TOLERANCES: tolerances.ctypes.data,
        PYTHON: entry.address,
    }
    module = compile_ir(
        lambda: solve_module(solve, element),
        [HANDLER],
        options=Options(codegen=0),
        externals=linked,
        label="XLA handler",
    )
    return Handler(module.address(HANDLER), "", (module, machine, tolerances, entry))
