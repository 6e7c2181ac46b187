"""What Python and NumPy hand over, as nodes: numbers, arrays, lists, and stacks of nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentTypeError, ShapeError, user_location
from taylor.nodes.arrays import constant_array, join, normalised_axes, numbers_of, transpose
from taylor.nodes.node import Node, Shape, constant_node, node
from taylor.numbers.checks import check_plain
from taylor.numbers.data import as_numbers, exact_numbers
from taylor.numbers.exact import exact


class Mutable:
    """What stands for an expression that may change."""

    shape: Shape

    @property
    def now(self) -> Any:
        """The expression at this moment."""
        raise NotImplementedError


def try_expression(value: Any, sequences: bool = True) -> Any:
    """Convert a number, array or (with `sequences`) nested list to a node; None if impossible."""
    if isinstance(value, Node):
        return value
    number = exact(value)
    if number is not None:
        return constant_node(number)
    if isinstance(value, np.ndarray):
        if type(value) is not np.ndarray:
            check_plain(f"an array at {user_location()}", value)
        return from_array(value)
    if sequences and isinstance(value, (list, tuple)):
        return from_array(value)
    if isinstance(value, Mutable):
        return value.now
    if hasattr(value, "__array__") and not isinstance(value, type):  # of another package
        return from_array(np.asarray(value))
    return None


def as_expression(value: Any) -> Any:
    """Convert a number, array or nested list to a node.

    Raises ArgumentTypeError for what is neither (complex numbers, strings, other objects).
    """
    converted = try_expression(value)
    if converted is None:
        raise ArgumentTypeError(
            f"{value!r} of type {type(value).__name__} cannot be part of an expression; use real "
            "numbers, arrays of them, or expressions"
        )
    return converted


def from_array(value: Any) -> Any:
    """Convert an array or nested list of numbers and expressions to a node; None if impossible."""
    if isinstance(value, (list, tuple)):
        if any(isinstance(item, (Node, Mutable)) and item.shape for item in value):
            parts = [try_expression(item) for item in value]
            found = [part for part in parts if part is not None]
            return stack(found) if len(found) == len(parts) else None
        value = np.array(value, dtype=object)
    if value.dtype != object or not any(isinstance(item, Node) for item in value.flat):
        numbers = as_numbers(value)
        if numbers is not None or value.dtype != object:
            return None if numbers is None else constant_array(numbers)
    elements = np.empty(value.shape, dtype=object)
    flat = elements.reshape(-1)
    for i, item in enumerate(value.reshape(-1)):
        element = try_expression(item, sequences=False)
        if element is None or element.shape:
            return None
        flat[i] = element
    return from_elements(elements)


def from_elements(elements: np.ndarray[Any, Any]) -> Any:
    """Assemble an object array of scalar expressions to one node: a constant, or nested stacks."""
    flat: list[Any] = list(elements.reshape(-1))
    shape: Shape = elements.shape
    while shape:
        size, shape = shape[-1], shape[:-1]
        flat = [stack(flat[i : i + size]) for i in range(0, len(flat), size)]
    return flat[0]


def object_vector(items: Sequence[Any] | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A NumPy array of one axis that holds the items, whatever they are."""
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


def stack(items: Sequence[Any], axis: int = 0) -> Any:
    """Return expressions of one shape joined along a new axis, as `numpy.stack`.

    >>> import taylor as ty
    >>> ty.stack([1, ty.time]).shape
    (2,)
    """
    parts = tuple(as_expression(item) for item in items)
    if not parts:
        raise ShapeError("stack: needs at least one expression")
    shape = parts[0].shape
    if any(part.shape != shape for part in parts):
        shapes = ", ".join(str(part.shape) for part in parts)
        raise ShapeError(f"stack: all shapes must be equal, got {shapes} (at {user_location()})")
    (position,) = normalised_axes("stack", axis, len(shape) + 1)
    if all(part.op == "constant" for part in parts):
        return constant_array(_stacked([numbers_of(part) for part in parts], position))
    joined = node("stack", parts, None, (len(parts), *shape))
    if position == 0:
        return joined
    order = list(range(1, len(shape) + 1))
    order.insert(position, 0)
    return transpose(joined, order)


def _stacked(arrays: Sequence[np.ndarray[Any, Any]], axis: int) -> np.ndarray[Any, Any]:
    """Numbers of constants, joined along a new axis."""
    joined = np.stack(arrays, axis)
    if joined.dtype != object:
        return joined
    numbers = exact_numbers(list(joined.flat), joined.shape)
    assert numbers is not None
    return numbers


def concatenate(items: Sequence[Any], axis: int = 0) -> Any:
    """Return arrays joined along an axis that they have, as `numpy.concatenate`.

    >>> import taylor as ty
    >>> ty.concatenate([[1, 2], [ty.time]])
    concatenate([array([1, 2], shape=(2,)), [t]])
    """
    given = [as_expression(item) for item in items]
    if not given or not all(part.shape for part in given):
        raise ShapeError("concatenate: needs arrays with at least one axis; use stack for scalars")
    (position,) = normalised_axes("concatenate", axis, given[0].ndim)
    rests = {part.shape[:position] + part.shape[position + 1 :] for part in given}
    if len(rests) > 1 or any(part.ndim != given[0].ndim for part in given):
        shapes = ", ".join(str(part.shape) for part in given)
        raise ShapeError(
            f"concatenate: shapes {shapes} differ beyond axis {position} (at {user_location()})"
        )
    return join(given, position)
