"""Loops and branches for many at once.

A loop goes on until the last of them has ended, and those that have ended keep what they carry.
Where they take different branches all branches are computed that anyone takes, and each has the
results of its own.  Loops inside are told for which of the many their results matter: what a branch
would do with those that do not take it may never end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from taylor.nodes import logic, sums
from taylor.nodes.arrays import broadcast_to, reshape, swapped
from taylor.nodes.node import ONE, ZERO, constant_node
from taylor.nodes.operation import OPERATIONS
from taylor.nodes.operations.arrays.reductions import over_axes
from taylor.nodes.operations.scalars.spelled import CHEAP, below, work
from taylor.nodes.regions import (
    Graph,
    Region,
    array_count,
    has_regions,
    inner_input,
    leading,
    part,
    parts,
    region_node,
)

Nodes = Sequence[Any]

# --- operations with further axes ----------------------------------------------------------------


def same_of_many(e: Any, operands: Nodes, many: Any) -> Any:
    """The rule of an operation that takes any axes in front of those it needs, the same of all its
    operands.
    """
    pairs = zip(operands, e.args, strict=True)
    wide = [broadcast_to(x, (many.size, *arg.shape)) for x, arg in pairs]
    return OPERATIONS[e.op].build(e, wide)


# --- conditions of each --------------------------------------------------------------------------


def _anyone(test: Any) -> Any:
    """Whether a condition holds for any of the many; itself where it is the same for all."""
    if not test.ndim:
        return test
    return logic.greater(over_axes("max", test), ZERO) if test.size else ZERO


def _all_of(tests: Sequence[Any]) -> Any:
    """All of some conditions, of which those that are None hold; None for none."""
    found = None
    for test in tests:
        if test is not None:
            found = test if found is None else logic.logical("and", found, test)
    return found


def _choice(test: Any, a: Any, b: Any, shape: Sequence[int], size: int) -> Any:
    """a or b, whose shape for one is given, for each by its own condition."""
    ranked = reshape(test, (size, *[1] * len(shape))) if test.ndim else test
    chosen = logic.where(ranked, a, b)
    return broadcast_to(chosen, (size, *shape)) if test.ndim else chosen


# --- loops ---------------------------------------------------------------------------------------

# Of the inputs of a body, and those for further operands, what a turn gives.
Turn = Callable[[Nodes, Nodes], Nodes]


class _Loop:
    """The body of a loop for many: what is carried has an axis more where a turn gives it one."""

    def __init__(self, e: Any, operands: Nodes, many: Any, extra: Nodes) -> None:
        """extra: operands that the body takes besides, after the constants."""
        self.e, self.many, self.extra = e, many, extra
        self.operands = list(operands[leading(e) :])
        own = e.args[leading(e) :]
        self.wide = [x.ndim > arg.ndim for x, arg in zip(self.operands, own, strict=True)]
        self.more = [inner_input(f"also {k}", x.shape) for k, x in enumerate(extra)]

    def turn(self, given: Turn) -> None:
        """Find what has an axis more, and with it `inputs` and `outputs` of the body for many."""
        region, size = self.e.payload, self.many.size
        body, constants = region.body, region.constants
        index = len(body.inputs) - len(self.wide)
        while True:
            flags = [*self.wide[:constants], *[False] * index, *self.wide[constants:]]
            inputs = inputs_of_many(body.inputs, flags, size)
            outputs = list(given(inputs, self.more))
            grown = False
            for k in range(region.carries):
                if outputs[k].ndim > body.outputs[k].ndim and not self.wide[constants + k]:
                    self.wide[constants + k] = grown = True
            if not grown:
                break
        for k in range(region.carries):
            if self.wide[constants + k]:
                outputs[k] = broadcast_to(outputs[k], (size, *body.outputs[k].shape))
        self.inputs = [*inputs[:constants], *self.more, *inputs[constants:]]
        self.outputs = outputs

    def given(self) -> list[Any]:
        """The operands of the loop for many, after bounds."""
        e, constants = self.e, self.e.payload.constants
        first = len(self.wide) - array_count(e)
        listed = []
        for k, (x, does) in enumerate(zip(self.operands, self.wide, strict=True)):
            own = e.args[leading(e) + k]
            whole = broadcast_to(x, (self.many.size, *own.shape)) if does else x
            listed.append(swapped(whole) if does and k >= first else whole)
        return [*listed[:constants], *self.extra, *listed[constants:]]

    def node(self, op: str, ends: Nodes, graphs: Sequence[Graph]) -> list[Any]:
        """The results of the loop with these graphs before its body."""
        region = self.e.payload
        wider = Region(
            [*graphs, Graph(self.inputs, self.outputs)],
            region.constants + len(self.extra),
            region.carries,
            region.length,
            region.reverse,
        )
        found = list(parts(region_node(op, [*ends, *self.given()], wider)))
        for k in range(region.carries, len(found)):
            if found[k].ndim > len(region.shapes[k]):
                found[k] = swapped(found[k])
        return found


def inputs_of_many(inputs: Nodes, wide: Sequence[bool], size: int) -> list[Any]:
    """Inputs of a graph, new ones where they have an axis more."""
    pairs = zip(inputs, wide, strict=True)
    return [inner_input(str(x.payload), (size, *x.shape)) if does else x for x, does in pairs]


def _table(inputs: Nodes, given: Nodes) -> dict[Any, Any]:
    return dict(zip(inputs, given, strict=True))


def _mattering(many: Any, graphs: Sequence[Graph]) -> list[Any]:
    """For whom results matter, as an operand of loops that have others inside."""
    inner = any(has_regions(graph.outputs) for graph in graphs)
    return [many.matters] if inner and many.matters is not None else []


def scan_of_many(e: Any, operands: Nodes, many: Any) -> list[Any]:
    body = e.payload.body
    loop = _Loop(e, operands, many, _mattering(many, [body]))

    def turn(inputs: Nodes, more: Nodes) -> Any:
        matters = logic.condition(more[0]) if more else None
        return many.inside(body.outputs, _table(body.inputs, inputs), matters)

    loop.turn(turn)
    return loop.node(e.op, (), ())


def for_of_many(e: Any, operands: Nodes, many: Any) -> list[Any]:
    """Between the same bounds for all; else as many turns as the longest takes."""
    ends = lower, upper = operands[:2]
    region = e.payload
    body, constants = region.body, region.constants
    if not (lower.ndim or upper.ndim):
        loop = _Loop(e, operands, many, _mattering(many, [body]))
    else:
        count = sums.subtract(upper, lower)
        goes = _all_of([logic.less(lower, upper), many.matters])
        most = over_axes("max", logic.where(goes, count, ZERO)) if many.size else ZERO
        ends = [ZERO, most]
        matters = [] if many.matters is None else [many.matters]
        loop = _Loop(e, operands, many, [lower, upper, *matters])

    def turn(inputs: Nodes, more: Nodes) -> Any:
        if len(more) < 2:
            matters = logic.condition(more[0]) if more else None
            return many.inside(body.outputs, _table(body.inputs, inputs), matters)
        index = sums.add(more[0], inputs[constants])
        given = [*inputs[:constants], index, *inputs[constants + 1 :]]
        test = _all_of([logic.less(index, more[1]), *map(logic.condition, more[2:])])
        return _kept(region, given, constants + 1, test, many)

    loop.turn(turn)
    return loop.node(e.op, ends, ())


class _While(_Loop):
    """A `while_loop` for many; `test` is its condition as the body has it, for each or for all."""

    def __init__(self, e: Any, operands: Nodes, many: Any) -> None:
        super().__init__(e, operands, many, [] if many.matters is None else [many.matters])
        self.turn(self._taken)
        self.test = self._holds(self.own, self.more)

    @property
    def own(self) -> list[Any]:
        """The inputs for what the loop for one takes."""
        constants = self.e.payload.constants
        return [*self.inputs[:constants], *self.inputs[constants + len(self.more) :]]

    @property
    def condition(self) -> Graph:
        """Whether it goes on for any of the many."""
        return Graph(self.inputs, [_anyone(self.test)])

    def _holds(self, inputs: Nodes, more: Nodes) -> Any:
        graph = self.e.payload.graphs[0]
        (test,) = self.many.inside(graph.outputs, _table(graph.inputs, inputs), None)
        matters = logic.condition(more[0]) if more else None
        return _all_of([test, matters if test.ndim or not more else _anyone(matters)])

    def _taken(self, inputs: Nodes, more: Nodes) -> Any:
        test, region = self._holds(inputs, more), self.e.payload
        if test.ndim:
            return _kept(region, inputs, region.constants, test, self.many)
        matters = logic.condition(more[0]) if more else None
        table = _table(region.body.inputs, inputs)
        return self.many.inside(region.body.outputs, table, matters)


def while_of_many(e: Any, operands: Nodes, many: Any) -> list[Any]:
    if e.payload.calls is not None and many.size:
        return _one_by_one(e, operands, many)
    loop = _While(e, operands, many)
    return loop.node(e.op, (), [loop.condition])


def _one_by_one(e: Any, operands: Nodes, many: Any) -> list[Any]:
    """What a recursion is for each, in a scan: side by side all would take the turns of all."""
    region: Region = e.payload
    wide = [x.ndim > arg.ndim for x, arg in zip(operands, e.args, strict=True)]
    known = [number for number, _ in region.calls.results] if region.calls else []
    if not any(wide):
        return list(parts(region_node(e.op, operands, region)))
    own = [inner_input(f"u{k}", arg.shape) for k, arg in enumerate(e.args)]
    order = [k for does in (False, True) for k, w in enumerate(wide) if w is does]
    taken, inputs = [operands[k] for k in order], [own[k] for k in order]
    node = region_node(e.op, own, region)
    outputs = [part(node, number) for number in known]
    if many.matters is not None and many.matters.ndim:  # what does not matter may never end
        taken, inputs = [*taken, many.matters], [*inputs, inner_input("matters")]
        zeros = [ZERO] * len(outputs)
        choice = Region([Graph(inputs, zeros), Graph(inputs, outputs)], len(inputs))
        outputs = list(parts(region_node("switch", [inputs[-1], *inputs], choice)))
    body = Graph(inputs, outputs)
    scan = region_node("scan", taken, Region([body], wide.count(False), 0, many.size))
    found: list[Any] = [None] * len(region.shapes)  # what else the loop carries nobody asks for
    for number, result in zip(known, parts(scan), strict=True):
        found[number] = result
    return found


def reverse_of_many(e: Any, operands: Nodes, many: Any) -> list[Any]:
    """A loop gone back: for those that took no such turn adjoints stay, and nothing is added."""
    region, size = e.payload, many.size
    last = region.constants + region.carries
    *graphs, pull = region.graphs
    forth = region_node(
        "while_loop", e.args[:last], Region(graphs, region.constants, region.carries)
    )
    loop = _While(forth, operands[:last], many)
    matters = logic.condition(loop.more[0]) if loop.more else None
    wide = [x.ndim > arg.ndim for x, arg in zip(operands[last:], e.args[last:], strict=True)]
    while True:  # what differs before a turn differs after the turn before
        bars = inputs_of_many(pull.inputs[last:], wide, size)
        test = loop.test if loop.test.ndim else matters
        found = many.inside(pull.outputs, _table(pull.inputs, [*loop.own, *bars]), test)
        if loop.test.ndim:
            before = [*bars, *[ZERO] * (len(found) - len(bars))]
            triples = zip(found, before, pull.outputs, strict=True)
            found = [_choice(test, x, old, one.shape, size) for x, old, one in triples]
        after = [found[k].ndim > pull.outputs[k].ndim for k in range(len(bars))]
        if not any(a and not b for a, b in zip(after, wide, strict=True)):
            break
        wide = [a or b for a, b in zip(after, wide, strict=True)]
    given = list(operands[last:])
    for k, does in enumerate(wide):
        if does:
            found[k] = broadcast_to(found[k], (size, *pull.outputs[k].shape))
            given[k] = broadcast_to(given[k], (size, *pull.outputs[k].shape))
    made = [loop.condition, Graph(loop.inputs, loop.outputs), Graph([*loop.inputs, *bars], found)]
    wider = Region(made, region.constants + len(loop.extra), region.carries)
    return list(parts(region_node(e.op, [*loop.given(), *given], wider)))


def _kept(region: Region, inputs: Nodes, first: int, test: Any, many: Any) -> list[Any]:
    """What a turn gives those for whom it takes place, and the others have already.

    inputs: of the body; first: where what is carried begins among them.
    """
    body = region.body
    found = many.inside(body.outputs, _table(body.inputs, inputs), test)
    results = []
    for k, (after, output) in enumerate(zip(found, body.outputs, strict=True)):
        before = inputs[first + k]
        still = output is body.inputs[first + k]
        results.append(before if still else _choice(test, after, before, output.shape, many.size))
    return results


# --- branches ------------------------------------------------------------------------------------


def switch_of_many(e: Any, operands: Nodes, many: Any) -> list[Any]:
    index, given = operands[0], operands[1:]
    if not index.ndim:
        return _branches(e, e.payload.graphs, index, given, many, many.matters)
    graphs = e.payload.graphs
    tests = [below(index, number) for number in range(1, len(graphs))]
    columns = []
    for number, graph in enumerate(graphs):
        before = [logic.logical_not(test) for test in tests[number - 1 : number]] if number else []
        takes = _all_of([*before, *tests[number : number + 1], many.matters])
        columns.append(_taken(e, graph, given, many, ONE if takes is None else takes))
    results = []
    for column, output in zip(zip(*columns, strict=True), graphs[0].outputs, strict=True):
        result = column[-1]
        for test, value in zip(tests[::-1], column[-2::-1], strict=True):
            result = _choice(test, value, result, output.shape, many.size)
        results.append(result)
    return results


def _taken(e: Any, graph: Graph, given: Nodes, many: Any, takes: Any) -> list[Any]:
    """The results of a branch; zeros where it is long and nobody takes it."""
    if work(graph.outputs) <= CHEAP:
        found: list[Any] = many.inside(graph.outputs, _table(graph.inputs, given), takes)
        return found
    zeros = Graph(graph.inputs, [constant_node(0, x.shape) for x in graph.outputs])
    return _branches(e, [zeros, graph], _anyone(takes), given, many, takes)


def _branches(
    e: Any, graphs: Sequence[Graph], index: Any, given: Nodes, many: Any, matters: Any
) -> list[Any]:
    """The results of a branch that all take; matters: for whom."""
    wide = [x.ndim > arg.ndim for x, arg in zip(given, e.args[1:], strict=True)]
    inner = matters is not None and any(has_regions(graph.outputs) for graph in graphs)
    made = []
    for graph in graphs:
        inputs = inputs_of_many(graph.inputs, wide, many.size)
        more = [inner_input("matters", matters.shape)] if inner else []
        test = logic.condition(more[0]) if more else None
        outputs = many.inside(graph.outputs, _table(graph.inputs, inputs), test)
        made.append(([*inputs, *more], outputs))
    for k, output in enumerate(graphs[0].outputs):
        if any(outputs[k].ndim > output.ndim for _, outputs in made):
            for _, outputs in made:
                outputs[k] = broadcast_to(outputs[k], (many.size, *output.shape))
    operands = [index, *given, *([matters] if inner else [])]
    region = Region([Graph(*pair) for pair in made], len(operands) - 1)
    made_node = region_node("switch", operands, region)
    return [part(made_node, number) for number in range(len(region.shapes))]
