"""Values of kernels that programs bring along, in the precision of mpmath, and where it is None.

What a program's own kernel computes is decided by its type, here as in machine code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.reference.newton import root_from, root_within
from taylor_runtime.program.kernels import (
    EntryKernel,
    InverseKernel,
    NewtonKernel,
    PlaceKernel,
)
from taylor_runtime.program.program import Program

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
