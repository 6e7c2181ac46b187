"""Loops and branches: operations with graphs inside, and the parts of their results.

What reaches machine code has scalars alone: `spelled` takes arrays apart, which leaves a loop a
loop.  A scan over arrays is written out turn by turn where it is short; longer ones are refused
here until machine code has arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from taylor.errors import UnsupportedFunctionError
from taylor.nodes import logic, sums
from taylor.nodes.arrays import index_entries
from taylor.nodes.node import CONDITIONS, ONE, ZERO, constant_node
from taylor.nodes.operation import ATOM, OR, Operation, Piece, Text, listed
from taylor.nodes.operations.rounding import one_rounding
from taylor.nodes.regions import (
    Graph,
    Region,
    array_count,
    inner_input,
    leading,
    part,
    parts,
    region_node,
    turns,
)
from taylor.nodes.traverse import reachable

MOST_TURNS = 16  # of a scan over arrays that is written out
MOST_NODES = 2000  # or so many nodes in all turns together
CHEAP = 60  # work of branches that are all computed; a call of a function is as much as CALL
CALL = 20

Elements = np.ndarray[Any, Any]  # an object array of scalar nodes

# --- text ----------------------------------------------------------------------------------------


def _graph_text(graph: Graph) -> list[Piece]:
    names = ", ".join(str(x.payload) for x in graph.inputs)
    return [f"({names}) -> (", *listed(graph.outputs), ")"]


def _text(e: Any, names: Any) -> Text:
    pieces: list[Piece] = [f"{e.op}("]
    for graph in e.payload.graphs:
        pieces += [*_graph_text(graph), ", "]
    return [*pieces, *listed(e.args), ")"], ATOM


# --- values --------------------------------------------------------------------------------------

Run = Callable[[Any, Any, Sequence[Any]], Sequence[Any]]


def _value(run: Run) -> Run:
    """The value of a node by `run`, which takes numbers: point by point where these are arrays."""

    def value(algebra: Any, e: Any, values: Sequence[Any]) -> Sequence[Any]:
        shape = np.broadcast_shapes(*map(np.shape, values))
        if not shape:
            return run(algebra, e, values)
        given = [np.broadcast_to(v, shape) for v in values]
        found = [run(algebra, e, [v[place] for v in given]) for place in np.ndindex(shape)]
        if not found:
            return [np.empty(shape)] * len(e.payload.shapes)
        return [np.array(column).reshape(shape) for column in zip(*found, strict=True)]

    return value


def _run_while(algebra: Any, e: Any, values: Sequence[Any]) -> Sequence[Any]:
    region = e.payload
    condition, body = (algebra.function(g.inputs, g.outputs) for g in region.graphs)
    constants, carries = values[: region.constants], values[region.constants :]
    while condition([*constants, *carries])[0] != 0:
        carries = body([*constants, *carries])
    return list(carries)


def _run_for(algebra: Any, e: Any, values: Sequence[Any]) -> Sequence[Any]:
    body = algebra.function(e.payload.body.inputs, e.payload.body.outputs)
    (index, upper), values = values[:2], values[2:]
    constants, carries = values[: e.payload.constants], values[e.payload.constants :]
    while index < upper:
        carries = body([*constants, index, *carries])
        index = index + 1
    return list(carries)


def _run_switch(algebra: Any, e: Any, values: Sequence[Any]) -> Sequence[Any]:
    graphs, index = e.payload.graphs, values[0]
    chosen = graphs[sum(not index < number for number in range(1, len(graphs)))]
    found: Sequence[Any] = algebra.function(chosen.inputs, chosen.outputs)(values[1:])
    return found


# --- arrays taken apart --------------------------------------------------------------------------


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


def _results(items: Sequence[Any]) -> Elements:
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


def _spelled_loop(e: Any, operands: Sequence[Elements], spelling: Any) -> Elements:
    region = _flat_region(e, operands, spelling)
    return _results(parts(region_node(e.op, _flat(operands), region)))


def _spelled_scan(e: Any, operands: Sequence[Elements], spelling: Any) -> Elements:
    region: Region = e.payload
    arrays = array_count(e)
    if not arrays and len(region.shapes) == region.carries:
        flat = _flat_region(e, operands, spelling)
        (graph,), constants = flat.graphs, flat.constants
        inputs = (*graph.inputs[:constants], inner_input("i"), *graph.inputs[constants:])
        counted = Region([Graph(inputs, graph.outputs)], constants, flat.carries)
        ends = [ZERO, constant_node(region.length or 0)]
        return _results(parts(region_node("fori_loop", [*ends, *_flat(operands)], counted)))
    graph, count = _flat_graph(region.body, spelling), region.length or 0
    if count > MOST_TURNS and count * len(reachable(graph.outputs)) > MOST_NODES:
        raise UnsupportedFunctionError(
            f"scan: {count} turns over arrays, or with outputs of every turn, are more than are "
            f"written out one by one ({MOST_TURNS}); keep what is needed in the carry, with "
            "xs=None and no output, and the loop may be of any length"
        )
    constants = _flat(operands[: region.constants])
    carries = _flat(operands[region.constants : len(operands) - arrays])
    turns_ = range(count - 1, -1, -1) if region.reverse else range(count)
    collected: dict[int, list[Any]] = {}
    for t in turns_:
        slices = _flat(a[t] if a.ndim > 1 else a[t : t + 1] for a in operands[-arrays or count :])
        values = dict(zip(graph.inputs, [*constants, *carries, *slices], strict=True))
        outputs = spelling.replaced(graph.outputs, values)
        carries, collected[t] = outputs[: len(carries)], outputs[len(carries) :]
    found, first = carries, 0
    for e_out in region.body.outputs[region.carries :]:
        for t in range(count):
            found = [*found, *collected[t][first : first + e_out.size]]
        first += e_out.size
    return _results(found)


def _spelled_switch(e: Any, operands: Sequence[Elements], spelling: Any) -> Elements:
    """Values chosen by conditions where all branches are cheap, else the branches."""
    region = _flat_region(e, operands, spelling)
    flat = _flat(operands)
    known = sums.exact_value(flat[0])
    if known is not None or sum(work(g.outputs) for g in region.graphs) <= CHEAP:
        return _results(chosen(region.graphs, flat, spelling.replaced))
    return _results(parts(region_node(e.op, flat, region)))


def work(roots: Sequence[Any]) -> int:
    """About how many operations it takes to compute nodes: a loop many."""
    total = 0
    for e in reachable(roots):
        record = None if not e.args else e.op
        if record == "part" or (record and e.op in _REGION_NAMES):
            return 10**9
        if record:
            total += 1 if e.op in _CHEAP_OPERATIONS else CALL
    return total


_REGION_NAMES = ("while_loop", "fori_loop", "scan", "switch")
_CHEAP_OPERATIONS = CONDITIONS | {
    *("linear", "mul", "div", "where", "index", "stack", "take", "reshape", "broadcast", "sum"),
    *("transpose", "abs", "sign", "minimum", "maximum", "floor", "relu", "leaky_relu"),
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


# --- derivatives ---------------------------------------------------------------------------------

# Of some roots as functions of inputs with further components: their further components, or None.
Expand = Callable[[Sequence[Any], dict[Any, Sequence[Any]]], list[Any]]


class _Widening:
    """Inputs of graphs with further components of their own, as tangents or coefficients."""

    def __init__(self, e: Any, extras: Sequence[Any], expand: Expand) -> None:
        region: Region = e.payload
        self.e, self.expand, self.first = e, expand, leading(e)
        self.extras = list(extras[self.first :])
        self.width = next(len(extra) for extra in self.extras if extra is not None)
        self.carries = len(self.extras) - region.carries

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


def _widened_loop(e: Any, extras: Sequence[Any], expand: Expand) -> list[Any]:
    """Further components of a loop's results, which its turns carry as well."""
    region: Region = e.payload
    if all(extra is None for extra in extras[leading(e) :]):
        return [None] * region.carries
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


