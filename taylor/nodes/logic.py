"""Comparisons, logic and choice: nodes that are 1 where a condition holds and 0 where not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taylor.errors import (
    ArgumentTypeError,
    DifferentiationWarning,
    ShapeError,
    warn_user,
)
from taylor.nodes import node as ex
from taylor.nodes.conversion import as_expression
from taylor.nodes.node import CONDITIONS, N, Node
from taylor.nodes.operation import OPERATIONS
from taylor.nodes.sums import exact_value

_DECIDE: dict[str, Callable[[Any, Any], bool]] = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}


def compare(op: str, a: N, b: N) -> N:
    """The comparison node `op` (lt, le, gt, ge, eq, ne), 1 where it holds and 0 where not."""
    shape = ex.broadcast_shapes(op, a, b)
    value_a, value_b = exact_value(a), exact_value(b)
    if value_a is not None and value_b is not None:
        return ex.constant_node(int(_DECIDE[op](value_a, value_b)), shape)
    return ex.node(op, (a, b), None, shape)


def less(a: N, b: N) -> N:
    """a < b."""
    return compare("lt", a, b)


def less_equal(a: N, b: N) -> N:
    """a <= b."""
    return compare("le", a, b)


def greater(a: N, b: N) -> N:
    """a > b."""
    return compare("gt", a, b)


def greater_equal(a: N, b: N) -> N:
    """a >= b."""
    return compare("ge", a, b)


def equal(a: N, b: N) -> N:
    """a == b as a node; use `is` to ask whether two expressions are the same."""
    return compare("eq", a, b)


def not_equal(a: N, b: N) -> N:
    """a != b as a node."""
    return compare("ne", a, b)


def condition(e: N) -> N:
    """`e` itself if it is a condition, else e != 0."""
    if e.op in CONDITIONS or e is ex.ZERO or e is ex.ONE:
        return e
    return compare("ne", e, ex.ZERO)


def is_condition(e: Node) -> bool:
    """Whether a node is a truth value: a comparison, or chosen or put together from such."""
    if e.op == "where":
        truths = [is_condition(arg) for arg in e.args[1:]]
        return any(truths) and all(
            t or exact_value(a) in (0, 1) for t, a in zip(truths, e.args[1:], strict=True)
        )
    record = OPERATIONS.get(e.op)
    if record is not None and record.moves:
        return all(map(is_condition, e.args))
    return e.op in CONDITIONS


def number(e: N) -> N:
    """`e` itself, or 1 and 0 for a truth value: what arithmetic makes of one is none any more."""
    record = OPERATIONS.get(e.op)
    may_be = e.op in CONDITIONS or (record is not None and record.moves)
    return where(e, ex.ONE, ex.ZERO) if may_be and is_condition(e) else e


def _logic(symbol: str, a: N) -> N:
    if a.op in CONDITIONS or exact_value(a) in (0, 1):
        return a
    record = OPERATIONS.get(a.op)
    if record is not None and record.moves:
        return condition(a)
    raise ArgumentTypeError(
        f"operator {symbol}: {a} is not a condition; combine comparisons, as in "
        f"(x > 0) {symbol} (y > 0)"
    )


def both(a: N, b: N) -> N:
    """a & b for conditions."""
    return logical("and", _logic("&", a), _logic("&", b))


def either(a: N, b: N) -> N:
    """a | b for conditions."""
    return logical("or", _logic("|", a), _logic("|", b))


def different(a: N, b: N) -> N:
    """a ^ b for conditions."""
    a, b = _logic("^", a), _logic("^", b)
    return logical("or", logical("and", a, logical_not(b)), logical("and", logical_not(a), b))


def negation(a: N) -> N:
    """~a for a condition."""
    return logical_not(_logic("~", a))


def logical(op: str, a: N, b: N) -> N:
    """The node `and` or `or` of two conditions, or of numbers compared with zero."""
    a, b = condition(a), condition(b)
    shape = ex.broadcast_shapes(op, a, b)
    if a is b:
        return a
    if a.shape == b.shape:
        for first, second in ((a, b), (b, a)):
            value = exact_value(first)
            if value is not None:
                return second if bool(value) == (op == "and") else first
            if first.op == "not" and first.args[0] is second:
                return ex.constant_node(int(op == "or"), a.shape)
    return ex.node(op, (a, b), None, shape)


def logical_not(a: N) -> N:
    """The opposite of a condition, or of a number compared with zero."""
    a = condition(a)
    value = exact_value(a)
    if value is not None:
        return ex.constant_node(int(value == 0), a.shape)
    return a.args[0] if a.op == "not" else ex.node("not", (a,), None, a.shape)


def where(test: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, else `b`; the other branch never disturbs the result.

    >>> from taylor.expressions.leaves import variable
    >>> x = variable("x")
    >>> where(x > 0, x, -x)
    where(x > 0, x, -x)
    """
    test, a, b = condition(as_expression(test)), as_expression(a), as_expression(b)
    try:
        shape = ex.broadcast_shapes("where", test, a, b)
    except ShapeError as error:
        raise ShapeError(f"{error} (condition, value, other value)") from None
    if a is b and a.shape == shape:
        return a
    value = exact_value(test)
    if value is not None:
        chosen = a if value else b
        if chosen.shape == shape:
            return chosen
    return ex.node("where", (test, a, b), None, shape)


def warn_of_points(test: N, varies: Callable[[N], bool]) -> None:
    """Warn if a choice that is differentiated is made by x == c, which holds at points alone.

    Such a branch gives the value at the point, and derivatives that are those of the branch, not of
    the function around it.  Whether x is NaN or infinite is no such question.

    varies: whether an operand changes with what is differentiated by.
    """
    pending = [test]
    while pending:
        e = pending.pop()
        if e.op in ("and", "or", "not"):
            pending.extend(e.args)
        elif e.op in ("eq", "ne") and _is_a_point(e) and any(map(varies, e.args)):
            warn_user(
                f"where: the condition {e} holds at single points, and the derivatives there are "
                "those of the branch; taylor.removable(f, at=c) and taylor.sinc have all "
                "derivatives at such a point",
                DifferentiationWarning,
            )


def _is_a_point(e: Node) -> bool:
    """Whether a comparison asks for a finite value, not for NaN or infinities."""
    a, b = e.args
    return a is not b and not any(
        isinstance(v.payload, float) for v in (a, b) if v.op == "constant"
    )
