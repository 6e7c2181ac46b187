"""Activation functions of neural networks."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO
from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.nodes.arrays import numbers_of
from taylor.nodes.logic import where
from taylor.nodes.record import NOWHERE, Function, nonnegative, positive
from taylor.recurrences.builder import SeriesBuilder, shared

__all__ = ["sigmoid", "sigmoid_derivative", "softplus", "relu", "leaky_relu"]


@shared
def _logistic_pair(b: SeriesBuilder, x: int) -> tuple[int, int]:
    """(u, D) with u' = D x' and D = u - u**2, except at order zero, where that cancels."""
    derivative = b.derivative(x)
    u, slope = b.declare("sigmoid", x), b.declare("sigmoid_derivative", x)
    b.define(u, b.convolution(1, derivative, slope, first=1), times="1/n")
    b.define(slope, b.term(1, u) + b.convolution(-1, u, u))
    return u, slope


def _softplus(b: SeriesBuilder, x: int) -> int:
    """u' = sigmoid(x) x'."""
    slope, derivative = b.apply("sigmoid", x), b.derivative(x)
    u = b.declare("softplus", x)
    return b.define(u, b.convolution(1, derivative, slope, first=1), times="1/n")


def _numpy_sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), by the tail that does not overflow."""
    if np.iscomplexobj(x):
        return 1 / (1 + np.exp(-x))
    decay = np.exp(-np.abs(x))
    return np.where(np.greater_equal(x, 0), 1, decay) / (1 + decay)


def _numpy_sigmoid_derivative(x: Any) -> Any:
    decay = np.exp(-x) if np.iscomplexobj(x) else np.exp(-np.abs(x))
    return decay / (1 + decay) ** 2


def _slope(slope: Any) -> Any:
    """The slope of leaky_relu, checked where it is a number.

    Raises ArgumentError if it is negative or not finite.
    """
    if isinstance(slope, Expression):
        numbers = numbers_of(slope) if slope.op == "constant" else ()
    else:
        numbers = slope
    for number in np.atleast_1d(np.asarray(numbers, dtype=object)).reshape(-1):
        if not 0 <= number < math.inf:
            raise ArgumentError(
                f"leaky_relu: slope={number} has to be a finite number >= 0; write taylor.where "
                "for other branches"
            )
    return slope


_SOURCE = "u' = D(u) x' with D = u (1 - u)"

(sigmoid, sigmoid_derivative, softplus, relu, leaky_relu) = published(
    Function(
        name="sigmoid",
        arity=1,
        mpmath=lambda mp, x: 1 / (1 + mp.exp(-x)),
        numpy=_numpy_sigmoid,
        derivative=lambda x: (call("sigmoid_derivative", x),),
        recurrence=lambda b, x: _logistic_pair(b, x)[0],
        numpy_names=("expit",),
        sympy=lambda sympy, x: 1 / (1 + sympy.exp(-x)),
        sympy_names=(),
        domain="everywhere",
        reference=_SOURCE,
        steepest=1,
        sign=positive,
    ),
    Function(
        name="sigmoid_derivative",
        arity=1,
        mpmath=lambda mp, x: mp.sech(x / 2) ** 2 / 4,
        numpy=_numpy_sigmoid_derivative,
        # sigmoid(-x) - sigmoid(x) is -tanh(x/2), which does not cancel
        derivative=lambda x: (-call("tanh", x / 2) * call("sigmoid_derivative", x),),
        recurrence=lambda b, x: _logistic_pair(b, x)[1],
        numpy_names=(),
        sympy=lambda sympy, x: sympy.sech(x / 2) ** 2 / 4,
        sympy_names=(),
        domain="everywhere",
        reference="sigmoid(x) sigmoid(-x), the derivative of sigmoid",
        parity=1,
        sign=positive,
    ),
    Function(
        name="softplus",
        arity=1,
        mpmath=lambda mp, x: mp.log1p(mp.exp(x)),
        numpy=lambda x: np.logaddexp(0, x),
        derivative=lambda x: (call("sigmoid", x),),
        recurrence=_softplus,
        numpy_names=(),
        sympy=lambda sympy, x: sympy.log(1 + sympy.exp(x)),
        sympy_names=(),
        domain="everywhere",
        reference="u' = sigmoid(x) x'; Dugas et al. (2001)",
        sign=positive,
    ),
    Function(
        name="relu",
        arity=1,
        mpmath=lambda mp, x: x if x > 0 or x != x else 0,
        numpy=lambda x: np.maximum(0, x),
        derivative=lambda x: (where(x > 0, 1, 0),),
        recurrence=None,
        numpy_names=(),
        sympy=lambda sympy, x: sympy.Max(0, x),
        sympy_names=(),
        domain="everywhere; at 0 the branch 0 is in force",
        reference="Nair & Hinton (2010)",
        expression=lambda x: where(x <= 0, 0, x),
        sign=nonnegative,
        smooth_from=NOWHERE,
        branches=lambda x: (x > 0, x, ZERO),
        edges=lambda x: (x,),
    ),
    Function(
        name="leaky_relu",
        arity=2,
        mpmath=lambda mp, x, slope: x if x > 0 else _slope(slope) * x,
        numpy=lambda x, slope: np.where(np.greater(x, 0), x, np.multiply(_slope(slope), x)),
        derivative=lambda x, slope: (where(x > 0, 1, slope), where(x > 0, 0, x)),
        recurrence=None,
        numpy_names=(),
        sympy=lambda sympy, x, slope: sympy.Piecewise((x, x > 0), (slope * x, True)),
        sympy_names=(),
        domain="everywhere; at 0 the branch of the slope is in force",
        reference="Maas, Hannun & Ng (2013)",
        expression=lambda x, slope: where(x > 0, x, _slope(slope) * x),
        defaults=(Fraction(1, 100),),
        smooth_from=NOWHERE,
        branches=lambda x, slope: (x > 0, x, slope * x),
        edges=lambda x, slope: (x,),
    ),
)
