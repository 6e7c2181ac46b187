"""Which norms a step loop takes."""

from __future__ import annotations

from taylor_runtime.flows.alike import AlikeMemory
from taylor_runtime.ir.values import Value
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.series.protocol import Series
from taylor_runtime.steps.flow_norms import FlowNorms
from taylor_runtime.steps.looped_norms import LoopedNorms
from taylor_runtime.steps.norms import StateNorms
from taylor_runtime.steps.states import StateRows


def norms_of(series: Series, rows: StateRows, weighted: bool, tolerances: Value) -> StateNorms:
    """The norms for a series: of numbers, or of polynomials, written out or in loops."""
    program = series.program
    if not isinstance(program, FlowProgram):
        return StateNorms(series, rows, weighted, tolerances)
    if isinstance(series.memory, AlikeMemory) and len(set(rows.widths)) == 1:
        return LoopedNorms(series, rows, weighted, tolerances, program)
    return FlowNorms(series, rows, weighted, tolerances, program)
