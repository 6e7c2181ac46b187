"""Quad-double numbers as values: the unevaluated sum of four doubles, about 63 digits.

For what double-double loses where terms cancel, which happens seldom: operations are calls of
functions, so that what is written with them is short and soon compiled.

After Hida, Li & Bailey, *Algorithms for quad-double precision floating point arithmetic*, 15th
IEEE Symposium on Computer Arithmetic (2001) 155, without branches.  Errors of a product and of a
quotient are some 2**-208 of it, those of a sum of the larger of both numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.ir.pairs import PairValue, fast_two_sum, pair, square_root, two_product, two_sum
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import CompoundNumber, Instructions, Operandlike, Value
from taylor_runtime.program.kinds import QUAD_DOUBLE, is_power_of_two

QUAD = QUAD_DOUBLE.element
WORDS = QUAD_DOUBLE.parts


class QuadValue(CompoundNumber):
    """A quad-double, words from the largest one on; a scalar always."""

    __slots__ = ()

    @classmethod
    def of_doubles(cls, high: Value, low: Value | None = None) -> QuadValue:
        zero = high.builder.constant(0, high.type)
        return quad(high, zero if low is None else low, zero, zero)

    @property
    def high(self) -> Value:
        return self.parts[0]

    def to_double(self) -> Value:
        return self.parts[0]

    def to_doubles(self) -> tuple[Value, Value]:
        first, second, third, _ = self.parts
        return fast_two_sum(self.builder, first, second + third)

    def _operand(self, other: Operandlike) -> QuadValue:
        if isinstance(other, PairValue):
            return QuadValue.of_doubles(*other.parts)
        value = self.builder.like(self, other)
        assert isinstance(value, QuadValue)
        return value

    def __add__(self, other: Operandlike) -> QuadValue:
        return _called("add", _sum, self, self._operand(other))

    __radd__ = __add__

    def __sub__(self, other: Operandlike) -> QuadValue:
        return self + -self._operand(other)

    def __rsub__(self, other: Operandlike) -> QuadValue:
        return self._operand(other) + -self

    def __mul__(self, other: Operandlike) -> QuadValue:
        if isinstance(other, int | float | Fraction) and is_power_of_two(other):
            return quad(*(part * other for part in self.parts))
        return _called("multiply", _product, self, self._operand(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Operandlike) -> QuadValue:
        return _called("divide", _quotient, self, self._operand(other))

    def __rtruediv__(self, other: Operandlike) -> QuadValue:
        return self._operand(other) / self

    def __neg__(self) -> QuadValue:
        return quad(*(-part for part in self.parts))

    def multiply_add(self, x: Value, total: Value) -> QuadValue:
        return self * x + total

    def normal(self) -> QuadValue:
        return self

    def sqrt(self) -> QuadValue:
        """A root in double-double, and Newton's step."""
        root = square_root(self.builder, pair(*self.to_doubles()))
        known = self._operand(root)
        return known + (self - known * known) / (known * 2)

    def fabs(self) -> QuadValue:
        negative = self.high < 0
        return quad(*(self.builder.select(negative, -part, part) for part in self.parts))

    def compare(self, relation: str, other: Value) -> Value:
        return self.builder.compare(relation, (self - other).high, 0)


def quad(*words: Value) -> QuadValue:
    """The quad-double of four doubles."""
    return QuadValue(words[0].builder, make_type(QUAD, 0), words)


def _called(name: str, emit: object, x: QuadValue, y: QuadValue) -> QuadValue:
    vector = x.builder.apart(f"ty.quad.{name}", WORDS, emit, *x.parts, *y.parts)  # type: ignore[arg-type]
    return quad(*vector)


# -- arithmetic -----------------------------------------------------------------------------------


def _normal(b: Instructions, *words: Value) -> list[Value]:
    """Four words that do not overlap, of the sum of five, each far below the one before it."""
    rest, lower = words[-1], []
    for word in reversed(words[:-1]):
        rest, low = two_sum(b, word, rest)
        lower.append(low)
    found = []
    for word in reversed(lower):
        high, rest = fast_two_sum(b, rest, word)
        found.append(high)
    found[-1] = found[-1] + rest
    return found


def _three(b: Instructions, x: Value, y: Value, z: Value) -> tuple[Value, Value, Value]:
    """x + y + z as three words."""
    high, low = two_sum(b, x, y)
    high, other = two_sum(b, high, z)
    return high, *two_sum(b, low, other)


def _sum(b: Instructions, *words: Value) -> Sequence[Value]:
    both = zip(words[:WORDS], words[WORDS:], strict=True)
    (first, e), (second, f), (third, g), (fourth, h) = (two_sum(b, x, y) for x, y in both)
    second, e = two_sum(b, second, e)
    third, e, f = _three(b, third, f, e)
    fourth, e, g = _three(b, fourth, g, e)
    return _normal(b, first, second, third, fourth, e + (f + (g + h)))


def _product(b: Instructions, *words: Value) -> Sequence[Value]:
    x, y = words[:WORDS], words[WORDS:]
    p = {(i, j): two_product(b, x[i], y[j]) for i in range(3) for j in range(3 - i)}
    first, low = p[0, 0]
    second, e, f = _three(b, p[0, 1][0], p[1, 0][0], low)
    third, g, h = _three(b, p[0, 2][0], p[1, 1][0], p[2, 0][0])
    other, k, m = _three(b, p[0, 1][1], p[1, 0][1], e)
    third, n = two_sum(b, third, other)
    rest = (p[0, 2][1] + p[1, 1][1]) + (p[2, 0][1] + f)
    rest = b.fma(x[0], y[3], b.fma(x[3], y[0], rest))
    rest = b.fma(x[1], y[2], b.fma(x[2], y[1], rest))
    rest = rest + ((g + k) + n) + (h + m)
    zero = b.constant(0, first.type)
    return _normal(b, first, second, third, rest, zero)


def _quotient(b: Instructions, *words: Value) -> Sequence[Value]:
    rest, divisor = quad(*words[:WORDS]), quad(*words[WORDS:])
    found = []
    for _ in range(WORDS + 1):
        found.append(rest.high / divisor.high)
        rest = rest - divisor * found[-1]
    return _normal(b, *found)
