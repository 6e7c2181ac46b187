"""The beta function, its logarithm, and 1/gamma.

>>> import taylor as ty
>>> ty.jet(ty.rgamma, -2.0, 1).tolist()  # a pole of gamma
[0.0, 2.0]
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import make_function_node as call
from taylor.functions import gamma_family  # noqa: F401  # what the rules and bodies call
from taylor.functions.apply import published
from taylor.functions.combined import combined
from taylor.functions.gamma_family import numerical
from taylor.nodes.logic import where
from taylor.nodes.record import NOWHERE, Function
from taylor.numbers.exact import PI
from taylor.recurrences.builder import SeriesBuilder, Terms

__all__ = ["beta", "betaln", "rgamma", "loggamma"]

_HALF = Fraction(1, 2)
_SHIFT = 6  # how far 1/gamma is moved from 0
_DEEP, _LOW, _SMALL = Fraction(-17, 2), Fraction(-5, 2), 4  # and where


def _slopes(b: SeriesBuilder, x: int, y: int) -> Terms:
    """(psi(x) - psi(x + y)) x' + (psi(y) - psi(x + y)) y', the derivative of log B."""
    both = b.apply("digamma", b.linear([(1, x), (1, y)]))
    terms: Terms = ()
    for argument in (x, y):
        difference = b.linear([(1, b.apply("digamma", argument)), (-1, both)])
        terms += b.convolution(1, b.derivative(argument), difference, first=1)
    return terms


def _betaln(b: SeriesBuilder, x: int, y: int) -> int:
    terms = _slopes(b, x, y)
    return b.define(b.declare("betaln", x, y), terms, times="1/n")


def _beta(b: SeriesBuilder, x: int, y: int) -> int:
    slope = b.row(_slopes(b, x, y))
    u = b.declare("beta", x, y)
    return b.define(u, b.convolution(1, slope, u, first=1), times="1/n")


def _rates(x: Expression, y: Expression) -> tuple[Expression, Expression]:
    both = call("digamma", x + y)
    return call("digamma", x) - both, call("digamma", y) - both


def _slopes_of_beta(x: Expression, y: Expression) -> tuple[Expression, ...]:
    return tuple(call("beta", x, y) * rate for rate in _rates(x, y))


def _size(mp: Any, x: Any, y: Any) -> int:
    return 20 + sum(abs(int(mp.mag(z))) for z in (x, y) if z and mp.isfinite(z))


def _at_pole(mp: Any, x: Any, y: Any) -> bool:
    return any(z <= 0 and mp.isint(z) for z in (x, y))


def _log_gamma(mp: Any, x: Any) -> Any:
    """log|gamma(x)|, by reflection left of zero: mpmath's is complex there, and slow."""
    if x > 0:
        return mp.loggamma(x)
    return mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)


def _mpmath_betaln(mp: Any, x: Any, y: Any) -> Any:
    if _at_pole(mp, x, y):
        return mp.inf
    with mp.extraprec(2 * _size(mp, x, y)):
        if _at_pole(mp, x + y, x + y):
            return -mp.inf
        return _log_gamma(mp, x) + _log_gamma(mp, y) - _log_gamma(mp, x + y)


def _mpmath_beta(mp: Any, x: Any, y: Any) -> Any:
    if _at_pole(mp, x, y):
        return mp.inf if max(x, y) > 0 == min(x, y) else mp.nan
    with mp.extraprec(2 * _size(mp, x, y)):
        if x > 0 and y > 0:
            return mp.exp(mp.loggamma(x) + mp.loggamma(y) - mp.loggamma(x + y))
        return mp.beta(x, y)


def _rgamma(b: SeriesBuilder, x: int) -> int:
    """x (x + 1) .. (x + 5)/gamma(x + 6) from -2.5 to 4, twelve factors down to -8.5, and left of
    that sin(pi x)/pi gamma(1 - x), coefficients of which cancel.

    The series of 1/gamma(y), from u' = -u psi(y) y', is taken far from where psi is singular.
    """
    deep, low, small = (b.kernel("lt", x, b.number(limit)) for limit in (_DEEP, _LOW, _SMALL))
    shifted, again = (b.linear([(1, x)], offset=n * _SHIFT) for n in (1, 2))
    reflected = b.linear([(-1, x)], offset=1)
    y = b.select("where", (small, shifted, x), small, shifted, x)
    y = b.select("where", (low, again, y), low, again, y)
    y = b.select("where", (deep, reflected, y), deep, reflected, y)
    derivative, rate = b.derivative(x), b.derivative(y)
    slope = b.row(b.convolution(-1, rate, b.apply("digamma", y), first=1))
    v = b.declare("rgamma", y)
    b.define(v, b.convolution(1, slope, v, first=1), times="1/n")
    sine, cosine = b.declare("sin_pi", x), b.declare("cos_pi", x)
    b.define(sine, b.convolution(PI, derivative, cosine, first=1), times="1/n")
    b.define(cosine, b.convolution(-PI, derivative, sine, first=1), times="1/n")
    left = b.quotient(b.term(1 / PI, sine), v)
    product = v
    for k in range(2 * _SHIFT - 1, -1, -1):
        product = b.product(b.linear([(1, x)], offset=k), product)
        if k == _SHIFT:
            product = b.select("where", (low, product, v), low, product, v)
    value = b.select("rgamma", (x,), small, product, v)
    return b.select("rgamma", (x,), deep, left, value)


