"""Rows of the same arithmetic, computed by one loop over tables of where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from taylor_runtime.flows.memory import FlowMemory
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.program.program import Input, Row
from taylor_runtime.program.signature import renumbered, rows_used
from taylor_runtime.series.memory import Rendering

Shape = tuple[object, ...]


class AlikeMemory(FlowMemory):
    """The memory of a flow whose products are called: rows that differ in their places alone are
    walked by a loop, whose text speaks of the first of them.
    """

    def __init__(
        self, b: Builder, program: FlowProgram, rendering: Rendering, workspace: Value | None
    ) -> None:
        super().__init__(b, program, rendering, workspace)
        self._moved: dict[int, Value] = {}  # row -> how far behind it that is which is meant
        self.shapes = [self._shape_of(row) for row in range(len(program.rows))]

    def used(self, row: int) -> tuple[int, ...]:
        """A row, and those that its step uses, each once."""
        return tuple(dict.fromkeys([row, *rows_used(self._step_alone(row))]))

    def each_alike(
        self,
        rows: Sequence[int],
        body: Callable[[Index, int], None],
        keys: Sequence[object] = (),
        steps: bool = True,
    ) -> None:
        """body(position, row) for all rows; their order is free.

        keys: what else must be equal in a loop.
        steps: whether the body speaks of rows that the steps use, not of the rows alone.
        """
        groups: dict[object, list[int]] = {}
        for position, row in enumerate(rows):
            shape = self.shapes[row] if steps else self._traits(row)
            key = shape, keys[position] if keys else None
            groups.setdefault(key, []).append(position)
        for positions in groups.values():
            if len(positions) == 1:
                body(positions[0], rows[positions[0]])
            else:
                self._loop(rows, positions, body, steps)

    def _loop(
        self,
        rows: Sequence[int],
        positions: Sequence[int],
        body: Callable[[Index, int], None],
        steps: bool,
    ) -> None:
        b, offset = self.b, self.layout.offset
        first = rows[positions[0]]
        lists = [self.used(rows[k]) if steps else (rows[k],) for k in positions]
        tables: dict[int, list[int]] = {}
        for row, *others in zip(*lists, strict=True):
            for other in (row, *others):
                self._read |= {(self.layout.owner[other], known) for known in (True, False)}
            if any(other != row for other in others):
                tables[row] = [0, *(offset[other] - offset[row] for other in others)]
        places = b.table(list(positions), "i64")
        moves = {row: b.table(table, "i64") for row, table in tables.items()}

        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            position = b.load(I64, b.at(places, i, "i64"))
            moved = {row: b.load(I64, b.at(table, i, "i64")) for row, table in moves.items()}
            with self._moving_rows(moved):
                body(position, first)
            return []

        with self._forgotten():
            b.fold(0, len(positions), [], one)

    @contextmanager
    def _moving_rows(self, moved: dict[int, Value]) -> Iterator[None]:
        self._moved = moved
        yield
        self._moved = {}

    @contextmanager
    def _forgotten(self) -> Iterator[None]:
        """Registers know nothing of the rows of a loop, nor afterwards of what it computed."""
        known, newest = self._known, self._newest
        self._known, self._newest = {}, {}
        yield
        self._known, self._newest = known, newest

    def _place(self, row: int, n: Index, lane: Index) -> Value:
        place = super()._place(row, n, lane)
        return self.b.at(place, self._moved[row], self.element) if row in self._moved else place

    # -- what rows have in common -----------------------------------------------------------------

    def _shape_of(self, row: int) -> Shape:
        """The step, with the rows that it uses numbered as they occur, and how these lie."""
        used = self.used(row)
        numbers = {one: k for k, one in enumerate(used)}
        same = renumbered(self._step_alone(row), numbers)
        fixed = None if same.step is None or same.step.divisor is None else used[same.step.divisor]
        start = self.flow.rows[row].start
        given = start.source if same.step is None and isinstance(start, Input) else ""
        return (same, fixed, given, *(self._traits(one) for one in used))

    def _step_alone(self, row: int) -> Row:
        return replace(self.flow.rows[row], start=None, offset=0, name="")

    def _traits(self, row: int) -> Shape:
        layout, flow = self.layout, self.flow
        return (
            layout.stride[row],
            layout.pitch[row],
            flow.rows[row].width,
            flow.rows[row].constant,
            flow.steady[row],
            layout.owner[row] == row,
        )
