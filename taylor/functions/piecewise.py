"""Functions with branches: each follows the branch in force at order zero, and where two are, the
mean of both.
"""

from __future__ import annotations

import builtins
import math
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant
from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.nodes.logic import where
from taylor.nodes.record import NOWHERE, Function, nonnegative
from taylor.recurrences.builder import SeriesBuilder

__all__ = ["abs", "sign", "floor", "minimum", "maximum"]

_HALF = Fraction(1, 2)
_SOURCE = "the branch in force, Griewank & Walther (2008), section 14.1"


def _absolute(b: SeriesBuilder, x: int) -> int:
    """u_n = +-x_n; at x_0 = 0 their mean, 0."""
    return b.define(b.declare("abs", x), b.term(1, x, head=b.kernel("sign", x)))


def _extreme(name: str, comparisons: tuple[str, str], b: SeriesBuilder, x: int, y: int) -> int:
    """u_n = x_n or y_n; their mean at a tie, where one of the comparisons holds."""
    conditions = tuple(b.kernel(comparison, x, y) for comparison in comparisons)
    return b.select(name, (x, y), conditions, x, y)


def _share(at_least: Expression, more: Expression) -> Expression:
    """How much of an argument the result is: 1 where it is chosen, one half at a tie, else 0.

    The slope at a kink is the mean of both sides', as that of abs at 0 is: where kinks cancel, as
    in max(x, 0) + log(1 + exp(-|x|)), the derivative is right at the kink too.
    """
    return where(at_least, _HALF, 0) + where(more, _HALF, 0)


def _extreme_within(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    """It moves no further than the argument that moves most."""
    return call(name, a.middle, b.middle), call("maximum", a.spread, b.spread)


def _first_if_nan(choose: Any, x: Any, y: Any) -> Any:
    """The smaller or larger number, and NaN if there is one."""
    return x if x != x else y if y != y else choose(x, y)


def _constant_first(name: str, x: Expression, y: Expression) -> Expression | None:
    """A number first."""
    if y.op == "constant" and x.op != "constant":
        return call(name, y, x)
    return None


def _sign(x: Any) -> Any:
    return 1 if x > 0 else -1 if x < 0 else x


def _floor_in_many_digits(mp: Any, x: Any) -> Any:
    """Of mpmath numbers by mpmath: Python's math.floor takes them for floats."""
    if not builtins.abs(x) < math.inf:
        return x
    return mp.floor(x) if hasattr(x, "_mpf_") else math.floor(x)


(abs, sign, floor, minimum, maximum) = published(
    Function(
        name="abs",
        arity=1,
        mpmath=lambda mp, x: builtins.abs(x),
        numpy=np.abs,
        derivative=lambda x: (call("sign", x),),
        recurrence=_absolute,
        numpy_names=("absolute", "fabs"),
        sympy=lambda sympy, x: sympy.Abs(x),
        sympy_names=("Abs",),
        domain="everywhere; at 0 the derivatives are 0, the mean of both sides'",
        reference=_SOURCE,
        parity=1,
        enclosure=lambda m: (abs(m.middle), m.spread),
        sign=nonnegative,
        smooth_from=NOWHERE,
        branches=lambda x: (x > 0, x, -x),
        edges=lambda x: (x,),
    ),
    Function(
        name="sign",
        arity=1,
        mpmath=lambda mp, x: _sign(x),
        numpy=np.sign,
        derivative=lambda x: (constant(0),),
        recurrence=lambda b, x: b.kernel("sign", x),
        numpy_names=("sign",),
        sympy=lambda sympy, x: sympy.sign(x),
        sympy_names=("sign",),
        domain="everywhere; steps at 0",
        reference=_SOURCE,
        parity=-1,
        jumps=True,
        smooth_from=NOWHERE,
        branches=lambda x: (x > 0, constant(1), constant(-1)),
        edges=lambda x: (x,),
    ),
    Function(
        name="floor",
        arity=1,
        mpmath=_floor_in_many_digits,
        numpy=np.floor,
        derivative=lambda x: (constant(0),),
        recurrence=lambda b, x: b.kernel("floor", x),
        numpy_names=("floor",),
        sympy=lambda sympy, x: sympy.floor(x),
        sympy_names=("floor",),
        domain="everywhere; steps at the integers",
        reference=_SOURCE,
        edge=lambda n: n,
        jumps=True,
        smooth_from=NOWHERE,
        edges=lambda x: (call("sin", math.pi * x),),
    ),
    Function(
        name="minimum",
        arity=2,
        mpmath=lambda mp, x, y: _first_if_nan(min, x, y),
        numpy=np.minimum,
        derivative=lambda x, y: (_share(x <= y, x < y), _share(y <= x, y < x)),
        recurrence=lambda b, x, y: _extreme("minimum", ("le", "lt"), b, x, y),
        numpy_names=("minimum",),
        canonical=lambda x, y: _constant_first("minimum", x, y),
        sympy=lambda sympy, x, y: sympy.Min(x, y),
        sympy_names=("Min",),
        domain="everywhere; at a tie the derivatives are the mean of both arguments'",
        reference=_SOURCE,
        enclosure=lambda a, b: _extreme_within("minimum", a, b),
        smooth_from=NOWHERE,
        branches=lambda x, y: (x <= y, x, y),
        edges=lambda x, y: (x - y,),
    ),
    Function(
        name="maximum",
        arity=2,
        mpmath=lambda mp, x, y: _first_if_nan(max, x, y),
        numpy=np.maximum,
        derivative=lambda x, y: (_share(x >= y, x > y), _share(y >= x, y > x)),
        recurrence=lambda b, x, y: _extreme("maximum", ("ge", "gt"), b, x, y),
        numpy_names=("maximum",),
        canonical=lambda x, y: _constant_first("maximum", x, y),
        sympy=lambda sympy, x, y: sympy.Max(x, y),
        sympy_names=("Max",),
        domain="everywhere; at a tie the derivatives are the mean of both arguments'",
        reference=_SOURCE,
        enclosure=lambda a, b: _extreme_within("maximum", a, b),
        smooth_from=NOWHERE,
        branches=lambda x, y: (x >= y, x, y),
        edges=lambda x, y: (x - y,),
    ),
)
