"""What goes from turn to turn of a loop: whole numbers as integers, all others as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.integers.whole import Whole, leave_beyond, whole_of
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value
from taylor_runtime.passes.spans import LIMIT, Span
from taylor_runtime.passes.turns import WholeNumbers
from taylor_runtime.passes.whole import Spans, Turns


def spans_of(b: Builder, values: Sequence[Value]) -> list[Span | None]:
    """The bounds of values that are whole numbers."""
    found = [whole_of(b, value) for value in values]
    return [None if whole is None else whole.span for whole in found]


def turns_of(b: Builder, ask: Callable[[WholeNumbers], Turns]) -> Turns | None:
    """What is known of a loop, where whole numbers are integers."""
    if not b.counts:
        return None
    if b.known is None:
        b.known = WholeNumbers(guarded=b.leave is not None)
    assert isinstance(b.known, WholeNumbers)
    return ask(b.known)


def counted(b: Builder, x: Value, span: Span) -> Whole:
    """A double that is a whole number between bounds; where it is not the code is left."""
    b.leave_unless(b.compare("ge", x, span.low) & b.compare("le", x, span.high))
    integer = b.cast("fptosi", x, "i64")
    b.leave_unless(b.compare("eq", b.cast("sitofp", integer, "double"), x))
    return Whole(b, span, integer)


class Carried:
    """The carries of a loop, and its index, as values of LLVM's and as the numbers they stand for.

    turns: what is known of them; None where all are numbers as others are.
    """

    def __init__(self, b: Builder, turns: Turns | None, count: int) -> None:
        nothing: Spans = (None,) * count
        self.b = b
        self._turns = turns or Turns(tuple(nothing), tuple(nothing), None, frozenset())

    def after(self, values: Sequence[Value]) -> list[Value]:
        """Values of LLVM's for all numbers before the first turn, or after one."""
        return [self.plain(k, value) for k, value in enumerate(values)]

    def plain(self, k: int, x: Value) -> Value:
        """A value of LLVM's for one of them."""
        turns = self._turns
        return self._within(x, turns.before[k], k in turns.watched)

    def _within(self, x: Value, span: Span | None, watched: bool) -> Value:
        b = self.b
        if span is None:
            (part,) = x.parts if isinstance(x, Whole) else (x,)
            return part
        whole = whole_of(b, x)
        if whole is None:
            return counted(b, x, span).integer if b.may_leave else b.cast("fptosi", x, "i64")
        if watched:
            leave_beyond(b, whole, span)
        return whole.integer

    def before(self, values: Sequence[Value]) -> list[Value]:
        """The numbers that values of LLVM's stand for, whenever a turn may begin."""
        return [self.number(k, value) for k, value in enumerate(values)]

    def inside(self, values: Sequence[Value]) -> list[Value]:
        """The same where a turn has begun."""
        return [self.number(k, value, True) for k, value in enumerate(values)]

    def number(self, k: int, value: Value, inside: bool = False) -> Value:
        """One of them."""
        span = (self._turns.inside if inside else self._turns.before)[k]
        return value if span is None else Whole(self.b, span, value)

    # -- the index of a loop between bounds -------------------------------------------------------

    def first(self, lower: Value) -> Value:
        """Its value of LLVM's in the first turn."""
        return self._within(lower, self._turns.counter, False)

    def index(self, value: Value) -> Value:
        """The number that it stands for, in a turn."""
        span = self._turns.counter
        return value if span is None else Whole(self.b, span, value)

    def end(self, upper: Value) -> Value:
        """An upper bound as a whole number, if the index is one: NaN lets no turn begin."""
        b = self.b
        if self._turns.counter is None or whole_of(b, upper) is not None:
            return upper
        x = b.intrinsic("ceil", upper)
        x = b.select(b.compare("gt", x, -LIMIT), x, b.constant(-LIMIT, x.type))
        x = b.select(b.compare("lt", x, LIMIT), x, b.constant(LIMIT, x.type))
        return Whole(b, Span(-LIMIT, LIMIT), b.cast("fptosi", x, "i64"))

    def next(self, index: Value) -> Value:
        """Its value of LLVM's in the next turn."""
        return self._within(index + 1, self._turns.counter, False)

    def count(self, index: Value, like: Type) -> Value:
        """A count of turns, an i64, as a number of a type."""
        b, span = self.b, self._turns.counter
        if span is not None:
            return Whole(b, span, index)
        value = b.from_double(b.cast("sitofp", index, "double"), like.element)
        return b.splat(value, like.lanes) if like.lanes else value
