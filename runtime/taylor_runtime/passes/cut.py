"""A large formula cut into parts of bounded size, which pass values on through memory.

Compilers take more than linear time for long stretches of straight code with many values alive.
Here a program of order 0 becomes a list of small programs with the same arithmetic: a part reads
what it needs from places of a workspace, where earlier parts left it.  A place is used again when
its value is needed no more, so that the workspace stays small, and in the cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from taylor_runtime.program.order import chain_count
from taylor_runtime.program.program import Coefficient, Input, Kernel, Program, Row, Step, Term
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import renumbered, rows_used
from taylor_runtime.program.verify import verify

PART = 400  # rows of a part
SOURCE = "parameter"
_PIECE = 4  # terms by which a row continues a sum; five in all are still added in one chain


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a program of order 0.

    program: its slots of source "parameter" are places of the workspace.
    kept:    (row, place) of the values that later parts read.
    results: (row, output) of the formula's outputs that it computes.
    """

    program: Program
    kept: tuple[tuple[int, int], ...]
    results: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """Parts in order, and how many places their workspace has; the first are the inputs'."""

    parts: tuple[Part, ...]
    places: int


def cut(program: Program, size: int = PART) -> Cut:
    """Cut a program of order 0, of rows with one lane, into parts of at most `size` rows and copies
    of inputs and numbers.
    """
    program = _with_short_sums(program)
    used = [tuple(dict.fromkeys(rows_used(row))) for row in program.rows]
    leaf = [not below and not isinstance(row.start, Kernel)
            for row, below in zip(program.rows, used, strict=True)]  # fmt: skip
    pieces = _pieces([row for row in range(len(program.rows)) if not leaf[row]], size)
    wanted: dict[int, list[int]] = {}
    for output, (row, _) in enumerate(program.outputs):
        wanted.setdefault(row, []).append(output)
    if not pieces or any(leaf[row] for row in wanted):
        pieces.append([row for row in wanted if leaf[row]])
    last = {row: number for number, piece in enumerate(pieces) for i in piece for row in used[i]}
    places = _Places(program.slots(SOURCE))
    parts = []
    for number, piece in enumerate(pieces):
        kept = [row for row in piece if last.get(row, number) > number]
        read = sorted({row for i in piece for row in used[i]} - set(piece))
        writer = _Part(program, places)
        writer.add_leaves(row for row in (*read, *piece) if leaf[row])
        writer.add_places(row for row in read if not leaf[row])
        writer.add_rows(row for row in piece if not leaf[row])
        places.give(kept)
        results = [(row, output) for row in piece for output in wanted.get(row, ())]
        parts.append(writer.part(kept, results))
        places.take_back(row for row in read if last[row] == number and not leaf[row])
    return Cut(tuple(parts), places.count)


def _pieces(rows: Sequence[int], size: int) -> list[list[int]]:
    return [list(rows[i : i + size]) for i in range(0, len(rows), size)]


class _Places:
    """Which place of the workspace a row's value is in."""

    def __init__(self, inputs: int) -> None:
        self.count = inputs
        self.of: dict[int, int] = {}
        self._free: list[int] = []

    def give(self, rows: Iterable[int]) -> None:
        for row in rows:
            if self._free:
                self.of[row] = self._free.pop()
            else:
                self.of[row] = self.count
                self.count += 1

    def take_back(self, rows: Iterable[int]) -> None:
        self._free.extend(self.of.pop(row) for row in rows)


class _Part:
    """Collects the rows of a part under new numbers."""

    def __init__(self, program: Program, places: _Places) -> None:
        self._program = program
        self._places = places
        self._rows: list[Row] = []
        self._number: dict[int, int] = {}

    def add_leaves(self, rows: Iterable[int]) -> None:
        """Copies of inputs, whose slots are their places, and of numbers."""
        for row in rows:
            self._add(row, self._program.rows[row])

    def add_places(self, rows: Iterable[int]) -> None:
        """Values that earlier parts left."""
        for row in rows:
            self._add(row, Row(Input(SOURCE, (self._places.of[row],)), constant=True))

    def add_rows(self, rows: Iterable[int]) -> None:
        for row in rows:
            old = self._program.rows[row]
            self._add(row, renumbered(old, self._number))

    def _add(self, old: int, row: Row) -> None:
        self._number[old] = len(self._rows)
        self._rows.append(row)

    def part(self, kept: Sequence[int], results: Sequence[tuple[int, int]]) -> Part:
        number, places = self._number, self._places
        outputs = tuple((number[row], 0) for row in [*kept, *(row for row, _ in results)])
        inputs = ((SOURCE, places.count),)
        return Part(
            replace(self._program, rows=tuple(self._rows), outputs=outputs, inputs=inputs),
            tuple((number[row], places.of[row]) for row in kept),
            tuple((number[row], output) for row, output in results),
        )


def _with_short_sums(program: Program) -> Program:
    """The program with long sums as rows of few terms, added in the same order.

    These rows come as early as their operands permit, so that the operands can be forgotten.
    """
    if not any(_is_long(row) for row in program.rows):
        return program
    rows: list[Row] = []
    early: set[int] = set()
    number: list[int] = []
    for row in program.rows:
        if len(rows) > len(number):  # something has moved
            row = renumbered(row, number)
        step, begin = row.step, len(rows)
        if step is not None and _is_long(row):
            chains = chain_count(len(step.terms))
            ends = [_chain(rows, row, step.terms[i::chains]) for i in range(chains)]
            while len(ends) > 2:
                ends = [_sum(rows, row, _plain(ends[i : i + 2])) for i in range(0, len(ends), 2)]
            early.update(range(begin, len(rows)))
            row = replace(row, step=replace(step, terms=_plain(ends)))
        number.append(len(rows))
        rows.append(row)
    outputs = tuple((number[row], lane) for row, lane in program.outputs)
    return verify(_sorted(replace(program, rows=tuple(rows), outputs=outputs), early))


def _is_long(row: Row) -> bool:
    return row.start is None and row.step is not None and len(row.step.terms) > 4 * _PIECE


def _chain(rows: list[Row], whole: Row, terms: Sequence[Term]) -> int:
    """The number of the last of the rows that add the terms one after the other."""
    end = _sum(rows, whole, terms[: _PIECE + 1])
    for i in range(_PIECE + 1, len(terms), _PIECE):
        end = _sum(rows, whole, (*_plain([end]), *terms[i : i + _PIECE]))
    return end


def _plain(rows: Sequence[int]) -> tuple[Term, ...]:
    return tuple(Term(1, Coefficient(row)) for row in rows)


def _sum(rows: list[Row], whole: Row, terms: Sequence[Term]) -> int:
    rows.append(Row(step=Step(tuple(terms)), constant=whole.constant, name=whole.name))
    return len(rows) - 1


def _sorted(program: Program, early: set[int]) -> Program:
    """The program with the rows `early` directly after the last of their operands."""
    ready: list[int] = []
    for index, row in enumerate(program.rows):
        ready.append(max(ready[used] for used in rows_used(row)) if index in early else index)
    order = sorted(range(len(ready)), key=lambda row: (ready[row], row))
    number = {row: place for place, row in enumerate(order)}
    rows = [renumbered(program.rows[row], number) for row in order]
    outputs = tuple((number[row], lane) for row, lane in program.outputs)
    return replace(program, rows=tuple(rows), outputs=outputs)
