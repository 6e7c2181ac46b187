"""NumPy's linear algebra on expressions: solutions, inverses, determinants, factors, norms.

Of arrays of expressions a few nodes are made, whatever the shapes are (`matrices.py`,
`factors.py`).
Object arrays of scalars are written out: a solution is the function that the equations A x = b
define (`taylor.implicit`), a determinant a polynomial of the elements, without any division.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from taylor.definitions.factors import cholesky_node, eigh_node, qr_node, singular_values
from taylor.definitions.matrices import (
    LARGEST,
    det_node,
    determinant,
    slogdet_node,
    solve_node,
    solved,
)
from taylor.errors import ArgumentError, ShapeError, UnsupportedFunctionError, user_location
from taylor.expressions.array_functions import dot, reduced, register
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, constant
from taylor.expressions.object_arrays import array_of, expression_array, is_node, wrapped
from taylor.nodes.arrays import broadcast_to, normalised_axes

WRITTEN_OUT = 4  # rows of matrices whose determinants are always polynomials


def _elements(value: Any) -> np.ndarray[Any, Any]:
    return expression_array(value).view(np.ndarray)


def _square(name: str, value: Any, largest: int = LARGEST) -> Any:
    """The matrices as an array node or an object array, which may have up to `largest` rows."""
    matrix = as_expression(value) if is_node(value) else _elements(value)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise ShapeError(
            f"numpy.linalg.{name}: shape {matrix.shape} is not that of a square matrix (at "
            f"{user_location()})"
        )
    if matrix.shape[-1] > largest and not isinstance(matrix, Expression):
        raise UnsupportedFunctionError(
            f"numpy.linalg.{name}: a matrix of scalar expressions may have up to {largest} rows, "
            f"not {matrix.shape[-1]} (at {user_location()}); one array of expressions "
            "(taylor.variable with a shape, taylor.stack) may have any number"
        )
    return matrix


def solve(a: Any, b: Any) -> Any:
    """x with a @ x = b as `numpy.linalg.solve`, with NaN where a is singular."""
    if is_node(a) or is_node(b):
        return _solve_nodes(_square("solve", as_expression(a)), as_expression(b))
    matrix, right = _square("solve", a), _elements(b)
    size = matrix.shape[-1]
    vector = right.ndim == 1
    columns = right[:, None] if vector else right
    _check_sides(matrix, right, columns)
    batch = np.broadcast_shapes(matrix.shape[:-2], columns.shape[:-2])
    matrix = np.broadcast_to(matrix, (*batch, size, size))
    columns = np.broadcast_to(columns, (*batch, *columns.shape[-2:]))
    result = np.empty(columns.shape, dtype=object)
    for position in np.ndindex(*batch):
        for k in range(columns.shape[-1]):
            result[(*position, slice(None), k)] = solved(
                matrix[position], list(columns[(*position, slice(None), k)])
            )
    return wrapped(result[..., 0] if vector else result)


def _check_sides(matrix: Any, right: Any, columns: Any) -> None:
    try:
        np.broadcast_shapes(matrix.shape[:-2], columns.shape[:-2])
        fits = columns.ndim >= 2 and columns.shape[-2] == matrix.shape[-1]
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"numpy.linalg.solve: shapes {matrix.shape} and {right.shape} do not fit together (at "
            f"{user_location()})"
        )


def _solve_nodes(matrix: Any, right: Any) -> Any:
    """All systems at once; those of one matrix are columns of its sides."""
    vector = right.ndim == 1
    columns = right[:, None] if vector else right
    _check_sides(matrix, right, columns)
    size = matrix.shape[-1]
    batch = np.broadcast_shapes(matrix.shape[:-2], columns.shape[:-2])
    if not size or 0 in batch or not columns.shape[-1]:
        found: Any = as_expression(np.zeros((*batch, size, columns.shape[-1])))
    elif size == 1:
        found = columns / matrix
    elif matrix.ndim == 2 and batch:
        rows = np.moveaxis(columns, -2, 0)
        solved = solve_node(matrix, np.reshape(rows, (size, -1)))
        found = np.moveaxis(np.reshape(solved, rows.shape), 0, -2)
    else:
        matrix = broadcast_to(matrix, (*batch, size, size))
        found = solve_node(matrix, broadcast_to(columns, (*batch, *columns.shape[-2:])))
    return found[..., 0] if vector else found


def inv(a: Any) -> Any:
    """The inverse as `numpy.linalg.inv`, with NaN where a is singular."""
    matrix = _square("inv", a)
    return solve(matrix, np.eye(matrix.shape[-1], dtype=int))


def det(a: Any) -> Any:
    """The determinant as `numpy.linalg.det`: of few rows a polynomial of the elements, of more by
    elimination, whose derivatives are NaN where a is singular.
    """
    matrix = _square("det", a)
    size = matrix.shape[-1]
    if isinstance(matrix, Expression):
        if size > WRITTEN_OUT and matrix.size:
            return det_node(matrix)
        rows = [[matrix[..., i, j] for j in range(size)] for i in range(size)]
        return broadcast_to(determinant(rows), matrix.shape[:-2])
    result = np.empty(matrix.shape[:-2], dtype=object)
    for position in np.ndindex(*result.shape):
        result[position] = determinant(matrix[position])
    return wrapped(result)


class SlogdetResult(NamedTuple):
    """What `numpy.linalg.slogdet` gives."""

    sign: Any
    logabsdet: Any


def slogdet(a: Any) -> SlogdetResult:
    """(sign, log of the size) of the determinant."""
    matrix = _square("slogdet", a)
    if isinstance(matrix, Expression) and matrix.size:
        found = slogdet_node(matrix)
        return SlogdetResult(found[..., 0], found[..., 1])
    value = det(a)
    return SlogdetResult(np.sign(value), np.log(abs(value)))


def matrix_power(a: Any, n: int) -> Any:
    """a @ a @ .. as `numpy.linalg.matrix_power`, for any integer n."""
    matrix = _square("matrix_power", a, sys.maxsize)
    if n < 0:
        return matrix_power(inv(a), -n)
    unit: Any = np.broadcast_to(np.eye(matrix.shape[-1], dtype=int), matrix.shape)
    power: Any = matrix
    if isinstance(matrix, Expression):
        unit = as_expression(unit)
    else:
        unit, power = expression_array(unit), expression_array(matrix)
    result = unit
    while n:
        result = result @ power if n % 2 else result
        n //= 2
        power = power @ power if n else power
    return result


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norms of vectors for any order, of matrices for None, "fro", "nuc", 1, 2, inf and opposites.

    Derivatives of "nuc", 2 and -2 are not finite where singular values are equal.
    """
    values = array_of(x)
    ndim = len(values.shape)
    axes = tuple(range(ndim)) if axis is None else (axis,) if np.ndim(axis) == 0 else tuple(axis)
    if ord is None or (ord == "fro" and len(axes) == 2):
        return _root(reduced(np.add, values * values, axes, keepdims), 2)
    if len(axes) == 1:
        return _vector_norm(values, ord, axes[0], keepdims)
    if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
        summed, other = axes if abs(ord) == 1 else axes[::-1]
        sums = reduced(np.add, np.absolute(values), summed, True)
        extreme = np.maximum if ord > 0 else np.minimum
        found = reduced(extreme, sums, other, True)
        return found if keepdims else np.sum(found, axis=axes)
    if len(axes) == 2 and ord in ("nuc", 2, -2):
        given: Any = as_expression(values)
        found = singular_values(np.moveaxis(given, axes, (-2, -1)))
        found = np.sum(found, axis=-1) if ord == "nuc" else found[..., 0 if ord == 2 else -1]
        return np.expand_dims(found, normalised_axes("norm", axes, ndim)) if keepdims else found
    raise UnsupportedFunctionError(
        f"numpy.linalg.norm: ord={ord!r} is not available for shape {tuple(values.shape)}; use "
        '"fro", "nuc", 1, 2 or inf'
    )


