"""Shortcuts on the path from the newest coefficient to the next, which is what bounds small
systems.
"""

from __future__ import annotations

from dataclasses import replace

from taylor_runtime.program import Coefficient, Input, Program, Row, Step
from taylor_runtime.verify import verify


def shorten(program: Program) -> Program:
    """The program with the derivative n x_n of a state taken from its equation, h f_{n-1}, rather
    than from x_n.
    """
    rows = tuple(_shortened(program, row) for row in program.rows)
    return verify(replace(program, rows=rows))


def _shortened(program: Program, row: Row) -> Row:
    step = row.step
    if step is None or step.times != "n" or len(step.terms) != 1 or step.divisor is not None:
        return row
    term = step.terms[0]
    if term.constant != 1 or term.head is not None or not isinstance(term.operand, Coefficient):
        return row
    state = program.rows[term.operand.row]
    if not isinstance(state.start, Input) or state.step is None or state.step.times != "h/n":
        return row
    return replace(row, step=Step(state.step.terms, times="h"))
