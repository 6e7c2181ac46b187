"""NumPy's functions that sum, compare and difference along axes of array expressions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ShapeError, UnsupportedFunctionError, user_location
from taylor.expressions.arrays.joins import concatenate, cut
from taylor.nodes import arrays
from taylor.nodes.conversion import as_expression
from taylor.nodes.logic import not_equal, where
from taylor.nodes.operations.arrays.reductions import arg_extreme, over_axes, running
from taylor.nodes.products import divide, multiply
from taylor.nodes.sums import add, scale, subtract
from taylor.numbers.exact import PI

# --- extremes ----------------------------------------------------------


def place_of(name: str) -> Callable[..., Any]:
    """`numpy.argmax` and `numpy.argmin`."""

    def rule(a: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
        return arg_extreme(name, as_expression(a), axis, keepdims)

    return rule


def extreme_but_nan(name: str, e: Any, axis: Any, keepdims: bool) -> Any:
    """`max` or `min` of the numbers that are none but NaN; NaN where there is no other."""
    worst = -np.inf if name == "max" else np.inf
    missing = not_equal(e, e)
    found = over_axes(name, where(missing, worst, e), axis, keepdims)
    return where(over_axes("min", missing, axis, keepdims), np.nan, found)


# --- running sums ----------------------------------------------------------


def running_of(name: str, nan_is: int | None = None) -> Callable[..., Any]:
    """`numpy.cumsum` and its like."""

    def rule(a: Any, axis: int | None = None) -> Any:
        e = as_expression(a)
        if nan_is is not None:
            e = where(not_equal(e, e), nan_is, e)
        return running(name, e, axis)

    return rule


def cumulative(name: str, start: int) -> Callable[..., Any]:
    """`numpy.cumulative_sum` and `numpy.cumulative_prod`."""

    def rule(x: Any, /, *, axis: int | None = None, include_initial: bool = False) -> Any:
        e = as_expression(x)
        if axis is None and e.ndim > 1:
            raise ArgumentError(f"numpy.{name}: give axis= for an array of {e.ndim} axes")
        along = axis or 0
        found = running("cumsum" if start == 0 else "cumprod", e, along)
        if not include_initial:
            return found
        (along,) = arrays.normalised_axes(name, along, e.ndim)
        first = as_expression(np.full((*e.shape[:along], 1, *e.shape[along + 1 :]), start))
        return concatenate([first, found], along)

    return rule


# --- differences ----------------------------------------------------------


def diff(
    a: Any, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue
) -> Any:
    """Differences of neighbours along an axis, n times."""
    e = as_expression(a)
    (along,) = arrays.normalised_axes("diff", axis, e.ndim)
    parts = [e]
    for position, values in ((0, prepend), (len(parts), append)):
        if values is not np._NoValue:
            more = as_expression(values)
            if not more.shape:
                more = arrays.broadcast_to(more, (*e.shape[:along], 1, *e.shape[along + 1 :]))
            parts.insert(position if position == 0 else len(parts), more)
    e = concatenate(parts, along)
    if n < 0:
        raise ArgumentError(f"numpy.diff: n={n} is negative")
    for _ in range(n):
        e = subtract(cut(e, along, 1), cut(e, along, 0, -1))
    return e


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours in row-major order, with more before and after."""
    e = diff(arrays.reshape(as_expression(ary), -1))
    parts = [to_begin, e, to_end]
    return concatenate([np.ravel(p) if p is not e else p for p in parts if p is not None])


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Differences over the grid's steps, central ones inside, as `numpy.gradient`."""
    e = as_expression(f)
    axes = (
        tuple(range(e.ndim)) if axis is None else arrays.normalised_axes("gradient", axis, e.ndim)
    )
    spacing = list(varargs) or [1.0]
    spacing = spacing * len(axes) if len(spacing) == 1 else spacing
    if len(spacing) != len(axes):
        raise ArgumentError(f"numpy.gradient: {len(spacing)} spacings for {len(axes)} axes")
    if edge_order not in (1, 2):
        raise ArgumentError(f"numpy.gradient: edge_order={edge_order} is neither 1 nor 2")
    made = []
    for along, given in zip(axes, spacing, strict=True):
        if e.shape[along] < edge_order + 1:
            raise ShapeError(
                f"numpy.gradient: shape {e.shape} at {user_location()} has too few elements along "
                f"axis {along}; {edge_order + 1} are needed"
            )
        made.append(_slope(e, along, as_expression(given), edge_order))
    return made[0] if len(made) == 1 else tuple(made)


def _slope(e: Any, along: int, given: Any, edge_order: int) -> Any:
    """One partial derivative, from steps or from coordinates."""
    part = partial(cut, e, along)
    if given.shape:
        if given.shape != (e.shape[along],):
            raise ShapeError(
                f"numpy.gradient: coordinates of shape {given.shape} for axis {along} of shape "
                f"{e.shape} at {user_location()}"
            )
        steps = diff(given)
        left, right = steps[:-1], steps[1:]
        sizes = [-1 if k == along else 1 for k in range(e.ndim)]
        near = left * (left + right), left * right, right * (left + right)
        a, b, c = (
            arrays.reshape(v, sizes)
            for v in (-right / near[0], (right - left) / near[1], left / near[2])
        )
        inside = a * part(0, -2) + b * part(1, -1) + c * part(2)
    else:
        steps = None
        inside = (part(2) - part(0, -2)) / (2 * given)
    ends = []
    for side in (0, -1):
        if steps is None:
            h1 = h2 = given
        else:
            h1 = steps[0] if side == 0 else steps[-1]
            h2 = steps[1 if side == 0 else -2] if edge_order == 2 else h1
        ends.append(_at_end(part, side, h1, h2, edge_order))
    return concatenate([ends[0], inside, ends[1]], along)


