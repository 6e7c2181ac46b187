"""pow, cbrt, hypot."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum, two_product, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import (
    integer,
    inverse_magnitude,
    is_negative,
    is_ordinary,
    nearest_multiple,
    power_of_two,
    scaled,
    split_exponent,
    usually,
    where_rare,
)
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.basics.pairs import Pair, divide, multiply, square, square_root
from taylor_runtime.mathlib.basics.polynomial import polynomial
from taylor_runtime.mathlib.double import coefficients
from taylor_runtime.mathlib.basics.lookup import entry
from taylor_runtime.mathlib.double.exponential import exponential
from taylor_runtime.mathlib.double.logarithm import reduce

INFINITY = float("inf")
_LEAST_POWERS = {"double": 2.0**-1022, "float": 2.0**-126}


def log_pair(b: Builder, x: Value, normal: bool = True) -> Pair:
    """log(x) for positive finite x, if `normal` no subnormal one, to about 2**-68, normalised: |y log(x)| may be 745, of which
    every 2**-53 counts.

    The first three terms of log(1 + r) = r - r**2 (1/2 - r/3 + ..) are double-doubles.
    """
    reduced = reduce(b, x, normal)
    r, lows = reduced.r, coefficients.LOG_TAIL
    square = two_product(b, r, r)
    third, error = two_product(b, r, constants.ONE_THIRD[0])
    tail = b.fma(square[0], polynomial(b, r, (-0.25, *lows)), b.fma(r, constants.ONE_THIRD[1], error))
    high, low = fast_two_sum(b, b.constant(-0.5, x.type), third)
    high, low = multiply(b, square, (high, low + tail))
    of_two, (of_centres, rest) = constants.LN2_SHORT, coefficients.LOGS
    first = b.fma(reduced.n, of_two[0], entry(b, of_centres, reduced.index))  # exact
    lower = b.fma(reduced.n, of_two[1], entry(b, rest, reduced.index))
    total, error = fast_two_sum(b, first, r)
    total, more = fast_two_sum(b, total, high)
    return fast_two_sum(b, total, (error + more) + (low + lower))


def _is_odd(b: Builder, y: Value) -> tuple[Value, Value]:
    """(whether y is an integer, whether it is an odd one)."""
    half = y * 0.5
    whole = b.eq(b.floor(y), y)
    return whole, whole & b.ne(b.floor(half), half)


def pow(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    """x**y where x is ordinary and the result as well, else what `_pow_anywhere` gives."""
    exponent = _times_pair(b, y, log_pair(b, x))
    return _unless_extreme(b, x, exponent, POW_ANYWHERE, [x, y])


def pow_sum(b: Builder, x: Value, y: Value, z: Value) -> Sequence[Value]:
    """x**(y + z) for a sum, rounded to y, that is no integer; z counts where x is far from 1."""
    log = log_pair(b, x)
    high, low = _times_pair(b, y, log)
    exponent = high, b.fma(z, log[0], low)
    return _unless_extreme(b, x, exponent, POW_SUM_ANYWHERE, [x, y, z])


def _unless_extreme(
    b: Builder, x: Value, exponent: Pair, anywhere: KernelFunction, arguments: Sequence[Value]
) -> list[Value]:
    """exp(exponent) where x and the result are ordinary, else what `anywhere` gives."""
    high, low = exponent
    k, (value, rest) = exponential(b, high, low)
    fits = is_ordinary(b, x) & (b.fabs(high) < 708)
    return usually(b, fits, [(value + rest) * power_of_two(b, k)], anywhere, arguments)


def _times_pair(b: Builder, y: Value, x: Pair) -> Pair:
    high = y * x[0]
    return high, b.fma(y, x[1], b.fma(y, x[0], -high))


def _pow_anywhere(b: Builder, x: Value, y: Value, z: Value | None = None) -> Sequence[Value]:
    """x**y with the special cases of C (ISO/IEC 9899, annex F.10.4.4); x**(y + z), no integer."""
    size = b.fabs(x)
    one, zero, infinity = (b.constant(c, x.type) for c in (1, 0, INFINITY))
    log = log_pair(b, size, normal=False)
    high, low = _times_pair(b, y, log)
    if z is not None:
        low = b.fma(z, log[0], low)
    bounded = b.fabs(high) < 800
    low = b.select(bounded, low, zero)
    high = b.select(bounded | b.is_nan(high), high, b.copysign(b.constant(800, x.type), high))
    k, (value, rest) = exponential(b, high, low)
    value = scaled(b, k)(value + rest)
    falling = y < 0
    at_zero = b.select(falling, infinity, zero)
    at_infinity = b.select(falling, zero, infinity)
    value = b.select(b.eq(size, 0), at_zero, value)
    value = b.select(b.eq(size, INFINITY), at_infinity, value)
    value = b.select(b.eq(size, 1), one, value)
    whole, odd = _is_odd(b, y)
    if z is not None:
        whole, odd = whole & b.eq(z, 0), odd & b.eq(z, 0)
    negative = is_negative(b, x)
    value = b.select(negative & odd, -value, value)
    undefined = (x < 0) & (size < INFINITY) & ~whole & (b.fabs(y) < INFINITY)
    value = b.select(undefined, b.constant(float("nan"), x.type), value)
    value = b.select(b.is_nan(x) | b.is_nan(y), x + y, value)
    return [b.select(b.eq(y, 0) | b.eq(x, 1), one, value)]


def power_divisor(
    b: Builder, usual: Value, x: Value, u: Value, y: Value, order: Value
) -> Sequence[Value]:
    """`usual`, by which series of u = x**y are divided; where u underflows and x**(y - order) does
    not, NaN: ratios to u say nothing there. Where both do, 1: the whole series is zero.
    """
    least = _LEAST_POWERS[x.type.element]

    def rare() -> Sequence[Value]:
        derivative = emit_call(b, POW, [x, y - order])[0]
        one, nan = b.constant(1, x.type), b.constant(float("nan"), x.type)
        return [b.select(b.compare("lt", b.fabs(derivative), least), one, nan)]

    return where_rare(b, b.compare("lt", b.fabs(u), least), [usual], rare)


def cbrt(b: Builder, x: Value) -> Sequence[Value]:
    """x = 2**(3 q) m: two quartic steps for m**(-1/3), then one for the root itself."""
    size = b.fabs(x)
    n, m = split_exponent(b, size)
    third, q = nearest_multiple(b, n, 1 / 3)
    m = m * power_of_two(b, integer(b, n - third * 3))
    y = polynomial(b, m, coefficients.INVERSE_CBRT)
    for _ in range(2):
        # y (1 - h)**(-1/3) by its series, where h = 1 - m y**3.
        h = b.fma(-(m * y), y * y, 1)
        y = y * b.fma(h, polynomial(b, h, (1 / 3, 2 / 9, 14 / 81)), 1)
    root = m * (y * y)
    squared, error = two_product(b, root, root)
    remainder = b.fma(root, squared, -m) + root * error  # root**3 - m
    root = b.fma(remainder * (y * y), -1 / 3, root)
    value = b.copysign(root * power_of_two(b, q), x)
    return [b.select((size > 0) & (size < INFINITY), value, x)]


def hypot(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    """sqrt(x**2 + y**2), scaled by a power of two; infinite if either argument is."""
    width, height = b.fabs(x), b.fabs(y)
    swap = height > width
    larger, smaller = b.select(swap, height, width), b.select(swap, width, height)
    down, up = inverse_magnitude(b, larger)
    larger, smaller = larger * down, smaller * down
    squares = two_product(b, larger, larger), two_product(b, smaller, smaller)
    total, rest = fast_two_sum(b, squares[0][0], squares[1][0])
    high, low = square_root(b, (total, rest + (squares[0][1] + squares[1][1])))
    value = b.select(b.eq(larger, 0), smaller, (high + low) * up)  # which may be NaN
    infinite = b.eq(width, INFINITY) | b.eq(height, INFINITY)
    return [b.select(infinite, b.constant(INFINITY, x.type), value)]


POW_ANYWHERE = KernelFunction("pow_anywhere", 2, _pow_anywhere)
POW_SUM_ANYWHERE = KernelFunction("pow_sum_anywhere", 3, _pow_anywhere)
POW = KernelFunction("pow", 2, pow)
KERNELS = (
    POW,
    KernelFunction("pow_sum", 3, pow_sum),
    KernelFunction("cbrt", 1, cbrt),
    KernelFunction("hypot", 2, hypot),
    KernelFunction("power_divisor", 5, power_divisor, inline=True, generic=True),
)
