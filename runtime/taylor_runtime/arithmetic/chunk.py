"""Lanes of a row that are computed side by side."""

from __future__ import annotations

from functools import cache

from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.widths import CHUNK, REGISTER, padded

HALF = REGISTER // 2


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
    """The chunks of a row of so many lanes; the last one may be narrower.

    Of a last register that is at most half filled the half is computed: what is wide takes many
    processors twice the time.  Loops over chunks have none but whole ones.
    """
    if lanes == 1:
        return (Chunk(0, 0),)
    total = padded(lanes)
    if total > REGISTER and total % CHUNK == REGISTER and total - lanes >= HALF:
        total -= HALF
    return tuple(Chunk(offset, min(CHUNK, total - offset)) for offset in range(0, total, CHUNK))
