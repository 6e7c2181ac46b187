"""Where a function is singular: functions that are zero there."""

from __future__ import annotations

from collections.abc import Callable
from math import pi

from taylor import functions as f
from taylor.expressions.expression import Expression
from taylor.nodes.node import COMPARISONS
from taylor.nodes.sums import exact_value
from taylor.nodes.traverse import reachable
from taylor.surfaces.smoothness import Facts
from taylor.surfaces.surfaces import surface

MOST_EDGES = 32  # of one function; more are left to the search by values

_Args = tuple[Expression, ...]


def _at_zero(args: _Args) -> list[Expression]:
    return [args[0]]


def _at_integers(args: _Args) -> list[Expression]:
    return [f.sin(pi * args[-1])]


def _within_one(args: _Args) -> list[Expression]:
    return [1 - args[0], 1 + args[0]]


def _where_equal(args: _Args) -> list[Expression]:
    return [args[0] - args[1]]


_EDGES: dict[str, Callable[[_Args], list[Expression]]] = {
    **dict.fromkeys(("cbrt", "sqrt", "abs", "sign", "relu", "leaky_relu", "atan2"), _at_zero),
    **dict.fromkeys(("log", "log2", "log10"), _at_zero),
    **dict.fromkeys(("floor", "gamma", "lgamma", "digamma", "polygamma"), _at_integers),
    **dict.fromkeys(("asin", "acos", "atanh"), _within_one),
    **dict.fromkeys(("minimum", "maximum", *COMPARISONS), _where_equal),
    "acosh": lambda args: [args[0] - 1],
    "log1p": lambda args: [1 + args[0]],
    "tan": lambda args: [f.cos(args[0])],
    "div": lambda args: [args[1]],
    "bessely": lambda args: [args[-1]],
}


def edges(g: Expression) -> list[Expression]:
    """Functions that are zero wherever a function is singular, as far as its operations tell.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> edges(f.cbrt(x - 1) + y / f.sqrt(x))
    [x - 1, x]
    """
    facts, found = Facts(), dict[Expression, None]()
    for e in reachable([g]):
        if facts.is_smooth(e) or (e.op not in _EDGES and e.op != "pow"):
            continue
        if e.op == "pow":
            n = exact_value(e.args[1])
            listed = [] if type(n) is int and n >= 0 else [e.args[0]]
        else:
            listed = _EDGES[e.op](e.args)
        for h in listed:
            if facts.varies(h):
                found.update(dict.fromkeys([h] if facts.is_smooth(h) else surface(h).parts))
    return list(found)[:MOST_EDGES]
