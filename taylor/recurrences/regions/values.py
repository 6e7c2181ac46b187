"""Rows of loops and branches: kernels with the programs of their graphs.

They have values alone, no series: where one is asked for, `control.expansion` has made loops of
coefficients of them before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from taylor.errors import UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.nodes.regions import Recursion, Region, inner_input, leading
from taylor.nodes.sums import exact_value
from taylor.nodes.traverse import reachable
from taylor.recurrences.builder import SeriesBuilder
from taylor_runtime.program.kernels import BranchSystem, LoopSystem, PartKernel, System
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.systems.recursion import RecursionSystem

Decompose = Callable[[Sequence[Any], Mapping[Any, Input], int], Program]

COUNTS: Any = inner_input("counts")  # in a graph: whether the point has come to this turn or branch


def part_row(
    b: SeriesBuilder,
    e: Expression,
    rows: Mapping[Expression, int],
    inputs: Mapping[Expression, Input],
    decompose: Decompose,
) -> int:
    """The row of a result of a loop, a branch or a recursion.

    Raises UnsupportedFunctionError where operands vary.
    """
    node = e.args[0]
    if not b.is_steady(*(rows[arg] for arg in node.args)):
        raise no_series(node)
    if node not in b.results:  # made once for all parts
        b.results[node] = _system(node, decompose)
    found: Any = b.results[node]
    system, operands = found
    source = inputs.get(COUNTS)
    counts = b.number(1) if source is None else b.input(source.source, source.index[0])
    given = [counts, *(rows[arg] for arg in operands)]
    numbers = range(len(node.payload.shapes))  # all of them, one after the other
    return [b.kernel(PartKernel(system, number), *given) for number in numbers][e.payload]


def no_series(node: Expression) -> UnsupportedFunctionError:
    """The error for a loop or a branch whose operands vary."""
    return UnsupportedFunctionError(
        f"{node.op}: in differential equations and in the equations of ty.implicit it has "
        "values and no series where its operands vary; use a fori_loop between whole numbers "
        "that are not many, which is written out there, and ty.where for a choice"
    )


def _system(node: Expression, decompose: Decompose) -> tuple[System, list[Expression]]:
    """The kernel of all results, and the operands that it takes: constants that are used."""
    region: Region = node.payload
    used = {e for graph in region.graphs for e in reachable(graph.outputs)}
    wanted = [
        any(graph.inputs[k] in used for graph in region.graphs) for k in range(region.constants)
    ]
    programs = []
    for graph in region.graphs:
        kept = [x for k, x in enumerate(graph.inputs) if k >= region.constants or wanted[k]]
        lead = [] if isinstance(region, Recursion) else [COUNTS]
        slots = {x: Input("parameter", (i,)) for i, x in enumerate([*lead, *kept])}
        programs.append(decompose(graph.outputs, slots, 0))
    first = leading(node)
    constants = node.args[first : first + region.constants]
    operands = [*node.args[:first], *[e for e, w in zip(constants, wanted, strict=True) if w]]
    operands += node.args[first + region.constants :]
    if isinstance(region, Recursion):
        formulas, rest = tuple(programs), (region.stages, region.depth)
        return RecursionSystem(1 + len(operands), len(region.shapes), formulas, *rest), operands
    if node.op == "switch":
        return BranchSystem(1 + len(operands), tuple(programs)), operands
    if node.op == "while_loop":
        condition, body = programs
        return LoopSystem(1 + len(operands), region.carries, body, condition), operands
    bounds = known_bounds(node)
    if bounds is not None:
        operands = operands[2:]
    return LoopSystem(1 + len(operands), region.carries, programs[0], None, bounds), operands


def known_bounds(node: Expression) -> tuple[int, int] | None:
    """The bounds of the index, if they are whole numbers that doubles hold."""
    lower, upper = (exact_value(e) for e in node.args[:2])
    if isinstance(lower, int) and isinstance(upper, int) and max(abs(lower), abs(upper)) <= 2**53:
        return lower, upper
    return None
