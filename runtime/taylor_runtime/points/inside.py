"""Formulas inside kernels: programs of order 0 that are written out where their values are."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.arithmetic.chunk import chunks
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value
from taylor_runtime.program.program import Program
from taylor_runtime.series.emitter import SeriesEmitter
from taylor_runtime.series.memory import Rendering


def formula(b: Builder, program: Program, values: Sequence[Value]) -> list[Value]:
    """The outputs of a formula of some values, written out here."""
    t = values[0].type
    rendering = Rendering(t.element, batch=max(t.lanes, 1), unrolled=True)
    emitter = SeriesEmitter(b, program, rendering, None, lambda given, _: values[given.index[0]])
    emitter.constant_rows()
    (chunk,) = chunks(rendering.batch)
    return [emitter.memory.head(row, chunk) for row, _ in program.outputs]
