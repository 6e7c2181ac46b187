"""The same recursion as calls of machine code: graphs of stages beside the loop's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from taylor.control.tracing import Closed, Traced, closed, value_of
from taylor.language.recursion.stages import Stage
from taylor.nodes.node import ZERO
from taylor.nodes.regions import Called, Graph, Recursion, Region, inner_input, region_node
from taylor.nodes.traverse import reachable
from taylor.recurrences.regions.rows import is_of_numbers
from taylor_runtime.program.systems import recursion as program

# Bytes of the processor's stack: how many may be used, half of what a thread has at least
# anywhere (1 MB), and how many a call takes at most, itself and for each number computed in it.
STACK, CALL, NODE = 1 << 19, 128, 24


class Entered(NamedTuple):
    """A call that may follow a stage.

    needed:  under which condition, if none before it does.
    entered: the stage that it begins with.
    back:    the stage after it, -1 where there is none.
    """

    needed: Any
    entered: int
    back: int
    args: Sequence[Any]
    kept: Sequence[Any]


def with_own_calls(
    loop: Closed,
    carries: int,
    stages: Sequence[tuple[Stage, Sequence[Entered]]],
    depth: int,
    given: Sequence[int],
    results: Sequence[int],
) -> tuple[list[Any], Region]:
    """The constants and the region of a loop that knows how its values are had by calls.

    given, results: of the loop's carries the arguments of the first call, and what it returns; the
                    first carry says how many calls wait.
    """
    own = closed([_traced(*one) for one in stages], ahead=False)
    places = {e: k for k, e in enumerate(dict.fromkeys([*loop.constants, *own.constants]))}
    constants = list(places)
    operands = (*[places[e] for e in own.constants], *[len(constants) + k for k in given])
    listed = [
        program.Stage(len(stage.kept), tuple(_following(call) for call in calls))
        for stage, calls in stages
    ]
    recursion = Recursion(own.graphs, len(own.constants), listed, depth, len(results))
    scalar = is_of_numbers(region_node("recursion", [ZERO] * len(operands), recursion))
    if not scalar or depth * _frame(own.graphs) > STACK:
        return list(loop.constants), Region(loop.graphs, len(loop.constants), carries)
    numbers = ((0, len(results)), *zip(results, range(len(results)), strict=True))
    count, more = len(loop.constants), constants[len(loop.constants) :]
    graphs = []
    for graph in loop.graphs:
        further = [inner_input(f"c{k}", e.shape) for k, e in enumerate(more)]
        inputs = (*graph.inputs[:count], *further, *graph.inputs[count:])
        graphs.append(Graph(inputs, graph.outputs))
    called = Called(recursion, operands, numbers)
    return constants, Region(graphs, len(constants), carries, calls=called)


def _traced(stage: Stage, calls: Sequence[Entered]) -> Traced:
    """A stage as a function of what it begins with."""
    asked = [e for call in calls for e in (call.needed, *call.args, *call.kept)]
    return Traced([*stage.kept, *stage.results], value_of("recursion", [*asked, *stage.outputs]))


def _following(call: Entered) -> program.Following:
    return program.Following(call.entered, call.back, len(call.args), len(call.kept))


def _frame(graphs: Sequence[Graph]) -> int:
    """How many bytes a call may take: all that is computed at once, in branches as well."""
    return CALL + NODE * sum(map(_nodes, graphs))


def _nodes(graph: Graph) -> int:
    nodes = reachable(graph.outputs)
    inside = [g for e in nodes for g in getattr(e.payload, "graphs", ())]
    return len(nodes) + sum(map(_nodes, inside))
