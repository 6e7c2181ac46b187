"""Shortcuts on the path from the newest coefficient to the next, which is what bounds small
systems.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.program.program import Coefficient, Convolution, Input, Program, Row, Step, Term
from taylor_runtime.program.records import replace
from taylor_runtime.program.verify import rows_at_order, verify_row


def shorten(program: Program) -> Program:
    """The program with the derivative n x_n of a state taken from its equation, h f_{n-1}, rather
    than from x_n; and convolutions that do not leave to the last what is known before.
    """
    shorter = tuple([_shortened(program, row) for row in program.rows])
    early: list[bool] = []  # rows whose coefficient n takes no sum, from those of lower order
    for row in shorter:
        early.append(_is_early(row, early))
    made = replace(program, rows=tuple([_with_early(row, early) for row in shorter]))
    for index, (row, before) in enumerate(zip(made.rows, program.rows, strict=True)):
        if row is not before:  # of others nothing has changed, and of this one its step alone
            verify_row(made, index, row)
    return made


def _is_early(row: Row, early: Sequence[bool]) -> bool:
    """early: whether the rows before it are."""
    for term in row.step.terms if row.step else ():
        operand = term.operand
        if operand.__class__ is Convolution:
            return False
        for used in rows_at_order(operand):
            if used >= len(early) or not early[used]:
                return False
    return True


def _with_early(row: Row, early: Sequence[bool]) -> Row:
    """The row with its convolutions told whether the newest coefficient of one row is early."""
    if row.step is None:
        return row
    changed: dict[int, Term] = {}
    for k, term in enumerate(row.step.terms):
        c = term.operand
        if c.__class__ is Convolution and (c.first == 0) != (c.last == 0):
            known = early[c.b if c.first == 0 else c.a]
            if known != c.early:
                changed[k] = replace(term, operand=replace(c, early=known))
    if not changed:
        return row
    terms = tuple([changed.get(k, term) for k, term in enumerate(row.step.terms)])
    return replace(row, step=replace(row.step, terms=terms))


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
