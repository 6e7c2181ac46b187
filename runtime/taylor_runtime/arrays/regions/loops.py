"""Loops of arrays: what goes from turn to turn, and what turns read and leave behind.

Single numbers go from turn to turn in registers.  Of an array a turn reads one place and writes
another, which change roles; or there is one place, where turns change elements alone.  Where the
number of turns is known the last one writes where the result belongs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from taylor_runtime.arrays.memory import room_inside, spare_places
from taylor_runtime.arrays.regions.inner import Inner, Writer, as_number, copy, operand, put_number
from taylor_runtime.arrays.regions.inplace import carried
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value
from taylor_runtime.program.arrays import contiguous
from taylor_runtime.program.kernels import Region


def emit_loop(outer: Writer, index: int) -> None:
    """The results of a loop."""
    region = outer.program.row(index).moved
    assert isinstance(region, Region)
    _Loop(outer, index, region).emit()


class _Loop:
    """One loop.

    target: where its results begin; spares: second places of arrays that go from turn to turn.
    """

    def __init__(self, outer: Writer, index: int, region: Region) -> None:
        self.outer, self.b, self.index, self.region = outer, outer.b, index, region
        memory, plans = outer.memory, outer.plan.inner[index]
        self.target = memory.base(index, 0)
        work = self._at(memory.workspace, memory.layout.inside[index])
        sizes = spare_places(region)
        rest = room_inside(outer.plan, index) - sum(sizes)
        self.spares = [self._at(work, rest + sum(sizes[:k])) for k in range(len(sizes))]
        self.inner = [Inner(outer, plan, work) for plan in plans]
        lead = region.leading
        self.fixed = [operand(outer, row) for row in self._operands(lead, region.constants)]
        self.in_place = [self._is_in_place(k) for k in range(region.carries)]

    def _at(self, place: Value, distance: int | Value) -> Value:
        return self.b.at(place, distance, self.outer.element)

    def _operands(self, first: int, count: int) -> tuple[int, ...]:
        return self.region.operands[first : first + count]

    def _is_in_place(self, number: int) -> bool:
        """Whether turns change elements of a carried array where they are."""
        plan = self.inner[-1].plan
        output = plan.program.outputs[number][0]
        before = [
            row for row, after in carried(self.region, plan.program).items() if after == output
        ]
        return any(plan.same.get(row) == output for row in before)

    # -- what goes from turn to turn --------------------------------------------------------------

    def _begin(self) -> list[Value]:
        """Numbers; and of arrays that move, where they are and where the next turn puts them."""
        region, state = self.region, []
        rows = self._operands(region.leading + region.constants, region.carries)
        for k, row in enumerate(rows):
            given, shape = operand(self.outer, row), region.shapes[k]
            if not shape:
                state.append(given)
            elif self.in_place[k]:
                copy(self.outer, self._result(k), given, math.prod(shape))
            else:
                first = self.spares[k] if self._ends_with(0) else self._result(k)
                state += [*given.parts, *first.parts]
        return state

    def _ends_with(self, odd: int) -> bool:
        turns = self.region.turns
        return turns is not None and turns % 2 == odd

    def _result(self, number: int) -> Value:
        return self._at(self.target, self.region.places[number])

    def _split(self, state: Sequence[Value]) -> list[tuple[Value, Value]]:
        """Of each carry the number or where the array is, and where the next turn puts it."""
        rest, found = list(state), []
        for k, shape in enumerate(self.region.shapes[: self.region.carries]):
            if not shape:
                value = rest.pop(0)
                found.append((value, value))
            elif self.in_place[k]:
                found.append((self._result(k), self._result(k)))
            else:
                parts = len(self.target.parts)
                places = [rest.pop(0) for _ in range(2 * parts)]
                found.append((self.b.pointers(places[:parts]), self.b.pointers(places[parts:])))
        return found

    def _turn(
        self,
        state: Sequence[Value],
        index: Sequence[Value],
        slices: Sequence[Value],
        collected: dict[int, Value],
    ) -> tuple[list[Value], list[Value]]:
        """The state after a turn, and single numbers that it gave beside."""
        carries, region = self._split(state), self.region
        shapes = region.shapes[: region.carries]
        targets = {
            k: after for k, ((_, after), s) in enumerate(zip(carries, shapes, strict=True)) if s
        }
        given = [*self.fixed, *index, *[now for now, _ in carries], *slices]
        numbers = self.inner[-1].write(given, targets | collected)
        new: list[Value] = []
        for k, shape in enumerate(shapes):
            if not shape:
                new.append(numbers.pop(0))
            elif not self.in_place[k]:
                new += self._exchanged(k, carries[k][1])
        return new, numbers

    def _exchanged(self, k: int, now: Value) -> list[Value]:
        """Where an array is now, and its other place."""
        b, result, spare = self.b, self._result(k), self.spares[k]
        at_result = b.eq(now.parts[0], result.parts[0])
        pairs = zip(spare.parts, result.parts, strict=True)
        return [*now.parts, *[b.select(at_result, *pair) for pair in pairs]]

    def _end(self, state: Sequence[Value]) -> None:
        """Put the results where they belong."""
        region, memory = self.region, self.outer.memory
        for k, (value, _) in enumerate(self._split(state)):
            size = math.prod(region.shapes[k])
            if not region.shapes[k]:
                put_number(self.outer, value, self.target, region.places[k])
                memory.know(self.index, region.places[k], value)
            elif not self.in_place[k] and not region.turns and size:
                self._brought(k, value, size)

    def _brought(self, k: int, now: Value, size: int) -> None:
        """Copy an array that is not in its place."""
        b, result = self.b, self._result(k)

        def move() -> list[Value]:
            copy(self.outer, result, now, size)
            return []

        b.if_(b.ne(now.parts[0], result.parts[0]), move)

    # -- the loops --------------------------------------------------------------------------------

    def emit(self) -> None:
        kinds: dict[str, Callable[[list[Value]], list[Value]]] = {
            "while": self._while,
            "for": self._for if self.region.bounds is None else self._counted,
            "scan": self._scan,
        }
        self._end(kinds[self.region.kind](self._begin()))

    def _while(self, state: list[Value]) -> list[Value]:
        def test(values: list[Value]) -> Value:
            given = [*self.fixed, *[now for now, _ in self._split(values)]]
            return self.b.ne(self.inner[0].write(given, {})[0], 0)

        return self.b.while_(state, test, lambda values: self._turn(values, (), (), {})[0])

    def _for(self, state: list[Value]) -> list[Value]:
        lower, upper = (operand(self.outer, row) for row in self._operands(0, 2))

        def turn(values: list[Value]) -> list[Value]:
            index, *rest = values
            return [index + 1, *self._turn(rest, [index], (), {})[0]]

        return self.b.while_(
            [lower, *state], lambda values: self.b.compare("lt", values[0], upper), turn
        )[1:]

    def _counted(self, state: list[Value]) -> list[Value]:
        assert self.region.bounds is not None
        lower, upper = self.region.bounds

        def turn(index: int | Value, values: list[Value]) -> list[Value]:
            assert isinstance(index, Value)
            return self._turn(values, [as_number(self.outer, index)], (), {})[0]

        return self.b.fold(lower, max(lower, upper), state, turn)

    def _scan(self, state: list[Value]) -> list[Value]:
        region, b, outer = self.region, self.b, self.outer
        first = region.leading + region.constants + region.carries
        arrays = region.operands[first:]

        def turn(count: int | Value, values: list[Value]) -> list[Value]:
            t = region.length - 1 - count if region.reverse else count
            assert isinstance(t, Value)
            slices = [self._slice(row, t) for row in arrays]
            collected: dict[int, Value] = {}
            single = []
            for k in range(region.carries, len(region.shapes)):
                shape = region.shapes[k][1:]
                place = self._at(self._result(k), t * math.prod(shape))
                if shape:
                    collected[k] = place
                else:
                    single.append(place)
            after, numbers = self._turn(values, (), slices, collected)
            for value, place in zip(numbers, single, strict=True):
                put_number(outer, value, place, 0)
            return after

        return b.fold(0, region.length, state, turn)

    def _slice(self, row: int, t: Value) -> Value:
        """A slice of an array: a number, or where it begins."""
        outer, shape = self.outer, self.outer.program.shape(row)
        strides = outer.plan.access(row).strides or contiguous(shape)
        place = self._at(operand(outer, row), t * strides[0])
        if len(shape) > 1:
            return place
        return self.b.load(Type(outer.element), place)
