"""pow, cbrt, hypot and the scaling of squares in double-double.

pow is exp(y log x), where |y log x| up to 745 costs ten bits: log x has three words there.
Errors relative to the result, u = 2**-53: pow below 8 u**2, cbrt below 4 u**2, hypot below 8 u**2.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, fast_two_sum, pair, two_product, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import simple
from taylor_runtime.mathlib.basics.bits import inverse_magnitude, is_negative, where_rare
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double import power as doubles
from taylor_runtime.mathlib.double_double import triples
from taylor_runtime.mathlib.double_double.exponential import LN2_PIECES, exponential
from taylor_runtime.mathlib.double_double.logarithm import SERIES, less_one, split
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    NAN,
    as_pair,
    chosen,
    constant,
    finite_low,
    magnitude,
    polynomial,
    widened,
)
from taylor_runtime.mathlib.double_double.triples import Triple

_DOUBLES = 11  # terms of SERIES[1:] that fit


def _quotient(b: Builder, f: PairValue) -> Triple:
    """s = f / (2 + f): a double-double, and what it leaves of f - s (2 + f), divided by 2 + f."""
    s = f / (f + 2)
    product = triples.multiply(b, triples.from_pair(b, s), f)
    # f - 2 s - s f word by word; the first words cancel exactly, and then the second ones.
    high = (f.high - s.high * 2) - product[0]
    middle, error = two_sum(b, f.low, s.low * -2)
    middle, lost = two_sum(b, middle, -product[1])
    remainder = (high + middle) + ((error + lost) - product[2])
    return triples.normal(b, s.high, s.low, remainder / (f.high + 2))


def log_triple(b: Builder, x: PairValue) -> Triple:
    """log(x) for positive finite x to about 2**-115.

    log(1 + f) = 2 s + s z (2/3 + z (2/5 + ..)), the last bracket in double-double: it weighs
    less than 2**-12.
    """
    n, m = split(b, x)
    s = _quotient(b, less_one(b, m))
    z = triples.multiply(b, s, s)
    near = triples.rounded(b, z)
    inner = near * polynomial(b, near, SERIES[1:], _DOUBLES)
    third = triples.constant(b, SERIES[0], n.type)
    series = triples.add(b, third, triples.from_pair(b, inner))
    rest = triples.multiply(b, triples.multiply(b, s, z), series)
    value = triples.add(b, (s[0] * 2, s[1] * 2, s[2] * 2), rest)
    first, second, last = (n * piece for piece in LN2_PIECES)
    return triples.add(b, triples.normal(b, first, second, last), value)


def _parity(b: Builder, y: PairValue) -> tuple[Value, Value]:
    """(whether y is an integer, whether it is an odd one)."""
    whole = b.eq(b.floor(y.high), y.high) & b.eq(b.floor(y.low), y.low)
    odd = [b.ne(b.floor(part * 0.5), part * 0.5) for part in (y.high, y.low)]
    return whole, whole & (odd[0] ^ odd[1])


def _power_of_size(
    b: Builder, size: PairValue, y: PairValue, z: PairValue | None = None
) -> PairValue:
    """size**y for positive finite `size`; size**(y + z) for a double y that rounds the sum."""
    log = log_triple(b, size)
    estimate = y.high * log[0]
    bounded = b.fabs(estimate) < 800
    factor: Triple | PairValue = chosen(b, bounded, y, constant(b, 0.0, y))
    if z is not None:
        words = triples.normal(b, y.high, z.high, z.low)
        first, second, third = (b.select(bounded, word, 0) for word in words)
        factor = first, second, third
    high, middle, low = triples.multiply(b, log, factor)
    limit = b.copysign(b.constant(800, high.type), estimate)
    return exponential(b, pair(b.select(bounded, high, limit), middle), low)


def pow(b: Builder, x: PairValue, y: PairValue, z: PairValue | None = None) -> Sequence[Value]:
    """x**y with the special cases of C (ISO/IEC 9899, annex F.10.4.4); or x**(y + z), as of double:
    y has no low part, and the sum is no integer.
    """
    size = magnitude(b, x)
    value = _power_of_size(b, size, y, z)
    one, zero, infinity, nan = (constant(b, c, x) for c in (1.0, 0.0, INFINITY, NAN))
    falling = y.high < 0
    value = chosen(b, b.eq(size.high, 0), chosen(b, falling, infinity, zero), value)
    value = chosen(b, b.eq(size.high, INFINITY), chosen(b, falling, zero, infinity), value)
    value = chosen(b, b.eq(size, 1), one, value)
    whole, odd = _parity(b, y)
    if z is not None:
        whole, odd = whole & b.eq(z.high, 0), odd & b.eq(z.high, 0)
    value = chosen(b, is_negative(b, x.high) & odd, -value, value)
    finite = (size.high < INFINITY) & (b.fabs(y.high) < INFINITY)
    value = chosen(b, (x.high < 0) & finite & ~whole, nan, value)
    value = chosen(b, b.is_nan(x) | b.is_nan(y), nan, value)
    return [chosen(b, b.eq(y.high, 0) | b.eq(x, 1), one, value)]


def cbrt(b: Builder, x: PairValue) -> Sequence[Value]:
    """y + d with y the root in double: (y + d)**3 = x to second order in d."""
    size = b.fabs(x.high)
    # Cubes of numbers from 2**-200 to 2**200 neither overflow nor lose their low bits.
    small, large = (b.constant(2.0**k, size.type) for k in (100, -100))
    down = b.select(size > 2.0**600, large, b.select(size < 2.0**-600, small, 1))
    up = 1 / down
    cube = down * down * down
    scaled = pair(x.high * cube, x.low * cube)
    (y,) = emit_call(b, _DOUBLE_CBRT, [scaled.high])
    square = pair(*two_product(b, y, y))
    step = (scaled - square * y).high / (square.high * 3)
    high, low = fast_two_sum(b, y, step - step * step / y)
    value = pair(high * up, low * up)
    return [chosen(b, (size > 0) & (size < INFINITY), value, x)]


def hypot(b: Builder, x: PairValue, y: PairValue) -> Sequence[Value]:
    """sqrt(x**2 + y**2), scaled by a power of two; infinite if either argument is."""
    width, height = magnitude(b, x), magnitude(b, y)
    larger = b.select(height.high > width.high, height.high, width.high)
    down, up = inverse_magnitude(b, larger)
    first, second = (pair(v.high * down, v.low * down) for v in (width, height))
    root = as_pair(b.sqrt(first * first + second * second))
    value = finite_low(b, pair(root.high * up, root.low * up))
    infinite = b.eq(width.high, INFINITY) | b.eq(height.high, INFINITY)
    return [chosen(b, infinite, constant(b, INFINITY, x), value)]


def sqrt(b: Builder, x: PairValue) -> Sequence[Value]:
    """sqrt(x); what is so small that the low part of its root would be lost is scaled."""

    def scaled() -> Sequence[Value]:
        return [as_pair(b.sqrt(x * 2.0**200)) * 2.0**-100]

    return where_rare(b, x.high < 2.0**-800, [b.sqrt(x)], scaled)


def scale(b: Builder, x: PairValue, y: PairValue) -> Sequence[Value]:
    """The power of two of the high parts."""
    (power,) = simple.scale(b, x.high, y.high)
    return [widened(b, power)]


def sum_of_squares(b: Builder, x: PairValue, y: PairValue) -> Sequence[Value]:
    return [x * x + y * y]


def power_divisor(
    b: Builder, usual: PairValue, x: PairValue, u: PairValue, y: PairValue, order: PairValue
) -> Sequence[Value]:
    """As in double; what has lost its low part counts as underflow."""
    known, one, nan = usual, constant(b, 1, x), constant(b, float("nan"), x)

    def rare() -> Sequence[Value]:
        derivative = as_pair(emit_call(b, POW, [x, as_pair(y - order)])[0])
        return [chosen(b, magnitude(b, derivative).high < 2.0**-960, one, nan)]

    return where_rare(b, magnitude(b, u).high < 2.0**-960, [known], rare)


_DOUBLE_CBRT = next(kernel for kernel in doubles.KERNELS if kernel.name == "cbrt")
POW = KernelFunction("pow", 2, pow)
KERNELS = (
    POW,
    KernelFunction("pow_sum", 3, pow),
    KernelFunction("cbrt", 1, cbrt),
    KernelFunction("hypot", 2, hypot),
    KernelFunction("sqrt", 1, sqrt, inline=True),
    KernelFunction("scale", 2, scale, inline=True),
    KernelFunction("power_divisor", 5, power_divisor, inline=True),
    KernelFunction("sum_of_squares", 2, sum_of_squares, inline=True),
)
