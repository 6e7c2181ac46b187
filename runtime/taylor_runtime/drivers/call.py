"""What the parts of a driver's call share: its block of memory, and a way out to Python."""

from __future__ import annotations

from collections.abc import Callable

from taylor_runtime.drivers.block import CALL
from taylor_runtime.events.roots import EVENT_MEMORY
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.types import F64, I1, I64, PTR
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.points import python_objects as objects
from taylor_runtime.steps.control import Control

MEMORY_FIELDS = EVENT_MEMORY.itemsize // 8
_LARGEST = 1.7976931348623157e308


class Leaving:
    """Writes a built-in function that leaves what is out of the ordinary to Python.

    leave: the block where that is done.
    """

    b: Builder
    leave: str

    def go_on_if(self, condition: Value) -> None:
        """Else leave it to Python, with nothing done."""
        after = self.b.fresh_label("fits")
        self.b.branch(condition, after, self.leave)
        self.b.label(after)


class Call(Leaving):
    """One call, which parts of a driver write."""

    def __init__(self, b: Builder, own: Value, args: Value, count: Value) -> None:
        self.b, self.own, self.args, self.count = b, own, args, count
        self.leave = b.fresh_label("leave")
        self.call = Fields(b, objects.data_of(b, objects.item(b, own, 0)), CALL)
        self.states, self.given = self.call.get("count"), self.call.get("given")

    def all(self, count: Value, start: Value, one: Callable[[Index], Value]) -> Value:
        """i1: whether `start` and all `one(i)` hold."""
        b = self.b

        def further(carried: list[Value]) -> list[Value]:
            return [carried[0] + 1, one(carried[0])]

        first = [b.constant(0, I64), start]
        return b.while_(first, lambda c: c[1] & (c[0] < count), further)[1]

    def control(self) -> Control:
        """The block that the step loop reads."""
        return Control(self.b, self.call.address("control"))

    def copy(self, source: Value, target: Value, count: Value, align: int = 8) -> None:
        """Numbers from one place to another."""
        b = self.b

        def one(i: Index, _: list[Value]) -> list[Value]:
            b.store(b.load(F64, b.at(source, i)), b.at(target, i), align)
            return []

        b.fold(0, count, [], one)


class Equal:
    """i1: whether number i is the same at two places, bit for bit."""

    def __init__(self, b: Builder, first: Value, second: Value) -> None:
        self.b, self.places = b, (first, second)

    def __call__(self, i: Index) -> Value:
        one, other = (self.b.load(I64, self.b.at(p, i, "i64")) for p in self.places)
        return self.b.eq(one, other)


def two_sum(a: Value, b: Value) -> tuple[Value, Value]:
    """a + b as a rounded sum and its error (Knuth 1969)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def is_finite(b: Builder, x: Value) -> Value:
    """i1: whether x is neither infinite nor NaN."""
    return b.compare("le", b.fabs(x), _LARGEST)


def larger(b: Builder, a: Value, c: Value) -> Value:
    """The larger one; a where they cannot be compared."""
    return b.select(b.compare("lt", a, c), c, a)


def smaller(b: Builder, a: Value, c: int) -> Value:
    """The smaller one of two integers."""
    return b.select(a < c, a, b.constant(c, I64))


def null(b: Builder) -> Value:
    """The address of nothing."""
    return Value(b, PTR, "null")


def true(b: Builder) -> Value:
    """An i1."""
    return b.constant(True, I1)
