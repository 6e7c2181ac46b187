"""Tabulated functions: Chebyshev series and piecewise polynomials in expressions.

A table is two functions of its own: the number of the piece that x is in (`place`), and the numbers
of a piece (`entry`), which are constants of the machine code.  Both are constant within a piece, so
that a tabulated function is a polynomial with steady coefficients, evaluated as any other; in a
differential equation the places of the breakpoints are switches, at which steps end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, overload

import numpy as np

from taylor.definitions.lookup import entry_name, place_name
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, as_expression, make_function_node
from taylor.expressions.types import ValueLike
from taylor.nodes.conversion import from_elements
from taylor.numbers import exact as constants
from taylor.numbers.types import Number, NumberOrArray, Numbers

_SLACK = 64  # units in the last place by which a table is longer than its breakpoints say
_OUTSIDE = ("extrapolate", "constant", "nan")


@overload
def chebyshev(
    coefficients: ValueLike, x: Expression, interval: tuple[Number, Number] = ...
) -> Expression: ...
@overload
def chebyshev(
    coefficients: ValueLike, x: Numbers, interval: tuple[Number, Number] = ...
) -> NumberOrArray: ...
def chebyshev(
    coefficients: ValueLike,
    x: Expression | Numbers,
    interval: tuple[Number, Number] = (-1, 1),
) -> Any:
    """Return sum_k c_k T_k(s) with s running from -1 to 1 while x runs through the interval.

    coefficients: shape (degree + 1, ...): numbers, or expressions.
    x: a scalar expression; a number or array of numbers gives numbers.
    interval: its ends, a < b.  Outside, the polynomial is what it is.

    Returns an expression, or an array expression of the shape of the coefficients' other axes.
    Clenshaw's recurrence (Math. Comp. 9 (1955) 118), in the arithmetic of whatever x is.

    Raises ArgumentError for no coefficients or an empty interval, ShapeError for an array
    expression x.

    >>> import taylor as ty
    >>> float(ty.chebyshev([1.0, 2.0, 3.0], 0.5))  # 1 + 2 x + 3 (2 x**2 - 1)
    0.5
    >>> ty.compile(ty.chebyshev([0, 1], ty.time, (10, 20)), [ty.time])(12.5)
    np.float64(-0.5)
    """
    given = _coefficients("chebyshev", coefficients, 1)
    a, b = (_exact("chebyshev", "interval", end) for end in interval)
    if not a < b:
        raise ArgumentError(f"chebyshev: interval={interval!r} is empty; give its ends in order")
    columns = [list(column) for column in given.reshape(len(given), -1).T]

    def build(x: Expression) -> Any:
        return _assembled(given.shape[1:], _clenshaw, (x - a) * (2 / (b - a)) - 1, columns)

    return _applied("chebyshev", x, build)


@overload
def piecewise(
    breakpoints: Numbers,
    coefficients: ValueLike,
    x: Expression,
    kind: str = ...,
    outside: str = ...,
    name: str = ...,
) -> Expression: ...
@overload
def piecewise(
    breakpoints: Numbers,
    coefficients: ValueLike,
    x: Numbers,
    kind: str = ...,
    outside: str = ...,
    name: str = ...,
) -> NumberOrArray: ...
def piecewise(
    breakpoints: Numbers,
    coefficients: ValueLike,
    x: Expression | Numbers,
    kind: str = "power",
    outside: str = "extrapolate",
    name: str = "a piecewise polynomial",
) -> Any:
    """Return a piecewise polynomial of x, given by a table of numbers.

    breakpoints: shape (pieces + 1,), ascending: piece i is breakpoints[i] <= x < breakpoints[i+1].
        At a breakpoint value and derivatives are those of the piece to its right.
    coefficients: shape (pieces, degree + 1, ...): with kind="power" c_k belongs to
        (x - breakpoints[i])**k, with kind="chebyshev" to T_k on the piece's interval.
    x: a scalar expression; a number or array of numbers gives numbers.
    outside: what lies beyond the first and last breakpoint: "extrapolate" goes on with the
        polynomial there, "constant" with its value at the end, "nan" with NaN (from 64 units in the
        last place on, so that rounding the ends does no harm).
    name: what it is, for the message of an integration that comes to where it is NaN.

    Returns an expression, or an array expression of the shape of the coefficients' other axes.  Any
    number of pieces costs a binary search at order zero.  An `Integrator` ends its steps at the
    breakpoints.  Numbers beyond double precision (Fractions, mpmath numbers, decimal strings) are
    kept for double-double.

    Raises ArgumentError for breakpoints that do not ascend or are not finite, an unknown kind or
    outside, ShapeError for shapes that do not fit.

    >>> import taylor as ty
    >>> x = ty.variable("x")
    >>> f = ty.compile(ty.piecewise([0, 1, 3], [[0, 1], [1, -0.5]], x), [x])
    >>> f([0.5, 1.0, 2.0]).tolist()
    [0.5, 1.0, 0.5]
    """
    given = _coefficients("piecewise", coefficients, 2)
    edges = _numbers("piecewise", "breakpoints", breakpoints)
    if edges.ndim != 1 or len(edges) != len(given) + 1:
        raise ShapeError(
            f"piecewise: breakpoints of shape {edges.shape} do not fit coefficients of shape "
            f"{given.shape}; {len(given)} piece(s) need {len(given) + 1} breakpoints"
        )
    if kind not in ("power", "chebyshev"):
        raise ArgumentError(f"piecewise: kind={kind!r} is neither 'power' nor 'chebyshev'")
    if outside not in _OUTSIDE:
        raise ArgumentError(f"piecewise: outside={outside!r} is none of {', '.join(_OUTSIDE)}")
    ends = np.array([float(e) for e in edges])
    if not np.all(np.isfinite(ends)) or not np.all(np.diff(ends) > 0):
        raise ArgumentError("piecewise: breakpoints have to be finite and to ascend")
    table = _Table(edges, given, kind, outside, name)
    return _applied("piecewise", x, table)


@overload
def spline(table: Any, x: Expression, outside: str | None = ...) -> Expression: ...
@overload
def spline(table: Any, x: Numbers, outside: str | None = ...) -> NumberOrArray: ...
def spline(table: Any, x: Expression | Numbers, outside: str | None = None) -> Any:
    """Return a spline of SciPy as an expression of x.

    table: a PPoly (CubicSpline, PchipInterpolator, Akima1DInterpolator ...), or anything else with
        its `c` (degree + 1, pieces, ...) and `x`; a BPoly is converted by SciPy.  The
        domain of a BSpline of n coefficients is from its knot t[k] to t[n], as in SciPy.
    x: a scalar expression; a number or array of numbers gives numbers.
    outside: as for `piecewise`; by default what the spline's `extrapolate` says, "periodic"
        included.

    Raises ArgumentTypeError for what is not a spline of one variable.

    >>> import taylor as ty
    >>> from types import SimpleNamespace
    >>> line = SimpleNamespace(c=[[2.0], [1.0]], x=[0.0, 1.0])
    >>> ty.spline(line, ty.variable("x")).evaluate({"x": 0.25})
    np.float64(1.5)
    """
    found = _as_power(table)
    if found is None:
        raise ArgumentTypeError(
            f"spline: {table!r} has no coefficients c and breakpoints x of a spline of one "
            "variable; pass a PPoly, BSpline or BPoly of SciPy, or use piecewise"
        )
    x_table, c = found
    kept = np.flatnonzero(np.diff(x_table) > 0)  # clamped B-splines begin with empty pieces
    edges = x_table[[*kept, kept[-1] + 1]]
    extrapolate = getattr(table, "extrapolate", True)
    if outside is None:
        outside = "nan" if extrapolate is False else "extrapolate"
        if isinstance(extrapolate, str) and extrapolate == "periodic":
            from taylor.functions import floor

            period = Fraction(float(edges[-1])) - Fraction(float(edges[0]))
            first = Fraction(float(edges[0]))
            return _applied(
                "spline",
                x,
                lambda x: spline(table, x - period * floor((x - first) / period), "extrapolate"),
            )
    return piecewise(edges, np.moveaxis(c[::-1], 0, 1)[kept], x, outside=outside)


def _as_power(table: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Breakpoints and descending coefficients of a spline."""
    if hasattr(table, "t") and hasattr(table, "k"):
        # Beyond the knots t[k] .. t[n] some of its functions are missing: no part of the spline.
        x = table.t[table.k : len(table.t) - table.k]
        slopes = [table(x[:-1], k, True) / math.factorial(k) for k in range(table.k, -1, -1)]
        return _checked(x, np.moveaxis(np.array(slopes), getattr(table, "axis", 0) + 1, 1))
    if type(table).__name__ == "BPoly":
        from scipy.interpolate import PPoly

        table = PPoly.from_bernstein_basis(table)
    if not hasattr(table, "c") or not hasattr(table, "x"):
        return None
    return _checked(table.x, table.c)


