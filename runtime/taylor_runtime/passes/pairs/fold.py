"""Sums over all pairs of which each is computed once.

sum_j m_j f(x_j - x_i), as it is written with arrays, has an element for i and j and one for j and
i, which are the same but for a sign and the masses.  Where that is so the sum becomes a `Pairs`,
which reads one of the two; what nobody else reads is then computed for j >= i alone (`triangle`).
"""

from __future__ import annotations

import math

import numpy as np

from taylor_runtime.passes.pairs.mirrors import Access, Mirrors, keeps_pairs
from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Pairs,
    Total,
    View,
    all_used,
    contiguous,
    renumbered_array,
)
from taylor_runtime.program.program import Coefficient, Step, Term
from taylor_runtime.program.records import dataclass, replace
from taylor_runtime.program.shapes.verify import verify_arrays
from taylor_runtime.program.widths import CHUNK

FEWEST = 2 * CHUNK  # elements, of fewer of which a half saves no registers


@dataclass(frozen=True, slots=True)
class _Halves:
    """What is summed over pairs: head * operand, and sign * (mirrored head) * operand; without a
    head the row as it is.
    """

    sign: int
    term: Term | None = None
    head: Access | None = None  # mirrored


def folded(program: ArrayProgram, numbers: np.ndarray) -> ArrayProgram:
    """The program whose sums over pairs compute each pair once; numbers: as for `Mirrors`."""
    mirrors = Mirrors(program, numbers)
    found: dict[int, tuple[int, _Halves]] = {}  # by what is summed: the total
    for index in range(len(program.rows)):
        moved = program.row(index).moved
        if isinstance(moved, Total) and _is_of_pairs(program, moved):
            halves = _halves(mirrors, moved.source)
            if halves is not None:
                found[moved.source] = index, halves
    return verify_arrays(_Rewriting(program, found).result()) if found else program


def _is_of_pairs(program: ArrayProgram, total: Total) -> bool:
    """Whether elements of pairs are summed, of which nobody else wants any."""
    source = program.row(total.source)
    shape = source.shape
    if len(shape) < 2 or shape[0] != shape[-1] or shape[0] < FEWEST or source.moved:
        return False
    if total.kind != "sum" or total.axes not in ((0,), (len(shape) - 1,)):
        return False
    others = (row for row in program.rows if row is not source)
    readers = [used for row in others for used in all_used(row)]
    return readers.count(total.source) == 1 and total.source not in dict(program.outputs)


def _halves(mirrors: Mirrors, index: int) -> _Halves | None:
    row = mirrors.program.row(index)
    axes = len(row.shape)
    sign = mirrors.sign(index, index, axes)
    if sign:
        return _Halves(sign)
    terms = row.step.terms if row.step is not None else ()
    alone = row.start is None and row.step == Step(terms) and row.offset == 0
    if not alone or len(terms) != 1 or index in all_used(row):
        return None
    (term,) = terms
    sign = mirrors.operands(term.operand, term.operand, axes)
    if not sign or term.head is None:
        return None
    return _Halves(sign, term, mirrors.access(term.head, axes).mirrored())


