"""The table of operations, and the one question that walks ask of it."""

from __future__ import annotations

from taylor.nodes.operation import OPERATIONS, Operation, add_operations
from taylor.nodes.operations.arrays import (
    conditions,
    contractions,
    moves,
    orders,
    places,
    reductions,
)
from taylor.nodes.operations.regions import calls
from taylor.nodes.operations.regions import records as regions
from taylor.nodes.operations.scalars import arithmetic, custom, held, leaves
from taylor.nodes.operations.scalars.functions import FUNCTION

_GROUPS = (
    *(leaves, arithmetic, conditions, moves, places, reductions, contractions, regions),
    *(orders, held, custom, calls),
)
for _group in _GROUPS:
    add_operations(_group.RECORDS)


def operation(op: str) -> Operation:
    """Return the record of an operation by `Node.op`; elementary functions share one.

    >>> operation("mul").name, operation("sin").name
    ('mul', '')
    """
    return OPERATIONS.get(op, FUNCTION)
