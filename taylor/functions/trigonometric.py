"""Circular functions and their inverses."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.nodes.record import NOWHERE, Function
from taylor.recurrences.builder import SeriesBuilder
from taylor.recurrences.rules import (
    arcsine_slope,
    coupled_pair,
    quotient_of_slopes,
    scaled_circle,
    scaled_unit_square,
)

__all__ = ["sin", "cos", "tan", "asin", "acos", "atan", "atan2"]

_INVERSE_ROOT = Fraction(-1, 2)
_SOURCE = "Griewank & Walther (2008), table 13.2"


def _tangent(b: SeriesBuilder, x: int) -> int:
    """u' = (1 + u**2) x', which does not cancel at order zero."""
    derivative = b.derivative(x)
    u = b.declare("tan", x)
    slope = b.row(b.convolution(1, u, u), offset=1)
    return b.define(u, b.convolution(1, derivative, slope, first=1), times="1/n")


def _arcsine(b: SeriesBuilder, x: int) -> int:
    """sqrt(1 - x**2) u' = x'."""
    slope = arcsine_slope(b, x)
    return b.define(b.declare("asin", x), b.term(1, slope), times="1/n")


def _arccosine(b: SeriesBuilder, x: int) -> int:
    """pi/2 - asin, except at order zero."""
    slope = arcsine_slope(b, x)
    return b.define(b.declare("acos", x), b.term(-1, slope), times="1/n")


def _arctangent(b: SeriesBuilder, x: int) -> int:
    """(1 + x**2) u' = x', times s**2 with a power of two s."""
    s, y, q = scaled_unit_square(b, x, "sum_of_squares")
    slope = quotient_of_slopes(b, b.derivative_terms(y, head=s), q)
    return b.define(b.declare("atan", x), b.term(1, slope), times="1/n")


def _arctangent_2(b: SeriesBuilder, y: int, x: int) -> int:
    """(x**2 + y**2) u' = x y' - y x', times s**2 with a power of two s."""
    _, y_scaled, x_scaled, q = scaled_circle(b, y, x)
    dy, dx = b.derivative(y_scaled), b.derivative(x_scaled)
    numerator = b.convolution(1, dy, x_scaled, first=1)
    numerator += b.convolution(-1, dx, y_scaled, first=1)
    slope = quotient_of_slopes(b, numerator, q)
    return b.define(b.declare("atan2", y, x), b.term(1, slope), times="1/n")


(sin, cos, tan, asin, acos, atan, atan2) = published(
    Function(
        name="sin",
        arity=1,
        mpmath=lambda mp, x: mp.sin(x),
        numpy=np.sin,
        derivative=lambda x: (call("cos", x),),
        recurrence=lambda b, x: coupled_pair(b, "sin", "cos", -1, x)[0],
        numpy_names=("sin",),
        sympy=lambda sympy, x: sympy.sin(x),
        sympy_names=("sin",),
        domain="everywhere",
        reference=_SOURCE,
        parity=-1,
        steepest=1,
    ),
    Function(
        name="cos",
        arity=1,
        mpmath=lambda mp, x: mp.cos(x),
        numpy=np.cos,
        derivative=lambda x: (-call("sin", x),),
        recurrence=lambda b, x: coupled_pair(b, "sin", "cos", -1, x)[1],
        numpy_names=("cos",),
        sympy=lambda sympy, x: sympy.cos(x),
        sympy_names=("cos",),
        domain="everywhere",
        reference=_SOURCE,
        parity=1,
        steepest=1,
    ),
    Function(
        name="tan",
        arity=1,
        mpmath=lambda mp, x: mp.tan(x),
        numpy=np.tan,
        derivative=lambda x: (1 + call("tan", x) ** 2,),
        recurrence=_tangent,
        numpy_names=("tan",),
        sympy=lambda sympy, x: sympy.tan(x),
        sympy_names=("tan",),
        domain="away from the odd multiples of pi/2",
        reference="Jorba & Zou (2005), section 2.1: u' = D(u) x' with D = 1 + u**2",
        parity=-1,
        smooth_from=NOWHERE,
        edges=lambda x: (call("cos", x),),
    ),
    Function(
        name="asin",
        arity=1,
        mpmath=lambda mp, x: mp.asin(x),
        numpy=np.arcsin,
        derivative=lambda x: (((1 - x) * (1 + x)) ** _INVERSE_ROOT,),
        recurrence=_arcsine,
        numpy_names=("arcsin",),
        sympy=lambda sympy, x: sympy.asin(x),
        sympy_names=("asin",),
        domain="-1 <= x <= 1; singular at both ends",
        reference=_SOURCE,
        parity=-1,
        smooth_from=NOWHERE,
        edges=lambda x: (1 - x, 1 + x),
    ),
    Function(
        name="acos",
        arity=1,
        mpmath=lambda mp, x: mp.acos(x),
        numpy=np.arccos,
        derivative=lambda x: (-(((1 - x) * (1 + x)) ** _INVERSE_ROOT),),
        recurrence=_arccosine,
        numpy_names=("arccos",),
        sympy=lambda sympy, x: sympy.acos(x),
        sympy_names=("acos",),
        domain="-1 <= x <= 1; singular at both ends",
        reference=_SOURCE,
        smooth_from=NOWHERE,
        edges=lambda x: (1 - x, 1 + x),
    ),
    Function(
        name="atan",
        arity=1,
        mpmath=lambda mp, x: mp.atan(x),
        numpy=np.arctan,
        derivative=lambda x: (call("hypot", 1, x) ** -2,),
        recurrence=_arctangent,
        numpy_names=("arctan",),
        sympy=lambda sympy, x: sympy.atan(x),
        sympy_names=("atan",),
        domain="everywhere",
        reference=_SOURCE,
        parity=-1,
        enclosure=lambda m: (call("atan", m.middle), m.spread),
    ),
    Function(
        name="atan2",
        arity=2,
        mpmath=lambda mp, y, x: mp.atan2(y, x),
        numpy=np.arctan2,
        # (x/r)/r instead of x/r**2: r**2 over- and underflows where the derivative does not.
        derivative=lambda y, x: (
            x / call("hypot", x, y) / call("hypot", x, y),
            -y / call("hypot", x, y) / call("hypot", x, y),
        ),
        recurrence=_arctangent_2,
        numpy_names=("arctan2",),
        sympy=lambda sympy, y, x: sympy.atan2(y, x),
        sympy_names=("atan2",),
        domain="everywhere but the origin; jumps by 2 pi across the negative x axis",
        reference="Griewank & Walther (2008), section 13.2, from tan u = y/x",
        smooth_from=NOWHERE,
        edges=lambda y, x: (y,),
    ),
)
