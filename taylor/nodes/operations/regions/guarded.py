"""Loops and branches of which some elements alone count: those that a choice around them takes.

Where everything inside works element by element, as in loops over many values at once, what is
singular in an element that nobody takes must not disturb what others have backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.nodes import logic, sums
from taylor.nodes.arrays import broadcast_to, index_entries
from taylor.nodes.node import ZERO
from taylor.nodes.operation import OPERATIONS
from taylor.nodes.operations.arrays.cotangents import summed, total
from taylor.nodes.operations.arrays.reductions import running
from taylor.nodes.operations.regions.reversed_loops import dependent
from taylor.nodes.operations.scalars.held import held
from taylor.nodes.regions import Graph, Region, inner_input, leading, region_node
from taylor.nodes.traverse import reachable

_ALONE = frozenset(("while_loop", "fori_loop", "scan", "switch"))


class Guarded:
    """The same loop or choice, whose results have derivatives where they count.

    more:   the places of its further operands.
    guards: when elements of the operands before count, None for those without such elements.
    """

    __slots__ = ("guards", "more", "node")

    def __init__(self, node: Any, more: range, guards: list[Any]) -> None:
        self.node, self.more, self.guards = node, more, guards


def with_guard(e: Any, guards: Sequence[Any]) -> Guarded | None:
    """A loop or a choice with further operands that say which elements count.  None where elements
    do not stay by themselves, or results are single numbers.

    guards: when each result counts, None where it does not at all.
    """
    region: Region = e.payload
    if e.op not in _ALONE or not _is_alone(e):
        return None
    live = [k for k, guard in enumerate(guards) if guard is not None]
    shape = np.broadcast_shapes(*(region.body.outputs[k].shape for k in live))
    if not shape:
        return None
    first = [broadcast_to(guards[k], shape) for k in live if k < _once(e)]
    rows = [
        broadcast_to(guards[k], (region.length or 0, *shape))
        for k in live
        if k >= _once(e) and region.body.outputs[k].shape == shape
    ]
    return _of_scan(e, guards, shape, first, rows) if rows else _of_all(e, shape, first)


def _once(e: Any) -> int:
    """How many results are those of the last turn, or of a branch."""
    region: Region = e.payload
    return len(region.shapes) if region.length is None else region.carries


def _of_all(e: Any, shape: tuple[int, ...], given: Sequence[Any]) -> Guarded:
    """The guard is one constant more, the last."""
    region = e.payload
    guard = given[0]
    for other in given[1:]:
        guard = logic.logical("or", guard, other)
    graphs = []
    for number, graph in enumerate(region.graphs):
        counts = inner_input("counts", shape)
        inputs = [*graph.inputs[: region.constants], counts, *graph.inputs[region.constants :]]
        gives = number >= len(region.graphs) - _bodies(e)
        outputs = [_counted(x, counts) for x in graph.outputs] if gives else graph.outputs
        graphs.append(Graph(inputs, outputs))
    rest = (region.carries, region.length, region.reverse)
    place = leading(e) + region.constants
    operands = [*e.args[:place], guard, *e.args[place:]]
    node = region_node(e.op, operands, Region(graphs, region.constants + 1, *rest))
    alike = [guard if shape in (x.shape, x.shape[1:]) else None for x in e.args]
    return Guarded(node, range(place, place + 1), alike)


def _of_scan(
    e: Any, guards: Sequence[Any], shape: tuple[int, ...], last: Sequence[Any], rows: Sequence[Any]
) -> Guarded:
    """Guards of what turns collect are further arrays: a carry counts if anything after does."""
    region, body = e.payload, e.payload.body
    own = total([(1, row) for row in rows], rows[0].shape)
    until = _from_here(own, region.reverse)
    if last:
        until = sums.add(until, broadcast_to(sums.add_many(last), own.shape))
    after = sums.subtract(until, own)
    arrays, inputs, outputs = [after], [inner_input("after", shape)], []
    for k, x in enumerate(body.outputs):
        if k < region.carries:
            outputs.append(_counted(x, inputs[0]))
        elif guards[k] is not None and x.shape == shape:
            arrays.append(broadcast_to(guards[k], own.shape))
            inputs.append(inner_input("counts", shape))
            outputs.append(_counted(x, inputs[-1]))
        else:
            outputs.append(x)
    rest = (region.constants, region.carries, region.length, region.reverse)
    made = Region([Graph([*body.inputs, *inputs], outputs)], *rest)
    count, ever = len(e.args), logic.greater(summed(until, [0]), ZERO)
    node = region_node("scan", [*e.args, *arrays], made)
    found = [ever if x.shape == shape else None for x in e.args]
    for k in range(region.constants + region.carries, count):
        if e.args[k].shape == own.shape:
            found[k] = _of_slices(e, body.inputs[k], after, guards)
    return Guarded(node, range(count, count + len(arrays)), found)


def _of_slices(e: Any, x: Any, after: Any, guards: Sequence[Any]) -> Any:
    """When elements of an array count: with what carries that depend on them become, or with what
    is collected.
    """
    region, own = e.payload, []
    for k, depends in enumerate(dependent(region.body.outputs, {x})):
        if depends and k < region.carries:
            own.append(logic.greater(after, ZERO))
        elif depends and guards[k] is not None:
            own.append(broadcast_to(guards[k], after.shape))
    return logic.condition(sums.add_many(own)) if own else None


def _from_here(counts: Any, reverse: bool) -> Any:
    """How much counts in a turn and in those after it."""
    if reverse:
        return running("cumsum", counts, 0)
    turned = ((counts.shape[0] - 1, counts.shape[0], -1), *[(0, n, 1) for n in counts.shape[1:]])
    return index_entries(running("cumsum", index_entries(counts, turned), 0), turned)


def _counted(x: Any, counts: Any) -> Any:
    """An output that has derivatives where it counts."""
    return logic.where(logic.greater(counts, ZERO), x, held(x)) if x.shape == counts.shape else x


def _bodies(e: Any) -> int:
    """How many of the graphs, the last ones, give the results."""
    return len(e.payload.graphs) if e.op == "switch" else 1


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
