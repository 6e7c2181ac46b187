"""Coefficients of rows of numbers and of polynomials, as steps read them."""

from __future__ import annotations

from collections.abc import Callable

from taylor_runtime.arithmetic.chunk import Chunk, chunks
from taylor_runtime.flows.shifts import shifts_of
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I64, PTR, alignment_of
from taylor_runtime.ir.values import Compound, Index, Value
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.program.widths import CHUNK, REGISTER, padded
from taylor_runtime.series.memory import Rendering, RowMemory

NUMBER = Chunk(0, 0)


class FlowMemory(RowMemory):
    """A number among polynomials is one without other monomials, as a factor one for all lanes.

    pieces: the vectors that polynomials are computed in where that is written out, none where it is
        not; everybody else reads the chunks of rows of lanes.
    """

    def __init__(
        self, b: Builder, program: FlowProgram, rendering: Rendering, workspace: Value | None
    ) -> None:
        super().__init__(b, program, rendering, workspace)
        self.flow = program
        self.pieces: tuple[Chunk, ...] = ()

    def cut(self) -> None:
        """Compute polynomials in pieces from now on."""
        listed = shifts_of(self.flow.among).pieces
        self.pieces = tuple(Chunk(piece.start, piece.lanes) for piece in listed)

    def each_chunk(self, row: int, body: Callable[[Chunk], None]) -> None:
        """Run `body` for all chunks of a row: a loop for polynomials that are not written out."""
        if self.pieces or not self.is_looped(row):
            super().each_chunk(row, body)
            return
        lanes = chunks(self.flow.rows[row].width)[0].lanes
        total = padded(self.flow.rows[row].width)
        lanes = lanes if total % lanes == 0 else REGISTER

        def one(i: Index, _: list[Value]) -> list[Value]:
            body(Chunk(i * lanes, lanes))
            return []

        self.b.fold(0, total // lanes, [], one)

    def is_looped(self, row: int) -> bool:
        """Whether `each_chunk` is a loop at run time."""
        if self.pieces or not self.flow.is_polynomial(row):
            return super().is_looped(row)
        return self.flow.rows[row].width > CHUNK

    def each_piece(self, row: int, body: Callable[[Chunk], None]) -> None:
        """Run `body` for all vectors that a row is computed in."""
        if not (self.pieces and self.flow.is_polynomial(row)):
            self.each_chunk(row, body)
            return
        for piece in self.pieces:
            body(piece)

    def clear_padding(self, row: int, orders: int) -> None:
        """Zeros behind the last monomial of all orders, where pieces do not reach."""
        last = shifts_of(self.flow.among).pieces[-1]
        start, size = last.start + max(last.lanes, 1), padded(self.flow.among.size)
        zero = self.b.constant(0, NUMBER.type(self.element))

        def one(n: Index, _: list[Value]) -> list[Value]:
            for lane in range(start, size):
                self.b.store(zero, self._place(row, n, lane))
            return []

        if start < size:
            self.b.fold(0, orders, [], one)

    def _is_computed(self, row: int, chunk: Chunk) -> bool:
        """Whether a chunk is one of those that the row is computed in, or a part known alone."""
        return not (self.pieces and self.flow.is_polynomial(row)) or chunk in self.pieces

    def coefficient(self, row: int, n: Index, chunk: Chunk) -> Value:
        if self.flow.steady[row]:
            return self._steady(row, n, chunk)
        return self._moving(row, n, chunk)

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value:
        if self.flow.steady[row]:
            return self._steady(row, n, chunk)
        if chunk.lanes and not self.flow.is_polynomial(row):
            return self.constant_term(super().newest(row, n, NUMBER), chunk)
        if not self._is_computed(row, chunk):
            return self.from_memory(row, n, chunk)
        return super().newest(row, n, chunk)

    def _moving(self, row: int, n: Index, chunk: Chunk) -> Value:
        if not self.flow.is_polynomial(row):
            if not _holds_constant(chunk):
                return self.b.constant(0, chunk.type(self.element))
            return self.constant_term(super().coefficient(row, n, NUMBER), chunk)
        if not self._is_computed(row, chunk):
            return self.from_memory(row, n, chunk)
        return super().coefficient(row, n, chunk)

    def from_memory(self, row: int, n: Index, chunk: Chunk) -> Value:
        """Neighbouring lanes of a coefficient, of which registers know nothing."""
        align = self._alignment(chunk)
        return self.b.load(chunk.type(self.element), self.address(row, n, chunk.offset), align)

    def head(self, row: int, chunk: Chunk) -> Value:
        if self.flow.is_polynomial(row):
            return self._moving(row, 0, chunk)
        return self.b.splat(super().coefficient(row, 0, NUMBER), chunk.lanes)

    def reciprocal(self, row: int, chunk: Chunk) -> Value:
        return self.b.splat(super().reciprocal(row, NUMBER), chunk.lanes)

    def _steady(self, row: int, n: Index, chunk: Chunk) -> Value:
        """Zero but for order zero."""
        zero = self.b.constant(0, chunk.type(self.element))
        if isinstance(n, int):
            return self._moving(row, 0, chunk) if n == 0 else zero
        return self.b.select(self.b.eq(n, 0), self._moving(row, 0, chunk), zero)

    def constant_term(self, number: Value, chunk: Chunk) -> Value:
        """The chunk of a polynomial that has no other monomial."""
        b, zero = self.b, self.b.constant(0, chunk.type(self.element))
        if not _holds_constant(chunk):
            return zero
        if not chunk.lanes:
            return number
        first = b.insert(zero, number, 0)
        if isinstance(chunk.offset, int):
            return first
        return b.select(b.eq(chunk.offset, 0), first, zero)

    def _alignment(self, chunk: Chunk) -> int:
        offset = chunk.offset
        lanes = min(max(chunk.lanes, 1), REGISTER)
        whole = not isinstance(offset, int) or offset % lanes == 0
        return (lanes if whole else 1) * alignment_of(self.element)


def _holds_constant(chunk: Chunk) -> bool:
    return not (isinstance(chunk.offset, int) and chunk.offset)


def hidden(b: Builder, pointer: Value) -> Value:
    """The same address, of which LLVM does not see where it is from: what is stored there is not
    kept in registers.
    """
    if isinstance(pointer, Compound):
        return b.pointers([hidden(b, part) for part in pointer.parts])
    number = b.emit_anew(I64, f"ptrtoint ptr {pointer.text} to i64")
    return b.emit_anew(PTR, f"inttoptr i64 {number.text} to ptr")
