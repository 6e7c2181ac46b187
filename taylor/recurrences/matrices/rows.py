"""The rows of nodes of linear algebra."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from taylor.recurrences.array_builder import ArrayBuilder
from taylor.recurrences.matrices import factors, solutions
from taylor_runtime.program.arrays import Join, Total


class Walk(Protocol):
    """The walk that makes rows with shapes (`recurrences.arrays`)."""

    builder: ArrayBuilder

    def operand(self, e: Any) -> int: ...
    def numbers_row(self, numbers: np.ndarray) -> int: ...
    def product_along(self, source: int) -> int: ...


def solve_row(walk: Walk, e: Any) -> int:
    return solutions.solve(walk.builder, *map(walk.operand, e.args))


def cholesky_row(walk: Walk, e: Any) -> int:
    return factors.cholesky(walk.builder, walk.operand(e.args[0]), walk.numbers_row)


def qr_row(walk: Walk, e: Any) -> int:
    q, r = factors.qr(walk.builder, walk.operand(e.args[0]), walk.numbers_row)
    return walk.builder.moved(Join((q, r), e.ndim - 2), e.shape)


def eigh_row(walk: Walk, e: Any) -> int:
    b = walk.builder
    values, vectors = factors.eigh(b, walk.operand(e.args[0]), walk.numbers_row)
    view = b.strided(values)
    entries = [(0, size, 1) for size in view.shape]
    first = b.view(view.indexed((*entries[:-1], None, entries[-1])))
    return b.moved(Join((first, vectors), e.ndim - 2), e.shape)


def det_row(walk: Walk, e: Any) -> int:
    b, matrix = walk.builder, walk.operand(e.args[0])
    diagonal, sign = solutions.pivots(b, matrix)
    start = b.product(walk.product_along(diagonal), sign)
    return solutions.determinant(b, matrix, start)


def slogdet_row(walk: Walk, e: Any) -> int:
    b, matrix = walk.builder, walk.operand(e.args[0])
    diagonal, order = solutions.pivots(b, matrix)
    sign = b.product(walk.product_along(b.kernel("sign", diagonal)), order)
    sizes = b.kernel("log", b.kernel("abs", diagonal))
    shape = b.shape(sizes)
    start = b.moved(Total(sizes, (len(shape) - 1,)), shape[:-1])
    parts = [sign, solutions.log_determinant(b, matrix, start)]
    views = [b.strided(row) for row in parts]
    entries = tuple((0, size, 1) for size in e.shape[:-1])
    columns = tuple(b.view(view.indexed((*entries, None))) for view in views)
    return b.moved(Join(columns, e.ndim - 1), e.shape)