def _at_end(part: Callable[..., Any], side: int, h1: Any, h2: Any, edge_order: int) -> Any:
    """The slope at the first or the last place, from one side."""
    end, next_, third = (
        (part(0, 1), part(1, 2), part(2, 3))
        if side == 0
        else (part(-1), part(-2, -1), part(-3, -2))
    )
    sign = 1 if side == 0 else -1
    if edge_order == 1:
        return sign * (next_ - end) / h1
    a = -(2 * h1 + h2) / (h1 * (h1 + h2))
    b = (h1 + h2) / (h1 * h2)
    c = -h1 / (h2 * (h1 + h2))
    return sign * (a * end + b * next_ + c * third)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral by the trapezoidal rule along an axis."""
    e = as_expression(y)
    (along,) = arrays.normalised_axes("trapezoid", axis, e.ndim)
    if x is None:
        widths = as_expression(dx)
    else:
        places = as_expression(x)
        widths = diff(places, axis=0 if places.ndim == 1 else along)
    if widths.ndim == 1 and e.ndim > 1:
        widths = arrays.reshape(widths, [-1 if k == along else 1 for k in range(e.ndim)])
    pairs = add(cut(e, along, 1), cut(e, along, 0, -1))
    return arrays.sum_axes(divide(multiply(widths, pairs), as_expression(2)), along)


def next_turns(jumps: Any) -> Any:
    """The whole numbers next to these, towards zero half between two."""
    return np.copysign(np.ceil(np.absolute(jumps) - Fraction(1, 2)), jumps)


def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * PI) -> Any:
    """p with jumps of more than half a period taken out, as `numpy.unwrap`."""
    if discont is not None:
        raise UnsupportedFunctionError("numpy.unwrap: discont= is not available")
    e = as_expression(p)
    (along,) = arrays.normalised_axes("unwrap", axis, e.ndim)
    jumps = divide(diff(e, axis=along), as_expression(period))
    turns: Any = running("cumsum", next_turns(jumps), along)
    later = subtract(cut(e, along, 1), multiply(turns, as_expression(period)))
    return concatenate([cut(e, along, 0, 1), later], along)


# --- numbers between two ends ----------------------------------------------------------


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    axis: int = 0,
) -> Any:
    """Numbers at equal distances between two ends, as `numpy.linspace`."""
    first, last = as_expression(start), as_expression(stop)
    count = int(num)
    gaps = count - 1 if endpoint else count
    rise = subtract(last, first)
    rise = arrays.broadcast_to(rise, np.broadcast_shapes(first.shape, last.shape))
    step = scale(_inverse(gaps), rise) if gaps > 0 else as_expression(np.nan)
    places = np.arange(count).reshape(-1, *[1] * rise.ndim)
    points = add(first, multiply(as_expression(places), step if gaps > 0 else rise))
    points = arrays.broadcast_to(points, (count, *rise.shape))
    if endpoint and count > 1:
        end = arrays.reshape(arrays.broadcast_to(last, rise.shape), (1, *rise.shape))
        points = concatenate([points[:-1], end])
    (position,) = arrays.normalised_axes("linspace", axis, points.ndim)
    order = list(range(1, points.ndim))
    order.insert(position, 0)
    points = arrays.transpose(points, order)
    return (points, step) if retstep else points


def _inverse(count: int) -> Any:
    from fractions import Fraction

    from taylor.numbers.exact import normalised

    return normalised(Fraction(1, count))


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    axis: int = 0,
) -> Any:
    """Powers of a base at equal distances of their exponents."""
    return np.power(base, linspace(start, stop, num, endpoint, axis=axis))


ALWAYS: dict[Any, Callable[..., Any]] = {  # of scalar expressions as well
    np.argmax: place_of("argmax"),
    np.argmin: place_of("argmin"),
    np.linspace: linspace,
    np.logspace: logspace,
}
RULES: dict[Any, Callable[..., Any]] = {
    np.cumsum: running_of("cumsum"),
    np.cumprod: running_of("cumprod"),
    np.nancumsum: running_of("cumsum", 0),
    np.nancumprod: running_of("cumprod", 1),
    np.diff: diff,
    np.ediff1d: ediff1d,
    np.gradient: gradient,
    np.unwrap: unwrap,
}
for _name, _start in (("cumulative_sum", 0), ("cumulative_prod", 1)):
    if hasattr(np, _name):  # from NumPy 2.1 on
        RULES[getattr(np, _name)] = cumulative(_name, _start)
for _name in ("trapezoid", "trapz"):  # NumPy 2 has renamed it
    if hasattr(np, _name):
        RULES[getattr(np, _name)] = trapezoid
