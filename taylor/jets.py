"""Taylor coefficients of functions of one variable, or along a curve of several."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial, wraps
from typing import Any

import numpy as np

import taylor_runtime as rt
from taylor.arguments import (
    argument,
    canonical,
    captured,
    has_expressions,
    renamed,
    traced,
)
from taylor.callbacks import check_has_digits, externals
from taylor.decompose import decompose
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expression import Expression, as_expression, try_expression
from taylor.function import Function, checked_threads
from taylor.nested import along, check_known, series, wrapped
from taylor.numpy_protocol import expression_array
from taylor.pairs import multiply
from taylor.precision import Precision, as_array, as_precision, from_mpmath
from taylor.trace import positional_count, positional_names
from taylor_runtime.program import Input

MOST_ORDER = 1000


def jet(
    fun: Callable[..., Any],
    point: Any,
    order: int = 20,
    *,
    direction: Any = None,
    curve: Any = None,
    threads: int = 1,
    precision: str = "float64",
) -> Any:
    """Normalised Taylor coefficients of a function at `point`: f^(n)(x)/n!, n = 0 .. order.

    fun:   a Python function written with NumPy or taylor functions and operators: of one argument,
           or with `direction` or `curve` of n arguments (or of one array of n).
    point: a number or an array of points; with a direction, or coefficients of a curve, n of them,
           the coordinates; with a curve that is a function, its parameter.
    direction: n numbers (or arrays of them) d: coefficients in s of f(point + s d).
    curve: a function of s that returns n coordinates: coefficients of f(curve(s)) at s = point; or
           its own coefficients after the first, shape (m, n, ...): f(point + c_1 s + .. + c_m s^m).
    threads: how many share the points of a long array; results are the same, bit for bit.
    precision: "float64", "float32", or "double-double" with about 31 digits: arrays have a trailing
           axis of length 2 then (high, low), and points may be numbers of any kind that
           `taylor.from_mpmath` takes.

    Returns an array of shape (order + 1, *points), points being the shape to which coordinates and
    directions broadcast; a tuple of them if `fun` returns a tuple or list. Coefficients at singular
    points are not finite.

    Raises TypeError or ValueError for an order that is not a natural number, coordinates that do
    not fit, and functions that cannot be traced.

    >>> import numpy as np, taylor as ty
    >>> ty.jet(np.exp, 0.0, order=3) * [1, 1, 2, 6]
    array([1., 1., 1., 1.])
    >>> ty.jet(lambda x, y: x * y**2, (1.0, 2.0), order=3, direction=(1, 1))
    array([4., 8., 5., 1.])
    """
    order = natural(order, "order")
    if not callable(fun):
        raise ArgumentTypeError(f"fun must be a function of one argument, got {fun!r}")
    if direction is not None and curve is not None:
        raise ArgumentError("give a direction or a curve, not both")
    kind = as_precision(precision)
    if curve is not None and callable(curve):
        fun, curve = _along(fun, curve), None
    if has_expressions([point, direction, curve]):
        return _nested(fun, point, [direction] if curve is None else curve, order)
    if direction is None and curve is None:
        planes = kind.to_planes(as_array(point, kind, "point"))[:, None, None]
        one = np.zeros_like(planes)
        one[0] = 1
        given = np.concatenate([planes, one], axis=2)
    else:
        given = _coefficients(point, [direction] if curve is None else curve, kind)
    arguments = variables(given.shape[1])
    outputs, single = _trace(fun, arguments)
    if check_known(outputs, arguments):
        return _nested(fun, point, [direction] if curve is None else curve, order)
    outputs = tuple(renamed(outputs, dict(zip(arguments, canonical(len(arguments)), strict=True))))
    code = _compiled(outputs, given.shape[1], given.shape[2], order, kind.name)
    flat = given.reshape(*given.shape[:3], -1)
    results = _run(code, flat, len(outputs), order, checked_threads(threads))
    shape = (kind.parts, order + 1, *given.shape[3:])
    shaped = tuple(_shaped(part, shape, kind) for part in results)
    return shaped[0] if single else shaped


def _shaped(planes: np.ndarray, shape: tuple[int, ...], kind: Precision) -> np.ndarray:
    """Results in a shape, for the caller; a copy only where they do not lie side by side."""
    if kind.parts == 1 and planes.flags.c_contiguous:
        return planes.reshape(shape)[0]
    return kind.from_planes(planes.reshape(shape))


def natural(value: Any, name: str) -> int:
    """An order that is a natural number, and not too large."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise ArgumentTypeError(f"{name} must be an integer, got {value!r}")
    if not 0 <= value <= MOST_ORDER:
        raise ArgumentError(f"{name} must be between 0 and {MOST_ORDER}, got {value}")
    return int(value)


