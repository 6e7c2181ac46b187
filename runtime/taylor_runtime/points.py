"""Functions of points: a formula as a NumPy inner loop, and jets of a function at many points.

Points are lanes, and a block of them is computed at a time (`blocks` walks over them).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.blocks import BLOCK_POINTERS, Counts, emit_loop
from taylor_runtime.cut import Cut, cut
from taylor_runtime.emit import SeriesEmitter
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import PTR, Type, planes_of, size_of
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.layout import Chunk, Layout
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.verify import verify
from taylor_runtime.program.widths import REGISTER
from taylor_runtime.rows import Rendering
from taylor_runtime.scalar_call import emit_scalar_call

FORMULA = "taylor.formula"
FORMULA_ROWS = "taylor.formula.rows"
JET = "taylor.jet"
INLINED = 40  # rows of the largest formula that is repeated in the loop over its blocks
UNCUT = 500  # rows of the largest formula that is one function

BLOCK = Chunk(0, REGISTER)  # points of a formula that are computed at a time


def formula_module(
    program: Program, rows: bool = False, scalar: bool = False, element: str = "double"
) -> str:
    """IR text of a NumPy inner loop that evaluates a program of order 0.

    The loop `taylor.formula` has one operand per input and output; with `rows` the loop
    `taylor.formula.rows` has the gufunc signature (n)->(m).  With `scalar` there is also
    `taylor.scalar`, see `scalar_call`.  Inputs are the program's slots of source "parameter", in
    order; a double-double is two operands, high and low.
    """
    verify(program)
    module = Module()
    inputs = dict(program.inputs).get("parameter", 0)
    parts = cut(program) if len(program.rows) > UNCUT else None
    planes = planes_of(element)
    places = parts.places if parts else 0
    counts = Counts(planes * inputs, planes * len(program.outputs), planes * places)
    if parts:
        _emit_parts(module, parts, counts, element)
    else:
        _emit_block(module, program, inputs, element)
    inlined = len(program.rows) <= INLINED
    name = FORMULA_ROWS if rows else FORMULA
    stored = Type(element).part.element
    emit_loop(module, name, counts, rows=rows, inlined=inlined, element=stored)
    if scalar:
        emit_scalar_call(module, counts)
    return module.text()


def _emit_block(module: Module, program: Program, inputs: int, element: str) -> None:
    """define void @block(ptr in, ptr out, ptr work): pointers to the operands' blocks of lanes."""
    with module.function("block", "void", BLOCK_POINTERS, "nounwind", "internal") as (b, pointers):
        ins, outs, _ = pointers
        t = BLOCK.type(element)
        values = [b.load(t, _operand(b, ins, k, element)) for k in range(inputs)]
        emitter = _formula_emitter(b, program, element, values.__getitem__)
        for k, (row, _) in enumerate(program.outputs):
            b.store(emitter.memory.head(row, BLOCK), _operand(b, outs, k, element))
        b.ret()


def _operand(b: Builder, table: Value, k: int, element: str) -> Value:
    """Where the lanes of operand k are, by a table of pointers."""
    planes = planes_of(element)
    return b.pointers([b.load(PTR, b.at(table, planes * k + p, "ptr")) for p in range(planes)])


def _place(b: Builder, work: Value, place: int, element: str) -> Value:
    """Where the lanes of a place of the workspace are."""
    planes, stored = planes_of(element), Type(element).part.element
    return b.pointers([b.at(work, (planes * place + p) * REGISTER, stored) for p in range(planes)])


def _emit_parts(module: Module, parts: Cut, counts: Counts, element: str) -> None:
    """The same as one function for each part.

    The inputs are copied first: an output may be in the place of an input.
    """
    t = BLOCK.type(element)
    for number, part in enumerate(parts.parts):
        name, parameters = f"part.{number}", BLOCK_POINTERS[1:]
        with module.function(name, "void", parameters, "nounwind", "internal") as (b, (outs, work)):

            def read(place: int, b: Builder = b, work: Value = work) -> Value:
                return b.load(t, _place(b, work, place, element), 64)

            emitter = _formula_emitter(b, part.program, element, read)
            for row, place in part.kept:
                value = emitter.memory.head(row, BLOCK)
                b.store(value, _place(b, work, place, element), 64)
            for row, k in part.results:
                b.store(emitter.memory.head(row, BLOCK), _operand(b, outs, k, element))
            b.ret()
    with module.function("block", "void", BLOCK_POINTERS, "nounwind", "internal") as (b, pointers):
        ins, outs, work = pointers

        def copy(k: Index, _: list[Value]) -> Sequence[Value]:
            value = b.load(t.part, b.load(PTR, b.at(ins, k, "ptr")))
            b.store(value, b.at(work, k * REGISTER, t.part.element), 64)
            return []

        b.fold(0, counts.inputs, [], copy)
        for number in range(len(parts.parts)):
            b.line(f"call void @part.{number}(ptr {outs.text}, ptr {work.text})")
        b.ret()


