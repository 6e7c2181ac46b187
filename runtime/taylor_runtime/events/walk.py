"""The search of a step for roots, piece by piece: `walk`, which most steps never enter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.control import (
    EVENT_ASKED,
    EVENT_CUT,
    EVENT_STOP,
    EVENTS_FULL,
    RECORD_HEADER,
    SLIDING,
    SWITCHED,
    Control,
    Fields,
)
from taylor_runtime.events.block import (
    ASK,
    ASKS,
    CUT,
    EVENT_BLOCK,
    EVENT_HEADER,
    EVENT_TABLE,
    ROOT_FIELDS,
    SLIDES,
    STOP,
    STOPS,
    SWITCH,
    SWITCHES,
    Areas,
    DetectorOptions,
    event_length,
)
from taylor_runtime.events.roots import AGAIN, EVENT_MEMORY, SCAN, row_length
from taylor_runtime.events.series import call
from taylor_runtime.ir import F64, I64, PAIR, Builder, Index, Module, Type, Value, pair
from taylor_runtime.program import Program
from taylor_runtime.states import VECTORS, StateRows, plane_length

UNITS = 8.0  # of rounding that a value of g may be off by, for each unit of its terms
CONVERGED = 8.0  # units of rounding of the sum: the last two terms of a good enough series
DEFECT = 2.0**-36  # of the sum of the terms: by how much g may miss its series at a piece's end
SHRINK = 0.7  # of a piece on which a series did not converge
SHORTEST = 2.0**-45  # piece of a step: shorter ones are kinks and jumps, and are stepped over
LEAP = 2.0**-6  # of a step: the longest piece where an event function is not finite
TOGETHER = 2.0**-50  # of time or step: roots that are at the same time


class Walk:
    """Writes `walk` and what it calls into the detector's module."""

    def __init__(self, module: Module, program: Program, options: DetectorOptions) -> None:
        self.module = module
        self.program = program
        self.options = options
        self.element = options.element
        self.order = program.order
        self.states = options.states
        self.outputs = StateRows.of(program, self.element)
        self.areas = Areas.of(program, options)
        self.count = len(program.outputs)
        rounding = {"float": 2.0**-24, "double": 2.0**-53, PAIR: 2.0**-104}[self.element]
        self.unit = UNITS * max(rounding, 2.0**-53)  # signs are looked at in double
        self.converged = CONVERGED * rounding

    def emit(self) -> None:
        self.module.declare(
            SCAN, f"declare i64 @{SCAN}(ptr, i64, double, double, ptr, ptr, ptr, ptr)"
        )
        parameters = [
            ("ptr", name) for name in ("control", "block", "state", "error", "record", "parameters")
        ]
        with self.module.function("walk", "i64", parameters, "nounwind noinline", "internal") as (
            b,
            arguments,
        ):
            _WalkEmitter(self, b, arguments).emit()


