"""Matrices of few rows, whose elements are all in registers: one, or many side by side in lanes.

Golub & Van Loan (2013), sections 3.4 (elimination with partial pivoting) and 4.2 (Cholesky).
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.arrays.factors.grids import Matrix
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value

Rows = list[list[Value]]


def lu_few(source: Matrix, target: Matrix, n: int) -> None:
    """The LU factors, see `program.arrays.Factor`; each lane chooses its own pivots."""
    b = source.b
    a = [[source.get(i, j) for j in range(n)] for i in range(n)]
    t = a[0][0].type
    order = [b.constant(i, t) for i in range(n)]
    sign = b.constant(1, t)
    for k in range(n):
        for i in range(k + 1, n):
            swap = b.compare("gt", b.fabs(a[i][k]), b.fabs(a[k][k]))
            for j in range(n):
                a[i][j], a[k][j] = (
                    b.select(swap, a[k][j], a[i][j]),
                    b.select(swap, a[i][j], a[k][j]),
                )
            order[i], order[k] = (
                b.select(swap, order[k], order[i]),
                b.select(swap, order[i], order[k]),
            )
            sign = b.select(swap, -sign, sign)
        singular = b.eq(a[k][k], 0)
        for i in range(k + 1, n):
            factor = b.select(singular, a[i][k], b.normal(a[i][k] / a[k][k]))
            a[i][k] = factor
            for j in range(k + 1, n):
                a[i][j] = b.normal(b.fma(-factor, a[k][j], a[i][j]))
    for i in range(n):
        for j in range(n):
            target.put(i, j, a[i][j])
        target.put(n, i, order[i])
        target.put(n + 1, i, sign if i == 0 else b.constant(0, t))


def solve_few(
    factor: Matrix, side: Matrix, target: Matrix, n: int, columns: int, kind: str
) -> None:
    """Solutions with a factor, column by column; NaN where a number on the diagonal is zero."""
    b = side.b
    m = [[factor.get(i, j) for j in range(n)] for i in range(n)]
    order = [factor.get(n, i) for i in range(n)] if kind == "lu" else []
    diagonal = [_divisor(b, m[i][i]) for i in range(n)]
    for column in range(columns):
        x = [side.get(i, column) for i in range(n)]
        if kind == "lu":
            x = [_chosen(b, order[i], x) for i in range(n)]
        if kind in ("lu", "lower"):
            for i in range(n):
                for k in range(i):
                    x[i] = b.fma(-m[i][k], x[k], x[i])
                x[i] = b.normal(x[i])
                if kind == "lower":
                    x[i] = x[i] / diagonal[i]
        if kind in ("lu", "upper"):
            for i in reversed(range(n)):
                for k in range(i + 1, n):
                    x[i] = b.fma(-m[i][k], x[k], x[i])
                x[i] = b.normal(x[i]) / diagonal[i]
        for i in range(n):
            target.put(i, column, x[i])


def _divisor(b: Builder, value: Value) -> Value:
    return b.select(b.eq(value, 0), b.constant(float("nan"), value.type), value)


def _chosen(b: Builder, place: Value, x: Sequence[Value]) -> Value:
    found = x[0]
    for k in range(1, len(x)):
        found = b.select(b.eq(place, k), x[k], found)
    return found


def cholesky_few(source: Matrix, target: Matrix, n: int) -> None:
    """The lower triangle L with L L^T = A; NaN where A is not positive definite."""
    b = source.b
    rows: Rows = []
    for i in range(n):
        row: list[Value] = []
        for j in range(i + 1):
            above = row if i == j else rows[j]
            rest = source.get(i, j)
            for k in range(j):
                rest = b.fma(-row[k], above[k], rest)
            rest = b.normal(rest)
            row.append(b.sqrt(rest) if i == j else b.normal(rest / rows[j][j]))
        rows.append(row)
    zero = b.constant(0, rows[0][0].type)
    for i in range(n):
        for j in range(n):
            target.put(i, j, rows[i][j] if j <= i else zero)
