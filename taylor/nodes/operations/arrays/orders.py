"""The order of elements: at order zero, and constant in derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.nodes import arrays
from taylor.nodes.conversion import as_expression
from taylor.nodes.logic import equal, less, less_equal, logical, not_equal, where
from taylor.nodes.node import Node, node
from taylor.nodes.operation import Operation, no_slopes
from taylor.nodes.operations.arrays.batched import same_of_many
from taylor.nodes.operations.arrays.places import put
from taylor.nodes.sums import add_many
from taylor_runtime.program.arrays import Factor

Elements = np.ndarray[Any, Any]  # an object array of scalar nodes

FEW = 128  # elements whose ranks are counted faster than they are sorted


def places_in_order(e: Any) -> Any:
    """The places in each row of its elements in ascending order, of the shape of `e`.

    Equal elements are in the order in which they stand, and NaN is last, as NumPy has it.
    """
    if e.shape[-1] > FEW:
        rows = arrays.reshape(e, (-1, e.shape[-1])) if e.ndim == 1 else e
        return arrays.reshape(node("argsort", (rows,), None, rows.shape), e.shape)
    if not e.size:
        return e
    keys = _keys(e)
    own, others = (
        tuple(arrays.reshape(key, (*e.shape[:-1], *shape)) for key in keys)
        for shape in ((e.shape[-1], 1), (1, e.shape[-1]))
    )
    ranks = arrays.sum_axes(where(_before(others, own), 1, 0), -1)
    found = put(as_expression(np.zeros(e.size)), among_all(ranks), arrays.reshape(_own(e), (-1,)))
    return arrays.reshape(found, e.shape)


def among_all(places: Any) -> Any:
    """Places in rows as places among all elements."""
    starts = np.arange(places.size).reshape(places.shape) // places.shape[-1] * places.shape[-1]
    return arrays.reshape(add_many([places, as_expression(starts)]), (-1,))


def _own(e: Any) -> Any:
    """The place of each element in its row."""
    return arrays.broadcast_to(as_expression(np.arange(e.shape[-1])), e.shape)


def _keys(e: Any) -> tuple[Any, Any]:
    """Numbers in whose order the elements are, and places of theirs that decide between equals.

    NaN counts as infinity, behind all others.
    """
    is_nan, own = not_equal(e, e), _own(e)
    return where(is_nan, np.inf, e), where(is_nan, own + e.shape[-1], own)


def _before(a: tuple[Any, Any], b: tuple[Any, Any]) -> Any:
    """Whether an element with the keys a comes before one with the keys b."""
    stands_first = logical("and", less_equal(a[0], b[0]), less(a[1], b[1]))
    return logical("or", less(a[0], b[0]), stands_first)


def _row(walk: Any, e: Node) -> int:
    made: int = walk.builder.at_order_zero(Factor(walk.operand(e.args[0]), "order"), e.shape)
    return made


def _elements(e: Node, operands: Sequence[Elements]) -> Elements:
    """Ranks, and the element that has each rank."""
    result = np.empty(e.shape, dtype=object)
    size = e.shape[-1]
    for row in np.ndindex(*e.shape[:-1]):
        keys = [
            (where(not_equal(x, x), np.inf, x), where(not_equal(x, x), size + k, k))
            for k, x in enumerate(operands[0][row])
        ]
        ranks = [add_many([where(_before(b, a), 1, 0) for b in keys]) for a in keys]
        for place in range(size):
            held = [where(equal(rank, as_expression(place)), k, 0) for k, rank in enumerate(ranks)]
            result[(*row, place)] = add_many(held)
    return result


RECORDS = (
    Operation(
        name="argsort",
        build=lambda e, args: places_in_order(args[0]),
        batch=same_of_many,
        array_rows=_row,
        elements=_elements,
        slopes=no_slopes,
        whole=lambda algebra, e, values: np.argsort(values[0], kind="stable").astype(np.float64),
        work=lambda e: e.size * e.shape[-1].bit_length(),
    ),
)
