"""Isomorphic scalar rows become lanes of wide rows.

A pack is a set of rows that do the same arithmetic at the same depth of the program.  Four
decisions make it:

1. `group`: rows of equal signature and depth, split by what they are used for (the dx, dy and dz
   of all pairs are three packs, because a sum of squares uses them in three places) where the
   pieces still fill registers;
2. `_order`: lanes sorted by where their operands are, slot by slot, so that operands are often
   lined up already; what a differential equation uses as a derivative is sorted like the states;
3. `_in_line`: a pack whose lanes convolve every lane of another equally often, as the masses of all
   pairs do, is split so that each part reads that pack as it lies;
4. `_Rewriter`: every operand slot reads a wide row directly where lanes agree, else a gathered
   copy, made once an order and shared.

The arithmetic of a lane is that of the scalar row, to the last bit.
"""

from __future__ import annotations

from collections import Counter
from heapq import heapify, heappop, heappush

import numpy as np

from taylor_runtime.passes.group import FEWEST, Numbers, Used, group, worth_splitting
from taylor_runtime.passes.multiples import signs_aligned
from taylor_runtime.program.kernels import PAIRS
from taylor_runtime.program.program import Constant, Gather, Input, Kernel, Program, Row
from taylor_runtime.program.records import dataclass, replace
from taylor_runtime.program.signature import (
    is_plain_sum,
    renumbered,
    rows_used,
    with_slots,
)
from taylor_runtime.program.verify import verify
from taylor_runtime.program.widths import is_scattered

MOST_SCALAR_TERMS = 1000  # and the whole pack has no more terms than this

Lane = tuple[int, int]  # (group, lane)


def pack(program: Program, small: bool = False) -> Program:
    """The program with isomorphic rows packed; lanes of the outputs are where the states went.

    small: pack convolutions alone, even two of them, and sines with their cosines: for programs
        whose other rows cost less than the gathers they would need.
    """
    if small:
        program = verify(_separate_pairs(program))
    used = Used.of(program)
    groups = _order(program, used, group(program, used, small))
    if not small:
        groups = _in_line(groups, used)
    groups = _scattered_apart(program, groups, used, small)
    return verify(signs_aligned(_Rewriter(program, groups, used).rewrite()))


def _separate_pairs(program: Program) -> Program:
    """Rows that start from sin and cos of one argument start from a copy, and so become alike."""
    starts = {row.start for row in program.rows if isinstance(row.start, Kernel) and row.step}
    place: dict[int, int] = {}
    rows: list[Row] = []
    for number, row in enumerate(program.rows):
        if (
            isinstance(row.start, Kernel)
            and row.start in starts
            and _has_partner(row.start, starts)
        ):
            rows.append(Row(start=row.start, name=row.name))
        place[number] = len(rows)
        rows.append(row)
    for number, row in enumerate(program.rows):
        moved = renumbered(row, place)
        here = place[number]
        if here and rows[here - 1].start is row.start and row.start is not None:
            rows[here - 1] = replace(rows[here - 1], start=moved.start)
            moved = replace(moved, start=Kernel("identity", (here - 1,)))
        rows[here] = moved
    outputs = tuple((place[row], lane) for row, lane in program.outputs)
    return replace(program, rows=tuple(rows), outputs=outputs)


def _has_partner(kernel: Kernel, others: set[Kernel]) -> bool:
    for names in PAIRS:
        if kernel.function in names:
            return all(replace(kernel, function=name) in others for name in names)
    return False


# -- lane order ---------------------------------------------------------------------------------


def _order(program: Program, used: Used, groups: list[list[int]]) -> list[list[int]]:
    """Sort the lanes of each group."""
    derivative_of = _derivatives(used)
    count = len(program.rows)
    position = np.arange(count) + len(groups) * count  # group * count + lane
    result = []
    for index, rows in enumerate(groups):
        if len(rows) > 1:
            if isinstance(used.like(rows[0]).start, Input):
                rows = sorted(rows, key=lambda row: _slot(program.rows[row]))
            else:
                rows = _sorted(rows, derivative_of[rows], position[used.columns(rows)])
            position[rows] = np.arange(index * count, index * count + len(rows))
        else:
            position[rows[0]] = index * count
        result.append(rows)
    return result


def _slot(row: Row) -> tuple[int, ...]:
    assert isinstance(row.start, Input)
    return row.start.index


