"""Where the factors of a contraction's products are, one after the other, and how lanes of them are
read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.lanes import join
from taylor_runtime.ir.types import I64, Type, make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.records import dataclass

Place = tuple[Value, int]  # an address less a known number of elements


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through the summed axes of one operand, in row-major order.

    axes: (size, stride) of each that cannot be walked as one with the next, the slowest first.

    Where it is is told by some i64 values: how far from the first element, and the positions on
    all axes but the slowest, which nobody asks for.
    """

    axes: tuple[tuple[int, int], ...]

    @property
    def stride(self) -> int | None:
        """From one factor to the next, if that is always the same."""
        return self.axes[0][1] if len(self.axes) == 1 else None

    @property
    def values(self) -> int:
        """How many tell where it is."""
        return len(self.axes)

    def start(self, b: Builder, index: Index) -> list[Value]:
        """At product `index`."""
        offset: Index = 0
        digits: list[Value] = []
        for size, stride in reversed(self.axes[1:]):
            rest = index // size
            digit = index - rest * size
            offset = digit * stride + offset
            digits.insert(0, as_value(b, digit))
            index = rest
        return [as_value(b, index * self.axes[0][1] + offset), *digits]

    def next(self, b: Builder, state: Sequence[Value], count: int) -> list[Value]:
        """So many products further on."""
        if self.stride is not None:
            return [state[0] + count * self.stride]
        for _ in range(count):
            state = self._one(b, state)
        return list(state)

    def places(self, b: Builder, state: Sequence[Value], count: int) -> list[Place]:
        """How far from the first element the next `count` factors are."""
        if self.stride is not None:
            return [(state[0], i * self.stride) for i in range(count)]
        found = []
        for i in range(count):
            found.append((state[0], 0))
            if i < count - 1:
                state = self._one(b, state)
        return found

    def _one(self, b: Builder, state: Sequence[Value]) -> list[Value]:
        """One further: an axis that is at its end begins anew, and the one above it goes on."""
        offset, *digits = state
        offset = offset + self.axes[-1][1]
        carry: Value | None = None
        for axis in range(len(digits) - 1, -1, -1):
            size, stride = self.axes[axis + 1]
            digit = digits[axis] + (1 if carry is None else b.cast("zext", carry, "i64"))
            carry = b.eq(digit, size)
            digits[axis] = b.select(carry, b.constant(0, I64), digit)
            back = b.constant(self.axes[axis][1] - size * stride, I64)
            offset = offset + b.select(carry, back, 0)
        return [offset, *digits]


def walk(sizes: Sequence[int], strides: Sequence[int]) -> Walk:
    """The way through these axes; of neighbours that are one in memory, one is made."""
    axes: list[tuple[int, int]] = []
    if 0 in sizes:
        sizes = strides = ()  # nobody walks it
    for size, stride in zip(sizes, strides, strict=True):
        if size == 1:
            continue
        if axes and axes[-1][1] == stride * size:
            axes[-1] = (axes[-1][0] * size, stride)
        else:
            axes.append((size, stride))
    return Walk(tuple(axes) or ((1, 0),))


# -- indices that may be known ------------------------------------------------------------------


def as_value(b: Builder, index: Index) -> Value:
    return index if isinstance(index, Value) else b.constant(index, I64)


def smaller(b: Builder, x: Index, y: int) -> Index:
    """The smaller of two indices."""
    if isinstance(x, Value):
        return b.select(x < y, x, y)
    return min(x, y)


def each(b: Builder, start: Index, stop: int, body: Callable[[Index], None]) -> None:
    """body(i) for i = start .. stop - 1: a loop, unless there is known to be one alone."""

    def turn(i: Index, _: list[Value]) -> list[Value]:
        body(i)
        return []

    if isinstance(start, int) and start >= stop - 1:
        for i in range(start, stop):
            body(i)
    else:
        b.fold(start, stop, [], turn)


def larger(b: Builder, x: Value, y: int) -> Value:
    return b.select(b.compare("gt", x, y), x, y)


# -- lanes --------------------------------------------------------------------------------------


def load_lanes(b: Builder, type_: Type, place: Value, stride: int) -> Value:
    """Lanes that are `stride` elements apart."""
    if not type_.lanes or stride == 1:
        return b.load(type_, place)
    scalar = make_type(type_.element, 0)
    if stride == 0:
        return b.splat(b.load(scalar, place), type_.lanes)
    if stride == 2:
        return _every_second(b, type_, place)
    return gathered(b, type_, [b.at(place, i * stride, type_.element) for i in range(type_.lanes)])


def _every_second(b: Builder, type_: Type, place: Value) -> Value:
    """Of two vectors, of which the second ends where the last lane is: not a number beyond."""
    lanes = type_.lanes
    low = b.load(type_, place)
    high = b.load(type_, b.at(place, lanes - 1, type_.element))
    return b.shuffle(low, high, [2 * i + (2 * i >= lanes) for i in range(lanes)])


def gathered(b: Builder, type_: Type, places: Sequence[Value]) -> Value:
    """One number from each place; lanes without one are anything."""
    scalar = make_type(type_.element, 0)
    few = min(type_.lanes, 4)  # lanes that numbers are put in one by one
    groups = []
    for first in range(0, type_.lanes, few):
        value = b.poison(make_type(type_.element, few))
        for lane, place in enumerate(places[first : first + few]):
            value = b.insert(value, b.load(scalar, place), lane)
        groups.append(value)
    return join(b, groups)
