"""Quotients of integers rounded down, and what they leave.

Division is the slowest that a processor does with integers, and of 64 bits it is slower than of 32,
by a seventh to a factor of four: where numbers are shorter, these are divided.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.types import I1, I32, I64, I128
from taylor_runtime.ir.values import Instructions, Value
from taylor_runtime.passes.spans import Span

SHORT = 1 << 32  # numbers below are divided as of 32 bits


def shift_of(d: Span) -> int | None:
    """By how many bits numbers are shifted that are divided by d, if it is a known power of two."""
    known = d.low
    power = known == d.high and known > 0 and known & (known - 1) == 0
    return known.bit_length() - 1 if power else None


def divided(
    b: Instructions, x: Value, above: Span, y: Value, below: Span
) -> tuple[Value, Value | None]:
    """i64 scalars: x / y rounded down, y being of one sign, and what is left, where that is known.

    above, below: the bounds of x and y.
    """
    if below.low == below.high and below.low > 0:
        return _multiplied(b, x, above, below.low), None
    key = f"division {x.text} {y.text}"
    quotient, rest = b.once(key, lambda: _divided(b, x, above, y, below))
    return quotient, rest


def _divided(b: Instructions, x: Value, above: Span, y: Value, below: Span) -> Sequence[Value]:
    def short() -> Sequence[Value]:
        first, second = (b.emit(I32, f"trunc i64 {value.text} to i32") for value in (x, y))
        found = [b.emit(I32, f"{op} i32 {first.text}, {second.text}") for op in ("udiv", "urem")]
        return [b.emit(I64, f"zext i32 {value.text} to i64") for value in found]

    def long() -> Sequence[Value]:
        if positive:
            return [b.emit(I64, f"{op} i64 {x.text}, {y.text}") for op in ("udiv", "urem")]
        cut = x // y
        rest = x - cut * y
        signs = rest < 0 if below.low > 0 else rest > 0
        moved = b.emit(I64, f"zext i1 {signs.text} to i64")
        return [cut - moved, rest + b.select(signs, y, b.constant(0, I64))]

    positive = above.low >= 0 and below.low > 0
    if positive and max(above.high, below.high) < SHORT:
        return short()
    if above.high < 0 or below.high < 0:
        return long()
    high = b.emit(I64, f"or i64 {x.text}, {y.text}")
    return b.if_(b.emit(I1, f"icmp ult i64 {high.text}, {SHORT}"), short, long, likely=True)


def _multiplied(b: Instructions, x: Value, above: Span, d: int) -> Value:
    """The same of a known number d, by the high half of a product: x / d is x (2**k / d) / 2**k.

    The factor is rounded up, and the quotient too large by less than x / 2**k.  That is less than
    1 / d, since 2**k is at least 2**63 d, so that its whole part is right where x is not negative;
    what may be is moved there by a multiple of d.
    """
    moved = max(0, -(above.low // d))
    shift = (d - 1).bit_length() - 1
    factor = -(-(1 << (64 + shift)) // d)
    x = x + moved * d if moved else x
    wide = b.emit(I128, f"zext i64 {x.text} to i128")
    product = b.emit(I128, f"mul nuw i128 {wide.text}, {factor}")
    high = b.emit(I128, f"lshr i128 {product.text}, {64 + shift}")
    found = b.emit(I64, f"trunc i128 {high.text} to i64")
    return found - moved if moved else found
