"""What a step leaves behind: its Taylor coefficients, for dense output and for the times of a grid.

A record is [time, time_low, scale, step] in double, then coefficient n of every place of the state
vector, n = 0 .. order, in the kind of number of the state (of double-doubles first all high parts).
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.control import RECORD_HEADER, Control
from taylor_runtime.emit import SeriesEmitter
from taylor_runtime.ir import (
    F64,
    PAIR,
    Builder,
    Index,
    PairValue,
    Type,
    Value,
    pair,
    planes_of,
    size_of,
)
from taylor_runtime.states import StateRows


def record_length(order: int, rows: StateRows) -> int:
    """Doubles that a record takes."""
    count = planes_of(rows.element) * (order + 1) * rows.size
    return RECORD_HEADER + -(-count * size_of(rows.element) // 8)


class Recorder:
    """Emits the writing of records, and the evaluation of the last one on the grid."""

    def __init__(
        self,
        b: Builder,
        control: Control,
        records: Value,
        grid: Value,
        rows: StateRows,
        order: int,
    ) -> None:
        self.b = b
        self.control = control
        self.records = records
        self.grid = grid
        self.rows = rows
        self.order = order
        self.length = record_length(order, rows)

    def current(self) -> Value:
        """Where the current step's record goes."""
        return self.b.at(self.records, self.control.get("records") * self.length)

    def write_if_wanted(self, series: SeriesEmitter) -> None:
        """Write the coming step's record, if anybody wants one."""

        def write() -> list[Value]:
            self.write(series)
            return []

        self.b.if_(self.b.ne(self.control.get("recording"), 0), write)

    def write(self, series: SeriesEmitter) -> None:
        """Write the coming step's record."""
        b, record = self.b, self.current()
        for k, name in enumerate(("time", "time_low", "scale")):
            b.store(self.control.get(name), b.at(record, k))

        def one_order(n: Index, _: list[Value]) -> Sequence[Value]:
            base = self._coefficient_address(record, n)
            for position, row in enumerate(self.rows.rows):
                for chunk in series.memory.chunks(row):
                    value = series.memory.coefficient(row, n, chunk)
                    self.rows.store(b, value, base, position, chunk)
            return []

        one_order(0, [])
        b.fold(1, self.order + 1, [], one_order, unroll=series.rendering.unrolled)

    def coefficients(self, n: Index) -> list[Value]:
        """Coefficient n of every state row, from the record just written."""
        return self.rows.load_all(self.b, self._coefficient_address(self.current(), n))

    def _coefficient_address(self, record: Value, n: Index) -> Value:
        """Where coefficient n of the first place is."""
        b, rows = self.b, self.rows
        body = b.at(record, RECORD_HEADER)
        body = b.planes(body, (self.order + 1) * rows.size, rows.element)
        return b.at(body, n * rows.size, rows.element)

    def accept(self, state: Value) -> None:
        """The recorded step is valid: fill the grid times it covers; keep it if all are kept."""
        recording = self.control.get("recording")

        def keep() -> list[Value]:
            b = self.b
            record = self.current()
            b.store(self.control.get("step"), b.at(record, 3))
            self._fill_grid(record, state)
            keeps_all = b.cast("zext", b.eq(recording, 1), "i64")
            self.control.set("records", self.control.get("records") + keeps_all)
            return []

        self.b.if_(self.b.ne(recording, 0), keep)

    def is_full(self) -> Value:
        """Whether there is no room for another record."""
        kept = self.b.eq(self.control.get("recording"), 1)
        return kept & self.b.eq(self.control.get("records"), self.control.get("records_wanted"))

    def _fill_grid(self, record: Value, state: Value) -> None:
        b, control = self.b, self.control
        count = control.get("grid_count")
        now, now_low = control.get("time"), control.get("time_low")
        step, scale = control.get("step"), control.get("step_scale")
        start, start_low = b.load(F64, record), b.load(F64, b.at(record, 1))
        direction = b.copysign(b.constant(1, F64), step)
        element, size = self.rows.element, self.rows.size
        lows = b.at(self.grid, count)
        outputs = b.planes(b.at(lows, count), count * size, element)
        now_pair, start_pair = pair(now, now_low), pair(start, start_low)

        def grid_time(index: Value) -> PairValue:
            return pair(b.load(F64, b.at(self.grid, index)), b.load(F64, b.at(lows, index)))

        def wanted(carried: list[Value]) -> Value:
            (index,) = carried
            inside = index < count
            safe = b.select(inside, index, b.constant(0, index.type))
            left = b.to_double(grid_time(safe) - now_pair)
            return inside & (left * direction <= 0)

        def fill(carried: list[Value]) -> list[Value]:
            (index,) = carried
            time = grid_time(index)
            at_end = b.eq(b.to_double(time - now_pair), 0)
            elapsed: Value = time - start_pair
            if element != PAIR:
                elapsed = b.from_double(b.to_double(elapsed), element)
            tau = elapsed / b.from_double(scale, element)
            target = b.at(outputs, index * size, element)
            self._evaluate(record, tau, target, state, at_end)
            return [index + 1]

        (after,) = b.while_([control.get("grid_next")], wanted, fill)
        control.set("grid_next", after)

    def _evaluate(
        self, record: Value, tau: Value, target: Value, state: Value, at_end: Value
    ) -> None:
        """Every place of the state vector at tau by Horner's rule.

        At the step's end the state itself.
        """
        b, size, kind = self.b, self.rows.size, self.rows.element
        base = self._coefficient_address(record, 0)
        number = Type(kind)

        def one(place: Index, _: list[Value]) -> Sequence[Value]:
            column = b.at(base, place, kind)

            def horner(i: Index, carried: list[Value]) -> Sequence[Value]:
                coefficient = b.load(number, b.at(column, (self.order - 1 - i) * size, kind))
                return [b.fma(carried[0], tau, coefficient)]

            top = b.load(number, b.at(column, self.order * size, kind))
            (value,) = b.fold(0, self.order, [top], horner)
            end = b.load(number, b.at(state, place, kind))
            b.store(b.select(at_end, end, b.normal(value)), b.at(target, place, kind))
            return []

        b.fold(0, size, [], one)
