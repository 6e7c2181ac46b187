"""NumPy's functions that choose, round or look up, for expressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ShapeError, UnsupportedFunctionError
from taylor.expressions import ufunc_builders as ufuncs
from taylor.expressions.array_functions import reduced, reduction
from taylor.expressions.arrays.reductions import next_turns
from taylor.expressions.object_arrays import array_of, expression_array
from taylor.expressions.operators import Operators
from taylor.expressions.ufuncs import call
from taylor.nodes import logic
from taylor.nodes.conversion import as_expression
from taylor.nodes.elementary import make_function_node
from taylor.numbers.exact import PI


def _elementwise(name: str, build: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: call(name, build, args)


_choose = _elementwise("where", logic.where)
_is_nan = _elementwise("isnan", ufuncs.is_nan)


def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """x with NaN and infinities replaced, as `numpy.nan_to_num`."""
    largest = np.finfo(float).max
    high, low = largest if posinf is None else posinf, -largest if neginf is None else neginf
    values = array_of(x) if np.ndim(x) else x
    ends = _choose(np.equal(values, np.inf), high, _choose(np.equal(values, -np.inf), low, values))
    return _choose(_is_nan(values), nan, ends)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """The choice of the first condition that holds, as `numpy.select`."""
    if len(condlist) != len(choicelist):
        raise ShapeError(
            f"numpy.select: {len(condlist)} condition(s) for {len(choicelist)} choice(s)"
        )
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = _choose(condition, choice, result)
    return result


def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """Functions of x by conditions, as `numpy.piecewise`: the last one that holds decides."""
    conditions = [condlist] if isinstance(condlist, Operators) else list(condlist)
    first: Any = conditions[0] if conditions else None
    if np.ndim(x) and conditions and np.ndim(first) == 0:
        conditions = [condlist]
    if len(funclist) not in (len(conditions), len(conditions) + 1):
        raise ShapeError(
            f"numpy.piecewise: {len(funclist)} function(s) for {len(conditions)} condition(s); "
            "give as many, or one more for everything else"
        )
    values = [f(x, *args, **kw) if callable(f) else f for f in funclist]
    result = values.pop() if len(values) > len(conditions) else 0
    for condition, value in zip(conditions, values, strict=True):
        result = _choose(condition, value, result)
    return result


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """The straight lines through the points (xp, fp), as `numpy.interp`; fp may be expressions."""
    try:
        places = np.asarray(xp, dtype=float)
    except (TypeError, ValueError) as error:
        raise UnsupportedFunctionError(
            "numpy.interp: xp has to be numbers, because x is looked up among them"
        ) from error
    values = list(expression_array(fp)) if np.ndim(fp) else []
    if period is not None:
        raise UnsupportedFunctionError(
            "numpy.interp: period= is not available; write x % period and repeat the ends"
        )
    if places.ndim != 1 or len(places) != len(values) or not len(values):
        raise ShapeError(
            f"numpy.interp: xp of shape {places.shape} and fp of shape {np.shape(fp)} have to be "
            "vectors of one length"
        )
    if not (np.diff(places) > 0).all():
        raise ArgumentError("numpy.interp: xp has to increase")
    ends = [values[0] if left is None else left, values[-1] if right is None else right]
    return call("interp", partial(_interpolated, places.tolist(), values, ends), (x,))


def _interpolated(
    places: Sequence[float], values: Sequence[Any], ends: Sequence[Any], x: Operators
) -> Operators:
    """A tree of choices: as many comparisons as the number of lines has binary digits."""
    lines = []
    for i in range(len(places) - 1):
        width = as_expression(places[i + 1]) - places[i]
        lines.append(values[i] + (x - places[i]) * ((values[i + 1] - values[i]) / width))

    def between(first: int, last: int) -> Any:
        if last - first == 1:
            return lines[first]
        middle = (first + last) // 2
        return logic.where(x < places[middle], between(first, middle), between(middle, last))

    inside = between(0, len(lines)) if lines else values[0]
    known = logic.where(x > places[-1], ends[1], inside)
    return logic.where(x < places[0], ends[0], known)


def around(a: Any, decimals: int = 0) -> Any:
    """a rounded to so many decimals, halves to even, as `numpy.round`."""
    values = array_of(a) if np.ndim(a) else a
    if decimals == 0:
        return np.rint(values)
    scale = 10 ** abs(decimals)
    if decimals > 0:
        return np.rint(values * scale) / scale
    return np.rint(values / scale) * scale


def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x), and all of its derivatives at 0."""
    return call("sinc", partial(make_function_node, "sinc"), (x,))


