"""Loops of arrays: what turns read and leave behind (`moving.py` has what goes on)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from taylor_runtime.arithmetic.carried import turns_of
from taylor_runtime.arrays.plans.layout import room_inside
from taylor_runtime.arrays.regions.inner import (
    Inner,
    Writer,
    operand,
    put_number,
    spans_of_operands,
)
from taylor_runtime.arrays.regions.moving import Moving
from taylor_runtime.arrays.regions.places import spare_places
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
    """One loop."""

    def __init__(self, outer: Writer, index: int, region: Region) -> None:
        self.outer, self.b, self.region = outer, outer.b, region
        memory, plans = outer.memory, outer.plan.inner[index]
        work = self._at(memory.workspace, memory.layout.inside[index])
        sizes = spare_places(region.shapes[: region.carries])
        rest = room_inside(outer.plan, index) - sum(sizes)
        spares = [self._at(work, rest + sum(sizes[:k])) for k in range(len(sizes))]
        self.inner = [Inner(outer, plan, work) for plan in plans]
        lead = region.leading
        self.fixed = [operand(outer, row) for row in self._operands(lead, region.constants)]
        turns = turns_of(
            self.b, lambda known: known.region(region, spans_of_operands(outer, region))
        )
        self.moving = Moving(outer, index, region.carries, spares, self.inner[-1], turns)
        self.carried = self.moving.carried

    def _at(self, place: Value, distance: int | Value) -> Value:
        return self.b.at(place, distance, self.outer.element)

    def _operands(self, first: int, count: int) -> tuple[int, ...]:
        return self.region.operands[first : first + count]

    def _turn(
        self,
        state: Sequence[Value],
        index: Sequence[Value],
        slices: Sequence[Value],
        collected: dict[int, Value],
    ) -> tuple[list[Value], list[Value]]:
        """The state after a turn, and single numbers that it gave beside."""
        given = [*self.fixed, *index, *self.moving.now(state, inside=True), *slices]
        numbers = self.inner[-1].write(given, self.moving.targets(state) | collected)
        return self.moving.after(state, numbers), numbers

    def emit(self) -> None:
        kinds: dict[str, Callable[[list[Value]], list[Value]]] = {
            "while": self._while,
            "for": self._for if self.region.bounds is None else self._counted,
            "scan": self._scan,
        }
        first = self.region.leading + self.region.constants
        state = self.moving.begin(self._operands(first, self.region.carries))
        self.moving.end(kinds[self.region.kind](state))

    def _while(self, state: list[Value]) -> list[Value]:
        def test(values: list[Value]) -> Value:
            given = [*self.fixed, *self.moving.now(values)]
            return self.b.ne(self.inner[0].write(given, {})[0], 0)

        return self.b.while_(state, test, lambda values: self._turn(values, (), (), {})[0])

    def _for(self, state: list[Value]) -> list[Value]:
        lower, upper = (operand(self.outer, row) for row in self._operands(0, 2))

        carried = self.carried

        def test(values: list[Value]) -> Value:
            return self.b.compare("lt", carried.index(values[0]), upper)

        def turn(values: list[Value]) -> list[Value]:
            index = carried.index(values[0])
            return [carried.next(index), *self._turn(values[1:], [index], (), {})[0]]

        return self.b.while_([carried.first(lower), *state], test, turn)[1:]

    def _counted(self, state: list[Value]) -> list[Value]:
        assert self.region.bounds is not None
        lower, upper = self.region.bounds

        def turn(index: int | Value, values: list[Value]) -> list[Value]:
            assert isinstance(index, Value)
            count = self.carried.count(index, Type(self.outer.element))
            return self._turn(values, [count], (), {})[0]

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
                place = self._at(self.moving.result(k), t * math.prod(shape))
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
