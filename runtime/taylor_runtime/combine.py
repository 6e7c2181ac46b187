"""Sums of gathered lanes without the gathers: wide rows from memory to memory.

A wide row like x_j - x_i of all pairs, or the sum of all forces on every body, adds lanes that lie
anywhere.  A function reads them where they are, in runs of lanes that are neighbours in every
operand, so that the gathered copies need not be made.  Rows of the same pattern (x, y and z) share
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from taylor_runtime.ir import Builder, Index, Value, make_type
from taylor_runtime.layout import REGISTER, Layout, is_looped, is_plain_sum, is_scattered, padded
from taylor_runtime.program import Constant, Kernel, Program, Row
from taylor_runtime.rows import RowMemory
from taylor_runtime.sums import add_scaled, in_chains
from taylor_runtime.verify import operand_rows

MOST_TERMS = 8000  # of one program that are written out

Place = tuple[int, int]  # source row, lane
Piece = tuple[int, int, int, tuple[tuple[int, int, int], ...]]
"""First lane, lanes, place in the target, and (source, place, step 0 or 1) of every operand."""
Pattern = tuple[tuple[Piece, ...], tuple[Constant, ...]]


@dataclass(frozen=True, slots=True)
class Combined:
    """Rows that are combined.

    places:   (gather row) -> (row, pattern): the sum is kept where one of the gathered copies, not
              needed then, would be: together, while the row's own coefficients may be far apart.
    values:   (row) -> that gather row.
    absorbed: all gathers that are not made.
    """

    places: dict[int, tuple[int, Pattern]]
    values: dict[int, int]
    absorbed: frozenset[int]


def combined(program: Program, layout: Layout) -> Combined:
    """What to combine: rows whose gathers nobody else needs, of patterns that are not too large."""
    chosen = {index for index, row in enumerate(program.rows) if _fits(program, row)}
    users = _users(program)
    while True:
        absorbed, values = _places(program, layout, chosen, users)
        if chosen != values.keys():
            chosen = set(values)
            continue
        patterns = {
            index: _pattern(program, layout, index, place) for index, place in values.items()
        }
        size = {pattern: len(pattern[0]) * len(pattern[1]) for pattern in patterns.values()}
        if sum(size.values()) <= MOST_TERMS:
            places = {place: (index, patterns[index]) for index, place in values.items()}
            return Combined(places, values, absorbed)
        largest = max(size, key=lambda pattern: size[pattern])
        chosen = {index for index in chosen if patterns[index] != largest}


def _places(
    program: Program, layout: Layout, chosen: set[int], users: list[set[int]]
) -> tuple[frozenset[int], dict[int, int]]:
    """Gathers that nobody needs if the chosen rows are combined, and which of them they get."""
    rows = program.rows
    gathers = {used for index in chosen for used in _operands(rows[index]) if rows[used].gather}
    absorbed = frozenset(used for used in gathers if users[used] <= chosen)
    absorbed -= {used for used in absorbed if layout.alias[used]}
    values: dict[int, int] = {}
    for index in sorted(chosen):
        newest = max(_sources(program, index))
        free = absorbed.difference(values.values()).intersection(_operands(rows[index]))
        fit = [place for place in free if place > newest]
        if fit:
            values[index] = max(fit)
    return absorbed, values


def _fits(program: Program, row: Row) -> bool:
    if row.start is not None or row.constant or row.width == 1 or not is_plain_sum(row):
        return False
    for used in _operands(row):
        source = program.rows[used]
        if source.constant or (source.gather is None and source.width != row.width):
            return False
        sources = source.gather.sources if source.gather else ()
        if any(program.rows[origin].constant for origin, _ in sources):
            return False
    return is_looped(row.width) or is_scattered(_columns(program, row))


def _columns(program: Program, row: Row) -> list[tuple[Place, ...]]:
    """(row, lane) of every operand, lane by lane."""
    gathers = [(used, program.rows[used].gather) for used in _operands(row)]
    return [
        gather.sources if gather else tuple((used, lane) for lane in range(row.width))
        for used, gather in gathers
    ]


def _operands(row: Row) -> list[int]:
    return (
        [used for term in row.step.terms for used in operand_rows(term.operand)] if row.step else []
    )


def _users(program: Program) -> list[set[int]]:
    """Which rows use a row; -1 for whoever asks for an output."""
    users: list[set[int]] = [set() for _ in program.rows]
    for index, row in enumerate(program.rows):
        used = [source for source, _ in row.gather.sources] if row.gather else []
        used += _operands(row)
        if row.step is not None:
            used += [term.head for term in row.step.terms if term.head is not None]
            used += [row.step.divisor] if row.step.divisor is not None else []
        used += row.start.arguments if isinstance(row.start, Kernel) else ()
        for source in used:
            users[source].add(index)
    for index, _ in program.outputs:
        users[index].add(-1)
    return users


def _pattern(program: Program, layout: Layout, index: int, place: int) -> Pattern:
    row = program.rows[index]
    assert row.step is not None
    numbers = _sources(program, index)
    columns: list[list[Place]] = []
    for lanes in _columns(program, row):
        places = [(numbers[source], layout.lane(source, lane)) for source, lane in lanes]
        columns.append(places + places[-1:] * (padded(row.width) - row.width))
    targets = [layout.lane(place, lane) for lane in range(padded(row.width))]
    return tuple(_pieces(targets, columns)), tuple(term.constant for term in row.step.terms)


def _sources(program: Program, index: int) -> dict[int, int]:
    """The rows that a combined row reads, numbered."""
    columns = _columns(program, program.rows[index])
    numbers: dict[int, int] = {}
    for source, _ in chain(*columns):
        numbers.setdefault(source, len(numbers))
    return numbers


def _pieces(targets: Sequence[int], columns: Sequence[Sequence[Place]]) -> Iterator[Piece]:
    """Runs of lanes that are neighbours, or copies of one lane, in every operand; in registers.

    The last register of a run may overlap the one before.
    """
    start = 0
    while start < len(targets):
        steps = [_step(column, start) for column in columns]
        count = 1
        while start + count < len(targets) and _goes_on(targets, columns, steps, start, count):
            count += 1
        lanes = next(size for size in (REGISTER, 4, 2, 1) if size <= count)
        for first in dict.fromkeys(min(i, count - lanes) for i in range(0, count, lanes)):
            at = start + first
            yield (
                at,
                lanes,
                targets[at],
                tuple((*column[at], step) for column, step in zip(columns, steps, strict=True)),
            )
        start += count


def _step(column: Sequence[Place], start: int) -> int:
    """0 where the next lane of an operand is the same again, else 1."""
    return 0 if start + 1 < len(column) and column[start + 1] == column[start] else 1


def _goes_on(
    targets: Sequence[int],
    columns: Sequence[Sequence[Place]],
    steps: Sequence[int],
    start: int,
    count: int,
) -> bool:
    if targets[start + count] != targets[start] + count:
        return False
    return all(
        column[start + count] == (column[start][0], column[start][1] + step * count)
        for column, step in zip(columns, steps, strict=True)
    )


def combine_lanes(memory: RowMemory, place: int, found: Combined, n: Index) -> None:
    """Coefficient n of a combined row, put where its place is."""
    row, pattern = found.places[place]
    sources = _sources(memory.program, row)
    name = memory.copiers.get(pattern)
    if name is None:
        name = memory.copiers[pattern] = f"taylor.combine.{len(memory.copiers)}"
        _define(memory, name, pattern, len(sources))
    addresses = [memory.address(used, n, 0) for used in (place, *sources)]
    listed = ", ".join(f"ptr {part.text}" for address in addresses for part in address.parts)
    memory.b.line(f"call void @{name}({listed})")


def _define(memory: RowMemory, name: str, pattern: Pattern, sources: int) -> None:
    # What is stored might be what is read, for all that LLVM knows: else it would load everything
    # first, and spill it.
    planes = len(make_type(memory.element, 0).parts)
    names = [f"{side}{part}" for side in ("to", *range(sources)) for part in range(planes)]
    parameters = [("ptr", f"p{name}") for name in names]
    attributes = "nounwind noinline"
    with memory.b.module.function(name, "void", parameters, attributes, "internal") as (b, values):
        pointers = [b.pointers(values[i : i + planes]) for i in range(0, len(values), planes)]
        for piece in pattern[0]:
            _combine(b, memory, pointers, piece, pattern[1])
        b.ret()


def _combine(
    b: Builder,
    memory: RowMemory,
    pointers: Sequence[Value],
    piece: Piece,
    constants: Sequence[Constant],
) -> None:
    first, lanes, target, operands = piece
    element = memory.element
    scalar = make_type(element, 0)
    t = make_type(element, lanes if lanes > 1 else 0)

    def add(total: Value | None, position: int) -> Value:
        source, place, step = operands[position]
        address = b.at(pointers[1 + source], place, element)
        operand = b.load(t, address) if step else b.splat(b.load(scalar, address), t.lanes)
        number = _of_lanes(constants[position], first, lanes)
        return add_scaled(b, total, number, partial(_literal, b, number, t.lanes, element), operand)

    value = in_chains(len(operands), add)
    assert value is not None
    b.store(b.normal(value), b.at(pointers[0], target, element))


def _of_lanes(constant: Constant, first: int, lanes: int) -> Constant:
    """The numbers of some lanes; padding repeats the last."""
    if not isinstance(constant, tuple):
        return constant
    numbers = tuple(constant[min(lane, len(constant) - 1)] for lane in range(first, first + lanes))
    return numbers if len(numbers) > 1 else numbers[0]


def _literal(b: Builder, number: Constant, lanes: int, element: str) -> Value:
    if isinstance(number, tuple):
        return b.constants(number, element)
    return b.constant(number, make_type(element, lanes))
