"""Double-double numbers as values: the unevaluated sum of a high and a low double.

A `PairValue` stands wherever a `Value` may.  A pair is *normalised* when high is the sum rounded to
double.  Operators give normalised pairs from normalised ones; `multiply_add`, which sums products
in the inner loops, leaves that to `normal`.

Bounds on relative errors, u = 2**-53: sum 3 u**2, product 5 u**2, quotient 10 u**2 (Joldes, Muller
& Popescu, ACM Trans. Math. Softw. 44 (2017) 15, algorithms 6, 12 and 17; error-free steps: Dekker,
Numer. Math. 18 (1971) 224, and Knuth, The Art of Computer Programming 2, section 4.2.2).
"""

from __future__ import annotations

import math

from taylor_runtime.ir.types import Type, make_type
from taylor_runtime.ir.values import CompoundNumber, Instructions, Operandlike, Value
from taylor_runtime.program.kinds import DOUBLE_DOUBLE, is_power_of_two

Parts = tuple[Value, Value]
_LEAST_SQUARE, _LIFT = 2.0**-960, 200  # below it roots are taken of numbers 2**200 times as large

PAIR = DOUBLE_DOUBLE.element


class PairValue(CompoundNumber):
    """A double-double: two doubles that belong together."""

    __slots__ = ("high", "low")

    def __init__(self, builder: Instructions, type_: Type, parts: tuple[Value, ...]) -> None:
        super().__init__(builder, type_, parts)
        self.high, self.low = parts

    @classmethod
    def of_doubles(cls, high: Value, low: Value | None = None) -> PairValue:
        return pair(high, high.builder.constant(0, high.type) if low is None else low)

    def to_double(self) -> Value:
        return self.high

    def to_doubles(self) -> Parts:
        return self.high, self.low

    def _operand(self, other: Operandlike) -> PairValue:
        value = self.builder.like(self, other)
        assert isinstance(value, PairValue)
        return value

    def __add__(self, other: Operandlike) -> PairValue:
        return _sum(self, self._operand(other))

    __radd__ = __add__

    def __sub__(self, other: Operandlike) -> PairValue:
        return _sum(self, -self._operand(other))

    def __rsub__(self, other: Operandlike) -> PairValue:
        return _sum(-self, self._operand(other))

    def __mul__(self, other: Operandlike) -> PairValue:
        if not isinstance(other, Value) and is_power_of_two(other):
            return pair(self.high * other, self.low * other)
        return _product(self, self._operand(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Operandlike) -> PairValue:
        return _quotient(self, self._operand(other))

    def __rtruediv__(self, other: Operandlike) -> PairValue:
        return _quotient(self._operand(other), self)

    def __neg__(self) -> PairValue:
        return pair(-self.high, -self.low)

    def multiply_add(self, x: Value, total: Value) -> PairValue:
        assert isinstance(x, PairValue)
        assert isinstance(total, PairValue)
        return multiply_add(self.builder, self, x, total)

    def normal(self) -> PairValue:
        return normal(self.builder, self.high, self.low)

    def sqrt(self) -> PairValue:
        return square_root(self.builder, self)

    def fabs(self) -> PairValue:
        return absolute(self.builder, self)

    def floor(self) -> PairValue:
        return floor(self.builder, self)

    def copysign(self, sign: Value) -> PairValue:
        assert isinstance(sign, PairValue)
        return copy_sign(self.builder, self, sign)

    def compare(self, relation: str, other: Value) -> Value:
        assert isinstance(other, PairValue)
        return compare(self.builder, relation, self, other)


def pair(high: Value, low: Value) -> PairValue:
    """The double-double of two doubles of one type."""
    return PairValue(high.builder, make_type(PAIR, high.lanes), (high, low))


# -- error-free steps ---------------------------------------------------------------------------


def fast_two_sum(b: Instructions, x: Value, y: Operandlike) -> Parts:
    """x + y exactly, for |x| >= |y| or x = 0."""
    y = b.like(x, y)
    total = x + y
    return total, y - (total - x)


def two_sum(b: Instructions, x: Value, y: Operandlike) -> Parts:
    """x + y exactly."""
    y = b.like(x, y)
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


def two_product(b: Instructions, x: Value, y: Operandlike) -> Parts:
    """x * y exactly, barring underflow."""
    y = b.like(x, y)
    product = x * y
    return product, b.fma(x, y, -product)


# -- arithmetic ---------------------------------------------------------------------------------


def normal(b: Instructions, high: Value, low: Value) -> PairValue:
    """high + low normalised, for |high| >= |low|; what is not finite has no low part.

    A low part of zero is positive, however it came about.  With it -0 would become 0: where signs
    of zeros count, a high part that stays the same is not added to.
    """
    total = high + low
    rest = (high - total) + low
    finite = b.fabs(high) < math.inf
    changed = finite & b.compare("ne", total, high) if b.signed_zeros else finite
    return pair(b.select(changed, total, high), b.select(finite, rest, 0))


def _sum(x: PairValue, y: PairValue) -> PairValue:
    b = x.builder
    high, error = two_sum(b, x.high, y.high)
    low, rest = two_sum(b, x.low, y.low)
    middle, small = fast_two_sum(b, high, error + low)
    result = normal(b, middle, rest + small)
    # An infinite sum has no error; what looks like one is not a number.
    changed = b.fabs(high) < math.inf
    if b.signed_zeros:
        changed = changed & b.compare("ne", result.high, high)
    return pair(b.select(changed, result.high, high), result.low)


def _product(x: PairValue, y: PairValue) -> PairValue:
    b = x.builder
    high, error = two_product(b, x.high, y.high)
    cross = b.fma(x.low, y.high, b.fma(x.high, y.low, x.low * y.low))
    return normal(b, high, error + cross)


def _quotient(x: PairValue, y: PairValue) -> PairValue:
    b = x.builder
    high = x.high / y.high
    remainder = b.fma(-high, y.high, x.high) + b.fma(-high, y.low, x.low)
    low = b.select(b.fabs(y.high) < math.inf, remainder / y.high, 0)
    return normal(b, high, low)


def multiply_add(b: Instructions, x: PairValue, y: PairValue, total: PairValue) -> PairValue:
    """total + x * y, not normalised: the errors of both operations are collected in the low part.

    The error is about u**2 of the sum of absolute values, as if all had been summed in twice the
    precision and rounded.
    """
    product, error = two_product(b, x.high, y.high)
    error = b.fma(x.high, y.low, error)
    error = b.fma(x.low, y.high, error)
    high, lost = two_sum(b, total.high, product)
    return pair(high, (total.low + error) + lost)


def square_root(b: Instructions, x: PairValue) -> PairValue:
    """sqrt(x); NaN below zero, and a zero keeps its sign."""
    tiny = x.high < _LEAST_SQUARE  # what is left of it would underflow
    up = b.select(tiny, b.constant(2.0**_LIFT, x.high.type), 1)
    down = b.select(tiny, b.constant(2.0 ** (-_LIFT // 2), x.high.type), 1)
    square = x.high * up
    root = b.sqrt(square)
    remainder = b.fma(-root, root, square) + x.low * up
    low = remainder * (0.5 / root)
    return normal(b, root * down, b.select(root > 0, low, root) * down)  # so that -0 stays


def absolute(b: Instructions, x: PairValue) -> PairValue:
    sign = b.copysign(b.constant(1, x.high.type), x.high)
    return pair(b.fabs(x.high), x.low * sign)


def floor(b: Instructions, x: PairValue) -> PairValue:
    high = b.floor(x.high)
    low = b.select(b.compare("eq", high, x.high), b.floor(x.low), 0)
    return normal(b, high, low)


def copy_sign(b: Instructions, x: PairValue, sign: PairValue) -> PairValue:
    size = absolute(b, x)
    one = b.copysign(b.constant(1, x.high.type), sign.high)
    return pair(size.high * one, size.low * one)


def compare(b: Instructions, relation: str, x: PairValue, y: PairValue) -> Value:
    """i1 lanes: the low parts decide between equal high ones."""
    if relation == "ne":
        return ~compare(b, "eq", x, y)
    low = b.compare(relation, x.low, y.low)
    tie = b.compare("eq", x.high, y.high)
    if relation == "eq":
        return tie & low
    strict = {"le": "lt", "ge": "gt"}.get(relation, relation)
    return b.compare(strict, x.high, y.high) | (tie & low)
