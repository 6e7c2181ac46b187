"""What the kernels of polynomials read: which coefficients meet in products, in what order.

Tables are made once for each set of monomials; sizes and addresses are run-time arguments of the
kernels, so that each of these is compiled once for a kind of number.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import comb, isqrt

import numpy as np

from taylor_runtime.program.monomials import INDEX, Monomials, Products, monomials
from taylor_runtime.program.records import dataclass

GROUPS = (8, 4, 2, 1)  # outer monomials of one degree that are multiplied at a time
LANES = 8  # numbers that are
# What a product of two coefficients costs, in products of coefficients in groups: each alone, and
# one with many.
SCATTERED, SLENDER = 16, 4

SPLIT = np.dtype(
    [
        (name, np.int64)
        for name in (
            "size",  # coefficients of a polynomial
            "order",
            "outer",  # outer monomials
            "packed",  # numbers of a packed polynomial
            "some",  # coefficients of both factors that are multiplied one by one
            "slender",  # coefficients of a factor that are multiplied with all of the other
            "inner",  # inner monomials
            "positions",  # of the coefficients in the packed polynomial
            "plain",  # the inverse of it
            "rows",  # where the row of each inner monomial begins
            "inner_degrees",
            "outer_degrees",
            "degrees",  # of all coefficients
            "inner_parts",  # inner monomial of each
            "outer_parts",  # and outer one
            "inner_sums",  # position of the product of inner monomials [left][right]
            "inner_prefix",  # inner monomials up to each degree
            "outer_prefix",  # and outer ones
            "starts",  # of the pairs that make each inner monomial
            "pairs",  # rows of the factors of each
            "sums",  # position of the product of outer monomials [left][right]
            "groups",  # first outer monomials of the groups of the left factor, by size
            "group_ends",  # how many groups there are of each size and those before
        )
    ]
)
SPLIT_TABLES = (SPLIT.names or ())[7:]


@dataclass(frozen=True, slots=True)
class Split:
    """Tables of a product whose variables are split in an inner and an outer group.

    block: one item of dtype `SPLIT`, with the addresses of `arrays`.
    work:  numbers of the kernel's workspace.
    """

    block: np.ndarray
    arrays: Mapping[str, np.ndarray]
    work: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """left[k] right[k], k = starts[t] .. starts[t + 1] - 1, make coefficient t."""

    starts: np.ndarray
    left: np.ndarray
    right: np.ndarray
    addresses: tuple[int, int, int]

    @staticmethod
    def of(starts: np.ndarray, left: np.ndarray, right: np.ndarray) -> Pairs:
        """The tables, and where they are."""
        return Pairs(starts, left, right, (starts.ctypes.data, left.ctypes.data, right.ctypes.data))


@dataclass(frozen=True, slots=True)
class Tree:
    """Every monomial but 1 as a variable times another one.

    parent, variable: of each (0 for the monomial 1); the variable is the last that it has.
    depth_first: positions so that a monomial comes right before what it is the parent of.
    """

    parent: np.ndarray
    variable: np.ndarray
    depth_first: np.ndarray


def inner_variables(space: Monomials) -> int:
    """How many of the variables, the first ones, are the inner group."""
    return space.variables // 2


@lru_cache(maxsize=64)
def split(space: Monomials) -> Split:
    """The tables of `product`'s kernel for two variables at least.

    A packed polynomial has a row for each inner monomial, in which the outer monomials that go with
    it lie by degree: those up to any degree are the row's beginning.
    """
    count = inner_variables(space)
    limits = space.limits
    inner = monomials(count, space.order, limits[:count])
    outer = monomials(space.variables - count, space.order, limits[count:])
    degrees = np.arange(space.order + 1)
    outer_prefix = np.searchsorted(outer.degrees, degrees, side="right")
    lengths = -(-outer_prefix[space.order - inner.degrees] // LANES) * LANES
    room = LANES if limits else 0  # before each row, for products beyond a limit, at place -1
    ends = np.cumsum(lengths + room)
    rows = ends - lengths
    everything = np.arange(inner.size), np.arange(outer.size)
    made = inner.products(everything[0], everything[0])
    parts = inner.find(space.exponents[:, :count]), outer.find(space.exponents[:, count:])
    positions = rows[parts[0]] + parts[1]
    plain = np.zeros(ends[-1], INDEX)
    plain[positions] = np.arange(space.size)
    tables: dict[str, np.ndarray] = {
        "positions": positions,
        "plain": plain,
        "rows": rows,
        "inner_degrees": inner.degrees,
        "outer_degrees": outer.degrees,
        "degrees": space.degrees,
        "inner_parts": parts[0],
        "outer_parts": parts[1],
        "inner_sums": _sums(inner, made),
        "inner_prefix": np.searchsorted(inner.degrees, degrees, side="right"),
        "outer_prefix": outer_prefix,
        "starts": made.starts,
        "pairs": np.column_stack([rows[made.left], rows[made.right]]),
        "sums": _sums(outer, outer.products(everything[1], everything[1])),
    }
    groups = _groups(outer)
    tables["groups"] = np.concatenate(groups)
    tables["group_ends"] = np.cumsum([len(firsts) for firsts in groups])
    arrays = {name: np.ascontiguousarray(table, INDEX) for name, table in tables.items()}
    block = np.zeros(1, SPLIT)
    block["size"], block["order"], block["outer"] = space.size, space.order, outer.size
    block["packed"] = packed = int(ends[-1]) + LANES
    count = number_of_pairs(space)
    block["some"] = some = isqrt(count // SCATTERED)
    block["slender"] = min(count // (SLENDER * space.size), some)
    block["inner"] = inner.size
    for name in SPLIT_TABLES:
        block[name] = arrays[name].ctypes.data
    rows_of_group = GROUPS[0] * (-(-outer.size // LANES) * LANES)
    return Split(block, arrays, 3 * packed + rows_of_group + 2 * space.size)


def number_of_pairs(space: Monomials) -> int:
    """How many products of coefficients a product has, with limits roughly."""
    if space.limits:
        return space.size**2 // 4
    return comb(2 * space.variables + space.order, space.order)


def _sums(space: Monomials, made: Products) -> np.ndarray:
    """Positions of products of monomials [left][right], -1 for those beyond order or limits."""
    sums = np.full((space.size, space.size), -1, INDEX)
    sums[made.left, made.right] = np.repeat(made.targets, np.diff(made.starts))
    return sums


def _groups(outer: Monomials) -> list[list[int]]:
    """The first monomials of groups of each size, large ones as long as they fit a degree."""
    found: list[list[int]] = [[] for _ in GROUPS]
    for degree in range(outer.order + 1):
        first, end = outer.starts[degree], outer.starts[degree + 1]
        for firsts, size in zip(found, GROUPS, strict=True):
            while end - first >= size:
                firsts.append(first)
                first += size
    return found


@lru_cache(maxsize=64)
def pairs(space: Monomials) -> Pairs:
    """All products of two monomials."""
    everything = np.arange(space.size)
    made = space.products(everything, everything)
    return Pairs.of(made.starts, made.left, made.right)


def selected(space: Monomials, left: np.ndarray) -> Pairs:
    """The products whose left factor is one of these monomials, given by their positions."""
    table = pairs(space)
    places, starts = _by_left(space)
    parts = [places[starts[k] : starts[k + 1]] for k in left]
    kept = np.sort(np.concatenate([places[:0], *parts]))
    ends = np.searchsorted(kept, table.starts).astype(INDEX)
    return Pairs.of(ends, table.left[kept], table.right[kept])


@lru_cache(maxsize=16)
def _by_left(space: Monomials) -> tuple[np.ndarray, np.ndarray]:
    """Where the products with each left factor are: in places[starts[k]] and those after it."""
    left = pairs(space).left
    places = np.argsort(left, kind="stable").astype(INDEX)
    return places, np.searchsorted(left[places], np.arange(space.size + 1))


@lru_cache(maxsize=64)
def tree(space: Monomials) -> Tree:
    """The monomials as a tree."""
    exponents = space.exponents
    variable = np.zeros(space.size, INDEX)
    for k in range(space.variables):
        variable[exponents[:, k] > 0] = k
    below = exponents.copy()
    below[np.arange(1, space.size), variable[1:]] -= 1
    # A monomial is the path to it: its variables in order, each as often as its power says.
    path = np.full((space.size, space.order + 1), -1, np.int32)
    ends = np.cumsum(exponents, axis=1)
    for k in range(space.variables - 1, -1, -1):
        path[np.arange(space.order + 1) < ends[:, k : k + 1]] = k
    return Tree(
        space.find(below).astype(INDEX),
        variable,
        np.lexsort(path.T[::-1]).astype(INDEX),
    )
