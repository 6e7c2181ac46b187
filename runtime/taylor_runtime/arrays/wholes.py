"""Rows that are computed as a whole: contractions, running sums, factors and solutions."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.arrays.contraction import Contraction, contraction, emit_contraction
from taylor_runtime.arrays.factors.emit import emit_factor, emit_solutions
from taylor_runtime.arrays.factors.grids import Grid
from taylor_runtime.arrays.memory import ArrayMemory
from taylor_runtime.arrays.plans.ends import OverOrders
from taylor_runtime.arrays.running import emit_running
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import (
    FEW,
    Call,
    Contract,
    Factor,
    Running,
    Shape,
    Solve,
    contiguous,
    symbol_of,
)
from taylor_runtime.program.order import summation


def emit_whole(memory: ArrayMemory, row: int, n: Index) -> None:
    """Coefficient n of a row that is computed as a whole."""
    moved = memory.program.row(row).moved
    at_once = memory.plan.at_once.get(row)
    if at_once is not None:
        _over_orders(memory, row, at_once, n)
    elif isinstance(moved, Running):
        emit_running(memory, row, moved, n)
    elif isinstance(moved, Factor):
        _factor(memory, row, moved)
    elif isinstance(moved, Solve):
        _solve(memory, row, moved, n)
    elif isinstance(moved, Call):
        _call(memory, row, moved)
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

    def one(j: Index, _: list[Value]) -> Sequence[Value]:
        add(j, n - j, True)
        return []

    if c.first or c.last:
        _clear(memory, row, target)
        last: Index = n + 1 - c.last
        if isinstance(n, int) and n == 0:
            return
        b.fold(c.first, last, [], one)
        return
    varies = plan.varies[c.a], plan.varies[c.b]
    if isinstance(n, int) or not all(varies):
        add(n if varies[0] else 0, n if varies[1] else 0, False)
        return

    add(0, n, False)
    b.fold(1, n + 1, [], one)


def _over_orders(memory: ArrayMemory, row: int, at_once: OverOrders, n: Index) -> None:
    """The last order of a row, the sum over all orders at once."""
    b, element = memory.b, memory.element
    assert all(place[0] in memory.layout.old for place in (at_once.a, at_once.b))
    last = memory.program.order - at_once.first
    (first, offset), (second, other) = at_once.a, at_once.b
    places = (
        b.at(memory.base(first, at_once.first), offset, element),
        b.at(memory.base(second, last), other, element),
    )
    product = Contraction(at_once.sizes, *at_once.strides, summation(*at_once.counts))
    emit_contraction(b, element, product, *places, memory.base(row, n), False, memory.room)


def _clear(memory: ArrayMemory, row: int, target: Value) -> None:
    """Zeros in all elements of a row."""
    b, zero = memory.b, memory.b.constant(0, Type(memory.element))

    def one(i: Index, _: list[Value]) -> Sequence[Value]:
        b.store(zero, b.at(target, i, memory.element))
        return []

    b.fold(0, memory.program.row(row).size, [], one)


def _factor(memory: ArrayMemory, row: int, factor: Factor) -> None:
    shape = memory.program.shape(factor.source)
    source, given = _where(memory, factor.source, 0)
    own = contiguous(memory.program.shape(row))
    behind = factor.kind == "lu" and shape[-1] <= FEW
    made = Grid(own[2:], *own[:2]) if behind else _grid(own)
    places = [source, memory.base(row, 0), memory.room_for(row)]
    emit_factor(
        memory.b, memory.element, factor.kind, (shape[-2], shape[-1]), shape[:-2], places[:2],
        [given, made], places[2],
    )  # fmt: skip


def _solve(memory: ArrayMemory, row: int, solve: Solve, n: Index) -> None:
    shape = memory.program.shape(row)
    factor, given = _where(memory, solve.factor, 0)
    side, sides = _where(memory, solve.side, n)
    if solve.kind == "lu" and shape[-2] <= FEW:
        strides = memory.plan.access(solve.factor).strides
        given = Grid(strides[2:], *strides[:2])
    places, grids = [factor, side, memory.base(row, n)], [given, sides, _grid(contiguous(shape))]
    emit_solutions(
        memory.b, memory.element, solve.kind, (shape[-2], shape[-1]), shape[:-2], places, grids,
        memory.room_for(row),
    )  # fmt: skip


def _call(memory: ArrayMemory, row: int, call: Call) -> None:
    """A function outside, which is told where its operand and its result are."""
    b, access = memory.b, memory.plan.access(call.source)
    source = b.at(memory.base(access.row, 0), access.offset, memory.element)
    places = [*source.parts, *memory.base(row, 0).parts]
    symbol = f'"{symbol_of(memory.element)}"'
    listed = ", ".join(["ptr"] * len(places))
    b.module.declare(symbol, f"declare void @{symbol}({listed})")
    given = ", ".join(f"ptr {place.text}" for place in places)
    b.line(f"call void @{symbol}({given})")


def _where(memory: ArrayMemory, row: int, n: Index) -> tuple[Value, Grid]:
    """Where the matrices of a row are."""
    access = memory.plan.access(row)
    order = n if memory.plan.varies[row] else 0
    place = memory.b.at(memory.base(access.row, order), access.offset, memory.element)
    return place, _grid(access.strides)


def _grid(strides: Shape) -> Grid:
    return Grid(strides[:-2], strides[-2], strides[-1])
