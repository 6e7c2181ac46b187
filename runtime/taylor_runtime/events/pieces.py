"""Pieces of a step on which the event functions' own series represent them."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.events.frame import Part
from taylor_runtime.events.polynomial import row_length
from taylor_runtime.events.series import call
from taylor_runtime.ir.types import F64, I64, Type
from taylor_runtime.ir.values import Index, Value

DEFECT = 2.0**-36  # of the sum of the terms: by how much g may miss its series at a piece's end
SHRINK = 0.7  # of a piece on which a series did not converge
HALVINGS = 52  # of a piece, to find where a value changes its sign
CHECKED = (0.87, 0.62, 0.31)  # places of a piece where a series that may deceive is looked at
CLOSEST = 2.0**-46  # as SHORTEST, where signs are looked at closely: beside what is rough
PLACED = 2.0**-52  # of a step: how well places in it are told from one another
GROWTH = 1.125  # of the shortest piece, from one that no series goes along to the next
SHORTEST = 2.0**-45  # piece of a step: shorter ones are kinks and jumps, and are stepped over
GAP = 2.0**-40  # of a step: what is undefined for less is undefined at a pole alone
LEAP = 2.0**-6  # of a step: the longest piece where an event function is not finite


class Pieces(Part):
    """Series about the start of a piece, and how far they go."""

    def expand_at(self, position: Value) -> None:
        """The event functions' series about a place of the step, and their rounding errors."""
        b, plane = self.b, self.full_plane

        def shifted() -> list[Value]:
            self._shift(position)
            return [self.area("shifted")]

        (source,) = b.if_(b.ne(position, 0), shifted, lambda: [self.body])
        times = self.time_at(position)
        work, series = self.area("work"), self.area("series")
        call(b, "expand", source, plane, self.parameters, work, series, *times, self.scale)
        call(b, "noise", source, plane, self.parameters, self.area("noise"), *times)

    def _shift(self, position: Value) -> None:
        """The state's polynomials about `position`: sum_n (n over k) x_n position^(n-k)."""
        b, w = self.b, self.watch
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
        b, w = self.b, self.watch
        at = b.at(self.area("series"), n * w.outputs.size + place, w.kind.part)
        value = b.load(Type(w.kind.part), at)
        return b.to_double(value)

    def curve(self, place: Value, length: Value) -> tuple[Value, Value, Value]:
        """g's coefficients on [0, 1] into `curve`; the sum of their sizes, the first, the tail."""
        b, order = self.b, self.watch.order

        def term(n: Index, carried: list[Value]) -> list[Value]:
            power, total, _, last = carried
            factor = self._coefficient(place, n)
            # Where a step is much longer than its scale, powers overflow of terms that vanish.
            value = b.select(b.eq(factor, 0), factor, factor * power)
            b.store(value, self.area("curve", n))
            size = b.fabs(value)
            larger = b.select(size > last, size, last)
            return [power * length, total + size, larger, size]

        zero = b.constant(0, F64)
        values = b.fold(0, order + 1, [b.constant(1, F64), zero, zero, zero], term)
        head = b.fabs(b.load(F64, self.area("curve")))
        return values[1], head, values[2]

    def is_quiet(self, event: Value, total: Value, head: Value, tail: Value) -> Value:
        """Whether the terms after the first cannot change the sign that is known."""
        b = self.b
        memory = self.memory("memory", event)
        first = b.load(F64, self.area("curve"))
        noise = b.load(F64, self.area("noise", event)) * self.watch.unit
        margin = b.fma(total - head, 1 + 2.0**-30, b.fma(tail, 4.0, noise))
        certain = b.eq(memory.get("open"), 0)
        return certain & (first * memory.get("side") > margin)

    def length(self, position: Value, rest: Value) -> Value:
        """How far the series are good, as a part of what is left of the step."""
        b = self.b
        if all(self.watch.options.linear):
            return rest
        reach = self.block.get("reach") * 2
        known = b.ne(reach, 0) & (b.fabs(reach) < b.fabs(rest))
        shortest = b.fabs(self.end) * (CLOSEST if self.watch.is_rough else SHORTEST)
        if self.watch.is_rough:
            self._keep_firsts(position)
            stuck = self.block.get("stuck")
            shortest = b.select(stuck > 1, shortest * stuck, shortest)

        def bad(carried: list[Value]) -> Value:
            return b.eq(carried[1], 0)

        def attempt(carried: list[Value]) -> list[Value]:
            length = carried[0]
            good, wild = self._fits(position, length)
            if self.watch.is_rough:
                good = self._fits_inside(position, length, good)
                wild = Value(b, Type("i1"), "false")  # nobody leaps over what others have there
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
        b, w = self.b, self.watch
        self._heads_at(position + length)
        leap = b.fabs(self.end) * LEAP
        linear = b.table([int(x) for x in w.options.linear], "i64")

        def one(event: Value, carried: list[Value]) -> Sequence[Value]:
            def check() -> list[Value]:
                place = self.place(event)
                total, head, tail = self.curve(place, length)
                end = self._end_of(place)
                quiet = self.is_quiet(event, total, head, tail)
                side = self.memory("memory", event).get("side")
                quiet = quiet & (b.fabs(end) <= total * 2) & (end * side > 0)
                noise = b.load(F64, self.area("noise", event)) * w.unit
                if w.is_rough:
                    noise = noise + self._jitter(length)
                defect = b.fabs(end - self._sum_of_curve())
                converged = (tail <= total * w.converged) & (
                    defect <= b.fma(total, DEFECT, noise * 4)
                )
                wild = ~(total < float("inf"))
                undefined = ~(head < float("inf")) & (b.fabs(length) <= leap)
                if w.is_rough:
                    rough, unknown = self.is_rough(event), self._is_unknown(head)
                    converged = converged & (~rough | ~wild)  # what overflows does not
                    quiet, wild = quiet & ~rough, b.select(rough, unknown, wild)
                    both = undefined & unknown & self._is_unknown(end)  # else it ends within
                    undefined = b.select(rough, both, undefined)
                    self._keep_chord(event, end, length, rough & ~(converged | undefined))
                if w.options.guards:
                    margin = b.fma(total - head, 1 + 2.0**-30, b.fma(tail, 4.0, noise))
                    away = ~self._is_guard(event) | (head > margin)
                    self._keep_straight(event, ~away)
                    converged, quiet = converged & away, quiet & away
                return [quiet | converged | undefined, wild]

            skip = b.ne(b.load(I64, b.at(linear, event, "i64")), 0)
            if w.options.guards:
                skip = skip & ~self._is_guard(event)
            true, false = (Value(b, Type("i1"), text) for text in ("true", "false"))
            good, wild = b.if_(skip, lambda: [true, false], check)
            return [carried[0] & good, carried[1] | wild]

        true, false = (Value(b, Type("i1"), text) for text in ("true", "false"))
        good, wild = self.each_event([true, false], one)
        return good, wild

    def _heads_at(self, place: Value) -> None:
        """The event functions' values somewhere in the step, into `ends`."""
        b, w = self.b, self.watch
        high = self.area("state")
        self.state_at(place, b.constant(0, F64), b.planes(high, w.states.size, w.element))
        work, ends = self.area("work"), self.area("ends")
        times = self.time_at(place)
        call(b, "heads", high, w.states.size, self.parameters, work, ends, *times)

    def _end_of(self, place: Value) -> Value:
        """One of `ends` in double."""
        b, part = self.b, self.watch.kind.part
        return b.to_double(b.load(Type(part), b.at(self.area("ends"), place, part)))

    # -- functions that are not smooth ------------------------------------------------------------

    def _is_guard(self, event: Value) -> Value:
        return event >= self.watch.count - self.watch.options.guards

    def _keep_straight(self, event: Value, near: Value) -> None:
        """Note that a guard may have a zero on the piece, as if a straight line stood for it."""
        b = self.b
        chord = b.select(near, b.constant(0, F64), float("nan"))

        def keep() -> list[Value]:
            b.store(chord, self.area("chords", event))
            return []

        b.if_(self._is_guard(event), keep)

    def is_rough(self, event: Value) -> Value:
        """Whether a function's series may not represent it where they seem to."""
        b = self.b
        table = b.table([int(x) for x in self.watch.options.rough], "i64")
        return b.ne(b.load(I64, b.at(table, event, "i64")), 0)

    def _is_unknown(self, value: Value) -> Value:
        return self.b.ne(value, value) | ~self.b.eq(value, value)

    def _jitter(self, length: Value) -> Value:
        """How far `curve` is off by rounding of the place: near poles that is much."""
        b = self.b

        def add(n: Index, carried: list[Value]) -> list[Value]:
            total, number = carried
            return [b.fma(b.fabs(b.load(F64, self.area("curve", n))), number, total), number + 1]

        one, zero = b.constant(1, F64), b.constant(0, F64)
        slope = b.fold(1, self.watch.order + 1, [zero, one], add)[0]
        return slope * (b.fabs(self.end) * PLACED / b.fabs(length))

    def _keep_firsts(self, position: Value) -> None:
        """The true values where a piece begins, as they were where the last one ended.

        At a jump, the values of series about there may have been rounded to its other side.
        """
        b = self.b
        self._heads_at(position)

        def one(event: Value, _: list[Value]) -> Sequence[Value]:
            b.store(self._end_of(self.place(event)), self.area("firsts", event))
            return []

        self.each_event([], one)

    def _keep_chord(self, event: Value, end: Value, length: Value, wanted: Value) -> None:
        """The slope of the straight line to the true value, for where no series goes; else NaN."""
        b = self.b
        first = b.load(F64, self.area("firsts", event))
        largest = b.constant(2.0**900, F64)
        end = b.select(self._is_unknown(end), first, end)  # where its domain ends
        first, end = (
            b.select(b.fabs(x) > largest, b.copysign(largest, x), x) for x in (first, end)
        )
        chord = b.select(wanted, (end - first) / length, b.constant(float("nan"), F64))
        b.store(chord, self.area("chords", event))

    def straighten(
        self, event: Value, length: Value, sums: tuple[Value, Value, Value]
    ) -> list[Value]:
        """`curve`, made the straight line to the true value where there is one; its new sums."""
        b = self.b
        chord = b.load(F64, self.area("chords", event))

        def line() -> list[Value]:
            b.fold(1, self.watch.order + 1, [], self._clear)
            rise = chord * length
            b.store(rise, self.area("curve", 1))
            first = b.load(F64, self.area("firsts", event))
            largest = b.constant(2.0**900, F64)
            first = b.select(b.fabs(first) > largest, b.copysign(largest, first), first)
            b.store(first, self.area("curve"))
            return [b.fabs(first) + b.fabs(rise), b.fabs(first), b.fabs(rise)]

        return b.if_(self.has_chord(event), line, lambda: list(sums))

    def is_short(self, event: Value, length: Value) -> Value:
        """Whether a rough function is undefined on a piece that is too short to forget its sign."""
        short = self.b.fabs(length) < self.b.fabs(self.end) * GAP
        return self.is_rough(event) & short

    def is_straight(self) -> Value:
        """Whether a straight line stands for some function on this piece, or a guard is zero."""
        b = self.b

        def one(event: Value, carried: list[Value]) -> Sequence[Value]:
            chord = self.b.load(F64, self.area("chords", event))
            watched = self.is_rough(event)
            if self.watch.options.guards:
                watched = watched | self._is_guard(event)
            return [carried[0] | (watched & self.b.eq(chord, chord))]

        return self.each_event([Value(b, Type("i1"), "false")], one)[0]

    def grow_stuck(self) -> None:
        """The least length of the next pieces, in units of CLOSEST, grows while no series goes on.

        So slowly that it stays a fraction of the way from where that began: as soon as a
        singularity is behind, series go along pieces of such a length.  Where none ever does, the
        search comes to an end all the same.
        """
        b, before = self.b, self.block.get("stuck")
        now = before * b.select(self.is_straight(), b.constant(GROWTH, F64), 1 / GROWTH)
        self.block.set("stuck", b.select(now > 1, now, b.constant(1, F64)))

    def has_chord(self, event: Value) -> Value:
        """Whether a straight line stands for this function."""
        chord = self.b.load(F64, self.area("chords", event))
        return self.is_rough(event) & self.b.eq(chord, chord)

    def bisect(self, event: Value, position: Value, length: Value, direction: Value) -> Value:
        """Where on the piece the true values of a function take the sign `direction`."""
        b = self.b

        def halve(_: Index, carried: list[Value]) -> list[Value]:
            low, high = carried
            middle = low + (high - low) * 0.5
            self._heads_at(position + middle)
            there = self._end_of(self.place(event)) * direction > 0
            return [b.select(there, low, middle), b.select(there, middle, high)]

        return b.fold(0, HALVINGS, [b.constant(0, F64), length], halve)[1]

    def _clear(self, n: Index, _: list[Value]) -> list[Value]:
        self.b.store(self.b.constant(0, F64), self.area("curve", n))
        return []

    def _fits_inside(self, position: Value, length: Value, good: Value) -> Value:
        """Whether series that may deceive have the true values within the piece, too."""
        b, w = self.b, self.watch
        for share in CHECKED:

            def look(share: float = share) -> list[Value]:
                part = length * share
                self._heads_at(position + part)

                def one(event: Value, carried: list[Value]) -> Sequence[Value]:
                    place = self.place(event)
                    total, head, _ = self.curve(place, part)
                    noise = b.load(F64, self.area("noise", event)) * w.unit + self._jitter(part)
                    defect = b.fabs(self._end_of(place) - self._sum_of_curve())
                    true = defect <= b.fma(total, DEFECT, noise * 4)
                    true = true & (total < float("inf"))
                    return [carried[0] & (true | ~self.is_rough(event) | ~b.eq(head, head))]

                return self.each_event([Value(b, Type("i1"), "true")], one)

            (good,) = b.if_(good, look, lambda: [Value(b, Type("i1"), "false")])
        return good

    def _sum_of_curve(self) -> Value:
        b = self.b

        def add(i: Index, carried: list[Value]) -> list[Value]:
            return [carried[0] + b.load(F64, self.area("curve", self.watch.order - i))]

        return b.fold(0, self.watch.order + 1, [b.constant(0, F64)], add)[0]
