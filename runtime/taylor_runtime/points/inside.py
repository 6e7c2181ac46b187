"""Formulas inside kernels: programs of order 0 that are written out where their values are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from taylor_runtime.arithmetic.chunk import chunks
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value
from taylor_runtime.program.kernels import PartKernel
from taylor_runtime.program.program import Kernel, Program
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


class Gradual:
    """A formula whose outputs are written out where they are asked for, each row once."""

    def __init__(self, b: Builder, program: Program, values: Sequence[Value], like: Value) -> None:
        self._emitter = _emitter(b, program, values, like)
        self._left = set(range(len(program.rows)))
        systems: dict[object, list[int]] = {}
        for index, row in enumerate(program.rows):
            if isinstance(row.start, Kernel) and isinstance(row.start.function, PartKernel):
                key = row.start.function.system, row.start.arguments
                systems.setdefault(key, []).append(index)
        # Results of one loop are computed at once.
        self._together = {row: rows for rows in systems.values() for row in rows}

    def outputs(self, numbers: Sequence[int]) -> list[Value]:
        """Some of the outputs, here and in all blocks that this one dominates."""
        program, rows = self._emitter.program, set[int]()
        wanted = [program.outputs[number][0] for number in numbers]
        while wanted:
            row = wanted.pop()
            if row in self._left:
                self._left.remove(row)
                rows.add(row)
                wanted += [*rows_used(program.rows[row]), *self._together.get(row, ())]
        self._emitter.rows_at_zero(rows)
        return _outputs(self._emitter, numbers)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is asked for meanwhile belongs to a block of its own."""
        left = set(self._left)
        with self._emitter.memory.put_back():
            yield
        self._left = left


def _emitter(
    b: Builder, program: Program, values: Sequence[Value], like: Value | None = None
) -> SeriesEmitter:
    t = (values[0] if like is None else like).type
    rendering = Rendering(t.element, batch=max(t.lanes, 1), unrolled=True)
    emitter = SeriesEmitter(b, program, rendering, None, lambda given, _: values[given.index[0]])
    emitter.cancels = emitter.rounds = True
    return emitter


def _outputs(emitter: SeriesEmitter, numbers: Sequence[int] | None = None) -> list[Value]:
    (chunk,) = chunks(emitter.rendering.batch)
    listed = emitter.program.outputs
    wanted = range(len(listed)) if numbers is None else numbers
    return [emitter.memory.head(listed[k][0], chunk) for k in wanted]
