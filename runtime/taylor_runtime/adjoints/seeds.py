"""What a sweep over a step begins with, order by order: adjoints of the state at its end, and of
what is observed within it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial

from taylor_runtime.adjoints.inputs import SweepInputs
from taylor_runtime.adjoints.layout import SWEEP, Block, SweepLayout, SweepOptions
from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.types import F64, I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import ArrayProgram
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.widths import REGISTER
from taylor_runtime.series.memory import Rendering, RowMemory
from taylor_runtime.series.protocol import EndingMaker
from taylor_runtime.steps.control import RECORD_HEADER
from taylor_runtime.steps.states import plane_length

ARGUMENTS = (
    "control",
    "headers",
    "lengths",
    "states",
    "parameters",
    "observed_steps",
    "observed_lengths",
    "cotangents",
    "adjoints",
    "work",
)


class Seeds:
    """The memory of a sweep, and the given coefficients of the series in it.

    step: the number of the one that is gone back over.
    """

    def __init__(
        self,
        b: Builder,
        program: Program,
        options: SweepOptions,
        arguments: Sequence[Value],
        series: EndingMaker,
    ) -> None:
        control, headers, lengths, states, parameters, steps, observed, cotangents = arguments[:8]
        self.b, self.program, self.options, self.order = b, program, options, program.order
        self.element = element = options.element
        self.control = Fields(b, control, SWEEP)
        self.layout = SweepLayout.of(program, options)
        records, seen = self.control.get("records"), self.control.get("observations")
        count = options.states
        self.headers, self.observed_steps = headers, steps
        self.lengths = b.planes(lengths, records, element)
        self.states = b.planes(states, records * count, element)
        self.observed_lengths = b.planes(observed, seen, element)
        self.cotangents = b.planes(cotangents, seen * count, element)
        self.adjoints = b.planes(arguments[8], plane_length(self.layout.length), element)
        slots = plane_length(program.slots("parameter"))
        inputs = SweepInputs(
            b,
            options,
            program.order,
            header=lambda k: b.load(F64, b.at(headers, self.step * RECORD_HEADER + k)),
            state=lambda: b.at(self.states, self.step * count, element),
            parameters=b.planes(parameters, slots, element),
            nothing=self._place(self.layout.nothing),
            seeds=self._place(self.layout.seeds),
        )
        self.inputs = inputs
        self.step = b.constant(0, I64)
        rendering = Rendering(element, unrolled=options.unrolled, last=True)
        # Of wide rows in loops the seeds are written where the series has them.
        plain = not isinstance(program, ArrayProgram) and not options.unrolled
        self.in_place = plain and not options.running
        made = b, program, rendering, arguments[9], inputs
        self.series = series(*made, ending=self.layout.ending, in_place=self.in_place)

    def _place(self, position: Index) -> Value:
        return self.b.at(self.adjoints, position, self.element)

    def seed(self, tau: Value, scale: Value, checking: Value) -> None:
        """The given coefficients: of the adjoint at the end, and of what is observed."""
        b, layout, place = self.b, self.layout, self.layout.adjoint
        self._powers(tau)
        if self.in_place:
            self._seed_rows(self._place(place), checking, anew=True)
            self._observations(checking)
            return
        for block in self._state_blocks():
            # Block after block, and orders upwards: what is written beyond an end is written anew.
            to = self._place(layout.seeds + block.first)

            def plane(
                m: Index, _: list[Value], to: Value = to, block: Block = block, place: int = place
            ) -> Sequence[Value]:
                factor = self._factor(m, checking)
                here = b.at(to, m * block.stride, self.element)

                def put(at: Index, t: Type) -> None:
                    value = b.load(t, self._place(at + place))
                    b.store(value * b.splat(factor, t.lanes), b.at(here, at, self.element))

                self._each(block.count, put)
                return []

            b.fold(0, self.order + 1, [], plane)
            place += block.count
        if self.options.running:
            b.fold(0, self.order + 1, [], partial(self._seed_running, tau, scale, checking))
        self._observations(checking)

    def _seed_rows(self, numbers: Value, checking: Value, anew: bool) -> None:
        """Coefficients of the series' own rows, from numbers of the states; anew: not added."""
        b, memory = self.b, self._rows_in_memory()
        narrow: list[tuple[int, Chunk, Value]] = []

        def wide(index: int, given: Input, chunk: Chunk) -> None:
            value = self.inputs.lanes(numbers, given.index, chunk)

            def plane(m: Index, _: list[Value]) -> Sequence[Value]:
                self._seed_chunk(index, m, chunk, value, self._factor(m, checking), anew)
                return []

            b.fold(0, self.order + 1, [], plane)

        for index, row in enumerate(self.program.rows):
            if not isinstance(row.start, Input) or row.start.source != "jet":
                continue
            if memory.is_looped(index):
                memory.each_chunk(index, partial(wide, index, row.start))
                continue
            for chunk in memory.chunks(index):
                value = self.inputs.lanes(numbers, row.start.index, chunk)
                narrow.append((index, chunk, value))

        def plane(m: Index, _: list[Value]) -> Sequence[Value]:
            factor = self._factor(m, checking)
            for index, chunk, value in narrow:
                self._seed_chunk(index, m, chunk, value, factor, anew)
            return []

        b.fold(0, self.order + 1, [], plane)
        memory.next_order()

    def _rows_in_memory(self) -> RowMemory:
        memory = self.series.memory
        assert isinstance(memory, RowMemory)
        return memory

    def _seed_chunk(
        self, index: int, m: Index, chunk: Chunk, value: Value, factor: Value, anew: bool
    ) -> None:
        b, memory = self.b, self._rows_in_memory()
        wide = b.splat(factor, chunk.lanes)
        if anew:
            memory.store(index, m, chunk, value * wide)
            return
        memory.store(index, m, chunk, b.fma(value, wide, memory.coefficient(index, m, chunk)))

    def _seed_running(
        self, tau: Value, scale: Value, checking: Value, m: Index, _: list[Value]
    ) -> Sequence[Value]:
        """h tau^(p-m+1) / (p + 1 - m)"""
        b, block, top = self.b, self.options.blocks[-1], self.order + 1
        table = b.table([Fraction(1, top - k) for k in range(top)], self.element)
        part = b.load(Type(self.element), b.at(table, m, self.element))
        h = tau * b.from_double(scale, self.element)
        to = self._place(self.layout.seeds + block.first)
        value = self._factor(m, checking) * h * part
        b.store(value, b.at(to, m * block.stride, self.element))
        return []

    def _powers(self, tau: Value) -> None:
        b, layout = self.b, self.layout

        def one(n: Index, power: list[Value]) -> Sequence[Value]:
            b.store(power[0], b.at(self._place(layout.powers), n, self.element))
            return [power[0] * tau]

        b.fold(0, self.order + 1, [b.constant(1, Type(self.element))], one)

    def _factor(self, m: Index, checking: Value) -> Value:
        """tau^(p-m), or of steps that are checked zero but for the last two powers."""
        b = self.b
        power = b.load(
            Type(self.element),
            b.at(self._place(self.layout.powers), self.order - m, self.element),
        )
        return b.select(checking & (b.like(self.step, m) > 1), b.constant(0, power.type), power)

    def _observations(self, checking: Value) -> None:
        """Add what is observed within the step, the latest first."""
        b, control = self.b, self.control

        def within(carried: list[Value]) -> Value:
            place = b.select(carried[0] > 0, carried[0] - 1, b.constant(0, I64))
            step = b.load(I64, b.at(self.observed_steps, place, "i64"))
            return (carried[0] > 0) & b.eq(step, self.step)

        def one(carried: list[Value]) -> Sequence[Value]:
            number = carried[0] - 1
            tau = b.load(Type(self.element), b.at(self.observed_lengths, number, self.element))
            self._powers(tau)
            if self.in_place:
                count = number * self.options.states
                given = b.at(self.cotangents, count, self.element)
                self._seed_rows(given, checking, anew=False)
            else:
                self._add(number, checking)
            return [number]

        left = b.while_([control.get("observed")], within, one)
        control.set("left", left[0])

    def _add(self, number: Value, checking: Value) -> None:
        b, layout, count = self.b, self.layout, self.options.states
        t = Type(self.element)

        def plane(m: Index, _: list[Value]) -> Sequence[Value]:
            factor, first = self._factor(m, checking), 0
            for block in self._state_blocks():
                given = b.at(self.cotangents, number * count + first, self.element)
                to = b.at(self._place(layout.seeds + block.first), m * block.stride, self.element)

                def one(
                    i: Index, _: list[Value], to: Value = to, given: Value = given
                ) -> Sequence[Value]:
                    place = b.at(to, i, self.element)
                    value = b.load(t, b.at(given, i, self.element))
                    b.store(b.normal(b.fma(value, factor, b.load(t, place))), place)
                    return []

                b.fold(0, block.count, [], one)
                first += block.count
            return []

        b.fold(0, self.order + 1, [], plane)

    def _state_blocks(self) -> Sequence[Block]:
        return self.options.blocks[:-1] if self.options.running else self.options.blocks

    # -- memory ------------------------------------------------------------------------------------

    def _each(self, count: int, body: Callable[[Index, Type], None]) -> None:
        """body(place, type) for numbers in registers; some beyond the last are touched, too."""
        lanes = 1
        while lanes < min(count, REGISTER):
            lanes *= 2
        t = Type(self.element, lanes if lanes > 1 else 0)

        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            body(i * lanes, t)
            return []

        self.b.fold(0, -(-count // lanes), [], one, unroll=count <= lanes)

    def _copy(self, source: int, target: int, count: int) -> None:
        """Numbers from one place to another, in registers and then those that are left."""
        whole = count // REGISTER * REGISTER
        for first, end, t in (
            (0, whole, Type(self.element, REGISTER)),
            (whole, count, Type(self.element)),
        ):
            unit, begin = max(t.lanes, 1), first

            def one(
                i: Index, _: list[Value], t: Type = t, unit: int = unit, begin: int = begin
            ) -> Sequence[Value]:
                at = i * unit + begin
                value = self.b.load(t, self._place(at + source))
                self.b.store(value, self._place(at + target))
                return []

            turns = (end - first) // unit
            self.b.fold(0, turns, [], one, unroll=turns <= 1)

    def _size(self, place: Index) -> Value:
        t = Type(self.element)
        return self.b.fabs(self.b.to_double(self.b.load(t, self._place(place))))
