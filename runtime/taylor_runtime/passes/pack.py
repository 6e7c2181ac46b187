"""Isomorphic scalar rows become lanes of wide rows.

A pack is a set of rows that do the same arithmetic at the same depth of the program.  Three
decisions make it:

1. `_group`: rows of equal signature and depth, split by what they are used for (the dx, dy and dz
   of all pairs are three packs, because a sum of squares uses them in three places) where the
   pieces still fill registers;
2. `_order`: lanes sorted by where their operands are, slot by slot, so that operands are often
   lined up already; what a differential equation uses as a derivative is sorted like the states;
3. `_Rewriter`: every operand slot reads a wide row directly where lanes agree, else a gathered
   copy, made once an order and shared.

The arithmetic of a lane is that of the scalar row, to the last bit.
"""

from __future__ import annotations

from taylor_runtime.program.kernels import PAIRS
from taylor_runtime.program.program import Constant, Gather, Input, Kernel, Program, Row
from taylor_runtime.program.records import dataclass, replace
from taylor_runtime.program.signature import (
    Slot,
    depths,
    is_plain_sum,
    renumbered,
    signature,
    slots,
    with_slots,
)
from taylor_runtime.program.verify import verify
from taylor_runtime.program.widths import REGISTER, is_scattered

FEWEST = 3  # rows that make a pack
MOST_SCALAR_TERMS = 1000  # and the whole pack has no more terms than this
MOST_GROWTH = 1.35  # of the number of registers, that a split of a pack may cost

Lane = tuple[int, int]  # (group, lane)


def pack(program: Program, small: bool = False) -> Program:
    """The program with isomorphic rows packed; lanes of the outputs are where the states went.

    small: pack convolutions alone, even two of them, and sines with their cosines: for programs
        whose other rows cost less than the gathers they would need.
    """
    if small:
        program = verify(_separate_pairs(program))
    used = [slots(row) for row in program.rows]
    groups = _order(program, used, _group(program, used, small))
    groups = _scattered_apart(program, groups, used, small)
    return verify(_Rewriter(program, groups, used).rewrite())


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


# -- grouping -----------------------------------------------------------------------------------


Used = list[tuple[Slot, ...]]  # the places of every row where it uses another one


def _group(program: Program, used: Used, small: bool) -> list[list[int]]:
    """Groups of row numbers, in evaluation order of their depth and first member."""
    depth = depths(program)
    constant = [row.constant for row in program.rows]
    key: list[object] = [
        (depth[i], signature(row), tuple([constant[slot.row] for slot in used[i]]))
        for i, row in enumerate(program.rows)
    ]
    group_of = _number(key)
    uses = _uses(used)
    for _ in range(max(depth, default=0) + 2):
        refined = _split_by_use(uses, group_of)
        if refined == group_of:
            break
        group_of = refined
    members: dict[int, list[int]] = {}
    for row, group in enumerate(group_of):
        members.setdefault(group, []).append(row)
    listed: list[list[int]] = []
    for rows in members.values():
        alike = len(rows) >= FEWEST
        if small:
            alike = len(rows) > 1 and any(s.convolved for s in used[rows[0]])
        listed.extend([rows] if alike else [[row] for row in rows])
    return sorted(listed, key=lambda rows: (depth[rows[0]], rows[0]))


