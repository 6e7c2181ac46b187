"""Lanes of a row that are computed side by side."""

from __future__ import annotations

from functools import cache

from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.widths import CHUNK, computed


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lanes offset .. offset + lanes - 1 of a row; lanes 0 is a scalar.

    `offset` may be a run-time value.
    """

    offset: Index
    lanes: int

    def type(self, element: str) -> Type:
        return Type(element, self.lanes)


@cache
def chunks(lanes: int) -> tuple[Chunk, ...]:
    """The chunks of a row of so many lanes; the last one may be narrower."""
    if lanes == 1:
        return (Chunk(0, 0),)
    total = computed(lanes)
    return tuple(Chunk(offset, min(CHUNK, total - offset)) for offset in range(0, total, CHUNK))
