"""What goes from turn to turn of a loop.

Single numbers go in registers.  Of an array a turn reads one place and writes another, which change
roles; or there is one place, where turns change elements alone.  Where the number of turns is known
the last one writes where the result belongs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from taylor_runtime.arithmetic.carried import Carried
from taylor_runtime.arrays.regions.inner import Writer, copy, operand, put_number
from taylor_runtime.ir.values import Value
from taylor_runtime.passes.whole import Turns
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.shapes.nodes import Node


class Moving:
    """The first results of a row that is a loop, as they become.

    spares: second places of arrays; turns: what is known of the numbers.
    """

    def __init__(
        self,
        outer: Writer,
        index: int,
        count: int,
        spares: Sequence[Value],
        turns: Turns | None = None,
    ) -> None:
        region = outer.program.row(index).moved
        assert isinstance(region, Region)
        self.outer, self.b, self.index, self.region = outer, outer.b, index, region
        self.shapes = region.shapes[:count]
        self.carried = Carried(self.b, turns, count)
        self.spares = spares
        self.target = outer.memory.base(index, 0)
        kept = {result for _, result in outer.plan.pairs[index]}
        self.in_place = [k in kept for k in range(count)]

    def result(self, number: int) -> Value:
        """Where a result begins."""
        return self.outer.memory.result(self.index, number)

    def begin(self, rows: Sequence[int]) -> list[Value]:
        """The state before the first turn: numbers, and of arrays that move, where they are and
        where the next turn puts them.
        """
        state: list[Value] = []
        for k, (row, shape) in enumerate(zip(rows, self.shapes, strict=True)):
            given = operand(self.outer, row)
            if not shape:
                state.append(self.carried.plain(k, given))
            elif self.in_place[k]:
                if not self.outer.plan.lies_at(row, Node(self.index, k)):
                    copy(self.outer, self.result(k), given, math.prod(shape))
            else:
                turns = self.region.turns
                even = turns is not None and turns % 2 == 0
                first = self.spares[k] if even else self.result(k)
                state += [*given.parts, *first.parts]
        return state

    def split(self, state: Sequence[Value], inside: bool = False) -> list[tuple[Value, Value]]:
        """Of each the number or where the array is, and where the next turn puts it.

        inside: whether a turn has begun.
        """
        rest, found = list(state), []
        for k, shape in enumerate(self.shapes):
            if not shape:
                value = self.carried.number(k, rest.pop(0), inside)
                found.append((value, value))
            elif self.in_place[k]:
                found.append((self.result(k), self.result(k)))
            else:
                parts = len(self.target.parts)
                places = [rest.pop(0) for _ in range(2 * parts)]
                found.append((self.b.pointers(places[:parts]), self.b.pointers(places[parts:])))
        return found

    def now(self, state: Sequence[Value], inside: bool = False) -> list[Value]:
        """The numbers, and where arrays are."""
        return [now for now, _ in self.split(state, inside)]

    def targets(self, state: Sequence[Value]) -> dict[int, Value]:
        """Where a turn puts arrays."""
        pairs = zip(self.split(state), self.shapes, strict=True)
        return {k: after for k, ((_, after), shape) in enumerate(pairs) if shape}

    def after(self, state: Sequence[Value], numbers: list[Value]) -> list[Value]:
        """The state after a turn, which gave these numbers; further ones are left."""
        new: list[Value] = []
        for k, (_, place) in enumerate(self.split(state)):
            if not self.shapes[k]:
                new.append(self.carried.plain(k, numbers.pop(0)))
            elif not self.in_place[k]:
                new += self._exchanged(k, place)
        return new

    def _exchanged(self, k: int, now: Value) -> list[Value]:
        """Where an array is now, and its other place."""
        b, result, spare = self.b, self.result(k), self.spares[k]
        at_result = b.eq(now.parts[0], result.parts[0])
        pairs = zip(spare.parts, result.parts, strict=True)
        return [*now.parts, *[b.select(at_result, *pair) for pair in pairs]]

    def end(self, state: Sequence[Value]) -> None:
        """Put the results where they belong."""
        region, memory = self.region, self.outer.memory
        for k, value in enumerate(self.now(state)):
            size = math.prod(self.shapes[k])
            if not self.shapes[k]:
                put_number(self.outer, value, self.target, region.places[k])
                memory.know(self.index, region.places[k], value)
            elif not self.in_place[k] and not region.turns and size:
                self._brought(k, value, size)

    def _brought(self, k: int, now: Value, size: int) -> None:
        """Copy an array that is not in its place."""
        b, result = self.b, self.result(k)

        def move() -> list[Value]:
            copy(self.outer, result, now, size)
            return []

        b.if_(b.ne(now.parts[0], result.parts[0]), move)
