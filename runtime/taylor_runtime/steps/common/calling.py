"""The quick step loop of one trajectory: its series, and calls of what all steps have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.types import F64, I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.series.ends import CalledSums, declare_sums
from taylor_runtime.series.layout import Layout
from taylor_runtime.series.memory import RowMemory
from taylor_runtime.steps.common.functions import (
    AGAIN,
    BEGIN,
    CHECK,
    CHOOSE,
    FRAME,
    GO_ON,
    MEASURE,
    RECORD,
    RESUME,
    VECTORS_OF_SCRATCH,
    scratch_plane,
)
from taylor_runtime.steps.common.rules import StepperOptions
from taylor_runtime.steps.control import Control
from taylor_runtime.steps.loop import SingleLoop, StepArrays
from taylor_runtime.steps.progress import window_of
from taylor_runtime.steps.records import record_length
from taylor_runtime.steps.states import VECTORS, StateRows, plane_length

SLOPES, TOP, BELOW = range(VECTORS_OF_SCRATCH)


@dataclass(frozen=True, slots=True)
class Room:
    """Where the functions' memory is in that of the coefficients, in numbers."""

    scratch: int
    weights: int
    size: int

    @classmethod
    def of(cls, program: Program, rows: StateRows) -> Room:
        """It lies behind the coefficients."""
        scratch = plane_length(Layout.of(program).size)
        weights = scratch + scratch_plane(rows.size)
        return cls(scratch, weights, weights + -(-8 * rows.size // ELEMENTS[rows.element].bytes))


class CallingLoop(SingleLoop):
    """Of a program whose coefficients are numbers."""

    def __init__(
        self,
        b: Builder,
        program: Program,
        options: StepperOptions,
        control: Control,
        arrays: StepArrays,
    ) -> None:
        super().__init__(b, program, options, control, arrays)
        rows, element, kind = self.rows, self.element, ELEMENTS[self.element]
        room, work = Room.of(program, rows), arrays.work
        scratch = b.at(work, kind.parts * room.scratch, kind.part)
        weights = b.at(work, kind.parts * room.weights, kind.part)
        if options.weighted:
            self.norms.weight_memory = weights
        plane = scratch_plane(rows.size)
        self._scratch = b.planes(scratch, plane, element)
        self.frame = Fields(b, b.alloca("i64", len(FRAME.names or ())), FRAME)
        told: dict[str, Value | int] = {
            "states": arrays.states,
            "parameters": arrays.parameters,
            "records": arrays.records,
            "grid": arrays.grid,
            "tolerances": arrays.tolerances,
            "scratch": scratch,
            "weights": weights,
            "size": rows.size,
            "plane": plane_length(VECTORS * rows.size),
            "scratch_plane": plane,
            "length": record_length(program.order, rows, options.taped),
            "order": program.order,
            "window": window_of(options.log2_safety),
            "log2_safety": b.constant(options.log2_safety, F64),
        }
        for name, value in told.items():
            self.frame.set(name, value)

    # -- what functions do --------------------------------------------------------------------

    def resume(self) -> None:
        self._call(RESUME)

    def check(self) -> None:
        b = self.b
        slopes, h = self.rows.load_all(b, self.slopes[0]), b.fabs(self.control.get("step"))
        defect = self.norms.defect(slopes, self.vectors.slope, self.scale, h)
        self.frame.set("defect", defect)  # of a step that is to be checked, if there is one
        self._call_and_follow(CHECK)

    def _make_step(self) -> None:
        b = self.b
        for place, n in ((TOP, self.order), (BELOW, self.order - 1)):
            self._put(place, partial(self._coefficient, n))
        self._record(b.eq(self._call_and_follow(MEASURE), RECORD))
        self._call_and_follow(CHOOSE)
        tau = b.at(self._scratch, VECTORS_OF_SCRATCH * self.rows.size, self.element)
        self._evaluate(b.load(Type(self.element), tau))

    def _slopes(self) -> list[Value]:
        return self._put(SLOPES, self._first_coefficient)

    def _coefficient(self, n: Index, row: int, chunk: Chunk) -> Value:
        return self.series.memory.coefficient(row, n, chunk)

    def _put(self, which: int, make: Callable[[int, Chunk], Value]) -> list[Value]:
        """A state-shaped value where the functions look for it."""
        b, rows = self.b, self.rows
        target = b.at(self._scratch, which * rows.size, self.element)

        def one(position: int, row: int, chunk: Chunk) -> None:
            rows.store(b, b.normal(make(row, chunk)), target, position, chunk)

        rows.each(self.series, one)
        return [target]

    def _call(self, name: str) -> Value:
        """What a function says is next."""
        b = self.b
        b.module.declare(name, f"declare i64 @{name}(ptr, ptr) nounwind")
        return b.call(I64, name, self.control.pointer, self.frame.pointer)

    def _call_and_follow(self, name: str) -> Value:
        """The same where it is to go on."""
        b, found = self.b, self._call(name)
        on, odd, anew, leave = (b.fresh_label(stem) for stem in ("on", "odd", "anew", "leave"))
        b.branch(found <= max(RECORD, GO_ON), on, odd)
        b.label(odd)
        b.branch(b.eq(found, AGAIN), self.top, anew)
        b.label(anew)
        b.branch(b.eq(found, BEGIN), self.begin, leave)
        b.label(leave)
        b.ret(found)
        b.label(on)
        return found

    def _sums(self, tau: Value) -> CalledSums:
        memory = self.series.memory
        assert isinstance(memory, RowMemory)
        return _CommonSums(memory, tau)


class _CommonSums(CalledSums):
    """By functions in another text."""

    def is_taken(self, row: int) -> bool:
        layout = self.memory.layout
        partly = self.memory.program.rows[row].constant or layout.ring[row]
        return layout.stride[row] > 0 and not partly

    def provide(self, lanes: int) -> None:
        declare_sums(self.b.module, self.element, lanes)
