"""How a truncated product of polynomials is cut into vectors.

The product c of a and b has c_(s+m) = sum a_s b_m + b_s a_m over pairs of monomials.  For each s of
low degree, the *shift*, all m of the same degree and above lie side by side, so that one number
a_s times whole vectors of b gives whole vectors of products; these are added up over the orders of
time first, and only the sums go to where s + m is.  Every product is made once: m that have the
degree of s occur in both parts, so that their sums are halved; where there are no others, the
second part is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.widths import REGISTER, padded

Moves = tuple[tuple[int, tuple[int, ...]], ...]  # vector of sums, lane for each lane or -1


@dataclass(frozen=True, slots=True)
class Shift:
    """Products with one monomial.

    monomial: its position.
    start:    that of the first m, where its vectors of sums begin.
    vectors:  how many these are.
    both:     whether b_s a_m is to be added.
    halved:   how many of the first lanes are to be halved at the end.
    """

    monomial: int
    start: int
    vectors: int
    both: bool
    halved: int


@dataclass(frozen=True)
class Shifts:
    """The plan of products among some monomials, in vectors of `lanes` numbers."""

    among: Monomials

    @property
    def lanes(self) -> int:
        """Numbers of a vector."""
        return min(REGISTER, padded(self.among.size))

    @property
    def vectors(self) -> int:
        """Vectors of a polynomial."""
        return padded(self.among.size) // self.lanes

    @cached_property
    def shifts(self) -> tuple[Shift, ...]:
        """All of them, by degree; the first is that by 1, whose sums are where they belong."""
        among, found = self.among, []
        for degree in range(among.order // 2 + 1):
            start, end = among.starts[degree], among.starts[among.order - degree + 1]
            same = among.starts[degree + 1] - start
            both = end - start > same
            for monomial in range(start, start + same):
                vectors = self.vectors if degree == 0 else -(-(end - start) // self.lanes)
                found.append(Shift(monomial, start, vectors, both, same if both else 0))
        return tuple(found)

    def moves(self, shift: Shift) -> dict[int, Moves]:
        """For each vector of the product that a shift adds to, where its lanes come from."""
        among, lanes = self.among, self.lanes
        end = min(shift.start + shift.vectors * lanes, among.size)
        last = among.order - int(among.degrees[shift.monomial])
        others = np.arange(shift.start, end)
        others = others[among.degrees[others] <= last]
        targets = among.multiply(np.array([shift.monomial]), others)
        found: dict[int, dict[int, list[int]]] = {}
        for other, target in zip(others.tolist(), targets.tolist(), strict=True):
            if target < 0:
                continue
            vector, lane = divmod(other - shift.start, lanes)
            moved = found.setdefault(target // lanes, {}).setdefault(vector, [-1] * lanes)
            moved[target % lanes] = lane
        return {
            target: tuple((vector, tuple(moved)) for vector, moved in sources.items())
            for target, sources in found.items()
        }

    @cached_property
    def sums(self) -> int:
        """Vectors of sums of all shifts."""
        return sum(shift.vectors for shift in self.shifts)


@lru_cache(maxsize=64)
def shifts_of(among: Monomials) -> Shifts:
    """The plan, made once."""
    return Shifts(among)
