"""Jets of a function at many points."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import Type, alignment_of
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.verify import verify
from taylor_runtime.program.widths import REGISTER
from taylor_runtime.series.emitter import SeriesEmitter
from taylor_runtime.series.layout import Layout
from taylor_runtime.series.memory import Rendering

JET = "taylor.jet"


def jet_block(element: str) -> Chunk:
    """The points that are computed at a time: a register of them. Two would be no faster, and take
    half as long again to compile.
    """
    return Chunk(0, 8 * REGISTER // alignment_of(element))


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
    with define_function(module, JET, "void", parameters, "nounwind") as (b, arguments):
        ins, outs, count, first, last, work = arguments
        lanes = jet_block(element).lanes
        rendering = Rendering(element, batch=lanes, unrolled=unrolled)
        slots = program.slots("jet")
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
    emitter.cancels = True
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
