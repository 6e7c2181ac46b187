"""Step size from the last two coefficients (Jorba & Zou, Exp. Math. 14 (2005) 99, section 3.2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.lanes import join, repeat, split, where_any
from taylor_runtime.ir.types import F64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.mathlib.basics.estimate import exp2_estimate, log2_estimate
from taylor_runtime.program.records import dataclass
from taylor_runtime.steps.control import Control
from taylor_runtime.steps.norms import StateNorms
from taylor_runtime.steps.records import Recorder

GROWTH = 2.0  # of a step that no coefficient bounds
FAINT_GROWTH = 1.25  # which overshoots by little
TRIAL = 2.0**-10  # fraction of the span tried where nothing at all is known
FAINT = (
    2.0**-800
)  # smaller norms are lifted by its reciprocal: their top coefficients are subnormal


@dataclass(frozen=True, slots=True)
class Point:
    """Where a step starts: address of the state, its scaled slopes, the scale, how far it is to the
    end, and how far to look.

    All of it, and every size, has a lane for each trajectory of a batch.
    """

    state: Value
    slopes: list[Value]
    scale: Value
    remaining: Value
    horizon: Value


class Truncation(NamedTuple):
    """Where series end: numbers that are known when code is written, or values when it runs.

    order:       of the last coefficient.
    log2_safety: log2 of a step over the radius of convergence, see `StepperOptions`.
    window:      steps of a window, see `progress.window_of`.
    """

    order: Index
    log2_safety: Value | float
    window: Index


class Measured(NamedTuple):
    """What is known of a step's last coefficients: N, and their norms."""

    norm: Value
    last: Value
    last_but_one: Value


