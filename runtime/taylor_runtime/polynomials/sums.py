"""Sums of products of coefficients that tables name, in chains."""

from __future__ import annotations

from collections.abc import Callable

from taylor_runtime.arithmetic.sums import CHAINS, chained_sums
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I32, Type
from taylor_runtime.ir.values import Index, Value

Load = Callable[[Value], Value]


def table_item(b: Builder, table: Value, index: Index) -> Value:
    """Item of a table of i32, as an index."""
    return b.cast("sext", b.load(I32, b.at(table, index, "i32")), "i64")


def sum_of_products(
    b: Builder, start: Value, end: Value, t: Type, left: Load, right: Load
) -> Value:
    """left(k) right(k) for k = start .. end - 1."""

    def step(k: Value, sums: list[Value]) -> list[Value]:
        return [b.fma(right(k), left(k), sums[0])]

    return chained_sums(b, (start, end), [b.constant(0, t)], CHAINS, step)[0]
