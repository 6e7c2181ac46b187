"""What roots do: they are recorded, and stop the step, switch modes, or ask Python."""

from __future__ import annotations

from taylor_runtime.events.block import (
    ASK,
    ASKS,
    CUT,
    EVENT_HEADER,
    PART,
    ROOT_FIELDS,
    SLIDES,
    STOP,
    STOPS,
    SWITCH,
    SWITCHES,
    TELLS,
    event_length,
)
from taylor_runtime.events.cut import Cut
from taylor_runtime.events.frame import Frame, Part
from taylor_runtime.events.roots import AGAIN
from taylor_runtime.ir.types import F64, I64
from taylor_runtime.ir.values import Value
from taylor_runtime.program.codes import EVENT_ASKED

TOGETHER = 2.0**-50  # of time or step: roots that are at the same time


class Settlement(Part):
    """Goes through the list `roots`."""

    def __init__(self, frame: Frame, cut: Cut) -> None:
        super().__init__(frame)
        self.cut = cut

    def settle(self, position: Value, roots: Value) -> Value:
        """Record the roots in order, until one asks, stops or switches; returns the status."""
        b, block = self.b, self.block

        def goes_on(carried: list[Value]) -> Value:
            index, status = carried
            waiting = b.ne(block.get("verdict"), 0)
            return b.eq(status, 0) & ((index < roots) | waiting)

        def group(carried: list[Value]) -> list[Value]:
            def known() -> list[Value]:
                return [carried[0]]

            def take() -> list[Value]:
                return [self._take_group(carried[0], roots)]

            verdict = block.get("verdict")
            (index,) = b.if_(b.ne(verdict, 0), known, take)
            flags = block.get("flags")
            asks = b.ne(flags & ASKS, 0) & b.eq(verdict, 0)
            cuts = b.ne(flags & (STOPS | SWITCHES | SLIDES | TELLS), 0) | b.eq(verdict, CUT)

            def ask() -> list[Value]:
                return [b.constant(EVENT_ASKED, I64)]

            def decide() -> list[Value]:
                block.set("verdict", 0)

                def cut() -> list[Value]:
                    return [self.cut.cut(position, flags, verdict)]

                return b.if_(cuts, cut, lambda: [b.constant(0, I64)])

            (status,) = b.if_(asks, ask, decide)
            return [index, status]

        return b.while_([block.get("skip"), b.constant(0, I64)], goes_on, group)[1]

    def _take_group(self, first: Value, roots: Value) -> Value:
        """Record one root, and those at the same time if it is more than recorded."""
        b, block = self.b, self.block
        block.set("flags", 0)
        block.set("group", block.get("count"))
        tau, low = (b.load(F64, self.root(first, k)) for k in range(2))
        block.set("cut", tau)
        block.set("cut_low", low)
        time = b.fabs(self.start[0]) * (1 / self.scale)
        size = b.select(time > b.fabs(self.end), time, b.fabs(self.end))
        near = b.fma(size, TOGETHER, b.fabs(tau))

        def belongs(carried: list[Value]) -> Value:
            (index,) = carried
            inside = index < roots
            safe = b.select(inside, index, first)
            close = b.fabs(b.load(F64, self.root(safe, 0))) <= near
            return inside & (b.eq(index, first) | (close & b.ne(block.get("flags"), 0)))

        def take(carried: list[Value]) -> list[Value]:
            self._take(carried[0])
            return [carried[0] + 1]

        (index,) = b.while_([first], belongs, take)
        block.set("skip", index)
        return index

    def _take(self, index: Value) -> None:
        """Record a root, if its event wants it, and what it wants."""
        b, block = self.b, self.block
        tau, low, seen, number = (b.load(F64, self.root(index, k)) for k in range(ROOT_FIELDS))
        event = b.cast("fptosi", number, "i64")
        table, memory = self.table(event), self.memory("memory", event)
        forward = b.copysign(b.constant(1, F64), self.end)
        direction = b.select(b.eq(seen, 0), seen, b.copysign(forward, seen * self.end))
        time, time_low = self.time_at(tau)
        if self.watch.kind.is_finer:
            more = low * self.scale
            total = time + (time_low + more)
            time, time_low = total, (time - total) + (time_low + more)
        wanted, cooldown = table.get("direction"), table.get("cooldown")
        right = b.eq(wanted, 0) | (wanted * direction > 0)
        cool = b.fabs(time - memory.get("last")) < cooldown
        action = table.get("action")
        # A start on the surface neither stops nor changes what has just begun.
        going = b.ne(memory.get("side"), 0) | b.ne(tau, 0)
        switch = b.eq(action, SWITCH)
        tells = b.ne(table.get("tells"), 0) & (b.ne(seen, 0) | going)  # a touch may be a rest

        def record() -> list[Value]:
            def keep() -> list[Value]:
                self._record(number, tau, low, (time, time_low), direction)
                for name in ("memory", "trial"):
                    self.memory(name, event).set("last", time)
                return []

            b.if_(b.fabs(seen) < AGAIN, keep)
            flags = b.constant(0, I64)
            for condition, flag in (
                (b.eq(action, STOP) & going, STOPS),
                (b.eq(action, ASK) & going, ASKS),
                (switch & b.ne(seen, 0), SWITCHES),
                (switch & (b.fabs(seen) >= AGAIN), SLIDES),
                (switch & tells, TELLS),
            ):
                flags = flags | b.select(condition, b.constant(flag, I64), 0)
            block.set("flags", block.get("flags") | flags)
            flip = b.select(switch, b.copysign(forward, seen), 0.0)
            b.store(b.select(b.eq(seen, 0), b.constant(0, F64), flip), self.area("flips", event))
            return []

        wanted_root = right & ~cool
        if self.watch.combined or self.watch.options.guards:
            wanted_root = wanted_root & b.ne(action, PART)
        b.if_(wanted_root, record)

    def _record(
        self,
        number: Value,
        tau: Value,
        low: Value,
        time: tuple[Value, Value],
        direction: Value,
    ) -> None:
        b, block, w = self.b, self.block, self.watch
        count = block.get("count")
        target = b.at(block.address("records"), count * event_length(w.states))
        for k, value in enumerate((number, *time, direction)):
            b.store(value, b.at(target, k))
        states = self.watch.states
        place = b.planes(b.at(target, EVENT_HEADER), states.size, states.element)
        self.state_at(tau, low, place)
        block.set("count", count + 1)
