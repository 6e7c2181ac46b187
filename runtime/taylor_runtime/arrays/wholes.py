"""Rows that are computed as a whole: contractions and running sums."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.arrays.contraction import Contraction, emit_contraction
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
    sizes: dict[int, int] = {}
    for numbers, factor in ((c.of_a, c.a), (c.of_b, c.b)):
        for number, size in zip(numbers, program.shape(factor), strict=True):
            sizes[number] = max(sizes.get(number, 1), size)
    axes = sorted(sizes)

    def along(numbers: Sequence[int], strides: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
        of = {k: 0 if size == 1 else s for k, s, size in zip(numbers, strides, shape, strict=True)}
        return tuple(of.get(axis, 0) for axis in axes)

    first, second = plan.access(c.a), plan.access(c.b)
    shape = program.shape(row)
    contraction = Contraction(
        tuple(sizes[axis] for axis in axes),
        along(c.of_a, first.strides, program.shape(c.a)),
        along(c.of_b, second.strides, program.shape(c.b)),
        along(c.kept, contiguous(shape), shape),
    )
    target = memory.base(row, n)

    def add(j: Index, k: Index, onto: bool) -> None:
        a = b.at(memory.base(first.row, j), first.offset, memory.element)
        other = b.at(memory.base(second.row, k), second.offset, memory.element)
        emit_contraction(b, memory.element, contraction, a, other, target, onto)

    varies = plan.varies[c.a], plan.varies[c.b]
    if isinstance(n, int) or not all(varies):
        add(n if varies[0] else 0, n if varies[1] else 0, False)
        return

    def one(j: Index, _: list[Value]) -> Sequence[Value]:
        add(j, n - j, True)
        return []

    add(0, n, False)
    b.fold(1, n + 1, [], one)
