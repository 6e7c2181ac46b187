"""Lambert's W, the inverse of w exp(w)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant
from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import apply, published
from taylor.functions.by_machine import by_machine
from taylor.nodes.record import NOWHERE, Function
from taylor.numbers.types import Real
from taylor.recurrences.builder import SeriesBuilder, shared

__all__ = ["lambertw", "lambertw_derivative"]

_SOURCE = "u' = x'/(x + exp u); Corless et al., Adv. Comput. Math. 5 (1996) 329, eq. 3.2"


@shared
def _pair(b: SeriesBuilder, x: int, k: int) -> tuple[int, int]:
    """(u, D) with u' = D x' and D = 1/(x + exp u), whose order zero does not cancel at -1/e."""
    derivative = b.derivative(x)
    u = b.declare("lambertw", x, k)
    u_derivative = b.derivative(u)
    growth = b.declare("exp", u)
    b.define(growth, b.convolution(1, u_derivative, growth, first=1), times="1/n")
    start = b.kernel("lambertw_derivative", x, k)
    divisor = b.declare("div", b.number(1), start)
    b.define(divisor, b.term(1, x) + b.term(1, growth))
    slope = b.declare("lambertw_derivative", x, k)
    b.define(slope, b.convolution(-1, divisor, slope, first=1), divisor=divisor)
    return b.define(u, b.convolution(1, derivative, slope, first=1), times="1/n"), slope


def _slope_of_derivative(x: Expression, k: Expression) -> tuple[Expression, Expression]:
    """D' = -D**2 (1 + D exp u)."""
    slope = call("lambertw_derivative", x, k)
    growth = slope * call("exp", call("lambertw", x, k))
    return -(slope * slope) * (1 + growth), constant(0)


def _mpmath_value(mp: Any, x: Any, k: Any) -> Any:
    """The real value, or NaN."""
    if k not in (0, -1) or not x >= -mp.exp(-1) or (k == -1 and x >= 0):
        return -mp.inf if k == -1 and x == 0 else mp.nan
    return mp.re(mp.lambertw(x, int(k)))


def _mpmath_derivative(mp: Any, x: Any, k: Any) -> Any:
    with mp.extraprec(mp.prec):  # for what cancels next to -1/e
        w = _mpmath_value(mp, x, k)
        return 1 / (x + mp.exp(w)) if mp.isfinite(w) else 0 * w


@overload
def lambertw(x: Expression, k: int | Expression = 0) -> Expression: ...
@overload
def lambertw(x: Real, k: int = 0) -> float: ...
@overload
def lambertw(x: np.ndarray | Sequence[Real], k: int = 0) -> np.ndarray: ...
def lambertw(x: Any, k: Any = 0) -> Any:
    """lambertw(x, k=0): Lambert's W, the real w with w exp(w) = x.

    k: 0 for the branch w >= -1, where x >= -1/e; -1 for the branch w <= -1, where -1/e <= x < 0.
        Elsewhere the value is NaN.  The double nearest to -1/e lies below it.

    Expressions give an expression; numbers and arrays are evaluated in machine code.
    Raises ArgumentError for other branches, which are complex.

    >>> import taylor as ty
    >>> float(ty.lambertw(1.0))
    0.5671432904097838
    >>> ty.lambertw(ty.variable("x"), -1)
    lambertw(x, -1)
    """
    if not isinstance(k, Expression) and k not in (0, -1):
        raise ArgumentError(f"lambertw: branch k={k!r} is complex; the real ones are 0 and -1")
    return apply("lambertw", x, k)


(_, lambertw_derivative) = published(
    Function(
        name="lambertw",
        arity=2,
        mpmath=_mpmath_value,
        numpy=by_machine("lambertw", 2),
        derivative=lambda x, k: (call("lambertw_derivative", x, k), constant(0)),
        recurrence=lambda b, x, k: _pair(b, x, k)[0],
        numpy_names=(),
        sympy=lambda sympy, x, k: sympy.LambertW(x, k),
        sympy_names=("LambertW",),
        domain="x >= -1/e for k = 0, -1/e <= x < 0 for k = -1; singular at -1/e",
        reference=_SOURCE,
        defaults=(0,),
        smooth_from=NOWHERE,
    ),
    Function(
        name="lambertw_derivative",
        arity=2,
        mpmath=_mpmath_derivative,
        numpy=by_machine("lambertw_derivative", 2),
        derivative=_slope_of_derivative,
        recurrence=lambda b, x, k: _pair(b, x, k)[1],
        numpy_names=(),
        sympy=lambda sympy, x, k: 1 / (x + sympy.exp(sympy.LambertW(x, k))),
        sympy_names=(),
        domain="x > -1/e for k = 0, -1/e < x < 0 for k = -1",
        reference="1/(x + exp u), the derivative of lambertw",
        defaults=(0,),
        smooth_from=NOWHERE,
    ),
)
