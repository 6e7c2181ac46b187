"""Where the program of a step loop finds states, parameters and time."""

from __future__ import annotations

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Input
from taylor_runtime.program.records import dataclass
from taylor_runtime.steps.control import Control
from taylor_runtime.steps.states import StateRows, time_as


@dataclass(frozen=True, slots=True)
class LoopInputs:
    """The control block, and the addresses of states and parameters; a lane each of a batch."""

    b: Builder
    control: Control
    rows: StateRows
    state: Value
    parameters: Value

    def read(self, given: Input, chunk: Chunk) -> Value:
        """The numbers that an input names, in the lanes of a chunk."""
        b, rows = self.b, self.rows
        if given.source == "time":
            high, low = self.control.get("time"), self.control.get("time_low")
            return b.splat(time_as(b, high, low, given.index[0], rows.element), chunk.lanes)
        if given.source == "state":
            slots = tuple(rows.slot(index) for index in given.index)
            return rows.load_slots(b, self.state, slots, chunk)
        slots = tuple(index * rows.batch for index in given.index)
        return rows.load_slots(b, self.parameters, slots, chunk)

    def address(self, given: Input) -> Value:
        """Where the number is that an input of source "state" or "parameter" names."""
        b, slot, element = self.b, given.index[0], self.rows.element
        if given.source == "state":
            return b.at(self.state, self.rows.slot(slot), element)
        return b.at(self.parameters, slot, element)

    def number(self, given: Input, position: Index) -> Value:
        """The number that stands so many places behind the one that an input names."""
        b, slot, element = self.b, given.index[0], self.rows.element
        base = self.state if given.source == "state" else self.parameters
        first = self.rows.slot(slot) if given.source == "state" else slot
        return b.load(Type(element), b.at(b.at(base, first, element), position, element))
