"""How large rounding makes the error of an expression: a running error analysis as an expression.

First-order bounds in units of rounding, N. J. Higham, Accuracy and Stability of Numerical
Algorithms, 2nd ed. (2002), section 3.3: every operation adds the size of its result, and passes the
errors of its operands on by its derivatives.
"""

from __future__ import annotations

from taylor.expressions.expression import Expression
from taylor.nodes.operations.table import operation
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
        errors[node] = operation(node.op).error(node, errors)
    return errors[e]
