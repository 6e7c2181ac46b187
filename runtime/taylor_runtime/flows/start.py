"""Order zero of long programs: products of polynomials, and recurrences by degree as functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.flows.calls import CalledProducts
from taylor_runtime.flows.memory import NUMBER, FlowMemory
from taylor_runtime.flows.order import Recurrence, start_order
from taylor_runtime.flows.zero import graded_program, products_of
from taylor_runtime.graded.supports import Supports
from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Coefficient, Convolution, Input, Row
from taylor_runtime.program.widths import padded

Given = Callable[[Input, Index], Value]  # input, position -> its coefficient


class Start:
    """Writes order zero of the rows of `program.zero`, and of those that begin with them."""

    def __init__(self, memory: FlowMemory, called: CalledProducts, kept: dict[int, list[int]]):
        self.memory = memory
        self.b = memory.b
        self.element = memory.element
        self.called = called
        self.kept = kept
        program = memory.flow
        self.zero, self.among = program.zero, program.among
        self.size = padded(self.among.size)
        masks = [np.ones(self.among.size, bool)] * self.zero.slots("jet")
        supports = Supports(self.zero, self.among, masks)
        self.wide = [bool(mask[1:].any()) for mask in supports.masks]
        self._places: dict[int, Value] = {}
        self._functions: dict[str, str] = {}

    def emit(self, given: Given) -> None:
        """All of it."""
        for one in start_order(self.zero):
            if isinstance(one, Recurrence):
                self._recurrence(one)
                rows: Sequence[int] = one.rows
            else:
                row = self.zero.rows[one]
                if isinstance(row.start, Input):
                    self._input(one, row.start, given)
                else:
                    self._plain(one, row)
                rows = (one,)
            for index in rows:
                self._copies(index)

    def _place(self, index: int) -> Value:
        """Where a row is: in the first that begins with it, or in memory of its own."""
        owner = self._owner(index)
        if owner is not None:
            return self.memory.address(owner, 0, 0)
        if index not in self._places:
            count = self.size if self.wide[index] else 1
            self._places[index] = self.b.alloca(self.element, count)
        return self._places[index]

    def _owner(self, index: int) -> int | None:
        return next((row for row in self.kept.get(index, ()) if self._is_like(index, row)), None)

    def _is_like(self, index: int, row: int) -> bool:
        return self.memory.flow.is_polynomial(row) == self.wide[index]

    def _load(self, index: int, chunk: Chunk) -> Value:
        """A chunk of a row that is known."""
        t = chunk.type(self.element)
        if self.wide[index]:
            return self.b.load(t, self.b.at(self._place(index), chunk.offset, self.element))
        number = self.b.load(Type(self.element), self._place(index))
        return self.memory.constant_term(number, chunk)

    def _each(self, index: int, write: Callable[[Chunk], None]) -> None:
        """Run `write` for all chunks of a row."""
        if not self.wide[index]:
            write(NUMBER)
            return
        lanes = 8 if self.size % 8 == 0 else self.size

        def one(i: Index, _: list[Value]) -> list[Value]:
            write(Chunk(i * lanes, lanes))
            return []

        self.b.fold(0, self.size // lanes, [], one)

    def _store(self, index: int, chunk: Chunk, value: Value) -> None:
        place = self.b.at(self._place(index), chunk.offset, self.element)
        self.b.store(self.b.normal(value), place)

    def _copies(self, index: int) -> None:
        """All other rows that begin with one."""
        memory = self.memory
        for row in self.kept.get(index, ()):
            if row == self._owner(index):
                continue

            def copy(chunk: Chunk, row: int = row) -> None:
                value = self._load(index, chunk)
                self.b.store(value, memory.address(row, 0, chunk.offset))

            if memory.flow.is_polynomial(row):
                memory.each_chunk(row, copy)
            else:
                copy(NUMBER)

    # -- kinds of rows ----------------------------------------------------------------------------

    def _input(self, index: int, start: Input, given: Given) -> None:
        if not self.wide[index]:
            self._store(index, NUMBER, given(start, 0))
            return

        def one(position: Index, _: list[Value]) -> list[Value]:
            self._store(index, Chunk(position, 0), given(start, position))
            return []

        self.b.fold(0, self.among.size, [], one)
        zero = self.b.constant(0, Type(self.element))
        for lane in range(self.among.size, self.size):
            self._store(index, Chunk(lane, 0), zero)

    def _plain(self, index: int, row: Row) -> None:
        """A sum of products."""
        b = self.b
        assert row.step is not None
        readers: list[Callable[[Chunk], Value]] = []
        for term in row.step.terms:
            assert not isinstance(term.constant, tuple)
            factor = b.constant(term.constant, Type(self.element))
            if term.head is not None:
                factor = factor * b.load(Type(self.element), self._place(term.head))
            readers.append(partial(self._term, self._operand(term.operand, len(readers)), factor))

        def write(chunk: Chunk) -> None:
            total = b.constant(0, chunk.type(self.element))
            for read in readers:
                total = total + read(chunk)
            if row.offset != 0:
                assert not isinstance(row.offset, tuple)
                offset = b.constant(row.offset, Type(self.element))
                total = total + self.memory.constant_term(offset, chunk)
            self._store(index, chunk, total)

        self._each(index, write)

    def _term(self, read: Callable[[Chunk], Value], factor: Value, chunk: Chunk) -> Value:
        return read(chunk) * self.b.splat(factor, chunk.lanes)

    def _operand(self, operand: object, number: int) -> Callable[[Chunk], Value]:
        if isinstance(operand, Coefficient):
            return partial(self._load, operand.row)
        assert isinstance(operand, Convolution)
        rows = operand.a, operand.b
        if not any(self.wide[row] for row in rows):
            product = self._load(rows[0], NUMBER) * self._load(rows[1], NUMBER)
            return partial(self.memory.constant_term, product)
        result = self.called.result(number)
        places = [self._place(row) for row in rows]
        self.called.product(places, [self.wide[row] for row in rows], result)
        return partial(self._loaded, result)

    def _loaded(self, result: Value, chunk: Chunk) -> Value:
        place = self.b.at(result, chunk.offset, self.element)
        return self.b.load(chunk.type(self.element), place)

    def _recurrence(self, group: Recurrence) -> None:
        """Call the function of a recurrence."""
        program = group.program(self.zero, self.wide)
        key = body(program)
        if key not in self._functions:
            self._functions[key] = f"taylor.start.{len(self._functions)}"
            self._define(self._functions[key], group)
        places = [self._place(row) for row in (*group.given, *group.rows)]
        listed = ", ".join(f"ptr {part.text}" for place in places for part in place.parts)
        self.b.line(f"call void @{self._functions[key]}({listed})")

    def _define(self, name: str, group: Recurrence) -> None:
        """The function: where what is given is, then where its rows go."""
        program = group.program(self.zero, self.wide)
        parts = ELEMENTS[self.element].parts
        given, own = len(group.given), len(group.given) + len(group.slopes)
        count = given + len(group.rows)
        parameters = [("ptr", f"p{k}") for k in range(count * parts)]
        function = define_function(
            self.b.module, name, "void", parameters, "nounwind noinline", "internal"
        )
        with function as (b, arguments):
            places = [b.pointers(arguments[k * parts : (k + 1) * parts]) for k in range(count)]
            inputs = {
                row.start: place for row, place in zip(program.rows, places[:given], strict=False)
            }
            masks = [np.ones(self.among.size, bool)] * program.slots("jet")
            supports = Supports(program, self.among, masks)

            def read(given: Input, position: Index) -> Value:
                place = b.at(inputs[given], position if given.source == "jet" else 0, self.element)
                return b.load(Type(self.element), place)

            def keep(row: int, position: Index, value: Value) -> None:
                if row >= own:
                    place = places[row - len(group.slopes)]
                    b.store(b.normal(value), b.at(place, position, self.element))

            zero = b.constant(0, Type(self.element))
            for k, row in enumerate(group.rows):
                known = supports.masks[own + k]
                for lane in range(self.size if self.wide[row] else 1):
                    if lane >= self.among.size or not known[lane]:
                        b.store(zero, b.at(places[given + k], lane, self.element))
            graded_program(b, program, supports, self.element, read, keep, products_of(supports))
            b.ret()