class StepSize:
    """Emits the estimate; sizes are compared as base-2 logarithms, which need no `pow`.

    polynomial: the solution is one, of a degree that the series reaches.
    """

    def __init__(
        self,
        b: Builder,
        truncation: Truncation,
        element: str,
        control: Control,
        norms: StateNorms,
        recorder: Recorder,
        polynomial: bool,
    ) -> None:
        self.b = b
        self.order, self.log2_safety, _ = truncation
        self.element = element
        self.control = control
        self.norms = norms
        self.recorder = recorder
        self.polynomial = polynomial

    def measured(self, point: Point, top: list[Value], below: list[Value]) -> Measured:
        """The norms of the last two coefficients, which the control block keeps."""
        control = self.control
        previous = control.get("estimate")
        norm = self.norms.scale_of(point.state, point.slopes, previous / point.scale)
        control.set("norm", norm)
        found = Measured(norm, *(self.norms.measure(x) for x in (top, below)))
        control.set("last_size", found.last)
        control.set("last_size_but_one", found.last_but_one)
        return found

    def kept(self) -> Measured:
        """What `measured` found, from the control block."""
        names = ("norm", "last_size", "last_size_but_one")
        return Measured(*(self.control.get(name) for name in names))

    def needs_record(self, found: Measured) -> Value:
        """Whether lower coefficients will be read from the step's record."""
        nothing = self._nothing(found)
        return self.b.constant(0, nothing.type) if self.polynomial else nothing

    def estimate(self, point: Point, found: Measured) -> Value:
        """The step size by the last two coefficients: positive, infinite if nothing bounds it."""
        b, p, norm = self.b, self.order, found.norm
        previous, lift = self.control.get("estimate"), self._lift(norm)
        sizes = [(p, found.last * lift), (p - 1, found.last_but_one * lift)]
        nothing = self._nothing(found)
        by_state = self._smaller_exponent(sizes, log2_estimate(b, norm * lift), 0)
        exponent = where_any(
            b,
            b.eq(previous, 0),
            lambda: self._first_exponent(point, sizes, by_state, lift),
            by_state,
        )
        bounded = exp2_estimate(b, exponent, point.scale)
        return where_any(b, nothing, lambda: self._unbounded(point, norm), bounded)

    def _lift(self, norm: Value) -> Value:
        b = self.b
        return b.select((norm > 0) & (norm < FAINT), b.constant(1 / FAINT, norm.type), 1)

    def _nothing(self, found: Measured) -> Value:
        """Whether both last coefficients vanish."""
        lift = self._lift(found.norm)
        return self.b.eq(found.last * lift, 0) & self.b.eq(found.last_but_one * lift, 0)

    def _smaller_exponent(
        self, sizes: Sequence[tuple[Index, Value]], log2_norm: Value, less: int
    ) -> Value:
        """min over k of log2 (N / |x_k|)^(1 / (k - less)), safety included.

        Sizes of the newest coefficients come last, for all else is known before.
        """
        b, lanes = self.b, log2_norm.lanes
        numbers = [k - less for k, _ in sizes if isinstance(k, int)]
        if not numbers:
            low, high = (
                self._exponents(log2_estimate(b, size), log2_norm, self._reciprocal(k - less))
                for k, size in sizes
            )
            return b.select(low < high, low, high)
        logarithms = log2_estimate(b, join(b, [size for _, size in sizes]))
        per_order = b.constants([1 / k for k in numbers for _ in range(max(lanes, 1))])
        found = self._exponents(logarithms, repeat(b, log2_norm, len(sizes)), per_order)
        low, high = split(b, found, lanes, len(sizes))
        return b.select(low < high, low, high)

    def _exponents(self, logarithms: Value, log2_norm: Value, per_order: Value) -> Value:
        b = self.b
        return b.fma(-logarithms, per_order, b.fma(log2_norm, per_order, self.log2_safety))

    def _reciprocal(self, k: Index) -> Value:
        b = self.b
        return 1 / (b.cast("sitofp", k, "double") if isinstance(k, Value) else b.constant(k, F64))

    def _first_exponent(
        self, point: Point, sizes: Sequence[tuple[Index, Value]], by_state: Value, lift: Value
    ) -> Value:
        """Without a previous step N = |h x_1|, h being what is sought.

        So rho^(k-1) = safety |x_1| / |x_k|.  Where state and slope vanish there is no N at all; the
        scale is then tried, a fraction of the span.
        """
        b, order = self.b, self.order
        if isinstance(order, int) and order <= 2:
            return by_state
        slope = self.norms.measure(point.slopes) * lift
        by_slope = self._smaller_exponent(sizes, log2_estimate(b, slope) + self.log2_safety, 1)
        found = b.select(by_slope > by_state, by_slope, by_state)
        at_rest = b.eq(self.control.get("norm"), 0) & b.eq(slope, 0)
        found = b.select(at_rest, b.constant(0, found.type), found)
        return found if isinstance(order, int) else b.select(order > 2, found, by_state)

    def _unbounded(self, point: Point, norm: Value) -> Value:
        """Both last coefficients vanish.

        Endless for a proven polynomial, else by what lower ones say.
        """
        b = self.b
        if self.polynomial:
            return b.constant(math.inf, norm.type)
        previous = self.control.get("estimate")
        faint = (norm > 0) & (norm < FAINT)  # coefficients vanish by underflow, not in truth
        growth = b.select(faint, b.constant(FAINT_GROWTH, norm.type), GROWTH)
        trial = b.select(b.eq(previous, 0), point.horizon * TRIAL, previous * growth)
        log2_norm = log2_estimate(b, norm)

        def lower(k: Index, carried: list[Value]) -> Sequence[Value]:
            """The highest coefficient that does not vanish has the last word."""
            record = self.recorder.current()
            size = self.norms.measure(self.norms.read(self.recorder.coefficients(record, k)))
            per_order = b.to_double(b.from_double(self._reciprocal(k), self.element))
            exponent = (log2_norm - log2_estimate(b, size)) * per_order + self.log2_safety
            h = exp2_estimate(b, exponent, point.scale)
            h = b.select(h > trial, h, trial)
            return [b.select((size > 0) & (norm > 0), h, carried[0])]

        return b.fold(2, self.order - 1, [trial], lower)[0]