def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * PI) -> Any:
    """p with jumps of more than half a period taken out, as `numpy.unwrap`."""
    if discont is not None:
        raise UnsupportedFunctionError("numpy.unwrap: discont= is not available")
    values = array_of(p)
    jumps = np.diff(values, axis=axis)
    turns = next_turns(jumps / period)
    steps = np.cumsum(turns, axis=axis) * period
    rows, moved = np.moveaxis(expression_array(values), axis, 0), np.moveaxis(steps, axis, 0)
    result = rows.copy()
    result[1:] = rows[1:] - moved
    return np.moveaxis(result, 0, axis)


def _with_nan_as(value: Any) -> Callable[[Any], Any]:
    """The elements, with a number in the place of NaN."""

    def handler(a: Any) -> Any:
        values = array_of(a)
        return _choose(_is_nan(values), value, values)

    return handler


def _nan_mean(a: Any, axis: Any = None, keepdims: bool = False, where: Any = True) -> Any:
    known = np.logical_and(1 - _is_nan(array_of(a)), where)
    total = reduction(np.add, _with_nan_as(0))(a, axis, keepdims, where=where)
    return total / reduced(np.add, known, axis, keepdims)


def _is_close(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """|a - b| <= atol + rtol |b|, as `numpy.isclose`."""
    a, b = (array_of(v) if np.ndim(v) else as_expression(v) for v in (a, b))
    near = np.logical_or(np.equal(a, b), np.absolute(a - b) <= atol + rtol * np.absolute(b))
    near = np.logical_and(near, np.not_equal(np.absolute(a - b), np.inf) | np.equal(a, b))
    return np.logical_or(near, np.logical_and(_is_nan(a), _is_nan(b))) if equal_nan else near


def _are_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """Whether shapes and all elements are equal, as `numpy.array_equal`."""
    if np.shape(a1) != np.shape(a2):
        return False
    a, b = array_of(a1), array_of(a2)
    same = np.equal(a, b)
    return np.all(
        np.logical_or(same, np.logical_and(_is_nan(a), _is_nan(b))) if equal_nan else same
    )


def _i0(x: Any) -> Any:
    raise UnsupportedFunctionError(
        "numpy.i0: taylor has no modified Bessel functions; taylor.register_function adds a "
        "function from its derivative or its Taylor coefficients"
    )


HANDLERS: dict[Any, Callable[..., Any]] = {
    np.nan_to_num: nan_to_num,
    np.select: select,
    np.piecewise: piecewise,
    np.interp: interp,
    np.round: around,
    np.around: around,
    np.fix: _elementwise("fix", ufuncs.trunc),
    np.sinc: sinc,
    np.unwrap: unwrap,
    np.i0: _i0,
    np.isclose: _is_close,
    np.allclose: lambda *args, **kw: np.all(_is_close(*args, **kw)),
    np.array_equal: _are_equal,
    np.isposinf: lambda x: np.equal(array_of(x) if np.ndim(x) else x, np.inf),
    np.isneginf: lambda x: np.equal(array_of(x) if np.ndim(x) else x, -np.inf),
    np.nansum: reduction(np.add, _with_nan_as(0)),
    np.nanprod: reduction(np.multiply, _with_nan_as(1)),
    np.nanmax: reduction(np.fmax),
    np.nanmin: reduction(np.fmin),
    np.nanmean: _nan_mean,
}
