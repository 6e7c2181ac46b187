"""In which order sums are added: what emitters and the reference interpreter both read.

With it the arithmetic of a program is fixed: a multiply-add is rounded once, factors that depend on
the order alone are rounded as said here, and nothing that renders a program adds in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Generic, Protocol, TypeVar

from taylor_runtime.program.kinds import Kind
from taylor_runtime.program.records import dataclass

LAST_CORRECTED = 7  # x_n h^n falls like e^(-2 n); beyond, a bias is below 1e-8 of the rounding


class Order(Protocol):
    """An int, or what stands for one that is known when the program runs."""

    def __add__(self, other: Any, /) -> Any: ...

    def __sub__(self, other: Any, /) -> Any: ...

    def __and__(self, other: Any, /) -> Any: ...

    def __rshift__(self, other: Any, /) -> Any: ...


N = TypeVar("N", bound=Order)
T = TypeVar("T")


# -- convolutions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outwards(Generic[N]):
    """The products a_j b_{n-j} of a convolution at an order n, from the middle outwards.

    Two chains of multiply-adds begin with zero and take the steps i = 0 .. half - 1: one adds
    j = below(i), the other j = above(i), so that the newest coefficients come last.  Where the
    number of products is odd (`odd` is 1), the middle one opens the second chain.  The first chain
    plus the second is the sum, to which the product at j = `newest` is added last, if there is one:
    there one factor alone has a coefficient of order n.  An early one ends its own chain instead,
    the second where the newest j is n, else the first.

    A square has the first chain alone, opened by half its middle product (a / 2) a; its sum is
    doubled where it is used, with the constant of the term.
    """

    first: int  # j of the last product of the first chain
    half: N
    odd: N
    middle: N
    newest: N | None

    def below(self, i: N) -> N:
        return self.middle - 1 - i

    def above(self, i: N) -> N:
        return self.middle + self.odd + i


def outwards(first: int, last: int, n: N) -> Outwards[N]:
    """The products with j = first .. n - last, of which there is one at least."""
    newest: Any = None
    if last == 0 and first > 0:
        newest, last = n, 1
    elif first == 0 and last > 0:
        newest, first = 0, 1
    count = n - (last + first - 1)
    half = count >> 1
    odd = count & 1
    return Outwards(first, half, odd, half + first, newest)


# -- sums of terms ------------------------------------------------------------------------------


def chain_count(terms: int) -> int:
    """Chains of a sum: one for few terms, up to four for many, so that latency stays short."""
    return 1 if terms < 6 else 2 if terms < 16 else 4


def chain_of(position: int, terms: int) -> int:
    """The chain that a term of a sum is added to; a chain adds its terms in order."""
    return position % chain_count(terms)


def neighbours_added(chains: Sequence[T], add: Any) -> T:
    """The sum of chains: neighbours are added until one is left."""
    total = list(chains)
    while len(total) > 1:
        total = [
            add(total[i], total[i + 1]) if i + 1 < len(total) else total[i]
            for i in range(0, len(total), 2)
        ]
    return total[0]


# -- contractions of arrays ---------------------------------------------------------------------

LONGEST_CHAIN = 256  # products: errors of longer chains would be seen, and panels leave the cache
FEWEST_IN_CHAINS = 32  # products that several chains are worth while for
THIN = 3  # rows or columns of a matrix that is read once: its products are added side by side


@dataclass(frozen=True, slots=True)
class Summation:
    """How the products that make one element of a contraction are added.

    They are numbered in row-major order of the summed axes and cut into blocks.  Product t of a
    block goes to chain t % chains, a chain being multiply-adds that begin with zero; then the
    second half of the chains is added to the first, until one is left.  The sums of blocks are
    added in their order, to what is there already if the contraction is added to something.
    """

    chains: int
    block: int  # a multiple of chains


def summation(rows: int, columns: int, terms: int) -> Summation:
    """The order in which each of rows * columns sums of so many products is added, whatever the
    places of the factors in memory and the kind of number.
    """
    chains = 1
    if min(rows, columns) <= THIN and terms >= FEWEST_IN_CHAINS:
        chains = 32 if rows * columns < 8 and terms >= 128 else 8
    blocks = max(1, -(-terms // (LONGEST_CHAIN * chains)))
    block = max(1, -(-terms // blocks))
    return Summation(chains, -(-block // chains) * chains)


def halves_added(chains: Sequence[T], add: Any) -> T:
    """The sum of 1, 2, 4, .. chains: the second half is added to the first until one is left."""
    total = list(chains)
    while len(total) > 1:
        half = len(total) // 2
        total = [add(x, y) for x, y in zip(total[:half], total[half:], strict=True)]
    return total[0]


def contracted(
    how: Summation, factors: Sequence[tuple[T, T]], zero: T, arithmetic: Any, start: T | None = None
) -> T:
    """The sum of the products of `factors`, with the arithmetic of any kind of number.

    arithmetic: has `fma(x, y, total)`, `normal(total)` of a chain, and `add(x, y)`.
    """
    total = start
    for first in range(0, max(1, len(factors)), how.block):
        chains = [zero] * how.chains
        for t, (x, y) in enumerate(factors[first : first + how.block]):
            chains[t % how.chains] = arithmetic.fma(x, y, chains[t % how.chains])
        partial = halves_added([arithmetic.normal(chain) for chain in chains], arithmetic.add)
        total = partial if total is None else arithmetic.add(total, partial)
    assert total is not None
    return total


# -- factors ------------------------------------------------------------------------------------


def rest_of_one_over(n: int, kind: Kind) -> Fraction:
    """1/n minus its rounded value, for the orders that are a large part of a step.

    A step "h/n" adds the sum times it.  For 1/3 is rounded to the same side at every step, which
    makes a spiral of a closed orbit: the energy error grows like the number of steps, not like its
    root (Brouwer, Astron. J. 46 (1937) 149).  A harmonic oscillator gained 0.07 units of rounding a
    step.  To kinds that are finer than a double nothing so small can be added.
    """
    if kind.is_finer or not 1 <= n <= LAST_CORRECTED:
        return Fraction(0)
    return Fraction(1, n) - Fraction(kind.split(Fraction(1, n))[0])
