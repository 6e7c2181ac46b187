"""Loops over pairs i, j of elements with j >= i, and sums over all pairs of which each was computed
once.

Lanes lie along j, and the first chunk begins with the register that has i; what lanes of j < i have
is anything, and is never added.
"""

from __future__ import annotations

from dataclasses import replace

from taylor_runtime.arrays.loops.nests import NestWriter
from taylor_runtime.arrays.loops.reductions import REDUCTIONS, Reduction
from taylor_runtime.arrays.walk import Place
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import Pairs, Shape
from taylor_runtime.program.shapes.sums import first_of_half


class HalfWriter(NestWriter):
    """Writes the loops of a nest of which a half is wanted, at one order."""

    def clear(self) -> None:
        """Zeros where sums over pairs are put together."""
        super().clear()
        for row in self.nest.totals:
            if self._is_of_pairs(row) and self.memory.kept(row, self.n):
                self._clear(row)

    def _accesses(self) -> list[Shape]:
        axes = len(self.nest.space)
        last = tuple(int(axis == axes - 1) for axis in range(axes))  # which is walked by itself
        return [*super()._accesses(), last]

    def _begin(self, depth: int, outer: tuple[Index, ...]) -> Index:
        axis = self.walk.axes[depth]
        if depth != self.walk.vector or axis.last != len(self.nest.space) - 1:
            return 0  # all is computed where lanes do not lie along j
        return first_of_half(self.b.like(self.b.constant(0, I64), outer[0]))

    # -- sums over pairs --------------------------------------------------------------------------

    def _is_of_pairs(self, row: int) -> bool:
        return isinstance(self.program.row(row).moved, Pairs)

    def _kind(self, row: int) -> Reduction:
        return REDUCTIONS["sum"]

    def _placed(self, total: int) -> Shape:
        if not self._is_of_pairs(total):
            return super()._placed(total)
        *middle, last = self.plan.pitch.strides(total)
        return (last, *middle, 0)

    def _added(self, sums: list[Value], place: Place) -> list[Value]:
        for row in self.nest.totals:
            moved = self.program.row(row).moved
            if isinstance(moved, Pairs) and self.memory.kept(row, self.n):
                value = self.b.normal(self.memory.newest(moved.mirrored, self.n, place))
                zero = self.b.constant(0, value.type)
                value = self.b.select(self._beyond(place, "gt"), value, zero)
                self._add_at(row, value, (0, *self.plan.pitch.strides(row)), place)
        if self._along():
            place = replace(place, fresh=self._beyond(place, "ge"))
        return super()._added(sums, place)

    def _beyond(self, place: Place, relation: str) -> Value:
        """The lanes that are new and from i on ("ge"), or beyond it ("gt")."""
        distance = self.b.like(self.b.constant(0, I64), place.indices[0]) - place.indices[-1]
        numbers = self.b.constants(list(range(place.lanes)), "i64")
        found = self.b.compare(relation, numbers, self.b.splat(distance, place.lanes))
        return found if place.fresh is None else found & place.fresh

    def _finish(self, row: int, values: list[Value], place: Place) -> None:
        if not self._is_of_pairs(row):
            super()._finish(row, values, place)
        elif self.memory.kept(row, self.n):
            total = self._kind(row).end(self.b, values, True, self.emitter.element)
            self._add_at(row, total, self._placed(row), replace(place, lanes=0))

    def _add_at(self, row: int, value: Value, strides: Shape, place: Place) -> None:
        base, space = self.memory.base(row, self.n), self.nest.space
        old = self.memory.load_at(base, strides, space, place)
        self.memory.put(self.b.normal(old + value), base, strides, space, place)
