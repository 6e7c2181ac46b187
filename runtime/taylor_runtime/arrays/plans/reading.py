"""Who reads rows from elsewhere, and which joins are read where their parts are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from taylor_runtime.arrays.plans.works import Whole, Work
from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Contract,
    Join,
    Pairs,
    Scatter,
    Total,
    View,
    all_used,
    moved_rows,
)
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Coefficient, Convolution, Input, Term

MOST_PARTS = 4  # of a join that is not copied
MOST_TERMS = 3  # of a sum that is made where it is read
REUSED = 4  # times that it is larger than what it is made from


def seen_from_outside(program: ArrayProgram) -> set[int]:
    """Rows of which somebody reads other elements than the own one, or that are asked for."""
    found = {row for row, _ in program.outputs}
    for index in range(len(program.rows)):
        row = program.row(index)
        if not isinstance(row.moved, Total | Pairs | Scatter | Join):
            found |= set(moved_rows(row.moved))
        if row.step is not None:
            for term in row.step.terms:
                if isinstance(term.operand, Coefficient) and term.operand.lag:
                    found.add(term.operand.row)
    return found


def read_in_place(program: ArrayProgram) -> set[int]:
    """Joins of few views that rows of their own shape read, element by element: loops over these
    are cut where one part ends and the next begins, and nothing is copied.
    """
    found = {
        index for index in range(len(program.rows)) if _has_few_views(program, program.row(index))
    }
    found -= {row for row, _ in program.outputs}
    for index in range(len(program.rows)):
        row = program.row(index)
        for used in found.intersection(all_used(row)):
            divides = row.step is not None and row.step.divisor == used
            late = isinstance(row.start, Input) and row.start.source == "state"
            if row.moved is not None or row.shape != program.shape(used) or divides or late:
                found.discard(used)
    return found


def _has_few_views(program: ArrayProgram, row: ArrayRow) -> bool:
    if not isinstance(row.moved, Join) or len(row.moved.parts) > MOST_PARTS:
        return False
    parts = [program.row(part) for part in row.moved.parts]
    return all(isinstance(part.moved, View) or isinstance(part.start, Input) for part in parts)


def seams(program: ArrayProgram, index: int) -> Mapping[int, set[int]]:
    """By axis, where the parts of a join begin and end."""
    join = program.row(index).moved
    assert isinstance(join, Join)
    ends, place = {0}, 0
    for part in join.parts:
        place += program.shape(part)[join.axis]
        ends.add(place)
    return {join.axis: ends}


def made_again(program: ArrayProgram, varies: Sequence[bool]) -> set[int]:
    """Short sums of much smaller rows, as the differences of all pairs are: what they are made from
    is in the cache where themselves would not be.
    """
    return {k for k in range(len(program.rows)) if varies[k] and _is_short_sum(program, k)}


def _few_terms(row: ArrayRow) -> tuple[Term, ...]:
    """The terms of a row that is a sum of few, and nothing else; none of another row."""
    step = row.step
    if row.start or row.moved or step is None or (step.times, step.divisor) != ("1", None):
        return ()
    return step.terms if len(step.terms) <= MOST_TERMS else ()


def _is_short_sum(program: ArrayProgram, index: int) -> bool:
    row = program.row(index)
    terms = _few_terms(row)
    for term in terms:
        operand = term.operand
        if not isinstance(operand, Coefficient) or operand.lag:
            return False
        for used in (operand.row, term.head):
            small = used is None or program.row(used).size * REUSED <= row.size
            if not small and not program.is_number(used or 0):
                return False
    return bool(terms)


def read_one_order_late(program: ArrayProgram) -> dict[int, list[int]]:
    """Rows that nothing but steps of states reads later than in their own order, and these states:
    of these rows one order is enough.
    """
    readers: dict[int, list[int]] = {}
    others = {row for row, _ in program.outputs}
    for index in range(len(program.rows)):
        row = program.row(index)
        if isinstance(row.moved, Contract):
            others |= {_root(program, row.moved.a), _root(program, row.moved.b)}
        if isinstance(row.moved, Region):
            others |= {_root(program, operand) for operand in row.moved.operands}
        for term in row.step.terms if row.step is not None else ():
            operand = term.operand
            if isinstance(operand, Convolution):
                others |= {_root(program, operand.a), _root(program, operand.b)}
            elif isinstance(operand, Coefficient) and operand.lag:
                is_state = isinstance(row.start, Input) and row.start.source == "state"
                if is_state and _root(program, operand.row) == operand.row:
                    readers.setdefault(operand.row, []).append(index)
                else:
                    others.add(_root(program, operand.row))
    return {row: found for row, found in readers.items() if row not in others}


def recent(program: ArrayProgram, works: Sequence[Work], old: Collection[int]) -> set[int]:
    """Rows that states read one order late, in works that come before their own."""
    place = {
        row: position
        for position, work in enumerate(works)
        for row in ([work.row] if isinstance(work, Whole) else [*work.rows, *work.totals])
    }
    late = read_one_order_late(program)
    return {
        row
        for row, states in late.items()
        if row in old and row in place and all(place[s] < place[row] for s in states)
    }


def _root(program: ArrayProgram, index: int) -> int:
    moved = program.row(index).moved
    return moved.source if isinstance(moved, View) else index


def sums_of_states(program: ArrayProgram, joins: set[int]) -> set[int]:
    """Short sums of states that nothing but steps of states reads, one order late: beyond order
    zero these add up what they need, and nothing is stored.
    """
    late = read_one_order_late(program)
    for index in range(len(program.rows)):
        for used in all_used(program.row(index)):
            if used in late and index not in late[used]:
                del late[used]
    return {row for row in late if _is_sum_of_states(program, program.row(row), joins)}


def _is_sum_of_states(program: ArrayProgram, row: ArrayRow, joins: set[int]) -> bool:
    terms = _few_terms(row)
    for term in terms:
        operand = term.operand
        if not isinstance(operand, Coefficient) or operand.lag or term.head is not None:
            return False
        parts = (
            moved_rows(program.row(operand.row).moved) if operand.row in joins else [operand.row]
        )
        for part in parts:
            start = program.row(_root(program, part)).start
            if not isinstance(start, Input) or start.source != "state":
                return False
    return bool(terms)
