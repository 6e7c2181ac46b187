"""Roots and lengths; general powers are operators (`exponents.py`)."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.nodes.logic import where
from taylor.nodes.products import is_sum_of_squares
from taylor.nodes.record import NOWHERE, Function, nonnegative
from taylor.recurrences.builder import SeriesBuilder
from taylor.recurrences.exponents import real_power
from taylor.recurrences.rules import scaled_circle

__all__ = ["sqrt", "cbrt", "hypot"]

_HALF = Fraction(1, 2)
_THIRD = Fraction(1, 3)


def _square_root(b: SeriesBuilder, x: int) -> int:
    """2 u_0 u_n = x_n - sum_{j=1}^{n-1} u_j u_{n-j}, from u**2 = x."""
    u = b.declare("sqrt", x)
    terms = b.term(_HALF, x) + b.convolution(-_HALF, u, u, first=1, last=1)
    return b.define(u, terms, divisor=u)


def _square_root_slope(x: Expression) -> Expression:
    """1/(2 sqrt(x)); that of a norm counts as zero where the norm is, which is smallest there."""
    slope = _HALF * x**-_HALF
    return where(x > 0, slope, 0) if is_sum_of_squares(x) else slope


def _hypotenuse(b: SeriesBuilder, x: int, y: int) -> int:
    """The root of the scaled sum of squares, divided by the scale; order zero is its own kernel."""
    s, _, _, q = scaled_circle(b, x, y)
    root = b.apply("sqrt", q)
    return b.define(b.declare("hypot", x, y), b.term(1, root), divisor=s)


def _mpmath_cube_root(mp: Any, x: Any) -> Any:
    return mp.cbrt(x) if x >= 0 else -mp.cbrt(-x)


def _square_root_within(m: Any) -> tuple[Any, Any]:
    value, reach = call("sqrt", m.middle), m.spread
    return value, where(m.middle > reach, reach / value, math.inf)


(sqrt, cbrt, hypot) = published(
    Function(
        name="sqrt",
        arity=1,
        mpmath=lambda mp, x: mp.sqrt(x),
        numpy=np.sqrt,
        derivative=lambda x: (_square_root_slope(x),),
        recurrence=_square_root,
        numpy_names=("sqrt",),
        sympy=lambda sympy, x: sympy.sqrt(x),
        sympy_names=("sqrt",),
        domain="x >= 0; singular at 0",
        reference="Griewank & Walther (2008), table 13.1",
        enclosure=_square_root_within,
        sign=lambda u: max(u, 1),
        smooth_from=1,
        edges=lambda x: (x,),
    ),
    Function(
        name="cbrt",
        arity=1,
        mpmath=_mpmath_cube_root,
        numpy=np.cbrt,
        derivative=lambda x: (_THIRD * call("cbrt", x) ** -2,),
        recurrence=lambda b, x: real_power(b, "cbrt", x, _THIRD),
        numpy_names=("cbrt",),
        sympy=lambda sympy, x: sympy.sign(x) * sympy.Abs(x) ** sympy.Rational(1, 3),
        sympy_names=(),
        domain="everywhere; singular at 0",
        reference="Jorba & Zou (2005), proposition 2.1 (iii) with exponent 1/3",
        parity=-1,
        smooth_from=NOWHERE,
        edges=lambda x: (x,),
    ),
    Function(
        name="hypot",
        arity=2,
        mpmath=lambda mp, x, y: mp.hypot(x, y),
        numpy=np.hypot,
        derivative=lambda x, y: (x / call("hypot", x, y), y / call("hypot", x, y)),
        recurrence=_hypotenuse,
        numpy_names=("hypot",),
        sympy=lambda sympy, x, y: sympy.sqrt(x**2 + y**2),
        sympy_names=(),
        domain="everywhere; singular at the origin",
        reference="Griewank & Walther (2008), table 13.1, on scaled arguments",
        sign=nonnegative,
    ),
)
