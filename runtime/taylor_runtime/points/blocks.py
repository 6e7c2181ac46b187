"""NumPy inner loops that walk over points, a block of them at a time.

Whole blocks of contiguous arrays are read and written in place; everything else (strides, the last
few points) passes through small buffers, so that there is one result whatever the memory layout.
What a block computes is the function @block, with tables of pointers to its operands' lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import FLOAT_BITS, I64, PTR, make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.widths import REGISTER

BLOCK_POINTERS = [
    ("ptr noalias readonly", "in"),
    ("ptr noalias readonly", "out"),
    ("ptr noalias", "work"),
]
BLOCKS, BLOCK_ONE = "blocks", "block.one"
CLEAR_FLAGS = "taylor.clear_flags"
WRITTEN_OUT = 8  # inputs or outputs; more are walked by loops
ON_STACK = 1 << 14  # bytes of a piece of memory; threads may have little more
Operand = tuple[Value, Value]  # address of the first item, step in bytes


@dataclass(frozen=True, slots=True)
class Counts:
    """Inputs and outputs of a formula, and blocks of lanes that its workspace has."""

    inputs: int
    outputs: int
    places: int = 0


def call_block(b: Builder, ins: Value, outs: Value, work: Value, name: str = "block") -> None:
    b.line(f"call void @{name}(ptr {ins.text}, ptr {outs.text}, ptr {work.text})")


@contextmanager
def memory(b: Builder, count: int, element: str) -> Iterator[Value]:
    """`count` elements from the start of a cache line: on the stack if there is room."""
    size = count * _bytes(element)
    if size <= ON_STACK:
        yield b.alloca(element, max(count, 1))
        return
    b.module.declare("malloc", "declare ptr @malloc(i64)")
    b.module.declare("free", "declare void @free(ptr)")
    raw = b.call(PTR, "malloc", b.constant(size + 64, I64))
    address = b.emit(I64, f"ptrtoint ptr {raw.text} to i64")
    yield b.at(raw, (b.constant(0, I64) - address) & 63, "i8")
    b.line(f"call void @free(ptr {raw.text})")


def define_blocks(
    module: Module, counts: Counts, block: Callable[[Builder, Value, Value], None]
) -> None:
    """define void @blocks(ptr in, ptr out, ptr work, ptr, ptr, i64 count): so many blocks one after
    the other, with addresses and what they grow by in registers; and @block.one.

    block: writes what is done of a block, with tables as of @block: here alone, without calls, and
        what no turn changes is computed before them.
    """
    parameters = [*BLOCK_POINTERS, ("ptr", "in_steps"), ("ptr", "out_steps"), ("i64", "count")]
    how = "nounwind noinline", "internal"
    with define_function(module, BLOCKS, "void", parameters, *how) as (b, given):
        *places, _, ins_steps, outs_steps, count = given
        sizes = counts.inputs, counts.outputs
        tables = [b.alloca("ptr", max(size, 1)) for size in sizes]
        steps = [
            [b.load(I64, b.at(table, k, "i64")) for k in range(size)]
            for table, size in zip((ins_steps, outs_steps), sizes, strict=True)
        ]
        for table, place, size in zip(tables, places, sizes, strict=True):
            for k in range(size):
                b.store(b.load(PTR, b.at(place, k, "ptr")), b.at(table, k, "ptr"))

        def one(_: Index, carried: list[Value]) -> Sequence[Value]:
            block(b, tables[0], tables[1])
            for table, grown in zip(tables, steps, strict=True):
                for k, step in enumerate(grown):
                    place = b.at(table, k, "ptr")
                    b.store(b.at(b.load(PTR, place), step, "i8"), place)
            return []

        b.fold(b.constant(0, I64), count, [], one)
        b.ret()
    with define_function(
        module, BLOCK_ONE, "void", BLOCK_POINTERS, "nounwind alwaysinline", "internal"
    ) as (b, given):
        none = b.alloca("i64", max(counts.inputs, counts.outputs, 1))
        listed = ", ".join(f"ptr {place.text}" for place in (*given, none, none))
        b.line(f"call void @{BLOCKS}({listed}, i64 1)")
        b.ret()


def _bytes(element: str) -> int:
    return FLOAT_BITS.get(element, 64) // 8


def emit_loop(
    module: Module, name: str, counts: Counts, *, rows: bool, inlined: bool, element: str
) -> None:
    """The inner loop `name` of a ufunc, or with `rows` of a gufunc (n)->(m), around @block.

    inlined: write the block's code out in the loop over whole blocks as well.
    """
    parameters = [("ptr", "args"), ("ptr", "dimensions"), ("ptr", "steps"), ("ptr", "data")]
    with define_function(module, name, "void", parameters, "nounwind") as (
        b,
        (args, dims, steps, _),
    ):
        count = b.load(I64, dims)
        read = _of_rows if rows else _of_ufunc
        first = partial(read, b, args, steps, 0)
        second = partial(read, b, args, steps, 1 if rows else counts.inputs)
        with (
            memory(b, counts.places * REGISTER, element) as work,
            _side(b, element, counts.inputs, first) as ins,
            _side(b, element, counts.outputs, second) as outs,
        ):
            walk = _Walk(b, element, ins, outs, work, inlined)
            most = b.constant(REGISTER, I64)
            if (counts.inputs, counts.outputs) == (2, 1) and not rows:
                most = b.select(walk.is_running(), b.constant(1, I64), most)
            start = walk.in_place(count, b.eq(most, REGISTER))
            walk.through_buffers(start, count, most)
        # Arms that are not taken leave floating-point flags behind, which NumPy would report.
        module.declare(CLEAR_FLAGS, f"declare void @{CLEAR_FLAGS}()")
        b.line(f"call void @{CLEAR_FLAGS}()")
        b.ret()


def _of_ufunc(b: Builder, args: Value, steps: Value, first: int, k: Index) -> Operand:
    k = k + first
    return b.load(PTR, b.at(args, k, "ptr")), b.load(I64, b.at(steps, k, "i64"))


def _of_rows(b: Builder, args: Value, steps: Value, side: int, k: Index) -> Operand:
    base, outer = _of_ufunc(b, args, steps, side, 0)
    core = b.load(I64, b.at(steps, side + 2, "i64"))
    return b.at(base, core * k, "i8"), outer


@dataclass(frozen=True, slots=True)
class _Side:
    """The inputs, or the outputs.

    operand: of a number.
    buffers: a block of lanes for each; table: pointers to the lanes that @block is to use;
    advance: bytes from block to block.
    """

    b: Builder
    element: str
    count: int
    operand: Callable[[Index], Operand]
    buffers: Value
    table: Value
    advance: Value

    def each(self, body: Callable[[Index], None]) -> None:
        """`body` for all numbers: written out for few."""

        def one(k: Index, _: list[Value]) -> Sequence[Value]:
            body(k)
            return []

        self.b.fold(0, self.count, [], one, unroll=self.count <= WRITTEN_OUT)

    def buffer(self, k: Index) -> Value:
        return self.b.at(self.buffers, k * REGISTER, self.element)

    def point(self, k: Index, target: Value) -> None:
        """Let @block use `target` for operand k."""
        self.b.store(target, self.b.at(self.table, k, "ptr"))


@contextmanager
def _side(
    b: Builder, element: str, count: int, operand: Callable[[Index], Operand]
) -> Iterator[_Side]:
    with (
        memory(b, count * REGISTER, element) as buffers,
        memory(b, count, "ptr") as table,
        memory(b, count, "i64") as advance,
    ):
        yield _Side(b, element, count, operand, buffers, table, advance)


@dataclass(frozen=True, slots=True)
class _Walk:
    """What a loop over the blocks works on."""

    b: Builder
    element: str
    ins: _Side
    outs: _Side
    work: Value
    inlined: bool

    def is_running(self) -> Value:
        """Whether a point's first input is the result before it, as in reduce and accumulate."""
        (first, step), (result, _) = self.ins.operand(0), self.outs.operand(0)
        return self.b.eq(self.b.at(first, step, "i8"), result)

    def in_place(self, count: Value, allowed: Value) -> Value:
        """Compute whole blocks if all operands are contiguous or one number; returns how far."""
        b = self.b
        fits = allowed & (count > REGISTER - 1)
        for side, constants in ((self.ins, True), (self.outs, False)):
            fits = self._all_fit(side, constants, fits)

        def blocks() -> Sequence[Value]:
            self.ins.each(self._begin_input)
            self.outs.each(lambda k: self._begin(self.outs, k))
            if self.inlined:
                whole = b.logical_shift_right(count, REGISTER.bit_length() - 1)
                tables = (self.ins.table, self.outs.table, self.work)
                advances = (self.ins.advance, self.outs.advance)
                listed = ", ".join(f"ptr {place.text}" for place in (*tables, *advances))
                b.line(f"call void @{BLOCKS}({listed}, i64 {whole.text})")
                return [whole * REGISTER]
            return b.while_([b.constant(0, I64)], lambda v: v[0] + REGISTER <= count, block)

        def block(carried: list[Value]) -> list[Value]:
            call_block(b, self.ins.table, self.outs.table, self.work)
            for side in (self.ins, self.outs):
                side.each(partial(self._go_on, side))
            return [carried[0] + REGISTER]

        return b.if_(fits, blocks, lambda: [b.constant(0, I64)])[0]

    def _all_fit(self, side: _Side, constants: bool, fits: Value) -> Value:
        b = self.b

        def one(k: Index, carried: list[Value]) -> Sequence[Value]:
            _, step = side.operand(k)
            fit = b.eq(step, _bytes(self.element))
            return [carried[0] & (fit | b.eq(step, 0) if constants else fit)]

        return b.fold(0, side.count, [fits], one, unroll=side.count <= WRITTEN_OUT)[0]

    def _begin(self, side: _Side, k: Index) -> None:
        b = self.b
        side.point(k, side.operand(k)[0])
        size = b.constant(REGISTER * _bytes(self.element), I64)
        b.store(size, b.at(side.advance, k, "i64"))

    def _begin_input(self, k: Index) -> None:
        """One number for all points is repeated in the buffer."""
        b, side = self.b, self.ins
        here, step = side.operand(k)
        single = b.eq(step, 0)
        b.store(b.splat(self._load(here), REGISTER), side.buffer(k), 64)
        side.point(k, b.select(single, side.buffer(k), here))
        size = b.select(single, b.constant(0, I64), REGISTER * _bytes(self.element))
        b.store(size, b.at(side.advance, k, "i64"))

    def _go_on(self, side: _Side, k: Index) -> None:
        b = self.b
        target = b.load(PTR, b.at(side.table, k, "ptr"))
        side.point(k, b.at(target, b.load(I64, b.at(side.advance, k, "i64")), "i8"))

    def through_buffers(self, start: Value, count: Value, most: Value) -> None:
        """Compute the points from `start`, `most` at a time."""
        b = self.b
        for side in (self.ins, self.outs):
            side.each(lambda k, side=side: side.point(k, side.buffer(k)))  # type: ignore[misc]

        def block(carried: list[Value]) -> list[Value]:
            (first,) = carried
            lanes = b.intrinsic("smin", count - first, most)
            self.ins.each(partial(self._fill, first, lanes))
            name = BLOCK_ONE if self.inlined else "block"
            call_block(b, self.ins.table, self.outs.table, self.work, name=name)
            self.outs.each(partial(self._drain, first, lanes))
            return [first + most]

        b.while_([start], lambda carried: carried[0] < count, block)

    def _load(self, source: Value) -> Value:
        return self.b.load(make_type(self.element, 0), source)

    def _fill(self, first: Value, lanes: Value, k: Index) -> None:
        """Copy `lanes` items into the buffer; the rest repeats the first, which is harmless."""
        b, buffer = self.b, self.ins.buffer(k)
        base, step = self.ins.operand(k)
        source = b.at(base, first * step, "i8")
        b.store(b.splat(self._load(source), REGISTER), buffer, 64)

        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            b.store(self._load(b.at(source, i * step, "i8")), b.at(buffer, i, self.element))
            return []

        b.fold(1, lanes, [], one)

    def _drain(self, first: Value, lanes: Value, k: Index) -> None:
        b, buffer = self.b, self.outs.buffer(k)
        base, step = self.outs.operand(k)
        target = b.at(base, first * step, "i8")

        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            b.store(self._load(b.at(buffer, i, self.element)), b.at(target, i * step, "i8"))
            return []

        b.fold(0, lanes, [], one)
