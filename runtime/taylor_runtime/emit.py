"""Rows of a program -> LLVM IR text, unrolled and looped from one description.

`SeriesEmitter` appends the evaluation of a program's coefficients to a builder.  Orders and
summation indices are either Python integers (unrolled: coefficients stay SSA values) or run-time
values (looped: coefficients live in the workspace); the description does not know which.  The
arithmetic is the same for both, see taylor/README.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain

from taylor_runtime.convolve import Doubled, Paired, convolutions_of, convolve
from taylor_runtime.factors import Factors
from taylor_runtime.fold import push
from taylor_runtime.gather import copy_lanes, gather_chunk
from taylor_runtime.ir import PAIR, Builder, Index, Value
from taylor_runtime.kernel_calls import KernelCalls
from taylor_runtime.layout import Chunk, convolution_chains
from taylor_runtime.program import (
    Coefficient,
    Constant,
    Convolution,
    Input,
    Kernel,
    Program,
    Row,
    Select,
    Step,
    Term,
)
from taylor_runtime.rows import Rendering, RowMemory
from taylor_runtime.schedule import MOST_CHAINS, MOST_PAIRED_CHAINS, batches, merged

FEWEST_PAIRED = 4  # orders of a series that is computed by pairs of orders

InputReader = Callable[[Input, Chunk], Value]


class SeriesEmitter:
    """Writes the coefficients of a program's rows into one function."""

    def __init__(
        self,
        b: Builder,
        program: Program,
        rendering: Rendering,
        workspace: Value | None,
        read_input: InputReader,
        time_scale: Value | None = None,
    ) -> None:
        self.b = b
        self.program = program
        self.rendering = rendering
        self.element = rendering.element
        self.memory = RowMemory(b, program, rendering, workspace)
        self.read_input = read_input
        self.factors = Factors(b, self.element, program.order, time_scale)
        self.kernels = KernelCalls(self.memory)
        # Double-doubles have more to compute than to load.
        self.paired = (
            not rendering.unrolled and program.order >= FEWEST_PAIRED and self.element != PAIR
        )
        most = MOST_PAIRED_CHAINS if self.paired else MOST_CHAINS[self.element]
        listed = batches(program, self.memory.windows, most)
        alone = rendering.unrolled or rendering.batch > 1
        self._loops = [[part] for part in listed] if alone else merged(program, listed)
        self._divisors = frozenset(
            row.step.divisor for row in program.rows if row.step and row.step.divisor is not None
        )

    # -- orders ---------------------------------------------------------------------------------

    def constant_rows(self) -> None:
        """Order zero of the rows that depend on parameters alone."""
        self._order_zero(lambda row: row.constant)

    def order_zero(self) -> None:
        """Order zero of all other rows."""
        self._order_zero(lambda row: not row.constant)

    def _order_zero(self, wanted: Callable[[Row], bool]) -> None:
        self.kernels.forget()
        for index, row in enumerate(self.program.rows):
            if not wanted(row) or self.memory.windows[index]:
                continue
            if self._is_copy(index):
                copy_lanes(self.memory, index, 0)
                if index in self._divisors and not self.program.exact_division:
                    self.memory.each_chunk(index, partial(self._invert, index))
            else:
                self.memory.each_chunk(index, partial(self._start, index, row))

    def _invert(self, index: int, chunk: Chunk) -> None:
        self.memory.store_reciprocal(index, chunk, self.memory.head(index, chunk))

    def _start(self, index: int, row: Row, chunk: Chunk) -> None:
        value = self._start_value(index, row, chunk)
        if row.offset != 0:
            value = value + self.memory.constant(row.offset, chunk)
        self.memory.store(index, 0, chunk, value)
        if index in self._divisors and not self.program.exact_division:
            self.memory.store_reciprocal(index, chunk, value)

    def _start_value(self, index: int, row: Row, chunk: Chunk) -> Value:
        if row.gather is not None:
            return gather_chunk(self.memory, row.gather, 0, chunk)
        if isinstance(row.start, Input):
            return self.read_input(row.start, chunk)
        if isinstance(row.start, Kernel):
            return self.kernels.value(row.start, chunk)
        assert row.step is not None
        if row.step.times in ("n", "h"):
            return self.b.constant(0, chunk.type(self.element))
        convolutions = convolve(self.memory, row.step.terms, 0, chunk)
        value = self._sum_of_terms(row.step.terms, 0, chunk, convolutions)
        if row.step.divisor is not None:
            value = value / self.memory.head(row.step.divisor, chunk)
        return value

    def order(self, n: Index, second: Value | None = None) -> None:
        """Coefficient n >= 1 of every row.

        second: whether n is the second of a pair of orders (see `convolve.Paired`); None for
            orders that are computed one by one.
        """
        self.memory.next_order()
        for parts in self._loops:
            first = parts[0][0]
            if self._is_copy(first):
                copy_lanes(self.memory, first, n)
            elif second is None or not any(map(self._convolves, chain(*parts))):
                self.memory.each_chunk(first, partial(self._advance_all, parts, n, None))
            else:
                ways = [partial(self._one_of_two, parts, n, which) for which in (True, False)]
                self.b.if_(second, *ways)
        if isinstance(n, int):
            for batch in chain(*self._loops):
                convolutions = convolutions_of(self._terms(batch))
                for chunk in self.memory.chunks(batch[0]):
                    push(self.memory, convolutions, n, chunk)

    def _one_of_two(self, parts: list[list[int]], n: Index, second: bool) -> Sequence[Value]:
        self.memory.each_chunk(parts[0][0], partial(self._advance_all, parts, n, second))
        self.memory.leave(list(chain(*parts)))
        return []

    def _terms(self, batch: Sequence[int]) -> list[Term]:
        steps = [self.program.rows[index].step for index in batch]
        return [term for step in steps if step for term in step.terms]

    def _convolves(self, row: int) -> bool:
        return convolution_chains(self.program.rows[row]) > 0

    def _is_copy(self, row: int) -> bool:
        """Whether a row is a gather made as a whole, not chunk by chunk."""
        gathers = self.program.rows[row].gather is not None
        return gathers and self.memory.is_looped(row)

    def orders(self) -> None:
        """Coefficients 1 .. order of every row, unrolled or looped as the rendering says.

        Looped, in pairs: order 1, then 2 and 3, 4 and 5, ...
        """

        def one(n: Index, _: list[Value]) -> Sequence[Value]:
            second = None
            if self.paired and isinstance(n, Value):
                second = self.b.ne(n & 1, 0) & (n > 1)
            self.order(n, second)
            return []

        self.b.fold(1, self.program.order + 1, [], one, unroll=self.rendering.unrolled)
        self.memory.next_order()

    def _advance_all(
        self, parts: Sequence[Sequence[int]], n: Index, second: bool | None, chunk: Chunk
    ) -> None:
        for batch in parts:
            paired = None
            if second is not None:
                paired = Paired(second, self.memory.partial_places(batch))
            self._advance(batch, n, chunk, paired)

    def _advance(self, batch: Sequence[int], n: Index, chunk: Chunk, paired: Paired | None) -> None:
        """Coefficient n of rows that do not need one another's."""
        rows = [self.program.rows[index] for index in batch]
        convolutions = convolve(self.memory, self._terms(batch), n, chunk, paired)
        for index, row in zip(batch, rows, strict=True):
            if row.gather is not None:
                value = gather_chunk(self.memory, row.gather, n, chunk)
            elif row.step is not None:
                value = self._step_value(row.step, n, chunk, convolutions)
            elif isinstance(row.start, Input) and row.start.source == "time":
                value = self.factors.time_coefficient(n, chunk.type(self.element))
            elif isinstance(row.start, Input) and row.start.source == "jet":
                continue  # all its coefficients are given
            else:
                value = self.b.constant(0, chunk.type(self.element))
            self.memory.store(index, n, chunk, value)

    def step_value(self, step: Step, n: Index, chunk: Chunk) -> Value:
        """u_n by the step, for n >= 1."""
        return self._step_value(step, n, chunk, convolve(self.memory, step.terms, n, chunk))

    def _step_value(
        self, step: Step, n: Index, chunk: Chunk, convolutions: dict[Convolution, Doubled]
    ) -> Value:
        factor, rest = self._factor(step, n, chunk), self._rest_of_factor(step, n, chunk)
        if factor is not None and len(step.terms) == 1 and step.divisor is None:
            value, doubled = self._operand(step.terms[0], n, chunk, convolutions)
            one = self.b.constant(1, chunk.type(self.element))
            number = self._add_term(None, step.terms[0], one, doubled, chunk)
            factor, rest = self.factors.scaled(number, factor, rest, n)
        else:
            value = self._sum_of_terms(step.terms, n, chunk, convolutions)
            if step.divisor is not None and self.program.exact_division:
                value = value / self.memory.head(step.divisor, chunk)
        if factor is None:
            return value
        return value * factor if rest is None else self.b.fma(value, factor, value * rest)

    def _rest_of_factor(self, step: Step, n: Index, chunk: Chunk) -> Value | None:
        if step.times != "h/n" or step.divisor is not None:
            return None
        return self.factors.rest(n, chunk.type(self.element))

    def _factor(self, step: Step, n: Index, chunk: Chunk) -> Value | None:
        """times(n) / divisor_0 as one number, off the path of the newest coefficients."""
        factor = self.factors.times(step.times, n, chunk.type(self.element))
        if step.divisor is not None and not self.program.exact_division:
            reciprocal = self.memory.reciprocal(step.divisor, chunk)
            factor = reciprocal if factor is None else reciprocal * factor
        return factor

    # -- sums -----------------------------------------------------------------------------------

    def _sum_of_terms(
        self,
        terms: Sequence[Term],
        n: Index,
        chunk: Chunk,
        convolutions: dict[Convolution, Doubled],
    ) -> Value:
        """sum of constant * head * operand, fused, in a number of chains that depends on the count
        alone.
        """
        chains: list[Value | None] = [None] * chain_count(len(terms))
        for position, term in enumerate(terms):
            operand, doubled = self._operand(term, n, chunk, convolutions)
            where = position % len(chains)
            chains[where] = self._add_term(chains[where], term, operand, doubled, chunk)
        total = [chain for chain in chains if chain is not None]
        if not total:
            return self.b.constant(0, chunk.type(self.element))
        while len(total) > 1:
            total = [
                total[i] + total[i + 1] if i + 1 < len(total) else total[i]
                for i in range(0, len(total), 2)
            ]
        return total[0]

    def combine(
        self, terms: Sequence[Term], chunk: Chunk, value_of: Callable[[int], Value]
    ) -> Value:
        """sum of constant * head * value_of(row), for terms that are coefficients."""
        total: Value | None = None
        for term in terms:
            assert isinstance(term.operand, Coefficient)
            total = self._add_term(total, term, value_of(term.operand.row), False, chunk)
        return self.b.constant(0, chunk.type(self.element)) if total is None else total

    def _add_term(
        self, total: Value | None, term: Term, operand: Value, doubled: bool, chunk: Chunk
    ) -> Value:
        constant = _times(term.constant, 2) if doubled else term.constant
        if term.head is not None:
            head = self.memory.head(term.head, chunk)
            factor = head if constant == 1 else head * self.memory.constant(constant, chunk)
            return operand * factor if total is None else self.b.fma(operand, factor, total)
        # A fused step by +-1 is a plain sum, but for double-doubles, whose lanes must agree with
        # lanes of other constants.
        if constant == 1 and (total is None or self.element != PAIR):
            return operand if total is None else total + operand
        if constant == -1 and self.element != PAIR:
            return -operand if total is None else total - operand
        factor = self.memory.constant(constant, chunk)
        return operand * factor if total is None else self.b.fma(operand, factor, total)

    def _operand(
        self,
        term: Term,
        n: Index,
        chunk: Chunk,
        convolutions: dict[Convolution, Doubled],
    ) -> Doubled:
        """The operand's value, and whether it still wants doubling (squares)."""
        operand = term.operand
        if isinstance(operand, Convolution):
            return convolutions[operand]
        if isinstance(operand, Select):
            condition = self.b.ne(self.memory.head(operand.condition, chunk), 0)
            a, b = (self.memory.newest(row, n, chunk) for row in (operand.a, operand.b))
            return self.b.select(condition, a, b), False
        if operand.lag:
            return self.memory.coefficient(operand.row, n - 1, chunk), False
        return self.memory.newest(operand.row, n, chunk), False


def chain_count(terms: int) -> int:
    """Chains of a sum: one for few terms, up to four for many, so that latency stays short."""
    return 1 if terms < 6 else 2 if terms < 16 else 4


def _times(constant: Constant, factor: int) -> Constant:
    if isinstance(constant, tuple):
        return tuple(c * factor for c in constant)
    return constant * factor
