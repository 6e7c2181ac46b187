"""All partial derivatives of functions of several variables, to any order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.arguments import captured, has_expressions, traced
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.expressions.object_arrays import expression_array
from taylor.expressions.types import UserFunction, ValueLike
from taylor.numbers.checks import natural
from taylor.numbers.precision import FLOAT64, as_precision
from taylor.points.jets import call_on, check_numbers, variables
from taylor.points.partials import Derivatives, as_coordinates, evaluated
from taylor.polynomials.expansion import CONSTANT, Expansion, expansion_monomials
from taylor.transforms.nested import check_known, partial_coefficients
from taylor_runtime.program.monomials import Monomials


def derivatives(
    fun: UserFunction,
    point: ValueLike,
    order: int = 2,
    *,
    wrt: Sequence[int | str] | None = None,
    limits: Sequence[int] | Mapping[int | str, int] | None = None,
    threads: int = 1,
    precision: str = "float64",
    out: Derivatives | None = None,
    error: bool = False,
) -> Derivatives:
    """All partial derivatives of a function up to an order, at one point or at many.

    Truncated polynomial arithmetic compiled to machine code: no formula is differentiated, and what
    a subexpression does not depend on costs nothing.

    fun:   a Python function written with NumPy or taylor functions and operators, of n arguments or
           of one array of n, that returns a scalar, a list or tuple, or an array.
    point: its n coordinates, each a number or an array of them (which broadcast), as a sequence or
           as an array whose first axis has length n; a number for a function of one variable.
    order: highest total order of the derivatives.
    wrt:   the variables to differentiate by, as positions or names of arguments; all unless given.
           The others are constants.
    limits: the highest order in each of these variables, or of some of them by position or name.
    threads: how many share the points of a long array; results are the same, bit for bit.
    precision: "float64", "float32" or "double-double", as in `taylor.jet`.
    out:   what an equal call with as many points has returned: its memory is used again.
    error: estimate the absolute rounding error of each derivative, too, as `taylor.jet` does: see
           `Derivatives.error`.

    Returns `Derivatives`, whose method `at` gives those at other points without delay. Derivatives
    at singular points are as in `taylor.jet`.

    Raises TypeError or ValueError for an order that is not a natural number, coordinates that do
    not fit, unknown variables, and functions that cannot be traced.

    >>> import taylor as ty
    >>> d = ty.derivatives(lambda x, y: x**2 * y**3, (2.0, 1.0), order=3)
    >>> float(d[1, 2]), d.gradient.tolist(), d.hessian.tolist()
    (24.0, [4.0, 12.0], [[2.0, 12.0], [12.0, 24.0]])
    >>> d = ty.derivatives(lambda x, y: (x + y) ** 3 - x**3, (1e5, 1e-5), order=2, error=True)
    >>> bool(abs(d.value - 300000.000003) < d.error.value), d.error[0, 2].item() < 1e-9
    (True, True)
    """
    order = natural(order, "order")
    if not callable(fun):
        raise ArgumentTypeError(f"fun must be a function, got {fun!r}")
    kind = as_precision(precision)
    nested = has_expressions(point)
    given = np.empty((1, _count(point))) if nested else as_coordinates(point, kind)
    count = given.shape[1]
    names = _names(fun, count)
    chosen = _chosen(wrt, names)
    limit = _limits(limits, chosen, names, order)
    arguments = variables(count)
    outputs = _traced(fun, arguments)
    among = expansion_monomials(len(chosen), order, limit)
    flat = outputs.ravel().tolist()
    if nested:
        captured(flat, arguments)
    if nested or check_known(flat, arguments):
        check_numbers(error)
        return _nested(outputs, arguments, chosen, among, point, names)
    expansion = Expansion(
        tuple(flat),
        arguments,
        tuple(chosen.index(i) if i in chosen else CONSTANT for i in range(count)),
        among,
        kind.name,
    )
    chosen_names = tuple(names[i] for i in chosen)
    return evaluated(expansion, given, outputs.shape, chosen_names, threads, out, error)


def _names(fun: Callable[..., Any], count: int) -> list[str]:
    """Names of the arguments, "" where they have none of their own."""
    try:
        names = [p.name for p in inspect.signature(fun).parameters.values()]
    except (TypeError, ValueError):
        names = []
    return names[:count] if len(names) >= count else [""] * count


def _position(variable: Any, names: Sequence[str], what: str) -> int:
    """Position of an argument given as position or name."""
    if isinstance(variable, str):
        if variable not in names:
            known = ", ".join(filter(None, names)) or "no names: use positions"
            raise ArgumentError(f"{what}: {variable!r} is none of the arguments ({known})")
        return names.index(variable)
    if not isinstance(variable, int | np.integer) or isinstance(variable, bool):
        raise ArgumentTypeError(f"{what}: {variable!r} is neither a position nor a name")
    if not 0 <= variable < len(names):
        raise ArgumentError(f"{what}: position {variable} of {len(names)} argument(s)")
    return int(variable)


def _chosen(wrt: Sequence[int | str] | None, names: Sequence[str]) -> tuple[int, ...]:
    """Positions of the variables to differentiate by."""
    if wrt is None:
        return tuple(range(len(names)))
    if not isinstance(wrt, Iterable) or isinstance(wrt, str):
        wrt = [wrt]
    chosen = tuple(_position(variable, names, "wrt") for variable in wrt)
    if not chosen or len(set(chosen)) < len(chosen):
        raise ArgumentError(f"wrt={wrt!r} must list at least one variable, and each only once")
    return chosen


def _limits(
    limits: Sequence[int] | Mapping[int | str, int] | None,
    chosen: tuple[int, ...],
    names: Sequence[str],
    order: int,
) -> tuple[int, ...]:
    """Highest order in each of the chosen variables; () where the total order is all."""
    if limits is None:
        return ()
    listed = [order] * len(chosen)
    if isinstance(limits, Mapping):
        for variable, most in limits.items():
            position = _position(variable, names, "limits")
            if position not in chosen:
                raise ArgumentError(f"limits: {variable!r} is not among the variables of wrt")
            listed[chosen.index(position)] = natural(most, "limits")
    elif not isinstance(limits, Iterable):
        raise ArgumentTypeError(f"limits={limits!r}: give one for each variable, or a mapping")
    else:
        if len(limits) != len(chosen):
            raise ArgumentError(f"limits={limits!r}: one for each of {len(chosen)} variable(s)")
        listed = [natural(most, "limits") for most in limits]
    return () if min(listed) >= order else tuple(min(most, order) for most in listed)


def _traced(fun: Callable[..., Any], arguments: Sequence[Expression]) -> np.ndarray:
    """What a function returns, as an object array of scalar expressions."""
    with traced(arguments):
        value = call_on(fun, arguments)
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, list | np.ndarray) or (isinstance(value, Expression) and value.shape):
        outputs = expression_array(value).view(np.ndarray)
    else:
        outputs = np.array(as_expression(value), dtype=object)
    if not outputs.size:
        raise ArgumentError("fun returned nothing to differentiate: an empty array")
    if any(e.shape for e in outputs.flat):
        raise ShapeError("fun returned a list of unlike shapes; make it scalars or equal arrays")
    return np.asarray(outputs)


def _nested(
    outputs: np.ndarray,
    arguments: Sequence[Expression],
    chosen: Sequence[int],
    among: Monomials,
    point: Any,
    names: Sequence[str],
) -> Derivatives:
    """Derivatives as expressions: of a function, or at a point, that is not known yet."""
    coordinates = [point] if isinstance(point, Expression) and not point.shape else list(point)
    flat = outputs.ravel().tolist()
    found = partial_coefficients(flat, arguments, chosen, among.exponents.tolist(), coordinates)
    planes = found.reshape(1, *found.shape[:2], -1)
    chosen_names = tuple(names[i] for i in chosen)
    return Derivatives(planes, among, FLOAT64, None, outputs.shape, found.shape[2:], chosen_names)


def _count(point: Any) -> int:
    """How many coordinates a point with expressions has."""
    return 1 if isinstance(point, Expression) and not point.shape else len(point)
