"""Chains of several sums as lanes of one, for programs that are written out.

Both chains of a convolution multiply coefficients k of one factor by coefficients n - k of the
other, k running from the middle down, and so do the chains of all convolutions of an order over the
same range.  One multiply-add serves them all.  The newest terms, for which the next order waits,
are left to the chains one by one.  Every chain adds what it would add alone, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.lanes import split
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.order import outwards
from taylor_runtime.program.program import Convolution, Number
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import is_square
from taylor_runtime.program.widths import padded
from taylor_runtime.series.sums import SumMemory

LATE = 1  # terms at the end of a chain that are left to it
FEWEST_TERMS = 2  # of a chain that are worth moving it to lanes
LANES = 4  # of one sum: chains are few, and wider registers are no faster on every processor

Begun = dict[Convolution, list[Value]]  # chains of convolutions, all but their last LATE terms


@dataclass(frozen=True, slots=True)
class _Chain:
    """sum over k of left_k right_{n-k}.

    middle:   what its middle term is multiplied by, 0 where the other chain has it.
    weighted: which of left and right (0, 1) is multiplied by `weight`.
    """

    left: int
    right: int
    middle: Number
    weight: tuple[Number, Number] = (0, 0)
    weighted: int | None = None

    def row(self, side: int) -> int:
        return self.right if side else self.left

    def factor(self, side: int, n: int, j: int) -> Number:
        """What coefficient j of the left or right row is multiplied by."""
        alpha, beta = self.weight
        return alpha * n + beta * j if self.weighted == side else 1


def begin(m: SumMemory, convolutions: Sequence[Convolution], n: int, chunk: Chunk) -> Begun:
    """Chains of convolutions that can share sums: of products below and above, of squares one."""
    begun: Begun = {}
    for first, group in _groups(m, convolutions, n, chunk):
        total = _sum(m, group, first, n, first + LATE, chunk)
        values = iter(split(m.b, total, chunk.lanes, sum(len(_chains(c)) for c in group)))
        begun |= {c: [next(values) for _ in _chains(c)] for c in group}
    return begun


def push(m: SumMemory, convolutions: Sequence[Convolution], n: int, chunk: Chunk) -> None:
    """Add to the sums of all higher orders what coefficients up to n make known.

    These terms wait for nothing and for no other, unlike those of one sum, which wait in a row.
    """
    if not _groups(m, convolutions, m.program.order, chunk):
        return
    for later in range(n + 1, min(2 * n, m.program.order) + 1):
        for first, group in _groups(m, convolutions, later, chunk):
            _sum(m, group, first, later, max(later - n, first + LATE), chunk)


def _inner_first(c: Convolution) -> int | None:
    """First and last j of a convolution without a lone newest term; None if they differ."""
    if c.first == c.last:
        return c.first
    return 1 if {c.first, c.last} == {0, 1} else None


@lru_cache(1024)
def _chains(c: Convolution) -> tuple[_Chain, ...]:
    if is_square(c):
        return (_Chain(c.a, c.b, Fraction(1, 2)),)
    if c.weight is None:
        return _Chain(c.a, c.b, 0), _Chain(c.b, c.a, 1)
    return _Chain(c.a, c.b, 0, c.weight, 0), _Chain(c.b, c.a, 1, c.weight, 1)


def _groups(
    m: SumMemory, convolutions: Sequence[Convolution], n: int, chunk: Chunk
) -> list[tuple[int, tuple[Convolution, ...]]]:
    """Convolutions from one `first` on that share a sum at order n.

    Not of kinds whose product depends on the order of its factors.
    """
    if not ELEMENTS[m.element].rounds_once or not m.rendering.unrolled:
        return []
    listed = _company(tuple(convolutions), max(chunk.lanes, 1))
    return [pair for pair in listed if ((n + 1) >> 1) - pair[0] - LATE >= FEWEST_TERMS]


@lru_cache(1024)
def _company(
    convolutions: tuple[Convolution, ...], lanes: int
) -> tuple[tuple[int, tuple[Convolution, ...]], ...]:
    """Convolutions from one `first` on whose sum has more than one chain."""
    ranges: dict[int, list[Convolution]] = {}
    for c in dict.fromkeys(convolutions):
        first = _inner_first(c)
        if first is not None:
            ranges.setdefault(first, []).append(c)
    return tuple(
        (first, tuple(group))
        for first, alike in ranges.items()
        for group, used in _filled(alike, lanes)
        if used > 1
    )


def _filled(
    convolutions: Sequence[Convolution], lanes: int
) -> Iterator[tuple[list[Convolution], int]]:
    """Convolutions whose chains fit one sum, and how many these are."""
    group: list[Convolution] = []
    used = 0
    for c in convolutions:
        wanted = len(_chains(c))
        if (used + wanted) * lanes > LANES:
            yield group, used
            group, used = [], 0
        if wanted * lanes <= LANES:
            group.append(c)
            used += wanted
    yield group, used


def _sum(
    m: SumMemory, group: tuple[Convolution, ...], first: int, n: int, last: int, chunk: Chunk
) -> Value:
    """The terms of a group's chains from the middle down to k = last, as far as not yet added."""
    assert isinstance(chunk.offset, int)
    b, lanes = m.b, max(chunk.lanes, 1)
    chains = [chain for c in group for chain in _chains(c)]
    order = outwards(first, first, n)
    middle = order.middle

    def factor(side: int, j: int, scales: Sequence[Number] | None = None) -> Value:
        value = m.joined(tuple(chain.row(side) for chain in chains), j, chunk)
        numbers = [chain.factor(side, n, j) for chain in chains]
        if scales is not None:
            numbers = [number * scale for number, scale in zip(numbers, scales, strict=True)]
        if all(number == 1 for number in numbers):
            return value
        spread = [number for number in numbers for _ in range(lanes)]
        return value * b.constants(spread + spread[-1:] * (value.lanes - len(spread)), m.element)

    def opened() -> Value:
        if not order.odd:
            return b.constant(0, Type(m.element, padded(lanes * len(chains))))
        left = factor(0, middle, [chain.middle or 1 for chain in chains])
        kept = [chain.middle != 0 for chain in chains for _ in range(lanes)]
        return _keep(m, b.fma(left, factor(1, middle), 0.0), kept)

    known = m.sums.get((group, n, chunk.offset))
    done, total = known or (middle, opened())
    for k in range(done - 1, last - 1, -1):
        total = b.fma(factor(0, k), factor(1, n - k), total)
    m.sums[group, n, chunk.offset] = (min(done, last), total)
    return total


def _keep(m: SumMemory, value: Value, kept: Sequence[bool]) -> Value:
    """Zero in lanes that are not kept."""
    places = [lane if keep else value.lanes for lane, keep in enumerate(kept)]
    places += [-1] * (value.lanes - len(places))
    return m.b.shuffle(value, m.b.constant(0, value.type), places)
