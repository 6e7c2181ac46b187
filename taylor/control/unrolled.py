"""Loops and branches written out: in small equations, and where conditions in them become modes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taylor.errors import UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant
from taylor.expressions.scalars import Spelling, scalars
from taylor.nodes.operations.regions.inlined import inlined
from taylor.nodes.operations.scalars.spelled import chosen
from taylor.nodes.rebuild import rebuild
from taylor.nodes.regions import LOOPS, REGIONS, Region, has_regions, turns
from taylor.nodes.traverse import inputs, reachable

MOST_NODES = 20_000  # in all turns of a loop together
MOST_STEADY = 500  # the same of a loop of parameters, which need not be written out

Nodes = Sequence[Expression]


def unrolled(what: str, roots: Nodes, refuse: bool = True) -> list[Expression]:
    """Scalar expressions without loops and branches that depend on variables or time: turn by turn
    where their number is known, and choices by conditions, which are seen as such.

    what: they are, for errors.  Long loops of parameters alone stay: they have values, and no
        series.
    refuse: other loops; else they stay as well.

    Raises UnsupportedFunctionError for loops whose number of turns is not known, or large.
    """
    if not has_regions(roots):
        return list(roots)
    memo: dict[Any, Any] = {}
    return _Unrolling(what, refuse).of([scalars(root, memo).item() for root in inlined(roots)])


class _Unrolling:
    """One walk, with the nodes that are still to be written in all."""

    def __init__(self, what: str, refuse: bool) -> None:
        self.what, self.refuse = what, refuse
        self.left = MOST_NODES

    def of(self, roots: Nodes, known: Nodes = ()) -> list[Expression]:
        """The roots without them; `known` has none any more."""
        done: dict[Expression, Any] = {e: e for e in known}
        for e in reachable(roots, stop=set(known).__contains__):
            if e in done:
                continue
            args = [done[arg] for arg in e.args]
            if e.op == "part" and isinstance(args[0], list):
                done[e] = args[0][e.payload]
            elif e.op in REGIONS:
                done[e] = self.results(rebuild(e, args), _varies(args))
            elif all(new is old for new, old in zip(args, e.args, strict=True)):
                done[e] = e
            else:
                done[e] = rebuild(e, args)
        return [done[root] for root in roots]

    def results(self, e: Expression, varies: bool) -> Any:
        """All results of a loop or a branch; itself where it stays."""
        region: Region = e.payload
        if not region.graphs:
            raise UnsupportedFunctionError(
                f"{self.what}: the solution of a system (as_function) cannot be part of another "
                "one or of its events; add its equations to the system"
            )
        if e.op not in LOOPS:
            return self.of(chosen(region.graphs, e.args, Spelling.replaced), e.args)
        count, size = turns(e), len(reachable(region.body.outputs))
        if count is None or count * size > (self.left if varies else min(self.left, MOST_STEADY)):
            if self.refuse and varies:
                raise self._refusal(e, count, size)
            return e
        self.left -= count * size
        lower, constants = e.args[0], e.args[2 : 2 + region.constants]
        carries = list(e.args[2 + region.constants :])
        for turn in range(count):
            given = [*constants, lower + constant(turn), *carries]
            table = dict(zip(region.body.inputs, given, strict=True))
            carries = self.of(Spelling.replaced(region.body.outputs, table), given)
        return carries

    def _refusal(self, e: Expression, count: int | None, size: int) -> UnsupportedFunctionError:
        if count is None:
            return UnsupportedFunctionError(
                f"{self.what}: a {e.op} that depends on states or time has no series unless its "
                "number of turns is known beforehand; use a fori_loop between whole numbers, as "
                "many as are ever wanted, where ty.where(done, x, next) may keep what is done, or "
                "solve equations with ty.implicit"
            )
        return UnsupportedFunctionError(
            f"{self.what}: a {e.op} of {count} turns, of {size} operations each, is more than "
            f"is written out in differential equations ({MOST_NODES} operations), and conditions "
            "on states or functions with kinks in it keep it from being a loop of series"
        )


def _varies(args: Nodes) -> bool:
    return any(leaf.op in ("variable", "time") for leaf in inputs(args))
