"""Operations of linear algebra on arrays of matrices: one node each, down to machine code.

Small systems are spelled out in scalars as functions that equations define (`taylor.implicit`),
since which element is the pivot can only be chosen with values at hand.

Rules of derivatives: Giles (2008), "Collected matrix derivative results for forward and reverse
mode algorithmic differentiation".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np

from taylor.errors import UnsupportedFunctionError
from taylor.nodes import arrays, sums
from taylor.nodes.conversion import stack
from taylor.nodes.elementary import make_function_node
from taylor.nodes.logic import where
from taylor.nodes.node import ONE, ZERO, node
from taylor.nodes.operation import Operation, add_operations, everywhere
from taylor.nodes.operations.arrays.batched import same_of_many
from taylor.nodes.operations.arrays.reductions import over_axes
from taylor.nodes.products import multiply

LARGEST = 8  # rows of the matrices that are solved and whose determinants are written out
FEW = 4  # and of those that are better written out
LONG, ALWAYS = 10**3, 10**9  # work that is better not spelled out, and that never is

Elements = np.ndarray[Any, Any]


# -- helpers --------------------------------------------------------------------------------------


def turned(e: Any) -> Any:
    """Transposed matrices, of expressions or numbers."""
    return np.swapaxes(e, -1, -2)


def _column(e: Any) -> Any:
    """One number for each matrix, as broadcast to its elements."""
    return e[..., None, None]


def lower_half(e: Any, diagonal: float = 1.0) -> Any:
    """The lower half of matrices, its diagonal times a number."""
    n = e.shape[-1]
    return e * (np.tril(np.ones((n, n)), -1) + diagonal * np.eye(n))


def upper_half(e: Any, diagonal: float = 1.0) -> Any:
    n = e.shape[-1]
    return e * (np.triu(np.ones((n, n)), 1) + diagonal * np.eye(n))


def of_lower_half(e: Any) -> Any:
    """The adjoint of a symmetric matrix of which the lower half is read, from that of all of it."""
    return lower_half(e + turned(e), 0.5)


def _trace(e: Any) -> Any:
    return np.trace(e, axis1=-2, axis2=-1)


def _each(found: Any, shape: tuple[int, ...]) -> Elements:
    """found(position) for the matrices of a batch."""
    result = np.empty(shape, dtype=object)
    for position in np.ndindex(*shape):
        result[position] = found(position)
    return result


def _counted(e: Any, adjoint: Any, guard: Any, axes: int) -> tuple[Any, Any]:
    """The adjoint, and when it counts: a matrix counts where any of its elements does."""
    if guard is ONE:
        return ONE, adjoint
    shape = e.shape[: e.ndim - axes] + (1,) * axes
    numbers: Any = where(guard, ONE, ZERO)
    largest = over_axes(
        "max", arrays.broadcast_to(numbers, e.shape), tuple(range(e.ndim - axes, e.ndim))
    )
    return arrays.reshape(largest, shape) > 0.5, adjoint


Shares = Callable[[Any, Any], Sequence[Any]]


def shares_by(rule: Shares, axes: int = 2) -> Callable[[Any, Any, Any], Iterator[Any]]:
    """The rule `Operation.adjoints` of what rule(e, adjoint) gives each operand."""

    def adjoints(e: Any, adjoint: Any, guard: Any) -> Iterator[tuple[Any, Any, Any]]:
        counts, given = _counted(e, adjoint, guard, axes)
        for operand, share in zip(e.args, rule(e, given), strict=True):
            if counts is ONE:
                yield operand, share, guard
                continue
            own = (
                counts
                if axes == 2 or not operand.ndim
                else arrays.reshape(counts, (*e.shape[: e.ndim - axes], 1, 1))
            )
            wide = arrays.broadcast_to(own, operand.shape)
            yield operand, where(wide, share, ZERO), wide

    return adjoints


def in_each(function: Callable[..., Any], shape: Callable[[Any], tuple[int, ...]]) -> Any:
    """A function of one matrix for all of a batch, NaN where it fails."""

    def whole(algebra: Any, e: Any, values: Sequence[np.ndarray]) -> np.ndarray:
        try:
            return np.asarray(function(*values))
        except np.linalg.LinAlgError:
            found = np.full(shape(e), np.nan)
            core = 2
            for position in np.ndindex(*values[0].shape[:-core]):
                try:
                    found[position] = function(*(value[position] for value in values))
                except np.linalg.LinAlgError:
                    continue
            return found

    return whole


def refused(e: Any, largest: int) -> UnsupportedFunctionError:
    return UnsupportedFunctionError(
        f"{e.op}: a matrix of {e.args[0].shape[-1]} rows cannot be spelled out in scalars, as this "
        f"use of it needs (up to {largest} can); functions and equations of arrays keep it whole"
    )


# -- solutions ------------------------------------------------------------------------------------


def solve_node(matrix: Any, sides: Any) -> Any:
    """x with matrix @ x = sides, of one batch of both; a node."""
    return node("solve", (matrix, sides), None, sides.shape)


@lru_cache(LARGEST)
def _solver(size: int) -> Callable[..., Any]:
    """x of the elements of A, row by row, and of b, with A x = b."""
    from taylor.definitions.implicit import implicit

    def residuals(*arguments: Any) -> list[Any]:
        *given, unknowns = arguments
        rows = (given[i * size : (i + 1) * size] for i in range(size))
        sides = given[size * size :]
        return [
            sums.add_many([multiply(a, u) for a, u in zip(row, unknowns, strict=True)]) - side
            for row, side in zip(rows, sides, strict=True)
        ]

    return implicit(residuals, start=[0] * size, arity=size * size + size)  # type: ignore[no-any-return]


def solved(matrix: Any, sides: Sequence[Any]) -> list[Any]:
    """The unknowns of one system of scalar expressions."""
    size = len(sides)
    if size == 1:
        return [sides[0] / matrix[0][0]]
    return list(_solver(size)(*[element for row in matrix for element in row], *sides))


def _solve_elements(e: Any, operands: Sequence[Elements]) -> Elements:
    matrix, sides = operands
    size = matrix.shape[-1]
    if size > LARGEST:
        raise refused(e, LARGEST)
    result = np.empty(e.shape, dtype=object)
    for position in np.ndindex(*e.shape[:-2]):
        for k in range(e.shape[-1]):
            side = list(sides[(*position, slice(None), k)])
            result[(*position, slice(None), k)] = solved(matrix[position], side)
    return result


def _solve_tangent(e: Any, tangents: Mapping[Any, Any]) -> Any:
    matrix, sides = e.args
    given = tangents.get(sides)
    if matrix in tangents:
        less = tangents[matrix] @ e
        given = -less if given is None else given - less
    return solve_node(matrix, given)


def _solve_shares(e: Any, adjoint: Any) -> Sequence[Any]:
    share = solve_node(turned(e.args[0]), adjoint)
    return -(share @ turned(e)), share


def _solve_many(e: Any, operands: Sequence[Any], many: Any) -> Any:
    """Many sides of one matrix are columns: it is factored once."""
    matrix, sides = operands
    if matrix.ndim > e.args[0].ndim:
        return same_of_many(e, operands, many)
    columns = np.moveaxis(sides, 0, -2)
    *batch, n, _, k = columns.shape
    found = solve_node(matrix, np.reshape(columns, (*batch, n, many.size * k)))
    return np.moveaxis(np.reshape(found, columns.shape), -2, 0)


def _solve_work(e: Any) -> int:
    n, columns = e.shape[-2:]
    if n > FEW:  # Newton's method for so many unknowns is a long text
        return ALWAYS if n > LARGEST else LONG
    return e.size // max(columns, 1) * n * (n // 3 + columns)


def rows_by(name: str) -> Callable[[Any, Any], int]:
    def rule(walk: Any, e: Any) -> int:
        from taylor.recurrences.matrices import rows

        made: int = getattr(rows, f"{name}_row")(walk, e)
        return made

    return rule


_SOLVE = Operation(
    name="solve",
    build=lambda e, args: solve_node(*args),
    batch=_solve_many,
    elements=_solve_elements,
    whole=in_each(np.linalg.solve, lambda e: e.shape),
    tangent=_solve_tangent,
    adjoints=shares_by(_solve_shares),
    array_rows=rows_by("solve"),
    work=_solve_work,
    smooth=everywhere,
)

# -- determinants ---------------------------------------------------------------------------------


def determinant(matrix: Any) -> Any:
    """Laplace's expansion row by row of a square array of nodes; minors of the same columns are
    shared.
    """
    size = len(matrix)
    minors: dict[tuple[int, ...], Any] = {(): ONE}
    for row in range(size):
        minors = {
            columns: sums.add_many(
                [
                    multiply(matrix[row][c], minors[columns[:k] + columns[k + 1 :]])
                    * (-1) ** (row + k)
                    for k, c in enumerate(columns)
                ]
            )
            for columns in combinations(range(size), row + 1)
        }
    return minors[tuple(range(size))]


def det_node(matrix: Any) -> Any:
    """The determinants of a batch; a node."""
    return node("det", (matrix,), None, matrix.shape[:-2])


def _det_elements(e: Any, operands: Sequence[Elements]) -> Elements:
    if e.args[0].shape[-1] > LARGEST:
        raise refused(e, LARGEST)
    return _each(lambda position: determinant(operands[0][position]), e.shape)


def _det_work(e: Any) -> int:
    n = e.args[0].shape[-1]
    return ALWAYS if n > LARGEST else e.args[0].size // n * 2**n // 2


_DET = Operation(
    name="det",
    build=lambda e, args: det_node(args[0]),
    batch=same_of_many,
    elements=_det_elements,
    whole=lambda algebra, e, values: np.linalg.det(values[0]),
    tangent=lambda e, tangents: e * _trace(solve_node(e.args[0], tangents[e.args[0]])),
    adjoints=shares_by(lambda e, adjoint: [_column(adjoint * e) * turned(_inverse(e.args[0]))], 0),
    array_rows=rows_by("det"),
    work=_det_work,
    smooth=everywhere,
)


def _inverse(matrix: Any) -> Any:
    sides = np.broadcast_to(np.eye(matrix.shape[-1]), matrix.shape)
    return solve_node(matrix, _constant(sides))


def _constant(numbers: np.ndarray) -> Any:
    from taylor.nodes.arrays import constant_array

    return constant_array(np.ascontiguousarray(numbers))


def slogdet_node(matrix: Any) -> Any:
    """[sign, log of the size] of determinants; a node."""
    return node("slogdet", (matrix,), None, (*matrix.shape[:-2], 2))


def _slogdet_elements(e: Any, operands: Sequence[Elements]) -> Elements:
    if e.args[0].shape[-1] > LARGEST:
        raise refused(e, LARGEST)
    result = np.empty(e.shape, dtype=object)
    for position in np.ndindex(*e.shape[:-1]):
        value = determinant(operands[0][position])
        size = make_function_node("log", make_function_node("abs", value))
        result[position] = [make_function_node("sign", value), size]
    return result


def _slogdet_tangent(e: Any, tangents: Mapping[Any, Any]) -> Any:
    changes = _trace(solve_node(e.args[0], tangents[e.args[0]]))
    return stack([changes * 0, changes], -1)


_SLOGDET = Operation(
    name="slogdet",
    build=lambda e, args: slogdet_node(args[0]),
    batch=same_of_many,
    elements=_slogdet_elements,
    whole=lambda algebra, e, values: np.stack(np.linalg.slogdet(values[0]), axis=-1),
    tangent=_slogdet_tangent,
    adjoints=shares_by(
        lambda e, adjoint: [_column(adjoint[..., 1]) * turned(_inverse(e.args[0]))], 1
    ),
    array_rows=rows_by("slogdet"),
    work=_det_work,
    smooth=everywhere,
)

add_operations((_SOLVE, _DET, _SLOGDET))
