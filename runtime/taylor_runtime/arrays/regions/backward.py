"""Loops gone back, turn by turn: carries of the way forth that are kept, and made again.

On the way forth the carries are kept at every turn, in so many slots; when these are full every
second one is given up, and from then on only every second, then every fourth turn is kept.  Going
back, the turns between two of these are made again, first with others kept at a few places between
them, then all of them, a slot each.  As many turns as there are slots are made once; up to their
third power three times.  Memory is the same for any number of turns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from taylor_runtime.arrays.plans.layout import room_inside
from taylor_runtime.arrays.regions.conditions import holds
from taylor_runtime.arrays.regions.inner import Inner, Writer, copy, operand, put_number
from taylor_runtime.arrays.regions.moving import Moving
from taylor_runtime.arrays.regions.places import plane_of, slots_kept, spare_places, state_places
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kernels import Region


def emit_backward(outer: Writer, index: int) -> None:
    """The results of a loop that goes forth and back."""
    region = outer.program.row(index).moved
    assert isinstance(region, Region)
    _Backward(outer, index, region).emit()


class _Backward:
    """One loop.

    slots:  of each of the three levels; kept: where the slots of these begin.
    places: of the carries within a slot; size: of a slot.
    pair:   two places for carries that turns go through.
    """

    def __init__(self, outer: Writer, index: int, region: Region) -> None:
        self.outer, self.b, self.region = outer, outer.b, region
        memory, plans = outer.memory, outer.plan.inner[index]
        work = self._at(memory.workspace, memory.layout.inside[index])
        first = region.constants + region.carries
        self.shapes = [
            outer.program.shape(row) for row in region.operands[region.constants : first]
        ]
        *self.places, size = state_places(self.shapes)
        self.size, self.slots = plane_of(size), slots_kept(size)
        sizes = spare_places(region.shapes)
        start = room_inside(outer.plan, index) - sum(sizes)
        spares = [self._at(work, start + sum(sizes[:k])) for k in range(len(sizes))]
        start -= (3 * self.slots + 2) * self.size
        levels = [start + k * self.slots * self.size for k in range(4)]
        self.kept = [self._at(work, level) for level in levels[:3]]
        self.pair = [self._at(work, levels[3] + k * self.size) for k in range(2)]
        self.condition, self.body, self.pull = (Inner(outer, plan, work) for plan in plans)
        self.fixed = [operand(outer, row) for row in region.operands[: region.constants]]
        self.moving = Moving(outer, index, len(region.shapes), spares)

    def _at(self, place: Value, distance: Index) -> Value:
        return self.b.at(place, distance, self.outer.element)

    def _slot(self, level: int, number: Index) -> Value:
        return self._at(self.kept[level], number * self.size)

    def _whole(self, number: int) -> Value:
        return self.b.constant(number, I64)

    # -- carries ----------------------------------------------------------------------------------

    def _carries(self, place: Value) -> list[Value]:
        """The numbers, and where the arrays are, that lie in a place."""
        one = Type(self.outer.element)
        at = [self._at(place, distance) for distance in self.places]
        pairs = zip(at, self.shapes, strict=True)
        return [where if shape else self.b.load(one, where) for where, shape in pairs]

    def _advance(self, source: Value, target: Value) -> None:
        """A turn, from the carries in one place to those in another."""
        shapes = self.shapes
        at = [self._at(target, distance) for distance in self.places]
        targets = {k: place for k, place in enumerate(at) if shapes[k]}
        numbers = self.body.write([*self.fixed, *self._carries(source)], targets)
        single = [place for place, shape in zip(at, shapes, strict=True) if not shape]
        for number, place in zip(numbers, single, strict=True):
            put_number(self.outer, number, place, 0)

    def _copy(self, target: Value, source: Value) -> None:
        copy(self.outer, target, source, self.size)

    def _through(self, start: Value, count: Index, each: Callable[[Value, Value], None]) -> Value:
        """Where the carries are after so many turns from a place; each: called with the number of
        the turn and where the carries before it are.
        """
        self._copy(self.pair[0], start)
        parts = len(start.parts)

        def turn(i: Index, places: list[Value]) -> Sequence[Value]:
            now, after = self._two(places, parts)
            assert isinstance(i, Value)
            each(i, now)
            self._advance(now, after)
            return [*after.parts, *now.parts]

        both = [part for place in self.pair for part in place.parts]
        return self._two(self.b.fold(0, count, both, turn), parts)[0]

    def _two(self, places: Sequence[Value], parts: int) -> tuple[Value, Value]:
        return self.b.pointers(places[:parts]), self.b.pointers(places[parts:])

    # -- forth ------------------------------------------------------------------------------------

    def _forth(self) -> tuple[Value, Value]:
        """How many turns there are, and how many lie between two that are kept."""
        b, parts = self.b, len(self.pair[0].parts)
        first = self.region.constants
        rows = self.region.operands[first : first + self.region.carries]
        for row, place, shape in zip(rows, self.places, self.shapes, strict=True):
            given, target = operand(self.outer, row), self._at(self.pair[0], place)
            if shape:
                copy(self.outer, target, given, math.prod(shape))
            else:
                put_number(self.outer, given, target, 0)

        def test(values: list[Value]) -> Value:
            now, _ = self._two(values[3:], parts)
            return holds(self.condition, [*self.fixed, *self._carries(now)])

        def turn(values: list[Value]) -> list[Value]:
            count, used, distance, *places = values
            now, after = self._two(places, parts)

            def keep() -> list[Value]:
                full = b.eq(used, self.slots)
                room = b.if_(full, self._halve, lambda: [used])[0]
                wider = b.select(full, distance * 2, distance)
                self._copy(self._slot(0, room), now)
                return [room + 1, wider]

            due = b.eq(count, used * distance)
            kept = b.if_(due, keep, lambda: [used, distance])
            self._advance(now, after)
            return [count + 1, *kept, *after.parts, *now.parts]

        both = [part for place in self.pair for part in place.parts]
        start = [self._whole(0), self._whole(0), self._whole(1), *both]
        count, _, distance, *_ = b.while_(start, test, turn)
        return count, distance

    def _halve(self) -> list[Value]:
        """Every second slot is given up."""

        def move(k: Index, _: list[Value]) -> list[Value]:
            self._copy(self._slot(0, k), self._slot(0, k * 2))
            return []

        self.b.fold(1, self.slots // 2, [], move)
        return [self._whole(self.slots // 2)]

    # -- back -------------------------------------------------------------------------------------

    def emit(self) -> None:
        count, distance = self._forth()
        first = self.region.constants + self.region.carries
        state = self.moving.begin(self.region.operands[first:])
        self.moving.end(self._pieces(count, distance, state, self._segment))

    def _pieces(
        self,
        count: Value,
        length: Value,
        state: list[Value],
        body: Callable[[Value, Value, list[Value]], list[Value]],
    ) -> list[Value]:
        """body(number, how many, state) for pieces of a length of so many turns, the last first."""
        b = self.b
        pieces = (count + length - 1) // length

        def one(k: Index, values: list[Value]) -> Sequence[Value]:
            number = pieces - 1 - k
            return body(number, b.intrinsic("smin", length, count - number * length), values)

        return b.fold(0, pieces, state, one)

    def _segment(self, number: Value, turns: Value, state: list[Value]) -> list[Value]:
        """Turns between two that were kept on the way forth."""
        b = self.b
        distance = (turns + (self.slots - 1)) // self.slots
        last = (turns - 1) // distance

        def keep(i: Value, now: Value) -> None:
            place = i // distance

            def put() -> list[Value]:
                self._copy(self._slot(1, place), now)
                return []

            b.if_(b.eq(place * distance, i), put)

        end = self._through(self._slot(0, number), last * distance, keep)
        self._copy(self._slot(1, last), end)

        def inside(number: Value, turns: Value, state: list[Value]) -> list[Value]:
            def chunk(k: Value, turns: Value, state: list[Value]) -> list[Value]:
                return self._turns(self._slot(1, number), k * self.slots, turns, state)

            return self._pieces(turns, self._whole(self.slots), state, chunk)

        return self._pieces(turns, distance, state, inside)

    def _turns(self, start: Value, skipped: Value, turns: Value, state: list[Value]) -> list[Value]:
        """So many turns back, those after `skipped` turns from a place."""
        b = self.b

        def keep(i: Value, now: Value) -> None:
            def put() -> list[Value]:
                self._copy(self._slot(2, i - skipped), now)
                return []

            b.if_(b.compare("ge", i, skipped), put)

        end = self._through(start, skipped + turns - 1, keep)
        self._copy(self._slot(2, turns - 1), end)

        def back(k: Index, values: list[Value]) -> Sequence[Value]:
            before = self._carries(self._slot(2, turns - 1 - k))
            given = [*self.fixed, *before, *self.moving.now(values)]
            numbers = self.pull.write(given, self.moving.targets(values))
            return self.moving.after(values, numbers)

        return b.fold(0, turns, state, back)
