"""Regularised incomplete gamma functions of a constant first argument, and their density.

>>> import taylor as ty
>>> round(float(ty.gammaincc(3, 2.0)), 12)  # 5 exp(-2)
0.676676416183
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial
from typing import Any

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO
from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.functions.gamma_family import numerical
from taylor.nodes.record import NOWHERE, Function
from taylor.recurrences.builder import SeriesBuilder, shared
from taylor.recurrences.rules import quotient_of_slopes

__all__ = ["gammainc", "gammaincc", "gammainc_derivative"]

_LARGEST_PRODUCT = 24  # natural a up to which powers are products
_SOURCE = "u' = g x', x g' = (a - 1 - x) x' g; Abramowitz & Stegun (1964), 6.5.25"
_DOMAIN = "0 <= a <= 1e10 and x >= 0; x = 0 counts as singular but for natural numbers a"
_ABOUT = (
    "The first argument a may be a number or a parameter, but cannot vary: derivatives by it are\n"
    "an error. In float64 errors are below an ulp, in double-double 2**-106 (20 + a + x). A value\n"
    "takes a time that grows like sqrt(a). Taylor coefficient k errs by some eps x**-k; for a\n"
    "natural number a up to 24, for which the function is smooth at 0, by its own eps.\n\n"
)


def _product(b: SeriesBuilder, n: int, a: int, x: int) -> int:
    """h (x h)**(n - 1)/(n - 1)! with h = exp(-x/n), which stays in range."""
    h = b.apply("exp", b.linear([(-Fraction(1, n), x)]))
    power, square, rest = h, b.product(x, h), n - 1
    while rest:
        power = b.product(power, square) if rest % 2 else power
        square, rest = b.product(square, square) if rest > 1 else square, rest // 2
    g = b.declare("gammainc_derivative", a, x)
    return b.define(g, b.term(Fraction(1, math.factorial(n - 1)), power))


@shared
def _density(b: SeriesBuilder, a: int, x: int) -> int:
    """g with g' = ((a - 1) x'/x - x') g; for small natural numbers a a product without quotient,
    whose errors would be those of a singular function.
    """
    number = b.number_of(a)
    if number is not None and number in range(1, _LARGEST_PRODUCT + 1):
        return _product(b, int(number), a, x)
    quotient = quotient_of_slopes(b, b.derivative_terms(x), x)
    less = b.linear([(1, a)], offset=-1)
    derivative = b.derivative(x)
    assert derivative is not None
    slope = b.row(b.convolution(1, less, quotient) + b.term(-1, derivative))
    g = b.declare("gammainc_derivative", a, x)
    return b.define(g, b.convolution(1, slope, g, first=1), times="1/n")


def _integral(name: str, sign: int, b: SeriesBuilder, a: int, x: int) -> int:
    terms = b.convolution(sign, b.derivative(x), _density(b, a, x), first=1)
    return b.define(b.declare(name, a, x), terms, times="1/n")


def _mpmath_lower(mp: Any, a: Any, x: Any) -> Any:
    if not (a > 0 and x > 0):
        return mp.mpf(0) if a > 0 and x == 0 else mp.mpf(1) if a == 0 and x > 0 else mp.nan
    return mp.gammainc(a, 0, x, regularized=True)


def _mpmath_upper(mp: Any, a: Any, x: Any) -> Any:
    if not (a > 0 and x > 0):
        return 1 - _mpmath_lower(mp, a, x)
    with mp.extraprec(mp.prec + max(-int(mp.mag(a)), 0)):  # for what cancels at small a
        return mp.gammainc(a, x, mp.inf, regularized=True)


def _mpmath_density(mp: Any, a: Any, x: Any) -> Any:
    if not (a > 0 and x > 0):
        return mp.mpf(0) if a == 0 and x > 0 else mp.nan
    with mp.extraprec(30 + abs(int(mp.mag(a))) + int(mp.mag(x + 1))):
        return mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))


def _slope_of_density(a: Expression, x: Expression) -> tuple[Expression, Expression]:
    return ZERO, call("gammainc_derivative", a, x) * ((a - 1 - x) / x)


def _density_form(sympy: Any, a: Any, x: Any) -> Any:
    return x ** (a - 1) * sympy.exp(-x) / sympy.gamma(a)


(gammainc, gammaincc, gammainc_derivative) = published(
    Function(
        name="gammainc",
        arity=2,
        mpmath=_mpmath_lower,
        numpy=partial(numerical, "gammainc"),
        derivative=lambda a, x: (ZERO, call("gammainc_derivative", a, x)),
        recurrence=partial(_integral, "gammainc", 1),
        numpy_names=("gammainc",),
        sympy=lambda sympy, a, x: sympy.lowergamma(a, x) / sympy.gamma(a),
        sympy_names=(),
        domain=_DOMAIN,
        reference=_SOURCE,
        fixed=1,
        about="The regularised lower incomplete gamma function P(a, x).\n" + _ABOUT,
        smooth_from=NOWHERE,
    ),
    Function(
        name="gammaincc",
        arity=2,
        mpmath=_mpmath_upper,
        numpy=partial(numerical, "gammaincc"),
        derivative=lambda a, x: (ZERO, -call("gammainc_derivative", a, x)),
        recurrence=partial(_integral, "gammaincc", -1),
        numpy_names=("gammaincc",),
        sympy=lambda sympy, a, x: sympy.uppergamma(a, x) / sympy.gamma(a),
        sympy_names=(),
        domain=_DOMAIN,
        reference=_SOURCE,
        fixed=1,
        about="The regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x).\n" + _ABOUT,
        smooth_from=NOWHERE,
    ),
    Function(
        name="gammainc_derivative",
        arity=2,
        mpmath=_mpmath_density,
        numpy=partial(numerical, "gammainc_derivative"),
        derivative=_slope_of_density,
        recurrence=_density,
        numpy_names=(),
        sympy=_density_form,
        sympy_names=(),
        domain=_DOMAIN,
        reference=_SOURCE,
        fixed=1,
        about="x**(a - 1) exp(-x)/gamma(a), the derivative of gammainc by x.\n" + _ABOUT,
        smooth_from=NOWHERE,
    ),
)
