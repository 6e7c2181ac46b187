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
from taylor_runtime.program.kernels import KernelFunction


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


def place_kernel(name: str, edges: Any) -> KernelFunction:
    """How many of the ascending `edges` are not above x: 0 .. len(edges); 0 for NaN.

    A binary search of a fixed number of steps, the same for all lanes.
    """
    count = len(edges)
    depth = count.bit_length()
    padded = np.full(2**depth, np.inf)
    padded[:count] = edges

    def emit(b: Builder, x: Value) -> Sequence[Value]:
        table = _stored(b, padded)
        place = b.constant(0, x.type.part.of("i64"))
        for level in reversed(range(depth)):
            edge = _entries(b, table, place + (2**level - 1), x)
            below = b.compare("ge", x, edge)
            place = b.select(below, place + 2**level, place)
        place = b.select(place > count, b.constant(count, place.type), place)
        return [b.from_double(b.cast("sitofp", place, "double"), x.type.element)]

    return KernelFunction(name, 1, emit)


def entry_kernel(name: str, rows: Any, low: Any = None) -> KernelFunction:
    """rows[i, j] for numbers i and j; i beyond an end gives the entry there.

    rows: shape (n, m); low: what is left of the numbers beyond double, of the same shape.
    """
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

    return KernelFunction(name, 2, emit)
