"""Which operations of arrays have one series wherever they are defined, loops included."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from taylor.expressions.expression import Expression
from taylor.nodes.operations.table import operation
from taylor.nodes.record import Function
from taylor.nodes.regions import LOOPS, REGIONS, InnerName, leading, turns
from taylor.nodes.registry import functions
from taylor.nodes.traverse import reachable


def has_rules(outputs: Sequence[Expression], switched: Collection[str] = ()) -> bool:
    """Whether rows with shapes can be made of all operations, and have one series wherever they are
    defined, as differential equations want it.

    switched: operations outside of loops whose branches are made into modes, so that these may
        have several.
    """
    return _varying(outputs, set(), switched) is not None


def _varying(
    outputs: Sequence[Expression],
    inner: set[Expression],
    switched: Collection[str] = (),
) -> list[bool] | None:
    """Which outputs vary with variables, time, or `inner` inputs; None where there is no rule."""
    vary: set[Expression] = set(inner)
    for e in reachable(outputs):
        if e.op in ("variable", "time"):
            vary |= set() if isinstance(e.payload, InnerName) else {e}
            continue
        does = [arg in vary for arg in e.args]
        if not e.args or not (any(does) or e.op in REGIONS):
            continue
        if e.op in REGIONS:
            if not _is_smooth_inside(e, does):
                return None
        elif e.op not in switched and not is_smooth(e, does):
            return None
        if any(does):
            vary.add(e)
    return [e in vary for e in outputs]


def _is_smooth_inside(e: Expression, does: Sequence[bool]) -> bool:
    """The same of a loop or a choice, of whose operands these vary."""
    region, first = e.payload, leading(e)
    if not any(does):
        return True
    decided = any(does[:first]) or (e.op != "switch" and turns(e) is None)
    if decided or e.op not in LOOPS | {"switch"}:
        return False
    graphs = region.graphs if e.op == "switch" else region.graphs[-1:]
    index = [False] * (e.op == "fori_loop")
    constants = region.constants
    flags = [*does[first : first + constants], *index, *does[first + constants :]]
    start = constants + len(index)
    while True:
        found: list[bool] = []
        for graph in graphs:
            inputs = {x for x, flag in zip(graph.inputs, flags, strict=True) if flag}
            known = _varying(graph.outputs, inputs)
            if known is None:
                return False
            found = known
        now = flags[start : start + region.carries]
        after = [a or b for a, b in zip(found, now, strict=False)]
        if after == now:
            return True
        flags[start : start + region.carries] = after


def is_smooth(e: Expression, vary: Sequence[bool]) -> bool:
    """Whether an operation has one series wherever it is defined; vary: of its operands."""
    record = functions.get(e.op)
    if record is not None:
        return record.recurrence is not None and not _has_branches(record)
    known = operation(e.op)
    if known.array_rows is None and known.rows is None:
        return False
    return known.smooth(e, [2] * len(e.args), vary)


def _has_branches(record: Function) -> bool:
    return record.jumps or any((record.edge, record.pieces, record.branches))
