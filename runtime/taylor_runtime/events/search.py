"""The roots of all events on a piece, in order of time."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.events.block import ROOT_FIELDS, SWITCH
from taylor_runtime.events.frame import Frame, Part
from taylor_runtime.events.pieces import Pieces
from taylor_runtime.events.polynomial import row_length
from taylor_runtime.events.roots import SCAN
from taylor_runtime.ir.types import F64, I1, I64, Type
from taylor_runtime.ir.values import Index, Value


class Search(Part):
    """Fills the list `roots` of the workspace."""

    def __init__(self, frame: Frame, pieces: Pieces) -> None:
        super().__init__(frame)
        self.pieces = pieces

    def roots(self, position: Value, length: Value) -> Value:
        """All events' roots on a piece, in order, into `roots`; returns how many."""
        final = self._is_final(position, length)
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
                place = u * length
                if w.is_rough:
                    place = self._bisected(event, position, length, (place, direction))
                tau, low = self._polished(event, position, place, direction)
                self.insert(counted[0], tau, low, direction, event)
                return [counted[0] + 1]

            (count,) = b.fold(0, found, carried, take)
            return b.if_(
                self._ends_on(event, final), lambda: [self._end(event, count)], lambda: [count]
            )

        return self.each_event([b.constant(0, I64)], one)[0]

    def _is_final(self, position: Value, length: Value) -> Value:
        """Whether the piece ends where the propagation does."""
        b, control = self.b, self.control
        whole = b.eq(length, self.end - position)
        for name in ("time", "time_low"):
            whole = whole & b.eq(control.get(name), control.get(name.replace("time", "end")))
        return whole

    def _ends_on(self, event: Value, final: Value) -> Value:
        """Whether g is at zero where the propagation ends, and about to change its sign.

        Elsewhere the next step decides about such a zero; here it may never be made.
        """
        b, order = self.b, self.watch.order
        memory = self.memory("trial", event)
        waits = b.ne(memory.get("open"), 0) & b.eq(memory.get("reported"), 0)

        def add(n: Index, carried: list[Value]) -> list[Value]:
            slope, size, number = carried
            term = b.load(F64, self.area("curve", n)) * number
            return [slope + term, size + b.fabs(term), number + 1]

        def slopes() -> list[Value]:
            zero, one = b.constant(0, F64), b.constant(1, F64)
            slope, size, _ = b.fold(1, order + 1, [zero, zero, one], add)
            return [slope * memory.get("side") < size * -self.watch.unit]

        return b.if_(final & waits, slopes, lambda: [b.constant(0, I1)])[0]

    def _end(self, event: Value, count: Value) -> Value:
        """Take the end as the zero; what comes next knows that."""
        b, memory = self.b, self.memory("trial", event)
        self.insert(count, self.end, b.constant(0, F64), -memory.get("side"), event)
        switch = b.eq(self.table(event).get("action"), SWITCH)
        memory.set("side", b.select(switch, memory.get("side"), 0.0))
        memory.set("reported", 1.0)
        return count + 1

    def scan(self, event: Value, length: Value) -> Value:
        """Roots of one event on a piece into `found`; memory goes to `trial`."""
        b, w = self.b, self.watch
        sums = self.pieces.curve(self.place(event), length)
        total, head, tail = self.pieces.straighten(event, length, sums) if w.is_rough else sums
        nothing = self.pieces.is_quiet(event, total, head, tail) | ~(total < float("inf"))

        kept = total < float("inf")
        if w.is_rough:  # a pole is no gap
            kept = kept | self.pieces.is_short(event, length)

        def forget() -> list[Value]:
            memory = self.memory("trial", event)
            for name in ("side", "open", "reported"):
                memory.set(name, b.select(kept, memory.get(name), 0.0))
            return [b.constant(0, I64)]

        def search() -> list[Value]:
            noise = b.load(F64, self.area("noise", event)) * w.unit
            memory = self.memory("trial", event).pointer
            listed = [self.area("curve"), b.constant(w.order, I64), noise]
            listed += [b.constant(w.unit, F64), memory]
            listed += [self.area("binomials"), self.area("scan"), self.area("found")]
            return [b.call(I64, SCAN, *listed)]

        return b.if_(nothing, forget, search)[0]

    def _bisected(
        self, event: Value, position: Value, length: Value, root: tuple[Value, Value]
    ) -> Value:
        """A root that a straight line had, where the function itself changes its sign."""
        b, (place, direction) = self.b, root
        changes = b.ne(direction, 0) & b.ne(place, 0) & self.pieces.has_chord(event)

        def look() -> list[Value]:
            return [self.pieces.bisect(event, position, length, direction)]

        return b.if_(changes, look, lambda: [place])[0]

    def _polished(
        self, event: Value, position: Value, tau: Value, direction: Value
    ) -> tuple[Value, Value]:
        """The place in the step: of finer kinds than double one more step of Newton's method."""
        b, w, element = self.b, self.watch, self.watch.element
        if not w.kind.is_finer:
            whole = position + tau
            past = b.fabs(whole) > b.fabs(self.end)
            return b.select(past, self.end, whole), b.constant(0, F64)
        series = b.planes(self.area("series"), (w.order + 1) * w.outputs.size, element)
        place, t = self.place(event), Type(element)
        begin, wide = b.from_double(position, element), b.from_double(tau, element)

        def refine() -> list[Value]:
            def horner(i: Index, carried: list[Value]) -> list[Value]:
                value, slope = carried
                term = b.load(t, b.at(series, (w.order - i) * w.outputs.size + place, element))
                slope = b.normal(b.fma(slope, wide, value))
                return [b.normal(b.fma(value, wide, term)), slope]

            nothing = b.constant(0, t)
            value, slope = b.fold(0, w.order + 1, [nothing, nothing], horner)
            step = value / slope
            small = b.fabs(b.to_double(step)) <= b.fabs(self.end) * 2.0**-40
            better = b.select(small, wide - step, wide)
            return list(b.to_doubles(b.normal(better + begin)))

        def keep() -> list[Value]:
            return list(b.to_doubles(b.normal(begin + wide)))

        high, low = b.if_(b.ne(direction, 0), refine, keep)
        return high, low

    def insert(self, count: Value, tau: Value, low: Value, direction: Value, event: Value) -> None:
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
