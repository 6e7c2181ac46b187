"""Loops and branches of arrays as those of scalars, for programs of scalars.

A loop stays a loop.  A scan over arrays is written out turn by turn where it is short; longer ones
are refused here, and go where arrays stay arrays (`recurrences.regions`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from taylor.errors import UnsupportedFunctionError
from taylor.nodes import logic, sums
from taylor.nodes.arrays import index_entries
from taylor.nodes.conversion import object_vector
from taylor.nodes.node import CONDITIONS, ZERO, constant_node
from taylor.nodes.regions import (
    REGIONS,
    Graph,
    Region,
    array_count,
    inner_input,
    leading,
    parts,
    region_node,
)
from taylor.nodes.traverse import reachable

MOST_TURNS = 16  # of a scan over arrays that is written out
MOST_NODES = 10_000  # or so many nodes in all turns together
CHEAP = 60  # work of branches that are all computed; a call of a function is as much as CALL
CALL = 20

Elements = np.ndarray[Any, Any]  # an object array of scalar nodes


def _flat_graph(graph: Graph, spelling: Any) -> Graph:
    """The same graph of the elements of its inputs, with those of its outputs."""
    inputs: list[Any] = []
    table: dict[Any, Any] = {}
    for x in graph.inputs:
        for place in np.ndindex(*x.shape):
            if place:
                element = index_entries(x, place)
                table[element] = inner_input(str(element))
                inputs.append(table[element])
            else:
                inputs.append(x)
    outputs = [e for output in graph.outputs for e in spelling.elements(output).reshape(-1)]
    return Graph(inputs, spelling.replaced(outputs, table))


def _flat(operands: Iterable[Elements]) -> list[Any]:
    return [e for operand in operands for e in operand.reshape(-1)]


def _flat_region(e: Any, operands: Sequence[Elements], spelling: Any) -> Region:
    """The region of scalars, none of which is a slice of an array."""
    region, first = e.payload, leading(e)
    graphs = [_flat_graph(g, spelling) for g in region.graphs]
    constants = sum(a.size for a in operands[first : first + region.constants])
    return Region(graphs, constants, region.place(region.carries))


def spelled_loop(e: Any, operands: Sequence[Elements], spelling: Any) -> Elements:
    region = _flat_region(e, operands, spelling)
    return object_vector(parts(region_node(e.op, _flat(operands), region)))


def spelled_reverse(e: Any, operands: Sequence[Elements], spelling: Any) -> Elements:
    region = e.payload
    last = region.constants + region.carries
    graphs = [_flat_graph(g, spelling) for g in region.graphs]
    constants = sum(a.size for a in operands[: region.constants])
    carries = sum(a.size for a in operands[region.constants : last])
    flat = region_node(e.op, _flat(operands), Region(graphs, constants, carries))
    return object_vector(parts(flat))


def spelled_scan(e: Any, operands: Sequence[Elements], spelling: Any) -> Elements:
    region: Region = e.payload
    arrays = array_count(e)
    if not arrays and len(region.shapes) == region.carries:
        flat = _flat_region(e, operands, spelling)
        (graph,), constants = flat.graphs, flat.constants
        inputs = (*graph.inputs[:constants], inner_input("i"), *graph.inputs[constants:])
        counted = Region([Graph(inputs, graph.outputs)], constants, flat.carries)
        ends = [ZERO, constant_node(region.length or 0)]
        return object_vector(parts(region_node("fori_loop", [*ends, *_flat(operands)], counted)))
    graph, count = _flat_graph(region.body, spelling), region.length or 0
    if count > MOST_TURNS and count * len(reachable(graph.outputs)) > MOST_NODES:
        raise UnsupportedFunctionError(
            f"scan: {count} turns over arrays, or with outputs of every turn, are more than are "
            f"written out one by one ({MOST_TURNS}); keep what is needed in the carry, with "
            "xs=None and no output, and the loop may be of any length"
        )
    first = len(operands) - arrays
    fixed, carries = _flat(operands[: region.constants]), _flat(operands[region.constants : first])
    collected: dict[int, Sequence[Any]] = {}
    for t in range(count - 1, -1, -1) if region.reverse else range(count):
        slices = _flat(a[t : t + 1] for a in operands[first:])
        values = dict(zip(graph.inputs, [*fixed, *carries, *slices], strict=True))
        outputs = spelling.replaced(graph.outputs, values)
        carries, collected[t] = outputs[: len(carries)], outputs[len(carries) :]
    found, place = list(carries), 0
    for output in region.body.outputs[region.carries :]:
        for t in range(count):
            found += collected[t][place : place + output.size]
        place += output.size
    return object_vector(found)


def spelled_custom(e: Any, operands: Sequence[Elements], spelling: Any) -> Elements:
    """A function with a rule for derivatives, both of scalars."""
    rule = e.payload
    flat = rule.with_value(_flat_graph(rule.body, spelling), partial(_flat_rule, rule, spelling))
    return object_vector(parts(region_node(e.op, _flat(operands), flat)))


def _flat_rule(rule: Any, spelling: Any) -> Graph:
    return _flat_graph(rule.rule, spelling)


def spelled_switch(e: Any, operands: Sequence[Elements], spelling: Any) -> Elements:
    """Values chosen by conditions where all branches are cheap, else the branches."""
    region = _flat_region(e, operands, spelling)
    flat = _flat(operands)
    known = sums.exact_value(flat[0])
    if known is not None or sum(work(g.outputs) for g in region.graphs) <= CHEAP:
        return object_vector(chosen(region.graphs, flat, spelling.replaced))
    return object_vector(parts(region_node(e.op, flat, region)))


def spelled_recursion(e: Any, operands: Sequence[Elements], spelling: Any) -> Elements:
    """A recursion, which is of scalars already; its branches as those of `spelled_switch`."""
    region = e.payload.of([_flat_graph(g, spelling) for g in e.payload.graphs])
    return object_vector(parts(region_node(e.op, _flat(operands), region)))


def work(roots: Sequence[Any]) -> int:
    """About how many operations it takes to compute nodes: a loop many."""
    total = 0
    for e in reachable(roots):
        if e.op in REGIONS:
            return 10**9
        if e.args and e.op != "part":
            total += 1 if e.op in _CHEAP_OPERATIONS else CALL
    return total


_CHEAP_OPERATIONS = CONDITIONS | {
    *("linear", "mul", "div", "where", "index", "stack", "take", "reshape", "broadcast", "sum"),
    *("transpose", "abs", "sign", "copysign", "minimum", "maximum", "floor", "relu", "leaky_relu"),
    *("floor_divide", "remainder", "rint", "round_decimal"),
}


def chosen(
    graphs: Sequence[Graph],
    operands: Sequence[Any],
    replaced: Callable[[Sequence[Any], dict[Any, Any]], Sequence[Any]],
) -> list[Any]:
    """The results of a switch as choices: branch k for an index from k on and below k + 1.

    operands: the index, and what the branches take.
    """
    index, given = operands[0], operands[1:]
    known = sums.exact_value(index)
    if known is not None:
        graphs = [graphs[sum(not known < number for number in range(1, len(graphs)))]]
    values = [replaced(g.outputs, dict(zip(g.inputs, given, strict=True))) for g in graphs]
    results = []
    for column in zip(*values, strict=True):
        result = column[-1]
        for number in range(len(column) - 2, -1, -1):
            test = below(index, number + 1)
            result = logic.where(test, column[number], result)
        results.append(result)
    return results


def below(index: Any, number: int) -> Any:
    """index < number, for an index that is a truth value itself as the condition that it is."""
    if number == 1 and index.op in CONDITIONS:
        return logic.logical_not(index)
    return logic.compare("lt", index, constant_node(number))
