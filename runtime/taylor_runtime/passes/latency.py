"""Shortcuts on the path from the newest coefficient to the next, which is what bounds small
systems.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.program.program import Coefficient, Convolution, Input, Program, Row, Step
from taylor_runtime.program.records import replace
from taylor_runtime.program.verify import rows_at_order, verify_row


def shorten(program: Program) -> Program:
    """The program with the derivative n x_n of a state taken from its equation, h f_{n-1}, rather
    than from x_n; and convolutions that do not leave to the last what is known before.
    """
    shorter = tuple([_shortened(program, row) for row in program.rows])
    if any(map(_may_end_early, shorter)):
        early: list[bool] = []  # rows whose coefficient n takes no sum, from those of lower order
        for row in shorter:
            early.append(_is_early(row, early))
        shorter = tuple([_with_early(row, early) for row in shorter])
    made = replace(program, rows=shorter)
    for index, (row, before) in enumerate(zip(made.rows, program.rows, strict=True)):
        if row is not before:  # of others nothing has changed, and of this one its step alone
            verify_row(made, index, row)
    return made


def _is_early(row: Row, early: Sequence[bool]) -> bool:
    """early: whether the rows before it are."""
    for term in row.step.terms if row.step else ():
        operand = term.operand
        if isinstance(operand, Convolution):
            return False
        for used in rows_at_order(operand):
            if used >= len(early) or not early[used]:
                return False
    return True


def _may_end_early(row: Row) -> bool:
    """Whether a row has a convolution in which one factor alone has a coefficient n."""
    if row.step is not None:
        for term in row.step.terms:
            c = term.operand
            if c.__class__ is Convolution and (c.first == 0) != (c.last == 0):
                return True
    return False


def _with_early(row: Row, early: Sequence[bool]) -> Row:
    """The row with its convolutions told whether the newest coefficient of one row is early."""
    if row.step is None or not _may_end_early(row):
        return row
    terms, changed = list(row.step.terms), False
    for k, term in enumerate(terms):
        c = term.operand
        if isinstance(c, Convolution) and (c.first == 0) != (c.last == 0):
            known = early[c.b if c.first == 0 else c.a]
            if known != c.early:
                terms[k], changed = replace(term, operand=replace(c, early=known)), True
    return replace(row, step=replace(row.step, terms=tuple(terms))) if changed else row


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
