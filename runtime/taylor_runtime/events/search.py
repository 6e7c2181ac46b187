"""The roots of all events on a piece, in order of time."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.events.block import ROOT_FIELDS
from taylor_runtime.events.frame import Frame, Part
from taylor_runtime.events.pieces import Pieces
from taylor_runtime.events.roots import SCAN, row_length
from taylor_runtime.ir import F64, I64, PAIR, Index, Type, Value, pair


class Search(Part):
    """Fills the list `roots` of the workspace."""

    def __init__(self, frame: Frame, pieces: Pieces) -> None:
        super().__init__(frame)
        self.pieces = pieces

    def roots(self, position: Value, length: Value) -> Value:
        """All events' roots on a piece, in order, into `roots`; returns how many."""
        b, w = self.b, self.watch
        padding = row_length(w.order)
        for n in range(w.order + 1, padding + 1):
            b.store(b.constant(0, F64), self.area("curve", n))

        def one(event: Value, carried: list[Value]) -> Sequence[Value]:
            found = self.scan(event, length)

            def take(i: Index, counted: list[Value]) -> list[Value]:
                assert isinstance(i, Value)
                u = b.load(F64, self.area("found", i * 2))
                direction = b.load(F64, self.area("found", i * 2 + 1))
                tau, low = self._polished(event, position, u * length, direction)
                self._insert(counted[0], tau, low, direction, event)
                return [counted[0] + 1]

            return b.fold(0, found, carried, take)

        return self.each_event([b.constant(0, I64)], one)[0]

    def scan(self, event: Value, length: Value) -> Value:
        """Roots of one event on a piece into `found`; memory goes to `trial`."""
        b, w = self.b, self.watch
        total, head, tail = self.pieces.curve(self.place(event), length)
        nothing = self.pieces.is_quiet(event, total, head, tail) | ~(total < float("inf"))

        def forget() -> list[Value]:
            memory = self.memory("trial", event)
            for name in ("side", "open", "reported"):
                memory.set(name, b.select(total < float("inf"), memory.get(name), 0.0))
            return [b.constant(0, I64)]

        def search() -> list[Value]:
            noise = b.load(F64, self.area("noise", event)) * w.unit
            memory = self.memory("trial", event).pointer
            listed = [self.area("curve"), b.constant(w.order, I64), noise]
            listed += [b.constant(w.unit, F64), memory]
            listed += [self.area("binomials"), self.area("scan"), self.area("found")]
            return [b.call(I64, SCAN, *listed)]

        return b.if_(nothing, forget, search)[0]

    def _polished(
        self, event: Value, position: Value, tau: Value, direction: Value
    ) -> tuple[Value, Value]:
        """The place in the step: of double-doubles one more step of Newton's method."""
        b, w = self.b, self.watch
        zero = b.constant(0, F64)
        if w.element != PAIR:
            whole = position + tau
            past = b.fabs(whole) > b.fabs(self.end)
            return b.select(past, self.end, whole), zero
        series = b.planes(self.area("series"), (w.order + 1) * w.outputs.size, PAIR)
        place, t = self.place(event), Type(PAIR)

        def refine() -> list[Value]:
            x = pair(tau, zero)

            def horner(i: Index, carried: list[Value]) -> list[Value]:
                value, slope = carried
                term = b.load(t, b.at(series, (w.order - i) * w.outputs.size + place, PAIR))
                slope = b.normal(b.fma(slope, x, value))
                return [b.normal(b.fma(value, x, term)), slope]

            nothing = b.constant(0, t)
            value, slope = b.fold(0, w.order + 1, [nothing, nothing], horner)
            step = value / slope
            small = b.fabs(b.to_double(step)) <= b.fabs(self.end) * 2.0**-40
            better = b.select(small, x - step, x)
            whole = b.normal(better + pair(position, zero))
            assert whole.parts
            return list(whole.parts)

        def keep() -> list[Value]:
            return list(b.normal(pair(position, zero) + pair(tau, zero)).parts)

        high, low = b.if_(b.ne(direction, 0), refine, keep)
        return high, low

    def _insert(self, count: Value, tau: Value, low: Value, direction: Value, event: Value) -> None:
        """Put a root where it belongs among those found before, which move on."""
        b = self.b

        def later(carried: list[Value]) -> Value:
            (index,) = carried
            first = index > 0
            safe = b.select(first, index - 1, index)
            return first & (b.fabs(b.load(F64, self.root(safe, 0))) > b.fabs(tau))

        def move(carried: list[Value]) -> list[Value]:
            (index,) = carried
            for field in range(ROOT_FIELDS):
                b.store(b.load(F64, self.root(index - 1, field)), self.root(index, field))
            return [index - 1]

        (index,) = b.while_([count], later, move)
        for field, value in enumerate((tau, low, direction, b.cast("sitofp", event, "double"))):
            b.store(value, self.root(index, field))
