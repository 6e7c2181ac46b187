"""Members of a recursion without calls inside of loops and branches.

A *member* is a function of the recursion as a graph with nodes `call` in it.  A branch with a call
inside is written out: its results are chosen by `where`, and `needs.py` says when the call is
wanted.  A loop with a call inside is a member of its own that calls itself in the last place: a
turn is a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taylor.errors import UnsupportedFunctionError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.nodes.logic import condition, is_condition, less, logical_not, where
from taylor.nodes.node import ONE, ZERO, constant_node
from taylor.nodes.operations.arrays.places import pick, put
from taylor.nodes.operations.regions.calls import Callee, call_node
from taylor.nodes.rebuild import rebuild
from taylor.nodes.regions import LOOPS, REGIONS, Graph, Region, leading, parts
from taylor.nodes.sums import add
from taylor.nodes.traverse import reachable

Table = dict[Expression, Any]  # what nodes have become; of nodes with several results their list


class Member:
    """A function of a recursion.

    callee: what calls of it have as payload.
    params: its arguments.
    outputs: its results, with calls in no loop nor branch.
    """

    __slots__ = ("callee", "outputs", "params")

    def __init__(self, callee: Callee, params: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.callee, self.params, self.outputs = callee, list(params), list(outputs)


def opened(callee: Callee, params: Sequence[Any], outputs: Sequence[Any]) -> list[Member]:
    """A function as a member, and the members that its loops become."""
    opening = _Opening()
    first = Member(callee, params, opening.walk(outputs, {}))
    return [first, *opening.members]


def has_calls(roots: Sequence[Any]) -> bool:
    """Whether there are calls in nodes, in loops and branches as well."""
    return any(e.op == "call" or (e.op in REGIONS and _calls_inside(e)) for e in reachable(roots))


def _calls_inside(e: Any) -> bool:
    return any(has_calls(graph.outputs) for graph in e.payload.graphs)


class _Opening:
    """The walk. members: what loops have become."""

    def __init__(self) -> None:
        self.members: list[Member] = []

    def walk(self, roots: Sequence[Any], table: Table) -> list[Any]:
        """Roots without calls inside of nodes; table: what some nodes are already."""
        done = dict(table)
        for e in reachable(roots, stop=done.__contains__):
            if e in done:
                continue
            args = [done[arg] for arg in e.args]
            if e.op == "part" and isinstance(args[0], list):
                done[e] = args[0][e.payload]
            elif e.op in REGIONS and _calls_inside(e):
                done[e] = self._opened(e, args)
            elif e.op in LOOPS:
                done[e] = rebuild(e, _as_entered(e, args))
            else:
                same = all(new is old for new, old in zip(args, e.args, strict=True))
                done[e] = e if same else rebuild(e, args)
        return [done[root] for root in roots]

    def _inside(self, graph: Graph, given: Sequence[Any]) -> list[Any]:
        return self.walk(graph.outputs, dict(zip(graph.inputs, given, strict=True)))

    def _opened(self, e: Any, args: list[Any]) -> list[Any]:
        if e.op == "switch":
            return self._choice(e.payload, args)
        if e.op not in LOOPS:
            raise UnsupportedFunctionError(
                f"recursion: there is a call of a recursive function inside of {e.op}; take "
                "derivatives outside of it"
            )
        return self._loop(e, _as_entered(e, args))

    def _choice(self, region: Region, args: list[Any]) -> list[Any]:
        branches = [self._inside(graph, args[1:]) for graph in region.graphs]
        found = branches.pop()
        while branches:
            test = _is_below(args[0], len(branches))
            found = [where(test, a, b) for a, b in zip(branches.pop(), found, strict=True)]
        return found

    def _loop(self, e: Any, args: list[Any]) -> list[Any]:
        """A loop as calls: what it begins with are the arguments of the first."""
        region: Region = e.payload
        bounds, first = args[1:2] if e.op == "fori_loop" else [], leading(e)
        carries = args[first + region.constants :][: region.carries]
        arrays = args[first + region.constants + region.carries :]
        unchanged = [*bounds, *args[first : first + region.constants], *arrays]
        collected = [constant_node(0, shape) for shape in region.shapes[region.carries :]]
        results = [*carries, *collected]
        index = {"fori_loop": args[:1], "scan": [ZERO]}.get(e.op, [])
        start = [*index, *results]
        callee = Callee(f"a loop ({e.op})", [x.shape for x in results])
        params = [argument(f"p{k}", x.shape) for k, x in enumerate([*unchanged, *start])]
        kept, state = params[: len(unchanged)], params[len(unchanged) :]
        test, after = self._turn(e, kept, state)
        again = parts(call_node(callee, [*kept, *after]))
        now = state[len(index) :]
        outputs = [where(test, a, b) for a, b in zip(again, now, strict=True)]
        self.members.append(Member(callee, params, outputs))
        return list(parts(call_node(callee, [*unchanged, *start])))

    def _turn(self, e: Any, kept: list[Any], state: list[Any]) -> tuple[Any, list[Any]]:
        """Whether there is a turn, and what it takes over to the next."""
        region: Region = e.payload
        if e.op == "while_loop":
            test, body = region.graphs
            given = [*kept, *state]
            return condition(self._inside(test, given)[0]), self._inside(body, given)
        t, following = state[0], add(state[0], ONE)
        if e.op == "fori_loop":
            return less(t, kept[0]), [following, *self._inside(region.body, [*kept[1:], *state])]
        length = region.length or 0
        place = constant_node(length - 1) - t if region.reverse else t
        fixed, arrays = kept[: region.constants], kept[region.constants :]
        carries, collected = state[1 : 1 + region.carries], state[1 + region.carries :]
        slices = [pick(array, place) for array in arrays]
        found = self._inside(region.body, [*fixed, *carries, *slices])
        pairs = zip(collected, found[region.carries :], strict=True)
        after = [put(array, place, value) for array, value in pairs]
        return less(t, constant_node(length)), [following, *found[: region.carries], *after]


def _is_below(index: Any, number: int) -> Any:
    """Whether a branch before number `number` is chosen."""
    if number == 1 and is_condition(index):
        return logical_not(index)
    return less(index, constant_node(number))


def _as_entered(e: Any, args: list[Any]) -> list[Any]:
    """The operands of a loop, of which calls are wanted only where there is a turn.

    What does not change from turn to turn has been taken out of the loop; Python would never call
    it where there is none.
    """
    region: Region = e.payload
    first = leading(e)
    constants = range(first, first + region.constants)
    if not any(has_calls([args[k]]) for k in constants):
        return args
    if e.op == "scan":
        return args
    if e.op == "fori_loop":
        entered = less(args[0], args[1])
        asked: set[int] = set()
    else:
        test = region.graphs[0]
        table = dict(zip(test.inputs, args, strict=True))
        used = set(reachable(test.outputs))
        asked = {k for k in constants if test.inputs[k] in used}
        entered = condition(_substituted(test.outputs, table)[0])
    return [
        where(entered, x, constant_node(0, x.shape))
        if k in constants and k not in asked and has_calls([x])
        else x
        for k, x in enumerate(args)
    ]


def _substituted(roots: Sequence[Any], table: Table) -> list[Any]:
    done = dict(table)
    for e in reachable(roots, stop=done.__contains__):
        if e not in done:
            done[e] = rebuild(e, [done[arg] for arg in e.args])
    return [done[root] for root in roots]
