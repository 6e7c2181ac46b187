"""Doubles that are known to be whole numbers, as integers of the processor.

A counter, a place, a truth value, a quotient rounded down: Python has whole numbers there, and in a
program all numbers are doubles.  Where it is known between which bounds a number lies, none of them
beyond 2**53, a double and an integer of 64 bits say the same, and integers are counted, compared,
divided and used as places in a fraction of the time.  `Whole` is such a number: its operators give
`Whole`s where the result is known to be one, bit for bit what doubles would give, and doubles
where not; whoever asks for its text has it as a double.

Where the double might be -0.0, as the product of zero and a negative number is, the number is
`signed`: it may be compared, added to others and used as a place, all else takes the double.
"""

from __future__ import annotations

import math
from fractions import Fraction

from taylor_runtime.ir.integers.division import divided, shift_of
from taylor_runtime.ir.types import F64, I1, I64
from taylor_runtime.ir.values import Instructions, Operandlike, Value
from taylor_runtime.passes.spans import (
    COUNTED,
    FARTHEST,
    LIMIT,
    Span,
    is_scaled,
    is_signed_product,
    positive,
    quotient,
    remainders,
)


class Whole(Value):
    """A whole number; of type double for all who know no better.

    span: its bounds.
    is_signed: whether it may stand for -0.0.
    """

    __slots__ = ("_bit", "_integer", "_product", "span")

    def __init__(
        self,
        builder: Instructions,
        span: Span,
        integer: Value | None = None,
        bit: Value | None = None,
        product: tuple[Value, Value] | None = None,
    ) -> None:
        """product: of what, if it is signed."""
        self.builder, self.type, self.span = builder, F64, span
        self._integer, self._bit, self._product = integer, bit, product

    @property
    def is_signed(self) -> bool:
        return self._product is not None

    @property
    def integer(self) -> Value:
        """The number as an i64."""
        if self._integer is not None:
            return self._integer
        assert self._bit is not None
        known = self.builder.decided(self._bit)
        if known is not None:
            return self.builder.constant(known, I64)
        return self.builder.emit(I64, f"zext i1 {self._bit.text} to i64")

    @property
    def text(self) -> str:  # type: ignore[override]
        """The number as a double."""
        b = self.builder
        if self._product is not None:
            x, y = self._product
            return b.emit(F64, f"fmul double {x.text}, {y.text}").text
        if self._bit is not None:
            return b.select(self._bit, b.constant(1, F64), b.constant(0, F64)).text
        if self.span.low == self.span.high:
            return b.constant(self.span.low, F64).text
        return b.emit(F64, f"sitofp i64 {self.integer.text} to double").text

    @property
    def parts(self) -> tuple[Value, ...]:
        return (Value(self.builder, F64, self.text),)

    @property
    def truth(self) -> Value:
        """i1: whether it is not zero."""
        found = self._bit or compared(self.builder, "ne", self, 0)
        assert found is not None
        return found

    def narrowed(self, span: Span) -> Whole:
        """The same number, of which more is known."""
        low, high = max(span.low, self.span.low), min(span.high, self.span.high)
        integer = self.integer if self._bit is None else self._integer
        return Whole(self.builder, Span(low, high), integer, self._bit)

    def __add__(self, other: Operandlike) -> Value:
        found = whole_of(self.builder, other, signed=True)
        value = None if found is None else _sum(self, found)
        return Value.__add__(self, other) if value is None else value

    __radd__ = __add__

    def __sub__(self, other: Operandlike) -> Value:
        found = whole_of(self.builder, other, signed=True)
        value = None if found is None else _difference(self, found)
        return Value.__sub__(self, other) if value is None else value

    def __rsub__(self, other: Operandlike) -> Value:
        found = whole_of(self.builder, other, signed=True)
        value = None if found is None else _difference(found, self)
        return Value.__rsub__(self, other) if value is None else value

    def __mul__(self, other: Operandlike) -> Value:
        found = whole_of(self.builder, other)
        value: Value | None = None
        if not self.is_signed:
            value = _scaled(self, other) if found is None else _product(self, found)
        return Value.__mul__(self, other) if value is None else value

    __rmul__ = __mul__

    def __truediv__(self, other: Operandlike) -> Value:
        found = whole_of(self.builder, other)
        if found is None or self.is_signed:
            return Value.__truediv__(self, other)
        return Ratio(self, found, "fdiv", self, found)

    def __neg__(self) -> Value:
        return self * -1


