"""What a sweep has in memory besides the steps, and what it and Python tell each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor_runtime.program.arrays import ArrayProgram
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.shapes.ending import rows_of_the_end
from taylor_runtime.program.widths import REGISTER
from taylor_runtime.steps.states import StateRows

DONE, TOO_LONG = 0, 1  # why a sweep came back: there is no step left; one is too long for adjoints

DOUBLES = (
    "limit",  # of the last two terms, relative to the adjoint
    "checked",  # length of the step that was looked at last
    "top",  # the largest adjoint that its last two terms give
    "top_running",  # and what they give of a running cost's integral
)
INTEGERS = (
    "index",  # of the step that was made last; the next one to go back over is before it
    "first",  # the sweep ends when `index` is this
    "records",  # steps in memory
    "observations",  # in memory
    "observed",  # of these, how many are still ahead
    "left",  # how many are when the step at hand is done
    "looked_at",  # the step has been gone over once, for its last two terms alone
    "since",  # steps taken since one was looked at
    "window",  # so many may be taken until the next is
    "careful",  # so many are all to be looked at
    "kept_index",  # what is gone back to where one that is looked at is too long
    "kept_observed",
    "looked",  # how many steps were looked at
)
SWEEP = np.dtype([(n, np.float64) for n in DOUBLES] + [(n, np.int64) for n in INTEGERS])


@dataclass(frozen=True, slots=True)
class Block:
    """Inputs that are given coefficient by coefficient, `count` of them."""

    first: int
    count: int
    stride: int


def blocks_of(counts: Sequence[int], order: int, together: bool) -> tuple[Block, ...]:
    """Blocks of so many numbers each; together: all numbers of an order side by side."""
    if together:
        places = [sum(counts[:k]) for k in range(len(counts))]
        return tuple(Block(*both, sum(counts)) for both in zip(places, counts, strict=True))
    found: list[Block] = []
    for count in counts:
        before = sum(block.count for block in found)
        found.append(Block(before * (order + 1), count, count))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """What the front end decides about a sweep.

    states: how many the system has; the first outputs of the program are their adjoints.
    blocks: the inputs of source "jet": those of states, then the one of the running cost if there
        is any. Number i of a block has its coefficient m at first + m * stride + i.
    running: whether there is a running cost, whose integral is the last output.
    unrolled: whether orders are written out.
    element: the kind of number.
    """

    states: int
    blocks: tuple[Block, ...]
    running: bool = False
    unrolled: bool = False
    element: str = "double"


@dataclass(frozen=True, slots=True)
class SweepLayout:
    """Where the numbers of a sweep are, in elements.

    results: of the step at hand, as many as `size`: the outputs, where `rows` says.
    outputs: (where in these, how many numbers) of each output.
    early, late: places of the rows of adjoints of states, which are wanted of steps that are looked
        at, too, and of all others.
    ending: rows of which the last order is wanted alone.
    """

    adjoint: int
    sums: int
    kept_adjoint: int
    kept_sums: int
    results: int
    powers: int
    nothing: int
    seeds: int
    length: int
    size: int
    rows: StateRows
    outputs: tuple[tuple[int, int], ...]
    early: tuple[int, ...]
    late: tuple[int, ...]
    ending: frozenset[int]

    @classmethod
    def of(cls, program: Program, options: SweepOptions) -> SweepLayout:
        rows = StateRows.of(program, options.element)
        states, size = whole(options.states), whole(rows.size)
        slots = sum(block.count for block in options.blocks)
        first, place = set[int](), 0  # rows of adjoints of states
        for row, _ in program.outputs:
            if place < options.states:
                first.add(row)
            place += program.rows[row].width if isinstance(program, ArrayProgram) else 1
        ending = rows_of_the_end(program, [row for row in rows.rows if row not in first])
        early = set(rows.rows) if options.running else first
        end = 0

        def room(count: int) -> int:
            nonlocal end
            end += count
            return end - count

        return cls(
            adjoint=room(states),
            sums=room(size),
            kept_adjoint=room(states),
            kept_sums=room(size),
            results=room(size),
            powers=room(whole(program.order + 2)),
            nothing=room(states),
            seeds=room(whole(slots * (program.order + 1) + REGISTER)),
            length=end,
            size=size,
            rows=rows,
            outputs=tuple(
                (slot, program.rows[row].width if isinstance(program, ArrayProgram) else 1)
                for slot, (row, _) in zip(rows.slots, program.outputs, strict=True)
            ),
            early=tuple(k for k, row in enumerate(rows.rows) if row in early),
            late=tuple(k for k, row in enumerate(rows.rows) if row not in early),
            ending=ending,
        )


def whole(count: int) -> int:
    """Numbers that registers hold together, as many at least."""
    return -(-max(count, 1) // REGISTER) * REGISTER
