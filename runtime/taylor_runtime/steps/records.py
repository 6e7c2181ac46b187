"""What a step leaves behind: its Taylor coefficients, for dense output and for the times of a grid.

A record is [time, time_low, scale, step] in double, then coefficient n of every place of the state
vector, n = 0 .. order, in the kind of number of the state (of double-doubles first all high parts).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.flows.alike import AlikeMemory
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.series.protocol import Series
from taylor_runtime.steps.control import RECORD_HEADER, Control
from taylor_runtime.steps.grid import call_filler, record_body
from taylor_runtime.steps.states import StateRows


def record_length(order: int, rows: StateRows, taped: bool = False) -> int:
    """Doubles from one record to the next; taped: of which all but order zero is written over by
    the next one, where a number's parts do not lie apart.
    """
    if taped and ELEMENTS[rows.element].parts == 1:
        order = 0
    count = (order + 1) * rows.size
    return RECORD_HEADER * rows.batch + -(-count * ELEMENTS[rows.element].bytes // 8)


class Recorder:
    """Emits the writing of records, and the call that evaluates the last one on the grid."""

    def __init__(
        self,
        b: Builder,
        control: Control,
        records: Value,
        grid: Value,
        rows: StateRows,
        order: Index,
        length: Index,
    ) -> None:
        """length: of a record, see `record_length`."""
        self.b = b
        self.control = control
        self.records = records
        self.grid = grid
        self.rows = rows
        self.order = order
        self.length = length

    def current(self) -> Value:
        """Where the current step's record goes; a batch has one for each lane, side by side."""
        if self.rows.lanes:
            return self.records
        return self.b.at(self.records, self.control.get("records") * self.length)

    def wanted(self, needed: Value) -> Value:
        """Whether the coming step's record is needed, or anybody wants one: an i1 scalar."""
        return self.b.any_lane(self.b.ne(self.control.get("recording"), 0) | needed)

    def write(self, series: Series) -> None:
        """Write the coming step's record."""
        b, record = self.b, self.current()
        for k, name in enumerate(("time", "time_low", "scale")):
            b.store(self.control.get(name), b.at(record, k * self.rows.batch))

        def one_order(n: Index, _: list[Value]) -> Sequence[Value]:
            base = self.coefficients(record, n)
            if isinstance(series.memory, AlikeMemory):
                self.rows.each_alike(series, partial(copy, base, n), steps=False)
                return []
            self.rows.each(series, partial(copy, base, n))
            return []

        def copy(base: Value, n: Index, position: Index, row: int, chunk: Chunk) -> None:
            value = series.memory.coefficient(row, n, chunk)
            self.rows.store(b, value, base, position, chunk)

        one_order(0, [])
        b.fold(1, self.order + 1, [], one_order, unroll=series.rendering.unrolled)

    def coefficients(self, record: Value, n: Index) -> Value:
        """Where coefficient n of the first place is."""
        rows = self.rows
        count = rows.size * (self.order + 1)
        body = record_body(self.b, record, count, rows.element, rows.batch)
        return self.b.at(body, n * rows.size, rows.element)

    def accept(self, state: Value) -> None:
        """The recorded step is valid: fill the grid times it covers; keep it if all are kept."""
        control, recording = self.control, self.control.get("recording")

        def fill(record: Value) -> list[Value]:
            call_filler(control, record, self.grid, state, (self.order, self.rows.size))
            return []

        def keep() -> list[Value]:
            b = self.b
            record = self.current()
            b.store(control.get("step"), b.at(record, 3))
            self.b.if_(control.get("grid_next") < control.get("grid_count"), partial(fill, record))
            keeps_all = b.cast("zext", b.eq(recording, 1), "i64")
            control.set("records", control.get("records") + keeps_all)
            return []

        self.b.if_(self.b.ne(recording, 0), keep)

    def is_full(self) -> Value:
        """Whether there is no room for another record."""
        kept = self.b.eq(self.control.get("recording"), 1)
        return kept & self.b.eq(self.control.get("records"), self.control.get("records_wanted"))
