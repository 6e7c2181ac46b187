"""What sums of products ask of the memory that coefficients are in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Convolution, Number, Program
from taylor_runtime.series.memory import Rendering


class SumMemory(Protocol):
    """Coefficients of rows, and what is remembered of sums from order to order.

    weights: tables of weights; sums: begun for orders to come, see `fold`.
    """

    b: Builder
    element: str
    rendering: Rendering
    weights: dict[tuple[Number, Number], Value]
    sums: dict[tuple[tuple[Convolution, ...], int, int], tuple[int, Value]]

    @property
    def program(self) -> Program: ...

    def coefficient(self, row: int, n: Index, chunk: Chunk) -> Value: ...

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value: ...

    def joined(self, rows: tuple[int, ...], n: int, chunk: Chunk) -> Value: ...

    def load_partial(self, place: int, chunk: Chunk) -> Value: ...

    def store_partial(self, place: int, chunk: Chunk, value: Value) -> None: ...


class SeriesMemory(SumMemory, Protocol):
    """What steps ask of the memory of a series, of rows that lie side by side."""

    def head(self, row: int, chunk: Chunk) -> Value: ...

    def chunks(self, row: int) -> tuple[Chunk, ...]: ...

    def each_chunk(self, row: int, body: Callable[[Chunk], None]) -> None: ...

    def drop_unread(self) -> None: ...
