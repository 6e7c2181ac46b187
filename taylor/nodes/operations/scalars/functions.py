"""Elementary functions: one operation, which asks the record of the function in its node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taylor.nodes.conversion import as_expression
from taylor.nodes.elementary import make_function_node
from taylor.nodes.operation import Operation, Slope, no_slopes
from taylor.nodes.operations.scalars.rounding import passed_on
from taylor.nodes.registry import functions, get


def _slopes(e: Any, active: Sequence[bool]) -> Sequence[Slope]:
    record = get(e.op)
    if record.jumps:
        return no_slopes(e, active)
    record.check_fixed(active)
    return [as_expression(partial) for partial in record.derivative(*e.args)]


def _operands(e: Any) -> tuple[Any, ...]:
    """All but the orders that choose a function of a family: they are constants of its kernel."""
    function = functions.get(e.op)
    args: tuple[Any, ...] = e.args
    return args[function.orders :] if function is not None and function.orders else args


FUNCTION = Operation(
    name="",
    build=lambda e, args: make_function_node(e.op, *args),
    value=lambda algebra, e, values: algebra.call(e.op, values),
    sympy=lambda to, e: to.call(e),
    slopes=_slopes,
    error=lambda e, errors: passed_on(e, get(e.op).derivative(*e.args), errors),
    bound=lambda models, e, parts: models.call(e, parts),
    digits=lambda known, e, parts: known.call(e, parts),
    rows=lambda walk, e: walk.call(e),
    operands=_operands,
    sign=lambda e, signs: get(e.op).sign(*signs),
    smooth=lambda e, signs, vary: signs[0] >= get(e.op).smooth_from,
    edges=lambda e: get(e.op).edges(*e.args),
    surface=lambda signs, e, zeros: signs.call(e, zeros),
)
