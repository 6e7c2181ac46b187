"""Norms over states that are arrays: loops over vectors in memory, a row after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.arithmetic.chunk import Chunk, chunks
from taylor_runtime.arrays.series import ArraySeries
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.series.protocol import Series
from taylor_runtime.steps.common.norms import Body, LoopNorms
from taylor_runtime.steps.norms import checked_rows
from taylor_runtime.steps.states import StateRows


class WideNorms(LoopNorms):
    """Along one row after the other."""

    def __init__(self, series: Series, rows: StateRows, weighted: bool, tolerances: Value) -> None:
        assert isinstance(series, ArraySeries)
        self.arrays = series
        super().__init__(series.b, rows, weighted, tolerances, checked_rows(series, rows))

    def _weights(self) -> Value | None:
        return self.arrays.vector("double") if self.weighted else None

    # -- state-shaped values ----------------------------------------------------------------------

    def values(self, make: Callable[[int, Chunk], Value], steps: bool = True) -> list[Value]:
        b, target = self.b, self.arrays.vector(self.rows.element)

        def one(position: int, row: int, chunk: Chunk) -> None:
            self.rows.store(b, b.normal(make(row, chunk)), target, position, chunk)

        self.rows.each(self.arrays, one)
        return [target]

    # -- loops ------------------------------------------------------------------------------------

    def _each(self, carried: Callable[[int], list[Value]], body: Body) -> list[list[Value]]:
        results = []
        listed = zip(self.rows.starts, self.rows.widths, strict=True)
        for position, (start, width) in enumerate(listed):
            found = chunks(width)
            lanes = found[0].lanes if len({chunk.lanes for chunk in found}) == 1 else 8
            count = sum(chunk.lanes for chunk in found) // max(lanes, 1) or 1

            def one(
                i: Index,
                values: list[Value],
                position: int = position,
                start: int = start,
                lanes: int = lanes,
            ) -> Sequence[Value]:
                return body(position, i * max(lanes, 1) + start, lanes, values)

            results.append(self.b.fold(0, count, carried(lanes), one))
        return results
