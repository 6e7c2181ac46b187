"""Sums of exponentials: the largest exponent is taken away first, so that none overflows.

What is taken away makes no difference to the result (`shift` of
`taylor.nodes.operations.scalars.held`), so that in differential equations it is no branch.
"""

from __future__ import annotations

from typing import Any, TypeVar, overload

import numpy as np

from taylor.errors import ArgumentTypeError
from taylor.expressions.expression import Axes, Expression
from taylor.expressions.types import ExpressionOrArray
from taylor.functions.apply import Terms, as_terms
from taylor.nodes.operations.scalars.held import shift

A = TypeVar("A", Expression, np.ndarray)


def logsumexp(terms: Terms, axis: Axes = None) -> ExpressionOrArray:
    """Return log(sum of exp(term)) without overflow, as `scipy.special.logsumexp`.

    terms: an array, array expression or iterable of expressions or numbers.
    axis: axis or axes of an array to sum over; None means all.

    >>> import taylor as ty
    >>> x, y = ty.variables("x y")
    >>> round(float(ty.logsumexp([x, y]).evaluate({x: 1000.0, y: 1000.0})), 6)
    1000.693147
    """
    values = as_terms(terms)
    largest, rest = _shifted(values, axis)
    total = np.log(np.sum(np.exp(rest), axis=axis, keepdims=True)) + largest
    return np.sum(total, axis=axis)


@overload
def softmax(x: Expression, axis: Axes = ...) -> Expression: ...
@overload
def softmax(x: Terms, axis: Axes = ...) -> ExpressionOrArray: ...
def softmax(x: Terms, axis: Axes = None) -> ExpressionOrArray:
    """Return exp(x) / sum of exp(x), without overflow: shape of x, as `scipy.special.softmax`.

    x: an array, array expression or iterable of expressions or numbers.
    axis: axis or axes along which the results add up to 1; None means all.

    >>> import numpy as np, taylor as ty
    >>> ty.softmax(np.array([1000.0, 1000.0, -np.inf])).tolist()
    [0.5, 0.5, 0.0]
    >>> y = ty.variable("y", shape=(3,))
    >>> ta = ty.Integrator([(y, ty.softmax(3 * y) - y)], [0.9, 0.1, -0.4])
    >>> ta.propagate_until(1.0).status.name, len(ta.switches)
    ('REACHED', 0)
    """
    weights = np.exp(_shifted(as_terms(x), axis)[1])
    return weights / np.sum(weights, axis=axis, keepdims=True)


@overload
def log_softmax(x: Expression, axis: Axes = ...) -> Expression: ...
@overload
def log_softmax(x: Terms, axis: Axes = ...) -> ExpressionOrArray: ...
def log_softmax(x: Terms, axis: Axes = None) -> ExpressionOrArray:
    """Return log(softmax(x)) to full accuracy: shape of x, as `scipy.special.log_softmax`.

    Arguments are those of `softmax`.

    >>> import numpy as np, taylor as ty
    >>> ty.log_softmax(np.array([0.0, 1000.0])).tolist()
    [-1000.0, 0.0]
    """
    rest = _shifted(as_terms(x), axis)[1]
    return rest - np.log(np.sum(np.exp(rest), axis=axis, keepdims=True))


def _shifted(values: A, axis: Axes) -> tuple[A, A]:
    """The largest elements, and how far below them all are."""
    if isinstance(values, np.ndarray) and not values.size:
        raise ArgumentTypeError("logsumexp, softmax: there is nothing to sum")
    largest = np.max(values, axis=axis, keepdims=True)
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(largest)
    kept = _kept(np.where(finite, largest, 0))
    return kept, values - kept


def _kept(largest: Any) -> Any:
    """Values that count as shifts: an expression, or an array of numbers or expressions."""
    if isinstance(largest, Expression):
        return shift(largest)
    if largest.dtype != object:
        return largest
    found = np.empty(largest.shape, object)
    for place, e in np.ndenumerate(largest):
        found[place] = shift(e) if isinstance(e, Expression) else e
    return found.view(type(largest))
