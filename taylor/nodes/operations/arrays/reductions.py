"""Operations of arrays that make one number of many: sums, products, extremes, and running ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, reduce
from typing import Any

import numpy as np

from taylor.errors import ShapeError, user_location
from taylor.nodes import logic
from taylor.nodes.arrays import (
    broadcast_to,
    index_entries,
    join,
    normalised_axes,
    reshape,
    sum_axes,
    transpose,
)
from taylor.nodes.elementary import make_function_node
from taylor.nodes.node import ONE, N, Node, constant_node, node
from taylor.nodes.operation import ATOM, OR, Operation, Text, everywhere, no_slopes, nowhere
from taylor.nodes.operations.arrays.cotangents import (
    along,
    kept_axes,
    linear,
    same_of_tangents,
    summed,
)
from taylor.nodes.products import divide, multiply, multiply_many
from taylor.nodes.sums import add, add_many

Elements = np.ndarray[Any, Any]  # an object array of scalar nodes

# --- many at once ----------------------------------------------------------


def _over_further(reduce_axes: Callable[[N, Any], N]) -> Callable[..., N]:
    """The rule for many at once of what goes along axes, which are one further to the right."""

    def batch(e: Node, operands: Sequence[N], many: Any) -> N:
        own = e.payload
        return reduce_axes(
            operands[0], own + 1 if isinstance(own, int) else tuple(axis + 1 for axis in own)
        )

    return batch


# --- over axes ----------------------------------------------------------


def over_axes(name: str, e: N, axis: Any = None, keepdims: bool = False) -> N:
    """`prod`, `max` or `min` over the given axes (all by default), as NumPy's.

    Raises ShapeError for an axis that is not there, and for an extreme of no elements.
    """
    axes = (
        tuple(range(e.ndim)) if axis is None else tuple(sorted(normalised_axes(name, axis, e.ndim)))
    )
    if name != "prod" and any(e.shape[i] == 0 for i in axes):
        raise ShapeError(
            f"{name}: shape {e.shape} has no elements along axis {axes} (at {user_location()})"
        )
    shape = tuple(size for i, size in enumerate(e.shape) if i not in axes)
    result = node(name, (e,), axes, shape) if axes else e
    if keepdims and axes:
        return reshape(result, tuple(1 if i in axes else size for i, size in enumerate(e.shape)))
    return result


def rows_of(elements: Elements, axes: Sequence[int]) -> tuple[Elements, tuple[int, ...]]:
    """The elements with some axes made one, the last, and the shape of the others."""
    kept = [i for i in range(elements.ndim) if i not in axes]
    shape = tuple(elements.shape[i] for i in kept)
    count = int(np.prod([elements.shape[i] for i in axes], dtype=int))
    return elements.transpose((*kept, *axes)).reshape(*shape, count), shape


def _by_rows(combine: Callable[[list[Any]], Any]) -> Callable[[Node, Sequence[Elements]], Elements]:
    def elements(e: Node, operands: Sequence[Elements]) -> Elements:
        rows, shape = rows_of(operands[0], e.payload)
        result = np.empty(shape, dtype=object)
        for position in np.ndindex(*shape):
            result[position] = combine(list(rows[position]))
        return result

    return elements


# --- derivatives ----------------------------------------------------------


def _sum_shares(e: Any, adjoint: Any) -> Sequence[Any]:
    return [along(adjoint, e.payload, e.args[0].shape)]


def _running_shares(e: Any, adjoint: Any) -> Sequence[Any]:
    """A running sum of what comes after."""
    entries = [(0, size, 1) for size in e.shape]
    size = e.shape[e.payload]
    entries[e.payload] = (size - 1, size, -1)
    turned = index_entries(adjoint, tuple(entries))
    return [index_entries(running("cumsum", turned, e.payload), tuple(entries))]


def _attained(e: Any) -> Any:
    """Where the elements are that are the extreme: a condition of the operand's shape."""
    operand = e.args[0]
    extreme = reshape(e, kept_axes(operand.shape, e.payload))
    reaches = logic.greater_equal if e.op == "max" else logic.less_equal
    return reaches(operand, extreme)


def _extreme_tangent(e: Any, tangents: Mapping[Any, Any]) -> Any:
    """The mean of the tangents of all elements that are the extreme."""
    attained, axes = _attained(e), e.payload
    total = sum_axes(logic.where(attained, tangents[e.args[0]], 0), axes)
    return divide(total, sum_axes(attained, axes))


