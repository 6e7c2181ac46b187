"""Rows of functions that have no recurrence of their own: from a derivative, or from equations.

Derivatives and equations may contain the functions themselves, so rows are declared when a function
is met, and defined when everything that their steps need has rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from taylor.expressions.expression import Expression
from taylor.nodes.record import Equations, Function
from taylor.nodes.registry import get
from taylor.recurrences.builder import SeriesBuilder, Terms

Rows = Mapping[Expression, int]
Define = tuple[Sequence[Expression], Callable[[Rows], None]]
"""Expressions that need rows, and what defines the declared rows when they have them."""


def split(e: Expression) -> tuple[Any, Expression]:
    """(c, t) with e = c t: a constant factor is not worth a row of its own."""
    if e.op == "linear" and len(e.args) == 1 and e.payload[1] == 0:
        return e.payload[0][0], e.args[0]
    return 1, e


def by_derivative(
    b: SeriesBuilder, record: Function, args: Sequence[Expression], rows: Sequence[int]
) -> tuple[int, Define]:
    """Declare u with u' = sum of partial derivative times x'."""
    derivatives = [b.derivative(row) for row in rows]
    u = b.declare(record.value_kernel, *rows)
    slopes = [
        (*split(partial), derivative)
        for partial, derivative in zip(record.derivative(*args), derivatives, strict=True)
        if derivative is not None
    ]

    def define(known: Rows) -> None:
        b.define(u, _sum_of_products(b, 1, slopes, known), times="1/n")

    return u, ([core for _, core, _ in slopes], define)


def by_equations(
    b: SeriesBuilder, system: Equations, rows: Sequence[int]
) -> tuple[list[int], Define]:
    """Declare the unknowns y of g(x, y) = 0: with J = dg/dy, J y' = -dg/dx x' gives order n by

    J_0 (n y_n) = -sum_{j>=1} (j x_j) (dg/dx)_{n-j} - sum_{j=1}^{n-1} (j y_j) J_{n-j},

    a linear system with the same matrix at every order (Griewank & Walther 2008, section 13.3).
    """
    size = len(system.unknowns)
    x_derivatives = [b.derivative(row) for row in rows]
    right = [b.declare("") for _ in range(size)] if size > 1 else []
    y = [b.declare(get(node.op).value_kernel, *rows) for node in system.unknowns]
    y_derivatives = [b.derivative(row) for row in y]
    partials = [
        [(*split(p), d) for p, d in zip(line, x_derivatives, strict=True) if d is not None]
        for line in system.partials
    ]
    needed = [core for line in partials for _, core, _ in line]
    needed += [entry for line in system.jacobian for entry in line]

    def define(known: Rows) -> None:
        jacobian = [[known[entry] for entry in line] for line in system.jacobian]
        sides = []
        for line, entries in zip(partials, jacobian, strict=True):
            terms = _sum_of_products(b, -1, line, known)
            for derivative, entry in zip(y_derivatives, entries, strict=True):
                terms += b.convolution(-1, derivative, entry, first=1, last=1)
            sides.append(terms)
        if size == 1:
            b.define(y[0], sides[0], times="1/n", divisor=jacobian[0][0])
            return
        for row, terms in zip(right, sides, strict=True):
            b.define(row, terms)
        flat = [entry for entries in jacobian for entry in entries]
        for unknown, kernels in zip(y, system.inverse, strict=True):
            solved: Terms = ()
            for kernel, row in zip(kernels, right, strict=True):
                solved += b.term(1, row, head=b.kernel(kernel, *flat))
            b.define(unknown, solved, times="1/n")

    return y, (needed, define)


def _sum_of_products(
    b: SeriesBuilder,
    sign: int,
    slopes: Sequence[tuple[Any, Expression, int]],
    known: Rows,
) -> Terms:
    """sign * sum of constant * slope * x', for derivative rows x'."""
    terms: Terms = ()
    for constant, core, derivative in slopes:
        terms += b.convolution(sign * constant, derivative, known[core], first=1)
    return terms
