"""Looking things up in tables of numbers, as functions: of expressions, and in machine code."""

from __future__ import annotations

from typing import Any

import numpy as np

from taylor.expressions.leaves import ZERO, make_function_node
from taylor.nodes.defined import DefinedName, defined, digest
from taylor_runtime.callables.kernels import entry_kernel, place_kernel

FAR = 2.0**100  # stands for an edge that is never reached; a number in float32 as well


def place_function(edges: np.ndarray) -> DefinedName:
    """How many edges are not above x."""
    count = len(edges)

    def number(mp: Any, x: Any) -> Any:
        below, above = 0, count
        while below < above:
            middle = (below + above) // 2
            below, above = (middle + 1, above) if float(edges[middle]) <= x else (below, middle)
        return below

    def values(x: Any) -> Any:
        found = np.searchsorted(edges, np.real(x), side="right")
        return np.where(np.isnan(x), 0, found).astype(np.float64)[()]

    around = entry_function(np.array([-FAR, *edges, FAR])[:, None])
    return defined(
        place_kernel(f"place_{digest(edges.tobytes())}", edges),
        (place_function, (edges,)),
        steady=True,
        arity=1,
        mpmath=number,
        numpy=values,
        derivative=lambda x: (ZERO,),
        domain="everywhere; steps at the breakpoints",
        reference="constant within a piece",
        edge=lambda n: make_function_node(around, n, 0),
    )


def entry_function(rows: np.ndarray, low: np.ndarray | None = None) -> DefinedName:
    """rows[i, j], with i beyond an end taken as that end."""

    def number(mp: Any, i: Any, j: Any) -> Any:
        row, column = min(max(int(i), 0), len(rows) - 1), int(j)
        rest = 0.0 if low is None else float(low[row, column])
        high = float(rows[row, column])
        return high + rest if mp is None else mp.mpf(high) + rest

    def values(i: Any, j: Any) -> Any:
        row = np.clip(np.nan_to_num(np.real(i)), 0, len(rows) - 1).astype(int)
        return rows[row, np.real(j).astype(int)]

    parts = [rows.tobytes(), b"" if low is None else low.tobytes(), str(rows.shape).encode()]
    return defined(
        entry_kernel(f"entry_{digest(*parts)}", rows, low),
        (entry_function, (rows, low)),
        steady=True,
        arity=2,
        mpmath=number,
        numpy=values,
        derivative=lambda i, j: (ZERO, ZERO),
        domain="rows and columns of a table",
        reference="constant",
    )
