"""Sums of three doubles, for what must be known better than in double-double.

After Fabiano, Muller & Picot, *Algorithms for triple-word arithmetic*, IEEE Trans. Comput. 68
(2019) 1573, with fewer steps of renormalisation: relative errors are some 2**-150, which is far
more than is asked for.
"""

from __future__ import annotations

from fractions import Fraction

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, fast_two_sum, pair, two_product, two_sum
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value

Triple = tuple[Value, Value, Value]


def constant(b: Builder, number: Fraction, type_: Type) -> Triple:
    """`number` in every lane of a type of doubles."""
    words: list[Value] = []
    for _ in range(3):
        words.append(b.constant(number, type_))
        number -= Fraction(float(number))
    return words[0], words[1], words[2]


def from_pair(b: Builder, x: PairValue) -> Triple:
    return x.high, x.low, b.constant(0, x.high.type)


def rounded(b: Builder, x: Triple) -> PairValue:
    """x as a double-double."""
    return pair(*fast_two_sum(b, x[0], x[1] + x[2]))


def normal(b: Builder, high: Value, middle: Value, low: Value) -> Triple:
    """The sum of three numbers, each far below the one before, as words that do not overlap."""
    high, middle = fast_two_sum(b, high, middle)
    middle, low = fast_two_sum(b, middle, low)
    high, middle = fast_two_sum(b, high, middle)
    return high, *fast_two_sum(b, middle, low)


def add(b: Builder, x: Triple, y: Triple) -> Triple:
    """x + y for sums that cancel no more than a few bits."""
    high, error = two_sum(b, x[0], y[0])
    middle, lost = two_sum(b, x[1], y[1])
    middle, more = two_sum(b, middle, error)
    return normal(b, high, middle, (x[2] + y[2]) + (lost + more))


def multiply(b: Builder, x: Triple, y: Triple | PairValue) -> Triple:
    """x * y; a double-double has no third word."""
    words = y.parts if isinstance(y, PairValue) else y
    high, middle = two_product(b, x[0], words[0])
    cross, low = two_product(b, x[0], words[1])
    other, error = two_product(b, x[1], words[0])
    low = b.fma(x[1], words[1], low + error)
    low = b.fma(x[2], words[0], low)
    if len(words) > 2:
        low = b.fma(x[0], words[2], low)
    cross, lost = two_sum(b, cross, other)
    middle, more = two_sum(b, middle, cross)
    return normal(b, high, middle, low + (lost + more))
