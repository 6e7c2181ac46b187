"""Rows with shapes of loops and branches: programs inside, one for each graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from taylor.errors import UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.nodes.regions import REGIONS, Graph, Region, array_count, inner_input, leading, turns
from taylor.nodes.sums import add
from taylor.nodes.traverse import reachable
from taylor.recurrences.array_builder import ArrayBuilder
from taylor.recurrences.regions.calls import call_row
from taylor.recurrences.regions.values import Decompose, known_bounds, no_series, part_row
from taylor.recurrences.views import Strided
from taylor_runtime.program import kernels
from taylor_runtime.program.arrays import ArrayProgram, contiguous, graphs_of
from taylor_runtime.program.program import Input

NO_KERNELS = frozenset(("reverse_loop", "series", "solution"))
MOST_NUMBERS = 1 << 27  # that the turns of a loop may keep

KINDS = {
    "reverse_loop": "reverse",
    "series": "series",
    "while_loop": "while",
    "fori_loop": "for",
    "scan": "scan",
    "switch": "switch",
}


class Walk(Protocol):
    """The walk that makes rows with shapes."""

    builder: ArrayBuilder
    rows: dict[Expression, int]
    inputs: dict[Expression, Input]

    def numbers_row(self, numbers: Any) -> int: ...

    def within(
        self,
        graph: Graph,
        varies: Sequence[bool],
        wanted: Sequence[bool],
        order: int | None = None,
    ) -> tuple[ArrayProgram, list[bool]]: ...


def is_of_numbers(node: Expression) -> bool:
    """Whether a loop or a choice is of single numbers alone, however deep, and collects nothing."""
    region: Region = node.payload
    collects = node.op == "scan" and (array_count(node) or len(region.shapes) > region.carries)
    if collects or node.op in NO_KERNELS or not region.is_scalar:
        return False
    nodes = [e for graph in region.graphs for e in reachable(graph.outputs)]
    return all(not e.shape and (e.op not in REGIONS or is_of_numbers(e)) for e in nodes)


def needs_arrays(e: Expression) -> bool:
    """Whether there is something in a node of which there are rows with shapes alone."""
    if e.op not in REGIONS:
        return False
    nodes = [x for graph in e.payload.graphs for x in reachable(graph.outputs)]
    return e.op in ("reverse_loop", "solution") or any(map(needs_arrays, nodes))


def array_part_row(walk: Walk, e: Expression, decompose: Decompose) -> int:
    """The row of a result of a loop or a branch in a program of arrays."""
    node, builder = e.args[0], walk.builder
    steady = builder.is_steady(*(walk.rows[arg] for arg in node.args))
    if steady and node.op != "scan" and is_of_numbers(node):
        return part_row(builder, e, walk.rows, walk.inputs, decompose)
    key = (array_part_row, node)
    if key not in builder.results:
        make = call_row if node.op == "solution" else _region_row
        builder.results[key] = make(walk, node)
    row: Any = builder.results[key]
    moved: Any = builder.rows[row]
    place = (
        node.payload.place(e.payload) if node.op == "solution" else moved.moved.places[e.payload]
    )
    return builder.view(Strided(row, place, contiguous(e.shape), e.shape))


def _region_row(walk: Walk, node: Expression) -> int:
    """The row of all results, flat, one after the other."""
    region: Region = node.payload
    bounds = known_bounds(node) if node.op == "fori_loop" else None
    skipped = 2 if bounds is not None else 0
    slices = len(node.args) - array_count(node)
    sums: list[int] = []  # zeros, where sums over turns begin
    zero = walk.builder.number(0)
    operands = [
        _side_by_side(walk, arg, k >= slices) for k, arg in enumerate(node.args) if k >= skipped
    ]
    if node.op == "reverse_loop":
        left = region.shapes[len(node.args) - region.constants - region.carries :]
        sums = [
            walk.builder.whole(walk.builder.broadcast(zero, shape)) if shape else zero
            for shape in left
        ]
    made = kernels.Region(
        KINDS[node.op],
        (*operands, *sums),
        _programs(walk, node, bounds),
        region.constants,
        region.carries,
        region.shapes,
        region.length or 0,
        region.reverse,
        bounds,
    )
    return walk.builder.moved(made, (made.places[-1],))


def _programs(
    walk: Walk, node: Expression, bounds: tuple[int, int] | None
) -> tuple[ArrayProgram, ...]:
    """The programs of the graphs: with series where operands vary."""
    region: Region = node.payload
    vary = [not walk.builder.is_steady(walk.rows[arg]) for arg in node.args]
    first = leading(node)
    if not any(vary):
        return _steady_programs(walk, node)
    if any(vary[:first]) or (node.op != "switch" and not _has_known_turns(node, bounds)):
        raise no_series(node)
    if node.op == "switch":
        wanted = [True] * len(region.shapes)
        return tuple(walk.within(g, vary[first:], wanted)[0] for g in region.graphs)
    constants, rest = vary[first : first + region.constants], vary[first + region.constants :]
    index = [False] * (node.op == "fori_loop")
    carries, slices = rest[: region.carries], rest[region.carries :]
    collected = [True] * (len(region.shapes) - region.carries)
    while True:  # what varies after a turn varies before the next
        given = [*constants, *index, *carries, *slices]
        program, found = walk.within(region.body, given, [*carries, *collected])
        after = [a or b for a, b in zip(found, carries, strict=False)]
        if after == carries:
            _check_room(node, program)
            return (program,)
        carries = after


def _steady_programs(walk: Walk, node: Expression) -> tuple[ArrayProgram, ...]:
    """The programs where operands are values; a `series` has orders by itself."""
    graphs = node.payload.graphs
    if node.op == "series":
        (graph,) = graphs
        moving = [arg.ndim > x.ndim for arg, x in zip(node.args, graph.inputs, strict=True)]
        every = [True] * len(graph.outputs)
        return (walk.within(graph, moving, every, node.payload.length - 1)[0],)
    if node.op == "reverse_loop":
        graphs = (*graphs[:-1], _with_sums(node))
    return tuple(
        walk.within(g, [False] * len(g.inputs), [False] * len(g.outputs))[0] for g in graphs
    )


def _with_sums(node: Expression) -> Graph:
    """The pullback of a `reverse_loop`, with sums that it adds to as further inputs."""
    graph, region = node.payload.graphs[-1], node.payload
    count = len(node.args) - region.constants - region.carries
    added = graph.outputs[count:]
    sums = [inner_input(f"sum {k}", e.shape) for k, e in enumerate(added)]
    totals = [add(total, e) for total, e in zip(sums, added, strict=True)]
    return Graph((*graph.inputs, *sums), (*graph.outputs[:count], *totals))


def _check_room(node: Expression, program: ArrayProgram) -> None:
    """Raise UnsupportedFunctionError where turns, which keep all orders, are too many."""
    count = turns(node) or 0
    total = count * _numbers_kept(program)
    if total > MOST_NUMBERS:
        raise UnsupportedFunctionError(
            f"{node.op}: {count} turns that depend on states or inputs keep their coefficients of "
            f"all orders, {total:.1e} numbers; more than {MOST_NUMBERS:.1e} are refused"
        )


def _numbers_kept(program: ArrayProgram) -> int:
    """About how many numbers of all orders a program inside keeps."""
    rows = sum(row.width for row in program.rows) * (program.order + 1)
    inner = [
        (region.turns or 1) * _numbers_kept(graph)
        for region in kernels.regions(program)
        for graph in graphs_of(region)
    ]
    return rows + sum(inner)


def _has_known_turns(node: Expression, bounds: tuple[int, int] | None) -> bool:
    return node.op == "scan" or bounds is not None


def _side_by_side(walk: Walk, e: Expression, sliced: bool) -> int:
    """The row of an operand whose elements lie side by side; sliced: those of each slice."""
    builder = walk.builder
    row = walk.rows[e]
    if not e.shape:
        return row
    row = builder.broadcast(row, e.shape)
    view, first = builder.strided(row), int(sliced)
    inner = Strided(view.row, 0, view.strides[first:], view.shape[first:])
    return row if inner.is_whole else builder.whole(row)
