"""Rows of loops and branches: kernels with the programs of their graphs, or rows with shapes.

Kernels have values alone, no series: where one is asked for, `control.expansion` has made loops of
coefficients of them before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from taylor.errors import UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.nodes.regions import (
    REGIONS,
    Graph,
    Region,
    array_count,
    inner_input,
    leading,
)
from taylor.nodes.sums import exact_value
from taylor.nodes.traverse import reachable
from taylor.recurrences.array_builder import ArrayBuilder
from taylor.recurrences.builder import SeriesBuilder
from taylor.recurrences.views import Strided
from taylor_runtime.program import kernels
from taylor_runtime.program.arrays import ArrayProgram, contiguous
from taylor_runtime.program.kernels import BranchSystem, LoopSystem, PartKernel
from taylor_runtime.program.program import Input, Program

Decompose = Callable[[Sequence[Any], Mapping[Any, Input], int], Program]

COUNTS: Any = inner_input("counts")  # in a graph: whether the point has come to this turn or branch


def part_row(
    b: SeriesBuilder,
    e: Expression,
    rows: Mapping[Expression, int],
    inputs: Mapping[Expression, Input],
    decompose: Decompose,
) -> int:
    """The row of a result of a loop or a branch.

    Raises UnsupportedFunctionError where operands vary.
    """
    node = e.args[0]
    if not b.is_steady(*(rows[arg] for arg in node.args)):
        raise _no_series(node)
    if node not in b.results:  # made once for all parts
        b.results[node] = _system(node, decompose)
    found: Any = b.results[node]
    system, operands = found
    source = inputs.get(COUNTS)
    counts = b.number(1) if source is None else b.input(source.source, source.index[0])
    given = [counts, *(rows[arg] for arg in operands)]
    numbers = range(len(node.payload.shapes))  # all of them, one after the other
    return [b.kernel(PartKernel(system, number), *given) for number in numbers][e.payload]


def _no_series(node: Expression) -> UnsupportedFunctionError:
    return UnsupportedFunctionError(
        f"{node.op}: in differential equations and in the equations of ty.implicit it has "
        "values and no series where its operands vary; use a fori_loop between whole numbers "
        "that are not many, which is written out there, and ty.where for a choice"
    )


def _system(
    node: Expression, decompose: Decompose
) -> tuple[LoopSystem | BranchSystem, list[Expression]]:
    """The kernel of all results, and the operands that it takes: constants that are used."""
    region: Region = node.payload
    used = {e for graph in region.graphs for e in reachable(graph.outputs)}
    wanted = [
        any(graph.inputs[k] in used for graph in region.graphs) for k in range(region.constants)
    ]
    programs = []
    for graph in region.graphs:
        kept = [x for k, x in enumerate(graph.inputs) if k >= region.constants or wanted[k]]
        slots = {x: Input("parameter", (i,)) for i, x in enumerate([COUNTS, *kept])}
        programs.append(decompose(graph.outputs, slots, 0))
    first = leading(node)
    constants = node.args[first : first + region.constants]
    operands = [*node.args[:first], *[e for e, w in zip(constants, wanted, strict=True) if w]]
    operands += node.args[first + region.constants :]
    if node.op == "switch":
        return BranchSystem(1 + len(operands), tuple(programs)), operands
    if node.op == "while_loop":
        condition, body = programs
        return LoopSystem(1 + len(operands), region.carries, body, condition), operands
    bounds = _known_bounds(node)
    if bounds is not None:
        operands = operands[2:]
    return LoopSystem(1 + len(operands), region.carries, programs[0], None, bounds), operands


def _known_bounds(node: Expression) -> tuple[int, int] | None:
    """The bounds of the index, if they are whole numbers that doubles hold."""
    lower, upper = (exact_value(e) for e in node.args[:2])
    if isinstance(lower, int) and isinstance(upper, int) and max(abs(lower), abs(upper)) <= 2**53:
        return lower, upper
    return None


# -- of arrays ------------------------------------------------------------------------------------

KINDS = {"while_loop": "while", "fori_loop": "for", "scan": "scan", "switch": "switch"}


class Walk(Protocol):
    """The walk that makes rows with shapes."""

    builder: ArrayBuilder
    rows: dict[Expression, int]
    inputs: dict[Expression, Input]

    def within(self, graph: Graph) -> ArrayProgram: ...


def is_of_numbers(node: Expression) -> bool:
    """Whether a loop or a choice is of single numbers alone, however deep, and collects nothing."""
    region: Region = node.payload
    collects = node.op == "scan" and (array_count(node) or len(region.shapes) > region.carries)
    if collects or not region.is_scalar:
        return False
    nodes = [e for graph in region.graphs for e in reachable(graph.outputs)]
    return all(not e.shape and (e.op not in REGIONS or is_of_numbers(e)) for e in nodes)


def array_part_row(walk: Walk, e: Expression, decompose: Decompose) -> int:
    """The row of a result of a loop or a branch in a program of arrays."""
    node, builder = e.args[0], walk.builder
    if node.op != "scan" and is_of_numbers(node):
        return part_row(builder, e, walk.rows, walk.inputs, decompose)
    if not builder.is_steady(*(walk.rows[arg] for arg in node.args)):
        raise _no_series(node)
    key = (array_part_row, node)
    if key not in builder.results:
        builder.results[key] = _region_row(walk, node)
    row: Any = builder.results[key]
    moved: Any = builder.rows[row]
    place = moved.moved.places[e.payload]
    return builder.view(Strided(row, place, contiguous(e.shape), e.shape))


def _region_row(walk: Walk, node: Expression) -> int:
    """The row of all results, flat, one after the other."""
    region: Region = node.payload
    bounds = _known_bounds(node) if node.op == "fori_loop" else None
    skipped = 2 if bounds is not None else 0
    slices = len(node.args) - array_count(node)
    operands = [
        _side_by_side(walk, arg, k >= slices) for k, arg in enumerate(node.args) if k >= skipped
    ]
    made = kernels.Region(
        KINDS[node.op],
        tuple(operands),
        tuple(map(walk.within, region.graphs)),
        region.constants,
        region.carries,
        region.shapes,
        region.length or 0,
        region.reverse,
        bounds,
    )
    return walk.builder.moved(made, (made.places[-1],))


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
