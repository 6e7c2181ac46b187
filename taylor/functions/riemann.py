"""Riemann's zeta function of real arguments.

>>> import taylor as ty
>>> round(float(ty.zeta(2.0)), 12)  # pi**2/6
1.644934066848
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, partial
from itertools import accumulate
from math import factorial

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import make_function_node as call
from taylor.functions import gamma_family, trigonometric  # noqa: F401  # what the slope calls
from taylor.functions.apply import published
from taylor.functions.gamma_family import numerical
from taylor.functions.stieltjes import STIELTJES
from taylor.nodes.logic import where
from taylor.nodes.record import NOWHERE, Function
from taylor.numbers.exact import PI

__all__ = ["zeta"]

_HALF = Fraction(1, 2)
_REACH = 5  # of the Laurent series about 1
_TERMS = 52  # of Borwein's series
_SCALE = 10**50


@cache
def _logs(count: int) -> list[Fraction]:
    """log 1, .., log count to 45 digits: log(n/(n - 1)) = 2 atanh(1/(2 n - 1))."""
    found = [0]
    for n in range(2, count + 1):
        base, total, k = 2 * n - 1, 0, 1
        power = _SCALE // base
        while power:
            total += power // k
            power //= base * base
            k += 2
        found.append(found[-1] + 2 * total)
    return [Fraction(value, _SCALE) for value in found]


def _borwein(count: int) -> list[Fraction]:
    """Weights w with sum_k w_k (k + 1)**-y = (1 - 2**(1 - y)) zeta(y) for y > 0."""
    terms = [
        Fraction(count * factorial(count + i - 1) * 4**i, factorial(count - i) * factorial(2 * i))
        for i in range(count + 1)
    ]
    sums = list(accumulate(terms))
    exact = [(-1) ** k * (1 - sums[k] / sums[-1]) for k in range(count)]
    return [Fraction(round(w * _SCALE), _SCALE) for w in exact]


def _right(y: Expression) -> tuple[Expression, Expression]:
    """(zeta, its derivative) for y >= _REACH."""
    logs = _logs(_TERMS)
    alternating = rate = 0 * y
    for weight, log in zip(_borwein(_TERMS)[::-1], logs[::-1], strict=True):
        power = call("exp", -log * y)
        alternating, rate = alternating + weight * power, rate - weight * log * power
    twice = 2 * call("exp", -logs[1] * y)
    value = alternating / (1 - twice)
    return value, (rate - logs[1] * twice * value) / (1 - twice)


def _left(x: Expression, y: Expression) -> Expression:
    """The derivative of 2 (2 pi)**-y sin(pi x/2) gamma(y) zeta(y), y = 1 - x."""
    n = call("floor", _HALF * x + _HALF)
    turn = PI * (_HALF * x - n)
    sign = 1 - 2 * (n - 2 * call("floor", n / 2))
    sine, cosine = call("sin", turn), call("cos", turn)
    value, rate = _right(y)
    log = call("log", 2 * PI)
    factor = 2 * sign * call("exp", call("lgamma", y) - log * y)
    bracket = (PI / 2 * cosine + (log - call("digamma", y)) * sine) * value - sine * rate
    return factor * bracket


def _derivative(x: Expression) -> tuple[Expression]:
    z = x - 1
    regular = 0 * z
    for n in range(len(STIELTJES) - 1, 0, -1):
        regular = regular * z + n * STIELTJES[n]
    deep, high = z < -_REACH, z > _REACH
    y = where(deep, 1 - x, where(high, x, 1 + _REACH))
    return (where(deep, _left(x, y), where(high, _right(y)[1], regular - z**-2)),)


(zeta,) = published(
    Function(
        name="zeta",
        arity=1,
        mpmath=lambda mp, x: mp.zeta(x) if x != 1 else mp.inf,
        numpy=partial(numerical, "zeta"),
        derivative=_derivative,
        recurrence=None,
        numpy_names=(),
        sympy=lambda sympy, x: sympy.zeta(x),
        sympy_names=("zeta",),
        domain="everywhere but 1, where it is infinite",
        reference="its derivative: the Laurent series about 1 from -4 to 6, Borwein's series "
        "(2000) beyond, the functional equation left of it; Abramowitz & Stegun (1964), 23.2.5 "
        "and 23.2.6",
        about="Riemann's zeta function; scipy.special.zeta(x) maps onto it, Hurwitz's zeta\n"
        "function of two arguments is not there. In float64 errors are below an ulp, in\n"
        "double-double 20 units of 2**-106, left of zero 20 + 2 |x|. Taylor coefficients left of\n"
        "-4 lose up to five digits by order 30.\n\n",
        smooth_from=NOWHERE,
        edges=lambda x: (x - 1,),
    ),
)
