"""Second derivatives of costs of a solution: products of the Hessian with a direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from taylor.adjoints.costs import Cost, function_of
from taylor.adjoints.propagator import Propagator
from taylor.adjoints.tangents import Tangent
from taylor.errors import ArgumentError, ShapeError
from taylor.expressions.arguments import argument, traced
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.expressions.scalars import scalars
from taylor.expressions.substitute import substitute_all
from taylor.expressions.trace import trace_function
from taylor.expressions.types import UserFunction
from taylor.nodes.traverse import inputs
from taylor.numbers.precision import Precision, as_array
from taylor.systems.names import UNUSED, Names
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints


def as_direction(
    given: Any, names: tuple[Names, Names], kind: Precision
) -> tuple[np.ndarray, np.ndarray]:
    """A direction in states (n,) and parameters (m,), from values by variable, parameter or name;
    what is not named is zero.

    Raises ArgumentError for what is no state and no parameter, ShapeError for a wrong shape.
    """
    if not isinstance(given, Mapping):
        raise ArgumentError(
            "a direction is a mapping of states and parameters (or their names) to numbers, such "
            f"as {{x: 1.0, k: 0.5}}; got {type(given).__name__}"
        )
    found = tuple(np.zeros((len(part), *kind.axes), kind.dtype) for part in names)
    for key, value in given.items():
        which = 0 if key in names[0] else 1
        places = names[which][key]
        array = as_array(value, kind, f"the direction along {key}", places.ndim)
        if array.shape != (*places.shape, *kind.axes):
            raise ShapeError(
                f"the direction along {key} must have shape {places.shape}, got {array.shape}"
            )
        known = places != UNUSED
        found[which][places[known]] = array[known]
    return found[0], found[1]


def along_cost(
    cost: Cost,
    tangent: Tangent,
    stopped: Expression | None,
    fixed: Mapping[Expression, Expression],
) -> Any:
    """The derivative of a cost along a direction, as a cost of the solution with its derivative.

    stopped: the event function that ends the solution, if one does. fixed: parts of the direction
    that are numbers.
    """
    count = len(tangent.ta.system)
    if cost.whole is None:
        if stopped is not None:
            (found,) = tangent.with_time([scalars(cost.expression).item()], stopped)
        else:
            (found,) = tangent.along.tangents([cost.expression])
        return substitute_all([found], fixed)[0]
    whole = cost.whole
    moved = argument("u", whole.shape)
    seeds = {whole: moved, **tangent.along.parameters}
    (found,) = tangents([cost.expression], seeds)

    def function(y: Any) -> Any:
        parts = as_expression(y[..., :count]), as_expression(y[..., count:])
        here = {**fixed, **dict(zip((whole, moved), parts, strict=True))}
        (made,) = substitute_all([found], here)
        return made

    return function


def residuals_of(given: UserFunction, shape: tuple[int, ...]) -> tuple[Expression, Expression]:
    """Residuals as an expression of the array of states, and that array.

    Raises ArgumentError where they depend on anything else.
    """
    whole = argument("y", shape)
    with traced([whole]):
        found = as_expression(trace_function(given, whole))
    for leaf in inputs([found]):
        if leaf is not whole:
            raise ArgumentError(f"the residuals depend on {leaf}, which is none of the states")
    return found, whole


def twice(
    residuals: Expression, whole: Expression, kind: Precision
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """(states, directions) to J^T J direction, of the residuals' Jacobian J by the states."""
    moved, weights = argument("u", whole.shape), argument("w", residuals.shape)
    (along,) = tangents([residuals], {whole: moved})
    (back,) = adjoints([residuals], [weights], [whole])
    forward = function_of([whole, moved], [along], kind)
    backward = function_of([whole, weights], [back], kind)

    def product(states: np.ndarray, directions: np.ndarray) -> np.ndarray:
        (given,) = forward([states, directions])
        (found,) = backward([states, given])
        return found

    return product


def stops(ta: Propagator, number: int | None) -> Expression | None:
    """The function of the event that ends a solution."""
    if number is None:
        return None
    found: Expression = scalars(ta.events[number].expression).item()
    return found
