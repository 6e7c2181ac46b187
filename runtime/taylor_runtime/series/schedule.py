"""Which rows are computed together.

In one loop over their convolutions, or by one kernel for a pair.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from taylor_runtime.program.kinds import DOUBLE
from taylor_runtime.program.program import Program
from taylor_runtime.program.signature import convolution_chains
from taylor_runtime.program.verify import rows_at_order
from taylor_runtime.program.widths import is_looped

FEWEST_PAIRED = 4  # orders of a series that is computed by pairs of orders
MOST_PAIRED_CHAINS = 4  # `Kind.chains` where every one of them is summed for two orders


def batches(
    program: Program, skipped: Container[int], most_chains: int = DOUBLE.chains
) -> list[list[int]]:
    """Rows that vary and are not skipped, in order; `most_chains` sums share a loop.

    Neighbours that convolve and do not need one another share a loop.
    """
    result: list[list[int]] = []
    room = 0
    for index, row in enumerate(program.rows):
        if row.constant or index in skipped or (row.gather and row.gather.head):
            continue
        terms = row.step.terms if row.step else ()
        chains = convolution_chains(row)
        needed = {used for term in terms for used in rows_at_order(term.operand)}
        joins = (
            result
            and 0 < chains <= room
            and program.rows[result[-1][0]].width == row.width
            and needed.isdisjoint(result[-1])
        )
        if joins:
            result[-1].append(index)
            room -= chains
        else:
            result.append([index])
            room = most_chains - chains if chains else 0
    return result


def merged(
    program: Program, listed: list[list[int]], read: Mapping[int, Sequence[int]]
) -> list[list[list[int]]]:
    """Batches that one loop over chunks can run one after the other, chunk by chunk.

    They are of one width, walked by a loop, and gather nothing from one another: all else is done
    lane by lane.  A loop of several batches finds the coefficients of its chunk in the cache.
    What does not need the last loop comes before it, so that gathers do not interrupt.

    read: what some rows read, where that is not what they seem to (see `combine`).
    """
    result: list[list[list[int]]] = []
    for batch in listed:
        first = program.rows[batch[0]]
        open_ = result[-1] if result else []
        inside = {index for part in open_ for index in part}
        width = program.rows[open_[0][0]].width if open_ else 0
        loops = bool(open_) and is_looped(width) and not program.rows[open_[0][0]].gather
        if loops and first.width == width and first.gather is None:
            open_.append(batch)
        elif loops and inside.isdisjoint(_needed(program, batch, read)):
            result.insert(-1, [batch])
        else:
            result.append([batch])
    return result


def _needed(program: Program, batch: list[int], read: Mapping[int, Sequence[int]]) -> set[int]:
    """Rows that a batch reads at the order being computed, windows seen through."""
    found: set[int] = set()
    waiting = list(batch)
    while waiting:
        index = waiting.pop()
        row = program.rows[index]
        used = [source for source, _ in row.gather.sources] if row.gather else []
        used += read.get(index, ())
        for term in row.step.terms if row.step else ():
            used += rows_at_order(term.operand)
        fresh = set(used) - found
        found |= fresh
        waiting += [index for index in fresh if program.rows[index].gather]
    return found
