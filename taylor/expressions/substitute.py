"""Replace parts of an expression by others, simplifying again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from taylor.errors import ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.expressions.types import ExpressionLike
from taylor.nodes.rebuild import rebuild
from taylor.nodes.traverse import reachable


def substitute(
    expression: ExpressionLike, replacements: Mapping[Expression, ExpressionLike]
) -> Expression:
    """Return the expression with nodes replaced, all at once, and simplified again.

    replacements: expressions (usually variables) with the expressions or numbers to put there; an
        array needs a replacement of its shape or a scalar-shaped one for a scalar.

    Raises ArgumentTypeError for keys that are not expressions, ShapeError for a changed shape.

    >>> import taylor as ty
    >>> x, y = ty.variables("x y")
    >>> ty.substitute(x**2 + y, {x: y, y: x}) is y**2 + x
    True
    """
    return substitute_all([as_expression(expression)], replacements)[0]


def substitute_all(
    roots: Sequence[Expression], replacements: Mapping[Expression, Any]
) -> list[Expression]:
    """The same of several expressions; what they share is rebuilt once."""
    if not isinstance(replacements, Mapping):
        raise ArgumentTypeError(
            f"substitute: replacements must be a mapping, as in {{x: 2 * y}}; got {replacements!r}"
        )
    done: dict[Expression, Expression] = {}
    for old, new in replacements.items():
        if type(old) is not Expression:
            raise ArgumentTypeError(f"substitute: the key {old!r} is not an expression")
        replacement = as_expression(new)
        if replacement.shape != old.shape:
            raise ShapeError(
                f"substitute: {old} of shape {old.shape} cannot become shape {replacement.shape}"
            )
        done[old] = replacement
    for e in reachable(roots, stop=done.__contains__):
        if e not in done:
            args = [done[arg] for arg in e.args]
            unchanged = all(new is old for new, old in zip(args, e.args, strict=True))
            done[e] = e if unchanged else rebuild(e, args)
    return [done[root] for root in roots]
