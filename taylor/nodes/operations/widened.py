"""Loops and branches with further components: tangents, or Taylor coefficients beyond the value.

A loop carries them along with what it carries, and a branch returns them with what it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from taylor.nodes.node import ZERO
from taylor.nodes.regions import Graph, Region, inner_input, leading, part, parts, region_node

# Of some roots as functions of inputs with further components: their further components, or None.
Expand = Callable[[Sequence[Any], Mapping[Any, Sequence[Any]]], list[Any]]


class _Widening:
    """Inputs of graphs with further components of their own, as tangents or coefficients."""

    def __init__(self, e: Any, extras: Sequence[Any], expand: Expand) -> None:
        self.e, self.expand, self.first = e, expand, leading(e)
        self.extras = list(extras[self.first :])
        self.width = next(len(extra) for extra in self.extras if extra is not None)

    def graph(self, number: int, varies: Sequence[bool]) -> tuple[Graph, list[Any]]:
        """A graph whose inputs have components where they vary, and those of its outputs."""
        region, graph = self.e.payload, self.e.payload.graphs[number]
        constants = region.constants
        index = len(graph.inputs) - len(varies)
        marked = [*varies[:constants], *[False] * index, *varies[constants:]]
        known = {
            x: [inner_input(f"{x.payload}.{k + 1}") for k in range(self.width)]
            for x, does in zip(graph.inputs, marked, strict=True)
            if does
        }
        found = self.expand(graph.outputs, known)
        head, tail = graph.inputs[:constants], graph.inputs[constants:]
        inputs = [*_with(head, known), *_with(tail, known)]
        return Graph(inputs, graph.outputs), found

    def operands(self, varies: Sequence[bool]) -> list[Any]:
        """Those of the wider node."""
        e, constants = self.e, self.e.payload.constants
        own = e.args[self.first :]
        zeros = [ZERO] * self.width
        known = {
            k: zeros if extra is None else extra
            for k, (extra, does) in enumerate(zip(self.extras, varies, strict=True))
            if does
        }
        flat = [e.args[: self.first]]
        for numbers in (range(constants), range(constants, len(own))):
            flat.append(tuple(own[k] for k in numbers))
            flat.append(tuple(x for k in numbers if k in known for x in known[k]))
        return [x for group in flat for x in group]


def _with(inputs: Sequence[Any], known: dict[Any, list[Any]]) -> list[Any]:
    return [*inputs, *[x for given in inputs if given in known for x in known[given]]]


def widened_loop(e: Any, extras: Sequence[Any], expand: Expand) -> list[Any]:
    """The results of a loop with further components, which its turns carry as well."""
    region: Region = e.payload
    if all(extra is None for extra in extras[leading(e) :]):
        return [[result] for result in parts(e)]
    wide = _Widening(e, extras, expand)
    varies = [extra is not None for extra in wide.extras]
    last = len(region.graphs) - 1
    while True:  # what varies after a turn varies before the next
        body, found = wide.graph(last, varies)
        after = [x is not None for x in found]
        more = [a and not b for a, b in zip(after, varies[region.constants :], strict=True)]
        if not any(more):
            break
        changed = [a or b for a, b in zip(after, varies[region.constants :], strict=True)]
        varies = [*varies[: region.constants], *changed]
    carried = varies[region.constants :]
    zeros = [ZERO] * wide.width
    outputs = [x for x, does in zip(found, carried, strict=True) if does]
    flat = [x for given in outputs for x in (zeros if given is None else given)]
    graphs = [_same_inputs(wide, number, varies) for number in range(last)]
    graphs.append(Graph(body.inputs, [*body.outputs, *flat]))
    constants = region.constants + wide.width * sum(varies[: region.constants])
    wider = Region(graphs, constants, len(body.outputs) + len(flat))
    return _shared(region_node(e.op, wide.operands(varies), wider), carried, wide.width)


def _same_inputs(wide: _Widening, number: int, varies: Sequence[bool]) -> Graph:
    """A loop's condition, which takes no notice of further components."""
    graph, constants = wide.e.payload.graphs[number], wide.e.payload.constants
    inputs: list[Any] = []
    for numbers in (range(constants), range(constants, len(graph.inputs))):
        inputs += [graph.inputs[k] for k in numbers]
        more = wide.width * sum(varies[k] for k in numbers)
        inputs += [inner_input(f"ignored {k}") for k in range(more)]
    return Graph(inputs, graph.outputs)


def _shared(node: Any, varies: Sequence[bool], width: int) -> list[list[Any]]:
    """The first results, each with its further components, which follow them all."""
    found: list[list[Any]] = []
    position = len(varies)
    for number, does in enumerate(varies):
        places = [number, *range(position, position + width)] if does else [number]
        found.append([part(node, place) for place in places])
        position += width if does else 0
    return found


def widened_switch(e: Any, extras: Sequence[Any], expand: Expand) -> list[Any]:
    """The results of a choice with further components, chosen alike."""
    region: Region = e.payload
    if all(extra is None for extra in extras[1:]):
        return [[result] for result in parts(e)]
    wide = _Widening(e, extras, expand)
    varies = [extra is not None for extra in wide.extras]
    found = [wide.graph(number, varies) for number in range(len(region.graphs))]
    some = [
        any(x is not None for x in column) for column in zip(*[x for _, x in found], strict=True)
    ]
    zeros = [ZERO] * wide.width
    graphs = []
    for graph, components in found:
        kept = [zeros if x is None else x for x, does in zip(components, some, strict=True) if does]
        graphs.append(Graph(graph.inputs, [*graph.outputs, *[y for x in kept for y in x]]))
    constants = region.constants + wide.width * sum(varies)
    wider = region_node(e.op, wide.operands(varies), Region(graphs, constants))
    return _shared(wider, some, wide.width)
