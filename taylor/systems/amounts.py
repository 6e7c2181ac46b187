"""What states and parameters jump by or to, as impulses and resets of events give it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.evaluate import Multiprecision, algebra_of, evaluate_in
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.expressions.scalars import scalars
from taylor.nodes.node import Node
from taylor.points.polynomial_values import evaluate_polynomials, has_polynomials
from taylor.systems.names import UNUSED, Names

Placed = tuple[tuple[int, Expression], ...]  # scalars by place


def amounts(given: Any, label: str) -> dict[Any, Expression]:
    """Expressions by variable, parameter or name.

    label: what they are, in messages.

    Raises TypeError or ValueError for what is no mapping to expressions, for numbers that are not
    finite, wrong shapes and a key that is given twice.
    """
    if not isinstance(given, Mapping):
        raise ArgumentTypeError(f"{label} must be a mapping, got {type(given).__name__}")
    found = {key: _expression(label, key, value) for key, value in given.items()}
    names = [str(key) for key in found]
    for key, value in found.items():
        if names.count(str(key)) > 1:
            raise ArgumentError(f"{label} has {key} twice")
        for element in scalars(value).flat:
            if element.op == "constant" and not is_finite(element.payload):
                raise ArgumentError(not_finite(label, key, element, element.payload))
        if isinstance(key, Expression):
            _check_shape(label, key, value, key.shape)
    return found


def _expression(label: str, key: Any, value: Any) -> Expression:
    try:
        return as_expression(value)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(f"{label}[{key}]: {value!r} is no expression: {error}") from None


def _check_shape(label: str, key: Any, value: Expression, shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        wanted = "be a scalar" if shape == () else f"have shape {shape}"
        raise ArgumentError(f"{label}[{key}] must {wanted}, got shape {value.shape}")


def placed(label: str, given: Mapping[Any, Expression], names: Names) -> Placed:
    """(place, scalar) of all elements that the system has.

    Raises ArgumentError for keys that it has not, wrong shapes, and elements given twice.
    """
    found: dict[int, Expression] = {}
    for key, value in given.items():
        places = names[key]
        _check_shape(label, key, value, places.shape)
        for place, element in zip(places.flat, scalars(value).flat, strict=True):
            if place in found:
                raise ArgumentError(f"{label} has an element of {key} twice")
            if place != UNUSED:
                found[int(place)] = element
    return tuple(found.items())


def evaluated(expressions: Sequence[Expression], values: Mapping[Expression, Any]) -> list[Any]:
    """The values of scalars: exact of those that are numbers.

    values: of all that they depend on; numbers of any kind, of mpmath in the precision that its
            context has, or polynomials, which results are then, too.
    """
    varying = [e for e in expressions if e.op != "constant"]
    if not varying:
        return [e.payload for e in expressions]
    if has_polynomials(values.values()):
        results = iter(evaluate_polynomials(varying, values))
    else:
        results = iter(_numbers(varying, values))
    return [e.payload if e.op == "constant" else next(results) for e in expressions]


class _Poles(Multiprecision):
    """mpmath numbers; quotients by zero, which mpmath raises, are NaN. What functions of the user
    raise is theirs.
    """

    def operate(self, e: Node, args: list[Any]) -> Any:
        try:
            return super().operate(e, args)
        except ZeroDivisionError:
            if e.op not in ("div", "pow"):
                raise
            return self.context.nan


def _numbers(expressions: Sequence[Expression], values: Mapping[Expression, Any]) -> list[Any]:
    """Values of numbers."""
    algebra = algebra_of(values.values())
    if isinstance(algebra, Multiprecision):
        algebra = _Poles(algebra.context)
    return evaluate_in(expressions, values, algebra)


def is_finite(value: Any) -> bool:
    """Whether it is a finite real number."""
    try:
        return math.isfinite(value)
    except (TypeError, OverflowError):
        return False


def not_finite(label: str, key: Any, amount: Expression, value: Any) -> str:
    """What is wrong about it."""
    shown = str(value) if isinstance(value, float) else repr(value)
    return f"{label}: {amount} for {key} is {shown}; it must be a finite number"
