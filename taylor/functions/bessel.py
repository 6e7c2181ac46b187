"""Bessel functions of integer order, of the first and the second kind.

Two recurrences, because their errors differ.  The pair

    x Y_{n-1}' = (n - 1) Y_{n-1} - x Y_n,    x Y_n' = x Y_{n-1} - n Y_n

takes two rows, but lets errors grow like x_0**-k with the order k: so do the coefficients of Y,
which is singular at 0, but not those of J, which fall like 1/k!.  The coefficients of J come from
the chain J_m' = (J_{m-1} - J_{m+1})/2 of all orders n - k .. n + k, which never divides.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from taylor.expression import ZERO, Expression
from taylor.expression import make_function_node as call
from taylor.functions.gamma_family import exact_order, numerical
from taylor.functions.record import Function
from taylor.functions.registry import register
from taylor.functions.rules import chain
from taylor.recurrence import SeriesBuilder, shared
from taylor.simplify import is_negative

_HALF = Fraction(1, 2)
_ABOUT = (
    "The order n is an exact integer of any sign, part of the function's name rather than an\n"
    "argument. {name}(n, x) is called as in mpmath and SymPy; scipy.special.{scipy} map onto it.\n"
    "In float64 errors are below an ulp, and a few at the doubles next to a zero; in\n"
    "double-double they are some 1e-30 of the amplitude sqrt(J**2 + Y**2), at zeros as\n"
    "well. A value takes a time that grows with max(|n|, x) up to x = 40, with |n| alone\n"
    "beyond; J of an order above 1000 takes none where it is below all doubles.\n\n"
)


def _first_kind(b: SeriesBuilder, x: int, n: int) -> int:
    """J_m' = (J_{m-1} - J_{m+1})/2 x' and J_{-m} = (-1)**m J_m, J_0' = -J_1 x'.

    Source: Abramowitz & Stegun (1964), 9.1.5, 9.1.27 and 9.1.28.
    """
    derivative = b.derivative(x)
    members = chain(b, "besselj", x)
    rows = members.rows
    for m in range(max(n - b.order, 0), n + b.order + 1):
        members.declare(b, "besselj", (x,), m)
    inner = {abs(m) for m in range(n - b.order + 1, n + b.order)} - members.defined
    for m in sorted(inner):
        if m == 0:
            terms = b.convolution(-1, derivative, rows[1], first=1)
        else:
            slope = b.linear([(_HALF, rows[m - 1]), (-_HALF, rows[m + 1])])
            terms = b.convolution(1, derivative, slope, first=1)
        b.define(rows[m], terms, times="1/n")
    members.defined.update(inner)
    return rows[n]


@shared
def _second_kind(b: SeriesBuilder, x: int, n: int) -> tuple[int, int]:
    """(Y_{n-1}, Y_n) for n >= 1, with q = x'/x:

    Y_{n-1}' = (n - 1) q Y_{n-1} - x' Y_n,    Y_n' = x' Y_{n-1} - n q Y_n.

    Source: Abramowitz & Stegun (1964), 9.1.27.
    """
    derivative = b.derivative(x)
    q = b.quotient(b.derivative_terms(x), x)
    below, above = (b.declare("bessely", x, constants=(m,)) for m in (n - 1, n))
    terms = b.convolution(-1, derivative, above, first=1)
    if n > 1:
        terms += b.convolution(n - 1, q, below, first=1)
    b.define(below, terms, times="1/n")
    terms = b.convolution(1, derivative, below, first=1) + b.convolution(-n, q, above, first=1)
    b.define(above, terms, times="1/n")
    return below, above


def _derivative(name: str, order: Expression, x: Expression) -> tuple[Any, ...]:
    n = exact_order(name, order)
    if n == 0:
        return ZERO, -call(name, 1, x)
    return ZERO, (call(name, n - 1, x) - call(name, n + 1, x)) / 2


def _canonical(name: str, order: Expression, x: Expression) -> Expression | None:
    """Natural orders, and for J an argument that is not the negative of another one."""
    n, sign = exact_order(name, order), 1
    if n < 0:
        n, sign = -n, -sign if n % 2 else sign
    if name == "besselj" and is_negative(x):
        x, sign = -x, -sign if n % 2 else sign
    elif order.op == "constant" and n == order.payload:
        return None
    return sign * call(name, n, x)


def _numpy(name: str, order: Any, x: Any) -> Any:
    return numerical(name, x, exact_order(name, order))


register(
    Function(
        name="besselj",
        arity=2,
        mpmath=lambda mp, n, x: mp.besselj(int(n), x),
        numpy=lambda n, x: _numpy("besselj", n, x),
        derivative=lambda n, x: _derivative("besselj", n, x),
        recurrence=_first_kind,
        numpy_names=("jv", "jn"),
        sympy=lambda sympy, n, x: sympy.besselj(n, x),
        sympy_names=("besselj",),
        domain="everywhere",
        reference="J_m' = (J_{m-1} - J_{m+1})/2; Abramowitz & Stegun (1964), 9.1.27",
        orders=1,
        canonical=lambda n, x: _canonical("besselj", n, x),
        about=_ABOUT.format(name="besselj", scipy="j0, j1, jn and jv"),
    ),
    Function(
        name="bessely",
        arity=2,
        mpmath=lambda mp, n, x: mp.bessely(int(n), x),
        numpy=lambda n, x: _numpy("bessely", n, x),
        derivative=lambda n, x: _derivative("bessely", n, x),
        recurrence=lambda b, x, n: _second_kind(b, x, max(n, 1))[1 if n else 0],
        numpy_names=("yv", "yn"),
        sympy=lambda sympy, n, x: sympy.bessely(n, x),
        sympy_names=("bessely",),
        domain="x > 0; infinite at 0",
        reference="x Y_n' = x Y_{n-1} - n Y_n; Abramowitz & Stegun (1964), 9.1.27",
        orders=1,
        canonical=lambda n, x: _canonical("bessely", n, x),
        about=_ABOUT.format(name="bessely", scipy="y0, y1, yn and yv"),
    ),
)
