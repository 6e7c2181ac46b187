"""Leaving out the rows that nothing asks for."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.program.program import Input, Row
from taylor_runtime.program.signature import renumbered, rows_used


def pruned(rows: Sequence[Row], outputs: Sequence[int]) -> tuple[tuple[Row, ...], dict[int, int]]:
    """Return the rows that `outputs` and the states need, in order, and where each row went."""
    states = [
        i for i, r in enumerate(rows) if isinstance(r.start, Input) and r.start.source == "state"
    ]
    kept = _reachable(rows, [*outputs, *states])
    places = {row: place for place, row in enumerate(kept)}
    if len(kept) == len(rows):
        return tuple(rows), places
    return tuple(renumbered(rows[row], places) for row in kept), places


def _reachable(rows: Sequence[Row], roots: Sequence[int]) -> list[int]:
    seen = set(roots)
    pending = list(roots)
    while pending:
        for row in rows_used(rows[pending.pop()]):
            if row not in seen:
                seen.add(row)
                pending.append(row)
    return sorted(seen)
