"""Coefficients of polynomials as factors of products: their numbers, and vectors of neighbours."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.flows.memory import FlowMemory
from taylor_runtime.flows.shifts import Piece, Products
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value
from taylor_runtime.program.program import Number


@dataclass
class Factor:
    """One order's coefficient of a row, at `place` in memory.

    wide:  whether it has more than the constant term.
    newest: its pieces, where registers have them.
    """

    b: Builder
    element: str
    place: Value
    wide: bool = True
    newest: list[tuple[Chunk, Value]] = field(default_factory=list)
    _known: dict[tuple[int, int], Value] = field(default_factory=dict)

    def number(self, monomial: int) -> Value:
        """The number of a monomial."""
        return self._lanes(monomial, 0)

    def vector(self, piece: Piece) -> Value:
        """A piece of it."""
        return self._lanes(piece.start, piece.lanes)

    def _lanes(self, start: int, lanes: int) -> Value:
        if (start, lanes) not in self._known:
            self._known[start, lanes] = self._found(start, lanes)
        return self._known[start, lanes]

    def _found(self, start: int, lanes: int) -> Value:
        b = self.b
        for chunk, value in self.newest:
            first = start - int(chunk.offset)  # type: ignore[arg-type]
            if not 0 <= first <= max(chunk.lanes, 1) - max(lanes, 1):
                continue
            if chunk.lanes == lanes:
                return value
            if not lanes:
                return b.extract(value, first)
            return b.shuffle(value, None, range(first, first + lanes))
        return b.load(Type(self.element, lanes), b.at(self.place, start, self.element))


def factor_of(m: FlowMemory, row: int, place: Value, newest: bool = False) -> Factor:
    """A coefficient of a row, in registers where it is the one being computed."""
    wide = m.flow.is_polynomial(row)
    found = Factor(m.b, m.element, place, wide)
    if newest:
        chunks = m.pieces if wide else (Chunk(0, 0),)
        found.newest = [(c, m.newest(row, 0, c)) for c in chunks if m.in_register(row, -1, c)]
    return found


def add_products(
    b: Builder,
    plan: tuple[Products, ...],
    x: Factor,
    y: Factor,
    totals: list[Value],
    weight: Value | None = None,
    scale_numbers: bool = False,
) -> list[Value]:
    """The products of two coefficients, times a weight, added to sums.

    scale_numbers: multiply the numbers of x and y by the weight, not the products: where numbers
        are fewer.
    """
    if not y.wide:
        x, y = y, x
    found = []
    scaled: dict[tuple[bool, int], Value] = {}

    def number(factor: Factor, monomial: int) -> Value:
        if weight is None or not scale_numbers:
            return factor.number(monomial)
        key = (factor is x, monomial)
        if key not in scaled:
            scaled[key] = factor.number(monomial) * weight
        return scaled[key]

    for one, total in zip(plan, totals, strict=True):
        lanes = one.piece.lanes
        left = b.splat(number(x, one.monomial), lanes)
        both = one.both and x.wide
        if weight is None or scale_numbers:
            value = b.fma(y.vector(one.piece), left, total)
            if both:
                value = b.fma(x.vector(one.piece), b.splat(number(y, one.monomial), lanes), value)
        else:
            product = y.vector(one.piece) * left
            if both:
                right = b.splat(y.number(one.monomial), lanes)
                product = b.fma(x.vector(one.piece), right, product)
            value = b.fma(product, b.splat(weight, lanes), total)
        found.append(value)
    return found


@lru_cache(maxsize=32)
def weights_of(alpha: Number, beta: Number, order: int) -> list[Number]:
    """alpha n + beta j, all j of the first order, then all of the next."""
    orders = range(order + 1)
    return [alpha * n + beta * j for n in orders for j in orders]
