"""Copying lanes between rows: constant shuffles where few registers are involved, else loads lane
by lane.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir import Index, Type, Value
from taylor_runtime.layout import CHUNK, Chunk, padded
from taylor_runtime.program import Gather
from taylor_runtime.rows import RowMemory

MOST_SHUFFLED = 4  # source registers above which loading lane by lane is cheaper

Source = tuple[int, int]  # (row, lane)


def gather_chunk(memory: RowMemory, gather: Gather, n: Index, chunk: Chunk) -> Value:
    """A chunk of coefficient n of a gather row."""
    if not isinstance(chunk.offset, int):
        return _gather_by_table(memory, _sources(memory, gather.sources), n, chunk)
    batch = memory.rendering.batch
    first, count = chunk.offset // batch, -(-max(chunk.lanes, 1) // batch)
    wanted = _sources(memory, gather.sources[first : first + count])
    wanted += [wanted[-1]] * (chunk.lanes - len(wanted))
    if not chunk.lanes:
        return _one_lane(memory, wanted[0], n)
    registers = list(dict.fromkeys(_register(memory, source) for source in wanted))
    if len(registers) > MOST_SHUFFLED or any(not part.lanes for _, part in registers):
        return _lane_by_lane(memory, wanted, n, chunk)
    return _shuffled(memory, wanted, registers, n, chunk)


def _sources(memory: RowMemory, sources: Sequence[Source]) -> list[Source]:
    """The same with a lane for every point of a batch."""
    batch = memory.rendering.batch
    return [(row, lane * batch + p) for row, lane in sources for p in range(batch)]


def _register(memory: RowMemory, source: Source) -> tuple[int, Chunk]:
    """The row and chunk that hold a lane."""
    row, lane = source
    listed = memory.chunks(row)
    return row, listed[lane // CHUNK]


def _one_lane(memory: RowMemory, source: Source, n: Index) -> Value:
    row, part = _register(memory, source)
    if not part.lanes:
        return memory.newest(row, n, part)
    if memory.in_register(row, n, part):
        assert isinstance(part.offset, int)
        return memory.b.extract(memory.newest(row, n, part), source[1] - part.offset)
    return memory.b.load(Type(memory.element), memory.address(row, n, source[1]))


def _lane_by_lane(memory: RowMemory, wanted: list[Source], n: Index, chunk: Chunk) -> Value:
    b = memory.b
    distinct = list(dict.fromkeys(wanted))
    if len(distinct) == 1:
        return b.splat(_one_lane(memory, distinct[0], n), chunk.lanes)
    value = b.poison(chunk.type(memory.element))
    for lane, source in enumerate(wanted):
        value = b.insert(value, _one_lane(memory, source, n), lane)
    return value


def _shuffled(
    memory: RowMemory,
    wanted: list[Source],
    registers: list[tuple[int, Chunk]],
    n: Index,
    chunk: Chunk,
) -> Value:
    """Place each source register's lanes, then blend."""
    b = memory.b
    total: Value | None = None
    filled: list[bool] = [False] * chunk.lanes
    for row, part in registers:
        assert isinstance(part.offset, int)
        places = [
            source[1] - part.offset if _register(memory, source) == (row, part) else -1
            for source in wanted
        ]
        value = memory.newest(row, n, part)
        if places != list(range(part.lanes)):  # also widens or narrows to the chunk's lanes
            value = b.shuffle(value, None, places)
        if total is None:
            total = value
        else:
            blend = [
                chunk.lanes + i if places[i] >= 0 else (i if filled[i] else -1)
                for i in range(chunk.lanes)
            ]
            total = b.shuffle(total, value, blend)
        filled = [old or place >= 0 for old, place in zip(filled, places, strict=True)]
    assert total is not None
    return total


def _gather_by_table(memory: RowMemory, sources: list[Source], n: Index, chunk: Chunk) -> Value:
    """Addresses from constant tables, for rows whose chunks are walked by a loop."""
    b, layout = memory.b, memory.layout
    sources = sources + [sources[-1]] * (padded(len(sources)) - len(sources))
    constant = [memory.program.rows[row].constant for row, _ in sources]
    offsets = b.table([layout.offset[row] + lane for row, lane in sources], "i64")
    strides = b.table(
        [0 if c else layout.stride[row] for (row, _), c in zip(sources, constant, strict=True)],
        "i64",
    )
    t = Type("i64", chunk.lanes)
    start = b.load(t, b.at(offsets, chunk.offset, "i64"), 64)
    stride = b.load(t, b.at(strides, chunk.offset, "i64"), 64)
    index = start + stride * (b.constant(n, t) if isinstance(n, int) else n)
    assert memory.workspace is not None
    return b.gather(Type(memory.element, chunk.lanes), memory.workspace, index)
