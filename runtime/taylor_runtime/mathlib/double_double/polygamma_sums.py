"""The sums G_k(x) = sum_{i >= 0} (x + i)**-(k + 1) of digamma and its derivatives.

Terms are summed until the argument is large, and the rest by the Euler-Maclaurin formula
(Abramowitz & Stegun 1964, 6.4.10 to 6.4.11).  Left of zero, for x = f + n, |f| <= 1/2, the sum over
all integers less the one beyond:

    G_k(x) = f**-(k + 1) + G_k(1 + f) - (-1)**k (G_k(1 - f) - G_k(1 - x)),

which is the reflection formula (6.4.7).  Everything is multiplied by s**-k, s a number near
1/|x|, which keeps it in range where x**-k is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import factorial
from typing import Any

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, pair
from taylor_runtime.ir.quads import QuadValue
from taylor_runtime.ir.types import I1, make_type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import is_negative, where_rare
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double_double.cancelled import SMALL
from taylor_runtime.mathlib.double_double.exponential import EXPM1
from taylor_runtime.mathlib.double_double.gamma import bernoulli
from taylor_runtime.mathlib.double_double.logarithm import LOG1P, natural_log
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    NAN,
    as_pair,
    call,
    chosen,
    constant,
    finite_low,
)
from taylor_runtime.mathlib.quad_double import elementary as wide
from taylor_runtime.program.records import dataclass

Number = PairValue | QuadValue  # what is right of zero is written once for both


@dataclass(frozen=True, slots=True)
class Terms:
    """How far the series go.

    suffix: of the kernels' names.
    start, slope: the asymptotic series begins at start + slope k.
    count: of its terms; what they leave is below 2**-110 or 2**-69 of the sum for every k.
    least: what is known to be less, as a part of the sum, is left out.
    small: the part of its terms below which the result is computed in quad-double.
    log: the natural logarithm, of numbers of the kind.
    """

    suffix: str
    start: int
    slope: float
    count: int
    least: float
    small: float
    log: Callable[[Builder, Any], Value] = natural_log


FULL = Terms("", 20, 1.0, 20, 2.0**-116, SMALL)
SHORT = Terms(".double", 12, 0.8, 14, 2.0**-76, 2.0**-12)
WIDE = Terms(".wide", 45, 2.0, 34, 2.0**-222, 0.0, wide.natural_log)
LARGEST_WIDE = 64  # order: zeros of larger ones are closer to -n - 1/2 than any number


def _natural_power(b: Builder, x: Number, k: Number) -> Sequence[Value]:
    """x**k for natural numbers k, by squaring as often as the largest one needs."""

    def step(carried: list[Value]) -> Sequence[Value]:
        rest, square, product = carried
        half = b.floor(rest * 0.5)
        odd = b.ne(half * 2, rest)
        return [half, square * square, b.select(odd, product * square, product)]

    start = [k.high, x, b.constant(1, x.type)]
    return [b.while_(start, lambda carried: b.any_lane(carried[0] >= 1), step)[2]]


_POWER = KernelFunction("natural_power", 2, _natural_power)


def scaled_power(b: Builder, y: Number, scale: Number, order: Number) -> Any:
    """(s y)**k."""
    return emit_call(b, _POWER, [y * scale, order])[0]


def _sum_right(
    terms: Terms, b: Builder, x: Number, scale: Number, order: Number
) -> Sequence[Value]:
    """s**-k G_k(x) for finite x > 0.

    Near zero and of large orders a few terms are all: those from y + 1 on are together less than
    y / k times that of y.
    """
    k, one, zero = order.high, b.constant(1, x.type), b.constant(0, x.type)
    enough = b.fma(k, terms.slope, terms.start)
    natural = k > 0

    def goes_on(carried: list[Value]) -> Value:
        return (b.to_double(carried[0]) < enough) & b.eq(carried[2], 0)

    def step(carried: list[Value]) -> Sequence[Value]:
        y, total, done = carried
        active = goes_on(carried)
        usable: Any = b.select(active, y, one)
        term = 1 / usable / scaled_power(b, usable, scale, order)
        total = b.select(active, total + term, total)
        size = b.to_double(total)
        last = natural & (term.high * usable.high < k * size * terms.least)
        done = b.select(active & last, b.constant(1, k.type), done)
        return [b.select(active, y + 1, y), total, done]

    start = [x, zero, b.constant(0, k.type)]
    found: list[Any] = b.while_(start, lambda carried: b.any_lane(goes_on(carried)), step)
    y, total, done = found

    def more() -> Sequence[Value]:
        rest = _euler_maclaurin(terms, b, y, order)
        leading = 1 / b.select(natural, order, one)
        logs = where_rare(b, ~natural, [leading], lambda: [-terms.log(b, y)])
        return [total + (logs[0] + rest) / scaled_power(b, y, scale, order)]

    return [where_rare(b, b.eq(done, 0), [total], more)[0]]


def _euler_maclaurin(terms: Terms, b: Builder, y: Number, order: Number) -> Value:
    """1/(2 y) + sum_j B_{2j}/(2j)! (k + 1) (k + 2) .. (k + 2j - 1) y**(-2j)."""
    inverse, k = 1 / y, order.high
    square = inverse * inverse
    weights = [value / factorial(2 * j) for j, value in enumerate(bernoulli(terms.count), 1)]
    element = y.type.element
    table, scalar = b.table(weights, element), make_type(element, 0)

    def step(i: Value | int, carried: list[Value]) -> Sequence[Value]:
        j, term, total = carried
        weight = b.splat(b.load(scalar, b.at(table, i, element)), y.lanes)
        total = b.fma(weight, term, total)
        factor = b.like(y, (k + j) * (k + j + 1))
        return [j + 2, term * square * factor, total]

    start = [b.constant(2, k.type), square * (order + 1), inverse * 0.5]
    return b.normal(b.fold(0, terms.count, start, step)[2])


def _sum(
    terms: Terms, b: Builder, x: PairValue, scale: PairValue, order: PairValue
) -> Sequence[Value]:
    """s**-k G_k(x) everywhere; at a pole infinite if it is so from both sides, else NaN."""
    one, infinity, nan = (constant(b, c, x) for c in (1, INFINITY, NAN))
    k, finite = order.high, b.fabs(x.high) < INFINITY
    negative = finite & (x.high < 0)
    even = b.eq(b.floor(k * 0.5) * 2, k)

    def right(y: PairValue) -> PairValue:
        usable = chosen(b, finite & (y.high > 0), y, one)
        return call(b, RIGHT[terms], usable, scale, order)

    def reflect() -> Sequence[Value]:
        f = x - as_pair(b.floor(x + 0.5))
        pole = b.eq(f.high, 0)
        near = 1 / chosen(b, pole, one, f)  # its powers overflow with their signs
        nearest = near * scaled_power(b, near, 1 / scale, order)
        # The others are below four times the power of 1 / (1 - |f|).
        size = b.fabs(f.high)
        share = call(b, _POWER, pair(size / (1 - size), size * 0), order + 1).high
        matter = ~((k > 0) & (share * 4 < terms.least))

        def others() -> Sequence[Value]:
            return [reflected(b, right, nearest, f, x, even)]

        value = as_pair(where_rare(b, negative & matter, [nearest], others)[0])
        return [chosen(b, pole, chosen(b, even, nan, infinity), value)]

    value = as_pair(where_rare(b, ~negative, [one], lambda: [right(x)])[0])
    value = as_pair(where_rare(b, negative, [value], reflect)[0])
    sided = chosen(b, even & is_negative(b, x.high), -infinity, infinity)
    value = finite_low(b, chosen(b, b.eq(x.high, 0), sided, value))
    at_infinity = chosen(b, k > 0, constant(b, 0, x), -infinity)
    value = chosen(b, b.eq(x.high, INFINITY), at_infinity, value)
    return [chosen(b, b.is_nan(x) | b.eq(x.high, -INFINITY), nan, value)]


def reflected(
    b: Builder, right: Callable[[Any], Any], nearest: Number, f: Number, x: Number, even: Value
) -> Any:
    """The reflection formula, from the function right of zero and the term f**-(k + 1)."""
    less = right(1 - f) - right(1 - x)
    less = b.select(even, -less, less)
    return nearest + (right(1 + f) + less)


def _inner(name: str, emit: Callable[..., Sequence[Value]]) -> dict[Terms, KernelFunction]:
    return {
        t: KernelFunction(f"{name}{t.suffix}", 3, partial(emit, t)) for t in (FULL, SHORT, WIDE)
    }


RIGHT = _inner("polygamma.right", _sum_right)
SUM = _inner("polygamma.sum", _sum)


_PAIRS = 32  # that are taken together at most; beyond, they are much smaller


def _in_pairs(
    b: Builder,
    x: PairValue,
    f: Number,
    right: Callable[[Any], Any],
    difference: Callable[[Any, Any, Any], tuple[Any, Value]],
) -> tuple[Any, Any]:
    """(s**-k G_k(x), a term that cancels) for x < 0 that is f from the nearest pole, and even k.

    right: s**-k G_k right of zero.
    difference: (s**-k (y**-(k + 1) - z**-(k + 1)), whether that matters), of y, z and z - y.

    With x = -n + g, g from 0 to 1/2, the terms left of zero and as many right of it are pairs
    (g + j)**-(k + 1) - (j + 1 - g)**-(k + 1), and G_k(n + g) is left.  For x = -n - g signs change.
    """
    left = f.high < 0
    g: Any = b.select(left, -f, f)
    count = b.select(left, f.high * 0 + 1, 0) - b.floor(x.high - f.high + 0.5)
    most = b.select(count > _PAIRS, b.constant(_PAIRS, count.type), count)
    gap = 1 - g * 2

    def step(carried: list[Value]) -> Sequence[Value]:
        j, total = carried
        term, some = difference(g + j, (1 - g) + j, gap)
        return [j + 1, b.select((j < most) & some, total + term, total)]

    start = [b.constant(0, x.high.type), b.constant(0, f.type)]
    total: Any = b.while_(start, lambda c: b.any_lane(c[0] < most), step)[1]
    beyond = count > most

    def more() -> Sequence[Value]:
        return [total + right(g + _PAIRS) - right((1 - g) + _PAIRS)]

    total = where_rare(b, beyond, [total], more)[0]
    rest = right(b.like(f, count) + b.select(left ^ beyond, 1 - g, g))
    return rest + b.select(left, -total, total), rest


def _sum_in_pairs(b: Builder, x: PairValue, scale: PairValue, order: PairValue) -> Sequence[Value]:
    """[s**-k G_k(x), a term that cancels] for finite x < 0 that is no pole, and even k >= 2."""
    power = order + 1

    def right(y: PairValue) -> PairValue:
        return call(b, RIGHT[FULL], y, scale, order)

    def difference(y: PairValue, z: PairValue, gap: PairValue) -> tuple[Value, Value]:
        part = call(b, EXPM1, power * call(b, LOG1P, -gap / z))
        # Half-way, where the power may underflow, there is none.
        return -part / y / scaled_power(b, y, scale, order), b.ne(part.high, 0)

    return _in_pairs(b, x, x - as_pair(b.floor(x + 0.5)), right, difference)


IN_PAIRS = KernelFunction("polygamma.pairs", 3, _sum_in_pairs, results=2)


def wide_right(b: Builder, order: PairValue) -> Callable[[Any], Any]:
    one, k = wide.constant(b, 1), wide.widened(order)
    return lambda y: emit_call(b, RIGHT[WIDE], [y, one, k])[0]


def wide_in_pairs(b: Builder, x: PairValue, order: PairValue) -> Any:
    """G_k(x) left of zero, no pole, for even orders above zero, in quad-double."""
    k = order.high

    def difference(y: QuadValue, z: QuadValue, gap: QuadValue) -> tuple[Value, Value]:
        """gap (a**k + a**(k - 1) b + .. + b**k) a b for a = 1/y and b = 1/z."""
        first, second = 1 / y, 1 / z

        def step(carried: list[Value]) -> Sequence[Value]:
            j, power, total = carried
            power = power * second
            return [j + 1, power, total * first + power]

        one = wide.constant(b, 1)
        start = [b.constant(1, k.type), one, one]
        total = b.while_(start, lambda c: c[0] <= k, step)[2]
        return total * gap * (first * second), b.constant(1, I1)

    f = wide.widened(x - as_pair(b.floor(x + 0.5)))
    return _in_pairs(b, x, f, wide_right(b, order), difference)[0]
