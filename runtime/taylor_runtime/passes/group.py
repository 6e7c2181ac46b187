"""Which rows are packed together: those of equal signature and depth, split by what they are used
for where the pieces still fill registers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taylor_runtime.program.program import Constant, Program, Row
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import Slot, depths, rows_used, signature, slots
from taylor_runtime.program.widths import REGISTER

FEWEST = 3  # rows that make a pack
MOST_GROWTH = 1.35  # of the number of registers, that a split of a pack may cost

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Used:
    """The rows that every row uses, and what for: rows of equal signatures use others alike.

    What differs between these is listed for one row after the other, so that no pass looks at all
    rows themselves again: a pack of ten thousand is a few operations on arrays.

    rows:      those that are used, and as they are listed; constants: of terms, and the offset.
    alike:     number of each row's signature.
    places:    those of one row, and examples: that row, for each signature.
    firsts:    where those of each row begin in `rows`, and the end; likewise in `constants`.
    """

    rows: Numbers
    listed: list[int]
    constants: list[Constant]
    alike: Numbers
    places: list[tuple[Slot, ...]]
    examples: list[Row]
    firsts: Numbers
    firsts_of_constants: Numbers

    @staticmethod
    def of(program: Program) -> Used:
        numbers: dict[object, int] = {}
        alike: list[int] = []
        examples: list[Row] = []
        used: list[int] = []
        constants: list[Constant] = []
        firsts, firsts_of_constants = [0], [0]
        for row in program.rows:
            number = numbers.setdefault(signature(row), len(numbers))
            alike.append(number)
            if number == len(examples):
                examples.append(row)
            used += rows_used(row)
            firsts.append(len(used))
            if row.step is not None:
                constants += [term.constant for term in row.step.terms]
            constants.append(row.offset)
            firsts_of_constants.append(len(constants))
        return Used(
            np.array(used, np.int64),
            used,
            constants,
            np.array(alike, np.int64),
            [slots(row) for row in examples],
            examples,
            np.array(firsts),
            np.array(firsts_of_constants),
        )

    def of_row(self, row: int) -> tuple[Slot, ...]:
        """What a row uses other rows for; of which, `rows_of` knows."""
        return self.places[self.alike[row]]

    def like(self, row: int) -> Row:
        """A row of the same signature."""
        return self.examples[self.alike[row]]

    def rows_of(self, row: int) -> list[int]:
        """The rows that a row uses."""
        return self.listed[self.firsts[row] : self.firsts[row + 1]]

    def columns(self, rows: Sequence[int]) -> Numbers:
        """The rows that rows of equal signatures use: an array of one place for each of them."""
        count = len(self.of_row(rows[0]))
        return self.rows[np.arange(count)[:, None] + self.firsts[rows]]

    def constants_of(self, rows: Sequence[int], place: int) -> list[Constant]:
        """The constants of a term of rows of equal signatures; of the place behind them offsets."""
        at = (self.firsts_of_constants[rows] + place).tolist()
        return list(map(self.constants.__getitem__, at))


def _firsts(lengths: Numbers) -> Numbers:
    return np.concatenate([[0], np.cumsum(lengths)])


def group(program: Program, used: Used, small: bool) -> list[list[int]]:
    """Groups of row numbers, in evaluation order of their depth and first member."""
    depth = depths(program)
    alike: list[int] = used.alike.tolist()
    keys: Iterable[object] = zip(depth, alike, strict=True)
    constant = np.array([row.constant for row in used.examples])[used.alike]
    if constant.any():  # of what rows use
        of_used, firsts = constant[used.rows].tobytes(), used.firsts.tolist()
        parts = [of_used[first:end] for first, end in pairwise(firsts)]
        keys = zip(depth, alike, parts, strict=True)
    numbers: dict[object, int] = {}
    group_of = [numbers.setdefault(key, len(numbers)) for key in keys]
    if len(group_of) >= len(numbers) + 2 * FEWEST - 1:  # else none is large enough
        group_of = _refined(used, group_of, max(depth) + 2)
    members: dict[int, list[int]] = {}
    for row, group in enumerate(group_of):
        members.setdefault(group, []).append(row)
    listed: list[list[int]] = []
    for rows in members.values():
        together = len(rows) >= FEWEST
        if small:
            together = len(rows) > 1 and any(s.convolved for s in used.of_row(rows[0]))
        listed.extend([rows] if together else [[row] for row in rows])
    return sorted(listed, key=lambda rows: (depth[rows[0]], rows[0]))


def _refined(used: Used, group_of: list[int], rounds: int) -> list[int]:
    """Groups that are split by use until nothing changes."""
    # Where rows are used: 0 in plain sums, whose places do not matter.
    lengths = np.diff(used.firsts)
    consumer = np.repeat(np.arange(lengths.size), lengths)
    position = np.arange(consumer.size) - used.firsts[consumer]
    marks = [
        -1 if slot.head else position + 1 if slot.convolved else 0
        for places in used.places
        for position, slot in enumerate(places)
    ]
    starts = _firsts(np.array([len(places) for places in used.places], np.int64))
    place = np.array(marks, np.int64)[starts[used.alike[consumer]] + position]
    seen = place >= 0
    uses = _Uses(consumer[seen], used.rows[seen], place[seen], 2 + int(lengths.max()))
    groups = np.array(group_of)
    for _ in range(rounds):
        refined = _split_by_use(uses, groups)
        if refined.max() == groups.max():
            break
        groups = refined
    found: list[int] = groups.tolist()
    return found


@dataclass(frozen=True, slots=True)
class _Uses:
    """Consumers, rows they use, and places in the consumers, one after the other.

    width: more than any place.
    """

    consumer: Numbers
    row: Numbers
    place: Numbers
    width: int


def _split_by_use(uses: _Uses, group_of: Numbers) -> Numbers:
    """Split groups by where their members are used and by what they convolve, where registers stay
    filled; groups are numbered from zero.

    Uses are a set, not a count, and places in sums do not matter: the ends of a chain stay with its
    middle.
    """
    ahead = uses.place > 0
    rows = np.concatenate([uses.row, uses.consumer[ahead]])
    by_group = group_of[uses.consumer] * uses.width + uses.place  # (group, place) as one number
    convolved = -(group_of[uses.row] * uses.width + uses.place)[ahead]
    parts = _numbered(
        group_of, _digests(rows, np.concatenate([by_group, convolved]), group_of.size)
    )
    sizes = np.bincount(parts)
    whole = np.empty_like(sizes)
    whole[parts] = group_of  # the group of each part
    order = np.argsort(whole, kind="stable")
    starts = np.flatnonzero(np.diff(whole[order], prepend=-1))
    splits = [worth_splitting(found.tolist()) for found in np.split(sizes[order], starts[1:])]
    return _numbered(group_of, np.where(np.array(splits)[group_of], parts, 0))


def _numbered(first: Numbers, second: NDArray[Any]) -> Numbers:
    """A number from zero for each pair, equal ones for equal pairs."""
    order = np.lexsort((second, first))
    sorted_first, sorted_second = first[order], second[order]
    differ = (sorted_first[1:] != sorted_first[:-1]) | (sorted_second[1:] != sorted_second[:-1])
    numbers = np.empty_like(first)
    numbers[order] = np.concatenate([[0], np.cumsum(differ)])
    return numbers


def _digests(rows: Numbers, marks: Numbers, count: int) -> NDArray[np.uint64]:
    """A number for the set of marks that each row has: equal sets, equal numbers. (Of unlike sets
    hardly any: rows that are packed with them are computed as they would be elsewhere.)
    """
    order = np.lexsort((marks, rows))
    rows, marks = rows[order], marks[order]
    fresh = np.append(True, (rows[1:] != rows[:-1]) | (marks[1:] != marks[:-1]))
    rows, mixed = rows[fresh], marks[fresh].astype(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # as SplitMix64
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    digests = np.zeros(count, np.uint64)
    if rows.size:
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        digests[rows[starts]] = np.add.reduceat(mixed, starts)
    return digests


def worth_splitting(sizes: list[int]) -> bool:
    """Whether a pack may become several of these sizes: the registers stay filled."""
    if len(sizes) <= 1 or min(sizes) < FEWEST:
        return False
    registers = sum(-(-size // REGISTER) for size in sizes)
    return registers <= MOST_GROWTH * -(-sum(sizes) // REGISTER)
