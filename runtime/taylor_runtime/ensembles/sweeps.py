"""Back over the steps of many trajectories, with one in each lane; see `adjoints.sweep`.

All lanes go through a step at a time, each through one of its own, and whatever is decided about a
step is decided lane by lane.  A lane whose next step is too long for adjoints ends where it is:
somebody else takes shorter ones.  Nothing is observed within steps, and there is no running cost.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor_runtime.adjoints.layout import DONE, SWEEP, TOO_LONG, SweepLayout, SweepOptions
from taylor_runtime.adjoints.looking import Looking, over
from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ensembles.lanes import LaneArray, Lanes
from taylor_runtime.ensembles.queue import LaneQueue
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import Type, make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.verify import verify
from taylor_runtime.series.emitter import series_with_given
from taylor_runtime.series.memory import Rendering
from taylor_runtime.steps.control import RECORD_HEADER
from taylor_runtime.steps.states import StateRows, time_as

SWEEP_LANES = "taylor.adjoint_lanes"
SHARED = ("stop", "queue", "blocks", "row_adjoints", "parameters")  # by the lanes, and threads
OWN = ("control", "adjoints", "work")
ROW = np.dtype([*SWEEP.descr, ("tape", np.int64), ("status", np.int64), ("row", np.int64)])
FIELDS = ROW.itemsize // 8


@dataclass(frozen=True, slots=True)
class LaneLayout:
    """Where the numbers of a lane are; number i is at i * batch + lane.

    adjoint, sums: what goes on from step to step, in the order of the program's outputs.
    begun: where the step at hand began: [time, time_low, scale, step], state.
    outputs: where each of them is among the results.
    """

    adjoint: int
    sums: int
    kept: int
    results: int
    powers: int
    begun: int
    length: int
    outputs: tuple[int, ...]

    @classmethod
    def of(cls, program: Program, options: SweepOptions, batch: int) -> LaneLayout:
        rows, count = StateRows.of(program, options.element, batch), len(program.outputs)
        sizes = count, count, rows.size // batch, program.order + 1
        kept, results, powers, begun = (sum(sizes[:k]) for k in range(1, 5))
        return cls(
            adjoint=0,
            sums=options.states,
            kept=kept,
            results=results,
            powers=powers,
            begun=begun,
            length=begun + RECORD_HEADER + options.states,
            outputs=tuple(slot // batch for slot in rows.slots),
        )


def sweep_lanes_module(program: Program, options: SweepOptions, batch: int) -> str:
    """IR text of `i64 taylor.adjoint_lanes(stop, queue, blocks, row_adjoints, parameters, control,
    adjoints, work)`.

    stop, queue: see `LaneQueue`. blocks (`ROW`) and row_adjoints ([adjoint, sums] in the order of
    the program's outputs) have an item for each row, whose status must be RUNNING; the field "tape"
    is the address of where its steps began. parameters are those of all rows; the others are the
    memory of the lanes. The program is not packed; numbers are doubles.

    Returns 0 when the queue is empty and all lanes are done.
    """
    verify(program)
    module = Module()
    given = [("ptr", name) for name in SHARED] + [("ptr noalias", name) for name in OWN]
    with define_function(module, SWEEP_LANES, "i64", given, "nounwind") as (b, arguments):
        _LaneSweep(b, program, options, batch, arguments).emit()
    return module.text()


class _LaneSweep:
    """Writes the loop; its methods are also what the program of a step reads."""

    def __init__(
        self,
        b: Builder,
        program: Program,
        options: SweepOptions,
        batch: int,
        arguments: Sequence[Value],
    ) -> None:
        stop, queue, blocks, row_adjoints, parameters, control, adjoints, work = arguments
        self.b, self.program, self.options, self.batch = b, program, options, batch
        self.order, self.element = program.order, options.element
        self.type = make_type(options.element, batch)
        self.layout = LaneLayout.of(program, options, batch)
        self.rows = StateRows.of(program, options.element, batch)
        self.parameters, self.adjoints = parameters, adjoints
        self.control = Fields(b, control, ROW, batch)
        self.looking = Looking(b, self.control)
        count = len(program.outputs)
        moved = [
            LaneArray(control, FIELDS, "i64", blocks, FIELDS),
            LaneArray(adjoints, self.layout.results, options.element, row_adjoints, count),
        ]
        self.lanes = Lanes(b, batch, moved)
        self.waiting = LaneQueue(self.lanes, self.control, stop, queue)
        self.checking = b.constant(0, make_type("i1", batch))
        ending = SweepLayout.of(program, options).ending
        rendering = Rendering(options.element, batch, options.unrolled, last=True)
        self.series = series_with_given(b, program, rendering, work, self, ending)

    def emit(self) -> None:
        """The loop, from its first turn."""
        b, control, looking = self.b, self.control, self.looking
        begin, top = b.fresh_label("begin"), b.fresh_label("top")
        self.waiting.begin()
        b.label(begin)
        self.series.constant_rows()
        b.jump(top)
        b.label(top)
        self.waiting.leave_if(control.get("index") <= control.get("first"), DONE)
        b.fold(0, self.batch, [], self._enter)
        scale, step = (self._load(self.layout.begun + k) for k in (2, 3))
        looked_at = b.ne(control.get("looked_at"), 0)
        self.checking = checking = looking.is_due(b.fabs(step)) & ~looked_at
        self._powers(step / scale)
        self.series.factors.time_scale = scale
        self.series.order_zero()
        self.series.orders()
        self.series.last_order()
        self._keep_results()
        looking.note(b.fabs(step), self._largest(self._results()), checking)
        judged, nowhere = looked_at & ~checking, b.like(checking, 0)
        (refused,) = b.if_(b.any_lane(judged), lambda: [self._judge(judged)], lambda: [nowhere])
        self._take(~(checking | refused), judged)
        self.waiting.leave_if(b.eq(control.get("status"), TOO_LONG), TOO_LONG)
        b.jump(top)
        self.waiting.turn_over(begin)
        self.series.memory.drop_unread()

    # -- what the program of a step reads ---------------------------------------------------------

    def read(self, given: Input, chunk: Chunk) -> Value:
        """Order zero of inputs, in the lanes of a chunk."""
        b, place = self.b, given.index[0]
        if given.source == "time":
            high, low = (self._load(self.layout.begun + k) for k in (0, 1))
            return time_as(b, high, low, place, self.element)
        if given.source == "jet":
            return self.coefficient(given, 0, chunk)
        if given.source == "parameter":
            value = b.load(Type(self.element), b.at(self.parameters, place, self.element))
            return b.splat(value, self.batch)
        if place >= self.options.states:  # the adjoints of f begin with zero
            return b.constant(0, self.type)
        return self._load(self.layout.begun + RECORD_HEADER + place)

    def coefficient(self, given: Input, n: Index, chunk: Chunk) -> Value:
        """Coefficient n of the adjoint at the end of the step: adjoint * tau^(p-n), or of steps
        that are looked at zero but for the last two powers.
        """
        b, power = self.b, self._load(self.order - n + self.layout.powers)
        unseen = self.checking & b.splat(n > 1, self.batch) if isinstance(n, Value) else None
        if isinstance(n, int) and n > 1:
            unseen = self.checking
        if unseen is not None:
            power = b.select(unseen, b.constant(0, power.type), power)
        return self._load(self.layout.adjoint + given.index[0]) * power

    def address(self, given: Input) -> Value:
        """Arrays are no matter of lanes."""
        raise NotImplementedError

    def number(self, given: Input, position: Index) -> Value:
        """Arrays are no matter of lanes."""
        raise NotImplementedError

    # -- a step -----------------------------------------------------------------------------------

    def _enter(self, lane: Index, _: list[Value]) -> Sequence[Value]:
        """Where the step of a lane began moves there."""
        b, own = self.b, self.control.of_lane(lane)
        count = RECORD_HEADER + self.options.states
        record = b.at(own.address("tape"), (own.get("index") - 1) * count)
        target = b.at(self._place(self.layout.begun), lane, self.element)
        self.lanes.move(self.element, count, (record, 1), (target, self.batch))
        return []

    def _powers(self, tau: Value) -> None:
        def one(n: Index, power: list[Value]) -> Sequence[Value]:
            self._store(power[0], n + self.layout.powers)
            return [power[0] * tau]

        self.b.fold(0, self.order + 1, [self.b.constant(1, tau.type)], one)

    def _keep_results(self) -> None:
        """Coefficient p of all outputs."""
        b, memory, rows = self.b, self.series.memory, self.rows
        order: Index = self.order
        if not self.options.unrolled:
            order = b.constant(self.order, Type("i64"))
        base = self._place(self.layout.results)
        for position, row in enumerate(rows.rows):
            for chunk in memory.chunks(row):
                rows.store(b, memory.coefficient(row, order, chunk), base, position, chunk)

    def _judge(self, judged: Value) -> Value:
        """Where a step that was looked at does not count: it is too long, or those before it have
        to be looked at, too.
        """
        b, looking, layout, states = self.b, self.looking, self.layout, self.options.states
        before = self._largest(self._results())
        after = self._largest(range(layout.adjoint, layout.adjoint + states))
        largest = b.select(before > after, before, after)
        ratio = over(b, self.control.get("top"), largest)
        near, short = looking.is_near(ratio), looking.is_short(ratio)
        again = judged & near & looking.unseen()

        def go_back() -> list[Value]:
            self._copy(layout.kept, layout.adjoint, again)
            looking.go_back(again)
            return []

        b.if_(b.any_lane(again), go_back)
        here = judged & ~again
        self.control.set("status", TOO_LONG, here & ~short)
        looking.confirm(near, here & short)
        return again | (here & ~short)

    def _take(self, where: Value, judged: Value) -> None:
        """The step of these lanes is gone back over: its results count."""
        b, layout, states = self.b, self.layout, self.options.states
        for number, place in enumerate(layout.outputs):
            found, old = self._load(layout.results + place), self._load(number)
            new = found if number < states else old + found
            self._store(b.select(where, new, old), number)
        kept = where & judged
        self.looking.take(judged, where)

        def keep() -> list[Value]:
            self._copy(layout.adjoint, layout.kept, kept)
            self.looking.keep(kept)
            return []

        b.if_(b.any_lane(kept), keep)

    # -- memory -----------------------------------------------------------------------------------

    def _place(self, number: Index) -> Value:
        return self.b.at(self.adjoints, number * self.batch, self.element)

    def _load(self, number: Index) -> Value:
        return self.b.load(self.type, self._place(number))

    def _store(self, value: Value, number: Index) -> None:
        self.b.store(value, self._place(number))

    def _copy(self, source: int, target: int, where: Value) -> None:
        """All that goes on from step to step, where a condition holds."""

        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            new, old = self._load(i + source), self._load(i + target)
            self._store(self.b.select(where, new, old), i + target)
            return []

        self.b.fold(0, len(self.layout.outputs), [], one)

    def _results(self) -> list[int]:
        """Where the adjoints of states are among the results."""
        states = self.layout.outputs[: self.options.states]
        return [self.layout.results + place for place in states]

    def _largest(self, places: Sequence[int]) -> Value:
        """Of these numbers; what is no number counts as infinite."""
        value = self.b.constant(0, self.type)
        for place in places:
            size = self.b.fabs(self._load(place))
            value = self.b.select(size <= value, value, size)
        return value
