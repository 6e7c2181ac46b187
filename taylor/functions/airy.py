"""Airy's functions Ai and Bi, the solutions of y'' = x y, and their derivatives.

>>> import taylor as ty
>>> round(float(ty.airyai(1.0)), 12)
0.135292416313
"""

from __future__ import annotations

from functools import partial
from typing import Any

from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.functions.gamma_family import numerical
from taylor.nodes.record import Function
from taylor.recurrences.builder import SeriesBuilder, shared

__all__ = ["airyai", "airyaiprime", "airybi", "airybiprime"]

_ABOUT = (
    "scipy.special.airy gives all four of them. Right of zero errors are below an ulp in float64\n"
    "and 10 units of 2**-106 in double-double; left of it, where they oscillate, they are that of\n"
    "the amplitude, and 2**-148 |x|**1.5 of it besides, and 1e-28 of the value next to a zero;\n"
    "NaN left of -2**60, where the phase is lost. Taylor coefficients of Ai and Ai' far right of\n"
    "zero lose digits, at 12 four by order 30, for errors grow like Bi.\n\n"
)


@shared
def _airy(b: SeriesBuilder, letter: str, x: int) -> tuple[int, int]:
    """(y, v) with y' = v x' and v' = x y x'."""
    derivative, name = b.derivative(x), f"airy{letter}"
    y, v = b.declare(name, x), b.declare(f"{name}prime", x)
    b.define(y, b.convolution(1, derivative, v, first=1), times="1/n")
    force = b.product(x, y)
    b.define(v, b.convolution(1, derivative, force, first=1), times="1/n")
    return y, v


def _mpmath(letter: str, order: int, mp: Any, x: Any) -> Any:
    function = getattr(mp, f"airy{letter}")
    return function(x, derivative=order) if mp.isfinite(x) else function(x) if not order else mp.nan


def _record(letter: str, order: int) -> Function:
    name = f"airy{letter}" + ("prime" if order else "")

    def derivative(x: Any) -> tuple[Any]:
        return (x * call(f"airy{letter}", x) if order else call(f"airy{letter}prime", x),)

    title = (
        f"Airy's function {letter.capitalize()}" if not order else f"The derivative of airy{letter}"
    )
    return Function(
        name=name,
        arity=1,
        mpmath=partial(_mpmath, letter, order),
        numpy=partial(numerical, name),
        derivative=derivative,
        recurrence=lambda b, x: _airy(b, letter, x)[order],
        numpy_names=(),
        sympy=lambda sympy, x: getattr(sympy, name)(x),
        sympy_names=(name,),
        domain="everywhere",
        reference="y'' = x y; Abramowitz & Stegun (1964), 10.4.1",
        about=f"{title}.\n" + _ABOUT,
    )


(airyai, airyaiprime, airybi, airybiprime) = published(
    *(_record(letter, order) for letter in ("ai", "bi") for order in (0, 1))
)
