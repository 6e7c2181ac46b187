"""Lanes that take rows from a queue, one after the other.

A lane whose row has ended (its field "status" is no longer RUNNING) takes the next row of a queue,
which threads may share; when none is left, it repeats another lane until that ends, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.ensembles.lanes import Lanes
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.codes import INTERRUPTED, RUNNING

NOWHERE = -1  # row of a lane without work


class LaneQueue:
    """Emits what happens where lanes have ended.

    control: the blocks of the lanes, with fields "row" and "status".
    stop: address of an i64; as soon as it is not 0, no row is taken any more.
    queue: of two i64, the next row and how many there are.
    taken: what is done to a lane that has a row, besides.
    """

    def __init__(
        self,
        lanes: Lanes,
        control: Fields,
        stop: Value,
        queue: Value,
        taken: Callable[[Index], None] = lambda lane: None,
    ) -> None:
        self.b: Builder = lanes.b
        self.lanes, self.control = lanes, control
        self.stop, self.queue, self._taken = stop, queue, taken
        self.label = self.b.fresh_label("turnover")

    def begin(self) -> None:
        """All lanes are empty, and take rows."""
        self.control.set("row", NOWHERE)
        self.control.set("status", INTERRUPTED)
        self.b.jump(self.label)

    def leave_if(self, condition: Value, status: int) -> None:
        """Lanes end where the condition holds."""
        b = self.b
        leave, stay = b.fresh_label("leave"), b.fresh_label("stay")
        b.branch(b.any_lane(condition), leave, stay)
        b.label(leave)
        self.control.set("status", status, condition)
        b.jump(self.label)
        b.label(stay)

    def turn_over(self, going: str) -> None:
        """Results are stored, lanes filled again; where no row is left, with copies.

        It goes on at a label; machine code returns 0 where all lanes are done.
        """
        b, batch = self.b, self.lanes.batch
        b.label(self.label)

        def ended(lane: Index, body: Callable[[Fields, Index], list[Value]]) -> Sequence[Value]:
            own = self.control.of_lane(lane)
            b.if_(b.ne(own.get("status"), RUNNING), partial(body, own, lane))
            return []

        b.fold(0, batch, [], lambda lane, _: ended(lane, self._replace))

        def find(lane: Index, carried: list[Value]) -> Sequence[Value]:
            busy = self.control.of_lane(lane).get("row") >= 0
            return [b.select(busy, b.like(carried[0], lane), carried[0])]

        (model,) = b.fold(0, batch, [b.constant(NOWHERE, I64)], find)
        finished, left = b.fresh_label("finished"), b.fresh_label("going")
        b.branch(model < 0, finished, left)
        b.label(finished)
        b.ret(b.constant(0, I64))
        b.label(left)
        b.fold(0, batch, [], lambda lane, _: ended(lane, partial(self._repeat, model)))
        b.jump(going)

    def _replace(self, own: Fields, lane: Index) -> list[Value]:
        """Store a lane's result, and give it the next row."""
        b = self.b

        def store() -> list[Value]:
            self.lanes.store(own.get("row"), lane)
            return []

        b.if_(own.get("row") >= 0, store)
        own.set("row", NOWHERE)
        row = b.fetch_add(self.queue, 1)
        open_ = b.eq(b.load_shared(self.stop), 0)

        def load() -> list[Value]:
            self.lanes.load(row, lane)
            own.set("row", row)
            self._taken(lane)
            return []

        b.if_(open_ & (row < b.load(I64, b.at(self.queue, 1, "i64"))), load)
        return []

    def _repeat(self, model: Value, own: Fields, lane: Index) -> list[Value]:
        """A lane without work does what another one does, for nobody."""
        self.lanes.copy(model, lane)
        own.set("row", NOWHERE)
        return []
