"""Rows with shapes -> LLVM IR text: loops over elements, order after order.

The arithmetic of a row at an element is that of every other rendering (`arithmetic.step`,
`series.convolve`); what is here is how elements are walked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.factors import Factors
from taylor_runtime.arithmetic.kernel_calls import KernelCalls
from taylor_runtime.arithmetic.step import StepArithmetic
from taylor_runtime.arrays.loops.halves import HalfWriter
from taylor_runtime.arrays.loops.nests import NestWriter
from taylor_runtime.arrays.memory import ArrayMemory
from taylor_runtime.arrays.plan import (
    BEYOND,
    CONSTANT,
    LAST,
    START,
    TOP,
    Plan,
)
from taylor_runtime.arrays.plans.works import Nest, Together, Whole, Work
from taylor_runtime.arrays.regions.backward import emit_backward
from taylor_runtime.arrays.regions.branches import emit_all_orders, emit_choice
from taylor_runtime.arrays.regions.inner import ALONE, chosen_place
from taylor_runtime.arrays.regions.loops import emit_loop
from taylor_runtime.arrays.regions.puts import emit_put
from taylor_runtime.arrays.regions.series import emit_series
from taylor_runtime.arrays.walk import Place
from taylor_runtime.arrays.wholes import emit_whole
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I1, I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Pick,
    Put,
    Shape,
    Take,
    contiguous,
)
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Input, Step
from taylor_runtime.program.shapes.walks import aligned
from taylor_runtime.series.convolve import Paired, convolve

Addresses = Callable[[Input], Value]
TimeReader = Callable[[Input, Chunk], Value]


_KINDS = {"switch": emit_choice, "reverse": emit_backward, "series": emit_all_orders}


class ArrayEmitter(StepArithmetic[ArrayMemory]):
    """Writes the coefficients of a program's rows into one function.

    addresses: of the first element of an input's array; of "table", the first position.
    time: gives what inputs of source "time" are.
    given: coefficients that inputs of source "jet" have.
    """

    def __init__(
        self,
        b: Builder,
        plan: Plan,
        memory: ArrayMemory,
        addresses: Addresses,
        time: TimeReader | None = None,
        time_scale: Value | None = None,
        given: int = 0,
    ) -> None:
        self.b = b
        self.given = given
        self.plan = plan
        self.program: ArrayProgram = plan.program
        self.element = memory.element
        self.memory = memory
        self.addresses = addresses
        self.time = time
        self.factors = Factors(b, self.element, plan.program.order, time_scale)
        self.kernels = KernelCalls(memory)
        memory.made_again = self._made_again

    # -- passes -----------------------------------------------------------------------------------

    def constant_rows(self) -> None:
        """Order zero of the rows that depend on parameters alone."""
        self._pass(CONSTANT, 0)

    def order_zero(self) -> None:
        """Order zero of all other rows."""
        self._pass(START, 0)

    def orders(self) -> None:
        """Coefficients 1 .. order of every row that has them; the highest, of rows that outputs
        need there.
        """
        top, alone = self.program.order, self.plan.ends_alone

        def one(n: Index, _: list[Value]) -> Sequence[Value]:
            self.factors.enter(n)
            second = None
            if self.memory.paired and isinstance(n, Value):
                second = self.b.ne(n & 1, 0) & (n > 1)
            self._pass(BEYOND, n, second)
            return []

        self.b.fold(1, top + (not alone), [], one)
        if alone:
            second = self.b.constant(1, I1) if self.memory.paired and top % 2 else None
            self._highest(TOP, second)

    def last_order(self) -> None:
        """The highest coefficient of the rows of which it is wanted alone."""
        self._highest(LAST)

    def _highest(self, name: str, second: Value | None = None) -> None:
        n = self.b.constant(self.program.order, I64)
        self.factors.enter(n)
        self._pass(name, n, second)

    def _pass(self, name: str, n: Index, second: Value | None = None) -> None:
        """All works of a pass; second: whether n is the second of a pair of orders."""
        self.memory.at_zero = name not in (BEYOND, TOP, LAST)
        self._works(self.plan.loops[name], n, second)

    def compute(self, works: Sequence[Work]) -> None:
        """Order zero of rows that depend on parameters alone: some of the works."""
        self._works(works, 0)

    def _works(
        self, works: Sequence[Work | Together], n: Index, second: Value | None = None
    ) -> None:
        for work in works:
            self.memory.values.clear()
            if isinstance(work, Whole):
                if self.memory.kept(work.row, n):  # else nobody reads this order
                    self._whole(work.row, n, second)
                continue
            nests = work.nests if isinstance(work, Together) else [work]
            self.memory.ahead = isinstance(work, Together) and work.far and not self.memory.at_zero
            rows = [row for nest in nests for row in nest.rows]
            if second is None or not any(map(self.plan.convolves, rows)):
                self._loops(nests, n, None)
            else:
                first, other = (partial(self._loops, nests, n, which) for which in (True, False))
                self.b.if_(second, first, other)
        self.memory.values.clear()

    def _whole(self, row: int, n: Index, second: Value | None) -> None:
        """A row that is computed as a whole."""
        moved = self.program.row(row).moved
        if isinstance(moved, Put):
            emit_put(self, row, moved, n)
        elif isinstance(moved, Region) and moved.graphs[-1].order and moved.kind != "series":
            emit_series(self, row, n, second)
        elif isinstance(moved, Region):
            _KINDS.get(moved.kind, emit_loop)(self, row)
        else:
            emit_whole(self.memory, row, n)

    def within(self, plan: Plan, memory: ArrayMemory) -> ArrayEmitter:
        """Writes a program inside of a row of this one."""
        inner = ArrayEmitter(self.b, plan, memory, self.addresses)
        inner.cancels = self.cancels
        if plan.program.order == self.program.order:
            inner.factors = self.factors
        return inner

    def beyond(self, n: Index, second: Value | None) -> None:
        """Coefficient n of all rows of a program inside; second: see `_pass`."""
        self._pass(BEYOND, n, second)

    def _loops(self, nests: Sequence[Nest], n: Index, second: bool | None) -> list[Value]:
        """One nest, or several at each place of their first axis."""
        if len(nests) == 1:
            self._nest(nests[0], n, second, None)
            return []

        for nest in nests:
            if nest.half:  # all elements of its sums are added to at each place of the first axis
                self._writer(nest, n, second, 0).clear()

        def one(first: Index, _: list[Value]) -> Sequence[Value]:
            for nest in nests:
                self._nest(nest, n, second, first)
            return []

        self.b.fold(0, nests[0].space[0], [], one)
        return []

    def _nest(self, nest: Nest, n: Index, second: bool | None, first: Index | None) -> None:
        self.memory.values.clear()
        self.kernels.forget()
        self._writer(nest, n, second, first).emit()

    def _writer(self, nest: Nest, n: Index, second: bool | None, first: Index | None) -> NestWriter:
        return (HalfWriter if nest.half else NestWriter)(self, nest, n, second, first)

    def _made_again(self, index: int, n: Index, chunk: Chunk) -> Value:
        """Coefficient n of a row that is not kept."""
        row = self.program.row(index)
        assert row.step is not None
        value = self.combine(
            row.step.terms, chunk, lambda used: self.memory.coefficient(used, n, chunk), n
        )
        if row.offset != 0 and isinstance(n, int) and n == 0:
            value = value + self.memory.constant(row.offset, chunk)
        return self.b.normal(value)

    # -- rows -------------------------------------------------------------------------------------

    def value(self, index: int, n: Index, place: Place, second: bool | None = None) -> Value:
        """Coefficient n of a row at a place; second: of a pair of orders, see `Paired`."""
        row = self.program.row(index)
        if isinstance(row.moved, Take):
            return self._taken(row.moved, row, n, place)
        if isinstance(row.moved, Pick):
            return self._picked(row.moved, n, place)
        if isinstance(n, int):
            return self.start_value(
                row,
                place,
                lambda given: self._given(given, row, place),
                lambda step: convolve(self.memory, step.terms, 0, place),
            )
        if row.step is not None:
            paired = None
            if second is not None and self.plan.convolves(index):
                paired = Paired(second, self.memory.partial_places(index))
            sums = convolve(self.memory, row.step.terms, n, place, paired)
            return self.step_value_of(row.step, n, place, sums)
        assert isinstance(row.start, Input)
        if row.start.source == "time":
            return self.factors.time_coefficient(n, place.type(self.element))
        if row.start.source == "jet":
            return self._coefficient(row.start, row, n, place)
        return self.b.constant(0, place.type(self.element))

    def _coefficient(self, given: Input, row: ArrayRow, n: Index, place: Place) -> Value:
        """A coefficient of an input, zero beyond those that it has."""
        b, last = self.b, self.given - 1
        known = b.compare("le", b.like(b.constant(0, I64), n), last)
        plane = b.select(known, b.like(b.constant(0, I64), n), b.constant(last, I64))
        base = b.at(self.addresses(given), plane * row.size, self.element)
        value = self.memory.load_at(base, contiguous(row.shape), row.shape, place)
        return b.select(known, value, b.constant(0, value.type))

    def _given(self, given: Input, row: ArrayRow, place: Place) -> Value:
        if given.source == "time":
            assert self.time is not None
            return self.time(given, place)
        if not row.size:  # it has no place in memory
            return self.b.constant(0, place.type(self.element))
        base = self.addresses(given)
        return self.memory.load_at(base, contiguous(row.shape), row.shape, place)

    def _taken(self, take: Take, row: ArrayRow, n: Index, place: Place) -> Value:
        b, access = self.b, self.plan.access(take.source)
        base = b.at(self.memory.base(access.row, n), access.offset, self.element)
        table = self.positions(take.table, row.shape, place)
        if not place.lanes:
            return b.load(Type(self.element), b.at(base, table, self.element))
        return b.gather(Type(self.element, place.lanes), base, table)

    def _picked(self, pick: Pick, n: Index, place: Place) -> Value:
        """Elements of the source at the places that were chosen along its axis."""
        b, memory = self.b, self.memory
        access, shape = self.plan.access(pick.source), self.program.shape(pick.source)
        base = b.at(memory.base(access.row, n), access.offset, self.element)
        strides = (*access.strides[: pick.axis], *access.strides[pick.axis + 1 :])
        kept = (*shape[: pick.axis], *shape[pick.axis + 1 :])
        strides = aligned(strides, kept, place.walk.shape)
        if self.program.row(pick.places).size == 1:
            chosen = chosen_place(b, memory.head(pick.places, ALONE), shape[pick.axis])
            base = b.at(base, chosen * access.strides[pick.axis], self.element)
            return memory.load_at(base, strides, place.walk.shape, place)
        at, step = memory.position(base, strides, place)
        index = chosen_place(b, memory.head(pick.places, place), shape[pick.axis])
        index = index * access.strides[pick.axis]
        if not place.lanes:
            return b.load(Type(self.element), b.at(at, index, self.element))
        lanes = b.constants([lane * step for lane in range(place.lanes)], "i64")
        return b.gather(Type(self.element, place.lanes), at, index + lanes)

    def positions(self, table: int, shape: Shape, place: Place) -> Value:
        """The positions that a table has for the elements of a place."""
        base = self.addresses(Input("table", (table,)))
        return self.memory.load_at(base, contiguous(shape), shape, place, I64)

    def lagged(self, row: int, n: Index, chunk: Chunk) -> Value:
        """row_{n-1}."""
        if self.plan.varies[row] or isinstance(n, int):
            return self.memory.coefficient(row, n - 1, chunk)
        first = self.memory.coefficient(row, 0, chunk)
        return self.b.select(self.b.eq(n, 1), first, self.b.constant(0, first.type))

    def step_value(self, step: Step, n: Index, chunk: Chunk) -> Value:
        """u_n by the step, for n >= 1."""
        return self.step_value_of(step, n, chunk, convolve(self.memory, step.terms, n, chunk))
