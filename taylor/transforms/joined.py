"""Loops that do the same turns as one loop: what a value and its derivatives have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taylor.expressions.expression import Expression
from taylor.expressions.scalars import Spelling
from taylor.nodes.operations.regions.reversed_loops import as_scan
from taylor.nodes.rebuild import rebuild
from taylor.nodes.regions import LOOPS, Graph, Region, has_regions, part, region_node, turns
from taylor.nodes.traverse import reachable


def joined(outputs: Sequence[Expression]) -> list[Expression]:
    """Return expressions of the same values in which scans of the same carries over the same arrays
    are one scan, which collects what all of them do.

    A derivative backward needs what the turns of a loop began with: it has a scan of its own that
    collects this, and where the loop's value is wanted as well, one of the two is enough.

    >>> import numpy as np, taylor as ty
    >>> x = ty.variable("x")
    >>> last, all_of_them = ty.scan(lambda s, _: (s * x, s), 1.0, length=100)
    >>> again, _ = ty.scan(lambda s, _: (s * x, None), 1.0, length=100)
    >>> first, second = joined([np.sum(all_of_them), again])
    >>> first.args[0].args[0] is second.args[0]
    True
    """
    if not has_regions(outputs):
        return list(outputs)
    order = reachable(outputs)
    members = _members(order)
    if not members:
        return list(outputs)
    done: dict[Expression, Expression] = {}
    for e in order:
        if e in members:
            members[e].make(done)
            done[e] = e
        elif e.op == "part" and e.args[0] in members:
            done[e] = members[e.args[0]].result(e.args[0], e.payload)
        else:
            args = [done[arg] for arg in e.args]
            same = all(new is old for new, old in zip(args, e.args, strict=True))
            done[e] = e if same else rebuild(e, args)
    return [done[output] for output in outputs]


class _Join:
    """Several scans, the first of which says what the turns are."""

    def __init__(self, scan: Any) -> None:
        self.scan, self.region = scan, scan.payload
        self.outputs: list[Any] = list(self.region.body.outputs)
        self.places: dict[Any, list[int]] = {}
        self.made: Any = None

    def add(self, e: Any, scan: Any) -> bool:
        """Take a loop in, where what it carries goes from turn to turn alike."""
        own, body = self.region.body, scan.payload.body
        table = dict(zip(body.inputs, own.inputs, strict=True))
        outputs = Spelling.replaced(body.outputs, table)
        carries = self.region.carries
        pairs = zip(outputs[:carries], own.outputs[:carries], strict=True)
        if any(x is not y for x, y in pairs):
            return False
        known = {x: k for k, x in enumerate(self.outputs) if k >= carries}
        places = list(range(carries))
        for x in outputs[carries:]:
            if x not in known:
                known[x] = len(self.outputs)
                self.outputs.append(x)
            places.append(known[x])
        self.places[e] = places[scan.payload.carries - e.payload.carries :]
        return True

    def make(self, done: dict[Expression, Expression]) -> None:
        """The scan that does it all, of operands as they are by now."""
        if self.made is None:
            region = self.region
            graph = Graph(region.body.inputs, self.outputs)
            rest = (region.constants, region.carries, region.length, region.reverse)
            operands = [done[arg] for arg in self.scan.args]
            self.made = region_node("scan", operands, Region([graph], *rest))

    def result(self, e: Any, number: int) -> Any:
        """A result of one of the loops."""
        return part(self.made, self.places[e][number])


def _members(order: Sequence[Any]) -> dict[Any, _Join]:
    """Loops that others do the same turns as, with what they become."""
    groups: dict[Any, list[_Join]] = {}
    for e in order:
        if e.op not in LOOPS or not turns(e):
            continue
        scan = e if e.op == "scan" else as_scan(e)
        region = scan.payload
        key = (scan.args, region.constants, region.carries, region.length, region.reverse)
        for one in groups.setdefault(key, []):
            if one.add(e, scan):
                break
        else:
            one = _Join(scan)
            one.add(e, scan)
            groups[key].append(one)
    found = (one for group in groups.values() for one in group if len(one.places) > 1)
    return {e: one for one in found for e in one.places}
