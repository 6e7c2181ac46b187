"""Formulas inside kernels: programs of order 0 that are written out where their values are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.arithmetic.chunk import chunks
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value
from taylor_runtime.program.program import Program
from taylor_runtime.program.signature import rows_used
from taylor_runtime.series.emitter import SeriesEmitter
from taylor_runtime.series.memory import Rendering


def formula(b: Builder, program: Program, values: Sequence[Value]) -> list[Value]:
    """The outputs of a formula of some values, written out here."""
    emitter = _emitter(b, program, values)
    emitter.constant_rows()
    return _outputs(emitter)


def formula_after(
    b: Builder, program: Program, values: Sequence[Value], number: int
) -> tuple[Value, Callable[[], list[Value]]]:
    """One of its outputs, and what writes all, in any block that this one dominates."""
    emitter = _emitter(b, program, values)
    first: set[int] = set()
    wanted = [program.outputs[number][0]]
    while wanted:
        row = wanted.pop()
        if row not in first:
            first.add(row)
            wanted += rows_used(program.rows[row])
    emitter.rows_at_zero(first)

    def rest() -> list[Value]:
        with emitter.memory.put_back():
            emitter.rows_at_zero(set(range(len(program.rows))) - first)
            return _outputs(emitter)

    return _outputs(emitter, [number])[0], rest


def _emitter(b: Builder, program: Program, values: Sequence[Value]) -> SeriesEmitter:
    t = values[0].type
    rendering = Rendering(t.element, batch=max(t.lanes, 1), unrolled=True)
    emitter = SeriesEmitter(b, program, rendering, None, lambda given, _: values[given.index[0]])
    emitter.cancels = True
    return emitter


def _outputs(emitter: SeriesEmitter, numbers: Sequence[int] | None = None) -> list[Value]:
    (chunk,) = chunks(emitter.rendering.batch)
    listed = emitter.program.outputs
    wanted = range(len(listed)) if numbers is None else numbers
    return [emitter.memory.head(listed[k][0], chunk) for k in wanted]
