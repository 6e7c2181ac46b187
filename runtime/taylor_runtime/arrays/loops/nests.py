"""The loops over the elements of a nest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

from taylor_runtime.arithmetic.kernel_calls import KernelCalls, written_out
from taylor_runtime.arrays.loops.reductions import REDUCTIONS, Reduction
from taylor_runtime.arrays.memory import ArrayMemory
from taylor_runtime.arrays.plan import BEYOND, START, Plan
from taylor_runtime.arrays.plans.works import Nest
from taylor_runtime.arrays.walk import Place
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import (
    ArrayProgram,
    Join,
    Scatter,
    Shape,
    Take,
    Total,
    contiguous,
    moved_rows,
)
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Input, Kernel
from taylor_runtime.program.shapes.reads import OLD
from taylor_runtime.program.shapes.sums import chunk_lanes
from taylor_runtime.program.shapes.walks import Axis, Lanes, aligned, walk_of

# Elements side by side that are summed over axes outside of theirs: whole stretches of memory are
# read, where lines far apart would share a few sets of a cache; each is summed as if alone.
ACROSS = 64  # half as many for each row that is computed on the way


class Elements(Protocol):
    """Gives the elements of rows at places of a walk."""

    b: Builder
    plan: Plan
    program: ArrayProgram
    memory: ArrayMemory
    element: str
    kernels: KernelCalls

    def value(self, index: int, n: Index, place: Place, second: bool | None = None) -> Value: ...

    def positions(self, table: int, shape: Shape, place: Place) -> Value: ...


class NestWriter:
    """Writes the loops of one nest at one order."""

    def __init__(
        self,
        emitter: Elements,
        nest: Nest,
        n: Index,
        second: bool | None,
        first: Index | None = None,
    ) -> None:
        self.first = first
        self.second = second
        self.emitter = emitter
        self.b = emitter.b
        self.plan = emitter.plan
        self.program = emitter.program
        self.memory = emitter.memory
        self.nest = nest
        self.n = n
        summed, lanes = (
            nest.summed[0] if nest.summed else ((), Lanes(last=True) if nest.half else None)
        )
        apart = nest.half or first is not None
        accesses = self._accesses()
        walk = self.walk = walk_of(nest.space, accesses, summed, apart, lanes)
        self.lanes = 0
        if walk.vector is not None:
            parts, n = ELEMENTS[emitter.element].parts, 0 if emitter.memory.at_zero else 1
            axis = walk.axes[walk.vector]
            self.lanes = chunk_lanes(axis.size, n, parts)
            across = ACROSS >> len(nest.rows)
            along = {access[axis.last] for access in accesses}
            if self.lanes < across <= axis.size and along <= {0, 1} and self._sums_across(axis):
                self.lanes = across

    def emit(self) -> None:
        self.memory.segments.clear()
        if self.first is None:
            self.clear()
        rows = (self.program.row(index) for index in self.nest.rows)
        with written_out(self.b, rows, self.emitter.element):
            self._kept(0, (), None)

    def clear(self) -> None:
        """Zeros where elements are added to what there is."""
        for row in self.nest.adds:
            self._clear(row)

    def _sums_across(self, axis: Axis) -> bool:
        """Whether elements side by side are summed over axes outside of theirs, and little else."""
        rows = [self.program.row(index) for index in self.nest.rows]
        plain = all(row.moved is None and not isinstance(row.start, Kernel) for row in rows)
        plain = plain and not any(map(self.plan.convolves, self.nest.rows))
        return bool(self.nest.totals) and not axis.summed and not self.nest.half and plain

    def _accesses(self) -> list[Shape]:
        """The strides, along the axes of a nest, of all that it reads and writes."""
        found = [contiguous(self.nest.space)] if self._touches_all() else []
        found += [
            self.plan.pitch.strides(row) for row in self.nest.rows if row in self.plan.pitch.wide
        ]
        dimensions = range(len(self.nest.space))
        for axis in self.nest.seams:  # which is walked by itself
            found.append(tuple(int(k == axis) for k in dimensions))
        for index in self.nest.rows:
            for read in self.plan.reads(BEYOND if not self.memory.at_zero else START, index):
                late = read.row in self.plan.sums and read.when == OLD
                if not (late or read.row in self.plan.again or read.row in self.plan.joins):
                    found.append(self._strides(read.row, self.nest.space))
        for index in self.nest.totals:
            for used in moved_rows(self.program.row(index).moved):
                found.append(self._strides(used, self.nest.space))
            found.append(self._placed(index))
        for index, part in self.nest.parts:
            row = self.program.row(index)
            assert isinstance(row.moved, Join)
            found.append(self._strides(row.moved.parts[part], self.nest.space))
            found.append(contiguous(row.shape))
        for index in self.nest.adds:
            moved = self.program.row(index).moved
            assert isinstance(moved, Scatter)
            found.append(self._strides(moved.source, self.nest.space))
        return found

    def _placed(self, total: int) -> Shape:
        """The strides at which sums lie, along the axes of the nest."""
        moved, kept = self.program.row(total).moved, iter(self.plan.pitch.strides(total))
        assert isinstance(moved, Total)
        return tuple(0 if k in moved.axes else next(kept) for k in range(len(self.nest.space)))

    def _touches_all(self) -> bool:
        """Whether elements of the whole shape are in an array: stored, taken, or scattered."""
        rows = [self.program.row(index) for index in self.nest.rows]
        moves = any(isinstance(row.moved, Take) or isinstance(row.start, Input) for row in rows)
        stored = any(self.memory.kept(index, self.n) for index in self.nest.rows)
        return moves or stored or bool(self.nest.adds) or not self.nest.totals

    def _strides(self, row: int, space: Shape) -> Shape:
        if self.program.is_number(row):
            return (0,) * len(space)
        return aligned(self.plan.access(row).strides, self.program.shape(row), space)

    def _clear(self, row: int) -> None:
        """Zeros in all elements of a row."""
        base, one = self.memory.base(row, self.n), Type(self.emitter.element)

        def clear(i: Index, _: list[Value]) -> Sequence[Value]:
            self.b.store(self.b.constant(0, one), self.b.at(base, i, self.emitter.element))
            return []

        self.b.fold(0, self.plan.pitch.room(row), [], clear)

    def _kept(self, depth: int, indices: tuple[Index, ...], fresh: Value | None) -> None:
        """Loops over the axes that are not summed."""
        if depth == self.walk.kept:
            self._inside(indices, fresh)
            return

        def one(index: Index, fresh: Value | None, _: list[Value]) -> list[Value]:
            self._kept(depth + 1, (*indices, index), fresh)
            return []

        self._loop(depth, one, [], indices)

    def _loop(
        self,
        depth: int,
        body: Callable[[Index, Value | None, list[Value]], list[Value]],
        carried: list[Value],
        outer: tuple[Index, ...],
    ) -> list[Value]:
        """body(index, lanes that are new, carried) along an axis of the walk; outer: where it is
        on those before.
        """
        if not depth and self.first is not None:
            return body(self.first, None, carried)
        axis, lanes = self.walk.axes[depth], self.lanes
        if axis.last not in self.nest.seams:
            return self._part(depth, self._begin(depth, outer), axis.size, body, carried)
        ends = sorted(self.nest.seams[axis.last])
        for start, stop in pairwise(ends):
            self.memory.segments[axis.last] = start
            if depth == self.walk.vector:
                self.lanes = _fitting(stop - start, lanes)
            carried = self._part(depth, start, stop, body, carried)
        self.lanes = lanes
        return carried

    def _part(
        self,
        depth: int,
        begin: Index,
        end: int,
        body: Callable[[Index, Value | None, list[Value]], list[Value]],
        carried: list[Value],
    ) -> list[Value]:
        """The same for some of the axis."""
        if depth != self.walk.vector or not self.lanes:
            if begin == end - 1:
                return body(begin, None, carried)
            return self.b.fold(begin, end, carried, lambda i, values: body(i, None, values))
        lanes = self.lanes
        if begin == end - lanes:
            return body(begin, None, carried)
        count = (end - begin + lanes - 1) // lanes
        rest = isinstance(begin, Value) or (end - begin) % lanes

        def some(i: Index, values: list[Value]) -> list[Value]:
            start = i * lanes + begin
            if not rest:
                return body(start, None, values)
            assert isinstance(start, Value)
            last = self.b.intrinsic("smin", start, self.b.constant(end - lanes, I64))
            numbers = self.b.constants(list(range(lanes)), "i64")
            fresh = self.b.compare("ge", numbers, self.b.splat(start - last, lanes))
            return body(last, fresh, values)

        return self.b.fold(0, count, carried, some)

    def _begin(self, depth: int, outer: tuple[Index, ...]) -> Index:
        """The first element along an axis that is wanted."""
        return 0

    def _inside(self, indices: tuple[Index, ...], fresh: Value | None) -> None:
        """All rows at a place, and the loops that sum them."""
        nest, depth = self.nest, self.walk.kept
        if not nest.totals:
            self._elements(self._place(indices, fresh))
            return
        vector = self.walk.vector
        lanes = self.lanes if vector is not None else 0
        start = Type(self.emitter.element, lanes)
        found = [self._kind(row).begin(self.b, start) for row in nest.totals]
        counts = [len(values) for values in found]
        flat = self._summed(depth, indices, fresh, [value for values in found for value in values])
        outer = self._place(indices, fresh)
        for row, count in zip(nest.totals, counts, strict=True):
            self._finish(row, flat[:count], outer)
            flat = flat[count:]

    def _summed(
        self, depth: int, indices: tuple[Index, ...], fresh: Value | None, sums: list[Value]
    ) -> list[Value]:
        """Sums that elements were added to, along all axes that are summed."""
        if depth == len(self.walk.axes):
            place = self._place(indices, fresh)
            self._elements(place)
            return self._added(sums, place)

        def one(index: Index, new: Value | None, carried: list[Value]) -> list[Value]:
            return self._summed(depth + 1, (*indices, index), new or fresh, carried)

        return self._loop(depth, one, sums, indices)

    def _kind(self, row: int) -> Reduction:
        moved = self.program.row(row).moved
        assert isinstance(moved, Total)
        return REDUCTIONS[moved.kind]

    def _along(self) -> bool:
        """Whether lanes lie along an axis that is summed."""
        vector = self.walk.vector
        return vector is not None and self.walk.axes[vector].summed and self.lanes > 0

    def _added(self, sums: list[Value], place: Place) -> list[Value]:
        """What rows that are summed have become with the elements of a place."""
        found: list[Value] = []
        fresh = place.fresh if self._along() else None
        for row in self.nest.totals:
            kind, source = self._kind(row), moved_rows(self.program.row(row).moved)[0]
            old = sums[len(found) : len(found) + kind.values]
            value = self.b.normal(self.memory.newest(source, self.n, place))
            found += kind.add(self.b, old, value, self._position(place), fresh)
        return found

    def _position(self, place: Place) -> Callable[[], Value]:
        """The number of elements before these along the axes that are summed."""

        def make() -> Value:
            b, lanes = self.b, place.lanes if self._along() else 0
            total = b.constant(0, Type("i64", lanes))
            vector = self.walk.axes[self.walk.vector] if self.walk.vector is not None else None
            pairs = zip(self.walk.axes, place.indices, strict=True)
            summed = [pair for pair in pairs if pair[0].summed]
            for axis, index in sorted(summed, key=lambda pair: pair[0].last):
                place_along = b.splat(b.like(b.constant(0, I64), index), lanes)
                if lanes and axis is vector:
                    place_along = place_along + b.constants(list(range(lanes)), "i64")
                total = total * axis.size + place_along
            return b.splat(b.cast("sitofp", total, "double"), place.lanes)

        return make

    def _finish(self, row: int, values: list[Value], place: Place) -> None:
        """Put what came out where it belongs, if somebody reads this order."""
        if not self.memory.kept(row, self.n):
            return
        strides = self._placed(row)
        if self._along():
            place = Place(0, 0, place.walk, place.indices)
        total = self._kind(row).end(self.b, values, self._along(), self.emitter.element)
        base, total = self.memory.base(row, self.n), self.b.normal(total)
        if not self.walk.kept and self.memory.at_zero:
            self.memory.know(row, 0, total)
        self.memory.put(total, base, strides, self.nest.space, place)

    def _place(self, indices: tuple[Index, ...], fresh: Value | None) -> Place:
        missing = (0,) * (len(self.walk.axes) - len(indices))
        return Place(0, self.lanes, self.walk, (*indices, *missing), fresh)

    def _elements(self, place: Place) -> None:
        """All rows at a place."""
        emitter, memory, n = self.emitter, self.memory, self.n
        memory.values.clear()
        emitter.kernels.forget()
        for index in self.nest.rows:
            value = emitter.value(index, n, place, self.second)
            if index in self.plan.again:
                memory.values[index] = self.b.normal(value)
                continue
            memory.store(index, n, place, value)
            if memory.at_zero and index in self.plan.inverted and self.program.order:
                memory.store_reciprocal(index, place, memory.values[index])
        for index, part in self.nest.parts:
            self._copy(index, part, place)
        for index in self.nest.adds:
            self._scatter(index, place)

    def _copy(self, index: int, part: int, place: Place) -> None:
        """Elements of a part of a joined row."""
        program, row = self.program, self.program.row(index)
        assert isinstance(row.moved, Join)
        parts, axis = row.moved.parts, row.moved.axis
        strides = contiguous(row.shape)
        before = sum(program.shape(other)[axis] for other in parts[:part])
        base = self.memory.base(index, self.n)
        base = self.b.at(base, before * strides[axis], self.emitter.element)
        value = self.memory.newest(parts[part], self.n, place)
        self.memory.put(self.b.normal(value), base, strides, program.shape(parts[part]), place)

    def _scatter(self, index: int, place: Place) -> None:
        """Elements added where a table says, one after the other."""
        emitter, b = self.emitter, self.b
        moved = self.program.row(index).moved
        assert isinstance(moved, Scatter)
        shape = self.program.shape(moved.source)
        table = emitter.positions(moved.table, shape, place)
        value = b.normal(self.memory.newest(moved.source, self.n, place))
        if place.fresh is not None:
            value = b.select(place.fresh, value, b.constant(0, value.type))
        base, one = self.memory.base(index, self.n), Type(emitter.element)
        for lane in range(max(place.lanes, 1)):
            position = b.extract(table, lane) if place.lanes else table
            item = b.extract(value, lane) if place.lanes else value
            target = b.at(base, position, emitter.element)
            b.store(b.normal(b.load(one, target) + item), target)


def _fitting(size: int, lanes: int) -> int:
    """Lanes for a few elements: 0 for one alone."""
    return 0 if size < 2 else min(lanes, 1 << (size.bit_length() - 1))
