"""Which arrays are changed where they are, since nobody wants what they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from taylor_runtime.program.arrays import ArrayProgram, Put, View, contiguous
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Input


def changed_in_place(
    program: ArrayProgram,
    works: Sequence[Sequence[int]],
    reads: Callable[[int], Sequence[int]],
    moving: Mapping[int, int],
) -> dict[int, int]:
    """Rows, and the one in whose memory they lie, for every `Put` of what is not read any more.

    works:   rows that are computed together, in order.
    reads:   the rows, none of them a view, that a row reads.
    moving:  inputs whose memory may be that of an output, and these.
    """
    if not any(isinstance(program.row(k).moved, Put) for k in range(len(program.rows))):
        return {}
    last: dict[int, int] = {}  # works that read rows
    puts: list[tuple[int, int, Put]] = []
    for position, rows in enumerate(works):
        for row in rows:
            moved = program.row(row).moved
            if isinstance(moved, Put):
                puts.append((position, row, moved))
            for used in reads(row):
                last[used] = position
    outputs = {row for row, _ in program.outputs}
    after: dict[int, int] = {}  # rows, and the one that takes over their memory
    for position, row, put in puts:
        root = _root(program, row, put)
        if root is None or last[root] != position or root in outputs:
            continue
        if not isinstance(program.row(root).start, Input) or root in moving:
            after[root] = row
    found: dict[int, int] = {}
    for first in after.keys() - set(after.values()):
        chain = [first]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        if first in moving and chain[-1] != moving[first]:
            del chain[0]
        found |= dict.fromkeys(chain, chain[-1])
    return found


def _root(program: ArrayProgram, row: int, put: Put) -> int | None:
    """The row whose elements a `Put` takes; None where they are not all of it."""
    source, root = program.row(put.source), put.source
    if isinstance(source.moved, View):
        root = source.moved.source
        if source.moved.offset or source.moved.strides != contiguous(source.shape):
            return None
    if root in (put.values, put.places) or program.is_number(root):
        return None
    values = program.row(put.values).moved
    if isinstance(values, View) and values.source == root:
        return None
    return root if program.row(root).size == program.row(row).size else None


def carried(region: Region, turn: ArrayProgram) -> dict[int, int]:
    """The rows of what a turn takes over from the one before, and of what becomes of them."""
    first, count = region.constants + (region.kind == "for"), region.carries
    if region.kind == "reverse":
        first, count = first + region.carries, len(region.shapes)
    rows = {}
    for index, row in enumerate(turn.rows):
        if isinstance(row.start, Input) and row.start.source == "parameter":
            number = row.start.index[0] - first
            if 0 <= number < count:
                rows[index] = turn.outputs[number][0]
    return rows