def _sorted(rows: list[int], derivative_of: Numbers, positions: Numbers) -> list[int]:
    """Derivatives as their states, and behind them others by where their operands are.

    positions: an array for each operand.
    """
    is_derivative = derivative_of >= 0
    positions[:, is_derivative] = 0
    first = np.where(is_derivative, derivative_of, np.iinfo(np.int64).max)
    found: list[int] = np.array(rows)[np.lexsort((rows, *positions[::-1], first))].tolist()
    return found


def _derivatives(used: Used) -> Numbers:
    """The state of which a row is the derivative, or a part that nobody else uses; or -1."""
    count = used.alike.size
    users = np.bincount(used.rows, minlength=count)
    given = np.array([isinstance(row.start, Input) for row in used.examples])[used.alike]
    stepped = np.array([row.step is not None for row in used.examples])[used.alike]
    derivative_of = np.full(count, -1)
    for number in np.flatnonzero(given & stepped).tolist():
        for row in used.rows_of(number):
            if derivative_of[row] < 0:
                derivative_of[row] = number
    waiting = [-row for row in np.flatnonzero((derivative_of >= 0) & ~given).tolist()]
    heapify(waiting)
    while waiting:  # rows behind others first
        number = -heappop(waiting)
        for row in used.rows_of(number):
            if users[row] == 1 and derivative_of[row] < 0:
                derivative_of[row] = derivative_of[number]
                if row < number and not given[row]:
                    heappush(waiting, -row)
    return derivative_of


def _in_line(groups: list[list[int]], used: Used) -> list[list[int]]:
    """Split packs that convolve every lane of another equally often, where registers stay filled:
    the parts need no gathers of it. Of several the widest, for then there are the fewest parts.
    """
    result: list[list[int]] = []
    lanes_of = {row: rows for rows in groups for row in rows}  # the pack of each row
    for rows in groups:
        parts, widest = [rows], 0
        slots = used.of_row(rows[0]) if len(rows) >= 2 * FEWEST else ()
        columns = used.columns(rows) if any(slot.convolved for slot in slots) else None
        for number, slot in enumerate(slots):
            if columns is None or not slot.convolved:
                continue
            column: list[int] = columns[number].tolist()
            source = lanes_of[column[0]]
            pays = len(source) > widest
            if pays and worth_splitting(_times(column, source) * [len(source)]):
                parts, widest = _each_in_line(rows, column, source), len(source)
        for part in parts:
            result.append(part)
            lanes_of.update((row, part) for row in part)
    return result


def _times(column: list[int], source: list[int]) -> int:
    """How often each row of a pack is in a column; zero if not equally often, or others are."""
    times = Counter(column)
    alike = times.keys() == set(source) and len(set(times.values())) == 1
    return times[column[0]] if alike else 0


def _each_in_line(rows: list[int], column: list[int], source: list[int]) -> list[list[int]]:
    """Rows apart, so that each part has the lanes of a pack, in their order, in a column."""
    of_lane: dict[int, list[int]] = {row: [] for row in source}
    for row, operand in zip(rows, column, strict=True):
        of_lane[operand].append(row)
    return [list(part) for part in zip(*of_lane.values(), strict=True)]


def _scattered_apart(
    program: Program, groups: list[list[int]], used: Used, small: bool
) -> list[list[int]]:
    """Dissolve packs of sums whose terms are all over the place.

    Scalar multiply-adds cost less than gathers.  (Loops combine plain sums without either.)
    """
    place: list[Lane] = []
    result: list[list[int]] = []
    for rows in groups:
        places = used.of_row(rows[0])
        sums = not any(slot.convolved for slot in places)
        few = len(rows) > 1 and len(rows) * len(places) <= MOST_SCALAR_TERMS
        combined = not small and is_plain_sum(used.like(rows[0]))
        if few and sums and not combined:
            columns = used.columns(rows).tolist()
            place = place or _places(groups)
            if is_scattered([[place[row] for row in column] for column in columns]):
                result.extend([row] for row in rows)
                continue
        result.append(rows)
    return result


def _places(groups: list[list[int]]) -> list[Lane]:
    """The group and the lane of each row."""
    places: list[Lane] = [(0, 0)] * sum(map(len, groups))
    for index, rows in enumerate(groups):
        for lane, row in enumerate(rows):
            places[row] = (index, lane)
    return places


