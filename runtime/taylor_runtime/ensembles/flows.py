"""Solutions with their derivatives, a trajectory in each lane.

The rows of a flow are written by `flows.emitter`, whose numbers are spread over the trajectories; to
the steps a coefficient is a chunk for each monomial.
"""

from __future__ import annotations

from collections.abc import Callable

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.factors import Factors
from taylor_runtime.arithmetic.kernel_calls import KernelCalls
from taylor_runtime.arithmetic.step import Doubled, StepArithmetic
from taylor_runtime.flows.emitter import FlowEmitter, is_written
from taylor_runtime.flows.memory import NUMBER, FlowMemory
from taylor_runtime.flows.zero import is_short
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.spread import SpreadBuilder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.program.program import Convolution, Program, Step
from taylor_runtime.series.memory import Rendering, RowMemory
from taylor_runtime.series.protocol import Inputs


def can_be_spread(program: FlowProgram) -> bool:
    """Whether all of a flow is written out, so that its numbers may be vectors of trajectories."""
    return is_written(program) and is_short(program)


class SpreadMemory(RowMemory):
    """Coefficients of a flow as steps read them: a chunk of trajectories for each monomial."""

    def __init__(self, b: Builder, flow: FlowMemory, rendering: Rendering) -> None:
        super().__init__(b, flow.program, rendering, None)
        self.flow = flow

    def chunks(self, row: int) -> tuple[Chunk, ...]:
        batch = self.rendering.batch
        return tuple(Chunk(k * batch, batch) for k in range(self.program.rows[row].width))

    def each_chunk(self, row: int, body: Callable[[Chunk], None]) -> None:
        for chunk in self.chunks(row):
            body(chunk)

    def is_looped(self, row: int) -> bool:
        return False

    def _number(self, chunk: Chunk) -> Chunk:
        """The monomial that a chunk is of."""
        assert isinstance(chunk.offset, int)
        return Chunk(chunk.offset // self.rendering.batch, 0)

    def coefficient(self, row: int, n: Index, chunk: Chunk) -> Value:
        return self.flow.coefficient(row, n, self._number(chunk)).parts[0]

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value:
        return self.flow.newest(row, n, self._number(chunk)).parts[0]

    def head(self, row: int, chunk: Chunk) -> Value:
        return self.flow.head(row, self._number(chunk)).parts[0]

    def reciprocal(self, row: int, chunk: Chunk) -> Value:
        return self.flow.reciprocal(row, NUMBER).parts[0]

    def drop_unread(self) -> None:
        self.flow.drop_unread()


class SpreadFlow(StepArithmetic[SpreadMemory]):
    """The series of many trajectories whose coefficients are polynomials."""

    def __init__(
        self,
        b: Builder,
        program: FlowProgram,
        rendering: Rendering,
        workspace: Value,
        inputs: Inputs,
    ) -> None:
        self.b = b
        self.program: FlowProgram = program
        self.rendering = rendering
        self.element = rendering.element
        self.spread = SpreadBuilder(b, rendering.batch)
        self.flow = FlowEmitter(self.spread, program, Rendering(self.element), workspace, inputs)
        self.memory = SpreadMemory(b, self.flow.memory, rendering)
        self.factors = Factors(b, self.element, program.order, None)
        self.kernels = KernelCalls(self.memory)

    def constant_rows(self) -> None:
        """What stays from step to step."""
        self.flow.constant_rows()

    def order_zero(self) -> None:
        """Order zero of all rows."""
        scale = self.factors.time_scale
        self.flow.factors.time_scale = None if scale is None else self.spread.spread(scale)
        self.flow.order_zero()

    def orders(self) -> None:
        """Coefficients 1 .. order of every row."""
        self.flow.orders()

    def lagged(self, row: int, n: Index, chunk: Chunk) -> Value:
        """row_{n-1}."""
        return self.memory.coefficient(row, n - 1, chunk)

    def step_value(self, step: Step, n: Index, chunk: Chunk) -> Value:
        """u_n of a state by its step, which has no sums of products."""
        sums: dict[Convolution, Doubled] = {}
        return self.step_value_of(step, n, chunk, sums)


def series_of_flows(
    b: Builder, program: Program, rendering: Rendering, workspace: Value, inputs: Inputs
) -> SpreadFlow:
    """The series whose coefficients are polynomials, of a trajectory in each lane."""
    assert isinstance(program, FlowProgram)
    return SpreadFlow(b, program, rendering, workspace, inputs)
