"""Products of series that are known to begin with zero."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from taylor_runtime.program.arrays import (
    ArrayRow,
    Contract,
    Join,
    Put,
    Take,
    Total,
    View,
    moved_rows,
    series_rows,
)
from taylor_runtime.program.program import Coefficient, Convolution, Operand, Program, Row, Step
from taylor_runtime.program.records import replace
from taylor_runtime.program.verify import operand_rows

P = TypeVar("P", bound=Program)

_LINEAR = (View, Take, Join, Put, Total)  # moves of which zeros give zeros


def without_zeros(program: P, given: Collection[int]) -> P:
    """The program with sums of products that leave out those with a zero at order zero.

    given: rows whose order zero is known to be zero.

    Then what is multiplied by such a series is not read at the highest order, nor is its newest
    coefficient waited for.
    """
    zero: list[bool] = []
    rows = list(program.rows)
    for index, row in enumerate(rows):
        zero.append(index in given or _is_zero(row, zero))
    for index, row in enumerate(rows):
        if row.step is not None:
            terms = tuple(
                replace(term, operand=_shorter(term.operand, zero)) for term in row.step.terms
            )
            if terms != row.step.terms:
                rows[index] = replace(row, step=replace(row.step, terms=terms))
    return replace(program, rows=tuple(rows))


def _is_zero(row: Row, zero: Sequence[bool]) -> bool:
    """Whether order zero of a row is zero, as it follows from the rows before it."""
    if row.start is not None or row.constant or row.offset != 0:
        return False
    if isinstance(row, ArrayRow) and row.moved is not None:
        if isinstance(row.moved, Contract):
            return any(zero[used] for used in moved_rows(row.moved))
        sums = not isinstance(row.moved, Total) or row.moved.kind == "sum"
        listed = series_rows(row.moved) if isinstance(row.moved, _LINEAR) and sums else ()
        return bool(listed) and all(zero[used] for used in listed)
    if row.gather is not None:
        return all(zero[source] for source, _ in row.gather.sources)
    return row.step is not None and _is_zero_step(row.step, zero)


def _is_zero_step(step: Step, zero: Sequence[bool]) -> bool:
    return step.times == "1" and all(
        (term.head is not None and zero[term.head]) or _vanishes(term.operand, zero)
        for term in step.terms
    )


def _vanishes(operand: Operand, zero: Sequence[bool]) -> bool:
    """Whether an operand is zero at order zero."""
    if isinstance(operand, Coefficient):
        return operand.lag > 0 or zero[operand.row]
    if isinstance(operand, Convolution):
        return operand.first + operand.last > 0 or zero[operand.a] or zero[operand.b]
    return all(zero[used] for used in operand_rows(operand)[1:])


def _shorter(operand: Operand, zero: Sequence[bool]) -> Operand:
    if not isinstance(operand, Convolution):
        return operand
    first, last = max(operand.first, int(zero[operand.a])), max(operand.last, int(zero[operand.b]))
    return replace(operand, first=first, last=last)
