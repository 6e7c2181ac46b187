"""exp, log and their relatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.nodes.logic import where
from taylor.nodes.record import NOWHERE, Function, positive
from taylor.recurrences.builder import SeriesBuilder
from taylor.recurrences.rules import quotient_of_slopes

__all__ = ["exp", "expm1", "exp2", "log", "log1p", "log2", "log10"]


def _exp(b: SeriesBuilder, x: int) -> int:
    """u' = u x'."""
    derivative = b.derivative(x)
    u = b.declare("exp", x)
    return b.define(u, b.convolution(1, derivative, u, first=1), times="1/n")


def _expm1(b: SeriesBuilder, x: int) -> int:
    """As exp, except at order zero."""
    exponential = b.apply("exp", x)
    return b.define(b.declare("expm1", x), b.term(1, exponential))


def _exp2(b: SeriesBuilder, x: int) -> int:
    """u' = log(2) u x'."""
    derivative, log_2 = b.derivative(x), b.kernel("log", b.number(2))
    u = b.declare("exp2", x)
    return b.define(u, b.convolution(1, derivative, u, first=1, head=log_2), times="1/n")


def _logarithm(name: str, b: SeriesBuilder, x: int, r: int) -> int:
    """r u' = x', where r is x, or 1 + x for log1p."""
    slope = quotient_of_slopes(b, b.derivative_terms(x), r)
    return b.define(b.declare(name, x), b.term(1, slope), times="1/n")


def _log_to_base(name: str, base: int, b: SeriesBuilder, x: int) -> int:
    """log(x) / log(base), except at order zero."""
    log_x, log_base = b.apply("log", x), b.kernel("log", b.number(base))
    return b.define(b.declare(name, x), b.term(1, log_x), divisor=log_base)


def _exp_within(m: Any) -> tuple[Any, Any]:
    value = call("exp", m.middle)
    return value, value * call("expm1", m.spread)


def _log_within(m: Any) -> tuple[Any, Any]:
    x, reach = m.middle, m.spread
    return call("log", x), where(x > reach, -call("log1p", -reach / x), math.inf)


_SOURCE = "Griewank & Walther (2008), table 13.2"

(exp, expm1, exp2, log, log1p, log2, log10) = published(
    Function(
        name="exp",
        arity=1,
        mpmath=lambda mp, x: mp.exp(x),
        numpy=np.exp,
        derivative=lambda x: (call("exp", x),),
        recurrence=_exp,
        numpy_names=("exp",),
        sympy=lambda sympy, x: sympy.exp(x),
        sympy_names=("exp",),
        domain="everywhere",
        reference=_SOURCE,
        enclosure=_exp_within,
        sign=positive,
    ),
    Function(
        name="expm1",
        arity=1,
        mpmath=lambda mp, x: mp.expm1(x),
        numpy=np.expm1,
        derivative=lambda x: (call("exp", x),),
        recurrence=_expm1,
        numpy_names=("expm1",),
        sympy=lambda sympy, x: sympy.exp(x) - 1,
        sympy_names=(),
        domain="everywhere",
        reference=_SOURCE,
    ),
    Function(
        name="exp2",
        arity=1,
        mpmath=lambda mp, x: mp.power(2, x),
        numpy=np.exp2,
        derivative=lambda x: (call("log", 2) * call("exp2", x),),
        recurrence=_exp2,
        numpy_names=("exp2",),
        sympy=lambda sympy, x: sympy.Integer(2) ** x,
        sympy_names=(),
        domain="everywhere",
        reference=_SOURCE,
        sign=positive,
    ),
    Function(
        name="log",
        arity=1,
        mpmath=lambda mp, x: mp.log(x),
        numpy=np.log,
        derivative=lambda x: (1 / x,),
        recurrence=lambda b, x: _logarithm("log", b, x, x),
        numpy_names=("log",),
        sympy=lambda sympy, x: sympy.log(x),
        sympy_names=("log",),
        domain="x > 0",
        reference=_SOURCE,
        enclosure=_log_within,
        smooth_from=2,
        edges=lambda x: (x,),
    ),
    Function(
        name="log1p",
        arity=1,
        mpmath=lambda mp, x: mp.log1p(x),
        numpy=np.log1p,
        derivative=lambda x: (1 / (1 + x),),
        recurrence=lambda b, x: _logarithm("log1p", b, x, b.linear([(1, x)], offset=1)),
        numpy_names=("log1p",),
        sympy=lambda sympy, x: sympy.log(1 + x),
        sympy_names=(),
        domain="x > -1",
        reference=_SOURCE,
        smooth_from=NOWHERE,
        edges=lambda x: (1 + x,),
    ),
    Function(
        name="log2",
        arity=1,
        mpmath=lambda mp, x: mp.log(x, 2),
        numpy=np.log2,
        derivative=lambda x: (1 / (call("log", 2) * x),),
        recurrence=lambda b, x: _log_to_base("log2", 2, b, x),
        numpy_names=("log2",),
        sympy=lambda sympy, x: sympy.log(x, 2),
        sympy_names=(),
        domain="x > 0",
        reference=_SOURCE,
        smooth_from=2,
        edges=lambda x: (x,),
    ),
    Function(
        name="log10",
        arity=1,
        mpmath=lambda mp, x: mp.log10(x),
        numpy=np.log10,
        derivative=lambda x: (1 / (call("log", 10) * x),),
        recurrence=lambda b, x: _log_to_base("log10", 10, b, x),
        numpy_names=("log10",),
        sympy=lambda sympy, x: sympy.log(x, 10),
        sympy_names=(),
        domain="x > 0",
        reference=_SOURCE,
        smooth_from=2,
        edges=lambda x: (x,),
    ),
)
