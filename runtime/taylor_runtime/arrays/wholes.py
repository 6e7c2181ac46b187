"""Rows that are computed as a whole: contractions and running sums."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.arrays.contraction import contraction, emit_contraction
from taylor_runtime.arrays.memory import ArrayMemory
from taylor_runtime.arrays.running import emit_running
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import Contract, Running, contiguous


def emit_whole(memory: ArrayMemory, row: int, n: Index) -> None:
    """Coefficient n of a row that is computed as a whole."""
    moved = memory.program.row(row).moved
    if isinstance(moved, Running):
        emit_running(memory, row, moved, n)
    else:
        assert isinstance(moved, Contract)
        _contract(memory, row, moved, n)


def _contract(memory: ArrayMemory, row: int, c: Contract, n: Index) -> None:
    """A product, summed over the orders where both factors have them."""
    program, plan, b = memory.program, memory.plan, memory.b
    first, second = plan.access(c.a), plan.access(c.b)
    shapes = program.shape(c.a), program.shape(c.b)
    strides = first.strides, second.strides, contiguous(program.shape(row))
    product = contraction(c.subscripts, shapes, strides)
    target = memory.base(row, n)

    def add(j: Index, k: Index, onto: bool) -> None:
        a = b.at(memory.base(first.row, j), first.offset, memory.element)
        other = b.at(memory.base(second.row, k), second.offset, memory.element)
        emit_contraction(b, memory.element, product, a, other, target, onto, memory.room)

    varies = plan.varies[c.a], plan.varies[c.b]
    if isinstance(n, int) or not all(varies):
        add(n if varies[0] else 0, n if varies[1] else 0, False)
        return

    def one(j: Index, _: list[Value]) -> Sequence[Value]:
        add(j, n - j, True)
        return []

    add(0, n, False)
    b.fold(1, n + 1, [], one)
