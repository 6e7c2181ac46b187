"""Convolutions of truncated polynomials: sums over the orders of time of their products.

See `shifts` for how a product is cut into vectors.  Where these are few, all is written out: at
each order, loops first add up the old products of several convolutions, those that need nothing of
this order (`old`); then row after row adds the newest (`newest`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.flows.factors import factor_of
from taylor_runtime.flows.memory import FlowMemory
from taylor_runtime.flows.newest import NewestProducts, RowSums
from taylor_runtime.flows.old import OldProducts, OldSums
from taylor_runtime.flows.places import joined_sums, moved, placed
from taylor_runtime.flows.shifts import Products
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Convolution, Number, Term
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import depths, is_square
from taylor_runtime.program.widths import REGISTER

Reader = Callable[[Chunk], Value]  # a chunk of a product
Read = tuple[Reader, bool]  # with whether it is still to be doubled


@dataclass(frozen=True, slots=True)
class _Newest:
    """A product of order zero of one row, scaled, with the newest coefficient of another; and what
    its weight at order n is n times.
    """

    constant: int
    scale: Number
    row: int
    weight: Number | None


class WrittenProducts(OldProducts):
    """Writes out the convolutions of a flow's program."""

    def __init__(self, memory: FlowMemory) -> None:
        super().__init__(memory)
        self.newest = NewestProducts(memory, self.shifts)
        self.depths = depths(memory.flow)

    def prepare(self) -> None:
        """Lay out, once a step, what newest coefficients are multiplied by."""
        for row in self.memory.flow.rows:
            for group in self._groups(row.step.terms if row.step else ()):
                for scale, c in group:
                    for one in self._newest(scale, c):
                        self.newest.prepare(one.constant, one.scale)

    def read(
        self, terms: Sequence[Term], n: Index, old: OldSums | None, readers: dict[Convolution, Read]
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
            if not isinstance(c, Convolution) or not self.memory.flow.has_polynomial(c):
                continue
            if is_plain_term(term):
                assert not isinstance(term.constant, tuple)
                plain.append((term.constant, c))
            else:
                alone.append([(1, c)])
        return [*([plain] if plain else []), *alone]

    def _term(self, terms: Sequence[Term], c: Convolution) -> Term:
        """The term that reads the sum which has c as its first convolution."""
        term = next(term for term in terms if term.operand == c)
        return Term(1, c) if is_plain_term(term) else term

    def _reader(self, pieces: Sequence[Value]) -> Reader:
        known = dict(zip(self.memory.pieces, pieces, strict=True))
        return known.__getitem__

    def _row_sums(
        self, group: Sequence[tuple[Number, Convolution]], n: Index, old: OldSums | None
    ) -> RowSums | None:
        """Scaled sums of some convolutions at order n; None if that is zero."""
        newest: list[_Newest] = []
        totals: RowSums | None = None
        for scale, c in group:
            if isinstance(n, int) and n < c.first + c.last:
                continue
            newest += self._newest(scale, c)
            sums = old.get(c) if old else None
            if sums is None and self._is_far(c):
                sums = self._far(c, n)
            if sums is not None:
                scale *= 1 + is_square(c)
                totals = self._scaled(scale, sums, totals, self.memory.flow.is_wide(c))
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

    def _scaled(self, scale: Number, sums: RowSums, totals: RowSums | None, wide: bool) -> RowSums:
        """Sums times a number, added to others; those that are wide without what counted twice."""
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
            listed = [_halves(plan[position], scale, wide) for position in self.shifts.joins[k]]
            factors = [factor for one in listed for factor in one]
            factors += factors[-1:] * (REGISTER - len(factors))
            joined.append(added(value, factors, None if totals is None else totals.joined[k]))
        if not joined:
            joined = self._zeros().joined if totals is None else totals.joined
        return RowSums(pieces, joined)

    def _newest(self, scale: Number, c: Convolution) -> list[_Newest]:
        """What is to be added to the old products of a convolution."""
        steady, found = self.memory.flow.steady, []
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
        steady = self.memory.flow.steady
        return max(c.first, c.last) > 1 and not (steady[c.a] or steady[c.b])

    # -- others -----------------------------------------------------------------------------------

    def _at_zero(self, c: Convolution) -> list[Value]:
        """The product of the coefficients of order zero."""
        memory, plan = self.memory, self.plan(c)
        zeros = [self.b.constant(0, Type(self.element, one.piece.lanes)) for one in plan]
        x, y = (factor_of(memory, row, memory.address(row, 0, 0)) for row in (c.a, c.b))
        weight = None if c.weight is None else self._weight(c.weight, 0, 0)
        values = self._added(plan, x, y, zeros, weight)
        wide = self.memory.flow.is_wide(c)
        return placed(self.b, self.element, self.shifts, values) if wide else values

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


def is_plain_term(term: Term) -> bool:
    """Whether a term is a number times its operand."""
    return term.head is None and not isinstance(term.constant, tuple)


def _halves(one: Products, scale: Number, wide: bool) -> list[Number]:
    """What the lanes of a sum are multiplied by: half where both parts of a product counted."""
    lanes = range(max(one.piece.lanes, 1))
    return [Fraction(scale) / 2 if wide and lane < one.halved else scale for lane in lanes]


def _is_zero(n: Index) -> bool:
    return isinstance(n, int) and n == 0
