"""Rows of which nobody wants any order but the last one, or this one not."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from taylor_runtime.program.arrays import ArrayProgram, ArrayRow, all_used, varying
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Input, Program, Row
from taylor_runtime.program.shapes.reads import NEWEST, ZERO, Read, reads_beyond, step_reads


def rows_of_the_end(program: Program, outputs: Collection[int]) -> frozenset[int]:
    """The rows that only these rows need, of which the highest order is wanted alone.

    What they convolve, and what they take at order zero, is none of these.
    """
    always = set[int]()
    varies = varying(program) if isinstance(program, ArrayProgram) else []

    def need(row: int) -> None:
        waiting = [row]
        while waiting:
            index = waiting.pop()
            if index not in always:
                always.add(index)
                waiting += _used(program.rows[index])

    for output, _ in program.outputs:
        if output not in outputs:
            need(output)
    seen, waiting = set[int](), list(outputs)
    while waiting:
        index = waiting.pop()
        row = program.rows[index]
        if index in seen or index in always:
            continue
        seen.add(index)
        if isinstance(row.start, Input) or row.constant or _goes_on(row):
            need(index)
            continue
        for read in _reads(varies, row):
            if read.when == NEWEST:
                waiting.append(read.row)
            else:
                need(read.row)
    return frozenset(seen - always)


def rows_at_the_end(program: Program) -> set[int]:
    """The rows of which outputs need the highest order.

    States need of their right-hand sides the order before.
    """
    varies = varying(program) if isinstance(program, ArrayProgram) else []
    seen = set[int]()
    waiting = [row for row, _ in program.outputs]
    while waiting:
        index = waiting.pop()
        if index not in seen:
            seen.add(index)
            reads = _reads(varies, program.rows[index])
            waiting += [read.row for read in reads if read.when == NEWEST]
    return seen


def _goes_on(row: Row) -> bool:
    """Whether orders of a row follow from what it has kept of lower ones."""
    return isinstance(row, ArrayRow) and isinstance(row.moved, Region)


def _used(row: Row) -> list[int]:
    sources = [source for source, _ in row.gather.sources] if row.gather else []
    return [*all_used(row), *sources]


def _reads(varies: list[bool], row: Row) -> Iterator[Read]:
    if isinstance(row, ArrayRow):
        yield from reads_beyond(varies, row)
        return
    if row.gather is not None:
        when = ZERO if row.gather.head else NEWEST
        yield from (Read(source, when) for source, _ in row.gather.sources)
    if row.step is not None:
        yield from step_reads(row.step)
