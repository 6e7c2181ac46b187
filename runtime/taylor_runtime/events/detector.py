"""Events of one step as machine code: `taylor.detect`, called by the step loop.

Event functions are expanded along the step's own Taylor polynomials, apart from the differential
equation: a trajectory is the same to the last bit with and without events that change nothing, and
events come and go without compiling the step loop again.  Most steps end after a bound of the
series has shown that no event is near.  The others go through `walk`: pieces of the step on which
the event functions' own series converge (the state's polynomials are expanded about each piece's
start), `taylor.scan` on each, roots in order of time, records, and the step cut short where one of
them stops, switches or changes something.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from taylor_runtime.control import RECORD_HEADER, Control, Fields
from taylor_runtime.events.block import EVENT_BLOCK, Areas, DetectorOptions
from taylor_runtime.events.frame import Watch
from taylor_runtime.events.series import SeriesFunctions, call
from taylor_runtime.events.walk import ARGUMENTS, emit_walk
from taylor_runtime.horner import evaluate
from taylor_runtime.ir import I64, Builder, Index, Module, Value
from taylor_runtime.layout import Chunk, chunks
from taylor_runtime.program import Program
from taylor_runtime.states import VECTORS, StateRows, plane_length
from taylor_runtime.verify import verify

DETECT = "taylor.detect"
SLACK = 1 + 2.0**-30  # of bounds, for their own rounding
TAIL = 4.0  # what follows the last two terms of a series that converges, in those terms
NEAR = 2.0**-30  # of |g|: a change that is rounding at most


def detector_module(program: Program, noise: Program, options: DetectorOptions) -> str:
    """IR text of `i64 taylor.detect(control, block, state, error, record, parameters)`.

    program: outputs are the event functions, inputs of source "jet" the states.
    noise:   of order 0 and in double: the rounding error of each at order zero, in units.

    Returns 0, or one of the statuses of `control`.
    """
    verify(program)
    verify(noise)
    module = Module()
    SeriesFunctions(module, program, noise, options).emit()
    emit_walk(module, Watch(program, options))
    parameters = [("ptr", name) for name in ARGUMENTS]
    with module.function(DETECT, "i64", parameters, "nounwind") as (b, arguments):
        _FastWay(b, program, options, arguments).emit()
    return module.text()


class _FastWay:
    def __init__(
        self, b: Builder, program: Program, options: DetectorOptions, arguments: Sequence[Value]
    ) -> None:
        self.b = b
        self.program = program
        self.options = options
        self.arguments = arguments
        self.element = options.element
        self.outputs = StateRows.of(program, self.element)
        self.areas = Areas.of(program, options)
        self.nonlinear = not all(options.linear)

    def emit(self) -> None:
        b = self.b
        control_at, block_at, state, _, record, parameters = self.arguments
        control, block = Control(b, control_at), Fields(b, block_at, EVENT_BLOCK)
        area = partial(self.areas.at, b, block.address("areas"))
        look, slow, quiet = (b.fresh_label(stem) for stem in ("look", "slow", "quiet"))
        b.branch(b.eq(block.get("resumed"), 0), look, slow)
        b.label(look)
        size = self.options.states.size
        scale = control.get("step_scale")
        start = [control.get(name) for name in ("previous_time", "previous_time_low")]
        body, plane = b.at(record, RECORD_HEADER), (self.program.order + 1) * size
        work, series = area("work"), area("series")
        call(b, "expand", body, plane, parameters, work, series, *start, scale)
        if self.nonlinear:
            now = [control.get(name) for name in ("time", "time_low")]
            plane = plane_length(VECTORS * size)
            call(b, "heads", state, plane, parameters, work, area("ends"), *now)
        b.branch(self._loud(area, control.get("step") / scale), slow, quiet)
        b.label(quiet)
        b.ret(b.constant(0, I64))
        b.label(slow)
        b.ret(b.call(I64, "walk", *self.arguments))

    def _loud(self, area: partial[Value], tau: Value) -> Value:
        """Whether an event may have a root: |g_0| does not exceed what the series adds to it."""
        b = self.b
        series = b.planes(
            area("series"), (self.program.order + 1) * self.outputs.size, self.element
        )
        ends = b.planes(area("ends"), self.outputs.size, self.element)
        x = b.fabs(tau)
        loud: Value | None = None
        for first, row in zip(self.outputs.starts, self.outputs.rows, strict=True):
            for chunk in chunks(self.program.rows[row].width):
                place = first + int(str(chunk.offset))
                if not any(self._watched(place, chunk)):
                    continue
                found = self._loud_chunk(series, ends, place, chunk, b.splat(x, chunk.lanes))
                if chunk.lanes and not all(self._watched(place, chunk)):
                    found = found & b.constants(self._watched(place, chunk), "i1")
                some = b.any_lane(found)
                loud = some if loud is None else loud | some
        assert loud is not None
        return loud

    def _watched(self, place: int, chunk: Chunk) -> list[bool]:
        """Which lanes are events: rows of states have others, too."""
        return [place + lane in self.outputs.slots for lane in range(max(chunk.lanes, 1))]

    def _loud_chunk(self, series: Value, ends: Value, place: int, chunk: Chunk, x: Value) -> Value:
        b, order, t = self.b, self.program.order, chunk.type(self.element)

        def coefficient(n: Index) -> Value:
            at = b.at(series, n * self.outputs.size + place, self.element)
            return b.to_double(b.load(t, at))

        def size(n: Index) -> Value:
            return b.fabs(coefficient(n))

        bound = evaluate(b, size, 1, order, x, unroll=order <= 40) * x * SLACK
        head = coefficient(0)
        side = b.load(head.type, self._sides(place))
        if not self.nonlinear:
            return ~(side * head > bound)
        power = x
        for _ in range(order - 2):
            power = power * x
        tail = b.fma(size(order), x, size(order - 1)) * power
        end = b.to_double(b.load(t, b.at(ends, place, self.element)))
        changed = b.fabs(end - head)
        good = (side * head > b.fma(tail, TAIL, bound)) & (side * end > 0)
        return ~(good & (changed <= b.fma(b.fabs(head), NEAR, bound)))

    def _sides(self, place: int) -> Value:
        block = Fields(self.b, self.arguments[1], EVENT_BLOCK)
        return self.areas.at(self.b, block.address("areas"), "sides", place)
