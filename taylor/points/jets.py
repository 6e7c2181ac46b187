"""Taylor coefficients of functions of one variable, or along a curve of several."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, Literal, overload

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.arguments import (
    argument,
    captured,
    has_expressions,
    traced,
)
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, try_expression
from taylor.expressions.object_arrays import expression_array
from taylor.expressions.scalars import scalars
from taylor.expressions.trace import call_user, positional_count, positional_names
from taylor.expressions.types import ListFunction, ScalarFunction, UserFunction, ValueLike
from taylor.nodes.regions import has_regions
from taylor.nodes.traverse import reachable
from taylor.numbers.checks import checked_threads, natural
from taylor.numbers.planes import constant, stacked_planes
from taylor.numbers.precision import FLOAT64, Precision, as_array, as_precision
from taylor.numbers.types import Numbers
from taylor.points.array_jets import Elements, jet_of_arrays, jet_of_loops, together
from taylor.points.formula import Function
from taylor.points.lost_digits import rounding_errors
from taylor.points.traced import (
    TracedFunction,
    by_formulas,
    compiled_jet,
    jet_again,
    keep_jet,
    known_jets,
    run_jet,
    series_of_loops,
    values_with_calls,
)
from taylor.points.types import Curve, NthDerivative, SeveralArrays
from taylor.reference.singular_points import all_finite, series_point, with_limits
from taylor.transforms.nested import along, check_known, series, wrapped

PLAIN = 20  # the largest n whose factorial `times` takes as it is


@overload
def jet(
    fun: ScalarFunction,
    point: ValueLike,
    order: int = 20,
    *,
    direction: ValueLike | None = None,
    curve: Curve | None = None,
    threads: int = 1,
    precision: str = "float64",
    error: Literal[False] = False,
) -> np.ndarray: ...
@overload
def jet(
    fun: ScalarFunction,
    point: Numbers,
    order: int = 20,
    *,
    direction: Numbers | None = None,
    curve: Curve | None = None,
    threads: int = 1,
    precision: str = "float64",
    error: Literal[True],
) -> tuple[np.ndarray, np.ndarray]: ...
@overload
def jet(
    fun: ListFunction,
    point: ValueLike,
    order: int = 20,
    *,
    direction: ValueLike | None = None,
    curve: Curve | None = None,
    threads: int = 1,
    precision: str = "float64",
    error: Literal[False] = False,
) -> SeveralArrays: ...
@overload
def jet(
    fun: ListFunction,
    point: Numbers,
    order: int = 20,
    *,
    direction: Numbers | None = None,
    curve: Curve | None = None,
    threads: int = 1,
    precision: str = "float64",
    error: Literal[True],
) -> tuple[SeveralArrays, SeveralArrays]: ...
@overload
def jet(
    fun: UserFunction,
    point: ValueLike,
    order: int = 20,
    *,
    direction: ValueLike | None = None,
    curve: Curve | None = None,
    threads: int = 1,
    precision: str = "float64",
    error: bool,
) -> Any: ...
def jet(
    fun: UserFunction,
    point: ValueLike,
    order: int = 20,
    *,
    direction: ValueLike | None = None,
    curve: Curve | None = None,
    threads: int = 1,
    precision: str = "float64",
    error: bool = False,
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
    error: return a pair, the coefficients and an estimate of the absolute rounding error of each:
           float64 of shape (order + 1, *points), infinite where it is not known. It takes the same
           rows once more in a kind of number of more digits. Rounding of the point is not in it.

    Returns an array of shape (order + 1, *points), points being the shape to which coordinates and
    directions broadcast, and of the shape of an array that `fun` returns behind these; a tuple of
    them if it returns a tuple or list. Coefficients at singular
    points of powers are limits, infinite ones with their sign, from all sides on which the function
    is real; where there is no limit, and at other singular points, they are not finite.
    High coefficients of functions whose parts cancel lose all their digits, which only `error`
    tells.

    Raises TypeError or ValueError for an order that is not a natural number, coordinates that do
    not fit, functions that cannot be traced, and errors of what is an expression or calls a
    registered function of float64 alone.

    >>> import numpy as np, taylor as ty
    >>> ty.jet(np.exp, 0.0, order=3) * [1, 1, 2, 6]
    array([1., 1., 1., 1.])
    >>> ty.jet(lambda x, y: x * y**2, (1.0, 2.0), order=3, direction=(1, 1))
    array([4., 8., 5., 1.])
    >>> coefficients, errors = ty.jet(lambda u: np.arctan(np.tan(u)), 1.5, order=8, error=True)
    >>> bool(abs(coefficients[8]) <= 2 * errors[8]), bool(errors[8] > 1e-9)  # 0, rightly
    (True, True)
    """
    order = natural(order, "order")
    if not callable(fun):
        raise ArgumentTypeError(f"fun must be a function of one argument, got {fun!r}")
    plain = direction is None and curve is None and not error
    if plain and (again := jet_again(fun, point, order, precision)) is not None:
        return again
    if direction is not None and curve is not None:
        raise ArgumentError("give a direction or a curve, not both")
    kind = as_precision(precision)
    if curve is not None and callable(curve):
        fun, curve = _along(fun, curve), None
    if has_expressions([point, direction, curve]):
        check_numbers(error)
        return _nested(fun, point, [direction] if curve is None else curve, order)
    if direction is None and curve is None:
        planes = kind.to_planes(as_array(point, kind, "point"))[:, None, None]
        one = np.zeros_like(planes)
        one[:] = constant(kind, 1.0).reshape(-1, *[1] * (planes.ndim - 1))
        given = np.concatenate([planes, one], axis=2)
    else:
        given = _coefficients(point, [direction] if curve is None else curve, kind)
    arguments = variables(given.shape[1])
    if not error and given.shape[1] > 1 and positional_count(fun) == 1:
        whole = jet_of_arrays(fun, given, order, kind)
        if whole is not None:
            return whole
    with traced(arguments):
        value = values_with_calls(call_on(fun, arguments))
    if not error:
        whole = jet_of_loops(value, arguments, given, order, kind)
        if whole is not None:
            return whole
    outputs, elements = _outputs(value)
    if check_known(outputs, arguments):
        check_numbers(error)
        return _nested(fun, point, [direction] if curve is None else curve, order)
    known, threads = TracedFunction(outputs, arguments), checked_threads(threads)

    with_loops = has_regions(outputs)

    def run(numbers: np.ndarray, kind: Precision) -> Sequence[np.ndarray]:
        if with_loops:
            return by_formulas(known, numbers, order, kind, threads)
        code, singular = compiled_jet(known, given.shape[2], order, kind.name)
        results = run_jet(code, numbers, len(outputs), order, threads)
        if singular is not None and not all_finite(results[0, :, -1]):
            with_limits(singular, partial(series_point, order), numbers, results, kind)
        return [results[:, k] for k in range(len(outputs))]

    flat = given.reshape(*given.shape[:3], -1)
    results = run(flat, kind)
    if plain and elements == () and kind is FLOAT64 and not with_loops and type(point) is float:
        keep_jet(fun, known, order)
    shape = (kind.parts, order + 1, *given.shape[3:])
    shaped = [_shaped(part, shape, kind) for part in results]
    axes, of_one = len(kind.axes), (*shape[1:], *kind.axes)
    if not error:
        return together(shaped, elements, axes, of_one)
    errors = [e.reshape(shape[1:]) for e in rounding_errors(run, flat, results, kind)]
    return together(shaped, elements, axes, of_one), together(errors, elements, 0, shape[1:])


