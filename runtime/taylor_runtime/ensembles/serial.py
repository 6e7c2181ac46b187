"""Trajectories one after the other through a step loop, in machine code.

One function for all systems, compiled when first asked for: it knows a step loop by its address.
"""

from __future__ import annotations

import numpy as np

from taylor_runtime.events.block import EVENT_BLOCK
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.codes import (
    EVENT_STOP,
    EVENTS_FULL,
    NON_FINITE,
    REACHED,
    STEP_UNDERFLOW,
)
from taylor_runtime.steps.control import Control

RUN = "taylor.run_rows"
MOVING = ("control", "states", "parameters", "grid")  # arrays with an item for each row
RESTING = ("work", "records", "tolerances")
ORDER = ("control", "states", "parameters", "work", "records", "grid", "tolerances")

# What the loop is told: addresses, bytes from row to row, and numbers, 8 bytes each.
ROW_LOOP = np.dtype(
    [
        (name, np.int64)
        for name in (
            "propagate",  # address of the step loop
            "stop",  # of an integer that is not zero when the work is to end
            "codes",  # of a status for each row
            "first",  # row to begin with; the row that the loop has come to
            "count",
            "full",  # there was no room for an event of this row: give it, and go on
            "limit",  # steps of a row
            "budget",  # steps between looks at `stop`
            *MOVING,
            *(f"{name}_stride" for name in MOVING),
            *RESTING,
            "events",  # block of the detector that all rows share; 0: none
            "fresh",  # what it is before a first step
            "known",  # address, and words, of what the detector knows of events
            "known_words",
            "known_fresh",  # and what it knows before a first step
            "counts",  # for each row, of the records so far
            "groups",  # and where its last group begins
        )
    ]
)


def row_loop_module() -> str:
    """IR text of `void taylor.run_rows(block)`."""
    module = Module()
    with define_function(module, RUN, "void", [("ptr", "block")], "nounwind") as (b, (pointer,)):
        _RowLoop(b, Fields(b, pointer, ROW_LOOP)).emit()
        b.ret()
    return module.text()


class _RowLoop:
    def __init__(self, b: Builder, block: Fields) -> None:
        self.b = b
        self.block = block

    def emit(self) -> None:
        b, block = self.b, self.block
        count = block.get("count")

        def more(carried: list[Value]) -> Value:
            return (carried[0] < count) & self._may_go_on() & b.eq(carried[1], 0)

        def one(carried: list[Value]) -> list[Value]:
            row = carried[0]
            resumed = block.get("full")
            block.set("full", 0)
            block.set("first", row)
            b.if_(b.ne(block.get("events"), 0) & b.eq(resumed, 0), self._forget)
            self._row(row)
            return [row + 1, block.get("full")]

        b.while_([block.get("first"), b.constant(0, I64)], more, one)

    def _forget(self) -> list[Value]:
        """The detector knows nothing of a new row; its records are kept."""
        b, block = self.b, self.block
        events = Fields(b, block.address("events"), EVENT_BLOCK)
        count = events.get("count")
        self._copy(events.pointer, block.address("fresh"), len(EVENT_BLOCK.names or ()))
        events.set("count", count)
        known = block.address("known")
        self._copy(known, block.address("known_fresh"), block.get("known_words"))
        return []

    def _copy(self, target: Value, source: Value, words: Index) -> None:
        b = self.b

        def one(i: Index, _: list[Value]) -> list[Value]:
            b.store(b.load(I64, b.at(source, i, "i64")), b.at(target, i, "i64"))
            return []

        b.fold(0, words, [], one)

    def _may_go_on(self) -> Value:
        return self.b.eq(self.b.load(I64, self.block.address("stop")), 0)

    def _row(self, row: Value) -> None:
        """Slices of one row until it ends."""
        b, block = self.b, self.block
        places = {name: block.address(name) for name in RESTING}
        for name in MOVING:
            offset = row * block.get(f"{name}_stride")
            places[name] = b.at(block.address(name), offset, "i8")
        control = Control(b, places["control"])
        limit, budget = block.get("limit"), block.get("budget")
        arguments = ", ".join(f"ptr {places[name].text}" for name in ORDER)
        propagate = block.address("propagate")

        def running(carried: list[Value]) -> Value:
            return b.ne(carried[0], 0)

        def slice_(_: list[Value]) -> list[Value]:
            wanted = control.get("steps") + budget
            control.set("steps_wanted", b.select(wanted < limit, wanted, limit))
            code = b.emit_anew(I64, f"call i64 {propagate.text}({arguments})")
            full = b.eq(code, EVENTS_FULL)
            ended = control.get("steps") >= limit
            for final in (REACHED, NON_FINITE, STEP_UNDERFLOW, EVENT_STOP):
                ended = ended | b.eq(code, final)
            ended = ended & ~full
            b.if_(ended, lambda: self._finish(row, code))
            b.if_(full, self._wait)
            on = self._may_go_on() & ~ended & ~full
            return [b.select(on, b.constant(1, I64), b.constant(0, I64))]

        b.while_([b.constant(1, I64)], running, slice_)

    def _finish(self, row: Value, code: Value) -> list[Value]:
        b, block = self.b, self.block
        b.store(code, b.at(block.address("codes"), row, "i64"))
        b.if_(b.ne(block.get("events"), 0), lambda: self._count(row))
        return []

    def _count(self, row: Value) -> list[Value]:
        """Where the row's records end."""
        b, block = self.b, self.block
        events = Fields(b, block.address("events"), EVENT_BLOCK)
        for name, array in (("count", "counts"), ("group", "groups")):
            b.store(events.get(name), b.at(block.address(array), row, "i64"))
        return []

    def _wait(self) -> list[Value]:
        self.block.set("full", 1)
        return []
