"""Recursions as machine code's own calls, where they are compiled.

What functions that call themselves mean is a loop (`language/recursion/machine.py`), of which all
walks know.  Machine code has the same results of calls, and sooner: a loop tells which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taylor.nodes.node import N
from taylor.nodes.rebuild import rebuilt
from taylor.nodes.regions import Called, has_regions, part, region_node
from taylor.nodes.traverse import reachable

Results = dict[int, Any]  # of a loop, by number: what they are


def with_calls(roots: Sequence[N]) -> list[N]:
    """Roots of the same values in which loops that recursions have become are calls again; inside
    of loops and branches as well.
    """
    return _with_calls(roots) if has_regions(roots) else list(roots)


def _with_calls(roots: Sequence[N]) -> list[N]:
    asked: dict[Any, set[int]] = {}  # results of nodes that somebody wants
    nodes = reachable(roots)
    for e in nodes:
        if e.op == "part":
            asked.setdefault(e.args[0], set()).add(e.payload)
    done: dict[Any, Any] = {}
    for e in nodes:
        args = [done[arg] for arg in e.args]
        called: Called | None = e.payload.calls if e.op == "while_loop" else None
        if called is not None and asked.get(e, set()) <= dict(called.results).keys():
            done[e] = _recursion(called, args)
        elif e.op == "part" and isinstance(args[0], dict):
            done[e] = args[0][e.payload]
        else:
            done[e] = rebuilt(e, args, with_calls)
    return [done[root] for root in roots]


def _recursion(called: Called, args: Sequence[Any]) -> Results:
    recursion = called.recursion.of(
        [type(g)(g.inputs, with_calls(g.outputs)) for g in called.recursion.graphs]
    )
    node = region_node("recursion", [args[k] for k in called.operands], recursion)
    return {number: part(node, own) for number, own in called.results}
