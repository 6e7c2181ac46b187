"""Rows that are computed as a whole: contractions and running sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taylor_runtime.ir.values import Index
from taylor_runtime.program.verify import ProgramError

if TYPE_CHECKING:
    from taylor_runtime.arrays.emitter import ArrayEmitter


def emit_whole(emitter: ArrayEmitter, row: int, n: Index) -> None:
    raise ProgramError("not yet")
