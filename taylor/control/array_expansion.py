"""Taylor coefficients of expressions of arrays with loops and branches, as expressions of arrays.

The coefficients of an array are an array with one axis more, the first.  What lies between loops
becomes nodes `series`, whose machine code computes all orders one after the other; a loop becomes
one whose turns take all coefficients of what they carry, and decide by those of order zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import stack
from taylor.expressions.substitute import substitute_all
from taylor.nodes.arrays import index, join, swapped
from taylor.nodes.node import constant_node
from taylor.nodes.regions import (
    LOOPS,
    REGIONS,
    Graph,
    Region,
    inner_input,
    leading,
    part,
    parts,
    region_node,
)
from taylor.nodes.traverse import reachable

Known = Mapping[Expression, Expression]


def expanded_arrays(
    roots: Sequence[Expression], known: Known, order: int
) -> list[Expression | None]:
    """The coefficients of expressions, from 0 to `order`; None of what does not vary.

    known: inputs that vary, with their coefficients.
    """
    if not known:
        return [None] * len(roots)
    found = dict(known)
    for e in reachable(roots, stop=known.__contains__):
        if e.op in REGIONS:
            operands = _between(e.args, found, order)
            if any(c is not None for c in operands):
                results = _wider(e, operands, order)
                found |= {part(e, k): c for k, c in enumerate(results) if part(e, k).op == "part"}
    return _between(roots, {**found, **known}, order)


def _between(roots: Sequence[Expression], known: Known, order: int) -> list[Expression | None]:
    """The same of expressions whose loops all are known."""
    varies: set[Expression] = set()
    leaves: dict[Expression, None] = {}
    steady: dict[Expression, None] = {}
    nodes = reachable(roots, stop=known.__contains__)
    for e in nodes:
        if e in known:
            varies.add(e)
            leaves[e] = None
        elif any(arg in varies for arg in e.args):
            varies.add(e)
            steady |= dict.fromkeys(
                arg for arg in e.args if arg not in varies and arg.op != "constant"
            )
    wanted = [root for root in dict.fromkeys(roots) if root in varies and root not in known]
    results = {e: known[e] for e in leaves}
    if wanted:
        operands = [*[known[e] for e in leaves], *steady]
        inner = [inner_input(f"x{k}", e.shape) for k, e in enumerate([*leaves, *steady])]
        table = dict(zip([*leaves, *steady], inner, strict=True))
        graph = Graph(inner, substitute_all(wanted, table))
        made = Region([graph], len(operands), 0, order + 1)
        results |= dict(zip(wanted, parts(region_node("series", operands, made)), strict=True))
    return [results.get(root) if root in varies else None for root in roots]


def with_zeros(e: Expression, order: int) -> Expression:
    """The coefficients of what does not vary."""
    first = stack([e])
    return join([first, constant_node(0, (order, *e.shape))], 0) if order else first


def _wider(e: Expression, operands: Sequence[Expression | None], order: int) -> list[Expression]:
    """The results of a loop or a branch with all coefficients of what varies."""
    if e.op in LOOPS:
        return _wider_loop(e, operands, order)
    region: Region = e.payload
    (chosen, *rest), (_, *coefficients) = e.args, operands
    graphs = []
    for graph in region.graphs:
        inputs, known, _ = _inputs(graph.inputs, [c is not None for c in coefficients], order)
        graphs.append(Graph(inputs, _filled(graph.outputs, known, order)))
    given = [_own(x, c) for x, c in zip(rest, coefficients, strict=True)]
    made = Region(graphs, region.constants)
    return list(parts(region_node(e.op, [_value(chosen, operands[0]), *given], made)))


def _own(e: Expression, coefficients: Expression | None) -> Expression:
    return e if coefficients is None else coefficients


def _value(e: Expression, coefficients: Expression | None) -> Expression:
    """The value of what may vary."""
    return e if coefficients is None else index(coefficients, 0)


def _inputs(
    inputs: Sequence[Expression], varies: Sequence[bool], order: int
) -> tuple[list[Expression], dict[Expression, Expression], dict[Expression, Expression]]:
    """Inputs of a wider graph; of those that vary the coefficients, and the values."""
    wide: list[Expression] = []
    known: dict[Expression, Expression] = {}
    for x, does in zip(inputs, varies, strict=True):
        wide.append(inner_input(str(x.payload), (order + 1, *x.shape)) if does else x)
        if does:
            known[x] = wide[-1]
    return wide, known, {x: index(c, 0) for x, c in known.items()}


def _filled(roots: Sequence[Expression], known: Known, order: int) -> list[Expression]:
    """The coefficients of all, zeros where they do not vary."""
    found = expanded_arrays(roots, known, order)
    return [with_zeros(e, order) if c is None else c for e, c in zip(roots, found, strict=True)]


def _wider_loop(
    e: Expression, operands: Sequence[Expression | None], order: int
) -> list[Expression]:
    region, first = e.payload, leading(e)
    constants, carries = region.constants, region.carries
    vary = [c is not None for c in operands[first:]]
    counted = [False] * (e.op == "fori_loop")
    body: Graph = region.body
    while True:  # what varies after a turn varies before the next
        flags = [*vary[:constants], *counted, *vary[constants:]]
        inputs, known, _ = _inputs(body.inputs, flags, order)
        found = expanded_arrays(body.outputs, known, order)
        after = [
            c is not None or does
            for c, does in zip(found, vary[constants : constants + carries], strict=False)
        ]
        if after == vary[constants : constants + carries]:
            break
        vary[constants : constants + carries] = after
    outputs = [
        e if not does else with_zeros(e, order) if c is None else c
        for e, c, does in zip(
            body.outputs, found, [*after, *[True] * (len(found) - carries)], strict=True
        )
    ]
    graphs = [Graph(inputs, outputs)]
    if len(region.graphs) > 1:
        test = region.graphs[0]
        same, _, seen = _inputs(test.inputs, flags, order)
        graphs.insert(0, Graph(same, substitute_all(test.outputs, seen)))
    given = [_value(x, c) for x, c in zip(e.args[:first], operands[:first], strict=True)]
    own = zip(e.args[first:], operands[first:], vary, strict=True)
    for k, (x, c, does) in enumerate(own):
        wide = with_zeros(x, order) if does and c is None else _own(x, c)
        is_slice = k >= constants + carries
        given.append(swapped(wide) if is_slice and does else wide)
    made = Region(graphs, constants, carries, region.length, region.reverse)
    results = list(parts(region_node(e.op, given, made)))
    last = [r if does else with_zeros(r, order) for r, does in zip(results, after, strict=False)]
    return [*last, *map(swapped, results[carries:])]
