"""The error function family."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.nodes.record import Function, positive
from taylor.recurrences.builder import SeriesBuilder

__all__ = ["erf", "erfc", "erf_derivative"]

_SOURCE = "u' = 2/sqrt(pi) exp(-x**2) x'; Abramowitz & Stegun (1964), 7.1.1 and 7.1.19"


def _error_integral(name: str, sign: int, b: SeriesBuilder, x: int) -> int:
    """u' = sign g x' with g = 2/sqrt(pi) exp(-x**2)."""
    density, derivative = b.apply("erf_derivative", x), b.derivative(x)
    u = b.declare(name, x)
    return b.define(u, b.convolution(sign, derivative, density, first=1), times="1/n")


def _density(b: SeriesBuilder, x: int) -> int:
    """g' = -(x**2)' g."""
    derivative = b.derivative(b.product(x, x))
    g = b.declare("erf_derivative", x)
    return b.define(g, b.convolution(-1, derivative, g, first=1), times="1/n")


def _numpy_density(x: Any) -> Any:
    """2/sqrt(pi) exp(-x**2), with the head of x cut to 26 bits so that its square is exact."""
    x = np.asarray(x)
    if np.iscomplexobj(x):
        return 2 / math.sqrt(math.pi) * np.exp(-x * x)
    x = np.clip(x, -30, 30)  # exp(-900) is zero, and no square overflows
    head = x.astype(np.float32).astype(np.float64)
    return 2 / math.sqrt(math.pi) * np.exp(-head * head) * np.exp(-(x - head) * (x + head))


(erf, erfc, erf_derivative) = published(
    Function(
        name="erf",
        arity=1,
        mpmath=lambda mp, x: mp.erf(x),
        numpy=np.vectorize(math.erf, otypes=[float]),
        derivative=lambda x: (call("erf_derivative", x),),
        recurrence=lambda b, x: _error_integral("erf", 1, b, x),
        numpy_names=("erf",),
        sympy=lambda sympy, x: sympy.erf(x),
        sympy_names=("erf",),
        domain="everywhere",
        reference=_SOURCE,
        parity=-1,
        steepest=2,
    ),
    Function(
        name="erfc",
        arity=1,
        mpmath=lambda mp, x: mp.erfc(x),
        numpy=np.vectorize(math.erfc, otypes=[float]),
        derivative=lambda x: (-call("erf_derivative", x),),
        recurrence=lambda b, x: _error_integral("erfc", -1, b, x),
        numpy_names=("erfc",),
        sympy=lambda sympy, x: sympy.erfc(x),
        sympy_names=("erfc",),
        domain="everywhere",
        reference=_SOURCE,
        sign=positive,
    ),
    Function(
        name="erf_derivative",
        arity=1,
        mpmath=lambda mp, x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x),
        numpy=_numpy_density,
        derivative=lambda x: (-2 * x * call("erf_derivative", x),),
        recurrence=_density,
        numpy_names=(),
        sympy=lambda sympy, x: 2 / sympy.sqrt(sympy.pi) * sympy.exp(-(x**2)),
        sympy_names=(),
        domain="everywhere",
        reference="2/sqrt(pi) exp(-x**2), the derivative of erf",
        parity=1,
        sign=positive,
    ),
)
