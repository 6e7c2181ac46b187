"""Where the program of a step that is gone back over finds what it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.adjoints.layout import SweepOptions
from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Input
from taylor_runtime.program.records import dataclass
from taylor_runtime.steps.states import StateRows, time_as


@dataclass(frozen=True, slots=True)
class SweepInputs:
    """Where the program of a step finds what it reads; the step is that at `index`."""

    b: Builder
    options: SweepOptions
    order: int
    header: Callable[[int], Value]
    state: Callable[[], Value]
    parameters: Value
    nothing: Value
    seeds: Value

    def read(self, given: Input, chunk: Chunk) -> Value:
        """Order zero of inputs, in the lanes of a chunk."""
        b, element = self.b, self.options.element
        if given.source == "time":
            value = time_as(b, self.header(0), self.header(1), given.index[0], element)
            return b.splat(value, chunk.lanes)
        if given.source == "jet":
            return self.coefficient(given, 0, chunk)
        base, first = self.parameters, 0
        if given.source == "state":
            base = self.state()
            if given.index[0] >= self.options.states:  # the adjoints of f begin with zero
                base, first = self.nothing, self.options.states
        return self.lanes(base, tuple(index - first for index in given.index), chunk)

    def coefficient(self, given: Input, n: Index, chunk: Chunk) -> Value:
        """Coefficient n of inputs of source "jet", which lie side by side."""
        plane = n * self.options.blocks[0].stride
        return self.lanes(self.b.at(self.seeds, plane, self.options.element), given.index, chunk)

    def address(self, given: Input) -> Value:
        """Where the first number of an array is; of "jet" inputs the orders follow one another."""
        b, slot, element = self.b, given.index[0], self.options.element
        if given.source == "state":
            if slot >= self.options.states:
                return b.at(self.nothing, slot - self.options.states, element)
            return b.at(self.state(), slot, element)
        if given.source == "jet":
            return b.at(self.seeds, self._first(slot), element)
        return b.at(self.parameters, slot, element)

    def _first(self, slot: int) -> int:
        """Where coefficient zero of an input is."""
        for block in self.options.blocks:
            if slot < block.count:
                return block.first + slot
            slot -= block.count
        raise IndexError(slot)

    def number(self, given: Input, position: Index) -> Value:
        """The number that stands so many places behind the one that an input names."""
        element = self.options.element
        return self.b.load(Type(element), self.b.at(self.address(given), position, element))

    def lanes(self, base: Value, slots: Sequence[int], chunk: Chunk) -> Value:
        """Items of an array at these places, in the lanes of a chunk."""
        return StateRows((), (), (), (), 0, self.options.element).load_slots(
            self.b, base, slots, chunk
        )
