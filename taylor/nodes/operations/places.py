"""Elements at places that are not known before evaluation, and arrays with others put there.

A number is a place along the first axis: rounded down, a negative one counts from the end; one
beyond an end means the element there, and NaN the last (as `switch` has it).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ShapeError, user_location
from taylor.nodes import arrays, logic, sums
from taylor.nodes.arrays import numbers_of
from taylor.nodes.conversion import stack
from taylor.nodes.node import Node, constant_node, node
from taylor.nodes.operation import Operation
from taylor.numbers.exact import to_float

Elements = np.ndarray[Any, Any]  # an object array of scalar nodes


def pick(e: Any, places: Any) -> Any:
    """The elements of `e` at places along its first axis, of shape (*places, *others).

    Raises IndexError for an array without elements there.
    """
    _check_axis(e)
    if places.op == "constant":
        known = _known_places(places, e.shape[0])
        if not places.shape:
            return arrays.index(e, int(known))
        return arrays.index(e, known)
    return node("pick", (e, places), None, (*places.shape, *e.shape[1:]))


def put(e: Any, places: Any, values: Any) -> Any:
    """The array `e` with values put at places along its first axis, one after the other.

    values: of the shape (*places, *others).
    """
    _check_axis(e)
    wanted = (*places.shape, *e.shape[1:])
    if values.shape != wanted:
        raise ShapeError(f"put: values of shape {values.shape} at {wanted} (at {user_location()})")
    if places.op == "constant" and not places.shape:
        place = int(_known_places(places, e.shape[0]))
        parts = [e[:place], stack([values]), e[place + 1 :]]
        return arrays.join(parts, 0)
    return node("put", (e, places, values), None, e.shape)


def _check_axis(e: Node) -> None:
    if not e.shape or not e.shape[0]:
        raise IndexError(f"index: {e} of shape {e.shape} has no elements along its first axis")


def _known_places(places: Node, size: int) -> np.ndarray[Any, Any]:
    given = numbers_of(places)
    if given.dtype != np.float64:
        flat = [to_float(number) for number in given.reshape(-1).tolist()]
        given = np.array(flat).reshape(given.shape)
    return _whole_places(given, size)


def _whole_places(given: Any, size: int) -> np.ndarray[Any, Any]:
    """The places that numbers are."""
    x = np.asarray(given, dtype=np.float64)
    x = np.where(x < 0, x + size, x)
    x = np.where(x < size - 1, x, size - 1)
    return np.floor(np.where(x > 0, x, 0)).astype(np.int64)


def _counted(place: Any, size: int) -> Any:
    """A place, a negative one counted from the start."""
    lifted = sums.add(place, constant_node(size))
    return logic.where(logic.compare("lt", place, constant_node(0)), lifted, place)


def _pick_elements(e: Node, operands: Sequence[Elements]) -> Elements:
    array, places = operands
    size = len(array)
    place: Any
    found = np.empty(e.shape, dtype=object)
    for position in np.ndindex(*places.shape):
        place = places[position]
        if sums.exact_value(place) is not None:
            found[position] = array[int(_known_places(place, size))]
            continue
        place, result = _counted(place, size), array[size - 1 : size].copy()
        for k in range(size - 2, -1, -1):
            test = logic.compare("lt", place, constant_node(k + 1))
            for inner in np.ndindex(*result.shape[1:]):
                result[(0, *inner)] = logic.where(test, array[(k, *inner)], result[(0, *inner)])
        found[position] = result[0]
    return found


def _put_elements(e: Node, operands: Sequence[Elements]) -> Elements:
    array, places, values = operands
    size, found = len(array), array.copy()
    place: Any
    for position in np.ndindex(*places.shape):
        place, value = places[position], values[position]
        if sums.exact_value(place) is not None:
            found[int(_known_places(place, size))] = value
            continue
        place = _counted(place, size)
        new = np.array(value, dtype=object)
        for k in range(size):
            test = _is_at(place, k, size)
            for inner in np.ndindex(*array.shape[1:]):
                found[(k, *inner)] = logic.where(test, new[inner], found[(k, *inner)])
    return found


def _is_at(place: Any, k: int, size: int) -> Any:
    """Whether a place is element k."""
    below = logic.compare("lt", place, constant_node(k + 1))
    if size == 1:
        return constant_node(1)
    if k == 0:
        return below
    from_here = logic.logical_not(logic.compare("lt", place, constant_node(k)))
    return from_here if k == size - 1 else logic.logical("and", from_here, below)


def _picked(algebra: Any, e: Node, values: Sequence[Any]) -> Any:
    array, places = values
    return np.asarray(array)[_whole_places(places, len(array))]


def _put(algebra: Any, e: Node, values: Sequence[Any]) -> Any:
    array, places, new = values
    found = np.array(array, dtype=np.result_type(array, new))
    chosen = _whole_places(places, len(found))
    for position in np.ndindex(*chosen.shape):
        found[chosen[position]] = np.asarray(new)[position]
    return found


RECORDS = (
    Operation(
        name="pick",
        build=lambda e, args: pick(*args),
        elements=_pick_elements,
        whole=_picked,
        array_rows=lambda walk, e: walk.picked(e),
        smooth=lambda e, signs, vary: not vary[1],
    ),
    Operation(
        name="put",
        build=lambda e, args: put(*args),
        elements=_put_elements,
        whole=_put,
        array_rows=lambda walk, e: walk.put(e),
        smooth=lambda e, signs, vary: not vary[1],
    ),
)
