"""Some elements of a walk, side by side."""

from __future__ import annotations

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.shapes.walks import Walk


@dataclass(frozen=True, slots=True)
class Place(Chunk):
    """Some elements side by side along one axis of a walk.

    indices: along the axes of the walk, of the first lane.
    fresh: i1 lanes, which were not in the chunk before; None where all are.
    """

    walk: Walk
    indices: tuple[Index, ...]
    fresh: Value | None = None
