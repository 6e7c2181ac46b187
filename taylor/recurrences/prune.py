"""Which rows are equal, which are needed, and the order of those that are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import compress

from taylor_runtime.program.program import Coefficient, Constant, Input, Kernel, Number, Row, Term
from taylor_runtime.program.signature import renumbered
from taylor_runtime.program.verify import rows_at_order


def pruned(
    rows: Sequence[Row],
    used: Sequence[Sequence[int]],
    outputs: Sequence[int],
    reads_later: bool,
) -> tuple[tuple[Row, ...], Sequence[int] | dict[int, int]]:
    """Return the rows that `outputs` and the states need, in order, and where each row went.

    used: the rows that each row uses.
    reads_later: whether any step reads rows that were made after its own.
    """
    states = [
        i for i, r in enumerate(rows) if isinstance(r.start, Input) and r.start.source == "state"
    ]
    kept = _reachable(used, [*outputs, *states])
    if reads_later:
        kept = in_order(rows, kept)
    elif len(kept) == len(rows):
        return tuple(rows), range(len(rows))
    places = {row: place for place, row in enumerate(kept)}
    return tuple(renumbered(rows[row], places) for row in kept), places


def in_order(rows: Sequence[Row], kept: Iterable[int]) -> list[int]:
    """Rows in the order in which they were made, but behind those that their steps need; these were
    made later where they read an earlier order of a row that was declared.
    """
    found: dict[int, None] = {}

    def place(row: int, behind: int) -> None:
        step = rows[row].step
        for term in step.terms if step is not None else ():
            for used in rows_at_order(term.operand):
                if used > behind and used not in found:
                    place(used, behind)
        found[row] = None

    for index in sorted(kept):
        place(index, index)
    return list(found)


def _reachable(used: Sequence[Sequence[int]], roots: Sequence[int]) -> list[int]:
    seen = bytearray(len(used))
    pending = list(roots)
    while pending:
        row = pending.pop()
        if not seen[row]:
            seen[row] = 1
            pending += used[row]
    return list(compress(range(len(used)), seen))


class Numbered:
    """Numbers of rows that are made once.

    Rows that use others than each other differ: hardly any are compared by all that they are.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._first: dict[object, int] = {}
        self._alike: dict[object, dict[object, int]] = {}  # where there are more than that

    def number(self, row: Row, used: tuple[int, ...], new: int) -> int:
        """The number of the row that is equal to this one, else a new one, which it then has."""
        if row.step is None:
            return self._first.setdefault(row, new)
        first = self._first.setdefault(used, new)
        if first == new:
            return new
        alike = self._alike.get(used)
        if alike is None:
            alike = self._alike[used] = {identity(self._rows[first]): first}
        return alike.setdefault(identity(row), new)


def heads(terms: Sequence[Term], divisor: int | None, start: Kernel | None) -> list[int]:
    """The rows of which a step, or a start, takes order zero alone."""
    found = [term.head for term in terms if term.head is not None]
    found += [] if divisor is None else [divisor]
    return found + list(start.arguments if start else ())


def identity(row: Row) -> object:
    """What equal rows have in common and others have not: flat, so that it is soon compared; of a
    fraction its two numbers, whose own hash takes a power.
    """
    step = row.step
    assert step is not None
    parts: list[object] = [row.start, step.times, step.divisor, row.constant, _ratio(row.offset)]
    for term in step.terms:
        operand, c = term.operand, term.constant
        parts.append(c if c.__class__ is int else _ratio(c))
        parts.append(term.head)
        if operand.__class__ is Coefficient:
            parts += (operand.row, operand.lag)
        else:
            parts.append(operand)
    return tuple(parts)


def _ratio(c: Constant) -> object:
    return (c.numerator, c.denominator) if c.__class__ is Fraction else c


def copied_row(term: Term) -> int | None:
    """The row that the term alone would copy."""
    operand = term.operand
    if (
        term.constant == 1
        and term.head is None
        and isinstance(operand, Coefficient)
        and not operand.lag
    ):
        return operand.row
    return None


def scaled(a: Constant, b: Number) -> Constant:
    """A constant, or one a lane, times a number."""
    return tuple(x * b for x in a) if isinstance(a, tuple) else a * b
