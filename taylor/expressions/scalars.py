"""Array expressions spelled out: one scalar expression per element."""

from __future__ import annotations

from operator import is_
from typing import Any, TypeAlias

import numpy as np

from taylor.nodes import arrays, sums
from taylor.nodes.node import Node, constant_node, node
from taylor.nodes.products import multiply
from taylor.nodes.rebuild import ARRAY_OPS, rebuild

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


def is_element(e: Node) -> bool:
    """Whether `e` is one element of an array input: a leaf of lowered expressions."""
    return e.op == "index" and not e.shape and e.args[0].op in ("variable", "parameter")


def _lower(e: Node, lowered: dict[Node, Lowered]) -> Lowered:
    if not e.args:
        return e if not e.shape else _lower_leaf(e)
    if is_element(e):
        return e
    args = [lowered[arg] for arg in e.args]
    if e.op in ARRAY_OPS:
        return _lower_array(e, args)
    if not e.shape:
        if all(map(is_, args, e.args)):
            return e
        return rebuild(e, [arg for arg in args if isinstance(arg, Node)])
    broadcast = [np.broadcast_to(_object_array(arg), e.shape).reshape(-1) for arg in args]
    result = np.empty(e.size, dtype=object)
    for i, elements in enumerate(zip(*broadcast, strict=True)):
        result[i] = rebuild(e, elements)
    return result.reshape(e.shape)


def _lower_leaf(e: Node) -> np.ndarray[Any, Any]:
    result = np.empty(e.shape, dtype=object)
    for i, position in enumerate(np.ndindex(*e.shape)):
        if e.op == "constant":
            value = e.payload[i] if type(e.payload) is tuple else e.payload
            result[position] = constant_node(value)
        else:
            result[position] = node("index", (e,), position, ())
    return result


def _lower_array(e: Node, args: list[Lowered]) -> Lowered:
    operands = [_object_array(arg) for arg in args]
    first = operands[0]
    result: Any
    if e.op == "index":
        result = first[arrays.as_numpy_index(e.payload)]
    elif e.op == "take":
        result = first.reshape(-1)[list(e.payload[0])].reshape(e.shape)
    elif e.op == "stack":
        result = np.stack(operands)
    elif e.op == "sum":
        result = _lower_sum(first, e)
    elif e.op == "matmul":
        result = lower_matmul(first, operands[1])
    elif e.op == "transpose":
        result = first.transpose(e.payload)
    else:
        result = first.reshape(e.shape) if e.op == "reshape" else np.broadcast_to(first, e.shape)
    return result[()] if isinstance(result, np.ndarray) and not e.shape else result


def _object_array(value: Lowered) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ndarray):
        return value
    result = np.empty((), dtype=object)
    result[()] = value
    return result


def _lower_sum(elements: np.ndarray[Any, Any], e: Node) -> np.ndarray[Any, Any]:
    kept = [i for i in range(elements.ndim) if i not in e.payload]
    rows = elements.transpose((*kept, *e.payload)).reshape(*e.shape, -1)
    result = np.empty(e.shape, dtype=object)
    for position in np.ndindex(*e.shape):
        result[position] = sums.add_many(list(rows[position]))
    return result


def lower_matmul(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    rows = a if a.ndim > 1 else a[None, :]
    columns = np.swapaxes(b, -1, -2) if b.ndim > 1 else b[None, :]
    batch = np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2])
    rows = np.broadcast_to(rows, (*batch, *rows.shape[-2:]))
    columns = np.broadcast_to(columns, (*batch, *columns.shape[-2:]))
    result = np.empty((*batch, rows.shape[-2], columns.shape[-2]), dtype=object)
    for position in np.ndindex(*result.shape):
        row, column = rows[position[:-1]], columns[(*position[:-2], position[-1])]
        result[position] = sums.add_many([multiply(x, y) for x, y in zip(row, column, strict=True)])
    result = result if a.ndim > 1 else result[..., 0, :]
    return result if b.ndim > 1 else result[..., 0]
