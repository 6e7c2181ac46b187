"""Where the coefficients of every row live, and how its lanes are cut into chunks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from taylor_runtime.ir import Index, Type
from taylor_runtime.program import Program, Row

# doubles of a cache line, and of the widest registers; LLVM splits values where they are narrower
REGISTER = 8
CHUNK = (
    2 * REGISTER
)  # lanes computed side by side: twice as many hide more of the latency of multiply-adds
UNROLLED_CHUNKS = 3  # rows of more chunks are walked by a loop
UNROLLED_GATHERS = (
    96  # the same for gathers, whose constant shuffles a loop would make look-ups in tables
)


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
def padded(lanes: int) -> int:
    """Lanes a row occupies: 1, 2, 4, or a multiple of the register."""
    for size in (1, 2, 4):
        if lanes <= size:
            return size
    return -(-lanes // REGISTER) * REGISTER


@cache
def chunks(lanes: int) -> tuple[Chunk, ...]:
    """The chunks of a row of so many lanes; the last one may be narrower."""
    if lanes == 1:
        return (Chunk(0, 0),)
    total = padded(lanes)
    return tuple(Chunk(offset, min(CHUNK, total - offset)) for offset in range(0, total, CHUNK))


@dataclass(frozen=True, slots=True)
class Layout:
    """Row r's coefficient n starts at element offset[r] + n * stride[r] of the workspace.

    reciprocal[r] is where 1 / u_0 of a row that others divide by is kept (-1 for the rest).
    alias[r] says that the row is a window on lanes of another one: a gather of neighbouring lanes
    costs nothing.
    """

    offset: tuple[int, ...]
    stride: tuple[int, ...]
    reciprocal: tuple[int, ...]
    alias: tuple[bool, ...]
    size: int

    @classmethod
    def of(cls, program: Program, batch: int = 1) -> Layout:
        """Each row keeps its orders together, aligned to a register."""
        divisors = {row.step.divisor for row in program.rows if row.step}
        offsets: list[int] = []
        strides: list[int] = []
        reciprocals: list[int] = []
        aliases: list[bool] = []
        position = 0
        for index, row in enumerate(program.rows):
            window = None if index in divisors else _window(program, row, batch)
            aliases.append(window is not None)
            if window is not None:
                source, lane = window
                offsets.append(offsets[source] + lane * batch)
                strides.append(strides[source])
                reciprocals.append(-1)
                continue
            stride = padded(row.width * batch)
            offsets.append(position)
            strides.append(stride)
            orders = 1 if row.constant else program.order + 1
            position += -(-orders * stride // REGISTER) * REGISTER
            reciprocals.append(position if index in divisors else -1)
            position += -(-stride // REGISTER) * REGISTER if index in divisors else 0
        vectors = (tuple(offsets), tuple(strides), tuple(reciprocals), tuple(aliases))
        return cls(*vectors, position)


def _window(program: Program, row: Row, batch: int) -> tuple[int, int] | None:
    """(source row, first lane) of a gather of neighbouring lanes of one row."""
    if row.gather is None:
        return None
    source, first = row.gather.sources[0]
    if row.gather.sources != tuple((source, first + i) for i in range(row.width)):
        return None
    if first * batch + padded(row.width * batch) > padded(program.rows[source].width * batch):
        return None  # padding would be another row's, perhaps not even a number
    return source, first