class _WalkEmitter:
    """One function's worth of state."""

    def __init__(self, walk: Walk, b: Builder, arguments: Sequence[Value]) -> None:
        self.w = walk
        self.b = b
        control, block, state, error, record, self.parameters = arguments
        plane = plane_length(VECTORS * walk.states.size)
        self.state, self.error = (b.planes(x, plane, walk.element) for x in (state, error))
        self.control, self.block = Control(b, control), Fields(b, block, EVENT_BLOCK)
        self.body = b.at(record, RECORD_HEADER)
        self.base = self.block.address("areas")
        self.scale = self.control.get("step_scale")
        self.end = self.control.get("step") / self.scale
        self.start = [self.control.get(name) for name in ("previous_time", "previous_time_low")]
        self.area: Callable[..., Value] = partial(walk.areas.at, b, self.base)
        self.full_plane = (walk.order + 1) * walk.states.size

    # -- skeleton -------------------------------------------------------------------------------

    def emit(self) -> None:
        b, block = self.b, self.block

        def goes_on(carried: list[Value]) -> Value:
            position, status = carried
            return b.eq(status, 0) & (b.fabs(position) < b.fabs(self.end))

        first = [block.get("position"), b.constant(0, I64)]
        _, status = b.while_(first, goes_on, lambda carried: self._piece(carried[0]))
        waits = b.eq(status, EVENT_ASKED) | b.eq(status, EVENTS_FULL)
        block.set("resumed", b.cast("zext", waits, "i64"))

        def leave() -> list[Value]:
            for name in ("position", "reach"):
                block.set(name, 0.0)
            for name in ("skip", "flags", "verdict"):
                block.set(name, 0)
            self._show_sides()
            return []

        b.if_(~waits, leave)
        b.ret(status)

    def _piece(self, position: Value) -> Sequence[Value]:
        """Search the piece of the step that begins at `position`."""
        b, block = self.b, self.block
        self._expand_at(position)
        rest = self.end - position
        length = self._length(position, rest)
        self._copy("memory", "trial")
        roots = self._roots(position, length)
        full = block.get("count") + roots > block.get("capacity")

        def settle() -> list[Value]:
            status = self._settle(position, roots)

            def advance() -> list[Value]:
                self._copy("trial", "memory")
                after = position + length
                after = b.select(b.eq(length, rest), self.end, after)
                block.set("position", after)
                block.set("reach", length)
                block.set("skip", 0)
                return [after]

            (after,) = b.if_(b.eq(status, 0), advance, lambda: [position])
            return [after, status]

        return b.if_(full, lambda: [position, b.constant(EVENTS_FULL, I64)], settle)

    def _copy(self, source: str, target: str) -> None:
        b, count = self.b, self.w.count * (EVENT_MEMORY.itemsize // 8)

        def one(i: Index, _: list[Value]) -> list[Value]:
            b.store(b.load(F64, b.at(self.area(source), i)), b.at(self.area(target), i))
            return []

        b.fold(0, count, [], one)

    def _each_event(
        self, carried: Sequence[Value], body: Callable[[Value, list[Value]], Sequence[Value]]
    ) -> list[Value]:
        def one(event: Index, values: list[Value]) -> Sequence[Value]:
            assert isinstance(event, Value)
            return body(event, values)

        return self.b.fold(0, self.w.count, carried, one)

    def _memory(self, name: str, event: Value) -> Fields:
        return Fields(self.b, self.area(name, event * (EVENT_MEMORY.itemsize // 8)), EVENT_MEMORY)

    def _table(self, event: Value) -> Fields:
        return Fields(self.b, self.area("table", event * (EVENT_TABLE.itemsize // 8)), EVENT_TABLE)

    def _place(self, event: Value) -> Value:
        """Where an event's value is among the outputs."""
        table = self.b.table(self.w.outputs.slots, "i64")
        return self.b.load(I64, self.b.at(table, event, "i64"))

    def _show_sides(self) -> None:
        """The signs that are certain, where the fast way looks for them; 0 for the others."""
        b = self.b

        def one(event: Value, _: list[Value]) -> list[Value]:
            b.store(self._memory("memory", event).get("side"), self._side(event))
            return []

        def hide(event: Value, _: list[Value]) -> list[Value]:
            at = self._side(event)  # events with one expression share a place
            certain = b.eq(self._memory("memory", event).get("open"), 0)
            b.store(b.select(certain, b.load(F64, at), 0.0), at)
            return []

        self._each_event([], one)
        self._each_event([], hide)

    def _side(self, event: Value) -> Value:
        return self.area("sides", self._place(event))

    # -- series ---------------------------------------------------------------------------------

    def _time_at(self, tau: Value) -> tuple[Value, Value]:
        """start + tau scale, in double-double."""
        high, low = self.start
        h = tau * self.scale  # exact: a power of two
        total = high + h
        kept = total - high
        error = (high - (total - kept)) + (h - kept) + low
        result = total + error
        return result, error - (result - total)

    def _expand_at(self, position: Value) -> None:
        """The event functions' series about a place of the step, and their rounding errors."""
        b, plane = self.b, self.full_plane

        def shifted() -> list[Value]:
            self._shift(position)
            return [self.area("shifted")]

        (source,) = b.if_(b.ne(position, 0), shifted, lambda: [self.body])
        times = self._time_at(position)
        work, series = self.area("work"), self.area("series")
        call(b, "expand", source, plane, self.parameters, work, series, *times, self.scale)
        call(b, "noise", source, plane, self.parameters, self.area("noise"), *times)

    def _shift(self, position: Value) -> None:
        """The state's polynomials about `position`: sum_n (n over k) x_n position^(n-k)."""
        b, w = self.b, self.w
        size, order, element = w.states.size, w.order, w.element
        source = b.planes(self.body, self.full_plane, element)
        target = b.planes(self.area("shifted"), self.full_plane, element)
        row = row_length(order)
        t = Type(element)
        by = b.from_double(position, element)

        def place(column: Index, _: list[Value]) -> list[Value]:
            def coefficient(k: Index, _: list[Value]) -> list[Value]:
                def add(i: Index, carried: list[Value]) -> list[Value]:
                    n = order - i
                    x = b.load(t, b.at(source, n * size + column, element))
                    factor = b.load(F64, self.area("binomials", n * row + k))
                    term = x * b.from_double(factor, element)
                    return [b.normal(b.fma(carried[0], by, term))]

                last = order + 1 - k
                (value,) = b.fold(0, last, [b.constant(0, t)], add)
                b.store(value, b.at(target, k * size + column, element))
                return []

            b.fold(0, order + 1, [], coefficient)
            return []

        b.fold(0, size, [], place)

    def _coefficient(self, place: Value, n: Index) -> Value:
        """g_n in double."""
        b, w = self.b, self.w
        at = b.at(self.area("series"), n * w.outputs.size + place, _stored(w.element))
        value = b.load(Type(_stored(w.element)), at)
        return b.to_double(value)

    def _curve(self, place: Value, length: Value) -> tuple[Value, Value, Value]:
        """g's coefficients on [0, 1] into `curve`; the sum of their sizes, the first, the tail."""
        b, order = self.b, self.w.order

        def term(n: Index, carried: list[Value]) -> list[Value]:
            power, total, _, last = carried
            value = self._coefficient(place, n) * power
            b.store(value, self.area("curve", n))
            size = b.fabs(value)
            larger = b.select(size > last, size, last)
            return [power * length, total + size, larger, size]

        zero = b.constant(0, F64)
        values = b.fold(0, order + 1, [b.constant(1, F64), zero, zero, zero], term)
        head = b.fabs(b.load(F64, self.area("curve")))
        return values[1], head, values[2]

    def _is_quiet(self, event: Value, total: Value, head: Value, tail: Value) -> Value:
        """Whether the terms after the first cannot change the sign that is known."""
        b = self.b
        memory = self._memory("memory", event)
        first = b.load(F64, self.area("curve"))
        noise = b.load(F64, self.area("noise", event)) * self.w.unit
        margin = b.fma(total - head, 1 + 2.0**-30, b.fma(tail, 4.0, noise))
        certain = b.eq(memory.get("open"), 0)
        return certain & (first * memory.get("side") > margin)

    # -- pieces ---------------------------------------------------------------------------------

    def _length(self, position: Value, rest: Value) -> Value:
        """How far the series are good, as a part of what is left of the step."""
        b = self.b
        if all(self.w.options.linear):
            return rest
        reach = self.block.get("reach") * 2
        known = b.ne(reach, 0) & (b.fabs(reach) < b.fabs(rest))
        shortest = b.fabs(self.end) * SHORTEST

        def bad(carried: list[Value]) -> Value:
            return b.eq(carried[1], 0)

        def attempt(carried: list[Value]) -> list[Value]:
            length = carried[0]
            good, wild = self._fits(position, length)
            short = b.fabs(length) <= shortest
            leap = b.copysign(b.fabs(self.end) * LEAP, rest)
            leap = b.select(b.fabs(leap) < b.fabs(rest), leap, rest)
            new = b.select(good, length, b.select(short & wild, leap, length * SHRINK))
            new = b.select(short & ~wild, length, new)
            return [new, b.cast("zext", good | short, "i64")]

        first = [b.select(known, reach, rest), b.constant(0, I64)]
        return b.while_(first, bad, attempt)[0]

    def _fits(self, position: Value, length: Value) -> tuple[Value, Value]:
        """Whether all series that matter represent their functions; whether one is not finite."""
        b, w = self.b, self.w
        place_high = self.area("state")
        place_low = self.area("state", w.states.size)
        at_end = position + length
        zero = b.constant(0, F64)
        call(b, "state_at", self.body, at_end, zero, place_high, place_low)
        times = self._time_at(at_end)
        call(
            b, "heads", place_high, w.states.size, self.parameters, self.area("work"),
            self.area("ends"), *times,
        )  # fmt: skip
        leap = b.fabs(self.end) * LEAP
        linear = b.table([int(x) for x in w.options.linear], "i64")

        def one(event: Value, carried: list[Value]) -> Sequence[Value]:
            def check() -> list[Value]:
                place = self._place(event)
                total, head, tail = self._curve(place, length)
                end_at = b.at(self.area("ends"), place, _stored(w.element))
                end = b.to_double(b.load(Type(_stored(w.element)), end_at))
                quiet = self._is_quiet(event, total, head, tail)
                quiet = quiet & (b.fabs(end) <= total * 2)
                noise = b.load(F64, self.area("noise", event)) * w.unit
                defect = b.fabs(end - self._sum_of_curve())
                converged = (tail <= total * w.converged) & (
                    defect <= b.fma(total, DEFECT, noise * 4)
                )
                wild = ~(total < float("inf"))
                undefined = ~(head < float("inf")) & (b.fabs(length) <= leap)
                return [quiet | converged | undefined, wild]

            skip = b.ne(b.load(I64, b.at(linear, event, "i64")), 0)
            true, false = (Value(b, Type("i1"), text) for text in ("true", "false"))
            good, wild = b.if_(skip, lambda: [true, false], check)
            return [carried[0] & good, carried[1] | wild]

        true, false = (Value(b, Type("i1"), text) for text in ("true", "false"))
        good, wild = self._each_event([true, false], one)
        return good, wild

    def _sum_of_curve(self) -> Value:
        b = self.b

        def add(i: Index, carried: list[Value]) -> list[Value]:
            return [carried[0] + b.load(F64, self.area("curve", self.w.order - i))]

        return b.fold(0, self.w.order + 1, [b.constant(0, F64)], add)[0]

    # -- roots ----------------------------------------------------------------------------------

    def _scan(self, event: Value, length: Value) -> Value:
        """Roots of one event on a piece into `found`; memory goes to `trial`."""
        b, w = self.b, self.w
        total, head, tail = self._curve(self._place(event), length)
        nothing = self._is_quiet(event, total, head, tail) | ~(total < float("inf"))

        def forget() -> list[Value]:
            memory = self._memory("trial", event)
            for name in ("side", "open", "reported"):
                memory.set(name, b.select(total < float("inf"), memory.get(name), 0.0))
            return [b.constant(0, I64)]

        def search() -> list[Value]:
            noise = b.load(F64, self.area("noise", event)) * w.unit
            memory = self._memory("trial", event).pointer
            listed = [self.area("curve"), b.constant(w.order, I64), noise]
            listed += [b.constant(w.unit, F64), memory]
            listed += [self.area("binomials"), self.area("scan"), self.area("found")]
            return [b.call(I64, SCAN, *listed)]

        return b.if_(nothing, forget, search)[0]

    def _roots(self, position: Value, length: Value) -> Value:
        """All events' roots on a piece, in order, into `roots`; returns how many."""
        b, w = self.b, self.w
        padding = row_length(w.order)
        for n in range(w.order + 1, padding):
            b.store(b.constant(0, F64), self.area("curve", n))

        def one(event: Value, carried: list[Value]) -> Sequence[Value]:
            found = self._scan(event, length)

            def take(i: Index, counted: list[Value]) -> list[Value]:
                assert isinstance(i, Value)
                u = b.load(F64, self.area("found", i * 2))
                direction = b.load(F64, self.area("found", i * 2 + 1))
                tau, low = self._polished(event, position, u * length, direction)
                self._insert(counted[0], tau, low, direction, event)
                return [counted[0] + 1]

            return b.fold(0, found, carried, take)

        return self._each_event([b.constant(0, I64)], one)[0]

    def _polished(
        self, event: Value, position: Value, tau: Value, direction: Value
    ) -> tuple[Value, Value]:
        """The place in the step: of double-doubles one more step of Newton's method."""
        b, w = self.b, self.w
        zero = b.constant(0, F64)
        if w.element != PAIR:
            whole = position + tau
            past = b.fabs(whole) > b.fabs(self.end)
            return b.select(past, self.end, whole), zero
        series = b.planes(self.area("series"), (w.order + 1) * w.outputs.size, PAIR)
        place, t = self._place(event), Type(PAIR)

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

    def _root(self, index: Value, field: int) -> Value:
        return self.area("roots", index * ROOT_FIELDS + field)

    def _insert(self, count: Value, tau: Value, low: Value, direction: Value, event: Value) -> None:
        """Put a root where it belongs among those found before, which move on."""
        b = self.b

        def later(carried: list[Value]) -> Value:
            (index,) = carried
            first = index > 0
            safe = b.select(first, index - 1, index)
            return first & (b.fabs(b.load(F64, self._root(safe, 0))) > b.fabs(tau))

        def move(carried: list[Value]) -> list[Value]:
            (index,) = carried
            for field in range(ROOT_FIELDS):
                b.store(b.load(F64, self._root(index - 1, field)), self._root(index, field))
            return [index - 1]

        (index,) = b.while_([count], later, move)
        for field, value in enumerate((tau, low, direction, b.cast("sitofp", event, "double"))):
            b.store(value, self._root(index, field))

    # -- what roots do --------------------------------------------------------------------------

    def _settle(self, position: Value, roots: Value) -> Value:
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
            cuts = b.ne(flags & (STOPS | SWITCHES | SLIDES), 0) | b.eq(verdict, CUT)

            def ask() -> list[Value]:
                return [b.constant(EVENT_ASKED, I64)]

            def decide() -> list[Value]:
                block.set("verdict", 0)

                def cut() -> list[Value]:
                    return [self._cut(position, flags, verdict)]

                return b.if_(cuts, cut, lambda: [b.constant(0, I64)])

            (status,) = b.if_(asks, ask, decide)
            return [index, status]

        return b.while_([block.get("skip"), b.constant(0, I64)], goes_on, group)[1]

    def _take_group(self, first: Value, roots: Value) -> Value:
        """Record one root, and those at the same time if it is more than recorded."""
        b, block = self.b, self.block
        block.set("flags", 0)
        block.set("group", block.get("count"))
        tau, low = (b.load(F64, self._root(first, k)) for k in range(2))
        block.set("cut", tau)
        block.set("cut_low", low)
        time = b.fabs(self.start[0]) * (1 / self.scale)
        size = b.select(time > b.fabs(self.end), time, b.fabs(self.end))
        near = b.fma(size, TOGETHER, b.fabs(tau))

        def belongs(carried: list[Value]) -> Value:
            (index,) = carried
            inside = index < roots
            safe = b.select(inside, index, first)
            close = b.fabs(b.load(F64, self._root(safe, 0))) <= near
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
        tau, low, seen, number = (b.load(F64, self._root(index, k)) for k in range(ROOT_FIELDS))
        event = b.cast("fptosi", number, "i64")
        table, memory = self._table(event), self._memory("memory", event)
        forward = b.copysign(b.constant(1, F64), self.end)
        direction = b.select(b.eq(seen, 0), seen, b.copysign(forward, seen * self.end))
        time, time_low = self._time_at(tau)
        if self.w.element == PAIR:
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

        def record() -> list[Value]:
            self._record(number, tau, low, (time, time_low), direction)
            for name in ("memory", "trial"):
                self._memory(name, event).set("last", time)
            flags = b.constant(0, I64)
            for condition, flag in (
                (b.eq(action, STOP) & going, STOPS),
                (b.eq(action, ASK) & going, ASKS),
                (switch & b.ne(seen, 0), SWITCHES),
                (switch & (b.fabs(seen) >= AGAIN), SLIDES),
            ):
                flags = flags | b.select(condition, b.constant(flag, I64), 0)
            block.set("flags", block.get("flags") | flags)
            flip = b.select(switch, b.copysign(forward, seen), 0.0)
            b.store(b.select(b.eq(seen, 0), b.constant(0, F64), flip), self.area("flips", event))
            return []

        b.if_(right & ~cool, record)

    def _record(
        self,
        number: Value,
        tau: Value,
        low: Value,
        time: tuple[Value, Value],
        direction: Value,
    ) -> None:
        b, block, w = self.b, self.block, self.w
        count = block.get("count")
        target = b.at(block.address("records"), count * event_length(w.states))
        for k, value in enumerate((number, *time, direction)):
            b.store(value, b.at(target, k))
        self._state_at(tau, low, b.at(target, EVENT_HEADER))
        block.set("count", count + 1)

    def _state_at(self, tau: Value, low: Value, target: Value, plane: Value | None = None) -> None:
        b, w = self.b, self.w
        behind = b.at(target, w.states.size) if plane is None else plane
        call(b, "state_at", self.body, tau, low, target, behind)

    # -- cuts -----------------------------------------------------------------------------------

    def _cut(self, position: Value, flags: Value, verdict: Value) -> Value:
        """End the step at `cut`, with every event's memory as it is there; returns the status."""
        b, block, control, w = self.b, self.block, self.control, self.w
        tau, low = block.get("cut"), block.get("cut_low")
        self._copy("memory", "trial")
        self._remember_until(position, tau)
        self._copy("trial", "memory")
        slides = b.ne(flags & SLIDES, 0)
        block.set("flipped", 0)
        b.if_(~slides, self._flip)
        whole = b.eq(tau, self.end)
        time, time_low = self._time_at(tau)
        if w.element == PAIR:
            total = time + (time_low + low * self.scale)
            time_low = (time - total) + (time_low + low * self.scale)
            time = total
        control.set("time", b.select(whole, control.get("time"), time))
        control.set("time_low", b.select(whole, control.get("time_low"), time_low))
        control.set("step", tau * self.scale)

        def shorten() -> list[Value]:
            self._state_at(tau, low, self.state.parts[0], self.state.parts[-1])
            self._clear_error()
            return []

        b.if_(~whole, shorten)
        stopped = b.ne(flags & STOPS, 0)
        status = b.select(b.eq(verdict, CUT), b.constant(EVENT_CUT, I64), SWITCHED)
        status = b.select(slides, b.constant(SLIDING, I64), status)
        return b.select(stopped, b.constant(EVENT_STOP, I64), status)

    def _remember_until(self, position: Value, tau: Value) -> None:
        """What is known of every event at `tau`; a root there is known to have been reported."""
        b, skip = self.b, self.block.get("skip")

        def one(event: Value, _: list[Value]) -> list[Value]:
            resolved = self._scan(event, tau - position)
            number = b.cast("sitofp", event, "double")

            def tally(i: Index, counted: list[Value]) -> list[Value]:
                assert isinstance(i, Value)
                same = b.eq(b.load(F64, self._root(i, 3)), number)
                return [counted[0] + b.cast("zext", same, "i64")]

            (reported,) = b.fold(b.constant(0, I64), skip, [b.constant(0, I64)], tally)

            def mark() -> list[Value]:
                memory = self._memory("trial", event)
                switch = b.eq(self._table(event).get("action"), SWITCH)
                mode = self._memory("memory", event).get("side")
                memory.set("side", b.select(switch, mode, 0.0))
                memory.set("open", 1.0)
                memory.set("reported", 1.0)
                return []

            b.if_(reported > resolved, mark)
            return []

        self._each_event([], one)

    def _flip(self) -> list[Value]:
        """Set the modes that switched, and let their events start on the other side."""
        b = self.b

        def one(event: Value, _: list[Value]) -> list[Value]:
            at = self.area("flips", event)
            new = b.load(F64, at)

            def change() -> list[Value]:
                mode = self._table(event).get("mode")
                kind = _stored(self.w.element)
                number = b.from_double(new, kind)
                b.store(number, b.at(self.parameters, mode, kind))
                memory = self._memory("memory", event)
                for name, value in (("side", new), ("open", 1.0), ("reported", 1.0)):
                    memory.set(name, value)
                b.store(b.constant(0, F64), at)
                self.block.set("flipped", event + 1)
                return []

            b.if_(b.ne(new, 0), change)
            return []

        self._each_event([], one)
        return []

    def _clear_error(self) -> None:
        """The rounding error of a state that was evaluated anew."""
        b, kind = self.b, _stored(self.w.element)

        def one(i: Index, _: list[Value]) -> list[Value]:
            for part in self.error.parts:
                b.store(b.constant(0, Type(kind)), b.at(part, i, kind))
            return []

        b.fold(0, self.w.states.size, [], one)


def _stored(element: str) -> str:
    """What one part of a number is in memory."""
    return "double" if element == PAIR else element
