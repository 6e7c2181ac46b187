"""NumPy arrays of scalar expressions.

Two kinds of arrays meet in NumPy's functions.  An *array node* (an expression with a shape) stays
one node under elementwise functions, sums and products.  An *object array* holds scalar
expressions; mixing a NumPy array of a few numbers with a scalar expression gives one, of class
`ExpressionArray`, which is NumPy's own array in every other respect.  Many numbers (data, to which
a model with some scalar parameters is fitted) make an array node.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from taylor.expressions.arrays.chosen import Chosen
from taylor.expressions.arrays.placing import assigned
from taylor.expressions.arrays.traced_places import at_traced, is_traced
from taylor.expressions.operators import Operators
from taylor.nodes.conversion import Mutable, as_expression
from taylor.nodes.logic import condition, is_condition
from taylor.nodes.node import CONDITIONS, ZERO

MANY = 64  # numbers of an array that are more than is written out where scalar expressions come in


class ExpressionArray(np.ndarray):  # type: ignore[type-arg]
    """An object array of scalar expressions whose NumPy functions build expressions.

    It differs from a plain object array where NumPy would ask an element for its truth value:
    comparisons, `maximum`, `sign`, `where`, `clip` work.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> np.maximum(expression_array([x, y]), 0)
    ExpressionArray([maximum(0, x), maximum(0, y)], dtype=object)
    """

    def __getitem__(self, key: Any) -> Any:
        if type(key) is not int:
            keys = key if isinstance(key, tuple) else (key,)
            if is_traced(keys):
                return at_traced(as_expression(self), keys)
            if (test := _condition(key)) is not None:
                return Chosen(as_expression(self), test)
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if type(key) is not int:
            keys, e = key if isinstance(key, tuple) else (key,), None
            test = _condition(key)
            if isinstance(value, Chosen):
                e = value.where_it_holds(test, as_expression(self))
            elif test is not None or is_traced(keys):
                e = assigned(as_expression(self), key if test is None else test, value)
            if e is not None:
                key, value = ..., expression_array(e)
        super().__setitem__(key, value)

    def sort(self, axis: int = -1, **options: Any) -> None:  # type: ignore[override]
        """Put the elements along an axis in rising order."""
        self[...] = np.sort(self, axis, **options)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "at" and inputs[0] is self:
            changed: Any = as_expression(self).copy()
            ufunc.at(changed, *inputs[1:])
            self[...] = expression_array(changed)
            return None
        # What expressions do with a ufunc, any of them knows.
        return ZERO.__array_ufunc__(ufunc, method, *inputs, **options)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return ZERO.__array_function__(func, types, args, kwargs)


def _condition(key: Any) -> Any:
    """An array of conditions as one; None for all other keys."""
    if not isinstance(key, np.ndarray) or key.dtype != object or not key.ndim:
        return key if isinstance(key, Operators) and key.op in CONDITIONS and key.shape else None
    conditions = all(isinstance(k, Operators) and is_condition(k) for k in key.flat)
    return condition(as_expression(key)) if conditions else None


def expression_array(value: Any) -> ExpressionArray:
    """Return an object array of the elements of a sequence, an array, or an array node (a copy)."""
    if isinstance(value, Mutable):
        value = value.now
    if isinstance(value, Operators):
        elements = np.empty(value.shape, dtype=object)
        for position in np.ndindex(*value.shape):
            elements[position] = value[position] if position else value
    else:
        elements = np.array(plain(value), dtype=object)
        for position in np.ndindex(*elements.shape):
            elements[position] = as_expression(elements[position])
    return elements.view(ExpressionArray)


def plain(value: Any) -> Any:
    """The value with expressions and expression arrays turned into plain object arrays."""
    if isinstance(value, (Operators, Mutable)):
        return expression_array(value).view(np.ndarray)
    if isinstance(value, ExpressionArray):
        return value.view(np.ndarray)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    return value


def is_node(value: Any) -> bool:
    """Whether a value is, or a sequence contains, an array node."""
    if isinstance(value, (Operators, Mutable)):
        return bool(value.shape)
    return isinstance(value, (list, tuple)) and any(is_node(item) for item in value)


def are_whole(values: Iterable[Any]) -> bool:
    """Whether a function of these values is one of whole arrays: where there is an array node, or
    an array of many numbers, more than there are expressions in any object array.
    """
    numbers = objects = 0
    for value in values:
        if isinstance(value, np.ndarray):
            if value.dtype == object:
                objects = max(objects, value.size)
            else:
                numbers = max(numbers, value.size)
        elif is_node(value):
            return True
    return numbers > MANY and numbers > objects


def wrapped(result: Any) -> Any:
    """A NumPy function's result, object arrays as `ExpressionArray` and 0-d ones as elements."""
    if isinstance(result, (list, tuple)):
        return type(result)(wrapped(item) for item in result)
    if isinstance(result, np.ndarray) and result.dtype == object:
        return result.view(ExpressionArray) if result.shape else result[()]
    return result


def array_of(value: Any) -> Any:
    """An array node or an expression array."""
    if isinstance(value, Mutable):
        value = value.now
    return value if isinstance(value, Operators) and value.shape else expression_array(value)
