"""The inverses of the error function and of its complement, and their derivatives.

>>> from taylor.functions.inverse_error import erfcinv
>>> round(float(erfcinv(1e-300)), 12)
26.209469960516
"""

from __future__ import annotations

from typing import Any

from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.functions.by_machine import by_machine
from taylor.nodes.record import NOWHERE, Function, positive, unknown_sign
from taylor.recurrences.builder import SeriesBuilder, shared

__all__ = ["erfinv", "erfinv_derivative", "erfcinv", "erfcinv_derivative"]

_SOURCE = "u' = D x', D' = (u**2)' D; Carlitz, Pacific J. Math. 13 (1963) 459"
_ABOUT = "In float64 errors are below an ulp, in double-double some units of 2**-106.\n\n"
_MOST_STEPS = 400


@shared
def _pair(b: SeriesBuilder, name: str, x: int) -> tuple[int, int]:
    """(u, D) with u' = D x' and D' = 2 u u' D: D is +-sqrt(pi)/2 exp(u**2)."""
    derivative = b.derivative(x)
    u = b.declare(name, x)
    growth = b.derivative(b.product(u, u))
    slope = b.declare(f"{name}_derivative", x)
    b.define(u, b.convolution(1, derivative, slope, first=1), times="1/n")
    return u, b.define(slope, b.convolution(1, growth, slope, first=1), times="1/n")


def inverse_erfc(mp: Any, q: Any) -> Any:
    """y with erfc(y) = q, by Newton's method for the logarithm."""
    if not 0 < q < 2:
        return mp.inf if q == 0 else -mp.inf if q == 2 else mp.nan
    if q > 1:
        return -inverse_erfc(mp, 2 - q)
    with mp.extraprec(30 + max(-int(mp.mag(1 - q)) if q != 1 else 0, 0)):
        root = mp.sqrt(mp.pi) / 2
        y = (1 - q) * root if q > 0.5 else mp.sqrt(-mp.log(q))
        for _ in range(_MOST_STEPS):
            value = mp.erfc(y)
            step = mp.log(value / q) * value * root * mp.exp(y * y)
            y += step
            if abs(step) <= abs(y) * mp.ldexp(1, -mp.prec // 2):
                return y + (mp.erfc(y) / q - 1) * q * root * mp.exp(y * y)
        return mp.nan


def inverse_erf(mp: Any, x: Any) -> Any:
    """y with erf(y) = x."""
    if not -1 < x < 1:
        return x * mp.inf if abs(x) == 1 else mp.nan
    with mp.extraprec(max(-2 * int(mp.mag(x)), 10) if x else 0):
        return inverse_erfc(mp, 1 - x)


def _mpmath_slope(inverse: Any, sign: int) -> Any:
    def slope(mp: Any, x: Any) -> Any:
        with mp.extraprec(mp.prec):
            y = inverse(mp, x)
            return sign * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)

    return slope


def _records(
    name: str, mpmath: Any, sign: int, parity: int, domain: str, forms: tuple[Any, Any]
) -> tuple[Function, Function]:
    slope_name = f"{name}_derivative"

    def slope_of_slope(x: Any) -> tuple[Any, ...]:
        slope = call(slope_name, x)
        return (2 * call(name, x) * slope * slope,)

    value = Function(
        name=name,
        arity=1,
        mpmath=mpmath,
        numpy=by_machine(name, 1),
        derivative=lambda x: (call(slope_name, x),),
        recurrence=lambda b, x: _pair(b, name, x)[0],
        numpy_names=(name,),
        sympy=forms[0],
        sympy_names=(name,),
        domain=domain,
        reference=_SOURCE,
        parity=-parity,
        smooth_from=NOWHERE,
        about=_ABOUT,
    )
    slope = Function(
        name=slope_name,
        arity=1,
        mpmath=_mpmath_slope(mpmath, sign),
        numpy=by_machine(slope_name, 1),
        derivative=slope_of_slope,
        recurrence=lambda b, x: _pair(b, name, x)[1],
        numpy_names=(),
        sympy=forms[1],
        sympy_names=(),
        domain=domain,
        reference=f"the derivative of {name}",
        parity=parity,
        sign=positive if sign > 0 else unknown_sign,
        smooth_from=NOWHERE,
    )
    return value, slope


def _sympy_forms(sign: int, argument: Any) -> tuple[Any, Any]:
    """(value, slope) by SymPy's erfinv, which mpmath evaluates; erfcinv nothing does."""

    def value(sympy: Any, x: Any) -> Any:
        return sympy.erfinv(argument(x))

    return value, lambda sympy, x: sign * sympy.sqrt(sympy.pi) / 2 * sympy.exp(value(sympy, x) ** 2)


(erfinv, erfinv_derivative, erfcinv, erfcinv_derivative) = published(
    *_records(
        "erfinv", inverse_erf, 1, 1, "-1 < x < 1; infinite at +-1", _sympy_forms(1, lambda x: x)
    ),
    *_records(
        "erfcinv", inverse_erfc, -1, 0, "0 < x < 2; infinite at 0 and 2",
        _sympy_forms(-1, lambda x: 1 - x),
    ),
)  # fmt: skip
