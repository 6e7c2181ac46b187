"""Values of kernels that programs bring along, in the precision of mpmath, and where it is None.

What a program's own kernel computes is decided by its type, here as in machine code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.reference.newton import root_from, root_within
from taylor_runtime.program.kernels import (
    BranchSystem,
    EntryKernel,
    InverseKernel,
    LoopSystem,
    NewtonKernel,
    PartKernel,
    PlaceKernel,
)
from taylor_runtime.program.program import Program
from taylor_runtime.program.systems.recursion import DONE, TOO_DEEP, RecursionSystem

Formula = Callable[[Program, Sequence[Any]], list[Any]]  # the outputs of a program of order 0


def place_value(kernel: PlaceKernel, mp: Any, x: Any) -> int:
    """How many edges are not above x."""
    below, above = 0, len(kernel.edges)
    while below < above:
        middle = (below + above) // 2
        if float(kernel.edges[middle]) <= x:
            below = middle + 1
        else:
            above = middle
    return below


def entry_value(kernel: EntryKernel, mp: Any, i: Any, j: Any) -> Any:
    """An entry of the table, with i beyond an end taken as that end."""
    row, column = min(max(int(i), 0), len(kernel.rows) - 1), int(j)
    rest = 0.0 if kernel.low is None else float(kernel.low[row, column])
    high = float(kernel.rows[row, column])
    return high + rest if mp is None else mp.mpf(high) + rest


def inverse_value(kernel: InverseKernel, mp: Any, *entries: Any) -> Any:
    """An entry of the inverse of a matrix, given row by row."""
    matrix = mp.matrix(np.reshape(entries, (kernel.size, kernel.size)).tolist())
    return (matrix**-1)[kernel.row, kernel.column]


def part_value(kernel: PartKernel, mp: Any, formula: Formula, given: Sequence[Any]) -> Any:
    """A result of a loop, a branch or a recursion; NaN where it does not count.

    formula: gives the values of its programs.
    """
    counts, system = given[0], kernel.system
    if not counts:
        return mp.nan
    if isinstance(system, RecursionSystem):
        return _recursion_value(system, formula, given[1:])[kernel.number]
    if isinstance(system, BranchSystem):
        last = len(system.branches) - 1
        place = sum(not given[1] < number for number in range(1, last + 1))
        return formula(system.branches[place], [counts, *given[2:]])[kernel.number]
    assert isinstance(system, LoopSystem)
    rest, carries = given[1 : len(given) - system.carries], given[len(given) - system.carries :]
    if system.condition is not None:
        while formula(system.condition, [counts, *rest, *carries])[0] != 0:
            carries = formula(system.body, [counts, *rest, *carries])
        return carries[kernel.number]
    index, upper = map(mp.mpf, rest[:2] if system.bounds is None else system.bounds)
    constants = rest[2:] if system.bounds is None else rest
    while index < upper:
        carries = formula(system.body, [counts, *constants, index, *carries])
        index = index + 1
    return carries[kernel.number]


def _recursion_value(system: RecursionSystem, formula: Formula, given: Sequence[Any]) -> list[Any]:
    """What a function that calls itself returns, and how many calls wait in the end."""
    constants, number, known = given[: system.constants], 0, given[system.constants :]
    waiting: list[tuple[int, Sequence[Any]]] = []  # stages, and what is kept for them
    while True:
        stage = system.stages[number]
        left: Sequence[Any] = formula(system.formulas[number], [*constants, *known])
        for call in stage.calls:
            needed, args = left[0], left[1 : 1 + call.given]
            kept, left = left[1 + call.given :][: call.kept], left[1 + call.given + call.kept :]
            if needed == 0:
                continue
            if call.back >= 0:
                if len(waiting) >= system.depth:
                    return [0] * (system.results - 1) + [TOO_DEEP]
                waiting.append((call.back, kept))
            number, known = call.entered, args
            break
        else:
            if not waiting:
                return [*left, DONE]
            number, kept = waiting.pop()
            known = [*kept, *left]


def newton_value(kernel: NewtonKernel, mp: Any, formula: Formula, x: Sequence[Any]) -> Any:
    """An unknown of a system of equations.

    formula: gives the values of the system's programs, in the precision that mp has when it is
        called.
    """
    system = kernel.system
    size = len(system.start.outputs)

    def look(y: Sequence[Any]) -> tuple[Any, Any]:
        """(g, Newton's steps or None)."""
        found = formula(system.equations, [*x, *y])
        g = mp.matrix(found[:size])
        try:
            return g, mp.lu_solve(
                mp.matrix(np.reshape(found[2 * size :], (size, size)).tolist()), g
            )
        except ZeroDivisionError:
            return g, None

    with mp.extraprec(20):
        first = formula(system.start, x)
        if system.bracket is None:
            return root_from(mp, look, first)[kernel.number]
        ends = formula(system.bracket, x)
        return root_within(mp, lambda y: [v and v[0] for v in look([y])], first[0], ends)
