"""Elements at places that are not known before evaluation, and arrays with others put there.

A number is a place along the first axis: rounded down, a negative one counts from the end; one
beyond an end means the element there, and NaN the last (as `switch` has it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.errors import ItemError, ShapeError, user_location
from taylor.nodes import arrays, logic, sums
from taylor.nodes.arrays import numbers_of
from taylor.nodes.conversion import as_expression, stack
from taylor.nodes.elementary import make_function_node
from taylor.nodes.node import ONE, Node, constant_node, node
from taylor.nodes.operation import Operation
from taylor.nodes.regions import Graph, Region, inner_input, parts, region_node
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
        raise ItemError(f"index: {e} of shape {e.shape} has no elements along its first axis")


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


# --- derivatives: places count as constant --------------------------------------------------------


def added(e: Any, places: Any, values: Any) -> Any:
    """The array `e` with values added to the elements at places; these may occur several times."""

    def one(array: Any, place: Any, value: Any) -> Any:
        before = sums.exact_value(array)
        return put(array, place, value if before == 0 else sums.add(pick(array, place), value))

    if not places.shape:
        return one(e, places, values)
    return _place_by_place(one, e, places, values)[0]


def _place_by_place(turn: Any, e: Any, places: Any, values: Any, collect: Any = None) -> Any:
    """A scan over places that changes an array, its result and what is collected: the last first
    where something is.
    """
    rest = values.shape[places.ndim :]
    flat = arrays.reshape(places, (places.size,))
    rows = arrays.reshape(values, (places.size, *rest))
    array, place, row = inner_input("a", e.shape), inner_input("place"), inner_input("row", rest)
    outputs = [turn(array, place, row)]
    if collect is not None:
        outputs.append(collect(array, place))
    graph = Graph([array, place, row], outputs)
    region = Region([graph], 0, 1, places.size, collect is not None)
    return parts(region_node("scan", [e, flat, rows], region))


def _pick_tangent(e: Any, tangents: Mapping[Any, Any]) -> Any:
    array, places = e.args
    return pick(tangents[array], places) if array in tangents else constant_node(0, e.shape)


def _pick_adjoints(e: Any, adjoint: Any, guard: Any) -> Iterator[tuple[Any, Any, Any]]:
    array, places = e.args
    zeros = constant_node(0, array.shape)
    if guard is not ONE:
        guard = logic.condition(added(zeros, places, arrays.broadcast_to(guard, e.shape)))
    yield array, added(zeros, places, adjoint), guard


def _put_tangent(e: Any, tangents: Mapping[Any, Any]) -> Any:
    array, places, values = e.args
    zeros = [constant_node(0, x.shape) for x in (array, values)]
    return put(tangents.get(array, zeros[0]), places, tangents.get(values, zeros[1]))


def _put_shares(places: Any, values: Any, adjoint: Any) -> tuple[Any, Any]:
    """Those of the array and of the values, of which the last at a place counts."""
    if not places.shape:
        return put(adjoint, places, constant_node(0, values.shape)), pick(adjoint, places)
    zeros = constant_node(0, values.shape)
    left, found = _place_by_place(put, adjoint, places, zeros, pick)
    return left, arrays.reshape(found, values.shape)


def _put_adjoints(e: Any, adjoint: Any, guard: Any) -> Iterator[tuple[Any, Any, Any]]:
    array, places, values = e.args
    guards = guard, guard
    if guard is not ONE:
        full = arrays.broadcast_to(guard, e.shape)
        one, other = _put_shares(places, values, full)
        guards = logic.condition(one), logic.condition(other)
    one, other = _put_shares(places, values, adjoint)
    yield array, one, guards[0]
    yield values, other, guards[1]


# --- many at once ---------------------------------------------------------------------------------


def _of_all(places: Any, count: int, size: int) -> Any:
    """Places in each of `size` arrays as those in all of them, one array after the other."""
    place = _counted(places, count)
    place = logic.where(logic.less(place, constant_node(count - 1)), place, count - 1)
    place = logic.where(logic.greater(place, constant_node(0)), place, 0)
    firsts = count * np.arange(size).reshape(size, *[1] * (places.ndim - 1))
    return sums.add(make_function_node("floor", place), as_expression(firsts))


def _first_to(e: Any, axis: int) -> Any:
    """The first axis moved behind some others."""
    return arrays.transpose(e, [*range(1, axis + 1), 0, *range(axis + 1, e.ndim)])


def _to_first(e: Any, axis: int) -> Any:
    """An axis moved to the front."""
    return arrays.transpose(e, [axis, *(k for k in range(e.ndim) if k != axis)])


def _pick_many(e: Any, operands: Sequence[Any], many: Any) -> Any:
    (array, places), (own, own_places) = operands, e.args
    if array.ndim == own.ndim:
        return pick(array, places)
    if places.ndim == own_places.ndim:
        return _to_first(pick(_first_to(array, 1), places), places.ndim)
    flat = arrays.reshape(array, (many.size * own.shape[0], *own.shape[1:]))
    return pick(flat, _of_all(places, own.shape[0], many.size))


def _put_many(e: Any, operands: Sequence[Any], many: Any) -> Any:
    (array, places, values), (own, own_places, own_values) = operands, e.args
    array = arrays.broadcast_to(array, (many.size, *own.shape))
    values = arrays.broadcast_to(values, (many.size, *own_values.shape))
    if places.ndim == own_places.ndim:
        return _to_first(put(_first_to(array, 1), places, _first_to(values, places.ndim)), 1)
    flat = arrays.reshape(array, (many.size * own.shape[0], *own.shape[1:]))
    found = put(flat, _of_all(places, own.shape[0], many.size), values)
    return arrays.reshape(found, array.shape)


def _choices(e: Node) -> int:
    """Operations of the scalars that it is spelled out in: choices for every place."""
    return 4 * max(e.args[0].size, e.size)


RECORDS = (
    Operation(
        name="pick",
        build=lambda e, args: pick(*args),
        chooses=True,
        batch=_pick_many,
        elements=_pick_elements,
        whole=_picked,
        tangent=_pick_tangent,
        adjoints=_pick_adjoints,
        array_rows=lambda walk, e: walk.picked(e),
        work=_choices,
        smooth=lambda e, signs, vary: not vary[1],
    ),
    Operation(
        name="put",
        build=lambda e, args: put(*args),
        batch=_put_many,
        elements=_put_elements,
        whole=_put,
        tangent=_put_tangent,
        adjoints=_put_adjoints,
        array_rows=lambda walk, e: walk.put(e),
        work=_choices,
        smooth=lambda e, signs, vary: not vary[1],
    ),
)
