"""The exponential integral, and Dawson's integral with its derivative.

>>> import taylor as ty
>>> round(float(ty.expi(1.0)), 12)
1.895117816356
"""

from __future__ import annotations

from functools import partial
from typing import Any

from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.functions.gamma_family import numerical
from taylor.nodes.record import NOWHERE, Function
from taylor.recurrences.builder import SeriesBuilder, shared

__all__ = ["expi", "dawsn", "dawsn_derivative"]


def _exponential_integral(b: SeriesBuilder, x: int) -> int:
    """x u' = exp(x) x'."""
    slope = b.quotient(b.term(1, b.apply("exp", x)), x)
    terms = b.convolution(1, b.derivative(x), slope, first=1)
    return b.define(b.declare("expi", x), terms, times="1/n")


@shared
def _dawson(b: SeriesBuilder, x: int) -> tuple[int, int]:
    """(u, v) with u' = v x' and v = 1 - 2 x u."""
    derivative = b.derivative(x)
    u, v = b.declare("dawsn", x), b.declare("dawsn_derivative", x)
    b.define(u, b.convolution(1, derivative, v, first=1), times="1/n")
    return u, b.define(v, b.convolution(-2, x, u))


def _mpmath_dawson(mp: Any, x: Any) -> Any:
    """By Kummer's transformation, a series of positive terms; far out the asymptotic one."""
    if mp.isinf(x):
        return 1 / x
    if x * x > mp.prec + 20:
        return _far(mp, x)[0]
    return x * mp.exp(-x * x) * mp.hyp1f1(mp.mpf(1) / 2, mp.mpf(3) / 2, x * x)


def _mpmath_slope(mp: Any, x: Any) -> Any:
    if mp.isinf(x):
        return mp.mpf(0)
    if x * x > mp.prec + 20:
        return _far(mp, x)[1]
    with mp.extraprec(40):
        return 1 - 2 * x * _mpmath_dawson(mp, x)


def _far(mp: Any, x: Any) -> tuple[Any, Any]:
    """((1 + w)/(2 x), -w) with w = sum_{k >= 1} (2 k - 1)!!/(2 x**2)**k."""
    square = 1 / (2 * x * x)
    term, total, k = mp.mpf(1), mp.mpf(0), 0
    while abs(term) > mp.ldexp(abs(total), -mp.prec - 10) or not k:
        k += 1
        term *= square * (2 * k - 1)
        total += term
    return (1 + total) / (2 * x), -total


_ABOUT_DAWSON = (
    "Values are right to an ulp everywhere; Taylor coefficients follow from those of lower order,\n"
    "and coefficient k errs by some eps |2 x|**k/k!, which beyond |x| = 3 is more than itself.\n\n"
)

(expi, dawsn, dawsn_derivative) = published(
    Function(
        name="expi",
        arity=1,
        mpmath=lambda mp, x: mp.re(mp.ei(x)),
        numpy=partial(numerical, "expi"),
        derivative=lambda x: (call("exp", x) / x,),
        recurrence=_exponential_integral,
        numpy_names=("expi",),
        sympy=lambda sympy, x: sympy.Ei(x),
        sympy_names=("Ei",),
        domain="everywhere but 0, where it is infinite",
        reference="x u' = exp(x) x'; Abramowitz & Stegun (1964), 5.1.2",
        about="The exponential integral Ei(x), for x > 0 the principal value; E_1(x) is\n"
        "-expi(-x). In float64 errors are below an ulp, in double-double some units of 2**-106,\n"
        "next to the zero at 0.3725 not of the value but of 1. Taylor coefficient k errs by some\n"
        "eps exp(x) |x|**-(k + 1).\n\n",
        smooth_from=NOWHERE,
    ),
    Function(
        name="dawsn",
        arity=1,
        mpmath=_mpmath_dawson,
        numpy=partial(numerical, "dawsn"),
        derivative=lambda x: (call("dawsn_derivative", x),),
        recurrence=lambda b, x: _dawson(b, x)[0],
        numpy_names=("dawsn",),
        sympy=lambda sympy, x: sympy.sqrt(sympy.pi) / 2 * sympy.exp(-(x**2)) * sympy.erfi(x),
        sympy_names=(),
        domain="everywhere",
        reference="u' = (1 - 2 x u) x'; Abramowitz & Stegun (1964), 7.1.17",
        parity=-1,
        about="Dawson's integral exp(-x**2) times that of exp(t**2) from 0 to x.\n" + _ABOUT_DAWSON,
    ),
    Function(
        name="dawsn_derivative",
        arity=1,
        mpmath=_mpmath_slope,
        numpy=partial(numerical, "dawsn_derivative"),
        derivative=lambda x: (-2 * (call("dawsn", x) + x * call("dawsn_derivative", x)),),
        recurrence=lambda b, x: _dawson(b, x)[1],
        numpy_names=(),
        sympy=lambda sympy, x: 1 - sympy.sqrt(sympy.pi) * x * sympy.exp(-(x**2)) * sympy.erfi(x),
        sympy_names=(),
        domain="everywhere",
        reference="1 - 2 x dawsn(x), the derivative of dawsn",
        parity=1,
        about=_ABOUT_DAWSON,
    ),
)
