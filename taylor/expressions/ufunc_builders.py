"""What NumPy's and SciPy's ufuncs build: a table of constructors by name.

Names of elementary functions come from the registry (`Function.numpy_names`); here is what is
written with operators, comparisons and other functions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from taylor.expressions.operators import Operators
from taylor.nodes import arrays, logic, products, sums
from taylor.nodes.elementary import floor_divide, make_function_node, remainder
from taylor.nodes.node import ONE, TWO, ZERO, constant_node
from taylor.numbers.exact import PI

Builder = Callable[..., Any]


def _call(name: str) -> Builder:
    return partial(make_function_node, name)


def floor(a: Operators) -> Operators:
    return make_function_node("floor", a)


def trunc(a: Operators) -> Operators:
    """The integer next to a towards zero."""
    return logic.where(a < 0, -floor(-a), floor(a))


def has_sign(a: Operators) -> Operators:
    """Whether a is negative, or the zero that is -0.0."""
    return logic.less(make_function_node("copysign", ONE, a), ZERO)


def is_nan(a: Operators) -> Operators:
    return logic.not_equal(a, a)


def is_infinite(a: Operators) -> Operators:
    return logic.either(a == np.inf, a == -np.inf)


def is_finite(a: Operators) -> Operators:
    return logic.both(logic.equal(a, a), logic.negation(is_infinite(a)))


def _unless_nan(choose: Builder) -> Builder:
    """`fmax` and `fmin`: a number is preferred to NaN."""

    def build(a: Operators, b: Operators) -> Operators:
        return logic.where(is_nan(a), b, logic.where(is_nan(b), a, choose(a, b)))

    return build


def _log2_of_sum(a: Operators, b: Operators) -> Operators:
    log_2 = make_function_node("log", 2)
    return make_function_node("logaddexp", a * log_2, b * log_2) / log_2


def _heaviside(a: Operators, at_zero: Operators) -> Operators:
    known = logic.where(logic.equal(a, a), at_zero, a)  # NaN stays NaN
    return logic.where(a < 0, 0, logic.where(a > 0, 1, known))


def remainder_towards_zero(a: Operators, b: Operators) -> Operators:
    """With the sign of a."""
    size = abs(b)
    return logic.where(has_sign(a), -remainder(-a, size), remainder(a, size))


def _fraction(a: Operators) -> Operators:
    """What is behind the point: nothing of infinity, with its sign."""
    side = make_function_node("copysign", ONE, a)
    return remainder_towards_zero(logic.where(is_infinite(a), side, a), ONE)


def _of_numbers(build: Builder) -> Builder:
    """Arithmetic, which makes numbers of truth values."""
    return lambda *args: logic.number(build(*args))


def _scaled(factor: Any) -> Builder:
    return lambda a: sums.scale(factor, a)


def _bessel(name: str, order: int) -> Builder:
    return lambda a: make_function_node(name, order, a)


def _clip(a: Operators, low: Operators, high: Operators) -> Operators:
    return make_function_node("minimum", make_function_node("maximum", a, low), high)


# Constructors by the ufunc's name.
BUILDERS: dict[str, Builder] = {
    "j0": _bessel("besselj", 0),
    "j1": _bessel("besselj", 1),
    "y0": _bessel("bessely", 0),
    "y1": _bessel("bessely", 1),
    "i0": _bessel("besseli", 0),
    "i1": _bessel("besseli", 1),
    "i0e": _bessel("besseli_scaled", 0),
    "i1e": _bessel("besseli_scaled", 1),
    "exp1": lambda a: logic.where(a >= 0, -make_function_node("expi", -a), np.nan),
    "add": _of_numbers(sums.add),
    "subtract": _of_numbers(sums.subtract),
    "multiply": _of_numbers(products.multiply),
    "divide": _of_numbers(products.divide),
    "power": _of_numbers(products.power),
    "float_power": _of_numbers(products.power),
    "floor_divide": floor_divide,
    "remainder": remainder,
    "fmod": remainder_towards_zero,
    "ldexp": lambda a, n: a * products.power(TWO, n),
    "negative": sums.negate,
    "positive": lambda a: a,
    "conjugate": lambda a: a,
    "square": lambda a: products.power_exact(a, 2),
    "reciprocal": products.reciprocal,
    "sqrt": _call("sqrt"),
    "exp10": lambda a: products.power(constant_node(10), a),
    "ceil": lambda a: sums.negate(floor(sums.negate(a))),
    "trunc": trunc,
    "round": _call("rint"),
    "signbit": has_sign,
    "matmul": arrays.matmul,
    "less": logic.less,
    "less_equal": logic.less_equal,
    "greater": logic.greater,
    "greater_equal": logic.greater_equal,
    "equal": logic.equal,
    "not_equal": logic.not_equal,
    "isnan": is_nan,
    "isinf": is_infinite,
    "isfinite": is_finite,
    "logical_and": partial(logic.logical, "and"),
    "logical_or": partial(logic.logical, "or"),
    "logical_xor": lambda a, b: logic.different(logic.condition(a), logic.condition(b)),
    "logical_not": logic.logical_not,
    "bitwise_and": logic.both,
    "bitwise_or": logic.either,
    "bitwise_xor": logic.different,
    "invert": logic.negation,
    "fmax": _unless_nan(_call("maximum")),
    "fmin": _unless_nan(_call("minimum")),
    "logaddexp2": _log2_of_sum,
    "deg2rad": _scaled(PI / 180),
    "radians": _scaled(PI / 180),
    "rad2deg": _scaled(180 / PI),
    "degrees": _scaled(180 / PI),
    "heaviside": _heaviside,
    "clip": _clip,
    "_riemann_zeta": _call("zeta"),  # what scipy.special.zeta calls
    "_lambertw": lambda x, k, _: make_function_node(
        "lambertw", x, k
    ),  # what scipy.special.lambertw calls
}

# Ufuncs with several results, each of them a constructor.
SEVERAL: dict[str, tuple[Builder, ...]] = {
    "airy": tuple(map(_call, ("airyai", "airyaiprime", "airybi", "airybiprime"))),
    "divmod": (floor_divide, remainder),
    "modf": (_fraction, trunc),
}

# What to write in place of a function that there is no rule for.
INSTEAD: dict[str, str] = {
    **dict.fromkeys(
        ("frexp", "spacing", "nextafter"), "it has no meaning for a number that is not known yet"
    ),
    **dict.fromkeys(("gcd", "lcm"), "it takes integers alone"),
    "ndtri": "taylor.erfinv is the inverse of taylor.erf: -sqrt(2) erfcinv(2 p)",
    "_zeta": "taylor.zeta is Riemann's; Hurwitz's zeta function of two arguments is not there, at "
    "natural n it is polygamma(n - 1, q) (-1)**n/(n - 1)!",
    **dict.fromkeys(
        ("kv", "kve", "k0", "k1", "airye", "ellipkm1"),
        "taylor has no such family; taylor.register_function adds one from its derivative or from "
        "its Taylor coefficients, as mpmath gives them",
    ),
}


def full_name(ufunc: Any) -> str:
    """The name of a ufunc with its package: ``numpy.sin``, ``scipy.special.ndtr``."""
    name = str(ufunc.__name__)
    if getattr(np, name, None) is ufunc:
        return f"numpy.{name}"
    return f"scipy.special.{name}" if hasattr(sys.modules.get("scipy.special"), name) else name
