"""Kernels with a table of numbers in them: the place of a number in a sorted table, and entries.

The numbers are constants of the machine code.  Both kernels take doubles for indices, so that rows
of coefficients can hold them.
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
from taylor_runtime.program.kernels import EntryKernel, PlaceKernel


def _stored(b: Builder, numbers: Any) -> Value:
    """The address of a constant array of doubles."""
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
        padded = np.full(2**depth, np.inf)
        padded[:count] = kernel.edges
        table = _stored(b, padded)
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
    rows, low = kernel.rows, kernel.low
    count, width = rows.shape

    def emit(b: Builder, row: Value, column: Value) -> Sequence[Value]:
        number = b.to_double(row)
        number = b.select(number > 0, number, 0)  # NaN becomes 0 as well
        number = b.select(number < count - 1, number, b.constant(count - 1, number.type))
        index = number * width + b.to_double(column)
        index = b.cast("fptosi", index, "i64")
        value = _entries(b, _stored(b, rows), index, row)
        if low is None or not row.type.is_compound:
            return [b.like(row, value)]
        return [b.from_doubles(value, _entries(b, _stored(b, low), index, row), row.type.element)]

    return KernelFunction(kernel.name, 2, emit)
