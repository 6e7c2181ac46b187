"""Loops and branches of which some elements alone count: those that a choice around them takes.

Where everything inside works element by element, as in loops over many values at once, what is
singular in an element that nobody takes must not disturb what others have backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.nodes import logic
from taylor.nodes.arrays import broadcast_to
from taylor.nodes.node import ONE, ZERO
from taylor.nodes.operation import OPERATIONS
from taylor.nodes.operations.cotangents import either, summed
from taylor.nodes.operations.held import held
from taylor.nodes.regions import Graph, Region, inner_input, leading, region_node
from taylor.nodes.traverse import reachable

_ALONE = frozenset(("while_loop", "fori_loop", "scan", "switch"))


def with_guard(e: Any, guards: Sequence[Any]) -> tuple[Any, int, Any] | None:
    """The same loop or choice with one operand more, the last of the constants: which elements
    count.  With it, its place among the operands, and the guard, of the shape that results have
    of one turn.  None where elements do not stay by themselves, or there is one alone.

    guards: when each result counts, None where it does not at all.
    """
    region: Region = e.payload
    if e.op not in _ALONE or not _is_alone(e):
        return None
    turned = [_of_a_turn(region, k, guard) for k, guard in enumerate(guards) if guard is not None]
    shape = np.broadcast_shapes(*(found.shape for found in turned))
    if not shape or any(found is ONE for found in turned):
        return None
    guard = turned[0]
    for other in turned[1:]:
        guard = either(guard, other)
    guard = broadcast_to(guard, shape)
    graphs = [
        _graph(graph, region.constants, shape, number >= len(region.graphs) - _bodies(e))
        for number, graph in enumerate(region.graphs)
    ]
    rest = (region.carries, region.length, region.reverse)
    place = leading(e) + region.constants
    operands = [*e.args[:place], guard, *e.args[place:]]
    return region_node(e.op, operands, Region(graphs, region.constants + 1, *rest)), place, guard


def _bodies(e: Any) -> int:
    """How many of the graphs, the last ones, give the results."""
    return len(e.payload.graphs) if e.op == "switch" else 1


def _of_a_turn(region: Region, number: int, guard: Any) -> Any:
    """When elements of a result count in any turn."""
    if guard is ONE or region.length is None or number < region.carries:
        return guard
    return logic.condition(summed(broadcast_to(guard, region.shapes[number]), [0]))


def _graph(graph: Graph, place: int, shape: tuple[int, ...], gives: bool) -> Graph:
    """A graph with the guard as an input; outputs stay what they are, and have derivatives where
    they count.
    """
    counts = inner_input("counts", shape)
    inputs = [*graph.inputs[:place], counts, *graph.inputs[place:]]
    if not gives:
        return Graph(inputs, graph.outputs)
    test = logic.greater(counts, ZERO)
    outputs = [logic.where(test, x, held(x)) if x.shape == shape else x for x in graph.outputs]
    return Graph(inputs, outputs)


def _is_alone(node: Any) -> bool:
    """Whether no element of a result depends on other elements, but for single numbers."""
    graphs = node.payload.graphs[-_bodies(node) :]
    for e in reachable([x for graph in graphs for x in graph.outputs]):
        record = OPERATIONS.get(e.op)  # None for an elementary function
        if record is None or not e.args:
            continue
        if record.spelled is not None:
            if not _is_alone(e):
                return False
        elif record.elements is not None and e.op != "part":
            single = e.op == "broadcast" and e.args[0].size == 1
            if not single:
                return False
    return True
