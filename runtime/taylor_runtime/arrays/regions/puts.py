"""Values put at a place of an array that is known when machine code runs."""

from __future__ import annotations

from taylor_runtime.arrays.regions.inner import (
    ALONE,
    Writer,
    chosen_place,
    copy_row,
    operand,
)
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import Put, contiguous
from taylor_runtime.program.shapes.nodes import Node


def emit_put(outer: Writer, row: int, put: Put, n: Index) -> None:
    """Coefficient n of an array with values put at a place; the source stays where it is, or is
    changed there.
    """
    b, memory, program = outer.b, outer.memory, outer.program
    shape, size = program.shape(row), program.row(row).size
    if not size:
        return
    target = memory.base(row, n)
    if not outer.plan.lies_at(put.source, Node(row)):
        copy_row(outer, target, put.source, n, size)
    stride = contiguous(shape)[0]
    if not program.shape(put.places):
        place = chosen_place(b, memory.head(put.places, ALONE), shape[0])
        at = b.at(target, place * stride, outer.element)
        copy_row(outer, at, put.values, n, stride)
        return

    def one(k: Index, _: list[Value]) -> list[Value]:
        number = b.load(Type(outer.element), b.at(places, k, outer.element))
        at = b.at(target, chosen_place(b, number, shape[0]) * stride, outer.element)
        copy_row(outer, at, put.values, n, stride, k * stride)
        return []

    places = operand(outer, put.places)
    b.fold(0, program.row(put.places).size, [], one)
