"""Kernels with a table of numbers in them: the place of a number in a sorted table, and entries.

The numbers are constants of the machine code, or memory that it is linked with.  Both kernels take
doubles for indices, so that rows of coefficients can hold them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import PTR
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.program.kernels import OUTSIDE, EntryKernel, PlaceKernel


def _stored(b: Builder, name: str, numbers: Any) -> Value:
    """The address of a constant array of doubles."""
    if numbers.size >= OUTSIDE:
        b.module.declare(name, f"@{name} = external constant [{numbers.size} x double]")
        return Value(b, PTR, f"@{name}")
    content = np.ascontiguousarray(numbers, dtype=np.float64)
    if sys.byteorder != "little":  # pragma: no cover - no such processor at hand
        content = content.byteswap()
    return Value(b, PTR, b.module.data(content.tobytes()))


def _entries(b: Builder, table: Value, index: Value, like: Value) -> Value:
    """table[index] for an i64 index, lane by lane."""
    t = like.type.part
    if t.lanes:
        return b.gather(t, table, index)
    return b.load(t, b.at(table, index))


def place_kernel(kernel: PlaceKernel) -> KernelFunction:
    """A binary search of a fixed number of steps, the same for all lanes."""
    count = len(kernel.edges)
    depth = count.bit_length()

    def emit(b: Builder, x: Value) -> Sequence[Value]:
        ((name, padded),) = kernel.tables.items()
        table = _stored(b, name, padded)
        place = b.constant(0, x.type.part.of("i64"))
        for level in reversed(range(depth)):
            edge = _entries(b, table, place + (2**level - 1), x)
            below = b.compare("ge", x, edge)
            place = b.select(below, place + 2**level, place)
        place = b.select(place > count, b.constant(count, place.type), place)
        return [b.from_double(b.cast("sitofp", place, "double"), x.type.element)]

    return KernelFunction(kernel.name, 1, emit)


def entry_kernel(kernel: EntryKernel) -> KernelFunction:
    """An entry of a table; row and column are numbers."""
    count, width = kernel.rows.shape
    (name, rows), *rest = kernel.tables.items()

    def emit(b: Builder, row: Value, column: Value) -> Sequence[Value]:
        number = b.to_double(row)
        number = b.select(number > 0, number, 0)  # NaN becomes 0 as well
        number = b.select(number < count - 1, number, b.constant(count - 1, number.type))
        index = number * width + b.to_double(column)
        index = b.cast("fptosi", index, "i64")
        value = _entries(b, _stored(b, name, rows), index, row)
        if not rest or not row.type.is_compound:
            return [b.like(row, value)]
        low = _entries(b, _stored(b, *rest[0]), index, row)
        return [b.from_doubles(value, low, row.type.element)]

    return KernelFunction(kernel.name, 2, emit)
