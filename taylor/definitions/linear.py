"""NumPy's linear algebra on expressions: solutions, inverses, determinants, norms.

Which element is the pivot can only be chosen with values at hand.  A solution is therefore the
function that the equations A x = b define (`taylor.implicit`): machine code inverts with
pivoting at order zero and refines, and derivatives of all orders solve with the same matrix.
Determinants are polynomials of the elements, written without any division.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from itertools import combinations
from typing import Any

import numpy as np

from taylor.errors import ShapeError, UnsupportedFunctionError, user_location
from taylor.expressions.array_functions import dot, reduced, register
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, as_expression, constant, stack
from taylor.expressions.object_arrays import array_of, expression_array, is_node, wrapped
from taylor.nodes.arrays import broadcast_to, normalised_axes, transpose
from taylor.nodes.products import multiply
from taylor.nodes.sums import add_many

LARGEST = 8  # rows of the matrices that are solved and whose determinants are written out
LARGEST_TRIANGLE = 32  # and of those that are factored into triangles
Elements = np.ndarray[Any, Any]


def _elements(value: Any) -> Elements:
    return expression_array(value).view(np.ndarray)


def _square(name: str, value: Any, largest: int = LARGEST) -> Any:
    """The matrices as an array node or an object array."""
    matrix = as_expression(value) if is_node(value) else _elements(value)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise ShapeError(
            f"numpy.linalg.{name}: shape {matrix.shape} is not that of a square matrix (at "
            f"{user_location()})"
        )
    if matrix.shape[-1] > largest:
        raise UnsupportedFunctionError(
            f"numpy.linalg.{name}: a matrix of expressions may have up to {largest} rows, not "
            f"{matrix.shape[-1]} (at {user_location()}); write the equations with taylor.implicit, "
            "or use their structure"
        )
    return matrix


@lru_cache(LARGEST)
def _solver(size: int) -> Callable[..., Any]:
    """x of the elements of A, row by row, and of b, with A x = b."""
    from taylor.definitions.implicit import implicit

    def residuals(*arguments: Any) -> list[Expression]:
        *given, unknowns = arguments
        rows = (given[i * size : (i + 1) * size] for i in range(size))
        sides = given[size * size :]
        return [
            add_many([multiply(a, u) for a, u in zip(row, unknowns, strict=True)]) - side
            for row, side in zip(rows, sides, strict=True)
        ]

    return implicit(residuals, start=[0] * size, arity=size * size + size)  # type: ignore[no-any-return]


def _solved(matrix: Any, sides: Sequence[Any]) -> list[Any]:
    """The unknowns of a system of numbers, or of as many as the elements' shapes have."""
    size = len(sides)
    if size == 1:
        return [sides[0] / matrix[0][0]]
    return list(_solver(size)(*[element for row in matrix for element in row], *sides))


def solve(a: Any, b: Any) -> Any:
    """x with a @ x = b as `numpy.linalg.solve`, NaN where a is singular; up to 8 rows."""
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
            result[(*position, slice(None), k)] = _solved(
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
    """All systems at once: elements of matrices and sides are arrays, an element a system."""
    size = matrix.shape[-1]
    vector = right.ndim == 1
    columns = right[:, None] if vector else right
    _check_sides(matrix, right, columns)
    if not size:
        return right
    rows = [[matrix[..., i, j][..., None] for j in range(size)] for i in range(size)]
    unknowns = _solved(rows, [columns[..., i, :] for i in range(size)])
    shape = np.broadcast_shapes(*(e.shape for e in unknowns))
    found = stack([broadcast_to(e, shape) for e in unknowns], -2)
    return found[..., 0] if vector else found


def inv(a: Any) -> Any:
    """The inverse as `numpy.linalg.inv`, NaN where a is singular; up to 8 rows."""
    matrix = _square("inv", a)
    return solve(matrix, np.eye(matrix.shape[-1], dtype=int))


def _determinant(matrix: Any) -> Any:
    """Laplace's expansion row by row; minors of the same columns are shared."""
    size = len(matrix)
    minors: dict[tuple[int, ...], Any] = {(): ONE}
    for row in range(size):
        minors = {
            columns: add_many(
                [
                    multiply(matrix[row][c], minors[columns[:k] + columns[k + 1 :]])
                    * (-1) ** (row + k)
                    for k, c in enumerate(columns)
                ]
            )
            for columns in combinations(range(size), row + 1)
        }
    return minors[tuple(range(size))]


def det(a: Any) -> Any:
    """The determinant as `numpy.linalg.det`, a polynomial of the elements; up to 8 rows."""
    matrix = _square("det", a)
    if isinstance(matrix, Expression):
        size = matrix.shape[-1]
        rows = [[matrix[..., i, j] for j in range(size)] for i in range(size)]
        return broadcast_to(_determinant(rows), matrix.shape[:-2])
    result = np.empty(matrix.shape[:-2], dtype=object)
    for position in np.ndindex(*result.shape):
        result[position] = _determinant(matrix[position])
    return wrapped(result)


def slogdet(a: Any) -> Any:
    """(sign, log of the size) of the determinant."""
    value = det(a)
    return np.sign(value), np.log(abs(value))


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
    """Norms of vectors for any order, of matrices for None, "fro", 1, -1, inf and -inf."""
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
    raise UnsupportedFunctionError(
        f"numpy.linalg.norm: ord={ord!r} is not available for shape {tuple(values.shape)}; use the "
        "Frobenius norm, 1 or inf"
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


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """The triangular L with L @ L.T = a, of which the lower half is read; up to 32 rows.

    NaN where a is not positive definite.  Row by row, Golub & Van Loan (2013), section 4.2.
    """
    matrix = as_expression(a)
    if upper:
        matrix = transpose(matrix, [*range(matrix.ndim - 2), matrix.ndim - 1, matrix.ndim - 2])
    matrix = _square("cholesky", matrix, LARGEST_TRIANGLE)
    size = matrix.shape[-1]
    rows: list[list[Any]] = []
    for i in range(size):
        row: list[Any] = []
        for j in range(i + 1):
            above = row if i == j else rows[j]
            products = [multiply(row[k], above[k]) for k in range(j)]
            rest = matrix[..., i, j] - add_many(products) if products else matrix[..., i, j]
            row.append(np.sqrt(rest) if i == j else rest / rows[j][j])
        rows.append(row)
    zero = as_expression(np.zeros(matrix.shape[:-2]))
    lines = [stack([*row, *[zero] * (size - len(row))], -1) for row in rows]
    return stack(lines, -1 if upper else -2)


HANDLERS: dict[Any, Callable[..., Any]] = {
    np.linalg.solve: solve,
    np.linalg.inv: inv,
    np.linalg.det: det,
    np.linalg.slogdet: slogdet,
    np.linalg.matrix_power: matrix_power,
    np.linalg.norm: norm,
    np.linalg.multi_dot: multi_dot,
    np.linalg.cholesky: cholesky,
}
if hasattr(np.linalg, "vector_norm"):  # from NumPy 2 on
    HANDLERS[np.linalg.vector_norm] = vector_norm
    HANDLERS[np.linalg.matrix_norm] = lambda x, /, *, keepdims=False, ord="fro": norm(
        x, ord, (-2, -1), keepdims
    )

register(HANDLERS)
