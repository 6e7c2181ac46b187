"""How a truncated product of polynomials is cut into vectors.

The product c of a and b has c_(s+m) = sum a_s b_m + b_s a_m over pairs of monomials.  For each s of
low degree, the *shift*, all m of the same degree and above lie side by side, so that one number
a_s times whole vectors of b gives whole vectors of products; these are added up over the orders of
time first, and only the sums go to where s + m is.  Every product is made once: the second part is
left out for m that have the degree of s; where a vector has others, too, its first lanes are
halved in the end.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np

from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.widths import REGISTER, padded


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring monomials, from position `start` on, in a vector of so many lanes.

    lanes: 0 for a number.
    used:  of the lanes, the first so many.
    """

    start: int
    lanes: int
    used: int


@dataclass(frozen=True, slots=True)
class Products:
    """Products with one monomial: sums that are one vector.

    monomial: its position.
    piece:    the others.
    both:     whether b_s a_m is to be added.
    halved:   how many of the first lanes are to be halved at the end.
    """

    monomial: int
    piece: Piece
    both: bool
    halved: int


@dataclass(frozen=True, slots=True)
class Move:
    """Lanes of joined vectors of sums that go to one piece of the product.

    vectors: one, or two whose lanes are counted on.
    lanes:   for each lane of the piece which of them, or -1.
    """

    vectors: tuple[int, ...]
    lanes: tuple[int, ...]


@dataclass(frozen=True)
class Shifts:
    """The plan of products among some monomials."""

    among: Monomials

    @cached_property
    def sums(self) -> tuple[Products, ...]:
        """All vectors of sums; the first are those of the shift by 1, which are where they belong:
        the pieces of the product.
        """
        among, found = self.among, []
        for degree in range(among.order // 2 + 1):
            start, above = among.starts[degree], among.starts[degree + 1]
            end = among.starts[among.order - degree + 1]
            limit = padded(among.size)
            whole = _products(_cut(start, end, limit), above)
            parts = _products(_cut(start, above, limit) + _cut(above, end, limit), above)
            chosen = whole if _cost(whole) <= _cost(parts) else parts
            found += [
                Products(monomial, *one) for monomial in range(start, above) for one in chosen
            ]
        return tuple(found)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """Those of a polynomial."""
        return tuple(one.piece for one in self.sums if one.monomial == 0)

    @cached_property
    def joins(self) -> tuple[tuple[int, ...], ...]:
        """Which sums of further shifts are put side by side before they move."""
        found: list[tuple[int, ...]] = []
        for lanes in (8, 4, 2, 0):
            alike = [
                k for k, one in enumerate(self.sums) if one.monomial and one.piece.lanes == lanes
            ]
            size = REGISTER // max(lanes, 1)
            found += [tuple(alike[k : k + size]) for k in range(0, len(alike), size)]
        return tuple(found)

    @cached_property
    def moves(self) -> tuple[tuple[Move, ...], ...]:
        """For each piece of the product what further shifts add to it."""
        coming = self._coming()
        found: list[tuple[Move, ...]] = []
        for piece in self.pieces:
            lanes = range(piece.start, piece.start + max(piece.lanes, 1))
            lists = [sorted(coming.get(lane, ())) for lane in lanes]
            listed: list[Move] = []
            vectors = sorted({vector for sources in lists for vector, _ in sources})
            for first in range(0, len(vectors), 2):
                pair = tuple(vectors[first : first + 2])
                own = [
                    [pair.index(v) * REGISTER + lane for v, lane in sources if v in pair]
                    for sources in lists
                ]
                for k in range(max(map(len, own))):
                    places = [sources[k] if k < len(sources) else -1 for sources in own]
                    listed.append(_move(pair, places))
            found.append(tuple(listed))
        return tuple(found)

    def _coming(self) -> dict[int, list[tuple[int, int]]]:
        """For each monomial the places of sums, as (joined vector, lane), that belong to it."""
        coming: dict[int, list[tuple[int, int]]] = {}
        for vector, joined in enumerate(self.joins):
            for k, position in enumerate(joined):
                one = self.sums[position]
                piece, offset = one.piece, k * max(one.piece.lanes, 1)
                others = np.arange(piece.start, piece.start + piece.used)
                targets = self.among.multiply(np.array([one.monomial]), others)
                for lane, target in enumerate(targets.tolist()):
                    if target >= 0:
                        coming.setdefault(target, []).append((vector, offset + lane))
        return coming


def _move(pair: tuple[int, ...], places: list[int]) -> Move:
    """A move from those vectors that are wanted."""
    used = sorted({place // REGISTER for place in places if place >= 0})
    if len(used) == len(pair):
        return Move(pair, tuple(places))
    shift = used[0] * REGISTER
    return Move((pair[used[0]],), tuple(p - shift if p >= 0 else p for p in places))


def _cut(start: int, end: int, limit: int) -> list[Piece]:
    """Neighbours start .. end - 1 in vectors that do not go beyond the limit."""
    pieces: list[Piece] = []
    while start < end:
        left = end - start
        lanes = next(size for size in (1, 2, 4, 8) if left <= size or size == REGISTER)
        while start + lanes > limit:
            lanes //= 2
        pieces.append(Piece(start, lanes if lanes > 1 else 0, min(left, lanes)))
        start += lanes
    return pieces


def _products(pieces: list[Piece], above: int) -> list[tuple[Piece, bool, int]]:
    """Pieces with `both` and `halved`, m from `above` on being of higher degree than s."""
    found = []
    for piece in pieces:
        both = piece.start + piece.used > above
        found.append((piece, both, max(above - piece.start, 0) if both else 0))
    return found


def _cost(listed: list[tuple[Piece, bool, int]]) -> int:
    """Multiply-adds of half a register."""
    return sum((1 + both) * (2 if piece.lanes == REGISTER else 1) for piece, both, _ in listed)


def groups(sizes: list[int], most: int) -> list[range]:
    """Neighbours whose sizes add up to no more than `most`, where there is more than one."""
    ends, room = [0], most
    for k, size in enumerate(sizes):
        if size > room and k > ends[-1]:
            ends.append(k)
            room = most
        room -= size
    return [range(*pair) for pair in pairwise([*ends, len(sizes)])] if sizes else []


@lru_cache(maxsize=64)
def shifts_of(among: Monomials) -> Shifts:
    """The plan, made once."""
    return Shifts(among)
