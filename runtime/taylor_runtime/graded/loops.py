"""Graded programs as loops over monomials: code that knows neither variables nor order's size.

What `graded` writes out is looked up here: which monomials a row has, where their coefficients are,
and which products make each, all in tables that `GradedTables` makes for the polynomials at hand.
The same machine code serves polynomials in any number of variables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.factors import Factors
from taylor_runtime.arithmetic.kernel_calls import KernelCalls
from taylor_runtime.arithmetic.step import Doubled, StepArithmetic
from taylor_runtime.arithmetic.sums import CHAINS, chained_sums
from taylor_runtime.graded.memory import GradedMemory
from taylor_runtime.graded.tables import Request
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I32, I64, PTR
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Convolution, Input, Number, Program, Row, Step
from taylor_runtime.program.signature import convolutions_of, is_square

Reader = Callable[[Input, Index], Value]  # input, rank -> its coefficient


class LoopMemory(GradedMemory):
    """The coefficients of rows in the workspace; order zero is known in registers too."""

    def __init__(
        self, b: Builder, program: Program, points: Chunk, element: str, work: Value, tables: Value
    ) -> None:
        super().__init__(b, program, points, element)
        self.points = points
        self.work = work
        self.tables = tables
        self._known: dict[Request, Value] = {}
        self.row = -1  # being computed,
        self.rank: Value | None = None  # and its monomial
        self._heads: dict[int, Value] = {}
        self._reciprocals: dict[int, Value] = {}

    def look_up(self, request: Request, index: Index) -> Value:
        """An entry of a table."""
        table = self.find(request)
        assert isinstance(table, Value)
        place = self.b.at(table, index, "i32")
        return self.b.cast("zext", self.b.load(I32, place), "i64")

    def find(self, request: Request) -> Index:
        """A number, or where a table begins; read once, at the start of the function."""
        found = self._known.get(request)
        if found is None:
            b, type_ = self.b, I64 if request.is_number else PTR
            place, name, slot = b.name(), b.name(), 1 + len(self._known)
            b.entry += [
                f"  {place} = getelementptr i64, ptr {self.tables.text}, i64 {slot}",
                f"  {name} = load {type_}, ptr {place}",
            ]
            found = self._known[request] = Value(b, type_, name)
        return found

    @property
    def requests(self) -> tuple[Request, ...]:
        """What was looked up, in the order of the header."""
        return tuple(self._known)

    def row_at(self, row: int, copied: Convolution | None = None) -> Value:
        """Where a row begins, or its scaled copy."""
        base = self.find(Request("base", row if copied is None else -1, convolution=copied))
        return self.b.at(self.work, base, self.element)

    def load(self, start: Value, place: Index) -> Value:
        return self.b.load(self.type, self.b.at(start, place, self.element))

    def put(self, start: Value, place: Index, value: Value) -> None:
        self.b.store(self.b.normal(value), self.b.at(start, place, self.element))

    def place(self, rank: Index) -> Index:
        """A rank in elements."""
        return rank * max(self.type.lanes, 1)

    def start(self, row: int, value: Value) -> None:
        """Order zero of a row."""
        self._heads[row] = self.b.normal(value)
        start = self.row_at(row)
        self.put(start, 0, value)
        zero = self.b.constant(0, self.type)
        self.put(start, self.place(self.find(Request("count", row))), zero)

    def head(self, row: int, chunk: Chunk) -> Value:
        known = self._heads.get(row)
        return self.load(self.row_at(row), 0) if known is None else known

    def invert(self, row: int) -> None:
        """Make a row's reciprocal known, before any loop wants it."""
        self._reciprocals[row] = 1 / self.head(row, self.points)

    def reciprocal(self, row: int, chunk: Chunk) -> Value:
        return self._reciprocals[row]

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value:
        """Of the monomial being computed; order zero before there is any."""
        if self.rank is None:
            return self.head(row, chunk)
        place = self.look_up(Request("sources", self.row, row), self.rank)
        return self.load(self.row_at(row), place)


