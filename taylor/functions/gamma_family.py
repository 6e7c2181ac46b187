"""The gamma function, its logarithm, and the derivatives of that."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO
from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.nodes.record import NOWHERE, Function
from taylor.nodes.sums import exact_value
from taylor.recurrences.builder import SeriesBuilder
from taylor.recurrences.rules import chain
from taylor_runtime.callables.kernels import kernel_values

__all__ = ["gamma", "lgamma", "digamma", "polygamma"]

_SOURCE = "Abramowitz & Stegun (1964), 6.3.1 and 6.4.1"


def exact_order(name: str, order: Any) -> int:
    """The order of a function of a family, an exact integer.

    Raises ArgumentError if it is none.
    """
    value = exact_value(order) if isinstance(order, Expression) else order
    try:
        number = int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = None  # type: ignore[assignment]
    if number is None or number != value:
        raise ArgumentError(
            f"{name}: the order has to be an exact integer, not {order}; it chooses the function "
            "and cannot vary"
        )
    return number


def numerical(name: str, x: Any, *orders: Any) -> Any:
    """Values of a function by its kernel, elementwise in float64, orders last.

    Raises ArgumentTypeError for complex numbers.
    """
    try:
        return kernel_values(name, x, *orders)
    except TypeError as error:
        raise ArgumentTypeError(f"{name}: {error}") from error


# -- recurrences --------------------------------------------------------------------------------


def _scaled_coefficient(b: SeriesBuilder, x: int, first: int) -> tuple[int, int, int]:
    """Return (c_k, y, s) for k = `first`: c_k = digamma^(k)(x) / (k! s**k), y = s x, so that

    c_k' = (k + 1) c_{k+1} y',

    with s a power of two near 1/|x|: x**-k over- and underflows before c_k does.
    """
    s = b.kernel("scale", x, x)
    y = b.product(s, x)
    derivative, last = b.derivative(y), first + b.order - 1
    members = chain(b, "polygamma_coefficient", x)
    for k in range(last, first - 1, -1):
        members.declare(b, "polygamma_coefficient", (x, s), k)
        if k < last and k not in members.defined:
            terms = b.convolution(k + 1, derivative, members.rows[k + 1], first=1)
            b.define(members.rows[k], terms, times="1/n")
            members.defined.add(k)
    return members.rows[first], y, s


def _digamma(b: SeriesBuilder, x: int) -> int:
    """u' = c_1 y'."""
    row, y, _ = _scaled_coefficient(b, x, 1)
    terms = b.convolution(1, b.derivative(y), row, first=1)
    return b.define(b.declare("digamma", x), terms, times="1/n")


def _polygamma(b: SeriesBuilder, x: int, order: int) -> int:
    """u' = (k + 1)! s**k c_{k+1} y'."""
    row, y, s = _scaled_coefficient(b, x, order + 1)
    slope = b.row(b.convolution(math.factorial(order + 1), b.derivative(y), row, first=1))
    terms = b.term(1, slope, head=b.kernel("pow", s, constants=(order,)))
    return b.define(b.declare("polygamma", x, constants=(order,)), terms, times="1/n")


def _lgamma(b: SeriesBuilder, x: int) -> int:
    """u' = psi x'."""
    terms = b.convolution(1, b.derivative(x), b.apply("digamma", x), first=1)
    return b.define(b.declare("lgamma", x), terms, times="1/n")


def _gamma(b: SeriesBuilder, x: int) -> int:
    """u' = u psi x'."""
    slope = b.row(b.convolution(1, b.derivative(x), b.apply("digamma", x), first=1))
    u = b.declare("gamma", x)
    return b.define(u, b.convolution(1, slope, u, first=1), times="1/n")


# -- records ------------------------------------------------------------------------------------


def _canonical_polygamma(order: Expression, x: Expression) -> Expression | None:
    k = exact_order("polygamma", order)
    if k < 0:
        raise ArgumentError(f"polygamma: the order {k} is negative; the least one is 0, digamma")
    return call("digamma", x) if k == 0 else None


def _derivative_of_polygamma(order: Expression, x: Expression) -> tuple[Any, ...]:
    return ZERO, call("polygamma", exact_order("polygamma", order) + 1, x)


def _numpy_polygamma(order: Any, x: Any) -> Any:
    _canonical_polygamma(order, ZERO)
    return numerical("polygamma" if order != 0 else "digamma", x, *([order] if order != 0 else []))


def _log_of_size(mp: Any, x: Any) -> Any:
    """log|gamma(x)|, which is infinite at the poles."""
    return mp.inf if mp.isinf(x) or (x <= 0 and mp.isint(x)) else mp.re(mp.loggamma(x))


(gamma, lgamma, digamma, polygamma) = published(
    Function(
        name="gamma",
        arity=1,
        mpmath=lambda mp, x: mp.gamma(x),
        numpy=partial(numerical, "gamma"),
        derivative=lambda x: (call("gamma", x) * call("digamma", x),),
        recurrence=_gamma,
        numpy_names=("gamma",),
        sympy=lambda sympy, x: sympy.gamma(x),
        sympy_names=("gamma",),
        domain="everywhere but 0, -1, -2, ..; NaN at the negative ones, infinite at 0",
        reference="u' = u digamma(x) x'; " + _SOURCE,
        smooth_from=NOWHERE,
        edges=lambda x: (call("sin", math.pi * x),),
    ),
    Function(
        name="lgamma",
        arity=1,
        mpmath=_log_of_size,
        numpy=partial(numerical, "lgamma"),
        derivative=lambda x: (call("digamma", x),),
        recurrence=_lgamma,
        numpy_names=("gammaln",),
        sympy=lambda sympy, x: sympy.loggamma(x),
        sympy_names=("loggamma",),
        domain="everywhere but 0, -1, -2, ..; infinite there",
        reference="u' = digamma(x) x'; " + _SOURCE,
        about="The logarithm of |gamma(x)|; SymPy's loggamma is complex for x < 0, this one its\n"
        "real part. In double-double errors left of zero are 2e-31 of max(1, log gamma(1 - x)),\n"
        "and next to its zeros there 1e-28 of the value.\n\n",
        smooth_from=NOWHERE,
        edges=lambda x: (call("sin", math.pi * x),),
    ),
    Function(
        name="digamma",
        arity=1,
        mpmath=lambda mp, x: mp.digamma(x),
        numpy=partial(numerical, "digamma"),
        derivative=lambda x: (call("polygamma", 1, x),),
        recurrence=_digamma,
        numpy_names=("psi", "digamma"),
        sympy=lambda sympy, x: sympy.digamma(x),
        sympy_names=("digamma",),
        domain="everywhere but 0, -1, -2, ..; NaN at the negative ones, infinite at 0",
        reference="a chain of polygammas; " + _SOURCE,
        about="In float64 errors are below an ulp, next to zeros as well; in double-double left\n"
        "of 0 they are 3e-31 of max(1/|x - n|, log(1 - x)), n being the nearest integer, and next\n"
        "to a zero 1e-28 of the value.\n\n",
        smooth_from=NOWHERE,
        edges=lambda x: (call("sin", math.pi * x),),
    ),
    Function(
        name="polygamma",
        arity=2,
        mpmath=lambda mp, k, x: mp.psi(int(k), x),
        numpy=_numpy_polygamma,
        derivative=_derivative_of_polygamma,
        recurrence=_polygamma,
        numpy_names=(),
        sympy=lambda sympy, k, x: sympy.polygamma(k, x),
        sympy_names=("polygamma",),
        domain="everywhere but 0, -1, -2, ..; there infinite, or NaN where the sides differ",
        reference="a chain of polygammas; " + _SOURCE,
        orders=1,
        canonical=_canonical_polygamma,
        about="polygamma(k, x) is the k-th derivative of digamma, k an exact natural number; name\n"
        "and order of the arguments are those of SciPy and SymPy. Next to a zero, which even\n"
        "orders have left of 0, errors in double-double are 1e-28 of the value.\n\n",
        smooth_from=NOWHERE,
        edges=lambda n, x: (call("sin", math.pi * x),),
    ),
)