def _extreme_adjoints(e: Any, adjoint: Any, guard: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Elements that are the extreme have equal shares, as in JAX and autograd."""
    attained, axes, shape = _attained(e), e.payload, e.args[0].shape
    share = along(divide(adjoint, sum_axes(attained, axes)), axes, shape)
    if guard is not ONE:
        counts = logic.condition(along(broadcast_to(guard, e.shape), axes, shape))
        guard = logic.logical("and", counts, attained)
    yield e.args[0], logic.where(attained, share, 0), guard


def _piece(e: Any, axis: int, start: int, count: int) -> Any:
    """`count` positions along an axis."""
    entries = [(0, size, 1) for size in e.shape]
    entries[axis] = (start, count, 1)
    return index_entries(e, tuple(entries))


def _pairwise_product(e: Any) -> Any:
    """A product over axes as products of pairs, of pairs of these, until one is left."""
    operand, axes = e.args[0], e.payload
    kept = [i for i in range(operand.ndim) if i not in axes]
    product = reshape(transpose(operand, (*kept, *axes)), (*e.shape, -1) if e.size else (0,))
    if not operand.size:
        return constant_node(1, e.shape)
    last = len(e.shape)
    while product.shape[last] > 1:
        size = product.shape[last]
        half = size // 2
        pairs = multiply(_piece(product, last, 0, half), _piece(product, last, half, half))
        rest = [_piece(product, last, size - 1, 1)] if size % 2 else []
        product = join([pairs, *rest], last)
    return reshape(product, e.shape)


def _doubled_product(e: Any) -> Any:
    """A running product as products of 2, 4, 8, ... neighbours, each with as many before."""
    product, axis, distance = e.args[0], e.payload, 1
    size = e.shape[axis]
    while distance < size:
        rest = size - distance
        pairs = multiply(_piece(product, axis, 0, rest), _piece(product, axis, distance, rest))
        product = join([_piece(product, axis, 0, distance), pairs], axis)
        distance *= 2
    return product


def _extreme_of(function: str) -> Callable[[list[Any]], Any]:
    return lambda row: reduce(lambda a, b: make_function_node(function, a, b), row)


def _axes_text(e: Node, names: Any) -> Text:
    axes = "" if len(e.payload) == e.args[0].ndim else f", axis={e.payload}"
    return [f"{e.op}(", (e.args[0], OR), f"{axes})"], ATOM


def _reduction(
    name: str,
    function: Callable[..., Any],
    combine: Callable[[list[Any]], Any],
    make: Callable[[Any, Any], Any],
    rows: Callable[[Any, Node], int],
    smooth: Callable[[Any, Sequence[int], Sequence[bool]], bool] = everywhere,
    **derivatives: Any,
) -> Operation:
    """function: of NumPy; combine: the elements of one row; make: the node over axes of another;
    rows: of programs; derivatives: what the record says of them.
    """
    return Operation(
        name=name,
        build=lambda e, args: make(args[0], e.payload),
        batch=_over_further(make),
        text=_axes_text,
        array_rows=rows,
        smooth=smooth,
        elements=_by_rows(combine),
        whole=lambda algebra, e, values: function(values[0], axis=e.payload),
        **derivatives,
    )


# --- which one ----------------------------------------------------------


def arg_extreme(name: str, e: N, axis: int | None = None, keepdims: bool = False) -> N:
    """`argmax` or `argmin` along one axis, or in row-major order: the first of equals."""
    if axis is None:
        found = arg_extreme(name, reshape(e, -1), 0)
        return reshape(found, (1,) * e.ndim) if keepdims else found
    (along,) = normalised_axes(name, axis, e.ndim)
    if e.shape[along] == 0:
        raise ShapeError(
            f"{name}: shape {e.shape} has no elements along axis {along} (at {user_location()})"
        )
    shape = e.shape[:along] + e.shape[along + 1 :]
    result = node(name, (e,), along, shape)
    return reshape(result, (*e.shape[:along], 1, *e.shape[along + 1 :])) if keepdims else result


def _place_of(better: Callable[[Any, Any], Any]) -> Callable[[list[Any]], Any]:
    """The place of the best of a row; NaN counts as better than all numbers, as in NumPy."""

    def find(row: list[Any]) -> Any:
        best, place = row[0], constant_node(0)
        for k, element in enumerate(row[1:], start=1):
            first_nan = logic.logical(
                "and", logic.not_equal(element, element), logic.equal(best, best)
            )
            takes = logic.logical("or", better(element, best), first_nan)
            best, place = logic.where(takes, element, best), logic.where(takes, k, place)
        return place

    return find


def _place(name: str, function: Callable[..., Any], better: Callable[[Any, Any], Any]) -> Operation:
    find = _place_of(better)

    def elements(e: Node, operands: Sequence[Elements]) -> Elements:
        rows, shape = rows_of(operands[0], (e.payload,))
        result = np.empty(shape, dtype=object)
        for position in np.ndindex(*shape):
            result[position] = find(list(rows[position]))
        return result

    return Operation(
        name=name,
        build=lambda e, args: arg_extreme(name, args[0], e.payload),
        batch=_over_further(partial(arg_extreme, name)),
        array_rows=lambda walk, e: walk.total(e, (e.payload,), name),
        text=_axis_text,
        elements=elements,
        slopes=no_slopes,
        whole=lambda algebra, e, values: np.asarray(
            function(values[0], axis=e.payload), dtype=np.float64
        )[()],
    )


def _axis_text(e: Node, names: Any) -> Text:
    axis = "" if e.args[0].ndim == 1 else f", axis={e.payload}"
    return [f"{e.op}(", (e.args[0], OR), f"{axis})"], ATOM


# --- running ----------------------------------------------------------


def running(name: str, e: N, axis: int | None = None) -> N:
    """`cumsum` or `cumprod` along one axis, or in row-major order, as NumPy's."""
    if axis is None:
        return running(name, reshape(e, -1), 0)
    (along,) = normalised_axes(name, axis, e.ndim)
    return node(name, (e,), along, e.shape) if e.shape[along] > 1 else e


def _running(
    name: str,
    function: Callable[..., Any],
    join: Callable[[Any, Any], Any],
    array_rows: Callable[[Any, Node], int],
    **derivatives: Any,
) -> Operation:
    def elements(e: Node, operands: Sequence[Elements]) -> Elements:
        result = operands[0].copy()
        rows = np.moveaxis(result, e.payload, 0)
        for k in range(1, len(rows)):
            for position in np.ndindex(*rows.shape[1:]):
                rows[(k, *position)] = join(rows[(k - 1, *position)], rows[(k, *position)])
        return result

    return Operation(
        name=name,
        build=lambda e, args: running(name, args[0], e.payload),
        batch=_over_further(partial(running, name)),
        array_rows=array_rows,
        smooth=everywhere,
        text=_axis_text,
        elements=elements,
        whole=lambda algebra, e, values: function(values[0], axis=e.payload),
        **derivatives,
    )


def _extreme(name: str, function: Callable[..., Any], elementary: str) -> Operation:
    return _reduction(
        name,
        function,
        _extreme_of(elementary),
        partial(over_axes, name),
        lambda walk, e: walk.extreme(e, e.payload, name),
        nowhere,
        tangent=_extreme_tangent,
        adjoints=_extreme_adjoints,
    )


RECORDS = (
    _reduction(
        "sum",
        np.sum,
        add_many,
        sum_axes,
        lambda walk, e: walk.total(e, e.payload, "sum"),
        tangent=lambda e, tangents: summed(tangents[e.args[0]], e.payload),
        adjoints=linear(_sum_shares),
    ),
    _reduction(
        "prod",
        np.prod,
        multiply_many,
        partial(over_axes, "prod"),
        lambda walk, e: walk.product_over(e, e.payload),
        expanded=_pairwise_product,
    ),
    _extreme("max", np.max, "maximum"),
    _extreme("min", np.min, "minimum"),
    _place("argmax", np.argmax, logic.greater),
    _place("argmin", np.argmin, logic.less),
    _running(
        "cumsum",
        np.cumsum,
        add,
        lambda walk, e: walk.running_sum(e),
        tangent=same_of_tangents,
        adjoints=linear(_running_shares),
    ),
    _running(
        "cumprod",
        np.cumprod,
        multiply,
        lambda walk, e: walk.running_product(e),
        expanded=_doubled_product,
    ),
)