def _shaped(planes: np.ndarray, shape: tuple[int, ...], kind: Precision) -> np.ndarray:
    """Results in a shape, for the caller; a copy only where they do not lie side by side."""
    if not kind.has_axis and planes.flags.c_contiguous:
        return planes.reshape(shape)[0]
    return kind.from_planes(planes.reshape(shape))


def check_numbers(error: bool) -> None:
    """Raise ArgumentError where an error of expressions is asked for."""
    if error:
        raise ArgumentError(
            "error=True: at points that are expressions, or of captured arguments, results are "
            "expressions, which have no rounding errors; ask for them outside"
        )


def derivative(fun: Callable[[Any], Any], n: int = 1) -> NthDerivative:
    """The n-th derivative of a function of one variable, for any n, as a function of points.

    It takes numbers and arrays, and `precision=`, `threads=` and `error=` as `jet` does: with
    error=True it returns a pair, the derivative and an estimate of its absolute rounding error.

    Raises TypeError or ValueError for an n that is not a natural number.

    >>> import taylor as ty
    >>> float(ty.derivative(lambda x: x**5, 3)(2.0))
    240.0
    """
    n = natural(n, "n")
    if not callable(fun):
        raise ArgumentTypeError(f"fun must be a function of one variable, got {fun!r}")
    factorial = math.factorial(n)
    try:
        known = known_jets(fun) if n <= PLAIN else {}
    except TypeError:
        known = {}

    @wraps(fun, updated=())
    def nth(point: Any, **options: Any) -> Any:
        if type(point) is float and not options:
            again = known.get(n)
            values = None if again is None else again.at(point)
            if values is not None:
                return np.float64(values.item(n) * factorial)
        found = jet(fun, point, n, **options)
        if options.get("error"):
            values, errors = found
            return chosen(values, options), chosen(errors, {})
        return chosen(found, options)

    def chosen(found: Any, options: dict[str, Any]) -> Any:
        if isinstance(found, tuple):
            return tuple(times(part[n], factorial, options) for part in found)
        return times(found[n], factorial, options)

    return nth


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
        return call_user(fun, expression_array(list(arguments)))
    try:
        return call_user(fun, *arguments)
    except TypeError as error:
        names = positional_names(fun)
        if names is None or len(names) == len(arguments):
            raise
        hint = (
            "ty.jet of several variables needs direction= or curve=, and ty.derivatives has all "
            "partial derivatives"
        )
        raise ArgumentTypeError(
            f"fun takes {len(names)} arguments, {', '.join(names)}, and the point has "
            f"{len(arguments)} coordinate(s); {hint if len(names) > len(arguments) else error}"
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


def variables(count: int) -> tuple[Expression, ...]:
    """New arguments to trace a function with."""
    return tuple(argument(f"x{i}" if count > 1 else "x") for i in range(count))


def _nested(fun: Callable[..., Any], point: Any, others: Any, order: int) -> Any:
    """Coefficients as expressions, of a function or at a point that is not known yet."""
    if others[0] is not None:
        n = len(point)
        function = fun
        fun = along(lambda *coordinates: call_on(function, coordinates), [point, *others])
        point = 0
        if any(len(c) != n for c in others):
            raise ArgumentError(f"point has {n} coordinates, and so must have {others!r}")
    (x,) = variables(1)
    with traced((x,)):
        value = call_on(fun, (x,))
    outputs, elements = _outputs(value)
    captured(outputs, (x,))
    make = series_of_loops if has_regions(outputs) else series
    found = [wrapped(part) for part in make(outputs, x, point, order)]
    return together(found, elements, 0, np.shape(found[0]) if found else (order + 1,))


def _outputs(value: Any) -> tuple[tuple[Expression, ...], Elements]:
    """What a function returned as scalars, and what they are the elements of."""
    if isinstance(value, list | tuple):
        parts = [_elements(part) for part in value]
        return tuple(e for listed, _ in parts for e in listed), [shape for _, shape in parts]
    return _elements(value)


def _elements(value: Any) -> tuple[tuple[Expression, ...], tuple[int, ...]]:
    """One result's elements, and its shape."""
    if getattr(value, "shape", ()):
        whole = expression_array(value) if isinstance(value, np.ndarray) else scalars(value)
        return tuple(map(_scalar, whole.ravel())), whole.shape
    return (_scalar(value[()] if isinstance(value, np.ndarray) else value),), ()


def _scalar(value: Any) -> Expression:
    found = try_expression(value, sequences=False)
    if found is None:
        raise ArgumentTypeError(
            "fun must return a real number or expression, or a tuple or list of them; got "
            f"{value!r}"
        )
    arrays = any(e.shape for e in reachable([found]))
    return scalars(found).item() if arrays or has_regions([found]) else found


def times(values: np.ndarray, factor: int, options: dict[str, Any]) -> Any:
    """values times an integer that may be beyond the range of their kind."""
    if isinstance(values, Expression) or values.dtype == object:
        return values * factor
    kind = as_precision(options.get("precision", "float64"))
    if kind.arithmetic is None:
        bits = max(factor.bit_length() - 64, 0)
        with np.errstate(over="ignore"):
            return np.ldexp(values * kind.dtype(factor >> bits), bits)
    with np.errstate(invalid="ignore"):
        return kind.arithmetic.multiply(values, kind.rounded(factor))
