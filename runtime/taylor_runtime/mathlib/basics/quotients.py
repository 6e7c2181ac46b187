"""Quotients rounded down, and what they leave: exact, with NumPy's signs, zeros and infinities.

With the whole number q next to x / y, or to what rounding makes of it, x - q y is exact, or x
itself, and its sign says whether q or q - 1 is the quotient rounded down.  Where q has more digits
than numbers hold, the remainder is taken in turns, each of which is exact (a division's remainder
is a number: Muller et al., *Handbook of Floating-Point Arithmetic*, 2nd ed. 2018, section 4.7) and
takes off all digits that a number has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.integers import whole as integers
from taylor_runtime.ir.pairs import PairValue, pair, two_product, two_sum
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import (
    CALL_ATTRIBUTES,
    KernelFunction,
    call_defined,
    define,
    in_doubles,
)

Both = tuple[Value, Value]  # the quotient rounded down, and the remainder

# By element: from where on all numbers are whole, and a power of two by which divisors are enlarged
# where quotients overflow.
_LIMITS = {"double": (2.0**53, 2.0**1000), "float": (2.0**24, 2.0**120)}
_RECIPROCALS = {"double": 2.0**500, "float": 2.0**60}  # divisors that have one, and their inverses


class _Rule(NamedTuple):
    """One of the two functions.

    place: of its result among those of `_near`.
    far: what gives it for quotients of any size.
    whole: what gives it of whole numbers, or None.
    """

    name: str
    place: int
    far: Callable[[Builder, Value, Value], Sequence[Value]]
    whole: Callable[[Builder, Value, Value], Value | None]


def _computed(rule: _Rule, b: Builder, x: Value, y: Value) -> Sequence[Value]:
    whole = rule.whole(b, x, y) if b.counts else None
    if whole is not None:
        return [whole]
    return in_doubles(b, lambda given: _of_floats(rule, b, *given), [x, y])


def _of_floats(rule: _Rule, b: Builder, x: Value, y: Value) -> Sequence[Value]:
    *both, left = _near(b, x, y)
    rare = b.any_lane(~(b.fabs(left) < b.fabs(y)))

    def far() -> Sequence[Value]:
        name = f"{rule.name}.far.{x.type.suffix}"
        if not b.module.has_function(name):
            attributes = f"{CALL_ATTRIBUTES} noinline cold"
            define(b, name, [x.type] * 2, [x.type], rule.far, attributes)
        return call_defined(b, name, [x.type], [x, y])

    return b.if_(rare, far, lambda: [both[rule.place]], likely=False)


# -- quotients that have all digits ----------------------------------------------------------------


def _near(b: Builder, x: Value, y: Value) -> tuple[Value, Value, Value]:
    """Both, and what the nearest quotient leaves: where that is less than y, both are right.

    Then it is exact: x itself, or a multiple of the last digit of y.  (Of quotients below one half
    none is taken for more than that, so that x - y, where it is computed, is exact as well.)
    """
    factor = _reciprocal(b, y)
    q = b.round_even(x / y if factor is None else x * factor)
    r = b.fma(-q, y, x)
    positive = b.copysign(r, y)  # as far as y is
    below = b.ne(positive, r)
    return b.select(below, q - 1, q), b.select(below, r + y, positive), r


def _reciprocal(b: Builder, y: Value) -> Value | None:
    """1 / y for a divisor that is known."""
    numbers: tuple[int | float | Fraction, ...] = getattr(y, "numbers", ())
    most = _RECIPROCALS[y.type.element]
    if len(numbers) != 1 or not 1 / most < abs(float(numbers[0])) < most:
        return None
    return b.constant(1 / Fraction(numbers[0]), y.type)


# -- quotients of any size -------------------------------------------------------------------------


def _far_quotient(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    """A rounded quotient and what it leaves, divided once more."""
    rounded = x / y
    some = b.fabs(rounded) < _LIMITS[x.type.element][0]
    high = b.select(some, b.floor(rounded), rounded)
    left = _left(b, x, high, y)
    low = b.select(some, b.constant(0, x.type), b.floor(left / y))
    rest = _left(b, left, low, y)
    low = b.select(b.ne(b.copysign(rest, y), rest), low - 1, low)
    low = b.select(b.eq(low, 0), b.copysign(low, rounded), low)  # so that -0 stays
    infinite = b.select(b.eq(y, 0), rounded, rounded + x * 0)  # not a number where x is infinite
    return [b.select(b.fabs(rounded) < math.inf, high + low, infinite)]


def _left(b: Builder, x: Value, q: Value, y: Value) -> Value:
    """x - q y; of an infinite y, by which q is zero, x."""
    return b.select(b.eq(q, 0), x, b.fma(-q, y, x))


def _far_remainder(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    most = b.fabs(y)

    def goes_on(carried: list[Value]) -> Value:
        return b.any_lane(b.fabs(carried[0]) >= most)

    def turn(carried: list[Value]) -> Sequence[Value]:
        (rest,) = carried
        divisor = _enlarged(b, rest, y)[0]
        q = _cut(b, rest / divisor)
        return [b.select(b.fabs(rest) >= most, b.fma(-q, divisor, rest), rest)]

    (rest,) = b.while_([x], goes_on, turn)
    positive = b.copysign(rest, y)
    found = b.select(b.ne(positive, rest), rest + y, positive)
    return [b.select(b.is_nan(y), y, found)]


def _enlarged(b: Builder, x: Value, y: Value) -> Both:
    """y times a power of two by which x / y does not overflow, and that power."""
    power, scale = b.constant(1, y.type), _LIMITS[y.type.element][1]
    for _ in range(2):
        infinite = b.eq(b.fabs(x / y), math.inf)
        y, power = b.select(infinite, y * scale, y), b.select(infinite, power * scale, power)
    return y, power


def _cut(b: Builder, q: Value) -> Value:
    """A quotient without the digits behind the point."""
    size = b.fabs(q)
    return b.copysign(b.select(size < _LIMITS[q.type.element][0], b.floor(size), size), q)


# -- double-double ---------------------------------------------------------------------------------


def _pair_quotient(b: Builder, x: PairValue, y: PairValue) -> Sequence[Value]:
    return [_of_pairs(b, x, y)[0]]


def _pair_remainder(b: Builder, x: PairValue, y: PairValue) -> Sequence[Value]:
    return [_of_pairs(b, x, y)[1]]


def _of_pairs(b: Builder, x: PairValue, y: PairValue) -> Both:
    """By quotients of high parts, of which each turn takes all digits off."""
    most = y.fabs()

    def goes_on(carried: list[Value]) -> Value:
        return b.any_lane(b.fabs(carried[0]) >= most)

    def turn(carried: list[Value]) -> Sequence[Value]:
        rest, whole = _as_pair(carried[0]), _as_pair(carried[1])
        high, power = _enlarged(b, rest.high, y.high)
        q = _cut(b, rest.high / high)
        left, more = _less(b, rest, q, pair(high, y.low * power)), whole + pair(q * power, q * 0)
        going = b.fabs(rest) >= most
        return [b.select(going, left, rest), b.select(going, more, whole)]

    rest, whole = b.while_([x, x * 0], goes_on, turn)
    below = b.ne(rest, 0) & b.ne(b.copysign(rest, y), rest)
    rest, whole = b.select(below, rest + y, rest), b.select(below, whole - 1, whole)
    rest = b.select(b.eq(rest, 0), b.copysign(b.constant(0, x.type), y), rest)
    ratio = pair(x.high / y.high, b.constant(0, x.high.type))
    whole = b.select(b.eq(whole, 0), b.copysign(whole, ratio), whole)
    known = ~(b.is_nan(rest) | b.is_nan(y))
    beyond = known & b.eq(b.fabs(ratio.high), math.inf)
    whole = b.select(known, whole, math.nan)
    whole = b.select(b.eq(y.high, 0) | beyond, ratio, whole)
    return whole, b.select(b.is_nan(y), y, rest)


def _less(b: Builder, x: PairValue, q: Value, y: PairValue) -> PairValue:
    """x - q y, rounded once: six doubles whose sum may cancel almost all of them."""
    terms = [*x.parts, *two_product(b, -q, y.high), *two_product(b, -q, y.low)]
    for _ in range(len(terms) - 1):  # each time errors go down by all digits of a double
        for i in range(len(terms) - 1):
            terms[i + 1], terms[i] = two_sum(b, terms[i], terms[i + 1])
    low = terms[0]
    for term in terms[1:-1]:
        low = low + term
    return pair(terms[-1], low).normal()


def _as_pair(x: Value) -> PairValue:
    assert isinstance(x, PairValue)
    return x


_RULES = (
    _Rule("floor_divide", 0, _far_quotient, integers.rounded_down),
    _Rule("remainder", 1, _far_remainder, integers.remainder),
)
KERNELS = tuple(
    KernelFunction(rule.name, 2, partial(_computed, rule), inline=True, generic=True, counts=True)
    for rule in _RULES
)
PAIR_KERNELS = (
    KernelFunction("floor_divide", 2, _pair_quotient),
    KernelFunction("remainder", 2, _pair_remainder),
)
