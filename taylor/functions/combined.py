"""Functions made of others: expressions in their place, written so that nothing cancels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import make_function_node as call
from taylor.expressions.leaves import variable
from taylor.functions import (  # noqa: F401  # the families that the bodies call
    exponential,
    hyperbolic,
    network,
    piecewise,
    powers,
    scaled_error,
    special,
    trigonometric,
)
from taylor.functions.apply import published
from taylor.functions.composed import composed_record
from taylor.nodes.logic import where
from taylor.nodes.record import Function
from taylor.numbers.exact import PI
from taylor.recurrences.builder import SeriesBuilder

__all__ = [
    "sin_over_x",
    "sinc",
    "xlogy",
    "xlog1py",
    "logit",
    "log_expit",
    "ndtr",
    "log_ndtr",
    "logaddexp",
]

_HALF = Fraction(1, 2)
_ROOT_HALF = Fraction(math.isqrt(10**190 // 2), 10**95)  # more digits than any kind of number has


def combined(
    name: str, build: Callable[..., Any], arity: int, domain: str, reference: str, **fields: Any
) -> Function:
    """The record of a function that builds an expression."""
    placeholders = tuple(variable(f"argument {i} of {name}") for i in range(arity))
    made = composed_record(name, build, placeholders, build(*placeholders), domain)
    return replace(made, reference=reference, **fields)


# -- sin(x)/x ----------------------------------------------------------------------------------

_NEAR = 4  # up to here the power series of sin(x)/x loses less than a digit
_SERIES = 26  # 4**(2 k)/(2 k + 1)! is below 2**-110 for k = 26


def _sin_over_x(b: SeriesBuilder, x: int) -> int:
    """Near 0 the power series, by Horner's rule in x**2; x u = sin x beyond.

    The quotient multiplies errors by n/|x| at order n, the series has none to multiply.
    """
    z = b.product(x, x)
    count = _SERIES + b.order // 2
    near = b.number(Fraction((-1) ** count, math.factorial(2 * count + 1)))
    for k in range(count - 1, -1, -1):
        coefficient = Fraction((-1) ** k, math.factorial(2 * k + 1))
        near = b.row(b.convolution(1, z, near), offset=coefficient)
    far = b.quotient(b.term(1, b.apply("sin", x)), x)
    is_near = b.kernel("lt", b.kernel("abs", x), b.number(_NEAR))
    start = b.kernel("sin_over_x", x)
    return b.select("where", (b.number(1), start, start), is_near, near, far)


def _mpmath_sin_over_x(mp: Any, x: Any) -> Any:
    return mp.sin(x) / x if x else mp.mpf(1)


def _numpy_sin_over_x(x: Any) -> Any:
    x = np.asarray(x)
    safe = np.where(x == 0, 1, x)
    return np.where(x == 0, 1.0, np.sin(safe) / safe)[()]


def _slope_of_sin_over_x(x: Expression) -> Expression:
    """(cos x - sin(x)/x) / x, and near 0 its power series."""
    z, series = x * x, 0 * x
    for k in range(16, 0, -1):
        series = series * z + Fraction((-1) ** k * 2 * k, math.factorial(2 * k + 1))
    return where(abs(x) < 2, x * series, (call("cos", x) - call("sin_over_x", x)) / x)


# -- logarithms and probabilities ---------------------------------------------------------------


def _times_log(x: Expression, log: Expression, argument: Expression) -> Expression:
    """x log(argument), which is 0 where x is 0 and the logarithm is not finite.

    cbrt(x) is such a zero: its slope is infinite, as that of the product is.
    """
    not_finite = (1 - (x != 0)) * (1 - (argument > 0))
    return where(not_finite, call("cbrt", x), x * log)


def _xlogy(x: Expression, y: Expression) -> Expression:
    return _times_log(x, call("log", y), y)


def _xlog1py(x: Expression, y: Expression) -> Expression:
    return _times_log(x, call("log1p", y), y + 1)


def _logit(p: Expression) -> Expression:
    """log(p/(1 - p)); around 1/2 as 2 atanh(2 p - 1), whose argument is exact."""
    return where(p < Fraction(1, 4), call("log", p / (1 - p)), 2 * call("atanh", 2 * p - 1))


def _ndtr(x: Expression) -> Expression:
    return _HALF * call("erfc", -_ROOT_HALF * x)


def _log_ndtr(x: Expression) -> Expression:
    """log of the normal distribution; up to 1/2 by erfcx, which has neither the underflow of ndtr
    nor coefficients that cancel in the logarithm.
    """
    tail = call("log", _HALF * call("erfcx", -_ROOT_HALF * x)) - _HALF * x**2
    return where(x > _HALF, call("log1p", -_ndtr(-x)), tail)


def log_of_sum(a: Expression, b: Expression) -> Expression:
    """log(exp(a) + exp(b)) = m + log(1 + exp(-|a - b|)), with the larger number m.

    Each number has a formula that is smooth where the two are equal, as the whole is.
    """
    larger = call("maximum", a, b)
    infinite = (larger == math.inf) | (larger == -math.inf)
    sum_from = where(a >= b, a + call("softplus", b - a), b + call("softplus", a - b))
    return where(infinite, larger, sum_from)


(sin_over_x,) = published(
    Function(
        name="sin_over_x",
        arity=1,
        mpmath=_mpmath_sin_over_x,
        numpy=_numpy_sin_over_x,
        derivative=lambda x: (_slope_of_sin_over_x(x),),
        recurrence=_sin_over_x,
        numpy_names=(),
        sympy=lambda sympy, x: sympy.sinc(x),
        sympy_names=("sinc",),
        domain="everywhere; 1 at 0",
        reference="its power series below 4, x u = sin x beyond; Abramowitz & Stegun, 4.3.65",
        parity=1,
        about="sin(x)/x with all of its derivatives, at 0 too; SymPy's sinc.\n\n",
    )
)
(sinc, xlogy, xlog1py, logit, log_expit, ndtr, log_ndtr, logaddexp) = published(
    combined(
        "sinc",
        lambda x: call("sin_over_x", PI * x),
        1,
        "everywhere; 1 at 0",
        "that of sin_over_x",
        about="sin(pi x)/(pi x) as numpy.sinc, with all of its derivatives, at 0 too.\n\n",
    ),
    combined(
        "xlogy",
        _xlogy,
        2,
        "y > 0; 0 where x is 0",
        "the product x log y",
        mpmath=lambda mp, x, y: x * mp.log(y) if x else mp.mpf(0),
        numpy_names=("xlogy",),
    ),
    combined(
        "xlog1py",
        _xlog1py,
        2,
        "y > -1; 0 where x is 0",
        "the product x log1p y",
        mpmath=lambda mp, x, y: x * mp.log1p(y) if x else mp.mpf(0),
        numpy_names=("xlog1py",),
    ),
    combined(
        "logit",
        _logit,
        1,
        "0 < p < 1",
        "log(p/(1 - p)) = 2 atanh(2 p - 1)",
        numpy_names=("logit",),
    ),
    combined(
        "log_expit",
        lambda x: -call("softplus", -x),
        1,
        "everywhere",
        "-softplus(-x)",
        numpy_names=("log_expit",),
        about="The logarithm of the sigmoid function.\n\n",
    ),
    combined(
        "ndtr",
        _ndtr,
        1,
        "everywhere",
        "erfc(-x/sqrt(2))/2",
        numpy_names=("ndtr",),
        about="The normal distribution function. The relative error grows like x**2 eps in the\n"
        "lower tail; log_ndtr is accurate there.\n\n",
    ),
    combined(
        "log_ndtr",
        _log_ndtr,
        1,
        "everywhere",
        "log(ndtr(x)), up to 1/2 log(erfcx(-x/sqrt(2))/2) - x**2/2",
        numpy_names=("log_ndtr",),
        about="The logarithm of the normal distribution function. Values are right to some ulp up\n"
        "to 1/2, to x**2 of them beyond, Taylor coefficients to order 30 to some thousand.\n\n",
    ),
    combined(
        "logaddexp",
        log_of_sum,
        2,
        "everywhere",
        "max(a, b) + softplus(-|a - b|)",
        numpy_names=("logaddexp",),
        about="log(exp(a) + exp(b)) without overflow.\n\n",
    ),
)
