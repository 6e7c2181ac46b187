"""Trajectories moved into lanes of a batch and out of them, one at a time.

In memory a trajectory is a row: a block `control.ROW`, [state, rounding errors], parameters.  In a
lane, number i of what it has is number i * batch + lane of an array of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import F64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.records import dataclass
from taylor_runtime.steps.control import RECORD_HEADER, ROW, Control
from taylor_runtime.steps.grid import call_filler, record_body
from taylor_runtime.steps.records import record_length
from taylor_runtime.steps.states import StateRows

ROW_FIELDS = ROW.itemsize // 8
ROW_VECTORS = 2  # of a row: state and rounding errors


@dataclass(frozen=True, slots=True)
class LaneArray:
    """An array with `count` numbers for each lane.

    rows:  the array with the same numbers of rows, None if rows have none.
    leading: how many of the numbers rows have.
    """

    base: Value
    count: int
    element: str
    rows: Value | None = None
    leading: int = 0


class Lanes:
    """Emits moves of everything that belongs to a lane."""

    def __init__(self, b: Builder, batch: int, arrays: Sequence[LaneArray]) -> None:
        self.b = b
        self.batch = batch
        self.arrays = arrays

    def copy(self, source: Index, target: Index) -> None:
        """A lane becomes a copy of another."""
        for array in self.arrays:
            start, end = (self.b.at(array.base, lane, array.element) for lane in (source, target))
            self.move(array.element, array.count, (start, self.batch), (end, self.batch))

    def load(self, row: Value, lane: Index) -> None:
        """A row moves into a lane."""
        for array, here, there in self._places(row, lane):
            self.move(array.element, array.leading, (there, 1), (here, self.batch))

    def store(self, row: Value, lane: Index) -> None:
        """A lane moves back to its row."""
        for array, here, there in self._places(row, lane):
            self.move(array.element, array.leading, (here, self.batch), (there, 1))

    def _places(self, row: Value, lane: Index) -> list[tuple[LaneArray, Value, Value]]:
        return [
            (
                array,
                self.b.at(array.base, lane, array.element),
                self.b.at(array.rows, row * array.leading, array.element),
            )
            for array in self.arrays
            if array.rows is not None
        ]

    def move(
        self, element: str, count: Index, source: tuple[Value, int], target: tuple[Value, int]
    ) -> None:
        """`count` numbers, from an address and a stride to another."""
        b = self.b

        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            value = b.load(Type(element), b.at(source[0], i * source[1], element))
            b.store(value, b.at(target[0], i * target[1], element))
            return []

        b.fold(0, count, [], one)


class LaneGrids:
    """Emits the states at the times of grids, by the function that single trajectories use, too.

    record: the records of the lanes, behind which there is room for one of a single trajectory and
            for a state.
    """

    def __init__(self, lanes: Lanes, control: Control, rows: StateRows, order: int) -> None:
        self.b = lanes.b
        self.lanes = lanes
        self.control = control
        self.rows = rows
        self.order = order
        self.block = self.b.alloca("i64", ROW_FIELDS)

    def covered(self) -> Value:
        """Lanes whose step may have come to the next time of its grid."""
        control = self.control
        left = control.get("grid_time") - control.get("time")
        # By high parts alone: where these are equal, the filler knows.
        return left * self.b.copysign(self.b.constant(1, left.type), control.get("step")) <= 0

    def fill(self, record: Value, state: Value, lane: Index) -> None:
        """The states of one lane at the times that its step covers."""
        b, batch, kind = self.b, self.lanes.batch, self.rows.element
        size = self.rows.size // batch
        count = (self.order + 1) * size
        single = b.at(record, record_length(self.order, self.rows))
        alone = b.at(single, record_length(self.order, StateRows((), (), (), (), size, kind)))
        move = self.lanes.move
        move("i64", ROW_FIELDS, (b.at(self.control.pointer, lane, "i64"), batch), (self.block, 1))
        move("double", RECORD_HEADER, (b.at(record, lane), batch), (single, 1))
        body = record_body(b, record, 0, kind, batch)
        move(kind, count, (b.at(body, lane, kind), batch), (record_body(b, single, 0, kind), 1))
        move(kind, size, (b.at(state, lane, kind), batch), (alone, 1))
        block = Control(b, self.block, 1, 0)
        call_filler(block, single, block.address("grid"), alone, (self.order, size))
        self.control.of_lane(lane).set("grid_next", block.get("grid_next"))
        self.look(lane)

    def look(self, lane: Index) -> None:
        """Note the next time of a lane's grid."""
        own = self.control.of_lane(lane)
        b, following = self.b, own.get("grid_next")

        def time() -> list[Value]:
            return [b.load(F64, b.at(own.address("grid"), following))]

        nothing = b.constant(float("nan"), F64)
        (high,) = b.if_(following < own.get("grid_count"), time, lambda: [nothing])
        own.set("grid_time", high)
