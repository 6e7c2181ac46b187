"""Copying lanes between rows: constant shuffles where few registers are involved, else loads lane
by lane.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Gather
from taylor_runtime.program.widths import CHUNK, REGISTER, padded
from taylor_runtime.series.memory import RowMemory

MOST_SHUFFLED = 4  # source registers above which loading lane by lane is cheaper

MOST_MOVES = 6000  # of one program that are written out; beyond, addresses come from tables
MOST_ROWS = 8  # that a copying function takes

Source = tuple[int, int]  # (row, lane)
Run = tuple[int, int, int, int, int]


def gather_chunk(memory: RowMemory, gather: Gather, n: Index, chunk: Chunk) -> Value:
    """A chunk of coefficient n of a gather row."""
    assert isinstance(chunk.offset, int)
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


def copy_lanes(memory: RowMemory, row: int, n: Index) -> None:
    """Coefficient n of a gather row whose chunks are walked by a loop, from memory to memory.

    Lanes that are neighbours on both sides, or copies of one lane, move together.  Gathers of the
    same pattern (x, y and z of all bodies) share a function.
    """
    gather = memory.program.rows[row].gather
    assert gather is not None
    sources = _sources(memory, gather.sources)
    sources += [sources[-1]] * (padded(len(sources)) - len(sources))
    rows = list(dict.fromkeys(source for source, _ in sources))
    layout = memory.layout
    runs = _runs(
        [layout.lane(row, lane) for lane in range(len(sources))],
        [(rows.index(source), layout.lane(source, lane)) for source, lane in sources],
    )
    if len(rows) > MOST_ROWS or memory.moves + len(runs) > MOST_MOVES:
        memory.each_chunk(row, partial(_copy_chunk, memory, row, sources, n))
        return
    name = memory.copiers.get(runs)
    if name is None:
        name = memory.copiers[runs] = f"taylor.copy.{len(memory.copiers)}"
        memory.moves += len(runs)
        _define_copier(memory, name, runs, len(rows))
    addresses = [memory.address(row, n, 0)]
    addresses += [memory.address(r, 0 if memory.program.rows[r].constant else n, 0) for r in rows]
    for places in zip(*(address.parts for address in addresses), strict=True):
        listed = ", ".join(f"ptr {place.text}" for place in places)
        memory.b.line(f"call void @{name}({listed})")


def _runs(targets: list[int], sources: list[Source]) -> tuple[Run, ...]:
    """Moves of neighbouring lanes: (source number, from, step 0 or 1, to, lanes)."""
    runs: list[Run] = []
    start = 0
    while start < len(targets):
        best, step = 1, 1
        for candidate in (1, 0):
            count = 1
            number, place = sources[start]
            while (
                start + count < len(targets)
                and targets[start + count] == targets[start] + count
                and sources[start + count] == (number, place + candidate * count)
            ):
                count += 1
            if count > best:
                best, step = count, candidate
        runs.append((*sources[start], step, targets[start], best))
        start += best
    return tuple(runs)


def _define_copier(memory: RowMemory, name: str, runs: tuple[Run, ...], sources: int) -> None:
    element = Type(memory.element).part.element
    parameters = [("ptr noalias", "to"), *(("ptr", f"from{i}") for i in range(sources))]
    with define_function(
        memory.b.module, name, "void", parameters, "nounwind noinline", "internal"
    ) as (
        b,
        (to, *from_),
    ):
        for number, source, step, target, count in runs:
            done = 0
            while done < count:
                lanes = next(size for size in (REGISTER, 4, 2, 1) if size <= count - done)
                t = Type(element, lanes if lanes > 1 else 0)
                place = b.at(from_[number], source + step * done, element)
                if step or lanes == 1:
                    value = b.load(t, place)
                else:
                    value = b.splat(b.load(Type(element), place), lanes)
                b.store(value, b.at(to, target + done, element))
                done += lanes
        b.ret()


def _copy_chunk(memory: RowMemory, row: int, sources: list[Source], n: Index, chunk: Chunk) -> None:
    """Addresses from constant tables, for patterns that would be too much code."""
    b, layout = memory.b, memory.layout
    constant = [memory.program.rows[source].constant for source, _ in sources]
    places = [layout.offset[source] + layout.lane(source, lane) for source, lane in sources]
    strides = [
        0 if c else layout.stride[source] for (source, _), c in zip(sources, constant, strict=True)
    ]
    t = Type("i64", chunk.lanes)
    index = b.load(t, b.at(b.table(places, "i64"), chunk.offset, "i64"), 64)
    rings = [layout.ring[source] for source, _ in sources]
    for ring in sorted(set(rings)):
        order = n & 1 if ring else n
        own = [stride if ring == r else 0 for stride, r in zip(strides, rings, strict=True)]
        if len(set(own)) == 1:
            index = index + b.splat(order * b.constant(own[0], Type("i64")), chunk.lanes)
        else:
            stride = b.load(t, b.at(b.table(own, "i64"), chunk.offset, "i64"), 64)
            index = index + stride * (b.constant(order, t) if isinstance(order, int) else order)
    assert memory.workspace is not None
    for source in {source for source, _ in sources}:
        memory.will_read(source, n)
    value = b.gather(Type(memory.element, chunk.lanes), memory.workspace, index)
    memory.store(row, n, chunk, value)
