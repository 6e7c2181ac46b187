"""NumPy's linear algebra that stands on singular values, or on factors of matrices of full rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from taylor.definitions.factors import singular_values
from taylor.definitions.linear import inv, lstsq, matrices, norm, qr, solve
from taylor.errors import ArgumentError, ShapeError, UnsupportedFunctionError, user_location
from taylor.expressions.array_functions import register
from taylor.expressions.leaves import as_expression
from taylor.nodes.arrays import normalised_axes


def svdvals(x: Any, /) -> Any:
    """Singular values in falling order as `numpy.linalg.svdvals`; derivatives are not finite where
    two of them are equal.
    """
    return singular_values(matrices("svdvals", x, square=False))


def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """Singular values alone, as `numpy.linalg.svd` gives them with compute_uv=False."""
    if compute_uv:
        raise UnsupportedFunctionError(
            f"numpy.linalg.svd: singular vectors are not available (at {user_location()}); "
            "compute_uv=False gives singular values, numpy.linalg.eigh of a.T @ a and of a @ a.T "
            "vectors, numpy.linalg.pinv and lstsq what they are wanted for most often"
        )
    return singular_values(matrices("svd", a, square=False))


def cond(x: Any, p: Any = None) -> Any:
    """The condition number in any norm that `norm` has of matrices."""
    if p is None or p in (2, -2):
        found = singular_values(matrices("cond", x, square=False))
        ends = found[..., 0], found[..., -1]
        return ends[1] / ends[0] if p == -2 else ends[0] / ends[1]
    matrix = matrices("cond", x)
    return norm(matrix, p, (-2, -1)) * norm(inv(matrix), p, (-2, -1))


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """How many singular values are not small: a whole number that does not vary."""
    matrix = matrices("matrix_rank", A, square=False)
    found = singular_values(matrix)
    if tol is None:
        part = max(matrix.shape[-2:]) * np.finfo(float).eps if rtol is None else as_expression(rtol)
        tol = found[..., :1] * (part[..., None] if np.ndim(part) else part)
    else:
        tol = as_expression(tol)[..., None]
    return np.sum(found > tol, axis=-1)


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """The pseudo-inverse of matrices of full rank, with NaN for others."""
    if rcond is not None or rtol is not None:
        raise UnsupportedFunctionError(
            f"numpy.linalg.pinv: rcond= and rtol= are not available (at {user_location()}): how "
            "many singular values count is not known before evaluation; leave them out where the "
            "rank is full"
        )
    matrix = matrices("pinv", a, square=False)
    m, n = matrix.shape[-2:]
    if not matrix.size:
        return np.swapaxes(matrix, -1, -2)
    if m < n:
        return np.swapaxes(pinv(np.swapaxes(matrix, -1, -2)), -1, -2)
    q, r = qr(matrix)
    return solve(r, np.swapaxes(q, -1, -2))


def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> Any:
    """x with numpy.tensordot(a, x, x.ndim) = b."""
    array: Any = as_expression(a)
    right = as_expression(b)
    if axes is not None:
        last = normalised_axes("tensorsolve", tuple(axes), array.ndim)
        kept = [k for k in range(array.ndim) if k not in last]
        array = np.transpose(array, (*kept, *last))
    shape = array.shape[right.ndim :]
    if prod(shape) != right.size or array.size != right.size**2:
        raise ShapeError(
            f"numpy.linalg.tensorsolve: shapes {array.shape} and {right.shape} are of no square "
            f"system (at {user_location()})"
        )
    found = solve(array.reshape(right.size, -1), right.reshape(-1))
    return found.reshape(shape)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of what numpy.tensordot(a, b, ind) does."""
    array = as_expression(a)
    if not 0 < ind < array.ndim or prod(array.shape[:ind]) ** 2 != array.size:
        raise ShapeError(
            f"numpy.linalg.tensorinv: shape {array.shape} with ind={ind} is of no square system "
            f"(at {user_location()})"
        )
    rows = prod(array.shape[:ind])
    return inv(array.reshape(rows, -1)).reshape(*array.shape[ind:], *array.shape[:ind])


def polyfit(
    x: Any,
    y: Any,
    deg: int,
    rcond: Any = None,
    full: bool = False,
    w: Any = None,
    cov: bool = False,
) -> Any:
    """Coefficients of the polynomial of a degree that comes nearest to values, highest first."""
    if full or cov:
        raise ArgumentError("numpy.polyfit: full= and cov= are not available for expressions")
    places, right = as_expression(x), as_expression(y)
    left = np.stack([places**k for k in range(deg, -1, -1)], axis=-1)
    if w is not None:
        weights = as_expression(w)
        left = left * weights[:, None]
        right = right * (weights if right.ndim == 1 else weights[:, None])
    scale = np.sqrt(np.sum(left * left, axis=0))  # as NumPy does: columns of like sizes
    found = lstsq(left / scale, right)[0]
    return found / (scale if right.ndim == 1 else scale[:, None])


HANDLERS: dict[Any, Callable[..., Any]] = {
    np.linalg.svd: svd,
    np.linalg.cond: cond,
    np.linalg.matrix_rank: matrix_rank,
    np.linalg.pinv: pinv,
    np.linalg.tensorsolve: tensorsolve,
    np.linalg.tensorinv: tensorinv,
    np.polyfit: polyfit,
}
if hasattr(np.linalg, "svdvals"):  # from NumPy 2 on
    HANDLERS[np.linalg.svdvals] = svdvals

register(HANDLERS)
