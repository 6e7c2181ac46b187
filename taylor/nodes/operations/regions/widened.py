"""Loops and branches with further components: tangents, or Taylor coefficients beyond the value.

A loop carries them along with what it carries, a scan takes and collects them with its arrays, and
a branch returns them with what it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from taylor.nodes.node import constant_node
from taylor.nodes.operations.regions.widened_calls import widened_called
from taylor.nodes.regions import Graph, Region, inner_input, leading, part, parts, region_node

# Of some roots as functions of inputs with further components: their further components, or None.
Expand = Callable[[Sequence[Any], Mapping[Any, Sequence[Any]]], list[Any]]
Varies = Sequence[bool]  # of the operands without bounds or an index: whether they have components


class _Widening:
    """Inputs of graphs with further components of their own, as tangents or coefficients.

    groups: the numbers of operands that are constants, carries, and others; further components
        follow each group.
    """

    def __init__(self, e: Any, extras: Sequence[Any], expand: Expand) -> None:
        self.e, self.expand, self.first = e, expand, leading(e)
        self.own = e.args[self.first :]
        self.extras = list(extras[self.first :])
        self.width = next(len(extra) for extra in self.extras if extra is not None)
        region: Region = e.payload
        last = region.constants + region.carries
        self.groups = [
            range(region.constants),
            range(region.constants, last),
            range(last, len(self.own)),
        ]

    def inputs(
        self, graph: Graph, varies: Varies, groups: Sequence[range]
    ) -> tuple[list[Any], dict[Any, list[Any]]]:
        """The inputs of the wider graph, and the components of those of the graph that vary."""
        index = len(graph.inputs) - sum(map(len, groups))
        made: list[Any] = []
        known: dict[Any, list[Any]] = {}
        for group in groups:
            if group is groups[1]:
                made += graph.inputs[len(groups[0]) : len(groups[0]) + index]
            shift = 0 if group is groups[0] else index
            own = {k: graph.inputs[k + shift] for k in group}
            made += own.values()
            for k, x in own.items():
                if varies[k]:
                    names = [f"{x.payload}.{number + 1}" for number in range(self.width)]
                    known[x] = [inner_input(name, x.shape) for name in names]
                    made += known[x]
        return made, known

    def graph(self, number: int, varies: Varies) -> tuple[list[Any], list[Any]]:
        """The inputs of the wider graph, and the further components of the graph's outputs."""
        graph = self.e.payload.graphs[number]
        inputs, known = self.inputs(graph, varies, self.groups)
        return inputs, self.expand(graph.outputs, known)

    def same(self, number: int, varies: Varies) -> Graph:
        """A loop's condition, which takes no notice of further components."""
        graph = self.e.payload.graphs[number]
        return Graph(self.inputs(graph, varies, self.groups[:2])[0], graph.outputs)

    def zeros(self, e: Any) -> list[Any]:
        """The components of what does not vary."""
        return [constant_node(0, e.shape)] * self.width

    def operands(self, varies: Varies) -> list[Any]:
        """Those of the wider node."""
        found = [*self.e.args[: self.first]]
        for group in self.groups:
            found += [self.own[k] for k in group]
            for k in group:
                if varies[k]:
                    extra = self.extras[k]
                    found += self.zeros(self.own[k]) if extra is None else extra
        return found

    def filled(self, outputs: Sequence[Any], found: Sequence[Any], varies: Varies) -> list[Any]:
        """The further components of the outputs that vary, zeros where they have none."""
        return [
            component
            for output, extra, does in zip(outputs, found, varies, strict=True)
            if does
            for component in (self.zeros(output) if extra is None else extra)
        ]

    def results(self, node: Any, groups: Sequence[Varies]) -> list[list[Any]]:
        """Results by groups, each with its further components, which follow those of its group."""
        results: list[list[Any]] = []
        first = 0
        for varies in groups:
            more = first + len(varies)
            for number, does in enumerate(varies):
                places = range(more, more + self.width) if does else ()
                results.append([part(node, place) for place in (first + number, *places)])
                more += len(places)
            first = more
        return results


def _constant(e: Any, extras: Sequence[Any]) -> bool:
    return all(extra is None for extra in extras[leading(e) :])


