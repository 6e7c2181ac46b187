"""Taylor coefficients of functions of one variable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

import taylor_runtime as rt
from taylor.callbacks import check_has_digits, externals
from taylor.decompose import decompose
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expression import Expression, as_expression, variable
from taylor.function import checked_threads
from taylor.precision import as_array, as_precision
from taylor.traverse import inputs as leaves
from taylor_runtime.program import Input

MOST_ORDER = 1000
_ARGUMENT = "x"


def jet(
    fun: Callable[[Any], Any],
    point: Any,
    order: int = 20,
    *,
    threads: int = 1,
    precision: str = "float64",
) -> Any:
    """Normalised Taylor coefficients f^(n)(x)/n!, n = 0 .. order, of a function of one variable at
    `point`.

    fun:   a Python function of one argument, written with NumPy or taylor functions and operators.
    point: a number or an array of points.
    threads: how many share the points of a long array; results are the same, bit for bit.
    precision: "float64", "float32", or "double-double" with about 31 digits: arrays have a trailing
           axis of length 2 then (high, low), and points may be numbers of any kind that
           `taylor.from_mpmath` takes.

    Returns an array of shape (order + 1, *point.shape); a tuple of them if `fun` returns a tuple or
    list. Coefficients at singular points are not finite.

    Raises TypeError or ValueError for an order that is not a natural number, and for functions that
    cannot be traced.

    >>> import numpy as np, taylor as ty
    >>> ty.jet(np.exp, 0.0, order=3) * [1, 1, 2, 6]
    array([1., 1., 1., 1.])
    """
    if not isinstance(order, int | np.integer) or isinstance(order, bool):
        raise ArgumentTypeError(f"order must be an integer, got {order!r}")
    if not 0 <= order <= MOST_ORDER:
        raise ArgumentError(f"order must be between 0 and {MOST_ORDER}, got {order}")
    x = variable(_ARGUMENT)
    outputs, single = _trace(fun, x)
    kind = as_precision(precision)
    points = as_array(point, kind, "point")
    code = _compiled(outputs, x, int(order), kind.name)
    planes = kind.to_planes(points)
    flat = planes.reshape(kind.parts, -1)
    results = _run(code, flat, len(outputs), int(order), checked_threads(threads))
    shape = (kind.parts, int(order) + 1, *planes.shape[1:])
    shaped = tuple(kind.from_planes(part.reshape(shape)) for part in results)
    return shaped[0] if single else shaped


def _trace(fun: Callable[[Any], Any], x: Expression) -> tuple[tuple[Expression, ...], bool]:
    if not callable(fun):
        raise ArgumentTypeError(f"fun must be a function of one argument, got {fun!r}")
    value = fun(x)
    single = not isinstance(value, list | tuple)
    outputs = tuple(as_expression(e) for e in ([value] if single else value))
    for e in outputs:
        if e.shape != ():
            raise ArgumentError(f"fun must return scalars, got an array of shape {e.shape}")
    for leaf in leaves(outputs):
        if leaf is not x:
            raise ArgumentError(
                f"fun depends on {leaf}, which has no value; substitute a number for it"
            )
    return outputs, single


@lru_cache(maxsize=128)
@rt.uncollected()
def _compiled(outputs: tuple[Expression, ...], x: Expression, order: int, precision: str) -> rt.Jet:
    program = decompose(outputs, {x: Input("jet", (0,))}, order)
    program = replace(program, exact_division=True)
    if as_precision(precision).parts > 1:
        check_has_digits(program)
    return rt.build_jet(program, given=2, externals=externals(program), precision=precision)


def _run(
    code: rt.Jet, points: np.ndarray, outputs: int, order: int, threads: int
) -> Sequence[np.ndarray]:
    """Coefficients (parts, order + 1, points) of every output, at points (parts, points)."""
    parts, count = points.shape
    padded = -(-max(count, 1) // code.block) * code.block
    inputs = np.zeros((parts, 2, padded), points.dtype)
    inputs[:, 0, :count] = points
    inputs[:, 0, count:] = points[:, -1:] if count else 0.0
    inputs[0, 1] = 1.0
    results = np.empty((parts, outputs, order + 1, padded), points.dtype)

    def work(first: int, last: int) -> None:
        code.run(inputs, results, padded, first, last)

    rt.in_shares(work, padded // code.block, rt.shares(count * (order + 1), threads))
    return [results[:, k, :, :count] for k in range(outputs)]
