"""Sums of products: of numbers, and of numbers with vectors of derivatives.

At each order, loops first add up the old products of many convolutions, those that need nothing of
this order, from the middle outwards; then row after row adds the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.step import Doubled
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.linear.memory import LinearMemory
from taylor_runtime.program.flow import Beside
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Convolution, Number, Term
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import convolutions_of, depths, is_square
from taylor_runtime.program.widths import padded
from taylor_runtime.series.convolve import convolve

MOST_SUMS = 24  # that one loop adds up, in registers
SIDES = 3  # sums for one with weights: below and above the middle, and sums of these
Old = dict[tuple[Convolution, int], Value]  # by convolution and offset of the chunk


@dataclass(frozen=True, slots=True)
class _Sum:
    """One chunk of a convolution, or several convolutions of numbers in its lanes.

    convolution: the first of several.
    a, b: the rows that are multiplied.
    """

    convolution: Convolution
    chunk: Chunk
    a: int
    b: int
    beside: Beside | None = None

    @property
    def is_weighted(self) -> bool:
        return self.convolution.weight is not None

    @property
    def is_square(self) -> bool:
        return is_square(self.convolution)

    @property
    def count(self) -> int:
        """Values that are carried."""
        return SIDES if self.is_weighted else 1


class LinearSums:
    """Writes the convolutions of a program."""

    def __init__(self, memory: LinearMemory) -> None:
        self.memory = memory
        self.b = memory.b
        self.element = memory.element
        self.depths = depths(memory.program)
        self._tables: dict[Number, Value] = {}
        self._beside = {c: one for one in memory.flow.beside for c in one.convolutions}

    def is_usual(self, c: Convolution) -> bool:
        """Whether a convolution leaves out no more than its ends."""
        return max(c.first, c.last) <= 1

    # -- old products -----------------------------------------------------------------------------

    def old(self, rows: Sequence[int], n: Index) -> Old:
        """a_j b_(n-j) for j = 1 .. n - 1 of all convolutions in some rows, of squares a half."""
        memory = self.memory
        steps = [memory.program.rows[row].step for row in rows]
        listed = convolutions_of([term for step in steps if step for term in step.terms])
        sums: dict[_Sum, None] = {}
        for c in listed:
            if self.is_usual(c):
                sums |= dict.fromkeys(self._sums(c))
        found: Old = {}
        for part in self._parts(list(sums)):
            for group in self._groups(part):
                found |= self._loop(group, n)
        return found

    def _sums(self, c: Convolution) -> list[_Sum]:
        """The chunks of a convolution."""
        memory = self.memory
        one = self._beside.get(c)
        if one is not None:
            chunk = Chunk(0, padded(len(one.convolutions)))
            return [_Sum(one.convolutions[0], chunk, one.a, one.b, one)]
        linear = memory.flow.is_polynomial(c.b)
        listed = memory.chunks(c.b) if linear else (memory.number,)
        return [_Sum(c, chunk, c.a, c.b) for chunk in listed]

    def _parts(self, sums: list[_Sum]) -> list[list[_Sum]]:
        """Sums of which loops are made: of trajectories in lanes, those of numbers apart, so that
        vectors that several multiply are loaded once.
        """
        if self.memory.rendering.batch == 1:
            return [sums]
        linear = [self.memory.flow.is_polynomial(one.convolution.b) for one in sums]
        return [
            [one for one, derived in zip(sums, linear, strict=True) if derived == which]
            for which in (False, True)
        ]

    def _groups(self, sums: Sequence[_Sum]) -> Iterator[list[_Sum]]:
        """What one loop adds up."""
        group: list[_Sum] = []
        room = most = MOST_SUMS // ELEMENTS[self.element].parts
        for one in sums:
            if one.count > room and group:
                yield group
                group, room = [], most
            group.append(one)
            room -= one.count
        if group:
            yield group

    def _loop(self, group: Sequence[_Sum], n: Index) -> Old:
        b = self.b
        at = b.like(b.constant(0, I64), n) if isinstance(n, int) else n
        half = (at - 1) >> 1
        high = at - half

        def middle() -> list[Value]:
            read = self._reader(at, at >> 1, at >> 1)
            return [value for one in group for value in self._opened(one, read)]

        def none() -> list[Value]:
            return [self._zero(one) for one in group for _ in range(one.count)]

        def step(i: Index, carried: list[Value]) -> Sequence[Value]:
            read = self._reader(at, half - i, high + i)
            found: list[Value] = []
            rest = iter(carried)
            for one in group:
                own = [next(rest) for _ in range(one.count)]
                found += self._added(one, read, own)
            return found

        begun = b.if_(b.eq(at & 1, 0), middle, none)
        totals = iter(b.fold(0, half, begun, step))
        found: Old = {}
        for one in group:
            total = self._total(one, [next(totals) for _ in range(one.count)], n)
            if one.beside is None:
                found[one.convolution, _offset(one.chunk)] = total
                continue
            for lane, c in enumerate(one.beside.convolutions):
                found[c, 0] = b.extract(total, lane)
        return found

    def _reader(self, n: Value, below: Value, above: Value) -> Callable[[int, bool, Chunk], Value]:
        known: dict[tuple[int, bool, int, int], Value] = {}

        def read(row: int, is_below: bool, chunk: Chunk) -> Value:
            key = row, is_below, _offset(chunk), chunk.lanes
            if key not in known:
                known[key] = self.memory.coefficient(row, below if is_below else above, chunk)
            return known[key]

        return read

    def _zero(self, one: _Sum) -> Value:
        return self.b.constant(0, one.chunk.type(self.element))

    def _opened(self, one: _Sum, read: Callable[[int, bool, Chunk], Value]) -> list[Value]:
        """The sums with the product in the middle."""
        x, y = read(one.a, True, one.chunk), read(one.b, False, one.chunk)
        value = self.b.normal(x * 0.5 * y if one.is_square else x * y)
        return [value, value, self._zero(one)] if one.is_weighted else [value]

    def _added(
        self, one: _Sum, read: Callable[[int, bool, Chunk], Value], own: list[Value]
    ) -> list[Value]:
        """With the products of two orders, as far below the middle as above it."""
        b, chunk = self.b, one.chunk
        low, high = read(one.a, True, chunk), read(one.b, False, chunk)
        first = b.fma(low, high, own[0])
        if one.is_square:
            return [first]
        above, below = read(one.a, False, chunk), read(one.b, True, chunk)
        if not one.is_weighted:
            return [b.fma(above, below, first)]
        last = b.fma(above, below, own[2])
        return [first, own[1] + first - last, last]

    def _total(self, one: _Sum, sums: list[Value], n: Index) -> Value:
        """The sum with its weights, (alpha n + beta j) a_j b_(n-j): below the middle a product is j
        times in the sums of sums, above it -(n - j) times.
        """
        b = self.b
        if not one.is_weighted:
            return b.normal(sums[0])
        assert one.convolution.weight is not None
        alpha, beta = one.convolution.weight
        x, t, y = map(b.normal, sums)
        value = b.fma(
            x, self._weight(alpha, n, one.chunk), y * self._weight(alpha + beta, n, one.chunk)
        )
        return b.normal(b.fma(t, b.constant(beta, t.type), value))

    def _weight(self, factor: Number, n: Index, chunk: Chunk) -> Value:
        """factor * n."""
        b, t = self.b, chunk.type(self.element)
        if isinstance(n, int):
            return b.constant(factor * n, t)
        if factor not in self._tables:
            orders = range(self.memory.program.order + 1)
            self._tables[factor] = b.table([factor * k for k in orders], self.element)
        place = b.at(self._tables[factor], n, self.element)
        return b.splat(b.load(Type(self.element), place), t.lanes)

    # -- all products -----------------------------------------------------------------------------

    def of(
        self, terms: Sequence[Term], n: Index, chunk: Chunk, old: Old
    ) -> dict[Convolution, Doubled]:
        """A chunk of all convolutions of some terms."""
        found: dict[Convolution, Doubled] = {}
        for c in convolutions_of(terms):
            if isinstance(n, int) and n == 0:
                found[c] = self._at_zero(c, chunk)
            elif self.is_usual(c):
                found[c] = self._whole(c, n, chunk, old[c, _offset(chunk)])
            else:
                found |= convolve(self.memory, [Term(1, c)], n, chunk)
        return found

    def _at_zero(self, c: Convolution, chunk: Chunk) -> Doubled:
        memory = self.memory
        if c.first or c.last:
            return self.b.constant(0, chunk.type(self.element)), False
        x, y = (memory.newest(row, 0, chunk) for row in (c.a, c.b))
        return (x * y) * self._weight(0, 0, chunk) if c.weight else x * y, False

    def _whole(self, c: Convolution, n: Index, chunk: Chunk, total: Value) -> Doubled:
        """With the products of the newest coefficients, those last that are known last."""
        b, memory = self.b, self.memory
        if is_square(c):
            if not c.first:
                total = b.fma(memory.head(c.a, chunk), memory.newest(c.a, n, chunk), total)
            return total, True
        alpha, beta = c.weight or (None, None)
        ends: list[tuple[int, int, Number | None]] = []
        if not c.first:
            ends.append((c.a, c.b, alpha))
        if not c.last:
            ends.append((c.b, c.a, None if alpha is None or beta is None else alpha + beta))
        for known, row, weight in sorted(ends, key=lambda end: self.depths[end[1]]):
            factor = memory.head(known, chunk)
            if weight is not None:
                factor = factor * self._weight(weight, n, chunk)
            total = b.fma(factor, memory.newest(row, n, chunk), total)
        return total, False


def _offset(chunk: Chunk) -> int:
    assert isinstance(chunk.offset, int)
    return chunk.offset
