"""Convolutions of truncated polynomials: sums over the orders of time of their products.

See `shifts` for how a product is cut into vectors.  The sums of few vectors stay in registers,
written where they are wanted; longer ones are a function, one for all rows, which leaves them in
memory.  Orders are added from the middle outwards, so that the newest coefficients come last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.flows.memory import FlowMemory, chunk_of
from taylor_runtime.flows.shifts import Moves, Shift, Shifts, shifts_of
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Convolution, Number
from taylor_runtime.program.signature import is_square
from taylor_runtime.program.verify import ProgramError
from taylor_runtime.program.widths import padded

MOST_WRITTEN = 8  # vectors of sums that are written where they are wanted
MOST_SUMS = 20  # vectors of sums that one loop adds up, in registers
FEW_SUMS = 4  # vectors of sums whose chains are split, so that they wait less for one another
Reader = Callable[[Chunk], Value]  # a chunk of a product


@dataclass(frozen=True, slots=True)
class Factor:
    """A row's coefficients: where order zero is, the distance of orders, and whether it has more
    than the constant term.
    """

    place: Value
    stride: int
    wide: bool


@dataclass(frozen=True, slots=True)
class Sum:
    """Which products are added: a_j b_(n-j) for j = low .. high.

    square: a is b, and half of the sum is wanted, of pairs that are each other's mirror image.
    """

    n: Index
    low: Index
    high: Index
    square: bool
    weight: tuple[Number, Number] | None


class Products:
    """Writes the convolutions of a flow's program."""

    def __init__(self, memory: FlowMemory) -> None:
        self.memory = memory
        self.b = memory.b
        self.element = memory.element
        self.shifts = shifts_of(memory.flow.among)
        self._functions: dict[tuple[object, ...], str] = {}

    def convolve(self, c: Convolution, n: Index) -> tuple[Reader, bool]:
        """What reads the chunks of a convolution at order n, and whether they are to be doubled."""
        steady = self.memory.flow.steady
        low: Index = c.first
        high: Index = n - c.last if c.last else n
        square = is_square(c) and not steady[c.a] and not (isinstance(n, int) and n == 0)
        if steady[c.a]:
            high = 0
        elif steady[c.b]:
            low = n
        if (steady[c.a] and c.first) or (steady[c.b] and c.last):
            return self._nothing, False
        if isinstance(n, int) and n < c.first + c.last:
            return self._nothing, False
        wanted = Sum(n, low, high, square, c.weight)
        a, b = self._factor(c.a), self._factor(c.b)
        if self.shifts.sums <= MOST_WRITTEN:
            vectors = self._writer(self.b).sum(a, b, wanted)
            return (lambda chunk: chunk_of(self.b, vectors, chunk)), square
        scratch = self._called(a, b, wanted)
        return (lambda chunk: self._load(scratch, chunk)), square

    def _writer(self, b: Builder) -> _Writer:
        return _Writer(b, self.element, self.shifts, self.memory.flow.order)

    def _nothing(self, chunk: Chunk) -> Value:
        return self.b.constant(0, chunk.type(self.element))

    def _load(self, scratch: Value, chunk: Chunk) -> Value:
        place = self.b.at(scratch, chunk.offset, self.element)
        return self.b.load(chunk.type(self.element), place)

    def _factor(self, row: int) -> Factor:
        memory = self.memory
        memory.will_read(row, self.b.constant(0, I64))
        place = memory.address(row, 0, 0)
        return Factor(place, memory.layout.stride[row], memory.flow.is_polynomial(row))

    def _called(self, a: Factor, b: Factor, wanted: Sum) -> Value:
        """Where a call of the function for such sums leaves one."""
        builder, element = self.b, self.element
        scratch = builder.alloca(element, padded(self.shifts.among.size))
        given = [*a.place.parts, *b.place.parts, *scratch.parts]
        given += [
            builder.like(builder.constant(0, I64), k) for k in (wanted.n, wanted.low, wanted.high)
        ]
        key = (a.stride, a.wide, b.stride, b.wide, wanted.square, wanted.weight)
        name = self._functions.get(key)
        if name is None:
            name = self._functions[key] = self._function(a, b, wanted, len(self._functions))
        listed = ", ".join(f"{value.type} {value.text}" for value in given)
        builder.line(f"call void @{name}({listed})")
        return scratch

    def _function(self, a: Factor, b: Factor, wanted: Sum, number: int) -> str:
        name = f"taylor.product.{number}"
        parts = len(a.place.parts)
        parameters = [
            ("ptr noalias" if which == "out" else "ptr readonly", f"{which}{part}")
            for which in ("a", "b", "out")
            for part in range(parts)
        ]
        parameters += [("i64", which) for which in ("n", "low", "high")]
        function = define_function(
            self.b.module, name, "void", parameters, "nounwind noinline", "internal"
        )
        with function as (builder, arguments):
            places = [builder.pointers(arguments[k * parts : (k + 1) * parts]) for k in range(3)]
            n, low, high = arguments[3 * parts :]
            vectors = self._writer(builder).sum(
                replace(a, place=places[0]),
                replace(b, place=places[1]),
                replace(wanted, n=n, low=low, high=high),
            )
            for k, vector in enumerate(vectors):
                place = builder.at(places[2], k * self.shifts.lanes, self.element)
                builder.store(builder.normal(vector), place)
            builder.ret()
        return name


