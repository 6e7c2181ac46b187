"""Branches, extremes and orders of numbers made smooth, with a temperature.

A choice between values becomes a mean of them with weights that have derivatives of every order;
as the temperature goes to zero the weights go to 0 and 1 and the functions to NumPy's, wherever
these are continuous.  Arguments are numbers, NumPy arrays or expressions; temperatures are
positive, in the units of what is compared.

>>> import numpy as np, taylor as ty
>>> x = np.array([3.0, 1.0, 2.0])
>>> ty.smooth.sort(x, temperature=0.01).round(6).tolist()
[1.0, 2.0, 3.0]
>>> ty.smooth.rank(x, temperature=0.01).round(6).tolist()
[2.0, 0.0, 1.0]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.functions.network import sigmoid, softplus
from taylor.functions.shifted import softmax
from taylor.nodes.conversion import Mutable
from taylor.nodes.logic import is_condition

__all__ = [
    "abs",
    "argmax",
    "argsort",
    "maximum",
    "minimum",
    "rank",
    "sign",
    "sort",
    "top_k",
    "where",
]


def __dir__() -> list[str]:
    return __all__


Value = Any  # a number, an array or an expression


def where(condition: Value, a: Value, b: Value, temperature: Value = 1.0) -> Value:
    """Return a where the condition holds by far, b where it fails by far, a mean in between.

    condition: a comparison of expressions, or such put together by &, | and ~, as x < y; or a
        margin, a number that is positive where it holds: y - x.

    The weight of a is sigmoid(margin / temperature), of conditions that are put together as if they
    were independent events.  Limit: `numpy.where`, and (a + b)/2 where the margin is zero.  Both
    values are computed, and have to be finite.

    >>> import taylor as ty
    >>> f = ty.jit(lambda x: ty.smooth.where(x > 1, 2.0, 0.0, temperature=0.1))
    >>> round(float(f(1.0)), 3), round(float(f(2.0)), 3)
    (1.0, 2.0)
    """
    return b + _likelihood(condition, _checked("where", temperature)) * (a - b)


def maximum(a: Value, b: Value, temperature: Value = 1.0) -> Value:
    """Return temperature * log(exp(a/temperature) + exp(b/temperature)).

    Limit: `numpy.maximum`, from above, by temperature * log(2) at most, where a = b.

    >>> import taylor as ty
    >>> round(float(ty.smooth.maximum(2.0, 2.0, temperature=0.1)), 6)
    2.069315
    """
    scale = _checked("maximum", temperature)
    return _array(b) + scale * softplus((_array(a) - _array(b)) / scale)


def minimum(a: Value, b: Value, temperature: Value = 1.0) -> Value:
    """Return -maximum(-a, -b): the limit `numpy.minimum`, from below.

    >>> import taylor as ty
    >>> round(float(ty.smooth.minimum(2.0, 5.0, temperature=0.1)), 6)
    2.0
    """
    return -maximum(-_array(a), -_array(b), temperature)


def abs(x: Value, temperature: Value = 1.0) -> Value:
    """Return sqrt(x**2 + temperature**2) - temperature.

    Limit: the absolute value, from below, by the temperature at most; zero at zero, exactly.

    >>> float(abs(0.0)), round(float(abs(-3.0, temperature=0.01)), 6)
    (0.0, 2.990017)
    """
    scale = _checked("abs", temperature)
    square = _array(x) ** 2
    return square / (np.sqrt(square + scale**2) + scale)  # without a difference of equal numbers


def sign(x: Value, temperature: Value = 1.0) -> Value:
    """Return x / sqrt(x**2 + temperature**2), the derivative of `abs`.

    Limit: `numpy.sign`, in both directions of x = 0.

    >>> import taylor as ty
    >>> float(ty.smooth.sign(0.0)), round(float(ty.smooth.sign(1.0, temperature=0.1)), 6)
    (0.0, 0.995037)
    """
    scale = _checked("sign", temperature)
    return _array(x) / np.sqrt(_array(x) ** 2 + scale**2)


def argmax(x: Value, axis: int = -1, temperature: Value = 1.0) -> Value:
    """Return weights of the elements along an axis: softmax of x / temperature, of the shape of x.

    Limit: 1 for the largest element and 0 for others; equal ones share.  sum(weights * x) is then a
    smooth maximum, and sum(weights * places) a smooth place.

    >>> import numpy as np, taylor as ty
    >>> ty.smooth.argmax(np.array([0.0, 1.0, 0.5]), temperature=0.05).round(3).tolist()
    [0.0, 1.0, 0.0]
    """
    return _softmax(_along_last("argmax", x, axis) / _checked("argmax", temperature), axis)


def rank(x: Value, axis: int = -1, temperature: Value = 1.0) -> Value:
    """Return for every element along an axis how many of the others are less: of the shape of x.

    Each other element counts sigmoid(difference / temperature).  Limit: the places in ascending
    order, 0, 1, 2, ..; equal elements have the mean of theirs.

    >>> import numpy as np, taylor as ty
    >>> ty.smooth.rank(np.array([0.3, 0.1, 0.3]), temperature=0.01).round(6).tolist()
    [1.5, 0.0, 1.5]
    """
    scale, last = _checked("rank", temperature), _along_last("rank", x, axis)
    less = sigmoid((last[..., :, None] - last[..., None, :]) / scale)
    return _back(np.sum(less, axis=-1) - 0.5, axis)


def argsort(x: Value, axis: int = -1, temperature: Value = 1.0) -> Value:
    """Return weights: row i those of the elements of which the i-th smallest is the mean.

    The shape is that of x with the axis last, and one axis more of the same size behind it.  Each
    row sums to 1.  Grover, Wang, Zweig & Ermon (2019), "NeuralSort", equation 5, with sizes of
    differences that are smooth as well.  Limit: the permutation matrix that sorts different
    elements; the sum of weights * places is then `numpy.argsort`.

    >>> import numpy as np, taylor as ty
    >>> ty.smooth.argsort(np.array([3.0, 1.0, 2.0]), temperature=0.01).round(3).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return _permutation("argsort", _along_last("argsort", x, axis), temperature)


