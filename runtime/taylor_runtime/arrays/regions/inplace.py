"""Which arrays lie in the memory of later ones, since nobody wants what they were.

An array may be changed where it is by the last work that reads it: a `Put`, a loop or a choice
whose programs change it so themselves, or a copy, which then is none.  This is decided on a plan,
for the works in the order in which they are written, and `checked` goes through these once more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from taylor_runtime.program.arrays import ArrayProgram, Put, contiguous, graphs_of
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Input
from taylor_runtime.program.shapes.nodes import Node, copied_row, nodes_of, whole_of
from taylor_runtime.program.verify import ProgramError

Homes = Mapping[Node, Node]  # arrays, and the one in whose memory they lie
Pair = tuple[int, int]  # an operand of a loop or a choice, and the result that is made of it

LATER = 1 << 60  # than all works


class Schedule(NamedTuple):
    """Works of order zero as they are written.

    works:   rows that are computed together, and those that are read for them, in order.
    moving:  inputs whose memory may be that of an output, and these.
    changes: of a row that is a loop or a choice, what its programs change where it is.
    unmade:  rows that are read where they are made from, and never in memory.
    """

    program: ArrayProgram
    works: Sequence[tuple[Sequence[int], Sequence[int]]]
    moving: Mapping[int, int]
    changes: Callable[[int], Sequence[Pair]]
    unmade: Collection[int]

    def homes(self) -> dict[Node, Node]:
        """Arrays that share memory, and the last one that lies there."""
        program = self.program
        if not any(
            isinstance(program.row(k).moved, Put | Region) for k in range(len(program.rows))
        ):
            return {}
        last = self._last_reads()
        after: dict[Node, Node] = {}  # arrays, and the one that takes over their memory
        for position, (rows, _) in enumerate(self.works):
            for row in rows:
                for given, taker in self._takers(row):
                    if last.get(given) == position and self._may_be_changed(given):
                        after[given] = taker
        found: dict[Node, Node] = {}
        for first in after.keys() - set(after.values()):
            chain = [first]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            if first.row in self.moving and chain[-1] != Node(self.moving[first.row]):
                del chain[0]
            if len(chain) > 1:
                found |= dict.fromkeys(chain, chain[-1])
        self.checked(found)
        return found

    def _last_reads(self) -> dict[Node, int]:
        """The last work that reads each array."""
        last: dict[Node, int] = {}
        for position, (_, used) in enumerate(self.works):
            for row in used:
                nodes = nodes_of(self.program, row)
                when = position if len(nodes) == 1 else LATER  # several lie as they are read
                last |= {node: max(when, last.get(node, 0)) for node in nodes}
        for row, _ in self.program.outputs:
            last |= dict.fromkeys(nodes_of(self.program, row), LATER)
        return last

    def _may_be_changed(self, node: Node) -> bool:
        """Whether the memory of an array is ours."""
        given = isinstance(self.program.row(node.row).start, Input)
        return node.row in self.moving if given else node.row not in self.unmade

    def _takers(self, index: int) -> Iterator[tuple[Node, Node]]:
        """Arrays in whose memory those that a row computes may lie, and these."""
        program, row = self.program, self.program.row(index)
        moved = row.moved
        if isinstance(moved, Put):
            given, alone = whole_of(program, moved.source), contiguous(row.shape)[:1] == (1,)
            alone = alone and not program.shape(moved.places)  # one number, read before it is put
            others = {
                node for used in (moved.values, moved.places) for node in nodes_of(program, used)
            }
            if given is not None and (alone or given not in others):
                yield given, Node(index)
        elif isinstance(moved, Region):
            used = [node for operand in moved.operands for node in nodes_of(program, operand)]
            for operand, result in self.changes(index):
                given = whole_of(program, moved.operands[operand])
                if given is not None and used.count(given) == 1:
                    yield given, Node(index, result)
        elif (copied := copied_row(program, index)) is not None:
            given = whole_of(program, copied)
            if given is not None:
                yield given, Node(index)

    def checked(self, homes: Homes) -> None:
        """Go through all works, and hold that what they read is there."""
        given = [Node(row) for row in self.moving if Node(row) in homes]
        holds = {homes[node]: node for node in given}  # what is in memory that several share

        def read(row: int) -> None:
            for node in nodes_of(self.program, row):
                if node in homes and holds.get(homes[node]) != node:
                    raise ProgramError(f"row {row} is read where it is not in memory")

        for rows, used in self.works:
            for row in used:
                if row not in rows:  # else an element is in a register
                    read(row)
            for row in rows:
                moved = self.program.row(row).moved
                results = len(moved.shapes) if isinstance(moved, Region) else 1
                for node in (Node(row, k) for k in range(results)):
                    if node in homes:
                        holds[homes[node]] = node
        for row, _ in self.program.outputs:
            read(row)


# -- programs inside of loops and choices ---------------------------------------------------------


def carried(region: Region) -> list[Pair]:
    """Operands of a loop that turns take over, and results that these become; or operands of a
    choice of which all its branches make the same results.
    """
    if region.kind == "switch":
        return _alike(region)
    first, count = region.leading + region.constants, region.carries
    if region.kind == "reverse":
        first, count = first + region.carries, len(region.shapes)
    return [(first + k, k) for k in range(count)] if region.kind != "series" else []


def _alike(region: Region) -> list[Pair]:
    found: dict[int, int] = {}
    for k, shape in enumerate(region.shapes):
        slot, *others = {_origin(graph, graph.outputs[k][0]) for graph in graphs_of(region)}
        if shape and slot is not None and not others and slot not in found:
            found[slot] = k
    return [(region.leading + slot, k) for slot, k in found.items()]


def _origin(program: ArrayProgram, index: int) -> int | None:
    """The slot of the input that an array is, with some elements changed."""
    node = whole_of(program, index)
    if node is None:
        return None
    start, moved = program.row(node.row).start, program.row(node.row).moved
    if isinstance(start, Input):
        return start.index[0] if start.source == "parameter" else None
    before = copied_row(program, node.row)
    if isinstance(moved, Put):
        before = moved.source
    elif isinstance(moved, Region):
        operands = {result: operand for operand, result in carried(moved)}
        before = moved.operands[operands[node.result]] if node.result in operands else None
    return None if before is None else _origin(program, before)


def rows_of(region: Region, graph: ArrayProgram, pairs: Sequence[Pair]) -> dict[int, int]:
    """The rows of a program inside that are these operands, and of what becomes of them."""
    index = int(region.kind == "for")
    results = {operand - region.leading + index: result for operand, result in pairs}
    return {
        row: graph.outputs[results[start.index[0]]][0]
        for row, start in enumerate(row.start for row in graph.rows)
        if isinstance(start, Input) and start.source == "parameter" and start.index[0] in results
    }


def kept_in_place(
    region: Region, graph: ArrayProgram, homes: Homes, pairs: Sequence[Pair]
) -> list[Pair]:
    """Those of the pairs that lie in the same memory in a program inside."""
    found = []
    for pair in pairs:
        rows = rows_of(region, graph, [pair]).items()
        if rows and all(homes.get(Node(row)) == Node(after) for row, after in rows):
            found.append(pair)
    return found
