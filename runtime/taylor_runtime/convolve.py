"""Sums of products of coefficients, in the order that the program's arithmetic fixes (see
taylor/README.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir import Index, Type, Value
from taylor_runtime.layout import Chunk
from taylor_runtime.program import Convolution, Number, Term
from taylor_runtime.rows import RowMemory
from taylor_runtime.schedule import is_square

Doubled = tuple[Value, bool]  # a value, and whether it is still to be doubled (squares)


def convolve(
    m: RowMemory, terms: Sequence[Term], n: Index, chunk: Chunk
) -> dict[Convolution, Doubled]:
    """All convolutions of some terms; those with the same bounds share a loop."""
    groups: dict[tuple[int, int, bool], list[Convolution]] = {}
    for term in terms:
        c = term.operand
        if isinstance(c, Convolution):
            group = groups.setdefault((c.first, c.last, is_square(c)), [])
            if c not in group:
                group.append(c)
    results: dict[Convolution, Doubled] = {}
    for (first, last, square), group in groups.items():
        evaluate = _squares if square else _products
        for convolution, value in zip(
            group, evaluate(m, group, first, last, n, chunk), strict=True
        ):
            results[convolution] = (value, square)
    return results


def _products(
    m: RowMemory, group: Sequence[Convolution], first: int, last: int, n: Index, chunk: Chunk
) -> list[Value]:
    """sum_{j=first}^{n-last} w a_j b_{n-j} from the middle outwards in two chains.

    Where one end alone has a coefficient of order n, its term is added last, after the chains.
    """
    b = m.b
    zero = b.constant(0, chunk.type(m.element))
    if isinstance(n, int) and n < first + last:
        return [zero] * len(group)
    newest: Index | None = None
    if last == 0 and first > 0:
        newest, last = n, 1
    elif first == 0 and last > 0:
        newest, first = 0, 1
    count = n - (last + first - 1)
    half = count >> 1
    odd = count & 1
    middle = half + first
    upper = _middle_terms(m, group, middle, odd, n, chunk)

    def outwards(i: Index, carried: list[Value]) -> list[Value]:
        below, above = middle - 1 - i, middle + odd + i
        down = [
            _multiply_add(m, c, below, n, chunk, total)
            for c, total in zip(group, carried[: len(group)], strict=True)
        ]
        up = [
            _multiply_add(m, c, above, n, chunk, total)
            for c, total in zip(group, carried[len(group) :], strict=True)
        ]
        return [*down, *up]

    sums = b.fold(0, half, [zero] * len(group) + upper, outwards, unroll=isinstance(n, int))
    totals = [x + y for x, y in zip(sums[: len(group)], sums[len(group) :], strict=True)]
    if newest is None:
        return totals
    return [
        _multiply_add(m, c, newest, n, chunk, total) for c, total in zip(group, totals, strict=True)
    ]


def _middle_terms(
    m: RowMemory,
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
    m: RowMemory, c: Convolution, j: Index, n: Index, chunk: Chunk, total: Value
) -> Value:
    x = m.newest(c.a, n, chunk) if j is n else m.coefficient(c.a, j, chunk)
    whole = isinstance(j, int) and j == 0
    y = m.newest(c.b, n, chunk) if whole else m.coefficient(c.b, 0 if j is n else n - j, chunk)
    if c.weight is not None:
        x = x * _weight(m, c.weight, n, j, chunk)
    return m.b.fma(x, y, total)


def _weight(m: RowMemory, weight: tuple[Number, Number], n: Index, j: Index, chunk: Chunk) -> Value:
    alpha, beta = weight
    t = chunk.type(m.element)
    if isinstance(n, int) and isinstance(j, int):
        return m.b.constant(alpha * n + beta * j, t)
    orders = range(m.program.order + 1)
    table = [alpha * k + beta * i for k in orders for i in orders]
    index = n * (m.program.order + 1) + j
    pointer = m.b.at(m.b.table(table, m.element), index, m.element)
    return m.b.splat(m.b.load(Type(m.element), pointer), t.lanes)


def _squares(
    m: RowMemory, group: Sequence[Convolution], first: int, last: int, n: Index, chunk: Chunk
) -> list[Value]:
    """Half of sum_{j=first}^{n-first} a_j a_{n-j}: pairs from the middle outwards.

    The caller doubles.
    """
    b = m.b
    zero = b.constant(0, chunk.type(m.element))
    count = n - (2 * first - 1)
    if isinstance(count, int) and count <= 0:
        return [zero] * len(group)
    half = count >> 1
    odd = count & 1
    middle = half + first
    opened = _middle_squares(m, group, middle, odd, chunk)

    def outwards(i: Index, carried: list[Value]) -> list[Value]:
        below = middle - 1 - i
        return [
            _multiply_add(m, c, below, n, chunk, total)
            for c, total in zip(group, carried, strict=True)
        ]

    return b.fold(0, half, opened, outwards, unroll=isinstance(n, int))


def _middle_squares(
    m: RowMemory, group: Sequence[Convolution], middle: Index, odd: Index, chunk: Chunk
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