def _checked(breakpoints: Any, coefficients: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Both as arrays of floats, if they are such and fit."""
    try:
        x, c = np.asarray(breakpoints, dtype=float), np.asarray(coefficients, dtype=float)
    except (TypeError, ValueError):
        return None
    if x.ndim != 1 or c.ndim < 2 or c.shape[1] != len(x) - 1 or not np.any(np.diff(x) > 0):
        return None
    return x, c


# -- arguments ------------------------------------------------------------------------------------


def _applied(name: str, x: Any, build: Callable[[Expression], Any]) -> Any:
    """build(x) for an expression; its value for numbers."""
    if isinstance(x, Expression):
        if x.shape:
            raise ShapeError(f"{name}: x has shape {x.shape}; give a scalar expression")
        return build(x)
    placeholder = argument(f"argument of {name}")
    return build(placeholder).evaluate({placeholder: x})


def _coefficients(name: str, coefficients: Any, axes: int) -> np.ndarray:
    """The coefficients as an array of objects of at least so many axes, none of them empty."""
    given = _numbers(name, "coefficients", coefficients, expressions=axes == 1)
    if given.ndim < axes or not given.size:
        wanted = "(pieces, degree + 1, ...)" if axes == 2 else "(degree + 1, ...)"
        raise ShapeError(f"{name}: coefficients of shape {given.shape}; expected {wanted}")
    return given


def _numbers(name: str, what: str, values: Any, expressions: bool = False) -> np.ndarray:
    """Numbers as an array of float64, or of exact objects where they are given as such."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ShapeError(f"{name}: {what} have rows of different lengths") from None
    if array.dtype.kind in "biuf":
        return array.astype(np.float64) if array.dtype.kind == "f" else array.astype(object)
    exact = np.empty(array.shape, dtype=object)
    for place in np.ndindex(*array.shape):
        item = array[place]
        keep = expressions and isinstance(item, Expression)
        exact[place] = item if keep else _exact(name, what, item)
    return exact


def _exact(name: str, what: str, value: Any) -> Any:
    number = constants.parse(value) if isinstance(value, str) else constants.exact(value)
    if number is None:
        raise ArgumentTypeError(f"{name}: {what} have to be real numbers, got {value!r}")
    return number if isinstance(number, float) else Fraction(number)


# -- polynomials ----------------------------------------------------------------------------------


def _assembled(
    shape: tuple[int, ...],
    rule: Callable[[Expression, Sequence[Any]], Any],
    s: Expression,
    columns: Sequence[Sequence[Any]],
) -> Expression:
    """rule(s, coefficients) for every component, as an array of this shape."""
    values = [as_expression(rule(s, column)) for column in columns]
    if not shape:
        return values[0]
    elements = np.empty(len(values), dtype=object)
    elements[:] = values
    return from_elements(elements.reshape(shape))


def _horner(s: Expression, coefficients: Sequence[Any]) -> Any:
    value = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        value = value * s + c
    return value


def _clenshaw(s: Expression, coefficients: Sequence[Any]) -> Any:
    newer: Any = ZERO
    older: Any = ZERO
    for c in reversed(coefficients[1:]):
        newer, older = 2 * s * newer - older + c, newer
    return s * newer - older + coefficients[0]


# -- tables ---------------------------------------------------------------------------------------


class _Table:
    """A piecewise polynomial: its two functions, and how they make an expression of x.

    A row of the table: where the piece begins, for Chebyshev's series 2 / its length, and the
    coefficients of the components one after the other.
    """

    def __init__(
        self, edges: np.ndarray, given: np.ndarray, kind: str, outside: str, name: str
    ) -> None:
        self.shape = given.shape[2:]
        self.length = given.shape[1]
        self.rule = _horner if kind == "power" else _clenshaw
        columns = [edges[:-1, None]]
        if kind == "chebyshev":
            steps = [2 / (Fraction(b) - Fraction(a)) for a, b in pairwise(edges)]
            columns.append(np.array(steps, dtype=object)[:, None])
        self.heads = len(columns)
        components = given.reshape(*given.shape[:2], -1)
        columns.append(np.swapaxes(components, 1, 2).reshape(len(given), -1))
        rows = np.concatenate(columns, axis=1)
        ends = edges.astype(np.float64)
        inner = ends[1:-1]
        if outside != "extrapolate":
            near = _SLACK * np.spacing(np.abs(ends).max())
            inner = np.array([ends[0] - near, *inner, ends[-1] + near])
            rows = self._with_ends(rows, edges, outside == "nan")
        high = rows.astype(np.float64)
        low = None
        if rows.dtype == object:
            rest = [_rest(a, b) for a, b in zip(rows.flat, high.flat, strict=True)]
            low = np.array(rest).reshape(high.shape) if any(rest) else None
        self.place = place_name(inner, name if outside == "nan" else "")
        self.entry = entry_name(high, low)

    def _with_ends(self, rows: np.ndarray, edges: np.ndarray, undefined: bool) -> np.ndarray:
        """The table with a row more at either end: NaN, or the constants that are reached there."""
        length = Fraction(edges[-1]) - Fraction(edges[-2])
        places = (Fraction(0), length) if self.heads == 1 else (Fraction(-1), Fraction(1))
        ends = []
        for end, s in zip((rows[0], rows[-1]), places, strict=True):
            row = end.copy()
            row[self.heads :] = np.nan if undefined else 0
            if not undefined:
                components = [
                    list(map(Fraction, c)) for c in end[self.heads :].reshape(-1, self.length)
                ]
                values = [
                    as_expression(self.rule(as_expression(s), c)).evaluate() for c in components
                ]
                row[self.heads :: self.length] = values
            ends.append(row)
        return np.array([ends[0], *rows, ends[1]], dtype=rows.dtype)

    def __call__(self, x: Expression) -> Expression:
        place = make_function_node(self.place, x)

        def number(column: int) -> Expression:
            return make_function_node(self.entry, place, column)

        s = x - number(0)
        if self.heads == 2:
            s = s * number(1) - 1
        columns = [
            [number(self.heads + j * self.length + k) for k in range(self.length)]
            for j in range(int(np.prod(self.shape)))
        ]
        return _assembled(self.shape, self.rule, s, columns)


def _rest(value: Any, high: float) -> float:
    """What is left of an exact number."""
    return float(Fraction(value) - Fraction(high)) if np.isfinite(high) else 0.0
