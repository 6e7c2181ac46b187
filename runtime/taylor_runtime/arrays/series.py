"""A series in time whose rows are arrays, as the step loop wants it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from taylor_runtime.arithmetic.chunk import Chunk, chunks
from taylor_runtime.arithmetic.factors import Factors
from taylor_runtime.arrays.choice import ROOM
from taylor_runtime.arrays.emitter import ArrayEmitter
from taylor_runtime.arrays.memory import ArrayMemory
from taylor_runtime.arrays.plan import Plan
from taylor_runtime.arrays.plans.layout import ArrayLayout, from_outside
from taylor_runtime.arrays.regions.places import plane_of
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import PTR, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import ArrayProgram
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Input, Program, Step, Term
from taylor_runtime.program.verify import operand_rows
from taylor_runtime.program.widths import padded
from taylor_runtime.series.memory import Rendering
from taylor_runtime.series.protocol import Forgetful, Inputs

VECTORS = 7  # as long as the state, which norms are made of
NUMBERS, TABLE = "taylor.numbers", "taylor.table"  # symbols of arrays from outside


class ArraySeries:
    """Writes the coefficients of rows with shapes into one function, order after order."""

    def __init__(
        self,
        b: Builder,
        program: ArrayProgram,
        rendering: Rendering,
        workspace: Value,
        inputs: Inputs,
        room: int = ROOM,
        given: int = 0,
        ending: Collection[int] = (),
    ) -> None:
        self.b, self.element, self.rendering = b, rendering.element, rendering
        self.arrays = program
        self.inputs = inputs
        self._size = workspace_size(program, self.element, ending)
        self._states = state_size(program)
        places = b.planes(workspace, self._size, self.element)
        plan = Plan(program, ending=ending)
        outside = {index: self._address(start) for index, start in from_outside(program).items()}
        self.own = StateMemory(b, plan, self.element, places, outside, room)
        self._used = self.own.layout.size
        self.emitter = ArrayEmitter(b, plan, self.own, self._address, self._time, given=given)
        self._places = places

    @property
    def program(self) -> ArrayProgram:
        return self.arrays

    @property
    def memory(self) -> StateMemory:
        return self.own

    @property
    def factors(self) -> Factors:
        return self.emitter.factors

    def constant_rows(self) -> None:
        self.emitter.constant_rows()

    def order_zero(self) -> None:
        self.emitter.order_zero()

    def orders(self) -> None:
        self.emitter.orders()

    def last_order(self) -> None:
        self.emitter.last_order()

    def step_value(self, step: Step, n: Index, chunk: Chunk) -> Value:
        """u_n of a state by its step, which has no sums of products."""
        return self.emitter.step_value_of(step, n, chunk, {})

    def combine(
        self, terms: Sequence[Term], chunk: Chunk, value_of: Callable[[int], Value]
    ) -> Value:
        return self.emitter.combine(terms, chunk, value_of)

    def vector(self, element: str) -> Value:
        """Room for numbers of a kind, as many as the state vector has places."""
        place = self.b.at(self._places, self._used, self.element)
        self._used += self._states * max(1, ELEMENTS[element].bytes // ELEMENTS[self.element].bytes)
        assert self._used <= self._size
        return place if element == self.element else place.parts[0]

    def _time(self, given: Input, chunk: Chunk) -> Value:
        return self.inputs.read(given, chunk)

    def _address(self, given: Input) -> Value:
        if given.source in ("data", "table"):
            return outside_address(self.b, self.arrays, given, self.element)
        return self.inputs.address(given)


def outside_address(b: Builder, program: ArrayProgram, given: Input, element: str) -> Value:
    """Where constants and positions are."""
    name = TABLE if given.source == "table" else NUMBERS
    b.module.declare(f"{name} data", f"@{name} = external global i8")
    base = Value(b, PTR, f"@{name}")
    if given.source == "table":
        return b.at(base, given.index[0], "i64")
    numbers = b.planes(base, max(program.slots("data"), 1), element)
    return b.at(numbers, given.index[0], element)


def outside(numbers: np.ndarray, table: np.ndarray) -> dict[str, int]:
    """The addresses of constants and positions, by their symbols."""
    return {NUMBERS: numbers.ctypes.data, TABLE: table.ctypes.data}


def state_size(program: ArrayProgram) -> int:
    """Places of the state vector, and some to spare."""
    rows = dict.fromkeys(row for row, _ in program.outputs)
    return plane_of(sum(padded(program.rows[row].width) for row in rows))


def workspace_size(program: ArrayProgram, element: str, ending: Collection[int] = ()) -> int:
    """Numbers that the workspace of a series has room for."""
    layout = ArrayLayout.of(Plan(program, ending=ending), from_outside(program))
    return layout.size + VECTORS * state_size(program)


class StateMemory(ArrayMemory, Forgetful):
    """The same, also for lanes of a row in row-major order, as steps see state rows."""

    def forgets(self, step: Step) -> bool:
        return any(row in self.plan.recent for t in step.terms for row in operand_rows(t.operand))

    def coefficient(self, row: int, n: Index, chunk: Chunk) -> Value:
        if type(chunk) is not Chunk:
            return super().coefficient(row, n, chunk)
        if not (isinstance(n, int) and n == 0) and not self.plan.varies[row]:
            return self.constant(0, chunk)
        place = self.b.at(self.base(row, n), chunk.offset, self.element)
        return self.b.load(Type(self.element, chunk.lanes), place)

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value:
        if type(chunk) is not Chunk:
            return super().newest(row, n, chunk)
        return self.coefficient(row, n, chunk)

    def chunks(self, row: int) -> tuple[Chunk, ...]:
        """The chunks of a row."""
        return chunks(self.program.rows[row].width)

    def each_chunk(self, row: int, body: Callable[[Chunk], None]) -> None:
        """Run `body` for every chunk of a row, in a loop where there are several."""
        listed = self.chunks(row)
        if len(listed) < 3:
            for chunk in listed:
                body(chunk)
            return
        lanes = min(chunk.lanes for chunk in listed)
        count = sum(chunk.lanes for chunk in listed) // lanes

        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            body(Chunk(i * lanes, lanes))
            return []

        self.b.fold(0, count, [], one)

    def drop_unread(self) -> None:
        """Nothing was stored that nobody reads."""


def series_of_arrays(
    b: Builder,
    program: Program,
    rendering: Rendering,
    workspace: Value,
    inputs: Inputs,
    room: int = ROOM,
    given: int = 0,
    ending: Collection[int] = (),
    in_place: bool = False,
) -> ArraySeries:
    """The series whose rows have shapes; room: of registers, see `ArrayMemory`; given: coefficients
    that inputs of source "jet" have; ending: rows of which the last order is wanted alone.
    """
    assert isinstance(program, ArrayProgram) and not in_place
    return ArraySeries(b, program, rendering, workspace, inputs, room, given, ending)
