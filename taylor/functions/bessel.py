"""Bessel functions of integer order, of the first and the second kind, and modified ones.

Two recurrences, because their errors differ.  The pair

    x Y_{n-1}' = (n - 1) Y_{n-1} - x Y_n,    x Y_n' = x Y_{n-1} - n Y_n

takes two rows, but lets errors grow like x_0**-k with the order k: so do the coefficients of Y,
which is singular at 0, but not those of J, which fall like 1/k!.  The coefficients of J come from
the chain J_m' = (J_{m-1} - J_{m+1})/2 of all orders n - k .. n + k, which never divides; those of
I from the same chain with a plus.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO
from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.functions.gamma_family import exact_order, numerical
from taylor.nodes.elementary import is_negative
from taylor.nodes.record import NOWHERE, Function
from taylor.recurrences.builder import SeriesBuilder, shared
from taylor.recurrences.rules import chain

__all__ = ["besselj", "bessely", "besseli", "besseli_scaled"]

_HALF = Fraction(1, 2)
_ABOUT = (
    "The order n is an exact integer of any sign, part of the function's name rather than an\n"
    "argument. {name}(n, x) is called as in mpmath and SymPy; scipy.special.{scipy} map onto it.\n"
    "In float64 errors are below an ulp, next to zeros as well; in double-double they are some\n"
    "1e-30 of the amplitude sqrt(J**2 + Y**2), and 1e-28 of the value next to a zero (up to\n"
    "x = 1e19). A value takes a time that grows with max(|n|, x) up to x = 40, with |n| alone\n"
    "beyond; J of an order above 1000 takes none where it is below all doubles.\n\n"
)


_ABOUT_MODIFIED = (
    "The order n is an exact integer of any sign, part of the function's name rather than an\n"
    "argument; scipy.special.{scipy} map onto {name}(n, x). In float64 errors are below an ulp,\n"
    "in double-double some units of 2**-106 and n of them. A value takes a time that grows with\n"
    "max(|n|, x) up to x = 40 + n**2, and is constant beyond.\n\n"
)


def _first_kind(b: SeriesBuilder, x: int, n: int, name: str = "besselj", sign: int = -1) -> int:
    """J_m' = (J_{m-1} - J_{m+1})/2 x' and J_{-m} = (-1)**m J_m, J_0' = -J_1 x'.

    I has plus signs, and exp(-|x|) I the term -|x|' exp(-|x|) I besides.
    Source: Abramowitz & Stegun (1964), 9.1.5, 9.1.27, 9.1.28 and 9.6.26.
    """
    derivative = b.derivative(x)
    decay = b.derivative(b.apply("abs", x)) if name == "besseli_scaled" else None
    members = chain(b, name, x)
    rows = members.rows
    for m in range(max(n - b.order, 0), n + b.order + 1):
        members.declare(b, name, (x,), m)
    inner = {abs(m) for m in range(n - b.order + 1, n + b.order)} - members.defined
    for m in sorted(inner):
        if m == 0:
            terms = b.convolution(sign, derivative, rows[1], first=1)
        else:
            slope = b.linear([(_HALF, rows[m - 1]), (sign * _HALF, rows[m + 1])])
            terms = b.convolution(1, derivative, slope, first=1)
        terms += b.convolution(-1, decay, rows[m], first=1)
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


def _modified_derivative(name: str, order: Expression, x: Expression) -> tuple[Any, ...]:
    n = exact_order(name, order)
    slope = call(name, 1, x) if n == 0 else (call(name, n - 1, x) + call(name, n + 1, x)) / 2
    if name == "besseli_scaled":
        slope = slope - call("sign", x) * call(name, n, x)
    return ZERO, slope


def _modified_canonical(name: str, order: Expression, x: Expression) -> Expression | None:
    n, sign = abs(exact_order(name, order)), 1
    if is_negative(x):
        x, sign = -x, -1 if n % 2 else 1
    elif order.op == "constant" and n == order.payload:
        return None
    return sign * call(name, n, x)


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


(besselj, bessely, besseli, besseli_scaled) = published(
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
        steepest=1,  # Abramowitz & Stegun (1964), 9.1.60 and 9.1.27
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
        smooth_from=NOWHERE,
        edges=lambda n, x: (x,),
    ),
    Function(
        name="besseli",
        arity=2,
        mpmath=lambda mp, n, x: mp.besseli(int(n), x),
        numpy=lambda n, x: _numpy("besseli", n, x),
        derivative=lambda n, x: _modified_derivative("besseli", n, x),
        recurrence=lambda b, x, n: _first_kind(b, x, n, "besseli", 1),
        numpy_names=("iv",),
        sympy=lambda sympy, n, x: sympy.besseli(n, x),
        sympy_names=("besseli",),
        domain="everywhere",
        reference="I_m' = (I_{m-1} + I_{m+1})/2; Abramowitz & Stegun (1964), 9.6.26",
        orders=1,
        canonical=lambda n, x: _modified_canonical("besseli", n, x),
        about=_ABOUT_MODIFIED.format(name="besseli", scipy="i0, i1 and iv"),
    ),
    Function(
        name="besseli_scaled",
        arity=2,
        mpmath=lambda mp, n, x: mp.besseli(int(n), x) * mp.exp(-abs(x)),
        numpy=lambda n, x: _numpy("besseli_scaled", n, x),
        derivative=lambda n, x: _modified_derivative("besseli_scaled", n, x),
        recurrence=lambda b, x, n: _first_kind(b, x, n, "besseli_scaled", 1),
        numpy_names=("ive",),
        sympy=lambda sympy, n, x: sympy.exp(-sympy.Abs(x)) * sympy.besseli(n, x),
        sympy_names=(),
        domain="everywhere; its slope jumps at 0",
        reference="that of besseli, and -|x|' u",
        orders=1,
        canonical=lambda n, x: _modified_canonical("besseli_scaled", n, x),
        about=_ABOUT_MODIFIED.format(name="besseli_scaled", scipy="i0e, i1e and ive")
        + "It is exp(-|x|) besseli(n, x). Its Taylor coefficients are small differences far from\n"
        "0: coefficient k errs by some eps 2**k/k! of the value.\n\n",
        smooth_from=NOWHERE,
    ),
)
