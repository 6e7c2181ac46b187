"""Derivatives inside functions that are being traced themselves: expressions in place of numbers.

Where the point of `taylor.jet` or `taylor.derivatives` is not known yet, or the function captures
an argument of a function around it, the formula is differentiated, and is part of the outer one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.arguments import captured
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.expressions.object_arrays import expression_array
from taylor.expressions.substitute import substitute
from taylor.transforms.differentiate import diff


def check_known(outputs: Sequence[Expression], arguments: Sequence[Expression]) -> bool:
    """Whether a function captures open arguments; ArgumentError where it depends on more than that
    and its own arguments.
    """
    others = captured(outputs, arguments)
    for leaf in others:
        if not getattr(leaf.payload, "open", False):
            raise ArgumentError(
                f"fun depends on {leaf}, which has no value; substitute a number for it, or make "
                "it an argument of fun"
            )
    return bool(others)


def values_at(
    formulas: Sequence[Expression], arguments: Sequence[Expression], coordinates: Sequence[Any]
) -> np.ndarray:
    """Formulas at points: an object array of shape (formulas, *points).

    coordinates: for each argument numbers or expressions, which broadcast.
    """
    arrays = [_objects(c) for c in coordinates]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    arrays = [np.broadcast_to(a, shape) for a in arrays]
    found = np.empty((len(formulas), *shape), dtype=object)
    for place in np.ndindex(*shape):
        known = {x: a[place] for x, a in zip(arguments, arrays, strict=True)}
        for k, formula in enumerate(formulas):
            found[(k, *place)] = substitute(formula, known)
    return found


def _objects(value: Any) -> np.ndarray:
    """Numbers or expressions as an object array; an expression that is an array has elements."""
    if isinstance(value, Expression) and not value.shape:
        array = np.empty((), dtype=object)
        array[()] = value
        return array
    return expression_array(value).view(np.ndarray)


def wrapped(found: np.ndarray) -> Any:
    """An object array as users get it: an expression where it has no axes."""
    return expression_array(found) if found.shape else found[()]


def series(
    outputs: Sequence[Expression], x: Expression, point: Any, order: int
) -> list[np.ndarray]:
    """Taylor coefficients in x of every output at points: shape (order + 1, *points) each."""
    found = []
    for output in outputs:
        formulas, formula = [], output
        for n in range(order + 1):
            formula = diff(formula, x) if n else formula
            formulas.append(formula / math.factorial(n))
        found.append(values_at(formulas, [x], [point]))
    return found


def along(
    fun: Callable[..., Any], coefficients: Sequence[Sequence[Any]]
) -> Callable[[Expression], Any]:
    """fun(c_0 + c_1 s + c_2 s**2 + ...) as a function of s, for coefficients that are scalars."""
    coordinates = list(zip(*coefficients, strict=True))

    def composed(s: Expression) -> Any:
        return fun(*(sum(c * s**k for k, c in enumerate(series)) for series in coordinates))

    return composed


def partial_coefficients(
    outputs: Sequence[Expression],
    arguments: Sequence[Expression],
    chosen: Sequence[int],
    exponents: Sequence[Sequence[int]],
    coordinates: Sequence[Any],
) -> np.ndarray:
    """Normalised partial derivatives, shape (outputs, monomials, *points).

    exponents: of the monomials, by degree, in the arguments that are `chosen`.
    """
    tables = []
    for output in outputs:
        known: dict[tuple[int, ...], Expression] = {}
        for powers in map(tuple, exponents):
            last = max((i for i, k in enumerate(powers) if k), default=-1)
            if last < 0:
                known[powers] = output
            else:
                lower = (*powers[:last], powers[last] - 1, *powers[last + 1 :])
                known[powers] = diff(known[lower], arguments[chosen[last]])
        normalised = [
            as_expression(e) / math.prod(math.factorial(k) for k in powers)
            for powers, e in known.items()
        ]
        tables.append(values_at(normalised, arguments, coordinates))
    return np.stack(tables)