# -- rewriting ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A gathered row: its sources, and whether order zero is all that is asked of it."""

    sources: tuple[Lane, ...]
    head: bool


class _Rewriter:
    """Turns groups into wide rows with gathers between them."""

    def __init__(self, program: Program, groups: list[list[int]], used: Used) -> None:
        self.program = program
        self.used = used
        self.groups = groups
        self.place = _places(groups)
        # A group's rows refer to groups (index >= 0) and gathers (index < 0: ~index into
        # `gathers`).
        self.gathers: dict[_Wanted, int] = {}

    def rewrite(self) -> Program:
        wide = [self._wide_row(rows) for rows in self.groups]
        listed = list(self.gathers)
        before = self._places_of_gathers(wide, listed)
        final: dict[int, int] = {}
        sequence: list[tuple[bool, int]] = []
        for index in range(len(wide) + 1):
            for number in before.get(index, []):
                final[~number] = len(sequence)
                sequence.append((True, number))
            if index < len(wide):
                final[index] = len(sequence)
                sequence.append((False, index))
        rows = [
            self._gather_row(listed[number], final)
            if is_gather
            else self._renumber(wide[number], final)
            for is_gather, number in sequence
        ]
        outputs = tuple(
            (final[self.place[row][0]], self.place[row][1]) for row, _ in self.program.outputs
        )
        return replace(self.program, rows=tuple(rows), outputs=outputs)

    def _places_of_gathers(self, wide: list[Row], listed: list[_Wanted]) -> dict[int, list[int]]:
        """Before which group each gather stands: the first that uses it, but behind its sources."""
        first_use: dict[int, int] = {}
        for index, row in enumerate(wide):
            for used in rows_used(row):
                if used < 0:
                    first_use.setdefault(~used, index)
        places: dict[int, list[int]] = {}
        for number, wanted in enumerate(listed):
            behind = 1 + max([group for group, _ in wanted.sources])
            places.setdefault(max(behind, first_use[number]), []).append(number)
        return places

    def _gather_row(self, wanted: _Wanted, final: dict[int, int]) -> Row:
        sources = tuple([(final[group], lane) for group, lane in wanted.sources])
        groups = {group for group, _ in wanted.sources}
        constant = all(self.program.rows[self.groups[group][0]].constant for group in groups)
        return Row(
            gather=Gather(sources, wanted.head and not constant),
            width=len(sources),
            constant=constant,
            name="gather",
        )

    def _renumber(self, row: Row, final: dict[int, int]) -> Row:
        return renumbered(row, final)

    def _wide_row(self, numbers: list[int]) -> Row:
        used, row = self.used, self.program.rows[numbers[0]]
        single = len(numbers) == 1
        columns = (
            [[one] for one in used.rows_of(numbers[0])]
            if single
            else used.columns(numbers).tolist()
        )
        places = used.of_row(numbers[0])
        operands = [
            self._operand(column, slot.head) for column, slot in zip(columns, places, strict=True)
        ]
        first = with_slots(row, operands)
        if single:
            return first
        start, step = first.start, first.step
        if isinstance(start, Input):
            listed = self.program.rows
            start = Input(start.source, tuple(_slot(listed[number])[0] for number in numbers))
        if step is not None:
            terms = tuple(
                replace(term, constant=_merge(used.constants_of(numbers, k)))
                for k, term in enumerate(step.terms)
            )
            step = replace(step, terms=terms)
        offset = _merge(used.constants_of(numbers, len(step.terms) if step else 0))
        return replace(first, start=start, step=step, offset=offset, width=len(numbers))

    def _operand(self, column: list[int], head: bool) -> int:
        """The group or gather whose lanes are the rows of a slot, lane by lane."""
        group = self.place[column[0]][0]
        if column == self.groups[group]:
            return group
        wanted = _Wanted(tuple(map(self.place.__getitem__, column)), head)
        whole = _Wanted(wanted.sources, False)
        if wanted.head and whole in self.gathers:
            wanted = whole
        return ~self.gathers.setdefault(wanted, len(self.gathers))


def _merge(constants: list[Constant]) -> Constant:
    """One constant for all lanes if they agree, else one a lane."""
    first, different = constants[0], {id(c): c for c in constants}.values()
    if all(c is first or c == first for c in different):
        return first
    return tuple([c for c in constants if not isinstance(c, tuple)])
