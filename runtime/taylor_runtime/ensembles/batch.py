"""The step loop of many trajectories as machine code, one in each lane.

All lanes go through `step_loop` together, each with a time, step, scale, norm and grid of its own.
Rows wait in a queue (`queue.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.ensembles.lanes import ROW_FIELDS, ROW_VECTORS, LaneArray, LaneGrids, Lanes
from taylor_runtime.ensembles.queue import LaneQueue
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.codes import INTERRUPTED
from taylor_runtime.program.flow import LinearProgram, verify_linear
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Program
from taylor_runtime.program.verify import verify
from taylor_runtime.series.emitter import series_of_numbers
from taylor_runtime.series.protocol import SeriesMaker
from taylor_runtime.steps.common.rules import StepperOptions
from taylor_runtime.steps.control import RECORD_HEADER, Control
from taylor_runtime.steps.loop import StepArrays, StepLoop
from taylor_runtime.steps.records import record_length
from taylor_runtime.steps.states import VECTORS, StateRows

PROPAGATE_BATCH = "taylor.propagate_batch"
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
        self.stop, queue, blocks, row_states, row_parameters = rows
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
        self.grids = grids = LaneGrids(self.lanes, control, self.rows, program.order)
        self.waiting = LaneQueue(self.lanes, control, self.stop, queue, grids.look)

    def emit(self) -> None:
        """All lanes begin empty."""
        self.waiting.begin()
        super().emit()
        self.waiting.turn_over(self.begin)

    def _leave_if(self, condition: Value, status: int) -> None:
        self.waiting.leave_if(condition, status)

    def _accept(self, accepted: Value) -> None:
        self._count(accepted)
        self._leave_at_limit(accepted)
        b = self.b
        asked = b.splat(b.ne(b.load_shared(self.stop), 0), self.batch)
        self._leave_if(accepted & asked & b.ne(self.time.remaining(), 0), INTERRUPTED)

    def _keep(self, accepted: Value) -> None:
        b, control = self.b, self.control
        own = accepted & (control.get("row") >= 0)
        self._each_lane(own & b.ne(control.get("tape"), 0), self._write)
        self._each_lane(own & self.grids.covered(), self._fill)

    def _each_lane(self, wanted: Value, body: Callable[[Index], None]) -> None:
        """body(lane) for the lanes that are wanted."""
        b = self.b

        def lane_by_lane() -> list[Value]:
            flags = b.alloca("i64", self.batch)
            b.store(b.cast("zext", wanted, "i64"), flags)

            def inside(lane: Index) -> list[Value]:
                body(lane)
                return []

            def one(lane: Index, _: list[Value]) -> Sequence[Value]:
                flag = b.load(I64, b.at(flags, lane, "i64"))
                b.if_(b.ne(flag, 0), partial(inside, lane))
                return []

            b.fold(0, self.batch, [], one)
            return []

        b.if_(b.any_lane(wanted), lane_by_lane)

    def _write(self, lane: Index) -> None:
        """Where the step of a lane began, behind those before it on its tape: [time, time_low,
        scale, step], state.
        """
        b, own, kind = self.b, self.control.of_lane(lane), self.element
        count = self.rows.size // self.batch
        length = RECORD_HEADER + -(-count * ELEMENTS[kind].bytes // 8)
        record = b.at(own.address("tape"), own.get("steps") * length)
        for k, name in enumerate(("previous_time", "previous_time_low", "step_scale", "step")):
            b.store(own.get(name), b.at(record, k))
        target = b.at(record, RECORD_HEADER)
        self.lanes.move(
            kind, count, (b.at(self.vectors.before, lane, kind), self.batch), (target, 1)
        )

    def _fill(self, lane: Index) -> None:
        self.grids.fill(self.recorder.current(), self.state, lane)
