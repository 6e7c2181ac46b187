"""Choices between programs of arrays, and programs that compute all orders."""

from __future__ import annotations

import math
from functools import partial

from taylor_runtime.arrays.regions.inner import (
    Inner,
    Writer,
    begun,
    clear,
    copy,
    operand,
    put_number,
)
from taylor_runtime.ir.values import Value
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.shapes.nodes import Node


def emit_choice(outer: Writer, index: int) -> None:
    """The results of the branch that is taken; no other is computed."""
    region, b, memory = outer.program.row(index).moved, outer.b, outer.memory
    assert isinstance(region, Region)
    target = memory.base(index, 0)
    work = b.at(memory.workspace, memory.layout.inside[index], outer.element)
    inner = [Inner(outer, plan, work) for plan in outer.plan.inner[index]]
    chosen, *fixed = (operand(outer, row) for row in region.operands)
    targets = {k: memory.result(index, k) for k, shape in enumerate(region.shapes) if shape}
    for number, k in outer.plan.pairs[index]:
        if not outer.plan.lies_at(region.operands[number], Node(index, k)):
            size = math.prod(region.shapes[k])
            copy(outer, targets[k], fixed[number - region.leading], size)

    def branch(number: int) -> list[Value]:
        write = partial(inner[number].write, fixed, targets)
        if number == len(inner) - 1:
            return write()
        test = b.compare("lt", chosen, number + 1)
        return b.if_(test, write, partial(branch, number + 1))

    numbers = branch(0)
    single = [k for k, shape in enumerate(region.shapes) if not shape]
    for k, value in zip(single, numbers, strict=True):
        put_number(outer, value, target, region.places[k])
        memory.know(index, region.places[k], value)


def emit_all_orders(outer: Writer, index: int) -> None:
    """The coefficients of all orders of a program's results, of those of its inputs."""
    region, b, memory = outer.program.row(index).moved, outer.b, outer.memory
    assert isinstance(region, Region)
    work = b.at(memory.workspace, memory.layout.inside[index], outer.element)
    given = {k: operand(outer, row) for k, row in enumerate(region.operands)}
    targets = {k: memory.result(index, k) for k in range(len(region.shapes))}
    (plan,) = outer.plan.inner[index]
    emitter = begun(outer, plan, work, given, targets)
    emitter.constant_rows()
    emitter.order_zero()
    emitter.orders()
    for k, (row, _) in enumerate(plan.program.outputs):
        size = plan.program.row(row).size
        if not plan.varies[row]:  # nobody has written what is zero
            clear(outer, b.at(targets[k], size, outer.element), size * plan.program.order)
