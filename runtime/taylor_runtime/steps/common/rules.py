"""What is done about steps, whatever their coefficients are.

A step is made (`choose`, `advance`), and checked at the top of the next turn (`check`), when the
true right-hand side at its end has been evaluated anyway: the defect P'(h) - f(P(h)) says whether
the series represented the solution. Only a checked step is counted, recorded, and shown to anybody.
Step sizes follow Jorba & Zou, Exp. Math. 14 (2005) 99, section 3.2, with the scale N = max(|x|, |h
x'|) instead of max(1, |x|), so that a problem may be small.

Whatever is out of the ordinary (a step taken back, another scale of time) changes the trajectories
that it concerns and starts the turn anew.  For those that it does not concern, this repeats what
was computed of them, to the same bits: a batch costs little more for it, and needs no masks on the
way that all steps go.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.mathlib.basics.estimate import power_of_two
from taylor_runtime.program.codes import NON_FINITE, REACHED, STEP_UNDERFLOW, STEPS_DONE
from taylor_runtime.program.kinds import ELEMENTS, element_of
from taylor_runtime.program.records import dataclass
from taylor_runtime.steps.clock import LARGEST, StepTime
from taylor_runtime.steps.control import Control
from taylor_runtime.steps.norms import StateNorms
from taylor_runtime.steps.progress import Progress
from taylor_runtime.steps.records import Recorder
from taylor_runtime.steps.states import VECTORS, StateRows
from taylor_runtime.steps.stepsize import TRIAL, Measured, Point, StepSize, Truncation

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
    calls_python:      functions of the program may raise exceptions: leave when one has.
    taped:             where steps begin is what is recorded of them, so that there is a way back:
                       leave where the right-hand side changes, as solutions with derivatives do.
    """

    log2_safety: float
    weighted: bool = False
    compensated: bool = False
    polynomial: bool = False
    unrolled: bool = False
    calls_python: bool = False
    taped: bool = False
    precision: str = "float64"

    @property
    def element(self) -> str:
        return element_of(self.precision)


@dataclass(frozen=True, slots=True)
class StepVectors:
    """Addresses of the state, its rounding errors, both before the last step, and slopes then."""

    state: Value
    error: Value
    before: Value
    before_error: Value
    slope: Value

    @classmethod
    def at(cls, b: Builder, states: Value, size: Index, element: str) -> StepVectors:
        """They lie one behind the other."""
        return cls(*(b.at(states, size * k, element) for k in range(VECTORS)))