class Ratio(Value):
    """A quotient of whole numbers, as a double that is computed where somebody asks for it."""

    __slots__ = ("_operation", "above", "below")

    def __init__(
        self, above: Whole, below: Whole, operation: str, first: Value, second: Value
    ) -> None:
        """operation: what gives the double, of two operands."""
        self.builder, self.type = above.builder, F64
        self.above, self.below = above, below
        self._operation = operation, first, second

    @property
    def text(self) -> str:  # type: ignore[override]
        operation, first, second = self._operation
        return self.builder.emit(F64, f"{operation} double {first.text}, {second.text}").text

    @property
    def parts(self) -> tuple[Value, ...]:
        return (Value(self.builder, F64, self.text),)

    def floor(self) -> Whole | None:
        """It, rounded down; None where doubles have to say it."""
        return _rounded_down(self.above, self.below)


def truth(b: Instructions, bit: Value) -> Whole:
    """A truth value as a number."""
    return Whole(b, Span(0, 1), bit=bit)


def literal(b: Instructions, number: int) -> Whole:
    """A number that is known."""
    return Whole(b, Span(number, number), b.constant(number, I64))


def whole_of(b: Instructions, x: Operandlike, signed: bool = False) -> Whole | None:
    """x as a whole number; None where it is not known to be one, or, unless `signed`, might be
    -0.0.
    """
    if isinstance(x, Whole):
        return x if signed or not x.is_signed else None
    number = _number(x)
    if number is None or not -LIMIT <= number <= LIMIT or number != math.floor(number):
        return None
    if number == 0 and isinstance(number, float) and math.copysign(1, number) < 0:
        return None
    return literal(b, int(number))


def _number(x: Operandlike) -> int | float | Fraction | None:
    """What a literal was made of."""
    if not isinstance(x, Value):
        return x
    found: tuple[int | float | Fraction, ...] = getattr(x, "numbers", ())
    found = found if x.type == F64 else ()
    return found[0] if len(found) == 1 else None


def compared(b: Instructions, relation: str, x: Value, y: Operandlike) -> Value | None:
    """i1: x relation y; None unless both are whole numbers, or their bounds decide."""
    first, second = whole_of(b, x, True), whole_of(b, y, True)
    spans = [_span(*pair) for pair in ((first, x), (second, y))]
    known = _decided(spans[0], relation, spans[1]) if spans[0] and spans[1] else None
    if known is not None:
        return b.constant(known, I1)
    if first is None or second is None:
        return None
    if first._bit is not None and second.span == (0, 0):
        if relation in ("ne", "gt"):
            return first._bit
        if relation in ("eq", "le"):
            return b.emit(I1, f"xor i1 {first._bit.text}, true")
    return b.compare(relation, first.integer, second.integer)


def _span(whole: Whole | None, x: Operandlike) -> Span | None:
    """Where a number is: a whole one, or any literal."""
    number = _number(x) if whole is None else None
    if number is None or not math.isfinite(number):
        return None if whole is None else whole.span
    return Span(number, number)  # type: ignore[arg-type]


def _decided(a: Span, relation: str, b: Span) -> bool | None:
    """What a comparison of all numbers of two spans says, where that is the same for all."""
    if relation in ("gt", "ge"):
        return _decided(b, {"gt": "lt", "ge": "le"}[relation], a)
    if relation == "lt":
        return True if a.high < b.low else False if a.low >= b.high else None
    if relation == "le":
        return True if a.high <= b.low else False if a.low > b.high else None
    if a.high < b.low or b.high < a.low:
        return relation == "ne"
    return relation == "eq" if a.low == a.high == b.low == b.high else None


def chosen(b: Instructions, condition: Value, x: Value, y: Operandlike) -> Whole | None:
    """x where the i1 scalar holds, else y; None unless both are whole numbers."""
    first, second = whole_of(b, x), whole_of(b, y)
    if first is None or second is None:
        return None
    span = first.span.joined(second.span)
    if first._bit is not None and second._bit is not None:
        return Whole(b, span, bit=b.select(condition, first._bit, second._bit))
    return Whole(b, span, b.select(condition, first.integer, second.integer))


def size_of(x: Whole) -> Whole:
    """|x|."""
    b = x.builder
    if x.span.low >= 0 and not x.is_signed:
        return x
    below = b.compare("lt", x.integer, 0)
    return Whole(b, x.span.size(), b.select(below, 0 - x.integer, x.integer))


def rounded_down(b: Instructions, a: Value, d: Value) -> Whole | None:
    """a / d rounded down; None unless both are whole numbers, or where doubles have to say it."""
    given = _division(b, a, d)
    return None if given is None else _rounded_down(*given)


