"""Looking things up in tables of numbers, as functions: of expressions, and in machine code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from taylor.expressions.evaluate import evaluate
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, make_function_node
from taylor.nodes.defined import DefinedName, defined, makes
from taylor.nodes.record import Function
from taylor.reference.own_kernels import entry_value, place_value
from taylor_runtime.program.kernels import EntryKernel, PlaceKernel

_NEAR = 1e-9  # of the largest of its outer pieces: so near to its end a table has been left
FAR = 2.0**100  # stands for an edge that is never reached; a number in float32 as well


def place_name(edges: np.ndarray, whose: str = "") -> DefinedName:
    """The name of a function that says how many edges are not above x.

    whose: what it is that has no values beyond its ends, for messages.
    """
    return DefinedName(PlaceKernel(edges, whose))


def left_table(e: Expression, values: Mapping[Any, Any]) -> str:
    """Which table the function e reads at its end or beyond, in words; "" for none, and for others.

    values: of the inputs, numbers.
    """
    kernel = e.op.definition if isinstance(e.op, DefinedName) else None
    if not isinstance(kernel, PlaceKernel) or not kernel.whose:
        return ""
    edges = kernel.edges
    near = _NEAR * float(np.diff(edges[[0, 1, -2, -1]]).max())
    x = float(evaluate(e.args[0], values))
    if edges[0] + near < x < edges[-1] - near:
        return ""
    return f"{kernel.whose}, which is known from {edges[0]:.12g} to {edges[-1]:.12g}"


def entry_name(rows: np.ndarray, low: np.ndarray | None = None) -> DefinedName:
    """The name of a function that gives rows[i, j], with i beyond an end taken as that end."""
    return DefinedName(EntryKernel(rows, low))


@makes(PlaceKernel)
def _place(name: DefinedName, kernel: PlaceKernel) -> Function:
    edges = kernel.edges

    def values(x: Any) -> Any:
        found = np.searchsorted(edges, np.real(x), side="right")
        return np.where(np.isnan(x), 0, found).astype(np.float64)[()]

    around = entry_name(np.array([-FAR, *edges, FAR])[:, None])
    return defined(
        name,
        kernel,
        steady=True,
        arity=1,
        mpmath=lambda mp, x: place_value(kernel, mp, x),
        numpy=values,
        derivative=lambda x: (ZERO,),
        domain="everywhere; steps at the breakpoints",
        reference="constant within a piece",
        edge=lambda n: make_function_node(around, n, 0),
    )


@makes(EntryKernel)
def _entry(name: DefinedName, kernel: EntryKernel) -> Function:
    rows = kernel.rows

    def values(i: Any, j: Any) -> Any:
        row = np.clip(np.nan_to_num(np.real(i)), 0, len(rows) - 1).astype(int)
        return rows[row, np.real(j).astype(int)]

    return defined(
        name,
        kernel,
        steady=True,
        arity=2,
        mpmath=lambda mp, i, j: entry_value(kernel, mp, i, j),
        numpy=values,
        derivative=lambda i, j: (ZERO, ZERO),
        domain="rows and columns of a table",
        reference="constant",
    )
