"""The loop over integration steps: of one trajectory, or of a batch with one in each lane.

The rules are those of `common.rules`, here in one function with the series of a program.
"""

from __future__ import annotations

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.flows.alike import AlikeMemory
from taylor_runtime.flows.ends import LongSums
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.codes import NON_FINITE
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.series.emitter import series_of_numbers
from taylor_runtime.series.ends import CalledSums
from taylor_runtime.series.memory import Rendering
from taylor_runtime.series.protocol import SeriesMaker
from taylor_runtime.steps.common.alone import AloneRules
from taylor_runtime.steps.common.rules import StepperOptions, StepRules, StepVectors
from taylor_runtime.steps.control import Control
from taylor_runtime.steps.end import StepEnd
from taylor_runtime.steps.inputs import LoopInputs
from taylor_runtime.steps.looped_norms import norms_of
from taylor_runtime.steps.progress import window_of
from taylor_runtime.steps.records import Recorder, record_length
from taylor_runtime.steps.states import VECTORS, StateRows, plane_length
from taylor_runtime.steps.stepsize import Truncation


@dataclass(frozen=True, slots=True)
class StepArrays:
    """Addresses of what a step loop works on, see `stepper.stepper_module`."""

    states: Value
    parameters: Value
    work: Value
    records: Value
    grid: Value
    tolerances: Value


class StepLoop(StepRules):
    """Rules and series in one function."""

    def __init__(
        self,
        b: Builder,
        program: Program,
        options: StepperOptions,
        control: Control,
        arrays: StepArrays,
        batch: int = 1,
        series: SeriesMaker = series_of_numbers,
    ) -> None:
        self.program = program
        self.batch = batch
        element, order = options.element, program.order
        rows = StateRows.of(program, element, batch)
        count = program.slots("parameter") * batch
        self.parameters = b.planes(arrays.parameters, plane_length(count), element)
        states = b.planes(arrays.states, plane_length(VECTORS * rows.size), element)
        vectors = StepVectors.at(b, states, rows.size, element)
        rendering = Rendering(element, batch, options.unrolled)
        inputs = LoopInputs(b, control, rows, vectors.state, self.parameters)
        self.series = series(b, program, rendering, arrays.work, inputs)
        norms = norms_of(self.series, rows, options.weighted, arrays.tolerances)
        length = record_length(order, rows, options.taped)
        recorder = Recorder(b, control, arrays.records, arrays.grid, rows, order, length)
        truncation = Truncation(order, options.log2_safety, window_of(options.log2_safety))
        super().__init__(b, options, truncation, control, rows, vectors, norms, recorder)

    def emit(self) -> None:
        """The loop, from its first turn."""
        b = self.b
        b.label(self.begin)
        self._begin()
        b.jump(self.top)
        b.label(self.top)
        self.scale = self.control.get("scale")
        self.series.factors.time_scale = self.scale
        self.series.order_zero()
        if self.options.calls_python:  # the step that is to be checked stays pending
            self._leave_if(b.ne(self.control.shared("raised"), 0), NON_FINITE)
        self.slopes = self._slopes()
        self.check()
        self.series.orders()
        self._make_step()
        b.jump(self.top)
        self.series.memory.drop_unread()

    def _begin(self) -> None:
        self.resume()
        self.series.constant_rows()

    def _slopes(self) -> list[Value]:
        return self.norms.values(lambda row, chunk: self._first_coefficient(row, chunk))

    def _first_coefficient(self, row: int, chunk: Chunk) -> Value:
        """x_1 of a state row, scaled: the right-hand side at the new point."""
        step = self.program.rows[row].step
        if step is None:
            return self.b.constant(0, chunk.type(self.element))
        return self.series.step_value(step, 1, chunk)

    def _coefficients(self, n: Index) -> list[Value]:
        memory = self.series.memory
        return self.norms.values(lambda row, chunk: memory.coefficient(row, n, chunk), steps=False)

    def _make_step(self) -> None:
        top, below = self._coefficients(self.order), self._coefficients(self.order - 1)
        point, found = self.measure(top, below)
        self._record(self.recorder.wanted(self.step_size.needs_record(found)))
        h, last, size = self.choose(point, found)
        self._evaluate(self.time.scaled(h, last, self.scale))
        self.advance(h, last, size)

    def _record(self, wanted: Value) -> None:
        """Lower coefficients may be read from the step's record, too."""

        def write() -> list[Value]:
            self.recorder.write(self.series)
            return []

        self.b.if_(wanted, write)

    def _sums(self, tau: Value) -> CalledSums | None:
        """Functions that evaluate rows at the end of the step."""
        memory = self.series.memory
        return LongSums(memory, tau) if isinstance(memory, AlikeMemory) else None

    def _evaluate(self, tau: Value) -> None:
        """The state at the end of the step, and the slope that is to be confirmed there."""
        b, vectors = self.b, self.vectors
        rows, sums = self.rows.rows, self._sums(tau)
        checked = dict(zip(rows, self.norms.checked, strict=True))
        end = StepEnd(self.series, rows, self.norms.checked, tau, self.scale, sums)

        def one(position: Index, row: int, chunk: Chunk) -> None:
            here = self.rows.address(b, self.state, position, chunk)
            old = self.series.memory.head(row, chunk)
            value = end.increment(row, chunk)
            self.rows.store(b, old, vectors.before, position, chunk)
            if checked[row]:
                slope = end.slope(row, chunk)
                self.rows.store(b, b.normal(slope), vectors.slope, position, chunk)
            if self.options.compensated:
                error_at = self.rows.address(b, vectors.error, position, chunk)
                error = b.load(old.type, error_at)
                self.rows.store(b, error, vectors.before_error, position, chunk)
                increment = b.normal(b.fma(value, tau, error))
                new = old + increment
                kept = new - old
                lost = (old - (new - kept)) + (increment - kept)
                b.store(lost, error_at)
            else:
                new = b.fma(value, tau, old)
            b.store(b.normal(new), here)

        self.rows.each_alike(self.series, one, self.norms.checked)


class SingleLoop(AloneRules, StepLoop):
    """The loop of one trajectory."""

    @property
    def leaves_at_switches(self) -> bool:  # type: ignore[override]
        return self.options.taped or isinstance(self.program, FlowProgram)
