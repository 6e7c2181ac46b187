"""How the lanes of a row are cut into registers and chunks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

# doubles of a cache line, and of the widest registers; LLVM splits values where they are narrower
REGISTER = 8


CHUNK = (
    2 * REGISTER
)  # lanes computed side by side: twice as many hide more of the latency of multiply-adds


FEWEST_SCATTERED = 4  # terms of a sum whose operands may come


MOST_SOURCES = 2.5  # from more registers than this


UNROLLED_CHUNKS = 3  # rows of more chunks are walked by a loop


APART = 128  # doubles: rows of a multiple of them lie in a quarter of a cache's sets, or less


def apart(lanes: int) -> int:
    """From one order of a row to the next where all of them are kept.

    The same lanes of all orders are read together, and must not share a few sets of a cache.
    """
    return lanes if lanes % APART else lanes + CHUNK


@cache
def padded(lanes: int) -> int:
    """Lanes a row occupies: 1, 2, 4, or a multiple of the register; whole chunks for a loop."""
    for size in (1, 2, 4):
        if lanes <= size:
            return size
    unit = CHUNK if is_looped(lanes) else REGISTER
    return -(-lanes // unit) * unit


@cache
def computed(lanes: int) -> int:
    """Lanes of a row that are computed: all that it occupies, but of a last register by itself only
    the half, where no more is filled: what is wide takes many processors twice the time.
    """
    total = padded(lanes)
    half = total - REGISTER // 2
    return half if lanes <= half and total % CHUNK == REGISTER < total else total


def is_looped(lanes: int) -> bool:
    """Whether a row of so many lanes is walked by a loop over its chunks."""
    return lanes > UNROLLED_CHUNKS * CHUNK


def is_scattered(columns: Sequence[Sequence[tuple[int, int]]]) -> bool:
    """Whether the operands of a wide sum, given as (row, lane) for every lane, are all over the
    place: scalar multiply-adds then cost less than gathers.
    """
    if len(columns) < FEWEST_SCATTERED:
        return False
    return sum(map(_source_registers, columns)) > MOST_SOURCES * len(columns)


def _source_registers(lanes: Sequence[tuple[int, int]]) -> float:
    """Registers that a chunk of a gathered operand is taken from, on average."""
    parts = [lanes[i : i + CHUNK] for i in range(0, len(lanes), CHUNK)]
    return sum(len({(row, lane // CHUNK) for row, lane in part}) for part in parts) / len(parts)
