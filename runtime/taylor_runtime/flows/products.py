"""Convolutions of truncated polynomials: sums over the orders of time of their products.

See `shifts` for how a product is cut into vectors.  Where these are few, all is written out: at
each order, one loop first adds up the old products of several convolutions, those that need
nothing of this order, from the middle outwards; then row after row adds the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.flows.factors import Factor, add_products, factor_of, weights_of
from taylor_runtime.flows.memory import FlowMemory
from taylor_runtime.flows.newest import NewestProducts, RowSums
from taylor_runtime.flows.places import joined_sums, moved, placed
from taylor_runtime.flows.shifts import Products, groups, shifts_of
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Convolution, Number, Term
from taylor_runtime.program.signature import convolutions_of, depths, is_square
from taylor_runtime.program.widths import REGISTER

MOST_SUMS = 20  # vectors of sums that one loop adds up, in registers
CHAINED = 10  # vectors of sums, of which each then has two chains that wait less for one another
SCALED = 10  # sums of a product of which the numbers are multiplied by weights, not the products

Reader = Callable[[Chunk], Value]  # a chunk of a product
Read = tuple[Reader, bool]  # with whether it is still to be doubled
Sums = dict[Convolution, RowSums]  # unscaled


@dataclass(frozen=True, slots=True)
class _Sum:
    """A convolution in a loop: the vectors of its sums, and whether it is a square."""

    convolution: Convolution
    plan: tuple[Products, ...]
    square: bool


@dataclass(frozen=True, slots=True)
class _Newest:
    """A product of order zero of one row, scaled, with the newest coefficient of another; and what
    its weight at order n is n times.
    """

    constant: int
    scale: Number
    row: int
    weight: Number | None


class WrittenProducts:
    """Writes out the convolutions of a flow's program."""

    def __init__(self, memory: FlowMemory) -> None:
        self.memory = memory
        self.b = memory.b
        self.element = memory.element
        self.shifts = shifts_of(memory.program.among)
        self._weights: dict[tuple[Number, Number], Value] = {}
        self._kept: Value | None = None
        self.newest = NewestProducts(memory, self.shifts)
        self.depths = depths(memory.program)

    def plan(self, c: Convolution) -> tuple[Products, ...]:
        """The sums of a convolution: if one factor is a number, those that are in their places."""
        return self.shifts.sums if self._is_wide(c) else self.shifts.sums[: len(self.shifts.pieces)]

    def _is_wide(self, c: Convolution) -> bool:
        wide = self.memory.program.is_polynomial
        return wide(c.a) and wide(c.b)

    def prepare(self) -> None:
        """Lay out, once a step, the coefficients of order zero that newest ones are multiplied by."""
        for row in self.memory.program.rows:
            for group in self._groups(row.step.terms if row.step else ()):
                for scale, c in group:
                    for one in self._newest(scale, c):
                        self.newest.prepare(one.constant, one.scale)

    def read(
        self, terms: Sequence[Term], n: Index, old: Sums, readers: dict[Convolution, Read]
    ) -> list[Term]:
        """Terms in the place of some, whose convolutions `readers` know: one of all that have no
        head.
        """
        replaced: list[Term] = []
        if _is_zero(n):
            for term in terms:
                c = term.operand
                if isinstance(c, Convolution) and not (c.first or c.last):
                    readers[c] = (self._reader(self._at_zero(c)), False)
                    replaced.append(term)
            return replaced
        for group in self._groups(terms):
            sums = self._row_sums(group, n, old)
            if sums is not None:
                c = group[0][1]
                readers[c] = (self._reader(moved(self.b, self.element, self.shifts, sums)), False)
                replaced.append(self._term(terms, c))
        return replaced

    def _groups(self, terms: Sequence[Term]) -> list[list[tuple[Number, Convolution]]]:
        """Convolutions of polynomials that are added before they are moved, with their scales."""
        plain: list[tuple[Number, Convolution]] = []
        alone: list[list[tuple[Number, Convolution]]] = []
        for term in terms:
            c = term.operand
            if not isinstance(c, Convolution) or not self._has_polynomial(c):
                continue
            if _is_plain(term):
                assert not isinstance(term.constant, tuple)
                plain.append((term.constant, c))
            else:
                alone.append([(1, c)])
        return [*([plain] if plain else []), *alone]

    def _term(self, terms: Sequence[Term], c: Convolution) -> Term:
        """The term that reads the sum which has c as its first convolution."""
        term = next(term for term in terms if term.operand == c)
        return Term(1, c) if _is_plain(term) else term

    def _has_polynomial(self, c: Convolution) -> bool:
        wide = self.memory.program.is_polynomial
        return wide(c.a) or wide(c.b)

    def _reader(self, pieces: Sequence[Value]) -> Reader:
        known = dict(zip(self.memory.pieces, pieces, strict=True))
        return known.__getitem__

    def _row_sums(
        self, group: Sequence[tuple[Number, Convolution]], n: Index, old: Sums
    ) -> RowSums | None:
        """Scaled sums of some convolutions at order n; None if that is zero."""
        newest: list[_Newest] = []
        totals: RowSums | None = None
        for scale, c in group:
            if isinstance(n, int) and n < c.first + c.last:
                continue
            newest += self._newest(scale, c)
            sums = old.get(c)
            if sums is None and self._is_far(c):
                sums = self._far(c, n)
            if sums is not None:
                scale *= 1 + is_square(c)
                totals = self._scaled(scale, sums, totals, self._is_wide(c))
        if not newest:
            return totals
        totals = totals or self._zeros()
        for one in sorted(newest, key=lambda one: self.depths[one.row]):
            weight = None
            if one.weight is not None:
                weight = self._weight((one.weight, 0), n, 0)
            self.newest.add(totals, (one.constant, one.scale), one.row, n, weight)
        return totals

    def _zeros(self) -> RowSums:
        t = Type(self.element, REGISTER)
        pieces = [self.b.constant(0, Type(self.element, p.lanes)) for p in self.shifts.pieces]
        return RowSums(pieces, [self.b.constant(0, t)] * len(self.shifts.joins))

    def _scaled(
        self, scale: Number, sums: RowSums, totals: RowSums | None, wide: bool
    ) -> RowSums:
        """Sums times a number, without what counted twice in them if they are wide, added to others."""
        b, plan = self.b, self.shifts.sums

        def added(value: Value, factors: list[Number], total: Value | None) -> Value:
            if all(factor == 1 for factor in factors):
                return value if total is None else value + total
            t = value.type
            factor = b.constants(factors, self.element) if t.lanes else b.constant(factors[0], t)
            return value * factor if total is None else b.fma(value, factor, total)

        pieces = [
            added(value, _halves(one, scale, wide), None if totals is None else totals.pieces[k])
            for k, (value, one) in enumerate(zip(sums.pieces, plan, strict=False))
        ]
        joined = []
        for k, value in enumerate(sums.joined):
            factors = [f for position in self.shifts.joins[k] for f in _halves(plan[position], scale, wide)]
            factors += factors[-1:] * (REGISTER - len(factors))
            joined.append(added(value, factors, None if totals is None else totals.joined[k]))
        if not joined:
            joined = self._zeros().joined if totals is None else totals.joined
        return RowSums(pieces, joined)

    def _newest(self, scale: Number, c: Convolution) -> list[_Newest]:
        """What is to be added to the old products of a convolution."""
        steady, found = self.memory.program.steady, []
        if (steady[c.a] and steady[c.b]) or self._is_far(c):
            return []
        alpha, both = (None, None) if c.weight is None else (c.weight[0], sum(c.weight))
        if is_square(c):
            return [] if c.first else [_Newest(c.a, scale * 2, c.a, None)]
        if not c.first and not steady[c.b]:
            found.append(_Newest(c.a, scale, c.b, alpha))
        if not c.last and not steady[c.a]:
            found.append(_Newest(c.b, scale, c.a, both))
        return found

    def _is_far(self, c: Convolution) -> bool:
        """Whether a convolution begins or ends later than usual: all its products are old."""
        steady = self.memory.program.steady
        return max(c.first, c.last) > 1 and not (steady[c.a] or steady[c.b])

    # -- what needs nothing of this order ---------------------------------------------------------

    def _most(self) -> int:
        return MOST_SUMS // ELEMENTS[self.element].parts

    def old(self, rows: Sequence[int], n: Index) -> Sums:
        """The sums of old products of all convolutions of polynomials in some rows."""
        listed = [self._sum(c) for c in self._moving(rows)]
        wide = [one for one in listed if max(one.convolution.first, one.convolution.last) <= 1]
        plain = [one for one in wide if one.convolution.weight is None]
        weighted = [one for one in wide if one.convolution.weight is not None]
        loops: list[Callable[[], dict[Convolution, list[Value]]]] = []
        for group in groups([len(one.plan) for one in plain], self._most()):
            loops.append(partial(self._loop, [plain[k] for k in group], n))
        for group in groups([2 * len(one.plan) for one in weighted], self._most()):
            loops.append(partial(self._weighted_loop, [weighted[k] for k in group], n))
        if len(loops) == 1 and not self.shifts.joins:
            return {c: RowSums(values, []) for c, values in loops[0]().items()}
        kept: list[tuple[Convolution, int]] = []
        for loop in loops:
            for c, values in loop().items():
                self._keep(len(kept), values)
                kept.append((c, len(values)))
        return {c: self._kept_sums(number, count) for number, (c, count) in enumerate(kept)}

    def _keep(self, number: int, values: Sequence[Value]) -> None:
        """Put sums in memory while other loops need the registers."""
        for value, place in zip(values, self._places(number), strict=False):
            self.b.store(self.b.normal(value), place)

    def _kept_sums(self, number: int, count: int) -> RowSums:
        """Sums from memory, those that are moved side by side."""
        b, pieces = self.b, self.shifts.pieces
        place = self._place(number)
        found = [
            b.load(Type(self.element, piece.lanes), b.at(place, k * REGISTER, self.element))
            for k, piece in enumerate(pieces)
        ]
        joined = [
            b.load(
                Type(self.element, REGISTER),
                b.at(place, (len(pieces) + k) * REGISTER, self.element),
            )
            for k in range(len(self.shifts.joins) if count > len(pieces) else 0)
        ]
        return RowSums(found, joined)

    def _place(self, number: int) -> Value:
        size = (len(self.shifts.pieces) + len(self.shifts.joins)) * REGISTER
        if self._kept is None:
            convolutions = self._moving(range(len(self.memory.program.rows)))
            self._kept = self.b.hidden(self.b.alloca(self.element, len(convolutions) * size))
        return self.b.at(self._kept, number * size, self.element)

    def _places(self, number: int) -> list[Value]:
        """Where the sums of a convolution are kept, in the order of the plan."""
        pieces, plan = len(self.shifts.pieces), self.shifts.sums
        offsets = {k: k * REGISTER for k in range(pieces)}
        for k, group in enumerate(self.shifts.joins):
            for lane, position in enumerate(group):
                width = max(plan[position].piece.lanes, 1)
                offsets[position] = (pieces + k) * REGISTER + lane * width
        place = self._place(number)
        return [self.b.at(place, offsets[k], self.element) for k in range(len(plan))]

    def _sum(self, c: Convolution) -> _Sum:
        return _Sum(c, self.plan(c), is_square(c))

    def _moving(self, rows: Sequence[int]) -> list[Convolution]:
        """Convolutions with a polynomial of which both factors have more than order zero."""
        program = self.memory.program
        terms = [
            term
            for row in rows
            if program.is_polynomial(row) and (step := program.rows[row].step)
            for term in step.terms
        ]
        return [
            c
            for c in convolutions_of(terms)
            if (program.is_polynomial(c.a) or program.is_polynomial(c.b))
            and not (program.steady[c.a] or program.steady[c.b])
        ]

    def _loop(self, group: Sequence[_Sum], n: Index) -> dict[Convolution, list[Value]]:
        """a_j b_(n-j) for j = 1 .. n - 1, of squares a half of each pair."""
        b = self.b
        at = b.like(b.constant(0, I64), n) if isinstance(n, int) else n
        count = sum(len(one.plan) for one in group)
        chains = 2 if count <= CHAINED else 1
        zeros = [b.constant(0, Type(self.element, p.piece.lanes)) for o in group for p in o.plan]
        half, low = (at - 1) >> 1, (at - 1) >> 1
        high = at - low

        def middle() -> list[Value]:
            j = at >> 1
            return self._at(group, at, j, j, zeros, half=True)

        def step(i: Index, carried: list[Value]) -> Sequence[Value]:
            below, above = low - i, high + i
            first = self._at(group, at, below, above, carried[:count])
            rest = carried[count:] if chains == 2 else first
            last = self._at(group, at, above, below, rest, squares=False)
            return [*first, *last] if chains == 2 else last

        totals = b.if_(b.eq(at & 1, 0), middle, lambda: zeros)
        totals = b.fold(0, half, totals + zeros * (chains - 1), step)
        if chains == 2:
            totals = [x + y for x, y in zip(totals[:count], totals[count:], strict=True)]
        found: dict[Convolution, list[Value]] = {}
        for one in group:
            found[one.convolution], totals = totals[: len(one.plan)], totals[len(one.plan) :]
        return found

    def _weighted_loop(
        self, group: Sequence[_Sum], n: Index
    ) -> dict[Convolution, list[Value]]:
        """(alpha n + beta j) a_j b_(n-j) for j = n - 1 .. 1: sums, and sums of these, in which each
        product is as often as its weight says.  Processors add beside their multiply-adds.
        """
        b = self.b
        at = b.like(b.constant(0, I64), n) if isinstance(n, int) else n
        zeros = [b.constant(0, Type(self.element, p.piece.lanes)) for o in group for p in o.plan]
        count = len(zeros)

        def step(i: Index, carried: list[Value]) -> Sequence[Value]:
            sums = self._at(group, at, at - 1 - i, i + 1, carried[:count])
            return [*sums, *(x + y for x, y in zip(carried[count:], sums, strict=True))]

        totals = b.fold(0, at - 1, zeros * 2, step)
        found: dict[Convolution, list[Value]] = {}
        first = 0
        for one in group:
            weight = one.convolution.weight
            assert weight is not None
            alpha, beta = weight
            of_n = self._weight((alpha, 0), n, 0)
            last = first + len(one.plan)
            found[one.convolution] = [
                b.fma(x, b.splat(of_n, x.lanes), y * b.constant(beta, y.type))
                for x, y in zip(totals[first:last], totals[count + first :], strict=False)
            ]
            first = last
        return found

    def _at(
        self,
        group: Sequence[_Sum],
        n: Value,
        j: Value,
        other: Value,
        totals: list[Value],
        squares: bool = True,
        half: bool = False,
    ) -> list[Value]:
        """a_j b_other, without weights, added to the sums of all.

        squares: those of squares, too; half: of which a half.
        """
        known: dict[tuple[int, bool], Factor] = {}

        def factor(row: int, of_j: bool) -> Factor:
            if (row, of_j) not in known:
                place = self.memory.address(row, j if of_j else other, 0)
                known[row, of_j] = factor_of(self.memory, row, place)
            return known[row, of_j]

        found: list[Value] = []
        for one in group:
            c, size = one.convolution, len(one.plan)
            own, totals = totals[:size], totals[size:]
            if one.square and not squares:
                found += own
                continue
            weight = self.b.constant(0.5, Type(self.element)) if one.square and half else None
            found += self._added(one.plan, factor(c.a, True), factor(c.b, False), own, weight)
        return found

    def _added(
        self,
        plan: tuple[Products, ...],
        x: Factor,
        y: Factor,
        totals: list[Value],
        weight: Value | None,
    ) -> list[Value]:
        return add_products(self.b, plan, x, y, totals, weight, len(plan) > SCALED)

    def _weight(self, weight: tuple[Number, Number], n: Index, j: Index) -> Value:
        alpha, beta = weight
        orders = self.memory.program.order
        if isinstance(n, int) and isinstance(j, int):
            return self.b.constant(alpha * n + beta * j, Type(self.element))
        if weight not in self._weights:
            numbers = weights_of(alpha, beta, orders)
            self._weights[weight] = self.b.table(numbers, self.element)
        place = self.b.at(self._weights[weight], n * (orders + 1) + j, self.element)
        return self.b.load(Type(self.element), place)

    # -- others -----------------------------------------------------------------------------------

    def _at_zero(self, c: Convolution) -> list[Value]:
        """The product of the coefficients of order zero."""
        memory, plan = self.memory, self.plan(c)
        zeros = [self.b.constant(0, Type(self.element, one.piece.lanes)) for one in plan]
        x, y = (factor_of(memory, row, memory.address(row, 0, 0)) for row in (c.a, c.b))
        weight = None if c.weight is None else self._weight(c.weight, 0, 0)
        values = self._added(plan, x, y, zeros, weight)
        return placed(self.b, self.element, self.shifts, values) if self._is_wide(c) else values

    def _far(self, c: Convolution, n: Index) -> RowSums:
        """All products of a convolution that begins or ends later than usual."""
        memory, plan = self.memory, self.plan(c)
        at = self.b.like(self.b.constant(0, I64), n) if isinstance(n, int) else n

        def step(j: Index, totals: list[Value]) -> Sequence[Value]:
            x = factor_of(memory, c.a, memory.address(c.a, j, 0))
            y = factor_of(memory, c.b, memory.address(c.b, at - j, 0))
            weight = None if c.weight is None else self._weight(c.weight, at, j)
            return self._added(plan, x, y, totals, weight)

        zeros = [self.b.constant(0, Type(self.element, one.piece.lanes)) for one in plan]
        values = self.b.fold(c.first, at - (c.last - 1), zeros, step)
        pieces = len(self.shifts.pieces)
        joined = joined_sums(self.b, self.element, self.shifts, values)
        return RowSums(list(values[:pieces]), joined if len(values) > pieces else [])


def _is_plain(term: Term) -> bool:
    return term.head is None and not isinstance(term.constant, tuple)


def _halves(one: Products, scale: Number, wide: bool) -> list[Number]:
    """What the lanes of a sum are multiplied by: half where both parts of a product counted."""
    lanes = range(max(one.piece.lanes, 1))
    return [Fraction(scale) / 2 if wide and lane < one.halved else scale for lane in lanes]


def _is_zero(n: Index) -> bool:
    return isinstance(n, int) and n == 0
