"""Events of one step as machine code: `taylor.detect`, called by the step loop.

Event functions are expanded along the step's own Taylor polynomials, apart from the differential
equation: a trajectory is the same to the last bit with and without events that change nothing, and
events come and go without compiling the step loop again.  Most steps end here: how far every state
moves bounds how far every event function does, and none comes near zero.  The others go through
`walk`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.events.block import EVENT_BLOCK, Areas, DetectorOptions
from taylor_runtime.events.combine import emit_signs
from taylor_runtime.events.frame import Watch
from taylor_runtime.events.series import UNROLLED, SeriesFunctions
from taylor_runtime.events.walk import ARGUMENTS, emit_walk
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.entries import make_replaceable
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.codes import EVENTS_FULL
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.verify import verify
from taylor_runtime.series.emitter import SeriesEmitter
from taylor_runtime.series.horner import evaluate
from taylor_runtime.series.memory import Rendering
from taylor_runtime.steps.control import RECORD_HEADER, Control

DETECT = "taylor.detect"
SLACK = 1 + 2.0**-30  # of bounds, for their own rounding
NEAR = 2.0**-40  # of the middle of an enclosure: its rounding


def detector_module(
    program: Program,
    noise: Program,
    enclosures: Program,
    formulas: Program | None,
    options: DetectorOptions,
    replaceable: bool = False,
) -> str:
    """IR text of `i64 taylor.detect(control, block, state, error, record, parameters)`.

    program:    outputs are the event functions, inputs of source "jet" the states.
    noise:      of order 0 and in double: the rounding error of each at order zero, in units.
    enclosures: likewise: middle and radius of each along the step.  Slots of source "radius" are,
                for every state, the next terms of its polynomial on [0, 1] and a bound of the
                others; then the step.
    formulas:   likewise: the signs of combined functions; slots of source "sign" are their parts.

    replaceable: other code can take the place of this (`ir.entries`).

    Returns 0, or one of the statuses of `control`.
    """
    for one in (program, noise, enclosures, formulas):
        if one is not None:
            verify(one)
    module = Module(quick=replaceable)
    functions = SeriesFunctions(module, program, noise, options)
    functions.emit()
    if formulas is not None:
        emit_signs(module, functions, formulas)
    emit_walk(module, Watch(program, options))
    parameters = [("ptr", name) for name in ARGUMENTS]
    with define_function(module, DETECT, "i64", parameters, "nounwind") as (b, arguments):
        _FastWay(b, functions, enclosures, arguments).emit()
    if replaceable:
        make_replaceable(module, DETECT, "i64", parameters)
    return module.text()


class _FastWay:
    def __init__(
        self,
        b: Builder,
        functions: SeriesFunctions,
        enclosures: Program,
        arguments: Sequence[Value],
    ) -> None:
        self.b = b
        self.functions = functions
        self.enclosures = enclosures
        self.arguments = arguments
        self.order = functions.program.order
        self.states = functions.states
        self.areas = Areas.of(functions.program, functions.options)
        # Terms of a state besides the first, before what is left of it.
        numbers = enclosures.slots("radius") - 1
        self.terms = numbers // len(self.states.slots) - 1
        self._motions: dict[tuple[int, int], Value] = {}  # by place

    def emit(self) -> None:
        b = self.b
        if not self.functions.options.calls_python:
            self._emit(b.ret)
            return

        def unless_raised(status: Value) -> None:
            raised = Control(b, self.arguments[0]).shared("raised")
            b.ret(b.select(b.ne(raised, 0), b.constant(EVENTS_FULL, I64), status))

        self._emit(unless_raised)

    def _emit(self, leave: Callable[[Value], None]) -> None:
        b = self.b
        block = Fields(b, self.arguments[1], EVENT_BLOCK)
        look, slow, quiet = (b.fresh_label(stem) for stem in ("look", "slow", "quiet"))
        b.branch(b.eq(block.get("resumed"), 0), look, slow)
        b.label(look)
        b.branch(self._loud(block), slow, quiet)
        b.label(quiet)
        leave(b.constant(0, I64))
        b.label(slow)
        leave(b.call(I64, "walk", *self.arguments))

    def _loud(self, block: Fields) -> Value:
        """Whether an event may have a zero, or its sign is not known."""
        b = self.b
        control = Control(b, self.arguments[0])
        record, parameters = self.arguments[4:]
        body = b.at(record, RECORD_HEADER)
        self.body = b.planes(body, (self.order + 1) * self.states.size, self.states.element)
        self.h = b.fabs(control.get("step"))
        self.tau = control.get("step") / control.get("step_scale")
        times = [control.get(name) for name in ("previous_time", "previous_time_low")]
        reader = self.functions.reader(b, self.body, parameters, times, "double")

        def read(given: Input, chunk: Chunk) -> Value:
            if given.source == "radius":
                return self._motion(given.index[0])
            return reader(given, chunk)

        series = SeriesEmitter(b, self.enclosures, Rendering("double", unrolled=True), None, read)
        series.constant_rows()
        series.order_zero()
        sides = block.address("areas")
        loud: Value | None = None
        found = [series.memory.head(row, Chunk(0, 0)) for row, _ in self.enclosures.outputs]
        for event, (middle, radius) in enumerate(zip(found[::2], found[1::2], strict=True)):
            side = b.load(F64, self.areas.at(b, sides, "sides", event))
            room = b.fma(b.fabs(middle), NEAR, radius * SLACK)
            near = ~(side * middle > room)
            loud = near if loud is None else loud | near
        assert loud is not None
        return loud

    def _motion(self, slot: int) -> Value:
        """A number of how a state moves: its terms 1 .. and what is left; the last slot is time."""
        state, k = divmod(slot, self.terms + 1)
        if state == len(self.states.slots):
            return self.h
        where = self.states.slot(state)
        if (where, k) not in self._motions:
            self._find_motions(where)
        return self._motions[where, k]

    def _find_motions(self, slot: int) -> None:
        """Of the places beside it as well: they are loaded together."""
        b, element, size = self.b, self.states.element, self.states.size
        lanes = 4 if slot // 4 * 4 + 4 <= size else 0
        first = slot // 4 * 4 if lanes else slot
        t = Type(element, lanes)

        def coefficient(n: Index) -> Value:
            place = b.at(b.at(self.body, first, element), n * size, element)
            return b.to_double(b.load(t, place))

        x, rest = b.splat(self.tau, lanes), self.terms + 1
        found, power = [], x
        for k in range(1, rest):
            found.append(coefficient(k) * power)
            power = power * x
        unroll = self.order <= UNROLLED
        left = evaluate(b, lambda n: b.fabs(coefficient(n)), rest, self.order, b.fabs(x), unroll)
        found.append(left * b.fabs(power))
        for k, value in enumerate(found):
            for lane in range(max(lanes, 1)):
                self._motions[first + lane, k] = b.extract(value, lane) if lanes else value
