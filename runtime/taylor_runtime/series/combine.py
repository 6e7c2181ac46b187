"""Sums of gathered lanes without the gathers: wide rows from memory to memory.

A wide row like x_j - x_i of all pairs, or the sum of all forces on every body, adds lanes that lie
anywhere.  A function reads them where they are, register by register or lane by lane, so that the
gathered copies need not be made.  Rows of the same pattern (x, y and z) share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from operator import itemgetter

from taylor_runtime.arithmetic.sums import add_scaled, in_chains
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.lanes import join, transposed
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Constant, Kernel, Program, Row
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import is_plain_sum, plain
from taylor_runtime.program.verify import operand_rows
from taylor_runtime.program.widths import REGISTER, is_looped, is_scattered, padded
from taylor_runtime.series.layout import Layout
from taylor_runtime.series.memory import RowMemory
from taylor_runtime.series.rolled import Lanes, Pattern, Piece, Place, can_roll, combine_by_tables

MOST_TERMS = 60000  # of one program that are written out
LEAST_NEAR = 0.15  # of a register's operands, else its lanes are summed one by one


@dataclass(frozen=True, slots=True)
class Combined:
    """Rows that are combined.

    places:   (gather row) -> (rows that are read, pattern): the sum is kept where one of the
              gathered copies, not needed then, would be: together, while the row's own
              coefficients may be far apart.
    values:   (row) -> that gather row.
    absorbed: all gathers that are not made.
    """

    places: dict[int, tuple[tuple[int, ...], Pattern]]
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
        found: dict[object, Pattern] = {}
        patterns = {
            index: _pattern(program, layout, index, place, found) for index, place in values.items()
        }
        if sum(pattern.terms for pattern in found.values()) <= MOST_TERMS:
            places = {
                place: (tuple(_sources(program, index)), patterns[index])
                for index, place in values.items()
            }
            return Combined(places, values, absorbed)
        largest = max(found.values(), key=lambda pattern: pattern.terms)
        chosen = {index for index in chosen if patterns[index] is not largest}


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
        used = list({source for source, _ in row.gather.sources}) if row.gather else []
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


def _pattern(
    program: Program, layout: Layout, index: int, place: int, found: dict[object, Pattern]
) -> Pattern:
    """The pattern of a row; found: those there are."""
    row = program.rows[index]
    assert row.step is not None
    numbers = _sources(program, index)
    columns: list[list[Place]] = []
    narrow = {
        number
        for source, number in numbers.items()
        if padded(program.rows[source].width) < REGISTER
    }
    place_of = {
        source: [(number, layout.lane(source, k)) for k in range(program.rows[source].width)]
        for source, number in numbers.items()
    }
    for lanes in _columns(program, row):
        places = [place_of[source][lane] for source, lane in lanes]
        columns.append(places + places[-1:] * (padded(row.width) - row.width))
    targets = [layout.lane(place, lane) for lane in range(padded(row.width))]
    pieces = tuple(_pieces(targets, columns, narrow))
    constants = tuple(term.constant for term in row.step.terms)
    key = pieces, *map(plain, constants)
    if key not in found:
        found[key] = Pattern(pieces, constants)
    return found[key]


def _sources(program: Program, index: int) -> dict[int, int]:
    """The rows that a combined row reads, numbered."""
    columns = _columns(program, program.rows[index])
    sources = dict.fromkeys(map(itemgetter(0), chain(*columns)))
    return {source: number for number, source in enumerate(sources)}


def _pieces(
    targets: Sequence[int], columns: Sequence[Sequence[Place]], narrow: set[int]
) -> Iterator[Piece]:
    """Registers whose operands are found in few registers; for the rest, lanes one by one."""
    for start in range(0, len(targets), REGISTER):
        stop = min(start + REGISTER, len(targets))
        operands = [tuple(column[start:stop]) for column in columns]
        if _is_worth_lanes(operands, narrow):
            yield start, targets[start], tuple(operands)
            continue
        for lane in range(start, stop):
            yield lane, targets[lane], tuple((column[lane],) for column in columns)


def _is_worth_lanes(operands: Sequence[Lanes], narrow: set[int]) -> bool:
    """Whether registers cost less than lanes one by one: of many operands most are to be found in
    few loads.
    """
    near = [_is_near(lanes, narrow) for lanes in operands]
    if all(near):
        return True
    if len(operands[0]) < REGISTER or len(operands) < REGISTER:
        return False
    if not narrow.isdisjoint(source for lanes in operands for source, _ in lanes):
        return False  # of which no register can be loaded
    tiled = REGISTER * len(_tiles(operands))
    return tiled + sum(near) >= LEAST_NEAR * len(operands)


def _tiles(operands: Sequence[Lanes]) -> list[int]:
    """Where so many operands begin as there are lanes, of which each lane's follow each other."""
    found: list[int] = []
    first = 0
    while first + REGISTER <= len(operands):
        block = operands[first : first + REGISTER]
        if len(block[0]) == REGISTER and all(map(_is_run, zip(*block, strict=True))):
            found.append(first)
            first += REGISTER
        else:
            first += 1
    return found


