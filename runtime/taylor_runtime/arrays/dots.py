"""Sums of products whose lanes lie along the summed axes, for several elements of the result."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.arrays.tiles import Factor, Run, added, at_the_end, put_or_add
from taylor_runtime.arrays.walks import Place, gathered, load_lanes
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type, make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.order import halves_added


def dot_sums(
    b: Builder,
    t: Type,
    counts: tuple[int, int],
    factors: Sequence[Factor],
    run: Run,
    chains: int,
) -> Value:
    """The sums of counts[0] rows times counts[1] columns, row by row in the lanes of one value.

    A chain is a lane of `chains` / t.lanes values of type t.  A factor's `row` and `along` lead
    from row to row and from column to column.
    """
    vectors = chains // t.lanes
    cut = counts[0] * counts[1] * vectors

    def steps(carried: Sequence[Value], lanes: Sequence[int]) -> list[Value]:
        """The next products in so many lanes of each vector."""
        loaded: dict[tuple[int, int, int, int], Value] = {}

        def factor_at(which: int, row: int, column: int, vector: int) -> Value:
            factor = factors[which]
            key = (which, row if factor.row else 0, column if factor.along else 0, vector)
            if key not in loaded:
                state = states[which]
                more = key[1] * factor.row + key[2] * factor.along
                loaded[key] = _lanes(b, t, factor, state, more, vector, lanes[vector])
            return loaded[key]

        states = _split(factors, carried[cut:])
        sums = list(carried[:cut])
        for i in range(cut):
            element, vector = divmod(i, vectors)
            if not lanes[vector]:
                continue
            x, y = (factor_at(which, *divmod(element, counts[1]), vector) for which in (0, 1))
            total = b.fma(x, y, sums[i])
            if lanes[vector] < t.lanes:
                mask = b.constants([lane < lanes[vector] for lane in range(t.lanes)], "i1")
                total = b.select(mask, total, sums[i])
            sums[i] = total
        return sums

    def turn(_: Index, carried: list[Value]) -> list[Value]:
        sums = steps(carried, [t.lanes] * vectors)
        states = _split(factors, carried[cut:])
        for factor, state in zip(factors, states, strict=True):
            sums += factor.walk.next(b, state, chains)
        return sums

    carried = [b.constant(0, t)] * cut
    for factor in factors:
        carried += factor.walk.start(b, run.start)
    carried = b.fold(0, run.count // chains, carried, turn)
    rest = [min(max(run.rest - v * t.lanes, 0), t.lanes) for v in range(vectors)]
    sums = at_the_end(b, run, carried[:cut], lambda: steps(carried, rest))
    rows = [sums[i : i + vectors] for i in range(0, cut, vectors)]
    return lanes_added(b, [halves_added(row, lambda x, y: x + y) for row in rows])


def _split(factors: Sequence[Factor], states: Sequence[Value]) -> list[Sequence[Value]]:
    first = factors[0].walk.values
    return [states[:first], states[first:]]


def _lanes(
    b: Builder,
    t: Type,
    factor: Factor,
    state: Sequence[Value],
    more: int,
    vector: int,
    count: int,
) -> Value:
    """The first `count` lanes of one of the vectors that come next."""
    pointer, known = factor.vectors[0]

    def at(place: Place) -> Value:
        offset = b.at(pointer, place[0], t.element)
        return b.at(offset, known + more + place[1], t.element)

    stride = factor.walk.stride
    first = vector * t.lanes
    if stride is None:
        places = factor.walk.places(b, state, first + count)[first:]
        return gathered(b, t, [at(place) for place in places])
    if count == t.lanes or stride == 0:
        return load_lanes(b, t, at((state[0], first * stride)), stride)
    if stride == 1:  # what was before is read again, so as not to read what comes after
        missing = t.lanes - count
        value = b.load(t, at((state[0], first - missing)))
        return b.shuffle(value, None, [*range(missing, t.lanes), *[-1] * missing])
    return gathered(b, t, [at((state[0], (first + i) * stride)) for i in range(count)])


def lanes_added(b: Builder, values: Sequence[Value]) -> Value:
    """The sum of the lanes of each value, in the lanes of one; there may be more lanes than that.

    The second half of a value's lanes is added to its first until one is left; two values share the
    work from their first halving on.
    """
    groups, lanes = 1, values[0].lanes  # values hold sums of several, so many lanes for each
    while lanes > 1:
        half = lanes // 2
        low = [g * lanes + i for g in range(groups) for i in range(half)]
        high = [i + half for i in low]
        if len(values) > 1:
            values = [*values, *values[-1:]] if len(values) % 2 else values
            total = groups * lanes
            low, high = (some + [i + total for i in some] for some in (low, high))
            pairs = zip(values[::2], values[1::2], strict=True)
            values = [b.shuffle(x, y, low) + b.shuffle(x, y, high) for x, y in pairs]
            groups *= 2
        else:
            values = [b.shuffle(values[0], None, low) + b.shuffle(values[0], None, high)]
        lanes = half
    if len(values) == 1:
        return values[0]
    return b.shuffle(values[0], values[1], range(2 * values[0].lanes))


def store_dots(
    b: Builder,
    t: Type,
    counts: tuple[int, int],
    sums: Value,
    target: Factor,
    run: Run,
    add: bool,
    old: Index,
) -> None:
    """Put the sums of rows and columns in memory, or add them to what is there.

    old: how many of the first rows have their sums already.
    """
    pointer, known = target.vectors[0]
    places, values = [], []
    for i in range(counts[0] * counts[1]):
        row, column = divmod(i, counts[1])
        more = known + row * target.row + column * target.along
        places.append(b.at(pointer, more, t.element))
        values.append(b.extract(sums, i))

    def put() -> None:
        for value, place in zip(values, places, strict=True):
            b.store(value, place)

    def put_added() -> None:
        for i, (value, place) in enumerate(zip(values, places, strict=True)):
            there = b.load(make_type(t.element, 0), place)
            b.store(added(b, there, value, old, i // counts[1]), place)

    put_or_add(b, put, put_added, run, add)
