"""Functions with derivatives of their own written out where values alone are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taylor.nodes.node import N
from taylor.nodes.rebuild import rebuilt
from taylor.nodes.regions import REGIONS, has_regions
from taylor.nodes.traverse import reachable


def inlined(roots: Sequence[N]) -> list[N]:
    """Roots that have the same values, without the rules of `taylor.custom_derivative`.

    They are written out inside loops and branches as well.
    """
    return _inlined(roots, {}) if has_regions(roots) else list(roots)


def has_rules_inside(roots: Sequence[N]) -> bool:
    """Whether there are such functions, in loops and branches as well."""
    return has_regions(roots) and any(
        e.op == "custom" or any(has_rules_inside(g.outputs) for g in e.payload.graphs)
        for e in reachable(roots)
        if e.op in REGIONS
    )


def _inlined(roots: Sequence[N], table: dict[Any, Any]) -> list[N]:
    """Roots with others in the places of some nodes."""
    done = dict(table)
    for e in reachable(roots, stop=done.__contains__):
        if e in done:
            continue
        args = [done[arg] for arg in e.args]
        if e.op == "custom":
            graph = e.payload.body
            done[e] = _inlined(graph.outputs, dict(zip(graph.inputs, args, strict=True)))
        elif e.op == "part" and isinstance(args[0], list):
            done[e] = args[0][e.payload]
        else:
            done[e] = rebuilt(e, args, inlined)
    return [done[root] for root in roots]