class GradedLoops(StepArithmetic[LoopMemory]):
    """Writes the loops that compute the coefficients of a program's rows by degree."""

    def __init__(self, memory: LoopMemory) -> None:
        self.b = memory.b
        self.program = memory.program
        self.points = memory.points
        self.element = memory.element
        self.memory = memory
        self.factors = Factors(self.b, self.element, self.program.order, None)
        self.kernels = KernelCalls(self.memory)

    def emit(self, read: Reader) -> None:
        """All coefficients; `read` gives those of the inputs."""
        rows = self.program.rows
        for index, row in enumerate(rows):
            self.start(index, row, read)
        divisors = [row.step.divisor for row in rows if row.step]
        for divisor in dict.fromkeys(d for d in divisors if d is not None):
            self.memory.invert(divisor)
        for index, row in enumerate(rows):
            self.copy(index, row, read)

        def degree(n: Index, _: list[Value]) -> Sequence[Value]:
            self.factors.enter(n)
            for index, row in enumerate(rows):
                self.advance(index, row, n)
            return []

        self.b.fold(1, self.program.order + 1, [], degree)

    def start(self, index: int, row: Row, read: Reader) -> None:
        """Order zero of a row."""
        value = self.start_value(row, self.points, lambda given: read(given, 0), self._start_sums)
        self.memory.start(index, value)

    def copy(self, index: int, row: Row, read: Reader) -> None:
        """The coefficients 1 .. of a row that is given."""
        if isinstance(row.start, Input) and row.start.source == "jet":
            self._copy(index, row.start, read)

    def advance(self, index: int, row: Row, n: Index) -> None:
        """The coefficients of degree n of a row that has any."""
        if row.step is not None and not row.constant:
            self._scaled_copies(row.step, n)
            self._advance(index, row.step, n)

    def each_rank(self, row: int, body: Callable[[Index], None], first: int = 0) -> None:
        """Run `body` for all monomials of a row but the first few."""

        def one(rank: Index, _: list[Value]) -> Sequence[Value]:
            body(rank)
            return []

        self.b.fold(first, self.memory.find(Request("count", row)), [], one)

    def _copy(self, index: int, given: Input, read: Reader) -> None:
        """The coefficients 1 .. of an input."""
        memory, start = self.memory, self.memory.row_at(index)
        self.each_rank(
            index, lambda rank: memory.put(start, memory.place(rank), read(given, rank)), first=1
        )

    def _start_sums(self, step: Step) -> dict[Convolution, Doubled]:
        sums: dict[Convolution, Doubled] = {}
        for c in convolutions_of(step.terms):
            value = self.b.constant(0, self.memory.type)
            if not c.first and not c.last and c.weight is None:  # weights of order zero are zero
                value = self.memory.head(c.a, self.points) * self.memory.head(c.b, self.points)
            sums[c] = (value, False)
        return sums

    def _segment(self, row: int, n: Index) -> tuple[Value, Value]:
        """First rank of a degree, and of the next."""
        request = Request("segments", row)
        return self.memory.look_up(request, n), self.memory.look_up(request, n + 1)

    def _advance(self, index: int, step: Step, n: Index) -> None:
        """The coefficients of degree n of a row."""
        memory = self.memory

        def monomial(rank: Index, _: list[Value]) -> Sequence[Value]:
            assert isinstance(rank, Value)
            memory.row, memory.rank = index, rank
            sums = {c: self._sum(index, c, rank) for c in convolutions_of(step.terms)}
            value = self.step_value_of(step, n, self.points, sums)
            memory.put(memory.row_at(index), memory.place(rank), value)
            return []

        self.b.fold(*self._segment(index, n), [], monomial)

    def _scaled_copies(self, step: Step, n: Index) -> None:
        """(alpha n + beta j) a_j for all j that convolutions with such weights sum over."""
        for c in convolutions_of(step.terms):
            if c.weight is not None:
                scale = partial(self._scaled_copy, c, c.weight, n)
                self.b.fold(0, n + (1 - c.last), [], scale)

    def _scaled_copy(
        self, c: Convolution, weight: tuple[Number, Number], n: Index, j: Index, _: list[Value]
    ) -> Sequence[Value]:
        memory = self.memory
        alpha, beta = (memory.constant(number, self.points) for number in weight)
        of_n, of_j = (self.factors.number(k, memory.type) for k in (n, j))
        factor = self.b.fma(beta, of_j, alpha * of_n)

        def one(rank: Index, _: list[Value]) -> Sequence[Value]:
            place = memory.place(rank)
            memory.put(
                memory.row_at(c.a, c), place, memory.load(memory.row_at(c.a), place) * factor
            )
            return []

        self.b.fold(*self._segment(c.a, j), [], one)
        return []

    def _sum(self, row: int, c: Convolution, rank: Value) -> Doubled:
        """The sum of products at a monomial; that of a square is still to be doubled."""
        b, memory = self.b, self.memory
        start = memory.look_up(Request("starts", row, convolution=c), rank)
        end = memory.look_up(Request("ends", row, convolution=c), rank)
        a = memory.row_at(c.a, None if c.weight is None else c)
        other = memory.row_at(c.b)

        def add(k: Value, sums: list[Value]) -> list[Value]:
            request = Request("pairs", convolution=c)
            left, right = (memory.look_up(request, k * 2 + side) for side in (0, 1))
            return [b.fma(memory.load(a, left), memory.load(other, right), sums[0])]

        (total,) = chained_sums(b, (start, end), [b.constant(0, memory.type)], CHAINS, add)
        if not is_square(c):
            return total, False
        root = memory.load(a, memory.look_up(Request("middles", row, convolution=c), rank))
        return b.fma(root * 0.5, root, total), True
