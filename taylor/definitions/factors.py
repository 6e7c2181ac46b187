"""Factors of matrices as operations: Cholesky's triangles, QR, eigenvectors of symmetric ones.

Rules of derivatives: Murray (2016), "Differentiation of the Cholesky decomposition"; of QR and
eigenvectors Seeger, Hetzel, Dai & Lawrence (2017), "Auto-differentiating linear algebra".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from taylor.definitions.matrices import (
    ALWAYS,
    Elements,
    in_each,
    lower_half,
    of_lower_half,
    refused,
    rows_by,
    shares_by,
    solve_node,
    turned,
    upper_half,
)
from taylor.errors import UnsupportedFunctionError
from taylor.nodes import sums
from taylor.nodes.conversion import as_expression
from taylor.nodes.elementary import make_function_node
from taylor.nodes.node import ZERO, node
from taylor.nodes.operation import Operation, add_operations, everywhere
from taylor.nodes.operations.arrays.batched import same_of_many
from taylor.nodes.products import divide, multiply

LARGEST_TRIANGLE = 32  # rows of matrices whose triangles are written out

# -- Cholesky's triangles -------------------------------------------------------------------------


def cholesky_node(matrix: Any) -> Any:
    """The lower triangle L with L L^T = matrix, of which the lower half is read; a node."""
    return node("cholesky", (matrix,), None, matrix.shape)


def _cholesky_elements(e: Any, operands: Sequence[Elements]) -> Elements:
    """Row by row, Golub & Van Loan (2013), section 4.2."""
    size = e.shape[-1]
    if size > LARGEST_TRIANGLE:
        raise refused(e, LARGEST_TRIANGLE)
    result = np.full(e.shape, ZERO, dtype=object)
    for position in np.ndindex(*e.shape[:-2]):
        a, found = operands[0][position], result[position]
        for i in range(size):
            for j in range(i + 1):
                products = [multiply(found[i, k], found[j, k]) for k in range(j)]
                rest = a[i, j] - sums.add_many(products) if products else a[i, j]
                found[i, j] = (
                    make_function_node("sqrt", rest) if i == j else divide(rest, found[j, j])
                )
    return result


def _cholesky_tangent(e: Any, tangents: Mapping[Any, Any]) -> Any:
    change = tangents[e.args[0]]
    change = lower_half(change) + turned(lower_half(change, 0.0))
    inside = solve_node(e, turned(solve_node(e, change)))
    return e @ lower_half(inside, 0.5)


def _cholesky_shares(e: Any, adjoint: Any) -> Sequence[Any]:
    upper = turned(e)
    inside = lower_half(upper @ adjoint, 0.5)
    return [of_lower_half(turned(solve_node(upper, turned(solve_node(upper, inside)))))]


def _cholesky_work(e: Any) -> int:
    n = e.shape[-1]
    return ALWAYS if n > LARGEST_TRIANGLE else e.size * n // 3


_CHOLESKY = Operation(
    name="cholesky",
    build=lambda e, args: cholesky_node(args[0]),
    batch=same_of_many,
    elements=_cholesky_elements,
    whole=in_each(np.linalg.cholesky, lambda e: e.shape),
    tangent=_cholesky_tangent,
    adjoints=shares_by(_cholesky_shares),
    array_rows=rows_by("cholesky"),
    work=_cholesky_work,
    smooth=everywhere,
)

# -- orthogonal factors ---------------------------------------------------------------------------


def qr_node(matrix: Any) -> Any:
    """Q, and below it R, of matrices of as many rows as columns or more; a node."""
    *batch, m, n = matrix.shape
    return node("qr", (matrix,), None, (*batch, m + n, n))


def _never_spelled(e: Any, operands: Sequence[Elements]) -> Elements:
    raise UnsupportedFunctionError(
        f"{e.op}: it cannot be spelled out in scalars, as this use of it needs; functions and "
        "equations of arrays keep it whole"
    )


def _qr_whole(algebra: Any, e: Any, values: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(np.linalg.qr(values[0]), axis=-2)


def _qr_parts(e: Any) -> tuple[Any, Any]:
    m = e.args[0].shape[-2]
    return e[..., :m, :], e[..., m:, :]


def _qr_tangent(e: Any, tangents: Mapping[Any, Any]) -> Any:
    q, r = _qr_parts(e)
    w = turned(solve_node(turned(r), turned(tangents[e.args[0]])))
    inside = turned(q) @ w
    u = upper_half(inside) + turned(lower_half(inside, 0.0))
    return np.concatenate([w - q @ u, u @ r], axis=-2)


def _qr_shares(e: Any, adjoint: Any) -> Sequence[Any]:
    q, r = _qr_parts(e)
    m = e.args[0].shape[-2]
    of_q, of_r = adjoint[..., :m, :], adjoint[..., m:, :]
    inside = r @ turned(of_r) - turned(of_q) @ q
    mirrored = lower_half(inside) + turned(lower_half(inside, 0.0))
    return [turned(solve_node(r, turned(of_q + q @ mirrored)))]


_QR = Operation(
    name="qr",
    build=lambda e, args: qr_node(args[0]),
    batch=same_of_many,
    elements=_never_spelled,
    whole=_qr_whole,
    tangent=_qr_tangent,
    adjoints=shares_by(_qr_shares),
    array_rows=rows_by("qr"),
    work=lambda e: ALWAYS,
    smooth=everywhere,
)


def eigh_node(matrix: Any) -> Any:
    """Eigenvalues, and below them eigenvectors as columns, of symmetric matrices of which the lower
    half is read; a node.
    """
    *batch, n, _ = matrix.shape
    return node("eigh", (matrix,), None, (*batch, n + 1, n))


def _eigh_whole(algebra: Any, e: Any, values: Sequence[np.ndarray]) -> np.ndarray:
    found, vectors = np.linalg.eigh(values[0])
    return np.concatenate([found[..., None, :], vectors], axis=-2)


def _eigh_parts(e: Any) -> tuple[Any, Any, Any]:
    """Eigenvalues, eigenvectors, and 1 / (l_j - l_i) with zeros on the diagonal."""
    values, vectors, n = e[..., 0, :], e[..., 1:, :], e.shape[-1]
    apart = values[..., None, :] - values[..., :, None] + np.eye(n)
    return values, vectors, (1 - np.eye(n)) / apart


def _eigh_tangent(e: Any, tangents: Mapping[Any, Any]) -> Any:
    _, vectors, inverse = _eigh_parts(e)
    change = tangents[e.args[0]]
    change = lower_half(change) + turned(lower_half(change, 0.0))
    inside = turned(vectors) @ change @ vectors
    along = np.diagonal(inside, axis1=-2, axis2=-1)
    return np.concatenate([along[..., None, :], vectors @ (inverse * inside)], axis=-2)


def _eigh_shares(e: Any, adjoint: Any) -> Sequence[Any]:
    _, vectors, inverse = _eigh_parts(e)
    n = e.shape[-1]
    inside = inverse * (turned(vectors) @ adjoint[..., 1:, :]) + adjoint[..., :1, :] * np.eye(n)
    return [of_lower_half(vectors @ inside @ turned(vectors))]


_EIGH = Operation(
    name="eigh",
    build=lambda e, args: eigh_node(args[0]),
    batch=same_of_many,
    elements=_never_spelled,
    whole=_eigh_whole,
    tangent=_eigh_tangent,
    adjoints=shares_by(_eigh_shares),
    array_rows=rows_by("eigh"),
    work=lambda e: ALWAYS,
    smooth=everywhere,
)

# -- singular values ------------------------------------------------------------------------------


def singular_values(matrix: Any) -> Any:
    """Singular values of matrices in falling order, by nodes.

    They are the larger half of the eigenvalues of [[0, A^T], [A, 0]] (Golub & Van Loan (2013),
    section 8.6.1), of whose lower half A is all: no square of A is taken, and small ones have
    errors of rounding beside the largest, as LAPACK's.
    """
    *batch, m, n = matrix.shape
    if m < n:
        return singular_values(turned(matrix))
    if not matrix.size:
        return as_expression(np.zeros((*batch, n)))
    square = qr_node(matrix)[..., m:, :] if m > n else matrix
    below = np.concatenate([square, np.zeros(square.shape)], axis=-1)
    whole = np.concatenate([np.zeros(below.shape), below], axis=-2)
    return eigh_node(whole)[..., 0, : n - 1 : -1]


add_operations((_CHOLESKY, _QR, _EIGH))
