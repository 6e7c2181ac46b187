"""Branches: `cond` and `switch`, with the signatures and the meaning that JAX gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from taylor.control.tracing import (
    Value,
    as_number,
    check_callable,
    check_same,
    closed,
    has_nodes,
    seen_as,
    trace,
    value_of,
)
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO
from taylor.expressions.types import Operand
from taylor.nodes.logic import condition, logical_not
from taylor.nodes.regions import Region, parts, region_node

P = ParamSpec("P")
R = TypeVar("R")


def cond(
    pred: Operand,
    true_fun: Callable[..., Any],
    false_fun: Callable[..., Any],
    *operands: Any,
) -> Any:
    """Return `true_fun(*operands)` where the condition holds, else `false_fun(*operands)`.

    pred:     a condition, a bool, or a number (true unless it is 0).
    true_fun, false_fun: give values of the same structure, shapes and kinds: numbers, arrays,
        expressions, or tuples, lists, dictionaries, dataclasses or None with these inside.
    operands: the same; functions may capture others.

    Unlike `where`, it need not compute what is not wanted: where no point of a block takes a branch
    that is long, or has a loop, it is left out.  Derivatives are those of the branch that is taken.

    Raises ArgumentTypeError or ShapeError where the two differ.

    >>> import taylor as ty
    >>> f = ty.compile(lambda x: ty.cond(x > 0, ty.sqrt, lambda y: (-y) ** 3, x))
    >>> f([4.0, -2.0]).tolist()
    [2.0, 8.0]
    """
    check_callable("cond", true_fun=true_fun, false_fun=false_fun)
    if callable(pred) and not has_nodes(pred):
        raise ArgumentTypeError(f"cond: pred={pred!r} is a function, not a condition; call it")
    if not has_nodes(pred):
        return true_fun(*operands) if _truth(pred) else false_fun(*operands)
    test = condition(as_number("cond", "pred", pred))
    named = [("true_fun", true_fun), ("false_fun", false_fun)]
    return _chosen("cond", logical_not(test), named, operands)


def switch(index: Operand, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Return `branches[index](*operands)`; an index beyond an end means the branch there.

    index:    a whole number; of an expression branch k is taken from k on and below k + 1.
    branches, operands: as for `cond`.

    >>> import taylor as ty
    >>> f = ty.compile(lambda n, x: ty.switch(n, [ty.sin, ty.cos, ty.exp], x))
    >>> f([-1, 0, 1, 2, 7], 0.0).tolist()
    [0.0, 0.0, 1.0, 1.0, 1.0]
    """
    if not isinstance(branches, Iterable):
        raise ArgumentTypeError(f"switch: branches={branches!r} is no list of functions")
    listed = list(branches)
    if not listed:
        raise ArgumentError("switch: branches is empty; give at least one function")
    named = [(f"branches[{k}]", function) for k, function in enumerate(listed)]
    for name, function in named:
        check_callable("switch", **{name: function})
    if not has_nodes(index):
        number = as_number("switch", "index", index).evaluate()
        return listed[int(np.clip(np.floor(number), 0, len(listed) - 1))](*operands)
    return _chosen("switch", as_number("switch", "index", index), named, operands)


def checkpoint(fun: Callable[P, R]) -> Callable[P, R]:
    """Return a function of the same values of which derivatives backward keep the arguments alone:
    what it computes on its way is computed again.

    fun: takes and returns numbers, arrays, expressions, or tuples, lists, dictionaries, dataclasses
        or None with these inside; arguments by name, and what it captures, may be expressions, too.

    Turns of `scan` and `fori_loop` are computed again in any case, but for what they return and for
    products of matrices; `memory=` there says how many bytes of carries are kept.

    >>> import taylor as ty
    >>> layer = ty.checkpoint(lambda x, w: ty.tanh(w * x))
    >>> f = ty.compile(lambda x: layer(layer(x, 2.0), 3.0))
    >>> f(0.5) == ty.tanh(3 * ty.tanh(1.0))
    np.True_
    """
    check_callable("checkpoint", fun=fun)

    @wraps(fun)
    def called(*args: P.args, **named: P.kwargs) -> R:
        given = value_of("checkpoint: the arguments", (args, named))
        if not given.traced:
            return fun(*args, **named)
        function = [("fun", lambda found: fun(*found[0], **found[1]))]
        found: R = _chosen("checkpoint", ZERO, function, [(args, named)])
        return found

    return called


def _truth(pred: Any) -> bool:
    if np.shape(pred) or isinstance(pred, str | bytes | complex) or pred is None:
        raise ArgumentTypeError(f"cond: pred={pred!r} is not a single condition")
    return bool(pred)


def _chosen(
    function: str,
    index: Expression,
    named: Sequence[tuple[str, Callable[..., Any]]],
    operands: Sequence[Any],
) -> Any:
    """The results of the branch that an index chooses, as parts of a node."""
    given = [value_of(f"{function}: operand {k}", x) for k, x in enumerate(operands)]
    traced = [trace(f"{function}: the value of {name}", f, given) for name, f in named]
    first = named[0][0], traced[0].result
    for (name, _), one in zip(named[1:], traced[1:], strict=True):
        check_same(function, first, (name, one.result))
    graph = closed(traced, ahead=False)
    nodes = [e for value in given for e in value.nodes]
    region = Region(graph.graphs, len(graph.constants) + len(nodes))
    found = parts(region_node("switch", [index, *graph.constants, *nodes], region))
    result: Value = first[1]
    kinds = [kind for kind, _ in result.kinds]
    return result.tree.build([seen_as(kind, e) for kind, e in zip(kinds, found, strict=True)])
