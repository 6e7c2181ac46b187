"""Sums of elements up to each one along an axis."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.arrays.memory import ArrayMemory
from taylor_runtime.arrays.walk import Place
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import Running, contiguous
from taylor_runtime.program.shapes.sums import running_lanes
from taylor_runtime.program.shapes.walks import Lanes, Walk, aligned, walk_of
from taylor_runtime.program.widths import REGISTER


def emit_running(memory: ArrayMemory, row: int, running: Running, n: Index) -> None:
    """Coefficient n of a row of running sums, in the order of `program.shapes.sums`."""
    program, shape = memory.program, memory.program.shape(row)
    if not program.row(row).size:
        return
    access = memory.plan.access(running.source)
    given = aligned(access.strides, program.shape(running.source), shape)
    along = running_lanes(program, running)
    lanes = Lanes((running.axis,) if along else ())
    walk = walk_of(shape, [given, contiguous(shape)], (running.axis,), lanes=lanes)
    _Running(memory, row, running, walk, n, along).emit()


class _Running:
    def __init__(
        self, memory: ArrayMemory, row: int, running: Running, walk: Walk, n: Index, along: int
    ) -> None:
        self.memory, self.b = memory, memory.b
        self.row, self.source, self.walk, self.n = row, running.source, walk, n
        summed = [axis for axis in walk.axes if axis.summed]
        self.length = summed[0].size if summed else 1
        self.across = not along
        size = walk.axes[walk.vector].size if walk.vector is not None else 1
        self.lanes = along or (REGISTER if size >= REGISTER else 0)

    def emit(self) -> None:
        self._kept(())

    def _kept(self, indices: tuple[Index, ...]) -> None:
        """Loops over the other axes."""
        walk, depth = self.walk, len(indices)
        if depth == walk.kept:
            self._along(indices, self.lanes if self.across else 0)
            return
        size = walk.axes[depth].size
        if depth != walk.vector or not self.lanes:
            self._each(size, 1, indices, self.lanes if self.across else 0)
            return
        whole = size // self.lanes * self.lanes
        self._each(whole, self.lanes, indices, self.lanes)
        if whole < size:  # the last ones again, from the end
            self._kept((*indices, size - self.lanes))

    def _each(self, size: int, step: int, indices: tuple[Index, ...], lanes: int) -> None:
        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            self._kept((*indices, i * step))
            return []

        self.b.fold(0, size // step, [], one)

    def _along(self, indices: tuple[Index, ...], lanes: int) -> None:
        """The sums along the axis, for elements side by side along another one, or in lanes."""
        b, element = self.b, self.memory.element
        total = b.constant(0, Type(element, lanes))
        start: Index = 0
        if not self.across and self.lanes:
            count = self.length // self.lanes

            def some(i: Index, carried: list[Value]) -> Sequence[Value]:
                place = Place(0, self.lanes, self.walk, (*indices, i * self.lanes))
                value = self._read(place)
                for distance in (1, 2, 4):
                    value = b.normal(value + _shifted(b, value, distance))
                value = b.normal(value + b.splat(carried[0], self.lanes))
                self._write(value, place)
                return [b.extract(value, self.lanes - 1)]

            (total,) = b.fold(0, count, [total], some)
            start = count * self.lanes

        def one(i: Index, carried: list[Value]) -> Sequence[Value]:
            along = (*indices, i) if any(axis.summed for axis in self.walk.axes) else indices
            place = Place(0, lanes, self.walk, along)
            value = b.normal(carried[0] + self._read(place))
            self._write(value, place)
            return [value]

        b.fold(start, self.length, [total], one)

    def _read(self, place: Place) -> Value:
        return self.b.normal(self.memory.newest(self.source, self.n, place))

    def _write(self, value: Value, place: Place) -> None:
        shape = self.memory.program.shape(self.row)
        base = self.memory.base(self.row, self.n)
        self.memory.put(value, base, contiguous(shape), shape, place)


def _shifted(b: Builder, value: Value, distance: int) -> Value:
    """Lane i of the result is lane i - distance, zero where there is none."""
    zero = b.constant(0, value.type)
    lanes = [value.lanes + i - distance if i >= distance else i for i in range(value.lanes)]
    return b.shuffle(zero, value, lanes)