def derivative(fun: Callable[[Any], Any], n: int = 1) -> Callable[..., Any]:
    """The n-th derivative of a function of one variable, for any n, as a function of points.

    It takes numbers and arrays, and `precision=` and `threads=` as `jet` does.

    Raises TypeError or ValueError for an n that is not a natural number.

    >>> import taylor as ty
    >>> float(ty.derivative(lambda x: x**5, 3)(2.0))
    240.0
    """
    n = natural(n, "n")
    if not callable(fun):
        raise ArgumentTypeError(f"fun must be a function of one variable, got {fun!r}")
    factorial = math.factorial(n)

    @wraps(fun, updated=())
    def nth(point: Any, **options: Any) -> Any:
        found = jet(fun, point, n, **options)
        if isinstance(found, tuple):
            return tuple(times(part[n], factorial, options) for part in found)
        return times(found[n], factorial, options)

    return nth


def times(values: np.ndarray, factor: int, options: dict[str, Any]) -> Any:
    """values times an integer that may be beyond the range of their kind."""
    if isinstance(values, Expression) or values.dtype == object:
        return values * factor
    kind = as_precision(options.get("precision", "float64"))
    if kind.parts == 1:
        bits = max(factor.bit_length() - 64, 0)
        with np.errstate(over="ignore"):
            return np.ldexp(values * kind.dtype(factor >> bits), bits)
    with np.errstate(invalid="ignore"):
        return multiply(values, from_mpmath(factor))


