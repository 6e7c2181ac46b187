"""Solutions of linear systems and determinants as rows.

Of A x = b the order n says A_0 x_n = b_n - sum_{j=1}^{n} A_j x_{n-j}: one factorisation, at order
zero, serves all orders.
"""

from __future__ import annotations

from taylor.nodes.operations.arrays.contractions import LETTERS
from taylor.recurrences.array_builder import ArrayBuilder
from taylor_runtime.program.arrays import FEW, Contract, Factor, Solve, Total
from taylor_runtime.program.program import Kernel

PLAIN, BY_TURNED, TURNED = "ab,bc->ac", "ab,cb->ac", "ab,ac->bc"  # x y, x y^T, x^T y


def products(
    b: ArrayBuilder, x: int, y: int, form: str = PLAIN, first: int = 0, last: int = 0
) -> Contract:
    """The matrix products of two batches, in a form of one matrix."""
    batch = LETTERS[: len(b.shape(x)) - 2]
    inner = form.translate(str.maketrans("abc", LETTERS[len(batch) : len(batch) + 3]))
    first_letters, rest = inner.split(",")
    second, result = rest.split("->")
    subscripts = f"{batch}{first_letters},{batch}{second}->{batch}{result}"
    return Contract(x, y, subscripts, first, last)


def product(b: ArrayBuilder, x: int, y: int) -> int:
    """The row of matrix products."""
    shape = (*b.shape(x)[:-1], b.shape(y)[-1])
    return b.moved(products(b, x, y), shape)


def turned(b: ArrayBuilder, x: int) -> int:
    """The row of transposed matrices."""
    axes = range(len(b.shape(x)))
    return b.view(b.strided(x).transposed((*axes[:-2], axes[-1], axes[-2])))


def diagonal(b: ArrayBuilder, x: int) -> int:
    """The row of diagonals of square matrices."""
    view = b.strided(x)
    made = type(view)(
        view.row,
        view.offset,
        (*view.strides[:-2], view.strides[-1] + view.strides[-2]),
        view.shape[:-1],
    )
    return b.view(made)


def factor(b: ArrayBuilder, source: int, kind: str) -> int:
    """The row of factors at order zero."""
    *batch, m, n = b.shape(source)
    if kind == "lu":
        shape = (n + 2, n, *batch) if n <= FEW else (*batch, n + 2, n)
    else:
        rows = {"cholesky": n, "qr": m + n, "eigh": n + 1}[kind]
        shape = (*batch, rows, n)
    return b.at_order_zero(Factor(source, kind), shape)


def solution(b: ArrayBuilder, matrix: int, side: int, kind: str = "lu") -> int:
    """The row x of M_0 x_n = side_n, for the matrices at order zero alone."""
    given = factor(b, matrix, "lu") if kind == "lu" else matrix
    return b.moved(Solve(given, side, kind), b.shape(side))


def solve(b: ArrayBuilder, matrix: int, side: int) -> int:
    """The row of A x = side."""
    if b.is_steady(matrix):
        return solution(b, matrix, side)
    shape = b.shape(side)
    known = b.later(shape)
    x = solution(b, matrix, b.linear([(1, side), (-1, known)]))
    b.place(known, products(b, matrix, x, first=1))
    return x


def log_derivative(b: ArrayBuilder, matrix: int) -> int:
    """The row of n times coefficient n of log|det A|: the trace of A^-1 A'."""
    derivative = b.derivative(matrix)
    assert derivative is not None
    along = diagonal(b, solve(b, matrix, derivative))
    shape = b.shape(along)
    return b.moved(Total(along, (len(shape) - 1,)), shape[:-1])


def pivots(b: ArrayBuilder, matrix: int) -> tuple[int, int]:
    """(the rows of U's diagonal, and of the sign of the rows' order) at order zero."""
    size = b.shape(matrix)[-1]
    lu = factor(b, matrix, "lu")
    view = b.strided(lu)
    if size <= FEW:
        axes = range(len(view.shape))
        view = view.transposed((*axes[2:], 0, 1))
    whole = tuple((0, count, 1) for count in view.shape[:-2])
    square = b.view(view.indexed((*whole, (0, size, 1), (0, size, 1))))
    return diagonal(b, square), b.view(view.indexed((*whole, size + 1, 0)))


def determinant(b: ArrayBuilder, matrix: int, start: int) -> int:
    """d' = d t, where t is the derivative of log|d|; start: its order zero."""
    if b.is_steady(matrix):
        return start
    trace = log_derivative(b, matrix)
    d = b.declare("div", start, constants=(1,))
    return b.define(d, b.convolution(1, trace, d, first=1), times="1/n")


def log_determinant(b: ArrayBuilder, matrix: int, start: int) -> int:
    """log|det A|; start: its order zero."""
    if b.is_steady(matrix):
        return start
    trace = log_derivative(b, matrix)
    return b.row(b.term(1, trace), times="1/n", start=Kernel("div", (start,), (1,)))
