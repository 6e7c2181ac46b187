"""Drivers over points: a formula as a NumPy inner loop, and jets of a function at many points.

Points are lanes.  A block of points is computed at a time; full contiguous blocks are read and
written in place, everything else (strides, tails, broadcasts) passes through small buffers, so that
there is one copy of the formula's code and one result whatever the memory layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from taylor_runtime.emit import SeriesEmitter
from taylor_runtime.ir import F64, I64, PTR, Builder, Index, Module, Type, Value
from taylor_runtime.layout import CHUNK, REGISTER, Chunk, Layout
from taylor_runtime.program import Input, Program
from taylor_runtime.rows import Rendering
from taylor_runtime.scalar_call import emit_scalar_call
from taylor_runtime.verify import verify

FORMULA = "taylor.formula"
FORMULA_ROWS = "taylor.formula.rows"
JET = "taylor.jet"
CLEAR_FLAGS = "taylor.clear_flags"

BLOCK = Chunk(0, REGISTER)
JET_BLOCK = Chunk(0, CHUNK)


def formula_module(program: Program, rows: bool = False, scalar: bool = False) -> str:
    """IR text of a NumPy inner loop that evaluates a program of order 0.

    The loop `taylor.formula` has one operand per input and output; with `rows` the loop
    `taylor.formula.rows` has the gufunc signature (n)->(m).  With `scalar` there is also
    `taylor.scalar`, see `scalar_call`.  Inputs are the program's slots of source "parameter", in
    order.
    """
    verify(program)
    module = Module()
    inputs = dict(program.inputs).get("parameter", 0)
    _emit_block(module, program, inputs)
    if rows:
        _emit_rows_loop(module, inputs, len(program.outputs))
    else:
        _emit_operand_loop(module, inputs, len(program.outputs))
        if scalar:
            emit_scalar_call(module, inputs, len(program.outputs))
    return module.text()


def _emit_block(module: Module, program: Program, inputs: int) -> None:
    """define void @block(ptr in, ptr out): pointers to the operands' blocks of lanes."""
    parameters = [("ptr noalias readonly", "in"), ("ptr noalias readonly", "out")]
    with module.function("block", "void", parameters, "nounwind", "internal") as (b, (ins, outs)):
        values = [
            b.load(BLOCK.type("double"), b.load(PTR, b.at(ins, k, "ptr"))) for k in range(inputs)
        ]

        def read(given: Input, chunk: Chunk) -> Value:
            return values[given.index[0]]

        rendering = Rendering(batch=REGISTER, unrolled=True)
        emitter = SeriesEmitter(b, program, rendering, None, read)
        emitter.constant_rows()
        for k, (row, _) in enumerate(program.outputs):
            b.store(emitter.memory.head(row, BLOCK), b.load(PTR, b.at(outs, k, "ptr")))
        b.ret()


def _emit_operand_loop(module: Module, inputs: int, outputs: int) -> None:
    parameters = [("ptr", "args"), ("ptr", "dimensions"), ("ptr", "steps"), ("ptr", "data")]
    with module.function(FORMULA, "void", parameters, "nounwind") as (b, (args, dims, steps, _)):
        count = b.load(I64, dims)
        operands = [
            (b.load(PTR, b.at(args, k, "ptr")), b.load(I64, b.at(steps, k, "i64")))
            for k in range(inputs + outputs)
        ]
        most = b.constant(REGISTER, I64)
        if (inputs, outputs) == (2, 1):
            most = b.select(_is_running(b, operands), b.constant(1, I64), most)
        _emit_blocks(b, count, operands[:inputs], operands[inputs:], most)
        b.ret()


def _is_running(b: Builder, operands: Sequence[Operand]) -> Value:
    """Whether a point's first input is the result before it, as in ufunc.reduce and accumulate."""
    (first, step), _, (result, _) = operands
    return b.eq(b.at(first, step, "i8"), result)


def _emit_rows_loop(module: Module, inputs: int, outputs: int) -> None:
    parameters = [("ptr", "args"), ("ptr", "dimensions"), ("ptr", "steps"), ("ptr", "data")]
    with module.function(FORMULA_ROWS, "void", parameters, "nounwind") as (b, arguments):
        args, dims, steps, _ = arguments
        count = b.load(I64, dims)
        bases = [b.load(PTR, b.at(args, k, "ptr")) for k in range(2)]
        outer = [b.load(I64, b.at(steps, k, "i64")) for k in range(2)]
        core = [b.load(I64, b.at(steps, k + 2, "i64")) for k in range(2)]
        ins = [(b.at(bases[0], core[0] * k, "i8"), outer[0]) for k in range(inputs)]
        outs = [(b.at(bases[1], core[1] * k, "i8"), outer[1]) for k in range(outputs)]
        _emit_blocks(b, count, ins, outs, b.constant(REGISTER, I64))
        b.ret()


Operand = tuple[Value, Value]  # address of the first item, step in bytes


