"""The roots of all events on a piece, in order of time."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.events.block import ROOT_FIELDS, SWITCH
from taylor_runtime.events.frame import Frame, Part
from taylor_runtime.events.pieces import Pieces
from taylor_runtime.events.polynomial import row_length
from taylor_runtime.events.refine import Refinement
from taylor_runtime.events.roots import SCAN
from taylor_runtime.ir.types import F64, I1, I64
from taylor_runtime.ir.values import Index, Value


class Search(Part):
    """Fills the list `roots` of the workspace."""

    def __init__(self, frame: Frame, pieces: Pieces) -> None:
        super().__init__(frame)
        self.pieces = pieces

    def roots(self, position: Value, length: Value) -> Value:
        """All events' roots on a piece, in order, into `roots`; returns how many."""
        final, whole = self._is_final(position, length), self.b.eq(length, self.end - position)
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
                if w.kind.is_finer:
                    return [
                        self._refined(event, (position, length), (place, direction), counted[0])
                    ]
                whole = position + place
                past = b.fabs(whole) > b.fabs(self.end)
                tau = b.select(past, self.end, whole)
                self.insert(counted[0], tau, b.constant(0, F64), direction, event)
                return [counted[0] + 1]

            (count,) = b.fold(0, found, carried, take)
            rests = self._may_rest(event, whole)
            ends = self._ends_on(event, final) | rests
            return b.if_(ends, lambda: [self._end(event, count, rests)], lambda: [count])

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
        memory, waits = self.memory("trial", event), self._waits(event)

        def add(n: Index, carried: list[Value]) -> list[Value]:
            slope, size, number = carried
            term = b.load(F64, self.area("curve", n)) * number
            return [slope + term, size + b.fabs(term), number + 1]

        def slopes() -> list[Value]:
            zero, one = b.constant(0, F64), b.constant(1, F64)
            slope, size, _ = b.fold(1, order + 1, [zero, zero, one], add)
            return [slope * memory.get("side") < size * -self.watch.unit]

        return b.if_(final & waits, slopes, lambda: [b.constant(0, I1)])[0]

    def _waits(self, event: Value) -> Value:
        """Whether g has been nothing but noise since the last sign that counted."""
        b, memory = self.b, self.memory("trial", event)
        return b.ne(memory.get("open"), 0) & b.eq(memory.get("reported"), 0)

    def _may_rest(self, event: Value, whole: Value) -> Value:
        """Whether the step ends on the surface of a switch where the motion may come to rest."""
        b, table = self.b, self.table(event)
        known = b.ne(self.memory("trial", event).get("side"), 0)
        tells = b.eq(table.get("action"), SWITCH) & b.ne(table.get("tells"), 0)
        return whole & tells & known & self._waits(event)

    def _end(self, event: Value, count: Value, rests: Value) -> Value:
        """Take the end as the zero, or as a touch; what comes next knows that."""
        b, memory = self.b, self.memory("trial", event)
        zero = b.constant(0, F64)
        direction = b.select(rests, zero, -memory.get("side"))
        self.insert(count, self.end, zero, direction, event)
        switch = b.eq(self.table(event).get("action"), SWITCH)
        memory.set("side", b.select(switch, memory.get("side"), 0.0))
        memory.set("reported", 1.0)
        memory.set("blurred", 1.0)
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
            if w.is_rough:  # what is small where its domain begins is no zero
                begins = self.pieces.is_rough(event) & ~kept
                memory.set("reported", b.select(begins, b.constant(1, F64), memory.get("reported")))
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

    def _refined(
        self, event: Value, piece: tuple[Value, Value], root: tuple[Value, Value], count: Value
    ) -> Value:
        """Insert what a root is in double-double; the new count."""
        b = self.b

        def insert(count: Value, high: Value, low: Value, direction: Value) -> None:
            self.insert(count, high, low, direction, event)

        def refine() -> list[Value]:
            return [Refinement(self.frame).take(event, piece, root, (count, insert))]

        if not self.watch.is_rough:
            return refine()[0]

        def keep() -> list[Value]:
            start, place = (b.from_double(x, self.watch.element) for x in (piece[0], root[0]))
            high, low = b.to_doubles(b.normal(start + place))
            insert(count, high, low, root[1])
            return [count + 1]

        # Where a straight line stands for the function its series says nothing.
        return b.if_(self.pieces.has_chord(event), keep, refine)[0]

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
