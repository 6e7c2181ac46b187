"""Leaving out the rows that nothing asks for, and the order of those that are left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from taylor_runtime.program.program import Input, Row
from taylor_runtime.program.signature import renumbered, rows_used
from taylor_runtime.program.verify import rows_at_order


def pruned(rows: Sequence[Row], outputs: Sequence[int]) -> tuple[tuple[Row, ...], dict[int, int]]:
    """Return the rows that `outputs` and the states need, in order, and where each row went."""
    states = [
        i for i, r in enumerate(rows) if isinstance(r.start, Input) and r.start.source == "state"
    ]
    kept = in_order(rows, _reachable(rows, [*outputs, *states]))
    places = {row: place for place, row in enumerate(kept)}
    if kept == list(range(len(rows))):
        return tuple(rows), places
    return tuple(renumbered(rows[row], places) for row in kept), places


def in_order(rows: Sequence[Row], kept: Iterable[int]) -> list[int]:
    """Rows in the order in which they were made, but behind those that their steps need; these were
    made later where they read an earlier order of a row that was declared.
    """
    found: dict[int, None] = {}
    for index in sorted(kept):
        step = rows[index].step
        for term in step.terms if step is not None else ():
            for used in rows_at_order(term.operand):
                if used > index:
                    found[used] = None
        found[index] = None
    return list(found)


def _reachable(rows: Sequence[Row], roots: Sequence[int]) -> set[int]:
    seen = set(roots)
    pending = list(roots)
    while pending:
        for row in rows_used(rows[pending.pop()]):
            if row not in seen:
                seen.add(row)
                pending.append(row)
    return seen
