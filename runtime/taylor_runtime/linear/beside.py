"""Sums of products of numbers side by side in lanes, for the program of first derivatives.

Numbers of small systems are many, and each of their sums is a chain of its own.  Four of them are
one sum of vectors whose factors are gathered once an order: rows that copy numbers next to each
other.  Every lane adds what it added alone, in the same order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from taylor_runtime.program.flow import Beside, LinearProgram, verify_linear
from taylor_runtime.program.program import Convolution, Gather, Row
from taylor_runtime.program.signature import convolutions_of, is_square, renumbered

LANES = 4  # of doubles, a register of most machines


def side_by_side(program: LinearProgram) -> LinearProgram:
    """The same program with sums of numbers in groups."""
    groups = _groups(_of_numbers(program))
    if not groups:
        return program
    gathers: dict[tuple[int, ...], int] = {}

    def place(rows: tuple[int, ...]) -> int:
        """A factor of a group: a number for all its lanes, or a row of its own."""
        if len(set(rows)) == 1:
            return rows[0]
        return gathers.setdefault(rows, program.numbers + len(gathers))

    beside = tuple(
        Beside(tuple(group), place(tuple(c.a for c in group)), place(tuple(c.b for c in group)))
        for group in groups
    )
    made = [
        Row(gather=Gather(tuple((row, 0) for row in rows)), width=len(rows)) for rows in gathers
    ]
    moved = [row if row < program.numbers else row + len(made) for row in range(len(program.rows))]
    rows = [renumbered(row, moved) for row in program.rows]
    rows[program.numbers : program.numbers] = made
    steady = list(program.steady)
    steady[program.numbers : program.numbers] = [False] * len(made)
    return verify_linear(
        replace(
            program,
            rows=tuple(rows),
            outputs=tuple((moved[row], lane) for row, lane in program.outputs),
            steady=tuple(steady),
            numbers=program.numbers + len(made),
            beside=beside,
        )
    )


def _of_numbers(program: LinearProgram) -> list[Convolution]:
    """Sums of numbers without weights, but for those that leave out more than their ends."""
    steps = [row.step for row in program.rows[: program.numbers] if row.step and not row.constant]
    listed = convolutions_of([term for step in steps for term in step.terms])
    return [
        c
        for c in listed
        if max(c.first, c.last) <= 1
        and c.weight is None
        and not program.rows[c.a].constant
        and not program.rows[c.b].constant
    ]


def _groups(listed: Sequence[Convolution]) -> list[list[Convolution]]:
    """Sums that share a factor together, then all others; squares apart, which have half the
    products.  What is left over stays alone.
    """
    squares = [c for c in listed if is_square(c)]
    rest = [c for c in listed if not is_square(c)]
    found: list[list[Convolution]] = []
    by_factor: defaultdict[int, list[Convolution]] = defaultdict(list)
    for c in rest:
        by_factor[c.a].append(c)
    for sharing in by_factor.values():
        for first in range(0, len(sharing) // LANES * LANES, LANES):
            found.append(sharing[first : first + LANES])
    taken = {c for group in found for c in group}
    left = sorted((c for c in rest if c not in taken), key=lambda c: (c.a, c.b))
    for some in (left, squares):
        found += [some[first : first + LANES] for first in range(0, len(some), LANES)]
    return [group for group in found if len(group) > 1]
