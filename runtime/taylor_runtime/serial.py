"""Trajectories one after the other through a step loop, in machine code.

One function for all systems, compiled when first asked for: it knows a step loop by its address.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from taylor_runtime.call import function_pointer
from taylor_runtime.control import NON_FINITE, REACHED, STEP_UNDERFLOW, Control, Fields
from taylor_runtime.engine import STEP_PASSES, Options, compile_ir
from taylor_runtime.engine import Module as Code
from taylor_runtime.ir import I64, Builder, Module, Value

RUN = "taylor.run_rows"
UNFINISHED = -1  # status of a row that was not finished, nor perhaps begun
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
            "count",
            "limit",  # steps of a row
            "budget",  # steps between looks at `stop`
            *MOVING,
            *(f"{name}_stride" for name in MOVING),
            *RESTING,
        )
    ]
)


def run_rows(block: np.ndarray) -> None:
    """Run all rows (without the GIL) until they end, at a step limit, or `stop` says so.

    block: one item of dtype `ROW_LOOP`. The rows' control blocks are as before a first step, and
    their `codes` UNFINISHED.
    """
    _function()(block.ctypes.data)


@lru_cache(maxsize=1)
def _function() -> Any:
    code: Code = compile_ir(row_loop_module(), [RUN], options=Options(passes=STEP_PASSES))
    return function_pointer(code.address(RUN), "void(*)(uintptr_t)", owner=code)


def row_loop_module() -> str:
    """IR text of `void taylor.run_rows(block)`."""
    module = Module()
    with module.function(RUN, "void", [("ptr", "block")], "nounwind") as (b, (pointer,)):
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
            return (carried[0] < count) & self._may_go_on()

        def one(carried: list[Value]) -> list[Value]:
            self._row(carried[0])
            return [carried[0] + 1]

        b.while_([b.constant(0, I64)], more, one)

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
        code_place = b.at(block.address("codes"), row, "i64")
        limit, budget = block.get("limit"), block.get("budget")
        arguments = ", ".join(f"ptr {places[name].text}" for name in ORDER)
        propagate = block.address("propagate")

        def running(carried: list[Value]) -> Value:
            return b.ne(carried[0], 0)

        def slice_(_: list[Value]) -> list[Value]:
            wanted = control.get("steps") + budget
            control.set("steps_wanted", b.select(wanted < limit, wanted, limit))
            code = b.emit(I64, f"call i64 {propagate.text}({arguments})")
            ended = b.eq(code, REACHED) | b.eq(code, NON_FINITE) | b.eq(code, STEP_UNDERFLOW)
            ended = ended | (control.get("steps") >= limit)
            b.if_(ended, lambda: self._finish(code, code_place))
            on = self._may_go_on() & ~ended
            return [b.select(on, b.constant(1, I64), b.constant(0, I64))]

        b.while_([b.constant(1, I64)], running, slice_)

    def _finish(self, code: Value, place: Value) -> list[Value]:
        self.b.store(code, place)
        return []


def row_loop(**values: int) -> np.ndarray:
    """A block with these fields.

    Example:
        >>> int(row_loop(count=3)["count"][0])
        3
    """
    block = np.zeros(1, ROW_LOOP)
    for name, value in values.items():
        block[name] = value
    return block
