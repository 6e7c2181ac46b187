"""NumPy's statistics and polynomials of array expressions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ShapeError, UnsupportedFunctionError, user_location
from taylor.expressions.arrays.joins import concatenate
from taylor.expressions.arrays.products import convolve
from taylor.nodes import arrays, conversion
from taylor.nodes.conversion import as_expression
from taylor.nodes.elementary import make_function_node
from taylor.nodes.logic import not_equal, where
from taylor.nodes.operations.arrays.reductions import arg_extreme, over_axes
from taylor.nodes.products import divide, multiply, power_exact
from taylor.nodes.sums import add, scale, subtract
from taylor.numbers.exact import normalised

# --- statistics ----------------------------------------------------------


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Any:
    """The covariances of rows, as `numpy.cov` without weights."""
    if fweights is not None or aweights is not None:
        raise UnsupportedFunctionError("numpy.cov: weights are not available for expressions")
    e = _as_rows(m, rowvar)
    if y is not None:
        e = concatenate([e, _as_rows(y, rowvar)])
    count = e.shape[1]
    if not count:
        raise ShapeError(f"numpy.cov: no columns in shape {e.shape} (at {user_location()})")
    less = (0 if bias else 1) if ddof is None else ddof
    centred = subtract(
        e, scale(normalised(Fraction(1, count)), arrays.sum_axes(e, 1, keepdims=True))
    )
    found = divide(arrays.matmul(centred, arrays.transpose(centred)), as_expression(count - less))
    return arrays.reshape(found, np.empty(found.shape, np.bool_).squeeze().shape)


def _as_rows(m: Any, rowvar: bool) -> Any:
    e = as_expression(m)
    if e.ndim > 2:
        raise ShapeError(f"numpy.cov: shape {e.shape} has more than two axes")
    if e.ndim < 2:
        return arrays.reshape(e, (1, -1))
    return e if rowvar else arrays.transpose(e)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, bias: Any = None, ddof: Any = None) -> Any:
    """The correlation coefficients of rows, as `numpy.corrcoef`, which ignores `bias`, `ddof`."""
    found = cov(x, y, rowvar)
    if not found.shape:
        return divide(found, found)
    size = len(found)
    deviations = make_function_node("sqrt", found.reshape(-1)[:: size + 1])
    ratio = divide(divide(found, deviations[:, None]), deviations[None, :])
    return make_function_node("minimum", make_function_node("maximum", ratio, -1), 1)


def nan_variance(
    a: Any,
    axis: Any = None,
    ddof: Any = 0,
    keepdims: bool = False,
    **options: Any,
) -> Any:
    """The variance of the numbers that are none but NaN; NaN where there are too few."""
    if options.keys() - {"correction"}:
        raise UnsupportedFunctionError(
            f"numpy.nanvar: {', '.join(options)}= is not available for expressions"
        )
    e = as_expression(a)
    known = subtract(as_expression(1), not_equal(e, e))
    count = arrays.sum_axes(known, axis, keepdims=True)
    filled = where(known, e, 0)
    mean = divide(arrays.sum_axes(filled, axis, keepdims=True), count)
    squares = where(known, power_exact(subtract(e, mean), 2), 0)
    freedom = subtract(
        arrays.sum_axes(known, axis, keepdims), as_expression(options.get("correction", ddof))
    )
    total = arrays.sum_axes(squares, axis, keepdims)
    return where(as_expression(freedom > 0), divide(total, freedom), np.nan)


def nan_place(name: str) -> Callable[..., Any]:
    """`numpy.nanargmax` and `numpy.nanargmin`; 0 where all are NaN, which NumPy refuses."""
    worst = -np.inf if name == "argmax" else np.inf

    def rule(a: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
        e = as_expression(a)
        return arg_extreme(name, where(not_equal(e, e), worst, e), axis, keepdims)

    return rule


def array_equiv(a1: Any, a2: Any) -> Any:
    """Whether two arrays are equal once they are broadcast."""
    first, second = as_expression(a1), as_expression(a2)
    try:
        np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        return False
    same = as_expression(first == second)
    return over_axes("min" if same.size else "prod", same)


def geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    axis: int = 0,
) -> Any:
    """Numbers of equal ratios between two ends of one sign."""
    first, last = as_expression(start), as_expression(stop)
    ratio: Any = divide(last, first)
    exponents = np.linspace(0.0, 1.0, int(num), endpoint)
    places = as_expression(exponents.reshape(-1, *[1] * ratio.ndim))
    found = multiply(first, ratio**places)
    if endpoint and num > 1:
        shape = (1, *found.shape[1:])
        found = concatenate([found[:-1], arrays.broadcast_to(last, shape)])
    (position,) = arrays.normalised_axes("geomspace", axis, found.ndim)
    order = list(range(1, found.ndim))
    order.insert(position, 0)
    return arrays.transpose(found, order)


# --- polynomials ----------------------------------------------------------


def polyval(p: Any, x: Any) -> Any:
    """The polynomial with these coefficients, the highest first, by Horner's rule."""
    coefficients, e = as_expression(p), as_expression(x)
    total = as_expression(np.zeros(e.shape))
    for k in range(len(coefficients)):
        total = add(multiply(total, e), coefficients[k])
    return total