def _vector_norm(values: Any, ord: Any, axis: int, keepdims: bool) -> Any:
    if isinstance(ord, str):
        raise UnsupportedFunctionError(
            f"numpy.linalg.norm: ord={ord!r} is for matrices; use a number, inf or -inf"
        )
    if ord in (np.inf, -np.inf):
        extreme = np.maximum if ord > 0 else np.minimum
        return reduced(extreme, np.absolute(values), axis, keepdims)
    if ord == 0:
        return reduced(np.add, np.not_equal(values, 0), axis, keepdims)
    powers = values * values if ord == 2 else np.absolute(values) ** ord
    return _root(reduced(np.add, powers, axis, keepdims), ord)


def _root(total: Any, order: Any) -> Any:
    if order == 1:
        return total
    return np.sqrt(total) if order == 2 else total ** (1 / constant(order))


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm of all elements, or along one axis or several taken as one."""
    values = array_of(x)
    ndim = len(values.shape)
    axes = range(ndim) if axis is None else normalised_axes("vector_norm", axis, ndim)
    kept = [k for k in range(ndim) if k not in axes]
    shape = [values.shape[k] for k in kept]
    rows = np.transpose(values, (*kept, *axes)).reshape((*shape, -1))
    found = norm(rows, ord, -1)
    if not keepdims:
        return found
    return np.reshape(found, [1 if k in axes else n for k, n in enumerate(values.shape)])


def multi_dot(factors: Any) -> Any:
    """The product of the matrices, from left to right."""
    return reduce(dot, [array_of(factor) for factor in factors])


def matrices(name: str, a: Any, square: bool = True) -> Any:
    """The matrices as one array expression."""
    matrix = as_expression(a if is_node(a) else _elements(a))
    if square:
        return _square(name, matrix)
    if matrix.ndim < 2:
        raise ShapeError(
            f"numpy.linalg.{name}: shape {matrix.shape} is not that of a matrix (at "
            f"{user_location()})"
        )
    return matrix


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """The triangular L with L @ L.T = a, of which the lower half is read; NaN where a is not
    positive definite.
    """
    matrix = matrices("cholesky", a)
    if not matrix.size:
        return matrix
    if upper:
        return np.swapaxes(cholesky_node(np.swapaxes(matrix, -1, -2)), -1, -2)
    return cholesky_node(matrix)


class QRResult(NamedTuple):
    """What `numpy.linalg.qr` gives."""

    Q: Any
    R: Any


def qr(a: Any, mode: str = "reduced") -> Any:
    """Q and R of matrices; modes "reduced" and "r".

    Derivatives are not finite where the columns, or as many of the first as there are rows, are
    linearly dependent.
    """
    matrix = matrices("qr", a, square=False)
    m, n = matrix.shape[-2:]
    if mode not in ("reduced", "r") or not matrix.size:
        raise UnsupportedFunctionError(
            f"numpy.linalg.qr: mode {mode!r} of shape {matrix.shape} is not available for "
            f'expressions; modes are "reduced" and "r" (at {user_location()})'
        )
    found = qr_node(matrix[..., : min(m, n)])
    q, r = found[..., :m, :], found[..., m:, :]
    if m < n:
        r = np.concatenate([r, np.swapaxes(q, -1, -2) @ matrix[..., m:]], axis=-1)
    return r if mode == "r" else QRResult(q, r)


def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, int, Any]:
    """(x, sums of squared residuals, rank, singular values) as `numpy.linalg.lstsq`, for matrices
    of full rank: of more columns than rows the shortest x that solves.
    """
    matrix, right = matrices("lstsq", a, square=False), as_expression(b)
    if matrix.ndim != 2 or right.ndim not in (1, 2) or right.shape[0] != matrix.shape[0]:
        raise ShapeError(
            f"numpy.linalg.lstsq: shapes {matrix.shape} and {right.shape} do not fit together (at "
            f"{user_location()})"
        )
    m, n = matrix.shape
    if m < n:
        q, r = qr(matrix.T)
        return q @ solve(r.T, right), np.zeros(0), m, singular_values(r)
    q, r = qr(matrix)
    x = solve(r, q.T @ right)
    rest = right - matrix @ x
    squares = np.reshape(np.sum(rest * rest, axis=0), (-1,)) if m > n else np.zeros(0)
    return x, squares, n, singular_values(r)


class EighResult(NamedTuple):
    """What `numpy.linalg.eigh` gives."""

    eigenvalues: Any
    eigenvectors: Any


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Eigenvalues and eigenvectors of symmetric matrices, of which one half is read.

    Derivatives are not finite where eigenvalues are equal.
    """
    matrix = matrices("eigh", a)
    if UPLO not in ("L", "U"):
        raise ArgumentError(f"numpy.linalg.eigh: UPLO={UPLO!r} must be 'L' or 'U'")
    found = eigh_node(np.swapaxes(matrix, -1, -2) if UPLO == "U" else matrix)
    return EighResult(found[..., 0, :], found[..., 1:, :])


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of symmetric matrices in rising order."""
    return eigh(a, UPLO).eigenvalues


HANDLERS: dict[Any, Callable[..., Any]] = {
    np.linalg.solve: solve,
    np.linalg.inv: inv,
    np.linalg.det: det,
    np.linalg.slogdet: slogdet,
    np.linalg.matrix_power: matrix_power,
    np.linalg.norm: norm,
    np.linalg.multi_dot: multi_dot,
    np.linalg.cholesky: cholesky,
    np.linalg.qr: qr,
    np.linalg.lstsq: lstsq,
    np.linalg.eigh: eigh,
    np.linalg.eigvalsh: eigvalsh,
}
if hasattr(np.linalg, "vector_norm"):  # from NumPy 2 on
    HANDLERS[np.linalg.vector_norm] = vector_norm
    HANDLERS[np.linalg.matrix_norm] = lambda x, /, *, keepdims=False, ord="fro": norm(
        x, ord, (-2, -1), keepdims
    )

register(HANDLERS)
