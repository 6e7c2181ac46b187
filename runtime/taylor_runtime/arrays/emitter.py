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
from taylor_runtime.arrays.memory import ArrayMemory
from taylor_runtime.arrays.plan import BEYOND, CONSTANT, START, Nest, Plan
from taylor_runtime.arrays.reductions import REDUCTIONS, Reduction
from taylor_runtime.arrays.walk import Place, Walk, aligned, walk_of
from taylor_runtime.arrays.wholes import emit_whole
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Join,
    Pick,
    Scatter,
    Shape,
    Take,
    Total,
    contiguous,
)
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Input, Step
from taylor_runtime.program.widths import CHUNK, REGISTER
from taylor_runtime.series.convolve import Paired, convolve

Addresses = Callable[[Input], Value]
TimeReader = Callable[[Input, Chunk], Value]


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
        """Coefficients 1 .. order of every row that has them."""

        def one(n: Index, _: list[Value]) -> Sequence[Value]:
            self.factors.enter(n)
            second = None
            if self.memory.paired and isinstance(n, Value):
                second = self.b.ne(n & 1, 0) & (n > 1)
            self._pass(BEYOND, n, second)
            return []

        self.b.fold(1, self.program.order + 1, [], one)

    def _pass(self, name: str, n: Index, second: Value | None = None) -> None:
        """All works of a pass; second: whether n is the second of a pair of orders."""
        self.memory.at_zero = name != BEYOND
        for work in self.plan.works[name]:
            if not isinstance(work, Nest):
                emit_whole(self.memory, work.row, n)
            elif second is None or not any(map(self.plan.convolves, work.rows)):
                self._nest(work, n, None)
            else:
                ways = [partial(self._one_of_two, work, n, which) for which in (True, False)]
                self.b.if_(second, *ways)
        self.memory.values.clear()

    def _one_of_two(self, nest: Nest, n: Index, which: bool) -> list[Value]:
        self._nest(nest, n, which)
        return []

    # -- nests ------------------------------------------------------------------------------------

    def _nest(self, nest: Nest, n: Index, second: bool | None) -> None:
        self.memory.values.clear()
        self.kernels.forget()
        summed = nest.summed[0] if nest.summed else ()
        walk = walk_of(nest.space, self._accesses(nest, n), summed)
        for row in nest.adds:
            self._clear(row, n)
        NestWriter(self, nest, walk, n, second).emit()

    def _accesses(self, nest: Nest, n: Index) -> list[Shape]:
        """The strides, along the axes of a nest, of all that it reads and writes."""
        found = [contiguous(nest.space)] if self._touches_all(nest, n) else []
        for index in nest.rows:
            for read in self.plan.reads(BEYOND if not self.memory.at_zero else START, index):
                if read.row not in self.plan.again:
                    found.append(self._strides(read.row, nest.space))
        for index in nest.totals:
            moved = self.program.row(index).moved
            assert isinstance(moved, Total)
            found.append(self._strides(moved.source, nest.space))
            shape = self.program.shape(index)
            kept = iter(contiguous(shape))
            found.append(
                tuple(0 if k in moved.axes else next(kept) for k in range(len(nest.space)))
            )
        for index, part in nest.parts:
            row = self.program.row(index)
            assert isinstance(row.moved, Join)
            found.append(self._strides(row.moved.parts[part], nest.space))
            found.append(contiguous(row.shape))
        for index in nest.adds:
            moved = self.program.row(index).moved
            assert isinstance(moved, Scatter)
            found.append(self._strides(moved.source, nest.space))
        return found

    def _touches_all(self, nest: Nest, n: Index) -> bool:
        """Whether elements of the whole shape are in an array: stored, taken, or scattered."""
        rows = [self.program.row(index) for index in nest.rows]
        moves = any(isinstance(row.moved, Take) or isinstance(row.start, Input) for row in rows)
        stored = any(self.memory.kept(index, n) for index in nest.rows)
        return moves or stored or bool(nest.adds) or not nest.totals

    def _strides(self, row: int, space: Shape) -> Shape:
        if self.program.is_number(row):
            return (0,) * len(space)
        return aligned(self.plan.access(row).strides, self.program.shape(row), space)

    def _clear(self, row: int, n: Index) -> None:
        """Zeros in all elements of a row."""
        base, one = self.memory.base(row, n), Type(self.element)

        def clear(i: Index, _: list[Value]) -> Sequence[Value]:
            self.b.store(self.b.constant(0, one), self.b.at(base, i, self.element))
            return []

        self.b.fold(0, self.program.row(row).size, [], clear)

    def _made_again(self, index: int, n: Index, chunk: Chunk) -> Value:
        """Coefficient n of a row that is not kept."""
        row = self.program.row(index)
        assert row.step is not None
        value = self.combine(
            row.step.terms, chunk, lambda used: self.memory.coefficient(used, n, chunk)
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
        base = self.addresses(given)
        return self.memory.load_at(base, contiguous(row.shape), row.shape, place)

    def _taken(self, take: Take, row: ArrayRow, n: Index, place: Place) -> Value:
        b, base = self.b, self.memory.base(take.source, n)
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
        at, step = memory.position(base, aligned(strides, kept, place.walk.shape), place)
        chosen = b.to_double(memory.head(pick.places, place))
        index = b.cast("fptosi", chosen, "i64") * access.strides[pick.axis]
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
        return self.memory.coefficient(row, n - 1, chunk)

    def step_value(self, step: Step, n: Index, chunk: Chunk) -> Value:
        """u_n by the step, for n >= 1."""
        return self.step_value_of(step, n, chunk, convolve(self.memory, step.terms, n, chunk))


class NestWriter:
    """Writes the loops of one nest at one order."""

    def __init__(
        self, emitter: ArrayEmitter, nest: Nest, walk: Walk, n: Index, second: bool | None
    ) -> None:
        self.second = second
        self.emitter = emitter
        self.b = emitter.b
        self.memory = emitter.memory
        self.nest = nest
        self.walk = walk
        self.n = n
        self.lanes = _lanes(walk, emitter.element, REGISTER if emitter.memory.at_zero else CHUNK)

    def emit(self) -> None:
        self._kept(0, (), None)

    def _kept(self, depth: int, indices: tuple[Index, ...], fresh: Value | None) -> None:
        """Loops over the axes that are not summed."""
        if depth == self.walk.kept:
            self._inside(indices, fresh)
            return

        def one(index: Index, fresh: Value | None, _: list[Value]) -> list[Value]:
            self._kept(depth + 1, (*indices, index), fresh)
            return []

        self._loop(depth, one, [])

    def _loop(
        self,
        depth: int,
        body: Callable[[Index, Value | None, list[Value]], list[Value]],
        carried: list[Value],
    ) -> list[Value]:
        """body(index, lanes that are new, carried) along an axis of the walk."""
        size = self.walk.axes[depth].size
        if depth != self.walk.vector or not self.lanes:
            return self.b.fold(0, size, carried, lambda i, values: body(i, None, values))
        lanes = self.lanes
        if size == lanes:
            return body(0, None, carried)
        count, rest = -(-size // lanes), size % lanes

        def some(i: Index, values: list[Value]) -> list[Value]:
            start = i * lanes
            if not rest:
                return body(start, None, values)
            assert isinstance(start, Value)
            last = self.b.intrinsic("smin", start, self.b.constant(size - lanes, I64))
            numbers = self.b.constants(list(range(lanes)), "i64")
            fresh = self.b.compare("ge", numbers, self.b.splat(start - last, lanes))
            return body(last, fresh, values)

        return self.b.fold(0, count, carried, some)

    def _inside(self, indices: tuple[Index, ...], fresh: Value | None) -> None:
        """All rows at a place, and the loops that sum them."""
        nest, depth = self.nest, self.walk.kept
        if not nest.totals:
            self._elements(self._place(indices, fresh))
            return
        vector = self.walk.vector
        lanes = self.lanes if vector is not None else 0
        start = Type(self.emitter.element, lanes)
        found = [self._kind(row).begin(self.b, start) for row in nest.totals]
        counts = [len(values) for values in found]
        flat = self._summed(depth, indices, fresh, [value for values in found for value in values])
        outer = self._place(indices, fresh)
        for row, count in zip(nest.totals, counts, strict=True):
            self._finish(row, flat[:count], outer)
            flat = flat[count:]

    def _summed(
        self, depth: int, indices: tuple[Index, ...], fresh: Value | None, sums: list[Value]
    ) -> list[Value]:
        """Sums that elements were added to, along all axes that are summed."""
        if depth == len(self.walk.axes):
            place = self._place(indices, fresh)
            self._elements(place)
            return self._added(sums, place)

        def one(index: Index, new: Value | None, carried: list[Value]) -> list[Value]:
            return self._summed(depth + 1, (*indices, index), new or fresh, carried)

        return self._loop(depth, one, sums)

    def _kind(self, row: int) -> Reduction:
        moved = self.emitter.program.row(row).moved
        assert isinstance(moved, Total)
        return REDUCTIONS[moved.kind]

    def _along(self) -> bool:
        """Whether lanes lie along an axis that is summed."""
        vector = self.walk.vector
        return vector is not None and self.walk.axes[vector].summed and self.lanes > 0

    def _added(self, sums: list[Value], place: Place) -> list[Value]:
        """What rows that are summed have become with the elements of a place."""
        found: list[Value] = []
        fresh = place.fresh if self._along() else None
        for row in self.nest.totals:
            kind, moved = self._kind(row), self.emitter.program.row(row).moved
            assert isinstance(moved, Total)
            old = sums[len(found) : len(found) + kind.values]
            value = self.b.normal(self.memory.newest(moved.source, self.n, place))
            found += kind.add(self.b, old, value, self._position(place), fresh)
        return found

    def _position(self, place: Place) -> Callable[[], Value]:
        """The number of elements before these along the axes that are summed."""

        def make() -> Value:
            b, lanes = self.b, place.lanes if self._along() else 0
            total = b.constant(0, Type("i64", lanes))
            pairs = zip(self.walk.axes, place.indices, strict=True)
            for axis, index in [pair for pair in pairs if pair[0].summed]:
                total = total * axis.size + b.splat(b.like(b.constant(0, I64), index), lanes)
            if lanes:
                total = total + b.constants(list(range(lanes)), "i64")
            return b.splat(b.cast("sitofp", total, "double"), place.lanes)

        return make

    def _finish(self, row: int, values: list[Value], place: Place) -> None:
        """Put what came out where it belongs."""
        moved = self.emitter.program.row(row).moved
        assert isinstance(moved, Total)
        kept = iter(contiguous(self.emitter.program.shape(row)))
        strides = tuple(0 if k in moved.axes else next(kept) for k in range(len(self.nest.space)))
        if self._along():
            place = Place(0, 0, place.walk, place.indices)
        total = self._kind(row).end(self.b, values, self._along(), self.emitter.element)
        base = self.memory.base(row, self.n)
        self.memory.put(self.b.normal(total), base, strides, self.nest.space, place)

    def _place(self, indices: tuple[Index, ...], fresh: Value | None) -> Place:
        missing = (0,) * (len(self.walk.axes) - len(indices))
        return Place(0, self.lanes, self.walk, (*indices, *missing), fresh)

    def _elements(self, place: Place) -> None:
        """All rows at a place."""
        emitter, memory, n = self.emitter, self.memory, self.n
        memory.values.clear()
        emitter.kernels.forget()
        for index in self.nest.rows:
            value = emitter.value(index, n, place, self.second)
            if index in emitter.plan.again:
                memory.values[index] = self.b.normal(value)
                continue
            memory.store(index, n, place, value)
            if memory.at_zero and index in emitter.plan.inverted and emitter.program.order:
                memory.store_reciprocal(index, place, memory.values[index])
        for index, part in self.nest.parts:
            self._copy(index, part, place)
        for index in self.nest.adds:
            self._scatter(index, place)

    def _copy(self, index: int, part: int, place: Place) -> None:
        """Elements of a part of a joined row."""
        program, row = self.emitter.program, self.emitter.program.row(index)
        assert isinstance(row.moved, Join)
        parts, axis = row.moved.parts, row.moved.axis
        strides = contiguous(row.shape)
        before = sum(program.shape(other)[axis] for other in parts[:part])
        base = self.memory.base(index, self.n)
        base = self.b.at(base, before * strides[axis], self.emitter.element)
        value = self.memory.newest(parts[part], self.n, place)
        self.memory.put(self.b.normal(value), base, strides, program.shape(parts[part]), place)

    def _scatter(self, index: int, place: Place) -> None:
        """Elements added where a table says, one after the other."""
        emitter, b = self.emitter, self.b
        moved = emitter.program.row(index).moved
        assert isinstance(moved, Scatter)
        shape = emitter.program.shape(moved.source)
        table = emitter.positions(moved.table, shape, place)
        value = b.normal(self.memory.newest(moved.source, self.n, place))
        if place.fresh is not None:
            value = b.select(place.fresh, value, b.constant(0, value.type))
        base, one = self.memory.base(index, self.n), Type(emitter.element)
        for lane in range(max(place.lanes, 1)):
            position = b.extract(table, lane) if place.lanes else table
            item = b.extract(value, lane) if place.lanes else value
            target = b.at(base, position, emitter.element)
            b.store(b.normal(b.load(one, target) + item), target)


def _lanes(walk: Walk, element: str, most: int) -> int:
    """Elements that are computed side by side: 0 for one alone."""
    if walk.vector is None:
        return 0
    size = walk.axes[walk.vector].size
    most = most if ELEMENTS[element].parts == 1 else REGISTER
    lanes = most if size >= most else min(size, REGISTER)
    return lanes if lanes > 1 else 0
