"""Recursion as one loop: a turn does one stage of a call, and then enters another or comes back.

What waits is in rows of arrays, a row for every call that waits for another.  Rows are changed
where they are: every turn puts one, and a turn without a new call puts it behind the last row,
where nobody looks.  A call whose results are those of its caller takes the caller's place, so that
where all are such there are no rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from taylor.control.tracing import Traced, closed, trace, value_of
from taylor.control.trees import NUMBER
from taylor.expressions.substitute import substitute_all
from taylor.language.recursion.called import Entered, with_own_calls
from taylor.language.recursion.opened import Member
from taylor.language.recursion.stages import (
    Next,
    Stage,
    Stages,
    constant_in_pieces,
    without_fixed,
)
from taylor.nodes.logic import both, greater_equal, less, where
from taylor.nodes.node import ONE, ZERO, constant_node
from taylor.nodes.operations.arrays.places import pick, put
from taylor.nodes.operations.regions.calls import Callee
from taylor.nodes.regions import Region, parts, region_node
from taylor.nodes.sums import add

Shape = tuple[int, ...]
Kind = tuple[Shape, bool]  # of a value, and whether it is constant in pieces
Place = tuple[Callee, int]  # a stage of a member

BACK, CALL, INSTEAD = 0, 1, 2  # what a turn ends with: results, a call, a call in its place
TOO_DEEP = -2  # how many calls wait, where there is no row for one more


class Slots:
    """Places for values by their kinds: of each kind as many as are used at once.

    What is constant in pieces, such as counts, has places of its own: derivatives leave these out.
    """

    def __init__(self) -> None:
        self.kinds: list[Kind] = []

    @property
    def shapes(self) -> list[Shape]:
        """Of all places."""
        return [shape for shape, _ in self.kinds]

    def places(self, kinds: Sequence[Kind]) -> list[int]:
        """Where values of these kinds are kept."""
        taken: list[int] = []
        for kind in kinds:
            free = [k for k, other in enumerate(self.kinds) if other == kind and k not in taken]
            if not free:
                free = [len(self.kinds)]
                self.kinds.append(kind)
            taken.append(free[0])
        return taken

    def filled(self, values: Sequence[Any], kinds: Sequence[Kind]) -> list[Any]:
        """All slots, those with values and zeros elsewhere."""
        found: list[Any] = [constant_node(0, shape) for shape in self.shapes]
        for place, value in zip(self.places(kinds), values, strict=True):
            found[place] = value
        return found


class Machine:
    """The loop of some members, from a call of one of them.

    waits: whether calls have to wait for others.
    """

    def __init__(
        self, members: Mapping[Callee, Member], entry: Callee, given: Sequence[Any]
    ) -> None:
        fixed = without_fixed(members, entry, given)
        steady = constant_in_pieces(members, entry, given, fixed)
        self._steady = steady[1]
        self._stages = {callee: Stages(m, fixed, steady) for callee, m in members.items()}
        self._entry = entry, self._moving(entry, given)
        self._numbers: dict[Place, int] = {}
        self._returns: list[Place] = []  # stages that calls come back to
        self._frame, self._values = Slots(), Slots()
        self._find((entry, 0))
        self._kept = Slots()  # what waits; the first slots of the frame
        for callee, number in self._returns:
            self._kept.places(self._kinds((callee, number)))
        self._order()

    @property
    def waits(self) -> bool:
        return bool(self._returns)

    def _kinds(self, place: Place) -> list[Kind]:
        """Of what a stage needs to know."""
        steady = self._stages[place[0]].steady
        return [(x.shape, x in steady) for x in self._stage(place).kept]

    def _results(self, callee: Callee) -> list[Kind]:
        return list(zip(callee.shapes, self._steady[callee], strict=True))

    def _stage(self, place: Place) -> Stage:
        return self._stages[place[0]].stage(place[1])

    def _moving(self, callee: Callee, args: Sequence[Any]) -> list[Any]:
        pairs = zip(args, self._stages[callee].varying, strict=True)
        return [arg for arg, varies in pairs if varies]

    def _find(self, first: Place) -> None:
        """Number all stages that can be come to."""
        pending = [first]
        while pending:
            place = pending.pop()
            if place in self._numbers:
                continue
            self._numbers[place] = len(self._numbers)
            for call in self._stage(place).calls:
                pending.append((call.callee, 0))
                back = place[0], call.number
                if not self._stage(back).is_nothing:
                    pending.append(back)
                    if back not in self._returns:
                        self._returns.append(back)

    def _order(self) -> None:
        """Slots: what is kept for stages that are come back to has the first of a frame."""
        self._frame.kinds += self._kept.kinds
        for place in self._numbers:
            self._frame.places(self._kinds(place))
        for callee in self._stages:
            self._values.places(self._results(callee))

    # -- a turn -----------------------------------------------------------------------------------

    def run(self, depth: int) -> tuple[list[Any], Any]:
        """The results, and whether more calls would have had to wait than `depth`."""
        callee, args = self._entry
        rows = [constant_node(0, (depth + 1, *s)) for s in self._rows()]
        start = [
            ZERO,
            constant_node(self._numbers[callee, 0]),
            *self._frame.filled(args, self._kinds((callee, 0))),
        ]
        start += [*self._values.filled([], []), *rows]
        kinds = [(NUMBER, x.shape) for x in start]

        def goes_on(waiting: Any, *rest: Any) -> Any:
            return greater_equal(waiting, ZERO)

        def turn(*state: Any) -> Any:
            return self._turn(state, depth)

        functions = [trace("recursion", goes_on, kinds), trace("recursion", turn, kinds)]
        graph = closed(functions)
        places = [2 + k for k in self._frame.places(self._kinds((callee, 0)))]
        first = 2 + len(self._frame.shapes)
        results = [first + k for k in self._values.places(self._results(callee))]
        constants, region = with_own_calls(
            graph, len(start), self._listed(), depth, places, results
        )
        found = parts(region_node("while_loop", [*constants, *start], region))
        return [found[k] for k in results], less(found[0], constant_node(-1))

    def _listed(self) -> list[tuple[Stage, list[Entered]]]:
        """All stages, with the calls that may follow."""
        found = []
        for place in self._numbers:
            stage, calls = self._stage(place), []
            for call in stage.calls:
                args, back = self._moving(call.callee, call.args), (place[0], call.number)
                number = self._numbers[back] if back in self._returns else -1
                entered = self._numbers[call.callee, 0]
                calls.append(Entered(call.needed, entered, number, args, call.kept))
            found.append((stage, calls))
        return found

    def _rows(self) -> list[Shape]:
        """Shapes of what is put in rows: the stage first, where there are several."""
        return [*[()] * (len(self._returns) > 1), *self._kept.shapes]

    def _turn(self, state: Sequence[Any], depth: int) -> list[Any]:
        waiting, number = state[:2]
        frame = state[2 : 2 + len(self._frame.shapes)]
        values = state[2 + len(frame) :][: len(self._values.shapes)]
        rows = state[2 + len(frame) + len(values) :]
        lists = [self._outcome(place, frame, values) for place in self._numbers]
        action, entered, *rest = _chosen(number, lists)
        following = rest[: len(frame)]
        row, found = rest[len(frame) : len(frame) + len(rows)], rest[len(frame) + len(rows) :]
        back = less(action, constant_node(CALL))
        if not self.waits:
            waiting = where(back, constant_node(-1), ZERO)
            return [waiting, entered, *following, *found]
        called = both(
            less(action, constant_node(INSTEAD)), greater_equal(action, constant_node(CALL))
        )
        full = both(called, greater_equal(waiting, constant_node(depth)))
        # Behind the last row: what is put there nobody reads.
        place = where(called, waiting, constant_node(depth))
        last = [pick(array, add(waiting, constant_node(-1))) for array in rows]
        rows = [put(array, place, value) for array, value in zip(rows, row, strict=True)]
        if len(self._returns) == 1:
            last = [constant_node(self._numbers[self._returns[0]]), *last]
        entered = where(back, last[0], entered)
        restored = [where(back, x, now) for x, now in zip(last[1:], following, strict=False)]
        following = [*restored, *following[len(restored) :]]
        step = where(back, constant_node(-1), where(called, ONE, ZERO))
        waiting = where(full, constant_node(TOO_DEEP), add(waiting, step))
        return [waiting, entered, *following, *found, *rows]

    def _outcome(self, place: Place, frame: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        """What a stage ends with, as expressions of the frame and of results."""
        stage = self._stage(place)
        at = self._frame.places(self._kinds(place))
        table = {x: frame[k] for x, k in zip(stage.kept, at, strict=True)}
        kinds = [(x.shape, x in self._stages[place[0]].steady) for x in stage.results]
        at = self._values.places(kinds)
        table |= {x: values[k] for x, k in zip(stage.results, at, strict=True)}
        found = self._back(place[0], stage.outputs) if stage.outputs or not stage.calls else None
        for call in reversed(stage.calls):
            made = self._called(place[0], call)
            found = made if found is None else _either(call.needed, made, found)
        assert found is not None
        return substitute_all(found, table)

    def _back(self, callee: Callee, outputs: Sequence[Any]) -> list[Any]:
        rows = [constant_node(0, shape) for shape in self._rows()]
        return [
            constant_node(BACK),
            ZERO,
            *self._frame.filled([], []),
            *rows,
            *self._values.filled(outputs, self._results(callee)),
        ]

    def _called(self, caller: Callee, call: Next) -> list[Any]:
        args = self._moving(call.callee, call.args)
        entered = constant_node(self._numbers[call.callee, 0])
        back = caller, call.number
        rows = [constant_node(0, shape) for shape in self._rows()]
        action = INSTEAD
        if back in self._returns:
            action = CALL
            kept = self._kept.filled(call.kept, self._kinds(back))
            lead = [constant_node(self._numbers[back])] if len(self._returns) > 1 else []
            rows = [*lead, *kept]
        frame = self._frame.filled(args, self._kinds((call.callee, 0)))
        return [constant_node(action), entered, *frame, *rows, *self._values.filled([], [])]


def _either(test: Any, a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    """One list or the other, of which only the chosen one is computed."""
    return _chosen(where(test, ZERO, ONE), [a, b])


def _chosen(index: Any, lists: Sequence[Sequence[Any]]) -> list[Any]:
    """The list that a number chooses."""
    if len(lists) == 1:
        return list(lists[0])
    traced = [Traced((), value_of("recursion", list(one))) for one in lists]
    graph = closed(traced, ahead=False)
    region = Region(graph.graphs, len(graph.constants))
    return list(parts(region_node("switch", [index, *graph.constants], region)))
