"""pow, cbrt, hypot."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum, two_product
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import (
    ONE_BITS,
    as_bits,
    as_double,
    inverse_magnitude,
    is_between,
    is_negative,
    moved,
    scaled,
    usually,
    where_rare,
)
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.basics.lookup import entry
from taylor_runtime.mathlib.basics.pairs import Pair, multiply, square_root
from taylor_runtime.mathlib.basics.polynomial import horner, polynomial
from taylor_runtime.mathlib.double import coefficients
from taylor_runtime.mathlib.double.exponential import ROOMY, exp_of_pair, exponential
from taylor_runtime.mathlib.double.logarithm import Reduced, reduce, reduce_anywhere

INFINITY = float("inf")
_LEAST_POWERS = {"double": 2.0**-1022, "float": 2.0**-126}


def log_pair(b: Builder, x: Value) -> Pair:
    """log(x) of a usual x to about 2**-68, normalised."""
    return _log_pair(b, reduce(b, x))


def _log_pair(b: Builder, reduced: Reduced) -> Pair:
    """The same: |y log(x)| may be 745, of which every 2**-53 counts.

    The first three terms of log(1 + r) = r - r**2 (1/2 - r/3 + ..) are double-doubles.
    """
    r, lows = reduced.r, coefficients.LOG_TAIL
    square = two_product(b, r, r)
    third, error = two_product(b, r, constants.ONE_THIRD[0])
    tail = b.fma(
        square[0], polynomial(b, r, (-0.25, *lows)), b.fma(r, constants.ONE_THIRD[1], error)
    )
    high, low = fast_two_sum(b, b.constant(-0.5, r.type), third)
    high, low = multiply(b, square, (high, low + tail))
    of_two, (of_centres, rest) = constants.LN2_SHORT, coefficients.LOGS
    first = b.fma(reduced.n, of_two[0], entry(b, of_centres, reduced.interval))  # exact
    lower = b.fma(reduced.n, of_two[1], entry(b, rest, reduced.interval))
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
    reduced = reduce(b, x)
    exponent = _times_pair(b, y, _log_pair(b, reduced))
    return _unless_extreme(b, reduced.usual, exponent, POW_ANYWHERE, [x, y])


def pow_sum(b: Builder, x: Value, y: Value, z: Value) -> Sequence[Value]:
    """x**(y + z) for a sum, rounded to y, that is no integer; z counts where x is far from 1."""
    reduced = reduce(b, x)
    log = _log_pair(b, reduced)
    high, low = _times_pair(b, y, log)
    exponent = high, b.fma(z, log[0], low)
    return _unless_extreme(b, reduced.usual, exponent, POW_SUM_ANYWHERE, [x, y, z])


def _unless_extreme(
    b: Builder, usual: Value, exponent: Pair, anywhere: KernelFunction, arguments: Sequence[Value]
) -> list[Value]:
    """exp(exponent) where x and the result are usual, else what `anywhere` gives."""
    high, low = exponent
    value = exp_of_pair(b, high, low)
    return usually(b, usual & (b.fabs(high) < ROOMY), [value], anywhere, arguments)


def _times_pair(b: Builder, y: Value, x: Pair) -> Pair:
    high = y * x[0]
    return high, b.fma(y, x[1], b.fma(y, x[0], -high))


def _pow_anywhere(b: Builder, x: Value, y: Value, z: Value | None = None) -> Sequence[Value]:
    """x**y with the special cases of C (ISO/IEC 9899, annex F.10.4.4); x**(y + z), no integer."""
    size = b.fabs(x)
    one, zero, infinity = (b.constant(c, x.type) for c in (1, 0, INFINITY))
    log = _log_pair(b, reduce_anywhere(b, size))
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


def _cube_root(b: Builder, x: Value) -> Value:
    """x**(1/3) for x between 2**-1000 and 2**1000.

    y is x**(-1/3) to 26 bits, by the mantissa's interval and the exponent's rest; s = x y**2 is cut
    to 26, so that s**2 is exact, and corrected by v = 1 - s**3 / x.
    """
    bits = as_bits(b, x)
    # A third of the exponent, as an exponent, with less than a third too much.
    third = (b.logical_shift_right(bits, 32) & (0xFFF << 20)) * (21846 << 16)
    centres, roots, rests = coefficients.CENTRES
    thirds = [moved(rest, 341) for rest in rests]
    index = b.logical_shift_right(bits, 49)
    m = as_double(b, (bits & (2**52 - 1)) | ONE_BITS)
    r = b.fma(m, entry(b, centres, index), -1)
    rest = as_bits(b, entry(b, thirds, b.logical_shift_right(third, 50)))
    scale = as_double(b, rest - (third & (0xFFF << 52))) * entry(b, roots, index)
    y = b.fma(horner(b, r, coefficients.INVERSE_CBRT) * r, scale, scale)
    square = y * y
    root = x * square
    h = b.fma(-root, y, 1)
    inverse = square * y
    inverse = b.fma(inverse, h, inverse)  # 1 / x to 49 bits
    root = as_double(b, as_bits(b, root) & -(1 << 27))
    v = b.fma(-(root * root), root, x) * inverse
    return b.fma(root * v, b.fma(v, 2 / 9, 1 / 3), root)


def cbrt(b: Builder, x: Value) -> Sequence[Value]:
    size = b.fabs(x)
    value = b.copysign(_cube_root(b, size), x)
    fits = is_between(b, size, 2.0**-1000, 2.0**1000)
    return where_rare(b, ~fits, [value], lambda: _cbrt_anywhere(b, x))


def _cbrt_anywhere(b: Builder, x: Value) -> Sequence[Value]:
    size = b.fabs(x)
    large = size > 1
    down = b.select(large, b.constant(2.0**-600, x.type), 2.0**600)
    up = b.select(large, b.constant(2.0**200, x.type), 2.0**-200)
    finite = (size > 0) & (size < INFINITY)
    return [b.select(finite, b.copysign(_cube_root(b, size * down) * up, x), x)]


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
