"""The scaled complementary error function exp(x**2) erfc(x), and its repeated integrals.

>>> import taylor as ty
>>> round(float(ty.erfcx(10.0)), 12)
0.056140992744
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO
from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.functions.gamma_family import exact_order, numerical
from taylor.nodes.record import Function, positive
from taylor.recurrences.builder import SeriesBuilder
from taylor.recurrences.rules import chain

__all__ = ["erfcx", "ierfcx"]

_SOURCE = "I_k' = -2 (k + 1) I_{k+1}; Abramowitz & Stegun (1964), 7.2.8 and 7.2.9"
_ABOUT = (
    "Errors are below an ulp in float64 and some 10 units of 2**-106 in double-double. A value\n"
    "takes a time that grows like 1/x**2 between 1/2 and 5. Taylor coefficients are as accurate\n"
    "as values.\n\n"
)


def _slope(b: SeriesBuilder, x: int, k: int) -> int:
    """Return (k + 1) E_{k+1} y' with E_k = (2/s)**k I_k and y = s x, so that E_k' = -(k + 1)
    E_{k+1} y'; s is a power of two near 1/|x|: I_k underflows before E_k does.

    Differential equations for I_0 have solutions that grow like exp(x**2), errors as well: all
    members at order zero come from the kernel.
    """
    s = b.kernel("scale", x, constants=(1,))
    derivative = b.derivative(b.product(s, x))
    members = chain(b, "erfcx_coefficient", x)
    for m in range(k + b.order, k, -1):
        members.declare(b, "erfcx_coefficient", (x, s), m)
        if m < k + b.order and m not in members.defined:
            terms = b.convolution(-(m + 1), derivative, members.rows[m + 1], first=1)
            b.define(members.rows[m], terms, times="1/n")
            members.defined.add(m)
    return b.row(b.convolution(k + 1, derivative, members.rows[k + 1], first=1))


def _erfcx(b: SeriesBuilder, x: int) -> int:
    slope = _slope(b, x, 0)
    return b.define(b.declare("erfcx", x), b.term(-1, slope), times="1/n")


def _ierfcx(b: SeriesBuilder, x: int, k: int) -> int:
    s = b.kernel("scale", x, constants=(1,))
    terms = b.term(-Fraction(1, 2**k), _slope(b, x, k), head=b.kernel("pow", s, constants=(k,)))
    return b.define(b.declare("ierfcx", x, constants=(k,)), terms, times="1/n")


def scaled_error_by_mpmath(mp: Any, k: int, x: Any) -> Any:
    """I_k: forwards in the digits that cancel, far out by its asymptotic series."""
    if not mp.isfinite(x):
        return mp.mpf(0) if x > 0 else -x
    if x * x > 4 * (mp.prec + 20) and x > 2 * k:
        term, total, m = mp.mpf(1), mp.mpf(1), 0
        while abs(term) > mp.ldexp(1, -mp.prec - 10):
            m += 1
            term *= -mp.mpf((k + 2 * m) * (k + 2 * m - 1)) / m / (2 * x) ** 2
            total += term
        return total / ((2 * x) ** k * x * mp.sqrt(mp.pi))
    lost = 8 * int(mp.ceil(abs(x))) ** 2 if abs(x) < 200 else 0
    with mp.extraprec(60 + lost + 8 * k * max(int(mp.mag(x + 0.5)), 1) if x > 0 else 40):
        before, value = 2 / mp.sqrt(mp.pi), mp.exp(x * x) * mp.erfc(x)
        for j in range(1, k + 1):
            before, value = value, (before / 2 - x * value) / j
        return value


def _canonical(order: Expression, x: Expression) -> Expression | None:
    k = exact_order("ierfcx", order)
    if k < 0:
        raise ArgumentError(f"ierfcx: the order {k} is negative; the least one is 0, erfcx")
    return call("erfcx", x) if k == 0 else None


def _derivative(order: Expression, x: Expression) -> tuple[Any, ...]:
    k = exact_order("ierfcx", order)
    return ZERO, -2 * (k + 1) * call("ierfcx", k + 1, x)


def _numpy(order: Any, x: Any) -> Any:
    _canonical(order, ZERO)
    return numerical("ierfcx", x, exact_order("ierfcx", order))


def _form(sympy: Any, k: Any, x: Any) -> Any:
    """By the recurrence of A&S 7.2.5."""
    before, value = 2 / sympy.sqrt(sympy.pi), sympy.exp(x**2) * sympy.erfc(x)
    for j in range(1, int(k) + 1):
        before, value = value, (before / 2 - x * value) / j
    return value


(erfcx, ierfcx) = published(
    Function(
        name="erfcx",
        arity=1,
        mpmath=lambda mp, x: scaled_error_by_mpmath(mp, 0, x),
        numpy=partial(numerical, "erfcx"),
        derivative=lambda x: (-2 * call("ierfcx", 1, x),),
        recurrence=_erfcx,
        numpy_names=("erfcx",),
        sympy=lambda sympy, x: _form(sympy, 0, x),
        sympy_names=(),
        domain="everywhere",
        reference=_SOURCE,
        about="exp(x**2) erfc(x), the scaled complementary error function.\n" + _ABOUT,
        sign=positive,
    ),
    Function(
        name="ierfcx",
        arity=2,
        mpmath=lambda mp, k, x: scaled_error_by_mpmath(mp, int(k), x),
        numpy=_numpy,
        derivative=_derivative,
        recurrence=_ierfcx,
        numpy_names=(),
        sympy=_form,
        sympy_names=(),
        domain="everywhere",
        reference=_SOURCE,
        orders=1,
        canonical=_canonical,
        about="ierfcx(k, x) is exp(x**2) times the k-th repeated integral i^k erfc(x), k an exact\n"
        "natural number; (-2)**k ierfcx(k, x) are the Taylor coefficients of erfcx at x.\n"
        + _ABOUT,
        sign=positive,
    ),
)
