"""Step loops of many trajectories that run: lanes by cost, memory, the call."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from taylor_runtime.callables.cost import work
from taylor_runtime.callables.memory import aligned_planes, aligned_zeros
from taylor_runtime.callables.stepper import Stepper
from taylor_runtime.engine.call import function_pointer
from taylor_runtime.engine.compiler import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.ensembles.batch import (
    OWN,
    PROPAGATE_BATCH,
    SHARED,
    batch_module,
    batch_record_length,
)
from taylor_runtime.ir.types import alignment_of
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Program
from taylor_runtime.program.widths import REGISTER
from taylor_runtime.series.layout import Layout
from taylor_runtime.steps.control import ROW
from taylor_runtime.steps.states import VECTORS, StateRows

UNROLLED_BATCH_WORK = 8000  # operations of a step that is still written out, in a second
MOST_BATCH_WORK = 40000  # of any step: coefficients of more fill the second-nearest cache, too
LOOPED = 1.9  # of the time of written-out code, for an operation, is what loops take
BATCH_TYPE = "int64_t(*)(" + ", ".join(["uintptr_t"] * len(SHARED + OWN)) + ")"


@dataclass(frozen=True, slots=True)
class BatchStepper:
    """A compiled step loop with trajectories in lanes; see `batch_stepper.batch_module`."""

    module: Module
    program: Program
    precision: str
    lanes: int
    states: int
    parameters: int
    record_length: int
    _call: Any = field(repr=False)

    def memory(self, floors: np.ndarray | None) -> list[np.ndarray]:
        """Arrays of their own for the lanes of one thread; floors: atol / rtol of the states."""
        lanes, kind = self.lanes, self.precision
        tolerances = aligned_zeros(self.states * lanes)
        if floors is not None:
            tolerances[:] = np.repeat(floors, lanes)
        return [
            aligned_zeros(ROW.itemsize // 8 * lanes),
            aligned_planes(VECTORS * self.states * lanes, kind),
            aligned_planes(self.parameters * lanes, kind),
            aligned_planes(Layout.of(self.program, lanes).size, kind),
            aligned_zeros(self.record_length),
            tolerances,
        ]

    def run(self, rows: list[np.ndarray], memory: list[np.ndarray]) -> None:
        """Integrate rows (without the GIL) until their queue is empty.

        rows: stop, queue (int64), blocks, states and parameters, which threads may share.
        """
        self._call(*[array.ctypes.data for array in (*rows, *memory)])


def build_batch(stepper: Stepper) -> BatchStepper:
    """Compile the step loop of a stepper's program for many trajectories; same bits."""
    program, element = stepper.rows, stepper.options.element
    unrolled = work(program) <= UNROLLED_BATCH_WORK
    batch = best_lanes(element)
    options = replace(stepper.options, unrolled=unrolled)
    module = compile_ir(
        lambda: batch_module(program, options, batch),
        [PROPAGATE_BATCH],
        options=Options(passes=STEP_PASSES),
        label="batch",
        source=f"batch {batch} {options}\n{body(program)}",
    )
    rows = StateRows.of(program, element, batch)
    return BatchStepper(
        module=module,
        program=program,
        precision=stepper.options.precision,
        lanes=batch,
        states=len(program.outputs),
        parameters=stepper.parameters,
        record_length=batch_record_length(program.order, rows),
        _call=function_pointer(module.address(PROPAGATE_BATCH), BATCH_TYPE, owner=module),
    )


def best_lanes(element: str) -> int:
    """Trajectories side by side: as many as fill a register, which twice as many hardly improve."""
    return 8 * REGISTER // alignment_of(element)


def batch_pays(stepper: Stepper) -> bool:
    """Whether trajectories are faster in lanes than one after the other.

    Lanes of operations leave some idle, or move numbers between them; lanes of trajectories do
    neither, but need as many times the memory, which outgrows the nearest cache, and the looped
    code of large systems then waits for it.
    """
    operations = work(stepper.rows)
    cost = operations * (1.0 if operations <= UNROLLED_BATCH_WORK else LOOPED)
    return operations <= MOST_BATCH_WORK and cost < REGISTER * work(stepper.program)
