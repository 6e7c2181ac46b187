"""Leaves of expressions, and what Python and NumPy hand over as expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor.expressions.types import ExpressionLike
from taylor.nodes import conversion, elementary
from taylor.nodes import node as nodes
from taylor.nodes.node import Shape, constant_node, node
from taylor.numbers import exact as constants
from taylor.numbers.types import Number, Numbers

# Nodes are expressions by now.
as_expression: Callable[[Any], Expression] = conversion.as_expression
try_expression: Callable[..., Expression | None] = conversion.try_expression
make_function_node: Callable[..., Expression] = elementary.make_function_node


class Join(Protocol):
    """Makes one array expression of several expressions."""

    def __call__(self, items: Sequence[ExpressionLike], axis: int = 0) -> Expression: ...


stack: Join = conversion.stack
concatenate: Join = conversion.concatenate
ZERO: Expression = nodes.ZERO
ONE: Expression = nodes.ONE
MINUS_ONE: Expression = nodes.MINUS_ONE
TWO: Expression = nodes.TWO


def constant(value: Number | Numbers, shape: Shape = ()) -> Expression:
    """Return a constant node; finite numbers and decimal strings are kept exactly.

    A `shape` other than () makes an array filled with the value.  An array of numbers, or lists of
    them, becomes an array constant, whose elements may be asked for at places that are not known.

    >>> import taylor as ty
    >>> ty.constant("0.1").payload
    Fraction(1, 10)
    """
    if isinstance(value, list | tuple | np.ndarray):
        made = try_expression(value)
        if made is not None and made.op == "constant" and not shape:
            return made
    number = constants.parse(value) if isinstance(value, str) else constants.exact(value)
    if number is None:
        raise ArgumentTypeError(
            f"constant: {value!r} is not a real number; use an int, float, Fraction, Decimal, "
            "mpmath number or decimal string"
        )
    return constant_node(number, shape)


def _check_name(kind: str, name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ArgumentTypeError(f"{kind}: the name {name!r} has to be a string that is not empty")
    return name


def _check_shape(kind: str, shape: int | Sequence[int]) -> Shape:
    try:
        if isinstance(shape, str):
            raise TypeError
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        sizes = tuple(int(np.intp(s)) for s in sizes)
    except TypeError:
        raise ArgumentTypeError(f"{kind}: shape={shape!r} is not a tuple of ints") from None
    if any(s < 0 for s in sizes):
        raise ShapeError(f"{kind}: shape={shape!r} has a negative size")
    return sizes


def variable(name: str, shape: int | Sequence[int] = ()) -> Expression:
    """Return the variable with this name and shape; the same name and shape give the same node.

    >>> import taylor as ty
    >>> ty.variable("x") is ty.variable("x"), ty.variable("q", shape=(3, 2)).shape
    (True, (3, 2))
    """
    return node("variable", (), _check_name("variable", name), _check_shape("variable", shape))


def parameter(name: str, shape: int | Sequence[int] = ()) -> Expression:
    """Return the parameter with this name and shape: constant in time, set at run time.

    >>> import taylor as ty
    >>> x, k = ty.variable("x"), ty.parameter("k")
    >>> ty.Integrator([(x, -k * x)], [1.0], parameters={k: 2.0}).parameters[k]
    2.0
    """
    return node("parameter", (), _check_name("parameter", name), _check_shape("parameter", shape))


def _many(
    kind: str, names: str | Iterable[str], make: Callable[[str], Expression]
) -> tuple[Expression, ...]:
    if not isinstance(names, str | Iterable):
        raise ArgumentTypeError(f"{kind}: names={names!r} must be a string, as in '{kind} x v'")
    found = names.replace(",", " ").split() if isinstance(names, str) else list(names)
    if not found or len(set(found)) != len(found):
        raise ArgumentError(
            f"{kind}: names={names!r} must list different names, as in '{kind} x v'"
        )
    return tuple(make(name) for name in found)


def variables(names: str | Iterable[str]) -> tuple[Expression, ...]:
    """Return scalar variables, names separated by spaces or commas.

    >>> import taylor as ty
    >>> ty.variables("x v")
    (x, v)
    """
    return _many("variables", names, variable)


def parameters(names: str | Iterable[str]) -> tuple[Expression, ...]:
    """Return scalar parameters, names separated by spaces or commas.

    >>> import taylor as ty
    >>> ty.parameters("mass, length")
    (mass, length)
    """
    return _many("parameters", names, parameter)


time: Expression = node("time", (), None, ())
pi: Expression = constant_node(constants.PI)
