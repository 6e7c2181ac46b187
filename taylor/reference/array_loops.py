"""Loops and choices in programs of arrays, carried out turn by turn.

Coefficient n of the results is that of turns which take all coefficients up to n of what they read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Input, Program

Array = np.ndarray[Any, Any]  # of objects
Series = list[Array]  # coefficients, by order
Run = Callable[
    [Program, Sequence[Series], int], list[Series]
]  # a program, of inputs, up to an order


def region_results(
    region: Region, operands: Sequence[Series], number: Callable[[Any], Any], run: Run, n: int
) -> list[Array]:
    """Coefficient n of the results.

    operands: their coefficients up to n; number: makes one of a whole number.
    """
    if region.kind == "series":
        (graph,) = region.graphs
        starts = [row.start for row in graph.rows]
        outer = [s.index[0] for s in starts if isinstance(s, Input) and s.source == "outer"]
        given = [
            [np.asarray(c, dtype=object) for c in series[0]] if k in outer else series
            for k, series in enumerate(operands)
        ]
        found = run(graph, given, graph.order)
        return [np.stack(series) for series in found]
    first = region.leading
    constants = list(operands[first : first + region.constants])
    rest = operands[first + region.constants :]
    if region.kind == "switch":
        index, graphs = operands[0][0][()], region.graphs
        chosen = sum(not index < k for k in range(1, len(graphs)))
        return [series[n] for series in run(graphs[chosen], constants, n)]
    carries, slices = list(rest[: region.carries]), rest[region.carries :]
    if region.kind == "scan":
        return _scan(region, constants, carries, slices, run, n)
    if region.kind == "while":
        condition, body = region.graphs
        while run(condition, [*constants, *carries], 0)[0][0][()] != 0:
            carries = run(body, [*constants, *carries], n)
        return [series[n] for series in carries]
    assert region.kind == "for", region.kind
    lower: Any
    lower, upper = region.bounds or (operands[0][0][()], operands[1][0][()])
    turn: Any = number(lower) if region.bounds else lower
    while turn < upper:
        own = np.empty((), dtype=object)
        own[()] = turn
        carries = run(region.graphs[0], [*constants, [own], *carries], n)
        turn = turn + 1
    return [series[n] for series in carries]


def _scan(
    region: Region,
    constants: list[Series],
    carries: list[Series],
    arrays: Sequence[Series],
    run: Run,
    n: int,
) -> list[Array]:
    (body,) = region.graphs
    collected: dict[int, list[Array]] = {}
    turns = range(region.length)
    for t in reversed(turns) if region.reverse else turns:
        slices = [[np.asarray(c[t], dtype=object) for c in series] for series in arrays]
        found = run(body, [*constants, *carries, *slices], n)
        carries = found[: region.carries]
        collected[t] = [series[n] for series in found[region.carries :]]
    results = [series[n] for series in carries]
    for k, shape in enumerate(region.shapes[region.carries :]):
        whole = np.empty(shape, dtype=object)
        for t in turns:
            whole[t] = collected[t][k]
        results.append(whole)
    return results