def widened_loop(e: Any, extras: Sequence[Any], expand: Expand) -> list[Any]:
    """The results of a loop with further components, which its turns carry as well."""
    region: Region = e.payload
    if _constant(e, extras):
        return [[result] for result in parts(e)]
    wide = _Widening(e, extras, expand)
    last = len(region.graphs) - 1
    varies, inputs, found = _steady(wide, last, [extra is not None for extra in wide.extras])
    carried, outputs = [varies[k] for k in wide.groups[1]], region.body.outputs
    collected = [x is not None for x in found[region.carries :]]
    graphs = [wide.same(number, varies) for number in range(last)]
    split = region.carries
    components = wide.filled(outputs[:split], found[:split], carried)
    collected_too = wide.filled(outputs[split:], found[split:], collected)
    everything = [*outputs[:split], *components, *outputs[split:], *collected_too]
    graphs.append(Graph(inputs, everything))
    constants = region.constants + wide.width * sum(varies[k] for k in wide.groups[0])
    calls = None
    if region.calls is not None:
        sizes = region.constants, region.carries
        calls = widened_called(region.calls, sizes, wide.extras, varies, expand)
    rest = region.length, region.reverse, calls
    wider = Region(graphs, constants, split + len(components), *rest)
    return wide.results(region_node(e.op, wide.operands(varies), wider), [carried, collected])


def _steady(wide: _Widening, number: int, varies: list[bool]) -> tuple[list[bool], Any, Any]:
    """What varies in a loop: what does after a turn does before the next.  With that the inputs of
    the wider graph and the components of its outputs.
    """
    while True:
        inputs, found = wide.graph(number, varies)
        new = [
            k
            for k, x in zip(wide.groups[1], found, strict=False)
            if x is not None and not varies[k]
        ]
        if not new:
            return varies, inputs, found
        for k in new:
            varies[k] = True


def widened_switch(e: Any, extras: Sequence[Any], expand: Expand) -> list[Any]:
    """The results of a choice with further components, chosen alike."""
    region: Region = e.payload
    if _constant(e, extras):
        return [[result] for result in parts(e)]
    wide = _Widening(e, extras, expand)
    varies = [extra is not None for extra in wide.extras]
    made = [wide.graph(number, varies) for number in range(len(region.graphs))]
    columns = zip(*[found for _, found in made], strict=True)
    some = [any(x is not None for x in column) for column in columns]
    graphs = [
        Graph(inputs, [*graph.outputs, *wide.filled(graph.outputs, found, some)])
        for graph, (inputs, found) in zip(region.graphs, made, strict=True)
    ]
    constants = region.constants + wide.width * sum(varies)
    wider = region_node(e.op, wide.operands(varies), Region(graphs, constants))
    return wide.results(wider, [some])


def widened_reverse(e: Any, extras: Sequence[Any], expand: Expand) -> list[Any]:
    """The results of a loop gone back with further components: those of what is carried are found
    on the way forth, those of adjoints on the way back.
    """
    region: Region = e.payload
    if _constant(e, extras):
        return [[result] for result in parts(e)]
    wide = _Widening(e, extras, expand)
    back = wide.groups[2]
    varies = [extra is not None for extra in wide.extras]
    wide.groups[2] = range(back.start, back.start)
    varies, inputs, found = _steady(wide, 1, varies)
    carried = [varies[k] for k in wide.groups[1]]
    body = region.graphs[1]
    forth = Graph(inputs, [*body.outputs, *wide.filled(body.outputs, found, carried)])
    wide.groups[2] = back
    while True:
        inputs, found = wide.graph(2, varies)
        new = [k for k, x in zip(back, found, strict=False) if x is not None and not varies[k]]
        if not new:
            break
        for k in new:
            varies[k] = True
    pull, split = region.graphs[2], len(back)
    adjoint, added = [varies[k] for k in back], [x is not None for x in found[split:]]
    outputs = [*pull.outputs[:split], *wide.filled(pull.outputs[:split], found[:split], adjoint)]
    outputs += [*pull.outputs[split:], *wide.filled(pull.outputs[split:], found[split:], added)]
    constants = region.constants + wide.width * sum(varies[k] for k in wide.groups[0])
    graphs = [wide.same(0, varies), forth, Graph(inputs, outputs)]
    wider = Region(graphs, constants, len(forth.outputs))
    return wide.results(region_node(e.op, wide.operands(varies), wider), [adjoint, added])