class _Rewriting:
    """The program with sums over pairs in the place of totals."""

    def __init__(self, program: ArrayProgram, found: dict[int, tuple[int, _Halves]]) -> None:
        self.program = program
        self.rows: list[ArrayRow] = []
        self.place: dict[int, int] = {}  # where rows went
        totals = {total: source for source, (total, _) in found.items()}
        mirrored: dict[int, int] = {}  # by what is summed
        self._kept: list[int] = []  # rows that are as they were
        for index in range(len(program.rows)):
            row = program.row(index)
            if index in found:
                self.place[index], mirrored[index] = self._summands(row, found[index][1])
            elif index in totals:
                source = totals[index]
                self.place[index] = self._sums(index, self.place[source], mirrored[source])
            else:
                self.place[index] = self._keep(row)
        for number in self._kept:
            self.rows[number] = renumbered_array(self.rows[number], self.place)

    def result(self) -> ArrayProgram:
        """It."""
        outputs = tuple((self.place[row], lane) for row, lane in self.program.outputs)
        return replace(self.program, rows=tuple(self.rows), outputs=outputs)

    def _add(self, row: ArrayRow) -> int:
        self.rows.append(row)
        return len(self.rows) - 1

    def _keep(self, row: ArrayRow) -> int:
        """The same row, whose operands may be later ones."""
        self._kept.append(len(self.rows))
        return self._add(row)

    def _like(self, row: ArrayRow, *terms: Term) -> int:
        made = ArrayRow(step=Step(terms), width=row.width, constant=row.constant, shape=row.shape)
        return self._add(made)

    def _summands(self, row: ArrayRow, halves: _Halves) -> tuple[int, int]:
        """What is summed, and its mirror image."""
        term = halves.term
        if term is None or term.head is None or halves.head is None:
            own = self._keep(row)
            return own, own if halves.sign == 1 else self._like(row, Term(-1, Coefficient(own)))
        root = self.program.row(halves.head.row)
        plain = replace(row, step=Step((Term(1, term.operand),)), name="")
        operand = Coefficient(self._add(renumbered_array(plain, self.place)))
        view = View(self.place[halves.head.row], halves.head.offset, halves.head.strides)
        head = self._add(
            ArrayRow(
                width=math.prod(halves.head.sizes),
                constant=root.constant,
                shape=halves.head.sizes,
                moved=view,
            )
        )
        own = self._like(row, Term(term.constant, operand, self.place[term.head]))
        return own, self._like(row, Term(halves.sign * term.constant, operand, head))

    def _sums(self, index: int, source: int, mirrored: int) -> int:
        """The row of sums over pairs, in the order of axes that the total has."""
        program, row = self.program, self.program.row(index)
        total = row.moved
        assert isinstance(total, Total)
        if total.axes == (0,):
            source, mirrored = mirrored, source
        shape = program.shape(total.source)[1:]
        pairs = replace(row, shape=shape, moved=Pairs(source, mirrored))
        if row.shape == shape and (total.axes == (0,) or len(shape) == 1):
            return self._add(pairs)
        *middle, last = contiguous(shape)
        view = View(self._add(replace(pairs, name="")), 0, (last, *middle))
        seen = self._add(replace(row, moved=view, name=""))
        step = Step((Term(1, Coefficient(seen)),))  # a copy: states read sums as they lie
        return self._add(replace(row, moved=None, step=step))


def triangle(program: ArrayProgram) -> set[int]:
    """Rows of pairs i, j of which sums over pairs alone read elements, and only those for j >= i,
    or rows that are themselves read so.
    """
    rows = [program.row(index) for index in range(len(program.rows))]
    if not any(isinstance(row.moved, Pairs) for row in rows):
        return set()
    readers: dict[int, set[int]] = {row: set() for row, _ in program.outputs}
    found = set(range(len(rows))).difference(readers)
    waiting = list(readers)
    while waiting:
        index = waiting.pop()
        for used in all_used(rows[index]):
            if used not in readers:
                waiting.append(used)
            readers.setdefault(used, set()).add(index)
    found = {row for row in found.intersection(readers) if _has_pairs(rows[row])}
    changed = True
    while changed:
        away = {
            row for row in found if not all(_alike(program, found, row, r) for r in readers[row])
        }
        found -= away
        changed = bool(away)
    return found


def _has_pairs(row: ArrayRow) -> bool:
    shape = row.shape
    return len(shape) > 1 and shape[0] == shape[-1] and shape[0] >= FEWEST


def _alike(program: ArrayProgram, found: set[int], index: int, reader: int) -> bool:
    """Whether a reader wants of a row only pairs that are wanted of itself."""
    row, shape = program.row(reader), program.shape(index)
    if isinstance(row.moved, Pairs):
        return True
    if reader not in found:
        return False
    if isinstance(row.moved, View):
        view = row.moved
        return keeps_pairs(Access(index, view.offset, view.strides, row.shape), shape)
    if isinstance(row.moved, Total):
        return not {0, len(shape) - 1}.intersection(row.moved.axes)
    return row.moved is None and len(row.shape) == len(shape)
