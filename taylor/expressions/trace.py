"""Ordinary NumPy functions called once with expressions, and what they return checked."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError, TracingError
from taylor.expressions.arguments import argument, captured, kept, traced
from taylor.expressions.arrays.settled import settled
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time, try_expression
from taylor.expressions.object_arrays import expression_array
from taylor.expressions.substitute import substitute_all
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class TracedSystem:
    """A right-hand side as expressions.

    derivatives: one scalar expression per state variable.
    states:      the scalar leaves that stand for the state, elements of a new array "y".
    parameters:  the scalar leaves that stand for the parameters, elements of a new array "p".
    """

    derivatives: tuple[Expression, ...]
    states: tuple[Expression, ...]
    parameters: tuple[Expression, ...]


def trace_function(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function with expressions and return its result as expressions.

    arguments: expressions, arrays of them, or whatever else it takes.

    Returns an Expression for a scalar or array node, an `ExpressionArray` for an array or a nested
    list of scalars, and a tuple of these for a tuple.

    Raises ArgumentTypeError if the function returns anything else, TracingError (from where the
    function asks) if it needs the value of an expression.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> trace_function(lambda a, b: np.hypot(a, b) ** 3, x, y)
    hypot(x, y)**3
    """
    return _traced(_name(function), settled(call_user(function, *arguments)))


def call_user(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What a user's function returns.

    Raises TracingError where an expression is stored in an array of floats, or is the place in one:
    NumPy hides our message behind "setting an array element with a sequence", and "only integers".
    """
    try:
        return function(*arguments, **named)
    except ValueError as error:
        if isinstance(error.__cause__, TracingError):
            raise error.__cause__ from None
        raise
    except IndexError as error:
        if type(error) is IndexError and str(error).startswith("only integers, slices"):
            *_, last = traceback.extract_tb(error.__traceback__)
            raise TracingError(
                f"an element of an array of numbers at {last.filename}:{last.lineno}, by a place "
                "that is no number: if it is an expression, the array has to be one, too, as "
                "taylor.constant(a)[i]"
            ) from error
        raise


def _traced(name: str, result: Any) -> Any:
    if result is None:
        raise ArgumentTypeError(f"{name}: returned None; the function has to return its result")
    if isinstance(result, tuple):
        return tuple(_traced(name, item) for item in result)
    converted = None
    if isinstance(result, (list, np.ndarray)) and not _has_array_node(result):
        try:
            return expression_array(result)
        except (ArgumentTypeError, ValueError):
            pass
    else:
        converted = try_expression(result)
    if converted is None:
        raise ArgumentTypeError(
            f"{name}: returned {result!r} of type {type(result).__name__}; return real numbers, "
            "expressions, or arrays of them"
        )
    return converted


def _has_array_node(value: Any) -> bool:
    return isinstance(value, list) and any(type(v) is Expression and v.shape for v in value)


def trace_rhs(function: Callable[..., Any], size: int, parameter_count: int = 0) -> TracedSystem:
    """Trace the right-hand side ``rhs(t, y)`` or ``rhs(t, y, p)`` of a differential equation.

    size:            number of state variables; `y` is an object array of so many expressions.
    parameter_count: number of parameters; `p` is an object array of so many expressions.

    Raises ArgumentTypeError if the function takes another number of arguments or returns something
    that is no vector of expressions, ShapeError for a vector of another length.

    >>> trace_rhs(lambda t, y: [y[1], -np.sin(y[0])], 2).derivatives
    (y[1], -sin(y[0]))
    """
    name = _name(function)
    count = positional_count(function)
    if count not in (None, 2, 3):
        raise ArgumentTypeError(
            f"{name}: takes {count} positional arguments; a right-hand side is rhs(t, y) or "
            "rhs(t, y, p)"
        )
    if parameter_count and count == 2:
        raise ArgumentError(
            f"{name}: {parameter_count} parameter(s) are given, but rhs(t, y) takes none; write "
            "rhs(t, y, p)"
        )
    # t, too, is an argument of this trace until it is over: functions inside capture its value.
    t = argument("t")
    given = t, argument("y", size), argument("p", parameter_count, "parameter")
    y, p = map(expression_array, given[1:])
    wanted = (t, y.copy(), p.copy())[: 3 if takes_parameters(function, len(p)) else 2]
    with traced(given):
        result = settled(call_user(function, *wanted))
        derivatives = _vector(name, result, size)
        captured(derivatives, given)
    kept(*given[1:])
    return TracedSystem(tuple(substitute_all(derivatives, {t: time})), tuple(y), tuple(p))


def takes_parameters(function: Callable[..., Any], parameter_count: int) -> bool:
    """Whether to call a function of (t, y) or (t, y, p) with parameters."""
    count = positional_count(function)
    return count == 3 or (count is None and parameter_count > 0)


def _vector(name: str, result: Any, size: int) -> tuple[Expression, ...]:
    if isinstance(result, tuple):
        result = list(result)
    traced = _traced(name, result)
    shape = traced.shape
    if shape == () and size == 1:
        return (traced,)
    if shape != (size,):
        raise ShapeError(
            f"{name}: returned shape {shape} for a state of {size} variable(s); return a vector of "
            f"shape ({size},) with the derivative of each"
        )
    return tuple(traced)


def positional_count(function: Callable[..., Any]) -> int | None:
    """Number of positional arguments without default, None where it is open or unknown."""
    names = positional_names(function)
    return None if names is None else len(names)


def positional_names(function: Callable[..., Any]) -> list[str] | None:
    """Names of positional arguments without default, None where they are open or unknown."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in found):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in found if p.kind in positional and p.default is p.empty]


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", None) or type(function).__name__
