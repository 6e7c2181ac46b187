"""Records of functions that build expressions of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taylor.expressions.evaluate import evaluate
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.nodes.record import BY_USER, Function, that_of_expression


def composed_record(
    name: str,
    value: Callable[..., Any],
    placeholders: tuple[Expression, ...],
    body: Expression,
    domain: str,
) -> Function:
    """The record of a function in whose place expressions contain what `value` builds.

    body: what it builds of the placeholders, one for each argument.
    """

    def evaluated(*args: Any) -> Any:
        return evaluate(body, dict(zip(placeholders, args, strict=True)))

    return Function(
        name=name,
        arity=len(placeholders),
        mpmath=lambda mp, *args: evaluated(*args),
        numpy=evaluated,
        derivative=that_of_expression,
        recurrence=None,
        numpy_names=(),
        sympy=that_of_expression,
        sympy_names=(),
        domain=domain,
        reference=BY_USER,
        expression=lambda *args: as_expression(value(*args)),
    )
