"""Coefficients of numbers and of vectors of derivatives, as steps read them."""

from __future__ import annotations

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.flow import LinearProgram
from taylor_runtime.series.memory import Rendering, RowMemory


class LinearMemory(RowMemory):
    """A number among vectors is one for all lanes.  With a batch each number is a chunk."""

    def __init__(
        self, b: Builder, program: LinearProgram, rendering: Rendering, workspace: Value | None
    ) -> None:
        super().__init__(b, program, rendering, workspace)
        self.flow = program
        batch = rendering.batch
        self.number = Chunk(0, batch if batch > 1 else 0)

    def chunks(self, row: int) -> tuple[Chunk, ...]:
        batch = self.rendering.batch
        if batch == 1:
            return super().chunks(row)
        return tuple(Chunk(k * batch, batch) for k in range(self.program.rows[row].width))

    def _is_in_lanes(self, row: int) -> bool:
        """Whether lanes of a row differ: derivatives, and numbers that are gathered."""
        return self.flow.is_polynomial(row) or self.program.rows[row].gather is not None

    def is_looped(self, row: int) -> bool:
        return False

    def coefficient(self, row: int, n: Index, chunk: Chunk) -> Value:
        if self.program.rows[row].constant and not (isinstance(n, int) and n == 0):
            zero = self.b.constant(0, chunk.type(self.element))
            if isinstance(n, int):
                return zero
            return self.b.select(self.b.eq(n, 0), self.coefficient(row, 0, chunk), zero)
        if self._is_in_lanes(row):
            return super().coefficient(row, n, chunk)
        return self.b.splat(super().coefficient(row, n, self.number), chunk.lanes)

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value:
        if self._is_in_lanes(row):
            return super().newest(row, n, chunk)
        if self.program.rows[row].constant:
            return self.coefficient(row, n, chunk)
        return self.b.splat(super().newest(row, n, self.number), chunk.lanes)

    def reciprocal(self, row: int, chunk: Chunk) -> Value:
        return super().reciprocal(row, self.number)
