"""The step loop of many trajectories as machine code, one in each lane.

All lanes go through `step_loop` together, each with a time, step, scale, norm and grid of its own.
A lane whose trajectory has ended takes the next row of a queue, which threads may share; when none
is left, it repeats another lane until that ends, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ensembles.lanes import ROW_FIELDS, ROW_VECTORS, LaneArray, LaneGrids, Lanes
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.codes import INTERRUPTED, RUNNING
from taylor_runtime.program.flow import LinearProgram, verify_linear
from taylor_runtime.program.program import Program
from taylor_runtime.program.verify import verify
from taylor_runtime.series.emitter import series_of_numbers
from taylor_runtime.series.protocol import SeriesMaker
from taylor_runtime.steps.control import Control
from taylor_runtime.steps.loop import StepArrays, StepLoop, StepperOptions
from taylor_runtime.steps.records import record_length
from taylor_runtime.steps.states import VECTORS, StateRows

PROPAGATE_BATCH = "taylor.propagate_batch"
NOWHERE = -1  # row of a lane without work
SHARED = ("stop", "queue", "blocks", "row_states", "row_parameters")  # by the lanes, and threads
OWN = ("control", "states", "parameters", "work", "records", "tolerances")


def batch_module(program: Program, options: StepperOptions, batch: int) -> str:
    """IR text of `i64 taylor.propagate_batch(stop, queue, blocks, row_states, row_parameters,
    control, states, parameters, work, records, tolerances)`.

    stop: an i64; as soon as it is not 0, trajectories end where they are.
    queue: two i64, the next row and how many there are.
    blocks (`control.ROW`), row_states ([state, rounding errors] in the order of the program's
    outputs) and row_parameters have an item for each row, whose status must be RUNNING.
    All others are the memory of the lanes.  The program is not packed.

    Returns 0 when the queue is empty and all lanes are done.
    """
    if isinstance(program, LinearProgram):
        verify_linear(program)
    else:
        verify(program)
    module = Module()
    parameters = [("ptr", name) for name in SHARED] + [("ptr noalias", name) for name in OWN]
    with define_function(module, PROPAGATE_BATCH, "i64", parameters, "nounwind") as (b, arguments):
        rows, own = arguments[: len(SHARED)], arguments[len(SHARED) :]
        _BatchLoop(b, program, options, batch, rows, own).emit()
    return module.text()


def batch_record_length(order: int, rows: StateRows) -> int:
    """Doubles that the records of a batch take, with room to look at a single one."""
    size = rows.size // rows.batch
    single = StateRows((), (), (), (), size, rows.element)
    return record_length(order, rows) + record_length(order, single) + size


class _BatchLoop(StepLoop):
    def __init__(
        self,
        b: Builder,
        program: Program,
        options: StepperOptions,
        batch: int,
        rows: Sequence[Value],
        own: Sequence[Value],
    ) -> None:
        self.stop, self.queue, blocks, row_states, row_parameters = rows
        pointer, states, parameters, work, records, tolerances = own
        control = Control(b, pointer, batch)
        arrays = StepArrays(states, parameters, work, records, records, tolerances)
        series: SeriesMaker = series_of_numbers
        if isinstance(program, LinearProgram):
            from taylor_runtime.linear.emitter import series_of_linear

            series = series_of_linear
        super().__init__(b, program, options, control, arrays, batch, series)
        size, kind = self.rows.size // batch, self.element
        slots = program.slots("parameter")
        moved = [
            LaneArray(pointer, ROW_FIELDS, "i64", blocks, ROW_FIELDS),
            LaneArray(self.state, VECTORS * size, kind, row_states, ROW_VECTORS * size),
            LaneArray(self.parameters, slots, kind, row_parameters, slots),
        ]
        if self.norms.weight_memory is not None:
            moved.append(LaneArray(self.norms.weight_memory, size, "double"))
        self.lanes = Lanes(b, batch, moved)
        self.grids = LaneGrids(self.lanes, control, self.rows, self.order)
        self.turnover = b.fresh_label("turnover")

    def emit(self) -> None:
        """All lanes begin empty."""
        self.control.set("row", NOWHERE)
        self.control.set("status", INTERRUPTED)
        self.b.jump(self.turnover)
        super().emit()
        self._turn_over()

    def _leave_if(self, condition: Value, status: int) -> None:
        b = self.b
        leave, stay = b.fresh_label("leave"), b.fresh_label("stay")
        b.branch(b.any_lane(condition), leave, stay)
        b.label(leave)
        self.control.set("status", status, condition)
        b.jump(self.turnover)
        b.label(stay)

    def _accept(self, accepted: Value) -> None:
        self._count(accepted)
        self._leave_at_limit(accepted)
        b = self.b
        asked = b.splat(b.ne(b.load_shared(self.stop), 0), self.batch)
        self._leave_if(accepted & asked & b.ne(self.time.remaining(), 0), INTERRUPTED)

    def _keep(self, accepted: Value) -> None:
        b, control = self.b, self.control
        wanted = accepted & self.grids.covered() & (control.get("row") >= 0)

        def lane_by_lane() -> list[Value]:
            flags = b.alloca("i64", self.batch)
            b.store(b.cast("zext", wanted, "i64"), flags)

            def one(lane: Index, _: list[Value]) -> Sequence[Value]:
                flag = b.load(I64, b.at(flags, lane, "i64"))
                b.if_(b.ne(flag, 0), lambda: self._fill(lane))
                return []

            b.fold(0, self.batch, [], one)
            return []

        b.if_(b.any_lane(wanted), lane_by_lane)

    def _fill(self, lane: Index) -> list[Value]:
        self.grids.fill(self.recorder.current(), self.state, lane)
        return []

    # -- rows in and out ------------------------------------------------------------------------

    def _turn_over(self) -> None:
        """Results are stored, lanes filled again; where no row is left, with copies."""
        b = self.b
        b.label(self.turnover)

        def replace(lane: Index, _: list[Value]) -> Sequence[Value]:
            own = self.control.of_lane(lane)
            b.if_(b.ne(own.get("status"), RUNNING), lambda: self._replace(own, lane))
            return []

        b.fold(0, self.batch, [], replace)

        def find(lane: Index, carried: list[Value]) -> Sequence[Value]:
            busy = self.control.of_lane(lane).get("row") >= 0
            return [b.select(busy, b.like(carried[0], lane), carried[0])]

        (model,) = b.fold(0, self.batch, [b.constant(NOWHERE, I64)], find)
        finished, going = b.fresh_label("finished"), b.fresh_label("going")
        b.branch(model < 0, finished, going)
        b.label(finished)
        b.ret(b.constant(0, I64))
        b.label(going)

        def idle(lane: Index, _: list[Value]) -> Sequence[Value]:
            own = self.control.of_lane(lane)
            b.if_(b.ne(own.get("status"), RUNNING), lambda: self._repeat(own, model, lane))
            return []

        b.fold(0, self.batch, [], idle)
        b.jump(self.begin)

    def _replace(self, own: Control, lane: Index) -> list[Value]:
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
            self.grids.look(own)
            return []

        b.if_(open_ & (row < b.load(I64, b.at(self.queue, 1, "i64"))), load)
        return []

    def _repeat(self, own: Control, model: Value, lane: Index) -> list[Value]:
        """A lane without work does what another one does, for nobody."""
        self.lanes.copy(model, lane)
        own.set("row", NOWHERE)
        return []
