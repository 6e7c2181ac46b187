"""Where a function is singular: functions that are zero there."""

from __future__ import annotations

from taylor.expressions.expression import Expression
from taylor.nodes.operations.table import operation
from taylor.nodes.traverse import reachable
from taylor.surfaces.smoothness import Facts
from taylor.surfaces.surfaces import surface

MOST_EDGES = 32  # of one function; more are left to the search by values


def edges(g: Expression) -> list[Expression]:
    """Functions that are zero wherever a function is singular, as far as its operations tell.

    >>> from taylor import functions as f
    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> sorted(map(str, edges(f.cbrt(x - 1) + y / f.sqrt(x))))
    ['x', 'x - 1']
    """
    facts, found = Facts(), dict[Expression, None]()
    for e in reachable([g]):
        if facts.is_smooth(e):
            continue
        for h in operation(e.op).edges(e):
            if facts.varies(h):
                found.update(dict.fromkeys([h] if facts.is_smooth(h) else surface(h).parts))
    return list(found)[:MOST_EDGES]
