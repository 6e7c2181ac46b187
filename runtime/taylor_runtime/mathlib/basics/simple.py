"""Kernels of a few instructions: rounding, signs, order, truth values, exact powers of two.

All of them are generic in the floating-point type and written out where they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import CompoundNumber, Value
from taylor_runtime.mathlib.basics.bits import inverse_magnitude
from taylor_runtime.mathlib.basics.kernel import KernelFunction

# By element: numbers from here on are whole.
WHOLE = {"float": 2.0**24, "double": 2.0**53, "double-double": 2.0**106}


def _comparison(relation: str) -> Callable[[Builder, Value, Value], Sequence[Value]]:
    def emit(b: Builder, x: Value, y: Value) -> Sequence[Value]:
        return [b.truth(b.compare(relation, x, y), x)]

    return emit


def minimum(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    """The smaller one; a NaN wins, as in NumPy; the first of equals."""
    chosen = b.select(b.compare("le", x, y), x, y)
    return [b.select(b.is_nan(x), x, chosen)]


def maximum(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    """The larger one; a NaN wins, as in NumPy; the first of equals."""
    chosen = b.select(b.compare("ge", x, y), x, y)
    return [b.select(b.is_nan(x), x, chosen)]


def rint(b: Builder, x: Value) -> Sequence[Value]:
    """The nearest whole number, the even one of two."""
    if not isinstance(x, CompoundNumber):
        return [b.round_even(x)]
    n = b.floor(x)
    rest, odd = x - n, n - b.floor(n * 0.5) * 2
    nearest = b.select((rest > 0.5) | ((rest >= 0.5) & (odd > 0.5)), n + 1, n)
    return [b.copysign(nearest, x)]  # so that -0 stays


def round_decimal(b: Builder, x: Value, s: Value) -> Sequence[Value]:
    """The multiple of 1/s next to x, for a power of ten s: what a product lost decides between two.

    A product with no digit behind the point was not to be rounded.
    """
    product = x * s
    (n,) = rint(b, product)
    if not isinstance(x, CompoundNumber):
        lost = b.fma(x, s, -product)
        half = b.eq(b.fabs(product - n), 0.5) & b.ne(lost, 0)
        n = b.select(half, product + b.copysign(b.constant(0.5, x.type), lost), n)
    some = b.fabs(product) < WHOLE[x.type.element]
    return [b.copysign(b.select(some, n / s, x), x)]


def sign(b: Builder, x: Value) -> Sequence[Value]:
    """-1, 0 or 1; NaN stays, and both zeros give 0, as in NumPy."""
    one = b.copysign(b.constant(1, x.type), x)
    return [b.select((x < 0) | (x > 0), one, b.select(b.is_nan(x), x, 0))]


def direction(b: Builder, x: Value) -> Sequence[Value]:
    """+1 for x >= 0, both zeros included, -1 below; NaN stays."""
    one = b.select(x < 0, b.constant(-1, x.type), 1)
    return [b.select(b.is_nan(x), x, one)]


def logical_and(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    return [b.truth(b.ne(x, 0) & b.ne(y, 0), x)]


def logical_or(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    return [b.truth(b.ne(x, 0) | b.ne(y, 0), x)]


def logical_not(b: Builder, x: Value) -> Sequence[Value]:
    return [b.truth(b.eq(x, 0), x)]


def where(b: Builder, condition: Value, x: Value, y: Value) -> Sequence[Value]:
    return [b.select(b.ne(condition, 0), x, y)]


def difference_of_squares(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    """(x - y) (x + y): both factors are correctly rounded, so that nothing cancels."""
    return [(x - y) * (x + y)]


def sum_of_squares(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    """x**2 + y**2 to 1 ulp; the arguments are scaled beforehand."""
    return [b.fma(x, x, y * y)]


def scale(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    """The power of two s with 1 <= s max(|x|, |y|) < 4; 1 at the origin.

    A maximum below the normal numbers is scaled as the smallest one.
    """
    larger = b.fabs(x)
    larger = b.select(b.fabs(y) > larger, b.fabs(y), larger)
    power, _ = inverse_magnitude(b, larger)
    return [b.select(b.eq(larger, 0), b.constant(1, x.type), power)]


def _simple(name: str, arity: int, emit: Callable[..., Sequence[Value]]) -> KernelFunction:
    return KernelFunction(name, arity, emit, inline=True, generic=True, counts=True)


KERNELS = (
    *(_simple(name, 2, _comparison(name)) for name in ("lt", "le", "gt", "ge", "eq", "ne")),
    _simple("and", 2, logical_and),
    _simple("or", 2, logical_or),
    _simple("not", 1, logical_not),
    _simple("where", 3, where),
    _simple("minimum", 2, minimum),
    _simple("maximum", 2, maximum),
    _simple("abs", 1, lambda b, x: [b.fabs(x)]),
    _simple("copysign", 2, lambda b, x, y: [b.copysign(x, y)]),
    _simple("floor", 1, lambda b, x: [b.floor(x)]),
    _simple("rint", 1, rint),
    KernelFunction("round_decimal", 2, round_decimal, inline=True, generic=True),
    _simple("sqrt", 1, lambda b, x: [b.sqrt(x)]),
    _simple("div", 2, lambda b, x, y: [x / y]),
    _simple("sign", 1, sign),
    _simple("direction", 1, direction),
    _simple("difference_of_squares", 2, difference_of_squares),
    _simple("sum_of_squares", 2, sum_of_squares),
    _simple("scale", 2, scale),
)
