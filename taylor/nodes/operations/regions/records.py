"""Loops and branches: operations with graphs inside, and the parts of their results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.errors import UnsupportedFunctionError
from taylor.nodes.node import ZERO
from taylor.nodes.operation import ATOM, Operation, Piece, Text, everywhere, listed, no_rule
from taylor.nodes.operations.arrays.batched import (
    for_of_many,
    reverse_of_many,
    scan_of_many,
    switch_of_many,
    while_of_many,
)
from taylor.nodes.operations.arrays.cotangents import OfResult, guard_of
from taylor.nodes.operations.regions.reversed_loops import (
    pulled_fori,
    pulled_reverse,
    pulled_scan,
    pulled_switch,
    pulled_while,
    run_reverse,
)
from taylor.nodes.operations.regions.widened import widened_loop, widened_reverse, widened_switch
from taylor.nodes.operations.regions.widened_calls import widened_recursion
from taylor.nodes.operations.scalars.rounding import no_error, one_rounding
from taylor.nodes.operations.scalars.spelled import (
    Elements,
    spelled_loop,
    spelled_recursion,
    spelled_reverse,
    spelled_scan,
    spelled_switch,
)
from taylor.nodes.regions import Graph, Region, part, region_node

# --- text ----------------------------------------------------------------------------------------


def _graph_text(graph: Graph) -> list[Piece]:
    names = ", ".join(str(x.payload) for x in graph.inputs)
    return [f"({names}) -> (", *listed(graph.outputs), ")"]


def _text(e: Any, names: Any) -> Text:
    pieces: list[Piece] = [f"{e.op}("]
    for graph in e.payload.graphs:
        pieces += [*_graph_text(graph), ", "]
    return [*pieces, *listed(e.args), ")"], ATOM


# --- values --------------------------------------------------------------------------------------

# Outputs as a function of the values of inputs, made of nodes.
Maker = Callable[[Sequence[Any], Sequence[Any]], Callable[[Sequence[Any]], Sequence[Any]]]
Run = Callable[[Maker, Any, Sequence[Any]], Sequence[Any]]


def _value(run: Run) -> Callable[[Any, Any, Sequence[Any]], Sequence[Any]]:
    """The value of a node by `run`, which takes numbers: point by point where these are arrays."""

    def value(algebra: Any, e: Any, values: Sequence[Any]) -> Sequence[Any]:
        shape, make = np.broadcast_shapes(*map(np.shape, values)), algebra.function
        if not shape:
            return run(make, e, values)
        given = [np.broadcast_to(v, shape) for v in values]
        found = [run(make, e, [v[place] for v in given]) for place in np.ndindex(shape)]
        if not found:
            return [np.empty(shape)] * len(e.payload.shapes)
        return [np.array(column).reshape(shape) for column in zip(*found, strict=True)]

    return value


def _run_while(make: Maker, e: Any, values: Sequence[Any]) -> Sequence[Any]:
    region = e.payload
    condition, body = (make(g.inputs, g.outputs) for g in region.graphs)
    constants, carries = values[: region.constants], values[region.constants :]
    while condition([*constants, *carries])[0] != 0:
        carries = body([*constants, *carries])
    return list(carries)


def _run_for(make: Maker, e: Any, values: Sequence[Any]) -> Sequence[Any]:
    body = make(e.payload.body.inputs, e.payload.body.outputs)
    (index, upper), values = values[:2], values[2:]
    constants, carries = values[: e.payload.constants], values[e.payload.constants :]
    while index < upper:
        carries = body([*constants, index, *carries])
        index = index + 1
    return list(carries)


def _run_scan(make: Maker, e: Any, values: Sequence[Any]) -> Sequence[Any]:
    region, body = e.payload, make(e.payload.body.inputs, e.payload.body.outputs)
    first = region.constants + region.carries
    constants, carries = values[: region.constants], values[region.constants : first]
    collected: list[Any] = [np.empty(shape) for shape in region.shapes[region.carries :]]
    for t in range(region.length - 1, -1, -1) if region.reverse else range(region.length):
        found = body([*constants, *carries, *[array[t] for array in values[first:]]])
        carries = found[: region.carries]
        for array, value in zip(collected, found[region.carries :], strict=True):
            array[t] = value
    return [*carries, *collected]


def _run_switch(make: Maker, e: Any, values: Sequence[Any]) -> Sequence[Any]:
    graphs, index = e.payload.graphs, values[0]
    chosen = graphs[sum(not index < number for number in range(1, len(graphs)))]
    found: Sequence[Any] = make(chosen.inputs, chosen.outputs)(values[1:])
    return found


# --- the records ---------------------------------------------------------------------------------


def _no_sympy(to: Any, e: Any) -> Any:
    raise UnsupportedFunctionError(f"to_sympy: SymPy has no counterpart for {e.op}")


def _region(name: str, run: Run, spelled: Any, widen: Any, pullback: Any, batch: Any) -> Operation:
    return Operation(
        name=name,
        build=lambda e, args: region_node(e.op, args, e.payload),
        text=_text,
        spelled=spelled,
        sympy=_no_sympy,
        widen=widen,
        pullback=pullback,
        batch=batch,
        value=no_rule if name == "scan" else _value(run),
        whole=lambda algebra, e, values: run(algebra.whole, e, values),
        error=no_error,
    )


def _part_elements(e: Any, operands: Sequence[Elements]) -> Elements:
    region: Region = e.args[0].payload
    first = region.place(e.payload)
    found: Elements = operands[0][first : first + e.size].reshape(e.shape)
    return found


def _part_adjoints(e: Any, adjoint: Any, guard: Any) -> list[tuple[Any, Any, Any]]:
    return [(e.args[0], OfResult(e.payload, adjoint, guard), guard_of(guard, e.shape, ()))]


_PART = Operation(
    name="part",
    build=lambda e, args: part(args[0], e.payload),
    text=lambda e, names: ([(e.args[0], ATOM), f"[{e.payload}]"], ATOM),
    elements=_part_elements,
    whole=lambda algebra, e, values: values[0][e.payload],
    smooth=everywhere,
    value=lambda algebra, e, values: values[0][e.payload],
    sympy=lambda to, e: _no_sympy(to, e.args[0]),
    tangent=lambda e, tangents: [*tangents[e.args[0]][e.payload], ZERO][1],
    adjoints=_part_adjoints,
    batch=lambda e, operands, many: operands[0][e.payload],
    error=one_rounding,
    rows=lambda walk, e: walk.part(e),
    operands=lambda e: e.args[0].args,
)

_SERIES = Operation(
    name="series",
    build=lambda e, args: region_node(e.op, args, e.payload),
    text=_text,
    sympy=_no_sympy,
)

# Batches, and derivatives backward, are asked of the loop that it is the same as.
_RECURSION = Operation(
    name="recursion",
    build=lambda e, args: region_node(e.op, args, e.payload),
    text=_text,
    spelled=spelled_recursion,
    widen=widened_recursion,
    sympy=_no_sympy,
    error=no_error,
)

RECORDS = (
    _SERIES,
    _RECURSION,
    _region("while_loop", _run_while, spelled_loop, widened_loop, pulled_while, while_of_many),
    _region("fori_loop", _run_for, spelled_loop, widened_loop, pulled_fori, for_of_many),
    _region("scan", _run_scan, spelled_scan, widened_loop, pulled_scan, scan_of_many),
    _region("switch", _run_switch, spelled_switch, widened_switch, pulled_switch, switch_of_many),
    _region(
        "reverse_loop",
        run_reverse,
        spelled_reverse,
        widened_reverse,
        pulled_reverse,
        reverse_of_many,
    ),
    _PART,
)
