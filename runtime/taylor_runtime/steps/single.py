"""The step loop of one trajectory as machine code."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.entries import make_replaceable
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Value
from taylor_runtime.program.arrays import ArrayProgram
from taylor_runtime.program.codes import (
    EVENT_ASKED,
    EVENT_CUT,
    EVENT_STOP,
    EVENTS_FULL,
    RECORDS_FULL,
    SLIDING,
    SWITCHED,
)
from taylor_runtime.program.flow import FlowProgram, LinearProgram, verify_flow, verify_linear
from taylor_runtime.program.program import Program
from taylor_runtime.program.shapes.verify import verify_arrays
from taylor_runtime.program.verify import verify
from taylor_runtime.series.emitter import series_of_numbers
from taylor_runtime.series.protocol import SeriesMaker
from taylor_runtime.steps.control import Control
from taylor_runtime.steps.loop import StepArrays, StepLoop, StepperOptions

PROPAGATE = "taylor.propagate"


def stepper_module(
    program: Program,
    options: StepperOptions,
    series: SeriesMaker = series_of_numbers,
    *,
    replaceable: bool = False,
) -> str:
    """IR text of `i64 taylor.propagate(control, states, parameters, work, records, grid,
    tolerances)`.

    states: [current, rounding errors, previous, previous errors, slope], each `StateRows.size`
    numbers of the kind; states, parameters and work hold the high parts of double-doubles first.
    records: see `records.Recorder`; grid: times, then room for the states at them.

    replaceable: other code can take the place of this (`ir.entries`).
    """
    if isinstance(program, LinearProgram):
        verify_linear(program)
    elif isinstance(program, FlowProgram):
        verify_flow(program)
    elif isinstance(program, ArrayProgram):
        verify_arrays(program)
    else:
        verify(program)
    module = Module(quick=replaceable)
    parameters = [
        ("ptr noalias", name)
        for name in ("control", "states", "parameters", "work", "records", "grid", "tolerances")
    ]
    with define_function(module, PROPAGATE, "i64", parameters, "nounwind") as (b, arguments):
        control, *arrays = arguments
        given = b, program, options, Control(b, control), StepArrays(*arrays)
        loop = _Single(*given, series=series)
        b.jump(loop.begin)
        loop.emit()
    if replaceable:
        make_replaceable(module, PROPAGATE, "i64", parameters)
    return module.text()


class _Single(StepLoop):
    """Returns to Python when the trajectory ends or something is to be decided there."""

    def _leave_if(self, condition: Value, status: int) -> None:
        self._return_if(condition, self.b.constant(status, I64))

    def _return_if(self, condition: Value, status: Value) -> None:
        leave, stay = self.b.fresh_label("leave"), self.b.fresh_label("stay")
        self.b.branch(condition, leave, stay)
        self.b.label(leave)
        self.b.ret(status)
        self.b.label(stay)

    def _return_if_any(self, status: Value, ending: Sequence[int]) -> None:
        """Return `status` if it is one of these."""
        conditions = [self.b.eq(status, code) for code in ending]
        condition = conditions[0]
        for other in conditions[1:]:
            condition = condition | other
        self._return_if(condition, status)

    def _accept(self, accepted: Value) -> None:
        b = self.b
        status = self._detect()
        self._return_if_any(status, (EVENT_ASKED, EVENTS_FULL))
        self._count(accepted)
        self._return_if_any(status, (EVENT_STOP, EVENT_CUT, SLIDING))
        self._leave_if(self.recorder.is_full(), RECORDS_FULL)
        if self.options.taped or isinstance(self.program, FlowProgram):  # derivatives change, too
            self._return_if_any(status, (SWITCHED,))
        self._leave_at_limit(accepted)
        stay = b.fresh_label("stay")
        b.branch(b.eq(status, SWITCHED), self.begin, stay)
        b.label(stay)

    def _keep(self, accepted: Value) -> None:
        self.recorder.accept(self.state)

    def _detect(self) -> Value:
        """Look for events in the step, which may cut it short; 0 or a status."""
        b, control = self.b, self.control
        detector = control.get("detector")

        def detect() -> list[Value]:
            function = control.address("detector")
            given = [
                control.pointer,
                control.address("events"),
                self.state.parts[0],
                self.error.parts[0],
            ]
            given += [self.recorder.current(), self.parameters.parts[0]]
            listed = ", ".join(f"{value.type} {value.text}" for value in given)
            return [b.emit_anew(I64, f"call i64 {function.text}({listed})")]

        return b.if_(b.ne(detector, 0), detect, lambda: [b.constant(0, I64)])[0]