def _slope_of_rgamma(x: Expression) -> tuple[Expression]:
    """-psi(x)/gamma(x) = (cos(pi x) - sin(pi x)/pi psi(1 - x)) gamma(1 - x), x = n + f."""
    n = call("floor", x + _HALF)
    turn = PI * (x - n)
    sign = 1 - 2 * (n - 2 * call("floor", n / 2))
    sine = (x - n) * call("sin_over_x", turn)
    safe = where(x < _HALF, x, 0)
    other = call("gamma", 1 - safe)
    left = (call("cos", turn) + sine * -call("digamma", 1 - safe)) * sign * other
    return (where(x < _HALF, left, -call("digamma", x) * call("rgamma", x)),)


def _loggamma(x: Expression) -> Expression:
    return where(x > 0, call("lgamma", x), float("nan"))


_ABOUT = (
    "In float64 errors are below an ulp, in double-double some 40 units of 2**-106 of 10 and of\n"
    "log B, where an argument is negative of log gamma of all of them. Taylor coefficients cancel\n"
    "where one argument is far above the other: psi(a) - psi(a + b) errs by some eps log(a).\n\n"
)

(beta, betaln, rgamma, loggamma) = published(
    Function(
        name="beta",
        arity=2,
        mpmath=_mpmath_beta,
        numpy=partial(numerical, "beta"),
        derivative=_slopes_of_beta,
        recurrence=_beta,
        numpy_names=("beta",),
        sympy=lambda sympy, x, y: sympy.beta(x, y),
        sympy_names=("beta",),
        domain="everywhere but where an argument is 0, -1, -2, ..",
        reference="u' = u (log B)'; Abramowitz & Stegun (1964), 6.2.2",
        about="gamma(a) gamma(b)/gamma(a + b), also where these overflow.\n" + _ABOUT,
        smooth_from=NOWHERE,
    ),
    Function(
        name="betaln",
        arity=2,
        mpmath=_mpmath_betaln,
        numpy=partial(numerical, "betaln"),
        derivative=_rates,
        recurrence=_betaln,
        numpy_names=("betaln",),
        sympy=lambda sympy, x, y: sympy.log(sympy.Abs(sympy.beta(x, y))),
        sympy_names=(),
        domain="everywhere but where an argument is 0, -1, -2, ..",
        reference="u' = (psi(a) - psi(a + b)) a' + (psi(b) - psi(a + b)) b'; as beta",
        about="The logarithm of |beta(a, b)|.\n" + _ABOUT,
        smooth_from=NOWHERE,
    ),
    Function(
        name="rgamma",
        arity=1,
        mpmath=lambda mp, x: mp.rgamma(x),
        numpy=partial(numerical, "rgamma"),
        derivative=_slope_of_rgamma,
        recurrence=_rgamma,
        numpy_names=("rgamma",),
        sympy=lambda sympy, x: 1 / sympy.gamma(x),
        sympy_names=(),
        domain="everywhere",
        reference="x (x + 1) .. (x + 5)/gamma(x + 6); Abramowitz & Stegun (1964), 6.1.16",
        about="1/gamma(x) with all of its derivatives, at the poles of gamma as well, where it\n"
        "is 0. In float64 errors are below an ulp; left of -8.5 high Taylor coefficients are\n"
        "products of larger ones that cancel, order 30 to half of its digits.\n\n",
    ),
    combined(
        "loggamma",
        _loggamma,
        1,
        "x > 0; NaN elsewhere, where it is complex",
        "that of lgamma",
        numpy_names=("loggamma",),
        about="lgamma where gamma is positive, as SciPy's loggamma of real numbers.\n\n",
    ),
)