def _shared(node: Any, varies: Sequence[bool], width: int) -> list[Any]:
    """For each of the first results its further components, which follow them all."""
    found: list[Any] = []
    position = len(varies)
    for does in varies:
        found.append([part(node, position + k) for k in range(width)] if does else None)
        position += width if does else 0
    return found


def _widened_switch(e: Any, extras: Sequence[Any], expand: Expand) -> list[Any]:
    """Further components of a choice's results, chosen alike."""
    region: Region = e.payload
    if all(extra is None for extra in extras[1:]):
        return [None] * len(region.shapes)
    wide = _Widening(e, extras, expand)
    varies = [extra is not None for extra in wide.extras]
    found = [wide.graph(number, varies) for number in range(len(region.graphs))]
    some = [any(x is not None for x in column) for column in zip(*[x for _, x in found], strict=True)]
    zeros = [ZERO] * wide.width
    graphs = []
    for graph, components in found:
        kept = [zeros if x is None else x for x, does in zip(components, some, strict=True) if does]
        graphs.append(Graph(graph.inputs, [*graph.outputs, *[y for x in kept for y in x]]))
    constants = region.constants + wide.width * sum(varies)
    wider = region_node(e.op, wide.operands(varies), Region(graphs, constants))
    return _shared(wider, some, wide.width)


# --- the records ---------------------------------------------------------------------------------


def _no_sympy(to: Any, e: Any) -> Any:
    raise UnsupportedFunctionError(f"to_sympy: SymPy has no counterpart for {e.op}")


def _region(name: str, run: Run | None, spelled: Any, widen: Any) -> Operation:
    return Operation(
        name=name,
        build=lambda e, args: region_node(e.op, args, e.payload),
        text=_text,
        spelled=spelled,
        sympy=_no_sympy,
        widen=widen,
        **({} if run is None else {"value": _value(run)}),
    )


def _part_elements(e: Any, operands: Sequence[Elements]) -> Elements:
    region: Region = e.args[0].payload
    first = region.place(e.payload)
    found: Elements = operands[0][first : first + e.size].reshape(e.shape)
    return found


_PART = Operation(
    name="part",
    build=lambda e, args: part(args[0], e.payload),
    text=lambda e, names: ([(e.args[0], ATOM), f"[{e.payload}]"], ATOM),
    elements=_part_elements,
    value=lambda algebra, e, values: values[0][e.payload],
    sympy=lambda to, e: _no_sympy(to, e.args[0]),
    tangent=lambda e, tangents: (tangents[e.args[0]][e.payload] or [ZERO])[0],
    error=one_rounding,
    rows=lambda walk, e: walk.part(e),
    operands=lambda e: e.args[0].args,
)

RECORDS = (
    _region("while_loop", _run_while, _spelled_loop, _widened_loop),
    _region("fori_loop", _run_for, _spelled_loop, _widened_loop),
    _region("scan", None, _spelled_scan, None),
    _region("switch", _run_switch, _spelled_switch, _widened_switch),
    _PART,
)
