"""What all parts of the walk through a step share: the step, the events, and their memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.events.block import (
    EVENT_BLOCK,
    EVENT_TABLE,
    ROOT_FIELDS,
    Areas,
    DetectorOptions,
)
from taylor_runtime.events.roots import EVENT_MEMORY
from taylor_runtime.events.series import call
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.types import F64, I64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import DOUBLE, ELEMENTS, Kind
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.steps.control import RECORD_HEADER, Control
from taylor_runtime.steps.states import VECTORS, StateRows, plane_length

UNITS = 8.0  # of rounding that a value of g may be off by, for each unit of its terms
CONVERGED = 8.0  # units of rounding of the sum: the last two terms of a good enough series


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched: event functions as a program, along states of a stepper."""

    program: Program
    options: DetectorOptions

    @property
    def element(self) -> str:
        return self.options.element

    @property
    def kind(self) -> Kind:
        return ELEMENTS[self.element]

    @property
    def order(self) -> int:
        return self.program.order

    @property
    def states(self) -> StateRows:
        return self.options.states

    @property
    def outputs(self) -> StateRows:
        return StateRows.of(self.program, self.element)

    @property
    def areas(self) -> Areas:
        return Areas.of(self.program, self.options)

    @property
    def count(self) -> int:
        """Events."""
        return len(self.program.outputs)

    @property
    def combined(self) -> int:
        """Functions that are put together from event functions; their numbers follow those."""
        return len(self.options.combined)

    @property
    def is_rough(self) -> bool:
        """Whether series may not represent some event function."""
        return any(self.options.rough)

    @property
    def unit(self) -> float:
        """Rounding error of g for each unit of its terms; signs are looked at in double."""
        return UNITS * max(self.kind.rounding, DOUBLE.rounding)

    @property
    def converged(self) -> float:
        """What the last terms of a series may be, as a part of the sum of all."""
        return CONVERGED * self.kind.rounding


class Frame:
    """The arguments of `walk`, and what everybody reads from them."""

    def __init__(self, watch: Watch, b: Builder, arguments: Sequence[Value]) -> None:
        self.watch = watch
        self.b = b
        self.arguments = arguments
        control, block, state, error, record, self.parameters = arguments
        plane = plane_length(VECTORS * watch.states.size)
        self.state, self.error = (b.planes(x, plane, watch.element) for x in (state, error))
        self.control, self.block = Control(b, control), Fields(b, block, EVENT_BLOCK)
        self.body = b.at(record, RECORD_HEADER)
        self.base = self.block.address("areas")
        self.scale = self.control.get("step_scale")
        self.end = self.control.get("step") / self.scale
        self.start = [self.control.get(name) for name in ("previous_time", "previous_time_low")]
        self.area: Callable[..., Value] = partial(watch.areas.at, b, self.base)
        self.full_plane = (watch.order + 1) * watch.states.size


class Part:
    """A part of the walk: has all that its frame has."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.watch, self.b = frame.watch, frame.b
        self.control, self.block, self.parameters = frame.control, frame.block, frame.parameters
        self.state, self.error, self.body = frame.state, frame.error, frame.body
        self.scale, self.start, self.end = frame.scale, frame.start, frame.end
        self.area, self.full_plane = frame.area, frame.full_plane

    def time_at(self, tau: Value) -> tuple[Value, Value]:
        """start + tau scale, in double-double."""
        high, low = self.start
        h = tau * self.scale  # exact: a power of two
        total = high + h
        kept = total - high
        error = (high - (total - kept)) + (h - kept) + low
        result = total + error
        return result, error - (result - total)

    def each_event(
        self, carried: Sequence[Value], body: Callable[[Value, list[Value]], Sequence[Value]]
    ) -> list[Value]:
        def one(event: Index, values: list[Value]) -> Sequence[Value]:
            assert isinstance(event, Value)
            return body(event, values)

        return self.b.fold(0, self.watch.count, carried, one)

    def memory(self, name: str, event: Value) -> Fields:
        return Fields(self.b, self.area(name, event * (EVENT_MEMORY.itemsize // 8)), EVENT_MEMORY)

    def table(self, event: Value) -> Fields:
        return Fields(self.b, self.area("table", event * (EVENT_TABLE.itemsize // 8)), EVENT_TABLE)

    def place(self, event: Value) -> Value:
        """Where an event's value is among the outputs."""
        table = self.b.table(self.watch.outputs.slots, "i64")
        return self.b.load(I64, self.b.at(table, event, "i64"))

    def root(self, index: Value, field: int) -> Value:
        return self.area("roots", index * ROOT_FIELDS + field)

    def copy(self, source: str, target: str) -> None:
        total = self.watch.count + self.watch.combined
        b, count = self.b, total * (EVENT_MEMORY.itemsize // 8)

        def one(i: Index, _: list[Value]) -> list[Value]:
            b.store(b.load(F64, b.at(self.area(source), i)), b.at(self.area(target), i))
            return []

        b.fold(0, count, [], one)

    def state_at(self, tau: Value, low: Value, target: Value) -> None:
        """Put the states at tau + low where `target`, an address of numbers of the kind, is."""
        call(self.b, "state_at", self.body, tau, low, *target.parts)
