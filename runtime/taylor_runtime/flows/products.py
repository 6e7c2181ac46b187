"""Convolutions of truncated polynomials: sums over the orders of time of their products.

See `shifts` for how a product is cut into vectors.  Where these are few, all is written out: at
each order, one loop first adds up the old products of several convolutions, those that need
nothing of this order, from the middle outwards; then row after row adds the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.sums import add_scaled
from taylor_runtime.flows.factors import Factor, add_products, factor_of, weights_of
from taylor_runtime.flows.memory import FlowMemory
from taylor_runtime.flows.places import placed
from taylor_runtime.flows.shifts import Products, groups, shifts_of
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Convolution, Number, Term
from taylor_runtime.program.signature import convolutions_of, is_square

MOST_SUMS = 20  # vectors of sums that one loop adds up, in registers
CHAINED = 10  # vectors of sums, of which each then has two chains that wait less for one another
SCALED = 10  # sums of a product of which the numbers are multiplied by weights, not the products

Reader = Callable[[Chunk], Value]  # a chunk of a product
Read = tuple[Reader, bool]  # with whether it is still to be doubled
Sums = dict[Convolution, list[Value]]


@dataclass(frozen=True, slots=True)
class _Sum:
    """A convolution in a loop: the vectors of its sums, and whether it is a square."""

    convolution: Convolution
    plan: tuple[Products, ...]
    square: bool


class WrittenProducts:
    """Writes out the convolutions of a flow's program."""

    def __init__(self, memory: FlowMemory) -> None:
        self.memory = memory
        self.b = memory.b
        self.element = memory.element
        self.shifts = shifts_of(memory.program.among)
        self._weights: dict[tuple[Number, Number], Value] = {}

    def plan(self, c: Convolution) -> tuple[Products, ...]:
        """The sums of a convolution: if one factor is a number, those that are in their places."""
        wide = self.memory.program.is_polynomial
        pieces = len(self.shifts.pieces)
        return self.shifts.sums if wide(c.a) and wide(c.b) else self.shifts.sums[:pieces]

    def read(
        self, terms: Sequence[Term], n: Index, old: Sums, readers: dict[Convolution, Read]
    ) -> list[Term]:
        """Terms in the place of some, whose convolutions `readers` know.

        Sums of several are added before they are moved.
        """
        replaced: list[Term] = []
        known: list[tuple[Number, Convolution, list[Value]]] = []
        for term in terms:
            c = term.operand
            assert isinstance(c, Convolution)
            sums, doubled = self.finished(c, n, old)
            if sums is None:
                continue
            if self._is_moved(c) and term.head is None and not isinstance(term.constant, tuple):
                known.append((term.constant * (1 + doubled), c, sums))
                continue
            readers[c] = (self._reader(self._placed(c, sums)), doubled)
            replaced.append(term)
        if len(known) == 1:
            constant, c, sums = known[0]
            readers[c] = (self._reader(self._placed(c, sums)), False)
            replaced.append(Term(constant, c))
        elif known:
            c = known[0][1]
            readers[c] = (self._reader(self._placed(c, self._combined(known))), False)
            replaced.append(Term(1, c))
        return replaced

    def _is_moved(self, c: Convolution) -> bool:
        return len(self.plan(c)) > len(self.shifts.pieces)

    def _combined(self, known: Sequence[tuple[Number, Convolution, list[Value]]]) -> list[Value]:
        """Sums of several convolutions, scaled."""
        totals: list[Value | None] = [None] * len(known[0][2])
        for constant, _, sums in known:
            for k, (total, value) in enumerate(zip(totals, sums, strict=True)):
                factor = partial(self.b.constant, constant, value.type)
                totals[k] = add_scaled(self.b, total, constant, factor, value)
        return [total for total in totals if total is not None]

    def _placed(self, c: Convolution, sums: Sequence[Value]) -> list[Value]:
        if not self.memory.program.is_polynomial(c.a) or not self.memory.program.is_polynomial(c.b):
            return list(sums)
        return placed(self.b, self.element, self.shifts, sums)

    def _reader(self, pieces: Sequence[Value]) -> Reader:
        known = {chunk: value for chunk, value in zip(self.memory.pieces, pieces, strict=True)}
        return lambda chunk: known[chunk]

    # -- what needs nothing of this order ---------------------------------------------------------

    def batches(self, rows: Sequence[int]) -> list[list[int]]:
        """Neighbouring rows whose old products are added in one loop, before the first of them."""
        sizes = [sum(len(self.plan(c)) for c in self._moving([row])) for row in rows]
        return [[rows[k] for k in group] for group in groups(sizes, self._most())]

    def _most(self) -> int:
        return MOST_SUMS // ELEMENTS[self.element].parts

    def old(self, rows: Sequence[int], n: Index) -> Sums:
        """The sums of old products of all convolutions of polynomials in some rows."""
        listed = [self._sum(c) for c in self._moving(rows)]
        wide = [one for one in listed if max(one.convolution.first, one.convolution.last) <= 1]
        found: Sums = {}
        for group in groups([len(one.plan) for one in wide], self._most()):
            found |= self._loop([wide[k] for k in group], n)
        return found

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

    def _loop(self, group: Sequence[_Sum], n: Index) -> Sums:
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
        found: Sums = {}
        for one in group:
            found[one.convolution], totals = totals[: len(one.plan)], totals[len(one.plan) :]
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
        """a_j b_other added to the sums of all.

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
            weight = None if c.weight is None else self._weight(c.weight, n, j)
            if one.square and half:
                weight = self.b.constant(0.5, Type(self.element))
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

    # -- the newest -------------------------------------------------------------------------------

    def finished(self, c: Convolution, n: Index, old: Sums) -> tuple[list[Value] | None, bool]:
        """All sums of a convolution at order n (None: it is zero), and whether they are to be
        doubled.
        """
        program, plan = self.memory.program, self.plan(c)
        zeros = [self.b.constant(0, Type(self.element, one.piece.lanes)) for one in plan]
        if isinstance(n, int) and n < c.first + c.last:
            return None, False
        if _is_zero(n):
            return self._newest(c, 0, 0, zeros), False
        if program.steady[c.a] and program.steady[c.b]:
            return None, False
        if program.steady[c.a]:
            return (None if c.first else self._newest(c, n, 0, zeros)), False
        if program.steady[c.b]:
            return (None if c.last else self._newest(c, n, n, zeros)), False
        if c not in old:
            return self._far(c, n, zeros), False
        totals = old[c]
        if is_square(c):
            return (totals if c.first else self._newest(c, n, n, totals)), True
        if not c.first:
            totals = self._newest(c, n, 0, totals)
        if not c.last:
            totals = self._newest(c, n, n, totals)
        return totals, False

    def _newest(self, c: Convolution, n: Index, j: Index, totals: list[Value]) -> list[Value]:
        """a_j b_(n-j) added, j being 0 or n."""
        memory = self.memory
        other: Index = 0 if j is n else n
        x, y = (
            factor_of(memory, row, memory.address(row, k, 0), k is n and not _is_zero(n))
            for row, k in ((c.a, j), (c.b, other))
        )
        weight = None if c.weight is None else self._weight(c.weight, n, j)
        return self._added(self.plan(c), x, y, totals, weight)

    def _far(self, c: Convolution, n: Index, zeros: list[Value]) -> list[Value]:
        """All products of a convolution that begins or ends later than usual."""
        memory, plan = self.memory, self.plan(c)
        at = self.b.like(self.b.constant(0, I64), n) if isinstance(n, int) else n

        def step(j: Index, totals: list[Value]) -> Sequence[Value]:
            x = factor_of(memory, c.a, memory.address(c.a, j, 0))
            y = factor_of(memory, c.b, memory.address(c.b, at - j, 0))
            weight = None if c.weight is None else self._weight(c.weight, at, j)
            return self._added(plan, x, y, totals, weight)

        return self.b.fold(c.first, at - (c.last - 1), zeros, step)


def _is_zero(n: Index) -> bool:
    return isinstance(n, int) and n == 0
