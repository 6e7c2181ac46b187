"""Graded programs as loops over monomials: code that knows neither variables nor order's size.

What `graded` writes out is looked up here: which monomials a row has, where their coefficients are,
and which products make each, all in tables that `GradedTables` makes for the polynomials at hand.
The same machine code serves polynomials in any number of variables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from taylor_runtime.coefficient import StepArithmetic
from taylor_runtime.convolve import Doubled, convolutions_of
from taylor_runtime.factors import Factors
from taylor_runtime.ir import I32, PTR, Builder, Index, Value
from taylor_runtime.kernel_calls import KernelCalls
from taylor_runtime.layout import REGISTER, Chunk, is_square
from taylor_runtime.monomials import INDEX
from taylor_runtime.program import Constant, Convolution, Input, Number, Program, Step
from taylor_runtime.supports import Supports

CHAINS = 4  # of a sum of products, which hide the latency of multiply-adds

Reader = Callable[[Input, Index], Value]  # input, rank -> its coefficient


@dataclass(frozen=True, slots=True)
class Request:
    """A table that code looks up.

    kind: "segments" (first rank of each degree of a row), "base" (of a row's coefficients in the
        workspace, or of the scaled copy of a convolution's left factor), "positions" (among all
        monomials, of a row's), "sources" (where another row has the same monomials), "starts",
        "ends", "pairs" and "middles" (products of a convolution), "given" (how many numbers the
        inputs are, and where those of each begin), "size" (how many monomials there are).
    """

    kind: str
    row: int = -1
    other: int = -1
    convolution: Convolution | None = None


class GradedTables:
    """The tables of a program for given supports, and the size of its workspace.

    Numbers in tables that say where a coefficient is count elements from the workspace's start; at
    its very start there are zeros.
    """

    def __init__(
        self, program: Program, supports: Supports, lanes: int, given: Sequence[int]
    ) -> None:
        self.supports = supports
        self.given = given
        self.unit = max(lanes, 1)
        self.sizes = [int(mask.sum()) for mask in supports.masks]
        self.bases: list[int] = []
        self._places: list[np.ndarray] = []
        end = 1
        for mask, size in zip(supports.masks, self.sizes, strict=True):
            self.bases.append(end)
            places = np.zeros(len(mask), np.int64)
            places[mask] = end + np.arange(size)
            self._places.append(places)
            end += size
        self.copies: dict[Convolution, int] = {}
        for row in program.rows:
            for c in convolutions_of(row.step.terms if row.step else ()):
                if c.weight is not None and c not in self.copies:
                    self.copies[c] = end
                    end += self.sizes[c.a]
        self.size = -(-end * self.unit // REGISTER) * REGISTER

    def blob(self, requests: Sequence[Request]) -> np.ndarray:
        """The size of the workspace, where each table is (in bytes from here), and the tables."""
        tables = [self._table(request) for request in requests]
        padded = [np.append(table, np.zeros(len(table) % 2, INDEX)) for table in tables]
        ends = np.cumsum([8 * (1 + len(tables)), *(table.nbytes for table in padded)])
        head = np.append(self.size, ends[:-1]).astype(np.int64)
        return np.concatenate([head, *(table.view(np.int64) for table in padded)])

    def _table(self, request: Request) -> np.ndarray:
        found = np.asarray(getattr(self, f"_{request.kind}")(request))
        return np.ascontiguousarray(found, INDEX)

    def _segments(self, request: Request) -> np.ndarray:
        """The first rank of every degree, and of the one beyond the last."""
        degrees = self.supports.among.degrees[self.supports.masks[request.row]]
        return np.searchsorted(degrees, np.arange(self.supports.among.order + 2))

    def _base(self, request: Request) -> np.ndarray:
        copied = request.convolution
        base = self.bases[request.row] if copied is None else self.copies[copied]
        return np.array([base * self.unit])

    def _given(self, request: Request) -> np.ndarray:
        return np.array(self.given)

    def _size(self, request: Request) -> np.ndarray:
        return np.array([self.supports.among.size])

    def _positions(self, request: Request) -> np.ndarray:
        return np.flatnonzero(self.supports.masks[request.row])

    def _sources(self, request: Request) -> np.ndarray:
        here = np.flatnonzero(self.supports.masks[request.row])
        return self._places[request.other][here] * self.unit

    def _listed(self, c: Convolution) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places of the factors, and targets, of all products but those of equal factors."""
        products = self.supports.products(c)
        targets = np.repeat(products.targets, np.diff(products.starts))
        left = self._places[c.a][products.left]
        if c in self.copies:
            left = left + (self.copies[c] - self.bases[c.a])
        right = self._places[c.b][products.right]
        if is_square(c):
            unequal = products.left != products.right
            return left[unequal], right[unequal], targets[unequal]
        return left, right, targets

    def _starts(self, request: Request) -> np.ndarray:
        """Where the products begin that make each monomial of a row."""
        assert request.convolution is not None
        targets = self._listed(request.convolution)[2]
        here = np.flatnonzero(self.supports.masks[request.row])
        return np.append(np.searchsorted(targets, here), len(targets))

    def _ends(self, request: Request) -> np.ndarray:
        assert request.convolution is not None
        targets = self._listed(request.convolution)[2]
        here = np.flatnonzero(self.supports.masks[request.row])
        return np.searchsorted(targets, here, side="right")

    def _pairs(self, request: Request) -> np.ndarray:
        assert request.convolution is not None
        left, right, _ = self._listed(request.convolution)
        return np.column_stack([left, right]).ravel() * self.unit

    def _middles(self, request: Request) -> np.ndarray:
        """Where the root of each monomial of a row is in a factor that is squared."""
        assert request.convolution is not None
        products = self.supports.products(request.convolution)
        targets = np.repeat(products.targets, np.diff(products.starts))
        equal = products.left == products.right
        roots = np.zeros(self.supports.among.size, np.int64)
        roots[targets[equal]] = self._places[request.convolution.a][products.left[equal]]
        return roots[np.flatnonzero(self.supports.masks[request.row])] * self.unit


class LoopMemory:
    """The coefficients of rows in the workspace; order zero is known in registers too."""

    def __init__(
        self, b: Builder, program: Program, points: Chunk, element: str, work: Value, tables: Value
    ) -> None:
        self.b = b
        self.program = program
        self.element = element
        self.type = points.type(element)
        self.work = work
        self.tables = tables
        self._known: dict[Request, Value] = {}
        self.row = -1  # being computed,
        self.rank: Value | None = None  # and its monomial
        self._heads: dict[int, Value] = {}
        self._reciprocals: dict[int, Value] = {}

    def look_up(self, request: Request, index: Index) -> Value:
        """An entry of a table."""
        place = self.b.at(self._table(request), index, "i32")
        return self.b.cast("zext", self.b.load(I32, place), "i64")

    def _table(self, request: Request) -> Value:
        """Where a table begins; found once, at the start of the function."""
        found = self._known.get(request)
        if found is None:
            b, slot = self.b, len(self._known)
            header, offset, table = (b.name() for _ in range(3))
            b.entry += [
                f"  {header} = getelementptr i64, ptr {self.tables.text}, i64 {1 + slot}",
                f"  {offset} = load i64, ptr {header}",
                f"  {table} = getelementptr i8, ptr {self.tables.text}, i64 {offset}",
            ]
            found = self._known[request] = Value(b, PTR, table)
        return found

    @property
    def requests(self) -> tuple[Request, ...]:
        """The tables that were looked up, in the order of the header."""
        return tuple(self._known)

    def load(self, place: Index) -> Value:
        return self.b.load(self.type, self.b.at(self.work, place, self.element))

    def put(self, place: Index, value: Value) -> None:
        self.b.store(self.b.normal(value), self.b.at(self.work, place, self.element))

    def place(self, row: int, rank: Index) -> Value:
        """Where a row's coefficient of some rank is."""
        unit = max(self.type.lanes, 1)
        return self.look_up(Request("base", row), 0) + rank * unit

    def start(self, row: int, value: Value) -> None:
        """Order zero of a row."""
        self._heads[row] = self.b.normal(value)
        self.put(self.place(row, 0), value)

    def head(self, row: int, chunk: Chunk) -> Value:
        return self._heads[row]

    def invert(self, row: int) -> None:
        """Make a row's reciprocal known, before any loop wants it."""
        self._reciprocals[row] = 1 / self._heads[row]

    def reciprocal(self, row: int, chunk: Chunk) -> Value:
        return self._reciprocals[row]

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value:
        """Of the monomial being computed; order zero before there is any."""
        if self.rank is None:
            return self.head(row, chunk)
        return self.load(self.look_up(Request("sources", self.row, row), self.rank))

    def coefficient(self, row: int, n: Index, chunk: Chunk) -> Value:
        raise NotImplementedError("a graded program has no time, and so no lags")

    def constant(self, constant: Constant, chunk: Chunk) -> Value:
        number = constant[0] if isinstance(constant, tuple) else constant
        return self.b.constant(number, self.type)


class GradedLoops(StepArithmetic[LoopMemory]):
    """Writes the loops that compute the coefficients of a program's rows by degree."""

    def __init__(
        self, b: Builder, program: Program, points: Chunk, element: str, work: Value, tables: Value
    ) -> None:
        self.b = b
        self.program = program
        self.points = points
        self.element = element
        self.memory = LoopMemory(b, program, points, element, work, tables)
        self.factors = Factors(b, element, program.order, None)
        self.kernels = KernelCalls(self.memory)

    def emit(self, read: Reader) -> None:
        """All coefficients; `read` gives those of the inputs."""
        memory, b = self.memory, self.b
        memory.put(0, b.constant(0, memory.type))
        for index, row in enumerate(self.program.rows):
            value = self.start_value(
                row, self.points, lambda given: read(given, 0), self._start_sums
            )
            memory.start(index, value)
        divisors = [row.step.divisor for row in self.program.rows if row.step]
        for divisor in dict.fromkeys(d for d in divisors if d is not None):
            memory.invert(divisor)
        for index, row in enumerate(self.program.rows):
            if isinstance(row.start, Input) and row.start.source == "jet":
                self._copy(index, row.start, read)

        def degree(n: Index, _: list[Value]) -> Sequence[Value]:
            self.factors.enter(n)
            for index, row in enumerate(self.program.rows):
                if row.step is not None and not row.constant:
                    self._scaled_copies(row.step, n)
                    self._advance(index, row.step, n)
            return []

        b.fold(1, self.program.order + 1, [], degree)

    def each_rank(self, row: int, body: Callable[[Index], None], first: int = 0) -> None:
        """Run `body` for all monomials of a row but the first few."""

        def one(rank: Index, _: list[Value]) -> Sequence[Value]:
            body(rank)
            return []

        last = self.memory.look_up(Request("segments", row), self.program.order + 1)
        self.b.fold(first, last, [], one)

    def _copy(self, index: int, given: Input, read: Reader) -> None:
        """The coefficients 1 .. of an input."""
        memory = self.memory
        self.each_rank(
            index, lambda rank: memory.put(memory.place(index, rank), read(given, rank)), first=1
        )

    def _start_sums(self, step: Step) -> dict[Convolution, Doubled]:
        sums: dict[Convolution, Doubled] = {}
        for c in convolutions_of(step.terms):
            if c.first or c.last:
                sums[c] = (self.b.constant(0, self.memory.type), False)
                continue
            a, b = self.memory.head(c.a, self.points), self.memory.head(c.b, self.points)
            if c.weight is not None:
                raise NotImplementedError("weights vanish at order zero")
            sums[c] = (a * b, False)
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
            memory.put(memory.place(index, rank), value)
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
            copies = memory.look_up(Request("base", convolution=c), 0)
            value = memory.load(memory.place(c.a, rank)) * factor
            memory.put(copies + rank * max(memory.type.lanes, 1), value)
            return []

        self.b.fold(*self._segment(c.a, j), [], one)
        return []

    def _sum(self, row: int, c: Convolution, rank: Value) -> Doubled:
        """The sum of products at a monomial; that of a square is still to be doubled."""
        b, memory = self.b, self.memory
        start = memory.look_up(Request("starts", row, convolution=c), rank)
        end = memory.look_up(Request("ends", row, convolution=c), rank)
        zero = b.constant(0, memory.type)
        whole = (end - start) >> 2

        def one(k: Index, total: Value) -> Value:
            request = Request("pairs", convolution=c)
            left, right = (memory.look_up(request, k * 2 + side) for side in (0, 1))
            return b.fma(memory.load(left), memory.load(right), total)

        def four(k: Index, totals: list[Value]) -> Sequence[Value]:
            return [one(start + k * CHAINS + i, total) for i, total in enumerate(totals)]

        totals = b.fold(0, whole, [zero] * CHAINS, four)
        (first,) = b.fold(
            start + whole * CHAINS, end, totals[:1], lambda k, carried: [one(k, carried[0])]
        )
        total = (first + totals[1]) + (totals[2] + totals[3])
        if not is_square(c):
            return total, False
        root = memory.load(memory.look_up(Request("middles", row, convolution=c), rank))
        return b.fma(root * 0.5, root, total), True
