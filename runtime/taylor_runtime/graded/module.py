"""Polynomial expansions of functions at many points: a graded program as machine code.

Points are lanes, and a block of them is computed at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.graded.emitter import GradedEmitter
from taylor_runtime.graded.loops import GradedLoops, LoopMemory, Reader
from taylor_runtime.graded.shapes import Shape, shaped
from taylor_runtime.graded.supports import Supports
from taylor_runtime.graded.tables import Request
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64, PTR, alignment_of
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import element_of
from taylor_runtime.program.monomials import Monomials, monomials
from taylor_runtime.program.program import Input, Program, Row
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.verify import verify

EXPAND = "taylor.expand"
CACHE_LINE = 64
TOGETHER = 64  # rows whose loops are one function; of more, rows of equal shape share functions
PARAMETERS = [
    ("ptr noalias readonly", "in"),
    ("ptr noalias", "out"),
    ("i64", "count"),
    ("i64", "first"),
    ("i64", "last"),
    ("ptr noalias readonly", "tables"),
    ("ptr noalias", "work"),
]
TABLES = 5  # their place among the parameters
STAGES: dict[str, Callable[[Row], bool]] = {  # what is done to rows, and to which of them
    "start": lambda row: True,
    "copy": lambda row: isinstance(row.start, Input) and row.start.source == "jet",
    "advance": lambda row: row.step is not None and not row.constant,
}

Requests = tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class ExpansionOptions:
    """What is expanded, and in what.

    variables, order, limits: the monomials, see `monomials.Monomials`.
    slots: for each slot of source "jet" the variable i that it is (the polynomial x_i0 + x_i, of
        which x_i0 is given), or -1 for a polynomial of which all coefficients are given.
    looped: loops over tables instead of code that is written out monomial by monomial.
    single: one point at a time, and not as many as a register has lanes.
    streaming: results are too many for the caches, and go past them.
    """

    variables: int
    order: int
    limits: tuple[int, ...]
    slots: tuple[int, ...]
    looped: bool = False
    single: bool = False
    streaming: bool = False
    precision: str = "float64"

    @property
    def element(self) -> str:
        """How the emitter calls its numbers."""
        return element_of(self.precision)

    @property
    def among(self) -> Monomials:
        return monomials(self.variables, self.order, self.limits)

    @property
    def places(self) -> tuple[int, ...]:
        """Where the numbers of each slot begin among the inputs, and where the parameters do."""
        found = [0]
        for variable in self.slots:
            found.append(found[-1] + (self.among.size if variable < 0 else 1))
        return tuple(found)

    def supports(self, program: Program) -> Supports:
        """The monomials of a program's rows."""
        given = []
        for variable in self.slots:
            mask = np.ones(self.among.size, bool)
            if variable >= 0:
                mask = self.among.degrees <= 1
                mask[1:] &= self.among.exponents[1:, variable] == 1
            given.append(mask)
        return Supports(program, self.among, given)

    @property
    def points(self) -> Chunk:
        """Those that are computed at a time: a cache line of results, or one."""
        return Chunk(0, 0 if self.single else CACHE_LINE // alignment_of(self.element))

    @property
    def block(self) -> int:
        """How many points that are."""
        return max(self.points.lanes, 1)


def expansion_module(
    program: Program, options: ExpansionOptions, supports: Supports | None
) -> tuple[str, tuple[Requests, ...]]:
    """IR text of `void taylor.expand(ptr in, ptr out, i64 count, i64 first, i64 last, ptr tables,
    ptr work)`, and the tables that it wants.

    supports: what is written out, monomial by monomial; None for loops over tables, see
        `GradedTables`.

    in[place][point]: the numbers of the slots and parameters (`ExpansionOptions.places`).
    out[output][monomial][point], aligned to blocks if streamed, written where a monomial can be
    other than zero.  Blocks first .. last - 1 of `block` points are computed; `count` must be
    padded to whole blocks.  High parts of double-doubles come before all low ones in all three.
    """
    verify(program)
    module = Module()
    requests: tuple[Requests, ...] = ()
    with define_function(module, EXPAND, "void", PARAMETERS, "nounwind") as (b, arguments):
        first, last = arguments[3:5]

        def block(i: Index, _: list[Value]) -> Sequence[Value]:
            nonlocal requests
            one = _Block(b, program, options, arguments, i)
            if supports is None:
                requests = one.loops()
            else:
                one.written_out(supports)
            return []

        b.fold(first, last, [], block)
        b.ret()
    return module.text(), requests


class _Block:
    """The arrays of one block of points, and the code between them."""

    def __init__(
        self,
        b: Builder,
        program: Program,
        options: ExpansionOptions,
        arguments: Sequence[Value],
        block: Index,
    ) -> None:
        self.b = b
        self.program = program
        self.options = options
        self.arguments = arguments
        self.ins, self.outs, self.count, _, _, self.tables, self.work = arguments
        self.block = b.like(self.count, block)
        self.point = b.like(self.count, block * options.block)
        self.type = options.points.type(options.element)

    def _load(self, place: Index, numbers: Index) -> Value:
        """A number of the inputs, of which there are `numbers`."""
        b, element = self.b, self.options.element
        ins = b.planes(self.ins, self.count * numbers, element)
        return b.load(self.type, b.at(ins, self.count * place + self.point, element))

    def _result(self, output: int, position: Index, size: Index) -> Value:
        """Where a coefficient goes, if there are `size` of each."""
        b, element = self.b, self.options.element
        outs = b.planes(self.outs, self.count * (len(self.program.outputs) * size), element)
        place = self.count * (output * size + position) + self.point
        return b.at(outs, place, element)

    def _store(self, value: Value, place: Value) -> None:
        alignment = alignment_of(self.options.element)
        if self.options.streaming:  # such stores need it, and few results need not be aligned
            alignment *= self.options.block
        self.b.store(value, place, alignment, streaming=self.options.streaming)

    def written_out(self, supports: Supports) -> None:
        """The code monomial by monomial."""
        b, options, size = self.b, self.options, supports.among.size
        numbers = options.places[-1] + self.program.slots("parameter")

        def read(given: Input, position: int) -> Value | int:
            slot = given.index[0]
            if given.source == "parameter":
                return self._load(options.places[-1] + slot, numbers)
            if options.slots[slot] >= 0 and position:
                return 1
            return self._load(options.places[slot] + position, numbers)

        places: dict[int, list[Value]] = {}  # where the coefficient of an output stored last is
        for k, (row, _) in enumerate(self.program.outputs):
            places.setdefault(row, []).append(self._result(k, 0, size))
        reached = dict.fromkeys(places, 0)

        def done(row: int, position: int) -> None:
            if row not in places:
                return
            value, step = emitter.memory.at(row, position), position - reached[row]
            if step:
                places[row] = [b.at(p, self.count * step, options.element) for p in places[row]]
                reached[row] = position
            for place in places[row]:
                self._store(value, place)

        emitter = GradedEmitter(b, self.program, supports, options.points, options.element)
        emitter.emit(read, done)

    def loops(self) -> tuple[Requests, ...]:
        """The code that looks everything up, and what it looks up: itself, then for each record."""
        program = self.program
        loops, records = self._loops(), list[Requests]()
        memory = loops.memory
        if len(program.rows) <= TOGETHER:
            loops.emit(self._reader(memory))
        else:
            found = memory.find(Request("records"))
            assert isinstance(found, Value)
            records = self._by_shape(found)
        size = memory.find(Request("size"))
        for k, (row, _) in enumerate(program.outputs):

            def copy(rank: Index, k: int = k, row: int = row) -> None:
                position = memory.look_up(Request("positions", row), rank)
                value = memory.load(memory.row_at(row), memory.place(rank))
                self._store(value, self._result(k, position, size))

            loops.each_rank(row, copy)
        return memory.requests, *records

    def _loops(self) -> GradedLoops:
        b, options = self.b, self.options
        work = b.planes(self.work, b.load(I64, self.tables), options.element)
        points, element = options.points, options.element
        return GradedLoops(LoopMemory(b, self.program, points, element, work, self.tables))

    def _reader(self, memory: LoopMemory) -> Reader:
        """What gives the coefficients of inputs."""

        def read(given: Input, rank: Index) -> Value:
            slot = given.index[0]
            if given.source == "parameter":
                slot += len(self.options.slots)
            elif self.options.slots[slot] >= 0 and isinstance(rank, Value):
                return self.b.constant(1, self.type)
            place = memory.find(Request("given", slot))
            return self._load(place + rank, memory.find(Request("given")))

        return read

    def _by_shape(self, memory: Value) -> list[Requests]:
        """Calls of a function for each shape of rows, stage by stage, and what these look up in
        their records, which lie in `memory` one behind the other.
        """
        b, records, end = self.b, list[Requests](), 0
        functions: dict[tuple[str, Shape], tuple[str, Requests]] = {}
        calls: dict[str, list[tuple[str, int]]] = {stage: [] for stage in STAGES}
        for index, (shape, place) in enumerate(shaped(self.program, self.options.slots)):
            row = self.program.rows[index]
            for stage, has in STAGES.items():
                if has(row):
                    if (stage, shape) not in functions:
                        functions[stage, shape] = self._function(stage, shape, len(functions))
                    name, requests = functions[stage, shape]
                    calls[stage].append((name, end))
                    records.append(tuple(place.request(request) for request in requests))
                    end += 1 + len(requests)

        def run(stage: str, n: Index) -> None:
            if not calls[stage]:
                return
            names, starts = zip(*calls[stage], strict=True)
            functions = b.functions(names)
            places = b.table(starts, "i64")

            def call(k: Index, _: list[Value]) -> Sequence[Value]:
                given = [*self.arguments, self.block, b.like(self.block, n)]
                given[TABLES] = b.at(memory, b.load(I64, b.at(places, k, "i64")), "i64")
                function = b.load(PTR, b.at(functions, k, "ptr"))
                listed = ", ".join(f"{a.type} {a.text}" for a in given)
                b.line(f"call void {function.text}({listed})")
                return []

            b.fold(0, b.like(self.block, len(names)), [], call)

        def degree(n: Index, _: list[Value]) -> Sequence[Value]:
            run("advance", n)
            return []

        run("start", 0)
        run("copy", 0)
        b.fold(1, self.program.order + 1, [], degree)
        return records

    def _function(self, stage: str, shape: Shape, number: int) -> tuple[str, Requests]:
        """A function for one stage of rows of a shape: its name, and what it looks up."""
        name = f"taylor.{stage}.{number}"
        program = replace(self.program, rows=(), outputs=())
        options = replace(self.options, slots=(shape.slot,))
        parameters = [*PARAMETERS, ("i64", "block"), ("i64", "n")]
        function = define_function(
            self.b.module, name, "void", parameters, "nounwind noinline", "internal"
        )
        with function as (b, (*arguments, block, n)):
            inner = _Block(b, program, options, arguments, block)
            loops = inner._loops()
            read = inner._reader(loops.memory)
            if stage == "start":
                loops.start(0, shape.row, read)
            elif stage == "copy":
                loops.copy(0, shape.row, read)
            else:
                if shape.row.step is not None and shape.row.step.divisor is not None:
                    loops.memory.invert(shape.row.step.divisor)
                loops.advance(0, shape.row, n)
            b.ret()
        return name, loops.memory.requests