def _along(fun: Callable[..., Any], curve: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """fun(curve(s)) as a function of s."""

    def composed(s: Any) -> Any:
        coordinates = curve(s)
        if not isinstance(coordinates, list | tuple | np.ndarray):
            coordinates = [coordinates]
        return call_on(fun, [as_expression(c) for c in coordinates])

    return composed


def call_on(fun: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """fun of n arguments, or of one array of n."""
    if isinstance(fun, Function):
        return fun.of_expressions(arguments)
    if len(arguments) > 1 and positional_count(fun) == 1:
        return fun(expression_array(list(arguments)))
    try:
        return fun(*arguments)
    except TypeError:
        names = positional_names(fun)
        if names is None or len(names) <= len(arguments):
            raise
        raise ArgumentTypeError(
            f"fun takes {len(names)} arguments, {', '.join(names)}, and the point has "
            f"{len(arguments)} coordinate(s)"
        ) from None


def _coefficients(point: Any, others: Any, kind: Precision) -> np.ndarray:
    """Coefficients of a curve: shape (parts, n, m + 1, *points)."""
    listed = [point, *others]
    try:
        count = len(point)
        if any(len(c) != count for c in listed):
            raise ArgumentError(
                f"point has {count} coordinates; a direction, and every coefficient of a curve, "
                f"must have as many, got {[len(c) for c in others]}"
            )
    except TypeError:
        raise ArgumentTypeError(
            "with a direction or the coefficients of a curve, point and each of these are lists of "
            f"n coordinates; got point={point!r}"
        ) from None
    if not count or len(listed) < 2:
        raise ArgumentError("a point needs coordinates, and a curve at least one coefficient")
    stacked = stacked_planes([c[i] for i in range(count) for c in listed], kind)
    return stacked.reshape(stacked.shape[0], count, len(listed), *stacked.shape[2:])


def stacked_planes(coordinates: Sequence[Any], kind: Precision) -> np.ndarray:
    """Coordinates of points, broadcast: shape (parts, coordinates, *points)."""
    arrays = [
        kind.to_planes(as_array(c, kind, f"coordinate {i}")) for i, c in enumerate(coordinates)
    ]
    try:  # part by part, lest points be taken for parts
        parts = [np.stack(np.broadcast_arrays(*part)) for part in zip(*arrays, strict=True)]
        return np.stack(parts)
    except ValueError:
        shapes = ", ".join(str(a.shape[1:]) for a in arrays)
        raise ArgumentError(f"coordinates do not broadcast: shapes {shapes}") from None


def variables(count: int) -> tuple[Expression, ...]:
    """New arguments to trace a function with."""
    return tuple(argument(f"x{i}" if count > 1 else "x") for i in range(count))


def _nested(fun: Callable[..., Any], point: Any, others: Any, order: int) -> Any:
    """Coefficients as expressions, of a function or at a point that is not known yet."""
    if others[0] is not None:
        n = len(point)
        fun = along(partial(_call_on_coordinates, fun), [point, *others])
        point = 0
        if any(len(c) != n for c in others):
            raise ArgumentError(f"point has {n} coordinates, and so must have {others!r}")
    (x,) = variables(1)
    outputs, single = _trace(fun, (x,))
    captured(outputs, (x,))
    found = [wrapped(part) for part in series(outputs, x, point, order)]
    return found[0] if single else tuple(found)


def _call_on_coordinates(fun: Callable[..., Any], *coordinates: Any) -> Any:
    return call_on(fun, coordinates)


def _trace(
    fun: Callable[..., Any], arguments: Sequence[Expression]
) -> tuple[tuple[Expression, ...], bool]:
    with traced(arguments):
        value = call_on(fun, arguments)
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value[()]
    single = not isinstance(value, list | tuple)
    outputs = tuple(_scalar(e) for e in ([value] if single else value))
    return outputs, single


def _scalar(value: Any) -> Expression:
    found = try_expression(value, sequences=False)
    if found is None:
        raise ArgumentTypeError(
            "fun must return a real number or expression, or a tuple or list of them; got "
            f"{value!r}"
        )
    if found.shape != ():
        raise ArgumentError(f"fun must return scalars, got an array of shape {found.shape}")
    return found


@lru_cache(maxsize=128)
def _compiled(
    outputs: tuple[Expression, ...], count: int, given: int, order: int, precision: str
) -> rt.Jet:
    inputs = {x: Input("jet", (i,)) for i, x in enumerate(canonical(count))}
    program = replace(decompose(outputs, inputs, order), exact_division=True)
    if as_precision(precision).parts > 1:
        check_has_digits(program)
    return rt.build_jet(program, given=given, externals=externals(program), precision=precision)


def _run(
    code: rt.Jet, points: np.ndarray, outputs: int, order: int, threads: int
) -> Sequence[np.ndarray]:
    """Coefficients (parts, order + 1, points) of every output.

    points: shape (parts, coordinates, given coefficients, points).
    """
    *outer, count = points.shape
    padded = -(-max(count, 1) // code.block) * code.block
    inputs = np.zeros((*outer, padded), points.dtype)
    inputs[..., :count] = points
    inputs[..., count:] = points[..., -1:] if count else 0.0
    results = np.empty((outer[0], outputs, order + 1, padded), points.dtype)

    def work(first: int, last: int) -> None:
        code.run(inputs, results, padded, first, last)

    rt.in_shares(work, padded // code.block, rt.shares(count * (order + 1), threads))
    return [results[:, k, :, :count] for k in range(outputs)]
