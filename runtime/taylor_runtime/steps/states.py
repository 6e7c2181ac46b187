"""The state vector as machine code sees it.

The lanes of the state rows, one row after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from taylor_runtime.arithmetic.chunk import Chunk, chunks
from taylor_runtime.flows.alike import AlikeMemory
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.widths import REGISTER, UNROLLED_CHUNKS, padded

if TYPE_CHECKING:
    from taylor_runtime.series.protocol import Series

VECTORS = 5  # state, rounding errors, both of these before the last step, predicted slopes


def plane_length(count: int) -> int:
    """Numbers in each part of an array of `count`: parts begin at cache lines."""
    return -(-max(count, 1) // (2 * REGISTER)) * 2 * REGISTER


def time_as(b: Builder, high: Value, low: Value, part: int, element: str) -> Value:
    """The time high + low as one number of a kind (part 0), or what is left of it by that."""
    if ELEMENTS[element].is_finer:
        return b.from_doubles(high, low, element)
    if element == "double":
        return low if part else high
    rounded = b.from_double(high, element)
    return b.from_double((high - b.to_double(rounded)) + low, element) if part else rounded


@dataclass(frozen=True, slots=True)
class StateRows:
    """Which rows hold states, where each starts in the state vector, and where each state is.

    `element` is the kind of number of the states.  With a batch each number of a state has a lane
    for every trajectory.
    """

    rows: tuple[int, ...]
    widths: tuple[int, ...]
    starts: tuple[int, ...]
    slots: tuple[int, ...]
    size: int
    element: str = "double"
    batch: int = 1

    @classmethod
    def of(cls, program: Program, element: str = "double", batch: int = 1) -> StateRows:
        """The outputs of the program are its states, in the user's order."""
        rows = tuple(dict.fromkeys(row for row, _ in program.outputs))
        widths = tuple(program.rows[row].width * batch for row in rows)
        starts, position = [], 0
        for width in widths:
            starts.append(position)
            position += padded(width) if batch == 1 else width
        where = dict(zip(rows, starts, strict=True))
        slots = tuple(where[row] + lane * batch for row, lane in program.outputs)
        return cls(rows, widths, tuple(starts), slots, position, element, batch)

    def chunks(self, width: int) -> tuple[Chunk, ...]:
        """Those of a row of so many lanes; of a batch one for each number."""
        if self.batch == 1:
            return chunks(width)
        return tuple(Chunk(start, self.batch) for start in range(0, width, self.batch))

    @property
    def lanes(self) -> int:
        """Lanes of what belongs to trajectories: 0, a scalar, for a single one."""
        return self.batch if self.batch > 1 else 0

    def slot(self, state: int) -> int:
        """Place of the user's state in the vector."""
        return self.slots[state]

    def padding(self) -> np.ndarray:
        """For every place of the vector, the user's state it holds.

        padding repeats a row's last.
        """
        owner = np.zeros(self.size, np.intp)
        owner[list(self.slots)] = np.arange(len(self.slots))
        rows = zip(self.starts, self.widths, strict=True)
        filled = [start + np.minimum(np.arange(padded(n)), n - 1) for start, n in rows]
        return owner[np.concatenate(filled)]

    # -- emission -------------------------------------------------------------------------------

    def each(self, series: Series, body: Callable[[int, int, Chunk], None]) -> None:
        """body(position in `rows`, row, chunk) for every chunk of every state row."""
        for position, row in enumerate(self.rows):
            series.memory.each_chunk(row, partial(body, position, row))

    def each_alike(
        self,
        series: Series,
        body: Callable[[Index, int, Chunk], None],
        keys: Sequence[object] = (),
        steps: bool = True,
    ) -> None:
        """The same, once for rows that are alike, see `AlikeMemory.each_alike`."""
        memory = series.memory
        if not isinstance(memory, AlikeMemory):
            self.each(series, body)
            return

        def one(position: Index, row: int) -> None:
            memory.each_chunk(row, partial(body, position, row))

        memory.each_alike(self.rows, one, keys, steps)

    def values(self, make: Callable[[int, Chunk], Value]) -> list[Value]:
        """One value a chunk, written out, in order."""
        return [
            make(row, chunk)
            for row, width in zip(self.rows, self.widths, strict=True)
            for chunk in self.chunks(width)
        ]

    def address(self, b: Builder, base: Value, position: Index, chunk: Chunk) -> Value:
        if isinstance(position, int):
            return b.at(base, chunk.offset + self.starts[position], self.element)
        start = b.load(I64, b.at(b.table(self.starts, "i64"), position, "i64"))
        return b.at(b.at(base, start, self.element), chunk.offset, self.element)

    def store(self, b: Builder, value: Value, base: Value, position: Index, chunk: Chunk) -> None:
        b.store(value, self.address(b, base, position, chunk))

    def load_all(self, b: Builder, base: Value, element: str | None = None) -> list[Value]:
        """The vector at `base`, chunk by chunk; of states, or of numbers of another kind."""
        kind = element or self.element
        return [
            b.load(chunk.type(kind), b.at(base, start + chunk.offset, kind))
            for start, width in zip(self.starts, self.widths, strict=True)
            for chunk in self.chunks(width)
        ]

    def copy(self, b: Builder, source: Value, target: Value, where: Value) -> None:
        """target = source, of the trajectories where the condition holds."""
        kind, count = self.element, self.size if self.batch == 1 else self.size // self.batch
        t = Type(kind, self.lanes)

        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            place = b.at(target, i * self.batch, kind)
            value = b.load(t, b.at(source, i * self.batch, kind))
            if not b.decided(where):
                value = b.select(where, value, b.load(t, place))
            b.store(value, place)
            return []

        b.fold(0, count, [], one, unroll=isinstance(count, int) and count <= 4 * UNROLLED_CHUNKS)

    def load_slots(self, b: Builder, base: Value, slots: Sequence[int], chunk: Chunk) -> Value:
        """Items `slots` of an array into the lanes of a chunk; the last slot fills the padding."""
        kind = self.element
        if not isinstance(chunk.offset, int):
            return self._load_by_table(b, base, slots, chunk)
        if not chunk.lanes:
            return b.load(Type(kind), b.at(base, slots[0], kind))
        slots = [slot + lane for slot in slots for lane in range(self.batch)]
        wanted = list(slots[chunk.offset : chunk.offset + chunk.lanes])
        wanted += [wanted[-1]] * (chunk.lanes - len(wanted))
        t = chunk.type(kind)
        if wanted == list(range(wanted[0], wanted[0] + chunk.lanes)):
            return b.load(t, b.at(base, wanted[0], kind))
        value = b.poison(t)
        for lane, slot in enumerate(wanted):
            value = b.insert(value, b.load(Type(kind), b.at(base, slot, kind)), lane)
        return value

    def _load_by_table(self, b: Builder, base: Value, slots: Sequence[int], chunk: Chunk) -> Value:
        filled = [*slots, *[slots[-1]] * (padded(len(slots)) - len(slots))]
        t = chunk.type(self.element)
        index = b.load(t.of("i64"), b.at(b.table(filled, "i64"), chunk.offset, "i64"), 64)
        return b.gather(t, base, index)
