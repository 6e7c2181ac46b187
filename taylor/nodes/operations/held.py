"""Values that count as constant wherever anything is differentiated."""

from __future__ import annotations

from typing import Any

from taylor.errors import UnsupportedFunctionError
from taylor.nodes.node import node
from taylor.nodes.operation import Operation, everywhere, no_slopes


def held(e: Any) -> Any:
    """The value of a node, without its derivatives.

    >>> from taylor.expressions.leaves import variable
    >>> held(variable("x"))
    stop_gradient(x)
    """
    if e.op in ("constant", "stop_gradient"):
        return e
    return node("stop_gradient", (e,), None, e.shape)


def _row(walk: Any, e: Any) -> int:
    """The operand at order zero, and nothing beyond."""
    builder, row = walk.builder, walk.rows[e.args[0]]
    if builder.is_steady(row):
        return row  # type: ignore[no-any-return]
    if builder.in_time:
        raise UnsupportedFunctionError(
            "stop_gradient: in differential equations the value of what depends on states or time "
            "would stay the same during each step; use it for parameters"
        )
    return builder.kernel("where", builder.number(1), row, row)  # type: ignore[no-any-return]


def _no_sympy(to: Any, e: Any) -> Any:
    raise UnsupportedFunctionError("to_sympy: SymPy has no counterpart for stop_gradient")


RECORDS = (
    Operation(
        name="stop_gradient",
        build=lambda e, args: held(args[0]),
        value=lambda algebra, e, values: values[0],
        sympy=_no_sympy,
        slopes=no_slopes,
        error=lambda e, errors: errors[e.args[0]],
        rows=_row,
        sign=lambda e, signs: signs[0],
        smooth=everywhere,
    ),
)
