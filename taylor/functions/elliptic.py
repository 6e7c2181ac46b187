"""Complete elliptic integrals, of the parameter m = k**2, by the arithmetic-geometric mean.

K = pi/2 / M(1, sqrt(1 - m)), and with the same means a_n and D = (K - E)/m = K S

    E' = -D/2,  S = 1/2 + sum_{n >= 1} 2**(n - 1) t_n,  t_0 = 1,  t_{n+1} = m (t_n/(4 a_{n+1}))**2

(Abramowitz & Stegun 1964, 17.6, with t_n = c_n**2/m).  Nothing is singular at m = 0, where the
differential equations are.

>>> import taylor as ty
>>> ty.jet(ty.ellipk, 0.0, 2).round(12).tolist()  # pi/2 (1 + m/4 + 9 m**2/64 + ..)
[1.570796326795, 0.392699081699, 0.220893233456]
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.functions.gamma_family import numerical
from taylor.nodes.record import NOWHERE, Function
from taylor.recurrences.builder import SeriesBuilder, shared

__all__ = ["ellipk", "ellipe"]

_STEPS = 14  # which suffice from a quotient of 1e-250
_HALF = Fraction(1, 2)
_QUARTER = Fraction(1, 4)


@shared
def _means(b: SeriesBuilder, m: int) -> list[int]:
    """a_1, a_2, .., the last of them the mean."""
    mean = b.number(1)
    geometric = b.apply("sqrt", b.linear([(-1, m)], offset=1))
    found = []
    for _ in range(_STEPS):
        product = b.product(mean, geometric)
        mean = b.linear([(_HALF, mean), (_HALF, geometric)])
        geometric = b.apply("sqrt", product)
        found.append(mean)
    return found


@shared
def _first(b: SeriesBuilder, m: int) -> int:
    mean = _means(b, m)[-1]
    u = b.declare("ellipk", m)
    return b.define(u, b.convolution(-1, mean, u, first=1), divisor=mean)


def _second(b: SeriesBuilder, m: int) -> int:
    derivative = b.derivative(m)
    terms, t = [], b.number(1)
    for n, mean in enumerate(_means(b, m)[:-1]):
        q = b.quotient(b.term(_QUARTER, t), mean)
        t = b.product(m, b.product(q, q))
        terms.append((2**n, t))
    integral = b.product(_first(b, m), b.linear(terms, offset=_HALF))
    u = b.declare("ellipe", m)
    return b.define(u, b.convolution(-_HALF, derivative, integral, first=1), times="1/n")


def _share(m: Expression) -> Expression:
    """S = (K - E)/(m K)."""
    mean, geometric = 0 * m + 1, call("sqrt", 1 - m)
    t, total = mean, _HALF * mean
    for n in range(_STEPS - 1):
        product = mean * geometric
        mean, geometric = (mean + geometric) / 2, call("sqrt", product)
        t = m * (t / (4 * mean)) ** 2
        total = total + 2**n * t
    return total


def _slope_of_first(m: Expression) -> tuple[Expression]:
    """(K - D)/(2 (1 - m))."""
    return (call("ellipk", m) * (1 - _share(m)) / (2 * (1 - m)),)


def _real(name: str) -> Any:
    def value(mp: Any, m: Any) -> Any:
        return getattr(mp, name)(m) if m < 1 or (m == 1 and name == "ellipe") else _end(mp, m)

    return value


def _end(mp: Any, m: Any) -> Any:
    return mp.inf if m == 1 else mp.nan


_ABOUT = (
    "The argument is the parameter m = k**2, as in SciPy and SymPy. In float64 errors are\n"
    "below an ulp. All derivatives are regular at m = 0.\n\n"
)
_SOURCE = "the arithmetic-geometric mean; Abramowitz & Stegun (1964), 17.6"

(ellipk, ellipe) = published(
    Function(
        name="ellipk",
        arity=1,
        mpmath=_real("ellipk"),
        numpy=partial(numerical, "ellipk"),
        derivative=_slope_of_first,
        recurrence=_first,
        numpy_names=("ellipk",),
        sympy=lambda sympy, m: sympy.elliptic_k(m),
        sympy_names=("elliptic_k",),
        domain="m < 1; infinite at 1",
        reference=_SOURCE,
        about="The complete elliptic integral of the first kind.\n" + _ABOUT,
        smooth_from=NOWHERE,
    ),
    Function(
        name="ellipe",
        arity=1,
        mpmath=_real("ellipe"),
        numpy=partial(numerical, "ellipe"),
        derivative=lambda m: (-_HALF * call("ellipk", m) * _share(m),),
        recurrence=_second,
        numpy_names=("ellipe",),
        sympy=lambda sympy, m: sympy.elliptic_e(m),
        sympy_names=("elliptic_e",),
        domain="m <= 1; singular at 1",
        reference=_SOURCE,
        about="The complete elliptic integral of the second kind.\n" + _ABOUT,
        smooth_from=NOWHERE,
    ),
)
