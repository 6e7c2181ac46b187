"""Coefficients of rows of numbers and of polynomials, as steps read them."""

from __future__ import annotations

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.lanes import join
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.series.memory import Rendering, RowMemory

NUMBER = Chunk(0, 0)


class FlowMemory(RowMemory):
    """A number among polynomials is one without other monomials, as a factor one for all lanes."""

    def __init__(
        self, b: Builder, program: FlowProgram, rendering: Rendering, workspace: Value | None
    ) -> None:
        super().__init__(b, program, rendering, workspace)
        self.flow = program

    def coefficient(self, row: int, n: Index, chunk: Chunk) -> Value:
        if self.flow.steady[row]:
            return self._steady(row, n, chunk)
        if chunk.lanes and not self.flow.is_polynomial(row):
            return self.constant_term(super().coefficient(row, n, NUMBER), chunk)
        return super().coefficient(row, n, chunk)

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value:
        if self.flow.steady[row]:
            return self._steady(row, n, chunk)
        if chunk.lanes and not self.flow.is_polynomial(row):
            return self.constant_term(super().newest(row, n, NUMBER), chunk)
        return super().newest(row, n, chunk)

    def head(self, row: int, chunk: Chunk) -> Value:
        if self.flow.is_polynomial(row):
            return super().coefficient(row, 0, chunk)
        return self.b.splat(super().coefficient(row, 0, NUMBER), chunk.lanes)

    def reciprocal(self, row: int, chunk: Chunk) -> Value:
        return self.b.splat(super().reciprocal(row, NUMBER), chunk.lanes)

    def _steady(self, row: int, n: Index, chunk: Chunk) -> Value:
        """Zero but for order zero."""
        zero = self.b.constant(0, chunk.type(self.element))
        if isinstance(n, int):
            return self._at_zero(row, chunk) if n == 0 else zero
        return self.b.select(self.b.eq(n, 0), self._at_zero(row, chunk), zero)

    def _at_zero(self, row: int, chunk: Chunk) -> Value:
        if chunk.lanes and not self.flow.is_polynomial(row):
            return self.constant_term(super().coefficient(row, 0, NUMBER), chunk)
        return super().coefficient(row, 0, chunk)

    def constant_term(self, number: Value, chunk: Chunk) -> Value:
        """The chunk of a polynomial that has no other monomial."""
        b, zero = self.b, self.b.constant(0, chunk.type(self.element))
        if isinstance(chunk.offset, int) and chunk.offset:
            return zero
        first = b.insert(zero, number, 0)
        return (
            first if isinstance(chunk.offset, int) else b.select(b.eq(chunk.offset, 0), first, zero)
        )

    def vectors(self, row: int, n: Index, start: int, count: int, lanes: int) -> list[Value]:
        """So many vectors of a polynomial, from position `start` on."""
        t = Chunk(0, lanes).type(self.element)
        place = self.address(row, n, 0)
        return [
            self.b.load(t, self.b.at(place, start + k * lanes, self.element)) for k in range(count)
        ]


def chunk_of(b: Builder, vectors: list[Value], chunk: Chunk) -> Value:
    """A chunk of a polynomial that is known in vectors."""
    assert isinstance(chunk.offset, int)
    lanes = vectors[0].lanes
    if lanes >= chunk.lanes:
        return vectors[chunk.offset // lanes]
    first = chunk.offset // lanes
    return join(b, vectors[first : first + chunk.lanes // lanes])
