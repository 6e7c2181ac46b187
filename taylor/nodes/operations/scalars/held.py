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


def shift(e: Any) -> Any:
    """The value of a node, for formulas whose results do not depend on it.

    What takes the largest element away before it exponentiates is such a formula. In a
    differential equation a shift stays the same during each step, and a branch in it is none.

    >>> from taylor.expressions.leaves import variable
    >>> shift(variable("x"))
    stop_gradient(x)
    """
    if e.op == "constant" or is_shift(e):
        return e
    return node("stop_gradient", (e,), SHIFT, e.shape)


def is_shift(e: Any) -> bool:
    """Whether a node is what `shift` makes."""
    return e.op == "stop_gradient" and e.payload is SHIFT


SHIFT = True  # the payload of such nodes


def _again(e: Any, args: Any) -> Any:
    return shift(args[0]) if is_shift(e) else held(args[0])


def _row(walk: Any, e: Any) -> int:
    """The operand at order zero, and nothing beyond."""
    builder, row = walk.builder, walk.rows[e.args[0]]
    if builder.is_steady(row):
        return row  # type: ignore[no-any-return]
    if builder.in_time and not is_shift(e):
        raise UnsupportedFunctionError(
            "stop_gradient: in differential equations the value of what depends on states or time "
            "would stay the same during each step; use it for parameters (ty.softmax and "
            "ty.logsumexp take the largest element away by themselves)"
        )
    return builder.kernel("where", builder.number(1), row, row)  # type: ignore[no-any-return]


def _no_sympy(to: Any, e: Any) -> Any:
    raise UnsupportedFunctionError("to_sympy: SymPy has no counterpart for stop_gradient")


RECORDS = (
    Operation(
        name="stop_gradient",
        build=_again,
        value=lambda algebra, e, values: values[0],
        sympy=_no_sympy,
        slopes=no_slopes,
        error=lambda e, errors: errors[e.args[0]],
        rows=_row,
        sign=lambda e, signs: signs[0],
        smooth=everywhere,
    ),
)