def _emit_blocks(
    b: Builder, count: Value, ins: Sequence[Operand], outs: Sequence[Operand], most: Value
) -> None:
    """Walk `count` points, `most` at a time, through buffers where an operand is not contiguous."""
    operands = [*ins, *outs]
    tables = [b.alloca("ptr", max(len(ins), 1)), b.alloca("ptr", max(len(outs), 1))]
    places = [(tables[0], k) for k in range(len(ins))] + [(tables[1], k) for k in range(len(outs))]
    buffers = [b.alloca("double", REGISTER) for _ in operands]
    contiguous = [b.eq(step, 8) for _, step in operands]

    def block(carried: list[Value]) -> list[Value]:
        (start,) = carried
        left = count - start
        lanes = b.intrinsic("smin", left, most)
        full = b.eq(lanes, REGISTER)
        directs = []
        for k, (base, step) in enumerate(operands):
            here = b.at(base, start * step, "i8")
            direct = b.emit(full.type, f"and i1 {full.text}, {contiguous[k].text}")
            directs.append((direct, here))
            if k < len(ins):
                b.if_(~direct, partial(_fill, b, buffers[k], here, step, lanes))
            table, slot = places[k]
            b.store(b.select(direct, here, buffers[k]), b.at(table, slot, "ptr"))
        b.line(f"call void @block(ptr {tables[0].text}, ptr {tables[1].text})")
        for k in range(len(ins), len(operands)):
            direct, here = directs[k]
            b.if_(~direct, partial(_drain, b, buffers[k], here, operands[k][1], lanes))
        return [start + most]

    b.while_([b.constant(0, I64)], lambda carried: carried[0] < count, block)
    # Arms that are not taken leave floating-point flags behind, which NumPy would report.
    b.module.declare(CLEAR_FLAGS, f"declare void @{CLEAR_FLAGS}()")
    b.line(f"call void @{CLEAR_FLAGS}()")


def _fill(b: Builder, buffer: Value, source: Value, step: Value, lanes: Value) -> list[Value]:
    """Copy `lanes` items into the buffer; the rest repeats the first, so that it is harmless."""
    first = b.load(F64, source)
    b.store(b.splat(first, REGISTER), buffer, 64)

    def one(i: Index, _: list[Value]) -> Sequence[Value]:
        b.store(b.load(F64, b.at(source, i * step, "i8")), b.at(buffer, i))
        return []

    b.fold(1, lanes, [], one)
    return []


def _drain(b: Builder, buffer: Value, target: Value, step: Value, lanes: Value) -> list[Value]:
    def one(i: Index, _: list[Value]) -> Sequence[Value]:
        b.store(b.load(F64, b.at(buffer, i)), b.at(target, i * step, "i8"))
        return []

    b.fold(0, lanes, [], one)
    return []


def jet_module(program: Program, given: int, unrolled: bool) -> str:
    """IR text of `void taylor.jet(ptr in, ptr out, i64 count, i64 first, i64 last, ptr work)`.

    in[slot][k][point], k < given: the input coefficients (those beyond are zero), `count` points.
    out[output][n][point], n = 0 .. order.  Blocks first .. last - 1 of CHUNK points are computed,
    so that threads can share an array; `count` must be padded to whole blocks by the caller's
    arrays. work has `jet_workspace(program)` elements.
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
        rendering = Rendering(batch=CHUNK, unrolled=unrolled)

        def block(i: Index, _: list[Value]) -> Sequence[Value]:
            point = b.like(count, i * CHUNK)
            _emit_jet_block(b, program, rendering, given, (ins, outs, count, work), point)
            return []

        b.fold(first, last, [], block)
        b.ret()
    return module.text()


def jet_workspace(program: Program) -> int:
    """Elements of the workspace that `taylor.jet` wants."""
    return Layout.of(program, CHUNK).size


def _emit_jet_block(
    b: Builder,
    program: Program,
    rendering: Rendering,
    given: int,
    memory: tuple[Value, Value, Value, Value],
    point: Value,
) -> None:
    ins, outs, count, work = memory
    order = program.order
    t: Type = JET_BLOCK.type("double")

    def coefficient(slot: int, n: int) -> Value:
        if n >= given:
            return b.constant(0, t)
        return b.load(t, b.at(ins, count * (slot * given + n) + point))

    def read(given_input: Input, chunk: Chunk) -> Value:
        return coefficient(given_input.index[0], 0)

    emitter = SeriesEmitter(b, program, rendering, work, read)
    emitter.constant_rows()
    for index, row in enumerate(program.rows):
        if isinstance(row.start, Input) and row.start.source == "jet":
            for n in range(1, order + 1):
                emitter.memory.store(index, n, JET_BLOCK, coefficient(row.start.index[0], n))
    emitter.order_zero()
    emitter.orders()

    def copy(k: int, source: int, n: Index, _: list[Value]) -> Sequence[Value]:
        value = emitter.memory.coefficient(source, n, JET_BLOCK)
        b.store(value, b.at(outs, count * (n + k * (order + 1)) + point))
        return []

    for k, (source, _) in enumerate(program.outputs):
        b.fold(0, order + 1, [], partial(copy, k, source), unroll=rendering.unrolled)
