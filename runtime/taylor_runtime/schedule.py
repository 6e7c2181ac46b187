"""Which rows are computed together.

In one loop over their convolutions, or by one kernel for a pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from taylor_runtime import mathlib
from taylor_runtime.ir import PAIR
from taylor_runtime.program import Convolution, Kernel, Operand, Program
from taylor_runtime.verify import rows_at_order

# Sums that run side by side in one loop, so that they stay in registers (two and more for a pair).
MOST_CHAINS = {"double": 12, "float": 12, PAIR: 4}


def partners(program: Program) -> dict[Kernel, tuple[str, str]]:
    """Kernels that mathlib computes together with their partner (sin and cos), where both occur."""
    found = {row.start for row in program.rows if isinstance(row.start, Kernel)}
    pairs = {}
    for names in mathlib.PAIRS:
        for kernel in found:
            if kernel.function in names:
                both = tuple(replace(kernel, function=name) for name in names)
                if all(other in found for other in both):
                    pairs[kernel] = names
    return pairs


def batches(program: Program, windows: Sequence[bool], most: int) -> list[list[int]]:
    """Rows that vary and have memory of their own, in order; `most` chains share a loop.

    Neighbours that convolve and do not need one another share a loop.
    """
    result: list[list[int]] = []
    room = 0
    for index, row in enumerate(program.rows):
        if row.constant or windows[index] or (row.gather and row.gather.head):
            continue
        terms = row.step.terms if row.step else ()
        chains = sum(_chains(term.operand) for term in terms)
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
            room = most - chains if chains else 0
    return result


def _chains(operand: Operand) -> int:
    if not isinstance(operand, Convolution):
        return 0
    return 1 if is_square(operand) else 2


def is_square(c: Convolution) -> bool:
    return c.a == c.b and c.weight is None and c.first == c.last
