"""Leaving out the rows that nothing asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from taylor_runtime.program.program import (
    Coefficient,
    Input,
    Kernel,
    Operand,
    Row,
    Select,
    Step,
    Term,
)


def pruned(rows: Sequence[Row], outputs: Sequence[int]) -> tuple[tuple[Row, ...], dict[int, int]]:
    """Return the rows that `outputs` and the states need, in order, and where each row went."""
    states = [
        i for i, r in enumerate(rows) if isinstance(r.start, Input) and r.start.source == "state"
    ]
    kept = _reachable(rows, [*outputs, *states])
    places = {row: place for place, row in enumerate(kept)}
    if len(kept) == len(rows):
        return tuple(rows), places
    return tuple(_renumbered(rows[row], places) for row in kept), places


def rows_read(row: Row) -> list[int]:
    """Return all rows that a row reads: kernel arguments, operands, heads, conditions, divisor."""
    read = list(row.start.arguments) if isinstance(row.start, Kernel) else []
    for term in row.step.terms if row.step else ():
        operand = term.operand
        if isinstance(operand, Coefficient):
            read.append(operand.row)
        else:
            read += [operand.a, operand.b]
        read += [operand.condition] if isinstance(operand, Select) else []
        read += [term.head] if term.head is not None else []
    read += [row.step.divisor] if row.step and row.step.divisor is not None else []
    return read


def _reachable(rows: Sequence[Row], roots: Sequence[int]) -> list[int]:
    seen = set(roots)
    pending = list(roots)
    while pending:
        for row in rows_read(rows[pending.pop()]):
            if row not in seen:
                seen.add(row)
                pending.append(row)
    return sorted(seen)


def _renumbered(row: Row, places: Mapping[int, int]) -> Row:
    """The same row where row r of those it reads is now at places[r]."""
    start, step = row.start, row.step
    if isinstance(start, Kernel):
        start = replace(start, arguments=tuple(places[a] for a in start.arguments))
    if step is not None:
        terms = tuple(
            Term(t.constant, _renumbered_operand(t.operand, places), _place(t.head, places))
            for t in step.terms
        )
        step = Step(terms, step.times, _place(step.divisor, places))
    return replace(row, start=start, step=step)


def _renumbered_operand(operand: Operand, places: Mapping[int, int]) -> Operand:
    if isinstance(operand, Coefficient):
        return Coefficient(places[operand.row], operand.lag)
    if isinstance(operand, Select):
        return Select(places[operand.condition], places[operand.a], places[operand.b])
    a, b = places[operand.a], places[operand.b]
    return replace(operand, a=a, b=b)


def _place(row: int | None, places: Mapping[int, int]) -> int | None:
    return None if row is None else places[row]
