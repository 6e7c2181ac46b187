"""Which arrays are changed where they are, since nobody wants what they were."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from taylor_runtime.program.arrays import ArrayProgram, Put, View, contiguous
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Coefficient, Input

TURNING = ("while", "for", "scan")  # regions whose results `Moving` puts in their places


class Node(NamedTuple):
    """An array: a row, or a result of a row that is a loop, which begins at an offset."""

    row: int
    offset: int


class InPlace(NamedTuple):
    """Where arrays lie that are changed where they are.

    same: rows, and the one in whose memory they lie.
    lent: the same for results of loops, by their row and offset.
    """

    same: dict[int, int]
    lent: dict[Node, int]


def changed_in_place(
    program: ArrayProgram,
    works: Sequence[Sequence[int]],
    reads: Callable[[int], Sequence[int]],
    moving: Mapping[int, int],
    changes: Callable[[int], Sequence[int]],
) -> InPlace:
    """What may lie in the memory of another array, since that is not read any more.

    works:   rows that are computed together, in order.
    reads:   the rows that a row reads.
    moving:  inputs whose memory may be that of an output, and these.
    changes: of a row that is a loop, the carries that its turns change where they are.
    """
    rows = [program.row(k).moved for k in range(len(program.rows))]
    if not any(isinstance(moved, Put | Region) for moved in rows):
        return InPlace({}, {})
    last: dict[Node, int] = {}  # works that read arrays
    takers: list[tuple[int, Node, Node]] = []
    for position, listed in enumerate(works):
        for row in listed:
            for used in reads(row):
                last[_node(program, used)] = position
            takers += [(position, *pair) for pair in _takers(program, row, changes)]
    outputs = {row for row, _ in program.outputs}
    after: dict[Node, Node] = {}  # arrays, and the one that takes over their memory
    for position, given, taker in takers:
        if last[given] != position or given.row in outputs:
            continue
        if not isinstance(program.row(given.row).start, Input) or given.row in moving:
            after[given] = taker
    same: dict[int, int] = {}
    lent: dict[Node, int] = {}
    for first in after.keys() - set(after.values()):
        chain = _chain(first, after, moving, program)
        for node in chain:
            if isinstance(program.row(node.row).moved, Region):
                lent[node] = chain[-1].row
            else:
                same[node.row] = chain[-1].row
    return InPlace(same, lent)


def _chain(
    first: Node, after: Mapping[Node, Node], moving: Mapping[int, int], program: ArrayProgram
) -> list[Node]:
    """Arrays that follow one another in the same memory, that of the last, which is a row's."""
    chain = [first]
    while chain[-1] in after:
        chain.append(after[chain[-1]])
    while chain and isinstance(program.row(chain[-1].row).moved, Region):
        chain.pop()
    if chain and first.row in moving and chain[-1].row != moving[first.row]:
        del chain[0]
    return chain


def _node(program: ArrayProgram, index: int) -> Node:
    """The array that a row is, or is a view of."""
    view = program.row(index).moved
    if not isinstance(view, View):
        return Node(index, 0)
    region = program.row(view.source).moved
    if not isinstance(region, Region):
        return Node(view.source, 0)
    return Node(view.source, max(p for p in region.places[:-1] if p <= view.offset))


def _all_of(program: ArrayProgram, index: int) -> Node | None:
    """The same for a row that is all of it, in order."""
    node, row = _node(program, index), program.row(index)
    if program.is_number(node.row):
        return None
    if not isinstance(row.moved, View):
        return node
    region, size = program.row(node.row).moved, program.row(node.row).size
    if isinstance(region, Region):
        number = region.places.index(node.offset)
        size = math.prod(region.shapes[number])
    plain = row.moved.offset == node.offset and row.moved.strides == contiguous(row.shape)
    return node if plain and size == row.size else None


def _takers(
    program: ArrayProgram, index: int, changes: Callable[[int], Sequence[int]]
) -> Iterator[tuple[Node, Node]]:
    """Arrays in whose memory those that a row computes may lie, and these."""
    row = program.row(index)
    moved = row.moved
    if isinstance(moved, Put):
        given = _all_of(program, moved.source)
        others = [_node(program, used) for used in (moved.values, moved.places)]
        if given is not None and given not in others:
            yield given, Node(index, 0)
    elif isinstance(moved, Region):
        nodes = [_node(program, used) for used in moved.operands]
        for k in changes(index):
            operand = moved.operands[moved.leading + moved.constants + k]
            given = _all_of(program, operand)
            if given is not None and nodes.count(given) == 1:
                yield given, Node(index, moved.places[k])
    elif moved is None and (copied := copied_row(program, index)) is not None:
        given = _all_of(program, copied)
        region = None if given is None else program.row(given.row).moved
        if given is not None and isinstance(region, Region) and region.kind in TURNING:
            yield given, Node(index, 0)


def copied_row(program: ArrayProgram, index: int) -> int | None:
    """The row that an array is a copy of."""
    row = program.row(index)
    if row.start is not None or row.step is None or len(row.step.terms) != 1 or row.offset != 0:
        return None
    (term,), step = row.step.terms, row.step
    plain = step.times == "1" and step.divisor is None and term.head is None and term.constant == 1
    operand = term.operand
    if not plain or not isinstance(operand, Coefficient) or operand.lag:
        return None
    return operand.row if row.shape and program.shape(operand.row) == row.shape else None


def carried(region: Region, turn: ArrayProgram) -> dict[int, int]:
    """The rows of what a turn takes over from the one before, and of what becomes of them."""
    first, count = region.constants + (region.kind == "for"), region.carries
    if region.kind == "reverse":
        first, count = first + region.carries, len(region.shapes)
    rows = {}
    for index, row in enumerate(turn.rows):
        if isinstance(row.start, Input) and row.start.source == "parameter":
            number = row.start.index[0] - first
            if 0 <= number < count:
                rows[index] = turn.outputs[number][0]
    return rows


def kept_in_place(region: Region, turn: ArrayProgram, same: Mapping[int, int]) -> set[int]:
    """Outputs of a turn that lie where what it takes over does."""
    return {after for row, after in carried(region, turn).items() if same.get(row) == after}