def _permutation(name: str, last: Value, temperature: Value) -> Value:
    """The weights of `argsort` along the last axis."""
    scale, size = _checked(name, temperature), last.shape[-1]
    apart = np.sum(abs(last[..., :, None] - last[..., None, :], scale), axis=-1)
    factors = 2 * np.arange(size, dtype=float) + 1 - size  # of the i-th smallest
    scores = factors[:, None] * last[..., None, :] - apart[..., None, :]
    return _softmax(scores / scale, -1)


def sort(x: Value, axis: int = -1, temperature: Value = 1.0) -> Value:
    """Return the elements along an axis in ascending order: means by the weights of `argsort`.

    Limit: `numpy.sort`; each value is between the smallest and the largest element.

    >>> import numpy as np, taylor as ty
    >>> ty.smooth.sort(np.array([1.0, 4.0, 3.0]), temperature=0.01).round(6).tolist()
    [1.0, 3.0, 4.0]
    """
    last = _along_last("sort", x, axis)
    weights = _permutation("sort", last, temperature)
    return _back(np.sum(weights * last[..., None, :], axis=-1), axis)


def top_k(x: Value, k: int, temperature: Value = 1.0) -> tuple[Value, Value]:
    """Return the k largest elements along the last axis, in descending order, and their weights.

    Weights have one row for each value, as those of `argsort`; the sum of the rows says how much
    each element is among the k largest, and sums to k.  Limit: `jax.lax.top_k`, with rows in the
    place of indices.

    Raises ArgumentError for a k that is no int between 0 and the number of elements.

    >>> import numpy as np, taylor as ty
    >>> values, weights = ty.smooth.top_k(np.array([1.0, 4.0, 3.0]), 2, temperature=0.01)
    >>> values.round(6).tolist(), weights.sum(axis=0).round(6).tolist()
    ([4.0, 3.0], [0.0, 1.0, 1.0])
    """
    last = _along_last("top_k", x, -1)
    size = last.shape[-1]
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 0 <= k <= size:
        raise ArgumentError(f"smooth.top_k: k={k!r} has to be an int between 0 and {size}")
    weights = _permutation("top_k", last, temperature)[..., ::-1, :][..., : int(k), :]
    return np.sum(weights * last[..., None, :], axis=-1), weights


# --- helpers -------------------------------------------------------------------------------------


def _array(x: Value) -> Value:
    """What operators work on."""
    if isinstance(x, Mutable):
        return x.now
    return x if isinstance(x, Expression | np.ndarray) else np.asarray(x, dtype=float)[()]


def _checked(name: str, temperature: Value) -> Value:
    """A temperature, a number that is positive or an expression."""
    if isinstance(temperature, Expression):
        return temperature
    scale = np.asarray(temperature, dtype=float)
    if scale.shape or not 0 < scale < np.inf:
        raise ArgumentError(f"smooth.{name}: temperature={temperature!r} has to be positive")
    return float(scale)


def _along_last(name: str, x: Value, axis: int) -> Value:
    """An array with an axis last."""
    array = _array(x)
    if not np.ndim(array):
        raise ArgumentTypeError(f"smooth.{name}: x={x!r:.60} has to be an array")
    return np.moveaxis(array, axis, -1) if axis != -1 else array


def _back(x: Value, axis: int) -> Value:
    return np.moveaxis(x, -1, axis) if axis != -1 else x


def _softmax(x: Value, axis: int) -> Value:
    """exp(x) / sum of exp(x) along the last axis, which goes back to its place."""
    return _back(softmax(x, -1), axis)


_MARGINS = {"gt": 1, "ge": 1, "lt": -1, "le": -1}  # of first operand - second operand


def _likelihood(condition: Value, scale: Value) -> Value:
    """How much a condition holds, between 0 and 1."""
    condition = _array(condition) if not isinstance(condition, bool | np.bool_) else condition
    if isinstance(condition, bool | np.bool_) or getattr(condition, "dtype", None) == np.bool_:
        raise ArgumentTypeError(
            "smooth.where: of True or False nobody knows by how much; give the margin, a number "
            "that is positive where the condition holds (x - y for x > y)"
        )
    if not isinstance(condition, Expression) or not is_condition(condition):
        return sigmoid(condition / scale)
    rule = _LIKELIHOODS.get(condition.op)
    if rule is not None:
        return rule(*(_likelihood(arg, scale) for arg in condition.args))
    if condition.op not in _MARGINS:
        raise ArgumentTypeError(
            f"smooth.where: {condition} is no comparison by < or >, of which there is a margin"
        )
    first, second = condition.args
    return sigmoid(_MARGINS[condition.op] * (first - second) / scale)


_LIKELIHOODS: dict[str, Callable[..., Value]] = {
    "and": lambda a, b: a * b,
    "or": lambda a, b: a + b - a * b,
    "not": lambda a: 1 - a,
}
