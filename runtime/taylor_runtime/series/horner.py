"""Values of polynomials whose coefficients are rows, with little latency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.lanes import split
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.series.sums import SeriesMemory

BLOCK = 8
LARGE = 2  # leading terms that are added one by one
LANES = 2  # of polynomials that are evaluated side by side: more cost more shuffles


def evaluate(
    b: Builder,
    coefficient: Callable[[Index], Value],
    first: int,
    last: int,
    x: Value,
    unroll: bool,
) -> Value:
    """sum_{n=first}^{last} c_n x^{n-first}.

    A step is a fraction of the radius of convergence, so terms fall fast: the first are added by
    Horner's rule, which rounds each once; the others, smaller, by Horner's rule in x^8, its blocks
    by Estrin's (Proc. Western Joint Computer Conf. (1960) 33), which takes a third of the time.
    """
    small = min(first + LARGE, last)
    count = last - small + 1
    powers = _powers(b, x, min(count, BLOCK))
    whole, rest = divmod(count, BLOCK)
    if not rest:
        whole, rest = whole - 1, BLOCK
    start = small + whole * BLOCK
    value = _estrin(b, [coefficient(start + r) for r in range(rest)], powers)
    if whole:
        value = _lower_blocks(b, coefficient, value, start, whole, powers, unroll)
    for n in range(small - 1, first - 1, -1):
        value = b.fma(value, x, coefficient(n))
    return value


def side_by_side(
    m: SeriesMemory, rows: Sequence[int], first: int, last: int, x: Value
) -> dict[int, Value]:
    """`evaluate` for narrow rows, several in the lanes of one; for coefficients in registers.

    Rows that have no company are left out.
    """
    by_lanes: dict[int, list[int]] = {}
    for row in dict.fromkeys(rows):
        chunk = m.chunks(row)[0]
        if m.rendering.unrolled and len(m.chunks(row)) == 1 and not m.program.rows[row].constant:
            by_lanes.setdefault(chunk.lanes, []).append(row)
    found: dict[int, Value] = {}
    for lanes, alike in by_lanes.items():
        size = LANES // max(lanes, 1)
        for start in range(0, len(alike), max(size, 1)):
            group = tuple(alike[start : start + size])
            if len(group) > 1:
                chunk = m.chunks(group[0])[0]
                at = m.b.splat(x, m.joined(group, last, chunk).lanes)
                coefficient = partial(m.joined, group, chunk=chunk)
                value = evaluate(m.b, coefficient, first, last, at, unroll=True)
                parts = split(m.b, value, lanes, len(group))
                found |= dict(zip(group, parts, strict=True))
    return found


def _powers(b: Builder, x: Value, count: int) -> list[Value]:
    """x, x^2, x^4 .. as far as polynomials of `count` coefficients, and what follows, want them."""
    powers = [x]
    while 1 << len(powers) <= count and len(powers) < BLOCK.bit_length():
        powers.append(powers[-1] * powers[-1])
    return powers


def _estrin(b: Builder, terms: Sequence[Value], powers: Sequence[Value]) -> Value:
    """Pairs, then pairs of pairs, and so on."""
    level = 0
    while len(terms) > 1:
        odd = terms[-1:] if len(terms) % 2 else []
        pairs = zip(terms[::2], terms[1::2], strict=False)
        terms = [*(b.fma(high, powers[level], low) for low, high in pairs), *odd]
        level += 1
    return terms[0]


def _lower_blocks(
    b: Builder,
    coefficient: Callable[[Index], Value],
    value: Value,
    start: int,
    whole: int,
    powers: Sequence[Value],
    unroll: bool,
) -> Value:
    """value = value x^8 + block for the `whole` blocks below `start`."""

    def lower(i: Index, carried: list[Value]) -> Sequence[Value]:
        at = i * -BLOCK + (start - BLOCK)
        block = _estrin(b, [coefficient(at + r) for r in range(BLOCK)], powers)
        return [b.fma(carried[0], powers[-1], block)]

    return b.fold(0, whole, [value], lower, unroll=unroll)[0]
