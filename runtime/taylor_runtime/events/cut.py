"""The end of a step that an event cuts short."""

from __future__ import annotations

from taylor_runtime.events.block import CUT, SLIDES, STOPS, SWITCH, TELLS
from taylor_runtime.events.combine import Combination
from taylor_runtime.events.frame import Frame, Part
from taylor_runtime.events.refine import TWIN
from taylor_runtime.events.search import Search
from taylor_runtime.ir.types import F64, I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.codes import EVENT_CUT, EVENT_STOP, SLIDING, SWITCHED


class Cut(Part):
    """Makes the step end at `block.cut`."""

    def __init__(self, frame: Frame, search: Search, combination: Combination | None) -> None:
        super().__init__(frame)
        self.search = search
        self.combination = combination

    def cut(self, position: Value, flags: Value, verdict: Value) -> Value:
        """End the step at `cut`, with every event's memory as it is there; returns the status."""
        b, block, control, w = self.b, self.block, self.control, self.watch
        tau, low = block.get("cut"), block.get("cut_low")
        self.copy("memory", "trial")
        self._remember_until(position, tau)
        self.copy("trial", "memory")
        slides = b.ne(flags & SLIDES, 0)
        block.set("flipped", 0)
        b.if_(~slides, self._flip)  # else Python reads them, and decides
        whole = b.eq(tau, self.end)
        time, time_low = self.time_at(tau)
        if w.kind.is_finer:
            total = time + (time_low + low * self.scale)
            time_low = (time - total) + (time_low + low * self.scale)
            time = total
        control.set("time", b.select(whole, control.get("time"), time))
        control.set("time_low", b.select(whole, control.get("time_low"), time_low))
        control.set("step", tau * self.scale)

        def shorten() -> list[Value]:
            self.state_at(tau, low, self.state)
            self._clear_error()
            return []

        b.if_(~whole, shorten)
        stopped = b.ne(flags & STOPS, 0)
        told = b.eq(verdict, CUT) | b.ne(flags & TELLS, 0)
        status = b.select(told, b.constant(EVENT_CUT, I64), SWITCHED)
        status = b.select(slides, b.constant(SLIDING, I64), status)
        return b.select(stopped, b.constant(EVENT_STOP, I64), status)

    def _remember_until(self, position: Value, tau: Value) -> None:
        """What is known of every event at `tau`; a root there is known to have been reported."""
        b, skip = self.b, self.block.get("skip")

        def one(event: Value, _: list[Value]) -> list[Value]:
            resolved = self.search.scan(event, tau - position)
            number = b.cast("sitofp", event, "double")

            def tally(i: Index, counted: list[Value]) -> list[Value]:
                assert isinstance(i, Value)
                same = b.eq(b.load(F64, self.root(i, 3)), number)
                direction = b.load(F64, self.root(i, 2))
                last = b.select(same, direction, counted[1])
                return [counted[0] + b.cast("zext", same, "i64"), last]

            nothing = [b.constant(0, I64), b.constant(0, F64)]
            reported, last = b.fold(b.constant(0, I64), skip, nothing, tally)

            def mark() -> list[Value]:
                memory = self.memory("trial", event)
                switch = b.eq(self.table(event).get("action"), SWITCH)
                mode = self.memory("memory", event).get("side")
                twin = b.eq(b.fabs(last), TWIN) & ~switch  # the other one is still to come
                side = b.select(twin, b.copysign(b.constant(1, F64), last), 0.0)
                memory.set("side", b.select(switch, mode, side))
                memory.set("open", 1.0)
                memory.set("reported", b.select(twin, b.constant(0, F64), 1.0))
                return []

            b.if_(reported > resolved, mark)
            return []

        self.each_event([], one)
        if self.combination is not None:
            self.combination.remember_until()

    def _flip(self) -> list[Value]:
        """Set the modes that switched, and let their events start on the other side."""
        b = self.b

        def one(event: Value, _: list[Value]) -> list[Value]:
            at = self.area("flips", event)
            new = b.load(F64, at)

            def change() -> list[Value]:
                table = self.table(event)
                part = self.watch.kind.part
                place = b.at(self.parameters, table.get("mode"), part)
                counts = b.ne(table.get("change"), 0)
                old = b.to_double(b.load(Type(part), place))
                value = b.select(counts, old + table.get("change"), new)
                b.store(b.from_double(value, part), place)
                # A counter's own surface moves on; the way back begins where it was.
                leaves = b.select(counts, table.get("partner"), event)
                self.memory("memory", event).set("side", -new)
                self.memory("memory", event).set("open", 0.0)
                self.memory("memory", leaves).set("side", new)
                noise = self.memory("memory", event).get("noise")
                self.memory("memory", leaves).set("noise", noise)
                for name in ("open", "reported"):
                    self.memory("memory", leaves).set(name, 1.0)
                b.store(b.constant(0, F64), at)
                self.block.set("flipped", event + 1)
                return []

            b.if_(b.ne(new, 0), change)
            return []

        self.each_event([], one)
        return []

    def _clear_error(self) -> None:
        """The rounding error of a state that was evaluated anew."""
        b, number = self.b, self.watch.kind.part

        def one(i: Index, _: list[Value]) -> list[Value]:
            for part in self.error.parts:
                b.store(b.constant(0, Type(number)), b.at(part, i, number))
            return []

        b.fold(0, self.watch.states.size, [], one)
