"""What changes smoothly with some nodes: what derivatives backward have to go through."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from taylor.nodes.node import CONDITIONS
from taylor.nodes.regions import LOOPS, REGIONS, Graph, Region, leading
from taylor.nodes.registry import functions
from taylor.nodes.traverse import reachable


def varying(roots: Sequence[Any], chosen: Collection[Any]) -> set[Any]:
    """The nodes below roots that change with chosen ones, these included.

    What is constant in pieces does not: conditions, functions that jump, and what loops and
    branches make of these alone, such as counts of turns.
    """
    found = set(chosen)
    results: dict[Any, Sequence[bool]] = {}
    for e in reachable(roots, stop=frozenset(chosen).__contains__):
        if e in found or e.op in CONDITIONS or _jumps(e.op):
            continue
        if e.op in REGIONS:
            results[e] = _results(e.payload, e.op, leading(e), tuple(x in found for x in e.args))
            if any(results[e]):
                found.add(e)
        elif e.op == "part" and e.args[0] in results:
            if results[e.args[0]][e.payload]:
                found.add(e)
        elif not found.isdisjoint(e.args[1:] if e.op == "where" else e.args):
            found.add(e)
    return found


def _jumps(op: str) -> bool:
    function = functions.get(op)
    return function is not None and function.jumps


@lru_cache(maxsize=2048)
def _results(region: Region, op: str, first: int, operands: tuple[bool, ...]) -> Sequence[bool]:
    """Which results change with those operands."""
    flags = operands[first:]
    if not any(flags) or op not in LOOPS | {"switch"}:
        return [any(operands)] * len(region.shapes)
    if op == "switch":
        columns = zip(*[_outputs(graph, flags) for graph in region.graphs], strict=True)
        return [any(column) for column in columns]
    constants, last = region.constants, region.constants + region.carries
    index = (False,) * (op == "fori_loop")
    carried = flags[constants:last]
    while True:  # what varies after a turn varies before the next
        after = _outputs(region.body, (*flags[:constants], *index, *carried, *flags[last:]))
        joined = tuple(a or b for a, b in zip(carried, after, strict=False))
        if joined == carried:
            return [*joined, *after[region.carries :]]
        carried = joined


def _outputs(graph: Graph, flags: Sequence[bool]) -> list[bool]:
    found = varying(graph.outputs, [x for x, f in zip(graph.inputs, flags, strict=True) if f])
    return [output in found for output in graph.outputs]
