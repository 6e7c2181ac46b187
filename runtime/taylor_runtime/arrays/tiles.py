"""Tiles of a contraction: rows times vectors of sums that are kept in registers.

A vector lies along one axis of the result; each product of a tile multiplies a factor that is there
in all lanes, or along that axis as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.arrays.walks import Place, Walk, as_value, each, load_lanes
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type, make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.order import halves_added
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """So many rows of so many vectors of so many lanes (0: scalars)."""

    rows: int
    vectors: int
    lanes: int

    @property
    def unit(self) -> int:
        """Elements of a vector."""
        return max(self.lanes, 1)

    @property
    def width(self) -> int:
        """Elements of a row."""
        return self.vectors * self.unit


@dataclass(frozen=True, slots=True)
class Factor:
    """One operand of a tile.

    vectors: where each vector of the tile begins in it, in its first row.
    row:     from row to row, in elements.
    along:   from lane to lane.
    walk:    from product to product.
    """

    vectors: Sequence[Place]
    row: int
    along: int
    walk: Walk


@dataclass(frozen=True, slots=True)
class Run:
    """Products of one block.

    start: the first of them; count: how many, which is no multiple of `chains` at the end alone,
    where `rest` are left.
    """

    start: Index
    count: Index
    rest: int
    is_first: Value | bool
    is_last: Value | bool


def tile_sums(
    b: Builder,
    element: str,
    shape: Shape,
    factors: Sequence[Factor],
    run: Run,
    chains: int,
    room: int,
) -> list[Value]:
    """The sum of each vector of a tile, row by row, in so many chains."""
    group = chains
    while group > 1 and group * shape.rows * shape.vectors > room:
        group //= 2
    sums: list[list[Value]] = []
    for first in range(0, chains, group):
        sums += _chain_sums(b, element, shape, factors, run, chains, range(first, first + group))
    return halves_added(sums, lambda xs, ys: [x + y for x, y in zip(xs, ys, strict=True)])


def _chain_sums(
    b: Builder,
    element: str,
    shape: Shape,
    factors: Sequence[Factor],
    run: Run,
    chains: int,
    picked: range,
) -> list[list[Value]]:
    """The sums of some of the chains, for each of them all vectors of the tile."""
    t = make_type(element, shape.lanes)
    count = shape.rows * shape.vectors
    cut = len(picked) * count

    def steps(carried: Sequence[Value], chosen: Sequence[int]) -> list[Value]:
        """The next products of the chosen chains, added."""
        sums = list(carried[:cut])
        places = _places(b, factors, carried[cut:], chains)
        for chain in chosen:
            here = (chain - picked.start) * count
            now = [of_factor[chain] for of_factor in places]
            sums[here : here + count] = _products(
                b, t, shape, factors, now, sums[here : here + count]
            )
        return sums

    def turn(_: Index, carried: list[Value]) -> list[Value]:
        sums = steps(carried, picked)
        return sums + _advanced(b, factors, carried[cut:], chains)

    carried = [b.constant(0, t)] * cut
    for factor in factors:
        carried += factor.walk.start(b, run.start)
    carried = b.fold(0, run.count // chains, carried, turn)
    rest = [chain for chain in picked if chain < run.rest]
    sums = at_the_end(b, run, carried[:cut], lambda: steps(carried, rest))
    return [sums[i : i + count] for i in range(0, cut, count)]


def at_the_end(
    b: Builder, run: Run, sums: Sequence[Value], steps: Callable[[], list[Value]]
) -> list[Value]:
    """Sums of chains as numbers, `steps` having added what is left over in the last block."""
    if run.rest:
        if isinstance(run.is_last, Value):
            sums = b.if_(run.is_last, steps, lambda: sums)
        else:
            sums = steps()
    return [b.normal(total) for total in sums]


def _places(
    b: Builder, factors: Sequence[Factor], states: Sequence[Value], count: int
) -> list[list[Place]]:
    found, at = [], 0
    for factor in factors:
        found.append(factor.walk.places(b, states[at : at + factor.walk.values], count))
        at += factor.walk.values
    return found


def _advanced(
    b: Builder, factors: Sequence[Factor], states: Sequence[Value], count: int
) -> list[Value]:
    after: list[Value] = []
    for factor in factors:
        at = len(after)
        after += factor.walk.next(b, states[at : at + factor.walk.values], count)
    return after


def _products(
    b: Builder,
    t: Type,
    shape: Shape,
    factors: Sequence[Factor],
    places: Sequence[Place],
    sums: Sequence[Value],
) -> list[Value]:
    """One product added to each sum of a tile."""
    loaded: dict[tuple[int, int, int], Value] = {}

    def factor_at(which: int, row: int, vector: int) -> Value:
        """Loaded once where rows or vectors share it."""
        factor = factors[which]
        key = (which, row if factor.row else 0, vector if factor.along else 0)
        if key not in loaded:
            pointer, more = factor.vectors[key[2]]
            offset, known = places[which]
            place = b.at(
                b.at(pointer, offset, t.element), known + more + key[1] * factor.row, t.element
            )
            loaded[key] = load_lanes(b, t, place, factor.along)
        return loaded[key]

    after = []
    for row in range(shape.rows):
        for vector in range(shape.vectors):
            x, y = (factor_at(which, row, vector) for which in (0, 1))
            after.append(b.fma(x, y, sums[row * shape.vectors + vector]))
    return after


def store_tile(
    b: Builder,
    element: str,
    shape: Shape,
    sums: Sequence[Value],
    target: Factor,
    run: Run,
    add: bool,
    old: tuple[Index, Sequence[Index]],
) -> None:
    """Put the sums of a tile in memory, or add them to what is there.

    old: how many of the first rows, and of the first lanes of each vector, have their sums already
         from tiles and vectors before.
    """
    t = make_type(element, shape.lanes)
    if shape.lanes and target.along != 1:
        _scatter_tile(b, t, shape, sums, target, run, add, old)
        return
    places = []
    for row in range(shape.rows):
        for pointer, known in target.vectors:
            places.append(b.at(pointer, known + row * target.row, element))

    def put() -> None:
        for value, place in zip(sums, places, strict=True):
            b.store(value, place)

    def put_added() -> None:
        """All is read before anything is written, so vectors of a tile may overlap; lanes that the
        tile before has had are left as they are, unless this one began with the first block.
        """
        values = []
        for i, (place, total) in enumerate(zip(places, sums, strict=True)):
            row, vector = divmod(i, shape.vectors)
            there = b.load(t, place)
            value = added(b, there, total, old[0], row)
            lanes = old[1][vector] - vector * shape.unit
            if add and (isinstance(lanes, Value) or lanes > 0):
                value = b.select(_new_lanes(b, t, lanes), value, there)
            values.append(value)
        for value, place in zip(values, places, strict=True):
            b.store(value, place)

    put_or_add(b, put, put_added, run, add)


def _scatter_tile(
    b: Builder,
    t: Type,
    shape: Shape,
    sums: Sequence[Value],
    target: Factor,
    run: Run,
    add: bool,
    old: tuple[Index, Sequence[Index]],
) -> None:
    """The same for lanes that are no neighbours in memory: one after the other, the old ones left
    out.
    """
    element, scalar = t.element, make_type(t.element, 0)
    near = b.alloca(element, len(sums) * shape.unit)
    for i, value in enumerate(sums):
        b.store(value, b.at(near, i * shape.unit, element))

    def put_lane(vector: int, lane: Index, onto: bool) -> None:
        pointer, known = target.vectors[vector]
        place = b.at(pointer, lane * target.along, element)
        for row in range(shape.rows):
            at = (row * shape.vectors + vector) * shape.unit
            value = b.load(scalar, b.at(b.at(near, lane, element), at, element))
            here = b.at(place, known + row * target.row, element)
            if onto:
                value = added(b, b.load(scalar, here), value, old[0], row)
            b.store(value, here)

    def put(onto: bool) -> None:
        if _are_one(shape, target, old[1]):
            each(b, 0, shape.width, partial(put_lane, 0, onto=onto))
            return
        for vector in range(shape.vectors):
            first = old[1][vector]
            each(b, first, shape.unit, partial(put_lane, vector, onto=onto))

    put_or_add(b, lambda: put(False), lambda: put(True), run, add)


def _are_one(shape: Shape, target: Factor, old: Sequence[Index]) -> bool:
    """Whether the vectors of a row follow one another, all of their lanes new."""
    begins = {pointer.parts[0].text for pointer, _ in target.vectors}
    wanted = [vector * shape.unit * target.along for vector in range(shape.vectors)]
    follow = len(begins) == 1 and [known for _, known in target.vectors] == wanted
    return follow and not any(isinstance(lanes, Value) or lanes for lanes in old)


def put_or_add(
    b: Builder, put: Callable[[], None], put_added: Callable[[], None], run: Run, add: bool
) -> None:
    """`put` for the sums of a contraction's first block, `put_added` for those of all others."""

    def nothing_of(write: Callable[[], None]) -> list[Value]:
        write()
        return []

    if add:
        put_added()
    elif isinstance(run.is_first, Value):
        b.if_(run.is_first, lambda: nothing_of(put), lambda: nothing_of(put_added))
    else:
        put()


def added(b: Builder, there: Value, total: Value, old: Index, row: int) -> Value:
    """What is in memory after a sum is added to it, unless its row is one of the `old` ones."""
    value = there + total
    if isinstance(old, Value):
        return b.select(b.compare("gt", old, row), there, value)
    return there if row < old else value


def _new_lanes(b: Builder, t: Type, old: Index) -> Value:
    """i1 lanes: whether it is not one of the first `old`."""
    if not t.lanes:
        return b.compare("le", as_value(b, old), 0)
    return b.compare("ge", b.constants(range(t.lanes), "i64"), b.splat(as_value(b, old), t.lanes))


def old_elements(b: Builder, wanted: Index, taken: Index) -> Index:
    """How many elements of a tile that begins at `taken` were those of the one before: it should
    begin at `wanted`, but would then reach beyond the end.
    """
    if isinstance(wanted, int) and isinstance(taken, int):
        return wanted - taken
    return as_value(b, wanted) - taken
