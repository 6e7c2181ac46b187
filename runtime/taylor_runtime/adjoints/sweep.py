"""Back over the steps of a trajectory, with the adjoint of its state.

A step takes x to sum_n tau^n x_n with x_n = h f_{n-1} / n. Going back through its orders with m = p
- n, the adjoints phi of f and xb of x obey (Christianson, Optimization Methods and Software 1
(1992) 81, with the orders counted down)

    phi_m = h xb_{m-1} / (p + 1 - m),    xb_m = tau^(p-m) xb(end) + [pullback of f at x(t) of phi]_m

where [..]_m is coefficient m of an ordinary Taylor expansion, so that the program of x and phi
together is expanded like any other (`taylor.adjoints.pullback` makes it): xb(start) = xb_p, and the
parameters' shares are coefficient p of theirs.  What is observed at tau_o within the step adds its
tau_o^(p-m); a running cost g is one more output of f, with the adjoint h tau^(p-m+1) / (p + 1 - m).

This is the exact transpose of the derivative of the step, as that was made, and a step that was
short enough for x need not be for its derivatives: of a solution that is constant all are infinite.
So steps are gone over twice now and then, the second time with the last two powers of tau alone:
what these give has to be next to nothing, or the step is left to Python, which takes shorter ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial

from taylor_runtime.adjoints.layout import (
    DONE,
    SWEEP,
    TOO_LONG,
    Block,
    SweepLayout,
    SweepOptions,
)
from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import ArrayProgram
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.shapes.verify import verify_arrays
from taylor_runtime.program.verify import verify
from taylor_runtime.program.widths import REGISTER
from taylor_runtime.series.memory import Rendering, RowMemory
from taylor_runtime.series.protocol import EndingMaker
from taylor_runtime.steps.control import RECORD_HEADER
from taylor_runtime.steps.states import StateRows, plane_length, time_as

SWEEP_BACK = "taylor.adjoint"
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
FAR = 0.5  # of the limit: what is less is no reason to look at the next step
MOST_UNSEEN = 16  # steps between two that are looked at
ALIKE = 0.7  # of one another: lengths of steps that need not all be looked at


def sweep_module(program: Program, options: SweepOptions, series: EndingMaker) -> str:
    """IR text of `i64 taylor.adjoint(control, headers, lengths, states, parameters, observed_steps,
    observed_lengths, cotangents, adjoints, work)`.

    control: the fields of `layout.SWEEP`. headers: [time, time_low, scale, step] of every step;
    lengths: tau of each; states: the state that each began with. observed_steps: the steps in which
    something is observed, never falling; observed_lengths: tau there; cotangents: of the states
    there. adjoints: see `SweepLayout`. Numbers are of the kind, high parts first.
    """
    if isinstance(program, ArrayProgram):
        verify_arrays(program)
    else:
        verify(program)
    module = Module()
    given = [("ptr noalias", name) for name in ARGUMENTS]
    with define_function(module, SWEEP_BACK, "i64", given, "nounwind") as (b, arguments):
        _Sweep(b, program, options, arguments, series).emit()
    return module.text()


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


class _Sweep:
    """Writes the loop over steps."""

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
        rendering = Rendering(element, unrolled=options.unrolled)
        # Of wide rows in loops the seeds are written where the series has them.
        plain = not isinstance(program, ArrayProgram) and not options.unrolled
        self.in_place = plain and not options.running
        made = b, program, rendering, arguments[9], inputs
        self.series = series(*made, ending=self.layout.ending, in_place=self.in_place)

    def _place(self, position: Index) -> Value:
        return self.b.at(self.adjoints, position, self.element)

    # -- the loop ---------------------------------------------------------------------------------

    def emit(self) -> None:
        """The loop, from its first turn."""
        b, control, layout = self.b, self.control, self.layout
        top, over, back = (b.fresh_label(stem) for stem in ("top", "over", "back"))
        checked, take = b.fresh_label("checked"), b.fresh_label("take")
        self.series.constant_rows()
        b.jump(top)
        b.label(top)
        index = control.get("index")
        b.branch(index <= control.get("first"), over, back)
        b.label(over)
        b.ret(b.constant(DONE, I64))
        b.label(back)
        self.step = index - 1
        scale = self.inputs.header(2)
        tau = b.load(Type(self.element), b.at(self.lengths, self.step, self.element))
        self.series.factors.time_scale = scale
        checking = b.ne(control.get("checking"), 0)
        self._seed(tau, scale, checking)
        self.series.order_zero()
        self.series.orders()
        if self.options.running:
            self.series.last_order()
        self._keep_results(self.layout.early)
        again = b.fresh_label("main")
        b.branch(checking, checked, again)
        b.label(again)
        if not self.options.running:
            self.series.last_order()
        self._keep_results(self.layout.late)
        length = b.fabs(b.to_double(tau) * scale)
        due = b.fresh_label("due")
        b.branch(self._is_due(length), due, take)
        b.label(due)
        self._copy(layout.results, layout.waiting, layout.size)
        control.set("checked", length)
        control.set("checking", 1)
        b.jump(top)
        b.label(checked)
        self._judge(top)
        self._take(take)
        b.jump(top)
        self.series.memory.drop_unread()

    def _is_due(self, length: Value) -> Value:
        """Whether a step is to be looked at."""
        control, last = self.control, self.control.get("checked")
        unlike = (length < last * ALIKE) | (length * ALIKE > last)
        return unlike | (control.get("since") + 1 >= control.get("window"))

    def _take(self, label: str) -> None:
        """The step is gone back over: its results count."""
        b, control, layout = self.b, self.control, self.layout
        b.jump(label)
        b.label(label)
        for start, place, count in self._runs():
            self._copy(layout.results + start, layout.adjoint + place, count)

        def add(at: Index, t: Type) -> None:
            sums, found = (self._place(k + at) for k in (layout.sums, layout.results))
            b.store(b.load(t, sums) + b.load(t, found), sums)

        self._each(layout.size, add)
        control.set("index", control.get("index") - 1)
        control.set("observed", control.get("left"))
        looked_at = b.ne(control.get("checking"), 0)
        since = control.get("since") + 1
        control.set("since", b.select(looked_at, b.constant(0, I64), since))
        control.set("checking", 0)

        def keep() -> list[Value]:
            self._copy(layout.adjoint, layout.kept_adjoint, self.options.states)
            self._copy(layout.sums, layout.kept_sums, layout.size)
            control.set("kept_index", control.get("index"))
            control.set("kept_observed", control.get("observed"))
            return []

        b.if_(looked_at, keep)

    def _judge(self, top: str) -> None:
        """What the last two terms give decides whether the step counts, is to be repeated shorter,
        or those before it that nobody looked at have to be looked at, too.
        """
        b, control, layout = self.b, self.control, self.layout
        ratio = self._ratio()
        near = ~(ratio <= control.get("limit") * FAR)
        unseen = control.get("since") > 0
        go_back, here, too_long, good = (
            b.fresh_label(stem) for stem in ("behind", "here", "long", "good")
        )
        b.branch(near & unseen, go_back, here)
        b.label(go_back)
        self._copy(layout.kept_adjoint, layout.adjoint, self.options.states)
        self._copy(layout.kept_sums, layout.sums, layout.size)
        control.set("careful", control.get("since") + 2)
        control.set("index", control.get("kept_index"))
        control.set("observed", control.get("kept_observed"))
        for name, value in (("since", 0), ("window", 1), ("checking", 0)):
            control.set(name, value)
        b.jump(top)
        b.label(here)
        b.branch(ratio <= control.get("limit"), good, too_long)
        b.label(too_long)
        control.set("checking", 0)
        b.ret(b.constant(TOO_LONG, I64))
        b.label(good)
        careful, window = control.get("careful"), control.get("window")
        one, most = b.constant(1, I64), b.constant(MOST_UNSEEN, I64)
        doubled = window * 2
        wider = b.select(doubled < most, doubled, most)
        control.set("window", b.select(near | (careful > 0), one, wider))
        control.set("careful", b.select(careful > 0, careful - 1, careful))
        self._copy(layout.waiting, layout.results, layout.size)

    # -- seeds ------------------------------------------------------------------------------------

    def _seed(self, tau: Value, scale: Value, checking: Value) -> None:
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

    # -- results ----------------------------------------------------------------------------------

    def _keep_results(self, listed: Sequence[int]) -> None:
        """Coefficient p of outputs, side by side; listed: the places of their rows."""
        b, layout, rows = self.b, self.layout, self.layout.rows
        memory, order = self.series.memory, self.order

        def one(position: int, row: int, chunk: Chunk) -> None:
            value = memory.coefficient(row, order, chunk)
            rows.store(b, value, self._place(layout.results), position, chunk)

        for position in listed:
            row = rows.rows[position]
            memory.each_chunk(row, partial(one, position, row))

    def _runs(self) -> list[tuple[int, int, int]]:
        """(where, in the adjoint, how many) of results that lie one after the other."""
        found: list[tuple[int, int, int]] = []
        place = 0
        for slot, count in self.layout.outputs:
            if place == self.options.states:
                break
            if found and found[-1][0] + found[-1][2] == slot:
                slot, first, before = found.pop()
                found.append((slot, first, before + count))
            else:
                found.append((slot, place, count))
            place += count
        return found

    def _ratio(self) -> Value:
        """The largest of what the last two terms give, over the largest adjoint of the step; of a
        running cost over its integral, if that is more.
        """
        b, layout = self.b, self.layout
        top = self._largest(layout.results)
        before, after = self._largest(layout.waiting), self._largest_at_end()
        largest = b.select(before > after, before, after)
        ratio = _over(b, top, largest)
        if not self.options.running:
            return ratio
        slot = layout.outputs[-1][0]
        value, whole = (self._size(k + slot) for k in (layout.results, layout.sums))
        here = self._size(layout.waiting + slot)
        other = _over(b, value, b.select(here > whole, here, whole))
        return b.select(other <= ratio, ratio, other)

    def _size(self, place: Index) -> Value:
        t = Type(self.element)
        return self.b.fabs(self.b.to_double(self.b.load(t, self._place(place))))

    def _largest(self, place: int) -> Value:
        """Of the adjoints among results; what is no number counts as infinite."""
        value = self.b.constant(0, F64)
        for start, _, count in self._runs():

            def one(i: Index, largest: list[Value], start: int = start) -> Sequence[Value]:
                size = self._size(i + (place + start))
                return [self.b.select(size <= largest[0], largest[0], size)]

            (value,) = self.b.fold(0, count, [value], one, unroll=count == 1)
        return value

    def _largest_at_end(self) -> Value:
        def one(i: Index, largest: list[Value]) -> Sequence[Value]:
            size = self._size(i + self.layout.adjoint)
            return [self.b.select(size <= largest[0], largest[0], size)]

        return self.b.fold(0, self.options.states, [self.b.constant(0, F64)], one)[0]

    # -- memory -----------------------------------------------------------------------------------

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
        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            value = self.b.load(Type(self.element), self._place(i + source))
            self.b.store(value, self._place(i + target))
            return []

        self.b.fold(0, count, [], one, unroll=count == 1)


def _over(b: Builder, value: Value, largest: Value) -> Value:
    """value / largest; zero of nothing."""
    return b.select(b.eq(value, 0), b.constant(0, F64), value / largest)
