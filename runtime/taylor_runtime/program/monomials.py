"""The monomials of truncated polynomials in several variables, and which products make each.

A coefficient of a graded program (see `graded`) is the homogeneous part of one degree of a
polynomial.  Monomials are sorted by total degree, and within a degree lexicographically, powers of
the first variable first: 1, x, y, x**2, x y, y**2, ...  Limits cut off what no product that is
wanted needs: with every monomial all its divisors are there.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from itertools import accumulate
from math import comb

import numpy as np

from taylor_runtime.program.records import dataclass

MOST_MONOMIALS = 2**26
INDEX = np.int32


@dataclass(frozen=True, slots=True)
class Products:
    """The products a_i b_k that make coefficients c_t: parallel arrays, by target t, then by i.

    left, right: positions of the factors among all monomials.
    targets: the monomials made, ascending.
    starts: products starts[k] .. starts[k + 1] - 1 make targets[k].
    """

    left: np.ndarray
    right: np.ndarray
    targets: np.ndarray
    starts: np.ndarray


@dataclass(frozen=True)
class Monomials:
    """x_1**k_1 .. x_m**k_m with k_1 + .. + k_m <= order and k_i <= limits[i].

    variables: m, at least 1.
    limits: highest power of each variable; () for no more limits than the order.

    >>> Monomials(2, 2).exponents.tolist()
    [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1], [0, 2]]
    >>> Monomials(2, 2, (1, 2)).exponents.tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1], [0, 2]]
    """

    variables: int
    order: int
    limits: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.variables < 1 or self.order < 0:
            raise ValueError(f"{self.variables} variables to order {self.order}: no polynomials")
        if self.limits and (len(self.limits) != self.variables or min(self.limits) < 0):
            raise ValueError(
                f"limits={self.limits}: one non-negative number for each of {self.variables} "
                "variables"
            )
        if self._count() > MOST_MONOMIALS:
            limits = f" and limits={self.limits}" if self.limits else ""
            remedy = "lower" if limits else "give"
            raise ValueError(
                f"{self.variables} variables to order {self.order}{limits} have more than "
                f"{MOST_MONOMIALS} monomials; lower the order or {remedy} limits"
            )

    def _count(self) -> int:
        """How many monomials there are, without making them."""
        if not self.limits:
            return comb(self.variables + self.order, self.order)
        counts = [1] + [0] * self.order  # of each degree, in the variables so far
        for most in self.highest:
            sums = [0, *accumulate(counts)]
            counts = [sums[n + 1] - sums[max(n - most, 0)] for n in range(self.order + 1)]
        return sum(counts)

    def __reduce__(self) -> tuple[object, tuple[int, int, tuple[int, ...]]]:
        return monomials, (self.variables, self.order, self.limits)

    @cached_property
    def highest(self) -> tuple[int, ...]:
        """Highest power of each variable."""
        return tuple(min(k, self.order) for k in self.limits) or (self.order,) * self.variables

    @cached_property
    def exponents(self) -> np.ndarray:
        """Shape (size, variables), in the order of the coefficients."""
        blocks = [np.zeros((1, self.variables), np.int16)]
        last = np.zeros(1, np.int64)  # variable of each of the last block
        most = np.array(self.highest, np.int16)
        for _ in range(self.order):  # one factor more, of the last variable or a later one
            counts = self.variables - last
            parent = np.repeat(np.arange(len(last)), counts)
            first = np.cumsum(counts) - counts
            last = np.arange(len(parent)) - first[parent] + last[parent]
            rows, here = blocks[-1][parent], np.arange(len(parent))
            rows[here, last] += 1
            kept = rows[here, last] <= most[last]
            blocks.append(rows[kept])
            last = last[kept]
        found = np.concatenate(blocks)
        found.flags.writeable = False
        return found

    @property
    def size(self) -> int:
        """How many monomials there are."""
        return len(self.exponents)

    @cached_property
    def degrees(self) -> np.ndarray:
        """Total degree of each."""
        return self.exponents.sum(axis=1, dtype=np.int64)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Those of degree d are starts[d] .. starts[d + 1] - 1."""
        return tuple(np.searchsorted(self.degrees, np.arange(self.order + 2)).tolist())

    def of_degree(self, degree: int) -> slice:
        """The positions of the monomials of a degree."""
        return slice(self.starts[degree], self.starts[degree + 1])

    @cached_property
    def _codes(self) -> np.ndarray:
        """One number for each that is additive: the code of a product is the sum of the codes."""
        return self._codes_of(self.exponents)

    def _codes_of(self, exponents: np.ndarray) -> np.ndarray:
        weights = [1]
        for most in self.highest[:-1]:
            weights.append(weights[-1] * (2 * most + 1))
        kind = np.int64 if weights[-1] * (2 * self.highest[-1] + 1) < 2**62 else object
        return np.asarray(exponents.astype(kind) @ np.array(weights, kind))

    @cached_property
    def _sorted_codes(self) -> tuple[np.ndarray, np.ndarray]:
        by_code = np.argsort(self._codes)
        return self._codes[by_code], by_code

    def _find(self, codes: np.ndarray) -> np.ndarray:
        """Position of the monomial of each code; -1 where there is none."""
        listed, by_code = self._sorted_codes
        place = np.minimum(np.searchsorted(listed, codes), len(listed) - 1)
        return np.where(listed[place] == codes, by_code[place], -1)

    def find(self, exponents: np.ndarray) -> np.ndarray:
        """Positions of monomials, given as rows of powers; -1 for those beyond order or limits."""
        known = (exponents <= np.array(self.highest)).all(axis=-1)
        return np.where(known, self._find(self._codes_of(exponents)), -1)

    def position(self, powers: tuple[int, ...]) -> int:
        """Where the monomial with these powers is; KeyError if it is not among them."""
        wanted = np.asarray(powers)
        if wanted.shape != (self.variables,):
            raise KeyError(
                f"{powers} does not give one power for each of {self.variables} variables"
            )
        found = np.flatnonzero((self.exponents == wanted).all(axis=1))
        if not len(found):
            raise KeyError(f"{powers} is beyond the order {self.order} or a limit {self.highest}")
        return int(found[0])

    def multiply(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Positions of all products of two lists; -1 for those that are cut off."""
        return self._find(np.add.outer(self._codes[left], self._codes[right]).ravel())

    def products(self, left: np.ndarray, right: np.ndarray, ordered: bool = False) -> Products:
        """All products of monomials at positions `left` and `right` that are among them.

        ordered: only those with left <= right.
        """
        lists: list[tuple[np.ndarray, np.ndarray]] = [(left[:0], right[:0])]
        for degree in range(self.order + 1):
            low = left[self.degrees[left] == degree]
            high = right[self.degrees[right] <= self.order - degree]
            lists.append((np.repeat(low, len(high)), np.tile(high, len(low))))
        a, b = (np.concatenate(parts) for parts in zip(*lists, strict=True))
        if ordered:
            a, b = a[a <= b], b[a <= b]
        c = self._find(self._codes[a] + self._codes[b])
        if self.limits:
            a, b, c = a[c >= 0], b[c >= 0], c[c >= 0]
        by_target = np.lexsort((a, c))
        a, b, c = a[by_target], b[by_target], c[by_target]
        targets, starts = np.unique(c, return_index=True)
        listed = [a, b, targets, np.append(starts, len(c))]
        return Products(*(part.astype(INDEX) for part in listed))


@lru_cache(maxsize=64)
def monomials(variables: int, order: int, limits: tuple[int, ...] = ()) -> Monomials:
    """The monomials, made once."""
    return Monomials(variables, order, limits)
