"""Recursions with further components: what calls take, keep and return has them beside it.

Which numbers have components is found by going through all stages until nothing more has: a number
that has some in one call has them, maybe zeros, in all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from taylor.nodes.node import ZERO
from taylor.nodes.regions import Called, Graph, Recursion, inner_input, part, parts, region_node
from taylor_runtime.program.systems.recursion import Stage

Expand = Callable[[Sequence[Any], Mapping[Any, Sequence[Any]]], list[Any]]
Flags = list[bool]  # of some numbers: whether they have further components


class _Wider:
    """The widening of a recursion.

    known, returned: of what each stage begins with, and of what the function returns that begins
        with a stage.
    owner: the stage that the function of a stage begins with; after: that with which the call
        begins that a stage comes after.
    """

    def __init__(
        self, region: Recursion, constants: Flags, args: Flags, results: Flags, width: int
    ) -> None:
        """results: which have components at least."""
        self.region, self.constants, self.width = region, constants, width
        self.known = [[False] * stage.known for stage in region.stages]
        self.known[0] = list(args)
        self.owner, self.after = {0: 0}, dict[int, int]()
        pending = [0]
        for number in pending:
            for call in region.stages[number].calls:
                found = {call.entered: call.entered}
                if call.back >= 0:
                    self.after[call.back] = call.entered
                    found[call.back] = self.owner[number]
                pending += [stage for stage in found if stage not in self.owner]
                self.owner = {**found, **self.owner}
        self.returned: dict[int, Flags] = {0: list(results)}

    def graphs(self, expand: Expand) -> list[Graph]:
        """The wider graphs of all stages."""
        while True:
            before = self._state()
            made = [self._graph(number, expand) for number in range(len(self.region.stages))]
            if self._state() == before:
                return made

    def _state(self) -> Any:
        return [list(flags) for flags in self.known], {k: list(f) for k, f in self.returned.items()}

    def stages(self) -> list[Stage]:
        """The calls of all stages, with more arguments and more that is kept."""
        found = []
        for number, stage in enumerate(self.region.stages):
            calls = []
            for call in stage.calls:
                given = call.given + self.width * sum(self.known[call.entered])
                kept = call.kept
                if call.back >= 0:
                    kept += self.width * sum(self.known[call.back])
                calls.append(call._replace(given=given, kept=kept))
            known = stage.known + self.width * sum(self.known[number])
            found.append(Stage(known, tuple(calls)))
        return found

    def _inputs(self, number: int) -> tuple[list[Any], dict[Any, list[Any]]]:
        """Those of a wider graph, and the components of those of the graph."""
        left = list(self.region.graphs[number].inputs)
        groups = [self.constants, self.known[number]]
        count = len(left) - sum(map(len, groups))
        groups.append(self._returned(self.after[number], count) if count else [])
        made: list[Any] = []
        table: dict[Any, list[Any]] = {}
        for flags in groups:
            own, left = left[: len(flags)], left[len(flags) :]
            made += own
            for x, does in zip(own, flags, strict=True):
                if does:
                    table[x] = [inner_input(f"{x.payload}.{k + 1}") for k in range(self.width)]
                    made += table[x]
        return made, table

    def _returned(self, owner: int, count: int) -> Flags:
        return self.returned.setdefault(owner, [False] * count)

    def _graph(self, number: int, expand: Expand) -> Graph:
        graph, calls = self.region.graphs[number], self.region.stages[number].calls
        inputs, table = self._inputs(number)
        found = expand(graph.outputs, table) if table else [None] * len(graph.outputs)
        pairs = iter(list(zip(graph.outputs, found, strict=True)))
        outputs: list[Any] = []
        for call in calls:
            outputs.append(next(pairs)[0])
            outputs += self._wide(pairs, self.known[call.entered])
            outputs += self._wide(pairs, self.known[call.back]) if call.back >= 0 else []
            if call.back < 0 and call.entered in self.returned:  # its results are the caller's
                theirs = self.returned[call.entered]
                self._add(self._returned(self.owner[number], len(theirs)), theirs)
                self._add(theirs, self.returned[self.owner[number]])
        left = list(pairs)
        if left:
            outputs += self._wide(iter(left), self._returned(self.owner[number], len(left)))
        return Graph(inputs, outputs)

    @staticmethod
    def _add(flags: Flags, more: Sequence[bool]) -> None:
        flags[:] = [a or b for a, b in zip(flags, more, strict=True)]

    def _wide(self, pairs: Iterator[tuple[Any, Any]], flags: Flags) -> list[Any]:
        """So many outputs, and then the components of those that have some."""
        own = [next(pairs) for _ in flags]
        self._add(flags, [extra is not None for _, extra in own])
        zeros = [ZERO] * self.width
        more = [extra or zeros for (_, extra), does in zip(own, flags, strict=True) if does]
        return [*[e for e, _ in own], *[component for extra in more for component in extra]]


def _wider(
    region: Recursion, given: tuple[Flags, Flags], results: Flags, width: int, expand: Expand
) -> tuple[Recursion, Flags, Flags]:
    """A recursion with components, and which arguments of the first call and which results have
    some.

    given: which constants and arguments have some in any case; results: which results have.
    """
    wide = _Wider(region, *given, results, width)
    graphs = wide.graphs(expand)
    returned = wide.returned[0]
    constants = region.constants + width * sum(given[0])
    count = region.results + width * sum(returned)
    made = Recursion(graphs, constants, wide.stages(), region.depth, count)
    return made, wide.known[0], returned


def widened_recursion(e: Any, extras: Sequence[Any], expand: Expand) -> list[Any]:
    """The results of a recursion with further components."""
    region: Recursion = e.payload
    if all(extra is None for extra in extras):
        return [[result] for result in parts(e)]
    width = next(len(extra) for extra in extras if extra is not None)
    has = [extra is not None for extra in extras]
    given = has[: region.constants], has[region.constants :]
    wider, args, returned = _wider(region, given, [False] * region.results, width, expand)
    operands: list[Any] = []
    for own, flags in (
        (range(region.constants), given[0]),
        (range(region.constants, len(has)), args),
    ):
        operands += [e.args[k] for k in own]
        for k, does in zip(own, flags, strict=True):
            operands += (extras[k] or [ZERO] * width) if does else []
    node = region_node(e.op, operands, wider)
    places = _components(returned, region.results, width)
    found = [[part(node, n) for n in (k, *places[k])] for k in range(region.results)]
    return [*found, [part(node, wider.results)]]


def widened_called(
    called: Called, split: tuple[int, int], extras: Sequence[Any], varies: Flags, expand: Expand
) -> Called | None:
    """How a wider loop's results are those of a wider recursion.

    split:  how many constants and carries the loop has.
    extras: components of its operands; varies: which of them have some in the wider loop.
    """
    recursion, (constants, carries) = called.recursion, split
    width = next(len(extra) for extra in extras if extra is not None)
    fixed, args = called.operands[: recursion.constants], called.operands[recursion.constants :]
    given = [varies[k] for k in fixed], [extras[k] is not None for k in args]
    numbers = {own: number for number, own in called.results}
    results = [varies[constants + numbers[own]] for own in range(recursion.results)]
    wider, flags, returned = _wider(recursion, given, results, width, expand)
    if returned != results or any(f and not varies[k] for f, k in zip(flags, args, strict=True)):
        return None
    first = constants + width * sum(varies[:constants])
    own = [*range(constants), *range(first, first + carries)]
    more = _components(varies[:constants], constants, width)
    more += _components(varies[constants:], first + carries, width)
    operands = [own[k] for k in fixed]
    operands += [
        place for k, does in zip(fixed, given[0], strict=True) if does for place in more[k]
    ]
    operands += [own[k] for k in args]
    operands += [place for k, does in zip(args, flags, strict=True) if does for place in more[k]]
    listed = [(0, wider.results)]
    theirs = _components(varies[constants:], carries, width)
    ours = _components(returned, recursion.results, width)
    for k in range(recursion.results):
        listed += [(numbers[k], k), *zip(theirs[numbers[k]], ours[k], strict=True)]
    return Called(wider, tuple(operands), tuple(listed))


def _components(flags: Sequence[bool], first: int, width: int) -> list[Sequence[int]]:
    """Where the components of numbers are, those of all that have some one after the other."""
    found: list[Sequence[int]] = []
    for does in flags:
        found.append(range(first, first + width) if does else ())
        first += width if does else 0
    return found
