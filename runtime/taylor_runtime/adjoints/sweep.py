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
So steps are gone over twice now and then, the first time with the last two powers of tau alone:
what these give has to be next to nothing, or the step is left to Python, which takes shorter ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.adjoints.layout import DONE, TOO_LONG, SweepOptions
from taylor_runtime.adjoints.looking import Looking, over
from taylor_runtime.adjoints.seeds import ARGUMENTS as ARGUMENTS
from taylor_runtime.adjoints.seeds import Seeds
from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import ArrayProgram
from taylor_runtime.program.program import Program
from taylor_runtime.program.shapes.verify import verify_arrays
from taylor_runtime.program.verify import verify
from taylor_runtime.series.protocol import EndingMaker

SWEEP_BACK = "taylor.adjoint"


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


class _Sweep(Seeds):
    """Writes the loop over steps."""

    looking: Looking

    # -- the loop ---------------------------------------------------------------------------------

    def emit(self) -> None:
        """The loop, from its first turn."""
        b, control, layout = self.b, self.control, self.layout
        self.looking = Looking(b, control)
        top, end, back = (b.fresh_label(stem) for stem in ("top", "over", "back"))
        seen, whole, judged, take = (
            b.fresh_label(stem) for stem in ("seen", "whole", "judged", "take")
        )
        self.series.constant_rows()
        b.jump(top)
        b.label(top)
        index = control.get("index")
        b.branch(index <= control.get("first"), end, back)
        b.label(end)
        b.ret(b.constant(DONE, I64))
        b.label(back)
        self.step = index - 1
        scale = self.inputs.header(2)
        tau = b.load(Type(self.element), b.at(self.lengths, self.step, self.element))
        length = b.fabs(b.to_double(tau) * scale)
        looked_at = b.ne(control.get("looked_at"), 0)
        checking = self.looking.is_due(length) & ~looked_at
        self.series.factors.time_scale = scale
        self.seed(tau, scale, checking)
        self.series.order_zero()
        self.series.orders()
        if self.options.running:
            self.series.last_order()
        self._keep_results(layout.early)
        b.branch(checking, seen, whole)
        b.label(seen)
        self._note(length)
        b.jump(top)
        b.label(whole)
        b.branch(looked_at, judged, take)
        b.label(judged)
        self._judge(top)
        self._take(take, looked_at)
        b.jump(top)
        self.series.memory.drop_unread()

    def _note(self, length: Value) -> None:
        """What the last two terms of a step give, to be judged when all of it is known."""
        self.looking.note(length, self._largest(self.layout.results))
        if self.options.running:
            place = self.layout.outputs[-1][0] + self.layout.results
            self.control.set("top_running", self._size(place))

    def _take(self, label: str, looked_at: Value) -> None:
        """The step is gone back over: its results count."""
        b, layout = self.b, self.layout
        b.jump(label)
        b.label(label)
        for start, place, count in self._runs():
            self._copy(layout.results + start, layout.adjoint + place, count)
        if self.options.running:

            def add(at: Index, t: Type) -> None:
                sums, found = (self._place(k + at) for k in (layout.sums, layout.results))
                b.store(b.load(t, sums) + b.load(t, found), sums)

            self._each(layout.size, add)
        else:
            self.series.last_order()
            self._add_late_results()
        self.looking.take(looked_at)

        def keep() -> list[Value]:
            self._copy(layout.adjoint, layout.kept_adjoint, self.options.states)
            self._copy(layout.sums, layout.kept_sums, layout.size)
            self.looking.keep()
            return []

        b.if_(looked_at, keep)

    def _judge(self, top: str) -> None:
        """What the last two terms give decides whether the step counts, is to be repeated shorter,
        or those before it that nobody looked at have to be looked at, too.
        """
        b, looking, layout = self.b, self.looking, self.layout
        ratio = self._ratio()
        near = looking.is_near(ratio)
        go_back, here, too_long, good = (
            b.fresh_label(stem) for stem in ("behind", "here", "long", "good")
        )
        b.branch(near & looking.unseen(), go_back, here)
        b.label(go_back)
        self._copy(layout.kept_adjoint, layout.adjoint, self.options.states)
        self._copy(layout.kept_sums, layout.sums, layout.size)
        looking.go_back()
        b.jump(top)
        b.label(here)
        b.branch(looking.is_short(ratio), good, too_long)
        b.label(too_long)
        self.control.set("looked_at", 0)
        b.ret(b.constant(TOO_LONG, I64))
        b.label(good)
        looking.confirm(near)

    # -- results ----------------------------------------------------------------------------------

    def _keep_results(self, listed: Sequence[int]) -> None:
        """Coefficient p of outputs, side by side; listed: the places of their rows."""
        results, rows = self._place(self.layout.results), self.layout.rows

        def one(position: int, value: Value, chunk: Chunk) -> None:
            rows.store(self.b, value, results, position, chunk)

        self._each_result(listed, one)

    def _add_late_results(self) -> None:
        """Coefficient p of outputs that were not wanted before, added to their sums."""
        b, sums, rows = self.b, self._place(self.layout.sums), self.layout.rows

        def one(position: int, value: Value, chunk: Chunk) -> None:
            place = rows.address(b, sums, position, chunk)
            b.store(b.load(value.type, place) + value, place)

        self._each_result(self.layout.late, one)

    def _each_result(
        self, listed: Sequence[int], body: Callable[[int, Value, Chunk], None]
    ) -> None:
        """body(place, coefficient p, chunk) for rows of outputs; listed: their places."""
        memory = self.series.memory
        # Known at run time, as it was when it was stored, but for orders that are written out.
        order: Index = self.order if self.options.unrolled else self.b.constant(self.order, I64)

        def one(position: int, row: int, chunk: Chunk) -> None:
            body(position, memory.coefficient(row, order, chunk), chunk)

        for position in listed:
            row = self.layout.rows.rows[position]
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
        b, control, layout = self.b, self.control, self.layout
        before, after = self._largest(layout.results), self._largest_at_end()
        largest = b.select(before > after, before, after)
        ratio = over(b, control.get("top"), largest)
        if not self.options.running:
            return ratio
        slot = layout.outputs[-1][0]
        here, whole = (self._size(k + slot) for k in (layout.results, layout.sums))
        other = over(b, control.get("top_running"), b.select(here > whole, here, whole))
        return b.select(other <= ratio, ratio, other)

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
