"""NumPy's functions of the order of elements: sort, argsort, medians, quantiles, searchsorted.

The order is that at order zero, and constant in derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ShapeError, UnsupportedFunctionError, user_location
from taylor.nodes import arrays
from taylor.nodes.conversion import as_expression, try_expression
from taylor.nodes.logic import equal, less, less_equal, not_equal, where
from taylor.nodes.operations.arrays.orders import among_all, places_in_order
from taylor.nodes.operations.arrays.places import pick
from taylor.nodes.products import multiply
from taylor.nodes.sums import add

Axis = int | None

_KINDS = (None, "quicksort", "mergesort", "heapsort", "stable")  # NumPy's; all are stable here


def sort(
    a: Any, axis: Axis = -1, kind: Any = None, order: None = None, *, stable: bool | None = None
) -> Any:
    """The elements along an axis in ascending order, as `numpy.sort`."""
    _check_kind(kind, "sort")
    e, along = _along(as_expression(a), axis, "sort")
    return _back(_ascending(e), along)


def argsort(
    a: Any, axis: Axis = -1, kind: Any = None, order: None = None, *, stable: bool | None = None
) -> Any:
    """The places of the elements in ascending order, equal ones in the order they stand in."""
    _check_kind(kind, "argsort")
    e, along = _along(as_expression(a), axis, "argsort")
    return _back(places_in_order(e), along)


def partition(a: Any, kth: Any, axis: Axis = -1, kind: str = "", order: None = None) -> Any:
    """The elements in ascending order, which is a partition for every kth."""
    return sort(a, axis)


def argpartition(a: Any, kth: Any, axis: Axis = -1, kind: str = "", order: None = None) -> Any:
    """Their places."""
    return argsort(a, axis)


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    **options: Any,
) -> Any:
    """Quantiles along axes by any of NumPy's methods, as `numpy.quantile`; q are numbers."""
    if any(value is not None for value in options.values()):
        raise UnsupportedFunctionError(
            f"numpy.quantile: {', '.join(options)}= is not available for expressions"
        )
    e, shape = _in_rows(as_expression(a), axis, "quantile")
    numbers = _numbers(q)
    size = e.shape[-1]
    ascending = _ascending(e)
    # NumPy's own rule tells between which elements a quantile lies, and how far.
    positions: Any = np.quantile(  # type: ignore[call-overload]
        np.arange(float(size)), numbers.reshape(-1), method=method
    )
    lower = np.floor(positions).astype(np.int64)
    upper = np.minimum(lower + 1, size - 1)
    weight = positions - lower
    between = add(
        multiply(ascending[..., lower], as_expression(1 - weight)),
        multiply(ascending[..., upper], as_expression(weight)),
    )
    last = ascending[..., size - 1 :]
    found = where(not_equal(last, last), np.nan, between)
    found = arrays.transpose(found, [found.ndim - 1, *range(found.ndim - 1)])
    return arrays.reshape(found, (*numbers.shape, *(shape[1] if keepdims else shape[0])))


def percentile(a: Any, q: Any, *args: Any, **options: Any) -> Any:
    """The same with q in percent, as `numpy.percentile`."""
    return quantile(a, _numbers(q) / 100, *args, **options)


def median(a: Any, axis: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The median along axes, as `numpy.median`."""
    return quantile(a, 0.5, axis, keepdims=keepdims)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """How many elements of the ascending `a` are below each of v (or equal: side="right")."""
    if side not in ("left", "right"):
        raise ArgumentError(f"numpy.searchsorted: side is 'left' or 'right', not {side!r}")
    e, wanted = as_expression(a), as_expression(v)
    if e.ndim != 1:
        raise ShapeError(f"numpy.searchsorted: a has shape {e.shape}; it should have one axis")
    if sorter is not None:
        e = e[sorter]
    apart = arrays.reshape(wanted, (*wanted.shape, 1))
    known = equal(apart, apart)  # NaN is behind all numbers
    before = less(e, apart) if side == "left" else less_equal(e, apart)
    behind = equal(e, e) if side == "left" else as_expression(1)
    return arrays.sum_axes(where(known, before, behind), -1)


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """The bins that elements fall in, as `numpy.digitize`; the edges are numbers."""
    edges = _numbers(bins)
    steps = np.diff(edges)
    if edges.ndim != 1 or not (np.all(steps >= 0) or np.all(steps <= 0)):
        raise ArgumentError("numpy.digitize: bins have to be numbers that ascend or descend")
    side = "left" if right else "right"
    if np.all(steps >= 0):
        return searchsorted(edges, x, side)
    return len(edges) - searchsorted(edges[::-1], x, side)


def _check_kind(kind: Any, name: str) -> None:
    if kind not in _KINDS:
        listed = ", ".join(map(repr, _KINDS))
        raise ArgumentError(f"{name}: kind must be one of {listed}, got {kind!r}")


# --- orders -------------------------------------------------------------------------------------


def _ascending(e: Any) -> Any:
    """The elements of each row in ascending order."""
    if not e.size:
        return e
    places = among_all(places_in_order(e))
    return arrays.reshape(pick(arrays.reshape(e, (-1,)), places), e.shape)


# --- axes -----------------------------------------------------------------------------------------


def _along(e: Any, axis: Axis, name: str) -> tuple[Any, int]:
    """The expression with an axis at the end, and where that was; all as one axis for None."""
    if axis is None:
        return arrays.reshape(e, (-1,)), -1
    (along,) = arrays.normalised_axes(name, axis, e.ndim)
    others = [k for k in range(e.ndim) if k != along]
    return arrays.transpose(e, [*others, along]), along


def _back(e: Any, along: int) -> Any:
    order = list(range(e.ndim - 1))
    order.insert(along if along >= 0 else len(order), e.ndim - 1)
    return arrays.transpose(e, order)


def _in_rows(e: Any, axis: Any, name: str) -> tuple[Any, tuple[Any, Any]]:
    """The axes as the last one; the shapes of what is left, without them and with ones."""
    axes = range(e.ndim) if axis is None else arrays.normalised_axes(name, axis, e.ndim)
    rest = [k for k in range(e.ndim) if k not in axes]
    shape = tuple(e.shape[k] for k in rest)
    kept = tuple(1 if k in axes else e.shape[k] for k in range(e.ndim))
    count = int(np.prod([e.shape[k] for k in axes], dtype=np.int64))
    if not count:
        raise ShapeError(f"numpy.{name}: no elements in shape {e.shape} (at {user_location()})")
    rows = arrays.reshape(arrays.transpose(e, [*rest, *axes]), (*shape, count))
    return rows, (shape, kept)


def _numbers(value: Any) -> Any:
    found = try_expression(value)
    if found is None or found.op != "constant":
        raise UnsupportedFunctionError(
            "numpy.quantile, digitize: q and bins have to be numbers, not expressions "
            f"(at {user_location()})"
        )
    return np.asarray(value, dtype=np.float64)


ALWAYS: dict[Any, Callable[..., Any]] = {
    np.sort: sort,
    np.argsort: argsort,
    np.partition: partition,
    np.argpartition: argpartition,
    np.median: median,
    np.quantile: quantile,
    np.percentile: percentile,
    np.searchsorted: searchsorted,
    np.digitize: digitize,
}
