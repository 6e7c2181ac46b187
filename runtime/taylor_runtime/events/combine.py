"""Signs of functions that are put together from several: from the roots of parts to theirs.

A combined function has no series of its own.  Its sign is a formula of the signs of its parts,
which are the last event functions of the program, and its roots are among theirs.  Roots of parts
at the same time count as one, so that what the signs are one after the other does not matter.  The
list `roots` gets the roots of the combined functions besides, each behind those that made it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.events.frame import Frame, Part
from taylor_runtime.events.search import Search
from taylor_runtime.events.series import SeriesFunctions, call
from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Input, Program
from taylor_runtime.series.emitter import SeriesEmitter
from taylor_runtime.series.memory import Rendering

Body = Callable[[Index, list[Value]], Sequence[Value]]
AT_ONCE = 2.0**-44  # of time or step: roots of parts that count as one


def emit_signs(module: Module, functions: SeriesFunctions, formulas: Program) -> None:
    """define void @signs(signs, parameters, out): of the combined functions.

    formulas: of order 0; slots of source "sign" are the parts.
    """
    parameters = [("ptr", name) for name in ("signs", "parameters", "out")]
    with define_function(module, "signs", "void", parameters, "nounwind noinline", "internal") as (
        b,
        args,
    ):
        signs, values, out = args
        known = functions.reader(b, signs, values, (), "double")

        def read(given: Input, chunk: Chunk) -> Value:
            if given.source == "sign":
                return b.load(F64, b.at(signs, given.index[0]))
            return known(given, chunk)

        series = SeriesEmitter(b, formulas, Rendering("double", unrolled=True), None, read)
        series.constant_rows()
        series.order_zero()
        for number, (row, _) in enumerate(formulas.outputs):
            b.store(series.memory.head(row, Chunk(0, 0)), b.at(out, number))
        b.ret()


class Combination(Part):
    """Adds the roots of the combined functions to the list `roots`."""

    def __init__(self, frame: Frame, search: Search) -> None:
        super().__init__(frame)
        self.search = search
        options = self.watch.options
        self.first, self.last = options.first_part, self.watch.count - options.guards
        self.parts = self.last - self.first
        time = self.b.fabs(self.start[0]) * (1 / self.scale)
        end = self.b.fabs(self.end)
        self.room = self.b.select(time > end, time, end) * AT_ONCE

    def combine(self, position: Value, roots: Value) -> Value:
        """Go through the roots of a piece; returns how many there are now."""
        b = self.b
        self._each(self.parts, lambda part: self._begin(part, roots))
        self._evaluate("before")

        def start(number: Value, carried: list[Value]) -> Sequence[Value]:
            return [self._look_at_start(number, carried[0], position)]

        (total,) = b.fold(0, self.watch.combined, [roots], self._indexed(start))

        def goes_on(carried: list[Value]) -> Value:
            return carried[0] < carried[1]

        return b.while_([b.constant(0, I64), total], goes_on, self._next)[1]

    def remember_until(self) -> None:
        """The signs of the combined functions behind the roots that are done with."""
        b = self.b

        def one(number: Value) -> None:
            event = number + self.watch.count

            def last(i: Index, carried: list[Value]) -> list[Value]:
                assert isinstance(i, Value)
                seen = b.load(F64, self.root(i, 2))
                own = b.eq(self._number(i), event) & b.ne(seen, 0)
                return [b.select(own, seen, carried[0])]

            known = self.memory("memory", event).get("side")
            (side,) = b.fold(b.constant(0, I64), self.block.get("skip"), [known], last)
            self.memory("trial", event).set("side", side)

        self._each(self.watch.combined, one)

    # -- helpers ----------------------------------------------------------------------------------

    def _indexed(self, body: Callable[[Value, list[Value]], Sequence[Value]]) -> Body:
        def one(i: Index, carried: list[Value]) -> Sequence[Value]:
            value = i if isinstance(i, Value) else self.b.constant(i, I64)
            return body(value, carried)

        return one

    def _each(self, count: int, body: Callable[[Value], None]) -> None:
        def one(i: Value, _: list[Value]) -> Sequence[Value]:
            body(i)
            return []

        self.b.fold(0, count, [], self._indexed(one))

    def _number(self, index: Value) -> Value:
        return self.b.cast("fptosi", self.b.load(F64, self.root(index, 3)), "i64")

    def _evaluate(self, target: str, source: str = "signs") -> None:
        call(self.b, "signs", self.area(source), self.parameters, self.area(target))

    def _begin(self, part: Value, roots: Value) -> None:
        """The sign of a part where the piece begins: known, or told by what comes; else NaN."""
        b, event = self.b, part + self.first

        def first(i: Index, carried: list[Value]) -> list[Value]:
            assert isinstance(i, Value)
            seen = b.load(F64, self.root(i, 2))
            fits = b.eq(self._number(i), event) & b.eq(carried[0], 0)
            return [b.select(fits, -seen, carried[0])]

        (told,) = b.fold(b.constant(0, I64), roots, [b.constant(0, F64)], first)
        one, known = b.constant(1, F64), self.memory("memory", event).get("side")
        after = self.memory("trial", event).get("side")
        sign = b.select(b.ne(told, 0), b.copysign(one, told), after)
        sign = b.select(b.ne(known, 0), known, sign)
        sign = b.select(b.eq(sign, 0), b.constant(float("nan"), F64), sign)
        b.store(sign, self.area("signs", part))

    def _look_at_start(self, number: Value, total: Value, position: Value) -> Value:
        """A sign that is not the last one: it changed while it was not defined, or by a jump."""
        b, event = self.b, number + self.watch.count
        sign, trial = b.load(F64, self.area("before", number)), self.memory("trial", event)
        side = trial.get("side")
        certain = b.eq(b.fabs(sign), 1)
        other = certain & b.eq(side, -sign)

        def insert() -> list[Value]:
            self.search.insert(total, position, b.constant(0, F64), sign, event)
            return [total + 1]

        (result,) = b.if_(other, insert, lambda: [total])
        self._keep_side(trial, sign)
        return result

    def _keep_side(self, trial: Fields, sign: Value) -> None:
        b = self.b
        unknown = b.ne(sign, sign) | ~b.eq(sign, sign)
        kept = b.select(b.eq(sign, 0), trial.get("side"), sign)
        trial.set("side", b.select(unknown, b.constant(0, F64), kept))

    def _is_part(self, index: Value) -> Value:
        number = self._number(index)
        return (number >= self.first) & (number < self.last)

    def _next(self, carried: list[Value]) -> list[Value]:
        """From one root to the next that is not at the same time."""
        index, total = carried

        def skip() -> list[Value]:
            return [index + 1, total]

        return self.b.if_(self._is_part(index), lambda: self._group(index, total), skip)

    def _group(self, first: Value, total: Value) -> list[Value]:
        b = self.b
        limit = b.fabs(b.load(F64, self.root(first, 0))) + self.room

        def copy(part: Value) -> None:
            b.store(b.load(F64, self.area("signs", part)), self.area("middle", part))

        self._each(self.parts, copy)

        def belongs(carried: list[Value]) -> Value:
            inside = carried[0] < total
            safe = b.select(inside, carried[0], first)
            return inside & (b.fabs(b.load(F64, self.root(safe, 0))) <= limit)

        def take(carried: list[Value]) -> list[Value]:
            index, latest = carried

            def change() -> list[Value]:
                part, seen = self._number(index) - self.first, b.load(F64, self.root(index, 2))
                at = self.area("signs", part)
                new = b.copysign(b.constant(1, F64), seen)
                b.store(b.select(b.eq(seen, 0), b.load(F64, at), new), at)
                b.store(b.constant(0, F64), self.area("middle", part))
                return [index]

            return [index + 1, *b.if_(self._is_part(index), change, lambda: [latest])]

        end, latest = b.while_([first, first], belongs, take)
        self._evaluate("between", "middle")
        self._evaluate("after")
        tau, low = (b.load(F64, self.root(latest, k)) for k in range(2))

        def one(number: Value, carried: list[Value]) -> Sequence[Value]:
            return [self._decide(number, carried[0], tau, low)]

        (more,) = b.fold(0, self.watch.combined, [total], self._indexed(one))
        return [end + (more - total), more]

    def _decide(self, number: Value, total: Value, tau: Value, low: Value) -> Value:
        """Whether a combined function changes its sign, or touches zero."""
        b, event = self.b, number + self.watch.count
        before, between, after = (
            b.load(F64, self.area(name, number)) for name in ("before", "between", "after")
        )
        trial = self.memory("trial", event)
        certain, zero = b.eq(b.fabs(after), 1), b.eq(between, 0)
        crossing = certain & b.eq(trial.get("side"), -after)
        was, lost = ~b.eq(before, before), ~b.eq(after, after)
        same = certain & (b.eq(before, after) | was)
        ending = lost & b.eq(b.fabs(before), 1)
        touch = ~crossing & zero & (same | ending)
        direction = b.select(crossing, after, b.constant(0, F64))

        def insert() -> list[Value]:
            self.search.insert(total, tau, low, direction, event)
            return [total + 1]

        (result,) = b.if_(crossing | touch, insert, lambda: [total])
        self._keep_side(trial, after)
        b.store(after, self.area("before", number))
        return result
