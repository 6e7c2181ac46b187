"""Factors of matrices as rows: what is differentiated in X Y = A is solved for the newest orders of
X and Y, with the old ones, sums of whose products are known, on the other side.

Cholesky: Murray (2016), "Differentiation of the Cholesky decomposition"; QR: Walter, Lehmann &
Lamour (2012), "On evaluating higher-order derivatives of the QR decomposition of tall matrices with
full column rank in forward and reverse mode algorithmic differentiation"; eigenvectors: Andrew, Chu
& Lancaster (1993), "Derivatives of eigenvalues and eigenvectors of matrix functions".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from taylor.nodes.arrays import Entry
from taylor.recurrences.array_builder import ArrayBuilder
from taylor.recurrences.matrices.solutions import (
    BY_TURNED,
    TURNED,
    diagonal,
    factor,
    product,
    products,
    solution,
    turned,
)
from taylor_runtime.program.arrays import Total
from taylor_runtime.program.program import Kernel

Constant = Callable[[np.ndarray], int]  # the row of an array of numbers


def _as_varying(b: ArrayBuilder, start: int, newest: int) -> int:
    """The row that begins as one and goes on as another."""
    return b.row(b.term(1, newest), start=Kernel("div", (start,), (1,)))


def _part(b: ArrayBuilder, x: int, first: int, count: int) -> int:
    """Some of the rows of matrices."""
    *batch, _, n = b.shape(x)
    entries = (*((0, size, 1) for size in batch), (first, count, 1), (0, n, 1))
    return b.view(b.strided(x).indexed(entries))


def _symmetric(b: ArrayBuilder, matrix: int, constant: Constant) -> int:
    """Matrices whose upper halves are the lower ones, turned."""
    n = b.shape(matrix)[-1]
    lower, upper = np.tril(np.ones((n, n))), np.triu(np.ones((n, n)), 1)
    terms = b.convolution(1, matrix, constant(lower))
    return b.row(terms + b.convolution(1, turned(b, matrix), constant(upper)))


def cholesky(b: ArrayBuilder, matrix: int, constant: Constant) -> int:
    """L L^T = A: with F = L_0^-1 R L_0^-T, where R is what the old orders leave of A_n, L_n is L_0
    times the lower half of F, whose diagonal is halved.
    """
    start = factor(b, matrix, "cholesky")
    if b.is_steady(matrix):
        return start
    shape = b.shape(matrix)
    known = b.later(shape)
    rest = b.linear([(1, _symmetric(b, matrix, constant)), (-1, known)])
    half = turned(b, solution(b, start, rest, "lower"))
    whole = solution(b, start, half, "lower")
    n = shape[-1]
    kept = constant(np.tril(np.ones((n, n)), -1) + np.eye(n) / 2)
    newest = product(b, start, b.product(kept, whole))
    lower = _as_varying(b, start, newest)
    b.place(known, products(b, lower, lower, BY_TURNED, 1, 1))
    return lower


def qr(b: ArrayBuilder, matrix: int, constant: Constant) -> tuple[int, int]:
    """The rows of Q and R with Q R = A and Q^T Q = 1.

    With W = (A_n - sum of old Q_j R_{n-j}) R_0^-1 = Q_0 U + Q_n, U = R_n R_0^-1, and S = minus the
    sum of old Q_j^T Q_{n-j}, M = Q_0^T W is U + X where X + X^T = S, so that
    U = upper half of M + (strictly lower half of M)^T - upper half of S, its diagonal halved.
    """
    *_, m, n = b.shape(matrix)
    start = factor(b, matrix, "qr")
    q_start, r_start = _part(b, start, 0, m), _part(b, start, m, n)
    if b.is_steady(matrix):
        return q_start, r_start
    old = b.later(b.shape(matrix))
    squares = b.later(b.shape(r_start))  # minus S
    rest = b.linear([(1, matrix), (-1, old)])
    w = turned(b, solution(b, turned(b, r_start), turned(b, rest), "lower"))
    inside = product(b, turned(b, q_start), w)
    ones = np.ones((n, n))
    terms = b.convolution(1, constant(np.triu(ones)), inside)
    terms += b.convolution(1, constant(np.triu(ones, 1)), turned(b, b.whole(inside)))
    terms += b.convolution(1, constant(np.triu(ones, 1) + np.eye(n) / 2), squares)
    u = b.row(terms)
    r = _as_varying(b, r_start, product(b, u, r_start))
    q = _as_varying(b, q_start, b.linear([(1, w), (-1, product(b, q_start, u))]))
    b.place(old, products(b, q, r, first=1, last=1))
    b.place(squares, products(b, q, q, TURNED, 1, 1))
    return q, r


def eigh(b: ArrayBuilder, matrix: int, constant: Constant) -> tuple[int, int]:
    """The rows of eigenvalues l and eigenvectors V with A V = V L and V^T V = 1.

    With F = V_0^T (A_n V_0 + sum of old A_j V_{n-j} - V_j L_{n-j}), l_n is the diagonal of F, and
    V_n = V_0 C with C_ij = F_ij / (l_j - l_i), and on the diagonal half of what the old orders
    leave of V^T V = 1; not finite where eigenvalues are equal.
    """
    *batch, n, _ = b.shape(matrix)
    start = factor(b, matrix, "eigh")
    l_start = _first_row(b, start)
    v_start = _part(b, start, 1, n)
    if b.is_steady(matrix):
        return l_start, v_start
    matrix = _symmetric(b, matrix, constant)
    known = b.later((*batch, n, n))
    old = b.declare("")  # of V_j L_{n-j}
    squares = b.declare("")  # of elements of V, over the orders
    for row in (old, squares):
        b.shaped(row, (*batch, n, n))
    inside = product(b, turned(b, v_start), b.linear([(1, known), (-1, old)]))
    values = _as_varying(b, l_start, diagonal(b, inside))
    eye = np.eye(n)
    differences = b.linear(
        [(1, _axis(b, l_start, -2)), (-1, _axis(b, l_start, -1)), (1, constant(eye))]
    )
    inverse = b.quotient(b.term(1, constant(1 - eye)), differences)
    lengths = b.moved(Total(squares, (len(batch),)), (*batch, n))
    halves = b.product(constant(-eye / 2), _axis(b, lengths, -2))
    turns = b.linear([(1, b.product(inverse, inside)), (1, halves)])
    vectors = _as_varying(b, v_start, product(b, v_start, turns))
    b.place(known, products(b, matrix, vectors, first=1))
    b.define(old, b.convolution(1, vectors, _axis(b, values, -2), first=1, last=1))
    b.define(squares, b.convolution(1, vectors, vectors, first=1, last=1))
    return values, vectors


def _first_row(b: ArrayBuilder, x: int) -> int:
    *batch, _, n = b.shape(x)
    entries: list[Entry] = [*((0, size, 1) for size in batch), 0, (0, n, 1)]
    return b.view(b.strided(x).indexed(entries))


def _axis(b: ArrayBuilder, x: int, place: int) -> int:
    """Vectors as matrices of one row (-2) or one column (-1)."""
    view = b.strided(x)
    entries: list[Entry] = [(0, size, 1) for size in view.shape]
    entries.insert(len(entries) + place + 1, None)
    return b.view(view.indexed(tuple(entries)))