class StepRules(ABC):
    """What is done about steps whatever the coefficients are, which it finds by norms alone.

    Trajectories differ in how they end, and in what an accepted step is looked at for. Conditions
    are i1 scalars, or i1 lanes of a batch.
    """

    slopes: list[Value]  # state-shaped: the right-hand side, scaled

    def __init__(
        self,
        b: Builder,
        options: StepperOptions,
        truncation: Truncation,
        control: Control,
        rows: StateRows,
        vectors: StepVectors,
        norms: StateNorms,
        recorder: Recorder,
    ) -> None:
        self.b = b
        self.options = options
        self.order = truncation.order
        self.control = control
        self.element = element = options.element
        self.time = StepTime(b, control, element)
        self.progress = Progress(b, control, self.time, truncation.window, element)
        self.rows = rows
        self.vectors = vectors
        self.state = vectors.state
        self.norms = norms
        self.recorder = recorder
        self.scale: Value = control.get("scale")
        given = b, truncation, element, control, norms, recorder
        self.step_size = StepSize(*given, options.polynomial)
        self.begin, self.top = b.fresh_label("begin"), b.fresh_label("step")

    # -- what a kind of loop adds -----------------------------------------------------------------

    @abstractmethod
    def _accept(self, accepted: Value) -> None:
        """Count steps that were confirmed, and do what they are good for."""

    @abstractmethod
    def _keep(self, accepted: Value) -> None:
        """What records of the steps are for."""

    @abstractmethod
    def _leave_if(self, condition: Value, status: int) -> None:
        """Trajectories end where the condition holds."""

    # -- a turn ---------------------------------------------------------------------------------

    def resume(self) -> None:
        """When machine code is entered."""
        self.progress.resume()
        self.norms.begin()

    def check(self) -> None:
        """Where the slopes are known: whether the step that led here counts, and what is next."""
        self._check_step()
        remaining = self.time.remaining()
        self._leave_if(self.b.eq(remaining, 0), REACHED)
        self._first_scale(remaining)

    def measure(self, top: list[Value], below: list[Value]) -> tuple[Point, Measured]:
        """Where the last two coefficients are known: where the step begins, and their norms."""
        self._again_if(~self.norms.finite([top, below]), self._rescale)
        point = self.point()
        return point, self.step_size.measured(point, top, below)

    def choose(self, point: Point, found: Measured) -> tuple[Value, Value, Value]:
        """The step, whether it is the last one, and the size to begin with the next time."""
        b, control = self.b, self.control
        estimate = self.step_size.estimate(point, found)
        left = b.fabs(point.remaining)
        size = estimate
        for name in ("max_step", "limit"):
            other = control.get(name)
            size = b.select(other < size, other, size)
        size = b.select(size < LARGEST, size, point.horizon)
        hopeless = b.select(estimate < LARGEST, estimate, point.horizon) * HOPELESS
        self._leave_if(b.ne(control.get("overflowed"), 0) & (size < hopeless), NON_FINITE)
        self._leave_if(self.time.too_small(size, point.remaining), STEP_UNDERFLOW)
        last = size >= left
        h = b.copysign(b.select(left < size, left, size), point.remaining)
        if ELEMENTS[self.element].is_coarser:
            h = b.select(last, point.remaining, self.time.representable(h, self.scale))
        return h, last, size

    def advance(self, h: Value, last: Value, size: Value) -> None:
        """The step is made: what waits to be checked."""
        control = self.control
        self.time.advance(h, last, self.scale)
        control.set("estimate", size)  # not clipped by the end: resuming changes nothing
        control.set("scale", power_of_two(self.b, size))
        control.set("pending", 1)

    def point(self) -> Point:
        """Where the coming step begins."""
        remaining = self.time.remaining()
        horizon = self.time.horizon(remaining)
        return Point(self.state, self.slopes, self.scale, remaining, horizon)

    def _again_if(self, condition: Value, change: Callable[[Value], None]) -> None:
        """Where `condition` holds, `change`, and start the turn anew."""
        again, stay = self.b.fresh_label("again"), self.b.fresh_label("stay")
        self.b.branch(self.b.any_lane(condition), again, stay)
        self.b.label(again)
        change(condition)
        self.b.jump(self.top)
        self.b.label(stay)

    # -- the step that was made -----------------------------------------------------------------

    def _check_step(self) -> None:
        """Accept the pending step if the slope at its end is confirmed, else halve it."""
        b, control = self.b, self.control
        finite = self.norms.finite([self.slopes, self.norms.read(self.state)])
        pending = b.ne(control.get("pending"), 0)
        self._again_if(~(finite | pending), self._rescale)
        check, done = b.fresh_label("check"), b.fresh_label("checked")
        b.branch(b.any_lane(pending), check, done)
        b.label(check)
        h = b.fabs(control.get("step"))
        defect = self.norms.defect(self.slopes, self.vectors.slope, self.scale, h)
        # N is zero where a step began at rest at zero; what it moved is then the measure.
        size = self.norms.with_motion(control.get("norm"), self.slopes, h / self.scale)
        bound = b.fma(size, control.get("defect_bound"), NOTHING)
        good = finite & (defect <= bound)
        control.set("overflowed", b.cast("zext", ~finite, "i64"), pending)
        self._again_if(pending & ~good, self._go_back)
        self._accept(pending)
        b.jump(done)
        b.label(done)

    def _go_back(self, where: Value) -> None:
        b, control, v = self.b, self.control, self.vectors
        self.rows.copy(b, v.before, v.state, where)
        self.rows.copy(b, v.before_error, v.error, where)
        control.set("time", control.get("previous_time"), where)
        control.set("time_low", control.get("previous_time_low"), where)
        half = b.fabs(control.get("step")) * 0.5
        control.set("limit", half, where)
        control.set("estimate", half, where)
        control.set("pending", 0, where)
        control.set("retracted", control.get("retracted") + 1, where)
        self.progress.taken_back(where)

    def _count(self, accepted: Value) -> None:
        """Steps are confirmed."""
        b, control = self.b, self.control
        control.set("pending", 0, accepted)
        control.set("rescaled", 0, accepted)
        control.set("limit", math.inf, accepted)
        h = b.fabs(control.get("step"))
        moved = accepted & (h > 0)  # else a switch changed where the step began

        def keep() -> list[Value]:
            for name, relation in (("smallest_step", "lt"), ("largest_step", "gt")):
                old = control.get(name)
                control.set(name, h, moved & b.compare(relation, h, old))
            self._keep(moved)
            control.set("steps", control.get("steps") + 1, moved)
            return []

        b.if_(b.any_lane(moved), keep)

    def _leave_at_limit(self, accepted: Value) -> None:
        b, control = self.b, self.control
        due = accepted & self.progress.due() & ~b.eq(self.time.remaining(), 0)
        look, stay = b.fresh_label("look"), b.fresh_label("stay")
        b.branch(b.any_lane(due), look, stay)
        b.label(look)
        self._leave_if(self.progress.stuck(due), STEP_UNDERFLOW)
        self._leave_if(due & b.eq(control.get("steps"), control.get("steps_wanted")), STEPS_DONE)
        b.jump(stay)
        b.label(stay)

    # -- the step to make -----------------------------------------------------------------------

    def _first_scale(self, remaining: Value) -> None:
        """Before the first step: start the turn anew with a time scale near |x| / |f|.

        Where that is known it is taken wherever the end is, on which no bit shall depend; too long
        a scale shows by overflow.
        """
        b, control = self.b, self.control
        unknown = b.eq(control.get("estimate"), 0) & b.eq(control.get("rescaled"), 0)

        def guess(where: Value) -> None:
            size, slope = self.norms.largest_state(self.state), self.norms.largest(self.slopes)
            ratio = size * self.scale / slope
            known = (size > 0) & (slope > 0) & (ratio < math.inf)
            span = self.time.horizon(remaining) * TRIAL
            scale = power_of_two(b, b.select(known, ratio, span))
            control.set("scale", scale, where)
            control.set("rescaled", 1, where)

        self._again_if(unknown, guess)

    def _rescale(self, where: Value) -> None:
        """Coefficients overflowed although the slope is finite.

        Try a smaller time scale, if any is left.
        """
        control = self.control
        tries = control.get("rescaled") + 1
        self._leave_if(where & (tries > RESCALINGS), NON_FINITE)
        control.set("rescaled", tries, where)
        control.set("scale", self.scale * RESCALE, where)