Totals = dict[tuple[int, int], list[Value]]  # vectors of sums by shift, of each chain


class _Writer:
    """Writes sums of products into a function."""

    def __init__(self, b: Builder, element: str, shifts: Shifts, order: int) -> None:
        self.b = b
        self.element = element
        self.shifts = shifts
        self.order = order
        self.type = Type(element, shifts.lanes)
        self.zero = b.constant(0, self.type)

    def sum(self, a: Factor, b: Factor, wanted: Sum) -> list[Value]:
        """The vectors of a sum."""
        if not (a.wide or b.wide):
            raise ProgramError("a product of numbers among products of polynomials")
        listed = list(self.shifts.shifts) if a.wide and b.wide else [self.shifts.shifts[0]]
        sums: list[list[Value]] = []
        for group in _groups(listed):
            sums += self._group(group, a, b, wanted)
        return self._placed(listed, sums, a.wide and b.wide)

    # -- the loop over orders of time -------------------------------------------------------------

    def _group(
        self, group: Sequence[Shift], a: Factor, b: Factor, wanted: Sum
    ) -> list[list[Value]]:
        """The vectors of sums of some shifts, in one loop."""
        builder, n = self.b, wanted.n
        count = sum(shift.vectors for shift in group)
        chains = 4 if count <= FEW_SUMS else 2 if count <= 2 * FEW_SUMS else 1
        zeros = [self.zero] * (count * chains)

        def add(j: Index, totals: Sequence[Value], chain: int) -> list[Value]:
            """The products of an order added to chains `chain` and, if there are as many, the next."""
            return self._add(group, a, b, wanted, j, list(totals), chain, count, chains)

        if (
            isinstance(n, int)
            or (isinstance(wanted.low, int) and isinstance(wanted.high, int))
            or wanted.low is wanted.high
        ):
            totals = add(wanted.low, zeros, 0)
        elif chains == 1 and not wanted.square:
            totals = builder.fold(wanted.low, wanted.high + 1, zeros, lambda j, t: add(j, t, 0))
        else:
            totals = self._outwards(add, wanted, zeros, chains)
        return self._chains_added(group, totals, count, chains)

    def _outwards(self, add: Adder, wanted: Sum, zeros: list[Value], chains: int) -> list[Value]:
        """All products, from the middle one outwards; of a square one of each pair, and half of
        the middle one.
        """
        b, square = self.b, wanted.square
        count = wanted.high - wanted.low + 1
        half, odd = count >> 1, count & 1
        middle = wanted.low + half
        upper = chains // 2
        opened = add(middle, zeros, upper)
        factor = 0.5 if square else 1.0
        kept = b.ne(b.like(b.constant(0, I64), odd), 0)
        totals = [
            b.select(kept, value * factor if square else value, self.zero)
            if value is not zero
            else zero
            for value, zero in zip(opened, zeros, strict=True)
        ]

        def step(i: Index, carried: list[Value]) -> Sequence[Value]:
            carried = add(middle - 1 - i, carried, 0)
            return carried if square else add(middle + odd + i, carried, upper)

        return b.fold(0, half, totals, step)

    def _add(
        self,
        group: Sequence[Shift],
        a: Factor,
        b: Factor,
        wanted: Sum,
        j: Index,
        totals: list[Value],
        chain: int,
        count: int,
        chains: int,
    ) -> list[Value]:
        builder = self.b
        other = 0 if j is wanted.n else wanted.n - j
        weight = None if wanted.weight is None else self._weight(wanted.weight, wanted.n, j)
        place_a, place_b = self._order(a, j), self._order(b, other)
        loaded: dict[tuple[int, int], Value] = {}

        def vector(side: int, place: Value, start: int) -> Value:
            if (side, start) not in loaded:
                loaded[side, start] = builder.load(
                    self.type, builder.at(place, start, self.element)
                )
            return loaded[side, start]

        def number(place: Value, monomial: int) -> Value:
            scalar = builder.load(Type(self.element), builder.at(place, monomial, self.element))
            scalar = scalar if weight is None else scalar * weight
            return builder.splat(scalar, self.type.lanes)

        position = 0
        second = chain + (1 if chains == 4 else 0)
        for shift in group:
            starts = [shift.start + k * self.type.lanes for k in range(shift.vectors)]
            if a.wide and not b.wide:
                parts = [(number(place_b, 0), 0, place_a, chain)]
            else:
                parts = [(number(place_a, shift.monomial), 1, place_b, chain)]
                if shift.both and a.wide and b.wide:
                    parts.append((number(place_b, shift.monomial), 0, place_a, second))
            for factor, side, place, target in parts:
                for k, start in enumerate(starts):
                    at = target * count + position + k
                    totals[at] = builder.fma(vector(side, place, start), factor, totals[at])
            position += shift.vectors
        return totals

    def _order(self, factor: Factor, j: Index) -> Value:
        return self.b.at(factor.place, j * factor.stride, self.element)

    def _weight(self, weight: tuple[Number, Number], n: Index, j: Index) -> Value:
        alpha, beta = weight
        if isinstance(n, int) and isinstance(j, int):
            return self.b.constant(alpha * n + beta * j, Type(self.element))
        orders = range(self.order + 1)
        numbers = _weights(alpha, beta, self.order)
        place = self.b.at(self.b.table(numbers, self.element), n * len(orders) + j, self.element)
        return self.b.load(Type(self.element), place)

    def _chains_added(
        self, group: Sequence[Shift], totals: list[Value], count: int, chains: int
    ) -> list[list[Value]]:
        """The vectors of each shift."""
        parts = [totals[k * count : (k + 1) * count] for k in range(chains)]
        while len(parts) > 1:
            parts = [
                [
                    x if y is self.zero else y if x is self.zero else x + y
                    for x, y in zip(*pair, strict=True)
                ]
                for pair in zip(parts[::2], parts[1::2], strict=True)
            ]
        found, position = [], 0
        for shift in group:
            found.append(parts[0][position : position + shift.vectors])
            position += shift.vectors
        return found

    # -- sums to their places ---------------------------------------------------------------------

    def _placed(
        self, listed: Sequence[Shift], sums: Sequence[list[Value]], both: bool
    ) -> list[Value]:
        b, lanes = self.b, self.type.lanes
        results = list(sums[0])
        for shift, vectors in zip(listed, sums, strict=True):
            if both and shift.halved:
                for k in range(min(len(vectors), -(-shift.halved // lanes))):
                    left = shift.halved - k * lanes
                    halves = [Fraction(1, 2) if lane < left else 1 for lane in range(lanes)]
                    vectors[k] = vectors[k] * b.constants(halves, self.element)
        results = list(sums[0])
        for shift, vectors in zip(listed[1:], sums[1:], strict=True):
            for target, moves in self.shifts.moves(shift).items():
                results[target] = results[target] + self._moved(vectors, moves)
        return results

    def _moved(self, vectors: Sequence[Value], moves: Moves) -> Value:
        """Lanes of vectors of sums where their products belong, zero elsewhere."""
        lanes = self.type.lanes
        result = self.zero
        for vector, moved in moves:
            if result is self.zero:
                chosen = [lanes if lane < 0 else lane for lane in moved]
                result = self.b.shuffle(vectors[vector], self.zero, chosen)
            else:
                chosen = [k if lane < 0 else lanes + lane for k, lane in enumerate(moved)]
                result = self.b.shuffle(result, vectors[vector], chosen)
        return result


Adder = Callable[[Index, Sequence[Value], int], list[Value]]


def _groups(listed: Sequence[Shift]) -> list[list[Shift]]:
    """Shifts that are added up in one loop: as many as registers hold the sums of."""
    groups: list[list[Shift]] = []
    count = MOST_SUMS + 1
    for shift in listed:
        if count + shift.vectors > MOST_SUMS:
            groups.append([])
            count = 0
        groups[-1].append(shift)
        count += shift.vectors
    return groups


@lru_cache(maxsize=32)
def _weights(alpha: Number, beta: Number, order: int) -> list[Number]:
    orders = range(order + 1)
    return [alpha * n + beta * j for n in orders for j in orders]
