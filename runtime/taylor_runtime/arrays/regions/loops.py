"""Loops of arrays: what turns read and leave behind (`moving.py` has what goes on)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from taylor_runtime.arithmetic.carried import turns_of
from taylor_runtime.arithmetic.kernel_calls import seldom
from taylor_runtime.arrays.plan import Plan
from taylor_runtime.arrays.plans.layout import room_inside, room_of_indices
from taylor_runtime.arrays.regions.conditions import holds
from taylor_runtime.arrays.regions.inner import (
    Inner,
    Writer,
    operand,
    put_number,
    spans_of_operands,
)
from taylor_runtime.arrays.regions.moving import Moving
from taylor_runtime.arrays.regions.places import spare_places
from taylor_runtime.arrays.regions.wide import LANES, Wide, end_of_places
from taylor_runtime.ir.integers.whole import Whole
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value
from taylor_runtime.passes.spans import Span
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
        self.index, self.work = index, work
        rest = room_inside(outer.plan, index) - sum(sizes) - room_of_indices(outer.plan, index)
        self.indices = self._at(work, rest + sum(sizes))
        spares = [self._at(work, rest + sum(sizes[:k])) for k in range(len(sizes))]
        self.inner = [Inner(outer, plan, work) for plan in plans]
        lead = region.leading
        self.fixed = [operand(outer, row) for row in self._operands(lead, region.constants)]
        turns = turns_of(
            self.b, lambda known: known.region(region, spans_of_operands(outer, region))
        )
        self.moving = Moving(outer, index, region.carries, spares, turns)
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
            return holds(self.inner[0], given)

        return self.b.while_(state, test, lambda values: self._turn(values, (), (), {})[0])

    def _for(self, state: list[Value]) -> list[Value]:
        lower, upper = (operand(self.outer, row) for row in self._operands(0, 2))
        b, carried, end = self.b, self.carried, self.carried.end(upper)
        values = [carried.first(lower), *state]
        index, most = carried.index(values[0]), end_of_places(self.region)
        if isinstance(index, Whole) and most is not None and index.span.high >= most:
            # Within the ends of all arrays, as it is in general, no place is compared with them.
            within = b.select(b.compare("lt", end, most), end, b.constant(most, end.type))
            wide = self.outer.plan.wide.get(self.index)
            with seldom(b, wide is not None):
                values = self._at_once(values, within, wide)
                values = self._between(values, within, most)
        with seldom(b, most is not None):
            return self._between(values, end)[1:]

    def _at_once(
        self, values: list[Value], end: Value, wide: tuple[Wide, Plan] | None
    ) -> list[Value]:
        """The same after turns that are made several at once, see `wide`."""
        b, carried = self.b, self.carried
        if wide is None:
            return values
        turns, plan = wide
        counter = carried.index(values[0])
        lowest = min([*turns.puts, *[ahead for _, ahead in turns.reads]])
        if not isinstance(counter, Whole) or counter.span.low + lowest < 0:
            return values
        inner = Inner(self.outer, plan, self.work)
        one, several = Type(self.outer.element), b.constants(list(range(LANES)), "double")

        def test(values: list[Value]) -> Value:
            return b.compare("le", carried.index(values[0]) + LANES, end)

        def turn(values: list[Value]) -> list[Value]:
            index = carried.index(values[0])
            place = b.cast("fptosi", index, "i64")
            b.store(b.splat(Value(b, one, index.text), LANES) + several, self.indices)
            given = [*self.fixed, self.indices]
            given += [self._at(self.fixed[k], place + ahead) for k, ahead in turns.reads]
            results = map(self.moving.result, range(len(turns.puts)))
            pairs = zip(results, turns.puts, strict=True)
            inner.write(given, {k: self._at(at, place + n) for k, (at, n) in enumerate(pairs)})
            return [carried.next(index + (LANES - 1))]

        return b.while_(values, test, turn)

    def _between(self, values: list[Value], end: Value, most: int | None = None) -> list[Value]:
        """The index and the state after turns to an end, which is this number at most."""
        b, carried = self.b, self.carried

        def test(values: list[Value]) -> Value:
            return b.compare("lt", carried.index(values[0]), end)

        def turn(values: list[Value]) -> list[Value]:
            index = carried.index(values[0])
            after = carried.next(index)
            if isinstance(index, Whole) and most is not None:
                index = index.narrowed(Span(index.span.low, most - 1))
            return [after, *self._turn(values[1:], [index], (), {})[0]]

        return b.while_(values, test, turn)

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