def remainder(b: Instructions, a: Value, d: Value) -> Whole | None:
    """What that leaves of a; None likewise."""
    given = _division(b, a, d)
    span = None if given is None else remainders(given[0].span, given[1].span)
    if given is None or span is None:
        return None
    first, second = given
    if shift_of(second.span) is not None:  # known without a division
        rest = b.emit(I64, f"and i64 {first.integer.text}, {second.span.low - 1}")
        return Whole(b, span, rest)
    cut, left = divided(b, first.integer, first.span, second.integer, second.span)
    return Whole(b, span, first.integer - second.integer * cut if left is None else left)


def _division(b: Instructions, a: Value, d: Value) -> tuple[Whole, Whole] | None:
    """Operands as whole numbers, if they are some; a divisor that may be positive is then."""
    first, second = whole_of(b, a), whole_of(b, d)
    if first is None or second is None:
        return None
    known = positive(second.span) if b.may_leave else second.span
    if known != second.span:
        b.leave_unless(b.compare("gt", second.integer, 0))
        second = second.narrowed(known)
    return first, second


def _rounded_down(a: Whole, d: Whole) -> Whole | None:
    b, span, shift = a.builder, quotient(a.span, d.span), shift_of(d.span)
    if span is None:
        return None
    if shift is not None:
        return Whole(b, span, a.integer >> shift)
    return Whole(b, span, divided(b, a.integer, a.span, d.integer, d.span)[0])


def multiply_add(b: Instructions, a: Value, x: Operandlike, c: Operandlike) -> Value | None:
    """a * x + c where all are whole numbers, and the products and sums such as doubles count."""
    first, second, third = (whole_of(b, v, True) for v in (a, x, c))
    if first is None or second is None or third is None:
        return None
    product = _bounded(first, second)
    if product is None or third.is_signed:
        return None
    return _sum(product, third)  # whether the product is -0.0 is lost


def _same(x: Whole, y: Whole) -> bool:
    return x.integer.text == y.integer.text


def _sum(a: Whole, c: Whole) -> Whole | None:
    span = a.span.plus(c.span)
    if not span.fits() or (a.is_signed and c.is_signed):
        return None
    if c.span == (0, 0) and not a.is_signed:
        return a
    return Whole(a.builder, span, a.integer + c.integer)


def _difference(a: Whole, c: Whole) -> Whole | None:
    span = a.span.plus(c.span, -1)
    if not span.fits() or (a.is_signed and c.span.has_zero):
        return None
    if c.span == (0, 0):
        return a
    return Whole(a.builder, span, a.integer - c.integer)


def _product(a: Whole, x: Whole) -> Whole | None:
    found = _bounded(a, x)
    if found is None:
        return None
    if found is not a and is_signed_product(a.span, x.span):
        found._product = a, x
    return found


def _bounded(a: Whole, x: Whole) -> Whole | None:
    """The product, whatever it is of zero, if doubles count it; where it might be beyond that it is
    compared with bounds, if the code can be left.
    """
    b, span = a.builder, a.span.times(x.span)
    bounds = span.met(COUNTED)
    if span.fits() or bounds is None or not b.may_leave:
        return _plain_product(a, x) if span.fits() else None
    if span.low >= -(1 << 63) and span.high < 1 << 63:
        value = a.integer * x.integer
    elif _same(a, x):  # a factor is compared, so that nobody waits for the product
        side = math.isqrt(FARTHEST)
        leave_beyond(b, a, Span(-side, side))
        return Whole(b, bounds, a.integer * x.integer)
    else:
        value, beyond = b.overflowing(a.integer, x.integer)
        b.leave_unless(b.emit(I1, f"xor i1 {beyond.text}, true"))
    leave_beyond(b, Whole(b, span, value), COUNTED)
    return Whole(b, bounds, value)


def leave_beyond(b: Instructions, x: Whole, bounds: Span) -> None:
    """Leave the code where a number is not within bounds."""
    if x.span.low < bounds.low:
        b.leave_unless(b.compare("ge", x.integer, bounds.low))
    if x.span.high > bounds.high:
        b.leave_unless(b.compare("le", x.integer, bounds.high))


def _plain_product(a: Whole, x: Whole) -> Whole:
    """The product, whatever it is of zero."""
    if x.span == (1, 1):
        return a
    if x.span == (-1, -1):
        return Whole(a.builder, Span(-a.span.high, -a.span.low), 0 - a.integer)
    return Whole(a.builder, a.span.times(x.span), a.integer * x.integer)


def _scaled(a: Whole, other: Operandlike) -> Ratio | None:
    """The product with a known fraction."""
    number = _number(other)
    if not isinstance(number, Fraction):
        return None
    p, q = number.numerator, number.denominator
    span = is_scaled(a.span, p, q)
    if span is None:
        return None
    b = a.builder
    above = _plain_product(a, literal(b, p))
    return Ratio(above, literal(b, q), "fmul", a, b.constant(number, F64))
