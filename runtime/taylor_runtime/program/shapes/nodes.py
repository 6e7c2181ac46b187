"""Arrays that rows are, or of which they see elements."""

from __future__ import annotations

import math
from typing import NamedTuple

from taylor_runtime.program.arrays import ArrayProgram, View, contiguous
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Coefficient


class Node(NamedTuple):
    """An array: a row, or one of the results of a row that is a loop or a choice."""

    row: int
    result: int = 0


def nodes_of(program: ArrayProgram, index: int) -> list[Node]:
    """The arrays that a row is, or of which it sees elements."""
    row = program.row(index)
    view = row.moved if isinstance(row.moved, View) else View(index, 0, contiguous(row.shape))
    region = program.row(view.source).moved
    if not row.size or not isinstance(region, Region):
        return [Node(view.source)] if row.size else []
    reach = [stride * (size - 1) for stride, size in zip(view.strides, row.shape, strict=True)]
    first = view.offset + sum(min(r, 0) for r in reach)
    last = view.offset + sum(max(r, 0) for r in reach)
    sizes = map(math.prod, region.shapes)
    return [
        Node(view.source, number)
        for number, (place, size) in enumerate(zip(region.places, sizes, strict=False))
        if place <= last and first < place + size
    ]


def whole_of(program: ArrayProgram, index: int) -> Node | None:
    """The array that a row is all of, in order; none that is a single number."""
    row, nodes = program.row(index), nodes_of(program, index)
    if len(nodes) != 1 or not row.shape or program.is_number(nodes[0].row):
        return None
    (node,), source = nodes, program.row(nodes[0].row)
    shape, place = source.shape, place_of(program, node)
    if isinstance(source.moved, Region):
        shape = source.moved.shapes[node.result]
    if not shape or math.prod(shape) != row.size:
        return None
    if isinstance(row.moved, View):
        plain = row.moved.offset == place and row.moved.strides == contiguous(row.shape)
        return node if plain else None
    return node


def place_of(program: ArrayProgram, node: Node) -> int:
    """Where an array begins in its row."""
    moved = program.row(node.row).moved
    return moved.places[node.result] if isinstance(moved, Region) else 0


def copied_row(program: ArrayProgram, index: int) -> int | None:
    """The row that an array is a copy of."""
    row = program.row(index)
    step = row.step
    if not row.shape or row.start or row.moved or step is None or row.offset != 0:
        return None
    if len(step.terms) != 1 or step.times != "1" or step.divisor is not None:
        return None
    (term,) = step.terms
    operand = term.operand
    if term.head is not None or term.constant != 1 or not isinstance(operand, Coefficient):
        return None
    same = not operand.lag and program.shape(operand.row) == row.shape
    return operand.row if same else None