def _number(keys: list[object]) -> list[int]:
    numbers: dict[object, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


@dataclass(frozen=True, slots=True)
class _Uses:
    """(consumer, row it uses, place in the consumer; 0 in plain sums, whose places do not matter).

    width: more than any place.
    """

    listed: list[tuple[int, int, int]]
    width: int


def _uses(used: Used) -> _Uses:
    listed = [
        (consumer, slot.row, position + 1 if slot.convolved else 0)
        for consumer, places in enumerate(used)
        for position, slot in enumerate(places)
        if not slot.head
    ]
    return _Uses(listed, 2 + max(map(len, used), default=0))


def _split_by_use(uses: _Uses, group_of: list[int]) -> list[int]:
    """Split groups by where their members are used and by what they convolve, where registers stay
    filled.

    Uses are a set, not a count, and places in sums do not matter: the ends of a chain stay with its
    middle.
    """
    width = uses.width
    marks: list[set[int]] = [set() for _ in group_of]  # (group, place) as one number; consumers < 0
    for consumer, row, place in uses.listed:
        marks[row].add(group_of[consumer] * width + place)
        if place:
            marks[consumer].add(-(group_of[row] * width + place))
    members: dict[int, list[int]] = {}
    for row_number, group in enumerate(group_of):
        members.setdefault(group, []).append(row_number)
    result = list(group_of)
    fresh = len(members)
    for rows in members.values():
        if len(rows) < 2:
            continue
        parts: dict[frozenset[int], list[int]] = {}
        for row_number in rows:
            parts.setdefault(frozenset(marks[row_number]), []).append(row_number)
        if len(parts) == 1 or not _worth_splitting([len(part) for part in parts.values()]):
            continue
        for part in list(parts.values())[1:]:
            for row_number in part:
                result[row_number] = fresh
            fresh += 1
    return result


def _worth_splitting(sizes: list[int]) -> bool:
    if min(sizes) < FEWEST:
        return False
    registers = sum(-(-size // REGISTER) for size in sizes)
    return registers <= MOST_GROWTH * -(-sum(sizes) // REGISTER)


# -- lane order ---------------------------------------------------------------------------------


def _order(program: Program, used: Used, groups: list[list[int]]) -> list[list[int]]:
    """Sort the lanes of each group."""
    derivative_of = _derivatives(program, used)
    position: dict[int, Lane] = {}
    result = []
    for index, rows in enumerate(groups):

        def key(row: int) -> tuple[object, ...]:
            start = program.rows[row].start
            if isinstance(start, Input):
                return (start.source, start.index)
            if row in derivative_of:
                return (0, derivative_of[row])
            places = [position.get(slot.row, (len(groups), slot.row)) for slot in used[row]]
            return (1, tuple(places), row)

        ordered = sorted(rows, key=key) if len(rows) > 1 else rows
        for lane, row in enumerate(ordered):
            position[row] = (index, lane)
        result.append(ordered)
    return result


def _derivatives(program: Program, used: Used) -> dict[int, int]:
    """The state of which a row is the derivative, or a part that nobody else uses."""
    users: dict[int, int] = {}
    for places in used:
        for slot in places:
            users[slot.row] = users.get(slot.row, 0) + 1
    derivative_of: dict[int, int] = {}
    for number, state in enumerate(program.rows):
        if isinstance(state.start, Input) and state.step:
            for slot in used[number]:
                derivative_of.setdefault(slot.row, number)
    for number in reversed(range(len(program.rows))):
        if number in derivative_of and not isinstance(program.rows[number].start, Input):
            for slot in used[number]:
                if users[slot.row] == 1:
                    derivative_of.setdefault(slot.row, derivative_of[number])
    return derivative_of


def _scattered_apart(
    program: Program, groups: list[list[int]], used: Used, small: bool
) -> list[list[int]]:
    """Dissolve packs of sums whose terms are all over the place.

    Scalar multiply-adds cost less than gathers.  (Loops combine plain sums without either.)
    """
    place = {row: (g, lane) for g, rows in enumerate(groups) for lane, row in enumerate(rows)}
    result: list[list[int]] = []
    for rows in groups:
        columns = list(zip(*(used[row] for row in rows), strict=True))
        sums = not any(column[0].convolved for column in columns)
        few = len(rows) > 1 and len(rows) * len(columns) <= MOST_SCALAR_TERMS
        lanes = [[place[slot.row] for slot in column] for column in columns]
        combined = not small and is_plain_sum(program.rows[rows[0]])
        if few and sums and not combined and is_scattered(lanes):
            result.extend([row] for row in rows)
        else:
            result.append(rows)
    return result


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
        self.place: dict[int, Lane] = {
            row: (index, lane) for index, rows in enumerate(groups) for lane, row in enumerate(rows)
        }
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
            for slot in slots(row):
                if slot.row < 0:
                    first_use.setdefault(~slot.row, index)
        places: dict[int, list[int]] = {}
        for number, wanted in enumerate(listed):
            behind = 1 + max(group for group, _ in wanted.sources)
            places.setdefault(max(behind, first_use[number]), []).append(number)
        return places

    def _gather_row(self, wanted: _Wanted, final: dict[int, int]) -> Row:
        sources = tuple((final[group], lane) for group, lane in wanted.sources)
        constant = all(
            self.program.rows[self.groups[group][0]].constant for group, _ in wanted.sources
        )
        return Row(
            gather=Gather(sources, wanted.head and not constant),
            width=len(sources),
            constant=constant,
            name="gather",
        )

    def _renumber(self, row: Row, final: dict[int, int]) -> Row:
        return renumbered(row, final)

    def _wide_row(self, numbers: list[int]) -> Row:
        rows = [self.program.rows[number] for number in numbers]
        columns = list(zip(*(self.used[number] for number in numbers), strict=True))
        operands = [self._operand(column) for column in columns]
        first = with_slots(rows[0], operands)
        if len(rows) == 1:
            return first
        start, step = first.start, first.step
        if isinstance(start, Input):
            inputs = [row.start for row in rows if isinstance(row.start, Input)]
            start = Input(start.source, tuple(given.index[0] for given in inputs))
        if step is not None:
            terms = tuple(
                replace(
                    term, constant=_merge([row.step.terms[k].constant for row in rows if row.step])
                )
                for k, term in enumerate(step.terms)
            )
            step = replace(step, terms=terms)
        offset = _merge([row.offset for row in rows])
        return replace(first, start=start, step=step, offset=offset, width=len(rows))

    def _operand(self, column: tuple[Slot, ...]) -> int:
        """The group or gather whose lanes are the rows of a slot, lane by lane."""
        places = tuple(self.place[slot.row] for slot in column)
        group = places[0][0]
        whole = len(places) == len(self.groups[group])
        if whole and all(place == (group, lane) for lane, place in enumerate(places)):
            return group
        wanted = _Wanted(places, column[0].head)
        if wanted.head and _Wanted(places, False) in self.gathers:
            wanted = _Wanted(places, False)
        return ~self.gathers.setdefault(wanted, len(self.gathers))


def _merge(constants: list[Constant]) -> Constant:
    """One constant for all lanes if they agree, else one a lane."""
    scalars = tuple([c for c in constants if not isinstance(c, tuple)])
    first = scalars[0]
    same = all(c is first or c == first for c in scalars)
    return first if same else scalars
