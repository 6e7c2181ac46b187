"""Series of loops and choices inside programs of arrays.

Every turn has memory of its own for all orders, so that a pass runs through all turns at one order:
a turn reads of what it takes over the order at hand, which the turn before has just made.
"""

from __future__ import annotations

import math
from functools import partial

from taylor_runtime.arrays.memory import Plane
from taylor_runtime.arrays.plan import Plan
from taylor_runtime.arrays.plans.layout import room_of_turn
from taylor_runtime.arrays.regions.inner import (
    ALONE,
    Writer,
    as_number,
    begun,
    copy_row,
)
from taylor_runtime.arrays.regions.places import plane_of
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import contiguous
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Input


def emit_series(outer: Writer, index: int, n: Index, second: Value | None) -> None:
    """Coefficient n of the results of a loop or a choice; second: of a pair of orders."""
    region = outer.program.row(index).moved
    assert isinstance(region, Region)
    if region.kind == "switch":
        _Branches(outer, index, region, n, second).emit()
    else:
        _Turns(outer, index, region, n, second).emit()


class _Pass:
    """One pass over the programs inside of a row.

    work: the part of the workspace that they have.
    """

    def __init__(
        self, outer: Writer, index: int, region: Region, n: Index, second: Value | None
    ) -> None:
        self.outer, self.b, self.index, self.region = outer, outer.b, index, region
        self.n, self.second = n, second
        self.plans = outer.plan.inner[index]
        self.work = self._at(outer.memory.workspace, outer.memory.layout.inside[index])

    def _at(self, place: Value, distance: Index) -> Value:
        return self.b.at(place, distance, self.outer.element)

    def _row_plane(self, row: int, n: Index, distance: Index = 0) -> Value:
        """Where an order of a row of the outer program begins."""
        access, memory = self.outer.plan.access(row), self.outer.memory
        if n != 0 and not self.outer.plan.varies[row]:
            n = 0
        return self._at(self._at(memory.base(access.row, n), access.offset), distance)

    def _result_plane(self, number: int, n: Index, distance: Index = 0) -> Value:
        base = self.outer.memory.base(self.index, n)
        return self._at(self._at(base, self.region.places[number]), distance)

    def _run(self, plan: Plan, work: Value, given: dict[int, Plane], results: list[Plane]) -> None:
        """One program at the order at hand; given: numbers of inputs, or where they are."""
        emitter = begun(self.outer, plan, work, given, dict(enumerate(results)))
        if isinstance(self.n, int):
            emitter.constant_rows()
            emitter.order_zero()
        else:
            emitter.beyond(self.n, self.second)

    def _number(self, row: int) -> Value:
        return self.outer.memory.coefficient(row, 0, ALONE)

    def _given(self, row: int) -> Plane:
        """An operand that programs inside see as it is: a number, or where it is."""
        if not self.outer.program.shape(row) and not self.outer.plan.varies[row]:
            return self._number(row)
        return partial(self._row_plane, row)


class _Branches(_Pass):
    def emit(self) -> None:
        chosen, *fixed = self.region.operands
        index = self._number(chosen)
        given = {k: self._given(row) for k, row in enumerate(fixed)}
        results: list[Plane] = [
            partial(self._result_plane, k) for k in range(len(self.region.shapes))
        ]

        def branch(number: int) -> list[Value]:
            def write() -> list[Value]:
                self._run(self.plans[number], self.work, given, results)
                return []

            if number == len(self.plans) - 1:
                return write()
            return self.b.if_(
                self.b.compare("lt", index, number + 1), write, partial(branch, number + 1)
            )

        branch(0)


class _Turns(_Pass):
    def __init__(
        self, outer: Writer, index: int, region: Region, n: Index, second: Value | None
    ) -> None:
        super().__init__(outer, index, region, n, second)
        (self.plan,) = self.plans
        self.count = region.turns or 0
        self.room = room_of_turn(self.plan)
        self.orders = self.plan.program.order + 1
        self.stores, place = [], self.count * self.room
        for shape in region.shapes[: region.carries]:
            self.stores.append(self._at(self.work, place))
            place += plane_of(math.prod(shape) * self.orders * (self.count + 1))
        inputs = {
            row.start.index[0]: row.start.source
            for row in self.plan.program.rows
            if isinstance(row.start, Input)
        }
        self.first = region.constants + (region.kind == "for")
        self.varies = [
            inputs.get(self.first + k) == "outer"
            or self.plan.varies[self.plan.program.outputs[k][0]]
            for k in range(region.carries)
        ]
        self.steady = {k for k, source in inputs.items() if source == "parameter"}

    def _store(self, number: int, t: Index, n: Index) -> Value:
        """Where an order of what goes into turn t lies."""
        size = math.prod(self.region.shapes[number])
        return self._at(self._at(self.stores[number], t * (self.orders * size)), n * size)

    def emit(self) -> None:
        region, zero = self.region, isinstance(self.n, int)
        first = region.leading + region.constants
        moving = [k for k in range(region.carries) if zero or self.varies[k]]
        for k in moving:
            size = math.prod(region.shapes[k])
            copy_row(
                self.outer, self._store(k, 0, self.n), region.operands[first + k], self.n, size
            )

        def turn(t: Index, _: list[Value]) -> list[Value]:
            assert isinstance(t, Value)
            self._turn(t)
            return []

        self.b.fold(0, self.count, [], turn)
        for k in range(region.carries):
            self._finish(k, k in moving)

    def _finish(self, k: int, moves: bool) -> None:
        """The last carry among the results."""
        size, one = math.prod(self.region.shapes[k]), Type(self.outer.element)

        def move(i: Index, _: list[Value]) -> list[Value]:
            value = self.b.constant(0, one)
            if moves:
                place = self._at(self._store(k, self.count, self.n), i)
                value = self.b.load(one, place)
            self.b.store(value, self._result_plane(k, self.n, i))
            return []

        self.b.fold(0, size, [], move, unroll=size == 1)

    def _turn(self, t: Value) -> None:
        region = self.region
        fixed = region.operands[region.leading : region.leading + region.constants]
        given: dict[int, Plane] = {k: self._given(row) for k, row in enumerate(fixed)}
        if region.kind == "for":
            assert region.bounds is not None
            given[region.constants] = as_number(self.outer, t + region.bounds[0])
        for k in range(region.carries):
            given[self.first + k] = self._carry(k, t)
        place = region.length - 1 - t if region.reverse else t
        slices = region.operands[region.leading + region.constants + region.carries :]
        for k, row in enumerate(slices, self.first + region.carries):
            given[k] = self._slice(row, place, k in self.steady)
        results: list[Plane] = [partial(self._store, k, t + 1) for k in range(region.carries)]
        for k in range(region.carries, len(region.shapes)):
            size = math.prod(region.shapes[k][1:])
            results.append(partial(self._result_plane, k, distance=place * size))
        self._run(self.plan, self._at(self.work, t * self.room), given, results)

    def _carry(self, k: int, t: Value) -> Plane:
        if not self.region.shapes[k] and self.first + k in self.steady:
            return self.b.load(Type(self.outer.element), self._store(k, t, 0))
        return partial(self._store, k, t)

    def _slice(self, row: int, t: Value, steady: bool) -> Plane:
        shape = self.outer.program.shape(row)
        strides = self.outer.plan.access(row).strides or contiguous(shape)
        place = partial(self._row_plane, row, distance=t * strides[0])
        if len(shape) == 1 and steady:
            return self.b.load(Type(self.outer.element), place(0))
        return place
