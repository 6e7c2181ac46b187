"""Functions with branches: each follows the branch in force at order zero, and where two are, the
mean of both.
"""

from __future__ import annotations

import builtins
import math
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, constant
from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.nodes.logic import where
from taylor.nodes.record import NOWHERE, Function, nonnegative
from taylor.nodes.sums import exact_value
from taylor.recurrences.builder import SeriesBuilder

__all__ = [
    "abs",
    "sign",
    "copysign",
    "floor",
    "floor_divide",
    "remainder",
    "rint",
    "round_decimal",
    "minimum",
    "maximum",
]

_HALF = Fraction(1, 2)
_MOST = 10**22  # the largest power of ten that is a number
_SOURCE = "the branch in force, Griewank & Walther (2008), section 14.1"


def _absolute(b: SeriesBuilder, x: int) -> int:
    """u_n = +-x_n; at x_0 = 0 their mean, 0."""
    return b.define(b.declare("abs", x), b.term(1, x, head=b.kernel("sign", x)))


def _extreme(name: str, comparisons: tuple[str, str], b: SeriesBuilder, x: int, y: int) -> int:
    """u_n = x_n or y_n; their mean at a tie, where one of the comparisons holds."""
    conditions = tuple(b.kernel(comparison, x, y) for comparison in comparisons)
    return b.select(name, (x, y), conditions, x, y)


def _share(at_least: Expression, more: Expression) -> Expression:
    """How much of an argument the result is: 1 where it is chosen, one half at a tie, else 0.

    The slope at a kink is the mean of both sides', as that of abs at 0 is: where kinks cancel, as
    in max(x, 0) + log(1 + exp(-|x|)), the derivative is right at the kink too.
    """
    return where(at_least, _HALF, 0) + where(more, _HALF, 0)


