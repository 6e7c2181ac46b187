"""Numbers that have a lane for each trajectory, where text was written for numbers of one alone.

A `SpreadBuilder` writes into the function of another builder.  What is a number for those who call
it are as many numbers of LLVM's as there are trajectories, side by side in one vector; what is a
vector of n numbers are n such vectors, so that moves of lanes cost nothing.  Addresses count numbers
of all trajectories; tables, which hold constants, have one for all.  Integers, and what is compared
of them, are the same for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.instructions import Store
from taylor_runtime.ir.types import FLOAT_BITS, PTR, Type, make_type
from taylor_runtime.ir.values import Compound, Index, Operandlike, Value

NUMBERS = (*FLOAT_BITS, "i1")  # elements of types that have a lane for each trajectory


class SpreadValue(Compound):
    """Numbers of which `parts` are one each, with a lane for each trajectory."""

    __slots__ = ()

    builder: SpreadBuilder

    def _binary(self, other: Operandlike, float_op: str, int_op: str, swap: bool = False) -> Value:
        second = self.builder.like(self, other)
        pairs = zip(self.parts, second.parts, strict=True)
        return self.builder.grouped([x._binary(y, float_op, int_op, swap) for x, y in pairs], self)

    def __neg__(self) -> Value:
        return self.builder.grouped([-part for part in self.parts], self)


class _Shared(Value):
    """The address of what all trajectories share."""

    __slots__ = ()


class SpreadBuilder(Builder):
    """Appends instructions for a vector of trajectories where others ask for those of a number.

    base:  the builder into whose function it writes.
    batch: how many trajectories there are.
    """

    __slots__ = ("base", "batch")

    def __init__(self, base: Builder, batch: int) -> None:
        self.__dict__ = base.__dict__  # the same blocks, names and instructions
        self.base = base
        self.batch = batch

    def spread(self, value: Value) -> Value:
        """A vector of one number a trajectory as a number."""
        return SpreadValue(self, make_type(value.type.element, 0), (value,))

    def grouped(self, parts: Iterable[Value], like: Value) -> Value:
        """Vectors of one number a trajectory as a value that has as many as another."""
        listed = tuple(parts)
        return SpreadValue(self, make_type(listed[0].type.element, like.lanes), listed)

    def _real(self, element: str) -> Type:
        return make_type(element, self.batch)

    # -- instructions -------------------------------------------------------------------------

    def constant(self, number: int | float | Fraction, type_: Type) -> Value:
        if type_.element not in NUMBERS:
            return self.base.constant(number, type_)
        part = self.base.constant(number, self._real(type_.element))
        return SpreadValue(self, type_, (part,) * max(type_.lanes, 1))

    def constants(
        self, numbers: Sequence[int | float | Fraction], element: str = "double"
    ) -> Value:
        parts = [self.base.constant(number, self._real(element)) for number in numbers]
        return SpreadValue(self, make_type(element, len(parts)), tuple(parts))

    def like(self, value: Value, other: Operandlike) -> Value:
        if not isinstance(value, SpreadValue):
            return self.base.like(value, other)
        if not isinstance(other, Value):
            return self.constant(other, value.type)
        if not isinstance(other, SpreadValue):
            other = self.spread(self.base.splat(other, self.batch))
        return self.splat(other, value.lanes) if value.lanes else other

    def fma(self, a: Value, x: Operandlike, c: Operandlike) -> Value:
        operands = zip(a.parts, self.like(a, x).parts, self.like(a, c).parts, strict=True)
        return self.grouped([self.base.fma(*three) for three in operands], a)

    def intrinsic(self, name: str, *args: Value, suffix: str | None = None) -> Value:
        listed = zip(*(arg.parts for arg in args), strict=True)
        parts = [self.base.intrinsic(name, *own, suffix=suffix) for own in listed]
        return self.grouped(parts, args[0])

    def compare(self, relation: str, x: Value, y: Operandlike) -> Value:
        if not isinstance(x, SpreadValue):
            return self.base.compare(relation, x, y)
        pairs = zip(x.parts, self.like(x, y).parts, strict=True)
        return self.grouped([self.base.compare(relation, *pair) for pair in pairs], x)

    def decided(self, condition: Value) -> bool | None:
        return None if isinstance(condition, SpreadValue) else self.base.decided(condition)

    def select(self, condition: Value, x: Value, y: Operandlike) -> Value:
        if not isinstance(x, SpreadValue):
            return self.base.select(condition, x, y)
        conditions = condition.parts * (len(x.parts) // len(condition.parts))
        listed = zip(conditions, x.parts, self.like(x, y).parts, strict=True)
        return self.grouped([self.base.select(*three) for three in listed], x)

    def cast(self, operation: str, x: Value, element: str) -> Value:
        if not isinstance(x, SpreadValue):
            return self.base.cast(operation, x, element)
        return self.grouped([self.base.cast(operation, part, element) for part in x.parts], x)

    # -- lanes --------------------------------------------------------------------------------

    def splat(self, x: Value, lanes: int) -> Value:
        if lanes == x.lanes:
            return x
        return SpreadValue(self, make_type(x.type.element, lanes), x.parts * lanes)

    def shuffle(self, a: Value, b: Value | None, lanes: Sequence[int]) -> Value:
        given = a.parts if b is None else (*a.parts, *b.parts)
        parts = tuple(given[max(lane, 0)] for lane in lanes)
        return SpreadValue(self, make_type(a.type.element, len(parts)), parts)

    def extract(self, x: Value, lane: Index) -> Value:
        assert isinstance(lane, int)
        return self.spread(x.parts[lane])

    def insert(self, x: Value, item: Value, lane: Index) -> Value:
        assert isinstance(lane, int)
        return self.grouped((*x.parts[:lane], item.parts[0], *x.parts[lane + 1 :]), x)

    # -- memory -------------------------------------------------------------------------------

    def poison(self, type_: Type) -> Value:
        part = self.base.poison(self._real(type_.element))
        return SpreadValue(self, type_, (part,) * max(type_.lanes, 1))

    def alloca(self, element: str, count: int, align: int = 64) -> Value:
        return self.base.alloca(element, count * self._numbers(element), align)

    def _numbers(self, element: str) -> int:
        """How many LLVM has for one."""
        return self.batch if element in NUMBERS else 1

    def at(self, pointer: Value, index: Index, element: str = "double") -> Value:
        if isinstance(pointer, _Shared):
            return _Shared(self, PTR, self.base.at(pointer, index, element).text)
        return self.base.at(pointer, index * self._numbers(element), element)

    def load(self, type_: Type, pointer: Value, align: int = 0) -> Value:
        element = type_.element
        if element not in NUMBERS:
            return self.base.load(type_, pointer, align)
        places = range(max(type_.lanes, 1))
        if isinstance(pointer, _Shared):
            scalar = make_type(element, 0)
            loads = [self.base.load(scalar, self.base.at(pointer, k, element)) for k in places]
            return SpreadValue(self, type_, tuple(self.base.splat(x, self.batch) for x in loads))
        size, real = self._bytes(element), self._real(element)
        found = [self.base.load(real, self.at(pointer, k, element), size) for k in places]
        return SpreadValue(self, type_, tuple(found))

    def store(
        self, value: Value, pointer: Value, align: int = 0, streaming: bool = False
    ) -> list[Store]:
        element = value.type.element
        if element not in NUMBERS:
            return self.base.store(value, pointer, align, streaming)
        size = self._bytes(element)
        return [
            one
            for k, part in enumerate(value.parts)
            for one in self.base.store(part, self.at(pointer, k, element), size, streaming)
        ]

    def _bytes(self, element: str) -> int:
        """Of a vector: memory begins at a multiple of them."""
        return self.batch * FLOAT_BITS[element] // 8

    def table(self, values: Sequence[int | float | Fraction], element: str = "double") -> Value:
        table = self.base.table(values, element)
        return _Shared(self, PTR, table.text) if element in NUMBERS else table

    def regrouped(self, parts: Sequence[Value], like: Sequence[Value]) -> list[Value]:
        rest = iter(parts)
        found: list[Value] = []
        for value in like:
            own = [next(rest) for _ in value.parts]
            found.append(self.grouped(own, value) if isinstance(value, SpreadValue) else own[0])
        return found
