"""Bounds of whole numbers, and what they are after sums, products and divisions."""

from __future__ import annotations

from typing import NamedTuple

LIMIT = (1 << 53) - 1  # of what doubles count without a gap
FARTHEST = 1 << 50  # of what is compared with bounds while a program runs
EXACT_QUOTIENT = 1 << 51  # below, a rounded product with 1/q is on the same side of whole numbers


class Span(NamedTuple):
    """Whole numbers between two bounds, both included."""

    low: int
    high: int

    @property
    def has_zero(self) -> bool:
        """Whether zero is one of them."""
        return self.low <= 0 <= self.high

    def covers(self, other: Span) -> bool:
        """Whether all numbers of another one are here."""
        return self.low <= other.low and other.high <= self.high

    def joined(self, other: Span) -> Span:
        """All numbers of both."""
        return Span(min(self.low, other.low), max(self.high, other.high))

    def plus(self, other: Span, sign: int = 1) -> Span:
        """Sums or differences."""
        low, high = sorted((sign * other.low, sign * other.high))
        return Span(self.low + low, self.high + high)

    def times(self, other: Span) -> Span:
        """Products."""
        ends = [x * y for x in self for y in other]
        return Span(min(ends), max(ends))

    def size(self) -> Span:
        """Absolute values."""
        ends = abs(self.low), abs(self.high)
        return Span(0 if self.has_zero else min(ends), max(ends))

    def met(self, other: Span) -> Span | None:
        """Numbers of both; None where there are none."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Span(low, high) if low <= high else None

    def fits(self) -> bool:
        """Whether doubles count all of them."""
        return self.low >= -LIMIT and self.high <= LIMIT


COUNTED = Span(-FARTHEST, FARTHEST)


def is_signed_product(a: Span, b: Span) -> bool:
    """Whether a product might be -0.0."""
    return (a.has_zero and b.low < 0) or (b.has_zero and a.low < 0)


def quotient(a: Span, b: Span) -> Span | None:
    """Quotients rounded down, unless one might be infinite, or -0.0."""
    if b.has_zero or (a.has_zero and b.low < 0):
        return None
    ends = [x // y for x in a for y in b]
    return Span(min(ends), max(ends))


def remainders(a: Span, b: Span) -> Span | None:
    """What quotients rounded down leave, unless one might be -0.0, as those by negative numbers."""
    if b.low <= 0:
        return None
    return Span(0, min(b.high - 1, a.high) if a.low >= 0 else b.high - 1)


def positive(divisor: Span) -> Span:
    """What is left of divisors that may be positive, where the code is left for all others."""
    return Span(1, divisor.high) if divisor.low <= 0 < divisor.high else divisor


def is_scaled(a: Span, numerator: int, denominator: int) -> Span | None:
    """The numerators of a * numerator/denominator, where that rounded down is the same rounded as
    a double and exactly.

    The product with a power of two is exact.  Else the factor and the product are rounded, and no
    quotient is so near below a whole number that it could be taken for one.
    """
    factor = Span(numerator, numerator)
    found = a.times(factor)
    if not found.fits() or denominator > LIMIT or is_signed_product(a, factor):
        return None
    exact = denominator & (denominator - 1) == 0
    return found if exact or found.size().high <= EXACT_QUOTIENT else None


def narrowed(span: Span | None, relation: str, other: Span | None) -> Span | None:
    """What is left of a span where a comparison holds; None for nothing, or nothing new."""
    if span is None or other is None:
        return None
    low, high = span
    if relation in ("lt", "le"):
        high = min(high, other.high - (relation == "lt"))
    elif relation in ("gt", "ge"):
        low = max(low, other.low + (relation == "gt"))
    elif relation == "eq":
        low, high = max(low, other.low), min(high, other.high)
    elif other.low == other.high:
        low, high = low + (low == other.low), high - (high == other.low)
    return Span(low, high) if low <= high else None
