"""Sums of products of coefficients, in the order that `program.order` says."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.step import Doubled
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.order import outwards
from taylor_runtime.program.program import Convolution, Number, Term
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import convolutions_of, is_square
from taylor_runtime.series.fold import LATE, Begun, begin
from taylor_runtime.series.schedule import MOST_PAIRED_CHAINS
from taylor_runtime.series.sums import SumMemory


@dataclass(frozen=True, slots=True)
class Paired:
    """One of two orders n and n + 1, n even, whose convolutions are summed in one pass.

    Both read the same coefficients, so that a pass costs half the loads: the first order begins the
    chains of the second with all terms that need nothing of order n, and leaves them in memory.
    Chains run from old terms to new, so that nothing is added in another order than usual. The
    first may also be order 1, alone.

    places: where the chains of each convolution are kept meanwhile.
    """

    second: bool
    places: dict[Convolution, tuple[int, ...]]


def convolve(
    m: SumMemory, terms: Sequence[Term], n: Index, chunk: Chunk, paired: Paired | None = None
) -> dict[Convolution, Doubled]:
    """All convolutions of some terms; those with the same bounds share a loop."""
    listed = convolutions_of(terms)
    begun = begin(m, listed, n, chunk) if isinstance(n, int) else {}
    groups: dict[tuple[int, int, bool, bool], list[Convolution]] = {}
    for c in listed:
        groups.setdefault((c.first, c.last, is_square(c), c in begun), []).append(c)
    results: dict[Convolution, Doubled] = {}
    for (first, last, square, _), group in groups.items():
        evaluate = _squares if square else _products
        pairing = paired if max(first, last) <= 1 else None
        chains = 1 if square else 2
        size = len(group) if pairing is None else MOST_PAIRED_CHAINS // chains
        for start in range(0, len(group), size):
            part = group[start : start + size]
            values = evaluate(m, part, first, last, n, chunk, pairing, begun)
            for convolution, value in zip(part, values, strict=True):
                results[convolution] = (value, square)
    return results


def _products(
    m: SumMemory,
    group: Sequence[Convolution],
    first: int,
    last: int,
    n: Index,
    chunk: Chunk,
    paired: Paired | None,
    begun: Begun,
) -> list[Value]:
    """sum_{j=first}^{n-last} w a_j b_{n-j}, see `Outwards`."""
    b = m.b
    zero = b.constant(0, chunk.type(m.element))
    if isinstance(n, int) and n < first + last:
        return [zero] * len(group)
    order = outwards(first, last, n)
    half, first = order.half, order.first

    def step(i: Index, carried: list[Value]) -> list[Value]:
        below, above = order.below(i), order.above(i)
        down = [
            _multiply_add(m, c, below, n, chunk, total)
            for c, total in zip(group, carried[: len(group)], strict=True)
        ]
        up = [
            _multiply_add(m, c, above, n, chunk, total)
            for c, total in zip(group, carried[len(group) :], strict=True)
        ]
        return [*down, *up]

    if paired is not None and paired.second:
        sums = _from_memory(m, group, 2, chunk, paired)
        for missing in range(2 - first, 0, -1):
            sums = step(half - missing, sums)
    elif group[0] in begun:
        sums = [begun[c][k] for k in range(2) for c in group]
        for missing in range(LATE, 0, -1):
            sums = step(half - missing, sums)
    else:
        sums = [zero] * len(group) + _middle_terms(m, group, order.middle, order.odd, n, chunk)
        start: Index = 0
        if paired is not None:
            start = half - (1 - first)
            sums = _two_products(m, group, order.middle, start, sums, n, chunk, paired)
            for _ in range(1 - first):
                sums = step(start, sums)
        else:
            sums = b.fold(0, half, sums, step, unroll=isinstance(n, int))
    return _with_newest(m, group, order.newest, n, chunk, sums)


def _with_newest(
    m: SumMemory,
    group: Sequence[Convolution],
    newest: Index | None,
    n: Index,
    chunk: Chunk,
    sums: list[Value],
) -> list[Value]:
    """Both chains added, and the term a_newest b_{n - newest} that they leave out, if there is one.

    An early one ends its own chain.
    """
    if newest is not None:
        end = len(group) if newest is n else 0
        for k, c in enumerate(group):
            if c.early:
                sums[end + k] = _multiply_add(m, c, newest, n, chunk, sums[end + k])
    totals = [x + y for x, y in zip(sums[: len(group)], sums[len(group) :], strict=True)]
    if newest is None:
        return totals
    return [
        total if c.early else _multiply_add(m, c, newest, n, chunk, total)
        for c, total in zip(group, totals, strict=True)
    ]


def _two_products(
    m: SumMemory,
    group: Sequence[Convolution],
    middle: Index,
    count: Index,
    sums: list[Value],
    n: Index,
    chunk: Chunk,
    paired: Paired,
) -> list[Value]:
    """The first `count` terms of both chains of order n = 2 middle, and of order n + 1.

    With x = middle - i and y = middle + 1 + i, order n adds a_{x-1} b_y and a_y b_{x-1} where order
    n + 1 adds a_x b_y and a_y b_x: what is loaded for x - 1 serves again.
    """
    size = len(group)
    zero = m.b.constant(0, chunk.type(m.element))

    def outwards(i: Index, carried: list[Value]) -> list[Value]:
        below, above = middle - 1 - i, middle + 1 + i
        after: list[list[Value]] = [[] for _ in range(6)]
        for k, c in enumerate(group):
            down, up, next_down, next_up, a_old, b_old = carried[k::size]
            a_low, b_high = m.coefficient(c.a, below, chunk), m.coefficient(c.b, above, chunk)
            a_high, b_low = m.coefficient(c.a, above, chunk), m.coefficient(c.b, below, chunk)
            found = (
                _add_product(m, c, (a_low, b_high), below, n, chunk, down),
                _add_product(m, c, (a_high, b_low), above, n, chunk, up),
                _add_product(m, c, (a_old, b_high), below + 1, n + 1, chunk, next_down),
                _add_product(m, c, (a_high, b_old), above, n + 1, chunk, next_up),
                a_low,
                b_low,
            )
            for column, value in zip(after, found, strict=True):
                column.append(value)
        return [value for column in after for value in column]

    opened = [m.coefficient(row, middle, chunk) for row in [c.a for c in group]]
    opened += [m.coefficient(row, middle, chunk) for row in [c.b for c in group]]
    written = isinstance(count, int)
    carried = m.b.fold(0, count, [*sums, *[zero] * (2 * size), *opened], outwards, unroll=written)
    _to_memory(m, group, carried[2 * size : 4 * size], chunk, paired)
    return carried[: 2 * size]


def _from_memory(
    m: SumMemory, group: Sequence[Convolution], chains: int, chunk: Chunk, paired: Paired
) -> list[Value]:
    """The chains that the order before has begun: all of the first, then all of the second."""
    return [m.load_partial(paired.places[c][k], chunk) for k in range(chains) for c in group]


def _to_memory(
    m: SumMemory, group: Sequence[Convolution], sums: list[Value], chunk: Chunk, paired: Paired
) -> None:
    for position, value in enumerate(sums):
        chain, k = divmod(position, len(group))
        m.store_partial(paired.places[group[k]][chain], chunk, value)


def _middle_terms(
    m: SumMemory,
    group: Sequence[Convolution],
    middle: Index,
    odd: Index,
    n: Index,
    chunk: Chunk,
) -> list[Value]:
    """Where the number of terms is odd, the middle one opens the upper chain."""
    zero = m.b.constant(0, chunk.type(m.element))
    if isinstance(odd, int) and not odd:
        return [zero] * len(group)
    opened = [_multiply_add(m, c, middle, n, chunk, zero) for c in group]
    if isinstance(odd, int):
        return opened
    return [m.b.select(m.b.ne(odd, 0), value, zero) for value in opened]


def _multiply_add(
    m: SumMemory, c: Convolution, j: Index, n: Index, chunk: Chunk, total: Value
) -> Value:
    x = m.newest(c.a, n, chunk) if j is n else m.coefficient(c.a, j, chunk)
    whole = isinstance(j, int) and j == 0
    y = m.newest(c.b, n, chunk) if whole else m.coefficient(c.b, 0 if j is n else n - j, chunk)
    return _add_product(m, c, (x, y), j, n, chunk, total)


def _add_product(
    m: SumMemory,
    c: Convolution,
    factors: tuple[Value, Value],
    j: Index,
    n: Index,
    chunk: Chunk,
    total: Value,
) -> Value:
    """total + w a_j b_{n-j}, the factors being a_j and b_{n-j}."""
    x, y = factors
    if c.weight is not None:
        x = x * _weight(m, c.weight, n, j, chunk)
    return m.b.fma(x, y, total)


def _weight(m: SumMemory, weight: tuple[Number, Number], n: Index, j: Index, chunk: Chunk) -> Value:
    alpha, beta = weight
    t = chunk.type(m.element)
    if isinstance(n, int) and isinstance(j, int):
        return m.b.constant(alpha * n + beta * j, t)
    table = m.weights.get(weight)
    if table is None:
        orders = range(m.program.order + 1)
        numbers = [alpha * k + beta * i for k in (*orders, len(orders)) for i in orders]
        table = m.weights[weight] = m.b.table(numbers, m.element)
    pointer = m.b.at(table, n * (m.program.order + 1) + j, m.element)
    return m.b.splat(m.b.load(Type(m.element), pointer), t.lanes)


def _squares(
    m: SumMemory,
    group: Sequence[Convolution],
    first: int,
    last: int,
    n: Index,
    chunk: Chunk,
    paired: Paired | None,
    begun: Begun,
) -> list[Value]:
    """Half of sum_{j=first}^{n-first} a_j a_{n-j}, see `Outwards`."""
    b = m.b
    zero = b.constant(0, chunk.type(m.element))
    if isinstance(n, int) and n < first + last:
        return [zero] * len(group)
    order = outwards(first, last, n)
    half = order.half

    def step(i: Index, carried: list[Value]) -> list[Value]:
        below = order.below(i)
        return [
            _multiply_add(m, c, below, n, chunk, total)
            for c, total in zip(group, carried, strict=True)
        ]

    if paired is not None and paired.second:
        sums = _from_memory(m, group, 1, chunk, paired)
        for missing in range(2 - first, 0, -1):
            sums = step(half - missing, sums)
        return sums
    if group[0] in begun:
        sums = [begun[c][0] for c in group]
        for missing in range(LATE, 0, -1):
            sums = step(half - missing, sums)
        return sums
    opened = _middle_squares(m, group, order.middle, order.odd, chunk)
    if paired is None:
        return b.fold(0, half, opened, step, unroll=isinstance(n, int))
    start = half - (1 - first)
    sums = _two_squares(m, group, order.middle, start, opened, chunk, paired)
    for _ in range(1 - first):
        sums = step(start, sums)
    return sums


def _two_squares(
    m: SumMemory,
    group: Sequence[Convolution],
    middle: Index,
    count: Index,
    sums: list[Value],
    chunk: Chunk,
    paired: Paired,
) -> list[Value]:
    """As `_two_products`: a_{x-1} a_y for order n = 2 middle, a_x a_y for order n + 1."""
    size = len(group)
    zero = m.b.constant(0, chunk.type(m.element))

    def outwards(i: Index, carried: list[Value]) -> list[Value]:
        now, ahead, low = [], [], []
        for k, c in enumerate(group):
            total, next_total, old = carried[k::size]
            below = m.coefficient(c.a, middle - 1 - i, chunk)
            above = m.coefficient(c.a, middle + 1 + i, chunk)
            now.append(m.b.fma(below, above, total))
            ahead.append(m.b.fma(old, above, next_total))
            low.append(below)
        return [*now, *ahead, *low]

    opened = [m.coefficient(c.a, middle, chunk) for c in group]
    written = isinstance(count, int)
    carried = m.b.fold(0, count, [*sums, *[zero] * size, *opened], outwards, unroll=written)
    _to_memory(m, group, carried[size : 2 * size], chunk, paired)
    return carried[:size]


def _middle_squares(
    m: SumMemory, group: Sequence[Convolution], middle: Index, odd: Index, chunk: Chunk
) -> list[Value]:
    zero = m.b.constant(0, chunk.type(m.element))
    if isinstance(odd, int) and not odd:
        return [zero] * len(group)
    values = []
    for c in group:
        x = m.coefficient(c.a, middle, chunk)
        values.append((x * 0.5) * x)
    if isinstance(odd, int):
        return values
    return [m.b.select(m.b.ne(odd, 0), value, zero) for value in values]
