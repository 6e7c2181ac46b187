"""NumPy's linear algebra on expressions: solutions, inverses, determinants, norms.

Which element is the pivot can only be chosen with values at hand.  A solution is therefore the
function that the equations A x = b define (`taylor.implicit`): machine code inverts with
pivoting at order zero and refines, and derivatives of all orders solve with the same matrix.
Determinants are polynomials of the elements, written without any division.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, reduce
from itertools import combinations
from typing import Any

import numpy as np

from taylor.errors import ShapeError, UnsupportedFunctionError
from taylor.expressions.array_functions import dot, reduced, register
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, constant
from taylor.expressions.object_arrays import array_of, expression_array, wrapped
from taylor.nodes.products import multiply
from taylor.nodes.sums import add_many

LARGEST = 8  # rows of the matrices that are solved and whose determinants are written out
Elements = np.ndarray[Any, Any]


def _elements(value: Any) -> Elements:
    return expression_array(value).view(np.ndarray)


def _square(name: str, value: Any) -> Elements:
    matrix = _elements(value)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise ShapeError(
            f"numpy.linalg.{name}: shape {matrix.shape} is not that of a square matrix"
        )
    if matrix.shape[-1] > LARGEST:
        raise UnsupportedFunctionError(
            f"numpy.linalg.{name}: a matrix of expressions may have up to {LARGEST} rows, not "
            f"{matrix.shape[-1]}; write the equations with taylor.implicit, or use their structure"
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


def _solved(matrix: Elements, side: Elements) -> list[Any]:
    size = len(side)
    if size == 1:
        return [side[0] / matrix[0, 0]]
    return list(_solver(size)(*matrix.reshape(-1), *side))


def solve(a: Any, b: Any) -> Any:
    """x with a @ x = b as `numpy.linalg.solve`, NaN where a is singular; up to 8 rows."""
    matrix, right = _square("solve", a), _elements(b)
    size = matrix.shape[-1]
    vector = right.ndim == 1
    columns = right[:, None] if vector else right
    if columns.ndim < 2 or columns.shape[-2] != size:
        raise ShapeError(
            f"numpy.linalg.solve: shapes {matrix.shape} and {right.shape} do not fit together"
        )
    batch = np.broadcast_shapes(matrix.shape[:-2], columns.shape[:-2])
    matrix = np.broadcast_to(matrix, (*batch, size, size))
    columns = np.broadcast_to(columns, (*batch, *columns.shape[-2:]))
    result = np.empty(columns.shape, dtype=object)
    for position in np.ndindex(*batch):
        for k in range(columns.shape[-1]):
            result[(*position, slice(None), k)] = _solved(
                matrix[position], columns[(*position, slice(None), k)]
            )
    return wrapped(result[..., 0] if vector else result)


def inv(a: Any) -> Any:
    """The inverse as `numpy.linalg.inv`, NaN where a is singular; up to 8 rows."""
    return solve(_square("inv", a), np.eye(np.shape(_elements(a))[-1], dtype=int))


def _determinant(matrix: Elements) -> Expression:
    """Laplace's expansion row by row; minors of the same columns are shared."""
    size = len(matrix)
    minors: dict[tuple[int, ...], Expression] = {(): ONE}
    for row in range(size):
        minors = {
            columns: add_many(
                [
                    multiply(matrix[row, c], minors[columns[:k] + columns[k + 1 :]])
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
    matrix = np.asarray(_elements(a))
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise ShapeError(
            f"numpy.linalg.matrix_power: shape {matrix.shape} is not that of a square matrix"
        )
    if n < 0:
        return matrix_power(inv(matrix), -n)
    unit: Any = expression_array(np.broadcast_to(np.eye(matrix.shape[-1], dtype=int), matrix.shape))
    power: Any = expression_array(matrix)
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


def multi_dot(factors: Any) -> Any:
    """The product of the matrices, from left to right."""
    return reduce(dot, [expression_array(factor) for factor in factors])


HANDLERS: dict[Any, Callable[..., Any]] = {
    np.linalg.solve: solve,
    np.linalg.inv: inv,
    np.linalg.det: det,
    np.linalg.slogdet: slogdet,
    np.linalg.matrix_power: matrix_power,
    np.linalg.norm: norm,
    np.linalg.multi_dot: multi_dot,
}

register(HANDLERS)
