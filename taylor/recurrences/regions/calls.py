"""Rows of what is computed outside, nodes `solution`; those of the same operands are one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from taylor.errors import UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.nodes.rebuild import rebuild
from taylor.nodes.regions import REGIONS, Graph, has_regions, part, region_node
from taylor.nodes.traverse import reachable
from taylor.recurrences.array_builder import ArrayBuilder
from taylor.recurrences.views import Strided
from taylor_runtime.program.arrays import Call, Join

OUTSIDE = frozenset(("solution",))


class Walk(Protocol):
    """The walk that makes rows with shapes."""

    builder: ArrayBuilder
    rows: dict[Expression, int]

    def numbers_row(self, numbers: np.ndarray) -> int: ...


def call_row(walk: Walk, node: Expression) -> int:
    """The row of all results, flat."""
    builder, payload = walk.builder, node.payload
    if not builder.is_steady(*(walk.rows[arg] for arg in node.args)):
        raise UnsupportedFunctionError(
            f"{payload.name}: it cannot be part of a series that machine code expands"
        )
    first = walk.numbers_row(np.array([float(payload.number)]))
    parts = [builder.broadcast(walk.rows[arg], arg.shape) for arg in node.args if arg.size]
    flat = [builder.view(_flat(builder, row)) for row in parts]
    count = 1 + sum(builder.shape(row)[0] for row in flat)
    source = builder.moved(Join((first, *flat), 0), (count,))
    return builder.at_order_zero(Call(source), (payload.size,))


def _flat(builder: ArrayBuilder, row: int) -> Strided:
    """The elements of a row along one axis."""
    shape = (math.prod(builder.shape(row)),)
    view = builder.strided(row).reshaped(shape)
    if view is None:
        view = builder.strided(builder.whole(row)).reshaped(shape)
    assert view is not None
    return view


def called_once(roots: Sequence[Expression]) -> Sequence[Expression]:
    """Roots in which what is computed outside of the same operands is so once, where one result has
    all that others have: a value, that which its derivative has as well.
    """
    if not has_regions(roots):
        return roots
    nodes = reachable(roots)
    wider = _wider([e for e in nodes if e.op in OUTSIDE])
    if not wider:
        return roots
    done: dict[Expression, Any] = {}
    for e in nodes:
        args = [done[arg] for arg in e.args]
        if e in wider:
            whole = wider[e]
            result = part(region_node(e.op, args, whole), 0)
            done[e] = e.payload.piece(whole, result)
        elif e.op == "part" and e.args[0] in wider:
            done[e] = args[0]
        else:
            same = all(new is old for new, old in zip(args, e.args, strict=True))
            done[e] = e if same else rebuild(e, args)
    return [done[root] for root in roots]


def with_calls_once(graph: Graph) -> Graph:
    """The same of the outputs of a graph."""
    outputs = called_once(graph.outputs)
    return graph if outputs is graph.outputs else Graph(graph.inputs, outputs)


def check_digits(roots: Sequence[Expression]) -> None:
    """Raise UnsupportedFunctionError for what is computed outside in float64 or less: its digits
    would pass for those of double-doubles.
    """
    if not has_regions(roots):
        return
    for e in reachable(roots):
        if e.op in OUTSIDE and not e.payload.is_finer:
            raise UnsupportedFunctionError(
                f"{e.payload.name}: it is computed in float64 or less and cannot be used in "
                "double-double; make its integrator with precision='double-double'"
            )
        for graph in e.payload.graphs if e.op in REGIONS else ():
            check_digits(graph.outputs)


def _wider(nodes: Sequence[Any]) -> dict[Any, Any]:
    """Nodes whose results others have, and the payloads of these."""
    found: dict[Any, Any] = {}
    groups: dict[Any, list[Any]] = {}
    for e in nodes:
        groups.setdefault((e.args, e.payload.kin), []).append(e)
    for group in groups.values():
        for e in group:
            others = [o.payload for o in group if o is not e and e.payload.is_within(o.payload)]
            if others:
                found[e] = max(others, key=lambda payload: payload.size)
    return found