def _formula_emitter(
    b: Builder, program: Program, element: str, read: Callable[[int], Value]
) -> SeriesEmitter:
    rendering = Rendering(element, batch=REGISTER, unrolled=True)
    emitter = SeriesEmitter(b, program, rendering, None, lambda given, _: read(given.index[0]))
    emitter.constant_rows()
    return emitter


def jet_block(element: str) -> Chunk:
    """The points that are computed at a time: a register of them. Two would be no faster, and take
    half as long again to compile.
    """
    return Chunk(0, 8 * REGISTER // size_of(element))


def jet_module(program: Program, given: int, unrolled: bool, element: str = "double") -> str:
    """IR text of `void taylor.jet(ptr in, ptr out, i64 count, i64 first, i64 last, ptr work)`.

    in[slot][k][point], k < given: the input coefficients (those beyond are zero), `count` points.
    out[output][n][point], n = 0 .. order.  Blocks first .. last - 1 of `jet_block` points are
    computed, so that threads can share an array; `count` must be padded to whole blocks by the
    caller's arrays.  work has `jet_workspace(program)` elements.  High parts of double-doubles come
    before all low ones in each of the three.
    """
    verify(program)
    module = Module()
    parameters = [
        ("ptr noalias readonly", "in"),
        ("ptr noalias", "out"),
        ("i64", "count"),
        ("i64", "first"),
        ("i64", "last"),
        ("ptr noalias", "work"),
    ]
    with module.function(JET, "void", parameters, "nounwind") as (b, arguments):
        ins, outs, count, first, last, work = arguments
        lanes = jet_block(element).lanes
        rendering = Rendering(element, batch=lanes, unrolled=unrolled)
        slots = dict(program.inputs).get("jet", 0)
        ins = b.planes(ins, count * (slots * given), element)
        outs = b.planes(outs, count * (len(program.outputs) * (program.order + 1)), element)

        def block(i: Index, _: list[Value]) -> Sequence[Value]:
            point = b.like(count, i * lanes)
            _emit_jet_block(b, program, rendering, given, (ins, outs, count, work), point)
            return []

        b.fold(first, last, [], block)
        b.ret()
    return module.text()


def jet_workspace(program: Program, element: str = "double") -> int:
    """Elements of the workspace that `taylor.jet` wants."""
    return Layout.of(program, jet_block(element).lanes).size


def _emit_jet_block(
    b: Builder,
    program: Program,
    rendering: Rendering,
    given: int,
    memory: tuple[Value, Value, Value, Value],
    point: Value,
) -> None:
    ins, outs, count, work = memory
    order, element, points = program.order, rendering.element, jet_block(rendering.element)
    t: Type = points.type(element)

    def coefficient(slot: int, n: int) -> Value:
        if n >= given:
            return b.constant(0, t)
        return b.load(t, b.at(ins, count * (slot * given + n) + point, element))

    def read(given_input: Input, chunk: Chunk) -> Value:
        return coefficient(given_input.index[0], 0)

    emitter = SeriesEmitter(b, program, rendering, work, read)
    emitter.constant_rows()
    for index, row in enumerate(program.rows):
        if isinstance(row.start, Input) and row.start.source == "jet":
            for n in range(1, order + 1):
                emitter.memory.store(index, n, points, coefficient(row.start.index[0], n))
    emitter.order_zero()
    emitter.orders()

    def copy(k: int, source: int, n: Index, _: list[Value]) -> Sequence[Value]:
        value = emitter.memory.coefficient(source, n, points)
        b.store(value, b.at(outs, count * (n + k * (order + 1)) + point, element))
        return []

    for k, (source, _) in enumerate(program.outputs):
        b.fold(0, order + 1, [], partial(copy, k, source), unroll=rendering.unrolled)
    emitter.memory.drop_unread()
