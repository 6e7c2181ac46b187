"""How large rounding makes the error of an expression: a running error analysis as an expression.

First-order bounds in units of rounding, N. J. Higham, Accuracy and Stability of Numerical
Algorithms, 2nd ed. (2002), section 3.3: every operation adds the size of its result, and passes the
errors of its operands on by its derivatives.
"""

from __future__ import annotations

from typing import Any

from taylor import functions
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, ZERO, as_expression
from taylor.nodes.logic import where
from taylor.nodes.node import CONDITIONS
from taylor.nodes.registry import get
from taylor.nodes.traverse import reachable


def rounding_error(e: Expression) -> Expression:
    """A bound of the rounding error of a scalar `e`, in units of rounding, to first order.

    Variables and time are taken to be off by one unit, constants and parameters to be exact.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> rounding_error(x - y)
    2*(abs(x) + abs(y))
    """
    errors: dict[Expression, Expression] = {}
    for node in reachable([e]):
        errors[node] = _error(node, errors)
    return errors[e]


def _error(e: Expression, errors: dict[Expression, Expression]) -> Expression:
    if e.op in ("constant", "parameter") or e.op in CONDITIONS:
        return ZERO
    if e.op in ("variable", "time") or not e.args or e.op == "index":
        return functions.abs(e)
    if e.op == "linear":
        coefficients, offset = e.payload
        total: Any = abs(offset)
        for c, arg in zip(coefficients, e.args, strict=True):
            total = total + abs(c) * (errors[arg] + functions.abs(arg))
        return as_expression(total)
    if e.op == "where":
        return where(e.args[0], errors[e.args[1]], errors[e.args[2]])
    passed: Any = functions.abs(e)
    for slope, arg in zip(_slopes(e), e.args, strict=True):
        if errors[arg] is not ZERO:
            passed = passed + functions.abs(slope) * errors[arg]
    return as_expression(passed)


def _slopes(e: Expression) -> list[Expression]:
    """The partial derivatives of an operation."""
    a = e.args[0]
    if e.op == "mul":
        return [e.args[1], a]
    if e.op == "div":
        return [ONE / e.args[1], -e / e.args[1]]
    if e.op == "pow":
        b = e.args[1]
        if b.op == "constant":
            return [b * a ** (b - 1), ZERO]
        return [b * e / a, e * functions.log(functions.abs(a))]
    return list(get(e.op).derivative(*e.args))
