"""Loops and branches written out, for what has no loops yet: differential equations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taylor.errors import UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant
from taylor.expressions.scalars import Spelling, scalars
from taylor.nodes.operations.spelled import chosen
from taylor.nodes.rebuild import rebuild
from taylor.nodes.regions import LOOPS, REGIONS, Region, turns
from taylor.nodes.traverse import inputs, reachable

MOST_NODES = 20_000  # in all turns of a loop together

Nodes = Sequence[Expression]


def unrolled(what: str, roots: Nodes) -> list[Expression]:
    """Scalar expressions without loops and branches that depend on variables or time: turn by turn
    where their number is known, and choices by conditions, which are seen as such.

    what: they are, for errors.  Loops of parameters alone stay: they have values, and no series.

    Raises UnsupportedFunctionError for loops whose number of turns is not known, or large.
    """
    if not any(e.op in REGIONS for e in reachable(roots)):
        return list(roots)
    memo: dict[Any, Any] = {}
    return _Unrolling(what).of([scalars(root, memo).item() for root in roots])


class _Unrolling:
    """One walk, with the nodes that are still to be written in all."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.left = MOST_NODES

    def of(self, roots: Nodes) -> list[Expression]:
        done: dict[Expression, Any] = {}
        for e in reachable(roots):
            args = [done[arg] for arg in e.args]
            if e.op == "part" and isinstance(args[0], list):
                done[e] = args[0][e.payload]
            elif e.op in REGIONS and _varies(args):
                done[e] = self.results(e, args)
            elif all(new is old for new, old in zip(args, e.args, strict=True)):
                done[e] = e
            else:
                done[e] = rebuild(e, args)
        return [done[root] for root in roots]

    def results(self, e: Expression, args: Nodes) -> list[Expression]:
        """All results of a loop or a branch."""
        region: Region = e.payload
        if e.op not in LOOPS:
            inside = chosen(region.graphs, list(args), Spelling.replaced)
            return self.of(inside)
        node = rebuild(e, args)
        count = turns(node)
        size = len(reachable(region.body.outputs))
        if count is None:
            raise UnsupportedFunctionError(
                f"{self.what}: a {e.op} that depends on states or time has no series yet unless "
                "its number of turns is known beforehand; use a fori_loop between whole numbers, "
                "which is written out here, or solve equations with ty.implicit"
            )
        self.left -= count * size
        if self.left < 0:
            raise UnsupportedFunctionError(
                f"{self.what}: a {e.op} of {count} turns, of {size} operations each, is more than "
                f"is written out in differential equations ({MOST_NODES} operations)"
            )
        lower, constants = args[0], args[2 : 2 + region.constants]
        carries = list(args[2 + region.constants :])
        for turn in range(count):
            given = [*constants, lower + constant(turn), *carries]
            table = dict(zip(region.body.inputs, given, strict=True))
            carries = self.of(Spelling.replaced(region.body.outputs, table))
        return carries


def _varies(args: Nodes) -> bool:
    return any(leaf.op in ("variable", "time") for leaf in inputs(args))
