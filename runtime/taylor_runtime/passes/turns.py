"""Which carries of a loop are whole numbers, and between which bounds.

What goes from turn to turn of a loop is whole if it begins so and each turn leaves it so.  Its
bounds are found by going through a turn again and again, the bounds that move being moved as far
as any may be (`FARTHEST`) from the second time on.  There, a count that a turn changes by `PACE` at
most needs no watching: 2**50 turns take days, and nothing is wrong before 2**53.  Any other one is
compared with its bounds after each turn, where the code can be left for one that computes with
doubles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from taylor_runtime.passes.spans import COUNTED, FARTHEST, LIMIT, Span
from taylor_runtime.passes.whole import PACE, Rows, Spans, Turns, fitting
from taylor_runtime.program.kernels import LoopSystem, Region
from taylor_runtime.program.program import Input, Kernel, Program, Row

ROUNDS = 6  # through a turn, for each carry, until bounds have to be settled
GIVEN = Span(-(1 << 31), 1 << 31)  # of whole arguments that are integers; others are doubles


class WholeNumbers:
    """Finds bounds, and keeps them while one function is written.

    guarded: whether the code may be left where a number is beyond its bounds.
    """

    def __init__(self, guarded: bool) -> None:
        self.guarded = guarded
        self._known: dict[tuple[object, ...], Any] = {}
        self._kept: list[object] = []  # whose `id` is part of a key

    def results(self, program: Program, given: Spans) -> list[Span | None]:
        """Of the outputs of a formula, for those of its inputs."""
        rows = self.rows(program, given)
        return [rows.of(row) for row, _ in program.outputs]

    def rows(self, program: Program, given: Spans) -> Rows:
        """Of all its rows."""
        return self._once(program, tuple(given), lambda: Rows(self, program, given))

    def _once(self, owner: object, given: tuple[object, ...], make: Callable[[], Any]) -> Any:
        key = (id(owner), *given)
        if key not in self._known:
            self._kept.append(owner)
            self._known[key] = make()
        return self._known[key]

    def loop(self, system: LoopSystem, given: Spans) -> Turns:
        """Of a kernel, for those of its arguments but the first."""
        carries, rest = given[-system.carries :], given[: -system.carries]
        index: Spans = ()
        if system.condition is None and system.bounds is None:
            index, rest = [_between(rest[0], rest[1])], rest[2:]
        elif system.bounds is not None:
            index = [_known_index(system.bounds)]
        return self.turns(system.body, system.condition, [Span(1, 1), *rest], index, carries, [])

    def region(self, region: Region, given: Spans) -> Turns:
        """Of a row of a program of arrays, for those of its operands."""
        lead, first = region.leading, region.leading + region.constants
        index: Spans = ()
        if region.kind == "for":
            known = region.bounds is not None and _known_index(region.bounds)
            index = [known or _between(given[0], given[1])]
        condition = region.graphs[0] if region.kind == "while" else None
        carries, slices = given[first : first + region.carries], given[first + region.carries :]
        none = [None] * len(slices)
        return self.turns(region.graphs[-1], condition, given[lead:first], index, carries, none)

    def turns(
        self,
        body: Program,
        condition: Program | None,
        fixed: Spans,
        index: Spans,
        carries: Spans,
        slices: Spans,
    ) -> Turns:
        """Of a loop."""
        given = tuple(fixed), tuple(index), tuple(carries), tuple(slices)
        loop = _Loop(self, body, condition, *given)
        return self._once(body, (id(condition), *given), loop.settled)


class _Loop(NamedTuple):
    """A loop whose bounds are asked for."""

    known: WholeNumbers
    body: Program
    condition: Program | None
    fixed: Spans
    counter: Spans
    carries: Spans
    slices: Spans

    def settled(self) -> Turns:
        before, watched = list(self.carries), set[int]()
        for turn in range(ROUNDS * (1 + len(before))):
            after = self._after(before)
            moved = False
            for k, (old, new) in enumerate(zip(before, after, strict=True)):
                if old is None or (new is not None and old.covers(new)) or k in watched:
                    continue
                following = None if new is None else self._moved(old, new, turn > 0)
                if following == old and new is not None:  # it is as wide as may be
                    inside = self._inside(before)
                    if self._keeps_pace(k, inside):
                        continue
                    following = old if self.known.guarded else None
                    watched |= {k} if following else set()
                before[k], moved = following, True
            if not moved:
                return self._result(before, watched)
        return self._result([None] * len(before), set())

    def _result(self, before: list[Span | None], watched: Iterable[int]) -> Turns:
        kept = frozenset(k for k in watched if before[k] is not None)
        index = self.counter[0] if self.counter else None
        return Turns(tuple(before), tuple(self._inside(before)), index, kept)

    def _moved(self, old: Span, new: Span, far: bool) -> Span | None:
        both = old.joined(new)
        if far:
            low = -FARTHEST if both.low < old.low else old.low
            high = FARTHEST if both.high > old.high else old.high
            if both.low < old.low and both.low >= -1 and old.low >= -1:
                low = -1  # where a count down to zero ends
            both = Span(low, high)
        return both if COUNTED.covers(both) else COUNTED if COUNTED.covers(old) else None

    def _inside(self, before: Spans) -> list[Span | None]:
        if self.condition is None:
            return list(before)
        rows = self.known.rows(self.condition, [*self.fixed, *before])
        narrowed = rows.where_true(self.condition.outputs[0][0])
        first = len(self.fixed)
        return [narrowed.get(first + k, span) for k, span in enumerate(before)]

    def _rows(self, inside: Spans) -> Rows:
        return self.known.rows(self.body, [*self.fixed, *self.counter, *inside, *self.slices])

    def _after(self, before: Spans) -> list[Span | None]:
        rows = self._rows(self._inside(before))
        outputs = self.body.outputs[: len(before)]
        return [rows.of(row) for row, _ in outputs]

    def _keeps_pace(self, k: int, inside: Spans) -> bool:
        """Whether a turn changes a carry by a small number at most."""
        slot = len(self.fixed) + len(self.counter) + k
        change = self._rows(inside).change(self.body.outputs[k][0], slot)
        return change is not None and Span(-PACE, PACE).covers(change)


def _known_index(bounds: tuple[int, int]) -> Span | None:
    lower, upper = bounds
    return fitting(Span(lower, max(lower, upper - 1)))


def _between(lower: Span | None, upper: Span | None) -> Span | None:
    """Of the index of a loop."""
    if lower is None or not COUNTED.covers(lower):
        return None
    high = min(FARTHEST // 2, LIMIT if upper is None else upper.high - 1)
    return Span(lower.low, max(lower.low, high))


def zeros_wanted(condition: Program) -> list[int]:
    """Inputs, by slot, that have to be zero for a condition to hold."""
    rows, found = condition.rows, list[int]()
    wanted = [(condition.outputs[0][0], True)]
    while wanted:
        row, holds = wanted.pop()
        start = rows[row].start
        if isinstance(start, Input) and not holds and start.source == "parameter":
            found.append(start.index[0])
        if not isinstance(start, Kernel):
            continue
        if start.function == "not":
            wanted.append((start.arguments[0], not holds))
        elif start.function == ("and" if holds else "or"):
            wanted += [(argument, holds) for argument in start.arguments]
        elif start.function == ("eq" if holds else "ne"):
            zeros = [row for row in start.arguments if _is_zero(rows[row])]
            wanted += [(row, False) for row in start.arguments if zeros and row not in zeros]
    return sorted(found)


def _is_zero(row: Row) -> bool:
    plain = row.start is None and row.step is not None and not row.step.terms
    return plain and row.offset == 0 and row.gather is None
