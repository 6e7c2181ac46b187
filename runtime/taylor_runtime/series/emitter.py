"""Rows of a program -> LLVM IR text, unrolled and looped from one description.

`SeriesEmitter` appends the evaluation of a program's coefficients to a builder.  Orders and
summation indices are either Python integers (unrolled: coefficients stay SSA values) or run-time
values (looped: coefficients live in the workspace); the description does not know which.  The
arithmetic is the same for both, see taylor/README.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import chain, groupby

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.factors import Factors
from taylor_runtime.arithmetic.kernel_calls import KernelCalls
from taylor_runtime.arithmetic.step import StepArithmetic
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Input, Program, Row, Step, Term
from taylor_runtime.program.shapes.ending import rows_at_the_end
from taylor_runtime.program.signature import convolution_chains, convolutions_of
from taylor_runtime.series.combine import Combined, combine_lanes, combined
from taylor_runtime.series.convolve import Paired, convolve
from taylor_runtime.series.fold import LANES, push
from taylor_runtime.series.gather import copy_lanes, gather_chunk
from taylor_runtime.series.memory import Rendering, RowMemory
from taylor_runtime.series.protocol import GivenInputs, Inputs
from taylor_runtime.series.schedule import FEWEST_PAIRED, MOST_PAIRED_CHAINS, batches, merged

InputReader = Callable[[Input, Chunk], Value]
CoefficientReader = Callable[[Input, Index, Chunk], Value]  # of inputs of source "jet"


class SeriesEmitter(StepArithmetic[RowMemory]):
    """Writes the coefficients of a program's rows into one function."""

    def __init__(
        self,
        b: Builder,
        program: Program,
        rendering: Rendering,
        workspace: Value | None,
        read_input: InputReader,
        time_scale: Value | None = None,
        read_coefficient: CoefficientReader | None = None,
        ending: Collection[int] = (),
        in_place: bool = False,
    ) -> None:
        """ending: rows of which the last order is wanted alone, by `last_order`.

        in_place: whether somebody puts inputs of source "jet" where they belong, order zero too.
        """
        self.in_place = in_place
        self.b = b
        self.program = program
        self.rendering = rendering
        self.element = rendering.element
        self.memory = RowMemory(b, program, rendering, workspace, ending, self._gathered)
        self.read_input = read_input
        self.read_coefficient = read_coefficient
        self.factors = Factors(b, self.element, program.order, time_scale)
        self.kernels = KernelCalls(self.memory)
        kind = ELEMENTS[self.element]
        # Pairs halve the loads: where a multiply-add is many operations these are not what counts.
        self.paired = program.order >= FEWEST_PAIRED and kind.operations == 1
        most = MOST_PAIRED_CHAINS if self.paired and not rendering.unrolled else kind.chains
        alone = rendering.unrolled or rendering.batch > 1
        found = Combined({}, {}, frozenset()) if alone else combined(program, self.memory.layout)
        windows = {i for i, window in enumerate(self.memory.windows) if window}
        self._combined, self._skipped = found, windows | found.absorbed - found.places.keys()
        read = {place: sources for place, (sources, _) in found.places.items()}

        def loops(rows: Collection[int]) -> list[list[list[int]]]:
            listed = batches(program, self._skipped | (everything - set(rows)), most)
            return [[part] for part in listed] if alone else merged(program, listed, read)

        everything = set(range(len(program.rows)))
        others = everything - set(ending)
        wanted = rows_at_the_end(program) & others
        self._loops, self._top_loops, self._last_loops = loops(others), loops(wanted), loops(ending)
        # Written out there is one text more or less of each row, looped there are two.
        self._ends_alone = program.order > 1 and (
            rendering.unrolled or self._convolves([list(others - wanted)])
        )
        self._ending = ending
        self._divisors = frozenset(
            row.step.divisor for row in program.rows if row.step and row.step.divisor is not None
        )

    # -- orders ---------------------------------------------------------------------------------

    def constant_rows(self) -> None:
        """Order zero of the rows that depend on parameters alone."""
        self.rows_at_zero([k for k, row in enumerate(self.program.rows) if row.constant])

    def order_zero(self) -> None:
        """Order zero of all other rows."""
        self.rows_at_zero([k for k, row in enumerate(self.program.rows) if not row.constant])

    def rows_at_zero(self, wanted: Collection[int]) -> None:
        """Order zero of some rows, in their order."""
        self.kernels.forget()
        for index in sorted(wanted):
            if index in self._skipped or index in self._ending:
                continue
            row = self.program.rows[index]
            if self.in_place and isinstance(row.start, Input) and row.start.source == "jet":
                continue
            if self._is_copy(index):
                self._copy(index, 0)
                if index in self._divisors and not self.program.exact_division:
                    self.memory.each_chunk(index, partial(self._invert, index))
            else:
                self.memory.each_chunk(index, partial(self._start, index, row))

    def _invert(self, index: int, chunk: Chunk) -> None:
        self.memory.store_reciprocal(index, chunk, self.memory.head(index, chunk))

    def _start(self, index: int, row: Row, chunk: Chunk) -> None:
        if index in self._combined.values:
            value = self.memory.newest(self._combined.values[index], 0, chunk)
            if row.offset != 0:
                value = value + self.memory.constant(row.offset, chunk)
        elif row.gather is not None:
            value = gather_chunk(self.memory, row.gather, 0, chunk)
        else:
            value = self.start_value(
                row,
                chunk,
                lambda given: self.read_input(given, chunk),
                lambda step: convolve(self.memory, step.terms, 0, chunk),
            )
        self.memory.store(index, 0, chunk, value)
        if index in self._divisors and not self.program.exact_division:
            self.memory.store_reciprocal(index, chunk, value)

    def _order(
        self, listed: list[list[list[int]]], n: Index, second: Value | bool | None = None
    ) -> None:
        """Coefficient n >= 1 of rows in loops.

        second: whether n is the second of a pair of orders (see `convolve.Paired`); None for
            orders that are computed one by one.
        """
        self.memory.next_order()
        self.factors.enter(n)
        for differs, loops in groupby(listed, self._convolves):
            if differs and isinstance(second, Value):
                self._one_of_two(list(loops), n, second)
                continue
            which = second if differs and isinstance(second, bool) else None
            for parts in loops:
                if self._is_copy(parts[0][0]):
                    self._copy(parts[0][0], n)
                else:
                    self._loop(parts, n, which)
        if isinstance(n, int):
            for batch in chain(*listed):
                convolutions = convolutions_of(self._terms(batch))
                for chunk in self.memory.chunks(batch[0]):
                    push(self.memory, convolutions, n, chunk)

    def last_order(self) -> None:
        """The highest coefficient of the rows of which it is wanted alone."""
        self._order(self._last_loops, self._highest())

    def _gathered(self, row: int, n: Index, chunk: Chunk) -> Value:
        """A coefficient of a gather that is not kept."""
        gather = self.program.rows[row].gather
        assert gather is not None
        return gather_chunk(self.memory, gather, n, chunk)

    def _highest(self) -> Index:
        order = self.program.order
        return order if self.rendering.unrolled else self.b.constant(order, I64)

    def _loop(self, parts: list[list[int]], n: Index, second: bool | None) -> None:
        self.memory.each_chunk(parts[0][0], partial(self._advance_all, parts, n, second))

    def _one_of_two(self, loops: list[list[list[int]]], n: Index, second: Value) -> None:
        """Loops that follow one another, as the first or the second order of a pair wants them."""
        rows = [index for parts in loops for index in chain(*parts)]
        places = self.memory.places(rows)

        def way(which: bool) -> Sequence[Value]:
            for parts in loops:
                self._loop(parts, n, which)
            return self.memory.take(rows, places)

        values = self.b.if_(second, partial(way, True), partial(way, False))
        self.memory.give(places, values)

    def _convolves(self, parts: list[list[int]]) -> bool:
        return any(convolution_chains(self.program.rows[row]) > 0 for row in chain(*parts))

    def _terms(self, batch: Sequence[int]) -> list[Term]:
        steps = [self.program.rows[index].step for index in batch]
        return [term for step in steps if step for term in step.terms]

    def _is_copy(self, row: int) -> bool:
        """Whether a row is made as a whole from memory to memory, not chunk by chunk."""
        gathers = self.program.rows[row].gather is not None
        return row in self._combined.places or (gathers and self.memory.is_looped(row))

    def _copy(self, row: int, n: Index) -> None:
        if row in self._combined.places:
            combine_lanes(self.memory, row, self._combined, n)
        else:
            copy_lanes(self.memory, row, n)

    def orders(self) -> None:
        """Coefficients 1 .. order of every row, unrolled or looped as the rendering says; the
        highest, of rows that outputs need there.

        Looped, in pairs: order 1, then 2 and 3, 4 and 5, ...
        """
        top = self.program.order

        def one(n: Index, _: list[Value]) -> Sequence[Value]:
            second: Value | bool | None = None
            if self.paired and isinstance(n, Value):
                second = self.b.ne(n & 1, 0) & (n > 1)
            elif self.paired and isinstance(n, int) and 1 < n < top + n % 2:
                second = n % 2 == 1
            self._order(self._loops, n, second)
            return []

        self.b.fold(1, top + (not self._ends_alone), [], one, unroll=self.rendering.unrolled)
        if self._ends_alone:
            second = True if self.paired and top % 2 else None
            self._order(self._top_loops, self._highest(), second)
        self.memory.next_order()

    def _advance_all(
        self, parts: Sequence[Sequence[int]], n: Index, second: bool | None, chunk: Chunk
    ) -> None:
        for batch in parts:
            paired = None
            if second is not None and (chunk.lanes > LANES or not self.rendering.unrolled):
                paired = Paired(second, self.memory.partial_places(batch))
            self._advance(batch, n, chunk, paired)

    def _advance(self, batch: Sequence[int], n: Index, chunk: Chunk, paired: Paired | None) -> None:
        """Coefficient n of rows that do not need one another's."""
        rows = [self.program.rows[index] for index in batch]
        convolutions = convolve(self.memory, self._terms(batch), n, chunk, paired)
        for index, row in zip(batch, rows, strict=True):
            if row.gather is not None:
                value = gather_chunk(self.memory, row.gather, n, chunk)
            elif index in self._combined.values:
                value = self.memory.newest(self._combined.values[index], n, chunk)
            elif row.step is not None:
                value = self.step_value_of(row.step, n, chunk, convolutions)
            elif isinstance(row.start, Input) and row.start.source == "time":
                value = self.factors.time_coefficient(n, chunk.type(self.element))
            elif isinstance(row.start, Input) and row.start.source == "jet":
                if self.read_coefficient is None:
                    continue  # all its coefficients are where they belong
                value = self.read_coefficient(row.start, n, chunk)
            else:
                value = self.b.constant(0, chunk.type(self.element))
            self.memory.store(index, n, chunk, value)

    def lagged(self, row: int, n: Index, chunk: Chunk) -> Value:
        """row_{n-1}."""
        return self.memory.coefficient(row, n - 1, chunk)

    def step_value(self, step: Step, n: Index, chunk: Chunk) -> Value:
        """u_n by the step, for n >= 1."""
        return self.step_value_of(step, n, chunk, convolve(self.memory, step.terms, n, chunk))


def series_of_numbers(
    b: Builder, program: Program, rendering: Rendering, workspace: Value, inputs: Inputs
) -> SeriesEmitter:
    """The series whose coefficients are numbers."""
    return SeriesEmitter(b, program, rendering, workspace, inputs.read)


def series_with_given(
    b: Builder,
    program: Program,
    rendering: Rendering,
    workspace: Value,
    inputs: GivenInputs,
    ending: Collection[int] = (),
    in_place: bool = False,
) -> SeriesEmitter:
    """The same where some inputs are given coefficient by coefficient, and of some rows nothing is
    wanted but the last one; in_place: see `SeriesEmitter`.
    """
    read = None if in_place else inputs.coefficient
    made = b, program, rendering, workspace, inputs.read
    return SeriesEmitter(*made, read_coefficient=read, ending=ending, in_place=in_place)
