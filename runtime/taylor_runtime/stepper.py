"""The loop over integration steps as machine code.

A step is made (`_make_step`), and checked at the top of the next turn (`_check_step`), when the
true right-hand side at its end has been evaluated anyway: the defect P'(h) - f(P(h)) says whether
the series represented the solution. Only a checked step is counted, recorded, and shown to anybody.
Step sizes follow Jorba & Zou, Exp. Math. 14 (2005) 99, section 3.2, with the scale N = max(|x|, |h
x'|) instead of max(1, |x|), so that a problem may be small.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from taylor_runtime.control import (
    EVENT_ASKED,
    EVENT_CUT,
    EVENT_STOP,
    EVENTS_FULL,
    NON_FINITE,
    REACHED,
    RECORDS_FULL,
    SLIDING,
    STEP_UNDERFLOW,
    STEPS_DONE,
    SWITCHED,
    Control,
)
from taylor_runtime.emit import SeriesEmitter
from taylor_runtime.estimate import power_of_two
from taylor_runtime.ir import ELEMENTS, I64, Builder, Index, Module, Value
from taylor_runtime.layout import Chunk
from taylor_runtime.norms import StateNorms
from taylor_runtime.program import Input, Program
from taylor_runtime.records import Recorder
from taylor_runtime.rows import Rendering
from taylor_runtime.states import VECTORS, StateRows, plane_length, time_as
from taylor_runtime.step_end import StepEnd
from taylor_runtime.step_time import LARGEST, StepTime
from taylor_runtime.stepsize import TRIAL, Point, StepSize
from taylor_runtime.verify import verify

PROPAGATE = "taylor.propagate"
RESCALINGS = 40  # tries with a time scale 2^-20 smaller before a state counts as singular
RESCALE = 2.0**-20
NOTHING = 2.0**-900  # a defect that is nothing even to a state that is zero so far
HOPELESS = 2.0**-50  # of the step by the series: where that overflows, the state has run off


@dataclass(frozen=True, slots=True)
class StepperOptions:
    """What the front end decides about the step loop.

    log2_safety:       log2 of h / rho, e.g. of exp(-2 - 0.7 / (p - 1)).
    weighted:          per-component tolerances (weights are read from the tolerance array) instead
                       of one norm.
    compensated:       carry the rounding error of the state across steps.
    precision:         the kind of number of the state and its coefficients.
    polynomial:        its solution is a polynomial: vanishing coefficients bound nothing.
    """

    log2_safety: float
    weighted: bool = False
    compensated: bool = False
    polynomial: bool = False
    unrolled: bool = False
    precision: str = "float64"

    @property
    def element(self) -> str:
        return ELEMENTS[self.precision]


def stepper_module(program: Program, options: StepperOptions) -> str:
    """IR text of `i64 taylor.propagate(control, states, parameters, work, records, grid,
    tolerances)`.

    states: [current, rounding errors, previous, previous errors, slope], each `StateRows.size`
    numbers of the kind; states, parameters and work hold the high parts of double-doubles first.
    records: see `records.Recorder`; grid: times, then room for the states at them.
    """
    verify(program)
    module = Module()
    parameters = [
        ("ptr noalias", name)
        for name in ("control", "states", "parameters", "work", "records", "grid", "tolerances")
    ]
    with module.function(PROPAGATE, "i64", parameters, "nounwind") as (b, arguments):
        _StepLoop(b, program, options, arguments).emit()
    return module.text()


class _StepLoop:
    def __init__(
        self, b: Builder, program: Program, options: StepperOptions, arguments: Sequence[Value]
    ) -> None:
        control, states, parameters, work, records, grid, tolerances = arguments
        self.b = b
        self.options = options
        self.program = program
        self.order = program.order
        self.control = Control(b, control)
        self.element = element = options.element
        self.time = StepTime(b, self.control, element)
        count = dict(program.inputs).get("parameter", 0)
        self.parameters = b.planes(parameters, plane_length(count), element)
        self.rows = StateRows.of(program, element)
        size = self.rows.size
        vectors = b.planes(states, plane_length(VECTORS * size), element)
        self.state, self.error, self.before, self.before_error, self.slope = (
            b.at(vectors, k * size, element) for k in range(VECTORS)
        )
        self.work = work
        self.tolerances = tolerances
        self.recorder = Recorder(b, self.control, records, grid, self.rows, self.order)
        self.leave: list[tuple[int, str]] = []

    # -- skeleton -------------------------------------------------------------------------------

    def emit(self) -> None:
        b = self.b
        self.scale: Value = self.control.get("scale")
        self.series = SeriesEmitter(
            b,
            self.program,
            Rendering(element=self.element, unrolled=self.options.unrolled),
            self.work,
            self._read_input,
        )
        self.norms = StateNorms(self.series, self.rows, self.options.weighted, self.tolerances)
        self.step_size = StepSize(
            self.series,
            self.control,
            self.norms,
            self.recorder,
            self.options.log2_safety,
            self.options.polynomial,
        )
        self.begin = b.fresh_label("begin")
        b.jump(self.begin)
        b.label(self.begin)
        self.series.constant_rows()
        self.top = b.fresh_label("step")
        b.jump(self.top)
        b.label(self.top)
        self.scale = self.control.get("scale")
        self.series.factors.time_scale = self.scale
        self.series.order_zero()
        self.slopes = self.rows.values(lambda row, chunk: self._first_coefficient(row, chunk))
        self._check_step()
        self._leave_if_done()
        self._first_scale()
        self.series.orders()
        self._make_step()
        b.jump(self.top)
        self.series.memory.drop_unread()

    def _read_input(self, given: Input, chunk: Chunk) -> Value:
        b = self.b
        if given.source == "time":
            high, low = self.control.get("time"), self.control.get("time_low")
            return b.splat(time_as(b, high, low, given.index[0], self.element), chunk.lanes)
        base = self.parameters if given.source == "parameter" else self.state
        slots = given.index
        if given.source == "state":
            slots = tuple(self.rows.slot(index) for index in given.index)
        return self.rows.load_slots(b, base, slots, chunk)

    def _first_coefficient(self, row: int, chunk: Chunk) -> Value:
        """x_1 of a state row, scaled: the right-hand side at the new point."""
        step = self.program.rows[row].step
        if step is None:
            return self.b.constant(0, chunk.type(self.element))
        return self.series.step_value(step, 1, chunk)

    def _return(self, status: int) -> None:
        self.b.ret(self.b.constant(status, I64))

    def _return_if(self, condition: Value, status: int) -> None:
        leave, stay = self.b.fresh_label("leave"), self.b.fresh_label("stay")
        self.b.branch(condition, leave, stay)
        self.b.label(leave)
        self._return(status)
        self.b.label(stay)

    def _again_if(
        self, condition: Value, change: Callable[[], None], where: str | None = None
    ) -> None:
        """Where `condition` holds, `change` and start the turn anew."""
        again, stay = self.b.fresh_label("again"), self.b.fresh_label("stay")
        self.b.branch(condition, again, stay)
        self.b.label(again)
        change()
        self.b.jump(where or self.top)
        self.b.label(stay)

    # -- the step that was made -----------------------------------------------------------------

    def _check_step(self) -> None:
        """Accept the pending step if the slope at its end is confirmed, else halve it."""
        b, control = self.b, self.control
        finite = self.norms.finite([self.slopes, self.rows.load_all(b, self.state)])
        pending = b.ne(control.get("pending"), 0)
        self._again_if(~(finite | pending), self._rescale)
        check, done = b.fresh_label("check"), b.fresh_label("checked")
        b.branch(pending, check, done)
        b.label(check)
        h = b.fabs(control.get("step"))
        defect = self.norms.defect(self.slopes, self.slope, self.scale, h)
        # N is zero where a step began at rest at zero; what it moved is then the measure.
        size = self.norms.with_motion(control.get("norm"), self.slopes, h / self.scale)
        bound = b.fma(size, control.get("defect_bound"), NOTHING)
        good = finite & (defect <= bound)
        control.set("overflowed", b.cast("zext", ~finite, "i64"))
        self._again_if(~good, self._go_back)
        self._accept()
        b.jump(done)
        b.label(done)

    def _go_back(self) -> None:
        control = self.control
        self.rows.copy(self.b, self.before, self.state)
        self.rows.copy(self.b, self.before_error, self.error)
        control.set("time", control.get("previous_time"))
        control.set("time_low", control.get("previous_time_low"))
        half = self.b.fabs(control.get("step")) * 0.5
        control.set("limit", half)
        control.set("estimate", half)
        control.set("pending", 0)
        control.increment("retracted")

    def _accept(self) -> None:
        b, control = self.b, self.control
        status = self._detect()
        self._return_if_any(status, (EVENT_ASKED, EVENTS_FULL))
        control.set("pending", 0)
        control.set("rescaled", 0)
        control.set("limit", math.inf)
        h = b.fabs(control.get("step"))

        def keep() -> list[Value]:
            for name, relation in (("smallest_step", "lt"), ("largest_step", "gt")):
                old = control.get(name)
                control.set(name, b.select(b.compare(relation, h, old), h, old))
            self.recorder.accept(self.state)
            control.increment("steps")
            return []

        b.if_(h > 0, keep)  # else a switch changed where the step began
        self._return_if_any(status, (EVENT_STOP, EVENT_CUT, SLIDING))
        self._return_if(self.recorder.is_full(), RECORDS_FULL)
        at_end = b.eq(self.time.remaining(), 0)
        done = b.eq(control.get("steps"), control.get("steps_wanted"))
        self._return_if(done & ~at_end, STEPS_DONE)
        self._again_if(b.eq(status, SWITCHED), lambda: None, self.begin)

    def _detect(self) -> Value:
        """Look for events in the step, which may cut it short; 0 or a status."""
        b, control = self.b, self.control
        detector = control.get("detector")

        def detect() -> list[Value]:
            function = control.address("detector")
            given = [
                control.pointer,
                control.address("events"),
                self.state.parts[0],
                self.error.parts[0],
            ]
            given += [self.recorder.current(), self.parameters.parts[0]]
            listed = ", ".join(f"{value.type} {value.text}" for value in given)
            return [b.emit(I64, f"call i64 {function.text}({listed})")]

        return b.if_(b.ne(detector, 0), detect, lambda: [b.constant(0, I64)])[0]

    def _return_if_any(self, status: Value, ending: Sequence[int]) -> None:
        """Return `status` if it is one of these."""
        b = self.b
        conditions = [b.eq(status, code) for code in ending]
        leave, stay = b.fresh_label("leave"), b.fresh_label("stay")
        condition = conditions[0]
        for other in conditions[1:]:
            condition = condition | other
        b.branch(condition, leave, stay)
        b.label(leave)
        b.ret(status)
        b.label(stay)

    def _leave_if_done(self) -> None:
        self._return_if(self.b.eq(self.time.remaining(), 0), REACHED)

    # -- the step to make -----------------------------------------------------------------------

    def _first_scale(self) -> None:
        """Before the first step: start the turn anew with a time scale near |x| / |f|."""
        b, control = self.b, self.control
        unknown = b.eq(control.get("estimate"), 0) & b.eq(control.get("rescaled"), 0)

        def guess() -> None:
            size, slope = self.norms.largest_state(self.state), self.norms.largest(self.slopes)
            ratio = size * self.scale / slope
            known = (size > 0) & (slope > 0) & (ratio < math.inf)
            span = self.time.horizon() * TRIAL
            control.set("scale", power_of_two(b, b.select(known & (ratio < span), ratio, span)))
            control.set("rescaled", 1)

        self._again_if(unknown, guess)

    def _coefficients(self, n: Index) -> list[Value]:
        return self.rows.values(lambda row, chunk: self.series.memory.coefficient(row, n, chunk))

    def _make_step(self) -> None:
        b, control, p = self.b, self.control, self.order
        top, below = self._coefficients(p), self._coefficients(p - 1)
        self._again_if(~self.norms.finite([top, below]), self._rescale)
        point = Point(self.state, self.slopes, self.scale, self.time.horizon())
        estimate = self.step_size.estimate(point, top, below)
        remaining = self.time.remaining()
        left = b.fabs(remaining)
        size = estimate
        for name in ("max_step", "limit"):
            other = control.get(name)
            size = b.select(other < size, other, size)
        horizon = self.time.horizon()
        size = b.select(size < LARGEST, size, horizon)
        hopeless = b.select(estimate < LARGEST, estimate, horizon) * HOPELESS
        self._return_if(b.ne(control.get("overflowed"), 0) & (size < hopeless), NON_FINITE)
        self._return_if(self.time.too_small(size), STEP_UNDERFLOW)
        last = size >= left
        h = b.copysign(b.select(left < size, left, size), remaining)
        if self.element == "float":
            h = b.select(last, remaining, self.time.representable(h, self.scale))
        self._evaluate(h, last)
        self.time.advance(h, last, self.scale)
        control.set("estimate", size)  # not clipped by the end: resuming changes nothing
        control.set("scale", power_of_two(b, size))
        control.set("pending", 1)

    def _rescale(self) -> None:
        """Coefficients overflowed although the slope is finite.

        Try a smaller time scale, if any is left.
        """
        control = self.control
        tries = control.increment("rescaled")
        self._return_if(tries > RESCALINGS, NON_FINITE)
        control.set("scale", self.scale * RESCALE)

    def _evaluate(self, h: Value, last: Value) -> None:
        """The state at the end of the step, and the slope that is to be confirmed there."""
        b = self.b
        tau = self.time.scaled(h, last, self.scale)
        end = StepEnd(self.series, self.rows.rows, self.norms.checked, tau)

        def one(position: int, row: int, chunk: Chunk) -> None:
            here = self.rows.address(b, self.state, position, chunk)
            old = self.series.memory.head(row, chunk)
            value = end.increment(row, chunk)
            self.rows.store(b, old, self.before, position, chunk)
            if self.norms.checked[position]:
                slope = end.slope(row, chunk)
                self.rows.store(b, b.normal(slope), self.slope, position, chunk)
            if self.options.compensated:
                error_at = self.rows.address(b, self.error, position, chunk)
                error = b.load(old.type, error_at)
                self.rows.store(b, error, self.before_error, position, chunk)
                increment = b.normal(b.fma(value, tau, error))
                new = old + increment
                kept = new - old
                lost = (old - (new - kept)) + (increment - kept)
                b.store(lost, error_at)
            else:
                new = b.fma(value, tau, old)
            b.store(b.normal(new), here)

        self.rows.each(self.series, one)
