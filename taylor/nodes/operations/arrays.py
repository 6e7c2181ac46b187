"""Operations of whole arrays; all others work element by element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.nodes import arrays, conversion, sums
from taylor.nodes.node import Node
from taylor.nodes.operation import ATOM, OR, PRODUCT, UNARY, Operation, Text, everywhere, listed
from taylor.nodes.operations.rounding import one_rounding
from taylor.nodes.products import multiply

Elements = np.ndarray[Any, Any]  # an object array of scalar nodes

# --- parts ----------------------------------------------------------


def _index_text(e: Node, names: Any) -> Text:
    texts = []
    for entry in e.payload:
        if isinstance(entry, tuple):
            start, count, step = entry
            stop = start + count * step
            texts.append(f"{start}:{stop if stop >= 0 else ''}" + (f":{step}" if step != 1 else ""))
        else:
            texts.append(str(entry))
    return [(e.args[0], ATOM), f"[{', '.join(texts)}]"], ATOM


_INDEX = Operation(
    name="index",
    build=lambda e, args: arrays.index_entries(args[0], e.payload),
    text=_index_text,
    elements=lambda e, operands: operands[0][arrays.as_numpy_index(e.payload)],
    moves=True,
    value=lambda algebra, e, values: algebra.input(e, None),
    sympy=lambda to, e: to.sympy.Symbol(str(e)),
    error=one_rounding,
    smooth=everywhere,
)


def _take_text(e: Node, names: Any) -> Text:
    positions = str(e.payload.array.reshape(-1)[:30].tolist())
    shown = positions if len(positions) <= 60 and e.size <= 30 else positions[:56] + " ..."
    return ["take(", (e.args[0], OR), f", {shown})"], ATOM


_TAKE = Operation(
    name="take",
    build=lambda e, args: arrays.take_from(args[0], e.payload),
    text=_take_text,
    elements=lambda e, operands: operands[0].reshape(-1)[e.payload.array],
    moves=True,
)

_STACK = Operation(
    name="stack",
    build=lambda e, args: conversion.stack(args),
    text=lambda e, names: (["[", *listed(e.args), "]"], ATOM),
    elements=lambda e, operands: np.stack(operands),
    moves=True,
)

# --- changes of shape ----------------------------------------------------------


def _text_with_payload(e: Node, names: Any) -> Text:
    return [f"{e.op}(", (e.args[0], OR), f", {e.payload})"], ATOM


_RESHAPE = Operation(
    name="reshape",
    build=lambda e, args: arrays.reshape(args[0], e.payload),
    text=_text_with_payload,
    elements=lambda e, operands: operands[0].reshape(e.shape),
    moves=True,
)

_TRANSPOSE = Operation(
    name="transpose",
    build=lambda e, args: arrays.transpose(args[0], e.payload),
    text=_text_with_payload,
    elements=lambda e, operands: operands[0].transpose(e.payload),
    moves=True,
)

_BROADCAST = Operation(
    name="broadcast",
    build=lambda e, args: arrays.broadcast_to(args[0], e.payload),
    text=_text_with_payload,
    elements=lambda e, operands: np.broadcast_to(operands[0], e.shape),
    moves=True,
)

# --- reductions and products ----------------------------------------------------------


def _sum_text(e: Node, names: Any) -> Text:
    axes = "" if len(e.payload) == e.args[0].ndim else f", axis={e.payload}"
    return ["sum(", (e.args[0], OR), f"{axes})"], ATOM


def _sum_elements(e: Node, operands: Sequence[Elements]) -> Elements:
    elements = operands[0]
    kept = [i for i in range(elements.ndim) if i not in e.payload]
    rows = elements.transpose((*kept, *e.payload)).reshape(*e.shape, -1)
    result = np.empty(e.shape, dtype=object)
    for position in np.ndindex(*e.shape):
        result[position] = sums.add_many(list(rows[position]))
    return result


_SUM = Operation(
    name="sum",
    build=lambda e, args: arrays.sum_axes(args[0], e.payload),
    text=_sum_text,
    elements=_sum_elements,
)


def matmul_elements(a: Elements, b: Elements) -> Elements:
    """The elements of a matrix product as `numpy.matmul` has them, each one flat sum."""
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


_MATMUL = Operation(
    name="matmul",
    build=lambda e, args: arrays.matmul(args[0], args[1]),
    text=lambda e, names: ([(e.args[0], PRODUCT), " @ ", (e.args[1], UNARY)], PRODUCT),
    elements=lambda e, operands: matmul_elements(operands[0], operands[1]),
)

RECORDS = (_INDEX, _TAKE, _STACK, _RESHAPE, _TRANSPOSE, _BROADCAST, _SUM, _MATMUL)
