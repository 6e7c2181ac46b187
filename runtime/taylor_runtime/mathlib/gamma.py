"""gamma, lgamma and digamma for double, where no zero or pole is near.

x is shifted upwards until Stirling's series serves (Abramowitz & Stegun 1964, 6.1.40, 6.1.15,
6.3.18 and 6.3.6), in pairs of doubles where bits count.  What is left, arguments below 1/2, huge
ones, and neighbours of zeros, is rounded from double-double.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum, two_product, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import rounded
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import power_of_two, usually, where_rare
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.basics.pairs import Pair, divide, multiply
from taylor_runtime.mathlib.basics.polynomial import polynomial
from taylor_runtime.mathlib.double.exponential import exponential
from taylor_runtime.mathlib.double.power import log_pair
from taylor_runtime.mathlib.double_double.gamma import bernoulli

START = 10  # of Stirling's series
LEAST, LARGEST = 0.5, 2.0**50
_HALF_LOG_TWO_PI = constants.pair("0.918938533204672741780329736405617639861397473637783412817152")
_ROOT = 1.4616321449683622  # of digamma
_STIRLING = [float(c / (2 * k * (2 * k - 1))) for k, c in enumerate(bernoulli(10), start=1)]
_LOGARITHMIC = [float(c / (2 * k)) for k, c in enumerate(bernoulli(10), start=1)]


def _reciprocal(b: Builder, x: Pair) -> Pair:
    """1/x, not normalised."""
    high = 1 / x[0]
    return high, (b.fma(-high, x[0], 1) - high * x[1]) * high


def _shifted(b: Builder, x: Value, gather: str) -> tuple[Pair, Pair]:
    """(y, p): y = x + n at least START, and p the product or sum of reciprocals of x .. y - 1."""
    zero = b.constant(0, x.type)
    neutral = b.constant(1, x.type) if gather == "product" else zero

    def shift() -> Sequence[Value]:
        y, p = (x, zero), (neutral, zero)
        for _ in range(START):
            active = y[0] < START
            if gather == "product":
                more = multiply(b, p, y)
            else:
                high, low = _reciprocal(b, y)
                total, error = two_sum(b, p[0], high)
                more = total, p[1] + (error + low)
            high, error = two_sum(b, y[0], 1)
            up = high, y[1] + error
            p = b.select(active, more[0], p[0]), b.select(active, more[1], p[1])
            y = b.select(active, up[0], y[0]), b.select(active, up[1], y[1])
        return [*fast_two_sum(b, *y), *fast_two_sum(b, *p)]

    high, low, first, second = where_rare(b, x < START, [x, zero, neutral, zero], shift)
    return (high, low), (first, second)


def _log(b: Builder, x: Pair) -> Pair:
    """log(x) of a normalised x >= 1/2."""
    high, low = log_pair(b, x[0])
    return high, low + x[1] / x[0]


def _log_gamma(b: Builder, y: Pair) -> Pair:
    """log gamma(y) for y >= START, not normalised."""
    log, inverse = _log(b, y), 1 / y[0]
    series = inverse * polynomial(b, inverse * inverse, _STIRLING)
    less = y[0] - 0.5  # exact
    high, low = two_product(b, less, log[0])
    low = b.fma(less, log[1], b.fma(y[1], log[0], low))
    high, error = fast_two_sum(b, high, -y[0])
    high, lost = two_sum(b, high, _HALF_LOG_TWO_PI[0])
    return high, (low - y[1]) + (error + lost) + (series + _HALF_LOG_TWO_PI[1])


def _inside(b: Builder, x: Value, largest: float) -> Value:
    return (x >= LEAST) & (x < largest)


def gamma(b: Builder, x: Value) -> Sequence[Value]:
    fits = _inside(b, x, 170.0)
    y, product = _shifted(b, b.select(fits, x, START), "product")
    k, value = exponential(b, *fast_two_sum(b, *_log_gamma(b, y)))
    high, low = divide(b, fast_two_sum(b, *value), product)
    return usually(b, fits, [(high + low) * power_of_two(b, k)], _ROUNDED["gamma"], [x])


def lgamma(b: Builder, x: Value) -> Sequence[Value]:
    zeros = (b.fabs(x - 1) < 0.2) | (b.fabs(x - 2) < 0.25)
    fits = _inside(b, x, LARGEST) & ~zeros
    y, product = _shifted(b, b.select(fits, x, START), "product")
    high, low = _log_gamma(b, y)
    zero = b.constant(0, x.type)
    less = where_rare(b, y[0] > x, [zero, zero], lambda: _log(b, product))
    high, error = two_sum(b, high, -less[0])
    return usually(b, fits, [high + (error + (low - less[1]))], _ROUNDED["lgamma"], [x])


def digamma(b: Builder, x: Value) -> Sequence[Value]:
    fits = _inside(b, x, LARGEST) & (b.fabs(x - _ROOT) > 0.25)
    y, total = _shifted(b, b.select(fits, x, START), "sum")
    inverse = _reciprocal(b, y)
    square = inverse[0] * inverse[0]
    series = square * polynomial(b, square, _LOGARITHMIC)
    log = _log(b, y)
    high, error = two_sum(b, log[0], -total[0])
    high, lost = two_sum(b, high, inverse[0] * -0.5)
    low = (error + lost) + (log[1] - total[1]) - b.fma(inverse[1], 0.5, series)
    return usually(b, fits, [high + low], _ROUNDED["digamma"], [x])


_ROUNDED = {
    kernel.name: KernelFunction(f"{kernel.name}_anywhere", kernel.arity, kernel.emit)
    for kernel in rounded.ANYWHERE
}
KERNELS = (
    KernelFunction("gamma", 1, gamma),
    KernelFunction("lgamma", 1, lgamma),
    KernelFunction("digamma", 1, digamma),
)
