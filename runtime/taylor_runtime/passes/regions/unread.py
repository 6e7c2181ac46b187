"""Loops and choices without the results that nobody reads.

What a loop carries for itself alone, or for a reader who is gone, is not computed: neither the
carry is left, nor the rows of a turn that only it wants, nor operands that only these read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    View,
    all_used,
    graphs_of,
    renumbered_array,
)
from taylor_runtime.program.kernels import Region, regions
from taylor_runtime.program.program import Input
from taylor_runtime.program.shapes.nodes import nodes_of
from taylor_runtime.program.shapes.verify import verify_arrays

KINDS = frozenset(("while", "for", "scan", "switch"))


def without_unread(program: ArrayProgram) -> ArrayProgram:
    """The same program of order zero with fewer results of loops and choices."""
    if program.order or not regions(program):
        return program
    return verify_arrays(_Readers().left_of(program, [row for row, _ in program.outputs]))


class _Needed(NamedTuple):
    """What readers need of a loop or a choice: its results, and slots of its programs."""

    results: tuple[int, ...]
    slots: frozenset[int]


class _Readers:
    """Finds who reads what, from the last row to the first."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, frozenset[int]], _Needed] = {}

    # -- what is needed ---------------------------------------------------------------------------

    def alive(
        self, program: ArrayProgram, outputs: Sequence[int]
    ) -> tuple[list[int], dict[int, _Needed]]:
        """The rows that some rows depend on, in order, and of loops and choices what they need."""
        found, read = set(outputs), dict[int, set[int]]()
        needed: dict[int, _Needed] = {}

        def reads(row: int) -> None:
            nodes = nodes_of(program, row)
            for node in nodes:
                moved = program.row(node.row).moved
                if isinstance(moved, Region):  # several that are seen at once stay where they are
                    results = range(len(moved.shapes)) if len(nodes) > 1 else [node.result]
                    read.setdefault(node.row, set()).update(results)

        for output in outputs:
            reads(output)
        for index in reversed(range(len(program.rows))):
            if index not in found:
                continue
            moved, used = program.row(index).moved, all_used(program.rows[index])
            if isinstance(moved, Region) and _is_taken_apart(moved):
                needed[index] = self.needed(moved, frozenset(read.get(index, {0})))
                used = [moved.operands[k] for k in _operands(moved, needed[index])]
            found.update(used)
            for other in () if isinstance(moved, View) else used:
                reads(other)
        return sorted(found), needed

    def needed(self, region: Region, read: frozenset[int]) -> _Needed:
        """What readers of some results need."""
        key = id(region), read
        if key not in self._known:
            self._known[key] = self._needed(region, read)
        return self._known[key]

    def _needed(self, region: Region, read: frozenset[int]) -> _Needed:
        graphs = graphs_of(region)
        if region.kind == "switch":
            slots = {slot for graph in graphs for slot in self._slots(graph, read)}
            return _Needed(tuple(sorted(read)), frozenset(slots))
        first = region.constants + (region.kind == "for")
        tested = {slot for graph in graphs[:-1] for slot in self._slots(graph, {0})}
        found, results = set[int](), set(read)
        while results != found:
            found = results
            slots = tested | self._slots(graphs[-1], found)
            carried = {slot - first for slot in slots if 0 <= slot - first < region.carries}
            results = found | carried
        return _Needed(tuple(sorted(found)), frozenset(slots))

    def _slots(self, graph: ArrayProgram, results: set[int] | frozenset[int]) -> set[int]:
        """The inputs that some outputs depend on."""
        rows, _ = self.alive(graph, [graph.outputs[k][0] for k in results])
        starts = [graph.rows[row].start for row in rows]
        return {s.index[0] for s in starts if isinstance(s, Input) and s.source == "parameter"}

    # -- what is left -----------------------------------------------------------------------------

    def left_of(self, program: ArrayProgram, outputs: Sequence[int]) -> ArrayProgram:
        """The program with these outputs alone."""
        alive, needed = self.alive(program, outputs)
        rows = {index: program.row(index) for index in alive}
        for index, need in needed.items():
            before = rows[index].moved
            assert isinstance(before, Region)
            after = self._reduced(before, need)
            size = after.places[-1]
            rows[index] = replace(rows[index], moved=after, shape=(size,), width=size)
        for index, row in rows.items():
            if isinstance(row.moved, View) and row.moved.source in needed and row.size:
                rows[index] = _shifted(program, index, needed, rows[row.moved.source])
        places = {row: place for place, row in enumerate(alive)}
        return replace(
            program,
            rows=tuple(renumbered_array(row, places) for row in rows.values()),
            outputs=tuple((places[row], 0) for row in outputs),
        )

    def _reduced(self, region: Region, need: _Needed) -> Region:
        kept = _operands(region, need)
        inside = [k - region.leading for k in kept if k >= region.leading]
        constants = sum(k < region.constants for k in inside)
        counter = [region.constants] if region.kind == "for" else []
        after = [k + len(counter) for k in inside[constants:]]
        slots = [*inside[:constants], *counter, *after]
        places = {slot: place for place, slot in enumerate(slots)}
        graphs = []
        for number, graph in enumerate(graphs_of(region)):
            tests = region.kind == "while" and number == 0
            outputs = [graph.outputs[k][0] for k in ((0,) if tests else need.results)]
            graphs.append(_with_slots(self.left_of(graph, outputs), places))
        return replace(
            region,
            operands=tuple(region.operands[k] for k in kept),
            graphs=tuple(graphs),
            constants=constants,
            carries=sum(k < region.carries for k in need.results),
            shapes=tuple(region.shapes[k] for k in need.results),
        )


def _is_taken_apart(region: Region) -> bool:
    return region.kind in KINDS and not region.graphs[-1].order


def _operands(region: Region, need: _Needed) -> list[int]:
    """The operands that are needed, by their places."""
    first = region.leading + region.constants
    last = first + region.carries
    constants = [k for k in range(region.leading, first) if k - region.leading in need.slots]
    carries = [first + k for k in need.results if k < region.carries]
    return [*range(region.leading), *constants, *carries, *range(last, len(region.operands))]


def _with_slots(program: ArrayProgram, places: dict[int, int]) -> ArrayProgram:
    """A program inside whose inputs are in other slots."""
    rows = []
    for row in map(program.row, range(len(program.rows))):
        start = row.start
        if isinstance(start, Input) and start.source == "parameter":
            row = replace(row, start=replace(start, index=(places[start.index[0]],)))
        rows.append(row)
    inputs = [(source, len(places) if source == "parameter" else n) for source, n in program.inputs]
    return replace(program, rows=tuple(rows), inputs=tuple(inputs))


def _shifted(
    program: ArrayProgram, index: int, needed: dict[int, _Needed], source: ArrayRow
) -> ArrayRow:
    """A view of a result that is elsewhere now."""
    row, after = program.row(index), source.moved
    assert isinstance(row.moved, View) and isinstance(after, Region)
    before = program.row(row.moved.source).moved
    assert isinstance(before, Region)
    result = nodes_of(program, index)[0].result
    place = needed[row.moved.source].results.index(result)
    offset = row.moved.offset + after.places[place] - before.places[result]
    return replace(row, moved=replace(row.moved, offset=offset))
