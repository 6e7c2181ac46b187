"""The step loop of one trajectory as machine code."""

from __future__ import annotations

from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.entries import make_replaceable
from taylor_runtime.ir.module import Module
from taylor_runtime.program.arrays import ArrayProgram
from taylor_runtime.program.flow import FlowProgram, LinearProgram, verify_flow, verify_linear
from taylor_runtime.program.program import Program
from taylor_runtime.program.shapes.verify import verify_arrays
from taylor_runtime.program.verify import verify
from taylor_runtime.series.emitter import series_of_numbers
from taylor_runtime.series.protocol import SeriesMaker
from taylor_runtime.steps.common.calling import CallingLoop
from taylor_runtime.steps.common.rules import StepperOptions
from taylor_runtime.steps.control import Control
from taylor_runtime.steps.loop import SingleLoop, StepArrays

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

    replaceable: other code can take the place of this (`ir.entries`), which is soon made; it may
        call functions that others share, see `has_common_functions`.
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
        calls = replaceable and has_common_functions(program)
        loop = CallingLoop(*given) if calls else SingleLoop(*given, series=series)
        b.jump(loop.begin)
        loop.emit()
    if replaceable:
        make_replaceable(module, PROPAGATE, "i64", parameters)
    return module.text()


def has_common_functions(program: Program) -> bool:
    """Whether quick code of a program calls those of `common.functions`."""
    return type(program) is Program
