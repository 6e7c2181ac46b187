"""Values put at a place of an array that is known when machine code runs."""

from __future__ import annotations

from taylor_runtime.arrays.regions.inner import (
    ALONE,
    Writer,
    chosen_place,
    copy,
    put_number,
)
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import Put, contiguous


def emit_put(outer: Writer, row: int, put: Put, n: Index) -> None:
    """Coefficient n of an array with values put at a place; the source stays where it is, or is
    changed there.
    """
    b, memory, program = outer.b, outer.memory, outer.program
    shape, size = program.shape(row), program.row(row).size
    if not size:
        return
    target = memory.base(row, n)
    source = outer.plan.access(put.source)
    same = outer.plan.same
    if row not in same or same.get(source.row) != same[row]:
        _copied(outer, target, put.source, n, size)
    place = chosen_place(b, memory.head(put.places, ALONE), shape[0])
    stride = contiguous(shape)[0]
    target = b.at(target, place * stride, outer.element)
    if len(shape) == 1:
        put_number(outer, memory.coefficient(put.values, n, ALONE), target, 0)
    else:
        _copied(outer, target, put.values, n, stride)


def _copied(outer: Writer, target: Value, row: int, n: Index, size: int) -> None:
    """Elements of a row that lie side by side; zeros beyond those that a row has."""
    b, memory = outer.b, outer.memory
    zero = isinstance(n, int) and n == 0
    if not zero and not outer.plan.varies[row]:

        def clear(i: Index, _: list[Value]) -> list[Value]:
            b.store(b.constant(0, ALONE.type(outer.element)), b.at(target, i, outer.element))
            return []

        b.fold(0, size, [], clear)
        return
    access = outer.plan.access(row)
    copy(outer, target, b.at(memory.base(access.row, n), access.offset, outer.element), size)
