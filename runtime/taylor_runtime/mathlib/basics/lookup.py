"""Tables of eight doubles: a vector of 512 bits, from which one instruction takes all lanes."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.lanes import join, split
from taylor_runtime.ir.types import F64, make_type
from taylor_runtime.ir.values import Value

SIZE = 8


def entry(b: Builder, table: Sequence[float], index: Value) -> Value:
    """table[index mod 8], lane by lane, for an i64 index.

    Of lanes it is a function that is declared alone: which one takes (ptr, indices) to doubles is
    all that the engine asks, to define it as the processor has it.
    """
    lanes = index.lanes
    if lanes > SIZE:
        return join(b, [entry(b, table, part) for part in split(b, index, SIZE, lanes // SIZE)])
    pointer = b.table(table)
    if not lanes:
        return b.load(F64, b.at(pointer, index & (SIZE - 1)))
    t, name = make_type("double", lanes), f"ty.entry.x{lanes}"
    b.module.declare(name, f"declare {t} @{name}(ptr, {index.type})")
    return b.emit(t, f"call {t} @{name}(ptr {pointer.text}, {index.type} {index.text})")
