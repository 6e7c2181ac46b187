"""Nodes that apply elementary functions, in normal form."""

from __future__ import annotations

from typing import Any

from taylor.errors import ArgumentTypeError
from taylor.nodes.conversion import as_expression
from taylor.nodes.node import Node, broadcast_shapes, constant_node, intern_node
from taylor.nodes.products import HALF, power_exact
from taylor.nodes.registry import functions, get
from taylor.nodes.sums import exact_value, negate
from taylor.numbers.exact import fold_function, normalised


def make_function_node(name: str, *args: Any) -> Any:
    """The node of a registered elementary function, folded where its value is rational.

    args: expressions, numbers or arrays, as many as the function takes; they broadcast.

    Raises UnsupportedFunctionError for an unknown name, ArgumentTypeError for a wrong number of
    arguments, ShapeError where shapes do not broadcast.
    """
    operands = tuple(a if isinstance(a, Node) else as_expression(a) for a in args)
    if name == "sqrt" and len(operands) == 1:
        return power_exact(operands[0], HALF)
    record = functions.get(name) or get(name)
    arity = record.arity
    if len(operands) != arity:
        missing = arity - len(operands)
        if not 0 < missing <= len(record.defaults):
            raise ArgumentTypeError(f"{name}: takes {arity} argument(s), got {len(operands)}")
        operands += tuple(as_expression(value) for value in record.defaults[-missing:])
    if record.expression is not None:
        return as_expression(record.expression(*operands))
    if record.canonical is not None:
        simpler: Any = record.canonical(*operands)
        if simpler is not None:
            return simpler
    if record.parity and is_negative(operands[0]):
        mirrored = make_function_node(name, negate(operands[0]))
        return mirrored if record.parity > 0 else negate(mirrored)
    shape = operands[0].shape if arity == 1 else broadcast_shapes(name, *operands)
    values = [exact_value(operand) for operand in operands]
    if None not in values:
        folded = fold_function(name, tuple(v for v in values if v is not None))
        if folded is not None:
            return constant_node(normalised(folded), shape)
    key = (name, None, *[operand.id for operand in operands])
    return intern_node(key, name, operands, None, shape)


def is_negative(e: Node) -> bool:
    """Whether e is a negative multiple of another expression."""
    if e.op != "linear" or len(e.args) != 1:
        return False
    coefficients, offset = e.payload
    return bool(offset == 0 and coefficients[0] < 0)


def floor_divide(a: Any, b: Any) -> Any:
    """a / b, rounded down."""
    return make_function_node("floor_divide", a, b)


def remainder(a: Any, b: Any) -> Any:
    """What that leaves of a, with the sign of b as in Python."""
    return make_function_node("remainder", a, b)
