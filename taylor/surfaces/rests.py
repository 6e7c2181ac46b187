"""Whether a motion may come to rest on a surface: some branches leave g as it is."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from taylor.errors import UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, time
from taylor.nodes.rebuild import rebuild
from taylor.nodes.traverse import reachable
from taylor.transforms.differentiate import diff

MOST = 64  # branches of a sum that are looked at; where there are more, it may vanish


def may_rest(surface: Expression, slopes: Mapping[Expression, Expression]) -> bool:
    """Whether the surface function can be constant along the motion, for all that is seen easily.

    slopes: of every state, with branches as `where`.

    >>> from taylor.expressions.leaves import variables
    >>> from taylor.nodes.logic import where
    >>> x, y, m = variables("x y m")
    >>> may_rest(x, {x: where(m > 0, -1, 0)}), may_rest(x, {x: where(m > 0, -1, 1)})
    (True, False)
    """
    used = set(reachable([surface]))
    moving = [state for state in slopes if state in used]
    try:
        rate = diff(surface, time) if time in used else ZERO
        for state in moving:
            rate = rate + diff(surface, state) * slopes[state]
    except UnsupportedFunctionError:
        return time not in used and all(_may_vanish(slopes[state]) for state in moving)
    return _may_vanish(rate)


def _may_vanish(e: Expression) -> bool:
    branches = _branches(e, {})
    return branches is None or any(e is ZERO for e in branches)


Branches = list[Expression] | None  # None: too many


def _branches(e: Expression, known: dict[Expression, Branches]) -> Branches:
    """What an expression is in its branches, as far as it is a sum of products of them."""
    if e not in known:
        known[e] = _found(e, known)
    return known[e]


def _found(e: Expression, known: dict[Expression, Branches]) -> Branches:
    if e.op == "where":
        parts = [_branches(arg, known) for arg in e.args[1:]]
        if parts[0] is None or parts[1] is None or len(parts[0]) + len(parts[1]) > MOST:
            return None
        return list(dict.fromkeys(parts[0] + parts[1]))
    if e.op not in ("linear", "mul", "div"):
        return [e] if e.op != "parameter" else [e, ZERO]
    choices, count = [], 1
    for arg in e.args[:1] if e.op == "div" else e.args:
        part = _branches(arg, known)
        if part is None:
            return None
        choices.append(part)
        count *= len(part)
    if count > MOST:
        return None
    if count == 1 and all(part[0] is arg for part, arg in zip(choices, e.args, strict=False)):
        return [e]
    rest = list(e.args[1:]) if e.op == "div" else []
    return list(dict.fromkeys(rebuild(e, [*chosen, *rest]) for chosen in product(*choices)))
