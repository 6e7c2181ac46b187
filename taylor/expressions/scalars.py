"""Array expressions spelled out: one scalar expression per element."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import is_
from typing import Any, TypeAlias

import numpy as np

from taylor.nodes.node import N, Node
from taylor.nodes.operations.table import operation
from taylor.nodes.rebuild import rebuild
from taylor.nodes.traverse import reachable

Lowered: TypeAlias = "Node | np.ndarray[Any, Any]"  # a scalar, or an object array of scalars


def scalars(expression: Node, memo: dict[Any, Any] | None = None) -> np.ndarray[Any, Any]:
    """Return the object array, of the expression's shape, of its elements as scalar expressions.

    An element of an array variable or parameter is an `index` node with one int per axis; no other
    array node is left.  Pass one dictionary as `memo` to several calls to share the work.

    >>> from taylor.expressions.leaves import variable
    >>> q = variable("q", shape=(3,))
    >>> scalars((q * q).sum())[()]
    q[0]**2 + q[1]**2 + q[2]**2
    """
    lowered = {} if memo is None else memo
    pending = [expression]
    while pending:
        current = pending[-1]
        if current in lowered:
            pending.pop()
            continue
        if current.args and not is_element(current):
            missing = [arg for arg in current.args if arg not in lowered]
            if missing:
                pending.extend(reversed(missing))
                continue
        pending.pop()
        lowered[current] = _lower(current, lowered)
    result = np.empty(expression.shape, dtype=object)
    result[...] = lowered[expression]
    return result


def are_scalars(nodes: Collection[Node]) -> bool:
    """Whether nodes and all under them, which are given as well, are scalars, of operations on
    scalars: there is nothing to spell out.
    """
    if not {()}.issuperset({e.shape for e in nodes}):
        return False
    records = map(operation, {e.op for e in nodes if e.args})
    return all(record.elements is None and record.spelled is None for record in records)


def is_element(e: Node) -> bool:
    """Whether `e` is one element of an array input: a leaf of lowered expressions."""
    return e.op == "index" and not e.shape and e.args[0].op in ("variable", "parameter")


def _lower(e: Node, lowered: dict[Node, Lowered]) -> Lowered:
    if (not e.args and not e.shape) or is_element(e):
        return e
    args = [lowered[arg] for arg in e.args]
    record = operation(e.op)
    if record.spelled is not None:
        return record.spelled(e, [_object_array(arg) for arg in args], Spelling)
    elements = record.elements
    if elements is not None:
        result: Any = elements(e, [_object_array(arg) for arg in args])
        return result if e.shape or not isinstance(result, np.ndarray) else result[()]
    if not e.shape:
        if all(map(is_, args, e.args)):
            return e
        return rebuild(e, [arg for arg in args if isinstance(arg, Node)])
    broadcast = [np.broadcast_to(_object_array(arg), e.shape).reshape(-1) for arg in args]
    result = np.empty(e.size, dtype=object)
    for i, operands in enumerate(zip(*broadcast, strict=True)):
        result[i] = rebuild(e, operands)
    return result.reshape(e.shape)


class Spelling:
    """What operations with graphs inside ask for: elements of nodes, and nodes of other inputs."""

    elements = staticmethod(scalars)

    @staticmethod
    def replaced(roots: Sequence[N], table: Mapping[N, N]) -> list[N]:
        """Nodes with others in the places of inputs, simplified again."""
        done = dict(table)
        for e in reachable(roots, stop=done.__contains__):
            if e not in done:
                args = [done[arg] for arg in e.args]
                done[e] = e if all(map(is_, args, e.args)) else rebuild(e, args)
        return [done[root] for root in roots]


def _object_array(value: Lowered) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ndarray):
        return value
    result = np.empty((), dtype=object)
    result[()] = value
    return result
