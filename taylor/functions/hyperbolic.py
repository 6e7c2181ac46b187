"""Hyperbolic functions and their inverses."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.nodes.record import NOWHERE, Function, positive
from taylor.recurrences.builder import SeriesBuilder, shared
from taylor.recurrences.rules import (
    coupled_pair,
    one_minus_square,
    quotient_of_slopes,
    scaled_unit_square,
)

__all__ = ["sinh", "cosh", "tanh", "sech_squared", "asinh", "acosh", "atanh"]

_INVERSE_ROOT = Fraction(-1, 2)
_SOURCE = "Griewank & Walther (2008), table 13.2, with imaginary argument"


@shared
def _tangent_pair(b: SeriesBuilder, x: int) -> tuple[int, int]:
    """(u, D) with u' = D x' and D = 1 - u**2, except at order zero, where that cancels."""
    derivative = b.derivative(x)
    u, slope = b.declare("tanh", x), b.declare("sech_squared", x)
    b.define(u, b.convolution(1, derivative, slope, first=1), times="1/n")
    b.define(slope, b.convolution(-1, u, u))
    return u, slope


def _inverse(name: str, b: SeriesBuilder, x: int, kernel: str) -> int:
    """sqrt(x**2 +- 1) u' = x', times a power of two."""
    _, y, q = scaled_unit_square(b, x, kernel)
    slope = quotient_of_slopes(b, b.derivative_terms(y), b.apply("sqrt", q))
    return b.define(b.declare(name, x), b.term(1, slope), times="1/n")


def _inverse_tangent(b: SeriesBuilder, x: int) -> int:
    """(1 - x**2) u' = x'."""
    slope = quotient_of_slopes(b, b.derivative_terms(x), one_minus_square(b, x))
    return b.define(b.declare("atanh", x), b.term(1, slope), times="1/n")


def _sech_squared(x: Any) -> Any:
    """4 e / (1 + e)**2 with e = exp(-2 |x|), which neither overflows nor cancels."""
    decay = np.exp(-2 * np.abs(x))
    return 4 * decay / (1 + decay) ** 2


(sinh, cosh, tanh, sech_squared, asinh, acosh, atanh) = published(
    Function(
        name="sinh",
        arity=1,
        mpmath=lambda mp, x: mp.sinh(x),
        numpy=np.sinh,
        derivative=lambda x: (call("cosh", x),),
        recurrence=lambda b, x: coupled_pair(b, "sinh", "cosh", 1, x)[0],
        numpy_names=("sinh",),
        sympy=lambda sympy, x: sympy.sinh(x),
        sympy_names=("sinh",),
        domain="everywhere",
        reference=_SOURCE,
        parity=-1,
    ),
    Function(
        name="cosh",
        arity=1,
        mpmath=lambda mp, x: mp.cosh(x),
        numpy=np.cosh,
        derivative=lambda x: (call("sinh", x),),
        recurrence=lambda b, x: coupled_pair(b, "sinh", "cosh", 1, x)[1],
        numpy_names=("cosh",),
        sympy=lambda sympy, x: sympy.cosh(x),
        sympy_names=("cosh",),
        domain="everywhere",
        reference=_SOURCE,
        parity=1,
        sign=positive,
    ),
    Function(
        name="tanh",
        arity=1,
        mpmath=lambda mp, x: mp.tanh(x),
        numpy=np.tanh,
        derivative=lambda x: (call("sech_squared", x),),
        recurrence=lambda b, x: _tangent_pair(b, x)[0],
        numpy_names=("tanh",),
        sympy=lambda sympy, x: sympy.tanh(x),
        sympy_names=("tanh",),
        domain="everywhere",
        reference="Jorba & Zou (2005), section 2.1: u' = D(u) x' with D = 1 - u**2",
        parity=-1,
        steepest=1,
    ),
    Function(
        name="sech_squared",
        arity=1,
        mpmath=lambda mp, x: mp.sech(x) ** 2,
        numpy=_sech_squared,
        derivative=lambda x: (-2 * call("tanh", x) * call("sech_squared", x),),
        recurrence=lambda b, x: _tangent_pair(b, x)[1],
        numpy_names=(),
        sympy=lambda sympy, x: sympy.sech(x) ** 2,
        sympy_names=(),
        domain="everywhere",
        reference="1 - tanh(x)**2, the derivative of tanh",
        parity=1,
        sign=positive,
    ),
    Function(
        name="asinh",
        arity=1,
        mpmath=lambda mp, x: mp.asinh(x),
        numpy=np.arcsinh,
        derivative=lambda x: (1 / call("hypot", 1, x),),
        recurrence=lambda b, x: _inverse("asinh", b, x, "sum_of_squares"),
        numpy_names=("arcsinh",),
        sympy=lambda sympy, x: sympy.asinh(x),
        sympy_names=("asinh",),
        domain="everywhere",
        reference=_SOURCE,
        parity=-1,
    ),
    Function(
        name="acosh",
        arity=1,
        mpmath=lambda mp, x: mp.acosh(x),
        numpy=np.arccosh,
        # Two roots instead of one of a product: the product overflows at 1e200.
        derivative=lambda x: ((x - 1) ** _INVERSE_ROOT * (x + 1) ** _INVERSE_ROOT,),
        recurrence=lambda b, x: _inverse("acosh", b, x, "difference_of_squares"),
        numpy_names=("arccosh",),
        sympy=lambda sympy, x: sympy.acosh(x),
        sympy_names=("acosh",),
        domain="x >= 1; singular at 1",
        reference=_SOURCE,
        smooth_from=NOWHERE,
        edges=lambda x: (x - 1,),
    ),
    Function(
        name="atanh",
        arity=1,
        mpmath=lambda mp, x: mp.atanh(x),
        numpy=np.arctanh,
        derivative=lambda x: (1 / ((1 - x) * (1 + x)),),
        recurrence=_inverse_tangent,
        numpy_names=("arctanh",),
        sympy=lambda sympy, x: sympy.atanh(x),
        sympy_names=("atanh",),
        domain="-1 < x < 1",
        reference=_SOURCE,
        parity=-1,
        smooth_from=NOWHERE,
        edges=lambda x: (1 - x, 1 + x),
    ),
)
