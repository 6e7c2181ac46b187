"""Functions with branches: each follows the branch in force at order zero."""

from __future__ import annotations

import builtins
import math
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

_SOURCE = "the branch in force, Griewank & Walther (2008), section 14.1"


def _absolute(b: SeriesBuilder, x: int) -> int:
    """u_n = +-x_n; at x_0 = 0 the branch x is in force."""
    direction = b.kernel("direction", x)
    return b.define(b.declare("abs", x), b.term(1, x, head=direction))


def _extreme(name: str, comparison: str, b: SeriesBuilder, x: int, y: int) -> int:
    """u_n = x_n or y_n; x at a tie."""
    return b.select(name, (x, y), b.kernel(comparison, x, y), x, y)


def _extreme_within(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    """It moves no further than the argument that moves most."""
    return call(name, a.middle, b.middle), call("maximum", a.spread, b.spread)


def _first_if_nan(choose: Any, x: Any, y: Any) -> Any:
    """The smaller or larger number, and NaN if there is one."""
    return x if x != x else y if y != y else choose(x, y)


def _constant_first(name: str, x: Expression, y: Expression) -> Expression | None:
    """A number first: it is in force at a tie, so that maximum(x, 0) is relu(x)."""
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
        derivative=lambda x: (where(x >= 0, 1, -1),),
        recurrence=_absolute,
        numpy_names=("absolute", "fabs"),
        sympy=lambda sympy, x: sympy.Abs(x),
        sympy_names=("Abs",),
        domain="everywhere; at 0 the branch x is in force",
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
        derivative=lambda x, y: (where(x <= y, 1, 0), where(x <= y, 0, 1)),
        recurrence=lambda b, x, y: _extreme("minimum", "le", b, x, y),
        numpy_names=("minimum",),
        canonical=lambda x, y: _constant_first("minimum", x, y),
        sympy=lambda sympy, x, y: sympy.Min(x, y),
        sympy_names=("Min",),
        domain="everywhere; the first argument at a tie, or the one that is a number",
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
        derivative=lambda x, y: (where(x >= y, 1, 0), where(x >= y, 0, 1)),
        recurrence=lambda b, x, y: _extreme("maximum", "ge", b, x, y),
        numpy_names=("maximum",),
        canonical=lambda x, y: _constant_first("maximum", x, y),
        sympy=lambda sympy, x, y: sympy.Max(x, y),
        sympy_names=("Max",),
        domain="everywhere; the first argument at a tie, or the one that is a number",
        reference=_SOURCE,
        enclosure=lambda a, b: _extreme_within("maximum", a, b),
        smooth_from=NOWHERE,
        branches=lambda x, y: (x >= y, x, y),
        edges=lambda x, y: (x - y,),
    ),
)