def _is_near(lanes: Lanes, narrow: set[int]) -> bool:
    """Whether an operand is one load, or a shuffle of two."""
    if _is_run(lanes) or len(set(lanes)) == 1:
        return True
    return len(_registers(lanes)) <= 2 and narrow.isdisjoint(source for source, _ in lanes)


def _is_run(lanes: Lanes) -> bool:
    source, first = lanes[0]
    if lanes[-1] != (source, first + len(lanes) - 1):
        return False  # most are none
    return lanes == tuple([(source, first + i) for i in range(len(lanes))])


def _registers(lanes: Lanes) -> list[Place]:
    return list(dict.fromkeys((source, at // REGISTER * REGISTER) for source, at in lanes))


def combine_lanes(memory: RowMemory, place: int, found: Combined, n: Index) -> None:
    """Coefficient n of a combined row, put where its place is."""
    sources, pattern = found.places[place]
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
    with define_function(memory.b.module, name, "void", parameters, attributes, "internal") as (
        b,
        values,
    ):
        pointers = [b.pointers(values[i : i + planes]) for i in range(0, len(values), planes)]
        if can_roll(b, memory.element, pattern):
            combine_by_tables(b, pointers, memory.element, pattern)
        for piece in () if can_roll(b, memory.element, pattern) else pattern.pieces:
            _combine(b, memory, pointers, piece, pattern.constants)
        b.ret()


def _combine(
    b: Builder,
    memory: RowMemory,
    pointers: Sequence[Value],
    piece: Piece,
    constants: Sequence[Constant],
) -> None:
    first, target, operands = piece
    element, count = memory.element, len(operands[0])
    lanes = count if count > 1 else 0
    tiles = set(_tiles(operands))
    turned: dict[int, Value] = {}

    def add(total: Value | None, position: int) -> Value:
        number = _of_lanes(constants[position], first, count)
        if position in tiles:
            block = operands[position : position + REGISTER]
            loaded = [_load(b, pointers[1:], element, run) for run in zip(*block, strict=True)]
            turned.update(enumerate(transposed(b, loaded), position))
        operand = turned.pop(position, None)
        if operand is None:
            operand = _load(b, pointers[1:], element, operands[position])
        return add_scaled(b, total, number, partial(_literal, b, number, lanes, element), operand)

    value = in_chains(len(operands), add)
    assert value is not None
    b.store(b.normal(value), b.at(pointers[0], target, element))


def _load(b: Builder, pointers: Sequence[Value], element: str, lanes: Lanes) -> Value:
    source, first = lanes[0]
    if _is_run(lanes):
        t = make_type(element, len(lanes) if len(lanes) > 1 else 0)
        return b.load(t, b.at(pointers[source], first, element))
    if len(set(lanes)) == 1:
        scalar = b.load(make_type(element, 0), b.at(pointers[source], first, element))
        return b.splat(scalar, len(lanes))
    registers = _registers(lanes)
    if len(registers) > 2:
        t = make_type(element, 0)
        return join(b, [b.load(t, b.at(pointers[one], at, element)) for one, at in lanes])
    loaded = [
        b.load(make_type(element, REGISTER), b.at(pointers[source], at, element))
        for source, at in registers
    ]
    order = [
        registers.index((source, at // REGISTER * REGISTER)) * REGISTER + at % REGISTER
        for source, at in lanes
    ]
    return b.shuffle(loaded[0], loaded[1] if len(loaded) > 1 else None, order)


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