def _extreme_within(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    """It moves no further than the argument that moves most."""
    return call(name, a.middle, b.middle), call("maximum", a.spread, b.spread)


def _first_if_nan(choose: Any, x: Any, y: Any) -> Any:
    """The smaller or larger number, and NaN if there is one."""
    return x if x != x else y if y != y else choose(x, y)


def _constant_first(name: str, x: Expression, y: Expression) -> Expression | None:
    """A number first."""
    if y.op == "constant" and x.op != "constant":
        return call(name, y, x)
    return None


def _sign(x: Any) -> Any:
    return 1 if x > 0 else -1 if x < 0 else x


def _with_sign(mp: Any, x: Any, y: Any) -> Any:
    """|x| with the sign of y, which floats that are zero have as well."""
    zero = y == 0 and isinstance(y, float) and math.copysign(1, y) < 0
    return -builtins.abs(x) if y < 0 or zero else builtins.abs(x)


def _side(x: Expression, y: Expression) -> Expression | None:
    """|x| times 1 or -1, which is what is left of the function."""
    return None if x is ONE else call("abs", x) * call("copysign", ONE, y)


def _floor_in_many_digits(mp: Any, x: Any) -> Any:
    """Of mpmath numbers by mpmath: Python's math.floor takes them for floats."""
    if not builtins.abs(x) < math.inf:
        return x
    return mp.floor(x) if hasattr(x, "_mpf_") else math.floor(x)


def _exactly(x: Any) -> Fraction:
    """A number, or one of mpmath's, which may have more digits than it computes with."""
    if not hasattr(x, "_mpf_"):
        return Fraction(x)
    negative, mantissa, exponent, _ = x._mpf_
    size = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -size if negative else size


def _rounded_down(mp: Any, x: Any, y: Any) -> Any:
    """x // y in all digits; by zero, and of what is not finite, as NumPy has it."""
    if x != x or y != y or builtins.abs(x) == math.inf or y == 0:
        return x / y if y == 0 and x else math.nan
    if builtins.abs(y) == math.inf:
        return -1 if (x < 0 < y) or (y < 0 < x) else 0
    found = math.floor(_exactly(x) / _exactly(y))
    return found if mp is None else mp.mpf(found)


def _what_is_left(mp: Any, x: Any, y: Any) -> Any:
    """x % y likewise."""
    quotient = _rounded_down(mp, x, y)
    if quotient != quotient or y == 0:
        return math.nan
    if builtins.abs(y) == math.inf:
        return y if quotient else x
    first, second = _exactly(x), _exactly(y)
    left = first - second * math.floor(first / second)
    return left if mp is None else mp.mpf(left.numerator) / left.denominator


def _to_nearest(mp: Any, s: Any, x: Any) -> Any:
    """The multiple of 1/s next to x, in all digits: the even one of two."""
    if not builtins.abs(x) < math.inf:
        return x
    found = Fraction(round(_exactly(x) * _exactly(s))) / _exactly(s)
    return found if mp is None else mp.mpf(found.numerator) / found.denominator


def _to_decimals(s: Any, x: Any) -> Any:
    def one(v: float) -> float:
        return math.copysign(_to_nearest(None, s, float(v)), v)

    return np.vectorize(one, otypes="d")(x)


def _decimal(s: Expression, x: Expression) -> Expression | None:
    value = exact_value(s)
    if type(value) is not int or not 0 < value <= _MOST or float(value) != value:
        raise ArgumentError(f"round_decimal: {s} is no number of parts, as 10, 100, .., 10**22 are")
    return call("rint", x) if value == 1 else None


def _sympy_to_nearest(sympy: Any, x: Any) -> Any:
    low, half = sympy.floor(x), sympy.Rational(1, 2)
    up = sympy.Piecewise((0, x - low < half), (1, x - low > half), (sympy.Mod(low, 2), True))
    return low + up


def _remainder(b: SeriesBuilder, x: int, y: int) -> int:
    """u_n = x_n - q y_n, with the quotient q in force."""
    terms = b.term(1, x) + b.term(-1, y, head=b.kernel("floor_divide", x, y))
    return b.define(b.declare("remainder", x, y), terms)


def _by_one(x: Expression, y: Expression) -> Expression | None:
    return call("floor", x) if y.op == "constant" and exact_value(y) == 1 else None


def _steps(name: str, arity: int, **known: Any) -> Function:
    """A function that is constant but where it jumps: its series is its value alone."""
    return Function(
        name=name,
        arity=arity,
        derivative=lambda *args: (constant(0),) * arity,
        recurrence=lambda b, *rows: b.kernel(name, *rows),
        reference=_SOURCE,
        jumps=True,
        smooth_from=NOWHERE,
        **known,
    )


(
    abs,
    sign,
    copysign,
    floor,
    floor_divide,
    remainder,
    rint,
    round_decimal,
    minimum,
    maximum,
) = published(
    Function(
        name="abs",
        arity=1,
        mpmath=lambda mp, x: builtins.abs(x),
        numpy=np.abs,
        derivative=lambda x: (call("sign", x),),
        recurrence=_absolute,
        numpy_names=("absolute", "fabs"),
        sympy=lambda sympy, x: sympy.Abs(x),
        sympy_names=("Abs",),
        domain="everywhere; at 0 the derivatives are 0, the mean of both sides'",
        reference=_SOURCE,
        parity=1,
        enclosure=lambda m: (abs(m.middle), m.spread),
        sign=nonnegative,
        smooth_from=NOWHERE,
        branches=lambda x: (x > 0, x, -x),
        edges=lambda x: (x,),
    ),
    _steps(
        "sign",
        1,
        mpmath=lambda mp, x: _sign(x),
        numpy=np.sign,
        numpy_names=("sign",),
        sympy=lambda sympy, x: sympy.sign(x),
        sympy_names=("sign",),
        domain="everywhere; steps at 0",
        parity=-1,
        branches=lambda x: (x > 0, constant(1), constant(-1)),
        edges=lambda x: (x,),
    ),
    Function(
        name="copysign",
        arity=2,
        mpmath=_with_sign,
        numpy=np.copysign,
        derivative=lambda x, y: (call("sign", x) * call("copysign", ONE, y), constant(0)),
        recurrence=lambda b, x, y: b.kernel("copysign", x, y),  # of x = 1
        numpy_names=("copysign",),
        canonical=_side,
        sympy=lambda sympy, x, y: sympy.Piecewise((-sympy.Abs(x), y < 0), (sympy.Abs(x), True)),
        sympy_names=(),
        domain="everywhere; jumps at y = 0, where the sign of the zero counts",
        reference=_SOURCE,
        jumps=True,
        smooth_from=NOWHERE,
        branches=lambda x, y: (y >= 0, abs(x), -abs(x)),
        edges=lambda x, y: (y,),
    ),
    _steps(
        "floor",
        1,
        mpmath=_floor_in_many_digits,
        numpy=np.floor,
        numpy_names=("floor",),
        sympy=lambda sympy, x: sympy.floor(x),
        sympy_names=("floor",),
        domain="everywhere; steps at the integers",
        edge=lambda n: n,
        edges=lambda x: (call("sin", math.pi * x),),
    ),
    _steps(
        "floor_divide",
        2,
        mpmath=_rounded_down,
        numpy=np.floor_divide,
        numpy_names=("floor_divide",),
        canonical=_by_one,
        sympy=lambda sympy, x, y: sympy.floor(x / y),
        sympy_names=(),
        domain="y not zero; steps at the multiples of y",
        edge=lambda n: n,
        counted=lambda x, y: x / y,
        edges=lambda x, y: (call("sin", math.pi * (x / y)), y),
    ),
    Function(
        name="remainder",
        arity=2,
        mpmath=_what_is_left,
        numpy=np.remainder,
        derivative=lambda x, y: (constant(1), -call("floor_divide", x, y)),
        recurrence=_remainder,
        numpy_names=("remainder",),
        sympy=lambda sympy, x, y: sympy.Mod(x, y),
        sympy_names=("Mod",),
        domain="y not zero; jumps at the multiples of y",
        reference=_SOURCE,
        pieces=lambda x, y: (call("floor_divide", x, y), lambda n: x - n * y),
        smooth_from=NOWHERE,
        edges=lambda x, y: (call("sin", math.pi * (x / y)), y),
    ),
    _steps(
        "rint",
        1,
        mpmath=lambda mp, x: _to_nearest(mp, 1, x),
        numpy=np.rint,
        numpy_names=("rint",),
        sympy=_sympy_to_nearest,
        sympy_names=(),
        domain="everywhere; steps half between integers",
        parity=-1,
        edge=lambda n: n,
        counted=lambda x: x + _HALF,
        edges=lambda x: (call("cos", math.pi * x),),
    ),
    Function(
        name="round_decimal",
        arity=2,
        mpmath=_to_nearest,
        numpy=_to_decimals,
        derivative=lambda s, x: (constant(0), constant(0)),
        recurrence=lambda b, x, s: b.kernel("round_decimal", x, constants=(s,)),
        numpy_names=(),
        sympy=lambda sympy, s, x: _sympy_to_nearest(sympy, x * s) / s,
        sympy_names=(),
        domain="everywhere, s one of 1, 2, .., 10**22; steps half between multiples of 1/s",
        reference=_SOURCE,
        orders=1,
        canonical=_decimal,
        pieces=lambda s, x: (call("rint", x * s), lambda n: n / s),
        jumps=True,
        smooth_from=NOWHERE,
        edges=lambda s, x: (call("cos", math.pi * (x * s)),),
    ),
    Function(
        name="minimum",
        arity=2,
        mpmath=lambda mp, x, y: _first_if_nan(min, x, y),
        numpy=np.minimum,
        derivative=lambda x, y: (_share(x <= y, x < y), _share(y <= x, y < x)),
        recurrence=lambda b, x, y: _extreme("minimum", ("le", "lt"), b, x, y),
        numpy_names=("minimum",),
        canonical=lambda x, y: _constant_first("minimum", x, y),
        sympy=lambda sympy, x, y: sympy.Min(x, y),
        sympy_names=("Min",),
        domain="everywhere; at a tie the derivatives are the mean of both arguments'",
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
        derivative=lambda x, y: (_share(x >= y, x > y), _share(y >= x, y > x)),
        recurrence=lambda b, x, y: _extreme("maximum", ("ge", "gt"), b, x, y),
        numpy_names=("maximum",),
        canonical=lambda x, y: _constant_first("maximum", x, y),
        sympy=lambda sympy, x, y: sympy.Max(x, y),
        sympy_names=("Max",),
        domain="everywhere; at a tie the derivatives are the mean of both arguments'",
        reference=_SOURCE,
        enclosure=lambda a, b: _extreme_within("maximum", a, b),
        smooth_from=NOWHERE,
        branches=lambda x, y: (x >= y, x, y),
        edges=lambda x, y: (x - y,),
    ),
)
