"""Functions of points: a formula as a NumPy inner loop, and jets of a function at many points.

Points are lanes, and a block of them is computed at a time (`blocks` walks over them).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.arithmetic.carried import counted
from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.kernel_calls import written_out
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import PTR
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.passes.cut import Cut, cut
from taylor_runtime.passes.turns import GIVEN
from taylor_runtime.points.blocks import (
    BLOCK_ONE,
    BLOCK_POINTERS,
    Counts,
    define_blocks,
    emit_loop,
)
from taylor_runtime.points.fused import FusedEmitter
from taylor_runtime.points.scalar_call import emit_scalar_call
from taylor_runtime.program.kernels import has_loops
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Program
from taylor_runtime.program.verify import verify
from taylor_runtime.program.widths import REGISTER
from taylor_runtime.series.memory import Rendering

FORMULA = "taylor.formula"
FORMULA_ROWS = "taylor.formula.rows"
DOUBLES = "block.doubles"  # the same as block.single for whole numbers beyond 2**53
INLINED = 40  # rows of the largest formula that is repeated in the loop over its blocks
UNCUT = 500  # rows of the largest formula that is one function

BLOCK = Chunk(0, REGISTER)  # points of a formula that are computed at a time
SINGLE = Chunk(0, 0)  # one alone


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
    module = Module(signed_zeros=True)
    inputs = program.slots("parameter")
    parts = cut(program) if len(program.rows) > UNCUT else None
    planes = ELEMENTS[element].parts
    places = parts.places if parts else 0
    counts = Counts(planes * inputs, planes * len(program.outputs), planes * places)
    if parts:
        _emit_parts(module, parts, counts, element)
    loops = has_loops(program)
    inlined = len(program.rows) <= INLINED and not loops
    if not parts and not inlined:
        _emit_block(module, program, inputs, element)
    single = scalar and parts is None and loops
    if single:  # a point by itself need not wait for seven others
        _emit_block(module, program, inputs, element, SINGLE)
    name = FORMULA_ROWS if rows else FORMULA
    stored = ELEMENTS[element].part
    if inlined:

        def block(b: Builder, ins: Value, outs: Value) -> None:
            with written_out(b, program.rows, element):
                _emit_formula(b, program, (ins, outs), [False] * inputs, element, BLOCK)

        define_blocks(module, counts, block)
    emit_loop(module, name, counts, rows=rows, inlined=inlined, element=stored)
    if scalar:
        emit_scalar_call(
            module, counts, "block.single" if single else BLOCK_ONE if inlined else "block"
        )
    return module.text()


def point_module(program: Program, checked: bool = False, wholes: Sequence[bool] = ()) -> str:
    """IR text of `taylor.scalar` alone, for one point of doubles; of at most `UNCUT` rows.

    checked, wholes: whether the last output is the number of an error, and which inputs are whole
        numbers; see `scalar_call`.
    """
    verify(program)
    module = Module(signed_zeros=True)
    inputs = program.slots("parameter")
    _emit_block(module, program, inputs, "double", SINGLE, wholes)
    counts = Counts(inputs, len(program.outputs), 0)
    emit_scalar_call(module, counts, "block.single", checked, wholes)
    return module.text()


def _emit_block(
    module: Module,
    program: Program,
    inputs: int,
    element: str,
    chunk: Chunk = BLOCK,
    wholes: Sequence[bool] = (),
) -> None:
    """define void @block(ptr in, ptr out, ptr work): pointers to the operands' blocks of lanes; or
    @block.single, of which the first lane counts.
    """
    name = "block" if chunk.lanes else "block.single"
    counts = not chunk.lanes and element == "double" and has_loops(program)
    given = [counts and k < len(wholes) and wholes[k] for k in range(inputs)]
    if _write_block(module, name, program, given, element, chunk, counts):
        _write_block(module, DOUBLES, program, [False] * inputs, element, chunk, False)


def _write_block(
    module: Module,
    name: str,
    program: Program,
    wholes: Sequence[bool],
    element: str,
    chunk: Chunk,
    counts: bool,
) -> bool:
    """One function; whether it may go on in @`DOUBLES`.

    wholes: which inputs are whole numbers.
    counts: whether whole numbers are integers.
    """
    with define_function(module, name, "void", BLOCK_POINTERS, "nounwind", "internal") as (
        b,
        (ins, outs, work),
    ):
        b.counts, b.leave = counts, "beyond" if counts else None
        _emit_formula(b, program, (ins, outs), wholes, element, chunk)
        b.ret()
        if b.left:
            b.label("beyond")
            b.line(f"call void @{DOUBLES}(ptr {ins.text}, ptr {outs.text}, ptr {work.text})")
            b.ret()
        return b.left


def _emit_formula(
    b: Builder,
    program: Program,
    tables: tuple[Value, Value],
    wholes: Sequence[bool],
    element: str,
    chunk: Chunk,
) -> None:
    """The program's outputs of its inputs, whose lanes are where the tables say."""
    ins, outs = tables
    t = chunk.type(element)
    values = [b.load(t, _operand(b, ins, k, element)) for k in range(len(wholes))]
    values = [counted(b, x, GIVEN) if whole else x for x, whole in zip(values, wholes, strict=True)]
    emitter = _formula_emitter(b, program, element, values.__getitem__, max(chunk.lanes, 1))
    for k, (row, _) in enumerate(program.outputs):
        b.store(emitter.memory.head(row, chunk), _operand(b, outs, k, element))


def _operand(b: Builder, table: Value, k: int, element: str) -> Value:
    """Where the lanes of operand k are, by a table of pointers."""
    planes = ELEMENTS[element].parts
    return b.pointers([b.load(PTR, b.at(table, planes * k + p, "ptr")) for p in range(planes)])


def _place(b: Builder, work: Value, place: int, element: str) -> Value:
    """Where the lanes of a place of the workspace are."""
    planes, stored = ELEMENTS[element].parts, ELEMENTS[element].part
    return b.pointers([b.at(work, (planes * place + p) * REGISTER, stored) for p in range(planes)])


def _emit_parts(module: Module, parts: Cut, counts: Counts, element: str) -> None:
    """The same as one function for each part.

    The inputs are copied first: an output may be in the place of an input.
    """
    t = BLOCK.type(element)
    for number, part in enumerate(parts.parts):
        name, parameters = f"part.{number}", BLOCK_POINTERS[1:]
        with define_function(module, name, "void", parameters, "nounwind", "internal") as (
            b,
            (outs, work),
        ):

            def read(place: int, b: Builder = b, work: Value = work) -> Value:
                return b.load(t, _place(b, work, place, element), 64)

            emitter = _formula_emitter(b, part.program, element, read)
            for row, place in part.kept:
                value = emitter.memory.head(row, BLOCK)
                b.store(value, _place(b, work, place, element), 64)
            for row, k in part.results:
                b.store(emitter.memory.head(row, BLOCK), _operand(b, outs, k, element))
            b.ret()
    with define_function(module, "block", "void", BLOCK_POINTERS, "nounwind", "internal") as (
        b,
        pointers,
    ):
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
    b: Builder, program: Program, element: str, read: Callable[[int], Value], lanes: int = REGISTER
) -> FusedEmitter:
    rendering = Rendering(element, batch=lanes, unrolled=True)
    emitter = FusedEmitter(b, program, rendering, None, lambda given, _: read(given.index[0]))
    emitter.constant_rows()
    return emitter