def _aligned(join: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Sums of polynomials, whose last coefficients belong together."""

    def rule(a1: Any, a2: Any) -> Any:
        given = [as_expression(a) for a in (a1, a2)]
        parts = [e if e.shape else arrays.reshape(e, 1) for e in given]
        if len(parts[0]) == len(parts[1]):
            return join(*parts)
        size = max(map(len, parts))
        zeros = [as_expression(np.zeros(size - len(part))) for part in parts]
        return join(*(concatenate(pair) for pair in zip(zeros, parts, strict=True)))

    return rule


def polymul(a1: Any, a2: Any) -> Any:
    """The product of polynomials; the highest coefficients are left out where they are zeros."""
    return convolve(*(_without_zeros(as_expression(a)) for a in (a1, a2)))


def _without_zeros(e: Any) -> Any:
    if e.op != "constant" or e.ndim != 1:
        return e
    found = np.flatnonzero(arrays.numbers_of(e))
    return e[found[0] :] if len(found) else e[-1:]


def polyder(p: Any, m: int = 1) -> Any:
    """Coefficients of the derivative, m times."""
    e = as_expression(p)
    if m < 0:
        raise ArgumentError(f"numpy.polyder: m={m} is negative")
    for _ in range(m):
        e = multiply(e[:-1], as_expression(np.arange(len(e) - 1, 0, -1)))
    return e


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """Coefficients of the integral, m times, with constants k."""
    e = as_expression(p)
    if m < 0:
        raise ArgumentError(f"numpy.polyint: m={m} is negative")
    given = arrays.broadcast_to(as_expression(0 if k is None else k), (m,)) if m else None
    for i in range(m):
        assert given is not None
        e = concatenate([divide(e, as_expression(np.arange(len(e), 0, -1))), given[i : i + 1]])
    return e


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Powers of a vector's elements as columns."""
    e = as_expression(x)
    if e.ndim != 1:
        raise ShapeError(f"numpy.vander: shape {e.shape} at {user_location()} is no vector's")
    exponents = range(len(e) if N is None else N)
    powers = [power_exact(e, k) for k in (exponents if increasing else exponents[::-1])]
    return conversion.stack(powers, 1)


RULES: dict[Any, Callable[..., Any]] = {
    np.cov: cov,
    np.corrcoef: corrcoef,
    np.nanvar: nan_variance,
    np.nanstd: lambda *args, **options: make_function_node("sqrt", nan_variance(*args, **options)),
    np.nanargmax: nan_place("argmax"),
    np.nanargmin: nan_place("argmin"),
    np.array_equiv: array_equiv,
    np.geomspace: geomspace,
    np.real_if_close: lambda a, tol=100: as_expression(a),
    np.polyval: polyval,
    np.polyadd: _aligned(add),
    np.polysub: _aligned(subtract),
    np.polymul: polymul,
    np.polyder: polyder,
    np.polyint: polyint,
    np.vander: vander,
}
